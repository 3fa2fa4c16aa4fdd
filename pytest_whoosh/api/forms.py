"""Reads the parameters of a request that a form or a resource declares; see :mod:`pytest_whoosh.engine.parameters`."""

from typing import Any, TypeVar

from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form
from pytest_whoosh.engine.parameters import UNCHANGED, Parameter, parameters_of

T = TypeVar("T")


def parse(form: type[T], given: Form) -> T:
    """Read the parameters that a form declares, in the order of declaration; an empty one counts as not given.

    Raises:
        ApiError: A parameter cannot be read. The first one decides the code.
    """
    values: dict[str, Any] = {}
    for parameter in parameters_of(form):  # type: ignore[arg-type]  # a class is hashable
        texts = given.get(parameter.name)
        if texts is None:
            continue
        if parameter.many:
            values[parameter.field] = tuple(_read(parameter, text) for text in texts if text)
        elif texts[0]:
            values[parameter.field] = _read(parameter, texts[0])
    return form(**values)


def changes(form: type, given: Form) -> dict[str, Any]:
    """Read only the parameters that were posted, by field; an empty one sets what its declaration says.

    Raises:
        ApiError: A parameter cannot be read. The first one decides the code.
    """
    return {
        parameter.field: _read(parameter, texts[0]) if texts[0] else parameter.cleared
        for parameter in parameters_of(form)
        if (texts := given.get(parameter.name)) and (texts[0] or parameter.cleared is not UNCHANGED)
    }


def _read(parameter: Parameter, text: str) -> Any:
    try:
        return parameter.read(text)
    except ValueError as wanted:
        why = f"{parameter.name} takes {wanted}"
        raise ApiError(parameter.code, {"parameter": parameter.name, **parameter.texts(text)}, why=why) from None
