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

from pytest_whoosh.engine.hosts import DEFAULT_PORTS
from pytest_whoosh.engine.http import Request, joined_headers
from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy, Webhook

from .apps import AsgiApp, Event
from .exceptions import collect_signalled, describe_exception, is_app_error, signalled_exception
from .failures import (
    LONGEST_RESPONSE,
    NO_ANSWER,
    NOT_BYTES,
    AppResponse,
    BodyParts,
    DeliveryFailed,
    EndlessResponse,
    Overdue,
    broke_protocol,
    endless_failure,
    patience,
    raised_by_app,
)
from .loops import (
    GRACE,
    Tasks,
    close_loop,
    end_tasks,
    event,
    give_up_threads,
    is_cancellation,
    queue,
    running_loop,
    spawn,
    within,
)
from .watchdog import call_bounded

R = TypeVar("R")

#: The time that an app may take to shut down, in seconds.
_SHUT_DOWN: Final = 15.0
#: The time that a handler's tasks may run after its response, in seconds, if something can still wake them.
_FINISHING: Final = 1.0
_WHY_AWAITED: Final = (
    "A webhook goes to an ASGI app, and this thread runs an event loop already. "
    "Write `await whoosh.{form}`: the handlers then run in this loop."
)


class AsgiTarget:
    """An ASGI app. Outside an event loop it runs in a loop of its own, which is kept: the app starts only once."""

    def __init__(self, app: Any) -> None:
        self._app = _App(app)
        #: The loops that are not in use. Each thread that delivers a webhook at the same time needs its own.
        self._idle: list[asyncio.Runner] = []

    def must_be_awaited(self, _: str) -> str:
        """Return why a webhook must be awaited inside an event loop."""
        return _WHY_AWAITED

    def send(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Call the app in a loop of its own."""
        runner = self._runner()
        loop = runner.get_loop()
        # Each step of a call has its own timeout. The watchdog is for an app that blocks the loop.
        seconds = patience(retry_policy)
        beyond = _FINISHING + 2 * GRACE + (0 if self._app.has_started(loop) else seconds) - retry_policy.waited
        try:
            response: AppResponse = call_bounded(
                runner.run,
                self._app.send(request, seconds, webhook, finish=True),
                beyond=beyond,
                wake=partial(_wake, loop),
            )
        except EndlessResponse as error:
            give_up_threads(loop)
            close_loop(loop)
            raise endless_failure(error) from None
        except (RuntimeError, SystemExit) as error:  # the app stopped the loop, or one of its tasks raised SystemExit
            raise raised_by_app(error) from error
        finally:
            self._idle.append(runner)
        return response

    async def asend(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Call the app in the running loop."""
        return await self._app.send(request, patience(retry_policy), webhook)

    def close(self) -> None:
        """Shut the app down in each loop of its own."""
        if not self._idle:
            return
        if running_loop() is not None:  # a thread cannot run a second loop
            thread = threading.Thread(target=self._shut_down)
            thread.start()
            thread.join()
        else:
            self._shut_down()

    def _shut_down(self) -> None:
        while self._idle:
            runner = self._runner()
            loop = runner.get_loop()
            wake = partial(_wake, loop)
            try:
                with suppress(EndlessResponse):
                    call_bounded(runner.run, self._app.stop(), beyond=_SHUT_DOWN + GRACE, wake=wake)
                    call_bounded(runner.run, end_tasks(), beyond=GRACE, wake=wake)
            except BaseException:  # of the app, or an interrupt
                close_loop(loop)
                raise
            if asyncio.all_tasks(loop):
                give_up_threads(loop)
                close_loop(loop)  # Runner.close() would wait for these tasks
                continue
            try:
                call_bounded(runner.close, wake=wake)  # it waits for the threads of the loop
            except EndlessResponse:
                give_up_threads(loop)

    def _runner(self) -> asyncio.Runner:
        """Return an unused loop that the app has not closed, or a new one."""
        while self._idle:
            try:
                runner = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if not runner.get_loop().is_closed():
                return runner
        # With a factory, the runner does not change the thread's current event loop.
        return asyncio.Runner(loop_factory=asyncio.new_event_loop)


def _wake(loop: asyncio.AbstractEventLoop) -> None:
    with suppress(RuntimeError):  # it is closed
        loop.call_soon_threadsafe(lambda: None)


class _App:
    """An ASGI app. It starts once in each event loop, before its first request."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self._lifespans: weakref.WeakKeyDictionary[object, _Lifespan] = weakref.WeakKeyDictionary()

    def has_started(self, loop: object) -> bool:
        """True if the app has started in a loop."""
        lifespan = self._lifespans.get(loop)
        return lifespan is not None and lifespan.has_started

    async def send(self, request: Request, patience: float, webhook: Webhook, *, finish: bool = False) -> AppResponse:
        """Send a request to the app, and return its response.

        Args:
            request: The request.
            patience: The vendor's timeout in seconds.
            webhook: The webhook that the request belongs to.
            finish: True if the loop stops afterwards. The handler's tasks then finish first, if they can.

        Raises:
            DeliveryFailed: The app did not start, raised an exception, or did not answer.
        """
        loop = running_loop()
        lifespan = self._lifespans.get(loop)
        if lifespan is None:
            lifespan = self._lifespans[loop] = _Lifespan(self._app)

        if not lifespan.has_started:
            await within_timeout(patience, lifespan.started)
        asking = partial(within_timeout, patience, partial(call_app, self._app, request, webhook, lifespan.state))
        if not finish:
            return await asking()
        lifespan.tasks = lifespan.tasks or Tasks()
        return await finish_tasks(asking, lifespan.tasks)

    async def stop(self) -> None:
        """Shut the app down if it was started in the running loop."""
        lifespan = self._lifespans.pop(running_loop(), None)
        if lifespan:
            await lifespan.stop()


class _Lifespan:
    """The start-up and shut-down of an app, if it supports the lifespan protocol."""

    def __init__(self, app: AsgiApp) -> None:
        self._app = app
        self.state: dict[str, Any] = {}
        self._to_app = queue()
        self._started = event()
        self._stopped = event()
        self._failure: str | None = None
        #: The exception that stopped the start.
        self._exception: BaseException | None = None
        #: True after a webhook has waited for the start, and the start succeeded.
        self.has_started = False
        #: The tasks of the handlers, if the loop stops between them.
        self.tasks: Tasks | None = None
        self._to_app.put_nowait({"type": "lifespan.startup"})
        self._task = spawn(self._run)

    async def started(self) -> None:
        """Wait until the app has started. Concurrent webhooks wait for the same start."""
        await self._started.wait()
        if self._failure is not None:
            why = describe_exception(self._exception) if self._exception else self._failure
            raise DeliveryFailed(11205, "5xx", f"the app did not start: {why}", self._exception)
        self.has_started = True

    async def stop(self) -> None:
        """Shut the app down."""
        self._to_app.put_nowait({"type": "lifespan.shutdown"})
        with suppress(TimeoutError):
            await within(_SHUT_DOWN, self._stopped.wait)

    async def _on_event(self, message: Event) -> None:
        if message["type"] == "lifespan.startup.failed":
            # Frameworks send a whole traceback. Its last line describes the error.
            self._failure = message.get("message", "").strip().rpartition("\n")[2]
        self._started.set()

    async def _run(self) -> None:
        scope = {"type": "lifespan", "asgi": {"version": "3.0", "spec_version": "2.0"}, "state": self.state}
        try:
            await self._app(scope, self._to_app.get, self._on_event)
        except Overdue:
            pass  # the app blocked the loop. The caller knows.
        except BaseException as error:
            # According to the specification, an app that raises an exception here does not support lifespans.
            if is_cancellation(error) or not is_app_error(error):
                raise
            self._exception = error if self._failure is not None else None  # Starlette raises it after it says so
        finally:
            self._started.set()
            self._stopped.set()


async def within_timeout(seconds: float, function: Callable[[], Awaitable[R]]) -> R:
    """Call an app, and wait for the vendor's timeout at most.

    Raises:
        DeliveryFailed: The app takes longer.
    """
    try:
        return await within(seconds, function)
    except TimeoutError:
        place = give_up_threads(asyncio._get_running_loop())
        where = f": a thread of it was at {place}" if place else ""
        raise DeliveryFailed(11200, "rt", NO_ANSWER.format(seconds=seconds) + where) from None


async def finish_tasks(asking: Callable[[], Awaitable[AppResponse]], tasks: Tasks) -> AppResponse:
    """Call an app, and wait for the tasks of its handler before the loop stops.

    ``tasks`` are those of the loop's handlers so far.
    """
    tasks.forget()
    try:
        response = await asking()
    except DeliveryFailed:
        await tasks.done(_FINISHING)
        raise
    await tasks.done(_FINISHING)
    if not tasks.found:
        return response
    failure = next((error for error in tasks.failures if is_app_error(error)), None)
    return replace(response, exception=response.exception or failure, unfinished=tasks.unfinished)


async def call_app(app: AsgiApp, request: Request, webhook: Webhook, state: dict[str, Any]) -> AppResponse:
    """Call an ASGI app in the running loop, and return its response.

    Raises:
        DeliveryFailed: The app raised an exception, or its response is not valid HTTP.
    """
    body = request.body.encode() if isinstance(request.body, str) else request.body
    to_app: list[Event] = [{"type": "http.request", "body": body, "more_body": False}]
    collected = _CollectedResponse()

    async def receive() -> Event:
        if to_app:
            return to_app.pop()
        await collected.complete.wait()  # frameworks stop streaming when the client disconnects
        return {"type": "http.disconnect"}

    scope = _scope(request, state)
    raised: BaseException | None = None
    with collect_signalled(app) as errors:
        try:
            webhook.was_called = True
            await app(scope, receive, collected.receive_event)
        except BaseException as error:  # an exception of the app's own code counts as its response
            if is_cancellation(error) or not is_app_error(error):
                raise
            if collected.endless:
                raise endless_failure(collected.endless) from None
            if collected.status is None:
                raise raised_by_app(error) from error
            raised = error  # Starlette raises the exception again after it has collecteded 500
    return collected.response(errors, raised)


class _CollectedResponse:
    """Collects the response from the events that an app sends to its server."""

    def __init__(self) -> None:
        self.complete = event()
        self.status: int | None = None
        self._headers: dict[str, str] = {}
        self._body = bytearray()
        self._parts = BodyParts()
        #: The error that ended an endless response. The app may have caught it.
        self.endless: EndlessResponse | None = None

    async def receive_event(self, message: Event) -> None:
        """Receive an event: this is the app's ``send``. An invalid event raises an error in the app, as servers do."""
        kind = message.get("type") if isinstance(message, Mapping) else message
        if kind not in ("http.response.start", "http.response.body"):
            raise ValueError(f"an app sends 'http.response.start' or 'http.response.body', not {kind!r}")
        started = self.status is not None
        if (kind == "http.response.start") is started:
            raise RuntimeError(f"{kind!r} came {'a second time' if started else 'before http.response.start'}")
        if kind == "http.response.start":
            self._start(message.get("status"), message.get("headers", ()))
        elif not self.complete.is_set():
            self._add_to_body(message.get("body", b""), bool(message.get("more_body")))

    def _start(self, status: Any, pairs: Any) -> None:
        if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 999:
            raise ValueError(f"the status of a response must be a number such as 200, not {status!r}")
        headers = []
        for pair in map(tuple, pairs):
            if not (len(pair) == 2 and isinstance(pair[0], bytes) and isinstance(pair[1], bytes)):
                raise TypeError(f"the headers of a response must be pairs of bytes, not {pair!r}")
            headers.append((pair[0].decode("latin-1"), pair[1].decode("latin-1")))
        self._headers = joined_headers(headers)
        self.status = int(status)

    def _add_to_body(self, part: Any, more: bool) -> None:
        if not isinstance(part, bytes | bytearray | memoryview):
            raise TypeError(NOT_BYTES.format(type=type(part).__name__))
        try:
            self._parts.count(part)
        except EndlessResponse as error:
            self.endless = error
            self.complete.set()
            raise
        self._body += part[: LONGEST_RESPONSE - len(self._body)]
        if not more:
            self.complete.set()
        elif len(self._body) >= LONGEST_RESPONSE:
            self.complete.set()
            raise ConnectionResetError("the response is longer than the client reads, so the client disconnected")

    def response(self, errors: list[BaseException], raised: BaseException | None) -> AppResponse:
        if self.endless:
            raise endless_failure(self.endless)
        if self.status is None:
            raise broke_protocol("the app sent no response")
        exception = signalled_exception(errors, self.status)
        if isinstance(raised, ConnectionResetError) and self.complete.is_set():
            raised = None  # raised by _add_to_body for a response that is too long
        return AppResponse(self.status, self._headers, bytes(self._body), raised or exception)


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
        "server": (parts.hostname or "", parts.port or DEFAULT_PORTS["https" if secure else "http"]),
        "state": dict(state),
    }
