"""Waits for the signals that ask a process to stop."""

import select
import signal
import socket
from types import FrameType, TracebackType
from typing import Any, Final, Self

#: A closing terminal sends SIGHUP. Windows does not have it.
_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, *((signal.SIGHUP,) if hasattr(signal, "SIGHUP") else ()))


class StopSignals:
    """A context that catches SIGINT, SIGTERM and SIGHUP.

    A signal interrupts no code, so everything is stopped in order. Python writes the number of each signal to a socket,
    and ``wait`` waits for that socket, which avoids races.
    """

    def __enter__(self) -> Self:
        self._reader, self._writer = socket.socketpair()
        self._writer.setblocking(False)  # required by set_wakeup_fd
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
        """Wait for a signal for a number of seconds at most. Return True if one arrived."""
        return bool(select.select([self._reader], [], [], seconds)[0])


def _ignore(number: int, frame: FrameType | None) -> None:
    """Do nothing: Python has written the signal to the socket."""
