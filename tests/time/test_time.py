"""One clock: the app and the fake never disagree about the time."""
# ruff: noqa: TID251 - what the app's clocks show is the subject here

import asyncio
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from datetime import UTC, date, datetime, timedelta, timezone
from typing import Self
from zoneinfo import ZoneInfo

import pytest
from freezegun import freeze_time
from freezegun.api import freeze_factories
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError
from tests.conftest import PERSON, SENDER

NOON = datetime(2026, 3, 5, 12, tzinfo=UTC)
REAL_DATETIME = type(datetime.fromisoformat("2026-03-05"))

#: The functions that return the time to an app.
CLOCKS: dict[str, Callable[[], datetime]] = {
    "datetime.now": lambda: datetime.now(UTC),
    "datetime.now, naive": lambda: datetime.now().astimezone(UTC),
    "datetime.utcnow": lambda: datetime.utcnow().replace(tzinfo=UTC),
    "time.time": lambda: datetime.fromtimestamp(time.time(), UTC),
    "time.time_ns": lambda: datetime.fromtimestamp(time.time_ns() / 1e9, UTC),
    "time.gmtime": lambda: datetime(*time.gmtime()[:6], tzinfo=UTC),
}
pytestmark = pytest.mark.filterwarnings("ignore:datetime.datetime.utcnow:DeprecationWarning")


def send(**more: object) -> str:
    return Client().messages.create(to=PERSON, from_=SENDER, body="Hi", **more).sid


def app_shows() -> dict[str, datetime]:
    return {name: read() for name, read in CLOCKS.items()}


def real_now() -> datetime:
    """Return the real time, even if Python's is frozen."""
    now = subprocess.run([sys.executable, "-c", "import time; print(time.time())"], capture_output=True, check=True)
    return datetime.fromtimestamp(float(now.stdout), UTC)


@pytest.fixture(autouse=True)
def time_runs_before_and_after() -> Iterator[None]:
    """Check that each test here restores the clock."""
    before = clocks_of_python()
    yield
    assert clocks_of_python() == before


def clocks_of_python() -> list[object]:
    return [time.time, time.monotonic, datetime, date, asyncio.BaseEventLoop.time, [*freeze_factories], travellers()]


def travellers() -> list[object]:
    return [*getattr(sys.modules.get("time_machine"), "traveller_stack", ())]


class Freezegun:
    """Time frozen by freezegun, moved with its own tools."""

    def __init__(self, when: datetime, **options: object) -> None:
        self._freezer = freeze_time(when.replace(tzinfo=None), **options)

    def __enter__(self) -> Self:
        self._clock = self._freezer.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._freezer.stop()

    def tick(self, **amount: float) -> None:
        self._clock.tick(timedelta(**amount))

    def move_to(self, when: datetime) -> None:
        self._clock.move_to(when.replace(tzinfo=None))


class TimeMachine:
    """Time frozen by time-machine, moved with its own tools."""

    def __init__(self, when: datetime, *, tick: bool = False) -> None:
        self._travel = pytest.importorskip("time_machine").travel(when, tick=tick)

    def __enter__(self) -> Self:
        self._traveller = self._travel.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._travel.stop()

    def tick(self, **amount: float) -> None:
        self._traveller.shift(timedelta(**amount))

    def move_to(self, when: datetime) -> None:
        self._traveller.move_to(when)


Freezer = Freezegun | TimeMachine
library = pytest.mark.parametrize("frozen", [Freezegun, TimeMachine], ids=["freezegun", "time-machine"])


# Without a freezer


def test_now_is_aware_in_utc_and_the_machines_until_time_is_moved(whoosh):
    before = datetime.now(UTC)
    now = whoosh.now

    assert before <= now <= datetime.now(UTC)
    assert now.utcoffset() == timedelta(0)
    assert abs(now - real_now()) < timedelta(minutes=1)


def test_a_test_that_does_not_travel_freezes_nothing(whoosh):
    running = datetime.now, time.time

    send()
    whoosh.outbox.one()
    _ = whoosh.now

    assert (datetime.now, time.time) == running
    assert type(datetime.now()) is REAL_DATETIME


def test_messages_do_not_move_by_themselves(whoosh):
    send()

    assert [whoosh.outbox.one().status for _ in range(3)] == ["queued"] * 3


@pytest.mark.parametrize(
    ("way", "moved"),
    [
        ({"seconds": 90}, timedelta(seconds=90)),
        ({"minutes": 1.5}, timedelta(seconds=90)),
        ({"hours": 1}, timedelta(hours=1)),
        ({"days": 1, "hours": 1, "minutes": 1, "seconds": 1}, timedelta(days=1, hours=1, minutes=1, seconds=1)),
        ({}, timedelta(0)),
    ],
    ids=["seconds", "minutes", "hours", "together", "nothing"],
)
def test_travel_moves_by_an_amount(whoosh, way, moved):
    whoosh.travel()
    before = whoosh.now

    whoosh.travel(**way)

    assert whoosh.now - before == moved


def test_travel_moves_by_a_timedelta(whoosh):
    whoosh.travel()
    before = whoosh.now

    whoosh.travel(timedelta(minutes=5))
    whoosh.travel(timedelta(minutes=5), seconds=1)

    assert whoosh.now - before == timedelta(minutes=10, seconds=1)


@pytest.mark.parametrize(
    "to",
    [
        datetime(2090, 1, 1, 12, tzinfo=UTC),
        datetime(2090, 1, 1, 14, tzinfo=timezone(timedelta(hours=2))),
    ],
    ids=["utc", "another zone"],
)
def test_travel_moves_to_a_moment(whoosh, to):
    whoosh.travel(to)

    assert whoosh.now == datetime(2090, 1, 1, 12, tzinfo=UTC)
    assert datetime.now(UTC) == whoosh.now


def test_the_first_travel_freezes_every_clock_of_the_app(whoosh):
    whoosh.travel(datetime(2090, 1, 1, 12, tzinfo=UTC))

    assert app_shows() == dict.fromkeys(CLOCKS, whoosh.now)
    assert date.today() == datetime.now().date()
    assert app_shows() == dict.fromkeys(CLOCKS, whoosh.now)


def test_settling_freezes_as_travelling_does(whoosh):
    send()

    whoosh.settle()

    assert datetime.now(UTC) == datetime.now(UTC) == whoosh.now
    assert whoosh.outbox.one().history[-1] == ("delivered", whoosh.now)


def test_settling_with_nothing_on_its_way_does_not_move_time(whoosh):
    whoosh.settle()
    before = whoosh.now

    whoosh.settle()

    assert whoosh.now == before


def test_a_fraction_of_a_second_is_kept(whoosh):
    whoosh.travel()
    before = whoosh.now

    whoosh.travel(seconds=0.25)

    assert whoosh.now - before == timedelta(microseconds=250_000)
    assert datetime.now(UTC) == whoosh.now


def test_the_time_zone_of_the_process_stays(whoosh):
    zone = time.tzname, time.timezone

    whoosh.travel(days=1)

    assert (time.tzname, time.timezone) == zone
    assert datetime.now().astimezone(UTC) == whoosh.now


def test_time_runs_again_after_an_exception():
    with pytest.raises(ZeroDivisionError), Whoosh() as whoosh:  # noqa: PT012
        whoosh.travel(days=400)
        raise ZeroDivisionError

    assert abs(datetime.now(UTC) - real_now()) < timedelta(minutes=1)


def test_messages_can_still_be_read_after_the_end():
    with Whoosh() as whoosh:
        send()
        message = whoosh.outbox.one()
        whoosh.settle()
        now = whoosh.now

    assert (message.status, whoosh.now, len(whoosh.outbox)) == ("delivered", now, 1)


def test_nested_doubles_share_the_apps_clock():
    with Whoosh() as outer, Whoosh() as inner:
        inner.travel(days=1)

        assert outer.now == inner.now == datetime.now(UTC)


def test_threads_see_the_same_time(whoosh):
    whoosh.travel(days=1)
    seen: list[datetime] = []

    thread = threading.Thread(target=lambda: seen.append(datetime.now(UTC)))
    thread.start()
    thread.join()

    assert seen == [whoosh.now]


# Errors of travel


def test_time_does_not_run_backwards():
    with freeze_time(NOON.replace(tzinfo=None)), Whoosh() as whoosh, pytest.raises(WhooshError) as refused:
        whoosh.travel(NOON - timedelta(seconds=1))

    assert str(refused.value) == (
        "Time does not run backwards: it is 2026-03-05 12:00:00 UTC, and 2026-03-05 11:59:59 UTC is past. "
        "Start earlier instead: freeze time there before the whoosh fixture starts."
    )


@pytest.mark.parametrize(
    "way", [{"seconds": -1}, {"days": 1, "hours": -25}, {"to": timedelta(days=-1)}], ids=["seconds", "sum", "timedelta"]
)
def test_a_negative_amount_is_refused_too(whoosh, way):
    running = datetime.now

    with pytest.raises(WhooshError, match=r"^Time does not run backwards: "):
        whoosh.travel(**way)

    assert datetime.now == running, "a refused travel() freezes nothing"


WAYS = "a datetime, a timedelta, or weeks=, days=, hours=, minutes=, seconds="


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"to": 5}, f"travel() takes {WAYS}; not 5. Did you mean travel(seconds=5)?"),
        ({"to": "tomorrow"}, f"travel() takes {WAYS}; not 'tomorrow'."),
        ({"to": NOON, "days": 1}, "travel() takes a moment, or an amount of time: not both."),
    ],
    ids=["a number", "a text", "a moment and an amount"],
)
def test_invalid_arguments_of_travel_are_refused(whoosh, arguments, problem):
    with pytest.raises(TypeError) as refused:
        whoosh.travel(**arguments)

    assert str(refused.value) == problem


@pytest.mark.parametrize(
    ("ask", "named"),
    [
        (lambda whoosh, when: whoosh.assert_sent(send_at=when), "send_at"),
        (lambda whoosh, when: whoosh.assert_not_sent(date_sent=when), "date_sent"),
        (lambda whoosh, when: whoosh.outbox.filter(date_created=when), "date_created"),
        (lambda whoosh, when: whoosh.messages.last(history=[("queued", when)]), "history"),
        (lambda whoosh, when: whoosh.when(send_at=when), "send_at"),
        (lambda whoosh, when: whoosh.deactivate(PERSON, on=when), "on="),
        (lambda whoosh, when: whoosh.travel(when), "The moment for travel()"),
    ],
    ids=["assert_sent", "assert_not_sent", "filter", "history", "when", "deactivate", "travel"],
)
def test_a_moment_without_a_time_zone_is_refused_with_both_ways_to_write_it(whoosh, ask, named):
    with pytest.raises(ValueError) as refused:
        ask(whoosh, datetime(2030, 6, 1, 9, 30))

    assert str(refused.value) == (
        f"{named} needs a time zone, and datetime(2030, 6, 1, 9, 30) has none. Write datetime(2030, 6, 1, 9, 30, "
        "tzinfo=UTC), or datetime(2030, 6, 1, 9, 30).astimezone() for this machine's local time."
    )


def test_the_error_of_a_moment_in_the_past_shows_its_time_zone():
    with freeze_time(NOON.replace(tzinfo=None)), Whoosh() as whoosh, pytest.raises(WhooshError) as refused:
        whoosh.travel(datetime(2026, 3, 5, 12, 30, tzinfo=ZoneInfo("Europe/Berlin")))

    assert str(refused.value).startswith(
        "Time does not run backwards: it is 2026-03-05 12:00:00 UTC, and 2026-03-05 11:30:00 UTC "
        "(written as 2026-03-05 12:30:00 +0100 Europe/Berlin) is past."
    )


# Time frozen by another library


@library
def test_a_clock_frozen_before_is_the_clock(frozen):
    with frozen(NOON), Whoosh() as whoosh:
        send()

        assert whoosh.now == NOON
        assert whoosh.outbox.one().date_created == NOON


@library
def test_travelling_moves_their_clock(frozen):
    with frozen(NOON):
        with Whoosh() as whoosh:
            whoosh.travel(hours=1)
            assert app_shows() == dict.fromkeys(CLOCKS, NOON + timedelta(hours=1))
            assert whoosh.now == NOON + timedelta(hours=1)

        assert datetime.now(UTC) == NOON + timedelta(hours=1)


def touches() -> dict[str, Callable[[Whoosh], str]]:
    def by_callbacks(whoosh: Whoosh) -> str:
        return whoosh.callbacks[-1].params["MessageStatus"] if whoosh.callbacks else "none"

    def by_assertion(whoosh: Whoosh) -> str:
        return whoosh.assert_sent(to=PERSON).status

    return {
        "message.status": lambda whoosh: whoosh.messages[0].status,
        "the outbox": lambda whoosh: whoosh.outbox.filter(status="delivered").one().status,
        "message.history": lambda whoosh: whoosh.messages[0].history[-1][0],
        "an assertion": by_assertion,
        "callbacks": by_callbacks,
        "message.callbacks": lambda whoosh: whoosh.messages[0].callbacks[-1].params["MessageStatus"],
        "an API call": lambda whoosh: Client().messages.list()[0].status,
    }


@library
@pytest.mark.parametrize("touch", touches().values(), ids=touches())
def test_moving_their_clock_moves_messages_when_the_double_is_next_used(frozen, touch):
    with frozen(NOON) as clock, Whoosh() as whoosh:
        send(status_callback="https://app.example/status")
        clock.tick(seconds=60)

        assert touch(whoosh) == "delivered"
        assert [(status, int((at - NOON).total_seconds())) for status, at in whoosh.outbox.one().history] == [
            ("queued", 0), ("sending", 1), ("sent", 2), ("delivered", 4)
        ]  # fmt: skip
        assert datetime.now(UTC) == whoosh.now == NOON + timedelta(minutes=1)


@library
def test_a_message_in_a_variable_moves_with_their_clock(frozen):
    with frozen(NOON) as clock, Whoosh() as whoosh:
        send()
        message = whoosh.outbox.one()

        seen = [message.status]
        for _ in range(4):
            clock.tick(seconds=1)
            seen.append(message.status)

    assert seen == ["queued", "sending", "sent", "sent", "delivered"]


@library
def test_their_clock_can_be_moved_to_a_moment(frozen):
    with frozen(NOON) as clock, Whoosh() as whoosh:
        send()
        clock.move_to(NOON + timedelta(days=1))

        assert whoosh.outbox.one().status == "delivered"
        assert whoosh.now == NOON + timedelta(days=1)


@library
def test_a_clock_frozen_inside_the_test_is_followed(frozen, whoosh):
    send()
    later = whoosh.now + timedelta(days=2)

    with frozen(later) as clock:
        assert whoosh.now == later
        assert whoosh.outbox.one().status == "delivered"
        send()
        clock.tick(seconds=2)
        assert [message.status for message in whoosh.outbox] == ["delivered", "sent"]


@library
def test_their_clock_frozen_after_we_froze_ours_is_followed(frozen, whoosh):
    whoosh.travel(seconds=5)
    ours = whoosh.now

    with frozen(ours + timedelta(days=1)) as clock:
        assert whoosh.now == datetime.now(UTC) == ours + timedelta(days=1)
        clock.tick(seconds=5)
        whoosh.travel(seconds=5)
        assert whoosh.now == datetime.now(UTC) == ours + timedelta(days=1, seconds=10)

    assert whoosh.now == datetime.now(UTC) == ours


@library
def test_a_moment_before_theirs_is_refused(frozen):
    with frozen(NOON) as clock, Whoosh() as whoosh:
        clock.tick(seconds=10)

        with pytest.raises(WhooshError, match=r"it is 2026-03-05 12:00:10 UTC, and 2026-03-05 12:00:00 UTC is past"):
            whoosh.travel(NOON)


@library
def test_two_doubles_follow_the_same_clock(frozen):
    with frozen(NOON) as clock, Whoosh() as outer:
        first = send()
        with Whoosh() as inner:
            second = send()
            clock.tick(seconds=2)

            assert (outer.outbox.one().sid, outer.outbox.one().status) == (first, "sent")
            assert (inner.outbox.one().sid, inner.outbox.one().status) == (second, "sent")


@freeze_time("2026-03-05 12:00:00")
def test_a_decorated_test_is_frozen_after_the_fixture_started(whoosh):
    send()

    assert whoosh.now == NOON
    assert whoosh.outbox.one().date_created == NOON


def test_the_fixture_of_pytest_freezer_works_before_ours(freezer, whoosh):
    freezer.move_to("2026-03-05 12:00:00")
    send()
    freezer.tick(timedelta(seconds=4))

    assert whoosh.outbox.one().status == "delivered"
    assert whoosh.now == NOON + timedelta(seconds=4)


def test_the_fixture_of_pytest_freezer_works_after_ours(whoosh, freezer):
    send()
    freezer.tick(timedelta(seconds=4))

    assert whoosh.outbox.one().status == "delivered"
    whoosh.travel(hours=1)
    assert datetime.now(UTC) == whoosh.now


@pytest.mark.freeze_time("2026-03-05 12:00:00")
def test_the_marker_of_pytest_freezer_is_followed(whoosh):
    assert whoosh.now == NOON


def test_the_fixture_of_time_machine_is_followed(whoosh, request):
    pytest.importorskip("time_machine")
    time_machine = request.getfixturevalue("time_machine")
    send()

    time_machine.move_to(whoosh.now + timedelta(seconds=4), tick=False)
    assert whoosh.outbox.one().status == "delivered"
    time_machine.shift(3600)
    assert whoosh.now == datetime.now(UTC)


def test_a_clock_that_ticks_with_real_time_is_followed():
    with freeze_time(NOON.replace(tzinfo=None), tick=True), Whoosh() as whoosh:
        send()
        assert timedelta(0) <= whoosh.now - NOON < timedelta(minutes=1)

        whoosh.travel(minutes=5)

        assert whoosh.outbox.one().status == "delivered"
        assert timedelta(minutes=5) <= whoosh.now - NOON < timedelta(minutes=6)


def test_ticks_before_the_first_look_at_a_clock_move_nothing(whoosh):
    send()

    with freeze_time(whoosh.now.replace(tzinfo=None) + timedelta(seconds=1), tick=True) as frozen:
        frozen.start -= timedelta(seconds=10)  # as if that long had passed since

        assert whoosh.outbox[0].status == "sending"


def test_a_clock_of_time_machine_that_ticks_is_followed():
    time_machine = pytest.importorskip("time_machine")
    with time_machine.travel(NOON, tick=True), Whoosh() as whoosh:
        send()
        whoosh.travel(minutes=5)

        assert whoosh.outbox.one().status == "delivered"
        assert timedelta(minutes=5) <= datetime.now(UTC) - NOON < timedelta(minutes=6)


def test_a_clock_that_ticks_at_every_look_ticks_for_the_app_only():
    with freeze_time(NOON.replace(tzinfo=None), auto_tick_seconds=10), Whoosh() as whoosh:
        first, second = whoosh.now, whoosh.now
        assert first == second

        before = datetime.now(UTC)
        assert datetime.now(UTC) - before == timedelta(seconds=10)
        whoosh.travel(minutes=5)
        assert whoosh.now - first >= timedelta(minutes=5)


@library
def test_a_clock_set_back_by_its_own_tools_does_no_harm(frozen):
    with frozen(NOON) as clock, Whoosh() as whoosh:
        send()
        clock.tick(days=1)
        assert whoosh.outbox.one().status == "delivered"
        clock.move_to(NOON)

        assert whoosh.now == NOON
        send()
        whoosh.settle()
        assert [message.status for message in whoosh.outbox] == ["delivered", "delivered"]


# The virtual clock


def test_the_virtual_clock_never_touches_the_apps_time():
    with Whoosh(clock="virtual") as whoosh:
        send()
        running = datetime.now, time.time
        whoosh.travel(days=400)

        assert (datetime.now, time.time) == running
        assert abs(datetime.now(UTC) - real_now()) < timedelta(minutes=1)
        assert whoosh.outbox.one().status == "delivered"
        assert whoosh.now - real_now() > timedelta(days=399)


@library
def test_the_virtual_clock_does_not_move_a_frozen_one(frozen):
    with frozen(NOON) as clock, Whoosh(clock="virtual") as whoosh:
        send()
        clock.tick(days=1)
        assert (whoosh.now, whoosh.outbox.one().status) == (NOON, "queued")

        whoosh.travel(seconds=4)

        assert (whoosh.now, whoosh.outbox.one().status) == (NOON + timedelta(seconds=4), "delivered")
        assert datetime.now(UTC) == NOON + timedelta(days=1)


# The app's webhook handlers


@library
def test_a_handler_sees_the_moment_of_its_own_event_on_every_clock(frozen):
    with frozen(NOON), Whoosh() as whoosh:
        seen = handled(whoosh)

        whoosh.travel(days=1)

        assert seen == [dict.fromkeys(CLOCKS, NOON + timedelta(seconds=at)) for at in (2, 4)]
        assert datetime.now(UTC) == NOON + timedelta(days=1)


@pytest.mark.whoosh(clock="frozen")
def test_a_handler_sees_the_moment_of_its_own_event_on_our_frozen_clock(whoosh):
    start = whoosh.now
    seen = handled(whoosh)

    whoosh.travel(days=1)

    assert seen == [dict.fromkeys(CLOCKS, start + timedelta(seconds=at)) for at in (2, 4)]
    assert app_shows() == dict.fromkeys(CLOCKS, start + timedelta(days=1))


@library
def test_a_handler_sees_the_present_when_they_move_time_and_its_callback_keeps_its_moment(frozen):
    with frozen(NOON) as clock, Whoosh() as whoosh:
        seen = handled(whoosh)
        clock.tick(days=1)

        _ = whoosh.outbox.one().status

        assert seen == [dict.fromkeys(CLOCKS, NOON + timedelta(days=1))] * 2
        assert [callback.at for callback in whoosh.callbacks] == [NOON + timedelta(seconds=at) for at in (2, 4)]


def handled(whoosh: Whoosh) -> list[dict[str, datetime]]:
    seen: list[dict[str, datetime]] = []

    def app(environ, start_response):
        seen.append(app_shows())
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)
    send(status_callback="https://app.example/status")
    return seen


def test_a_handler_may_look_at_the_messages(whoosh):
    statuses = []

    def app(environ, start_response):
        statuses.append(whoosh.outbox.one().status)
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)
    send(status_callback="https://app.example/status")
    whoosh.settle()

    assert statuses == ["sent", "delivered"]


# Event loops


def test_timers_of_asyncio_keep_running_while_time_is_frozen(whoosh):
    whoosh.travel(days=1)
    frozen = datetime.now(UTC)

    async def main() -> list[str]:
        done = []
        await asyncio.sleep(0.01)
        done.append("slept")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        done.append("timed out")
        called = asyncio.Event()
        asyncio.get_running_loop().call_later(0.01, called.set)
        await called.wait()
        done.append("called later")
        return done

    assert asyncio.run(main()) == ["slept", "timed out", "called later"]
    assert datetime.now(UTC) == frozen == whoosh.now


def test_timers_run_in_a_loop_in_which_time_was_frozen(whoosh):
    async def main() -> None:
        await asyncio.sleep(0.001)
        send()
        timer = asyncio.create_task(asyncio.sleep(0.02))
        whoosh.travel(days=1)
        await timer
        await asyncio.wait_for(asyncio.sleep(0.001), 5)

    asyncio.run(main())

    assert whoosh.outbox.one().status == "delivered"


# Moments in results


def moments(whoosh: Whoosh) -> list[object]:
    message = whoosh.outbox.one()
    return [
        whoosh.now,
        message.date_created,
        message.date_sent,
        message.date_updated,
        *(at for _, at in message.history),
        *(callback.at for callback in whoosh.callbacks),
    ]


@pytest.mark.parametrize("frozen", [None, Freezegun, TimeMachine], ids=["ours", "freezegun", "time-machine"])
def test_moments_are_genuine(frozen: Callable[[datetime], AbstractContextManager[object]] | None):
    with frozen(NOON) if frozen else Whoosh(), Whoosh() as whoosh:
        send(status_callback="https://app.example/status")
        whoosh.settle()

        handed_out = moments(whoosh)

    assert {type(moment) for moment in handed_out} == {REAL_DATETIME}
    assert {moment.tzinfo for moment in handed_out if isinstance(moment, REAL_DATETIME)} == {UTC}


def test_moments_are_real_even_if_the_plugin_was_imported_while_time_was_frozen(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        textwrap.dedent(
            """
            from datetime import datetime

            REAL = datetime

            from freezegun import freeze_time

            with freeze_time("2026-03-05 12:00:00"):
                from twilio.rest import Client
                from pytest_whoosh import Whoosh

                def moments():
                    with Whoosh() as whoosh:
                        Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi")
                        whoosh.settle()
                        message = whoosh.outbox.one()
                        return [whoosh.now, message.date_created, message.date_sent, *(at for _, at in message.history)]

                frozen = moments()

            running = moments()
            assert {type(each) for each in frozen + running} == {REAL}, {type(each) for each in frozen + running}
            assert frozen[0].isoformat() == "2026-03-05T12:00:04+00:00", frozen
            assert abs((REAL.now() - datetime.now()).total_seconds()) < 60
            """
        )
    )

    ran = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")


def test_travelling_under_pytest_leaves_durations_as_they_are(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture
        def travelled(whoosh):
            whoosh.travel(days=400)

        def test_in_a_fixture(travelled):
            pass

        def test_in_the_test(whoosh):
            whoosh.travel(days=400)
        """
    )

    result = pytester.runpytest_subprocess("--durations=0", "-vv", "--junit-xml=report.xml")

    result.assert_outcomes(passed=2)
    report = (pytester.path / "report.xml").read_text()
    seconds = [float(part.split('"')[0]) for part in report.split(' time="')[1:]]
    shown = [float(line.split("s ")[0]) for line in result.outlines if "s call " in line or "s setup " in line]
    assert len(seconds) == 3
    assert all(0 <= duration < 60 for duration in seconds + shown)
    assert len(shown) == 4
    timestamp = report.split('timestamp="')[1][:10]
    assert abs(date.fromisoformat(timestamp) - date.today()) <= timedelta(days=1)


#: Makes time-machine unimportable, as where it is not installed.
WITHOUT_TIME_MACHINE = """
    import sys
    sys.modules["time_machine"] = None
"""


@pytest.mark.parametrize("without", ["", WITHOUT_TIME_MACHINE], ids=["whichever is installed", "freezegun alone"])
def test_the_apps_clock_is_frozen_with_either_library(pytester, without):
    pytester.makeconftest(without)
    pytester.makepyfile(FROZEN)

    pytester.runpytest_subprocess("-p", "no:time_machine").assert_outcomes(passed=4)


FROZEN = """
    import asyncio, subprocess, sys, threading, time
    from datetime import datetime, timedelta, UTC

    from twilio.rest import Client

    def app_shows():
        return [datetime.now(UTC), datetime.fromtimestamp(time.time(), UTC)]

    def test_clocks(whoosh):
        whoosh.travel(days=400)
        assert app_shows() == [whoosh.now] * 2
        asyncio.run(asyncio.sleep(0.01))
        freezegun = sys.modules.get("freezegun.api")
        frozen_by_freezegun = bool(freezegun and freezegun.freeze_factories)
        assert frozen_by_freezegun is not bool(sys.modules.get("time_machine"))

    def test_a_process_may_go_on_meanwhile(whoosh):
        process = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)

        def answer():
            whoosh.travel(days=400)
            process.stdin.close()

        threading.Timer(0, answer).start()
        assert process.wait(timeout=300) == 1

    def test_a_handler_sees_its_own_moment(whoosh):
        start, seen = whoosh.now, []

        def app(environ, start_response):
            seen.append(app_shows())
            start_response("204 No Content", [])
            return []

        whoosh.mount("https://app.example", app)
        Client().messages.create(
            to="+15558675310", from_="+15557122661", body="Hi", status_callback="https://app.example/"
        )
        whoosh.settle()

        # Time is frozen where the app's clock stands when the first travel() begins, not where the test looked before.
        (sent,), (delivered,) = map(set, seen)
        assert (delivered - sent, sent - timedelta(seconds=2) >= start) == (timedelta(seconds=2), True)

    def test_released():
        assert type(datetime.now()) is type(datetime.fromisoformat("2026-03-05"))
        assert "Fake" not in type(datetime.now()).__name__
"""


def test_freezegun_alone_freezes_every_clock_that_a_module_has_by_then(pytester):
    pytester.makeconftest(WITHOUT_TIME_MACHINE)
    pytester.makeini("[pytest]\npythonpath = . site-packages")
    pytester.mkdir("site-packages").joinpath("library.py").write_text("from time import time", encoding="utf-8")
    pytester.makepyfile(app="clock = None", late="from time import time", test_it=CLOCKS_THAT_COME_LATER)

    pytester.runpytest_subprocess("-p", "no:randomly").assert_outcomes(passed=5)


CLOCKS_THAT_COME_LATER = """
    import sys, time

    import app, library, pytest

    REAL = time.time

    @pytest.fixture(autouse=True)
    def clocks_are_real_afterwards():
        yield
        assert REAL is time.time is library.time is getattr(sys.modules.get("late"), "time", REAL)

    def test_first(whoosh):
        whoosh.travel(days=1)
        assert library.time() == whoosh.now.timestamp()

    def test_a_name_that_had_another_value(whoosh):
        app.clock = REAL
        whoosh.travel(days=1)
        assert app.clock() == whoosh.now.timestamp()

    def test_a_name_that_a_library_adds(whoosh):
        library.clock = REAL
        whoosh.travel(days=1)
        assert library.clock() == whoosh.now.timestamp()

    def test_a_clock_that_a_test_replaces(whoosh, monkeypatch):
        monkeypatch.setattr(library, "time", lambda: 1)
        whoosh.travel(days=1)
        assert (library.time(), library.clock()) == (1, whoosh.now.timestamp())

    def test_a_module_that_is_imported_while_time_is_frozen(whoosh):
        whoosh.travel(days=1)
        import late
        assert late.time() == library.time() == whoosh.now.timestamp()
"""
