"""Creating messages: the effect of each parameter, and the API's response."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
import requests
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshHttpClient
from tests.conftest import PERSON, SENDER

from .conftest import HOST, SEND, Api, refusal

LINK = "https://app.example/status"


# The response


def test_the_response_has_exactly_the_documented_keys_in_their_order(noon: None, whoosh: Whoosh, api: Api) -> None:
    response = api.create(SEND)

    sid = whoosh.outbox[0].sid
    uri = f"/2010-04-01/Accounts/{whoosh.account_sid}/Messages/{sid}"
    assert response.status_code == 201
    assert list(response.json().items()) == [
        ("body", "Hi there"),
        ("num_segments", "1"),
        ("direction", "outbound-api"),
        ("from", SENDER),
        ("date_updated", "Sat, 15 Jun 2030 12:00:00 +0000"),
        ("price", None),
        ("error_message", None),
        ("uri", f"{uri}.json"),
        ("account_sid", whoosh.account_sid),
        ("num_media", "0"),
        ("to", PERSON),
        ("date_created", "Sat, 15 Jun 2030 12:00:00 +0000"),
        ("status", "queued"),
        ("sid", sid),
        ("date_sent", None),
        ("messaging_service_sid", None),
        ("error_code", None),
        ("price_unit", None),
        ("api_version", "2010-04-01"),
        ("subresource_uris", {"media": f"{uri}/Media.json"}),
    ]


def test_the_headers_are_those_of_the_live_api(api: Api) -> None:
    response = api.create(SEND)

    assert {name: value for name, value in response.headers.items() if name != "Twilio-Request-Id"} == {
        "Content-Type": "application/json;charset=utf-8",
        "Vary": "Origin",
        "Twilio-Request-Duration": "0.143",
        "Twilio-Concurrent-Requests": "1",
        "X-Home-Region": "us1",
        "X-API-Domain": "api.twilio.com",
        "X-Powered-By": "AT-5000",
        "X-Shenanigans": "none",
        "Strict-Transport-Security": "max-age=31536000",
    }


def test_a_page_of_another_site_gets_cross_origin_headers(api: Api) -> None:
    response = api.create(SEND, headers={"Origin": "https://app.example"})

    assert {name: value for name, value in response.headers.items() if name.startswith("Access-Control")} == {
        "Access-Control-Allow-Origin": "*",
        "Access-Control-Allow-Headers": (
            "Accept, Authorization, Content-Type, If-Match, If-Modified-Since, If-None-Match, If-Unmodified-Since, "
            "Idempotency-Key"
        ),
        "Access-Control-Allow-Methods": "GET, POST, DELETE, OPTIONS",
        "Access-Control-Expose-Headers": "ETag",
        "Access-Control-Allow-Credentials": "true",
    }


def test_the_request_id_of_a_creation_is_the_sid_with_another_prefix(api: Api) -> None:
    response = api.create(SEND)

    assert response.headers["Twilio-Request-Id"] == "RQ" + response.json()["sid"][2:]


def test_other_calls_have_their_own_request_id(api: Api) -> None:
    sid = api.create(SEND).json()["sid"]

    first, second = (api.get(f"/{sid}").headers["Twilio-Request-Id"] for _ in range(2))

    assert len({first[2:], second[2:], sid[2:]}) == 3


def test_a_message_with_a_price_shows_it_negative_with_five_decimals(whoosh: Whoosh, client: Client) -> None:
    whoosh.set_price("US", "0.0079")
    message = client.messages.create(to=PERSON, from_=SENDER, body="x" * 161)

    whoosh.settle()

    fetched = client.messages(message.sid).fetch()
    assert (fetched.price, fetched.price_unit) == ("-0.01580", "USD")
    assert whoosh.outbox[0].price == Decimal("-0.0158")


def test_a_message_that_failed_shows_the_code_with_its_title(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).undeliver(30003)
    message = client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    whoosh.settle()

    fetched = client.messages(message.sid).fetch()
    assert (fetched.status, fetched.error_code, fetched.error_message) == (
        "undelivered",
        30003,
        "Unreachable destination handset",
    )


def test_the_sdk_reads_every_field(noon: None, whoosh: Whoosh, client: Client) -> None:
    message = client.messages.create(to=PERSON, from_=SENDER, body="Hi there")

    moment = datetime(2030, 6, 15, 12, tzinfo=UTC)
    assert (message.date_created, message.date_updated, message.date_sent) == (moment, moment, None)
    assert (message.status, message.direction, message.num_segments) == ("queued", "outbound-api", "1")


def test_the_vendors_own_client_sends_too(whoosh: Whoosh) -> None:
    client = Client(
        whoosh.api_key, whoosh.api_secret, account_sid=whoosh.account_sid, http_client=WhooshHttpClient(HOST)
    )

    client.messages.create(to=PERSON, from_=SENDER, body="Hey there!")

    whoosh.assert_sent(to=PERSON, from_=SENDER, body="Hey there!")


# The first status, and messages of a service


@pytest.mark.parametrize(
    ("given", "status", "from_", "segments"),
    [
        pytest.param({"From": SENDER}, "queued", SENDER, "1", id="a sender"),
        pytest.param({"MessagingServiceSid": "MG"}, "accepted", None, "0", id="a service"),
        pytest.param({"From": "MG"}, "accepted", None, "0", id="a service as the sender"),
        pytest.param({"MessagingServiceSid": "MG", "From": ""}, "accepted", None, "0", id="a service and no sender"),
        pytest.param(
            {"MessagingServiceSid": "MG", "From": SENDER}, "queued", SENDER, "0", id="a service and one of its senders"
        ),
        pytest.param(
            {"MessagingServiceSid": "MG", "ScheduleType": "fixed", "SendAt": "2030-06-15T13:00:00Z"},
            "scheduled",
            None,
            "0",
            id="a service, scheduled",
        ),
        pytest.param(
            {"MessagingServiceSid": "MG", "From": SENDER, "ScheduleType": "fixed", "SendAt": "2030-06-15T13:00:00Z"},
            "scheduled",
            SENDER,
            "0",
            id="a service and one of its senders, scheduled",
        ),
    ],
)
def test_the_first_status_depends_on_the_sender_parameter(
    noon: None, whoosh: Whoosh, api: Api, given: dict[str, str], status: str, from_: str | None, segments: str
) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    named = {name: service.sid if value == "MG" else value for name, value in given.items()}

    shown = api.create({"To": PERSON, "Body": "Hi there", **named}).json()

    assert (shown["status"], shown["from"], shown["num_segments"], shown["date_sent"]) == (
        status,
        from_,
        segments,
        None,
    )
    assert shown["messaging_service_sid"] == (None if given == {"From": SENDER} else service.sid)


def test_a_services_message_gets_its_sender_and_segments_when_it_is_queued(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    sid = client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="x" * 161).sid

    whoosh.travel(seconds=1)

    message = client.messages(sid).fetch()
    assert (message.status, message.from_, message.num_segments) == ("queued", SENDER, "2")


# From and To


@pytest.mark.parametrize(
    ("spelling", "shown"),
    [
        ("+15558675310", "+15558675310"),
        ("15558675310", "+15558675310"),
        ("5558675310", "+15558675310"),
        ("(555) 867-5310", "+15558675310"),
        ("555-867-5310", "+15558675310"),
        ("555.867.5310", "+15558675310"),
        ("1 (555) 867-5310", "+15558675310"),
        ("+1 555 867 5310", "+15558675310"),
        (" +15558675310 ", "+15558675310"),
        ("+44 20 7946 0958", "+442079460958"),
        ("+44 (0)20 7946 0958", "+442079460958"),
        ("+49 30 901820", "+4930901820"),
    ],
)
@pytest.mark.parametrize("name", ["To", "From"])
def test_numbers_are_converted_to_e164(api: Api, name: str, spelling: str, shown: str) -> None:
    other = {"To": "From", "From": "To"}[name]

    response = api.create({name: spelling, other: "+15005550006", "Body": "Hi"})

    assert response.json()[name.lower()] == shown


@pytest.mark.parametrize(
    ("spelling", "shown"),
    [
        ("whatsapp:+15558675310", "whatsapp:+15558675310"),
        ("whatsapp:+1 (555) 867-5310", "whatsapp:+15558675310"),
        ("WhatsApp:+15558675310", "whatsapp:+15558675310"),
        ("whatsapp: +15558675310", "whatsapp:+15558675310"),
    ],
)
def test_channel_numbers_are_converted_to_e164(api: Api, spelling: str, shown: str) -> None:
    response = api.create({"To": spelling, "From": f"whatsapp:{SENDER}", "Body": "Hi"})

    assert response.json()["to"] == shown


def test_a_messenger_address_is_kept_as_it_is(api: Api) -> None:
    response = api.create({"To": "messenger:4711", "From": "messenger:MyPage", "Body": "Hi"})

    assert (response.json()["to"], response.json()["from"]) == ("messenger:4711", "messenger:MyPage")


@pytest.mark.parametrize(
    ("sender", "to"),
    [
        pytest.param("12345", PERSON, id="short code of five digits"),
        pytest.param("123456", PERSON, id="short code of six digits"),
        pytest.param("Whoosh", "+447700900123", id="alphanumeric"),
        pytest.param("A 1 &+_-b", "+447700900123", id="alphanumeric with all it may hold"),
        pytest.param("sim:DE0123456789abcdef0123456789ABCDEF", PERSON, id="wireless SIM"),
        pytest.param("rcs:brand_agent", "rcs:+15558675310", id="RCS"),
    ],
)
def test_every_kind_of_sender_is_shown_as_it_is_given(api: Api, sender: str, to: str) -> None:
    shown = api.create({"To": to, "From": sender, "Body": "Hi"}).json()

    assert shown["from"] == sender


def test_a_message_to_a_wireless_sim_goes_out(whoosh: Whoosh, client: Client) -> None:
    sim = "sim:DE0123456789abcdef0123456789abcdef"
    client.messages.create(to=sim, from_=SENDER, body="reboot")

    whoosh.settle()

    whoosh.assert_sent(to=sim, status="delivered")


# Content


def test_a_body_is_shown_as_it_was_sent(api: Api) -> None:
    body = "Grüße 👋\r\nTab\there, nul \x00, and \\ \" ' <&> \u2028"

    response = api.create({**SEND, "Body": body})

    assert response.json()["body"] == body


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("a" * 1600, id="GSM-7"),
        pytest.param("ж" * 1600, id="UCS-2"),
        pytest.param("😜" * 800, id="surrogate pairs, which count twice"),
    ],
)
def test_a_body_can_have_1600_utf_16_units(api: Api, body: str) -> None:
    accepted = api.create({**SEND, "Body": body})
    refused = api.create({**SEND, "Body": body + "a"})

    assert accepted.status_code == 201
    assert refused.json() == refusal(21617, "The concatenated message body exceeds the 1600 character limit.")


def test_the_limit_applies_to_whatsapp_too(api: Api) -> None:
    refused = api.create({"To": f"whatsapp:{PERSON}", "From": f"whatsapp:{SENDER}", "Body": "a" * 1601})

    assert refused.json()["code"] == 21617


@pytest.mark.parametrize(
    ("parameters", "segments"),
    [
        ({"Body": "a" * 160}, "1"),
        ({"Body": "a" * 161}, "2"),
        ({"Body": "ж" * 70}, "1"),
        ({"Body": "ж" * 71}, "2"),
        ({"Body": "a" * 161, "SendAsMms": "true"}, "1"),
        ({"Body": "a" * 161, "MediaUrl": "https://app.example/cat.png"}, "1"),
        ({"Body": "a" * 161, "To": f"whatsapp:{PERSON}", "From": f"whatsapp:{SENDER}"}, "1"),
    ],
)
def test_segments_are_counted_for_sms_only(api: Api, parameters: dict[str, str], segments: str) -> None:
    assert api.create({**SEND, **parameters}).json()["num_segments"] == segments


def test_media_make_an_mms(whoosh: Whoosh, client: Client) -> None:
    urls = ["https://app.example/cat.png", "https://app.example/dog.jpg?size=1"]

    message = client.messages.create(to=PERSON, from_=SENDER, media_url=urls)

    assert (message.sid[:2], message.num_media, message.body) == ("MM", "2", "")
    assert whoosh.outbox[0].media_urls == urls


def test_ten_media_are_allowed(client: Client) -> None:
    urls = [f"https://app.example/{number}.png" for number in range(10)]

    message = client.messages.create(to=PERSON, from_=SENDER, media_url=urls)

    assert message.num_media == "10"


def test_a_text_message_is_an_sm(client: Client) -> None:
    message = client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert message.sid[:2] == "SM"


def test_a_text_can_be_sent_as_an_mms_without_media(client: Client) -> None:
    message = client.messages.create(to=PERSON, from_=SENDER, body="Hi", send_as_mms=True)

    assert (message.sid[:2], message.num_media) == ("MM", "0")


@pytest.mark.parametrize(
    ("service_encodes", "parameter", "body"),
    [
        (None, None, "“Hi” — there…"),
        (None, "true", '"Hi" - there...'),
        (True, None, '"Hi" - there...'),
        (True, "false", "“Hi” — there…"),
        (False, None, "“Hi” — there…"),
        (False, "true", '"Hi" - there...'),
    ],
)
def test_smart_encoding_depends_on_the_parameter_or_the_service(
    whoosh: Whoosh, api: Api, service_encodes: bool | None, parameter: str | None, body: str
) -> None:
    form = {**SEND, "Body": "“Hi” — there…"}
    if service_encodes is not None:
        service = whoosh.add_messaging_service("Reminders", senders=[SENDER], smart_encoding=service_encodes)
        form["MessagingServiceSid"] = service.sid
    if parameter is not None:
        form["SmartEncoded"] = parameter

    response = api.create(form)

    assert response.json()["body"] == body
    assert whoosh.outbox[0].request["Body"] == "“Hi” — there…"


# Status callbacks


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ({}, None),
        ({"StatusCallback": LINK}, LINK),
        ({"MessagingServiceSid": True}, "https://app.example/service"),
        ({"MessagingServiceSid": True, "StatusCallback": LINK}, LINK),
        ({"ApplicationSid": True}, "https://app.example/application"),
        ({"ApplicationSid": True, "StatusCallback": LINK}, "https://app.example/application"),
        ({"ApplicationSid": True, "MessagingServiceSid": True}, "https://app.example/application"),
        ({"ApplicationSid": True, "StatusCallback": "not a url"}, "https://app.example/application"),
    ],
)
def test_the_application_overrides_the_request_and_the_request_the_service(
    whoosh: Whoosh, api: Api, given: dict[str, object], url: str | None
) -> None:
    sids = {
        "MessagingServiceSid": whoosh.add_messaging_service(
            "Reminders", senders=[SENDER], status_callback="https://app.example/service"
        ).sid,
        "ApplicationSid": whoosh.add_application(message_status_callback="https://app.example/application").sid,
    }

    api.create({**SEND, **{name: sids[name] if value is True else value for name, value in given.items()}})
    whoosh.settle()

    assert whoosh.outbox[0].status_callback == url
    assert {callback.url for callback in whoosh.callbacks} == ({url} if url else set())


def test_an_application_without_a_url_gets_no_callbacks(whoosh: Whoosh, client: Client) -> None:
    application = whoosh.add_application()

    client.messages.create(
        to=PERSON,
        from_=SENDER,
        body="Hi",
        application_sid=application.sid,
        status_callback="https://app.example/status",
    )
    whoosh.settle()

    assert whoosh.callbacks == []


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example/status",
        "http://app.example/status",
        "HTTPS://app.example/status",
        "https://app.example:8443/status?a=1&b=2#rc=2",
        "https://user:secret@app.example/status",
        "http://localhost:5000/status",
        "http://127.0.0.1:5000/status",
        "http://[::1]:5000/status",
        "https://app.example./" + "x" * (4000 - len("https://app.example./")),
    ],
)
def test_callbacks_can_go_to_any_http_url(whoosh: Whoosh, api: Api, url: str) -> None:
    response = api.create({**SEND, "StatusCallback": url})

    assert response.status_code == 201
    assert whoosh.outbox[0].status_callback == url


# Other parameters


@pytest.mark.parametrize("price", ["0.0001", "1", "0.0079", ".5", "0.00790", "1."])
def test_a_price_limit_is_a_positive_amount_with_four_decimals(api: Api, price: str) -> None:
    assert api.create({**SEND, "MaxPrice": price}).status_code == 201


def test_a_message_that_costs_more_than_its_limit_fails_unpaid(whoosh: Whoosh, client: Client) -> None:
    whoosh.set_price("US", "0.0079")
    dear = client.messages.create(to=PERSON, from_=SENDER, body="Hi", max_price=0.0078)
    fair = client.messages.create(to=PERSON, from_=SENDER, body="Hi", max_price=0.0079)

    whoosh.settle()

    assert dear.status == "queued"
    dear, fair = dear.fetch(), fair.fetch()
    assert (dear.status, dear.error_code, dear.error_message, dear.price, dear.date_sent) == (
        "failed",
        30010,
        "Message price exceeds max price",
        None,
        None,
    )
    assert (fair.status, fair.price) == ("delivered", "-0.00790")


@pytest.mark.parametrize("seconds", ["1", "5", "14400"])
def test_a_validity_period_is_1_to_14400_seconds(api: Api, seconds: str) -> None:
    assert api.create({**SEND, "ValidityPeriod": seconds}).status_code == 201


@pytest.mark.parametrize("asking", [True, False])
def test_a_message_links_to_its_feedback_when_it_is_read(whoosh: Whoosh, client: Client, asking: bool) -> None:
    """Row 8 of the recordings."""
    created = client.messages.create(to=PERSON, from_=SENDER, body="Hi", provide_feedback=asking)
    [listed] = client.messages.list()

    uri = created.uri.removesuffix(".json")
    assert created.subresource_uris == {"media": f"{uri}/Media.json"}
    for read in (created.fetch(), listed):
        assert read.subresource_uris == {"media": f"{uri}/Media.json", "feedback": f"{uri}/Feedback.json"}
    assert [message.feedback for message in whoosh.outbox] == ["unconfirmed" if asking else None]


@pytest.mark.parametrize(
    "parameters",
    [
        {"Attempt": "1"},
        {"ContentRetention": "retain"},
        {"ContentRetention": "discard"},
        {"AddressRetention": "retain"},
        {"AddressRetention": "obfuscate"},
        {"ShortenUrls": "false"},
        {"PersistentAction": ["geo:37.787890,-122.391664|375 Beale St", "x"]},
        {"ForceDelivery": "true"},
        {"TrafficType": "free"},
        {"RiskCheck": "disable"},
        {"Tags": '{"campaign": "spring"}'},
        {"NobodyKnows": "this one", "to": "lower case", "": "no name"},
    ],
    ids=lambda parameters: ", ".join(f"{name}={value}" for name, value in parameters.items()),
)
def test_a_parameter_without_effect_is_accepted_and_stored(
    whoosh: Whoosh, api: Api, parameters: dict[str, str]
) -> None:
    response = api.create({**SEND, **parameters})

    assert (response.status_code, response.json()["status"]) == (201, "queued")
    assert whoosh.outbox[0].request == {**SEND, **parameters}


@pytest.mark.parametrize(
    ("text", "asked"),
    [
        ("true", True),
        ("True", True),
        ("TRUE", True),
        ("false", False),
        ("False", False),
        ("1", False),
        ("yes", False),
        ("", False),
    ],
)
def test_only_true_is_true_in_any_case(whoosh: Whoosh, api: Api, text: str, asked: bool) -> None:
    api.create({**SEND, "ProvideFeedback": text, "SendAsMms": text})

    message = whoosh.outbox[0]
    assert (message.feedback, message.sid[:2]) == (("unconfirmed", "MM") if asked else (None, "SM"))


def test_an_empty_parameter_counts_as_not_given(whoosh: Whoosh, api: Api) -> None:
    names = (
        "MediaUrl", "ContentSid", "ContentVariables", "StatusCallback", "ApplicationSid", "MaxPrice",
        "ProvideFeedback", "Attempt", "ValidityPeriod", "ContentRetention", "AddressRetention", "SmartEncoded",
        "PersistentAction", "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms", "MessagingServiceSid",
    )  # fmt: skip

    response = api.create({**SEND, **dict.fromkeys(names, "")})

    assert (response.status_code, response.json()["num_media"], response.json()["sid"][:2]) == (201, "0", "SM")


# Scheduling


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2030-06-15T12:15:00Z", datetime(2030, 6, 15, 12, 15, tzinfo=UTC)),
        ("2030-07-20T12:00:00Z", datetime(2030, 7, 20, 12, tzinfo=UTC)),
        ("2030-07-20T12:00:00.999Z", datetime(2030, 7, 20, 12, 0, 0, 999_000, tzinfo=UTC)),
        ("2030-06-15T14:30:00+02:00", datetime(2030, 6, 15, 12, 30, tzinfo=UTC)),
        ("2030-06-15T07:30:00-05:00", datetime(2030, 6, 15, 12, 30, tzinfo=UTC)),
        ("2030-06-15T12:30:00.250Z", datetime(2030, 6, 15, 12, 30, 0, 250_000, tzinfo=UTC)),
        ("2030-06-15T12:30:00", datetime(2030, 6, 15, 12, 30, tzinfo=UTC)),
        ("2030-06-15 12:30:00", datetime(2030, 6, 15, 12, 30, tzinfo=UTC)),
        ("2030-06-16", datetime(2030, 6, 16, tzinfo=UTC)),
    ],
)
def test_a_message_is_scheduled_for_15_minutes_to_35_days_ahead(
    noon: None, whoosh: Whoosh, api: Api, text: str, moment: datetime
) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])

    response = api.create(
        {"To": PERSON, "MessagingServiceSid": service.sid, "Body": "Hi", "ScheduleType": "fixed", "SendAt": text}
    )

    assert (response.status_code, response.json()["status"]) == (201, "scheduled")
    assert whoosh.outbox[0].send_at == moment


def test_a_scheduled_message_waits_and_is_then_sent_like_any_other(noon: None, whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    message = client.messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=datetime(2030, 6, 15, 13, tzinfo=UTC),
    )
    whoosh.settle()
    waiting = message.fetch().status

    whoosh.travel(hours=1, seconds=3)

    sent = message.fetch()
    assert (waiting, sent.status, sent.from_, sent.date_sent) == (
        "scheduled",
        "sent",
        SENDER,
        datetime(2030, 6, 15, 13, 0, 2, tzinfo=UTC),
    )


@pytest.mark.whoosh(schedule_minimum=timedelta(minutes=5))
def test_the_shortest_lead_is_a_setting(noon: None, whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])

    message = client.messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=datetime(2030, 6, 15, 12, 5, tzinfo=UTC),
    )

    assert message.status == "scheduled"


# Forms of clients


def test_a_repeated_parameter_counts_once(whoosh: Whoosh, api: Api) -> None:
    response = api.create([*SEND.items(), ("Body", "Second"), ("MediaUrl", "https://a.example/"), ("MediaUrl", "")])

    assert (response.json()["body"], response.json()["num_media"]) == ("Hi there", "1")
    assert whoosh.outbox[0].request == {**SEND, "Body": ["Hi there", "Second"], "MediaUrl": ["https://a.example/", ""]}


def test_what_is_posted_is_read_as_utf_8_and_the_rest_replaced(api: Api) -> None:
    encoded = b"To=%2B15558675310&From=%2B15557122661&Body=%e2%82%ac+%ff%GG%"

    response = api.create(encoded, headers={"Content-Type": "application/x-www-form-urlencoded"})

    assert response.json()["body"] == "€ \ufffd%GG%"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        pytest.param(b"", "application/x-www-form-urlencoded", id="nothing"),
        pytest.param(b"\x00\xff\xfe&=&&;", "application/octet-stream", id="bytes"),
        pytest.param("To=%2B15558675310&Body=Hi".encode("utf-16"), "text/plain", id="UTF-16"),
    ],
)
def test_a_body_that_is_not_a_form_has_no_parameters(whoosh: Whoosh, api: Api, body: bytes, content_type: str) -> None:
    response = api.create(body, headers={"Content-Type": content_type})

    assert response.json() == refusal(
        21603, "A 'From' or 'MessagingServiceSid' parameter is required to send a message"
    )
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize(
    "name",
    [
        "To", "From", "MessagingServiceSid", "MediaUrl", "ContentSid", "ContentVariables", "StatusCallback",
        "ApplicationSid", "MaxPrice", "Attempt", "ValidityPeriod", "ContentRetention", "AddressRetention",
        "ScheduleType", "SendAt",
    ],
)  # fmt: skip
@pytest.mark.parametrize(
    "value",
    [
        pytest.param("9" * 100_000, id="a number of 100,000 digits"),
        pytest.param("+1" + "5" * 100_000, id="a telephone number of 100,000 digits"),
        pytest.param("\x00", id="a null byte"),
        pytest.param("1e999999999999999999", id="an exponent out of all bounds"),
        pytest.param("https://[", id="half a URL"),
        pytest.param("9999-12-31T23:59:59-23:59", id="a moment after the end of the calendar"),
        pytest.param("٤٢", id="digits of another script"),
    ],
)
def test_a_value_out_of_all_bounds_is_refused_like_any_other(whoosh: Whoosh, api: Api, name: str, value: str) -> None:
    response = api.create({**SEND, name: value})

    assert response.status_code == 400
    whoosh.assert_nothing_sent()


# Accounts


def test_every_well_formed_account_has_its_own_messages_and_shares_the_rest(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    other = "AC" + "0123456789abcdefABCDEF0123456789"
    mine = Client(whoosh.api_key, whoosh.api_secret, whoosh.account_sid)
    theirs = Client(whoosh.api_key, whoosh.api_secret, other)

    message = theirs.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi")

    assert message.account_sid == other
    assert [found.sid for found in theirs.messages.list()] == [message.sid]
    assert mine.messages.list() == []
    assert whoosh.outbox[0].account_sid == other


@pytest.mark.parametrize(
    "host",
    [
        "api.whoosh.totogi.solutions",
        "api.whoosh.totogidemos.com",
        "api.twilio.com",
        "api.dublin.ie1.twilio.com",
        "API.Twilio.COM",
    ],
)
def test_the_vendors_hosts_all_answer(whoosh: Whoosh, host: str) -> None:
    response = requests.post(
        f"https://{host}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
        data=SEND,
        auth=(whoosh.account_sid, whoosh.auth_token),
    )

    assert response.status_code == 201


@pytest.mark.parametrize(
    ("posted", "named"),
    [
        pytest.param({"json": {"To": PERSON, "From": SENDER, "Body": "Hi"}}, "application/json", id="JSON"),
        pytest.param({"files": {"To": (None, PERSON), "From": (None, SENDER)}}, "multipart/form-data", id="multipart"),
    ],
)
def test_a_body_that_is_not_a_form_is_refused_for_its_type(whoosh: Whoosh, posted: dict[str, Any], named: str) -> None:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"

    answer = requests.post(url, auth=(whoosh.api_key, whoosh.api_secret), **posted)

    assert (answer.status_code, answer.json()["code"], answer.json()["message"]) == (400, 12300, "Invalid Content-Type")
    assert (
        f"Invalid Content-Type (Messages takes a form, application/x-www-form-urlencoded; the app posted {named})"
        in whoosh.traffic()
    )
