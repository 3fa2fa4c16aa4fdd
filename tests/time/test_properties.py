"""One clock, driven at random beside a model of it: real time, sends, journeys, and freezers of the test's own.

Real time is simulated, so nothing waits: the test moves the machine's clock itself.
"""

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh
from pytest_whoosh.time import clock as clock_module
from pytest_whoosh.time.freezers import innermost
from tests.conftest import PERSON, SENDER
from tests.time.test_time import Freezegun, TimeMachine

ZERO = timedelta()
#: How long a message stays at each status of its way.
WAITS = {"queued": timedelta(seconds=1), "sending": timedelta(seconds=1), "sent": timedelta(seconds=2)}
NEXT = {"scheduled": "queued"} | dict(pairwise([*WAITS, "delivered"]))

amounts = st.sampled_from([0, 0.25, 0.5, 1, 1.5, 2, 3, 5, 60, 1000, 3600]).map(lambda amount: timedelta(seconds=amount))
libraries = st.sampled_from([Freezegun, TimeMachine])


@dataclass
class Expected:
    """A message as the model knows it."""

    message: Message
    status: str
    #: When it moves on: a moment of the app's clock, or a span since the start in virtual time.
    due: timedelta | datetime | None


class OneClock(RuleBasedStateMachine):
    """A test that lets time pass, and moves it in every way there is."""

    mode = "auto"

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.machine = datetime(2030, 6, 1, 9, tzinfo=UTC)
        self.open.enter_context(pytest.MonkeyPatch.context()).setattr(clock_module, "machine_now", lambda: self.machine)
        self.freezers: list[Freezegun | TimeMachine] = []
        #: True once a clock of the test has ticked: with real time, which no model foresees.
        self.ticked = False
        self.expected: list[Expected] = []
        #: What journeys and the test's own freezers have moved.
        self.moved = ZERO
        self.set_back = False

    @initialize(part=st.integers(0, 999_999), library=st.none() | libraries, ticks=st.booleans())
    def start(self, part: int, library: type[Freezegun | TimeMachine] | None, ticks: bool) -> None:
        self.machine += timedelta(microseconds=part)
        if library is not None:
            self.freeze(library, self.machine + timedelta(days=3), ticks)
        self.whoosh = self.open.enter_context(Whoosh(clock=self.mode))
        self.client = Client()
        self.service = self.whoosh.add_messaging_service("Reminders", senders=[SENDER])
        self.now = self.whoosh.now

    def teardown(self) -> None:
        while self.freezers:
            self.freezers.pop().__exit__()
        self.open.close()

    # Real time, and the test's own freezers

    def app_now(self) -> datetime:
        return datetime.now(UTC) if innermost() else self.machine

    @rule(amount=amounts)
    def time_passes(self, amount: timedelta) -> None:
        self.machine += amount

    @precondition(lambda self: len(self.freezers) < 2)
    @rule(library=libraries, amount=amounts, back=st.booleans(), ticks=st.booleans())
    def the_test_freezes_time(
        self, library: type[Freezegun | TimeMachine], amount: timedelta, back: bool, ticks: bool
    ) -> None:
        before = self.app_now()
        self.freeze(library, before - amount if back else before + amount, ticks)
        self.own_clock_moved(self.app_now() - before)

    def freeze(self, library: type[Freezegun | TimeMachine], when: datetime, ticks: bool) -> None:
        if "time_machine" not in sys.modules:
            library = Freezegun
        elif sys.modules["time_machine"] is None or innermost() is not None:
            library = type(self.freezers[-1]) if self.freezers else self.library_of_ours()
        ticks = ticks and self.mode != "virtual"
        freezer = library(when, tick=ticks)
        freezer.__enter__()
        self.freezers.append(freezer)
        self.ticked |= ticks

    @staticmethod
    def library_of_ours() -> type[Freezegun | TimeMachine]:
        """Within one library's freeze the other's shows nothing, or all."""
        return Freezegun if sys.modules["time_machine"] is None else TimeMachine

    @precondition(lambda self: self.freezers)
    @rule()
    def the_test_thaws_time(self) -> None:
        before = self.app_now()
        self.freezers.pop().__exit__()
        self.own_clock_moved(self.app_now() - before if innermost() else ZERO)
        self.set_back = True

    @precondition(lambda self: self.freezers)
    @rule(amount=amounts)
    def the_test_ticks_its_clock(self, amount: timedelta) -> None:
        self.freezers[-1].tick(seconds=amount.total_seconds())
        self.own_clock_moved(amount)

    @precondition(lambda self: self.freezers)
    @rule(amount=amounts)
    def the_test_sets_its_clock_back(self, amount: timedelta) -> None:
        self.freezers[-1].tick(seconds=-amount.total_seconds())
        self.own_clock_moved(-amount)

    def own_clock_moved(self, amount: timedelta) -> None:
        # freezegun's tick() takes back what its clock has ticked by itself, and so may a freeze inside it.
        self.set_back |= amount < ZERO or self.ticked
        if self.mode != "virtual":
            self.advance(max(amount, ZERO))

    # The app

    @rule()
    def the_app_sends(self) -> None:
        with self.never_back():
            self.client.messages.create(to=PERSON, from_=SENDER, body="Hi")
        self.expected.append(Expected(self.whoosh.outbox[-1], "queued", self.moved + WAITS["queued"]))

    @rule(ahead=st.sampled_from([timedelta(minutes=15), timedelta(days=35)]))
    def the_app_schedules(self, ahead: timedelta) -> None:
        """As early and as late as can be, by the app's own clock."""
        at = (self.now if self.mode == "virtual" else self.app_now()) + ahead
        with self.never_back():
            self.client.messages.create(
                to=PERSON, messaging_service_sid=self.service.sid, body="Hi", schedule_type="fixed", send_at=at
            )
        self.expected.append(Expected(self.whoosh.outbox[-1], "scheduled", at.replace(microsecond=0)))

    # Journeys

    @rule(amount=amounts)
    def the_test_travels(self, amount: timedelta) -> None:
        self.journey(lambda: self.whoosh.travel(amount), amount)

    @rule(amount=amounts)
    def the_test_travels_to_a_moment(self, amount: timedelta) -> None:
        self.journey(lambda: self.whoosh.travel(self.now + amount), ZERO if self.ticked else amount)

    @rule()
    def the_test_settles(self) -> None:
        left = [self.due_in(one) + self.waits_after(one) for one in self.expected if one.status in WAITS]
        self.journey(self.whoosh.settle, ZERO if self.ticked else max(left, default=ZERO))
        assert {one.message.status for one in self.expected} <= {"delivered", "scheduled"}

    @staticmethod
    def waits_after(one: Expected) -> timedelta:
        statuses = [*WAITS]
        return sum((WAITS[status] for status in statuses[statuses.index(one.status) + 1 :]), ZERO)

    @rule()
    def the_test_steps(self) -> None:
        until = self.next_due_in()
        stepped: list[bool] = []
        self.journey(lambda: stepped.append(self.whoosh.step()), ZERO if self.ticked else max(until or ZERO, ZERO))
        assert self.ticked or stepped == [until is not None]

    def journey(self, move: Callable[[], object], amount: timedelta) -> None:
        before = self.app_now()
        with self.never_back():
            move()
        seen = self.app_now() - before
        expected = ZERO if self.mode == "virtual" else amount
        assert seen >= expected if self.ticked else seen == expected
        self.advance(amount)

    @contextmanager
    def never_back(self) -> Iterator[None]:
        before = self.app_now()
        yield
        assert self.app_now() >= before

    # The model of virtual time

    def due_in(self, one: Expected) -> timedelta:
        """Return the time until a message's next status; negative if it is overdue."""
        assert one.due is not None
        return one.due - self.now if isinstance(one.due, datetime) else one.due - self.moved

    def next_due_in(self) -> timedelta | None:
        return min((self.due_in(one) for one in self.expected if one.due is not None), default=None)

    def advance(self, amount: timedelta) -> None:
        end = self.moved + amount
        while (until := self.next_due_in()) is not None and until <= end - self.moved:
            self.pass_by(max(until, ZERO))
            one = next(one for one in self.expected if one.due is not None and self.due_in(one) == min(until, ZERO))
            one.status = NEXT[one.status]
            one.due = self.moved + WAITS[one.status] if one.status in WAITS else None
        self.pass_by(end - self.moved)

    def pass_by(self, amount: timedelta) -> None:
        self.moved += amount
        self.now += amount

    # What holds after each step

    @invariant()
    def the_app_and_the_fake_agree(self) -> None:
        if not hasattr(self, "now"):
            return
        before, now, after = self.app_now(), self.whoosh.now, self.app_now()
        if self.mode == "virtual":
            assert now == self.now
        else:
            assert before <= now <= after
        self.now = now

    @invariant()
    def messages_are_where_virtual_time_has_brought_them(self) -> None:
        shown = [one.message.status for one in self.expected]
        assert self.ticked or shown == [one.status for one in self.expected]

    @invariant()
    def messages_keep_their_order_and_their_waits(self) -> None:
        if self.set_back:  # by the test: moments of before and after cannot be compared
            return
        histories = [one.message.history for one in self.expected]
        for history in histories:
            for (status, at), (_, following) in pairwise(history):
                assert following - at >= WAITS.get(status, ZERO)
        direct = [history for one, history in zip(self.expected, histories, strict=True) if not one.message.send_at]
        for earlier, later in pairwise(direct):
            assert all(first <= second for (_, first), (_, second) in zip(earlier, later, strict=False))


class FrozenClock(OneClock):
    mode = "frozen"


class VirtualClock(OneClock):
    mode = "virtual"


deterministic = settings(
    max_examples=int(os.environ.get("WHOOSH_DEEP", 40)),
    stateful_step_count=20,
    derandomize="WHOOSH_DEEP" not in os.environ,
    deadline=None,
)


@pytest.mark.parametrize("without", ["", "time_machine"], ids=["time-machine", "freezegun alone"])
@pytest.mark.parametrize("machine", [OneClock, FrozenClock, VirtualClock], ids=["auto", "frozen", "virtual"])
def test_time_never_runs_backwards_and_moves_by_the_requested_amount(machine, without, monkeypatch):
    if without:
        monkeypatch.setitem(sys.modules, without, None)
    else:
        pytest.importorskip("time_machine")

    run_state_machine_as_test(machine, settings=deterministic)
