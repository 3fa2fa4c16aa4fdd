"""Waits for the signals that ask a process to stop."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Any, Final, Self

#: SIGHUP is sent when the terminal closes; Windows does not have it.
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))


class StopSignals:
    """Catches SIGINT, SIGTERM and SIGHUP while the context lasts.

    A signal interrupts nothing, so that everything that was started is stopped in order. Python writes each signal's
    number to a socket, on which ``wait`` waits without a race.
    """

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)  # which Python asks for
        self._before: dict[int, Any] = {number: signal.signal(number, _ignore) for number in _SIGNALS}
        self._woke = signal.set_wakeup_fd(self._writer.fileno())
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        signal.set_wakeup_fd(self._woke)
        for number, handler in self._before.items():
            signal.signal(number, handler)
        self._reader.close()
        self._writer.close()

    def wait(self, seconds: float) -> bool:
        """Wait for a signal, at most this long. Return True if one came."""
        return bool(select.select([self._reader], [], [], seconds)[0])


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written the signal to the socket."""
