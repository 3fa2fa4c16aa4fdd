"""OAuth: client credentials and access tokens."""

import asyncio
from datetime import UTC, datetime, timedelta

import jwt
import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.credential.client_credential_provider import ClientCredentialProvider
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.api.conftest import refusal
from tests.conftest import PERSON, SENDER

TOKEN = "https://oauth.twilio.com/v2/token"


def grant(whoosh: Whoosh, **changes: str) -> dict[str, str]:
    return {
        "grant_type": "client_credentials",
        "client_id": whoosh.api_key,
        "client_secret": whoosh.api_secret,
        **changes,
    }


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def messages(whoosh: Whoosh) -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"


@pytest.mark.parametrize("credentials", ["any", "exact"])
def test_the_sdk_sends_with_client_credentials(credentials: str) -> None:
    with Whoosh(credentials=credentials) as whoosh:
        provider = ClientCredentialProvider(whoosh.api_key, whoosh.api_secret)
        client = Client(account_sid=whoosh.account_sid, credential_provider=provider)

        sent = client.messages.create(to=PERSON, from_=SENDER, body="Hi")
        client.messages(sent.sid).fetch()

        assert whoosh.assert_sent(to=PERSON).sid == sent.sid
        assert whoosh.traffic().count("POST https://oauth.twilio.com/v2/token -> 200") == 1


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK uses what aiohttp is about to drop
def test_the_sdks_asynchronous_client_sends_with_client_credentials(whoosh: Whoosh) -> None:
    async def send() -> str | None:
        async with AsyncTwilioHttpClient() as http_client:
            provider = ClientCredentialProvider("OQ1", "any secret")
            client = Client(account_sid=whoosh.account_sid, credential_provider=provider, http_client=http_client)
            return (await client.messages.create_async(to=PERSON, from_=SENDER, body="Hi")).sid

    assert asyncio.run(send()) == whoosh.assert_sent().sid


def test_a_token_is_a_web_token_that_is_valid_for_an_hour(whoosh: Whoosh) -> None:
    response = requests.post(TOKEN, data=grant(whoosh))

    document = response.json()
    claims = jwt.decode(document.pop("access_token"), whoosh.auth_token, algorithms=["HS256"])
    assert (response.status_code, document) == (
        200,
        {"id_token": None, "token_type": "Bearer", "expires_in": 3600, "refresh_token": None},
    )
    assert claims["sub"] == whoosh.account_sid
    good_for = datetime.fromtimestamp(claims["exp"], UTC) - datetime.now(UTC)
    assert abs(good_for - timedelta(hours=1)) < timedelta(minutes=1)


@pytest.mark.whoosh(clock="frozen")
def test_the_sdk_fetches_another_token_after_an_hour(whoosh: Whoosh) -> None:
    provider = ClientCredentialProvider(whoosh.api_key, whoosh.api_secret)
    client = Client(account_sid=whoosh.account_sid, credential_provider=provider)
    fetched = []

    for minutes in (0, 59, 2):
        whoosh.travel(minutes=minutes)
        client.messages.list()
        fetched.append(whoosh.traffic().count("/v2/token -> 200"))

    assert fetched == [1, 1, 2]


@pytest.mark.parametrize(
    ("changes", "status", "code", "message"),
    [
        ({"client_id": ""}, 400, 321402, "Empty client_id"),
        ({"grant_type": "authorization_code"}, 400, 321403, "Invalid grant_type"),
        ({"grant_type": ""}, 400, 321403, "Invalid grant_type"),
        ({"client_secret": ""}, 401, 322402, "Invalid credentials"),
    ],
)
def test_a_request_for_a_token_is_refused(
    whoosh: Whoosh, changes: dict[str, str], status: int, code: int, message: str
) -> None:
    response = requests.post(TOKEN, data=grant(whoosh, **changes))

    assert (response.status_code, response.json()) == (status, refusal(code, message, status))


def test_a_request_for_a_token_is_a_form(whoosh: Whoosh) -> None:
    response = requests.post(TOKEN, json=grant(whoosh))

    assert (response.status_code, response.json()["code"]) == (400, 322403)


@pytest.mark.whoosh(credentials="exact")
def test_exact_client_credentials_are_those_of_a_key(whoosh: Whoosh) -> None:
    provider = ClientCredentialProvider(whoosh.api_key, "wrong")

    with pytest.raises(TwilioRestException) as caught:
        Client(account_sid=whoosh.account_sid, credential_provider=provider).messages.list()

    assert (caught.value.status, caught.value.code) == (401, 322402)


@pytest.mark.whoosh(credentials="exact", clock="frozen")
def test_an_exact_token_is_one_of_ours_that_has_not_expired(whoosh: Whoosh, messages: str) -> None:
    token = requests.post(TOKEN, data=grant(whoosh)).json()["access_token"]
    head, body, signature = token.split(".")

    statuses = {}
    for name, given in {"ours": token, "theirs": f"{head}.{body}x.{signature}", "none": "abc"}.items():
        statuses[name] = requests.get(messages, headers=bearer(given)).status_code
    whoosh.travel(hours=1)
    statuses["expired"] = requests.get(messages, headers=bearer(token)).status_code

    assert statuses == {"ours": 200, "theirs": 401, "none": 401, "expired": 401}


def test_any_token_opens_any_account(whoosh: Whoosh, messages: str) -> None:
    assert requests.get(messages, headers=bearer("abc")).status_code == 200
    assert requests.get("https://messaging.twilio.com/v1/Services", headers=bearer("abc")).status_code == 200


@pytest.mark.parametrize("header", ["Bearer", "Bearer ", "Digest abc"])
def test_a_header_without_a_token_has_no_credentials(whoosh: Whoosh, messages: str, header: str) -> None:
    assert requests.get(messages, headers={"Authorization": header}).status_code == 401


@pytest.mark.whoosh(credentials="exact")
def test_the_token_of_a_sub_account_opens_that_alone(whoosh: Whoosh, client: Client, messages: str) -> None:
    account = client.api.v2010.accounts.create()
    form = grant(whoosh, client_id=str(account.sid), client_secret=str(account.auth_token))
    token = requests.post(TOKEN, data=form).json()["access_token"]

    own = requests.get(messages.replace(whoosh.account_sid, str(account.sid)), headers=bearer(token))

    assert own.status_code == 200
    assert requests.get(messages, headers=bearer(token)).status_code == 401
