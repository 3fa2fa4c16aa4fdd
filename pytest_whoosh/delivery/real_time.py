"""A clock for real durations, which runs on while a test has time frozen."""

import time
from functools import partial
from typing import Final

#: Returns seconds. freezegun replaces time.monotonic wherever it finds it, but not this. Windows has no clock_gettime.
real_seconds: Final = (
    partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else partial(time.monotonic)
)


class _Debugging:
    """Counts the calls of apps that were not ended because somebody debugged them. There is one instance."""

    def __init__(self) -> None:
        self.calls = 0


DEBUGGING: Final = _Debugging()
