"""Reads, moves and starts the frozen clocks of freezegun and time-machine.

Neither library is imported unless the test imported it, or time has to be frozen. Only this module uses their private
names.
"""

import os
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any, Final, Protocol

from pytest_whoosh.engine.timeline import EPOCH, to_utc

Unfreeze = Callable[[], None]

#: pytest reads the start and end of a run from this module.
_REAL_TIME_FOR: Final = ["_pytest.timing"]
#: Modules that freezegun exempts only because their timers must run on. Our freeze lets all timers run on, and threads
#: of these modules must see the same time as all others.
_NOT_EXEMPT: Final = ("threading", "multiprocessing", "queue")
#: The functions that measure durations, as freezegun names its fakes and the real ones.
_TIMERS: Final = ("monotonic", "monotonic_ns", "perf_counter", "perf_counter_ns")
_MICROSECOND: Final = timedelta(microseconds=1)


class Freezer(Protocol):
    """A clock that freezegun or time-machine shows to the app."""

    #: The library's own object. Two readings with the same object are of the same clock.
    source: object
    #: True if the clock advances by itself, with real time or whenever it is read.
    ticks: bool

    def now(self) -> datetime:
        """Return the moment that the clock shows, aware, in UTC."""

    def set_to(self) -> datetime | None:
        """Return the moment to which the library's tools have set the clock; None if that is unknown."""

    def move_to(self, when: datetime) -> None:
        """Set the clock to another moment. It ticks on from there if it ticks."""


class _FreezegunClock:
    """The clock of the innermost ``freeze_time``."""

    def __init__(self, factory: Any) -> None:
        self.source = factory
        #: With ``auto_tick_seconds`` each call advances the clock, so the moment is read from an attribute.
        self._ticks_when_read = hasattr(factory, "step_width")
        self.ticks = self._ticks_when_read or hasattr(factory, "start")

    def now(self) -> datetime:
        return to_utc(self.source.time_to_freeze if self._ticks_when_read else self.source())

    def set_to(self) -> datetime | None:
        # If a clock ticks when it is read, a tick cannot be distinguished from a move by the test.
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
    # Before version 3, time-machine uses floats, which are off by a few nanoseconds.
    return EPOCH + (int(nanoseconds) + 500) // 1000 * _MICROSECOND


def innermost() -> Freezer | None:
    """Return the frozen clock that the app sees, by the test or by us; None if the app sees the machine's clock."""
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
    # Cached, because each move calls this function several times, and the clock is nearly always the same.
    clock = _latest[0]
    if clock is None or clock.source is not source:
        _latest[0] = clock = kind(source)
    return clock


_latest: Final[list[Freezer | None]] = [None]


def machine_now() -> datetime:
    """Return the machine's own time, even if the app's time is frozen."""
    time_machine = sys.modules.get("time_machine")
    if time_machine is not None and time_machine.escape_hatch.is_travelling():
        return _at_ns(time_machine.escape_hatch.time.time_ns())
    return EPOCH.now(UTC)  # EPOCH has the real class: freezegun replaces every name of the class itself


def freeze(when: datetime) -> Unfreeze:
    """Freeze the app's time at a moment, with time-machine if it can be used, else with freezegun.

    With either library, durations run on: timers, event loops, workers, pytest's own durations.

    Returns:
        The function that unfreezes time.
    """
    return _freeze_with_time_machine(when) or _freeze_with_freezegun(when)


def _freeze_with_time_machine(when: datetime) -> Unfreeze | None:
    """Freeze time with time-machine; return None, and leave nothing frozen, if it cannot be used."""
    try:
        import time_machine
    except ImportError:
        return None
    # From 2.13 until version 3, time-machine freezes time.monotonic in C, where it cannot be exempted.
    if hasattr(time_machine.escape_hatch.time, "monotonic") and not hasattr(time_machine, "traveller_stack"):
        return None
    travel = time_machine.travel((when - EPOCH) // timedelta(seconds=1), tick=False)
    try:
        clock = _TimeMachineClock(travel.start())
    except Exception:  # a release that does not work with this Python or with another library
        return None
    try:
        clock.move_to(when)
    except BaseException as error:
        travel.stop()
        if isinstance(error, Exception):
            return None
        raise
    stop: Unfreeze = travel.stop
    return stop


def _freeze_with_freezegun(when: datetime) -> Unfreeze:
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
    stop: Unfreeze = freezer.stop
    return stop


def _running_on(api: Any, timer: str, freezer: Any) -> Callable[[], float]:
    """Return a timer that runs on in our freeze. Within a freeze of the user's inside ours, it is the user's timer."""
    real: Callable[[], float] = getattr(api, f"real_{timer}")
    fake: Callable[[], float] = getattr(api, f"fake_{timer}")
    factories = api.freeze_factories

    def read() -> float:
        ours = not factories or factories[-1] is getattr(freezer, "source", factories[-1])
        return real() if ours else fake()

    read.__name__ = fake.__name__  # freezegun finds the timer by this name when it stops
    return read


def _clocks_in(ids: set[int]) -> Callable[[Any], list[tuple[str, Any]]]:
    """Return a function that finds the clocks among a module's attributes. It does not load lazy attributes.

    It replaces freezegun's own function, which lists and hashes every attribute and takes most of the time of a freeze.
    As with that function, a library's module is searched again only if it has other names than at the last search. The
    modules of the app and of its tests may give a clock to any name at any time, so each freeze searches these.
    """

    def find(module: Any) -> list[tuple[str, Any]]:
        attributes = getattr(module, "__dict__", _NO_ATTRIBUTES)
        size = len(attributes)
        try:
            newest = next(reversed(attributes), None)
        except RuntimeError:  # another thread has just added a name
            newest = None
        known = _SEARCHED.get(id(module))
        if known is not None and known[0] == size and known[1] == newest:
            names = known[2]
            # A test may have replaced a clock since the search.
            return [(name, value) for name in names if id(value := attributes.get(name)) in ids] if names else []
        attributes = dict(attributes)
        if ids.isdisjoint(map(id, attributes.values())):  # the fast path for nearly all modules
            found = []
        else:
            found = [(name, value) for name, value in attributes.items() if id(value) in ids]
        if _is_of_library(attributes.get("__file__")):
            _SEARCHED[id(module)] = size, newest, [name for name, _ in found]
        return found

    return find


_NO_ATTRIBUTES: Final[dict[str, Any]] = {}
#: The searched modules of libraries, by identity: how many names each had, the newest one, and those of clocks.
_SEARCHED: Final[dict[int, tuple[int, str | None, list[str]]]] = {}
_STANDARD_LIBRARY: Final = os.path.dirname(os.__file__) + os.sep  # noqa: PTH120
_INSTALLED: Final = (f"{os.sep}site-packages{os.sep}", f"{os.sep}dist-packages{os.sep}")


def _is_of_library(file: object) -> bool:
    return isinstance(file, str) and (file.startswith(_STANDARD_LIBRARY) or any(part in file for part in _INSTALLED))
