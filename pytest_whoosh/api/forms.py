"""Reads a request's parameters as a form or resource declares them; see :mod:`pytest_whoosh.engine.parameters`."""

from functools import cache
from typing import Any, TypeVar

from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form, Request, read_json
from pytest_whoosh.engine.parameters import UNCHANGED, Parameter, parameters_of

T = TypeVar("T")


def read_form(form: type[T], given: Form) -> T:
    """Read the parameters that a form declares, in order of declaration. An empty parameter counts as missing.

    Raises:
        ApiError: A parameter is invalid. The first invalid one determines the error code.
    """
    declared = _by_name(form)  # type: ignore[arg-type]  # a class is hashable
    values: dict[str, Any] = {}
    for _, parameter in sorted([declared[name] for name in given if name in declared]):
        texts = given[parameter.name]
        if parameter.many:
            values[parameter.field] = tuple(_read(parameter, text) for text in texts if text)
        elif texts[0]:
            values[parameter.field] = _read(parameter, texts[0])
    return form(**values)


@cache
def _by_name(form: type) -> dict[str, tuple[int, Parameter]]:
    """Return a form's parameters, each with its place. Most requests post a few of many."""
    return {parameter.name: (place, parameter) for place, parameter in enumerate(parameters_of(form))}


def read_changes(form: type, given: Form) -> dict[str, Any]:
    """Read only the posted parameters, by field. An empty parameter sets the value that its declaration names.

    Raises:
        ApiError: A parameter is invalid. The first invalid one determines the error code.
    """
    return {
        parameter.field: _read(parameter, texts[0]) if texts[0] else parameter.cleared
        for parameter in parameters_of(form)
        if (texts := given.get(parameter.name)) and (texts[0] or parameter.cleared is not UNCHANGED)
    }


def read_json_object(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request posts.

    Raises:
        ValueError: The body is not JSON, or not an object.
    """
    try:
        given = read_json(request.text)
    except ValueError:
        raise ValueError("the body is not JSON") from None
    if not isinstance(given, dict):
        raise ValueError("the body is not a JSON object")
    return given


def missing_parameter(name: str) -> ApiError:
    """Return the error for a parameter of the newer APIs that is required."""
    return ApiError(20001, message=f"Missing required parameter {name} in the post body")


def _read(parameter: Parameter, text: str) -> Any:
    try:
        return parameter.read(text)
    except ValueError as expected:
        why = f"{parameter.name} takes {expected}"
        raise ApiError(parameter.code, {"parameter": parameter.name, **parameter.texts(text)}, why=why) from None
