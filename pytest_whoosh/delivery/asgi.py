"""Delivers webhooks to an ASGI app, in-process.

See https://asgi.readthedocs.io/en/latest/specs/www.html and, for the start-up of apps, .../specs/lifespan.html
"""

import asyncio
import threading
import weakref
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import replace
from functools import partial
from typing import Any, Final, TypeVar
from urllib.parse import unquote, urlsplit

from pytest_whoosh.engine.http import Request, joined_headers
from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy

from .apps import AsgiApp, Event
from .exceptions import caught, is_apps_own, signalled
from .failures import (
    LONGEST_ANSWER,
    Answer,
    DeliveryFailed,
    EndlessAnswer,
    Parts,
    broke_protocol,
    endless,
    raised_by_app,
)
from .loops import Tasks, event, is_cancellation, queue, running_loop, spawn, within

R = TypeVar("R")

#: How long an app may take to shut down, in seconds.
_SHUT_DOWN: Final = 15.0
#: How long the tasks that a handler starts may go on after its answer, in seconds, if anything can still wake them.
_FINISHING: Final = 1.0
_WHY_AWAITED: Final = (
    "A webhook goes to an ASGI app, and this thread runs an event loop already. "
    "Write `await whoosh.{form}`: the handlers then run in this loop."
)


class AsgiTarget:
    """An ASGI app. Where no event loop runs it has one of its own, so that it is started once."""

    def __init__(self, app: Any) -> None:
        self._app = _App(app)
        #: The loops that nobody uses now: threads that have webhooks delivered at the same time need one each.
        self._idle: list[asyncio.Runner] = []

    def must_be_awaited(self, _: str) -> str:
        """Return why a webhook must be awaited inside an event loop."""
        return _WHY_AWAITED

    def send(self, request: Request, retry_policy: RetryPolicy) -> Answer:
        """Call the app in a loop of its own."""
        runner = self._runner()
        try:
            return runner.run(self._app.send(request, retry_policy.read, finish=True))
        except (RuntimeError, SystemExit) as error:  # the app stopped the loop, or left it to a task to raise
            raise raised_by_app(error) from error
        finally:
            self._idle.append(runner)

    async def asend(self, request: Request, retry_policy: RetryPolicy) -> Answer:
        """Call the app in the running loop."""
        return await self._app.send(request, retry_policy.read)

    def close(self) -> None:
        """Shut the app down in each loop of its own."""
        if not self._idle:
            return
        if running_loop() is not None:  # one thread runs one loop
            thread = threading.Thread(target=self._shut_down)
            thread.start()
            thread.join()
        else:
            self._shut_down()

    def _shut_down(self) -> None:
        while self._idle:
            with self._runner() as runner:
                runner.run(self._app.stop())

    def _runner(self) -> asyncio.Runner:
        """A loop that nobody uses, and that the app has not closed."""
        while self._idle:
            try:
                runner = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if not runner.get_loop().is_closed():
                return runner
        # A loop of a factory is not made the thread's own, and its end takes nothing from the thread.
        return asyncio.Runner(loop_factory=asyncio.new_event_loop)


class _App:
    """An ASGI app that is started, once in each event loop, before its first request."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._lifespans: weakref.WeakKeyDictionary[object, _Lifespan] = weakref.WeakKeyDictionary()

    async def send(self, request: Request, patience: float, *, finish: bool = False) -> Answer:
        """Hand a request to the app, and wait for its answer as many seconds as the vendor would.

        With ``finish``, the loop stops afterwards: the tasks that the handler starts are done before, if they can be.

        Raises:
            DeliveryFailed: the app did not start, raised, or did not answer.
        """
        loop = running_loop()
        lifespan = self._lifespans.get(loop)
        if lifespan is None:
            lifespan = self._lifespans[loop] = _Lifespan(self._app)

        if not lifespan.has_started:
            await within_patience(patience, lifespan.started)
        asking = partial(within_patience, patience, partial(exchange, self._app, request, lifespan.state))
        return await (finishing(asking) if finish else asking())

    async def stop(self) -> None:
        """Shut the app down if it was started in the running loop."""
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
        #: True once somebody has waited for the start, and it succeeded.
        self.has_started = False
        self._to_app.put_nowait({"type": "lifespan.startup"})
        self._task = spawn(self._run)

    async def started(self) -> None:
        """Wait until the app has started; webhooks that come at once wait for the same start."""
        await self._started.wait()
        if self._failure is not None:
            raise DeliveryFailed(11200, "5xx", f"the app did not start: {self._failure}")
        self.has_started = True

    async def stop(self) -> None:
        """Shut the app down."""
        self._to_app.put_nowait({"type": "lifespan.shutdown"})
        with suppress(TimeoutError):
            await within(_SHUT_DOWN, self._stopped.wait)

    async def _hear(self, said: Event) -> None:
        if said["type"] == "lifespan.startup.failed":
            # Frameworks tell a whole traceback, whose last line says what went wrong.
            self._failure = said.get("message", "").strip().rpartition("\n")[2]
        self._started.set()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._to_app.get, self._hear)
        except BaseException as error:
            # The specification: an app that raises here does not support lifespans.
            if is_cancellation(error) or not is_apps_own(error):
                raise
        finally:
            self._started.set()
            self._stopped.set()


async def within_patience(seconds: float, function: Callable[[], Awaitable[R]]) -> R:
    """Wait for an app as many seconds as the vendor would.

    Raises:
        DeliveryFailed: it takes longer.
    """
    try:
        return await within(seconds, function)
    except TimeoutError:
        raise DeliveryFailed(11200, "rt", f"the app did not answer within {seconds:g} seconds") from None


async def finishing(asking: Callable[[], Awaitable[Answer]]) -> Answer:
    """Ask an app, and give the tasks that its handler starts the time to be done before the loop stops."""
    tasks = Tasks()
    try:
        answer = await asking()
    except DeliveryFailed:
        await tasks.done(_FINISHING)
        raise
    await tasks.done(_FINISHING)
    if not tasks.found:
        return answer
    failure = next((error for error in tasks.failures if is_apps_own(error)), None)
    return replace(answer, exception=answer.exception or failure, unfinished=tasks.unfinished)


async def exchange(app: AsgiApp, request: Request, state: dict[str, Any]) -> Answer:
    """Call an ASGI app in the running loop, and take its answer.

    Raises:
        DeliveryFailed: the app raised, or answered what is no HTTP answer.
    """
    body = request.body.encode() if isinstance(request.body, str) else request.body
    to_app: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]
    answer = _Heard()

    async def receive() -> Event:
        if to_app:
            return to_app.pop()
        await answer.complete.wait()  # frameworks stop streaming an answer to a client that has gone
        return {"type": "http.disconnect"}

    raised: BaseException | None = None
    with signalled(app) as errors:
        try:
            await app(_scope(request, state), receive, answer.hear)
        except BaseException as error:  # the app's own code: what it raises is its answer
            if is_cancellation(error) or not is_apps_own(error):
                raise
            if answer.endless:
                raise endless(answer.endless) from None
            if answer.status is None:
                raise raised_by_app(error) from error
            raised = error  # Starlette raises again after it has answered 500
    return answer.response(errors, raised)


class _Heard:
    """The messages that an app sends to its server."""

    def __init__(self) -> None:
        self.complete = event()
        self.status: int | None = None
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._parts = Parts()
        #: Why the answer is given up, which the app may have caught.
        self.endless: EndlessAnswer | None = None

    async def hear(self, said: Event) -> None:
        """Serve as the app's ``send``. Anything but an HTTP answer is an error in the app, as with any server."""
        kind = said.get("type") if isinstance(said, Mapping) else said
        if kind not in ("http.response.start", "http.response.body"):
            raise ValueError(f"an app sends 'http.response.start' or 'http.response.body', not {kind!r}")
        started = self.status is not None
        if (kind == "http.response.start") is started:
            raise RuntimeError(f"{kind!r} came {'a second time' if started else 'before http.response.start'}")
        if kind == "http.response.start":
            self._start(said.get("status"), said.get("headers", ()))
        elif not self.complete.is_set():
            self._take(said.get("body", b""), bool(said.get("more_body")))

    def _start(self, status: Any, pairs: Any) -> None:
        if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 999:
            raise ValueError(f"the status of an answer is a number such as 200, not {status!r}")
        headers = []
        for pair in map(tuple, pairs):
            if not (len(pair) == 2 and isinstance(pair[0], bytes) and isinstance(pair[1], bytes)):
                raise TypeError(f"the headers of an answer are pairs of bytes, not {pair!r}")
            headers.append((pair[0].decode("latin-1"), pair[1].decode("latin-1")))
        self._headers = joined_headers(headers)
        self.status = int(status)

    def _take(self, part: Any, more: bool) -> None:
        if not isinstance(part, bytes | bytearray | memoryview):
            raise TypeError(f"the body of an answer is bytes, not {type(part).__name__}")
        try:
            self._parts.count(part)
        except EndlessAnswer as error:
            self.endless = error
            self.complete.set()
            raise
        self._body += part[: LONGEST_ANSWER - len(self._body)]
        if not more:
            self.complete.set()
        elif len(self._body) >= LONGEST_ANSWER:
            self.complete.set()
            raise ConnectionResetError("the client has read all that it reads of an answer, and hung up")

    def response(self, errors: list[BaseException], raised: BaseException | None) -> Answer:
        if self.endless:
            raise endless(self.endless)
        if self.status is None:
            raise broke_protocol("the app sent no response")
        exception = caught(errors, self.status)
        if isinstance(raised, ConnectionResetError) and self.complete.is_set():
            raised = None  # ours: it ends an answer that is too long
        return Answer(self.status, self._headers, bytes(self._body), raised or exception)


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
