"""Records which test started a thread. If the thread calls the vendor later, that test fails."""

from __future__ import annotations

import _thread
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final

from .guard import STARTED_BY, UNNAMED, started_by
from .patching import Patch

#: The modules of thread pools. Their threads work for one test after the other, so they belong to no test.
_POOLS: Final = frozenset({"multiprocessing.pool", "trio._core._thread_cache", "gevent.threadpool", "eventlet.tpool"})
#: The module of executors. Their threads belong to the test that submitted the current work.
_EXECUTOR: Final = "concurrent.futures.thread"


class ThreadOrigins:
    """Marks each thread with the test that started it, from :meth:`start` until :meth:`stop`.

    The threads of an executor are marked when they begin to work, with the test that submitted the work. The mark stays
    for the callbacks of that work.

    Args:
        is_shared: Returns True if the code below a frame serves several tests, as a fixture of a wider scope does.
    """

    def __init__(self, is_shared: Callable[[FrameType], bool]) -> None:
        #: The ID of the test that is running.
        self.test: str | None = None
        self._is_shared = is_shared
        self._patches = [
            Patch(threading.Thread, "start", self._mark_thread),
            Patch(_thread, "start_new_thread", self._mark_unnamed),
        ]
        self._executors: Patch | None = None

    def start(self) -> None:
        """Start marking threads."""
        _ORIGINS.append(self)
        for patch in self._patches:
            patch.start()

    def stop(self) -> None:
        """Stop marking threads."""
        for patch in self._patches:
            patch.stop()
        if self._executors is not None:
            self._executors.stop()
            self._executors = None
        if self in _ORIGINS:
            _ORIGINS.remove(self)

    def _mark_thread(self, start: Any) -> Callable[..., None]:
        def starting(thread: Any, *args: Any, **kwargs: Any) -> None:
            if _ORIGINS[-1] is self:
                self._mark(thread)
            start(thread, *args, **kwargs)

        return starting

    def _mark_unnamed(self, start: Any) -> Callable[..., Any]:
        def starting(function: Any, *args: Any) -> Any:
            test = self._current_test() if _ORIGINS[-1] is self else None
            is_pool = getattr(function, "__module__", None) in _POOLS
            if test is None or is_pool or self._is_shared(sys._getframe()):
                return start(function, *args)

            def run(*args: Any, **kwargs: Any) -> None:
                UNNAMED.test = test
                function(*args, **kwargs)

            return start(run, *args)

        return starting

    def _mark(self, thread: threading.Thread) -> None:
        target: Any = getattr(thread, "_target", None)
        module = getattr(target, "__module__", None)
        if module in _POOLS:
            return
        if (test := self._current_test()) is not None and not self._is_shared(sys._getframe()):
            setattr(thread, STARTED_BY, test)
        if module == _EXECUTOR and self._executors is None:  # the thread starts with work of this test
            self._executors = Patch(target.__globals__["ThreadPoolExecutor"], "submit", self._submitting)
            self._executors.start()

    def _current_test(self) -> str | None:
        # A thread that outlived its test may start others.
        return started_by() or self.test

    def _submitting(self, submit: Any) -> Callable[..., Any]:
        def submitting(pool: Any, function: Any, /, *args: Any, **kwargs: Any) -> Any:
            if _ORIGINS[-1] is not self:
                return submit(pool, function, *args, **kwargs)
            test = self._current_test()

            def work(*args: Any, **kwargs: Any) -> Any:
                setattr(threading.current_thread(), STARTED_BY, test)
                return function(*args, **kwargs)

            return submit(pool, work, *args, **kwargs)

        return submitting


#: The active instances, the newest last. There are several if a test of a pytest plugin runs pytest inside pytest.
_ORIGINS: Final[list[ThreadOrigins]] = []


def earlier_test() -> str | None:
    """Return the ID of the test that started this thread, or None if that test is still running."""
    test = started_by() if _ORIGINS else None
    return test if test and test != _ORIGINS[-1].test else None
