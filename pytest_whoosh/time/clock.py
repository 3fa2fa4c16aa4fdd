"""The app's time and the fake's, kept the same: with freezegun, with time-machine, or with neither.

Nothing here is imported unless it is needed; whichever library froze time first stays in charge.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Final, Protocol

from pytest_whoosh.engine.timeline import EPOCH, moment

#: Modules that must go on seeing real time while it is frozen: pytest reports how long a test took, and a process
#: that a test waits for takes real time.
_REAL_TIME_FOR: Final = ["_pytest.timing", "subprocess"]


class Frozen(Protocol):
    """A clock that somebody has frozen."""

    def now(self) -> datetime:
        """The moment it shows, aware, in UTC."""

    def show(self, when: datetime) -> None:
        """Let it show another moment."""


class _FreezegunClock:
    """The clock of the innermost ``freeze_time``."""

    def __init__(self, factory: Any) -> None:
        self._factory = factory

    def now(self) -> datetime:
        factory = self._factory
        # Calling the factory of auto_tick_seconds would let time pass.
        shown = factory.time_to_freeze if hasattr(factory, "step_width") else factory()
        return moment(shown)

    def show(self, when: datetime) -> None:
        self._factory.move_to(when.replace(tzinfo=None))


class _TimeMachineClock:
    """The clock of the innermost ``time_machine.travel``."""

    def __init__(self, traveller: Any) -> None:
        self._traveller = traveller

    def now(self) -> datetime:
        return moment(datetime.now(UTC))

    def show(self, when: datetime) -> None:
        # Moving to a datetime would also set the process's time zone; shifting does not.
        self._traveller.shift(when - self.now())


def frozen_clock() -> Frozen | None:
    """The clock that somebody froze, ourselves included; None while time runs."""
    freezegun = sys.modules.get("freezegun.api")
    if freezegun is not None and freezegun.freeze_factories:
        return _FreezegunClock(freezegun.freeze_factories[-1])
    time_machine = sys.modules.get("time_machine")
    if time_machine is not None:
        # Its stack was called otherwise before version 3.
        stack = getattr(time_machine, "traveller_stack", None) or getattr(time_machine, "coordinates_stack", None)
        if stack:
            return _TimeMachineClock(stack[-1])
    return None


class AppClock:
    """What the app sees as the time, from the double's point of view.

    Until the first :meth:`show` the clock stands at the double's start while the app's runs on; from then on the
    app's time is frozen too and shows what it is told. Somebody else's frozen clock is followed, and moved.
    """

    def __init__(self, *, follow: bool) -> None:
        self._follow = follow
        clock = frozen_clock()
        # The vendor counts whole seconds: a start between two would refuse what the app plans to the second.
        self._standing = clock.now() if clock else moment(datetime.now(UTC)).replace(microsecond=0)
        self._thaw: Callable[[], None] | None = None

    def now(self) -> datetime:
        """The present moment."""
        clock = frozen_clock() if self._follow else None
        return clock.now() if clock else self._standing

    def show(self, when: datetime) -> None:
        """Let the app see a moment, freezing its time at the first call."""
        self._standing = when  # also where time is frozen: who froze it may be another double, and leave first
        if not self._follow:
            return
        clock = frozen_clock()
        if clock is None:
            self._thaw = _freeze(when)
        elif clock.now() != when:
            clock.show(when)

    def stop(self) -> None:
        """Let the app's time run again, if it was frozen here; a task that is still travelling freezes it no more."""
        self._follow = False
        if self._thaw:
            self._thaw()
            self._thaw = None


def _freeze(when: datetime) -> Callable[[], None]:
    """Freeze the app's time at a moment: with time-machine where it is installed, else with freezegun."""
    try:
        import time_machine
    except ImportError:
        return _freeze_with_freezegun(when)
    travel = time_machine.travel((when - EPOCH) // timedelta(seconds=1), tick=False)
    travel.start().shift(timedelta(microseconds=when.microsecond))
    if hasattr(time_machine, "traveller_stack"):
        stop: Callable[[], None] = travel.stop
        return stop
    # Before version 3 it stops time.monotonic too, and only then has a way to the real one.
    escape: Any = time_machine.escape_hatch
    return _with_real_timers(escape.time.monotonic, travel.stop)


def _freeze_with_freezegun(when: datetime) -> Callable[[], None]:
    import freezegun
    from freezegun.api import real_monotonic

    freezer = freezegun.freeze_time(when.replace(tzinfo=None), ignore=_REAL_TIME_FOR)
    freezer.start()
    # Its own cure, real_asyncio, opens an event loop to find its class, and so a socket.
    return _with_real_timers(real_monotonic, freezer.stop)


def _with_real_timers(monotonic: Callable[[], float], stop: Callable[[], None]) -> Callable[[], None]:
    """Let event loops tell by the real clock when a timer is due: else ``await asyncio.sleep(0.1)`` would never end."""
    loops = sys.modules.get("asyncio.base_events")
    if loops is None:
        return stop
    loop_class = loops.BaseEventLoop
    ticking, loop_class.time = loop_class.time, lambda _: monotonic()

    def thaw() -> None:
        loop_class.time = ticking
        stop()

    return thaw
