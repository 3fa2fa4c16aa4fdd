"""Reads, moves and starts the frozen clocks of freezegun and time-machine.

Nothing here is imported unless the test did so, or unless time is to be frozen. Each private name of theirs is used
in this module only.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol

from pytest_whoosh.engine.timeline import EPOCH, to_utc

Thaw = Callable[[], None]

#: pytest takes the start and end of a run from here.
_REAL_TIME_FOR: Final = ["_pytest.timing"]
#: Modules that freezegun exempts only because their timers must run on. Ours do anyway, and in their threads the app's
#: clock must show the same as elsewhere.
_NOT_EXEMPT: Final = ("threading", "multiprocessing", "queue")
#: What measures how long things take, as freezegun names its own and the real ones.
_TIMERS: Final = ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_MICROSECOND: Final = timedelta(microseconds=1)


class Freezer(Protocol):
    """A clock that freezegun or time-machine shows to the app."""

    #: The library's own object, by which two readings are of one clock.
    source: object
    #: True if it shows later moments by itself, with real time or with each look. If not, it shows what it is set to.
    ticks: bool

    def now(self) -> datetime:
        """Return the moment it shows, aware, in UTC."""

    def set_to(self) -> datetime | None:
        """Return the moment from which it ticks, as its own tools have set it; None if nobody can tell."""

    def move_to(self, when: datetime) -> None:
        """Make it show another moment, and go on as it does."""


class _FreezegunClock:
    """The clock of the innermost ``freeze_time``."""

    def __init__(self, factory: Any) -> None:
        self.source = factory
        #: With ``auto_tick_seconds`` each look at the time lets some pass, so it is read without looking.
        self._ticks_when_read = hasattr(factory, "step_width")
        self.ticks = self._ticks_when_read or hasattr(factory, "start")

    def now(self) -> datetime:
        return to_utc(self.source.time_to_freeze if self._ticks_when_read else self.source())

    def set_to(self) -> datetime | None:
        # A look at a clock that ticks when read cannot be told from a move of it.
        return None if self._ticks_when_read else to_utc(self.source.time_to_freeze)

    def move_to(self, when: datetime) -> None:
        self.source.move_to(when.replace(tzinfo=None))


class _TimeMachineClock:
    """The clock of the innermost ``time_machine.travel``."""

    def __init__(self, traveller: Any) -> None:
        self.source = traveller
        self.ticks = bool(traveller._tick)

    def now(self) -> datetime:
        return _at_ns(self.source.time_ns())

    def set_to(self) -> datetime:
        return _at_ns(self.source._destination_timestamp_ns)

    def move_to(self, when: datetime) -> None:
        # Moving to a datetime would also set the process's time zone; shifting does not.
        self.source.shift(when - self.now())


@lru_cache(maxsize=256)  # a frozen clock is asked again and again, and shows few moments
def _at_ns(nanoseconds: float) -> datetime:
    # Before version 3 time-machine counts some of them as floats, and is off by a few.
    return EPOCH + (int(nanoseconds) + 500) // 1000 * _MICROSECOND


def innermost() -> Freezer | None:
    """Return the clock that the app sees if somebody froze time, ourselves included; None if it is the machine's."""
    kind: Callable[[Any], Freezer]
    freezegun = sys.modules.get("freezegun.api")
    if freezegun is not None and freezegun.freeze_factories:
        kind, source = _FreezegunClock, freezegun.freeze_factories[-1]
    elif (time_machine := sys.modules.get("time_machine")) is not None and (
        # Its stack had another name before version 3.
        stack := getattr(time_machine, "traveller_stack", None) or getattr(time_machine, "coordinates_stack", None)
    ):
        kind, source = _TimeMachineClock, stack[-1]
    else:
        return None
    # It is asked several times in each journey, and nearly always about the clock of the last time.
    clock = _latest[0]
    if clock is None or clock.source is not source:
        _latest[0] = clock = kind(source)
    return clock


_latest: Final[list[Freezer | None]] = [None]


def machine_now() -> datetime:
    """Return the machine's own time, whoever has frozen the app's."""
    time_machine = sys.modules.get("time_machine")
    if time_machine is not None and time_machine.escape_hatch.is_travelling():
        return _at_ns(time_machine.escape_hatch.time.time_ns())
    return EPOCH.now(UTC)  # of its own class: any other name for the real one is a name that freezegun replaces


def freeze(when: datetime) -> Thaw:
    """Freeze the app's time at a moment, with time-machine if it can be used, else with freezegun.

    Whichever it is, what measures durations runs on: timers, event loops, workers, pytest's own durations.

    Returns:
        The function that lets time run again.
    """
    return _freeze_with_time_machine(when) or _freeze_with_freezegun(when)


def _freeze_with_time_machine(when: datetime) -> Thaw | None:
    """Freeze time with time-machine; return None, and leave nothing frozen, if it cannot be used."""
    try:
        import time_machine
    except ImportError:
        return None
    # From 2.13 until version 3 it stops time.monotonic in C, where nothing can make an exception.
    if hasattr(time_machine.escape_hatch.time, "monotonic") and not hasattr(time_machine, "traveller_stack"):
        return None
    travel = time_machine.travel((when - EPOCH) // timedelta(seconds=1), tick=False)
    try:
        clock = _TimeMachineClock(travel.start())
    except Exception:  # a release that this Python or another library does not get on with
        return None
    try:
        clock.move_to(when)
    except BaseException as error:
        travel.stop()
        if isinstance(error, Exception):
            return None
        raise
    stop: Thaw = travel.stop
    return stop


def _freeze_with_freezegun(when: datetime) -> Thaw:
    import freezegun
    from freezegun import api

    freezer: Any = freezegun.freeze_time(when.replace(tzinfo=None), ignore=_REAL_TIME_FOR)
    freezer.ignore = tuple(name for name in freezer.ignore if name not in _NOT_EXEMPT)
    names: dict[str, Any] = {
        f"fake_{timer}": _running_on(api, timer, freezer) for timer in _TIMERS if hasattr(api, f"fake_{timer}")
    }
    if hasattr(api, "_get_cached_module_attributes"):
        names["_get_cached_module_attributes"] = _clocks_in(api._real_time_object_ids)
    before = {name: getattr(api, name) for name in names}
    vars(api).update(names)
    try:
        freezer.source = freezer.start()
    except BaseException:
        if freezer.modules_at_start or api.freeze_factories:
            freezer.stop()
        raise
    finally:
        vars(api).update(before)
    stop: Thaw = freezer.stop
    return stop


def _running_on(api: Any, timer: str, freezer: Any) -> Callable[[], float]:
    """Return a timer that runs on in our freeze, and is as the user has it in one of theirs within ours."""
    real: Callable[[], float] = getattr(api, f"real_{timer}")
    fake: Callable[[], float] = getattr(api, f"fake_{timer}")
    factories = api.freeze_factories

    def read() -> float:
        ours = not factories or factories[-1] is getattr(freezer, "source", factories[-1])
        return real() if ours else fake()

    read.__name__ = fake.__name__  # by which freezegun finds it when it stops
    return read


def _clocks_in(ids: set[int]) -> Callable[[Any], list[tuple[str, Any]]]:
    """Return what finds the clocks among a module's attributes, without having lazy ones imported.

    freezegun lists and hashes each module's attributes at every freeze, which takes most of its time.
    """

    def find(module: Any) -> list[tuple[str, Any]]:
        attributes = dict(getattr(module, "__dict__", ()))
        if ids.isdisjoint(map(id, attributes.values())):  # nearly always, and quickly
            return []
        return [(name, value) for name, value in attributes.items() if id(value) in ids]

    return find
