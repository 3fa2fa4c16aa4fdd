"""Describes the control API in OpenAPI 3.1, from the table of its operations."""

import json
from collections.abc import Mapping, Sequence
from typing import Final

from .documents import SCHEMAS, Schema, reference, schema_of
from .operations import OPERATIONS
from .operations.operation import Operation
from .parameters import MATCH_KEYS, Parameter

#: The errors of operations, by their HTTP status.
ERRORS: Final[Mapping[int, str]] = {
    400: "A parameter is invalid",
    403: "The request comes from a page of another site, or the server does not allow this",
    404: "There is no such operation",
    405: "The operation takes the other method",
    409: "The double cannot do this now, or the assertion failed",
    415: "The body is not JSON",
}


def describe(url: str) -> Mapping[str, object]:
    """Return the description of a server's control API."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "pytest-whoosh control API",
            "version": "1",
            "description": "The methods of the Python fixture whoosh, for other languages.",
        },
        "servers": [{"url": url}],
        "paths": {operation.path: {operation.method.lower(): _operation(operation)} for operation in OPERATIONS},
        "components": {"schemas": {**SCHEMAS, "Match": {**_object(MATCH_KEYS), "required": []}}},
    }


def _operation(operation: Operation) -> Mapping[str, object]:
    described: dict[str, object] = {
        "operationId": operation.name,
        "summary": operation.about,
        "responses": {
            "200": _response("Done", operation.returns),
            "default": _response("; ".join(f"{status}: {when}" for status, when in ERRORS.items()), reference("Error")),
        },
    }
    if operation.method == "GET":
        described["parameters"] = [_in_query(parameter) for parameter in _all(operation)]
    else:
        schema = _object(_all(operation))
        needed = [parameter.name for parameter in operation.parameters if parameter.required]
        example = {"example": json.loads(operation.example)} if operation.example else {}
        described["requestBody"] = {
            "required": bool(needed),
            "content": {"application/json": {"schema": {**schema, "required": needed}, **example}},
        }
    return described


def _all(operation: Operation) -> Sequence[Parameter]:
    """Return the parameters of an operation, including the match keys."""
    if not operation.matches:
        return operation.parameters
    return [*operation.parameters, *MATCH_KEYS]


def _object(parameters: Sequence[Parameter]) -> Schema:
    return schema_of({each.name: {**each.type.full_schema, "description": each.about} for each in parameters})


def _in_query(parameter: Parameter) -> Mapping[str, object]:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.about,
        "required": parameter.required,
        "schema": parameter.type.full_schema,
    }


def _response(about: str, schema: Schema) -> Mapping[str, object]:
    return {"description": about, "content": {"application/json": {"schema": schema}}}
