"""Shows the progress of a long ``travel`` or ``settle`` on a terminal."""

from typing import Final, TextIO

from pytest_whoosh.whoosh import Whoosh

_ERASE: Final = "\r\x1b[K"


class Progress:
    """Shows a line while time moves, and erases it afterwards. Without a terminal it shows nothing."""

    def __init__(self, whoosh: Whoosh, stream: TextIO) -> None:
        self._whoosh = whoosh
        self._stream = stream
        self._moved = False
        self._shown = False

    def show(self) -> None:
        """Update the line. It appears at the second update during which time moves."""
        if not self._stream.isatty():
            return
        moves = self._whoosh.is_moving
        if moves and self._moved:
            self._write(
                f"It is {self._whoosh.now:%Y-%m-%d %H:%M:%S} UTC; messages in flight: {self._whoosh.in_flight:,}"
            )
        elif self._shown:
            self._write("")
        self._moved = moves

    def _write(self, line: str) -> None:
        self._stream.write(_ERASE + line)
        self._stream.flush()
        self._shown = bool(line)
