"""WhatsApp, Messenger and RCS: addresses, the conversation window, callbacks and errors."""

from datetime import timedelta
from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh

PERSON, SENDER = "whatsapp:+15558675310", "whatsapp:+15557122661"
ELSEWHERE = "whatsapp:+15557122662"
STATUS_URL = "https://app.example/status"
TOO_LATE = (
    "Failed to send freeform message because you are outside the allowed window. If you are using WhatsApp, please "
    "use a Message Template."
)


def write(whoosh: Whoosh, *, from_: str = PERSON, to: str = SENDER) -> None:
    """Receive a message from a person."""
    whoosh.receive("Hello", from_=from_, to=to)


def send(client: Client, **parameters: Any) -> Any:
    return client.messages.create(**{"to": PERSON, "from_": SENDER, "body": "Hi", **parameters})


def ends(whoosh: Whoosh) -> list[tuple[str, int | None]]:
    """Return the last status and error code of each message that the app sent."""
    whoosh.settle()
    return [(message.status, message.error_code) for message in whoosh.outbox]


# The window


def test_a_person_who_never_wrote_cannot_get_free_text(whoosh: Whoosh, client: Client) -> None:
    created = send(client, status_callback=STATUS_URL)

    whoosh.settle()

    message = whoosh.outbox[0]
    assert (created.status, created.error_code) == ("queued", None)
    assert [status for status, _ in message.history] == ["queued", "failed"]
    assert (message.error_code, message.error_message) == (63016, TOO_LATE)
    assert message.price is None
    assert [callback.params["ErrorCode"] for callback in whoosh.callbacks] == ["63016"]


@pytest.mark.parametrize(
    ("later", "end"),
    [
        pytest.param(timedelta(0), ("delivered", None), id="at once"),
        pytest.param(timedelta(hours=24), ("delivered", None), id="24 hours later"),
        pytest.param(timedelta(hours=24, seconds=1), ("failed", 63016), id="a second after that"),
    ],
)
def test_a_person_who_wrote_can_get_free_text_for_24_hours(
    whoosh: Whoosh, client: Client, later: timedelta, end: tuple[str, int | None]
) -> None:
    write(whoosh)
    whoosh.travel(later - timedelta(seconds=1) if later else later)  # it takes a second until the message is sent

    send(client)

    assert ends(whoosh) == [end]


def test_writing_again_reopens_the_window(whoosh: Whoosh, client: Client) -> None:
    write(whoosh)
    whoosh.travel(days=2)
    send(client)
    whoosh.settle()

    write(whoosh)
    send(client)

    assert ends(whoosh) == [("failed", 63016), ("delivered", None)]


@pytest.mark.parametrize(
    "wrote",
    [
        pytest.param({"to": ELSEWHERE}, id="to another sender"),
        pytest.param({"from_": "whatsapp:+15558675311"}, id="from another person"),
        pytest.param({"from_": "+15558675310", "to": "+15557122661"}, id="by SMS"),
    ],
)
def test_the_window_is_between_one_person_and_one_sender(whoosh: Whoosh, client: Client, wrote: dict[str, str]) -> None:
    write(whoosh, **wrote)

    send(client)

    assert ends(whoosh) == [("failed", 63016)]


def test_the_window_reopens_for_the_sender_that_a_service_chooses(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Support", senders=[SENDER, ELSEWHERE])
    write(whoosh, to=SENDER)

    for _ in range(2):
        client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi")

    assert ends(whoosh) == [("delivered", None)] * 2


def test_a_scheduled_message_is_checked_when_it_is_due(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Support", senders=[SENDER])
    client.messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(days=3),
    )

    whoosh.travel(days=2, hours=12)
    write(whoosh)
    whoosh.travel(days=1)

    assert ends(whoosh) == [("delivered", None)]


def test_a_template_may_be_sent_at_any_time(whoosh: Whoosh, client: Client) -> None:
    template = whoosh.add_template("Hi {{1}}", variables={"1": "there"})

    client.messages.create(to=PERSON, from_=SENDER, content_sid=template.sid, status_callback=STATUS_URL)

    assert ends(whoosh) == [("delivered", None)]
    assert [callback.params.get("StructuredMessage") for callback in whoosh.callbacks] == ["true", None]


QUICK_REPLY = {"twilio/quick-reply": {"body": "Coming?", "actions": [{"title": "Yes", "id": "yes"}]}}
LIST_PICKER = {"twilio/list-picker": {"body": "Which?", "button": "Pick", "items": [{"id": "1", "item": "One"}]}}
LOCATION = {"twilio/location": {"latitude": 52.52, "longitude": 13.40, "label": "Berlin"}}


@pytest.mark.parametrize(
    ("template", "end"),
    [
        pytest.param({"body": "Hi"}, ("delivered", None), id="approved"),
        pytest.param({"types": QUICK_REPLY}, ("delivered", None), id="an approved quick reply"),
        pytest.param({"body": "Hi", "approval": "unsubmitted"}, ("failed", 63016), id="not submitted"),
        pytest.param({"body": "Hi", "approval": "pending"}, ("failed", 63016), id="not decided"),
        pytest.param(
            {"types": QUICK_REPLY, "approval": "unsubmitted"}, ("failed", 63016), id="a session's quick reply"
        ),
        pytest.param({"types": LIST_PICKER}, ("failed", 63016), id="a list picker"),
        pytest.param({"types": LOCATION}, ("failed", 63016), id="a location"),
        pytest.param({"body": "Hi", "approval": "rejected"}, ("failed", 63040), id="rejected"),
        pytest.param({"body": "Hi", "approval": "paused"}, ("failed", 63041), id="paused"),
        pytest.param({"body": "Hi", "approval": "disabled"}, ("failed", 63042), id="disabled"),
    ],
)
def test_only_an_approved_template_opens_a_conversation(  # recorded.md 27
    whoosh: Whoosh, client: Client, template: dict[str, Any], end: tuple[str, int | None]
) -> None:
    sid = whoosh.add_template(**template).sid

    client.messages.create(to=PERSON, from_=SENDER, content_sid=sid)

    assert ends(whoosh) == [end]


@pytest.mark.parametrize(
    "template",
    [
        pytest.param({"body": "Hi", "approval": "unsubmitted"}, id="not submitted"),
        pytest.param({"types": LIST_PICKER}, id="a list picker"),
        pytest.param({"types": LOCATION}, id="a location"),
    ],
)
def test_an_open_conversation_accepts_any_content(whoosh: Whoosh, client: Client, template: dict[str, Any]) -> None:
    sid = whoosh.add_template(**template).sid
    write(whoosh)

    client.messages.create(to=PERSON, from_=SENDER, content_sid=sid)

    assert ends(whoosh) == [("delivered", None)]


def test_a_scheduled_template_is_sent_once_it_is_approved(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Support", senders=[SENDER])
    template = whoosh.add_template("Hi", approval="pending")
    client.messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        content_sid=template.sid,
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=1),
    )

    whoosh.travel(hours=2)

    assert ends(whoosh) == [("delivered", None)]


def test_messenger_approves_no_templates(whoosh: Whoosh, client: Client) -> None:
    template = whoosh.add_template("Hi")

    client.messages.create(to="messenger:person", from_="messenger:page", content_sid=template.sid)

    assert ends(whoosh) == [("failed", 63016)]


def test_the_answer_to_a_webhook_is_inside_the_window(whoosh: Whoosh) -> None:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [b"<Response><Message>Welcome</Message></Response>"]

    whoosh.mount("https://app.example", app)
    whoosh.add_messaging_service("Support", senders=[SENDER], inbound_request_url="https://app.example/inbound")

    write(whoosh)

    assert ends(whoosh) == [("delivered", None)]


def test_messenger_has_the_window_too(whoosh: Whoosh, client: Client) -> None:
    write(whoosh, from_="messenger:person", to="messenger:page")

    send(client, to="messenger:person", from_="messenger:page")
    send(client, to="messenger:stranger", from_="messenger:page")

    assert ends(whoosh) == [("delivered", None), ("failed", 63016)]


def test_rcs_has_no_window(whoosh: Whoosh, client: Client) -> None:
    send(client, to="rcs:+15558675310", from_="rcs:acme_agent")

    assert ends(whoosh) == [("delivered", None)]


@pytest.mark.parametrize(
    ("scripted", "end"),
    [
        pytest.param(lambda rule: rule.deliver(), ("delivered", None), id="delivered"),
        pytest.param(lambda rule: rule.read(), ("read", None), id="read"),
        pytest.param(lambda rule: rule.undeliver(63024), ("undelivered", 63024), id="undelivered"),
        pytest.param(lambda rule: rule.fail(63003), ("failed", 63003), id="failed"),
    ],
)
def test_what_the_test_scripts_happens_inside_the_window_or_not(
    whoosh: Whoosh, client: Client, scripted: Any, end: tuple[str, int | None]
) -> None:
    scripted(whoosh.when(to=PERSON))

    send(client)

    assert ends(whoosh) == [end]


# Reports


def test_a_read_message_is_reported_as_sent_delivered_and_read(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).read()
    sid = send(client, status_callback=STATUS_URL).sid

    whoosh.settle()

    install = {"ChannelInstallSid": whoosh.add_channel_sender(SENDER).sid}
    common = {
        "SmsSid": sid,
        "MessageSid": sid,
        "AccountSid": whoosh.account_sid,
        "To": PERSON,
        "From": SENDER,
        "ApiVersion": "2010-04-01",
        "ChannelPrefix": "whatsapp",
        "ChannelToAddress": "+1555867XXXX",
    }
    delivered = {"SmsStatus": "delivered", "MessageStatus": "delivered", "EventType": "DELIVERED"}
    assert [callback.params for callback in whoosh.callbacks] == [
        {**common, **install, "SmsStatus": "sent", "MessageStatus": "sent", "StructuredMessage": "false"},
        {**common, **install, **delivered},
        {**common, "SmsStatus": "read", "MessageStatus": "read", "EventType": "READ"},
    ]


def test_a_failure_on_a_channel_is_reported_with_the_channels_own_text(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).fail(63024)
    sid = send(client, status_callback=STATUS_URL).sid

    whoosh.settle()

    [callback] = whoosh.callbacks
    assert callback.params == {
        "ErrorCode": "63024",
        "SmsSid": sid,
        "SmsStatus": "failed",
        "MessageStatus": "failed",
        "To": PERSON,
        "MessageSid": sid,
        "AccountSid": whoosh.account_sid,
        "From": SENDER,
        "ApiVersion": "2010-04-01",
        "ChannelPrefix": "whatsapp",
        "ChannelInstallSid": whoosh.add_channel_sender(SENDER).sid,
        "ChannelToAddress": "+1555867XXXX",
        "StructuredMessage": "false",
        "ChannelStatusMessage": "Invalid message recipient",
        "ErrorMessage": "Twilio Error: Invalid message recipient",
    }


def test_a_message_through_a_service_is_reported_with_the_service(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Support", senders=[SENDER], status_callback=STATUS_URL)
    whoosh.when().deliver()
    client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi")

    whoosh.settle()

    [sender] = service.pool
    reports = [
        (params["MessageStatus"], params["MessagingServiceSid"], params.get("ChannelInstallSid"))
        for params in (callback.params for callback in whoosh.callbacks)
    ]
    assert reports == [
        ("queued", service.sid, None),
        ("sent", service.sid, sender.sid),
        ("delivered", service.sid, sender.sid),
    ]


def test_a_phone_that_rcs_reaches_is_reported_as_on_the_channel(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Support", senders=["rcs:acme_agent"], status_callback=STATUS_URL)
    client.messages.create(to="+15558675310", messaging_service_sid=service.sid, body="Hi")

    whoosh.settle()

    last = whoosh.callbacks[-1].params
    assert (last["To"], last["From"], last["ChannelPrefix"], last["ChannelToAddress"]) == (
        "+15558675310",
        "rcs:acme_agent",
        "rcs",
        "+1555867XXXX",
    )


# The message


@pytest.mark.parametrize(
    ("to", "from_"),
    [
        pytest.param("whatsapp:+1 (555) 867-5310", "WhatsApp:+1 555 712 2661", id="WhatsApp, as people type it"),
        pytest.param("messenger:person", "messenger:page", id="Messenger"),
        pytest.param("rcs:+15558675310", "rcs:acme_agent", id="RCS"),
    ],
)
def test_a_channel_message_is_one_segment_however_long(whoosh: Whoosh, client: Client, to: str, from_: str) -> None:
    created = send(client, to=to, from_=from_, body="x" * 1600)

    assert (created.status, created.num_segments) == ("queued", "1")


@pytest.mark.parametrize(
    ("to", "sender"),
    [
        pytest.param("rcs:+15558675310", "rcs:acme_agent", id="RCS"),
        pytest.param("+15558675310", "rcs:acme_agent", id="RCS, to a phone"),
        pytest.param("whatsapp:+15558675310", SENDER, id="WhatsApp"),
    ],
)
def test_a_channel_message_has_one_price_however_long(whoosh: Whoosh, client: Client, to: str, sender: str) -> None:
    service = whoosh.add_messaging_service("Support", senders=[sender])
    whoosh.when().deliver()

    for body in ("Hi", "x" * 1600):
        client.messages.create(to=to, messaging_service_sid=service.sid, body=body)
    whoosh.settle()

    short, long = (message.price for message in whoosh.outbox)
    assert short is not None
    assert short == long


def test_a_channel_address_is_shown_in_its_one_spelling(whoosh: Whoosh, client: Client) -> None:
    created = send(client, to="whatsapp:+1 (555) 867-5310", from_="WhatsApp:+1 555 712 2661")

    assert (created.to, created.from_) == (PERSON, SENDER)


def test_a_channel_message_through_a_service_is_one_segment_once_it_has_a_sender(
    whoosh: Whoosh, client: Client
) -> None:
    service = whoosh.add_messaging_service("Support", senders=[SENDER])

    created = client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="x" * 1600)
    whoosh.travel(seconds=1)

    assert (created.num_segments, whoosh.outbox[0].num_segments) == ("0", 1)


@pytest.mark.parametrize("action", ["geo:37.787890,-122.391664|Here", "nonsense"])
def test_a_place_goes_with_its_name(whoosh: Whoosh, client: Client, action: str) -> None:
    write(whoosh)

    created = send(client, body="The office", persistent_action=[action])

    assert created.body == "The office"
    assert whoosh.outbox[0].request["PersistentAction"] == action
    assert ends(whoosh) == [("delivered", None)]


# Errors


@pytest.mark.parametrize(
    ("parameters", "code", "message"),
    [
        pytest.param(
            {"to": "+15558675310"},
            21910,
            "Invalid From and To pair. From and To should be of the same channel",
            id="from WhatsApp to a phone",
        ),
        pytest.param(
            {"from_": "+15557122661"},
            21910,
            "Invalid From and To pair. From and To should be of the same channel",
            id="from a phone to WhatsApp",
        ),
        pytest.param(
            {"to": "messenger:person"},
            21910,
            "Invalid From and To pair. From and To should be of the same channel",
            id="from WhatsApp to Messenger",
        ),
        pytest.param({"to": SENDER}, 63031, "Channels message cannot have same From and To", id="to itself"),
        pytest.param(
            {"to": "whatsapp:nobody"}, 63003, "Channel could not find To address", id="to something that is no number"
        ),
        pytest.param({"to": "messenger:"}, 63003, "Channel could not find To address", id="to nobody"),
        pytest.param(
            {"body": "x" * 1601},
            21617,
            "The concatenated message body exceeds the 1600 character limit.",
            id="too long",
        ),
    ],
)
def test_an_invalid_channel_message_is_refused(
    whoosh: Whoosh, client: Client, parameters: dict[str, str], code: int, message: str
) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        send(client, **parameters)

    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert refusal.value.msg == f"Unable to create record: {message}"
    whoosh.assert_nothing_sent()


@pytest.mark.whoosh(senders="owned")
def test_an_account_that_owns_senders_has_no_other_channel(whoosh: Whoosh, client: Client) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        send(client)

    assert (refusal.value.status, refusal.value.code, refusal.value.msg) == (
        400,
        63007,
        "Unable to create record: Twilio could not find a Channel with the specified From address",
    )


@pytest.mark.whoosh(senders="owned")
@pytest.mark.parametrize("provide", ["channel sender", "number", "pool"])
def test_a_channel_sender_of_the_account_may_send(whoosh: Whoosh, client: Client, provide: str) -> None:
    if provide == "channel sender":
        whoosh.add_channel_sender(SENDER)
    elif provide == "number":
        whoosh.add_number("+15557122661")
    else:
        whoosh.add_messaging_service("Support", senders=[SENDER])

    assert send(client).status == "queued"


@pytest.mark.parametrize("code", [63003, 63013, 63015, 63018, 63024, 63033, 63038])
def test_channel_errors_can_be_scripted(whoosh: Whoosh, client: Client, code: int) -> None:
    whoosh.when(to=PERSON).fail(code)

    send(client)

    assert ends(whoosh) == [("failed", code)]
