"""Messages that a voice document sends during a call: direction ``outbound-call`` of the seeds."""

import pytest
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

from pytest_whoosh import Whoosh, WhooshError
from tests.conftest import PERSON, SENDER

OTHER = "+15550001111"
THANKS = "<Response><Say>Hello</Say><Message>Thanks for calling</Message><Hangup/></Response>"


def test_a_voice_document_sends_messages_to_the_caller(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_number(SENDER)

    (message,) = whoosh.call_document(THANKS, from_=PERSON, to=SENDER)

    assert (message.from_, message.to, message.body) == (SENDER, PERSON, "Thanks for calling")
    assert (message.direction, message.status) == ("outbound-call", "queued")
    whoosh.settle()
    assert whoosh.outbox.one().status == "delivered"
    assert client.messages(message.sid).fetch().direction == "outbound-call"
    assert whoosh.phone(PERSON).received.one().sid == message.sid


@pytest.mark.parametrize("owns", [True, False])
def test_in_a_call_that_the_app_makes_the_called_person_gets_them(whoosh: Whoosh, owns: bool) -> None:
    if owns:
        whoosh.add_number(SENDER)

    (message,) = whoosh.call_document(THANKS, from_=SENDER, to=PERSON)

    assert (message.from_, message.to) == (SENDER, PERSON)


def test_a_number_in_a_service_is_the_accounts_own(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Support", senders=[SENDER])

    (message,) = whoosh.call_document(THANKS, from_=PERSON, to=SENDER)

    assert (message.from_, message.to, message.messaging_service_sid) == (SENDER, PERSON, service.sid)


def test_the_sdks_document_and_the_verbs_own_addresses_are_used(whoosh: Whoosh) -> None:
    document = VoiceResponse()
    document.sms("First", to=OTHER, from_="+15557122662")
    document.sms("Second")

    sent = whoosh.call_document(document, from_=SENDER, to=PERSON)

    assert [(message.from_, message.to, message.body) for message in sent] == [
        ("+15557122662", OTHER, "First"),
        (SENDER, PERSON, "Second"),
    ]


def test_the_status_of_a_message_is_reported(whoosh: Whoosh) -> None:
    document = '<Response><Sms statusCallback="https://app.example/status">Hi</Sms></Response>'
    whoosh.call_document(document, from_=SENDER, to=PERSON)

    whoosh.settle()

    assert [(callback.url, callback.params["MessageStatus"]) for callback in whoosh.callbacks] == [
        ("https://app.example/status", "sent"),
        ("https://app.example/status", "delivered"),
    ]


def test_rules_of_the_test_apply(whoosh: Whoosh) -> None:
    whoosh.when(direction="outbound-call").undeliver(30003)
    whoosh.call_document(THANKS, from_=SENDER, to=PERSON)

    whoosh.settle()

    assert (whoosh.outbox.one().status, whoosh.outbox.one().error_code) == ("undelivered", 30003)


@pytest.mark.parametrize("document", ["", "<Response/>", "<Response><Say>Hello</Say></Response>"])
def test_a_document_without_messages_sends_none(whoosh: Whoosh, document: str) -> None:
    assert whoosh.call_document(document, from_=PERSON, to=SENDER) == []


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ("Thanks", r"The TwiML document fails with 12100: syntax error"),
        ("<Call/>", r"The TwiML document fails with 12102: the root element is <Call>\."),
        (
            "<Response><Message/></Response>",
            r"The TwiML document fails with 14103: a body is from 1 to 1600 characters long\.",
        ),
        (
            '<Response><Sms statusCallback="/status">Hi</Sms></Response>',
            r"The TwiML document fails with 14105: '/status' is relative, and the document has no URL\.",
        ),
        ('<Response><Sms to="x">Hi</Sms></Response>', r"The TwiML document fails with 14101: 'x' is not a recipient"),
    ],
)
def test_a_document_that_cannot_be_run_is_refused(whoosh: Whoosh, document: str, text: str) -> None:
    with pytest.raises(WhooshError, match=text):
        whoosh.call_document(document, from_=PERSON, to=SENDER)


def test_text_that_is_not_a_document_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError, match=r'twiml must be a document such as "<Response>.*</Response>", not None\.'):
        whoosh.call_document(None, from_=PERSON, to=SENDER)
