"""Realistic throughput: senders send at the documented rates, and other messages wait in a queue."""

from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from urllib.parse import urlencode

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Message, Queue, Whoosh, WhooshError
from pytest_whoosh.engine.http import Request
from tests.conftest import PERSON

LONG_CODE, TOLL_FREE, SHORT_CODE = "+15557122661", "+18885550100", "12345"
ABROAD = "+447911123456"
PICTURE = ["https://app.example/1.png"]


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
        pytest.param(LONG_CODE, ABROAD, {}, 10, id="a number elsewhere"),
        pytest.param(TOLL_FREE, PERSON, {}, 3, id="a toll-free number to the United States"),
        pytest.param("+18005550100", "+14165550100", {}, 3, id="a toll-free number to Canada"),
        pytest.param("+18005550100", ABROAD, {}, 10, id="a toll-free number elsewhere"),
        pytest.param("CLINIC", ABROAD, {}, 10, id="a name elsewhere"),
        pytest.param(SHORT_CODE, PERSON, {}, 100, id="a short code to the United States"),
        pytest.param(SHORT_CODE, ABROAD, {}, 100, id="a short code to Great Britain"),
        pytest.param(f"whatsapp:{LONG_CODE}", f"whatsapp:{PERSON}", {}, 80, id="a WhatsApp sender"),
        pytest.param(LONG_CODE, PERSON, {"media_url": PICTURE}, 50, id="a number's MMS"),
        pytest.param(TOLL_FREE, PERSON, {"send_as_mms": True}, 25, id="a toll-free number's MMS"),
        pytest.param(SHORT_CODE, PERSON, {"send_as_mms": True}, 40, id="a short code's MMS"),
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


def test_a_rate_that_divides_no_second_is_kept_to_the_second(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, from_=TOLL_FREE) for _ in range(7)]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages[::3]] == [1, 2, 3]
    assert seconds_until(messages[1], "sending") == 1.333334, "never early, not by a microsecond"


def test_a_long_message_takes_the_time_of_its_segments(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, body=body) for body in ("a" * 400, "Hi", "Hi")]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [1, 4, 5]
    assert [message.num_segments for message in messages] == [3, 1, 1]


def test_waiting_messages_stay_queued(whoosh: Whoosh, client: Client) -> None:
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


def test_the_numbers_of_the_accounts_below_share_it_too(whoosh: Whoosh, client: Client) -> None:
    account = client.api.accounts.create(friendly_name="Shop")
    below = Client(account.sid, account.auth_token)
    messages = [
        send(each, whoosh, from_=sender, send_as_mms=True)
        for each, sender in ((client, LONG_CODE), (below, "+15557122662"))
    ]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [1, 1.02]


def test_short_codes_share_nothing(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, from_=sender, send_as_mms=True) for sender in (SHORT_CODE, "54321")]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [1, 1]


@pytest.mark.parametrize("sender", [LONG_CODE, SHORT_CODE], ids=["a number", "a short code"])
def test_text_messages_do_not_wait_for_mms(whoosh: Whoosh, client: Client, sender: str) -> None:
    texts_and_pictures = ({"send_as_mms": True}, {}, {"send_as_mms": True})
    messages = [send(client, whoosh, from_=sender, **each) for each in texts_and_pictures]

    whoosh.settle()

    assert [seconds_until(message, "sending") for message in messages] == [1, 1, 1.02 if sender == LONG_CODE else 1.025]


def test_an_empty_queue_sends_the_next_message_at_once(whoosh: Whoosh, client: Client) -> None:
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


def fill(whoosh: Whoosh, **parameters: str) -> None:
    """Fill the queue of the number with 1440 messages of ten segments, which it sends in four hours."""
    for _ in range(1440):
        post(whoosh, {"To": PERSON, "From": LONG_CODE, "Body": "a" * 1530} | parameters)


def post(whoosh: Whoosh, parameters: dict[str, str]) -> int:
    """Send a message without the SDK, which is faster. Return the HTTP status."""
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    credentials = b64encode(f"{whoosh.api_key}:{whoosh.api_secret}".encode()).decode()
    return whoosh._answer(Request("POST", url, {"Authorization": f"Basic {credentials}"}, urlencode(parameters))).status


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


def test_a_full_queue_is_sent_in_four_hours(whoosh: Whoosh, client: Client) -> None:
    fill(whoosh)

    whoosh.settle()

    assert {message.status for message in whoosh.outbox} == {"delivered"}
    assert seconds_until(whoosh.outbox[-1], "sending") == 14400 - 10 + 1


def test_an_expiring_message_takes_room_until_it_expires(whoosh: Whoosh, client: Client) -> None:
    fill(whoosh, ValidityPeriod="5")

    whoosh.travel(seconds=4)

    with pytest.raises(TwilioRestException, match="SMS queue is full"):
        send(client, whoosh, body="a" * 1530)

    whoosh.travel(seconds=1)

    message = send(client, whoosh, body="a" * 1530)
    assert whoosh.queue(LONG_CODE).messages == [message]
    assert len(whoosh.outbox.filter(error_code=30036)) == 1439


def test_a_reply_of_twiml_that_a_full_queue_cannot_take_fails(whoosh: Whoosh) -> None:
    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [b"<Response><Message>Thanks</Message></Response>"]

    whoosh.add_number(LONG_CODE, sms_url="https://app.example/sms")
    whoosh.mount("https://app.example", app)
    fill(whoosh)

    [reply] = whoosh.receive("Hi", from_=PERSON, to=LONG_CODE).replies
    whoosh.travel(seconds=1)

    assert (reply.status, reply.error_code) == ("failed", 30001)


@pytest.mark.parametrize("sender", [None, LONG_CODE], ids=["sender chosen", "sender given"])
def test_a_service_accepts_messages_for_a_full_queue_and_fails_them(
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


def test_an_expiring_message_delays_no_other_message(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, **each) for each in ({}, {}, {"validity_period": 1}, {})]

    whoosh.settle()

    assert [message.status for message in messages] == ["delivered", "delivered", "failed", "delivered"]
    assert seconds_until(messages[3], "sending") == 3


def test_with_a_delay_longer_than_the_validity_period_everything_expires() -> None:
    with Whoosh(throughput="realistic", clock="virtual", delays={"sending": timedelta(days=36_500)}) as whoosh:
        message = send(Client(), whoosh)

        whoosh.settle()

        assert (message.status, message.error_code) == ("failed", 30036)


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


def test_a_canceled_message_never_queues(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[LONG_CODE])
    at = whoosh.now + timedelta(hours=1)
    canceled, kept = (
        send(
            client,
            whoosh,
            from_=LONG_CODE,
            messaging_service_sid=service.sid,
            schedule_type="fixed",
            send_at=at,
        )
        for _ in range(2)
    )
    client.messages(canceled.sid).update(status="canceled")

    whoosh.travel(at)

    assert whoosh.queue(LONG_CODE).messages == [kept]
    whoosh.settle()
    assert dict(kept.history)["sending"] == at + timedelta(seconds=1)


def test_a_message_that_fails_at_its_turn_uses_its_turn_up(whoosh: Whoosh, client: Client) -> None:
    messages = [send(client, whoosh, **each) for each in ({"max_price": "0.0001"}, {})]

    whoosh.settle()

    assert [message.history[1] for message in messages] == [
        ("failed", messages[0].date_created + timedelta(seconds=1)),
        ("sending", messages[0].date_created + timedelta(seconds=2)),
    ]


# Properties

SENDERS = {LONG_CODE: 1, TOLL_FREE: 3, SHORT_CODE: 100}
PLANS = st.lists(
    st.tuples(
        st.integers(0, 6),  # seconds before it
        st.sampled_from(list(SENDERS)),
        st.integers(1, 700),  # characters
        st.integers(1, 40),  # validity period
        st.booleans(),  # through a service
    ),
    min_size=1,
    max_size=25,
)
Plan = list[tuple[int, str, int, int, bool]]


def carry_out(whoosh: Whoosh, plan: Plan) -> Iterator[None]:
    """Send the messages of a plan, and yield after each, so a test can look at the queues."""
    service = whoosh.add_messaging_service("Desk", senders=list(SENDERS))
    for pause, sender, length, validity, through_service in plan:
        whoosh.travel(seconds=pause)
        form = {"To": PERSON, "From": sender, "Body": "a" * length, "ValidityPeriod": str(validity)}
        post(whoosh, form | ({"MessagingServiceSid": service.sid} if through_service else {}))
        yield
    whoosh.settle()
    yield


def histories(whoosh: Whoosh) -> list[object]:
    """Return the outcome of every message, and its time since the first message was created."""
    start = whoosh.outbox[0].date_created
    return [
        (message.sid, message.error_code, [(status, at - start) for status, at in message.history])
        for message in whoosh.outbox
    ]


@given(PLANS)
def test_no_sender_sends_out_of_turn_nor_in_any_window_faster_than_its_rate(plan: Plan) -> None:
    with Whoosh(throughput="realistic", clock="virtual") as whoosh:
        for _ in carry_out(whoosh, plan):
            pass

        for sender, rate in SENDERS.items():
            sent = [message for message in whoosh.outbox.filter(from_=sender) if "sending" in dict(message.history)]
            moments = [dict(message.history)["sending"] for message in sent]
            assert moments == sorted(moments)
            for first in range(len(sent)):
                segments = 0
                for last in range(first, len(sent)):
                    exactly = timedelta(seconds=segments)
                    # Moments are rounded up to microseconds, so two can be closer by as much.
                    assert (moments[last] - moments[first] + timedelta.resolution) * rate > exactly
                    if segments % rate == 0:
                        assert (moments[last] - moments[first]) * rate >= exactly
                    segments += sent[last].num_segments


@given(PLANS)
def test_nothing_is_lost_and_nothing_waits_for_longer_than_it_may(plan: Plan) -> None:
    with Whoosh(throughput="realistic", clock="virtual") as whoosh:
        for _ in carry_out(whoosh, plan):
            pass

        for message, (_, _, _, validity, _) in zip(whoosh.outbox, plan, strict=True):
            _, (status, at), *_ = message.history
            waited = (at - message.date_created).total_seconds()
            if message.status == "failed":
                assert (message.error_code, waited) == (30036, validity)
            else:
                assert (message.status, status, waited <= validity) == ("delivered", "sending", True)


@given(PLANS)
def test_the_same_plan_has_the_same_outcome(plan: Plan) -> None:
    outcomes = []
    for _ in range(2):
        with Whoosh(throughput="realistic", clock="virtual") as whoosh:
            for _ in carry_out(whoosh, plan):
                pass
            outcomes.append(histories(whoosh))

    assert outcomes[0] == outcomes[1]


@given(PLANS)
def test_a_queue_contains_the_queued_messages(plan: Plan) -> None:
    with Whoosh(throughput="realistic", clock="virtual") as whoosh:
        for _ in carry_out(whoosh, plan):
            for sender in SENDERS:
                queue = whoosh.queue(sender)
                queued = [message for message in whoosh.outbox if (message.from_, message.status) == (sender, "queued")]
                assert queue.messages == queued
                assert queue.depth == len(queued)
                assert queue.segments == sum(len(message.segments) for message in queued)


@given(PLANS)
def test_a_queue_is_empty_exactly_at_drains_at(plan: Plan) -> None:
    with Whoosh(throughput="realistic", clock="virtual") as whoosh:
        *_, _ = list(zip(plan, carry_out(whoosh, plan), strict=False))
        queues = [queue for queue in map(whoosh.queue, SENDERS) if queue.depth]
        for queue in sorted(queues, key=lambda queue: queue.drains_at):
            expiring = list(queue.expiring)
            drains_at = queue.drains_at
            whoosh.travel(max(drains_at - timedelta.resolution, whoosh.now))
            assert queue.depth > 0 or whoosh.now == drains_at
            whoosh.travel(drains_at)
            assert queue.depth == 0
            assert {message.status for message in expiring} <= {"failed"}


@freeze_time("2030-01-01")
def test_without_the_setting_nothing_queues() -> None:
    with Whoosh() as whoosh:
        messages = [send(Client(), whoosh, validity_period=1) for _ in range(20)]
        whoosh.settle()

        assert {seconds_until(message, "sending") for message in messages} == {1}


# Reading a queue


def test_a_queue_shows_its_depth_and_when_it_is_empty(whoosh: Whoosh, client: Client) -> None:
    queue = whoosh.queue("(555) 712-2661")
    messages = [send(client, whoosh, **each) for each in ({"body": "a" * 200}, {"validity_period": 1}, {})]

    assert queue.sender == LONG_CODE
    assert queue.messages == messages
    assert queue.expiring == messages[1:2]
    assert (queue.depth, queue.segments) == (3, 4)
    assert (queue.rate, queue.rate_to(ABROAD), queue.room, queue.is_full) == (1, 10, 14396, False)
    assert queue.drains_at == whoosh.now + timedelta(seconds=3)
    assert repr(queue) == f"<queue of {LONG_CODE}: 3 messages, empty at {queue.drains_at:%Y-%m-%d %H:%M:%S} UTC>"

    whoosh.travel(queue.drains_at)

    assert (queue.depth, queue.segments, queue.messages, queue.drains_at) == (0, 0, [], whoosh.now)


@pytest.mark.parametrize(
    ("sender", "mms", "rate", "room"),
    [
        pytest.param(LONG_CODE, False, 1, 14_400, id="a number"),
        pytest.param("+447700900123", False, 10, 144_000, id="a number of another country"),
        pytest.param(TOLL_FREE, False, 3, 43_200, id="a toll-free number"),
        pytest.param(SHORT_CODE, False, 100, 1_440_000, id="a short code"),
        pytest.param("CLINIC", False, 10, 144_000, id="a name"),
        pytest.param(f"whatsapp:{LONG_CODE}", False, 80, 1_152_000, id="a WhatsApp sender"),
        pytest.param(LONG_CODE, True, 50, 720_000, id="the MMS of numbers"),
        pytest.param(TOLL_FREE, True, 25, 360_000, id="the MMS of toll-free numbers"),
        pytest.param(SHORT_CODE, True, 40, 576_000, id="the MMS of a short code"),
    ],
)
def test_a_queue_has_the_rate_of_its_sender_and_room_for_four_hours(
    whoosh: Whoosh, sender: str, mms: bool, rate: int, room: int
) -> None:
    queue = whoosh.queue(sender, mms=mms)

    assert (queue.rate, queue.room, queue.depth, queue.drains_at) == (rate, room, 0, whoosh.now)


def test_a_short_code_sends_fast_in_its_own_country(whoosh: Whoosh) -> None:
    whoosh.add_short_code("54321", country="FR")

    assert (whoosh.queue("54321").rate, whoosh.queue("54321").rate_to(PERSON)) == (10, 100)


def test_numbers_show_the_queue_of_mms_that_they_share(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, send_as_mms=True)

    assert whoosh.queue("+15557122662", mms=True).messages == [message]
    assert whoosh.queue(LONG_CODE).messages == []
    assert whoosh.queue(TOLL_FREE, mms=True).messages == []


def test_a_queue_is_full_when_the_next_message_is_refused(whoosh: Whoosh, client: Client) -> None:
    fill(whoosh)
    queue = whoosh.queue(LONG_CODE)

    assert (queue.is_full, queue.room, queue.segments) == (True, 0, 14_400)
    assert queue.drains_at == whoosh.now + timedelta(seconds=14_400 - 10 + 1)
    with pytest.raises(TwilioRestException, match="SMS queue is full"):
        send(client, whoosh)

    whoosh.travel(seconds=1)

    assert (queue.is_full, queue.room) == (False, 1)


def test_a_message_that_a_rule_keeps_queued_delays_no_other(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(body="Stay").stall(at="queued")
    messages = [send(client, whoosh, body=body) for body in ("Stay", "Hi")]

    assert whoosh.queue(LONG_CODE).messages == messages[1:]
    whoosh.settle()
    assert [message.status for message in messages] == ["queued", "delivered"]


def test_a_queue_is_empty_after_a_reset(whoosh: Whoosh, client: Client) -> None:
    queue = whoosh.queue(LONG_CODE)
    send(client, whoosh)

    whoosh.reset()

    assert (queue.depth, queue.room) == (0, 14_400)


def test_without_the_setting_there_are_no_queues() -> None:
    with Whoosh() as whoosh, pytest.raises(WhooshError) as error:
        whoosh.queue(LONG_CODE)

    assert str(error.value) == (
        'Nothing waits in a queue while throughput is "unlimited". Mark the test with '
        '@pytest.mark.whoosh(throughput="realistic"), or write Whoosh(throughput="realistic").'
    )


@pytest.mark.parametrize("sender", ["+1555", "no one at all", "", None, 12345, "whatsapp:nobody"])
def test_an_invalid_sender_has_no_queue(whoosh: Whoosh, sender: str) -> None:
    with pytest.raises(ValueError) as error:
        whoosh.queue(sender)

    assert str(error.value) == (
        'A sender must be a phone number such as "+15557122661", a short code, an alphanumeric sender of at most 11 '
        f"characters, or a channel address; not {sender!r}."
    )


def test_a_service_has_no_queue_but_its_senders_do(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[LONG_CODE])

    for asked in (service.sid, service):
        with pytest.raises(WhooshError) as error:
            whoosh.queue(asked)  # type: ignore[arg-type]

        assert str(error.value) == (
            "A Messaging Service has no queue of its own. Ask for the queue of each sender in its pool: "
            "[whoosh.queue(sender) for sender in service.senders]."
        )


def test_a_sender_that_the_account_does_not_have_has_no_queue() -> None:
    with Whoosh(throughput="realistic", senders="owned") as whoosh:
        whoosh.add_number(LONG_CODE)

        assert isinstance(whoosh.queue(LONG_CODE), Queue)
        with pytest.raises(WhooshError) as error:
            whoosh.queue("+15557122666")

    assert str(error.value) == "The account has no sender +15557122666: add it first, or correct its spelling."


def test_only_numbers_and_short_codes_have_a_queue_of_mms(whoosh: Whoosh) -> None:
    with pytest.raises(WhooshError) as error:
        whoosh.queue("CLINIC", mms=True)

    assert str(error.value) == "CLINIC cannot send MMS: only phone numbers and short codes can."


def test_a_rate_is_that_to_a_person(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError) as error:
        whoosh.queue(LONG_CODE).rate_to("GB")

    assert str(error.value) == "rate_to() takes a phone number such as \"+447911123456\", not 'GB'."
