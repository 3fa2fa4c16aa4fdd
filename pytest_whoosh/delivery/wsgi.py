"""Delivers webhooks to a WSGI app, in-process; see PEP 3333."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

from pytest_whoosh.engine.hosts import DEFAULT_PORTS
from pytest_whoosh.engine.http import Request, joined_headers
from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy, Webhook

from .apps import WsgiApp
from .exceptions import collect_signalled, is_app_error, signalled_exception
from .failures import (
    LONGEST_RESPONSE,
    NOT_BYTES,
    AppResponse,
    BodyParts,
    EndlessResponse,
    broke_protocol,
    endless_failure,
    raised_by_app,
)
from .watchdog import call_bounded


@dataclass(frozen=True, slots=True)
class WsgiTarget:
    """A WSGI app."""

    app: Any

    def must_be_awaited(self, _: str) -> None:
        """Return None: a WSGI app can be called inside an event loop, which it blocks."""

    def send(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Call the app."""
        return to_wsgi(self.app, request, webhook, retry_policy.waited)

    async def asend(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Call the app inside an event loop, which it blocks."""
        return to_wsgi(self.app, request, webhook, retry_policy.waited)

    def close(self) -> None:
        """Do nothing: a WSGI app is not shut down."""


def to_wsgi(app: WsgiApp, request: Request, webhook: Webhook, waited: float = 0.0) -> AppResponse:
    """Call a WSGI app, and return its response. The webhook's earlier requests took ``waited`` seconds.

    Raises:
        DeliveryFailed: The app raised an exception, or its response is not valid HTTP.
    """
    collected = _CollectedResponse()
    with collect_signalled(app) as errors:
        try:
            call_bounded(_exchange, app, _environ(request), collected, webhook, beyond=-waited)
        except EndlessResponse as error:
            raise endless_failure(error) from None
        except BaseException as error:  # an exception of the app's own code counts as its response
            if not is_app_error(error):
                raise
            raise raised_by_app(error) from error
    return collected.response(errors)


def _exchange(app: WsgiApp, environ: dict[str, Any], collected: "_CollectedResponse", webhook: Webhook) -> None:
    webhook.was_called = True  # just before the call: between these lines, Python runs no signal's handler
    parts: Any = app(environ, collected.start)
    try:
        collected.read_body(parts)
    finally:
        if close := getattr(parts, "close", None):
            close()


class _CollectedResponse:
    """Collects the response that an app passes to its server."""

    def __init__(self) -> None:
        self._started: tuple[int, dict[str, str]] | None = None
        self._body = bytearray()
        self._wrong: str | None = None
        self._parts = BodyParts()

    def start(self, status: str, headers: Any, exc_info: Any = None) -> Callable[[bytes], object]:
        """Receive the status and headers: this is the app's ``start_response``."""
        if self._started and not exc_info:
            raise RuntimeError("start_response was called a second time, and without exc_info")
        code = str(status).partition(" ")[0]
        if not isinstance(status, str) or not (code.isdecimal() and len(code) == 3):
            raise ValueError(f"start_response takes a status such as '200 OK', not {status!r}")
        pairs = list(headers)
        for pair in pairs:
            if not (isinstance(pair, tuple) and len(pair) == 2 and all(isinstance(text, str) for text in pair)):
                raise TypeError(f"start_response takes headers as pairs of texts, not {pair!r}")
        self._started = int(code), joined_headers(pairs)
        return self.write

    def write(self, part: bytes) -> None:
        """Add a part to the body, up to the limit of what is kept."""
        if not isinstance(part, bytes):
            raise TypeError(NOT_BYTES.format(type=type(part).__name__))
        self._parts.count(part)
        self._body += part[: LONGEST_RESPONSE - len(self._body)]

    def read_body(self, parts: Any) -> None:
        """Read the body up to the limit of what is kept, because an app may stream forever."""
        if isinstance(parts, str) or not hasattr(parts, "__iter__"):
            self._wrong = f"the app returned {type(parts).__name__} instead of an iterable of bytes"
            return
        for part in parts:
            self.write(part)
            if len(self._body) >= LONGEST_RESPONSE:
                break

    def response(self, errors: list[BaseException]) -> AppResponse:
        """Return the response, with the last exception that the framework signalled."""
        if self._wrong:
            raise broke_protocol(self._wrong)
        if self._started is None:
            raise broke_protocol("the app never called start_response")
        status, headers = self._started
        return AppResponse(status, headers, bytes(self._body), signalled_exception(errors, status))


def _environ(request: Request) -> dict[str, Any]:
    """Return the WSGI environment of a request."""
    body = request.body.encode() if isinstance(request.body, str) else request.body
    parts = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or DEFAULT_PORTS.get(parts.scheme, 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ
