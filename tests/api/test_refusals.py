"""API errors: the code, text and HTTP status for each mistake, and the order in which mistakes are found.

See https://www.twilio.com/docs/api/errors
"""

from base64 import b64encode
from datetime import timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

from .conftest import HOST, SEND, Api, refusal

UNKNOWN_SERVICE = "MG" + "0" * 32
UNKNOWN_APPLICATION = "AP" + "0" * 32
UNKNOWN_CONTENT = "HX" + "0" * 32
SENDER_REQUIRED = "A 'From' or 'MessagingServiceSid' parameter is required to send a message"
WINDOW = "SendAt time must be between 900 seconds and 35 days (3024000 seconds) in the future"


def unroutable(to: str, sender: str) -> str:
    return f"Message cannot be sent with the current combination of 'To' ({to}) and/or 'From' ({sender}) parameters"


def unverified(to: str) -> str:
    return (
        f"The number {to} is unverified. Trial accounts cannot send messages to unverified numbers; verify {to} at "
        "twilio.com/user/account/phone-numbers/verified, or purchase a Twilio number to send messages to unverified "
        "numbers"
    )


def unowned(sender: str) -> str:
    return (
        f"The 'From' phone number provided ({sender}) is not a valid message-capable Twilio phone number for this "
        "destination"
    )


@pytest.fixture
def provisions(whoosh: Whoosh) -> dict[str, str]:
    """Add the resources that the tables below name: a service with a sender, one without, and an application."""
    whoosh.add_number("+15557122662", sms_capable=False)
    whoosh.add_number("+15557122663", mms_capable=False)
    whoosh.add_short_code("54321", country="CA")
    whoosh.opt_out("+15558675311", SENDER)
    return {
        "<service>": whoosh.add_messaging_service("Reminders", senders=["+15557122664"]).sid,
        "<empty service>": whoosh.add_messaging_service("Empty").sid,
        "<service without domain>": whoosh.add_messaging_service("Long links", senders=["+15557122665"]).sid,
    }


# Each mistake


@pytest.mark.parametrize(
    ("wrong", "code", "status", "message"),
    [
        # The sender
        ({"From": None}, 21603, 400, SENDER_REQUIRED),
        ({"From": ""}, 21603, 400, SENDER_REQUIRED),
        ({"From": " "}, 21603, 400, SENDER_REQUIRED),
        ({"From": "!"}, 21212, 400, "Invalid From Number (caller ID): !"),
        ({"From": "123"}, 21212, 400, "Invalid From Number (caller ID): 123"),
        ({"From": "1234567"}, 21212, 400, "Invalid From Number (caller ID): 1234567"),
        ({"From": "Twelve chars"}, 21212, 400, "Invalid From Number (caller ID): Twelve chars"),
        ({"From": "Café"}, 21212, 400, "Invalid From Number (caller ID): Café"),
        ({"From": "+1555"}, 21212, 400, "Invalid From Number (caller ID): +1555"),
        ({"From": "+1555867531012345"}, 21212, 400, "Invalid From Number (caller ID): +1555867531012345"),
        ({"From": "sms:+15557122661"}, 21212, 400, "Invalid From Number (caller ID): sms:+15557122661"),
        ({"From": "sim:DE123"}, 21212, 400, "Invalid From Number (caller ID): sim:DE123"),
        ({"From": "+15557122662"}, 21661, 400, "'From' number is not SMS-capable"),
        ({"From": "54321"}, 21659, 400, "'From' 54321 is not a Twilio phone number or Short Code country mismatch"),
        # The service
        ({"MessagingServiceSid": "MG123"}, 21705, 400, "The Messaging Service Sid MG123 is invalid."),
        (
            {"MessagingServiceSid": UNKNOWN_APPLICATION},
            21705,
            400,
            f"The Messaging Service Sid {UNKNOWN_APPLICATION} is invalid.",
        ),
        ({"MessagingServiceSid": UNKNOWN_SERVICE}, 21701, 404, "The Messaging Service does not exist"),
        ({"From": UNKNOWN_SERVICE}, 21701, 404, "The Messaging Service does not exist"),
        (
            {"MessagingServiceSid": "<empty service>", "From": None},
            21704,
            400,
            "The Messaging Service contains no phone numbers",
        ),
        (
            {"MessagingServiceSid": "<service>"},
            21711,
            400,
            "Sender is not associated with the specified Messaging Service",
        ),
        (
            {"MessagingServiceSid": "<service>", "From": "Whoosh"},
            21709,
            400,
            "Alpha Sender ID is Invalid or Not Authorized for this Messaging Service",
        ),
        # The recipient
        ({"To": None}, 21604, 400, "A 'To' phone number is required."),
        ({"To": ""}, 21604, 400, "A 'To' phone number is required."),
        ({"To": "0102030405"}, 21211, 400, "Invalid 'To' Phone Number: 010203XXXX"),
        ({"To": "+1555867"}, 21211, 400, "Invalid 'To' Phone Number: +155XXXX"),
        ({"To": "123"}, 21211, 400, "Invalid 'To' Phone Number: XXXX"),
        ({"To": "Ada"}, 21211, 400, "Invalid 'To' Phone Number: XXXX"),
        ({"To": "1-800-FLOWERS"}, 21211, 400, "Invalid 'To' Phone Number: 1-800-FLOXXXX"),
        ({"To": "tel:+15558675310"}, 21211, 400, "Invalid 'To' Phone Number: tel:+1555867XXXX"),
        ({"To": "12345"}, 21265, 400, "'To' number cannot be a Short Code: 1XXXX"),
        ({"To": "+91987654321"}, 21265, 400, "'To' number cannot be a Short Code: +9198765XXXX"),
        ({"To": "False"}, 21265, 400, "'To' number cannot be a Short Code: FXXXX"),
        ({"To": "123456"}, 21265, 400, "'To' number cannot be a Short Code: 12XXXX"),
        ({"To": [PERSON, "+15558675311"]}, 21653, 400, "There are more recipient addresses than allowed"),
        ({"To": f"{PERSON},+15558675311"}, 21653, 400, "There are more recipient addresses than allowed"),
        # The pair
        ({"To": SENDER}, 21266, 400, "'To' and 'From' number cannot be the same"),
        ({"To": "(555) 712-2661"}, 21266, 400, "'To' and 'From' number cannot be the same"),
        (
            {"To": f"whatsapp:{SENDER}", "From": f"whatsapp:{SENDER}"},
            63031,
            400,
            "Channels message cannot have same From and To",
        ),
        (
            {"To": f"whatsapp:{PERSON}"},
            21910,
            400,
            "Invalid From and To pair. From and To should be of the same channel",
        ),
        (
            {"From": f"whatsapp:{SENDER}"},
            21910,
            400,
            "Invalid From and To pair. From and To should be of the same channel",
        ),
        (
            {"From": "Whoosh"},
            21612,
            400,
            unroutable("+1555867XXXX", "Whoosh"),
        ),
        (
            {"From": "Whoosh", "To": "+16135550123"},
            21612,
            400,
            unroutable("+1613555XXXX", "Whoosh"),
        ),
        (
            {"From": "Whoosh", "To": "+447700900123", "MediaUrl": "https://app.example/cat.png"},
            21612,
            400,
            unroutable("+44770090XXXX", "Whoosh"),
        ),
        (
            {"To": "+447700900123", "SendAsMms": "true"},
            21612,
            400,
            unroutable("+44770090XXXX", "+15557122661"),
        ),
        (
            {"To": "+18765550123", "MediaUrl": "https://app.example/cat.png"},
            21612,
            400,
            unroutable("+1876555XXXX", "+15557122661"),
        ),
        (
            {"From": "+15557122663", "MediaUrl": "https://app.example/cat.png"},
            21621,
            400,
            "The 'From' number has not been enabled for MMS",
        ),
        # The content
        ({"Body": None}, 21602, 400, "Message body is required."),
        ({"Body": ""}, 21602, 400, "Message body is required."),
        ({"Body": "", "MediaUrl": ["", ""], "ContentSid": ""}, 21602, 400, "Message body is required."),
        ({"Body": "a" * 1601}, 21617, 400, "The concatenated message body exceeds the 1600 character limit."),
        ({"MediaUrl": "app.example/cat.png"}, 21620, 400, "Invalid media URL(s)"),
        ({"MediaUrl": "ftp://app.example/cat.png"}, 21620, 400, "Invalid media URL(s)"),
        ({"MediaUrl": ["https://app.example/cat.png", "cat.png"]}, 21620, 400, "Invalid media URL(s)"),
        ({"MediaUrl": ["https://a.example/"] * 11}, 21623, 400, "Number of media files exceeds allowed limit"),
        ({"ContentSid": "HX123"}, 21655, 400, "The ContentSid is Invalid"),
        ({"ContentSid": UNKNOWN_CONTENT}, 21655, 400, "The ContentSid is Invalid"),
        ({"ContentSid": UNKNOWN_CONTENT, "Body": None}, 21655, 400, "The ContentSid is Invalid"),
        ({"ContentVariables": '{"1": "Ada"}'}, 21654, 400, "ContentSid Required"),
        # Status callbacks
        ({"StatusCallback": "status"}, 21609, 400, "The 'StatusCallback' URL status is not a valid URL"),
        (
            {"StatusCallback": "ftp://app.example/"},
            21609,
            400,
            "The 'StatusCallback' URL ftp://app.example/ is not a valid URL",
        ),
        (
            {"StatusCallback": "https://my_app.example/"},
            21609,
            400,
            "The 'StatusCallback' URL https://my_app.example/ is not a valid URL",
        ),
        (
            {"StatusCallback": "https://-app.example/"},
            21609,
            400,
            "The 'StatusCallback' URL https://-app.example/ is not a valid URL",
        ),
        (
            {"StatusCallback": "https:///status"},
            21609,
            400,
            "The 'StatusCallback' URL https:///status is not a valid URL",
        ),
        (
            {"StatusCallback": "https://app.example:port/"},
            21609,
            400,
            "The 'StatusCallback' URL https://app.example:port/ is not a valid URL",
        ),
        (
            {"StatusCallback": "https://app.example/a b"},
            21609,
            400,
            "The 'StatusCallback' URL https://app.example/a b is not a valid URL",
        ),
        (
            {"StatusCallback": "https://app.example/" + "x" * 3981},
            21609,
            400,
            f"The 'StatusCallback' URL https://app.example/{'x' * 3981} is not a valid URL",
        ),
        ({"ApplicationSid": "AP123"}, 21420, 400, "ApplicationSid is not accessible"),
        ({"ApplicationSid": UNKNOWN_APPLICATION}, 21420, 400, "ApplicationSid is not accessible"),
        # The other parameters
        ({"ValidityPeriod": "0"}, 21624, 400, "Invalid validity period value"),
        ({"ValidityPeriod": "14401"}, 21624, 400, "Invalid validity period value"),
        ({"ValidityPeriod": "-1"}, 21624, 400, "Invalid validity period value"),
        ({"ValidityPeriod": "1.5"}, 21624, 400, "Invalid validity period value"),
        ({"ValidityPeriod": "soon"}, 21624, 400, "Invalid validity period value"),
        ({"MaxPrice": "cheap"}, 21627, 400, "Max Price must be a valid float"),
        ({"MaxPrice": "0"}, 21627, 400, "Max Price must be a valid float"),
        ({"MaxPrice": "0.0000"}, 21627, 400, "Max Price must be a valid float"),
        ({"MaxPrice": "-0.01"}, 21627, 400, "Max Price must be a valid float"),
        ({"MaxPrice": "0.00001"}, 21627, 400, "Max Price must be a valid float"),
        ({"MaxPrice": "nan"}, 21627, 400, "Max Price must be a valid float"),
        ({"MaxPrice": "inf"}, 21627, 400, "Max Price must be a valid float"),
        ({"MaxPrice": "."}, 21627, 400, "Max Price must be a valid float"),
        ({"ContentRetention": "forget"}, 30029, 400, "Invalid ContentRetention"),
        ({"ContentRetention": "obfuscate"}, 30029, 400, "Invalid ContentRetention"),
        ({"AddressRetention": "forget"}, 30030, 400, "Invalid AddressRetention"),
        ({"AddressRetention": "discard"}, 30030, 400, "Invalid AddressRetention"),
        ({"Attempt": "first"}, 20422, 400, "Invalid Parameter"),
        # recorded.md 32
        ({"RiskCheck": "on"}, 20422, 400, "Invalid Parameter"),
        ({"TrafficType": "paid"}, 20422, 400, "Invalid Parameter"),
        ({"Tags": "campaign"}, 20422, 400, "Invalid Parameter"),
        ({"Tags": '["campaign"]'}, 20422, 400, "Invalid Parameter"),
        ({"Tags": '{"campaign": 1}'}, 20422, 400, "Invalid Parameter"),
        ({"Tags": '{"campaign": "summer sale"}'}, 20422, 400, "Invalid Parameter"),
        ({"Tags": '{"": "x"}'}, 20422, 400, "Invalid Parameter"),
        ({"Tags": f'{{"{"x" * 129}": "x"}}'}, 20422, 400, "Invalid Parameter"),
        ({"Tags": f'{{"x": "{"x" * 257}"}}'}, 20422, 400, "Invalid Parameter"),
        ({"Tags": "{" + ", ".join(f'"{n}": "x"' for n in range(11)) + "}"}, 20422, 400, "Invalid Parameter"),
        ({"Tags": "[" * 100_000}, 20422, 400, "Invalid Parameter"),
        ({"ShortenUrls": "true"}, 30124, 400, "MessagingServiceSID cannot be empty or null"),
        (
            {"ShortenUrls": "true", "MessagingServiceSid": "<service without domain>", "From": None},
            30106,
            400,
            "Domain has not been set up for this account",
        ),
        # Scheduling
        (
            {"ScheduleType": "later"},
            35126,
            400,
            "The ScheduleType value provided is not supported for this channel",
        ),
        ({"SendAt": "2030-06-15T13:00:00Z"}, 35119, 400, "SendAt can only be used when ScheduleType is 'fixed'"),
        ({"ScheduleType": "fixed"}, 35111, 400, "SendAt cannot be empty for ScheduleType 'fixed'"),
        ({"ScheduleType": "fixed", "SendAt": ""}, 35111, 400, "SendAt cannot be empty for ScheduleType 'fixed'"),
        (
            {"ScheduleType": "fixed", "SendAt": "2030-06-15T13:00:00Z"},
            35118,
            400,
            "MessagingServiceSid is required to schedule a message",
        ),
        # Opt-outs
        ({"To": "+15558675311"}, 21610, 400, "Attempt to send to unsubscribed recipient"),
    ],
    ids=str,
)
def test_each_mistake_has_its_code_text_and_status_and_leaves_no_message(
    noon: None,
    whoosh: Whoosh,
    api: Api,
    provisions: dict[str, str],
    wrong: dict[str, object],
    code: int,
    status: int,
    message: str,
) -> None:
    posted = {name: provisions.get(str(value), value) for name, value in {**SEND, **wrong}.items()}

    response = api.create({name: value for name, value in posted.items() if value is not None})

    assert response.status_code == status
    assert list(response.json().items()) == list(refusal(code, message, status).items())
    assert response.headers["Content-Type"] == "application/json;charset=utf-8"
    assert list(whoosh.outbox) == []
    assert api.get().json()["messages"] == []


def test_a_request_without_parameters_is_refused_for_the_missing_sender(whoosh: Whoosh, api: Api) -> None:
    response = api.create({})

    assert (response.status_code, response.json()) == (400, refusal(21603, SENDER_REQUIRED))
    whoosh.assert_nothing_sent()


#: Errors that only a rule causes, because the fake has no trial accounts, regions, and so on.
SCRIPTED = [
    (20005, 403, "Account not active"),
    (20429, 429, "Too Many Requests"),
    (20503, 503, "Service is unavailable, please try again"),
    (
        21408,
        400,
        "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: +1555867XXXX",
    ),
    (
        21608,
        400,
        unverified("+1555867XXXX"),
    ),
    (21614, 400, "'To' number is not a valid mobile number"),
    (21616, 400, "The 'From' number matches multiple numbers for your account"),
    (21619, 400, "A Message Body, Media URL or Content SID is required"),
    (21622, 400, "MMS has not been enabled for your account"),
    (21635, 400, "'To' number cannot be a landline"),
    (21657, 400, "The Sender ID is invalid"),
    (21658, 400, "Parameter exceeded character limit"),
    (21659, 400, "'From' +15557122661 is not a Twilio phone number or Short Code country mismatch"),
    (21660, 400, "Mismatch between the 'From' number +15557122661 and the account <account>"),
    (21702, 400, "The Messaging Service is not available to send new messages"),
    (35114, 400, WINDOW),
    (35125, 400, "Maximum limit reached in the account for scheduling messages"),
]


@pytest.mark.parametrize(("code", "status", "message"), SCRIPTED)
def test_a_scripted_refusal_reads_like_the_vendors_own(
    whoosh: Whoosh, api: Api, code: int, status: int, message: str
) -> None:
    whoosh.when(to=PERSON).reject(code, status=status)

    response = api.create(SEND)

    assert response.status_code == status
    assert response.json() == refusal(code, message.replace("<account>", whoosh.account_sid), status)
    whoosh.assert_nothing_sent()


def test_a_refusal_has_the_headers_of_any_answer(api: Api) -> None:
    accepted, refused = api.create(SEND), api.create({})

    assert refused.headers.keys() == accepted.headers.keys() | {"X-Twilio-Error-Code"}
    assert refused.headers["X-Twilio-Error-Code"] == "21603"
    assert refused.headers["Twilio-Request-Id"] != accepted.headers["Twilio-Request-Id"]


def test_the_sdk_raises_the_code_text_and_status(client: Client) -> None:
    with pytest.raises(TwilioRestException) as caught:
        client.messages.create(to="+1555867", from_=SENDER, body="Hi")

    error = caught.value
    assert (error.code, error.status, error.msg, error.uri) == (
        21211,
        400,
        "Unable to create record: Invalid 'To' Phone Number: +155XXXX",
        f"/Accounts/{client.account_sid}/Messages.json",
    )


def test_a_person_who_opted_out_is_refused_to_every_sender_but_those_of_another_service(
    whoosh: Whoosh, api: Api
) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER, "+15557122662"])
    whoosh.opt_out(PERSON, SENDER)

    same_service = api.create({**SEND, "From": "+15557122662"})
    no_service = api.create({**SEND, "From": "+15557122663"})
    through_the_service = api.create({"To": PERSON, "MessagingServiceSid": service.sid, "Body": "Hi"})

    assert [response.status_code for response in (same_service, no_service, through_the_service)] == [400, 201, 201]
    whoosh.settle()
    assert (whoosh.outbox[-1].status, whoosh.outbox[-1].error_code) == ("failed", 21610)


# Two mistakes at once


#: One mistake of each check, in the order in which the API finds them.
IN_ORDER = [
    ({"From": None}, 21603),
    ({"To": None}, 21604),
    ({"Body": None}, 21602),
    ({"From": "!"}, 21212),
    ({"MessagingServiceSid": "MG123"}, 21705),
    ({"From": "+15557122662"}, 21661),
    ({"To": "0102030405"}, 21211),
    ({"To": SENDER}, 21266),
    ({"From": f"whatsapp:{SENDER}"}, 21910),
    ({"To": "+15005550002"}, 21612),
    ({"Body": "a" * 1601}, 21617),
    ({"MediaUrl": "cat.png"}, 21620),
    ({"ApplicationSid": "AP123"}, 21420),
    ({"StatusCallback": "status"}, 21609),
    ({"ValidityPeriod": "0"}, 21624),
    ({"MaxPrice": "0"}, 21627),
    ({"ContentRetention": "x"}, 30029),
    ({"AddressRetention": "x"}, 30030),
    ({"ScheduleType": "later"}, 35126),
    ({"ContentVariables": "{}"}, 21654),
    ({"ShortenUrls": "true"}, 30124),
    ({"SendAt": "now"}, 35119),
    ({"To": "+15005550004"}, 21610),
    ({"From": "+15005550008"}, 21611),
]
#: Mistakes that cancel each other: a service is a sender, media are content, an application replaces a callback.
EXCLUSIVE = {(21603, 21705), (21602, 21620), (21602, 21654), (21420, 21609), (21266, 21910), (21266, 21611)}


@pytest.mark.parametrize(
    ("first", "second", "code"),
    [
        pytest.param(first, second, code, id=f"{code} before {later}")
        for place, (first, code) in enumerate(IN_ORDER)
        for second, later in IN_ORDER[place + 1 :]
        if not first.keys() & second.keys() and (code, later) not in EXCLUSIVE
    ],
)
def test_of_two_mistakes_the_first_in_order_is_reported(
    whoosh: Whoosh,
    api: Api,
    provisions: dict[str, str],
    first: dict[str, str | None],
    second: dict[str, str | None],
    code: int,
) -> None:
    posted = {**SEND, **first, **second}

    response = api.create({name: value for name, value in posted.items() if value is not None})

    assert response.json()["code"] == code


@pytest.mark.parametrize(
    ("posted", "code"),
    [
        pytest.param({"From": "+15005550000", "To": "123", "Body": "Hi"}, 21606, id="sender not owned, recipient bad"),
        pytest.param(
            {"MessagingServiceSid": "<empty service>", "To": "123", "Body": "Hi"}, 21704, id="no senders, bad recipient"
        ),
        pytest.param(
            {"MessagingServiceSid": UNKNOWN_SERVICE, "From": "!", "To": PERSON, "Body": "Hi"},
            21212,
            id="bad sender first",
        ),
        pytest.param(
            {**SEND, "ScheduleType": "fixed", "MessagingServiceSid": ""}, 35111, id="no moment before no service"
        ),
        pytest.param({**SEND, "ScheduleType": "fixed", "SendAt": "never"}, 35118, id="no service before a bad moment"),
        pytest.param(
            {**SEND, "MediaUrl": [*["https://a.example/"] * 11, "cat.png"]}, 21620, id="bad media before too many"
        ),
        pytest.param(
            {**SEND, "From": "+15557122663", "To": "+15005550002", "MediaUrl": "https://a.example/"},
            21612,
            id="no route before no media",
        ),
        pytest.param(
            {**SEND, "From": "+15557122663", "MediaUrl": "https://a.example/", "Body": "a" * 1601},
            21621,
            id="no media before a long body",
        ),
        pytest.param(
            {**SEND, "ContentVariables": "{}", "ApplicationSid": UNKNOWN_APPLICATION},
            21654,
            id="no template before an unknown application",
        ),
        pytest.param(
            {**SEND, "ApplicationSid": UNKNOWN_APPLICATION, "ShortenUrls": "true"},
            21420,
            id="unknown application before no service to shorten links",
        ),
    ],
)
def test_the_order_of_checks_is_fixed_elsewhere_too(
    whoosh: Whoosh, api: Api, provisions: dict[str, str], posted: dict[str, str], code: int
) -> None:
    response = api.create({name: provisions.get(str(value), value) for name, value in posted.items()})

    assert response.json()["code"] == code


# The magic numbers


@pytest.mark.parametrize(
    ("sender", "code", "status", "message"),
    [
        ("+15005550000", 21606, 400, unowned("+15005550000")),
        ("+15005550001", 21212, 400, "Invalid From Number (caller ID): +15005550001"),
        ("+15005550002", 21606, 400, unowned("+15005550002")),
        ("+15005550003", 21606, 400, unowned("+15005550003")),
        ("+15005550004", 21606, 400, unowned("+15005550004")),
        ("+15005550005", 21606, 400, unowned("+15005550005")),
        ("+15005550007", 21606, 400, unowned("+15005550007")),
        ("+15005550008", 21611, 429, "SMS queue is full."),
        ("+15005550009", 21606, 400, unowned("+15005550009")),
        ("(500) 555-0001", 21212, 400, "Invalid From Number (caller ID): (500) 555-0001"),
        ("(500) 555-0007", 21606, 400, unowned("+15005550007")),
    ],
)
@pytest.mark.parametrize("numbers", ["possible", "valid"])
def test_magic_senders_are_refused(numbers: str, sender: str, code: int, status: int, message: str) -> None:
    with Whoosh(numbers=numbers) as whoosh:
        response = Api(whoosh).create({**SEND, "From": sender, "To": "+12125552368"})

        assert (response.status_code, response.json()) == (status, refusal(code, message, status))
        whoosh.assert_nothing_sent()


@pytest.mark.parametrize(
    "settings", [{}, {"senders": "owned"}, {"numbers": "valid"}, {"senders": "owned", "numbers": "valid"}], ids=str
)
def test_one_magic_sender_can_send(settings: dict[str, str]) -> None:
    with Whoosh(**settings) as whoosh:
        response = Api(whoosh).create({**SEND, "From": "+15005550006", "To": "+12125552368"})

        assert (response.status_code, response.json()["status"]) == (201, "queued")


@pytest.mark.parametrize(
    ("to", "code", "message"),
    [
        ("+15005550001", 21211, "Invalid 'To' Phone Number: +1500555XXXX"),
        (
            "+15005550002",
            21612,
            unroutable("+1500555XXXX", "<from>"),
        ),
        (
            "+15005550003",
            21408,
            "Permission to send an SMS has not been enabled for the region indicated by the 'To' number: +1500555XXXX",
        ),
        ("+15005550004", 21610, "Attempt to send to unsubscribed recipient"),
        ("+15005550009", 21614, "'To' number is not a valid mobile number"),
        ("(500) 555-0009", 21614, "'To' number is not a valid mobile number"),
    ],
)
@pytest.mark.parametrize("sender", [SENDER, "a service"])
def test_magic_recipients_are_refused(whoosh: Whoosh, api: Api, sender: str, to: str, code: int, message: str) -> None:
    if sender == "a service":
        sender = whoosh.add_messaging_service("Reminders", senders=[SENDER]).sid

    response = api.create({"To": to, "From": sender, "Body": "Hi"})

    assert (response.status_code, response.json()) == (400, refusal(code, message.replace("<from>", sender)))
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize("to", ["+15005550000", "+15005550005", "+15005550006", "+15005550007", "+15005550008"])
def test_the_other_magic_numbers_are_ordinary_recipients(api: Api, to: str) -> None:
    assert api.create({**SEND, "To": to}).status_code == 201


def test_a_full_queue_is_refused_with_retry_after(api: Api) -> None:
    response = api.create({**SEND, "From": "+15005550008"})

    assert response.headers["Retry-After"] == "1"


# Ownership of senders


@pytest.mark.whoosh(senders="owned")
@pytest.mark.parametrize("sender", [SENDER, "(555) 712-2661", "12345", "Whoosh"])
def test_an_unknown_sender_is_refused_if_senders_must_be_owned(whoosh: Whoosh, api: Api, sender: str) -> None:
    response = api.create({**SEND, "From": sender, "To": "+447700900123"})

    shown = SENDER if sender.startswith("(") else sender
    assert (response.status_code, response.json()) == (
        400,
        refusal(21659, f"'From' {shown} is not a Twilio phone number or Short Code country mismatch"),
    )
    whoosh.assert_nothing_sent()


@pytest.mark.whoosh(senders="owned")
def test_an_unknown_channel_sender_is_refused_if_senders_must_be_owned(whoosh: Whoosh, api: Api) -> None:
    whoosh.add_number("+15557122662")

    unknown = api.create({**SEND, "From": f"whatsapp:{SENDER}", "To": f"whatsapp:{PERSON}"})
    known = api.create({**SEND, "From": "whatsapp:+15557122662", "To": f"whatsapp:{PERSON}"})

    assert (unknown.status_code, unknown.json()) == (
        400,
        refusal(63007, "Twilio could not find a Channel with the specified From address"),
    )
    assert known.status_code == 201


@pytest.mark.whoosh(senders="owned")
def test_senders_that_were_added_may_send_in_any_spelling(whoosh: Whoosh, api: Api) -> None:
    whoosh.add_number(SENDER)
    whoosh.add_short_code("12345")
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122662", "Whoosh"])

    statuses = [
        api.create({**SEND, "From": "(555) 712-2661"}).status_code,
        api.create({**SEND, "From": "12345"}).status_code,
        api.create({**SEND, "From": "+15557122662"}).status_code,
        api.create({**SEND, "From": "Whoosh", "To": "+447700900123"}).status_code,
        api.create({**SEND, "From": service.sid}).status_code,
    ]

    assert statuses == [201] * 5


@pytest.mark.whoosh(senders="owned")
def test_a_sender_of_another_pool_and_an_unknown_one_have_different_codes(whoosh: Whoosh, api: Api) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122662"])
    whoosh.add_number(SENDER)

    ours = api.create({**SEND, "MessagingServiceSid": service.sid})
    nobodys = api.create({**SEND, "MessagingServiceSid": service.sid, "From": "+15557122663"})

    assert (ours.json()["code"], nobodys.json()["code"]) == (21711, 21659)


# The setting ``numbers``


@pytest.mark.whoosh(numbers="valid")
@pytest.mark.parametrize(
    ("wrong", "code", "message"),
    [
        ({"To": PERSON}, 21211, "Invalid 'To' Phone Number: +1555867XXXX"),
        ({"From": SENDER}, 21212, "Invalid From Number (caller ID): +15557122661"),
        ({"To": f"whatsapp:{PERSON}", "From": "whatsapp:+12125552368"}, 63003, "Channel could not find To address"),
    ],
    ids=str,
)
def test_fictional_numbers_are_refused_if_numbers_must_be_valid(
    whoosh: Whoosh, api: Api, wrong: dict[str, str], code: int, message: str
) -> None:
    response = api.create({"To": "+12125552369", "From": "+12125552368", "Body": "Hi", **wrong})

    assert (response.status_code, response.json()) == (400, refusal(code, message))
    whoosh.assert_nothing_sent()


@pytest.mark.whoosh(numbers="valid")
def test_valid_numbers_pass(api: Api) -> None:
    assert api.create({"To": "+12125552369", "From": "+12125552368", "Body": "Hi"}).status_code == 201


# Moments of a schedule


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("2030-06-15T12:14:59Z", id="a second too early"),
        pytest.param("2030-07-20T12:00:01Z", id="a second too late"),
        pytest.param("2030-06-15T12:00:00Z", id="now"),
        pytest.param("2030-06-15T11:00:00Z", id="in the past"),
        pytest.param("2030-06-15T13:00:00+01:00", id="now, elsewhere"),
        pytest.param("2030-06-15", id="the day that has begun"),
        pytest.param("tomorrow", id="no date"),
        pytest.param("1907764200", id="a timestamp"),
        pytest.param("2030-13-01T12:00:00Z", id="a month that is none"),
        pytest.param("06/16/2030", id="another spelling"),
        pytest.param("9999-12-31T23:59:59-23:59", id="after the end of the calendar"),
    ],
)
def test_a_moment_outside_the_window_is_refused(noon: None, whoosh: Whoosh, api: Api, text: str) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])

    response = api.create(
        {"To": PERSON, "MessagingServiceSid": service.sid, "Body": "Hi", "ScheduleType": "fixed", "SendAt": text}
    )

    assert (response.status_code, response.json()) == (400, refusal(35114, WINDOW))
    whoosh.assert_nothing_sent()


@pytest.mark.whoosh(schedule_minimum=timedelta(minutes=5))
def test_the_text_names_the_shortest_lead_that_was_set(noon: None, whoosh: Whoosh, api: Api) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])

    response = api.create(
        {
            "To": PERSON,
            "MessagingServiceSid": service.sid,
            "Body": "Hi",
            "ScheduleType": "fixed",
            "SendAt": "2030-06-15T12:04:59Z",
        }
    )

    assert response.json() == refusal(
        35114, "SendAt time must be between 300 seconds and 35 days (3024000 seconds) in the future"
    )


# Credentials


def basic(text: str) -> str:
    return "Basic " + b64encode(text.encode()).decode()


@pytest.mark.parametrize(
    "header",
    [
        pytest.param(None, id="none"),
        pytest.param("", id="empty"),
        pytest.param("Digest token", id="another scheme"),
        pytest.param("Basic", id="no credentials"),
        pytest.param("Basic !!!", id="not base64"),
        pytest.param("Basic é", id="not ASCII"),
        pytest.param(basic("no colon"), id="no colon"),
        pytest.param(basic(":secret"), id="no user"),
    ],
)
def test_a_request_without_credentials_is_refused(whoosh: Whoosh, header: str | None) -> None:
    response = requests.post(
        f"{HOST}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
        data=SEND,
        headers={"Authorization": header.encode("latin-1")} if header else {},
    )

    assert (response.status_code, response.json()) == (
        401,
        refusal(20003, "Authentication Error - No credentials provided", 401),
    )
    assert response.headers["WWW-Authenticate"] == 'Basic realm="Twilio API"'
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize("auth", [("x", "y"), ("SK123", ""), ("user", "pass:with:colons"), ("müller", "£")])
def test_any_credentials_open_any_account_by_default(whoosh: Whoosh, api: Api, auth: tuple[str, str]) -> None:
    encoded = tuple(part.encode() for part in auth)

    assert api.create(SEND, auth=encoded).status_code == 201


@pytest.mark.whoosh(credentials="exact")
def test_exact_credentials_are_those_of_the_key_or_the_account(whoosh: Whoosh, api: Api) -> None:
    good = [(whoosh.api_key, whoosh.api_secret), (whoosh.account_sid, whoosh.auth_token)]
    bad = [
        (whoosh.api_key, whoosh.auth_token),
        (whoosh.account_sid, whoosh.api_secret),
        (whoosh.api_key, ""),
        (whoosh.api_key.lower(), whoosh.api_secret),
        ("x", "y"),
    ]

    statuses = [api.create(SEND, auth=auth).status_code for auth in (*good, *bad)]

    assert statuses == [201, 201, 401, 401, 401, 401, 401]
    assert len(whoosh.outbox) == 2


@pytest.mark.whoosh(credentials="exact")
def test_exact_credentials_do_not_open_another_account(whoosh: Whoosh) -> None:
    response = requests.get(
        f"{HOST}/2010-04-01/Accounts/AC{'0' * 32}/Messages.json", auth=(whoosh.api_key, whoosh.api_secret)
    )

    assert (response.status_code, response.json()) == (401, refusal(20003, "Authenticate", 401))


@pytest.mark.whoosh(credentials="exact")
def test_the_sdk_raises_for_wrong_credentials(whoosh: Whoosh) -> None:
    client = Client(whoosh.account_sid, "wrong")

    with pytest.raises(TwilioRestException) as caught:
        client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert (caught.value.status, caught.value.code) == (401, 20003)


@pytest.mark.parametrize("account", ["SM" + "0" * 32, "SK" + "0" * 32, "PN" + "a" * 32])
@pytest.mark.parametrize("credentials", ["any", "exact"])
def test_the_sid_of_another_resource_is_not_an_account_sid(account: str, credentials: str) -> None:
    with Whoosh(credentials=credentials) as whoosh:
        _assert_no_account(whoosh, account)


@pytest.mark.parametrize("account", ["AC123", "ACxyz" + "0" * 29, "me", "AC" + "0" * 33])
@pytest.mark.whoosh(credentials="exact")
def test_an_invalid_account_sid_is_not_found_if_credentials_are_exact(whoosh: Whoosh, account: str) -> None:
    _assert_no_account(whoosh, account)


def _assert_no_account(whoosh: Whoosh, account: str) -> None:
    path = f"/2010-04-01/Accounts/{account}/Messages.json"

    response = Api(whoosh).call("POST", path, data=SEND)

    assert (response.status_code, response.json()) == (
        404,
        refusal(20404, f"The requested resource {path} was not found", 404),
    )
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize("account", ["AC123", "ACxxx", "AC" + "x" * 32, "test", "your_account_sid", "AC" + "0" * 33])
def test_any_credentials_open_an_account_by_a_placeholder(whoosh: Whoosh, account: str) -> None:
    client = Client(account, "token")

    sent = client.messages.create(to=PERSON, from_=SENDER, body="Hi")
    service = client.messaging.v1.services.create("Reminders")

    assert whoosh.assert_sent(account_sid=account).sid == sent.sid
    assert (sent.account_sid, sent.uri) == (account, f"/2010-04-01/Accounts/{account}/Messages/{sent.sid}.json")
    assert [message.sid for message in client.messages.list()] == [sent.sid]
    assert client.api.v2010.accounts(account).fetch().sid == account
    assert service.account_sid == account


# Unknown resources


@pytest.mark.parametrize(
    "path",
    [
        "/2010-04-01/Accounts/{account}/Cals.json",
        "/2010-04-01/Accounts/{account}/Message.json",
        "/2010-04-01/Accounts/{account}/Messages/SM123/Nothing.json",
        "/2010-04-01/Accounts/{account}/Messages/SM123.json",
        "/2010-04-01/Accounts/{account}/messages.json",
        "/2008-08-01/Accounts/{account}/SMS/Messages.json",
        "/",
    ],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_an_unknown_path_is_not_found(whoosh: Whoosh, api: Api, method: str, path: str) -> None:
    asked = path.format(account=whoosh.account_sid)

    response = api.call(method, asked, params={"PageSize": "1"})

    assert response.status_code == 404
    if not path.startswith("/2010") or path.endswith(".json"):
        assert response.json() == refusal(20404, f"The requested resource {asked} was not found", 404)


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE", "OPTIONS"])
def test_a_method_that_a_list_does_not_have_is_not_allowed(whoosh: Whoosh, api: Api, method: str) -> None:
    response = api.call(method, f"{api.path()}.json", data=SEND)

    assert (response.status_code, response.json()) == (405, refusal(20004, "Method not allowed", 405))
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize("method", ["GET", "DELETE", "PUT"])
def test_feedback_can_only_be_posted(api: Api, method: str) -> None:
    sid = api.create({**SEND, "ProvideFeedback": "true"}).json()["sid"]

    response = api.call(method, f"{api.path()}/{sid}/Feedback.json")

    assert (response.status_code, response.json()) == (405, refusal(20004, "Method not allowed", 405))


# Private callback hosts (recorded.md 13)


PRIVATE = [
    "http://localhost:8000/status",
    "http://app.localhost/status",
    "http://127.0.0.1/status",
    "https://10.0.0.5/status",
    "https://192.168.1.20:8443/status",
    "https://169.254.1.1/status",
    "http://[::1]/status",
    "http://[fd00::1]/status",
]


@pytest.mark.whoosh(callback_hosts="public")
@pytest.mark.parametrize("url", PRIVATE)
def test_a_setting_limits_callbacks_to_public_hosts(client: Client, url: str) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=url)

    assert (refusal.value.status, refusal.value.code) == (400, 21609)
    assert refusal.value.msg == f"Unable to create record: The 'StatusCallback' URL {url} is not a valid URL"


@pytest.mark.parametrize("url", PRIVATE)
def test_callbacks_can_go_to_a_local_server_by_default(client: Client, url: str) -> None:
    assert client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=url).status == "queued"


@pytest.mark.whoosh(callback_hosts="public")
@pytest.mark.parametrize("url", ["https://app.example/status", "http://8.8.8.8/status", "http://[2606:4700::1]/status"])
def test_public_hosts_are_never_refused(client: Client, url: str) -> None:
    assert client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=url).status == "queued"
