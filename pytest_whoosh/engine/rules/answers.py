"""Scripted answers: the response that a rule returns, or the error that it raises, instead of the fake's own."""

import json as json_module
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, Final, NamedTuple, TypeAlias

from pytest_whoosh.engine.dialect import Step, dialect
from pytest_whoosh.engine.errors import ApiError, require_known, status_of
from pytest_whoosh.engine.http import NetworkFault, Request, Response
from pytest_whoosh.engine.misuse import is_usage_error

from .requests import ApiRequest

__tracebackhide__ = is_usage_error

#: Returns the values for placeholders in the text of an API error.
Texts: TypeAlias = Callable[[], Mapping[str, object]]
#: A JSON document, or a function that returns one for a request.
Document: TypeAlias = "object | Callable[[ApiRequest], object]"

#: The statuses of responses without a body, by RFC 9110.
_WITHOUT_BODY: Final = frozenset({204, 304})
_HEADER_NAME: Final = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class ScriptedAnswer(NamedTuple):
    """A scripted answer: its code in the test, and the function that returns or raises it.

    ``carried_out`` is True if the API first carries out the call, and only its response is lost.
    """

    step: Step
    give: Callable[[Request, Texts], Response]
    carried_out: bool = False


def reject(code: int, status: int | None, message: str | None) -> ScriptedAnswer:
    """Refuse with an error code, a text and an HTTP status. The defaults are the vendor's for this code."""
    require_known(code, message, "reject")
    given: dict[str, object] = {"code": code}
    if status is not None:
        given["status"] = require_http_status(status)
    if message is not None:
        given["message"] = message
    answered = status_of(code) if status is None else status

    def refuse(_: Request, texts: Texts) -> Response:
        raise ApiError(code, texts(), status=answered, message=message)

    return ScriptedAnswer(("reject", given), refuse)


def rate_limit(retry_after: int) -> ScriptedAnswer:
    """Refuse with 429 and error 20429, and set the Retry-After header to ``retry_after`` seconds."""
    if isinstance(retry_after, bool) or not isinstance(retry_after, int) or retry_after < 0:
        raise ValueError(
            f"{dialect().method('rate_limit')} takes a whole number of seconds to wait, not {retry_after!r}."
        )

    def refuse(_: Request, __: Texts) -> Response:
        raise ApiError(20429, headers={"Retry-After": str(retry_after)})

    return ScriptedAnswer(("rate_limit", {"retry_after": retry_after}), refuse)


def respond(
    status: int,
    json: Document,
    text: str | None,
    content: bytes | None,
    headers: Mapping[str, str] | None,
) -> ScriptedAnswer:
    """Answer with any HTTP status, body and headers."""
    require_http_status(status)
    given = {"json": json, "text": text, "content": content}
    bodies = [name for name, body in given.items() if body is not None]
    if bodies[1:]:
        raise TypeError(f"A response has one body: write {' or '.join(map(dialect().keyword, bodies))}, not both.")
    if bodies and status in _WITHOUT_BODY:
        raise ValueError(f"A response with status {status} has no body: leave {dialect().keyword(bodies[0])} out.")
    _require_type("text", text, str)
    _require_type("content", content, bytes)
    checked = _checked_headers(headers)
    length = next((value for name, value in checked.items() if name.lower() == "content-length"), None)
    if "content-type" not in map(str.lower, checked) and status not in _WITHOUT_BODY:
        checked["Content-Type"] = _content_type(text, content)
    more = {"headers": dict(headers)} if headers else {}
    step: Step = ("respond", {"status": status, **{name: given[name] for name in bodies}, **more})
    if callable(json):
        _require_length(length, None)
        write = json  # a function of the request
        return ScriptedAnswer(
            step,
            lambda request, _: Response(status, checked, _json(write(ApiRequest(request)), "its json= returned")),
        )
    body = text if text is not None else content if content is not None else "" if json is None else _json(json)
    _require_length(length, body)
    return ScriptedAnswer(step, lambda _, __: Response(status, checked, body))


def network_fault(kind: str, *, connecting: bool, sent: bool) -> ScriptedAnswer:
    """Raise a network fault; with ``sent``, after the API has carried out the call."""
    if connecting and sent:
        said = dialect().argument
        raise ValueError(
            f"With {said('connecting', True)} the call never reaches the API, and with {said('sent', True)} it does. "
            f"Leave one of them out of {dialect().method(kind)}."
        )
    text = f"scripted {kind}" + (", after the call was carried out" if sent else "")

    def fault(_: Request, __: Texts) -> Response:
        raise NetworkFault(kind, connecting=connecting, text=text)

    given = {"connecting": True} if connecting else {"sent": True} if sent else {}
    return ScriptedAnswer((kind, given), fault, carried_out=sent)


def require_http_status(status: Any) -> int:
    """Return a value if it is an HTTP status; else raise."""
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        raise ValueError(f"An HTTP status is a number from 100 to 599, not {status!r}.")
    if status < HTTPStatus.OK:
        raise ValueError(f"A client waits for another response after status {status}: use a status from 200 on.")
    return status


def _require_type(name: str, value: object, kind: type) -> None:
    if value is not None and not isinstance(value, kind):
        raise TypeError(f"{dialect().keyword(name)} takes {kind.__name__}, not {value!r}.")


def _checked_headers(headers: Mapping[str, str] | None) -> dict[str, str]:
    """Return the headers if they are valid. A line break would start another header, which HTTP libraries refuse."""
    if headers is not None and not isinstance(headers, Mapping):
        raise TypeError(
            f'{dialect().keyword("headers")} takes a mapping such as {{"Retry-After": "30"}}, not {headers!r}.'
        )
    for name, value in (headers or {}).items():
        if not isinstance(name, str) or not _HEADER_NAME.fullmatch(name):
            raise ValueError(f'The name of a header is a text such as "Retry-After", not {name!r}.')
        if name.lower() == "transfer-encoding":
            raise ValueError(f"The header {name} depends on the connection, not on the response: leave it out.")
        if not isinstance(value, str) or "\r" in value or "\n" in value or "\0" in value:
            raise ValueError(f"The header {name} takes a text without line breaks, not {value!r}.")
        try:
            value.encode("latin-1")
        except UnicodeEncodeError:
            raise ValueError(f"The header {name} takes characters of Latin-1 only, not {value!r}.") from None
    return dict(headers or {})


def _require_length(length: str | None, body: str | bytes | None) -> None:
    """Refuse a length that cuts the body off, or that a client would wait for. None is a body that is not known yet."""
    actual = None if body is None else len(body.encode() if isinstance(body, str) else body)
    if length is not None and length != str(actual):
        said = "" if actual is None else f", which has {actual} bytes"
        raise ValueError(f"The header Content-Length follows from the body{said}: leave it out.")


def _content_type(text: str | None, content: bytes | None) -> str:
    if text is not None:
        return f"text/{'html' if text.lstrip().startswith('<') else 'plain'}; charset=utf-8"
    return "application/json" if content is None else "application/octet-stream"


def _json(document: object, source: str = "") -> str:
    try:
        return json_module.dumps(document)
    except (TypeError, ValueError) as problem:
        returned = f"{source} {document!r}: " if source else ""
        raise TypeError(f"respond() takes a document that JSON can represent: {returned}{problem}.") from None
