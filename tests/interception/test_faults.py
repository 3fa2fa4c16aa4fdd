"""The errors of sockets have the numbers of the machine, which are not the same on every system."""

import asyncio
import errno
import http.client
from collections.abc import Callable

import aiohttp
import httpx
import pytest
import requests
import urllib3

from pytest_whoosh import Whoosh

URL = "https://api.twilio.com/2010-04-01/Accounts.json"
WINDOWS = 10061


async def over_aiohttp() -> None:
    async with aiohttp.ClientSession() as session:
        await session.get(URL)


def over_http_client() -> None:
    connection = http.client.HTTPSConnection("api.twilio.com")
    connection.request("GET", "/2010-04-01/Accounts.json")
    connection.getresponse()


CALLS: list[Callable[[], object]] = [
    lambda: requests.get(URL, timeout=5),
    lambda: httpx.get(URL),
    lambda: urllib3.PoolManager().request("GET", URL, retries=False),
    over_http_client,
    lambda: asyncio.run(over_aiohttp()),
]


@pytest.mark.parametrize("call", CALLS, ids=["requests", "httpx", "urllib3", "http.client", "aiohttp"])
def test_a_refused_connection_has_the_number_of_the_system(
    whoosh: Whoosh, monkeypatch: pytest.MonkeyPatch, call: Callable[[], object]
) -> None:
    monkeypatch.setattr(errno, "ECONNREFUSED", WINDOWS)
    whoosh.when_called("GET", "/Accounts.json").disconnect(connecting=True)

    with pytest.raises(Exception, match="Connection refused") as refusal:
        call()

    error = refusal.value
    assert f"[Errno {WINDOWS}]" in str(error) or getattr(error, "errno", None) == WINDOWS
