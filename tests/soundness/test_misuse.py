"""Mistakes in tests are refused with a text that says what to write, in a traceback that ends on the test's line."""

import asyncio
import pickle
import threading
from datetime import UTC, datetime, timedelta

import pytest
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError, WhooshGuardError
from tests.conftest import PERSON, SENDER

LEFT = (
    "This Whoosh double has ended: you can still read what happened, but not act on it. "
    "Act before the test that uses the whoosh fixture ends, or inside `with Whoosh() as whoosh:`."
)


def send() -> str:
    return Client().messages.create(to=PERSON, from_=SENDER, body="Hi").sid


# A double that has ended or never started

ACTS = {
    "travel": lambda whoosh: whoosh.travel(days=1),
    "settle": lambda whoosh: whoosh.settle(),
    "atravel": lambda whoosh: asyncio.run(whoosh.atravel(days=1)),
    "asettle": lambda whoosh: asyncio.run(whoosh.asettle()),
    "when": lambda whoosh: whoosh.when(to=PERSON),
    "mount": lambda whoosh: whoosh.mount("https://app.example", print),
    "receive": lambda whoosh: whoosh.receive("Hello", from_=PERSON, to=SENDER),
    "areceive": lambda whoosh: asyncio.run(whoosh.areceive("Hello", from_=PERSON, to=SENDER)),
    "a phone": lambda whoosh: whoosh.phone(PERSON).text("Hello", to=SENDER),
    "click": lambda whoosh: whoosh.click("https://go.example/abc"),
    "add_number": lambda whoosh: whoosh.add_number(SENDER),
    "add_short_code": lambda whoosh: whoosh.add_short_code("12345"),
    "add_messaging_service": lambda whoosh: whoosh.add_messaging_service("Reminders"),
    "add_application": lambda whoosh: whoosh.add_application(),
    "add_template": lambda whoosh: whoosh.add_template("Hi"),
    "add_media": lambda whoosh: whoosh.add_media("https://app.example/cat.jpg"),
    "opt_out": lambda whoosh: whoosh.opt_out(PERSON, SENDER),
    "deactivate": lambda whoosh: whoosh.deactivate(PERSON),
    "set_price": lambda whoosh: whoosh.set_price("US", "0.01"),
}


@pytest.mark.parametrize("act", ACTS)
def test_a_double_that_has_ended_refuses_to_act(act):
    with Whoosh() as whoosh:
        send()

    with pytest.raises(WhooshError) as refused:
        ACTS[act](whoosh)

    assert str(refused.value) == LEFT
    assert [message.status for message in whoosh.messages] == ["queued"]


@pytest.mark.parametrize("act", ACTS)
def test_a_double_that_never_started_refuses_to_act(act):
    with pytest.raises(WhooshError) as refused:
        ACTS[act](Whoosh())

    assert str(refused.value) == ("This double is not active yet. Write `with Whoosh() as whoosh:` around its use.")


def test_messages_can_be_read_after_the_double_has_ended():
    with Whoosh(clock="frozen") as whoosh:
        sid = send()
        whoosh.settle()

    message = whoosh.assert_sent(to=PERSON, status="delivered")
    assert (message.sid, message.body, [status for status, _ in message.history]) == (
        sid,
        "Hi",
        ["queued", "sending", "sent", "delivered"],
    )
    assert whoosh.callbacks == []
    assert whoosh.now == message.date_created + timedelta(seconds=4)
    assert sid[-4:] in whoosh.traffic()
    whoosh.assert_not_sent(to=SENDER)


def test_a_restarted_double_keeps_nothing_of_its_first_use():
    whoosh = Whoosh()
    with whoosh:
        send()
    with whoosh:
        whoosh.assert_nothing_sent()
        send()

        assert len(whoosh.outbox) == 1


def test_the_repr_of_a_double_shows_its_state():
    whoosh = Whoosh()
    before = repr(whoosh)
    with whoosh:
        send()
        meanwhile = repr(whoosh)

    assert [before, meanwhile, repr(whoosh)] == [
        "<Whoosh, not active yet>",
        "<Whoosh: 1 sent, 0 received>",
        "<Whoosh, ended: 1 sent, 0 received>",
    ]


def test_an_active_double_cannot_be_started_again(whoosh):
    with pytest.raises(WhooshError) as refused:
        whoosh.__enter__()

    assert str(refused.value) == (
        "This double is active already. Make a second one to have two at once: with Whoosh() as inner."
    )
    send()
    assert len(whoosh.outbox) == 1


def test_a_double_can_be_ended_twice():
    with Whoosh() as outer:
        inner = Whoosh()
        with inner:
            send()
        inner.__exit__(None, None, None)
        send()

    assert [len(outer.outbox), len(inner.outbox)] == [1, 1]


def test_the_newest_double_answers_the_calls_of_all_threads():
    came, over = threading.Event(), threading.Event()

    def other() -> None:
        with Whoosh(seed=2) as double:
            came.set()
            over.wait(60)
            doubles.append(double)

    doubles: list[Whoosh] = []
    thread = threading.Thread(target=other)
    with Whoosh(seed=1) as first:
        thread.start()
        came.wait(60)
        send()
        over.set()
        thread.join()
        send()

    assert [len(first.outbox), len(doubles[0].outbox)] == [1, 1]


def test_a_double_may_be_used_on_the_loops_of_several_threads(whoosh):
    async def use() -> None:
        await asyncio.to_thread(send)
        await whoosh.asettle()

    for _ in range(2):
        thread = threading.Thread(target=lambda: asyncio.run(use()))
        thread.start()
        thread.join(60)

    assert [message.status for message in whoosh.outbox] == ["delivered", "delivered"]


# Amounts of time


@pytest.mark.parametrize(
    ("amount", "error", "said"),
    [
        (
            {"days": "1"},
            TypeError,
            (
                "travel() takes numbers of weeks, days, hours, minutes or seconds: unsupported type "
                "for timedelta days component: str."
            ),
        ),
        (
            {"days": float("nan")},
            ValueError,
            "travel() takes numbers of weeks, days, hours, minutes or seconds: days=nan is not finite.",
        ),
        (
            {"days": 1, "seconds": float("inf")},
            OverflowError,
            "travel() takes numbers of weeks, days, hours, minutes or seconds: seconds=inf is not finite.",
        ),
        (
            {"days": 1e308},
            OverflowError,
            "travel() takes numbers of weeks, days, hours, minutes or seconds: days=1e+308 is beyond the year 9999.",
        ),
        (
            {"weeks": -1e308},
            OverflowError,
            "travel() takes numbers of weeks, days, hours, minutes or seconds: weeks=-1e+308 is past.",
        ),
        (
            {"days": 10**9},
            OverflowError,
            (
                "travel() takes numbers of weeks, days, hours, minutes or seconds: "
                "days=1000000000 is beyond the year 9999."
            ),
        ),
        ({"weeks": 52 * 9_000}, WhooshError, "It is 2030-06-01 UTC, and travel() cannot go beyond the year 9999."),
        (
            {"weeks": -1},
            WhooshError,
            (
                "Time does not run backwards: it is 2030-06-01 09:00:00 UTC, and 2030-05-25 09:00:00 UTC is past. "
                "Start earlier instead: freeze time there before the whoosh fixture starts."
            ),
        ),
    ],
    ids=[
        "a text",
        "not a number",
        "infinite",
        "much too much",
        "much too far back",
        "too much",
        "past the calendar",
        "back",
    ],
)
def test_an_invalid_amount_of_time_is_refused(freezer, amount, error, said):
    freezer.move_to("2030-06-01 09:00:00")
    with Whoosh() as whoosh:
        with pytest.raises(error) as refused:
            whoosh.travel(**amount)
        assert str(refused.value) == said
        assert whoosh.now == datetime(2030, 6, 1, 9, tzinfo=UTC)


@pytest.mark.whoosh(clock="frozen")
def test_weeks_are_an_amount_of_time_too(whoosh):
    start = whoosh.now

    whoosh.travel(weeks=1)
    asyncio.run(whoosh.atravel(weeks=1, days=1))

    assert whoosh.now == start + timedelta(days=15)


# Tracebacks

USAGE = """
import pytest
from pytest_whoosh import Whoosh


def test_back(whoosh):
    whoosh.travel(days=-1)


def test_unknown_key(whoosh):
    whoosh.outbox.filter(bodi="Hi")


def test_rule(whoosh):
    whoosh.when().undeliver(99)


def test_person(whoosh):
    whoosh.add_number("home")


def test_setting():
    Whoosh(sead=1)


def test_link(whoosh):
    whoosh.click("https://go.example/abc")


def test_index(whoosh):
    whoosh.outbox[0]


def test_not_a_message(whoosh):
    whoosh.assert_segments("SM1", 1)
"""


def test_the_traceback_of_a_mistake_ends_on_the_line_of_the_test(pytester, run_alone):
    path = pytester.makepyfile(USAGE)

    result = run_alone("--tb=short")

    result.assert_outcomes(failed=8)
    frames = [line for line in result.outlines if ": in " in line]
    lines = [number for number, line in enumerate(path.read_text().splitlines(), 1) if line.startswith("    ")]
    names = [line.split("(")[0].removeprefix("def ") for line in USAGE.splitlines() if line.startswith("def ")]
    assert frames == [f"{path.name}:{number}: in {name}" for number, name in zip(lines, names, strict=True)]


DEFECT = """
def test_a_defect(whoosh):
    whoosh._travel._destination = None
    whoosh.travel(days=1)
"""


def test_an_error_in_this_package_is_shown_with_its_whole_traceback(pytester, run_alone):
    pytester.makepyfile(DEFECT)

    result = run_alone("--tb=short")

    result.stdout.fnmatch_lines(["*travel.py:*: in travel", "E   TypeError: 'NoneType' object is not callable"])


WIDER = """
import pytest
from pytest_whoosh import Whoosh


@pytest.fixture(scope="session")
def app({argument}):
    {body}


def test_it(app):
    pass
"""


def test_a_wider_fixture_that_uses_the_double_gets_advice(pytester, run_alone):
    pytester.makepyfile(WIDER.format(argument="whoosh", body="yield whoosh"))

    result = run_alone()

    result.assert_outcomes(errors=1)
    start = next(number for number, line in enumerate(result.outlines) if "whoosh scope" in line)
    assert result.outlines[start : start + 6] == [
        "--------------------------------- whoosh scope ---------------------------------",
        (
            "The whoosh fixture lasts for one test, so tests cannot share messages. In a fixture of a wider scope, "
            "create a double:"
        ),
        "",
        "    from pytest_whoosh import Whoosh",
        "",
        "    with Whoosh() as whoosh:",
    ]


def test_the_advice_for_a_wider_fixture_works(pytester, run_alone):
    body = "with Whoosh() as whoosh:\n        yield whoosh"
    pytester.makepyfile(WIDER.format(argument="", body=body))

    run_alone("-W", "error").assert_outcomes(passed=1)


@pytest.mark.parametrize("error", [WhooshError, WhooshGuardError])
def test_errors_go_by_the_name_that_users_import(error):
    assert f"{error.__module__}.{error.__qualname__}" == f"pytest_whoosh.{error.__name__}"
    again = pickle.loads(pickle.dumps(error("text")))
    assert (type(again), str(again)) == (error, "text")
