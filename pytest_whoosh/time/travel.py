"""Moves virtual time: runs the events that are due in order, and delivers webhooks in between."""

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
from pytest_whoosh.engine.webhooks.callbacks import Webhook, WebhookError

from .clock import AppClock
from .interrupts import HeldInterrupts

__tracebackhide__ = is_usage_error

_MOVING: Final = (
    "Time is moving already, in another thread or task. Only one {travel} or {settle} can run at a time: wait until "
    "that call returns."
)
_NOT_IN_A_HANDLER: Final = (
    "A webhook's handler cannot reset the double. Reset it after {travel} or {settle} has returned."
)
_PAST: Final = (
    "Time does not run backwards: it is {now:%Y-%m-%d %H:%M:%S} UTC, and {until:%Y-%m-%d %H:%M:%S} UTC{read} is past."
    "{start_earlier}"
)
_NOT_RECORDED: Final = "the test was interrupted before the app's response was recorded"
_ZERO: Final = timedelta()


class _Move:
    """One call that moves time, such as ``travel()``, from its start until it returns."""

    __slots__ = ("caller", "interrupted", "vendor")

    def __init__(self, caller: object, vendor: Vendor) -> None:
        self.caller = caller
        self.vendor = vendor
        self.interrupted = False


class Travel:
    """Moves a double's time. Nothing else does.

    Events happen under the lock. Webhooks are delivered without the lock, so the app may call the API in a handler.
    During a move, the app's clock then shows the webhook's own moment.
    """

    def __init__(self, vendor: Vendor, clock: AppClock, courier: Courier, lock: RLock) -> None:
        #: The fake vendor with the time that this object moves. A reset replaces it.
        self.vendor = vendor
        self._clock = clock
        self._courier = courier
        self._lock = lock
        self._has_ended = False
        #: The current move, or the current delivery of webhooks that became due on a clock that the test moved.
        self._move: _Move | None = None
        #: True if events that happened during an API call left webhooks to deliver.
        self._behind = False
        #: The last moment that the test read from ``whoosh.now``.
        self._last_reported = vendor.now
        #: The latest moment that a move has shown on the app's clock.
        self._shown = vendor.now

    # Following the app's clock

    def report_now(self) -> datetime:
        """Return the current moment, and remember that the test has read it."""
        self._last_reported = self.vendor.now
        return self._last_reported

    def follow_clock(self) -> None:
        """Advance the fake to the time of the app's clock, before an API call is answered.

        Events that became due happen. Their webhooks wait, because the app is making a call.
        """
        now, moved = self._clock.look()
        timeline = self.vendor.timeline
        if moved:
            if self._move is None:
                until = timeline.steady + moved
                while timeline.step(until):
                    pass
                timeline.advance(until - timeline.steady)
                self._behind = bool(self.vendor.webhooks.due)
            else:  # a handler moved the clock: events that became due happen after its response
                timeline.advance(moved)
        if now != timeline.now and (self._move is None or now > timeline.now):
            timeline.now = now

    def catch_up(self) -> None:
        """Advance the fake to the time of the app's clock, before the test reads its state.

        Webhooks that became due are delivered at the current moment. If they must be awaited, they stay due until a
        move is awaited.
        """
        if self._has_ended:
            return
        with self._lock:
            self.follow_clock()
            if not self._behind or not self._claim():
                return
            move = self._move
        due = self.vendor.webhooks.due
        try:
            while due and not (move and move.interrupted) and self._courier.can_deliver(due[0]):
                webhook = due[0]
                try:
                    self._deliver(due.popleft())
                except BaseException:
                    _put_back(webhook, due)
                    raise
        finally:
            self._behind = bool(due) and move is self._move
            self._end(move)

    # Moves

    @property
    def is_moving(self) -> bool:
        """True if time is moving, in any thread or task."""
        return self._move is not None

    def start_over(self, vendor: Vendor) -> None:
        """Replace the fake vendor with a new one, and stop a move that runs in another thread.

        Raises:
            WhooshError: The caller is a webhook's handler, and a move of the same thread or task waits for it.
        """
        if self._move is not None and self._move.caller in (_caller(), get_ident()):
            raise WhooshError(_with_methods(_NOT_IN_A_HANDLER))
        self.interrupt()
        self._move = None
        self.vendor = vendor
        self._behind = False

    def after_fork(self) -> None:
        """Forget the move in a forked child if the thread that runs it does not exist there."""
        if self._move is not None and self._move.caller != _caller():
            self._move = None

    def end(self) -> None:
        """Stop a move that runs in another thread, and no longer follow the app's clock."""
        self._has_ended = True
        self.interrupt()

    def interrupt(self) -> None:
        """Stop a move that runs in another thread."""
        move = self._move
        if move is not None:
            move.interrupted = True

    def settle(self) -> None:
        """Move time until no message is in flight."""
        with self._move_context() as move:
            self._run(move, None, "settle")

    def travel(self, to: object, amount: timedelta) -> None:
        """Move time to a moment, or by an amount."""
        destination = self._destination(to, amount)
        with self._move_context() as move:
            self._run(move, self._on_steady(destination), "travel")

    def step(self) -> bool:
        """Move time to the next moment at which something is due; return False if nothing is."""
        if self._nothing_due():
            return False
        with self._move_context() as move:
            self._run(move, self._next_due(), "step")
        return True

    async def asettle(self) -> None:
        """Do the same as :meth:`settle` inside an event loop, in which the app's handlers then run."""
        with self._move_context() as move:
            await self._arun(move, None, "settle")

    async def atravel(self, to: object, amount: timedelta) -> None:
        """Do the same as :meth:`travel` inside an event loop."""
        destination = self._destination(to, amount)
        with self._move_context() as move:
            await self._arun(move, self._on_steady(destination), "travel")

    async def astep(self) -> bool:
        """Do the same as :meth:`step` inside an event loop."""
        if self._nothing_due():
            return False
        with self._move_context() as move:
            await self._arun(move, self._next_due(), "step")
        return True

    def _run(self, move: _Move, until: datetime | None, form: str) -> None:
        for webhook in self._advance(move, until, form):
            self._courier.require_deliverable(webhook.url, f"a{form}({'...' if form == 'travel' else ''})")
            try:
                self._show_moment_of(webhook, move)
                self._deliver(webhook)
            except BaseException:
                _put_back(webhook, move.vendor.webhooks.due)
                raise

    async def _arun(self, move: _Move, until: datetime | None, form: str) -> None:
        for webhook in self._advance(move, until, form):
            try:
                self._show_moment_of(webhook, move)
                await self._adeliver(webhook)
            except BaseException:
                _put_back(webhook, move.vendor.webhooks.due)
                raise

    def _advance(self, move: _Move, until: datetime | None, form: str) -> Iterator[Webhook]:
        """Run every event in order, and yield the webhooks in between. The caller removes each one from those due.

        Args:
            move: The move. It stops if it is interrupted.
            until: The destination on the steady clock. None means until no message is in flight.
            form: The name of the method, for errors.

        Raises:
            WhooshError: Messages answer each other without end.
        """
        vendor = move.vendor
        due, timeline, chains = vendor.webhooks.due, vendor.timeline, vendor.chains
        arrived = False
        while True:
            while due and not move.interrupted:
                yield due[0]
                if chains.runaway:
                    raise WhooshError(chains.explain(dialect().method(form)))
            if arrived or move.interrupted:
                return
            with HeldInterrupts() as interrupts:
                while not (due or arrived or interrupts.waiting or move.interrupted):
                    with self._lock:
                        if (until is None and not timeline.in_flight) or not timeline.step(until):
                            arrived = True
                            if until is not None and until > timeline.steady:
                                timeline.advance(until - timeline.steady)

    def _show_moment_of(self, webhook: Webhook, move: _Move) -> None:
        move.vendor.webhooks.due.popleft()
        with self._lock:
            if not move.interrupted:
                self._show(webhook.at)

    def _show(self, when: datetime) -> None:
        """Move the app's clock to a moment, unless the clock shows a later one already."""
        by = max(when - self._shown, _ZERO)
        self._shown += by
        self._clock.show(when, by)

    @contextmanager
    def _move_context(self) -> Iterator[_Move]:
        """Run the context as a move. At its end, the app's clock shows the moment that it reached."""
        with self._lock:
            claimed = self._claim()
            move = self._move
            # A handler may move time. A handler of an ASGI app in its own loop runs in the thread of the caller.
            if move is None or (not claimed and move.caller not in (_caller(), get_ident())):
                raise WhooshError(_with_methods(_MOVING))
            try:
                if claimed:
                    self.vendor.chains.reset_counts()
                    self._clock.freeze()
                self.follow_clock()
                self._shown = self.vendor.now
            except BaseException:
                if claimed:
                    self._end(move)
                raise
        try:
            yield move
        finally:
            with self._lock:
                if move.vendor is self.vendor:  # else the double was reset: the current moment stays
                    self._show(self.vendor.now)
                if claimed:
                    self._end(move)

    def _claim(self) -> bool:
        """Start a move and return True; return False if a move is running, of this caller or another one."""
        with self._lock:
            if self._move is not None:
                return False
            self._move = _Move(_caller(), self.vendor)
            return True

    def _end(self, move: _Move | None) -> None:
        if self._move is move:  # else a reset has ended the move
            self._move = None

    # Destinations

    def _destination(self, to: object, amount: timedelta) -> timedelta | datetime:
        """Return the destination of a move: an amount or a moment.

        Raises:
            TypeError: ``to`` is neither a moment nor an amount.
            ValueError: The moment has no time zone.
            WhooshError: The moment lies in the past, or after the year 9999.
        """
        now = self.vendor.now
        if isinstance(to, datetime):
            if amount:
                raise TypeError(f"{dialect().method('travel')} takes a moment, or an amount of time: not both.")
            until = require_aware(to, f"The moment for {dialect().method('travel')}")
            # On a live clock, time has passed since the test read the current moment.
            if until < now and not (self._clock.is_live and until >= self._last_reported):
                read = "" if to.utcoffset() == _ZERO else f" (written as {_with_zone(to)})"
                raise _past_error(now, until, read)
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
            raise WhooshError(f"It is {now:%Y-%m-%d} UTC, and {method} cannot go beyond the year 9999.") from None
        if until < now:
            raise _past_error(now, until)
        return amount

    def _on_steady(self, destination: timedelta | datetime) -> datetime:
        """Return a move's destination on the steady clock, which measures spans."""
        timeline = self.vendor.timeline
        amount = destination - timeline.now if isinstance(destination, datetime) else destination
        return timeline.steady + max(amount, _ZERO)

    def _nothing_due(self) -> bool:
        with self._lock:
            return not self.vendor.webhooks.due and self.vendor.timeline.next_in() is None

    def _next_due(self) -> datetime:
        timeline = self.vendor.timeline
        return timeline.steady + (timeline.next_in() or _ZERO)

    # Deliveries

    def deliver(self, webhooks: Iterator[Webhook], form: str) -> None:
        """Deliver webhooks at once, without moving time. The iterator's own code runs under the lock.

        ``form`` is the call that awaits them, for errors.
        """
        while (webhook := self._next(webhooks)) is not None:
            self._courier.require_deliverable(webhook.url, form)
            self._deliver(webhook)

    async def adeliver(self, webhooks: Iterator[Webhook]) -> None:
        """Do the same as :meth:`deliver` inside an event loop."""
        while (webhook := self._next(webhooks)) is not None:
            await self._adeliver(webhook)

    def _next(self, webhooks: Iterator[Webhook]) -> Webhook | None:
        with self._lock:
            return next(webhooks, None)

    def _deliver(self, webhook: Webhook) -> None:
        with self._mark_answers(webhook):
            self._courier.deliver(webhook)

    async def _adeliver(self, webhook: Webhook) -> None:
        with self._mark_answers(webhook):
            await self._courier.adeliver(webhook)

    @contextmanager
    def _mark_answers(self, webhook: Webhook) -> Iterator[None]:
        """Mark the messages that the app sends during the context as answers to a webhook."""
        chains = self.vendor.chains
        token, before = ANSWERING.set(webhook), chains.delivered
        chains.delivered = webhook
        try:
            yield
        finally:
            ANSWERING.reset(token)
            chains.delivered = before


def _past_error(now: datetime, until: datetime, read: str = "") -> WhooshError:
    return WhooshError(_PAST.format(now=now, until=until, read=read, start_earlier=dialect().start_earlier()))


def _put_back(webhook: Webhook, due: deque[Webhook]) -> None:
    """Put a webhook back if an interrupt came before the app was called. Else note that it was interrupted."""
    if webhook.error is not None or webhook.response_status is not None:
        return
    if webhook.was_called:
        webhook.error = WebhookError(11200, _NOT_RECORDED)
    elif not (due and due[0] is webhook):
        webhook.attempts = 0
        due.appendleft(webhook)


def _with_methods(text: str) -> str:
    return text.format(travel=dialect().method("travel"), settle=dialect().method("settle"))


def _with_zone(when: datetime) -> str:
    """Return a moment in the time zone of the test, with the zone's name and offset."""
    written = when.strftime("%Y-%m-%d %H:%M:%S %z")
    name = getattr(when.tzinfo, "key", None) or when.tzname()
    return written if not name or name.startswith("UTC") else f"{written} {name}"


def _caller() -> object:
    """Return the current task in an event loop, else the current thread. A handler has the same caller as its test."""
    asyncio, trio = sys.modules.get("asyncio"), sys.modules.get("trio")
    for current_task in (asyncio and asyncio.current_task, trio and trio.lowlevel.current_task):
        with suppress(RuntimeError):  # no such loop runs here
            if current_task and (task := current_task()):
                return task
    return get_ident()
