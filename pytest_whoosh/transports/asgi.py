"""Delivers webhooks to an ASGI app, in-process.

See https://asgi.readthedocs.io/en/latest/specs/www.html and, for the start-up of apps, .../specs/lifespan.html
"""

import weakref
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_whoosh.engine.http import Request, Response, joined

from .apps import AsgiApp, Event
from .failures import LONGEST_ANSWER, DeliveryFailed, raised_by_app
from .loops import event, queue, running_loop, spawn, within


class AsgiTarget:
    """An ASGI app that is started, once in each event loop, before its first request."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._lifespans: weakref.WeakKeyDictionary[object, _Lifespan] = weakref.WeakKeyDictionary()

    async def send(self, request: Request, patience: float) -> Response:
        """Hand a request to the app, and wait for its answer as many seconds as the vendor would.

        Raises:
            DeliveryFailed: the app did not start, raised, or did not answer.
        """
        loop = running_loop()
        lifespan = self._lifespans.get(loop)
        if lifespan is None:
            lifespan = self._lifespans[loop] = _Lifespan(self._app)

        async def exchange() -> Response:
            await lifespan.started()
            return await _exchange(self._app, request, lifespan.state)

        try:
            return await within(patience, exchange)
        except TimeoutError:
            raise DeliveryFailed(11200, "rt", f"the app did not answer within {patience:g} seconds") from None

    async def stop(self) -> None:
        """Let the app, where it was started in the running loop, shut down."""
        lifespan = self._lifespans.pop(running_loop(), None)
        if lifespan:
            await lifespan.stop()


class _Lifespan:
    """The start-up and shut-down of an app; one that knows no lifespan is left in peace."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.state: dict[str, Any] = {}
        self._to_app = queue()
        self._started = event()
        self._stopped = event()
        self._failure: str | None = None
        self._to_app.put_nowait({"type": "lifespan.startup"})
        self._task = spawn(self._run)

    async def started(self) -> None:
        """Wait until the app has started; webhooks that come at once wait for the same start."""
        await self._started.wait()
        if self._failure is not None:
            raise DeliveryFailed(11200, "5xx", f"the app did not start: {self._failure}")

    async def stop(self) -> None:
        """Let the app shut down."""
        self._to_app.put_nowait({"type": "lifespan.shutdown"})
        await self._stopped.wait()

    async def _hear(self, said: Event) -> None:
        if said["type"] == "lifespan.startup.failed":
            # Frameworks tell a whole traceback, whose last line says what went wrong.
            self._failure = said.get("message", "").strip().rpartition("\n")[2]
        self._started.set()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        with suppress(Exception):  # the specification: an app that raises here does not support lifespans
            await self._app(scope, self._to_app.get, self._hear)
        self._started.set()
        self._stopped.set()


async def _exchange(app: AsgiApp, request: Request, state: dict[str, Any]) -> Response:
    body = request.body.encode() if isinstance(request.body, str) else request.body
    to_app: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]
    status: int | None = None
    headers: dict[str, str] = {}
    received = bytearray()
    answered = event()

    async def receive() -> Event:
        if to_app:
            return to_app.pop()
        await answered.wait()  # frameworks stop streaming an answer to a client that has gone
        return {"type": "http.disconnect"}

    async def send(said: Event) -> None:
        nonlocal status, headers
        if said["type"] == "http.response.start":
            status = said["status"]
            pairs = said.get("headers", ())
            headers = joined((name.decode("latin-1"), value.decode("latin-1")) for name, value in pairs)
        elif said["type"] == "http.response.body":
            received.extend(said.get("body", b"")[: LONGEST_ANSWER - len(received)])
            if not said.get("more_body"):
                answered.set()

    try:
        await app(_scope(request, state), receive, send)
    except Exception as error:  # the app's own code: what it raises is its answer
        if status is None:
            raise raised_by_app(error) from error
    if status is None:
        raise DeliveryFailed(11206, "5xx", "the app sent no response")
    return Response(status, headers, bytes(received))


def _scope(request: Request, state: dict[str, Any]) -> Event:
    parts = urlsplit(request.url)
    secure = parts.scheme == "https"
    headers = [(b"host", parts.netloc.rpartition("@")[2].encode())]
    headers += [(name.lower().encode("latin-1"), value.encode("latin-1")) for name, value in request.headers.items()]
    if request.body:
        length = len(request.body.encode() if isinstance(request.body, str) else request.body)
        headers.append((b"content-length", str(length).encode()))
    return {
        "type": "http",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
        "http_version": "1.1",
        "method": request.method,
        "scheme": parts.scheme,
        "path": unquote(parts.path or "/"),
        "raw_path": (parts.path or "/").encode(),
        "query_string": parts.query.encode(),
        "root_path": "",
        "headers": headers,
        "client": ("127.0.0.1", 0),
        "server": (parts.hostname or "", parts.port or (443 if secure else 80)),
        "state": dict(state),
    }
