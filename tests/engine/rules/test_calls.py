"""Rules about API calls: the calls that they match, their answers, and errors about wrong rules."""

import asyncio
import http.client
import re
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from unittest import mock

import aiohttp
import httpx
import pytest
import requests
import urllib3
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError
from tests.conftest import PERSON, SENDER
from tests.naming import readable

LOOKUP = "https://lookups.twilio.com/v2/PhoneNumbers/+15558675310"


def get(url: str, **options: object) -> requests.Response:
    return requests.get(url, auth=("AC1", "secret"), timeout=5, **options)


# Matching


@pytest.mark.parametrize(
    "url",
    [
        LOOKUP,
        "https://lookups.twilio.com/v2/PhoneNumbers/*",
        "https://lookups.twilio.com/**",
        "https://*.twilio.com/v2/**",
        "https://lookups.whoosh.totogi.solutions/v2/PhoneNumbers/*",
        "https://lookups.dublin.ie1.totogidemos.com/v2/PhoneNumbers/*",
        "https://lookups.twilio.com/v2/PhoneNumbers/%2B15558675310",
        "https://lookups.twilio.com/v2/PhoneNumbers/*?Fields=caller_name",
        "/v2/PhoneNumbers/*",
        "/PhoneNumbers/+1555*",
        "**/PhoneNumbers/*",
        re.compile(r"/PhoneNumbers/\S+"),
        re.compile(r"^https://lookups\.twilio\.com/v2/"),
        re.compile(r"^https://lookups\.whoosh\.totogi\.solutions/v2/"),
    ],
    ids=readable,
)
@pytest.mark.parametrize(
    "host", ["lookups.twilio.com", "lookups.whoosh.totogi.solutions", "lookups.dublin.ie1.totogidemos.com"]
)
def test_a_url_is_a_pattern_for_all_host_families(whoosh: Whoosh, host: str, url: object) -> None:
    rule = whoosh.when_called("GET", url).respond(200, {"valid": True})

    response = get(f"https://{host}/v2/PhoneNumbers/%2B15558675310?Fields=caller_name")

    assert (response.status_code, response.json()) == (200, {"valid": True})
    assert [(call.method, call.path, call.query) for call in rule.calls] == [
        ("GET", "/v2/PhoneNumbers/+15558675310", {"Fields": ["caller_name"]})
    ]


@pytest.mark.parametrize(
    ("method", "url", "params"),
    [
        ("POST", LOOKUP, {}),
        ("GET", "https://verify.twilio.com/v2/PhoneNumbers/*", {}),
        ("GET", "https://lookups.twilio.com/v2/*", {}),
        ("GET", "https://lookups.twilio.com/v1/PhoneNumbers/*", {}),
        ("GET", "/v2/PhoneNumbers", {}),
        ("GET", LOOKUP, {"Fields": "line_type_intelligence"}),
        ("GET", LOOKUP, {"CountryCode": mock.ANY}),
    ],
)
def test_a_rule_leaves_other_calls_alone(whoosh: Whoosh, method: str, url: str, params: dict[str, object]) -> None:
    whoosh.when_called("GET", LOOKUP).respond(200, {})
    rule = whoosh.when_called(method, url, **params).respond(418)

    assert get(f"{LOOKUP}?Fields=caller_name").status_code == 200
    assert rule.matched == 0


@pytest.mark.parametrize(
    "params",
    [
        {"To": PERSON},
        {"to": "(555) 867-5310"},
        {"from_": re.compile("2661$")},
        {"Body": lambda body: "code" in body},
        {"body": mock.ANY, "MediaUrl": ["https://app.example/1.png", "https://app.example/2.png"]},
        {"MediaUrl": "https://app.example/2.png"},
        {"attempt": 3, "StatusCallback": None},
    ],
    ids=readable,
)
def test_parameters_match_the_form(whoosh: Whoosh, client: Client, params: dict[str, object]) -> None:
    whoosh.when_called("POST", "/Messages.json", **params).respond(503, text="<h1>down</h1>")

    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(
            to=PERSON,
            from_=SENDER,
            body="Your code",
            media_url=["https://app.example/1.png", "https://app.example/2.png"],
            attempt=3,
        )

    assert refusal.value.status == 503
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize("posted", ["2030-01-01T12:00:00Z", "2030-01-01T12:00:00", "2030-01-01T14:00:00+02:00"])
def test_a_moment_matches_however_it_is_posted(whoosh: Whoosh, posted: str) -> None:
    noon = datetime(2030, 1, 1, 13, tzinfo=timezone(timedelta(hours=1)))
    rule = whoosh.when_called("POST", "/Messages.json", send_at=noon).respond(503)

    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
    requests.post(url, data={"SendAt": posted}, auth=("AC1", "secret"), timeout=5)

    assert rule.matched == 1


@pytest.mark.parametrize("given", [{"DateSent": "yesterday"}, {"DateSent": "2030-01-02"}, {}])
def test_other_moments_and_texts_do_not_match(whoosh: Whoosh, given: dict[str, str]) -> None:
    whoosh.when_called("GET", "/Messages.json", date_sent=date(2030, 1, 1)).respond(503)
    whoosh.when_called("GET", "/Messages.json", date_sent=datetime(2030, 1, 1, tzinfo=UTC)).respond(503)

    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
    assert get(url, params=given).status_code != 503


def test_a_day_matches(whoosh: Whoosh) -> None:
    whoosh.when_called("GET", "/Messages.json", date_sent=date(2030, 1, 1)).respond(503)

    url = "https://api.twilio.com/2010-04-01/Accounts/AC1/Messages.json"
    assert get(url, params={"DateSent": "2030-01-01"}).status_code == 503


def test_parameters_match_json(whoosh: Whoosh) -> None:
    rule = whoosh.when_called("POST", "https://content.twilio.com/v1/Content", friendly_name="hi").reject(20503)

    response = requests.post(
        "https://content.twilio.com/v1/Content", json={"friendly_name": "hi", "language": "en"}, timeout=5
    )

    assert (response.status_code, response.json()["code"]) == (503, 20503)
    assert (rule.calls[0].json, rule.calls[0].form) == ({"friendly_name": "hi", "language": "en"}, {})
    assert rule.calls[0].headers["content-type"] == "application/json"


def test_a_message_can_be_passed_instead_of_its_url(whoosh: Whoosh, client: Client) -> None:
    sent = [client.messages.create(to=PERSON, from_=SENDER, body="Hi") for _ in range(2)]
    whoosh.when_called("DELETE", whoosh.outbox[0]).reject(20404).times(1)
    whoosh.when_called("GET", sent[1]).reject(20503)
    whoosh.settle()

    with pytest.raises(TwilioRestException, match="was not found"):
        client.messages(sent[0].sid).delete()
    assert client.messages(sent[0].sid).delete()
    with pytest.raises(TwilioRestException, match="unavailable"):
        client.messages(sent[1].sid).fetch()


# Precedence


def test_the_newest_rule_of_both_kinds_wins(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).reject(21610)
    called = whoosh.when_called("POST", "/Messages.json").respond(503).times(2)
    newest = whoosh.when(to=PERSON).reject(21408).times(1)
    other = whoosh.when(to="+15558675311").reject(21610)

    seen = []
    for _ in range(4):
        with pytest.raises(TwilioRestException) as refusal:
            client.messages.create(to=PERSON, from_=SENDER, body="Hi")
        seen.append(refusal.value.code or refusal.value.status)

    assert seen == [21408, 503, 503, 21610]
    assert (called.matched, newest.matched, other.matched) == (2, 1, 0)
    assert whoosh.rules[1:] == [called, newest, other]


def test_a_rule_answers_before_authentication(whoosh: Whoosh) -> None:
    whoosh.when_called("GET", "/Messages.json").rate_limit(7)

    response = requests.get(f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json", timeout=5)

    assert (response.status_code, response.headers["Retry-After"]) == (429, "7")


def test_a_removed_rule_answers_nothing_more(whoosh: Whoosh, client: Client) -> None:
    rule = whoosh.when_called("*", "/Messages.json").respond(503)
    rule.remove()

    assert client.messages.list() == []
    assert whoosh.rules == []


def test_a_rule_without_an_outcome_answers_nothing(whoosh: Whoosh, client: Client) -> None:
    rule = whoosh.when_called("GET", "/Messages.json", PageSize=50)

    assert client.messages.list() == []
    assert repr(rule) == "<whoosh.when_called('GET', '/Messages.json', PageSize=50): no outcome, matched 0>"


# Answers


def test_an_answer_may_depend_on_the_request(whoosh: Whoosh) -> None:
    whoosh.when_called("POST", "https://api.twilio.com/2010-04-01/Accounts/*/Calls.json").respond(
        201, json=lambda request: {"sid": "CA1", "to": request.form["To"][0], "method": request.method}
    )

    response = requests.post(
        "https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json", data={"To": PERSON}, timeout=5
    )

    assert (response.status_code, response.json()) == (201, {"sid": "CA1", "to": PERSON, "method": "POST"})


def test_a_call_can_be_carried_out_and_only_its_response_lost(whoosh: Whoosh, client: Client) -> None:
    sent = client.messages.create(to=PERSON, from_=SENDER, body="Hi")
    whoosh.settle()
    whoosh.when_called("DELETE", whoosh.outbox[0]).timeout(sent=True)

    with pytest.raises(requests.exceptions.ReadTimeout):
        client.messages(sent.sid).delete()

    assert whoosh.outbox[0].deleted


def test_the_traffic_says_which_rule_answered(whoosh: Whoosh) -> None:
    whoosh.when_called("GET", "/PhoneNumbers/*").reject(20404)
    get(LOOKUP)

    assert "-> 404 20404: The requested resource /PhoneNumbers/+15558675310 was not found, scripted by " in (
        whoosh.traffic()
    )
    assert "whoosh.when_called('GET', '/PhoneNumbers/*')" in whoosh.traffic()


def _with_requests() -> object:
    return requests.get(LOOKUP, timeout=5).status_code


def _with_httpx() -> object:
    return httpx.get(LOOKUP).status_code


def _with_async_httpx() -> object:
    async def call() -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(LOOKUP)).status_code

    return asyncio.run(call())


def _with_aiohttp() -> object:
    async def call() -> int:
        async with aiohttp.ClientSession() as session, session.get(LOOKUP) as response:
            return response.status

    return asyncio.run(call())


def _with_urllib3() -> object:
    return urllib3.PoolManager(retries=False).request("GET", LOOKUP).status


def _with_http_client() -> object:
    connection = http.client.HTTPSConnection("lookups.twilio.com")
    connection.request("GET", "/v2/PhoneNumbers/+15558675310")
    return connection.getresponse().status


@pytest.mark.parametrize(
    ("call", "timeout"),
    [
        (_with_requests, requests.exceptions.ReadTimeout),
        (_with_httpx, httpx.ReadTimeout),
        (_with_async_httpx, httpx.ReadTimeout),
        (_with_aiohttp, getattr(aiohttp, "SocketTimeoutError", aiohttp.ServerTimeoutError)),
        (_with_urllib3, urllib3.exceptions.ReadTimeoutError),
        (_with_http_client, TimeoutError),
    ],
)
def test_every_library_gets_the_answer(whoosh: Whoosh, call: Callable[[], object], timeout: type[Exception]) -> None:
    whoosh.when_called("*", LOOKUP).timeout()
    whoosh.when_called("GET", LOOKUP).respond(503, text="<h1>Bad gateway</h1>").times(1)

    assert call() == 503
    with pytest.raises(timeout):
        call()


# Wrong rules


@pytest.mark.parametrize(
    ("script", "error", "text"),
    [
        pytest.param(
            lambda whoosh: whoosh.when_called("GETT", "/Messages.json"),
            ValueError,
            "Unknown HTTP method 'GETT'. Did you mean 'GET'? Valid: GET, POST, PUT, PATCH, DELETE, HEAD, OPTIONS, *.",
            id="an unknown method",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", "https://lookups.example.com/v2/PhoneNumbers/*"),
            ValueError,
            "'https://lookups.example.com/v2/PhoneNumbers/*' is not a URL of the vendor. These start with https://, "
            "and their hosts end in totogi.solutions, totogidemos.com or twilio.com. Write "
            "'https://api.whoosh.totogi.solutions/v2/PhoneNumbers/*', or the end of a path: '/v2/PhoneNumbers/*'.",
            id="another host",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", "https:///v2/PhoneNumbers/*"),
            ValueError,
            "'https:///v2/PhoneNumbers/*' is not a URL of the vendor. These start with https://, and their hosts end "
            "in totogi.solutions, totogidemos.com or twilio.com. Write "
            "'https://api.whoosh.totogi.solutions/v2/PhoneNumbers/*', or the end of a path: '/v2/PhoneNumbers/*'.",
            id="no host",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", "http://lookups.twilio.com/v2"),
            ValueError,
            "'http://lookups.twilio.com/v2' is not a URL of the vendor. These start with https://, and their hosts "
            "end in totogi.solutions, totogidemos.com or twilio.com. Write 'https://lookups.twilio.com/v2', or the "
            "end of a path: '/v2'.",
            id="plain http",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", re.compile(r"https://lookups\.example\.com/")),
            ValueError,
            "re.compile('https://lookups\\\\.example\\\\.com/') matches no host of the vendor. Write a pattern for a "
            "host below totogi.solutions, totogidemos.com or twilio.com, or for the path only.",
            id="a pattern of another host",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", "lookups.twilio.com/v2/PhoneNumbers/*"),
            ValueError,
            'A URL begins with "https://" or, for the end of a path, with "/": write '
            "'https://lookups.twilio.com/v2/PhoneNumbers/*'.",
            id="no scheme",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", "Messages.json"),
            ValueError,
            'A URL begins with "https://" or, for the end of a path, with "/": write \'/Messages.json\'.',
            id="no slash",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("/Messages.json", "POST"),
            ValueError,
            "The HTTP method comes first: write whoosh.when_called('POST', '/Messages.json').",
            id="the URL first",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", f"SM{'0' * 32}"),
            ValueError,
            f'A URL begins with "https://" or, for the end of a path, with "/": write \'/Messages/SM{"0" * 32}.json\'.',
            id="a SID",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("POST", "/Messages.json", send_at=datetime(2030, 1, 1, 9)),
            ValueError,
            "send_at needs a time zone, and datetime(2030, 1, 1, 9, 0) has none. Write datetime(2030, 1, 1, 9, 0, "
            "tzinfo=UTC), or datetime(2030, 1, 1, 9, 0).astimezone() for this machine's local time.",
            id="a moment without a zone",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", 5),
            TypeError,
            'A URL is a text such as "https://lookups.twilio.com/v2/PhoneNumbers/*", a path such as '
            '"/Messages/*.json", a compiled pattern or a message; not 5.',
            id="no URL",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", LOOKUP).respond(200, {}, text=""),
            TypeError,
            "A response has one body: write json= or text=, not both.",
            id="two bodies",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("POST", "/Messages.json").deliver(),
            WhooshError,
            "deliver() scripts a message's journey, and whoosh.when_called('POST', '/Messages.json') is a rule about "
            "API calls. Write whoosh.when(...).deliver() instead.",
            id="an outcome of messages",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("POST", "/Messages.json").times(0),
            ValueError,
            "times() takes a whole number of calls, at least 1, not 0.",
            id="no times",
        ),
        pytest.param(
            lambda whoosh: whoosh.when_called("GET", "/Messages.json").respond(200).timeout(),
            WhooshError,
            "whoosh.when_called('GET', '/Messages.json') already has an outcome, respond(200), and a rule can only "
            "have one. Write a second rule: whoosh.when_called('GET', '/Messages.json').timeout(). Limit either with "
            ".times(n).",
            id="two outcomes",
        ),
    ],
)
def test_a_rule_that_is_wrong_is_refused_when_it_is_written(
    whoosh: Whoosh, script: Callable[[Whoosh], object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as refusal:
        script(whoosh)

    assert str(refusal.value) == text


def test_a_document_that_json_cannot_represent_is_refused_when_it_is_made(whoosh: Whoosh) -> None:
    whoosh.when_called("GET", LOOKUP).respond(200, json=lambda request: {"at": object})

    with pytest.raises(TypeError, match=r"its json= returned .* not JSON serializable"):
        get(LOOKUP)


def test_the_error_about_an_outcome_of_messages_has_a_public_name(whoosh: Whoosh) -> None:
    with pytest.raises(WhooshError) as refused:
        whoosh.when_called("POST", "/Messages.json").deliver()

    assert (refused.type.__module__, refused.type.__name__) == ("pytest_whoosh", "WhooshError")
