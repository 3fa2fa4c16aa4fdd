"""Rules about messages: the messages that they match, their outcomes, and errors about wrong rules."""

import operator
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import partial
from unittest import mock

import pytest
import requests
from dirty_equals import IsPartialDict, IsStr
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh, WhooshError
from pytest_whoosh.engine.rules.rule import Rule
from tests.conftest import PERSON, SENDER
from tests.naming import POSTED_KEYS, readable

#: Every moment is exact if the app's clock is frozen from the start.
pytestmark = pytest.mark.whoosh(clock="frozen")

CALLBACK = "https://app.example/status"
KEYS = (
    "to, from_, body, direction, num_segments, segments, encoding, media_urls, num_media, date_created, send_at, "
    "messaging_service_sid, account_sid, status_callback, content_sid, content_variables, content, request, "
    f"{POSTED_KEYS}"
)
CALLBACKS = "canceled, queued, sent, failed, delivered, undelivered, read"
DURATION = 'a timedelta, a number of seconds, or a text such as "15 minutes"'


def send(client: Client, whoosh: Whoosh, **parameters: object) -> Message:
    """Send a message through the SDK, and return the view of it that a test has."""
    client.messages.create(**{"to": PERSON, "from_": SENDER, "body": "Hi"} | parameters)
    return whoosh.outbox[-1]


def ages(message: Message) -> list[tuple[str, float]]:
    """Return a message's history in seconds since its creation."""
    return [(status, (at - message.date_created).total_seconds()) for status, at in message.history]


def post(whoosh: Whoosh) -> requests.Response:
    return requests.post(
        f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
        data={"To": PERSON, "From": SENDER, "Body": "Hi"},
        auth=(whoosh.account_sid, whoosh.auth_token),
        timeout=5,
    )


def reported(whoosh: Whoosh) -> list[str]:
    return [callback.params["MessageStatus"] for callback in whoosh.callbacks]


# Outcomes of the carrier


@pytest.mark.parametrize(
    ("script", "history", "error"),
    [
        pytest.param(
            lambda rule: rule.deliver(),
            [("queued", 0), ("sending", 1), ("sent", 2), ("delivered", 4)],
            (None, None),
            id="deliver",
        ),
        pytest.param(
            lambda rule: rule.deliver(after=timedelta(minutes=5)),
            [("queued", 0), ("sending", 1), ("sent", 2), ("delivered", 302)],
            (None, None),
            id="deliver late",
        ),
        pytest.param(
            lambda rule: rule.deliver(after=7),
            [("queued", 0), ("sending", 1), ("sent", 2), ("delivered", 9)],
            (None, None),
            id="deliver after seconds",
        ),
        pytest.param(
            lambda rule: rule.undeliver(),
            [("queued", 0), ("sending", 1), ("sent", 2), ("undelivered", 4)],
            (30003, "Unreachable destination handset"),
            id="undeliver",
        ),
        pytest.param(
            lambda rule: rule.undeliver(30007),
            [("queued", 0), ("sending", 1), ("sent", 2), ("undelivered", 4)],
            (30007, "Message filtered"),
            id="undeliver with a code",
        ),
        pytest.param(
            lambda rule: rule.fail(),
            [("queued", 0), ("sending", 1), ("failed", 2)],
            (30008, "Unknown error"),
            id="fail",
        ),
        pytest.param(
            lambda rule: rule.fail(code=30002),
            [("queued", 0), ("sending", 1), ("failed", 2)],
            (30002, "Account suspended"),
            id="fail with a code",
        ),
        pytest.param(lambda rule: rule.stall(), [("queued", 0), ("sending", 1), ("sent", 2)], (None, None), id="stall"),
        pytest.param(lambda rule: rule.stall(at="queued"), [("queued", 0)], (None, None), id="stall queued"),
        pytest.param(
            lambda rule: rule.stall(at="sending"), [("queued", 0), ("sending", 1)], (None, None), id="stall sending"
        ),
        pytest.param(
            lambda rule: rule.read(),
            [("queued", 0), ("sending", 1), ("sent", 2), ("delivered", 4)],
            (None, None),
            id="read, which nobody tells of an SMS",
        ),
    ],
)
def test_a_rule_scripts_the_outcome_of_a_message(
    whoosh: Whoosh,
    client: Client,
    script: Callable[[Rule], object],
    history: list[tuple[str, float]],
    error: tuple[int | None, str | None],
) -> None:
    script(whoosh.when(to=PERSON))
    message = send(client, whoosh)

    whoosh.travel(days=1)

    assert ages(message) == history
    assert (message.error_code, message.error_message) == error


@pytest.mark.parametrize(
    ("after", "seconds"), [(None, 2), (timedelta(minutes=10), 600)], ids=["soon", "ten minutes later"]
)
def test_a_person_reads_a_whatsapp_message_after_it_was_delivered(
    whoosh: Whoosh, client: Client, after: timedelta | None, seconds: float
) -> None:
    whoosh.when(to=f"whatsapp:{PERSON}").read(after=after)
    message = send(client, whoosh, to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}")

    whoosh.settle()

    assert ages(message)[-2:] == [("delivered", 4), ("read", 4 + seconds)]


def test_a_stalled_message_does_not_keep_time_from_settling(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().stall()
    message = send(client, whoosh)

    whoosh.settle()

    assert (message.status, whoosh.now) == ("sent", message.date_sent)


def test_other_messages_are_delivered(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).undeliver()
    message = send(client, whoosh, to="+15558675311")

    whoosh.settle()

    assert message.status == "delivered"


def test_a_rule_decides_when_the_message_is_created(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh)

    whoosh.when(to=PERSON).fail()
    whoosh.settle()

    assert message.status == "delivered"


def test_a_rule_without_an_outcome_changes_nothing(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).undeliver()
    whoosh.when(to=PERSON)
    message = send(client, whoosh)

    whoosh.settle()

    assert message.status == "undelivered"


# Answers of the API


def test_a_rejected_message_is_not_created(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).reject(21408)

    with pytest.raises(TwilioRestException) as refusal:
        send(client, whoosh)

    assert (refusal.value.status, refusal.value.code, refusal.value.msg) == (
        400,
        21408,
        (
            "Unable to create record: Permission to send an SMS has not been enabled for the region indicated by the "
            "'To' number: +1555867XXXX"
        ),
    )
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize(
    ("code", "text"),
    [
        (21211, "Invalid 'To' Phone Number: +1555867XXXX"),
        (21212, "Invalid From Number (caller ID): +15557122661"),
        (
            21606,
            (
                "The 'From' phone number provided (+15557122661) is not a valid message-capable Twilio phone number "
                "for this destination"
            ),
        ),
        (
            21612,
            (
                "Message cannot be sent with the current combination of 'To' (+1555867XXXX) and/or 'From' "
                "(+15557122661) parameters"
            ),
        ),
        (21660, "Mismatch between the 'From' number +15557122661 and the account ACf00df00df00df00df00df00df00df00d"),
        (30007, "Message filtered"),
        (35114, "SendAt time must be between 900 seconds and 35 days (3024000 seconds) in the future"),
    ],
)
def test_a_rejection_is_worded_for_the_message_that_it_refuses(
    whoosh: Whoosh, client: Client, code: int, text: str
) -> None:
    whoosh.when().reject(code)

    with pytest.raises(TwilioRestException) as refusal:
        send(client, whoosh)

    assert refusal.value.msg == f"Unable to create record: {text}"


def test_a_rejection_may_have_any_status(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().reject(20003, status=401)

    with pytest.raises(TwilioRestException) as refusal:
        send(client, whoosh)

    assert (refusal.value.status, refusal.value.code) == (401, 20003)


def test_a_rate_limit_says_when_to_try_again(whoosh: Whoosh) -> None:
    whoosh.when(to=PERSON).rate_limit(retry_after=30)

    response = requests.post(
        f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
        data={"To": PERSON, "From": SENDER, "Body": "Hi"},
        auth=(whoosh.api_key, whoosh.api_secret),
        timeout=5,
    )

    assert response.status_code == 429
    assert response.headers["Retry-After"] == "30"
    assert response.json() == {
        "code": 20429,
        "message": "Too Many Requests",
        "more_info": "https://www.twilio.com/docs/errors/20429",
        "status": 429,
    }
    whoosh.assert_nothing_sent()


def test_the_sdk_raises_for_a_rate_limit(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().rate_limit()

    with pytest.raises(TwilioRestException) as refusal:
        send(client, whoosh)

    assert (refusal.value.status, refusal.value.code) == (429, 20429)


def test_an_app_that_tries_again_gets_through(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).rate_limit().times(2)

    refused = 0
    while not whoosh.outbox:
        try:
            send(client, whoosh)
        except TwilioRestException:
            refused += 1

    assert refused == 2
    whoosh.assert_sent(to=PERSON)


def test_a_response_can_be_anything(whoosh: Whoosh) -> None:
    whoosh.when().respond(503, {"oops": "maintenance"}, headers={"X-Proxy": "squid"})

    response = requests.post(
        f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
        data={"To": PERSON, "From": SENDER, "Body": "Hi"},
        auth=(whoosh.account_sid, whoosh.auth_token),
        timeout=5,
    )

    assert (response.status_code, response.json()) == (503, {"oops": "maintenance"})
    assert (response.headers["X-Proxy"], response.headers["Content-Type"]) == ("squid", "application/json")
    whoosh.assert_nothing_sent()


def test_a_response_has_one_content_type(whoosh: Whoosh) -> None:
    whoosh.when().respond(503, {"oops": "maintenance"}, headers={"content-type": "application/problem+json"})

    response = requests.post(
        f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
        data={"To": PERSON, "From": SENDER, "Body": "Hi"},
        auth=(whoosh.account_sid, whoosh.auth_token),
        timeout=5,
    )

    assert response.headers["Content-Type"] == "application/problem+json"


def test_a_response_may_be_empty(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().respond(502)

    with pytest.raises(TwilioRestException) as refusal:
        send(client, whoosh)

    assert refusal.value.status == 502


@pytest.mark.parametrize(
    ("script", "error"),
    [
        pytest.param(lambda rule: rule.timeout(), requests.exceptions.ReadTimeout, id="timeout"),
        pytest.param(
            lambda rule: rule.timeout(connecting=True), requests.exceptions.ConnectTimeout, id="timeout connecting"
        ),
        pytest.param(lambda rule: rule.disconnect(), requests.exceptions.ConnectionError, id="disconnect"),
        pytest.param(
            lambda rule: rule.disconnect(connecting=True), requests.exceptions.ConnectionError, id="no connection"
        ),
    ],
)
def test_a_network_fault_is_the_http_librarys_own_and_leaves_no_message(
    whoosh: Whoosh, client: Client, script: Callable[[Rule], object], error: type[Exception]
) -> None:
    script(whoosh.when(to=PERSON))

    with pytest.raises(error):
        send(client, whoosh)

    whoosh.assert_nothing_sent()


@pytest.mark.parametrize(
    ("code", "status"),
    [(20003, 401), (20404, 404), (20429, 429), (21611, 429), (63038, 429), (21610, 400), (20500, 500)],
)
def test_a_rejection_has_the_status_that_the_vendor_gives_its_code(
    whoosh: Whoosh, client: Client, code: int, status: int
) -> None:
    whoosh.when().reject(code)

    with pytest.raises(TwilioRestException) as refusal:
        send(client, whoosh)

    assert (refusal.value.status, refusal.value.code) == (status, code)


@pytest.mark.parametrize("code", [30007, 39999])
def test_a_rejection_may_have_any_text(whoosh: Whoosh, client: Client, code: int) -> None:
    whoosh.when().reject(code, message="Filtered, {to}")

    with pytest.raises(TwilioRestException) as refusal:
        send(client, whoosh)

    assert (refusal.value.code, refusal.value.msg) == (code, "Unable to create record: Filtered, {to}")


def test_an_error_of_a_message_may_have_any_code_and_text(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().undeliver(39999, message="Handset on fire")
    message = send(client, whoosh)
    whoosh.settle()

    fetched = client.messages(message.sid).fetch()

    assert (message.error_code, message.error_message) == (39999, "Handset on fire")
    assert (fetched.error_code, fetched.error_message) == (39999, "Handset on fire")
    whoosh.assert_sent(error_message=re.compile("fire"))


@pytest.mark.parametrize("code", [11243, 12400, 20500, 21664, 21667, 30039, 30453, 30500, 63049, 63050, 63052])
def test_codes_that_apps_branch_on_are_known(whoosh: Whoosh, code: int) -> None:
    """See recorded.md 31."""
    assert whoosh.when().fail(code).outcome == f"fail({code})"


def test_a_response_may_be_a_page(whoosh: Whoosh) -> None:
    whoosh.when().respond(503, text="<h1>Bad gateway</h1>").times(1)
    whoosh.when().respond(503, content=b"\x00\xff").times(1)

    responses = [post(whoosh) for _ in range(2)]

    assert [(each.content, each.headers["Content-Type"]) for each in responses] == [
        (b"\x00\xff", "application/octet-stream"),
        (b"<h1>Bad gateway</h1>", "text/html; charset=utf-8"),
    ]


@pytest.mark.parametrize("status", [204, 304])
def test_a_response_without_a_body_has_no_content_type(whoosh: Whoosh, status: int) -> None:
    whoosh.when().respond(status)

    response = post(whoosh)

    assert (response.status_code, response.content) == (status, b"")
    assert "Content-Type" not in response.headers


@pytest.mark.parametrize(
    ("script", "error"),
    [
        pytest.param(lambda rule: rule.timeout(sent=True), requests.exceptions.ReadTimeout, id="timeout"),
        pytest.param(lambda rule: rule.disconnect(sent=True), requests.exceptions.ConnectionError, id="disconnect"),
    ],
)
def test_a_message_can_be_created_and_only_the_response_lost(
    whoosh: Whoosh, client: Client, script: Callable[[Rule], object], error: type[Exception]
) -> None:
    whoosh.when(to=PERSON).undeliver()
    lost = whoosh.when(to=PERSON).times(1)
    script(lost)

    with pytest.raises(error):
        send(client, whoosh)
    whoosh.settle()

    assert whoosh.assert_sent(to=PERSON).status == "undelivered"
    assert (lost.matched, lost.left) == (1, 0)


def test_a_wrong_signature_is_refused_by_a_validator(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().webhooks(signature="wrong").times(1)
    for _ in range(2):
        send(client, whoosh, status_callback=CALLBACK)
    whoosh.settle()

    validator = RequestValidator(whoosh.auth_token)

    valid = {
        callback.params["MessageSid"]: validator.validate(callback.url, callback.params, callback.signature)
        for callback in whoosh.callbacks
    }
    assert list(valid.values()) == [False, True]


# Precedence


def test_the_newest_rule_wins(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).undeliver()
    whoosh.when(body="Hi").fail()
    whoosh.when(body="Bye").deliver()
    message = send(client, whoosh)

    whoosh.settle()

    assert message.status == "failed"


def test_a_limited_rule_gives_way_to_the_older_one(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().undeliver()
    whoosh.when(to=PERSON).fail().times(2)
    for to in (PERSON, "+15558675311", PERSON, PERSON):
        send(client, whoosh, to=to)

    whoosh.settle()

    assert [message.status for message in whoosh.outbox] == ["failed", "undelivered", "failed", "undelivered"]


def test_times_may_come_first(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().times(1).fail()
    for _ in range(2):
        send(client, whoosh)

    whoosh.settle()

    assert [message.status for message in whoosh.outbox] == ["failed", "delivered"]


def test_one_rule_can_script_the_outcome_and_another_the_webhooks(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).webhooks(drop=("sent",))
    whoosh.when(body="Hi").undeliver()
    send(client, whoosh, status_callback=CALLBACK)

    whoosh.settle()

    assert reported(whoosh) == ["undelivered"]


def test_one_rule_can_script_both(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).undeliver(30005).webhooks(duplicate=("undelivered",)).times(1)
    for _ in range(2):
        send(client, whoosh, status_callback=CALLBACK)

    whoosh.settle()

    assert [(each.params["MessageSid"][-1], each.params["MessageStatus"]) for each in whoosh.callbacks] == [
        ("1", "sent"),
        ("2", "sent"),
        ("1", "undelivered"),
        ("1", "undelivered"),
        ("2", "delivered"),
    ]


def test_a_limited_rule_about_webhooks_also_gives_way(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().webhooks(drop=("sent", "delivered")).times(1)
    for _ in range(2):
        send(client, whoosh, status_callback=CALLBACK)

    whoosh.settle()

    assert {each.params["MessageSid"] for each in whoosh.callbacks} == {whoosh.outbox[1].sid}


def test_a_rule_is_not_used_up_by_messages_that_a_newer_one_handles(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().undeliver().times(1)
    whoosh.when().fail().times(1)
    for _ in range(3):
        send(client, whoosh)

    whoosh.settle()

    assert [message.status for message in whoosh.outbox] == ["failed", "undelivered", "delivered"]


# Matching


@pytest.mark.parametrize(
    "match",
    [
        {"to": "+15558675310"},
        {"to": "(555) 867-5310"},
        {"to": "1-555-867-5310"},
        {"to": " +1 555 867 5310 "},
        {"to": re.compile(r"5310$")},
        {"to": lambda to: to.startswith("+1555")},
        {"from_": "+1 (555) 712-2661"},
        {"body": "Your code is 1234"},
        {"body": re.compile("code", re.IGNORECASE)},
        {"body": lambda body: "1234" in body},
        {"body": IsStr(regex=r".*\d{4}")},
        {"body": mock.ANY},
        {"direction": "outbound-api"},
        {"num_segments": 1},
        {"num_segments": "1"},
        {"segments": ["Your code is 1234"]},
        {"segments": re.compile("1234")},
        {"encoding": "GSM-7"},
        {"media_urls": ["https://app.example/1.png"]},
        {"media_urls": ("https://app.example/1.png",)},
        {"media_urls": re.compile(r"\.png$")},
        {"num_media": 1},
        {"date_created": lambda at: at.tzinfo is not None},
        {"send_at": None},
        {"messaging_service_sid": None},
        {"account_sid": re.compile("^AC")},
        {"status_callback": CALLBACK},
        {"content_sid": None},
        {"content_variables": None},
        {"content": None},
        {"request": IsPartialDict({"Body": "Your code is 1234", "ProvideFeedback": "true"})},
        {"to": PERSON, "from_": SENDER, "body": re.compile("code")},
        {},
    ],
    ids=readable,
)
def test_a_rule_matches_every_field_that_a_new_message_has(
    whoosh: Whoosh, client: Client, match: dict[str, object]
) -> None:
    whoosh.when(**match).fail()
    message = send(
        client,
        whoosh,
        body="Your code is 1234",
        media_url=["https://app.example/1.png"],
        status_callback=CALLBACK,
        provide_feedback=True,
    )

    whoosh.settle()

    assert message.status == "failed"


@pytest.mark.parametrize(
    "match",
    [
        {"to": "+15558675311"},
        {"to": "whatsapp:+15558675310"},
        {"to": re.compile("^5310")},
        {"from_": None},
        {"body": "your code is 1234"},
        {"body": lambda body: False},
        {"media_urls": ["https://app.example/1.png"]},
        {"messaging_service_sid": re.compile("MG")},
        {"to": PERSON, "body": "Bye"},
    ],
    ids=readable,
)
def test_a_rule_leaves_other_messages_alone(whoosh: Whoosh, client: Client, match: dict[str, object]) -> None:
    whoosh.when(**match).fail()
    message = send(client, whoosh, body="Your code is 1234")

    whoosh.settle()

    assert message.status == "delivered"


def test_a_rule_matches_the_service_and_the_moment(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    at = whoosh.now + timedelta(hours=1)
    whoosh.when(messaging_service_sid=service.sid, send_at=at, from_=None).undeliver()
    client.messages.create(to=PERSON, body="Hi", messaging_service_sid=service.sid, schedule_type="fixed", send_at=at)

    whoosh.travel(hours=2)

    whoosh.assert_sent(status="undelivered")


# Scripted webhooks


@pytest.mark.parametrize(
    ("script", "left"),
    [
        pytest.param({}, ["sent", "delivered"], id="nothing"),
        pytest.param({"drop": ("sent",)}, ["delivered"], id="one lost"),
        pytest.param({"drop": ("sent", "delivered")}, [], id="all lost"),
        pytest.param({"drop": ("failed",)}, ["sent", "delivered"], id="one lost that never left"),
        pytest.param({"duplicate": ("delivered",)}, ["sent", "delivered", "delivered"], id="one repeated"),
        pytest.param(
            {"duplicate": ("sent", "delivered")}, ["sent", "sent", "delivered", "delivered"], id="all repeated"
        ),
        pytest.param({"order": ("delivered", "sent")}, ["delivered", "sent"], id="turned round"),
        pytest.param({"order": ("sent", "delivered")}, ["sent", "delivered"], id="in order"),
        pytest.param({"order": ("read", "sent")}, ["delivered", "sent"], id="one waits for what never comes"),
        pytest.param({"order": ("delivered", "sent"), "drop": ("delivered",)}, ["sent"], id="one waits for a lost one"),
        pytest.param(
            {"order": ["delivered", "sent"], "duplicate": {"sent"}},
            ["delivered", "sent", "sent"],
            id="turned round and repeated",
        ),
    ],
)
def test_networks_lose_repeat_and_reorder_callbacks(
    whoosh: Whoosh, client: Client, script: dict[str, tuple[str, ...]], left: list[str]
) -> None:
    whoosh.when(to=PERSON).webhooks(**script)
    message = send(client, whoosh, status_callback=CALLBACK)

    whoosh.settle()

    assert reported(whoosh) == left
    assert [callback.params["MessageStatus"] for callback in message.callbacks] == left
    assert message.status == "delivered"


def test_a_waiting_callback_is_sent_with_the_one_it_waits_for(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().webhooks(order=("delivered", "sent"))
    message = send(client, whoosh, status_callback=CALLBACK)

    whoosh.travel(seconds=3)
    before = reported(whoosh)
    whoosh.settle()

    delivered_at = dict(message.history)["delivered"]
    assert before == []
    assert [(each.params["MessageStatus"], each.at) for each in whoosh.callbacks] == [
        ("delivered", delivered_at),
        ("sent", delivered_at),
    ]


@pytest.mark.parametrize(
    ("outcome", "left"),
    [
        pytest.param(lambda rule: rule.stall("sent"), ["sent"], id="stalled"),
        pytest.param(lambda rule: rule.fail(), ["failed"], id="failed"),
        pytest.param(lambda rule: rule.undeliver(), ["sent", "undelivered"], id="undelivered"),
    ],
)
def test_no_callback_waits_for_ever(
    whoosh: Whoosh, client: Client, outcome: Callable[[Rule], Rule], left: list[str]
) -> None:
    outcome(whoosh.when()).webhooks(order=("delivered", "sent"))
    send(client, whoosh, status_callback=CALLBACK)

    whoosh.settle()

    assert reported(whoosh) == left


def test_the_last_callback_is_sent_first_if_the_others_wait_for_it(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().undeliver().webhooks(order=("undelivered", "sent"))
    send(client, whoosh, status_callback=CALLBACK)

    whoosh.settle()

    assert reported(whoosh) == ["undelivered", "sent"]


def test_a_repeated_callback_is_identical(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().webhooks(duplicate=("sent",))
    send(client, whoosh, status_callback=CALLBACK)

    whoosh.travel(seconds=2)

    first, second = whoosh.callbacks
    assert first != second
    assert (first.url, first.params, first.headers, first.at) == (second.url, second.params, second.headers, second.at)


# Wrong rules


@pytest.mark.parametrize(
    ("script", "error", "text"),
    [
        pytest.param(
            lambda whoosh: whoosh.when(boddy="Hi"),
            TypeError,
            "Unknown match key 'boddy'. Did you mean 'body'?",
            id="a misspelt key",
        ),
        pytest.param(
            lambda whoosh: whoosh.when(colour="red"),
            TypeError,
            f"Unknown match key 'colour'. Valid: {KEYS}.",
            id="an unknown key",
        ),
        *(
            pytest.param(
                lambda whoosh, key=key: whoosh.when(body="x", **{key: 2}),
                TypeError,
                f"Unknown match key {key!r}. Did you mean when(...).times(2)?",
                id=f"a count as {key}",
            )
            for key in ("times", "n", "count")
        ),
        *(
            pytest.param(
                lambda whoosh, key=key: whoosh.when(**{key: True}),
                TypeError,
                f"Unknown match key {key!r}. Did you mean when(...).{outcome}?",
                id=f"an outcome as {key}",
            )
            for key, outcome in {
                "delivered": "deliver()",
                "undelivered": "undeliver()",
                "failed": "fail()",
                "read": "read()",
                "sent": "stall('sent')",
            }.items()
        ),
        *(
            pytest.param(
                lambda whoosh, key=key: whoosh.when(**{key: None}),
                TypeError,
                f"A rule is matched when a message is created, and {key!r} is not known then. Match by what the app "
                "posts, such as to=, from_= or body=.",
                id=f"{key} comes later",
            )
            for key in (
                "sid",
                "status",
                "error_code",
                "error_message",
                "price",
                "price_unit",
                "date_sent",
                "date_updated",
                "feedback",
                "history",
                "callbacks",
                "redacted",
                "deleted",
            )
        ),
        pytest.param(
            lambda whoosh: whoosh.when(direction="outbound"),
            ValueError,
            "Unknown direction 'outbound'. Did you mean 'outbound-api'? "
            "Valid: inbound, outbound-api, outbound-call, outbound-reply.",
            id="a value that never is",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().undeliver(30303),
            ValueError,
            "The catalogue of this package does not know the error code 30303. The nearest it knows: 30103 (Links not "
            "shortened due to application failure.); 30003 (Unreachable destination handset); 30400 (Parameters are "
            "not valid). If the vendor sends 30303, write its text too: "
            "whoosh.when(...).undeliver(code=30303, message='...').",
            id="an unknown code",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().fail(3008),
            ValueError,
            "The catalogue of this package does not know the error code 3008. The nearest it knows: 30008 (Unknown "
            "error); 30018 (Destination carrier requires sender ID pre-registration); 30028 (Invalid API version). "
            "If the vendor sends 3008, write its text too: "
            "whoosh.when(...).fail(code=3008, message='...').",
            id="a code with a digit too few",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().fail(99999),
            ValueError,
            "The catalogue of this package does not know the error code 99999. If the vendor sends 99999, write its "
            "text too: whoosh.when(...).fail(code=99999, message='...').",
            id="a code that is near none",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().fail(63139),
            ValueError,
            "The catalogue of this package does not know the error code 63139. The nearest it knows: 63039 (Warning! "
            "Facebook says your page is engaging in behavior…); 63100 (Validation Error); 63049 (Meta chose not to "
            "deliver this WhatsApp marketing message). If the vendor sends 63139, write its text too: "
            "whoosh.when(...).fail(code=63139, message='...').",
            id="a code with a long title near it",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().reject(503),
            ValueError,
            "The catalogue of this package does not know the error code 503. The nearest it knows: 20503 (Service "
            "unavailable); 11750 (TwiML response body too large); 14103 (Invalid Body). For HTTP status 503: "
            "whoosh.when(...).respond(status=503). If the vendor sends 503, write its text too: "
            "whoosh.when(...).reject(code=503, message='...').",
            id="an HTTP status for a code",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().reject("21211"),
            TypeError,
            "An error code is a number such as 30003, not '21211'.",
            id="a code that is no number",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().fail(True),
            TypeError,
            "An error code is a number such as 30003, not True.",
            id="a code that is a truth value",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().reject(21211, status=42),
            ValueError,
            "An HTTP status is a number from 100 to 599, not 42.",
            id="a status that is none",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(99),
            ValueError,
            "An HTTP status is a number from 100 to 599, not 99.",
            id="a status just below",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(600),
            ValueError,
            "An HTTP status is a number from 100 to 599, not 600.",
            id="a status just above",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(100),
            ValueError,
            "A client waits for another response after status 100: use a status from 200 on.",
            id="a status that is not the last",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(200, text="Hi!", headers={"content-length": "2"}),
            ValueError,
            "The header Content-Length follows from the body, which has 3 bytes: leave it out.",
            id="a length that cuts the body off",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(200, lambda _: {}, headers={"Content-Length": "2"}),
            ValueError,
            "The header Content-Length follows from the body: leave it out.",
            id="a length of a body that is not known yet",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(200, headers={"Transfer-Encoding": "chunked"}),
            ValueError,
            "The header Transfer-Encoding depends on the connection, not on the response: leave it out.",
            id="a header of the connection",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond("503"),
            ValueError,
            "An HTTP status is a number from 100 to 599, not '503'.",
            id="a status that is no number",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(200, {"at": object}),
            TypeError,
            "respond() takes a document that JSON can represent: Object of type type is not JSON serializable.",
            id="a document that JSON cannot hold",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().rate_limit(1.5),
            ValueError,
            "rate_limit() takes a whole number of seconds to wait, not 1.5.",
            id="a fraction of a second to wait",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().rate_limit(-1),
            ValueError,
            "rate_limit() takes a whole number of seconds to wait, not -1.",
            id="less than no time to wait",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().deliver(after="soon"),
            ValueError,
            f"after= takes {DURATION}; not 'soon'.",
            id="a delay that is none",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().read(after=-1),
            ValueError,
            f"after= takes {DURATION}; not -1.",
            id="a negative delay",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().deliver(after=timedelta.max),
            ValueError,
            f"after= takes {DURATION}, of at most 36,500 days; not {timedelta.max!r}.",
            id="a delay beyond the calendar",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().reject(21211, message=""),
            TypeError,
            "message= takes the text of error 21211, not ''.",
            id="an empty text",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(503, {"a": 1}, text="down"),
            TypeError,
            "A response has one body: write json= or text=, not both.",
            id="two bodies",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(204, {"a": 1}),
            ValueError,
            "A response with status 204 has no body: leave json= out.",
            id="a body where there is none",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(503, text=b"down"),
            TypeError,
            "text= takes str, not b'down'.",
            id="bytes as text",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(503, headers={"X-Proxy": "squid\r\nX-Evil: 1"}),
            ValueError,
            "The header X-Proxy takes a text without line breaks, not 'squid\\r\\nX-Evil: 1'.",
            id="a line break in a header",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().respond(503, headers={"X-Evil: 1\r\n": "x"}),
            ValueError,
            "The name of a header is a text such as \"Retry-After\", not 'X-Evil: 1\\r\\n'.",
            id="a line break in the name of a header",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().timeout(connecting=True, sent=True),
            ValueError,
            "With connecting=True the call never reaches the API, and with sent=True it does. "
            "Leave one of them out of timeout().",
            id="a call that is sent and not connected",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().webhooks(drop=True),
            TypeError,
            "drop= takes the statuses of callbacks, not True: write drop=(\"sent\",), or drop=('canceled', "
            "'queued', 'sent', 'failed', 'delivered', 'undelivered', 'read') for all of them.",
            id="drop as a truth value",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().webhooks(signature="bad"),
            ValueError,
            "Unknown signature 'bad'. Valid: right, wrong.",
            id="an unknown signature",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().stall("snt"),
            ValueError,
            "Unknown status to stall at 'snt'. Did you mean 'sent'? Valid: queued, sending, sent, delivered.",
            id="a misspelt status",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().times(0),
            ValueError,
            "times() takes a whole number of messages, at least 1, not 0.",
            id="no times",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().times("2"),
            ValueError,
            "times() takes a whole number of messages, at least 1, not '2'.",
            id="times that are no number",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().webhooks(drop="sent"),
            TypeError,
            "drop takes several statuses: write drop=('sent',).",
            id="one status bare",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().webhooks(duplicate=("delvered",)),
            ValueError,
            f"Unknown callback to duplicate 'delvered'. Did you mean 'delivered'? Valid: {CALLBACKS}.",
            id="a misspelt callback",
        ),
        pytest.param(
            lambda whoosh: whoosh.when().webhooks(order=("sending", "sent")),
            ValueError,
            f"Unknown callback to order 'sending'. Valid: {CALLBACKS}.",
            id="a status without a callback",
        ),
        pytest.param(
            lambda whoosh: whoosh.when(to=PERSON).deliver().fail(),
            WhooshError,
            "whoosh.when(to='+15558675310') already has an outcome, deliver(), and a rule can only have one. Write a "
            "second rule: whoosh.when(to='+15558675310').fail(30008). Limit either with .times(n).",
            id="two outcomes",
        ),
        pytest.param(
            lambda whoosh: whoosh.when(body=re.compile("code")).timeout().reject(21211),
            WhooshError,
            "whoosh.when(body=re.compile('code')) already has an outcome, timeout(), and a rule can only have one. "
            "Write a second rule: whoosh.when(body=re.compile('code')).reject(21211). Limit either "
            "with .times(n).",
            id="two answers",
        ),
    ],
)
def test_a_rule_that_is_wrong_is_refused_when_it_is_written(
    whoosh: Whoosh, script: Callable[[Whoosh], object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as refusal:
        script(whoosh)

    assert str(refusal.value) == text


@pytest.mark.parametrize(
    ("match", "shown"),
    [
        ({"to": PERSON, "body": re.compile("code")}, "to='+15558675310', body=re.compile('code')"),
        ({"body": str.isdigit}, "body=isdigit"),
        ({"body": partial(operator.eq, "Hi")}, "body=functools.partial(<built-in function eq>, 'Hi')"),
        ({"media_urls": ["https://a", "https://b"]}, "media_urls=['https://a', 'https://b']"),
        ({"media_urls": ("https://a", "https://b")}, "media_urls=('https://a', 'https://b')"),
        ({"send_at": datetime(2030, 1, 1, tzinfo=UTC)}, "send_at=2030-01-01 00:00:00+00:00"),
    ],
    ids=["text", "function", "partial", "list", "tuple", "moment"],
)
def test_a_rule_shows_what_it_matches(whoosh: Whoosh, match: dict[str, object], shown: str) -> None:
    assert repr(whoosh.when(**match)) == f"<whoosh.when({shown}): no outcome, matched 0>"


def test_the_repr_of_a_rule_shows_its_outcome(whoosh: Whoosh, client: Client) -> None:
    rule = whoosh.when(to=PERSON).undeliver(30005, message="Gone").webhooks(drop=("sent",)).times(2)
    send(client, whoosh)

    assert repr(rule) == (
        "<whoosh.when(to='+15558675310').undeliver(30005, message='Gone').webhooks(drop=('sent',)).times(2): "
        "matched 1, 1 left>"
    )
    assert dict(rule.match) == {"to": PERSON}
    assert (rule.outcome, rule.matched, rule.left) == (
        "undeliver(30005, message='Gone').webhooks(drop=('sent',))",
        1,
        1,
    )


def test_rules_are_listed_and_removed(whoosh: Whoosh, client: Client) -> None:
    failing = whoosh.when().fail()
    limited = whoosh.when(to=PERSON).undeliver().times(1)

    listed = whoosh.rules
    limited.remove()
    limited.remove()
    message = send(client, whoosh)
    whoosh.settle()

    assert listed == [failing, limited]
    assert whoosh.rules == [failing]
    assert (message.status, failing.matched, failing.left) == ("failed", 1, None)


def test_the_traffic_names_rules_that_change_nothing(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON)
    whoosh.when(body="Bye").fail()
    whoosh.when(to=PERSON, body=re.compile("code"), num_media=1).stall()
    whoosh.when(to=PERSON).deliver()
    whoosh.when_called("POST", "/Message.json").respond(503)
    whoosh.when(body="Hi").undeliver()
    send(client, whoosh)

    assert whoosh.traffic().splitlines()[-11:] == [
        "Rules:",
        (
            "  whoosh.when(to='+15558675310'): no outcome, matched 0. It has no effect without an outcome: add one, "
            "such as .reject(21610)"
        ),
        "  whoosh.when(body='Bye').fail(30008): matched 0. It never applied",
        "    nearest message: SM…0001, body: expected 'Bye', but was 'Hi'",
        (
            "  whoosh.when(to='+15558675310', body=re.compile('code'), num_media=1).stall('sent'): matched 0. "
            "It never applied"
        ),
        (
            "    nearest message: SM…0001, body: expected re.compile('code'), but was 'Hi'; num_media: expected 1, "
            "but was 0"
        ),
        "  whoosh.when(to='+15558675310').deliver(): matched 0. It never applied",
        "    SM…0001 matches, but a newer rule applied, or the rule was added after it was sent",
        "  whoosh.when_called('POST', '/Message.json').respond(503): matched 0. It never applied",
        "    nearest call: POST https://api.twilio.com/2010-04-01/Accounts/AC…f00d/Messages.json",
        "  whoosh.when(body='Hi').undeliver(30003): matched 1",
    ]


def test_the_traffic_says_why_a_rule_that_matches_did_not_apply(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    whoosh.when(from_=SENDER).fail()
    client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi")
    whoosh.settle()
    whoosh.when(to=PERSON).fail()

    assert whoosh.traffic().splitlines()[-4:] == [
        f"  whoosh.when(from_='{SENDER}').fail(30008): matched 0. It never applied",
        "    SM…0001 matches, but its service chose the sender later: match messaging_service_sid instead of from_",
        "  whoosh.when(to='+15558675310').fail(30008): matched 0. It never applied",
        "    SM…0001 matches, but the rule was added after it was sent",
    ]


def test_the_traffic_says_that_a_rule_about_api_calls_never_applies_to_twiml(whoosh: Whoosh) -> None:
    whoosh.when(to=PERSON).reject(21610)
    whoosh.call_document("<Response><Sms>Hi</Sms></Response>", from_=SENDER, to=PERSON)

    assert whoosh.traffic().splitlines()[-1] == (
        "    SM…0001 matches, but the rule answers API calls only, and the message was not sent by one"
    )


def test_the_traffic_has_the_pattern_for_a_rule_with_a_part_of_a_body(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(body="code").fail()
    send(client, whoosh, body="Your code is 409612.")

    assert whoosh.traffic().splitlines()[-3:] == [
        "  whoosh.when(body='code').fail(30008): matched 0. It never applied",
        "    nearest message: SM…0001, body: expected 'code', but was 'Your code is 409612.'",
        "    A text must equal the whole body. To find it inside: body=re.compile('code').",
    ]


def test_the_traffic_says_that_nothing_was_sent_that_a_rule_could_match(whoosh: Whoosh) -> None:
    whoosh.when(to=PERSON).fail()
    whoosh.when_called("GET", "/Messages.json").respond(503)

    assert whoosh.traffic().splitlines()[-4:] == [
        "  whoosh.when(to='+15558675310').fail(30008): matched 0. It never applied",
        "    no message was sent",
        "  whoosh.when_called('GET', '/Messages.json').respond(503): matched 0. It never applied",
        "    the app made no API call",
    ]
