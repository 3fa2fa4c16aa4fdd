"""The assertions: their arguments, their results, and the whole texts of their failures."""

import re
import socket
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from textwrap import dedent
from typing import Any
from unittest import mock
from unittest.mock import ANY

import pytest
from dirty_equals import Contains, HasLen, IsDatetime, IsPartialDict, IsPositiveInt, IsStr
from fastapi import BackgroundTasks, FastAPI
from freezegun import freeze_time
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh, WhooshError
from tests.conftest import PERSON, SENDER
from tests.naming import POSTED_KEYS, readable

KEYS = (
    "sid, to, from_, body, status, direction, error_code, error_message, num_segments, segments, encoding, media_urls, "
    "num_media, price, price_unit, date_created, date_sent, date_updated, send_at, messaging_service_sid, account_sid, "
    "status_callback, content_sid, content_variables, content, feedback, history, callbacks, request, redacted, deleted"
    f", {POSTED_KEYS}"
)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Freeze each test at a moment with known texts."""
    with freeze_time("2030-01-01T12:00:00"):
        yield


def send(client: Client, whoosh: Whoosh, **parameters: object) -> Message:
    """Send a message as an app does, and hold it as a test does."""
    client.messages.create(**{"to": PERSON, "from_": SENDER, "body": "Hi"} | parameters)
    return whoosh.outbox[-1]


def failure(call: Callable[[], object]) -> str:
    with pytest.raises(AssertionError) as failed:
        call()
    return str(failed.value)


def text(lines: str) -> str:
    return dedent(lines).strip("\n")


# Assertions that pass


def test_assert_sent_returns_the_message(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    send(client, whoosh, to="+15558675311")

    assert whoosh.assert_sent(to=PERSON) == message


@pytest.mark.parametrize("count", [0, 2, 3])
def test_assert_sent_returns_a_list_of_any_other_number(whoosh: Whoosh, client: Client, count: int) -> None:
    messages = [send(client, whoosh) for _ in range(count)]
    send(client, whoosh, to="+15558675311")

    assert whoosh.assert_sent(count, to=PERSON) == messages
    assert whoosh.assert_sent(count=count, to=PERSON) == messages


def test_assert_sent_without_a_match_counts_all(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)
    send(client, whoosh, to="+15558675311")

    assert whoosh.assert_sent(2) == list(whoosh.outbox)


def test_a_deleted_message_was_sent(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    whoosh.settle()
    client.messages(message.sid).delete()

    assert whoosh.assert_sent(to=PERSON) == message
    assert whoosh.assert_sent(deleted=True) == message


@pytest.mark.parametrize(
    "match",
    [
        {"to": "(555) 867-5310"},
        {"to": "+1.555.867.5310"},
        {"to": re.compile("^.1555")},
        {"from_": "15557122661"},
        {"from_": "+1 (555) 712-2661"},
        {"body": "Your code is 1234"},
        {"body": re.compile(r"\b\d{4}\b")},
        {"body": lambda body: body.startswith("Your")},
        {"body": str.strip},
        {"body": IsStr(min_length=5)},
        {"body": IsStr},
        {"body": mock.ANY},
        {"status": "delivered"},
        {"status": re.compile("delivered|read")},
        {"direction": "outbound-api"},
        {"error_code": None},
        {"num_segments": 1},
        {"num_segments": "1"},
        {"num_segments": IsPositiveInt},
        {"segments": HasLen(1)},
        {"segments": ("Your code is 1234",)},
        {"encoding": "GSM-7"},
        {"media_urls": []},
        {"num_media": 0},
        {"price": Decimal("-0.0079")},
        {"price": "-0.0079"},
        {"price": "-0.00790"},
        {"price": -0.0079},
        {"price": lambda price: price < 0},
        {"price_unit": "USD"},
        {"date_created": datetime(2030, 1, 1, 12, tzinfo=UTC)},
        {"date_created": datetime(2030, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))},
        {"date_sent": IsDatetime(approx=datetime(2030, 1, 1, 12, tzinfo=UTC), delta=5)},
        {"date_sent": lambda at: at is not None},
        {"send_at": None},
        {"messaging_service_sid": None},
        {"history": Contains(("sent", datetime(2030, 1, 1, 12, 0, 2, tzinfo=UTC)))},
        {"callbacks": []},
        {"request": IsPartialDict(Body="Your code is 1234")},
        {"redacted": False, "deleted": False},
        {"to": PERSON, "body": re.compile("code"), "status": "delivered"},
    ],
    ids=readable,
)
def test_a_match_may_be_written_in_many_ways(whoosh: Whoosh, client: Client, match: dict[str, object]) -> None:
    message = send(client, whoosh, body="Your code is 1234")
    whoosh.settle()

    assert whoosh.assert_sent(**match) == message
    assert list(whoosh.outbox.filter(**match)) == [message]


@pytest.mark.parametrize(
    "match",
    [
        {"to": "+15558675311"},
        {"to": None},
        {"from_": "+1555712266"},
        {"body": "your code is 1234"},
        {"body": re.compile("^code")},
        {"body": lambda body: None},
        {"body": IsStr(max_length=5)},
        {"status": "sent"},
        {"error_code": "30003"},
        {"num_segments": 2},
        {"price": "0.0079"},
        {"send_at": datetime(2030, 1, 1, tzinfo=UTC)},
        {"error_message": re.compile(".*")},
        {"media_urls": re.compile(".*")},
        {"to": PERSON, "body": "Bye"},
    ],
    ids=readable,
)
def test_other_messages_do_not_match(whoosh: Whoosh, client: Client, match: dict[str, object]) -> None:
    send(client, whoosh, body="Your code is 1234")
    whoosh.settle()

    whoosh.assert_not_sent(**match)
    assert list(whoosh.outbox.filter(**match)) == []


def test_nothing_was_sent_before_anything_is(whoosh: Whoosh) -> None:
    whoosh.assert_nothing_sent()
    whoosh.assert_not_sent()


def test_callbacks_are_asserted_in_order_and_others_may_lie_between(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback="https://app.example/status")
    client.messages.create(to=PERSON, body="Hi", messaging_service_sid=service.sid)
    message = whoosh.assert_sent()

    whoosh.settle()

    whoosh.assert_callbacks(message, "queued", "sent", "delivered")
    whoosh.assert_callbacks(message, "queued", "delivered")
    whoosh.assert_callbacks(message, "sent")


def test_a_callback_can_be_asserted_as_often_as_it_left(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().webhooks(duplicate=("sent",))
    message = send(client, whoosh, status_callback="https://app.example/status")

    whoosh.settle()

    whoosh.assert_callbacks(message, "sent", "sent", "delivered")


def test_segments_are_known_before_a_sender_is(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[SENDER])
    client.messages.create(to=PERSON, body="a" * 161, messaging_service_sid=service.sid)
    message = whoosh.assert_sent(num_segments=0)

    whoosh.assert_segments(message, 2)


@pytest.mark.parametrize(
    ("bodies", "pattern", "code"),
    [
        (["Your code is 1234."], None, "1234"),
        (["G-123456 is your code"], None, "123456"),
        (["Code 1111", "Code 2222"], None, "2222"),
        (["Code 1111", "Thank you"], None, "1111"),
        (["Order 123456789, code 4321"], None, "4321"),
        (["Code: AB-12"], r"[A-Z]{2}-\d{2}", "AB-12"),
        (["Code: AB-12"], r"[A-Z]{2}-(\d{2})", "12"),
        (["code: ab"], re.compile("CODE: (..)", re.IGNORECASE), "ab"),
    ],
)
def test_the_newest_code_is_read(
    whoosh: Whoosh, client: Client, bodies: list[str], pattern: str | None, code: str
) -> None:
    for body in bodies:
        send(client, whoosh, body=body)
    send(client, whoosh, body="Your code is 9999", to="+15558675311")

    assert whoosh.last_code("(555) 867-5310", **({"pattern": pattern} if pattern else {})) == code


def test_a_code_can_be_read_after_the_message_was_redacted(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, body="Your code is 1234")
    whoosh.settle()
    client.messages(message.sid).update(body="")

    assert whoosh.last_code(PERSON) == "1234"


# Failures of assert_sent


def test_the_outbox_is_empty(whoosh: Whoosh) -> None:
    assert failure(lambda: whoosh.assert_sent(to=PERSON)) == (
        "No message matches to='+15558675310': the outbox is empty."
    )
    assert failure(whoosh.assert_sent) == "The outbox is empty."


def test_the_outbox_is_empty_because_the_api_refused(whoosh: Whoosh, client: Client) -> None:
    with pytest.raises(TwilioRestException):
        send(client, whoosh, to="+1555867")
    whoosh.when().rate_limit()
    with pytest.raises(TwilioRestException):
        send(client, whoosh)
    whoosh.when().timeout()
    with pytest.raises(Exception, match="Read timed out"):
        send(client, whoosh)
    with pytest.raises(TwilioRestException):  # not a send: of no interest here
        client.messages("SM" + "0" * 32).fetch()

    assert failure(lambda: whoosh.assert_sent(to=PERSON)) == text(
        """
        No message matches to='+15558675310': the outbox is empty.

        The API refused 3 calls:
          POST Messages.json -> 400 21211: Invalid 'To' Phone Number: +155XXXX
          POST Messages.json -> 429 20429: Too Many Requests
          POST Messages.json -> no response: scripted timeout
        """
    )


def test_only_the_last_refusals_are_listed(whoosh: Whoosh, client: Client) -> None:
    for code in (30007, 21610) * 3 + (30007,):
        whoosh.when().reject(code)
        with pytest.raises(TwilioRestException):
            send(client, whoosh)

    assert failure(whoosh.assert_sent) == text(
        """
        The outbox is empty.

        The API refused 7 calls:
          … 2 earlier
          POST Messages.json -> 400 30007: Message filtered
          POST Messages.json -> 400 21610: Attempt to send to unsubscribed recipient
          POST Messages.json -> 400 30007: Message filtered
          POST Messages.json -> 400 21610: Attempt to send to unsubscribed recipient
          POST Messages.json -> 400 30007: Message filtered
        """
    )


def test_equal_refusals_and_equal_messages_are_counted(whoosh: Whoosh, client: Client) -> None:
    for _ in range(7):
        send(client, whoosh)
    send(client, whoosh, to="+15558675311")
    whoosh.when().reject(30007)
    for _ in range(7):
        with pytest.raises(TwilioRestException):
            send(client, whoosh)

    said = failure(lambda: whoosh.assert_sent(body="Bye"))

    assert said[said.index("Outbox") :] == text(
        """
        Outbox (8 messages):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'Hi'
          … 6 more like this
          SM…0008  +15557122661  +15558675311  queued  'Hi'

        The API refused 7 calls:
          POST Messages.json -> 400 30007: Message filtered
          … 6 more like this
        """
    )


def test_the_nearest_message_differs_in_a_field(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, body="Your code is 9999")
    send(client, whoosh, to="+15550001111", body="Hello")

    assert failure(lambda: whoosh.assert_sent(to=PERSON, body="Your code is 1234")) == text(
        """
        No message in the outbox matches to='+15558675310', body='Your code is 1234'.

        Nearest: SM…0001 +15557122661 -> +15558675310 queued: 'Your code is 9999'
          body: expected 'Your code is 1234'
                 but was 'Your code is 9999'
                                       ^

        Outbox (2 messages):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'Your code is 9999'
          SM…0002  +15557122661  +15550001111  queued  'Hello'
        """
    )


def test_the_nearest_message_differs_in_several_fields(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, to="+15550001111", media_url=["https://app.example/1.png"])
    whoosh.settle()

    def is_late(send_at: datetime | None) -> bool:
        return send_at is not None

    assert failure(
        lambda: whoosh.assert_sent(
            to=PERSON, body=re.compile("code", re.IGNORECASE), num_media=2, price=Decimal("-0.01"), send_at=is_late
        )
    ) == text(
        """
        No message in the outbox matches to='+15558675310', body=re.compile('code', re.IGNORECASE), num_media=2, price=Decimal('-0.01'), send_at=is_late.

        Nearest: MM…0001 +15557122661 -> +15550001111 delivered: 'Hi' + 1 media file
          to: expected '+15558675310'
               but was '+15550001111'
                             ^
          body: expected re.compile('code', re.IGNORECASE) to be found
                 but was 'Hi'
          num_media: expected 2
                      but was 1
          price: expected Decimal('-0.01')
                  but was Decimal('-0.0200')
          send_at: expected is_late(send_at) to be true
                    but was None

        Outbox (1 message):
          sid      from          to            status     body
          MM…0001  +15557122661  +15550001111  delivered  'Hi' + 1 media file
        """  # noqa: E501
    )


def test_the_message_with_the_fewest_differences_is_the_nearest(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, body="Quite another text")
    send(client, whoosh, to="+15558675311", body="Your code is 123")

    said = failure(lambda: whoosh.assert_sent(to=PERSON, body="Your code is 1234"))

    assert "Nearest: SM…0001 " in said


def test_of_messages_equally_far_the_most_alike_is_the_nearest(whoosh: Whoosh, client: Client) -> None:
    for body in ("Your card is 1234", "Your code is 1233", "Bye"):
        send(client, whoosh, body=body)

    said = failure(lambda: whoosh.assert_sent(to=PERSON, body="Your code is 1234"))

    assert "Nearest: SM…0002 " in said


def nearest(whoosh: Whoosh, **match: object) -> str:
    """Return the part of a failure about the nearest message, between the first line and the outbox."""
    said = failure(lambda: whoosh.assert_sent(**match))
    return said.partition("Nearest: ")[2].partition("\n")[2].partition("\n\nOutbox")[0]


LONG = "Dear Ada, " + "this is a reminder of your appointment. " * 20


@pytest.mark.parametrize(
    ("sent", "expected", "said"),
    [
        pytest.param(
            "Your code is 1234",
            "your code is 1234",
            """
              body: expected 'your code is 1234'
                     but was 'Your code is 1234'
                              ^
            """,
            id="the first character differs",
        ),
        pytest.param(
            "Your code is 1234.",
            "Your code is 1234",
            """
              body: expected 'Your code is 1234'
                     but was 'Your code is 1234.'
                                               ^
            """,
            id="more was sent",
        ),
        pytest.param(
            "Hi",
            "Hi there",
            """
              body: expected 'Hi there'
                     but was 'Hi'
                                ^
            """,
            id="less was sent",
        ),
        pytest.param(
            "Your code is 1234",
            "See you",
            """
              body: expected 'See you'
                     but was 'Your code is 1234'
            """,
            id="nothing is alike",
        ),
        pytest.param(
            "It's your code",
            "It's my code",
            """
              body: expected "It's my code"
                     but was "It's your code"
                                   ^
            """,
            id="an apostrophe in both",
        ),
        pytest.param(
            "Ada's code",
            "Adas code",
            """
              body: expected "Adas code"
                     but was "Ada's code"
                                 ^
            """,
            id="an apostrophe in one",
        ),
        pytest.param(
            """Ada's "code" \\ 1""",
            """Ada's "code" \\ 2""",
            """
              body: expected 'Ada\\'s "code" \\\\ 2'
                     but was 'Ada\\'s "code" \\\\ 1'
                                               ^
            """,
            id="both kinds of quotes",
        ),
        pytest.param(
            "Ada\N{RIGHT SINGLE QUOTATION MARK}s code",
            "Ada's code",
            """
              body: expected "Ada's code"
                     but was "Ada’s code"
                                 ^ expected U+0027 APOSTROPHE, but was U+2019 RIGHT SINGLE QUOTATION MARK
            """,
            id="a look-alike",
        ),
        pytest.param(
            "cafe\N{COMBINING ACUTE ACCENT} at 5",
            "caf\N{LATIN SMALL LETTER E WITH ACUTE} at 5",
            """
              body: expected 'caf\N{LATIN SMALL LETTER E WITH ACUTE} at 5'
                     but was 'cafe\N{COMBINING ACUTE ACCENT} at 5'
                                 ^ expected U+00E9 LATIN SMALL LETTER E WITH ACUTE, but was U+0065 LATIN SMALL LETTER E
            """,
            id="one letter written in two ways",
        ),
        pytest.param(
            "Party 🎉🎉 at 5",
            "Party 🎉🎉 at 6",
            """
              body: expected 'Party 🎉🎉 at 6'
                     but was 'Party 🎉🎉 at 5'
                                            ^
            """,
            id="after emoji, which are two columns wide",
        ),
        pytest.param(
            "Hi\u00a0Ada",
            "Hi Ada",
            """
              body: expected 'Hi Ada'
                     but was 'Hi\\xa0Ada'
                                ^ expected U+0020 SPACE, but was U+00A0 NO-BREAK SPACE
            """,
            id="an invisible character",
        ),
        pytest.param(
            "Dear Ada,\n\tyour code:\n1234",
            "Dear Ada,\n\tyour code:\n1235",
            """
              body: expected 'Dear Ada,\\n\\tyour code:\\n1235'
                     but was 'Dear Ada,\\n\\tyour code:\\n1234'
                                                          ^
            """,
            id="lines",
        ),
        pytest.param(
            "\u202eevil\x1b[31m\x00 1",
            "\u202eevil\x1b[31m\x00 2",
            """
              body: expected '\\u202eevil\\x1b[31m\\x00 2'
                     but was '\\u202eevil\\x1b[31m\\x00 1'
                                                     ^
            """,
            id="characters that a terminal would act on",
        ),
        pytest.param(
            LONG + "See you",
            LONG + "Bye bye",
            """
              body: expected '…reminder of your appointment. Bye bye'
                     but was '…reminder of your appointment. See you'
                                                             ^
            """,
            id="a long text: its end",
        ),
        pytest.param(
            LONG,
            "Hello" + LONG[4:],
            """
              body: expected 'Hello Ada, this is a reminder of your appointment. this is a reminder of your ap…'
                     but was 'Dear Ada, this is a reminder of your appointment. this is a reminder of your app…'
                              ^
            """,
            id="a long text: its beginning",
        ),
    ],
)
def test_the_first_character_that_differs_is_marked(
    whoosh: Whoosh, client: Client, sent: str, expected: str, said: str
) -> None:
    send(client, whoosh, body=sent)

    assert dedent(nearest(whoosh, body=expected)) == text(said)


@pytest.mark.parametrize(
    ("match", "said"),
    [
        ({"status": "delivered"}, "status: expected 'delivered'\n         but was 'queued'"),
        ({"to": "(555) 867-5311"}, "to: expected '(555) 867-5311'\n     but was '+15558675310'"),
        ({"from_": None}, "from_: expected None\n        but was '+15557122661'"),
        ({"body": IsStr(max_length=1)}, "body: expected IsStr(max_length=1)\n       but was 'Hi'"),
        ({"body": str.isdigit}, "body: expected isdigit(body) to be true\n       but was 'Hi'"),
        ({"media_urls": ["https://a"]}, "media_urls: expected ['https://a']\n             but was []"),
        (
            {"date_created": datetime(2031, 1, 1, tzinfo=UTC)},
            "date_created: expected 2031-01-01 00:00:00+00:00\n               but was 2030-01-01 12:00:00+00:00",
        ),
        ({"redacted": True}, "redacted: expected True\n           but was False"),
        (
            {"history": []},
            "history: expected []\n          but was [('queued', 2030-01-01 12:00:00+00:00)]",
        ),
    ],
    ids=readable,
)
def test_a_difference_is_shown_as_the_values_that_differ(
    whoosh: Whoosh, client: Client, match: dict[str, object], said: str
) -> None:
    send(client, whoosh)

    assert dedent(nearest(whoosh, **match).partition("\n\n")[0]) == said


def test_a_long_value_is_cut(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, body=LONG)

    said = nearest(whoosh, body=re.compile("invoice"))

    assert said == f"  body: expected re.compile('invoice') to be found\n         but was {repr(LONG)[:200]}…"


# Hints


def hint(whoosh: Whoosh, **match: object) -> str:
    return nearest(whoosh, **match).rpartition("\n\n")[2]


NOTHING_MOVES = "Nothing moves by itself: call whoosh.settle() or whoosh.travel(seconds=...) to advance time."


@pytest.mark.parametrize(
    "match",
    [{"status": "delivered"}, {"price": "-0.0079", "date_sent": mock.ANY, "status": "sent"}, {"error_code": 30003}],
    ids=readable,
)
def test_a_message_on_its_way_moves_with_time(whoosh: Whoosh, client: Client, match: dict[str, object]) -> None:
    send(client, whoosh)

    assert hint(whoosh, **match) == NOTHING_MOVES


def test_a_message_between_its_sending_and_its_receipt_moves_with_time(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)
    whoosh.travel(seconds=2)

    assert hint(whoosh, status="delivered") == NOTHING_MOVES


def test_a_message_with_another_text_gets_no_hint_about_time(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)

    assert "Nothing moves" not in nearest(whoosh, body="Bye", status="delivered")


@pytest.mark.parametrize("match", [{"status": None}, {"status": "queued"}, {"date_sent": None}], ids=readable)
def test_a_value_that_never_comes_gets_no_hint_about_time(
    whoosh: Whoosh, client: Client, match: dict[str, object]
) -> None:
    send(client, whoosh)
    whoosh.travel(seconds=2)

    assert "Nothing moves" not in nearest(whoosh, **match)


def test_a_scheduled_message_has_its_moment(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[SENDER])
    client.messages.create(
        to=PERSON,
        body="Hi",
        messaging_service_sid=service.sid,
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=1),
    )

    assert hint(whoosh, to=PERSON, status="delivered") == (
        "It is scheduled for 2030-01-01 13:00:00 UTC: call whoosh.travel(...) past that moment to send it."
    )


def test_a_stalled_message_stays(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().stall()
    send(client, whoosh)
    whoosh.settle()

    assert hint(whoosh, status="delivered") == "It stays 'sent' because of the rule whoosh.when(...).stall()."


def test_only_whatsapp_messages_are_read(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().read()
    send(client, whoosh)
    whoosh.settle()

    assert hint(whoosh, status="read") == "Only WhatsApp reports 'read'."


def test_a_redacted_message_has_no_body(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    whoosh.settle()
    client.messages(message.sid).update(body="")

    assert failure(lambda: whoosh.assert_sent(body="Hi")) == text(
        """
        No message in the outbox matches body='Hi'.

        Nearest: SM…0001 +15557122661 -> +15558675310 delivered (redacted): 'Hi'
          body: expected 'Hi'
                 but was ''

        Its text was redacted, so its body is empty. The posted text is in `request`.

        Outbox (1 message):
          sid      from          to            status                body
          SM…0001  +15557122661  +15558675310  delivered (redacted)  'Hi'
        """
    )


# Counts


def test_too_many_messages_are_listed(whoosh: Whoosh, client: Client) -> None:
    for body in ("One", "Two", "Three"):
        send(client, whoosh, body=body)
    send(client, whoosh, to="+15550001111")

    assert failure(lambda: whoosh.assert_sent(to=PERSON)) == text(
        """
        Expected 1 message matching to='+15558675310', found 3.

        Matches (3 messages):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'One'
          SM…0002  +15557122661  +15558675310  queued  'Two'
          SM…0003  +15557122661  +15558675310  queued  'Three'
        """
    )


def test_too_few_messages_are_listed_with_the_nearest_of_the_others(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)
    send(client, whoosh, to="+15558675311")
    send(client, whoosh, to="+447911123456")
    whoosh.when().reject(30007)
    with pytest.raises(TwilioRestException):
        send(client, whoosh)

    assert failure(lambda: whoosh.assert_sent(2, to=PERSON)) == text(
        """
        Expected 2 messages matching to='+15558675310', found 1.

        Matches (1 message):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'Hi'

        Nearest of the others: SM…0002 +15557122661 -> +15558675311 queued: 'Hi'
          to: expected '+15558675310'
               but was '+15558675311'
                                   ^

        The API refused 1 call:
          POST Messages.json -> 400 30007: Message filtered
        """
    )


def test_a_number_of_messages_is_counted_without_a_match(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)

    assert failure(lambda: whoosh.assert_sent(count=2)) == text(
        """
        Expected 2 messages in the outbox, found 1.

        Outbox (1 message):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'Hi'
        """
    )


def test_of_a_hundred_messages_the_last_twenty_are_listed(whoosh: Whoosh, client: Client) -> None:
    for number in range(100):
        send(client, whoosh, body=f"Number {number}")

    lines = failure(lambda: whoosh.assert_sent(body="Number 7a")).splitlines()

    assert lines[2] == "Nearest: SM…0008 +15557122661 -> +15558675310 queued: 'Number 7'"
    assert lines[7:10] == [
        "Outbox (100 messages):",
        "  … 80 earlier",
        "  sid      from          to            status  body",
    ]
    assert lines[10:] == [
        f"  SM…{number + 1:04x}  +15557122661  +15558675310  queued  'Number {number}'" for number in range(80, 100)
    ]


def test_bodies_in_the_table_are_short_and_safe(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, body="Party 🎉 \u202e\x1b[31m\r\n" + "x" * 100)

    assert failure(lambda: whoosh.assert_sent(to="+15558675311")).splitlines()[-1] == (
        r"  SM…0001  +15557122661  +15558675310  queued  'Party 🎉 \u202e\x1b[31m\r\n" + "x" * 44 + "…'"
    )


# assert_not_sent and assert_nothing_sent


def test_assert_not_sent_lists_the_sent_messages(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)
    send(client, whoosh, to="+15558675311")
    whoosh.when().undeliver()
    send(client, whoosh)
    whoosh.settle()

    assert failure(lambda: whoosh.assert_not_sent(to=PERSON)) == text(
        """
        Expected no message matching to='+15558675310' to be sent, found 2.

        Matches (2 messages):
          sid      from          to            status             body
          SM…0001  +15557122661  +15558675310  delivered          'Hi'
          SM…0003  +15557122661  +15558675310  undelivered 30003  'Hi'
        """
    )


def test_assert_nothing_sent_lists_the_outbox(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    whoosh.settle()
    client.messages(message.sid).delete()

    assert failure(whoosh.assert_nothing_sent) == text(
        """
        Expected no message to be sent, found 1.

        Outbox (1 message):
          sid      from          to            status               body
          SM…0001  +15557122661  +15558675310  delivered (deleted)  'Hi'
        """
    )
    assert failure(whoosh.assert_not_sent) == failure(whoosh.assert_nothing_sent)


# Callbacks


def test_a_callback_that_was_not_sent_yet_is_explained(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, status_callback="https://app.example/status")

    assert failure(lambda: whoosh.assert_callbacks(message, "sent")) == text(
        """
        No status callback 'sent' for SM…0001 +15557122661 -> +15558675310 queued: 'Hi'.

        No status callback was sent.

        Nothing moves by itself: call whoosh.settle() or whoosh.travel(seconds=...) to advance time.
        """
    )


def test_a_callback_that_was_never_sent_is_explained(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, status_callback="https://app.example/status")
    whoosh.settle()

    assert failure(lambda: whoosh.assert_callbacks(message, "sent", "undelivered")) == text(
        """
        No status callback 'undelivered' after 'sent' for SM…0001 +15557122661 -> +15558675310 delivered: 'Hi'.

        Expected, in this order: 'sent', 'undelivered'.

        Status callbacks:
          12:00:02 sent        POST https://app.example/status  not delivered: nothing is mounted there
          12:00:04 delivered   POST https://app.example/status  not delivered: nothing is mounted there
        """
    )


def test_callbacks_in_another_order_are_explained(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, status_callback="https://app.example/status")
    whoosh.settle()

    assert failure(lambda: whoosh.assert_callbacks(message, "delivered", "sent")).startswith(
        "No status callback 'sent' after 'delivered' for SM…0001 "
    )


def callback_hint(whoosh: Whoosh, message: Message, *statuses: str) -> str:
    return failure(lambda: whoosh.assert_callbacks(message, *statuses)).rpartition("\n\n")[2]


def test_a_message_without_a_url_has_no_callbacks(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    whoosh.settle()

    assert callback_hint(whoosh, message, "sent") == (
        "The message has no status callback. Send it with status_callback=..., or through a Messaging Service or "
        "application that has one."
    )


@pytest.mark.parametrize("status", ["sending", "accepted", "scheduled", "received"])
def test_some_statuses_are_never_called_back(whoosh: Whoosh, client: Client, status: str) -> None:
    message = send(client, whoosh, status_callback="https://app.example/status")
    whoosh.settle()

    assert callback_hint(whoosh, message, status) == (
        f"No callback reports {status!r}. Callbacks report 'canceled', 'queued', 'sent', 'failed', 'delivered', "
        "'undelivered', 'read'."
    )


def test_the_first_status_is_not_called_back(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, status_callback="https://app.example/status")
    whoosh.settle()

    assert callback_hint(whoosh, message, "queued") == "It was created 'queued', and callbacks report only changes."


def test_a_lost_callback_is_shown_as_lost(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().webhooks(drop=("sent",))
    message = send(client, whoosh, status_callback="https://app.example/status")
    whoosh.settle()

    assert failure(lambda: whoosh.assert_callbacks(message, "sent")) == text(
        """
        No status callback 'sent' for SM…0001 +15557122661 -> +15558675310 delivered: 'Hi'.

        Status callbacks:
          12:00:02 sent        POST https://app.example/status  lost by the network, as scripted
          12:00:04 delivered   POST https://app.example/status  not delivered: nothing is mounted there

        It was dropped by the rule whoosh.when(...).webhooks(drop=('sent',)).
        """
    )


def test_the_apps_answers_are_shown(whoosh: Whoosh, client: Client) -> None:
    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        start_response("503 Service Unavailable", [])
        return []

    whoosh.mount("https://app.example", app)
    message = send(client, whoosh, status_callback="https://app.example/status#rc=2&rp=5xx")
    whoosh.travel(seconds=2)

    assert "\n  12:00:02 sent        POST https://app.example/status#rc=2&rp=5xx  11200 HTTP retrieval failure: " in (
        failure(lambda: whoosh.assert_callbacks(message, "delivered"))
    )


# Answers to callbacks

Wsgi = Callable[[dict[str, object], Callable[..., object]], list[bytes]]


def answering(status: str) -> Wsgi:
    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        start_response(status, [])
        return []

    return app


def raising(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
    raise LookupError("no such order")


def reported(whoosh: Whoosh, client: Client, app: Wsgi | None = None) -> Message:
    """Send a message with callbacks to an app, and settle."""
    if app:
        whoosh.mount("https://app.example", app)
    message = send(client, whoosh, status_callback="https://app.example/status")
    whoosh.settle()
    return message


@pytest.mark.parametrize("status", ["200 OK", "204 No Content", "302 Found"])
def test_a_callback_answered_with_success_counts(whoosh: Whoosh, client: Client, status: str) -> None:
    message = reported(whoosh, client, answering(status))

    whoosh.assert_callbacks(message, "sent", "delivered")
    whoosh.assert_callbacks(message, "sent", "delivered", answered=int(status[:3]))


def test_a_callback_to_a_url_where_nothing_is_mounted_counts(whoosh: Whoosh, client: Client) -> None:
    whoosh.assert_callbacks(reported(whoosh, client), "sent", "delivered")


def test_a_callback_that_missed_the_mount_was_not_answered(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, status_callback="https://app.exmaple/status")
    whoosh.mount("https://app.example", answering("204 No Content"))
    whoosh.settle()

    whoosh.assert_callbacks(message, "sent")
    whoosh.assert_callbacks(message, "sent", answered=ANY)
    said = failure(lambda: whoosh.assert_callbacks(message, "sent", answered=204))
    assert said.partition("\n")[0] == (
        "Expected status callback 'sent' to be answered 204, but it was not delivered: nothing is mounted there. "
        "The nearest mount, https://app.example, differs in its host (app.example, not app.exmaple)."
    )


def test_an_exception_after_a_response_does_not_count_as_that_response(whoosh: Whoosh, client: Client) -> None:
    async def app(scope: dict[str, str], receive: object, send: Callable[..., Awaitable[None]]) -> None:
        if scope["type"] == "http":
            await send({"type": "http.response.start", "status": 204})
            await send({"type": "http.response.body"})
        raise LookupError("no such order")

    whoosh.mount("https://app.example", app)
    message = send(client, whoosh, status_callback="https://app.example/status")
    whoosh.settle()

    whoosh.assert_callbacks(message, "sent", answered=ANY)
    for answered in (None, 204):
        said = failure(lambda answered=answered: whoosh.assert_callbacks(message, "sent", answered=answered))
        assert re.match(
            r"Expected status callback 'sent' to be handled, but it was answered 204, and then the app raised "
            r"LookupError: no such order \(test_assertions\.py:\d+\)\.\n",
            said,
        )
        assert "answered=" not in said


@pytest.mark.parametrize("answered", [403, IsPositiveInt, ANY], ids=readable)
def test_another_response_counts_if_it_is_expected(whoosh: Whoosh, client: Client, answered: object) -> None:
    message = reported(whoosh, client, answering("403 Forbidden"))

    whoosh.assert_callbacks(message, "sent", "delivered", answered=answered)


def test_any_accepts_an_exception(whoosh: Whoosh, client: Client) -> None:
    whoosh.assert_callbacks(reported(whoosh, client, raising), "sent", "delivered", answered=ANY)


def test_any_accepts_a_server_that_is_down(whoosh: Whoosh, client: Client) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        whoosh.mount("https://app.example", server=f"http://127.0.0.1:{free.getsockname()[1]}")
        message = reported(whoosh, client)

    whoosh.assert_callbacks(message, "sent", "delivered", answered=ANY)
    with pytest.raises(AssertionError, match="Expected status callback 'sent' to be answered 2xx or 3xx, but it faile"):
        whoosh.assert_callbacks(message, "sent", "delivered")


def test_the_last_attempt_counts(whoosh: Whoosh, client: Client) -> None:
    answers = iter(["503 Service Unavailable", "204 No Content"])
    whoosh.mount("https://app.example", lambda *call: answering(next(answers))(*call))
    message = send(client, whoosh, status_callback="https://app.example/status#rc=2&rp=5xx")
    whoosh.travel(seconds=2)

    whoosh.assert_callbacks(message, "sent")


def test_a_later_callback_that_was_answered_counts(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().webhooks(duplicate=("sent",))
    answers = iter(["500 Internal Server Error", "204 No Content"])
    whoosh.mount("https://app.example", lambda *call: answering(next(answers))(*call))
    message = send(client, whoosh, status_callback="https://app.example/status")
    whoosh.travel(seconds=2)

    whoosh.assert_callbacks(message, "sent")


def test_the_message_may_be_an_object_of_the_sdk_or_a_sid(whoosh: Whoosh, client: Client) -> None:
    sent = client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
    whoosh.settle()

    whoosh.assert_callbacks(sent, "sent", "delivered")
    whoosh.assert_callbacks(sent.sid, "sent", "delivered")
    whoosh.assert_segments(sent, 1)
    whoosh.assert_segments(sent.sid, 1)


def test_an_error_of_a_background_task_is_shown_once(whoosh: Whoosh, client: Client) -> None:
    def fail() -> None:
        raise RuntimeError("The database is down.")

    def status(tasks: BackgroundTasks) -> None:
        tasks.add_task(fail)

    app = FastAPI()
    app.post("/status")(status)
    message = reported(whoosh, client, app)

    shown = failure(lambda: whoosh.assert_callbacks(message, "sent", "delivered")).splitlines()

    assert shown[-1] == "  12:00:04 delivered   POST https://app.example/status  failed like the one before"


def test_a_callback_that_the_app_refused_is_shown_with_the_answer(whoosh: Whoosh, client: Client) -> None:
    message = reported(whoosh, client, answering("403 Forbidden"))
    answer = (
        "the app answered 403. If it refused the signature: https://app.example/status was signed, with the account's "
        "auth token"
    )

    assert failure(lambda: whoosh.assert_callbacks(message, "sent", "delivered")) == text(
        f"""
        Expected status callback 'sent' to be answered 2xx or 3xx, but it was answered 403.
        Message: SM…0001 +15557122661 -> +15558675310 delivered: 'Hi'

        Status callbacks:
          12:00:02 sent        POST https://app.example/status  11200 HTTP retrieval failure: {answer}
          12:00:04 delivered   POST https://app.example/status  failed like the one before

        If this response is right, write answered=403.
        """
    )


def test_a_handler_that_raised_is_shown_by_its_exception_and_not_excused(whoosh: Whoosh, client: Client) -> None:
    message = reported(whoosh, client, raising)

    said = failure(lambda: whoosh.assert_callbacks(message, "sent"))
    assert re.match(
        r"Expected status callback 'sent' to be answered 2xx or 3xx, but it failed: 11200 HTTP retrieval failure: "
        r"the app raised LookupError: no such order \(test_assertions\.py:\d+\)\.\n",
        said,
    )
    assert "answered=" not in said


def test_a_callback_that_was_answered_otherwise_than_asked_is_shown(whoosh: Whoosh, client: Client) -> None:
    message = reported(whoosh, client, answering("204 No Content"))

    assert failure(lambda: whoosh.assert_callbacks(message, "delivered", answered=503)) == text(
        """
        Expected status callback 'delivered' to be answered 503, but it was answered 204.
        Message: SM…0001 +15557122661 -> +15558675310 delivered: 'Hi'

        Status callbacks:
          12:00:02 sent        POST https://app.example/status  answered 204
          12:00:04 delivered   POST https://app.example/status  answered 204
        """
    )


def test_callbacks_are_asserted_by_their_statuses(whoosh: Whoosh, client: Client) -> None:
    message = reported(whoosh, client)

    with pytest.raises(TypeError) as error:
        whoosh.assert_callbacks(message)
    assert str(error.value) == 'Name the statuses: whoosh.assert_callbacks(message, "sent", "delivered").'


# Segments


def test_segments_are_shown_one_by_one(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, body="a" * 161)

    assert failure(lambda: whoosh.assert_segments(message, 1)) == text(
        f"""
        Expected 1 segment, but SM…0001 +15557122661 -> +15558675310 queued: '{"a" * 60}…' takes 2 in GSM-7:
          1. (153 characters) '{"a" * 153}'
          2. (8 characters) 'aaaaaaaa'
        """
    )


def test_a_segment_of_one_character_is_one_character(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, body="W")

    assert failure(lambda: whoosh.assert_segments(message, 2)).endswith(" takes 1 in GSM-7:\n  1. (1 character) 'W'")


def test_characters_that_shorten_segments_are_named(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, body="Ada’s 🎈 party, at Ada’s")

    assert failure(lambda: whoosh.assert_segments(message, 2)) == text(
        """
        Expected 2 segments, but SM…0001 +15557122661 -> +15558675310 queued: 'Ada’s 🎈 party, at Ada’s' takes 1 in UCS-2:
          1. (23 characters) 'Ada’s 🎈 party, at Ada’s'

        The text is UCS-2 because GSM-7 lacks: '’' '🎈'
        """  # noqa: E501
    )


@pytest.mark.parametrize(
    ("to", "from_", "parameters"),
    [
        pytest.param(PERSON, SENDER, {"media_url": ["https://app.example/cat.png"]}, id="an MMS"),
        pytest.param(f"whatsapp:{PERSON}", f"whatsapp:{SENDER}", {}, id="a channel message"),
    ],
)
def test_an_mms_or_channel_message_is_one_segment(
    whoosh: Whoosh, client: Client, to: str, from_: str, parameters: dict[str, Any]
) -> None:
    client.messages.create(to=to, from_=from_, body="a" * 161, **parameters)

    assert whoosh.outbox[0].segments == ["a" * 161]


# Codes


def test_a_message_without_a_code_is_listed(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, body="Your code is on its way")
    send(client, whoosh, body="Your code is 1234", to="+15558675311")

    assert failure(lambda: whoosh.last_code("(555) 867-5310")) == text(
        r"""
        No message to (555) 867-5310 contains a code that re.compile('\\b\\d{4,8}\\b') finds.

        Messages to (555) 867-5310 (1 message):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'Your code is on its way'
        """
    )


def test_a_person_without_messages_has_no_code(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, body="Your code is 1234", to="+15558675311")

    assert failure(lambda: whoosh.last_code(PERSON)) == failure(lambda: whoosh.assert_sent(to=PERSON))


# Sequences


@pytest.mark.parametrize("find", ["one", "last"])
def test_a_sequence_explains_that_nothing_was_found(whoosh: Whoosh, client: Client, find: str) -> None:
    send(client, whoosh)

    assert failure(lambda: getattr(whoosh.outbox, find)(body="Bye")) == text(
        """
        No message in the outbox matches body='Bye'.

        Nearest: SM…0001 +15557122661 -> +15558675310 queued: 'Hi'
          body: expected 'Bye'
                 but was 'Hi'

        Outbox (1 message):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'Hi'
        """
    )
    assert failure(lambda: getattr(whoosh.inbox, find)(body="Bye")) == (
        "No message matches body='Bye': the inbox is empty."
    )
    assert failure(lambda: getattr(whoosh.inbox, find)()) == "The inbox is empty."


def test_one_lists_the_matches_if_there_are_several(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)
    send(client, whoosh)

    assert failure(whoosh.outbox.one) == text(
        """
        Expected 1 message in the outbox, found 2.

        Outbox (2 messages):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'Hi'
          SM…0002  +15557122661  +15558675310  queued  'Hi'
        """
    )


def test_a_filtered_sequence_says_how(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)
    send(client, whoosh, to="+15558675311")
    mine = whoosh.outbox.filter(to=PERSON)

    assert failure(lambda: mine.one(body="Bye")) == text(
        """
        No message in the outbox with to='+15558675310' matches body='Bye'.

        Nearest: SM…0001 +15557122661 -> +15558675310 queued: 'Hi'
          body: expected 'Bye'
                 but was 'Hi'

        Outbox with to='+15558675310' (1 message):
          sid      from          to            status  body
          SM…0001  +15557122661  +15558675310  queued  'Hi'
        """
    )


# Invalid calls


@pytest.mark.parametrize(
    ("ask", "error", "said"),
    [
        pytest.param(
            lambda whoosh: whoosh.assert_sent(too=PERSON),
            TypeError,
            "Unknown match key 'too'. Did you mean 'to'?",
            id="a misspelt key",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(colour="red"),
            TypeError,
            f"Unknown match key 'colour'. Valid: {KEYS}.",
            id="an unknown key",
        ),
        pytest.param(
            lambda whoosh: whoosh.outbox.filter(media_url=[]),
            TypeError,
            "Unknown match key 'media_url'. Did you mean 'media_urls'?",
            id="the key of the API",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_sent(message="Hi"),
            TypeError,
            "Unknown match key 'message'. Did you mean 'body'?",
            id="the key of another library",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(text="Hi"),
            TypeError,
            "Unknown match key 'text'. Did you mean 'body'?",
            id="the key of people",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_sent(times=2),
            TypeError,
            "Unknown match key 'times'. Did you mean count=...?",
            id="a count by the name that mock has for it",
        ),
        *(
            pytest.param(
                lambda whoosh, ask=ask, key=key: ask(whoosh, **{key: 2}),
                TypeError,
                f"Unknown match key {key!r}. Did you mean whoosh.assert_sent(count=2)?",
                id=f"{key} where nothing is counted, {place}",
            )
            for place, ask in {
                "filter": lambda whoosh, **match: whoosh.outbox.filter(**match),
                "one": lambda whoosh, **match: whoosh.outbox.one(**match),
                "last": lambda whoosh, **match: whoosh.outbox.last(**match),
                "assert_not_sent": lambda whoosh, **match: whoosh.assert_not_sent(**match),
            }.items()
            for key in ("times", "n", "count")
        ),
        *(
            pytest.param(
                lambda whoosh, key=key: whoosh.assert_sent(**{key: True}),
                TypeError,
                f"Unknown match key {key!r}. Did you mean status={key!r}?",
                id=f"the status {key} as a key",
            )
            for key in ("delivered", "undelivered", "failed", "queued", "sent", "scheduled", "canceled", "read")
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_sent(body_contains="Hi"),
            TypeError,
            "Unknown match key 'body_contains'. Did you mean body=re.compile(\"...\")?",
            id="a part of a body",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(status="deliverd"),
            ValueError,
            "Unknown status 'deliverd'. Did you mean 'delivered'? Valid: accepted, scheduled, canceled, queued, "
            "sending, sent, failed, delivered, undelivered, read, receiving, received.",
            id="a misspelt status",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(encoding="GSM7"),
            ValueError,
            "Unknown encoding 'GSM7'. Did you mean 'GSM-7'? Valid: GSM-7, UCS-2.",
            id="a misspelt encoding",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(to=15558675310),
            ValueError,
            "to is a text, not 15558675310.",
            id="a phone number that is a number",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(to=["+15558675310"]),
            ValueError,
            "to is a text, not ['+15558675310'].",
            id="a list of phone numbers",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(media_urls="https://app.example/cat.png"),
            ValueError,
            "media_urls is a list, not 'https://app.example/cat.png'.",
            id="one URL where a message has a list",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(send_at="2030-01-01T12:00:00Z"),
            ValueError,
            "send_at is a datetime, not '2030-01-01T12:00:00Z'.",
            id="a moment that is a text",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(redacted="yes"),
            ValueError,
            "redacted is True or False, not 'yes'.",
            id="a flag that is a text",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(error_code="E30003"),
            ValueError,
            "error_code is a number, not 'E30003'.",
            id="a number that is none",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_not_sent(price="free"),
            ValueError,
            "price is an amount such as Decimal(\"-0.0079\"), not 'free'.",
            id="a price that is none",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_sent(count="2"),
            TypeError,
            "count must be a number of messages, not '2'.",
            id="a count that is no number",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_sent(PERSON),
            TypeError,
            "count must be a number of messages, not '+15558675310'. Write criteria by name: "
            "whoosh.assert_sent(to='+15558675310').",
            id="a match without its key",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_sent("Hi"),
            TypeError,
            "count must be a number of messages, not 'Hi'. Write criteria by name: whoosh.assert_sent(body='Hi').",
            id="a body without its key",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_sent(lambda message: True),
            TypeError,
            "A function tests one property, so name the property: whoosh.assert_sent(body=lambda body: ...).",
            id="a function without its key",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_callbacks("sent", "delivered"),
            TypeError,
            "The message comes first: whoosh.assert_callbacks(message, 'sent', 'delivered').",
            id="callbacks of no message",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_callbacks(whoosh.outbox[0], ["sent", "delivered"]),
            TypeError,
            "assert_callbacks() takes each status by itself: whoosh.assert_callbacks(message, 'sent', 'delivered').",
            id="a list of callbacks",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_sent(-1),
            TypeError,
            "count must be a number of messages, not -1.",
            id="a negative count",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_callbacks("SM1", "sent"),
            WhooshError,
            "assert_callbacks(): no message has the SID 'SM1'. Pass a message that whoosh.assert_sent(...) returned.",
            id="callbacks of a SID that no message has",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_callbacks(5, "sent"),
            TypeError,
            "assert_callbacks() takes a message of whoosh.assert_sent(...), whoosh.outbox or the SDK, or "
            "its SID; not 5.",
            id="callbacks of a number",
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_segments("SM1", 1),
            WhooshError,
            "assert_segments(): no message has the SID 'SM1'. Pass a message that whoosh.assert_sent(...) returned.",
            id="segments of a SID that no message has",
        ),
        *(
            pytest.param(
                lambda whoosh, n=n: whoosh.assert_segments(whoosh.outbox[0], n),
                TypeError,
                f"assert_segments() takes a whole number of segments, not {n!r}.",
                id=f"segments counted as {n!r}",
            )
            for n in ("1", 1.5, True, None, -1)
        ),
        pytest.param(
            lambda whoosh: whoosh.assert_callbacks(whoosh.outbox[0], "deliverd"),
            ValueError,
            "Unknown status 'deliverd'. Did you mean 'delivered'? Valid: accepted, scheduled, canceled, queued, "
            "sending, sent, failed, delivered, undelivered, read, receiving, received.",
            id="a misspelt callback",
        ),
    ],
)
def test_an_invalid_call_of_an_assertion_is_refused(
    whoosh: Whoosh, client: Client, ask: Callable[[Whoosh], object], error: type[Exception], said: str
) -> None:
    send(client, whoosh)

    with pytest.raises(error) as refusal:
        ask(whoosh)

    assert str(refusal.value) == said


def test_an_exception_of_a_matching_function_is_raised(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)

    with pytest.raises(ZeroDivisionError):
        whoosh.assert_sent(body=lambda body: 1 / 0)


# The line of a failure


@pytest.mark.parametrize(
    "call",
    [
        "whoosh.assert_sent(2)",
        "whoosh.assert_sent(body='Bye')",
        "whoosh.assert_not_sent(to='+15558675310')",
        "whoosh.assert_nothing_sent()",
        "whoosh.assert_callbacks(whoosh.outbox[0], 'sent')",
        "whoosh.assert_segments(whoosh.outbox[0], 2)",
        "whoosh.last_code('+15558675310')",
        "whoosh.outbox.one(body='Bye')",
        "whoosh.outbox.last(body='Bye')",
    ],
)
def test_a_failure_points_at_the_line_of_the_test(pytester: pytest.Pytester, call: str) -> None:
    pytester.makepyfile(
        f"""
        from twilio.rest import Client

        def test_it(whoosh):
            Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi")
            {call}
        """
    )

    result = pytester.runpytest("-q")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines([">       " + call.replace("[", "[[]"), "E       AssertionError: *"])
    result.stdout.fnmatch_lines(["test_a_failure_points_at_the_line_of_the_test.py:5: AssertionError"])
    result.stdout.no_fnmatch_line("*pytest_whoosh/*")


def test_a_part_of_a_body_gets_the_pattern_that_finds_it(whoosh: Whoosh) -> None:
    Client().messages.create(to=PERSON, from_="+15557122661", body="Your code is 409612.")

    with pytest.raises(AssertionError) as failure:
        whoosh.assert_sent(body="code")

    assert "A text must equal the whole body. To find it inside: body=re.compile('code')." in str(failure.value)


@pytest.mark.parametrize(("body", "is_part"), [("Your", True), ("Your code is 409612", False), ("Our code", False)])
def test_the_beginning_of_a_body_is_a_part_unless_only_a_few_characters_follow(
    whoosh: Whoosh, body: str, is_part: bool
) -> None:
    Client().messages.create(to=PERSON, from_="+15557122661", body="Your code is 409612.")

    with pytest.raises(AssertionError) as failure:
        whoosh.assert_sent(body=body)

    assert ("A text must equal the whole body." in str(failure.value)) is is_part


def test_the_source_of_a_pattern_gets_the_pattern(whoosh: Whoosh) -> None:
    Client().messages.create(to=PERSON, from_="+15557122661", body="Your code is 409612.")

    with pytest.raises(AssertionError) as failure:
        whoosh.assert_sent(body=r"Your code is \d+")

    advice = r"A text must equal the whole body. For a pattern: body=re.compile('Your code is \\d+')."
    assert advice in str(failure.value).splitlines()


@pytest.mark.parametrize("body", ["Your code is 409612?", r"Your key is \d+", r"(\d+", "Your code is 409612. "])
def test_a_text_that_is_no_pattern_of_a_body_gets_no_pattern(whoosh: Whoosh, body: str) -> None:
    Client().messages.create(to=PERSON, from_="+15557122661", body="Your code is 409612.")

    with pytest.raises(AssertionError) as failure:
        whoosh.assert_sent(body=body)

    assert "A text must equal the whole body." not in str(failure.value)


@freeze_time("2026-03-05 12:00:00")
def test_a_status_that_is_over_gets_the_moment_at_which_it_was(whoosh: Whoosh) -> None:
    Client().messages.create(to=PERSON, from_="+15557122661", body="Hi")
    whoosh.settle()

    with pytest.raises(AssertionError) as failure:
        whoosh.assert_sent(status="sent")

    assert (
        "It was 'sent' at 12:00:02 UTC, and time has moved on since. "
        "Assert earlier, or advance time less: whoosh.travel(seconds=...)."
    ) in str(failure.value).splitlines()


COMPARING = """
from freezegun import freeze_time
from twilio.rest import Client


@freeze_time("2026-03-05 12:00:00")
def test(whoosh):
    sent = Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi")
    {code}
"""


@pytest.mark.parametrize("ci", ["", "true"])
@pytest.mark.parametrize(
    ("code", "advice"),
    [
        pytest.param(
            "assert whoosh.outbox[0].status == 'delivered'",
            "Nothing moves by itself: call whoosh.settle() or whoosh.travel(seconds=...) to advance time.",
            id="nothing moved",
        ),
        pytest.param(
            "assert sent.status == 'delivered'",
            "Nothing moves by itself: call whoosh.settle() or whoosh.travel(seconds=...) to advance time.",
            id="the SDK's copy, and nothing moved",
        ),
        pytest.param(
            "whoosh.settle(); assert sent.status == 'delivered'",
            (
                "SM…0001 is 'delivered' now. What the SDK returned does not change: read whoosh.outbox, or fetch() the "
                "message again."
            ),
            id="the SDK's old copy",
        ),
        pytest.param(
            "whoosh.settle(); assert whoosh.outbox[0].status == 'sent'",
            (
                "It was 'sent' at 12:00:02 UTC, and time has moved on since. Assert earlier, or advance time less: "
                "whoosh.travel(seconds=...)."
            ),
            id="a status that is over",
        ),
    ],
)
def test_a_comparison_of_statuses_says_what_to_write(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, code: str, advice: str, ci: str
) -> None:
    monkeypatch.setenv("CI", ci)
    pytester.makepyfile(COMPARING.format(code=code))

    result = pytester.runpytest("-q")

    assert [line for line in result.outlines if line.startswith("E  ")][-1] == f"E         {advice}"


@pytest.mark.parametrize(
    "code",
    [
        "assert whoosh.outbox[0].body == 'delivered'",
        "assert whoosh.outbox[0].status == 'Delivered'",
        "assert whoosh.outbox[0].status != 'queued'",
        "whoosh.settle(); assert whoosh.outbox[0].status == 'undelivered'",
    ],
)
def test_another_comparison_stays_as_it_is(pytester: pytest.Pytester, code: str) -> None:
    pytester.makepyfile(COMPARING.format(code=code))

    result = pytester.runpytest("-q")

    result.assert_outcomes(failed=1)
    assert not re.search("Nothing moves|does not change|moved on", result.stdout.str())
