"""ContentRetention and AddressRetention: the text and the number that the API deletes once a message was sent."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs

import pytest
from flask import Flask, request
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

HIDDEN = "+1555867XXXX"
CAT = "https://app.example/cat.png"


def send(client: Client, **parameters: Any) -> str:
    sid = client.messages.create(**{"to": PERSON, "from_": SENDER, "body": "Your diagnosis", **parameters}).sid
    assert sid
    return sid


# Content


def test_a_discarded_text_is_shown_until_the_message_was_sent(client: Client, whoosh: Whoosh) -> None:
    sid = send(client, content_retention="discard")
    shown = []

    for _ in range(4):
        message = client.messages(sid).fetch()
        shown.append((message.status, message.body))
        whoosh.travel(seconds=1)

    assert shown == [
        ("queued", "Your diagnosis"),
        ("sending", "Your diagnosis"),
        ("sent", ""),
        ("sent", ""),
    ]


def test_a_discarded_message_keeps_its_counts_and_price(client: Client, whoosh: Whoosh) -> None:
    sid = send(client, body="a" * 161, content_retention="discard")
    whoosh.settle()

    message = client.messages(sid).fetch()

    assert (message.body, message.num_segments, message.price) == ("", "2", "-0.01580")


def test_the_media_of_a_discarded_message_is_gone_once_it_was_sent(client: Client, whoosh: Whoosh) -> None:
    sid = send(client, media_url=[CAT], content_retention="discard")
    before = client.messages(sid).media.list()
    whoosh.settle()

    assert len(before) == 1
    assert client.messages(sid).media.list() == []
    assert client.messages(sid).fetch().num_media == "1"


def test_the_double_keeps_the_posted_parameters(client: Client, whoosh: Whoosh) -> None:
    send(client, media_url=[CAT], content_retention="discard", address_retention="obfuscate")
    whoosh.settle()

    [message] = whoosh.outbox
    assert message.request == {
        "To": PERSON,
        "From": SENDER,
        "Body": "Your diagnosis",
        "MediaUrl": CAT,
        "ContentRetention": "discard",
        "AddressRetention": "obfuscate",
    }
    assert (message.body, message.redacted) == ("", True)


def test_a_code_is_still_found_in_a_discarded_message(client: Client, whoosh: Whoosh) -> None:
    send(client, body="Your code is 4711", content_retention="discard", address_retention="obfuscate")
    whoosh.settle()

    assert whoosh.last_code(PERSON) == "4711"


def test_the_text_of_a_discarded_message_that_fails_is_deleted_too(client: Client, whoosh: Whoosh) -> None:
    whoosh.when(to=PERSON).fail(30008)
    sid = send(client, content_retention="discard", address_retention="obfuscate")
    whoosh.settle()

    message = client.messages(sid).fetch()

    assert (message.status, message.body, message.to) == ("failed", "", HIDDEN)


def test_the_text_of_a_discarded_message_that_is_canceled_is_deleted_too(client: Client, whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    sid = send(
        client,
        from_=None,
        messaging_service_sid=service.sid,
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(days=1),
        content_retention="discard",
    )

    canceled = client.messages(sid).update(status="canceled")

    assert (canceled.status, canceled.body) == ("canceled", "")


# Addresses


def test_an_obfuscated_recipient_is_shown_until_the_message_was_sent(client: Client, whoosh: Whoosh) -> None:
    sid = send(client, address_retention="obfuscate")
    shown = []

    for _ in range(4):
        message = client.messages(sid).fetch()
        shown.append((message.status, message.to))
        whoosh.travel(seconds=1)

    assert shown == [("queued", PERSON), ("sending", PERSON), ("sent", HIDDEN), ("sent", HIDDEN)]


def test_lists_hide_an_obfuscated_recipient_and_find_nothing_by_the_number(client: Client, whoosh: Whoosh) -> None:
    send(client, address_retention="obfuscate")
    before = [message.to for message in client.messages.list(to=PERSON)]
    whoosh.settle()

    assert before == [PERSON]
    assert [message.to for message in client.messages.list()] == [HIDDEN]
    assert client.messages.list(to=PERSON) == []


def test_callbacks_hide_an_obfuscated_recipient_once_the_message_was_sent(client: Client, whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    heard = []
    app = Flask(__name__)

    @app.post("/status")
    def status() -> str:
        heard.append((request.form["MessageStatus"], request.form["To"]))
        return ""

    whoosh.mount("https://app.example", app)
    send(
        client,
        from_=None,
        messaging_service_sid=service.sid,
        status_callback="https://app.example/status",
        address_retention="obfuscate",
    )
    whoosh.settle()

    assert heard == [("queued", PERSON), ("sent", HIDDEN), ("delivered", HIDDEN)]


def test_the_double_hides_the_recipient_as_the_api_does_and_finds_by_the_number(client: Client, whoosh: Whoosh) -> None:
    send(client, address_retention="obfuscate")
    whoosh.settle()

    message = whoosh.assert_sent(to=PERSON)

    assert message.to == HIDDEN
    assert whoosh.assert_sent(to=HIDDEN) == message
    whoosh.assert_not_sent(to=SENDER)


def test_a_channel_address_is_not_obfuscated(client: Client, whoosh: Whoosh) -> None:
    whoosh.when(to=f"whatsapp:{PERSON}").deliver()
    sid = send(client, to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}", address_retention="obfuscate")
    whoosh.settle()

    assert client.messages(sid).fetch().to == f"whatsapp:{PERSON}"


# Parameters


def test_retain_changes_nothing(client: Client, whoosh: Whoosh) -> None:
    sid = send(client, content_retention="retain", address_retention="retain")
    whoosh.settle()

    message = client.messages(sid).fetch()

    assert (message.body, message.to) == ("Your diagnosis", PERSON)


@pytest.mark.parametrize(
    ("parameters", "code", "text"),
    [
        pytest.param({"content_retention": "burn"}, 30029, "Invalid ContentRetention", id="content"),
        pytest.param({"address_retention": "burn"}, 30030, "Invalid AddressRetention", id="address"),
    ],
)
def test_any_other_retention_is_refused(
    client: Client, whoosh: Whoosh, parameters: dict[str, str], code: int, text: str
) -> None:
    with pytest.raises(TwilioRestException) as refused:
        send(client, **parameters)

    assert (refused.value.status, refused.value.code) == (400, code)
    assert refused.value.msg == f"Unable to create record: {text}"
    whoosh.assert_nothing_sent()


def test_the_callbacks_of_a_discarded_message_never_have_its_text(client: Client, whoosh: Whoosh) -> None:
    send(client, status_callback="https://app.example/status", content_retention="discard")
    whoosh.settle()

    assert [parse_qs(callback.body)["MessageStatus"] for callback in whoosh.callbacks] == [["sent"], ["delivered"]]
    assert not [callback for callback in whoosh.callbacks if "diagnosis" in callback.body]
