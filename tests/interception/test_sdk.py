"""The SDK's HTTP clients send calls to the vendor, or to any URL."""

import asyncio
import os
from collections.abc import Callable

import pytest
from twilio.rest import Client

from pytest_whoosh import AsyncWhooshHttpClient, Whoosh, WhooshHttpClient
from tests.conftest import PERSON, SENDER

from .conftest import Server

PREFIXES = {
    "api": "/api/2010-04-01/",
    "messaging": "/messaging/v1/",
    "pricing": "/pricing/v1/",
    "content": "/content/v1/",
}


@pytest.fixture
def call_each_product(whoosh: Whoosh) -> Callable[[Client], None]:
    def call_each_product(client: Client) -> None:
        client.messages.create(to=PERSON, from_=SENDER, body="Hi")
        client.messaging.v1.services.list()
        client.pricing.v1.messaging.countries.list(limit=1)
        client.content.v1.contents.list()

    return call_each_product


def client_with(whoosh: Whoosh, http_client: WhooshHttpClient) -> Client:
    return Client(whoosh.api_key, whoosh.api_secret, whoosh.account_sid, http_client=http_client)


@pytest.mark.parametrize(
    ("base_url", "domain"),
    [
        (None, "whoosh.totogi.solutions"),
        ("https://api.whoosh.totogi.solutions", "whoosh.totogi.solutions"),
        ("https://api.whoosh.totogi.solutions/", "whoosh.totogi.solutions"),
        ("https://api.whoosh.totogidemos.com", "whoosh.totogidemos.com"),
        ("https://messaging.twilio.com", "twilio.com"),
        ("https://whoosh.totogi.solutions", "whoosh.totogi.solutions"),
    ],
)
def test_a_vendor_host_gets_the_product_in_its_name(
    whoosh: Whoosh, call_each_product: Callable[[Client], None], base_url: str | None, domain: str
) -> None:
    call_each_product(client_with(whoosh, WhooshHttpClient(base_url)))

    called = whoosh.traffic()
    assert [product for product in PREFIXES if f" https://{product}.{domain}/" in called] == list(PREFIXES)


@pytest.mark.parametrize("end", ["", "/"])
def test_any_other_host_gets_it_in_the_path(whoosh: Whoosh, server: Server, end: str) -> None:
    server.answer = lambda heard: (200, {"Content-Type": "application/json"}, b'{"meta": {"key": "x"}, "x": []}')
    client = client_with(whoosh, WhooshHttpClient(server.url + end))

    client.api.v2010.accounts.list()
    client.messaging.v1.services.list()
    client.pricing.v1.messaging.countries.list()
    client.content.v1.contents.list()

    assert [heard.path[: len(PREFIXES[name])] for heard, name in zip(server.heard, PREFIXES, strict=True)] == list(
        PREFIXES.values()
    )


def test_a_region_and_an_edge_lead_to_the_same_place(whoosh: Whoosh, server: Server) -> None:
    server.answer = lambda heard: (200, {"Content-Type": "application/json"}, b'{"meta": {"key": "x"}, "x": []}')
    client = Client("key", "secret", "AC", region="ie1", edge="dublin", http_client=WhooshHttpClient(server.url))

    client.messaging.v1.services.list()

    assert [heard.path.partition("?")[0] for heard in server.heard] == ["/messaging/v1/Services"]


def test_the_environment_sets_the_default_base_url(
    whoosh: Whoosh, server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    server.answer = lambda heard: (200, {"Content-Type": "application/json"}, b'{"meta": {"key": "x"}, "x": []}')
    client = client_with(whoosh, WhooshHttpClient())  # made before the variable is there, as a module's own is

    monkeypatch.setenv("WHOOSH_URL", server.url)
    client.messaging.v1.services.list()

    assert [heard.path.partition("?")[0] for heard in server.heard] == ["/messaging/v1/Services"]


def test_a_double_unsets_the_variable_and_restores_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOOSH_URL", "http://127.0.0.1:1")
    http_client = WhooshHttpClient()

    with Whoosh() as whoosh:
        client_with(whoosh, http_client).messages.create(to=PERSON, from_=SENDER, body="Hi")

        whoosh.assert_sent()

    assert os.environ["WHOOSH_URL"] == "http://127.0.0.1:1"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of how the SDK calls aiohttp
def test_the_asynchronous_client_uses_the_same_url(whoosh: Whoosh, server: Server) -> None:
    pytest.importorskip("aiohttp")
    server.answer = lambda heard: (200, {"Content-Type": "application/json"}, b'{"meta": {"key": "x"}, "x": []}')

    async def call() -> None:
        http_client = AsyncWhooshHttpClient(server.url)
        client = Client("key", "secret", "AC", http_client=http_client)
        await client.messaging.v1.services.list_async()
        await http_client.close()

    asyncio.run(call())

    assert [heard.path.partition("?")[0] for heard in server.heard] == ["/messaging/v1/Services"]


@pytest.mark.parametrize("kind", [WhooshHttpClient, AsyncWhooshHttpClient])
@pytest.mark.parametrize(
    "url",
    [
        "api.whoosh.totogi.solutions",
        "127.0.0.1:8080",
        "ftp://host",
        "",
        "http://[::1",
        "http://host:port",
        "http://host?to=1",
        "http://host#to",
        8080,
    ],
)
def test_an_invalid_url_is_refused(kind: type, url: object) -> None:
    with pytest.raises(ValueError) as refusal:
        kind(url)

    assert str(refusal.value) == (
        f'base_url must be a URL such as "https://api.whoosh.totogi.solutions" or "http://127.0.0.1:8080", not {url!r}.'
    )


def test_a_variable_that_is_no_url_is_refused_by_name(whoosh: Whoosh, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHOOSH_URL", "127.0.0.1:8080")

    with pytest.raises(ValueError) as refusal:
        client_with(whoosh, WhooshHttpClient()).messages.list()

    assert str(refusal.value).startswith("WHOOSH_URL must be a URL such as ")


def test_options_of_the_sdks_client_are_passed_on() -> None:
    assert WhooshHttpClient(timeout=3).timeout == 3
