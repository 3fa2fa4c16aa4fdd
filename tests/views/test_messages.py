"""Reading messages: what a message shows, and the sequences that hold them."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from freezegun import freeze_time
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh
from tests.conftest import PERSON, SENDER
from tests.naming import NOT_POSTED

NOON = datetime(2030, 1, 1, 12, tzinfo=UTC)

#: Every attribute of a message.
ATTRIBUTES = (
    "sid", "to", "from_", "body", "status", "direction", "error_code", "error_message", "num_segments", "segments",
    "encoding", "media_urls", "num_media", "price", "price_unit", "date_created", "date_sent", "date_updated",
    "send_at", "messaging_service_sid", "account_sid", "status_callback", "content_sid", "content_variables",
    "content", "feedback", "history", "callbacks", "request", "redacted", "deleted",
    *NOT_POSTED,
)  # fmt: skip


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    """Freeze each test at a known moment."""
    with freeze_time(NOON):
        yield


def send(client: Client, whoosh: Whoosh, **parameters: object) -> Message:
    """Send a message as an app does, and hold it as a test does."""
    client.messages.create(**{"to": PERSON, "from_": SENDER, "body": "Hi"} | parameters)
    return whoosh.outbox[-1]


def read(message: Message) -> dict[str, object]:
    return {name: getattr(message, name) for name in ATTRIBUTES}


# One message


def test_a_message_shows_its_parameters(whoosh: Whoosh, client: Client) -> None:
    message = send(
        client,
        whoosh,
        to="(555) 867-5310",
        body="Party 🎈",
        media_url=["https://app.example/1.png", "https://app.example/2.png"],
        status_callback="https://app.example/status",
        provide_feedback=True,
    )

    assert read(message) == {
        "sid": message.sid,
        "to": PERSON,
        "from_": SENDER,
        "body": "Party 🎈",
        "status": "queued",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "num_segments": 1,
        "segments": ["Party 🎈"],
        "encoding": "UCS-2",
        "media_urls": ["https://app.example/1.png", "https://app.example/2.png"],
        "num_media": 2,
        "price": None,
        "price_unit": None,
        "date_created": NOON,
        "date_sent": None,
        "date_updated": NOON,
        "send_at": None,
        "messaging_service_sid": None,
        "account_sid": whoosh.account_sid,
        "status_callback": "https://app.example/status",
        "content_sid": None,
        "content_variables": None,
        "content": None,
        "feedback": "unconfirmed",
        "history": [("queued", NOON)],
        "callbacks": [],
        "request": {
            "To": "(555) 867-5310",
            "From": SENDER,
            "Body": "Party 🎈",
            "MediaUrl": ["https://app.example/1.png", "https://app.example/2.png"],
            "StatusCallback": "https://app.example/status",
            "ProvideFeedback": "true",
        },
        "redacted": False,
        "deleted": False,
        **NOT_POSTED,
        "provide_feedback": True,
    }
    assert (message.sid[:2], len(message.sid)) == ("MM", 34)


def test_a_message_shows_its_outcome(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().undeliver(30005)
    service = whoosh.add_messaging_service("Desk", senders=[SENDER])
    at = NOON + timedelta(hours=1)
    message = send(
        client,
        whoosh,
        from_=None,
        body="a" * 161,
        messaging_service_sid=service.sid,
        schedule_type="fixed",
        send_at=at,
        status_callback="https://app.example/status",
    )
    before = read(message)

    whoosh.travel(hours=2)

    second = timedelta(seconds=1)
    changed = {name: value for name, value in read(message).items() if value != before[name]}
    assert changed == {
        "from_": SENDER,
        "status": "undelivered",
        "error_code": 30005,
        "error_message": "Unknown destination handset",
        "num_segments": 2,
        "price": Decimal("-0.0158"),
        "price_unit": "USD",
        "date_sent": at + 2 * second,
        "date_updated": at + 4 * second,
        "history": [
            ("scheduled", NOON),
            ("queued", at),
            ("sending", at + second),
            ("sent", at + 2 * second),
            ("undelivered", at + 4 * second),
        ],
        "callbacks": whoosh.callbacks,
    }
    assert (before["send_at"], before["messaging_service_sid"]) == (at, service.sid)
    assert message.segments == ["a" * 153, "a" * 8]


def test_a_message_from_a_template_shows_the_template(whoosh: Whoosh, client: Client) -> None:
    template = whoosh.add_template("Hi {{1}}", variables={"1": "there"})
    message = send(client, whoosh, body=None, content_sid=template.sid, content_variables='{"1": "Ada"}')

    assert (message.content_sid, message.content_variables, message.body) == (template.sid, '{"1": "Ada"}', "Hi Ada")


def test_every_date_is_aware_and_in_utc(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    whoosh.settle()

    dates = [message.date_created, message.date_sent, message.date_updated, *(at for _, at in message.history)]
    assert {type(at) for at in dates} == {type(NOON)}
    assert {at.tzinfo for at in dates if at} == {UTC}


def test_feedback_is_shown(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, provide_feedback=True)
    other = send(client, whoosh)

    client.messages(message.sid).feedback.create(outcome="confirmed")

    assert (message.feedback, other.feedback) == ("confirmed", None)


def test_a_redacted_message_has_lost_its_body_only(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, body="Your code is 1234")
    whoosh.settle()
    before = read(message)

    whoosh.travel(minutes=1)
    client.messages(message.sid).update(body="")

    changed = {name: value for name, value in read(message).items() if value != before[name]}
    assert changed == {"body": "", "redacted": True, "date_updated": NOON + timedelta(seconds=64)}
    assert message.request["Body"] == "Your code is 1234"
    assert message.segments == ["Your code is 1234"]


def test_a_deleted_message_can_still_be_read(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    whoosh.settle()
    before = read(message)

    client.messages(message.sid).delete()

    assert read(message) == before | {"deleted": True}
    assert list(whoosh.outbox) == [message]


def test_a_message_shows_its_present_state(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    seen = [message.status]

    for _ in range(4):
        whoosh.travel(seconds=1)
        seen.append(message.status)

    assert seen == ["queued", "sending", "sent", "sent", "delivered"]


@pytest.mark.parametrize("name", ["status", "body", "error_code", "colour"])
def test_a_message_cannot_be_changed(whoosh: Whoosh, client: Client, name: str) -> None:
    message = send(client, whoosh)

    with pytest.raises(AttributeError) as refusal:
        setattr(message, name, "delivered")

    assert str(refusal.value) == (
        f"A message is read-only, so its {name} cannot be set. "
        "Script its outcome with whoosh.when(...), or change the message through the API."
    )
    with pytest.raises(AttributeError):
        delattr(message, "status")


def test_changing_a_value_of_a_message_has_no_effect(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, media_url=["https://app.example/1.png", "https://app.example/2.png"])
    before = read(message)

    for name in ("media_urls", "segments", "history"):
        getattr(message, name).clear()
    media = message.request["MediaUrl"]
    assert isinstance(media, list)
    media.clear()
    message.request.clear()

    assert read(message) == before


def test_a_message_is_itself_however_it_was_found(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)
    other = send(client, whoosh)

    assert whoosh.outbox[0] == whoosh.messages[0] == whoosh.assert_sent(sid=message.sid) == message
    assert message != other
    assert message != message.sid
    assert {message, whoosh.outbox[0], other} == {message, other}
    assert message in whoosh.outbox


def test_a_message_shows_itself_in_one_line(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[SENDER])
    send(client, whoosh)
    send(client, whoosh, from_=None, messaging_service_sid=service.sid, body="Bye\x1b")

    assert repr(whoosh.outbox[0]) == "<Message SM…0001 +15557122661 -> +15558675310 queued: 'Hi'>"
    assert repr(whoosh.outbox[1]) == r"<Message SM…0002 (no sender yet) -> +15558675310 accepted: 'Bye\x1b'>"


def test_a_message_shows_its_whole_body_since_snapshots_compare_it(whoosh: Whoosh, client: Client) -> None:
    body = "a" * 1599 + "b"
    send(client, whoosh, body=body)

    assert repr(whoosh.outbox[0]).endswith(f"queued: {body!r}>")
    assert body in repr(whoosh.outbox)


def test_sids_are_the_same_in_every_run_and_others_with_another_seed() -> None:
    sids = []
    for seed in (0, 0, 1):
        with Whoosh(seed=seed) as whoosh:
            client = Client()
            sids.append([send(client, whoosh).sid, send(client, whoosh).sid])

    assert sids[0] == sids[1] == ["SMf784696e7bfd6b4e31a9ea4400000001", "SMf784696e7bfd6b4e31a9ea4400000002"]
    assert sids[2] != sids[0]


def test_messages_can_be_read_after_the_double_has_ended() -> None:
    with Whoosh() as whoosh:
        message = send(Client(), whoosh)
        whoosh.settle()

    assert (message.status, len(whoosh.outbox), whoosh.outbox[0].body) == ("delivered", 1, "Hi")
    whoosh.assert_sent(to=PERSON)


# Sequences of messages


def test_the_outbox_is_a_sequence_oldest_first(whoosh: Whoosh, client: Client) -> None:
    one, two, three = (send(client, whoosh, body=body) for body in ("One", "Two", "Three"))

    outbox = whoosh.outbox

    assert len(outbox) == 3
    assert (outbox[0], outbox[2], outbox[-1], outbox[-3]) == (one, three, three, one)
    assert outbox[1:] == [two, three]
    assert outbox[::-1] == [three, two, one]
    assert outbox[5:] == []
    assert list(outbox) == [one, two, three]
    assert list(reversed(outbox)) == [three, two, one]
    assert [message.body for message in outbox] == ["One", "Two", "Three"]
    assert (outbox.index(two), outbox.count(two), two in outbox) == (1, 1, True)


def test_an_outbox_in_a_variable_shows_later_messages(whoosh: Whoosh, client: Client) -> None:
    outbox = whoosh.outbox
    mine = outbox.filter(to=PERSON)
    before = (len(outbox), bool(outbox), len(mine))

    send(client, whoosh)

    assert (before, (len(outbox), bool(outbox), len(mine))) == ((0, False, 0), (1, True, 1))


def test_a_sequence_equals_another_of_the_same_messages(whoosh: Whoosh, client: Client) -> None:
    assert whoosh.outbox == []

    message = send(client, whoosh)

    assert whoosh.outbox == [message] == whoosh.outbox
    assert whoosh.outbox == whoosh.messages
    assert whoosh.outbox != whoosh.inbox
    assert whoosh.outbox != message


@pytest.mark.parametrize("index", [2, -3, 100])
def test_an_index_that_is_not_there_is_refused(whoosh: Whoosh, client: Client, index: int) -> None:
    send(client, whoosh)
    send(client, whoosh)

    with pytest.raises(IndexError) as refusal:
        whoosh.outbox[index]

    assert str(refusal.value) == f"The outbox has 2 messages, so index {index} is out of range."


@pytest.mark.parametrize(
    ("text", "search"), [("SM0123456789", ".one(sid='SM0123456789')"), (PERSON, ".one(to='+15558675310')")]
)
def test_an_index_that_is_a_text_is_refused(whoosh: Whoosh, text: str, search: str) -> None:
    with pytest.raises(TypeError) as refusal:
        whoosh.outbox[text]  # type: ignore[call-overload]

    assert str(refusal.value) == f"The outbox takes a position such as [0], not {text!r}. To search: {search}."


def test_an_index_in_a_shorter_sequence_is_refused(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)

    with pytest.raises(IndexError) as one:
        whoosh.outbox.filter(to=PERSON)[1]
    with pytest.raises(IndexError) as none:
        whoosh.inbox[0]

    assert str(one.value) == "The outbox with to='+15558675310' has 1 message, so index 1 is out of range."
    assert str(none.value) == "The inbox has 0 messages, so index 0 is out of range."


def test_messages_are_matched_by_their_properties(whoosh: Whoosh, client: Client) -> None:
    one = send(client, whoosh, body="One")
    two = send(client, whoosh, body="Two")
    other = send(client, whoosh, to="+15558675311")

    mine = whoosh.outbox.filter(to=PERSON)

    assert list(mine) == [one, two]
    assert list(mine.filter(body="Two")) == [two]
    assert (mine.one(body="One"), mine.last(), whoosh.outbox.last(), whoosh.outbox.one(to=other.to)) == (
        one,
        two,
        other,
        other,
    )
    assert list(whoosh.outbox.filter()) == [one, two, other]


def test_a_message_of_a_person_is_in_the_inbox(whoosh: Whoosh, client: Client) -> None:
    sent = send(client, whoosh)
    received = whoosh.receive("Thanks", from_=PERSON, to=SENDER).message

    assert (list(whoosh.outbox), list(whoosh.inbox), list(whoosh.messages)) == ([sent], [received], [sent, received])
    assert (received.direction, received.status, received.from_, received.to) == ("inbound", "received", PERSON, SENDER)
    whoosh.assert_sent(to=PERSON)
    whoosh.assert_not_sent(body="Thanks")


def test_a_sequence_shows_its_messages(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)

    assert repr(whoosh.outbox) == "<outbox: [\"SM…0001 +15557122661 -> +15558675310 queued: 'Hi'\"]>"
    assert repr(whoosh.inbox) == "<inbox: []>"


def test_moving_the_tests_own_clock_changes_messages(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)

    with freeze_time(NOON + timedelta(seconds=10)):
        assert [each.status for each in whoosh.outbox] == ["delivered"]
        assert message.history[-1] == ("delivered", NOON + timedelta(seconds=4))


def test_going_through_messages_shows_those_of_its_start(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh)
    send(client, whoosh)

    for message in whoosh.outbox:
        send(client, whoosh, to=message.to, body="Again")

    assert [message.body for message in whoosh.outbox] == ["Hi", "Hi", "Again", "Again"]
