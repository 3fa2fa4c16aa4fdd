"""The methods of a double that read and advance virtual time."""

from datetime import datetime, timedelta
from math import isfinite

from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.misuse import is_usage_error, shown_as

from .base import Double

__tracebackhide__ = is_usage_error


@shown_as("Whoosh")
class Travelling(Double):
    """The methods of a double that read and advance virtual time."""

    @property
    def now(self) -> datetime:
        """The current moment on the clock that the app and the fake share: an aware ``datetime`` in UTC."""
        self._catch_up()
        return self._travel.report_now()

    @property
    def is_moving(self) -> bool:
        """True while time is moving, in any thread."""
        return self._travel.is_moving

    @property
    def in_flight(self) -> int:
        """The number of messages in flight."""
        return self._vendor.timeline.in_flight

    def travel(
        self,
        to: datetime | timedelta | None = None,
        *,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Advance time by an amount, or to a moment. Everything due by then happens in order.

        Without arguments, time stays, and what is due at this moment happens.

        Args:
            to: The moment as an aware ``datetime``, or the amount as a ``timedelta``.
            weeks: Weeks to add.
            days: Days to add.
            hours: Hours to add.
            minutes: Minutes to add.
            seconds: Seconds to add.

        Raises:
            WhooshError: The moment lies in the past, or messages answer each other without end.
            TypeError: An argument is neither an amount nor a moment, or there is both a moment and an amount.
            ValueError: The ``datetime`` is naive.

        Example:
            def test_a_message_arrives(whoosh, send):
                send()
                message = whoosh.outbox.one()

                whoosh.travel(seconds=2)
                assert message.status == "sent"
                whoosh.travel(minutes=1)
                assert message.status == "delivered"
        """
        self._begin_action()
        self._travel.travel(to, _amount(weeks, days, hours, minutes, seconds))

    def settle(self) -> None:
        """Advance time until no message is in flight. Messages scheduled for later stay scheduled.

        Raises:
            WhooshError: Messages answer each other without end.
        """
        self._begin_action()
        self._travel.settle()

    async def atravel(
        self,
        to: datetime | timedelta | None = None,
        *,
        weeks: float = 0,
        days: float = 0,
        hours: float = 0,
        minutes: float = 0,
        seconds: float = 0,
    ) -> None:
        """Await this instead of :meth:`travel` inside a running event loop. ASGI handlers then run in that loop."""
        self._begin_action()
        await self._travel.atravel(to, _amount(weeks, days, hours, minutes, seconds))

    async def asettle(self) -> None:
        """Await this instead of :meth:`settle` inside a running event loop. ASGI handlers then run in that loop."""
        self._begin_action()
        await self._travel.asettle()

    def step(self) -> bool:
        """Advance time to the next moment at which something is due. Everything of that moment happens.

        Messages scheduled for later count too.

        Returns:
            False if nothing will ever be due. Time then does not move.

        Example:
            def test_each_status(whoosh, send):
                send()
                message = whoosh.outbox.one()
                while whoosh.step():
                    pass

                assert [status for status, _ in message.history] == ["queued", "sending", "sent", "delivered"]
        """
        self._begin_action()
        return self._travel.step()

    async def astep(self) -> bool:
        """Await this instead of :meth:`step` inside a running event loop. ASGI handlers then run in that loop."""
        self._begin_action()
        return await self._travel.astep()


def _amount(weeks: float, days: float, hours: float, minutes: float, seconds: float) -> timedelta:
    try:
        return timedelta(weeks=weeks, days=days, hours=hours, minutes=minutes, seconds=seconds)
    except (OverflowError, ValueError, TypeError) as problem:
        given = {"weeks": weeks, "days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        why = str(problem)
        for name, number in given.items():
            if isinstance(number, float) and not isfinite(number):
                why = f"{name}={number} is not finite"
                break
        else:
            if isinstance(problem, OverflowError):
                shown = ", ".join(f"{name}={number}" for name, number in given.items() if number)
                why = f"{shown} is beyond the year 9999" if max(given.values()) > 0 else f"{shown} is past"
        method = dialect().method("travel")
        raise type(problem)(f"{method} takes numbers of weeks, days, hours, minutes or seconds: {why}.") from None
