"""Interrupts at any moment: Ctrl-C, and the alarm of pytest-timeout. Nothing is half done, and nothing stays active."""

import signal
import sys
import urllib.parse
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from random import Random  # noqa: TID251  # seeded: the same instants in every run
from types import FrameType
from typing import Any

import pytest
import requests

import pytest_whoosh
from pytest_whoosh import Whoosh
from pytest_whoosh.delivery import wsgi
from pytest_whoosh.time.freezers import innermost
from tests.neighbours import app

from .test_leaks import before, changed, everything  # noqa: F401  a fixture for these tests as well

FOLDER = pytest_whoosh.__file__.rpartition("/")[0]

#: Before the first line of leaving nobody can know that a double is to leave: its ``with`` looks like one that goes on.
LEAVING = Whoosh.__exit__.__code__
FIRST_LINE = min(line for _, _, line in LEAVING.co_lines() if line and line > LEAVING.co_firstlineno + 2)

#: Python runs no signal's handler between the line that notes that the app is called, and the line that calls it.
CALL = wsgi._exchange.__code__
CALL_LINE = CALL.co_firstlineno + 2


class Interruption(BaseException):
    """The exception that a signal's handler raises."""


@pytest.fixture(autouse=True)
def alarm() -> Iterator[None]:
    def interrupt(number: int, frame: FrameType | None) -> None:
        raise Interruption

    usual = signal.signal(signal.SIGALRM, interrupt)
    yield
    signal.signal(signal.SIGALRM, usual)


def lines_of(function: Callable[[], Any], alarm_at: int = 0) -> int:
    """Call a function, and raise the alarm at the n-th line of the package. Return the number of lines that ran."""
    count = 0

    def trace(frame: FrameType, event: str, _: object) -> Any:
        nonlocal count
        if not frame.f_code.co_filename.startswith(FOLDER):
            return None
        is_left_out = (
            frame.f_lineno <= FIRST_LINE
            if frame.f_code is LEAVING
            else (frame.f_code is CALL and frame.f_lineno == CALL_LINE)
        )
        if event == "line" and not is_left_out:
            count += 1
            if count == alarm_at:
                signal.raise_signal(signal.SIGALRM)
        return trace

    def apart() -> Iterator[Any]:
        # Python may forget to clear the error of an ``except`` block that is interrupted: a generator takes it along.
        yield function()

    usual = sys.gettrace()
    sys.settrace(trace)
    try:
        with suppress(Interruption):
            next(apart())
    finally:
        sys.settrace(usual)
    return count


def instants(total: int, most: int) -> list[int]:
    return sorted(Random(total).sample(range(1, total + 1), min(most, total)))


def come_and_go() -> None:
    with Whoosh():
        app.send()


def test_a_double_that_is_interrupted_at_its_start_or_end_leaves_nothing(before):  # noqa: F811
    come_and_go()
    total = lines_of(come_and_go)
    left = {}

    for instant in instants(total, 600):
        lines_of(come_and_go, instant)
        with Whoosh():  # the next one sweeps
            pass
        if differences := changed(before, everything()):
            left[instant] = differences

    assert total > 500
    assert left == {}


class Story:
    """Three messages on their way, with callbacks to an app."""

    def __init__(self, whoosh: Whoosh) -> None:
        self.called: Counter[tuple[str, str]] = Counter()
        whoosh.mount("https://app.example", self.app)
        for _ in range(3):
            callback = {"StatusCallback": "https://app.example/status"}
            requests.post(app.messages_url(), data=app.FORM | callback, headers=app.HEADERS)

    def app(self, environ: Any, start: Any) -> list[bytes]:
        form = dict(urllib.parse.parse_qsl(environ["wsgi.input"].read().decode()))
        self.called[form["MessageSid"], form["MessageStatus"]] += 1
        start("204 No Content", [])
        return []


def test_interrupted_time_continues_from_the_same_moment():
    with Whoosh() as whoosh:
        story = Story(whoosh)
        total = lines_of(whoosh.settle)
        expected = set(story.called)
    lost, repeated = {}, {}

    for instant in instants(total, 800):
        with Whoosh() as whoosh:
            story = Story(whoosh)
            lines_of(whoosh.settle, instant)
            whoosh.settle()
            assert [message.status for message in whoosh.outbox] == ["delivered"] * 3
        assert innermost() is None, f"time stays frozen after an interrupt at {instant}"
        # A webhook that was being delivered is recorded as interrupted, because the app may have handled it.
        broken_off = {
            (callback.params["MessageSid"], callback.params["MessageStatus"])
            for callback in whoosh.callbacks
            if callback.error and "Interruption ended the test" in str(callback.error)
        }
        assert len(broken_off) <= 1
        if missing := expected - set(story.called):
            lost[instant] = missing
        if set(story.called.values()) != {1}:
            repeated[instant] = story.called

    assert total > 500
    assert (lost, repeated) == ({}, {})


def answer(environ: Any, start: Any) -> list[bytes]:
    """Answer a message with another message."""
    start("200 OK", [("Content-Type", "text/xml")])
    return [b"<Response><Message>Hello</Message></Response>"]


STARTED = {
    "send": lambda whoosh: app.send(),
    "receive": lambda whoosh: whoosh.receive("Hi", from_="+15558675310", to="+15557122661"),
}


@pytest.mark.parametrize("throughput", ["unlimited", "realistic"])
@pytest.mark.parametrize("start", STARTED.values(), ids=STARTED)
def test_a_message_that_was_stored_before_an_interrupt_is_delivered(start: Callable[[Whoosh], Any], throughput: str):
    @contextmanager
    def double() -> Iterator[Whoosh]:
        with Whoosh(throughput=throughput, clock="virtual") as whoosh:
            whoosh.add_number("+15557122661", sms_url="https://app.example/sms")
            whoosh.mount("https://app.example", answer)
            start(whoosh)
            yield whoosh

    with double() as whoosh:
        total = lines_of(lambda: start(whoosh))
    stuck = {}

    for instant in range(1, total + 1):
        with double() as whoosh:
            lines_of(lambda whoosh=whoosh: start(whoosh), instant)
            whoosh.settle()
            if statuses := {message.status for message in whoosh.outbox} - {"delivered"}:
                stuck[instant] = statuses

    assert total > 300
    assert stuck == {}
