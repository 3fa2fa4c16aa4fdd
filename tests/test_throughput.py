"""Realistic throughput: senders send as fast as theirs send, and what comes faster waits in a queue."""

from base64 import b64encode
from collections.abc import Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh
from pytest_whoosh.engine.http import Request

PERSON = "+15558675310"
LONG_CODE = "+15557122661"


@pytest.fixture
def whoosh() -> Iterator[Whoosh]:
    with Whoosh(throughput="realistic", clock="virtual") as whoosh:
        yield whoosh


def send(client: Client, whoosh: Whoosh, **parameters: object) -> Message:
    """Send a message as an app does, and hold it as a test does."""
    client.messages.create(**{"to": PERSON, "from_": LONG_CODE, "body": "Hi"} | parameters)
    return whoosh.outbox[-1]


def seconds_until(message: Message, status: str) -> float:
    return (dict(message.history)[status] - message.date_created).total_seconds()


@pytest.mark.parametrize(
    ("sender", "to", "parameters", "rate"),
    [
        pytest.param(LONG_CODE, PERSON, {}, 1, id="a number to the United States"),
        pytest.param(LONG_CODE, "+14165550100", {}, 1, id="a number to Canada"),
        pytest.param(LONG_CODE, "+447911123456", {}, 10, id="a number elsewhere"),
        pytest.param("+18885550100", PERSON, {}, 3, id="a toll-free number to the United States"),
        pytest.param("+18005550100", "+447911123456", {}, 10, id="a toll-free number elsewhere"),
        pytest.param("CLINIC", "+447911123456", {}, 10, id="a name elsewhere"),
        pytest.param("12345", PERSON, {}, 100, id="a short code"),
        pytest.param(f"whatsapp:{LONG_CODE}", f"whatsapp:{PERSON}", {}, 80, id="a WhatsApp sender"),
        pytest.param(LONG_CODE, PERSON, {"media_url": ["https://app.example/1.png"]}, 50, id="a number's MMS"),
        pytest.param("+18885550100", PERSON, {"send_as_mms": True}, 25, id="a toll-free number's MMS"),
        pytest.param("12345", PERSON, {"send_as_mms": True}, 40, id="a short code's MMS"),
    ],
)
def test_a_sender_has_its_rate(
    whoosh: Whoosh, client: Client, sender: str, to: str, parameters: dict[str, object], rate: int
) -> None:
    whoosh.when().deliver()
    messages = [send(client, whoosh, to=to, from_=sender, **parameters) for _ in range(4)]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [
        pytest.approx(1 + number / rate, abs=1e-5) for number in range(4)
    ]


def test_a_long_message_takes_the_time_of_its_segments(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, body=body) for body in ("a" * 400, "Hi", "Hi")]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [1, 4, 5]
    assert [message.num_segments for message in messages] == [3, 1, 1]


def test_what_waits_stays_queued(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh) for _ in range(5)]

    whoosh.travel(seconds=3)

    assert [message.status for message in messages] == ["sent", "sent", "sending", "queued", "queued"]


def test_each_sender_has_its_own_queue(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, from_=sender) for sender in (LONG_CODE, "+15557122662")]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [1, 1]


def test_the_numbers_of_an_account_share_the_rate_of_their_mms(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, from_=sender, send_as_mms=True) for sender in (LONG_CODE, "+15557122662")]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [1, 1.02]


def test_a_queue_that_ran_empty_lets_the_next_message_go_at_once(whoosh: Whoosh, client: Client) -> None:
    for _ in range(3):
        send(client, whoosh)
    whoosh.travel(minutes=1)
    message = send(client, whoosh)

    whoosh.settle()

    assert seconds_until(message, "sending") == 1


def test_a_service_spreads_its_messages_over_the_queues_of_its_senders(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[LONG_CODE, "+15557122662"])
    messages = [
        send(client, whoosh, from_=None, messaging_service_sid=service.sid, to=f"+1555867531{number}")
        for number in range(4)
    ]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [2, 2, 3, 3]


def fill(whoosh: Whoosh) -> None:
    """Fill the queue of the number: 1440 messages of ten segments are as many as it sends in four hours."""
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    credentials = b64encode(f"{whoosh.api_key}:{whoosh.api_secret}".encode()).decode()
    form = urlencode({"To": PERSON, "From": LONG_CODE, "Body": "a" * 1530})
    for _ in range(1440):
        whoosh.answer(Request("POST", url, {"Authorization": f"Basic {credentials}"}, form))


def test_a_full_queue_refuses_a_direct_message(whoosh: Whoosh, client: Client) -> None:
    fill(whoosh)

    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to=PERSON, from_=LONG_CODE, body="Hi")

    assert (refusal.value.status, refusal.value.code, refusal.value.msg) == (
        429,
        21611,
        "Unable to create record: SMS queue is full.",
    )
    assert len(whoosh.outbox) == 1440


def test_a_queue_has_room_again_when_time_has_passed(whoosh: Whoosh, client: Client) -> None:
    fill(whoosh)

    whoosh.travel(seconds=1)

    assert send(client, whoosh).status == "queued"


def test_what_a_full_queue_holds_is_sent_in_four_hours(whoosh: Whoosh, client: Client) -> None:
    fill(whoosh)

    whoosh.settle()

    assert {message.status for message in whoosh.outbox} == {"delivered"}
    assert seconds_until(whoosh.outbox[-1], "sending") == 14400 - 10 + 1


@pytest.mark.parametrize("sender", [None, LONG_CODE], ids=["sender chosen", "sender given"])
def test_a_service_takes_what_its_full_queue_cannot_and_fails_it(
    whoosh: Whoosh, client: Client, sender: str | None
) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[LONG_CODE])
    fill(whoosh)
    message = send(client, whoosh, from_=sender, messaging_service_sid=service.sid, body="a" * 200)

    whoosh.travel(seconds=2)

    assert (message.status, message.error_code, message.error_message) == ("failed", 30001, "Queue overflow")
    assert message.price is None


@pytest.mark.parametrize(
    ("validity", "history"),
    [
        (6, [("queued", 0), ("sending", 6), ("sent", 7), ("delivered", 9)]),
        (5, [("queued", 0), ("failed", 5)]),
    ],
    ids=["just long enough", "too short"],
)
def test_a_message_that_queues_for_too_long_fails(
    whoosh: Whoosh, client: Client, validity: int, history: list[tuple[str, float]]
) -> None:
    for _ in range(5):
        send(client, whoosh)
    message = send(client, whoosh, validity_period=validity, status_callback="https://app.example/status")

    whoosh.settle()

    assert [(status, (at - message.date_created).total_seconds()) for status, at in message.history] == history
    if message.status == "failed":
        assert (message.error_code, message.error_message) == (30036, "Validity Period Expired")
        whoosh.assert_callbacks(message, "failed")


def test_a_message_that_expires_takes_nobodys_time(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, **each) for each in ({}, {}, {"validity_period": 1}, {})]

    whoosh.settle()

    assert [message.status for message in messages] == ["delivered", "delivered", "failed", "delivered"]
    assert seconds_until(messages[3], "sending") == 3


def test_a_service_has_a_validity_period_for_its_messages(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[LONG_CODE], validity_period=3)
    messages = [
        send(client, whoosh, from_=None, messaging_service_sid=service.sid, **each)
        for each in ({}, {}, {}, {}, {"validity_period": 10})
    ]

    whoosh.settle()

    assert [message.status for message in messages] == ["delivered", "delivered", "delivered", "failed", "delivered"]


def test_a_scheduled_message_queues_from_its_moment_on(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[LONG_CODE])
    at = whoosh.now + timedelta(hours=1)
    messages = [
        send(
            client,
            whoosh,
            from_=None,
            messaging_service_sid=service.sid,
            schedule_type="fixed",
            send_at=at,
            validity_period=2,
        )
        for _ in range(3)
    ]

    whoosh.travel(hours=2)

    assert [message.history[-1] for message in messages] == [
        ("delivered", at + timedelta(seconds=4)),
        ("delivered", at + timedelta(seconds=5)),
        ("failed", at + timedelta(seconds=2)),
    ]


@given(st.lists(st.tuples(st.integers(0, 10), st.integers(1, 500)), min_size=1, max_size=15))
def test_no_sender_sends_faster_than_its_rate_nor_out_of_turn(plan: list[tuple[int, int]]) -> None:
    with Whoosh(throughput="realistic", clock="virtual") as whoosh:
        client = Client()
        for pause, length in plan:
            whoosh.travel(seconds=pause)
            client.messages.create(to=PERSON, from_=LONG_CODE, body="a" * length)
        whoosh.settle()

        free = whoosh.outbox[0].date_created
        for message in whoosh.outbox:
            turn = max(free, message.date_created)
            assert dict(message.history)["sending"] == turn + timedelta(seconds=1)
            free = turn + timedelta(seconds=message.num_segments)


@freeze_time("2030-01-01")
def test_without_the_setting_nothing_queues() -> None:
    with Whoosh() as whoosh:
        messages = [send(Client(), whoosh, validity_period=1) for _ in range(20)]
        whoosh.settle()

        assert {seconds_until(message, "sending") for message in messages} == {1}
