"""Delays interrupts during operations that must either finish or not happen at all."""

import signal
import sys
import threading
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, Self

#: The signals that interrupt a test, sent by Ctrl-C, pytest-timeout and similar tools.
_INTERRUPTS: Final = tuple(
    int(getattr(signal, name))
    for name in ("SIGINT", "SIGALRM", "SIGTERM", "SIGHUP", "SIGUSR1", "SIGUSR2", "SIGVTALRM", "SIGPROF")
    if hasattr(signal, name)
)
# The C functions of the module. They are faster because they do not convert numbers and handlers to enum members.
_IN_C: Final[Any] = sys.modules.get("_signal", signal)
_handler_of: Final[Callable[[int], Any]] = _IN_C.getsignal
_handle: Final[Callable[[int, Any], Any]] = _IN_C.signal


#: The context that holds interrupts now, if there is one.
_HOLDING: "Final[list[HeldInterrupts]]" = []


class HeldInterrupts:
    """A context that delays the handlers of signals. They run when the context ends, and may raise exceptions there.

    Python runs these handlers in the main thread, between any two instructions. In other threads, and inside another
    such context, the context does nothing.
    """

    __slots__ = ("_handlers", "waiting")

    def __init__(self) -> None:
        self._handlers: list[tuple[int, Any]] = []
        #: The signals that came meanwhile.
        self.waiting: list[tuple[int, FrameType | None]] = []

    def __enter__(self) -> Self:
        if threading.get_ident() != threading.main_thread().ident:
            return self
        if _HOLDING:
            self.waiting = _HOLDING[0].waiting
        else:
            try:
                for number in _INTERRUPTS:
                    handler = _handler_of(number)
                    if callable(handler):
                        self._handlers.append((number, handler))
                        _handle(number, self._wait)
                _HOLDING.append(self)  # the last step here, and the first one undone below
            except BaseException:
                self._restore()
                raise
        return self

    def __exit__(self, *_: object) -> None:
        if self not in _HOLDING:
            return
        _HOLDING.clear()
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
        finally:  # a handler that is already restored may run here, and raise
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
