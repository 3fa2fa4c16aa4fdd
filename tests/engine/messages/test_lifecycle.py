"""The life of a message: its statuses, their moments, and the errors that stop it."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any
from urllib.parse import parse_qs

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh
from pytest_whoosh.engine.messages.lifecycle import REPORTED, TRANSITIONS, UNFINISHED, Status
from pytest_whoosh.engine.rules.rule import Rule
from tests.conftest import PERSON, SENDER

#: Every moment is exact if the app's clock is frozen from the start.
pytestmark = pytest.mark.whoosh(clock="frozen")


def send(client: Client, whoosh: Whoosh, **parameters: object) -> Message:
    """Send a message through the SDK, and return the view of it that a test has."""
    client.messages.create(**{"to": PERSON, "body": "Hi"} | parameters)
    return whoosh.outbox[-1]


def ages(message: Message) -> list[tuple[str, float]]:
    """Return a message's history in seconds since its creation."""
    return [(status, (at - message.date_created).total_seconds()) for status, at in message.history]


# Messages without rules


@pytest.mark.parametrize(
    ("second", "status"), [(0, "queued"), (1, "sending"), (2, "sent"), (3, "sent"), (4, "delivered"), (5, "delivered")]
)
def test_a_direct_message_is_delivered_in_four_seconds(
    whoosh: Whoosh, client: Client, second: int, status: str
) -> None:
    message = send(client, whoosh, from_=SENDER)

    whoosh.travel(seconds=second)

    assert message.status == status


@pytest.mark.parametrize(
    ("second", "status", "sender", "segments"),
    [
        (0, "accepted", None, 0),
        (1, "queued", SENDER, 1),
        (2, "sending", SENDER, 1),
        (3, "sent", SENDER, 1),
        (4, "sent", SENDER, 1),
        (5, "delivered", SENDER, 1),
    ],
)
def test_a_service_chooses_the_sender_before_it_queues_a_message(
    whoosh: Whoosh, client: Client, second: int, status: str, sender: str | None, segments: int
) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    message = send(client, whoosh, messaging_service_sid=service.sid)

    whoosh.travel(seconds=second)

    assert (message.status, message.from_, message.num_segments) == (status, sender, segments)


def test_a_message_of_a_service_with_its_sender_given_starts_queued(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122662", SENDER])
    message = send(client, whoosh, messaging_service_sid=service.sid, from_=SENDER)
    segments_at_first = message.num_segments

    whoosh.settle()

    assert ages(message) == [("queued", 0), ("sending", 1), ("sent", 2), ("delivered", 4)]
    assert (segments_at_first, message.num_segments, message.from_) == (0, 1, SENDER)


def test_a_scheduled_message_waits_for_its_moment(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    at = whoosh.now + timedelta(days=2)
    message = send(client, whoosh, messaging_service_sid=service.sid, schedule_type="fixed", send_at=at)

    whoosh.travel(at - timedelta(seconds=1))
    before = (message.status, message.from_, message.num_segments, message.date_sent)
    whoosh.travel(seconds=1)
    then = (message.status, message.from_, message.num_segments, message.date_sent)
    whoosh.settle()

    assert before == ("scheduled", None, 0, None)
    assert then == ("queued", SENDER, 1, None)
    assert message.history == [
        ("scheduled", message.date_created),
        ("queued", at),
        ("sending", at + timedelta(seconds=1)),
        ("sent", at + timedelta(seconds=2)),
        ("delivered", at + timedelta(seconds=4)),
    ]
    assert (message.send_at, message.date_sent) == (at, at + timedelta(seconds=2))


def test_a_message_read_on_whatsapp_was_delivered_first(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().read()
    message = send(client, whoosh, to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}")

    whoosh.settle()

    assert ages(message) == [("queued", 0), ("sending", 1), ("sent", 2), ("delivered", 4), ("read", 6)]


# Dates and price


def test_dates_follow_the_statuses(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, from_=SENDER)
    created = message.date_created

    dates = []
    for _ in range(5):
        dates.append((message.date_created, message.date_updated, message.date_sent))
        whoosh.travel(seconds=1)

    second = [created + timedelta(seconds=n) for n in range(5)]
    assert dates == [
        (created, second[0], None),
        (created, second[1], None),
        (created, second[2], second[2]),
        (created, second[2], second[2]),
        (created, second[4], second[2]),
    ]


def balance(client: Client) -> Decimal:
    return Decimal(client.balance.fetch().balance)


def test_a_message_shows_its_price_with_its_last_status(whoosh: Whoosh, client: Client) -> None:
    """Row 11 of the recordings: null for a while after ``sent``."""
    message = send(client, whoosh, from_=SENDER)
    seen = []

    for _ in range(5):
        seen.append((message.status, message.price, message.price_unit))
        whoosh.travel(seconds=1)

    assert seen == [
        ("queued", None, None),
        ("sending", None, None),
        ("sent", None, None),
        ("sent", None, None),
        ("delivered", Decimal("-0.0079"), "USD"),
    ]


def test_the_price_is_reserved_when_the_message_is_sent(whoosh: Whoosh, client: Client) -> None:
    """Row 11 of the recordings."""
    before = balance(client)
    send(client, whoosh, from_=SENDER)

    left = []
    for _ in range(5):
        left.append(before - balance(client))
        whoosh.travel(seconds=1)

    price = Decimal("0.0079")
    assert left == [0, 0, price, price, price]


@pytest.mark.parametrize(
    ("script", "statuses"),
    [
        pytest.param(lambda rule: rule.deliver(), ["sent", "delivered"], id="delivered"),
        pytest.param(lambda rule: rule.undeliver(), ["sent", "undelivered"], id="undelivered"),
        pytest.param(
            lambda rule: rule.webhooks(order=("delivered", "sent"), duplicate=("sent",)),
            ["delivered", "sent", "sent"],
            id="out of order, one of them twice",
        ),
    ],
)
def test_no_callback_sees_a_price(
    whoosh: Whoosh, client: Client, script: Callable[[Rule], object], statuses: list[str]
) -> None:
    """Row 11 of the recordings: an app that fetches the message in a callback gets no price, even in the last one."""
    met = []

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        form = parse_qs(environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode())
        fetched = client.messages(form["MessageSid"][0]).fetch()
        met.append((form["MessageStatus"][0], fetched.price, fetched.price_unit))
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)
    script(whoosh.when())
    message = send(client, whoosh, from_=SENDER, status_callback="https://app.example/status")

    whoosh.settle()

    assert met == [(status, None, None) for status in statuses]
    assert client.messages(message.sid).fetch().price == "-0.00790"
    assert [callback.params["MessageStatus"] for callback in whoosh.callbacks] == statuses


@pytest.mark.whoosh(delays={"price": "3 minutes"})
@pytest.mark.parametrize("callback", [{}, {"status_callback": "https://app.example/status"}], ids=["silent", "told"])
def test_the_price_can_come_minutes_later(whoosh: Whoosh, client: Client, callback: dict[str, str]) -> None:
    message = send(client, whoosh, from_=SENDER, **callback)

    whoosh.settle()
    delivered = (message.status, message.price, (whoosh.now - message.date_created).total_seconds())
    callbacks = len(whoosh.callbacks)
    whoosh.travel(seconds=179)
    a_second_before = message.price
    whoosh.travel(seconds=1)

    assert delivered == ("delivered", None, 4)
    assert a_second_before is None
    assert (message.price, message.status) == (Decimal("-0.0079"), "delivered")
    assert message.date_updated == whoosh.now
    assert len(whoosh.callbacks) == callbacks
    assert ages(message)[-1] == ("delivered", 4)


@pytest.mark.whoosh(delays={"price": "3 minutes"})
def test_the_price_of_an_inbound_message_comes_equally_late(whoosh: Whoosh) -> None:
    message = whoosh.receive("Hi", from_=PERSON, to=SENDER).message

    before = message.price
    whoosh.travel(minutes=3)

    assert (before, message.price, message.status) == (None, Decimal("-0.0075"), "received")


def test_a_fetched_message_is_the_sample_of_the_documentation(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    sid = client.messages.create(to="+15558675310", messaging_service_sid=service.sid, body="Hi there").sid

    whoosh.travel(seconds=3)

    response = client.request(
        "GET", f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages/{sid}.json"
    )
    document = json.loads(response.text)
    dates = {"date_created", "date_sent", "date_updated"}
    assert {name: value for name, value in document.items() if name not in dates} == {
        "account_sid": whoosh.account_sid,
        "api_version": "2010-04-01",
        "body": "Hi there",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "from": "+15557122661",
        "messaging_service_sid": service.sid,
        "num_media": "0",
        "num_segments": "1",
        "price": None,
        "price_unit": None,
        "sid": sid,
        "status": "sent",
        "subresource_uris": {
            "media": f"/2010-04-01/Accounts/{whoosh.account_sid}/Messages/{sid}/Media.json",
        },
        "to": "+15558675310",
        "uri": f"/2010-04-01/Accounts/{whoosh.account_sid}/Messages/{sid}.json",
    }
    assert dates <= document.keys()


@pytest.mark.parametrize(
    ("parameters", "price"),
    [
        pytest.param({"body": "a" * 160}, "-0.0079", id="one segment"),
        pytest.param({"body": "a" * 161}, "-0.0158", id="two segments"),
        pytest.param({"to": "+447911123456"}, "-0.0420", id="another country"),
        pytest.param({"media_url": ["https://app.example/1.png"]}, "-0.0200", id="one MMS, whatever its text"),
        pytest.param({"to": f"whatsapp:{PERSON}", "from_": f"whatsapp:{SENDER}"}, "-0.0050", id="a WhatsApp message"),
    ],
)
def test_every_segment_has_its_price(whoosh: Whoosh, client: Client, parameters: dict[str, object], price: str) -> None:
    whoosh.when().deliver()
    message = send(client, whoosh, **{"from_": SENDER} | parameters)

    whoosh.settle()

    assert message.price == Decimal(price)


def test_a_test_sets_prices(whoosh: Whoosh, client: Client) -> None:
    whoosh.set_price("US", "0.01")
    message = send(client, whoosh, from_=SENDER, body="a" * 161)

    whoosh.settle()

    assert message.price == Decimal("-0.02")


@pytest.mark.parametrize(
    ("rule", "price"),
    [
        pytest.param(lambda rule: rule.undeliver(), Decimal("-0.0079"), id="undelivered, but sent"),
        pytest.param(lambda rule: rule.fail(), None, id="failed"),
        pytest.param(lambda rule: rule.stall("sending"), None, id="never sent"),
        pytest.param(lambda rule: rule.stall("sent"), Decimal("-0.0079"), id="sent"),
    ],
)
def test_only_sent_messages_are_charged(
    whoosh: Whoosh, client: Client, rule: Callable[[Rule], object], price: Decimal | None
) -> None:
    rule(whoosh.when())
    message = send(client, whoosh, from_=SENDER)

    whoosh.settle()

    assert (message.price, message.price_unit) == (price, price and "USD")


# Messages that fail


@pytest.mark.parametrize(
    ("most", "end"),
    [
        pytest.param("0.0079", ("delivered", None, Decimal("-0.0079")), id="as much as it costs"),
        pytest.param("0.0078", ("failed", 30010, None), id="less than it costs"),
    ],
)
def test_a_message_that_costs_more_than_allowed_is_not_sent(
    whoosh: Whoosh, client: Client, most: str, end: tuple[str, int | None, Decimal | None]
) -> None:
    message = send(client, whoosh, from_=SENDER, max_price=most)

    whoosh.settle()

    assert (message.status, message.error_code, message.price) == end


def test_a_message_over_its_price_limit_fails_instead_of_being_sent(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, from_=SENDER, max_price="0.0001")

    whoosh.settle()

    assert ages(message) == [("queued", 0), ("failed", 1)]
    assert (message.error_message, message.date_sent) == ("Message price exceeds max price", None)


def test_a_service_without_a_sender_for_the_recipient_fails_the_message(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Names", senders=["CLINIC"])  # no names in the United States
    message = send(client, whoosh, messaging_service_sid=service.sid)

    whoosh.settle()

    assert ages(message) == [("accepted", 0), ("failed", 1)]
    assert (message.error_code, message.from_) == (21703, None)
    assert message.error_message == ("The Messaging Service does not have a phone number available to send a message")


def test_a_direct_message_to_a_person_who_opted_out_is_refused_at_once(whoosh: Whoosh, client: Client) -> None:
    whoosh.opt_out(PERSON, SENDER)

    with pytest.raises(TwilioRestException) as refusal:
        send(client, whoosh, from_=SENDER)

    assert (refusal.value.status, refusal.value.code) == (400, 21610)
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize("sender", [None, SENDER], ids=["sender chosen", "sender given"])
def test_a_service_accepts_a_message_to_a_person_who_opted_out_and_fails_it(
    whoosh: Whoosh, client: Client, sender: str | None
) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    whoosh.opt_out(PERSON, SENDER)
    message = send(client, whoosh, messaging_service_sid=service.sid, **({"from_": sender} if sender else {}))

    whoosh.settle()

    assert ages(message) == [("queued" if sender else "accepted", 0), ("failed", 1)]
    assert (message.error_code, message.error_message) == (21610, "Attempt to send to unsubscribed recipient")


def test_an_opt_out_stops_messages_that_were_scheduled_before(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    at = whoosh.now + timedelta(hours=1)
    message = send(client, whoosh, messaging_service_sid=service.sid, schedule_type="fixed", send_at=at)

    whoosh.opt_out(PERSON, service.sid)
    whoosh.travel(hours=2)

    assert message.history == [("scheduled", message.date_created), ("failed", at)]
    assert message.error_code == 21610


def test_an_opt_out_of_an_unknown_service_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError) as refusal:
        whoosh.opt_out(PERSON, "MG" + "0" * 32)

    assert str(refusal.value) == (
        f"No Messaging Service has the SID 'MG{'0' * 32}'. Create one with add_messaging_service()."
    )


def test_a_canceled_message_is_never_sent(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    at = whoosh.now + timedelta(hours=1)
    message = send(client, whoosh, messaging_service_sid=service.sid, schedule_type="fixed", send_at=at)

    whoosh.travel(minutes=30)
    client.messages(message.sid).update(status="canceled")
    canceled_at = whoosh.now
    whoosh.travel(hours=2)

    assert message.history == [("scheduled", message.date_created), ("canceled", canceled_at)]
    assert (message.date_updated, message.date_sent, message.error_code) == (canceled_at, None, None)


# The sender that a service chooses


def test_a_service_writes_to_a_person_from_the_sender_they_know(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=["+15557122661", "+15557122662"])
    for to in (PERSON, "+15558675311", PERSON, "+15558675311"):
        send(client, whoosh, messaging_service_sid=service.sid, to=to)

    whoosh.settle()

    assert [message.from_ for message in whoosh.outbox] == ["+15557122661", "+15557122662"] * 2


def test_a_service_without_sticky_senders_spreads_its_messages(whoosh: Whoosh, client: Client) -> None:
    senders = ["+15557122661", "+15557122662", "+15557122663"]
    service = whoosh.add_messaging_service("Desk", senders=senders, sticky_sender=False)
    for _ in range(6):
        send(client, whoosh, messaging_service_sid=service.sid)

    whoosh.settle()

    assert [message.from_ for message in whoosh.outbox] == senders * 2


def test_a_service_prefers_a_sender_of_the_area(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=["+14155550100", "+12125550100"])
    message = send(client, whoosh, messaging_service_sid=service.sid, to="+12125559999")

    whoosh.settle()

    assert message.from_ == "+12125550100"


# Time


def test_settling_leaves_messages_that_are_scheduled_for_later(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    start = whoosh.now
    send(client, whoosh, from_=SENDER)
    scheduled = send(
        client, whoosh, messaging_service_sid=service.sid, schedule_type="fixed", send_at=start + timedelta(days=1)
    )

    whoosh.settle()

    assert [message.status for message in whoosh.outbox] == ["delivered", "scheduled"]
    assert (whoosh.now, scheduled.send_at) == (start + timedelta(seconds=4), start + timedelta(days=1))


def test_settling_sends_messages_that_are_scheduled_for_a_moment_on_the_way(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    whoosh.when(body="slow").deliver(after=timedelta(days=1))
    send(client, whoosh, from_=SENDER, body="slow")
    at = whoosh.now + timedelta(hours=1)
    send(client, whoosh, messaging_service_sid=service.sid, schedule_type="fixed", send_at=at)

    whoosh.settle()

    assert [message.status for message in whoosh.outbox] == ["delivered", "delivered"]


def test_settling_with_nothing_on_its_way_takes_no_time(whoosh: Whoosh) -> None:
    start = whoosh.now

    whoosh.settle()

    assert whoosh.now == start


def test_reading_does_not_advance_time(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, from_=SENDER)

    for _ in range(3):
        client.messages(message.sid).fetch()

    assert (message.status, whoosh.now) == ("queued", message.date_created)


def test_events_of_one_moment_happen_in_the_order_of_creation(whoosh: Whoosh, client: Client) -> None:
    happened: list[str] = []

    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        happened.append(str(environ["PATH_INFO"]))
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)
    for number in range(5):
        send(client, whoosh, from_=SENDER, status_callback=f"https://app.example/{number}")

    whoosh.settle()

    assert happened == [f"/{number}" for number in range(5)] * 2  # all sent, then all delivered


def test_a_message_sent_while_time_passes_starts_at_that_moment(whoosh: Whoosh, client: Client) -> None:
    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        if len(whoosh.outbox) < 3:
            client.messages.create(to=PERSON, from_=SENDER, body="Next", status_callback="https://app.example/")
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)
    start = whoosh.now
    send(client, whoosh, from_=SENDER, status_callback="https://app.example/")

    whoosh.travel(days=1)

    assert [(message.date_created - start).total_seconds() for message in whoosh.outbox] == [0, 2, 4]
    assert [dict(message.history)["delivered"] for message in whoosh.outbox] == [
        start + timedelta(seconds=seconds) for seconds in (4, 6, 8)
    ]


PLANS = st.lists(
    st.tuples(
        st.sampled_from(["direct", "service", "scheduled"]),
        st.sampled_from(["deliver", "undeliver", "fail", "read", "stall", "slow"]),
        st.integers(0, 120),  # seconds until it is sent
    ),
    min_size=1,
    max_size=6,
)
OUTCOMES: dict[str, Callable[[Rule], Rule]] = {
    "deliver": lambda rule: rule.deliver(),
    "undeliver": lambda rule: rule.undeliver(),
    "fail": lambda rule: rule.fail(),
    "read": lambda rule: rule.read(after=timedelta(seconds=30)),
    "stall": lambda rule: rule.stall("sending"),
    "slow": lambda rule: rule.deliver(after=timedelta(minutes=1)),
}


def play(plans: list[tuple[str, str, int]], steps: list[float]) -> tuple[list[object], list[object]]:
    """Return the messages' histories and callbacks after time advanced in these steps."""
    with Whoosh(clock="virtual", schedule_minimum=0) as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback="https://app.example/")
        start = whoosh.now
        for number, (kind, outcome, wait) in enumerate(plans):
            OUTCOMES[outcome](whoosh.when(body=str(number)))
            parameters: dict[str, object] = {
                "direct": {"from_": SENDER, "status_callback": "https://app.example/"},
                "service": {"messaging_service_sid": service.sid},
                "scheduled": {
                    "messaging_service_sid": service.sid,
                    "schedule_type": "fixed",
                    "send_at": start + timedelta(seconds=wait),
                },
            }[kind]
            client.messages.create(to=PERSON, body=str(number), **parameters)
        for step in steps:
            whoosh.travel(seconds=step)
        return (
            [[(status, at - start) for status, at in message.history] for message in whoosh.outbox],
            [(each.params["MessageSid"], each.params["MessageStatus"], each.at - start) for each in whoosh.callbacks],
        )


@given(plans=PLANS, cuts=st.lists(st.integers(1, 299), max_size=8, unique=True))
def test_one_long_travel_equals_many_short_ones(plans: list[tuple[str, str, int]], cuts: list[int]) -> None:
    stops = [0, *sorted(cuts), 300]
    steps = [float(after - before) for before, after in pairwise(stops)]

    assert play(plans, steps) == play(plans, [300.0])


@given(plans=PLANS)
def test_every_history_follows_the_table_and_goes_forward_in_time(plans: list[tuple[str, str, int]]) -> None:
    histories, _ = play(plans, [300.0])

    for history in histories:
        assert isinstance(history, list)
        for (status, at), (following, later) in pairwise(history):
            assert Status(following) in TRANSITIONS[Status(status)]
            assert at <= later


# The table


def test_the_table_of_transitions_is_total() -> None:
    assert set(TRANSITIONS) == set(Status)
    assert {following for row in TRANSITIONS.values() for following in row} <= set(Status)


def test_the_final_statuses_are_the_vendors() -> None:
    ends = {status for status, following in TRANSITIONS.items() if not following}

    assert ends == {Status.UNDELIVERED, Status.FAILED, Status.CANCELED, Status.READ, Status.RECEIVED}


def test_every_status_but_those_of_creation_can_be_reached() -> None:
    reached = {following for row in TRANSITIONS.values() for following in row}

    assert set(Status) - reached == {Status.ACCEPTED, Status.SCHEDULED, Status.RECEIVING}


def test_reported_statuses_can_be_reached_and_final_ones_are_finished() -> None:
    reached = {following for row in TRANSITIONS.values() for following in row}

    assert reached >= REPORTED
    assert all(TRANSITIONS[status] for status in UNFINISHED)


# Delays


@pytest.mark.parametrize(
    "delays",
    [
        pytest.param({"sent": timedelta(seconds=10)}, id="a timedelta"),
        pytest.param({"sent": 10}, id="seconds"),
        pytest.param({"sent": "10s"}, id="a text with its unit"),
        pytest.param({"sent": "10"}, id="a text without"),
        pytest.param("sent=10", id="all in a text"),
        pytest.param({Status.SENT: 10.0}, id="a status"),
    ],
)
def test_a_delay_can_be_spelled_in_many_ways(delays: object) -> None:
    with Whoosh(clock="virtual", delays=delays) as whoosh:
        message = send(Client(), whoosh, from_=SENDER)
        whoosh.settle()

        assert ages(message) == [("queued", 0), ("sending", 1), ("sent", 11), ("delivered", 13)]


@pytest.mark.parametrize(
    "delays",
    [
        "queued=0, sending=2m, sent=1 hour, delivered=1 day",
        "queued=0 sending=2m sent=1 hour delivered=1 day",
        "queued=0\nsending=2m\nsent=1 hour\ndelivered=1 day",
        {"queued": 0, "sending": "2m", "sent": "1 hour", "delivered": "1 day"},
    ],
    ids=["commas", "spaces", "lines", "a mapping"],
)
def test_all_delays_can_be_set(delays: object) -> None:
    with Whoosh(clock="virtual", delays=delays) as whoosh:
        service = whoosh.add_messaging_service("Desk", senders=[SENDER])
        message = send(Client(), whoosh, messaging_service_sid=service.sid)
        whoosh.settle()

        assert ages(message) == [
            ("accepted", 0),
            ("queued", 0),
            ("sending", 120),
            ("sent", 3720),
            ("delivered", 90120),
        ]


@pytest.mark.parametrize(
    ("delays", "script", "history"),
    [
        pytest.param(
            "delivered=10",
            lambda rule: rule.undeliver(),
            [("queued", 0), ("sending", 1), ("sent", 2), ("undelivered", 12)],
            id="undelivered takes as long as delivered",
        ),
        pytest.param(
            "sent=10",
            lambda rule: rule.fail(),
            [("queued", 0), ("sending", 1), ("failed", 11)],
            id="failed takes as long as sent",
        ),
        pytest.param(
            "delivered=10, undelivered=3",
            lambda rule: rule.undeliver(),
            [("queued", 0), ("sending", 1), ("sent", 2), ("undelivered", 5)],
            id="unless set",
        ),
    ],
)
def test_a_negative_receipt_takes_as_long_as_a_positive_one(
    delays: str, script: Callable[[Rule], object], history: list[tuple[str, float]]
) -> None:
    with Whoosh(clock="virtual", delays=delays) as whoosh:
        script(whoosh.when())
        message = send(Client(), whoosh, from_=SENDER)
        whoosh.settle()

        assert ages(message) == history


def test_without_delays_a_message_is_delivered_in_an_instant() -> None:
    nothing = dict.fromkeys(("queued", "sending", "sent", "delivered"), 0)

    with Whoosh(clock="virtual", delays=nothing) as whoosh:
        start: datetime = whoosh.now
        message = send(Client(), whoosh, from_=SENDER)
        before = message.status
        whoosh.settle()

        assert (before, message.status, whoosh.now) == ("queued", "delivered", start)
        assert [listed.sid for listed in Client().messages.list()] == [message.sid]
