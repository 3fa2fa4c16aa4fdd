"""The control API: the fixture's methods for other languages."""

import json
from collections.abc import Callable, Mapping
from typing import Final

from pytest_whoosh.engine.dialect import using_dialect
from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.http import Request, Response, read_json
from pytest_whoosh.engine.misuse import WhooshError

from .addressing import CONTROL
from .description import describe
from .dialect import ControlDialect
from .operations import OPERATIONS
from .operations.operation import Arguments, Forbidden, Operation, ServerHandle
from .parameters import read_criteria, read_parameters, read_query, show

_DESCRIPTION: Final = f"{CONTROL}/openapi.json"
_BY_PATH: Final[Mapping[str, Operation]] = {operation.path: operation for operation in OPERATIONS}

#: Words errors and rules for clients of the control API.
DIALECT: Final = ControlDialect({operation.name: operation.method for operation in OPERATIONS})


class UnknownOperation(Exception):
    """Raised if there is no such operation."""


class NotJson(Exception):
    """Raised if the body of a request is not JSON."""


#: The HTTP status for each exception. Any other exception is a bug of this package, and is not caught.
_STATUSES: Final[Mapping[type[Exception], int]] = {
    TypeError: 400,
    ValueError: 400,
    OverflowError: 400,
    Forbidden: 403,
    UnknownOperation: 404,
    WhooshError: 409,
    AssertionError: 409,
    NotJson: 415,
}


class Control:
    """Answers the requests below ``/_whoosh``.

    The caller must use a separate thread for each request. A request that moves time may run long, and the app may call
    the API meanwhile.
    """

    def __init__(self, server: ServerHandle) -> None:
        self._server = server

    def answer(self, request: Request) -> Response:
        """Answer one request."""
        foreign = foreign_page(request.header, lambda origin: origin in (self._server.url, request.origin))
        if foreign:
            return refuse_page(foreign, self._server.url)
        with using_dialect(DIALECT):
            try:
                return self._answer(request)
            except tuple(_STATUSES) as refusal:
                status = next(status for kind, status in _STATUSES.items() if isinstance(refusal, kind))
                return _refuse(status, str(refusal.args[0]) if refusal.args else str(refusal))

    def _answer(self, request: Request) -> Response:
        if request.path == _DESCRIPTION:
            return _require_method(request, "GET") or _respond(describe(self._server.url))
        operation = _operation_at(request.path)
        return _require_method(request, operation.method) or self._do(operation, request, _read_body(request))

    def _do(self, operation: Operation, request: Request, body: object) -> Response:
        given = _query(operation, request) if operation.method == "GET" else _body(operation, request, body)
        return _respond(operation.do(self._server, given))


def foreign_page(header: Callable[[str], str | None], is_own: Callable[[str], bool]) -> str | None:
    """Return the origin of the page if a browser sends a request for a page of another origin, else None.

    Browsers send ``Origin`` with all but the simplest requests, and ``Sec-Fetch-Site`` with requests to this machine.
    """
    origin = header("Origin")
    if origin is not None and not is_own(origin):
        return origin
    site = header("Sec-Fetch-Site")
    return None if site in (None, "same-origin", "none") else "other sites"


def refuse_page(page: str, url: str) -> Response:
    """Refuse a request that a browser sends for a page of another origin."""
    return _refuse(403, f"Pages of {page} may not control this double. Pages of {url} may.")


def _operation_at(path: str) -> Operation:
    path = f"{CONTROL}/" if path == CONTROL else path
    if path not in _BY_PATH:
        names = [operation.name for operation in OPERATIONS if operation.name != "status"]
        raise UnknownOperation(unknown_name("operation", path.removeprefix(f"{CONTROL}/"), names))
    return _BY_PATH[path]


def _require_method(request: Request, method: str) -> Response | None:
    """Return the refusal of a wrong method, or None. HEAD is GET without the body of the response."""
    if request.method == method or (request.method, method) == ("HEAD", "GET"):
        return None
    return _refuse(405, f"{request.path} takes {method}, not {request.method}.", {"Allow": method})


def _read_body(request: Request) -> object:
    """Return the JSON of a body, which may be empty. The Content-Type is ignored, because curl sends that of a form.

    Raises:
        ValueError: The Content-Type says JSON, but the body is not JSON.
        NotJson: The body is not JSON.
    """
    if not request.body:
        return {}
    try:
        return read_json(request.text)
    except ValueError as problem:
        content_type = request.header("Content-Type") or ""
        if "json" in content_type:
            raise ValueError(f"The body is not JSON: {problem}.") from None
        sent = f", sent as {content_type}" if content_type else ""
        raise NotJson(f"The body must be a JSON object. This is not one{sent}: {show(request.text)}.") from None


def _query(operation: Operation, request: Request) -> Arguments:
    if request.body:
        raise ValueError(f"{operation.name} takes its parameters in the query, not in a body.")
    query = request.query
    return _arguments(operation, read_query(operation.name, query, operation.parameters), query)


def _body(operation: Operation, request: Request, given: object) -> Arguments:
    if request.query_string:
        raise ValueError(f"{operation.name} takes its parameters as a JSON object in the body, not in the query.")
    if not isinstance(given, dict):
        example = f" such as {operation.example}" if operation.example else ""
        raise ValueError(f"{operation.name} takes a JSON object{example}, not {show(given)}.")
    return _arguments(operation, given, given)


def _arguments(operation: Operation, values: Mapping[str, object], raw: Mapping[str, object]) -> Arguments:
    """Separate an operation's own parameters from match keys."""
    own = [parameter.name for parameter in operation.parameters]
    of_messages = {name: value for name, value in values.items() if operation.matches and name not in own}
    parameters = {name: value for name, value in values.items() if name not in of_messages}
    return Arguments(
        operation.path,
        read_parameters(operation.name, operation.parameters, parameters),
        read_criteria(operation.name, of_messages, own),
        raw,
    )


def _refuse(status: int, text: str, headers: Mapping[str, str] | None = None) -> Response:
    return _respond({"error": text}, status, headers or {})


def _respond(document: object, status: int = 200, headers: Mapping[str, str] | None = None) -> Response:
    given = {"Content-Type": "application/json; charset=utf-8", "Cache-Control": "no-store", **(headers or {})}
    return Response(status, given, _printable(json.dumps(document, ensure_ascii=False)) + "\n")  # for terminals


def _printable(text: str) -> str:
    """Return JSON with control characters escaped, so a terminal shows them instead of obeying them."""
    return text if text.isprintable() else "".join(map(_escaped, text))


def _escaped(character: str) -> str:
    return character if character.isprintable() else json.dumps(character)[1:-1]
