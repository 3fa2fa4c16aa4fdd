"""Delivers webhooks to an ASGI app, in-process.

See https://asgi.readthedocs.io/en/latest/specs/www.html and, for the start-up of apps, .../specs/lifespan.html
"""

import asyncio
import weakref
from contextlib import suppress
from typing import Any
from urllib.parse import unquote, urlsplit

from pytest_whoosh.engine.http import Request, Response

from .apps import AsgiApp, Event
from .failures import LONGEST_ANSWER, DeliveryFailed, raised_by_app


class AsgiTarget:
    """An ASGI app that is started, once in each event loop, before its first request."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._lifespans: weakref.WeakKeyDictionary[asyncio.AbstractEventLoop, _Lifespan] = weakref.WeakKeyDictionary()

    async def send(self, request: Request) -> Response:
        """Hand a request to the app.

        Raises:
            DeliveryFailed: the app raised, or answered nothing.
        """
        loop = asyncio.get_running_loop()
        lifespan = self._lifespans.get(loop)
        if lifespan is None:
            lifespan = self._lifespans[loop] = _Lifespan(self._app)
            await lifespan.start()
        return await _exchange(self._app, request, lifespan.state)

    async def stop(self) -> None:
        """Let the app, where it was started in the running loop, shut down."""
        lifespan = self._lifespans.pop(asyncio.get_running_loop(), None)
        if lifespan:
            await lifespan.stop()


class _Lifespan:
    """The start-up and shut-down of an app; one that knows no lifespan is left in peace."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.state: dict[str, Any] = {}
        self._to_app: asyncio.Queue[Event] = asyncio.Queue()
        self._from_app: asyncio.Queue[Event] = asyncio.Queue()
        self._task: asyncio.Task[None] | None = None

    async def start(self) -> None:
        self._task = asyncio.create_task(self._run())
        self._to_app.put_nowait({"type": "lifespan.startup"})
        answer = await self._from_app.get()
        if answer["type"] == "lifespan.startup.failed":
            raise DeliveryFailed(11200, "5xx", f"the app did not start: {answer.get('message', '')}")

    async def stop(self) -> None:
        if self._task and not self._task.done():
            self._to_app.put_nowait({"type": "lifespan.shutdown"})
            await self._from_app.get()
            await self._task

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        with suppress(Exception):  # the specification: an app that raises here does not support lifespans
            await self._app(scope, self._to_app.get, self._from_app.put)
        self._from_app.put_nowait({"type": "lifespan.unsupported"})


async def _exchange(app: AsgiApp, request: Request, state: dict[str, Any]) -> Response:
    body = request.body.encode() if isinstance(request.body, str) else request.body
    to_app: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]
    status: int | None = None
    headers: dict[str, str] = {}
    received = bytearray()

    async def receive() -> Event:
        return to_app.pop() if to_app else {"type": "http.disconnect"}

    async def send(event: Event) -> None:
        nonlocal status, headers
        if event["type"] == "http.response.start":
            status = event["status"]
            headers = {name.decode("latin-1"): value.decode("latin-1") for name, value in event.get("headers", ())}
        elif event["type"] == "http.response.body" and len(received) < LONGEST_ANSWER:
            received.extend(event.get("body", b"")[: LONGEST_ANSWER - len(received)])

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
