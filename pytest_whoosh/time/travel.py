"""Moves time: plays what is due in its order, and has webhooks delivered in between."""

import sys
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import datetime, timedelta
from threading import RLock, get_ident
from typing import Final

from pytest_whoosh.delivery.courier import Courier
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error
from pytest_whoosh.engine.timeline import moment
from pytest_whoosh.engine.vendor import Vendor
from pytest_whoosh.engine.webhooks.callbacks import Webhook

from .clock import AppClock

__tracebackhide__ = is_usage_error

_MOVING: Final = (
    "Time is moving already, in another thread or task. Only one {travel} or {settle} can run at a time: wait until it "
    "returns."
)
_NOT_WHILE_MOVING: Final = "Time is moving, and nothing can be reset meanwhile: {travel} or {settle} has to end first."


class Travel:
    """The one place from which a double's time moves.

    Events happen under the lock; webhooks are delivered outside of it, so that the app may call the API while it
    answers one. While a webhook is delivered the app's clock shows the webhook's own moment.
    """

    def __init__(self, vendor: Vendor, clock: AppClock, courier: Courier, lock: RLock) -> None:
        self._vendor = vendor
        self._clock = clock
        self._courier = courier
        self._lock = lock
        self._mover: object = None
        #: Whether time has moved under an API call, so that webhooks of that time are still to be delivered.
        self._behind = False
        self._interrupted = False
        #: How far each thread has moved the clock.
        self._moved: dict[int, timedelta] = defaultdict(timedelta)

    def own_time(self) -> datetime:
        """The moment on a clock that only the calling thread moves: what time its own work takes can be told by it.

        So an app is not late because another thread let time pass while it answered.
        """
        with self._lock:
            return self._clock.now() - sum(self._moved.values(), timedelta()) + self._moved[get_ident()]

    def _show(self, when: datetime) -> None:
        with self._lock:
            self._moved[get_ident()] += when - self._clock.now()
            self._clock.show(when)

    @property
    def is_moving(self) -> bool:
        """Whether time is moving, in any thread or task."""
        return self._mover is not None

    def start_over(self, vendor: Vendor) -> None:
        """Move another vendor's time from now on.

        Raises:
            WhooshError: time is moving.
        """
        if self.is_moving:
            raise WhooshError(_named(_NOT_WHILE_MOVING))
        self._vendor = vendor
        self._behind = False

    def after_fork(self) -> None:
        """In the child of a fork, forget who was moving time in a thread that is not there."""
        if self._mover != _caller():
            self._mover = None

    def interrupt(self) -> None:
        """Let whoever is moving time just now stop where it is."""
        self._interrupted = self.is_moving

    def settle(self) -> None:
        """Let time pass until no message is on its way."""
        with self._moving():
            self._run(None, "asettle()")

    def travel(self, to: object, amount: timedelta) -> None:
        """Let time pass, up to a moment or by an amount."""
        with self._moving():
            self._run(self._destination(to, amount), "atravel(...)")

    async def asettle(self) -> None:
        """Do as :meth:`settle` inside an event loop, where the app's handlers then run too."""
        with self._moving():
            await self._arun(None)

    async def atravel(self, to: object, amount: timedelta) -> None:
        """Do as :meth:`travel` inside an event loop."""
        with self._moving():
            await self._arun(self._destination(to, amount))

    def _run(self, until: datetime | None, form: str) -> None:
        for webhook in self._play(until):
            self._courier.require_deliverable(webhook.url, form)
            self._vendor.due.popleft()
            self._show(webhook.at)
            self._courier.deliver(webhook)

    async def _arun(self, until: datetime | None) -> None:
        for webhook in self._play(until):
            self._vendor.due.popleft()
            self._show(webhook.at)
            await self._courier.adeliver(webhook)

    def deliver(self, webhooks: Iterator[Webhook], form: str) -> None:
        """Deliver webhooks at once, while time stands; what happens between them happens under the lock.

        ``form`` is how the caller would await them.
        """
        while (webhook := self._next(webhooks)) is not None:
            self._courier.require_deliverable(webhook.url, form)
            self._courier.deliver(webhook)

    async def adeliver(self, webhooks: Iterator[Webhook]) -> None:
        """Do the same inside an event loop."""
        while (webhook := self._next(webhooks)) is not None:
            await self._courier.adeliver(webhook)

    def _next(self, webhooks: Iterator[Webhook]) -> Webhook | None:
        with self._lock:
            return next(webhooks, None)

    def touch(self) -> None:
        """Play what has become due on a clock that the test moves itself, before it looks at the outcome.

        Webhooks that would have to be awaited wait for time to be moved with ``await``.
        """
        timeline = self._vendor.timeline
        if self._mover is not None or (self._clock.now() == timeline.now and not self._behind):
            return  # as nearly always
        with self._lock:
            now = self._clock.now()
            # Once more: another thread may have moved time between these two looks at it.
            if (now == timeline.now and not self._behind) or not self._claim():
                return
            timeline.now = min(timeline.now, now)  # where the test has moved its own clock back
            self._behind = False
        try:
            for webhook in self._play(now):
                if not self._courier.can_deliver(webhook.url):
                    with self._lock:
                        self._advance(now)
                    break
                self._vendor.due.popleft()
                self._show(webhook.at)
                self._courier.deliver(webhook)
            if self._clock.now() < timeline.now:  # it was set back to the moments of webhooks
                self._show(timeline.now)
        finally:
            self._mover = None

    def catch_up(self) -> None:
        """Play what has become due before an API call is answered; its webhooks wait, for the app is calling now."""
        if self._mover is not None:
            return
        timeline, now = self._vendor.timeline, self._clock.now()
        if now != timeline.now:
            self._advance(now)

    def _advance(self, until: datetime) -> None:
        """Play every event up to a moment; the webhooks are left waiting."""
        timeline = self._vendor.timeline
        while timeline.step(until):
            pass
        timeline.now = until
        self._behind = True

    def _destination(self, to: object, amount: timedelta) -> datetime:
        """The moment that a journey leads to.

        Raises:
            WhooshError: it lies in the past.
        """
        now = self._vendor.now
        if isinstance(to, datetime):
            if amount:
                raise TypeError(f"{dialect().method('travel')} takes a moment, or an amount of time: not both.")
            until = moment(to)
        elif to is None or isinstance(to, timedelta):
            try:
                until = now + (to or timedelta()) + amount
            except OverflowError:
                method = dialect().method("travel")
                raise WhooshError(f"It is {now:%Y-%m-%d} UTC, and {method} leads past the year 9999.") from None
        else:
            meant = f" Did you mean travel(seconds={to!r})?" if isinstance(to, int | float) else ""
            raise TypeError(
                "travel() takes a datetime, a timedelta, or weeks=, days=, hours=, minutes=, seconds=; "
                f"not {to!r}.{meant}"
            )
        if until < now:
            raise WhooshError(
                f"Time does not run backwards: it is {now:%Y-%m-%d %H:%M:%S} UTC, and {until:%Y-%m-%d %H:%M:%S} UTC "
                f"is past.{dialect().start_earlier()}"
            )
        return until

    def _play(self, until: datetime | None) -> Iterator[Webhook]:
        """Play every event in order; yields the webhooks in between, each to be taken from those due."""
        due, timeline = self._vendor.due, self._vendor.timeline
        while True:
            while due and not self._interrupted:
                yield due[0]
            with self._lock:
                if self._interrupted:
                    return
                if not ((until is not None or timeline.in_flight > 0) and timeline.step(until)):
                    if until is not None:
                        timeline.now = max(timeline.now, until)
                    return

    @contextmanager
    def _moving(self) -> Iterator[None]:
        claimed = self._claim()
        # A handler may move time on. One of an ASGI app, in a loop of its own, does so in the thread of the caller.
        if not claimed and self._mover not in (_caller(), get_ident()):
            raise WhooshError(_named(_MOVING))
        try:
            yield
        finally:
            self._show(self._vendor.now)
            if claimed:
                self._mover = None

    def _claim(self) -> bool:
        """Let the caller be the one that moves time; False where somebody, the caller or another, does so already."""
        with self._lock:
            if self._mover is not None:
                return False
            self._mover = _caller()
            return True


def _caller() -> object:
    """Who is calling: the task in an event loop, else the thread. A handler called in between is the same."""
    asyncio, trio = sys.modules.get("asyncio"), sys.modules.get("trio")
    for current_task in (asyncio and asyncio.current_task, trio and trio.lowlevel.current_task):
        with suppress(RuntimeError):  # no such loop runs here
            if current_task and (task := current_task()):
                return task
    return get_ident()


def _named(text: str) -> str:
    return text.format(travel=dialect().method("travel"), settle=dialect().method("settle"))
