"""The app's clock: reads, follows and moves the time that the app sees.

The app and the fake use one clock, so they never disagree. A move never sets it back. (A move is one call of
``travel``, ``settle`` or ``step``.)

The clock that the app sees, with ``clock="auto"``::

    time is not frozen ─────────────▶ machine   live: time passes, but nothing becomes due
    the first travel() or settle() ─▶ ours      fixed: shows the moment of each event, and does not move in between
    the test froze time ────────────▶ theirs    fixed, or live if it ticks; we move it with its own tools
    the double ends ────────────────▶ the clock that was there before

``clock="frozen"`` is ``ours`` from the start, at a whole second, unless the test froze time before. With
``clock="virtual"`` the app's clock is not touched. The double has a time of its own, which only moves advance.

Two things move virtual time:

* A move. It freezes the machine's clock at the current moment. Then it sets the clock that the app sees: to the
  moment of each webhook, and to the destination in the end.
* The test, with the tools of freezegun or time-machine: ``tick``, ``move_to``, ``shift``, or a freeze inside another.
  :meth:`AppClock.look` finds out how far. Events that became due happen when the double is next used. A clock that is
  set back moves nothing, and neither does the end of the last freeze, after which the app sees the machine's clock.

Real time, and the ticking of a clock that ticks, only change what the clock shows.

So there are two scales. *Moments* (dates, ``send_at``) are what this clock shows. *Spans* (delays, validity, expiry,
windows) are measured on ``Timeline.steady``, which only virtual time moves. :mod:`pytest_whoosh.engine.timeline` keeps
both. This module only handles the clock that the app sees.

Only one freeze of ours exists at a time, even if several doubles move time. It ends with the last of these doubles.
"""

import threading
from collections import defaultdict
from datetime import datetime, timedelta
from threading import RLock, get_ident
from typing import Final

from pytest_whoosh.engine.timeline import add_delay

from .freezers import Freezer, Unfreeze, freeze, innermost, machine_now
from .interrupts import HeldInterrupts

_ZERO: Final = timedelta()
_SECOND: Final = timedelta(seconds=1)


class AppClock:
    """The time that the app sees.

    Args:
        mode: The setting ``clock``: ``"auto"``, ``"frozen"`` or ``"virtual"``.
        lock: The double's lock, which is held while time moves.
    """

    def __init__(self, mode: str, lock: RLock) -> None:
        self._follows = mode != "virtual"
        self._frozen_from_start = mode == "frozen"
        self._lock = lock
        #: True if this clock holds the freeze that doubles share.
        self._holds = False
        #: How far the test has moved time with the tools of its freezer, and how far moves have in each thread.
        self._jumped = _ZERO
        self._moved_by: dict[int, timedelta] = defaultdict(timedelta)
        #: The object that showed the time at the last look (None: the machine), and the moments that it showed and was
        #: set to.
        self._source: object = None
        self._shown = machine_now()
        self._set_to: datetime | None = self._shown

    def start(self) -> None:
        """Read the clock that the app sees. Freeze it if the mode is ``"frozen"``."""
        freezer = innermost()
        if self._frozen_from_start and freezer is None:
            second = machine_now().replace(microsecond=0)
            self._hold(add_delay(second, _SECOND))
        elif freezer is not None:
            self._remember(freezer, freezer.now())
        elif not self._follows:
            # The vendor counts whole seconds: at a fraction of a second it would refuse the earliest allowed `send_at`.
            self._shown = self._shown.replace(microsecond=0)

    def stop(self) -> None:
        """Unfreeze the app's time unless another double keeps it frozen. Running moves do not freeze it again."""
        self._follows = False
        if _FREEZE.is_on:
            with HeldInterrupts():
                _FREEZE.release(self)

    @property
    def is_live(self) -> bool:
        """True if the clock advances by itself."""
        freezer = innermost() if self._follows else None
        return self._follows and (freezer is None or freezer.ticks)

    def app_now(self) -> datetime:
        """Return the moment on the app's own clock, even if the double's time is virtual."""
        freezer = innermost()
        return freezer.now() if freezer else machine_now()

    def look(self) -> tuple[datetime, timedelta]:
        """Return the moment on the clock, and how far the test has moved the clock since the last look."""
        freezer = innermost() if self._follows else None
        if freezer is None:
            if self._follows:
                self._source, self._shown = None, machine_now()
            return self._shown, _ZERO
        now = freezer.now()
        moved = self._moved(freezer, now)
        self._jumped += moved
        self._remember(freezer, now)
        return now, moved

    def handler_time(self) -> timedelta:
        """Return the time on a clock that measures how long a handler takes.

        Only the calling thread and the test's own freezer move this clock. So a handler is not too slow because the
        machine is slow, or because another thread moved time.
        """
        with self._lock:
            freezer = innermost() if self._follows else None
            since_last_look = self._moved(freezer, freezer.now()) if freezer else _ZERO
            return self._jumped + since_last_look + self._moved_by[get_ident()]

    def freeze(self) -> None:
        """Freeze the app's time at the current moment, if the app sees the machine's clock."""
        if self._follows and not self._holds and (innermost() is None or _FREEZE.is_on):
            self._hold(None)

    def show(self, when: datetime, by: timedelta) -> None:
        """Move the clock to a moment, unless the clock shows a later one already.

        Args:
            when: The moment.
            by: How far the calling thread moves time.
        """
        self._moved_by[get_ident()] += by
        freezer = innermost() if self._follows else None
        if freezer is None:
            self._shown = max(self._shown, when) if self._follows else when
            return
        now = freezer.now()
        if when > now:
            freezer.move_to(when)
            self._remember(freezer, when)
        elif not freezer.ticks:
            # A webhook's handler has moved the clock past this moment. The next look reports by how much.
            self._source, self._set_to, self._shown = freezer.source, when, now

    def _hold(self, when: datetime | None) -> None:
        with HeldInterrupts():  # an interrupt must not come between a freeze and the record of it
            _FREEZE.hold(self, when)
            self._holds = True
        freezer = innermost()
        if freezer is not None:
            self._remember(freezer, freezer.now())

    def _remember(self, freezer: Freezer, now: datetime) -> None:
        self._source, self._shown, self._set_to = freezer.source, now, freezer.set_to() if freezer.ticks else now

    def _moved(self, freezer: Freezer, now: datetime) -> timedelta:
        set_to = freezer.set_to() if freezer.ticks else now
        if freezer.source is self._source:
            return max(set_to - self._set_to, _ZERO) if set_to and self._set_to else _ZERO
        if self._source is None:
            if (began := _FREEZE.began(freezer)) is not None:  # another double froze the machine's clock, and moved it
                return max(now - began, _ZERO)
            if now <= machine_now():  # the test froze the clock at the current moment, or set it back
                return _ZERO
        return max((set_to or now) - self._shown, _ZERO)


class _Freeze:
    """The freeze that doubles share. It starts with the first double that moves time, and ends with the last one."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holders: set[AppClock] = set()
        self._unfreeze: Unfreeze | None = None
        self._source: object = None
        self._began: datetime | None = None

    @property
    def is_on(self) -> bool:
        """True if this package has frozen time."""
        return self._unfreeze is not None

    def began(self, freezer: Freezer) -> datetime | None:
        """Return the moment at which this freeze started if ``freezer`` is its clock, else None."""
        return self._began if self._unfreeze is not None and freezer.source is self._source else None

    def hold(self, clock: AppClock, when: datetime | None) -> None:
        """Freeze time at ``when``, by default at the current moment, until all clocks have released the freeze."""
        with self._lock:
            if self._unfreeze is None:
                self._unfreeze = freeze(when or machine_now())
                freezer = innermost()
                assert freezer is not None, "time was just frozen"
                if when is None and threading.active_count() > 1 and (seen := machine_now()) > freezer.now():
                    freezer.move_to(seen)  # other threads saw later moments while time was being frozen
                self._source, self._began = freezer.source, freezer.now()
            self._holders.add(clock)

    def release(self, clock: AppClock) -> None:
        """Release the freeze for one clock, and unfreeze time if no other clock holds it."""
        with self._lock:
            self._holders.discard(clock)
            if not self._holders and self._unfreeze is not None:
                unfreeze, self._unfreeze, self._source, self._began = self._unfreeze, None, None, None
                unfreeze()

    def after_fork(self) -> None:
        """Free the lock in the child of a fork."""
        self._lock = threading.RLock()


_FREEZE: Final = _Freeze()
after_fork = _FREEZE.after_fork
