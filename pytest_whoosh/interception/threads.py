"""Remembers which test started a thread, so that the right test is blamed for what the thread does later."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any, Final

from .guard import STARTED_BY
from .patching import Patch


class ThreadOrigins:
    """Marks each thread with the test that started it, from :meth:`start` until :meth:`stop`."""

    def __init__(self) -> None:
        #: The ID of the test that is running.
        self.test: str | None = None
        self._patch = Patch(threading.Thread, "start", self._marking)

    def start(self) -> None:
        """Start to mark threads."""
        _ORIGINS.append(self)
        self._patch.start()

    def stop(self) -> None:
        """Stop marking threads."""
        self._patch.stop()
        if self in _ORIGINS:
            _ORIGINS.remove(self)

    def _marking(self, start: Any) -> Callable[..., None]:
        def starting(thread: Any, *args: Any, **kwargs: Any) -> None:
            # A thread that outlived its test may start others.
            started_by = getattr(threading.current_thread(), STARTED_BY, None) or self.test
            if started_by is not None and _ORIGINS[-1] is self:
                setattr(thread, STARTED_BY, started_by)
            start(thread, *args, **kwargs)

        return starting


#: Those that mark threads, the newest last: a test of a pytest plugin runs pytest inside pytest.
_ORIGINS: Final[list[ThreadOrigins]] = []


def earlier_test() -> str | None:
    """Return the ID of the test that started this thread, if another test is running by now."""
    started_by: str | None = getattr(threading.current_thread(), STARTED_BY, None)
    return started_by if started_by and _ORIGINS and started_by != _ORIGINS[-1].test else None
