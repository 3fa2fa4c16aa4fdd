"""Texts with control characters, which a terminal would obey, are escaped wherever they are printed."""

import re

import pytest
from twilio.base.exceptions import TwilioRestException

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

#: A colour, a bell, a cleared screen, a title, a line that overwrites another, a text that reads backwards, and more.
HOSTILE = "\x1b[31m\x07\x1b[2J\x1b]0;mine\x07 1234\rover\x08\x00\x9b \u202egnp.exe\u2066\u2028\ufeff\u200b"


@pytest.fixture
def inbox(whoosh: Whoosh) -> Whoosh:
    """A double with hostile messages in both directions, and an app with hostile responses."""

    def app(environ, start_response):
        raise ValueError(HOSTILE)

    whoosh.mount("https://app.example", app)
    whoosh.add_number(SENDER, sms_url="https://app.example/inbound")
    whoosh.receive(HOSTILE, from_=PERSON, to=SENDER)
    return whoosh


@pytest.fixture
def sent(inbox: Whoosh, client) -> Whoosh:
    with pytest.raises(TwilioRestException):  # what is refused is shown too
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"https://app.example/{HOSTILE}")
    client.messages.create(to=PERSON, from_=SENDER, body=HOSTILE, status_callback="https://app.example/status")
    inbox.settle()
    return inbox


#: Every text about messages, by the action of a test that shows it.
FAILURES = {
    "no match": lambda whoosh: whoosh.assert_sent(body="Hi"),
    "no match, asked for with the same": lambda whoosh: whoosh.assert_sent(body=HOSTILE + "!"),
    "no match for a pattern": lambda whoosh: whoosh.assert_sent(body=re.compile(re.escape(HOSTILE) + "!")),
    "another count": lambda whoosh: whoosh.assert_sent(count=2),
    "sent all the same": lambda whoosh: whoosh.assert_nothing_sent(),
    "sent, and matching": lambda whoosh: whoosh.assert_not_sent(body=HOSTILE),
    "no such callback": lambda whoosh: whoosh.assert_callbacks(whoosh.outbox[0], "read"),
    "other segments": lambda whoosh: whoosh.assert_segments(whoosh.outbox[0], 5),
    "no code": lambda whoosh: whoosh.last_code(PERSON, pattern="[A-Z]{9}" + HOSTILE[:1]),
    "no code for a stranger": lambda whoosh: whoosh.last_code("+15550001111" + HOSTILE[:1]),
    "none in the inbox": lambda whoosh: whoosh.inbox.one(body="Hi"),
    "none at the end of the inbox": lambda whoosh: whoosh.inbox.last(body="Hi"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_a_failed_assertion_shows_it_escaped(sent, name):
    with pytest.raises(AssertionError) as failure:
        FAILURES[name](sent)

    assert unprintable(str(failure.value)) == []


SHOWN = {
    "a message": lambda whoosh: repr(whoosh.outbox[0]),
    "the outbox": lambda whoosh: repr(whoosh.outbox),
    "a callback": lambda whoosh: repr(whoosh.callbacks[-1]),
    "a reply": lambda whoosh: repr(whoosh.receive(HOSTILE, from_=PERSON, to=SENDER)),
    "a phone": lambda whoosh: repr(whoosh.phone(PERSON)),
    "the traffic": lambda whoosh: whoosh.traffic(),
}


@pytest.mark.parametrize("name", SHOWN)
def test_texts_are_escaped_in_terminals(sent, name):
    assert unprintable(SHOWN[name](sent)) == []


def test_the_traffic_shows_it_readably(inbox):
    assert inbox.traffic().splitlines()[2] == (
        r"  SM…0001 +15558675310 -> +15557122661 received: '\x1b[31m\x07\x1b[2J\x1b]0;mine\x07 1234\rover\x08\x00\x9b "
        r"\u202egnp.exe\u2066\u2028\ufeff\u200b'"
    )


def unprintable(text: str) -> list[str]:
    """Return the characters in a text that are not shown, except line ends."""
    return [character for character in text if not character.isprintable() and character != "\n"]
