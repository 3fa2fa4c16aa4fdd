"""Doubles that follow one another use the same patches of HTTP libraries."""

import http.client
import socket
from contextlib import ExitStack
from typing import Any

import pytest
import requests
from requests.adapters import HTTPAdapter

from pytest_whoosh import Whoosh, WhooshGuardError
from pytest_whoosh.interception.patching import tidy
from tests.conftest import PERSON, SENDER


def _send(whoosh: Whoosh, session: requests.Session, body: str = "Hi") -> requests.Response:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    return session.post(url, {"To": PERSON, "From": SENDER, "Body": body}, auth=(whoosh.account_sid, whoosh.auth_token))


def test_each_double_answers_its_own_calls_and_leaves_the_library_as_it_was() -> None:
    original = requests.Session.send
    session = requests.Session()

    for number in range(3):
        with Whoosh() as whoosh:
            assert requests.Session.send is not original
            _send(whoosh, session, f"Hi {number}")
        assert [message.body for message in whoosh.outbox] == [f"Hi {number}"]
        assert requests.Session.send is original


def test_a_nested_double_answers_the_calls_while_it_is_active() -> None:
    session = requests.Session()
    for _ in range(2):
        with Whoosh() as outer:
            with Whoosh() as inner:
                _send(inner, session, "inside")
            _send(outer, session, "outside")
        assert [message.body for message in inner.outbox] == ["inside"]
        assert [message.body for message in outer.outbox] == ["outside"]


def test_a_class_that_was_replaced_since_the_last_double_is_intercepted(monkeypatch: pytest.MonkeyPatch) -> None:
    with Whoosh():
        pass

    class Session(requests.Session):
        send = requests.Session.send  # of its own, which no patch of its base reaches

    monkeypatch.setattr(requests, "Session", Session)
    with Whoosh() as whoosh:
        _send(whoosh, Session())
    assert len(whoosh.outbox) == 1


def test_a_neighbour_that_patched_during_a_double_does_not_keep_the_next_from_answering(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    original = requests.Session.send
    with Whoosh():
        ours = requests.Session.send
        monkeypatch.setattr(requests.Session, "send", lambda *args, **kwargs: ours(*args, **kwargs))
    for _ in range(2):
        with Whoosh() as whoosh:
            _send(whoosh, requests.Session())
        assert len(whoosh.outbox) == 1

    monkeypatch.undo()
    tidy()
    assert requests.Session.send is original


def _session_that_ends(whoosh: Whoosh) -> requests.Session:
    """Return a session that ends a double before its call arrives there."""

    class Slow(HTTPAdapter):
        def send(self, *args: Any, **kwargs: Any) -> requests.Response:
            whoosh.__exit__(None, None, None)
            return super().send(*args, **kwargs)

    session = requests.Session()
    session.mount("https://", Slow())
    return session


def test_a_call_that_arrives_when_its_double_has_ended_reaches_the_double_around_it() -> None:
    with Whoosh() as outer:
        whoosh = Whoosh().__enter__()
        _send(whoosh, _session_that_ends(whoosh))

    assert (len(whoosh.outbox), len(outer.outbox)) == (0, 1)


def test_a_call_that_arrives_when_its_double_has_ended_is_refused() -> None:
    whoosh = Whoosh().__enter__()
    session = _session_that_ends(whoosh)

    with pytest.raises(requests.ConnectionError, match=r"the double has ended"):
        _send(whoosh, session)
    assert len(whoosh.outbox) == 0


def test_a_call_that_started_before_its_double_is_refused_with_the_reason() -> None:
    connection = http.client.HTTPSConnection("api.twilio.com")
    doubles = ExitStack()

    def connect_later(*args: Any) -> socket.socket:
        doubles.enter_context(Whoosh())
        return socket.create_connection(*args)

    connection._create_connection = connect_later  # type: ignore[attr-defined]
    with doubles, pytest.raises(WhooshGuardError, match="the call started before the Whoosh double was active"):
        connection.request("GET", "/")


def test_a_call_of_another_library_is_refused_with_another_reason() -> None:
    with Whoosh(), pytest.raises(WhooshGuardError, match="does not intercept the library that made it"):
        socket.create_connection(("api.twilio.com", 443))
