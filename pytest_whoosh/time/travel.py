"""Moves time: runs what is due in its order, and has webhooks delivered in between."""

import sys
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import RLock, get_ident
from typing import Final

from pytest_whoosh.delivery.courier import Courier
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.messages.chains import ANSWERING
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error
from pytest_whoosh.engine.timeline import require_aware
from pytest_whoosh.engine.vendor import Vendor
from pytest_whoosh.engine.webhooks.callbacks import Webhook

from .clock import AppClock
from .interrupts import HeldInterrupts

__tracebackhide__ = is_usage_error

_MOVING: Final = (
    "Time is moving already, in another thread or task. Only one {travel} or {settle} can run at a time: wait until it "
    "returns."
)
_NOT_IN_A_HANDLER: Final = (
    "A webhook's handler cannot reset the double while time moves. Reset it once {travel} or {settle} has returned."
)
_PAST: Final = (
    "Time does not run backwards: it is {now:%Y-%m-%d %H:%M:%S} UTC, and {until:%Y-%m-%d %H:%M:%S} UTC{read} is past."
    "{start_earlier}"
)
_ZERO: Final = timedelta()


class _Journey:
    """One run of time, from the call that moves it until that call returns."""

    __slots__ = ("caller", "interrupted", "vendor")

    def __init__(self, caller: object, vendor: Vendor) -> None:
        self.caller = caller
        self.vendor = vendor
        self.interrupted = False


class Travel:
    """Moves a double's time; nothing else does.

    Events happen under the lock. Webhooks are delivered outside of it, so the app may call the API while it answers
    one. During a journey the app's clock then shows the webhook's own moment.
    """

    def __init__(self, vendor: Vendor, clock: AppClock, courier: Courier, lock: RLock) -> None:
        self._vendor = vendor
        self._clock = clock
        self._courier = courier
        self._lock = lock
        #: The journey under way, or the delivery of what fell due on a clock that the test moved.
        self._journey: _Journey | None = None
        #: True if what fell due while the app was calling left webhooks that are still to be delivered.
        self._behind = False
        #: The last moment that the test was told.
        self._last_reported = vendor.now
        #: The latest moment that a journey has shown.
        self._shown = vendor.now

    # Following the app's clock

    def report_now(self) -> datetime:
        """Return the present moment, and remember that the test knows it."""
        self._last_reported = self._vendor.now
        return self._last_reported

    def follow_clock(self) -> None:
        """Bring the fake's time to what the app's clock shows, before an API call is answered.

        What has fallen due happens; its webhooks wait, because the app is calling now.
        """
        now, moved = self._clock.look()
        timeline = self._vendor.timeline
        if moved:
            if self._journey is None:
                until = timeline.steady + moved
                while timeline.step(until):
                    pass
                timeline.advance(until - timeline.steady)
                self._behind = bool(self._vendor.webhooks.due)
            else:  # a handler took its time: what fell due meanwhile happens when it has answered
                timeline.advance(moved)
        if now != timeline.now and (self._journey is None or now > timeline.now):
            timeline.now = now

    def catch_up(self) -> None:
        """Bring the fake's time to what the app's clock shows, before the test looks at the outcome.

        Webhooks of what has fallen due are delivered at the present moment. Those that have to be awaited wait for a
        journey that is.
        """
        with self._lock:
            self.follow_clock()
            if not self._behind or not self._claim():
                return
            journey = self._journey
        due = self._vendor.webhooks.due
        try:
            while due and not (journey and journey.interrupted) and self._courier.can_deliver(due[0]):
                webhook = due[0]
                try:
                    self._deliver(due.popleft())
                except BaseException:
                    _keep(webhook, due)
                    raise
        finally:
            self._behind = bool(due) and journey is self._journey
            self._end(journey)

    # Journeys

    @property
    def is_moving(self) -> bool:
        """True if time is moving, in any thread or task."""
        return self._journey is not None

    def start_over(self, vendor: Vendor) -> None:
        """Move another vendor's time from now on; a journey that runs in another thread stops where it is.

        Raises:
            WhooshError: the caller is a handler of a webhook, which a journey of its own thread or task waits for.
        """
        if self._journey is not None and self._journey.caller in (_caller(), get_ident()):
            raise WhooshError(_named(_NOT_IN_A_HANDLER))
        self.interrupt()
        self._journey = None
        self._vendor = vendor
        self._behind = False

    def after_fork(self) -> None:
        """In the child of a fork, forget a journey of a thread that is not there."""
        if self._journey is not None and self._journey.caller != _caller():
            self._journey = None

    def interrupt(self) -> None:
        """Stop a journey that runs in another thread where it is."""
        journey = self._journey
        if journey is not None:
            journey.interrupted = True

    def settle(self) -> None:
        """Move time until no message is in flight."""
        with self._moving() as journey:
            self._run(journey, None, "settle")

    def travel(self, to: object, amount: timedelta) -> None:
        """Move time up to a moment, or by an amount."""
        destination = self._destination(to, amount)
        with self._moving() as journey:
            self._run(journey, self._on_steady(destination), "travel")

    def step(self) -> bool:
        """Move time to the next moment at which something is due; return False if nothing is."""
        if self._nothing_due():
            return False
        with self._moving() as journey:
            self._run(journey, self._next_due(), "step")
        return True

    async def asettle(self) -> None:
        """Do as :meth:`settle` inside an event loop, where the app's handlers then run too."""
        with self._moving() as journey:
            await self._arun(journey, None, "settle")

    async def atravel(self, to: object, amount: timedelta) -> None:
        """Do as :meth:`travel` inside an event loop."""
        destination = self._destination(to, amount)
        with self._moving() as journey:
            await self._arun(journey, self._on_steady(destination), "travel")

    async def astep(self) -> bool:
        """Do as :meth:`step` inside an event loop."""
        if self._nothing_due():
            return False
        with self._moving() as journey:
            await self._arun(journey, self._next_due(), "step")
        return True

    def _run(self, journey: _Journey, until: datetime | None, form: str) -> None:
        for webhook in self._advance(journey, until, form):
            self._courier.require_deliverable(webhook.url, f"a{form}({'...' if form == 'travel' else ''})")
            try:
                self._show_moment_of(webhook, journey)
                self._deliver(webhook)
            except BaseException:
                _keep(webhook, journey.vendor.webhooks.due)
                raise

    async def _arun(self, journey: _Journey, until: datetime | None, form: str) -> None:
        for webhook in self._advance(journey, until, form):
            try:
                self._show_moment_of(webhook, journey)
                await self._adeliver(webhook)
            except BaseException:
                _keep(webhook, journey.vendor.webhooks.due)
                raise

    def _advance(self, journey: _Journey, until: datetime | None, form: str) -> Iterator[Webhook]:
        """Run every event in order; yield the webhooks in between, each to be taken from those due.

        Args:
            journey: the journey, which stops when it is interrupted.
            until: how far to go, on the steady clock; None for until no message is in flight.
            form: the name of the journey, for errors.

        Raises:
            WhooshError: messages answer each other without end.
        """
        vendor = journey.vendor
        due, timeline, chains = vendor.webhooks.due, vendor.timeline, vendor.chains
        arrived = False
        while True:
            while due and not journey.interrupted:
                yield due[0]
                if chains.runaway:
                    raise WhooshError(chains.explain(dialect().method(form)))
            if arrived or journey.interrupted:
                return
            with HeldInterrupts() as interrupts:
                while not (due or arrived or interrupts.waiting or journey.interrupted):
                    with self._lock:
                        if (until is None and not timeline.in_flight) or not timeline.step(until):
                            arrived = True
                            if until is not None and until > timeline.steady:
                                timeline.advance(until - timeline.steady)

    def _show_moment_of(self, webhook: Webhook, journey: _Journey) -> None:
        journey.vendor.webhooks.due.popleft()
        with self._lock:
            if not journey.interrupted:
                self._show(webhook.at)

    def _show(self, when: datetime) -> None:
        """Make the app's clock show a moment, unless it shows a later one already."""
        by = max(when - self._shown, _ZERO)
        self._shown += by
        self._clock.show(when, by)

    @contextmanager
    def _moving(self) -> Iterator[_Journey]:
        """Claim the right to move time, and leave the app's clock at the moment that the journey reached."""
        with self._lock:
            claimed = self._claim()
            journey = self._journey
            # A handler may move time on. One of an ASGI app, in a loop of its own, does so in the thread of the caller.
            if journey is None or (not claimed and journey.caller not in (_caller(), get_ident())):
                raise WhooshError(_named(_MOVING))
            try:
                if claimed:
                    self._vendor.chains.reset_counts()
                    self._clock.freeze()
                self.follow_clock()
                self._shown = self._vendor.now
            except BaseException:
                if claimed:
                    self._end(journey)
                raise
        try:
            yield journey
        finally:
            with self._lock:
                if journey.vendor is self._vendor:  # else it was reset: the present moment stays
                    self._show(self._vendor.now)
                if claimed:
                    self._end(journey)

    def _claim(self) -> bool:
        """Begin a journey, and return True; return False if one is under way, the caller's or another's."""
        with self._lock:
            if self._journey is not None:
                return False
            self._journey = _Journey(_caller(), self._vendor)
            return True

    def _end(self, journey: _Journey | None) -> None:
        if self._journey is journey:  # else a reset has ended it
            self._journey = None

    # Destinations

    def _destination(self, to: object, amount: timedelta) -> timedelta | datetime:
        """Return where a journey leads: how far, or to which moment.

        Raises:
            TypeError: it is neither a moment nor an amount.
            ValueError: the moment has no time zone.
            WhooshError: it lies in the past, or past the year 9999.
        """
        now = self._vendor.now
        if isinstance(to, datetime):
            if amount:
                raise TypeError(f"{dialect().method('travel')} takes a moment, or an amount of time: not both.")
            until = require_aware(to, f"The moment for {dialect().method('travel')}")
            # The machine's clock has moved on since the test was told the time.
            if until < now and not (self._clock.is_live and until >= self._last_reported):
                read = "" if to.utcoffset() == _ZERO else f" (written as {_with_zone(to)})"
                raise _past(now, until, read)
            return until
        if to is not None and not isinstance(to, timedelta):
            meant = f" Did you mean travel(seconds={to!r})?" if isinstance(to, int | float) else ""
            raise TypeError(
                "travel() takes a datetime, a timedelta, or weeks=, days=, hours=, minutes=, seconds=; "
                f"not {to!r}.{meant}"
            )
        try:
            amount += to or _ZERO
            until = now + amount
        except OverflowError:
            method = dialect().method("travel")
            raise WhooshError(f"It is {now:%Y-%m-%d} UTC, and {method} leads past the year 9999.") from None
        if until < now:
            raise _past(now, until)
        return amount

    def _on_steady(self, destination: timedelta | datetime) -> datetime:
        """Return where a journey leads on the clock for spans, now that the app's clock stands."""
        timeline = self._vendor.timeline
        amount = destination - timeline.now if isinstance(destination, datetime) else destination
        return timeline.steady + max(amount, _ZERO)

    def _nothing_due(self) -> bool:
        with self._lock:
            return not self._vendor.webhooks.due and self._vendor.timeline.next_in() is None

    def _next_due(self) -> datetime:
        timeline = self._vendor.timeline
        return timeline.steady + (timeline.next_in() or _ZERO)

    # Deliveries

    def deliver(self, webhooks: Iterator[Webhook], form: str) -> None:
        """Deliver webhooks at once, while time stands; what happens between them happens under the lock.

        ``form`` is how the caller would await them.
        """
        while (webhook := self._next(webhooks)) is not None:
            self._courier.require_deliverable(webhook.url, form)
            self._deliver(webhook)

    async def adeliver(self, webhooks: Iterator[Webhook]) -> None:
        """Do as :meth:`deliver` inside an event loop."""
        while (webhook := self._next(webhooks)) is not None:
            await self._adeliver(webhook)

    def _next(self, webhooks: Iterator[Webhook]) -> Webhook | None:
        with self._lock:
            return next(webhooks, None)

    def _deliver(self, webhook: Webhook) -> None:
        with self._answering(webhook):
            self._courier.deliver(webhook)

    async def _adeliver(self, webhook: Webhook) -> None:
        with self._answering(webhook):
            await self._courier.adeliver(webhook)

    @contextmanager
    def _answering(self, webhook: Webhook) -> Iterator[None]:
        """Have messages that the app sends meanwhile be known as answers to a webhook."""
        chains = self._vendor.chains
        token, before = ANSWERING.set(webhook), chains.delivered
        chains.delivered = webhook
        try:
            yield
        finally:
            ANSWERING.reset(token)
            chains.delivered = before


def _past(now: datetime, until: datetime, read: str = "") -> WhooshError:
    return WhooshError(_PAST.format(now=now, until=until, read=read, start_earlier=dialect().start_earlier()))


def _keep(webhook: Webhook, due: deque[Webhook]) -> None:
    """Leave a webhook among those due if an interrupt came before the app had it, or before its answer was noted."""
    if webhook.error is None and webhook.response_status is None and not (due and due[0] is webhook):
        webhook.attempts = 0
        due.appendleft(webhook)


def _named(text: str) -> str:
    return text.format(travel=dialect().method("travel"), settle=dialect().method("settle"))


def _with_zone(when: datetime) -> str:
    """Return a moment as the test wrote it, with the name and the offset of its zone."""
    written = when.strftime("%Y-%m-%d %H:%M:%S %z")
    name = getattr(when.tzinfo, "key", None) or when.tzname()
    return written if not name or name.startswith("UTC") else f"{written} {name}"


def _caller() -> object:
    """Return who is calling: the task in an event loop, else the thread. A handler called in between is the same."""
    asyncio, trio = sys.modules.get("asyncio"), sys.modules.get("trio")
    for current_task in (asyncio and asyncio.current_task, trio and trio.lowlevel.current_task):
        with suppress(RuntimeError):  # no such loop runs here
            if current_task and (task := current_task()):
                return task
    return get_ident()
