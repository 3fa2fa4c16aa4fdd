"""The parameters of a new message: all that the SDK has are declared, and a test can match each (recorded.md 32)."""

import inspect
from decimal import Decimal
from typing import Any

import pytest
import requests
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh
from pytest_whoosh.api.messages.drafts import CreateMessage
from pytest_whoosh.engine.messages.fields import AT_CREATION
from pytest_whoosh.engine.parameters import parameters_of
from tests.conftest import PERSON, SENDER

#: The parameters with a message's sender and recipient, which are read before the others.
ADDRESSES = {"To", "From", "MessagingServiceSid"}
DECLARED = ADDRESSES | {parameter.name for parameter in parameters_of(CreateMessage)}
#: The field that shows a parameter, if it has another name.
FIELDS = {"From": "from_", "MediaUrl": "media_urls"}

#: For each parameter that only tests read: the posted text, and the message's value.
SHOWN: list[tuple[str, Any, str, object]] = [
    ("ValidityPeriod", "60", "validity_period", 60),
    ("MaxPrice", "0.0079", "max_price", Decimal("0.0079")),
    ("ProvideFeedback", "True", "provide_feedback", True),
    ("Attempt", "2", "attempt", 2),
    ("ContentRetention", "discard", "content_retention", "discard"),
    ("AddressRetention", "obfuscate", "address_retention", "obfuscate"),
    ("SmartEncoded", "false", "smart_encoded", False),
    ("PersistentAction", ["geo:52.52,13.4|Berlin", ""], "persistent_action", ["geo:52.52,13.4|Berlin"]),
    ("ShortenUrls", "false", "shorten_urls", False),
    ("SendAsMms", "true", "send_as_mms", True),
    ("RiskCheck", "disable", "risk_check", "disable"),
    ("TrafficType", "free", "traffic_type", "free"),
    ("MessageIntent", "otp", "message_intent", "otp"),
    ("ForceDelivery", "true", "force_delivery", True),
    ("Tags", '{"campaign": "spring"}', "tags", {"campaign": "spring"}),
]


class Recorder(TwilioHttpClient):
    """Keeps the parameters that the SDK posts."""

    def request(self, method: str, url: str, params: object = None, data: Any = None, *args: Any, **kwargs: Any) -> Any:
        self.posted: dict[str, object] = data
        return super().request(method, url, params, data, *args, **kwargs)


def test_every_parameter_that_the_sdk_sends_is_declared(whoosh: Whoosh) -> None:
    recorder = Recorder()
    messages = Client("AC" + "0" * 32, "secret", http_client=recorder).messages
    whoosh.when_called("POST", "/Messages.json").respond(201, json={"sid": "SM1"})

    messages.create(**dict.fromkeys(inspect.signature(messages.create).parameters, "x"))

    assert recorder.posted.keys() >= ADDRESSES
    assert recorder.posted.keys() - DECLARED == set()


@pytest.mark.parametrize("parameter", sorted(DECLARED))
def test_every_declared_parameter_has_a_field(parameter: str) -> None:
    snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in parameter).strip("_")

    assert FIELDS.get(parameter, snake) in AT_CREATION
    assert hasattr(Message, FIELDS.get(parameter, snake))


def send(**parameters: object) -> requests.Response:
    return requests.post(
        "https://api.twilio.com/2010-04-01/Accounts/ACf00df00df00df00df00df00df00df00d/Messages.json",
        {"To": PERSON, "From": SENDER, "Body": "Hi", **parameters},
        auth=("any", "thing"),
        timeout=5,
    )


@pytest.mark.parametrize(("parameter", "value", "field", "shown"), SHOWN, ids=[each[0] for each in SHOWN])
def test_a_parameter_is_read_and_matched(
    whoosh: Whoosh, parameter: str, value: object, field: str, shown: object
) -> None:
    match: Any = {field: shown}
    whoosh.when(**match).fail(30008)

    answer = send(**{parameter: value})

    assert answer.status_code == 201, answer.text
    message = whoosh.assert_sent(**match)
    assert getattr(message, field) == shown
    whoosh.settle()
    assert message.error_code == 30008


def test_an_application_and_a_fallback_are_read_too(whoosh: Whoosh) -> None:
    application = whoosh.add_application(message_status_callback="https://app.example/status")
    service = whoosh.add_messaging_service("Reminders", senders=["rcs:acme", SENDER])
    send(ApplicationSid=application.sid)
    send(From="", MessagingServiceSid=service.sid, FallbackFrom="(555) 772-2661", ScheduleType="")

    first, second = whoosh.outbox
    assert first.application_sid == application.sid
    assert (first.schedule_type, first.tags, first.persistent_action) == (None, None, [])
    whoosh.assert_sent(fallback_from="+1 555 772 2661")
    assert second.schedule_type is None


def test_the_posted_parameters_stay_after_the_message_was_redacted(whoosh: Whoosh, client: Client) -> None:
    message = client.messages.create(to=PERSON, from_=SENDER, body="Hi", attempt=3, risk_check="enable")
    whoosh.settle()

    message.update(body="")

    whoosh.assert_sent(attempt="3", risk_check="enable", redacted=True)


@pytest.mark.parametrize(
    ("match", "problem"),
    [
        ({"risk_check": "on"}, "Unknown risk_check 'on'. Valid: enable, disable."),
        ({"attempt": "first"}, "attempt is a number, not 'first'."),
        ({"tag": {}}, "Unknown match key 'tag'. Did you mean 'tags'?"),
    ],
)
def test_a_match_that_is_never_true_is_refused(whoosh: Whoosh, match: Any, problem: str) -> None:
    with pytest.raises((TypeError, ValueError)) as refusal:
        whoosh.assert_not_sent(**match)

    assert str(refusal.value).startswith(problem)


@pytest.mark.parametrize(
    ("parameter", "value", "why"),
    [
        ("RiskCheck", "off", "400 20422: Invalid Parameter (RiskCheck takes one of 'enable', 'disable')"),
        ("Attempt", "first", "400 20422: Invalid Parameter (Attempt takes a whole number from 0)"),
        (
            "StatusCallback",
            "http://localhost:8000/status",
            (
                "400 21609: The 'StatusCallback' URL http://localhost:8000/status is not a valid URL "
                '(callback_hosts="public" refuses this machine and private addresses)'
            ),
        ),
    ],
)
@pytest.mark.whoosh(callback_hosts="public")
def test_the_traffic_says_what_a_refused_parameter_takes(whoosh: Whoosh, parameter: str, value: str, why: str) -> None:
    send(**{parameter: value})

    assert why in whoosh.traffic()
