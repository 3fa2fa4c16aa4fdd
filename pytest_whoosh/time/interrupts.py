"""Holds interrupts back while something happens that must happen whole or not at all."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Self

#: The signals that people and tools interrupt a test with: Ctrl-C, pytest-timeout and the like.
_INTERRUPTS: Final = tuple(
    int(getattr(signal, name))
    for name in ("SIGINT", "SIGALRM", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGPROF")
    if hasattr(signal, name)
)
# The functions in C, which leave out what most of the time goes to: finding a name for each number and handler.
_IN_C: Final[Any] = sys.modules.get("_signal", signal)
_handler_of: Final[Callable[[int], Any]] = _IN_C.getsignal
_handle: Final[Callable[[int, Any], Any]] = _IN_C.signal


class HeldInterrupts:
    """A context in which the handlers of signals wait: each runs when the context ends, and may raise there.

    Python runs these handlers in the main thread, between any two instructions. Elsewhere there is nothing to hold.
    """

    __slots__ = ("_handlers", "waiting")

    def __init__(self) -> None:
        self._handlers: list[tuple[int, Any]] = []
        #: The signals that came meanwhile.
        self.waiting: list[tuple[int, FrameType | None]] = []

    def __enter__(self) -> Self:
        if threading.get_ident() == threading.main_thread().ident:
            try:
                for number in _INTERRUPTS:
                    handler = _handler_of(number)
                    if callable(handler):
                        self._handlers.append((number, handler))
                        _handle(number, self._wait)
            except BaseException:
                self._restore()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        try:
            self._restore()
        finally:
            if self.waiting:
                self._deliver()

    def _wait(self, number: int, frame: FrameType | None) -> None:
        self.waiting.append((number, frame))

    def _restore(self) -> None:
        try:
            while self._handlers:
                _handle(*self._handlers[-1])
                self._handlers.pop()
        finally:  # one that is back already may raise
            if self._handlers:
                self._restore()

    def _deliver(self) -> None:
        try:
            while self.waiting:
                number, frame = self.waiting.pop(0)
                handler = _handler_of(number)
                if callable(handler):
                    handler(number, frame)
        finally:
            if self.waiting:
                self._deliver()
