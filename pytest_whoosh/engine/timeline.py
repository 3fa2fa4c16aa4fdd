"""The virtual clock, and what is due to happen on it."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import heappop, heappush
from typing import Final, TypeAlias

# Under freezegun the name ``datetime`` stands for its FakeDatetime, which must not leak into results: some
# serialisers refuse it. The real class is always among its bases, and arithmetic on a real one stays real.
_REAL: Final[type[datetime]] = next(kind for kind in datetime.__mro__ if kind.__module__ == "datetime")

EPOCH: Final = _REAL(1970, 1, 1, tzinfo=UTC)

Action: TypeAlias = Callable[[object], None]


def moment(when: datetime) -> datetime:
    """A moment as a genuine, aware ``datetime`` in UTC, whatever class and zone it came in. A naive one is UTC."""
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return EPOCH + (when - EPOCH)


class Timeline:
    """A clock that moves only when told to, and the events that are due on it.

    Events happen in the order of their moments; at one moment in the order of their ranks (a message's place among
    all messages), then in the order in which they were scheduled.
    """

    __slots__ = ("_events", "_scheduled", "in_flight", "now")

    def __init__(self, now: datetime) -> None:
        self.now = now
        #: How many events belong to something under way, rather than to something planned for later.
        self.in_flight = 0
        self._scheduled = 0
        self._events: list[tuple[datetime, int, int, bool, Action, object]] = []

    def schedule(self, due: datetime, rank: int, action: Action, subject: object, *, planned: bool = False) -> None:
        """Let ``action(subject)`` happen at a moment. ``planned`` keeps it out of :attr:`in_flight`."""
        self._scheduled += 1
        if not planned:
            self.in_flight += 1
        heappush(self._events, (due, rank, self._scheduled, planned, action, subject))

    def after(self, delay: timedelta, rank: int, action: Action, subject: object, *, planned: bool = False) -> None:
        """Schedule ``action(subject)`` for when ``delay`` has passed. ``planned`` keeps it out of ``in_flight``."""
        self.schedule(_later(self.now, delay), rank, action, subject, planned=planned)

    def step(self, until: datetime | None = None) -> bool:
        """Move the clock to the next event that is due by ``until``, and let it happen; False where there is none."""
        events = self._events
        if not events or (until is not None and events[0][0] > until):
            return False
        due, _, _, planned, action, subject = heappop(events)
        self.now = max(self.now, due)
        if not planned:
            self.in_flight -= 1
        action(subject)
        return True


@lru_cache(maxsize=256)
def _later(now: datetime, delay: timedelta) -> datetime:
    # Messages that are sent at one moment share the moments that follow.
    return now + delay
