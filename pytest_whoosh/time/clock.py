"""The app's clock: reads, follows and moves the time that the app sees.

One clock serves the app and the fake, so they never disagree, and no journey moves it back.

Who shows the time, for ``clock="auto"``::

    nobody froze time ──────────────▶ machine   live: it passes by itself, and nothing becomes due by that
    the first travel() or settle() ─▶ ours      fixed: it shows each event's moment, and stands in between
    the test froze time ────────────▶ theirs    fixed, or live if it ticks; we move it with its own tools
    the double ends ────────────────▶ whatever was there before

``clock="frozen"`` is ``ours`` from the start, at a whole second, unless the test froze time before. ``clock="virtual"``
is none of these: the double's time stands, moves by journeys only, and the app's clock is left alone.

Three things move virtual time:

* A journey (``travel``, ``settle``, ``step``). It freezes the machine's clock where it stands, and then moves
  whichever clock the app sees: to each event's moment while webhooks are delivered, to its destination in the end.
* The test, with its freezer's own tools: ``tick``, ``move_to``, ``shift``, a freeze inside another.
  :meth:`AppClock.look` finds out by how much; what fell due happens at the next touch of the double. A clock set back
  moves nothing, and neither does the end of the last freeze, which brings the machine's clock back.
* Nothing else. Real time, and the ticking of a clock that ticks, only change what the clock shows.

So there are two scales. *Moments* (dates, ``send_at``) are what this clock shows. *Spans* (delays, validity, expiry,
windows) are measured on ``Timeline.steady``, which virtual time alone moves. Both are kept in
:mod:`pytest_whoosh.engine.timeline`; this module knows only what the app sees.

Only one freeze of ours exists at a time, however many doubles move time: it ends with the last of them.
"""

import threading
from collections import defaultdict
from datetime import datetime, timedelta
from threading import RLock, get_ident
from typing import Final

from pytest_whoosh.engine.timeline import add_delay

from .freezers import Freezer, Thaw, freeze, innermost, machine_now
from .interrupts import HeldInterrupts

_ZERO: Final = timedelta()
_SECOND: Final = timedelta(seconds=1)


class AppClock:
    """The time that the app sees.

    Args:
        mode: the setting ``clock``: ``"auto"``, ``"frozen"`` or ``"virtual"``.
        lock: the double's lock, which all that move time hold.
    """

    def __init__(self, mode: str, lock: RLock) -> None:
        self._follows = mode != "virtual"
        self._frozen_from_start = mode == "frozen"
        self._lock = lock
        #: True if this clock holds the freeze that doubles share.
        self._holds = False
        #: How far the test has moved time with its freezer's own tools, and each thread by journeys.
        self._jumped = _ZERO
        self._moved_by: dict[int, timedelta] = defaultdict(timedelta)
        #: The object that showed the time at the last look (None: the machine), what it showed, what it was set to.
        self._source: object = None
        self._shown = machine_now()
        self._set_to: datetime | None = self._shown

    def start(self) -> None:
        """Take the time from whoever shows it, and freeze it now if the mode says so."""
        freezer = innermost()
        if self._frozen_from_start and freezer is None:
            second = machine_now().replace(microsecond=0)
            self._hold(add_delay(second, _SECOND))
        elif freezer is not None:
            self._note(freezer, freezer.now())
        elif not self._follows:
            # The vendor counts whole seconds: a start between two would refuse what the app plans to the second.
            self._shown = self._shown.replace(microsecond=0)

    def stop(self) -> None:
        """Thaw the app's time if no other double holds it, and keep a journey that still runs from freezing it."""
        self._follows = False
        with HeldInterrupts():
            _FREEZE.release(self)

    @property
    def is_live(self) -> bool:
        """True if the clock shows later moments by itself."""
        freezer = innermost() if self._follows else None
        return self._follows and (freezer is None or freezer.ticks)

    def app_now(self) -> datetime:
        """Return what the app's own clock shows, also if the double's time is virtual."""
        freezer = innermost()
        return freezer.now() if freezer else machine_now()

    def look(self) -> tuple[datetime, timedelta]:
        """Return what the clock shows, and how far the test has moved it on since the last look."""
        freezer = innermost() if self._follows else None
        if freezer is None:
            if self._follows:
                self._source, self._shown = None, machine_now()
            return self._shown, _ZERO
        now = freezer.now()
        moved = self._moved(freezer, now)
        self._jumped += moved
        self._note(freezer, now)
        return now, moved

    def handler_time(self) -> timedelta:
        """Return what a clock shows that only the calling thread and the test's own freezer move.

        How long a handler takes is measured on it. So an app is not late because the machine is slow, or because
        another thread moved time while it answered.
        """
        with self._lock:
            freezer = innermost() if self._follows else None
            since_last_look = self._moved(freezer, freezer.now()) if freezer else _ZERO
            return self._jumped + since_last_look + self._moved_by[get_ident()]

    def freeze(self) -> None:
        """Freeze the app's time where it stands, if it is the machine's."""
        if self._follows and not self._holds and (innermost() is None or _FREEZE.is_on):
            self._hold(None)

    def show(self, when: datetime, by: timedelta) -> None:
        """Make the clock show a moment, unless it shows a later one already.

        Args:
            when: the moment.
            by: how far the calling thread moves time.
        """
        self._moved_by[get_ident()] += by
        freezer = innermost() if self._follows else None
        if freezer is None:
            self._shown = max(self._shown, when) if self._follows else when
            return
        now = freezer.now()
        if when > now:
            freezer.move_to(when)
            self._note(freezer, when)
        elif not freezer.ticks:
            # What the test has moved it on beyond, in a webhook's handler, counts at the next look.
            self._source, self._set_to, self._shown = freezer.source, when, now

    def _hold(self, when: datetime | None) -> None:
        with HeldInterrupts():  # else one may come between a freeze and the note of it
            _FREEZE.hold(self, when)
            self._holds = True
        freezer = innermost()
        if freezer is not None:
            self._note(freezer, freezer.now())

    def _note(self, freezer: Freezer, now: datetime) -> None:
        self._source, self._shown, self._set_to = freezer.source, now, freezer.set_to() if freezer.ticks else now

    def _moved(self, freezer: Freezer, now: datetime) -> timedelta:
        set_to = freezer.set_to() if freezer.ticks else now
        if freezer.source is self._source:
            return max(set_to - self._set_to, _ZERO) if set_to and self._set_to else _ZERO
        if self._source is None:
            if (began := _FREEZE.began(freezer)) is not None:  # another double froze the machine's clock, and moved it
                return max(now - began, _ZERO)
            if now <= machine_now():  # the test froze it where it stood, or set it back
                return _ZERO
        return max((set_to or now) - self._shown, _ZERO)


class _Freeze:
    """The freeze that doubles share: it begins with the first that moves the machine's time, and ends with the last."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holders: set[AppClock] = set()
        self._thaw: Thaw | None = None
        self._source: object = None
        self._began: datetime | None = None

    @property
    def is_on(self) -> bool:
        """True if time is frozen by us."""
        return self._thaw is not None

    def began(self, freezer: Freezer) -> datetime | None:
        """Return the moment at which a clock was frozen if it is ours, else None."""
        return self._began if self._thaw is not None and freezer.source is self._source else None

    def hold(self, clock: AppClock, when: datetime | None) -> None:
        """Freeze time, at the present moment unless ``when`` is given, until each clock that holds it has let go."""
        with self._lock:
            if self._thaw is None:
                self._thaw = freeze(when or machine_now())
                freezer = innermost()
                assert freezer is not None, "time was just frozen"
                if when is None and threading.active_count() > 1 and (seen := machine_now()) > freezer.now():
                    freezer.move_to(seen)  # other threads saw time pass while theirs was being frozen
                self._source, self._began = freezer.source, freezer.now()
            self._holders.add(clock)

    def release(self, clock: AppClock) -> None:
        """Release the freeze for one clock, and thaw time if no other clock holds it."""
        with self._lock:
            self._holders.discard(clock)
            if not self._holders and self._thaw is not None:
                thaw, self._thaw, self._source, self._began = self._thaw, None, None, None
                thaw()

    def after_fork(self) -> None:
        """Free the lock in the child of a fork."""
        self._lock = threading.RLock()


_FREEZE: Final = _Freeze()
after_fork = _FREEZE.after_fork
