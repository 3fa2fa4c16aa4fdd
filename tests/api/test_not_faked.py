"""Calls that the vendor documents and the double does not fake."""

import re
from pathlib import Path

import pytest
import requests
import twilio.rest
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshGuardError, WhooshNotFakedError
from pytest_whoosh.api import ROUTER
from pytest_whoosh.api.documented import is_documented
from tests.api.conftest import Api, refusal

CALLS = "https://api.twilio.com/2010-04-01/Accounts/{account}/Calls.json"


def test_the_error_names_the_call_and_the_line_that_answers_it(whoosh: Whoosh, client: Client) -> None:
    with pytest.raises(WhooshNotFakedError) as caught:
        client.calls.create(to="+15558675310", from_="+15557122661", url="https://app.example/voice")

    assert isinstance(caught.value, WhooshGuardError)
    assert str(caught.value) == (
        f"POST {CALLS.format(account=whoosh.account_sid)} is not faked, and no rule scripts its answer.\n"
        "Script it before the call, with the status and JSON that the app expects:\n"
        f'    whoosh.when_called("POST", "{CALLS.format(account="*")}").respond(201, {{}})\n'
        "The nearest faked path: /2010-04-01/Accounts/{account_sid}"
    )


@pytest.mark.parametrize(
    ("method", "url"),
    [
        ("GET", CALLS.format(account="ACxxx")),
        ("DELETE", "https://api.whoosh.totogi.solutions/2010-04-01/Accounts/test/Recordings/RE1.json"),
        ("GET", "https://studio.twilio.com/v2/Flows?PageSize=20"),
    ],
)
def test_the_line_of_the_error_answers_the_call(whoosh: Whoosh, method: str, url: str) -> None:
    with pytest.raises(WhooshNotFakedError) as caught:
        requests.request(method, url)

    exec(str(caught.value).splitlines()[2].strip(), {"whoosh": whoosh})

    assert requests.request(method, url).status_code == (204 if method == "DELETE" else 200)


@pytest.mark.parametrize(
    "url",
    [
        "https://studio.twilio.com/v2/Flows",
        "https://insights.twilio.com/v1/Conferences",
        "https://voice.whoosh.totogi.solutions/v1/Calls",
        "https://lookups.twilio.com/v2/PhoneNumbers/+15558675310/Overrides/line_type",
        "https://verify.twilio.com/v2/Templates",
        "https://messaging.twilio.com/v2/Indicators/Typing",
        "https://content.twilio.com/v2/Content",
        "https://pricing.twilio.com/v1/Voice/Countries/US",
        "https://api.dublin.ie1.twilio.com/2010-04-01/Accounts/AC1/Usage/Records.json",
        "https://twilio.com/",
        "https://whoosh.totogi.solutions/",
    ],
)
def test_a_product_or_resource_that_is_not_faked_says_so(whoosh: Whoosh, url: str) -> None:
    with pytest.raises(WhooshNotFakedError, match=re.escape(f"GET {url} is not faked")):
        requests.get(url, auth=("x", "y"))

    assert f"GET {url} -> no response: not faked, and no rule of the test answers it" in whoosh.traffic()


def test_a_method_of_a_faked_path_that_is_not_faked_says_so(whoosh: Whoosh) -> None:
    url = "https://content.twilio.com/v1/Content/HX1/ApprovalRequests/whatsapp"

    with pytest.raises(WhooshNotFakedError, match=r'when_called\("PATCH", '):
        requests.patch(url, json={}, auth=("x", "y"))

    assert requests.put(url, json={}, auth=("x", "y")).status_code == 405


def test_a_call_that_is_not_faked_is_refused_before_authentication(whoosh: Whoosh) -> None:
    """A 401 first would make people fix credentials for a call that is refused anyway."""
    with pytest.raises(WhooshNotFakedError):
        requests.get(CALLS.format(account=whoosh.account_sid))


def test_a_rule_answers_what_is_not_faked(whoosh: Whoosh, client: Client) -> None:
    rule = whoosh.when_called("POST", "/Calls.json").respond(
        201, lambda request: {"sid": f"CA{'1' * 32}", "to": request.form["To"][0], "status": "queued"}
    )

    call = client.calls.create(to="+15558675310", from_="+15557122661", url="https://app.example/voice")

    assert (call.to, call.status) == ("+15558675310", "queued")
    assert [request.form["Url"] for request in rule.calls] == [["https://app.example/voice"]]


def test_a_lost_response_needs_no_call_to_carry_out(whoosh: Whoosh) -> None:
    whoosh.when_called("POST", "/Calls.json").timeout(sent=True)

    with pytest.raises(requests.ReadTimeout):
        requests.post(CALLS.format(account=whoosh.account_sid), auth=("x", "y"))


def test_a_rule_about_messages_does_not_answer_other_calls(whoosh: Whoosh) -> None:
    whoosh.when_called("GET", "/Calls.json").respond(200, {"calls": []})
    whoosh.when(to="+15558675310").undeliver()

    assert requests.get(CALLS.format(account=whoosh.account_sid), auth=("x", "y")).json() == {"calls": []}


# A path that exists nowhere


@pytest.mark.parametrize(
    ("path", "nearest"),
    [
        ("/2010-04-01/Accounts/{account}/Message.json", "/2010-04-01/Accounts/{account_sid}/Messages"),
        ("/2010-04-01/Accounts/{account}/messages.json", "/2010-04-01/Accounts/{account_sid}/Messages"),
        ("/2010-04-01/Account/{account}/Messages.json", "/2010-04-01/Accounts/{account_sid}/Messages"),
    ],
)
def test_the_traffic_names_the_path_nearest_to_an_unknown_one(
    whoosh: Whoosh, api: Api, path: str, nearest: str
) -> None:
    asked = path.format(account=whoosh.account_sid)

    response = api.call("GET", asked)

    assert response.json() == refusal(20404, f"The requested resource {asked} was not found", 404)
    assert f"no such path; the nearest one is {nearest}" in whoosh.traffic()


# Old tests


@pytest.mark.whoosh(unfaked="404")
@pytest.mark.parametrize("host", ["studio.twilio.com", "proxy.whoosh.totogi.solutions", "twilio.com", "www.twilio.com"])
def test_a_product_that_is_not_faked_can_be_not_found(whoosh: Whoosh, host: str) -> None:
    response = requests.post(f"https://{host}/v2/Services", data={"FriendlyName": "Elm Street"}, auth=("x", "y"))

    assert (response.status_code, response.json()) == (
        404,
        refusal(20404, "The requested resource /Services was not found", 404),
    )
    line = f"POST https://{host}/v2/Services -> 404 20404: The requested resource /Services was not found"
    assert line in whoosh.traffic()


@pytest.mark.whoosh(unfaked="404")
def test_a_resource_that_is_not_faked_can_be_not_found(whoosh: Whoosh, api: Api) -> None:
    assert requests.get(CALLS.format(account=whoosh.account_sid)).status_code == 401
    path = f"/2010-04-01/Accounts/{whoosh.account_sid}/Calls.json"

    response = api.call("GET", path)

    assert response.json() == refusal(20404, f"The requested resource {path} was not found", 404)


# The table


def _calls_of_the_sdk() -> list[tuple[str, str, str]]:
    """Return the SDK's calls to the faked products: product, method and path."""
    root = Path(twilio.rest.__file__).parent
    calls = []
    for product in ROUTER.products:
        for version in (root / product).glob("v*"):
            base = re.search(r'super\(\).__init__\(domain, "([^"]*)"\)', (version / "__init__.py").read_text())
            for resource in (each for file in version.rglob("*.py") for each in file.read_text().split("\nclass ")):
                uri = re.search(r'_uri = \(?\s*((?:"[^"]*"\s*)+)', resource)
                if base and uri:
                    path = re.sub(r"\{\w+\}", "x", "".join(re.findall(r'"(.*?)"', uri[1]))).removesuffix(".json")
                    methods = set(re.findall(r'method="([A-Z]+)"', resource))
                    calls += [(product, method, f"/{base[1]}{path}") for method in methods]
    return calls


def test_every_call_of_the_sdk_is_faked_or_known_not_to_be() -> None:
    calls = _calls_of_the_sdk()

    unknown = [
        (product, method, path)
        for product, method, path in calls
        if method not in (ROUTER.find(product, path) or ({}, {}))[0] and not is_documented(product, method, path)
    ]

    assert len(calls) > 350
    assert unknown == []


def test_no_call_is_both_faked_and_known_not_to_be() -> None:
    both = [
        (product, method, path)
        for product in ROUTER.products
        for path in ROUTER.paths(product)
        for method in (ROUTER.find(product, re.sub(r"\{\w+\}", "x", path)) or ({}, {}))[0]
        if is_documented(product, method, re.sub(r"\{\w+\}", "x", path))
    ]

    assert both == []
