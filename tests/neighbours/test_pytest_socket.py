"""``pytest-socket`` beside the fake, in a process of its own: with sockets blocked, all of the fake works."""

from .conftest import needs

pytestmark = needs("pytest_socket")

TESTS = """
import socket

import pytest

import app
from pytest_whoosh import Whoosh

def test_sockets_are_blocked(whoosh):
    with pytest.raises(Exception, match="A test tried to use socket"):
        socket.create_connection(("127.0.0.1", 9))
"""

WITHOUT_LOOPS = """
@pytest.mark.parametrize("name", ["sdk", "requests", "httpx", "urllib3", "urllib"])
def test_sent(whoosh, name):
    sid = app.SENDS[name]()
    assert whoosh.outbox.one().sid == sid

def test_webhooks_and_time(whoosh):
    whoosh.mount("https://app.example", app.wsgi_app)
    whoosh.add_number("+15557122661", sms_url="https://app.example/sms")
    app.Client().messages.create(
        to=app.PERSON, from_="+15557122661", body="Hi", status_callback="https://app.example/status"
    )
    reply = whoosh.receive("Hello", from_=app.PERSON, to="+15557122661")
    whoosh.travel(seconds=1)
    whoosh.settle()
    assert reply.webhook.response_status == 200
    whoosh.assert_callbacks(whoosh.outbox.one(), "sent", "delivered")
    assert [call.response_status for call in whoosh.callbacks] == [200, 200, 200]
"""

WITH_LOOPS = """
@pytest.mark.parametrize("name", app.SENDS)
def test_sent(whoosh, name):
    sid = app.SENDS[name]()
    assert whoosh.outbox.one().sid == sid

def test_webhooks_of_an_asgi_app(whoosh):
    whoosh.mount("https://app.example", app.asgi_app)
    app.Client().messages.create(
        to=app.PERSON, from_="+15557122661", body="Hi", status_callback="https://app.example/status"
    )
    whoosh.settle()
    whoosh.assert_callbacks(whoosh.outbox.one(), "sent", "delivered")
    assert [call.response_status for call in whoosh.callbacks] == [200, 200]
"""


def test_the_fake_works_with_sockets_blocked(run):
    # pytest-socket warns of each attempt.
    result = run(TESTS + WITHOUT_LOOPS, "--disable-socket", "-W", "ignore:A test tried", plugins=("pytest_socket",))

    result.assert_outcomes(passed=7)


def test_the_fake_works_with_all_but_an_event_loops_own_sockets_blocked(run):
    options = ("--disable-socket", "--allow-unix-socket", "-W", "ignore:A test tried")

    run(TESTS + WITH_LOOPS, *options, plugins=("pytest_socket",)).assert_outcomes(passed=9)


def test_their_fixtures_work_before_and_after_ours(run):
    tests = """
import socket

import pytest

import app

def test_before(socket_disabled, whoosh):
    assert app.send() == whoosh.outbox.one().sid
    whoosh.settle()

def test_after(whoosh, socket_disabled):
    assert app.send() == whoosh.outbox.one().sid
    whoosh.settle()

@pytest.mark.disable_socket
def test_marker(whoosh):
    assert app.send() == whoosh.outbox.one().sid
    whoosh.settle()

@pytest.mark.allow_hosts(["127.0.0.1"])
def test_hosts(whoosh):
    assert app.send() == whoosh.outbox.one().sid
    whoosh.settle()

def test_the_guard_still_works():
    with socket.socket() as ready:
        for reach in (
            lambda: socket.create_connection(("api.twilio.com", 443)),
            lambda: socket.gethostbyname("api.twilio.com"),
            lambda: ready.connect(("api.twilio.com", 443)),
        ):
            with pytest.raises(Exception, match="without the whoosh fixture"):
                reach()
"""

    run(tests, plugins=("pytest_socket",)).assert_outcomes(passed=5)
