"""Status callbacks: the reported statuses, URLs, parameters and signatures."""

from collections.abc import Callable
from datetime import timedelta
from urllib.parse import urlsplit

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator
from twilio.rest import Client
from werkzeug.datastructures import MultiDict

from pytest_whoosh import Message, Whoosh
from pytest_whoosh.engine.rules.rule import Rule
from pytest_whoosh.engine.webhooks.callbacks import signature
from tests.conftest import PERSON, SENDER

URL = "https://app.example/status"


def send(client: Client, whoosh: Whoosh, **parameters: object) -> Message:
    """Send a message through the SDK, and return the view of it that a test has."""
    client.messages.create(**{"to": PERSON, "body": "Hi"} | parameters)
    return whoosh.outbox[-1]


def reported(whoosh: Whoosh) -> list[str]:
    return [callback.params["MessageStatus"] for callback in whoosh.callbacks]


# Reported statuses


@pytest.mark.parametrize(
    ("script", "parameters", "statuses"),
    [
        pytest.param(lambda rule: rule.deliver(), {"from_": SENDER}, ["sent", "delivered"], id="a direct message"),
        pytest.param(
            lambda rule: rule.deliver(),
            {"messaging_service_sid": ...},
            ["queued", "sent", "delivered"],
            id="a message of a service",
        ),
        pytest.param(
            lambda rule: rule.deliver(),
            {"messaging_service_sid": ..., "from_": SENDER},
            ["sent", "delivered"],
            id="a message of a service that is given its sender",
        ),
        pytest.param(
            lambda rule: rule.deliver(),
            {"messaging_service_sid": ..., "schedule_type": "fixed", "send_at": ...},
            ["queued", "sent", "delivered"],
            id="a scheduled message",
        ),
        pytest.param(
            lambda rule: rule.undeliver(), {"from_": SENDER}, ["sent", "undelivered"], id="an undelivered message"
        ),
        pytest.param(lambda rule: rule.fail(), {"from_": SENDER}, ["failed"], id="a failed message"),
        pytest.param(
            lambda rule: rule.fail(), {"messaging_service_sid": ...}, ["queued", "failed"], id="one of a service"
        ),
        pytest.param(lambda rule: rule.stall("sent"), {"from_": SENDER}, ["sent"], id="a message without receipt"),
        pytest.param(lambda rule: rule.stall("sending"), {"from_": SENDER}, [], id="a message that is never sent"),
        pytest.param(
            lambda rule: rule.read(),
            {"to": f"whatsapp:{PERSON}", "from_": f"whatsapp:{SENDER}"},
            ["sent", "delivered", "read"],
            id="a message that is read",
        ),
    ],
)
def test_every_status_but_the_first_and_sending_is_reported(
    whoosh: Whoosh,
    client: Client,
    script: Callable[[Rule], object],
    parameters: dict[str, object],
    statuses: list[str],
) -> None:
    script(whoosh.when())
    service = whoosh.add_messaging_service("Desk", senders=[SENDER])
    filled = {"messaging_service_sid": service.sid, "send_at": whoosh.now + timedelta(hours=1)}
    given = {name: filled[name] if value is ... else value for name, value in parameters.items()}
    message = send(client, whoosh, status_callback=URL, **given)

    whoosh.travel(hours=2)

    assert reported(whoosh) == statuses
    assert [callback.message for callback in whoosh.callbacks] == [message] * len(statuses)


def test_a_canceled_message_is_reported(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback=URL)
    at = whoosh.now + timedelta(hours=1)
    message = send(client, whoosh, messaging_service_sid=service.sid, schedule_type="fixed", send_at=at)

    client.messages(message.sid).update(status="canceled")
    whoosh.travel(hours=2)

    assert reported(whoosh) == ["canceled"]


def test_callbacks_are_sent_when_time_moves_and_never_inside_a_call(whoosh: Whoosh, client: Client) -> None:
    happened: list[str] = []

    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        happened.append("callback")
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)
    service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback=URL)
    at = whoosh.now + timedelta(hours=1)
    message = send(client, whoosh, messaging_service_sid=service.sid, schedule_type="fixed", send_at=at)

    client.messages(message.sid).update(status="canceled")
    happened.append(f"the call returns: {message.status}")
    whoosh.settle()

    assert happened == ["the call returns: canceled", "callback"]


def test_each_callback_is_sent_at_the_moment_of_its_status(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, from_=SENDER, status_callback=URL)

    whoosh.travel(days=1)

    when = dict(message.history)
    assert [(each.params["MessageStatus"], each.at) for each in whoosh.callbacks] == [
        ("sent", when["sent"]),
        ("delivered", when["delivered"]),
    ]


# Parameters


def params_of(whoosh: Whoosh) -> list[dict[str, str]]:
    return [callback.params for callback in whoosh.callbacks]


@freeze_time("2030-01-01T12:34:56")
def test_a_delivered_sms_has_the_date_of_its_receipt() -> None:
    with Whoosh() as whoosh:
        message = send(Client(), whoosh, from_=SENDER, status_callback=URL)
        whoosh.settle()

        always = {
            "SmsSid": message.sid,
            "MessageSid": message.sid,
            "AccountSid": whoosh.account_sid,
            "From": SENDER,
            "To": PERSON,
            "ApiVersion": "2010-04-01",
        }
        assert params_of(whoosh) == [
            {**always, "SmsStatus": "sent", "MessageStatus": "sent"},
            {**always, "SmsStatus": "delivered", "MessageStatus": "delivered", "RawDlrDoneDate": "3001011235"},
        ]


@freeze_time("2030-01-01T12:34:56")
def test_an_undelivered_sms_has_an_error_code() -> None:
    with Whoosh() as whoosh:
        whoosh.when().undeliver(30005)
        message = send(Client(), whoosh, from_=SENDER, status_callback=URL, media_url=["https://app.example/1.png"])
        whoosh.settle()

        assert params_of(whoosh)[-1] == {
            "ErrorCode": "30005",
            "SmsSid": message.sid,
            "SmsStatus": "undelivered",
            "MessageStatus": "undelivered",
            "To": PERSON,
            "MessageSid": message.sid,
            "AccountSid": whoosh.account_sid,
            "From": SENDER,
            "ApiVersion": "2010-04-01",
            "RawDlrDoneDate": "3001011235",
        }


def test_a_failed_sms_has_an_error_code_and_no_receipt(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().fail(30002)
    message = send(client, whoosh, from_=SENDER, status_callback=URL)

    whoosh.settle()

    assert params_of(whoosh) == [
        {
            "ErrorCode": "30002",
            "SmsSid": message.sid,
            "SmsStatus": "failed",
            "MessageStatus": "failed",
            "To": PERSON,
            "MessageSid": message.sid,
            "AccountSid": whoosh.account_sid,
            "From": SENDER,
            "ApiVersion": "2010-04-01",
        }
    ]


def test_a_message_of_a_service_names_the_service(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback=URL)
    message = send(client, whoosh, messaging_service_sid=service.sid)

    whoosh.travel(seconds=1)

    assert params_of(whoosh) == [
        {
            "SmsSid": message.sid,
            "SmsStatus": "queued",
            "MessageStatus": "queued",
            "To": PERSON,
            "MessageSid": message.sid,
            "AccountSid": whoosh.account_sid,
            "From": SENDER,
            "ApiVersion": "2010-04-01",
            "MessagingServiceSid": service.sid,
        }
    ]


def test_a_whatsapp_callback_names_its_channel(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().read()
    message = send(client, whoosh, to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}", status_callback=URL)

    whoosh.settle()

    install = whoosh.callbacks[0].params["ChannelInstallSid"]
    always = {
        "SmsSid": message.sid,
        "MessageSid": message.sid,
        "AccountSid": whoosh.account_sid,
        "From": f"whatsapp:{SENDER}",
        "To": f"whatsapp:{PERSON}",
        "ApiVersion": "2010-04-01",
        "ChannelPrefix": "whatsapp",
        "ChannelToAddress": "+1555867XXXX",
    }
    sent = {"SmsStatus": "sent", "MessageStatus": "sent", "StructuredMessage": "false", "ChannelInstallSid": install}
    delivered = {"SmsStatus": "delivered", "MessageStatus": "delivered", "EventType": "DELIVERED"}
    read = {"SmsStatus": "read", "MessageStatus": "read", "EventType": "READ"}
    assert (install[:2], len(install), int(install[2:], 16) > 0) == ("XE", 34, True)
    assert params_of(whoosh) == [
        {**always, **sent},
        {**always, **delivered, "ChannelInstallSid": install},
        {**always, **read},
    ]


def test_a_failed_whatsapp_message_has_its_channels_error_text(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().fail(63024)
    send(client, whoosh, to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}", status_callback=URL)

    whoosh.settle()

    params = params_of(whoosh)[0]
    assert (params["ErrorCode"], params["ChannelStatusMessage"]) == ("63024", "Invalid message recipient")
    assert "EventType" not in params


def test_a_persons_message_is_reported_without_a_charset(whoosh: Whoosh) -> None:
    """See recorded.md 19."""
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = whoosh.receive("Hi", from_=PERSON, to=SENDER)

    assert reply.webhook is not None
    assert reply.webhook.headers["Content-Type"] == "application/x-www-form-urlencoded"


def test_a_callback_has_the_headers_of_the_vendor(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, from_=SENDER, status_callback=URL)

    whoosh.settle()

    sent, delivered = whoosh.callbacks
    assert sent.headers == {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "X-Home-Region": "us1",
        "I-Twilio-Idempotency-Token": "57750a5e-b37b-52ad-bc83-632bb2e5cc27",
        "X-Twilio-Signature": sent.signature,
    }
    assert sent.headers["I-Twilio-Idempotency-Token"] != delivered.headers["I-Twilio-Idempotency-Token"]


def test_a_callback_shows_its_request_and_the_apps_response(whoosh: Whoosh, client: Client) -> None:
    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"Thank you"]

    whoosh.mount("https://app.example", app)
    message = send(client, whoosh, from_=SENDER, status_callback=URL)
    whoosh.travel(seconds=2)

    (callback,) = whoosh.callbacks
    assert (callback.url, callback.method, callback.message, callback.at) == (URL, "POST", message, whoosh.now)
    assert (callback.response_status, callback.response_body, callback.error) == (200, "Thank you", None)
    assert callback == message.callbacks[0]


def test_a_callback_that_nobody_answers_is_recorded(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, from_=SENDER, status_callback=URL)

    whoosh.settle()

    assert [(each.response_status, each.response_body, each.error) for each in whoosh.callbacks] == [(None,) * 3] * 2


def test_an_app_that_raises_is_recorded(whoosh: Whoosh, client: Client) -> None:
    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        raise LookupError("no such message")

    whoosh.mount("https://app.example", app)
    message = send(client, whoosh, from_=SENDER, status_callback=URL)

    whoosh.settle()

    assert message.status == "delivered"
    assert [each.response_status for each in whoosh.callbacks] == [500, 500]
    assert str(whoosh.callbacks[0].error).startswith(
        "11200 HTTP retrieval failure: the app raised LookupError: no such message (test_callbacks.py:"
    )


def test_a_callback_is_the_same_object_however_it_was_found(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, from_=SENDER, status_callback=URL)
    whoosh.settle()

    sent, delivered = whoosh.callbacks
    assert {*whoosh.callbacks, *message.callbacks} == {sent, delivered}
    assert sent != delivered
    assert sent != sent.params


@freeze_time("2030-01-01T12:34:56")
def test_a_callback_shows_itself_in_one_line() -> None:
    with Whoosh() as whoosh:
        send(Client(), whoosh, from_=SENDER, status_callback=URL)
        whoosh.travel(seconds=2)

        assert repr(whoosh.callbacks[0]) == (
            "<Callback 12:34:58 sent        POST https://app.example/status  not delivered: nothing is mounted there>"
        )


def test_a_callback_counts_its_attempts(whoosh: Whoosh, client: Client) -> None:
    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        start_response("503 Service Unavailable", [])
        return []

    whoosh.mount("https://app.example", app)
    send(client, whoosh, from_=SENDER, status_callback=f"{URL}#rc=2&rp=5xx")
    send(client, whoosh, from_=SENDER, status_callback="https://nobody.example/")
    whoosh.travel(seconds=2)

    assert [callback.attempts for callback in whoosh.callbacks] == [3, 0]


def test_what_a_test_does_to_a_callback_changes_nothing(whoosh: Whoosh, client: Client) -> None:
    send(client, whoosh, from_=SENDER, status_callback=URL)
    whoosh.travel(seconds=2)

    whoosh.callbacks[0].params["MessageStatus"] = "delivered"
    whoosh.callbacks[0].headers.clear()
    whoosh.callbacks.clear()

    assert reported(whoosh) == ["sent"]
    assert whoosh.callbacks[0].headers


# URLs


def test_the_parameter_overrides_the_service(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback="https://service.example/")
    message = send(client, whoosh, messaging_service_sid=service.sid, status_callback="https://parameter.example/")

    whoosh.settle()

    assert {callback.url for callback in message.callbacks} == {"https://parameter.example/"}


def test_the_service_decides_if_the_message_has_no_url(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback="https://service.example/")
    message = send(client, whoosh, messaging_service_sid=service.sid)

    whoosh.settle()

    assert {callback.url for callback in message.callbacks} == {"https://service.example/"}


def test_the_application_overrides_all(whoosh: Whoosh, client: Client) -> None:
    application = whoosh.add_application(message_status_callback="https://application.example/")
    service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback="https://service.example/")
    message = send(
        client,
        whoosh,
        messaging_service_sid=service.sid,
        status_callback="https://parameter.example/",
        application_sid=application.sid,
    )

    whoosh.settle()

    assert {callback.url for callback in message.callbacks} == {"https://application.example/"}


def test_an_application_without_a_url_sends_no_callbacks(whoosh: Whoosh, client: Client) -> None:
    application = whoosh.add_application()
    send(client, whoosh, from_=SENDER, status_callback=URL, application_sid=application.sid)

    whoosh.settle()

    assert whoosh.callbacks == []


def test_a_message_without_a_url_reports_nothing(whoosh: Whoosh, client: Client) -> None:
    message = send(client, whoosh, from_=SENDER)

    whoosh.settle()

    assert (whoosh.callbacks, message.callbacks, message.status_callback) == ([], [], None)


# Signatures

CALL = {
    "CallSid": "CA1234567890ABCDE",
    "Caller": "+14158675309",
    "Digits": "1234",
    "From": "+14158675309",
    "To": "+18005551212",
}


@pytest.mark.parametrize(
    ("url", "params", "expected"),
    [
        pytest.param(
            "https://example.com/myapp.php?foo=1&bar=2",
            CALL | {"Caller": "+14158675310", "From": "+14158675310"},
            "L/OH5YylLD5NRKLltdqwSvS0BnU=",
            id="a query",
        ),
        pytest.param(
            "https://mycompany.com/myapp.php?foo=1&bar=2", CALL, "RSOYDt4T1cUTdK1PDd93/VVr8B8=", id="another host"
        ),
        pytest.param(
            "https://mycompany.com:443/myapp.php?foo=1&bar=2", CALL, "kvajT1Ptam85bY51eRf/AJRuM3w=", id="the usual port"
        ),
        pytest.param(
            "http://mycompany.com:1234/myapp.php?foo=1&bar=2", CALL, "Zmvh+3yNM1Phv2jhDCwEM3q5ebU=", id="another port"
        ),
        pytest.param(
            "https://mycompany.com/myapp.php?foo=1&bar=2",
            {"Sid": "CA123", "SidAccount": "AC123", "Digits": ["5678", "1234", "1234"]},
            "IK+Dwps556ElfBT0I3Rgjkr1wJU=",
            id="a name that stands several times",
        ),
        pytest.param(
            "https://mycompany.com/myapp.php?foo=1&bar=2"
            "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
            {},
            "a9nBmqA0ju/hNViExpshrM61xv4=",
            id="a body that is no form",
        ),
    ],
)
def test_signatures_are_those_of_the_vendors_examples(
    url: str, params: dict[str, str | list[str]], expected: str
) -> None:
    assert signature("12345", url, params) == expected
    assert RequestValidator("12345").compute_signature(url, MultiDict(params)) == expected


@pytest.mark.parametrize(
    ("url", "signed"),
    [
        ("https://app.example/s#rc=2&rp=5xx", "https://app.example/s"),
        ("https://ada:secret@app.example:8443/s?a=1", "https://app.example:8443/s?a=1"),
    ],
    ids=["a fragment", "a user"],
)
def test_what_is_not_requested_is_not_signed(whoosh: Whoosh, client: Client, url: str, signed: str) -> None:
    send(client, whoosh, from_=SENDER, status_callback=url)

    whoosh.settle()

    for callback in whoosh.callbacks:
        assert callback.url == url
        assert RequestValidator(whoosh.auth_token).validate(signed, callback.params, callback.signature)


HOSTS = st.from_regex(r"[a-z][a-z0-9-]{0,10}[a-z0-9]\.example", fullmatch=True)
PARTS = st.text("abcXYZ09-._~%20äß日🎈+ ", max_size=10).map(lambda text: "".join(text.split()))
URLS = st.builds(
    lambda scheme, user, host, port, path, query, fragment: (
        f"{scheme}://{user}{host}{port}/{path}{'?' + query if query else ''}{fragment}"
    ),
    st.sampled_from(["http", "https"]),
    st.sampled_from(["", "ada@", "ada:secret@"]),
    HOSTS,
    st.sampled_from(["", ":80", ":443", ":8443"]),
    PARTS,
    st.lists(PARTS, max_size=3).map("&a=".join),
    st.sampled_from(["", "#", "#rc=2", "#rc=2&rp=all"]),
)


@given(url=URLS, name=st.text("ABCabc123 ", min_size=1, max_size=11).filter(lambda name: name.strip().isalnum()))
def test_the_sdk_accepts_the_signature_of_every_callback(url: str, name: str) -> None:
    with Whoosh(clock="virtual") as whoosh:
        service = whoosh.add_messaging_service("Desk", senders=[SENDER], status_callback=url)
        client = Client()
        client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Grüße 🎈")
        whoosh.settle()

        parts = urlsplit(url)
        requested = f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"
        requested += f"?{parts.query}" if parts.query else ""
        validator = RequestValidator(whoosh.auth_token)
        assert len(whoosh.callbacks) == 3
        assert all(validator.validate(requested, each.params, each.signature) for each in whoosh.callbacks)


@given(
    url=URLS,
    params=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=8), max_size=6),
)
def test_the_sdk_computes_the_same_signature(url: str, params: dict[str, str]) -> None:
    parts = urlsplit(url)
    requested = url.partition("#")[0].replace(parts.netloc, parts.netloc.rpartition("@")[2], 1)

    assert signature("12345", url, params) == RequestValidator("12345").compute_signature(requested, params)
