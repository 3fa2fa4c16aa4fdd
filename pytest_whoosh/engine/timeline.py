"""Advances virtual time and runs the events that are due.

The timeline has two clocks, because apps measure time in two ways:

* ``now`` is a *moment*: the time on the app's clock, and in every date.
* ``steady`` measures *spans*: delays, validity, expiry, windows. It starts when the double starts and moves only when a
  test moves time, so a slow machine never shortens a span. Store ``steady`` when a span begins, and compare with it.

If time is frozen from the start, both clocks always show the same time.
"""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from heapq import heapify, heappop, heappush
from typing import Final, TypeAlias

from .misuse import WhooshError, is_usage_error

__tracebackhide__ = is_usage_error

#: The genuine ``datetime`` class. Under freezegun the name ``datetime`` refers to FakeDatetime, which some serialisers
#: refuse, so it must not leak into results. The genuine class is always one of its bases, and arithmetic keeps it.
_REAL: Final[type[datetime]] = next(kind for kind in datetime.__mro__ if kind.__module__ == "datetime")

EPOCH: Final = _REAL(1970, 1, 1, tzinfo=UTC)
#: The last moment that a ``datetime`` can hold.
_END_OF_TIME: Final = _REAL.max.replace(tzinfo=UTC)
_ZERO: Final = timedelta()

Action: TypeAlias = Callable[[object], None]
#: Due time (on either clock), rank, number in order of scheduling, True if planned for later, action, subject.
Event: TypeAlias = tuple[datetime, int, int, bool, Action, object]


def to_utc(when: datetime) -> datetime:
    """Convert a moment of any class and zone to a genuine, aware ``datetime`` in UTC. A naive one counts as UTC."""
    if when.tzinfo is None:
        when = when.replace(tzinfo=UTC)
    return EPOCH + (when - EPOCH)


def require_aware(when: datetime, what: str) -> datetime:
    """Convert a moment that a test passed, as :func:`to_utc` does. ``what`` names it in the error.

    Raises:
        ValueError: the moment has no time zone, or is outside the years 1 to 9999 in UTC.
    """
    if when.tzinfo is None or when.utcoffset() is None:
        written = f"datetime({when.year}, {when.month}, {when.day}, {when.hour}, {when.minute}"
        rest = f", {when.second}" if when.second or when.microsecond else ""
        rest += f", {when.microsecond}" if when.microsecond else ""
        raise ValueError(
            f"{what} needs a time zone, and {written}{rest}) has none. "
            f"Write {written}{rest}, tzinfo=UTC), or {written}{rest}).astimezone() for this machine's local time."
        )
    try:
        return to_utc(when)
    except OverflowError:
        raise ValueError(f"{what} must be in the years 1 to 9999 in UTC, and {when} is not.") from None


class Timeline:
    """Virtual time and the events scheduled in it. Time moves only through its methods.

    Events run in order of their due times. Events due at the same time run by rank (a message's index among all
    messages), then in the order in which they were scheduled.
    """

    __slots__ = ("_moments", "_scheduled", "_spans", "in_flight", "now", "steady")

    def __init__(self, now: datetime) -> None:
        #: The current moment on the app's clock.
        self.now = now
        #: The clock for spans.
        self.steady = now
        #: The number of scheduled events that are not ``planned`` for later, such as the next status of a message.
        self.in_flight = 0
        self._scheduled = 0
        #: Two heaps: events due at a moment on the steady clock, and events due at a moment on the app's clock.
        self._spans: list[Event] = []
        self._moments: list[Event] = []

    def schedule(self, due: datetime, rank: int, action: Action, subject: object, *, planned: bool = False) -> None:
        """Schedule ``action(subject)`` for a moment on the app's clock. ``planned`` keeps it out of ``in_flight``."""
        self._add(self._moments, due, rank, planned, action, subject)

    def schedule_after(
        self, delay: timedelta, rank: int, action: Action, subject: object, *, planned: bool = False
    ) -> None:
        """Schedule ``action(subject)`` after a delay."""
        self._add(self._spans, add_delay(self.steady, delay), rank, planned, action, subject)

    def schedule_steady(self, due: datetime, rank: int, action: Action, subject: object) -> None:
        """Schedule ``action(subject)`` for a moment on the steady clock."""
        self._add(self._spans, due, rank, False, action, subject)

    def has_event_about(self, subject: object) -> bool:
        """True if an event of this subject is scheduled."""
        return any(event[5] is subject for events in (self._spans, self._moments) for event in events)

    def moment_at(self, steady: datetime) -> datetime:
        """Return the time on the app's clock when the steady clock shows ``steady``."""
        return self.now + (steady - self.steady)

    def advance(self, span: timedelta) -> None:
        """Advance both clocks without running events."""
        self.now += span
        self.steady += span

    def next_in(self) -> timedelta | None:
        """Return the time until the next event: zero if it is overdue, None if nothing is scheduled."""
        following = self._next()
        return None if following is None else max(following[0], _ZERO)

    def step(self, until: datetime | None = None) -> bool:
        """Advance the clocks to the next event that is due by ``until``, and run it. Return False if none is due.

        ``until`` is a moment on the steady clock. An event leaves the timeline only after it ran, so an interruption
        loses no event.

        Raises:
            WhooshError: without ``until``, the next event is due past the year 9999.
        """
        following = self._next()
        if following is None:
            return False
        span, events = following
        if until is not None and span > until - self.steady:
            return False
        if span > _ZERO:
            try:
                self.advance(span)
            except OverflowError:
                raise WhooshError(
                    f"It is {self.now:%Y-%m-%d} UTC, and the next event is due past the year 9999. "
                    "Use travel() to move time by less, or a shorter delay."
                ) from None
        event = events[0]
        try:
            event[4](event[5])
        except Exception:
            self._take(events, event)
            raise
        self._take(events, event)
        return True

    def _add(
        self, events: list[Event], due: datetime, rank: int, planned: bool, action: Action, subject: object
    ) -> None:
        self._scheduled += 1
        if not planned:
            self.in_flight += 1  # first: after an interrupt settle() looks once more, and misses nothing
        heappush(events, (due, rank, self._scheduled, planned, action, subject))

    def _next(self) -> tuple[timedelta, list[Event]] | None:
        """Return the time until the next event, and the heap that holds it."""
        spans, moments = self._spans, self._moments
        if not moments:
            return (spans[0][0] - self.steady, spans) if spans else None
        planned = moments[0]
        until_planned = planned[0] - self.now
        if spans:
            first = spans[0]
            span = first[0] - self.steady
            if (span, first[1], first[2]) < (until_planned, planned[1], planned[2]):
                return span, spans
        return until_planned, moments

    def _take(self, events: list[Event], event: Event) -> None:
        if events[0] is event:
            heappop(events)
        else:  # it scheduled an event that precedes itself
            events.remove(event)
            heapify(events)
        if not event[3]:
            self.in_flight -= 1


@lru_cache(maxsize=256)
def show_moment(when: datetime) -> str:
    """Return a moment in ISO 8601 and UTC, with a fraction of the second only if it is not zero."""
    return when.astimezone(UTC).isoformat().replace("+00:00", "Z")


def add_delay(now: datetime, delay: timedelta) -> datetime:
    """Return a moment plus a delay; the last possible moment if that is past the year 9999."""
    # Cached, because messages that are sent at the same moment share their later moments.
    try:
        return now + delay
    except OverflowError:
        return _END_OF_TIME
