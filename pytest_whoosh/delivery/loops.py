"""Helpers for the event loops of asyncio and trio, in which an app's handlers may run. Never imports trio itself."""

import asyncio
import math
import re
import socket
import sys
import threading
from collections.abc import Awaitable, Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, Final, Protocol, TypeVar

from .exceptions import line_of
from .failures import Overdue

R = TypeVar("R")

#: How many times the other callbacks that are ready in a loop run before its tasks are awaited.
_TURNS: Final = 100
#: The pauses between two checks of whether a loop is idle, in seconds.
_FIRST_PAUSE: Final = 0.01
_LONGEST_PAUSE: Final = 1.0
#: The time that tasks have to end after they were canceled, in seconds.
GRACE: Final = 1.0


class TaskQueue(Protocol):
    """A queue between tasks of one event loop."""

    def put_nowait(self, item: Any, /) -> None:
        """Add an item at once."""

    async def put(self, item: Any, /) -> None:
        """Add an item."""

    async def get(self) -> Any:
        """Wait for the next item, and return it."""


def running_loop() -> object | None:
    """Return the caller's asyncio loop, or the root task of its trio run; None outside of both."""
    return asyncio._get_running_loop() or _root_task()


def listens_in_loop(port: int) -> bool:
    """True if a server in the running loop listens at a port.

    This is known of asyncio's own loops, and on Linux of uvloop's and trio's.
    """
    return any(_listens(file, port) for file in _files_in_loop())


def _files_in_loop() -> Iterable[int]:
    """Return the files that the running loop waits for."""
    loop: Any = asyncio._get_running_loop()
    if loop is None:
        runner = sys.modules["trio"]._core._run.GLOBAL_RUN_CONTEXT.runner
        return [file for file in getattr(runner.io_manager, "_registered", ()) if isinstance(file, int)]
    if selector := getattr(loop, "_selector", None):
        return [key.fd for key in selector.get_map().values()]
    if backend := getattr(loop, "_get_backend_id", None):  # the epoll file of uvloop's libuv
        with suppress(OSError):
            return map(int, _WATCHED.findall(Path(f"/proc/self/fdinfo/{backend()}").read_text(encoding="ascii")))
    return ()


#: A file that an epoll file watches.
_WATCHED: Final = re.compile(r"^tfd:\s*(\d+)", re.MULTILINE)


def _listens(file: int, port: int) -> bool:
    try:
        with socket.fromfd(file, socket.AF_INET, socket.SOCK_STREAM) as copy:
            address = copy.getsockname()
            return bool(copy.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)) and address[1:2] == (port,)
    except OSError:  # not a socket
        return False


def queue() -> TaskQueue:
    """Return a new queue for tasks of the running loop."""
    return asyncio.Queue() if asyncio._get_running_loop() else _TrioQueue()


def event() -> Any:
    """Return a new event that tasks of the running loop can wait for."""
    return asyncio.Event() if asyncio._get_running_loop() else sys.modules["trio"].Event()


async def within(seconds: float, function: Callable[[], Awaitable[R]]) -> R:
    """Await a function for a number of seconds at most. In an asyncio loop, stop as soon as nothing can wake it.

    A function that catches its cancellation gets another exception, at the place where it awaits something.

    Raises:
        TimeoutError: The function takes longer.
    """
    if loop := asyncio._get_running_loop():
        async with asyncio.timeout(seconds) as limit:
            with _ended_when_idle(loop, limit) as was_forced:
                try:
                    return await function()
                except BaseException:
                    if was_forced:
                        raise TimeoutError from None
                    raise
    with sys.modules["trio"].move_on_after(seconds):
        return await function()
    raise TimeoutError


class Tasks:
    """The tasks that start in the running asyncio loop from now on, or since they were last forgotten."""

    def __init__(self) -> None:
        self._before = asyncio.all_tasks()
        #: The tasks found so far. asyncio forgets tasks that are done, so they are kept here.
        self.found: set[asyncio.Task[Any]] = set()

    def forget(self) -> None:
        """Leave out the tasks found so far: the loop has stopped since, so no others have started."""
        self._before = {task for task in self._before | self.found if not task.done()}
        self.found = set()

    async def done(self, seconds: float) -> None:
        """Wait until all tasks are done, or nothing can wake them, or the time is over."""
        for _ in range(_TURNS):  # lets other tasks, such as workers, process the items that the handler queued
            pending = self._find()
            if not getattr(asyncio.get_running_loop(), "_ready", True):
                break
            await asyncio.sleep(0)
        if pending:
            with suppress(TimeoutError):
                await within(seconds, self._wait)
            self._find()

    @property
    def failures(self) -> list[BaseException]:
        """The exceptions of the tasks that failed."""
        errors = [task.exception() for task in self.found if task.done() and not task.cancelled()]
        return [error for error in errors if error is not None]

    @property
    def unfinished(self) -> tuple[str, ...]:
        """The names of the tasks that are not done, each with the line at which it waits."""
        return tuple(sorted(_location(task) for task in self.found if not task.done()))

    async def _wait(self) -> None:
        while pending := self._find():
            await asyncio.wait(pending)

    def _find(self) -> set[asyncio.Task[Any]]:
        """Return the tasks that are not done."""
        pending = asyncio.all_tasks() - self._before - {asyncio.current_task()}
        self.found |= pending
        return pending


def _location(task: asyncio.Task[Any]) -> str:
    name = getattr(task.get_coro(), "__name__", task.get_name())
    frames = task.get_stack(limit=1)
    if not frames:
        return str(name)
    return f"{name} at {frames[0].f_code.co_filename.rpartition('/')[2]}:{frames[0].f_lineno}"


def is_cancellation(error: BaseException) -> bool:
    """True if an error cancels the running task, instead of coming from the task's own code."""
    if not isinstance(error, asyncio.CancelledError) or not asyncio._get_running_loop():
        return False
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def let_others_run() -> None:
    """Wait until everything else that is ready in the running loop has run."""
    if asyncio._get_running_loop():
        await asyncio.sleep(0)
    else:
        await sys.modules["trio"].lowlevel.checkpoint()


def spawn(function: Callable[[], Awaitable[None]]) -> Any:
    """Run a function in the background of the running loop. Return an object that keeps the task alive."""
    if asyncio._get_running_loop():
        return asyncio.ensure_future(function())
    return sys.modules["trio"].lowlevel.spawn_system_task(function)


async def in_thread(function: Callable[..., R], *args: object) -> R:
    """Run a blocking function in a thread."""
    if asyncio._get_running_loop():
        return await asyncio.to_thread(function, *args)
    result: R = await sys.modules["trio"].to_thread.run_sync(function, *args)
    return result


@contextmanager
def _ended_when_idle(loop: Any, limit: asyncio.Timeout) -> Iterator[list[bool]]:
    """Expire a timeout as soon as the loop is idle, so a test never waits for a handler that hangs.

    The context's list gets an item if the running task catches its cancellation, and is ended by force.
    """
    task = asyncio.current_task()
    was_forced: list[bool] = []
    next_check: Any = None

    def check(pause: float) -> None:
        nonlocal next_check
        if limit.expired():
            next_check = loop.call_later(GRACE, force)
        elif _is_idle(loop, limit.when() or 0):
            limit.reschedule(loop.time())
            next_check = loop.call_later(GRACE, force)
        else:
            next_check = loop.call_later(pause, check, min(2 * pause, _LONGEST_PAUSE))

    def force() -> None:
        nonlocal next_check
        next_check = loop.call_later(GRACE, force)
        awaited = getattr(task, "_fut_waiter", None)
        while isinstance(awaited, asyncio.Task):  # as a cancellation does, go on to what the awaited task awaits
            awaited = getattr(awaited, "_fut_waiter", None)
        if isinstance(awaited, asyncio.Future) and not awaited.done():
            was_forced.append(True)
            awaited.set_exception(Overdue())

    next_check = loop.call_later(_FIRST_PAUSE, check, 2 * _FIRST_PAUSE)
    try:
        yield was_forced
    finally:
        next_check.cancel()


async def end_tasks() -> None:
    """Cancel the other tasks of the running asyncio loop, and wait for them a short time."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks, timeout=GRACE)


def close_loop(loop: asyncio.AbstractEventLoop) -> None:
    """Close a loop that is not running, even if some of its tasks are not done."""
    for task in asyncio.all_tasks(loop):
        task._log_destroy_pending = False  # type: ignore[attr-defined]  # that they are not done is known
        _NEVER_DONE.append(task)
    loop.close()


def give_up_threads(loop: Any) -> str:
    """Wait no longer for the threads in which a loop runs functions that block: handlers that are not ``async``.

    No thread can be ended from outside. But neither the loop nor Python waits for these any more when they end.

    Returns:
        The line at which one of the threads is, or ``""``.
    """
    pool = getattr(loop, "_default_executor", None)
    threads: set[Any] = set(getattr(pool, "_threads", ()))
    if anyio := sys.modules.get("anyio._backends._asyncio"):
        workers = (thread for thread in threading.enumerate() if isinstance(thread, anyio.WorkerThread))
        threads.update(worker for worker in workers if worker.loop is loop)
    if not threads:
        return ""
    frames = sys._current_frames()
    places = [line_of(frames.get(thread.ident), lambda _: False) for thread in threads]
    if pool is not None:
        pool._threads.difference_update(threads)
    for thread in threads:
        _give_up(thread)
    return next(filter(None, places), "")


def _give_up(thread: Any) -> None:
    if futures := sys.modules.get("concurrent.futures.thread"):
        futures._threads_queues.pop(thread, None)
    if hasattr(threading, "_thread_shutdown"):  # since Python 3.13
        _GIVEN_UP.add(thread)
        threading._thread_shutdown = _await_other_threads
    else:
        threading._shutdown_locks.discard(thread._tstate_lock)  # type: ignore[attr-defined]


def _await_other_threads() -> None:
    """Wait for all threads as Python does at its end, except for those that were given up."""
    passed = {threading.main_thread(), threading.current_thread(), *_GIVEN_UP}
    while awaited := [thread for thread in threading.enumerate() if not thread.daemon and thread not in passed]:
        awaited[0].join()


#: The threads that Python does not wait for at its end, because a handler blocks them.
_GIVEN_UP: Final[set[threading.Thread]] = set()

#: The tasks that caught their cancellation. Python would resume them once more to delete them.
_NEVER_DONE: Final[list[asyncio.Task[Any]]] = []


def _is_idle(loop: Any, until: float) -> bool:
    """True if nothing can wake a task of a loop before a moment: no timer, no connection, and no other thread.

    This reads attributes of asyncio's own selector loops. Other loops never count as idle.
    """
    try:
        ready, timers, files, own = loop._ready, loop._scheduled, loop._selector.get_map(), loop._ssock
    except AttributeError:
        return False
    return not (
        ready
        or any(not timer.cancelled() and timer.when() < until for timer in timers)
        or any(key.fd != own.fileno() for key in files.values())
        or threading.active_count() > 1
    )


def _root_task() -> object | None:
    trio = sys.modules.get("trio")
    if trio is None:
        return None
    try:
        return trio.lowlevel.current_root_task()  # type: ignore[no-any-return]
    except RuntimeError:
        return None


class _TrioQueue:
    def __init__(self) -> None:
        self._sending, self._receiving = sys.modules["trio"].open_memory_channel(math.inf)

    def put_nowait(self, item: Any) -> None:
        self._sending.send_nowait(item)

    async def put(self, item: Any) -> None:
        await self._sending.send(item)

    async def get(self) -> Any:
        return await self._receiving.receive()
