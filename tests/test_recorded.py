"""Requests and the answers that the real API was recorded to give: the fake's contract.

The table is walked over the fake in every run. A maintainer may walk it over the real API too, with test credentials,
which send nothing and cost nothing:

    WHOOSH_LIVE=1 WHOOSH_LIVE_SID=AC... WHOOSH_LIVE_TOKEN=... pytest tests/test_recorded.py

It never does so in CI. Numbers in parentheses are the rows of the recordings. What happens after a message was created
(media, prices, callbacks) is tested with the module that does it, under the same numbers.
"""

import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

import pytest
import requests

from pytest_whoosh import Whoosh
from tests.conftest import PERSON

LIVE = os.environ.get("WHOOSH_LIVE") == "1" and not os.environ.get("CI")
API = "https://api.twilio.com/2010-04-01"
#: The magic number that test credentials send from, and the start of the others.
MAGIC = "+15005550006"
NUMBER = "+1500555{:04}"
STRANGER = "+15557122661"
#: The placeholder for the caller's SID in the table.
MINE = "<sid>"

#: The settings under which the fake is as strict as the real API.
STRICT: dict[str, object] = {"credentials": "exact", "senders": "owned", "callback_hosts": "public"}


@dataclass(frozen=True)
class Exchange:
    """One request, and what was recorded of its answer."""

    about: str
    form: Mapping[str, str]
    status: int
    code: int | None = None
    message: str | None = None
    #: Members of the answer besides those of an error.
    answer: Mapping[str, object] = field(default_factory=dict)
    path: str = "/Messages.json"
    #: The user and password; None for none, and () for the caller's own.
    auth: tuple[str, str] | tuple[()] | None = ()
    #: False if test credentials answer in another way, because they own no numbers, services or other channels.
    on_live: bool = True


def message(**parameters: str) -> dict[str, str]:
    """Return the parameters of a good message, some replaced, and those left out that are empty."""
    form = {"To": PERSON, "From": MAGIC, "Body": "Hi there", **parameters}
    return {name: value for name, value in form.items() if value}


EXCHANGES = [
    # Credentials: row 4
    Exchange(
        "without credentials (4)",
        message(),
        401,
        20003,
        "Authentication Error - No credentials provided",
        auth=None,
    ),
    Exchange(
        "with a user name that is no SID (4)",
        message(),
        401,
        20003,
        "Authentication Error - invalid username",
        auth=("somebody", "secret"),
    ),
    Exchange("with a wrong secret (4)", message(), 401, 20003, "Authenticate", auth=(MINE, "wrong")),
    # Required parameters
    Exchange("without a recipient", message(To=""), 400, 21604, "A 'To' phone number is required."),
    Exchange(
        "without a sender",
        message(From=""),
        400,
        21603,
        "A 'From' or 'MessagingServiceSid' parameter is required to send a message",
    ),
    Exchange("without a text", message(Body=""), 400, 21602, "Message body is required."),
    Exchange(
        "with too long a text",
        message(Body="x" * 1601),
        400,
        21617,
        "The concatenated message body exceeds the 1600 character limit.",
    ),
    # Senders: rows 5 and 6
    Exchange(
        "from a number that nobody has (5)",
        message(From=STRANGER),
        400,
        21659,
        f"'From' {STRANGER} is not a Twilio phone number or Short Code country mismatch",
        on_live=False,
    ),
    Exchange(
        "from the magic number that is not owned (5)",
        message(From=NUMBER.format(7)),
        400,
        21606,
        f"The 'From' phone number provided ({NUMBER.format(7)}) is not a valid message-capable Twilio phone number for "
        "this destination",
    ),
    Exchange("from the magic number that is invalid", message(From=NUMBER.format(1)), 400, 21212),
    Exchange("from the magic number whose queue is full", message(From=NUMBER.format(8)), 429, 21611),
    Exchange(
        "from a number to WhatsApp (6)",
        message(To=f"whatsapp:{PERSON}"),
        400,
        21910,
        "Invalid From and To pair. From and To should be of the same channel",
        on_live=False,
    ),
    # Recipients: row 7
    Exchange("to the magic number that is invalid", message(To=NUMBER.format(1)), 400, 21211),
    Exchange("to the magic number without a route", message(To=NUMBER.format(2)), 400, 21612),
    Exchange("to the magic number of a region without permission", message(To=NUMBER.format(3)), 400, 21408),
    Exchange("to the magic number that opted out", message(To=NUMBER.format(4)), 400, 21610),
    Exchange("to the magic number that is no mobile", message(To=NUMBER.format(9)), 400, 21614),
    Exchange("to an Indian number with a digit too few (7)", message(To="+91987654321"), 400, 21265),
    Exchange("to the text of a false value (7)", message(To="False"), 400, 21265),
    Exchange("to several people", message(To=f"{PERSON},{STRANGER}"), 400, 21653, on_live=False),
    # Status callbacks: row 13
    Exchange(
        "with a callback to this machine (13)",
        message(StatusCallback="http://localhost:8000/status"),
        400,
        21609,
        "The 'StatusCallback' URL http://localhost:8000/status is not a valid URL",
    ),
    Exchange(
        "with a callback to a private address (13)",
        message(StatusCallback="http://192.168.1.20/status"),
        400,
        21609,
        "The 'StatusCallback' URL http://192.168.1.20/status is not a valid URL",
    ),
    # Content: row 7
    Exchange("with a media URL that is none", message(MediaUrl="cat.png"), 400, 21620, on_live=False),
    Exchange(
        "with variables that are no JSON (7)",
        message(Body="", ContentSid="<template>", ContentVariables="{"),
        400,
        21656,
        "The Content Variables parameter is invalid.",
        on_live=False,
    ),
    # Created messages: rows 8, 10 and 11
    Exchange(
        "that is good (8, 11)",
        message(),
        201,
        answer={
            "account_sid": MINE,
            "body": "Hi there",
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": MAGIC,
            "messaging_service_sid": None,
            "num_media": "0",
            "num_segments": "1",
            "price": None,
            "status": "queued",
            "to": PERSON,
        },
    ),
    Exchange(
        "a number (10)",
        {"PhoneNumber": MAGIC},
        201,
        path="/IncomingPhoneNumbers.json",
        answer={"account_sid": MINE, "phone_number": MAGIC, "sms_application_sid": "", "voice_application_sid": ""},
    ),
    Exchange(
        "a number that is taken", {"PhoneNumber": NUMBER.format(0)}, 400, 21422, path="/IncomingPhoneNumbers.json"
    ),
    Exchange(
        "a number that is invalid", {"PhoneNumber": NUMBER.format(1)}, 400, 21421, path="/IncomingPhoneNumbers.json"
    ),
]


@dataclass
class Caller:
    """Calls the API of one account."""

    sid: str
    token: str
    template: str = ""

    def post(self, exchange: Exchange) -> requests.Response:
        """Make the request of an exchange."""
        named = {MINE: self.sid, "<template>": self.template}
        form = {name: named.get(value, value) for name, value in exchange.form.items()}
        auth = (self.sid, self.token) if exchange.auth == () else exchange.auth
        if auth:
            auth = (named.get(auth[0], auth[0]), auth[1])
        return requests.post(f"{API}/Accounts/{self.sid}{exchange.path}", form, auth=auth, timeout=30)


@pytest.fixture
def caller() -> Iterator[Caller]:
    if LIVE:
        yield Caller(os.environ["WHOOSH_LIVE_SID"], os.environ["WHOOSH_LIVE_TOKEN"])
        return
    with Whoosh(**STRICT) as whoosh:
        template = whoosh.add_template("Hi {{1}}")
        yield Caller(whoosh.account_sid, whoosh.auth_token, template.sid)


pytestmark = pytest.mark.whoosh(guard=not LIVE)


@pytest.mark.parametrize(
    "exchange", [each for each in EXCHANGES if each.on_live or not LIVE], ids=lambda exchange: exchange.about
)
def test_a_request_is_answered_as_recorded(caller: Caller, exchange: Exchange) -> None:
    answer = caller.post(exchange)

    document = answer.json()
    assert (answer.status_code, document.get("code")) == (exchange.status, exchange.code), answer.text
    if exchange.code is None:
        expected = {name: caller.sid if value == MINE else value for name, value in exchange.answer.items()}
        assert {name: document[name] for name in expected} == expected
    else:
        assert list(document) == ["code", "message", "more_info", "status"]
        assert document["status"] == exchange.status
        assert document["more_info"] == f"https://www.twilio.com/docs/errors/{exchange.code}"
        assert exchange.message in (None, document["message"])


@pytest.mark.parametrize(
    "exchange", [each for each in EXCHANGES if each.on_live or not LIVE], ids=lambda exchange: exchange.about
)
def test_the_headers_are_those_recorded(caller: Caller, exchange: Exchange) -> None:
    """Rows 2 and 3."""
    headers = caller.post(exchange).headers

    assert headers.get("X-Twilio-Error-Code") == (str(exchange.code) if exchange.code else None)
    assert headers["Content-Type"] == "application/json;charset=utf-8"
    assert "Origin" in headers["Vary"]


def test_a_created_message_links_to_its_media_only(caller: Caller) -> None:
    """Row 8."""
    created = caller.post(Exchange("", message(), 201)).json()

    uri = f"/2010-04-01/Accounts/{caller.sid}/Messages/{created['sid']}"
    assert created["uri"] == f"{uri}.json"
    assert created["subresource_uris"] == {"media": f"{uri}/Media.json"}


def test_a_number_can_do_what_numbers_can(caller: Caller) -> None:
    """Row 10."""
    number = caller.post(Exchange("", {"PhoneNumber": MAGIC}, 201, path="/IncomingPhoneNumbers.json")).json()

    assert sorted(number["capabilities"]) == ["fax", "mms", "sms", "voice"]


def test_paths_in_xml_have_no_extension(caller: Caller) -> None:
    """Row 9."""
    answer = caller.post(Exchange("", message(), 201, path="/Messages"))

    created = ET.fromstring(answer.text)
    sid = created.findtext("Message/Sid")
    uri = f"/2010-04-01/Accounts/{caller.sid}/Messages/{sid}"
    assert answer.headers["Content-Type"] == "application/xml"
    assert created.findtext("Message/Uri") == uri
    assert created.findtext("Message/SubresourceUris/Media") == f"{uri}/Media"


@pytest.mark.skipif(LIVE, reason="test credentials have no other account")
def test_a_number_of_another_account_is_refused_in_its_own_words() -> None:
    """Row 5."""
    with Whoosh(**STRICT) as whoosh:
        mine = Caller(whoosh.account_sid, whoosh.auth_token)
        branch = requests.post(f"{API}/Accounts.json", auth=(mine.sid, mine.token), timeout=30).json()
        other = Caller(branch["sid"], branch["auth_token"])
        other.post(Exchange("", {"PhoneNumber": STRANGER}, 201, path="/IncomingPhoneNumbers.json"))

        answer = mine.post(Exchange("", message(From=STRANGER), 400)).json()

    assert answer["code"] == 21660
    assert answer["message"] == f"Mismatch between the 'From' number {STRANGER} and the account {mine.sid}"


@pytest.mark.skipif(LIVE, reason="messages of test credentials cannot be fetched")
def test_a_fetched_message_links_to_its_feedback_too() -> None:
    """Row 8."""
    with Whoosh(**STRICT) as whoosh:
        caller = Caller(whoosh.account_sid, whoosh.auth_token)
        uri = caller.post(Exchange("", message(), 201)).json()["uri"]

        fetched = requests.get(f"https://api.twilio.com{uri}", auth=(caller.sid, caller.token), timeout=30).json()
        listed = requests.get(
            f"{API}/Accounts/{caller.sid}/Messages.json", auth=(caller.sid, caller.token), timeout=30
        ).json()["messages"]

    links = fetched["subresource_uris"]
    stem = uri.removesuffix(".json")
    assert links == {"media": f"{stem}/Media.json", "feedback": f"{stem}/Feedback.json"}
    assert [each["subresource_uris"] for each in listed] == [links]
