"""Environment variables that hold other values for a time."""

import os
from collections.abc import Mapping
from typing import Final


class Environment:
    """Variables set, or unset where their value is None, until :meth:`stop`.

    Doubles may leave in another order than they came in: each puts back what it found, or lets the next to come know
    of it.
    """

    def __init__(self, values: Mapping[str, str | None]) -> None:
        self._values = values
        #: What the variables held before.
        self.before: dict[str, str | None] = {}

    def start(self) -> None:
        """Set the variables."""
        self.before = {name: os.environ.get(name) for name in self._values}
        _STANDING.append(self)
        _set(self._values)

    def stop(self) -> None:
        """Put back what was there before; do nothing where nothing was set."""
        if self not in _STANDING:
            return
        place = _STANDING.index(self)
        del _STANDING[place]
        if place < len(_STANDING):
            _STANDING[place].before |= self.before
        else:
            _set(self.before)


#: Those whose values the process has, oldest first.
_STANDING: Final[list[Environment]] = []


def _set(values: Mapping[str, str | None]) -> None:
    for name, value in values.items():
        if value is not None:
            os.environ[name] = value
            continue
        try:  # noqa: SIM105  # suppress() takes longer than this, and every set-up pays for it
            del os.environ[name]
        except KeyError:
            pass
