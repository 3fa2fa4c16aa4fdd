"""One suite for all client libraries: each reaches the same fake."""

import asyncio
import base64
import http.client
import json
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from aiohttp_retry import ExponentialRetry, RetryClient
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshNotFakedError

AUTHORIZATION = "Basic " + base64.b64encode(b"SK1:secret").decode()
HEADERS = {"Authorization": AUTHORIZATION, "Content-Type": "application/x-www-form-urlencoded"}
MESSAGE = {"To": "+15558675310", "From": "+15557122661", "Body": "Olá, it works"}


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    text: str

    def json(self) -> Any:
        return json.loads(self.text)


@dataclass(frozen=True)
class Stack:
    """A library: its way to send, and its exception for each fault."""

    send: Callable[..., Answer]
    read_timeout: type[Exception] | tuple[type[Exception], ...]
    connect_timeout: type[Exception] | tuple[type[Exception], ...]
    dropped: type[Exception]
    refused: type[Exception]


def with_requests(method: str, url: str, body: bytes | None) -> Answer:
    answer = requests.request(method, url, data=body, headers=HEADERS, timeout=5)
    return Answer(answer.status_code, answer.headers, answer.text)


def with_httpx(method: str, url: str, body: bytes | None) -> Answer:
    answer = httpx.request(method, url, content=body, headers=HEADERS)
    return Answer(answer.status_code, answer.headers, answer.text)


def with_async_httpx(method: str, url: str, body: bytes | None) -> Answer:
    async def send() -> Answer:
        async with httpx.AsyncClient() as client:
            answer = await client.request(method, url, content=body, headers=HEADERS)
            return Answer(answer.status_code, answer.headers, answer.text)

    return asyncio.run(send())


def with_aiohttp(method: str, url: str, body: bytes | None) -> Answer:
    async def send() -> Answer:
        async with (
            aiohttp.ClientSession() as session,
            session.request(method, url, data=body, headers=HEADERS) as answer,
        ):
            return Answer(answer.status, answer.headers, await answer.text())

    return asyncio.run(send())


def with_urllib3(method: str, url: str, body: bytes | None) -> Answer:
    answer = urllib3.PoolManager().request(method, url, body=body, headers=HEADERS, retries=False)
    return Answer(answer.status, answer.headers, answer.data.decode())


def with_http_client(method: str, url: str, body: bytes | None) -> Answer:
    parts = urllib.parse.urlsplit(url)
    kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
    connection = kind(parts.netloc, timeout=5)
    target = f"{parts.path}?{parts.query}" if parts.query else parts.path
    connection.request(method, target, body=body, headers=HEADERS)
    answer = connection.getresponse()
    return Answer(answer.status, dict(answer.getheaders()), answer.read().decode())


def with_urllib(method: str, url: str, body: bytes | None) -> Answer:
    request = urllib.request.Request(url, data=body, headers=HEADERS, method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return Answer(answer.status, answer.headers, answer.read().decode())
    except urllib.error.HTTPError as error:
        with error:
            return Answer(error.code, error.headers, error.read().decode())


STACKS = {
    "requests": Stack(
        with_requests, requests.ReadTimeout, requests.ConnectTimeout, requests.ConnectionError, requests.ConnectionError
    ),
    "httpx": Stack(with_httpx, httpx.ReadTimeout, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.ConnectError),
    "httpx, async": Stack(
        with_async_httpx, httpx.ReadTimeout, httpx.ConnectTimeout, httpx.RemoteProtocolError, httpx.ConnectError
    ),
    "aiohttp": Stack(
        with_aiohttp,
        getattr(aiohttp, "SocketTimeoutError", aiohttp.ServerTimeoutError),
        getattr(aiohttp, "ConnectionTimeoutError", aiohttp.ServerTimeoutError),
        aiohttp.ServerDisconnectedError,
        aiohttp.ClientConnectorError,
    ),
    "urllib3": Stack(
        with_urllib3,
        urllib3.exceptions.ReadTimeoutError,
        urllib3.exceptions.TimeoutError,
        urllib3.exceptions.ProtocolError,
        urllib3.exceptions.HTTPError,
    ),
    "http.client": Stack(with_http_client, TimeoutError, TimeoutError, ConnectionResetError, ConnectionRefusedError),
    "urllib.request": Stack(
        with_urllib, TimeoutError, (TimeoutError, urllib.error.URLError), ConnectionResetError, urllib.error.URLError
    ),
}


@pytest.fixture(params=STACKS, ids=list(STACKS))
def stack(request: pytest.FixtureRequest) -> Stack:
    return STACKS[request.param]


@pytest.fixture
def messages(whoosh: Whoosh) -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages"


def form(**parameters: str) -> bytes:
    return urllib.parse.urlencode({**MESSAGE, **parameters}).encode()


def test_a_message_is_sent_and_fetched(whoosh, stack, messages):
    created = stack.send("POST", f"{messages}.json", form())
    fetched = stack.send("GET", f"{messages}/{created.json()['sid']}.json", None)

    assert created.status == 201
    assert created.headers["Content-Type"] == "application/json;charset=utf-8"
    assert created.headers["Twilio-Request-Id"] == "RQ" + created.json()["sid"][2:]
    links = {"subresource_uris": fetched.json()["subresource_uris"]}  # a message that was read has one more
    assert (fetched.status, fetched.json()) == (200, created.json() | links)
    assert whoosh.assert_sent().body == "Olá, it works"


def test_a_list_is_filtered_by_its_query(whoosh, stack, messages):
    for to in ("+15558675310", "+15558675311"):
        stack.send("POST", f"{messages}.json", form(To=to))

    page = stack.send("GET", f"{messages}.json?To=%2B15558675311&PageSize=1", None)

    assert [message["to"] for message in page.json()["messages"]] == ["+15558675311"]


def test_a_deleted_message_leaves_an_answer_without_a_body(whoosh, stack, messages):
    sid = stack.send("POST", f"{messages}.json", form()).json()["sid"]
    whoosh.settle()

    deleted = stack.send("DELETE", f"{messages}/{sid}.json", None)

    assert (deleted.status, deleted.text) == (204, "")


def test_a_refusal_reaches_the_app_as_a_response(whoosh, stack, messages):
    refused = stack.send("POST", f"{messages}.json", form(To="123"))

    assert (refused.status, refused.json()["code"]) == (400, 21211)
    whoosh.assert_nothing_sent()


def test_a_long_body_arrives_whole(whoosh, stack, messages):
    stack.send("POST", f"{messages}.json", form(Body="x" * 1600))

    assert whoosh.assert_sent().body == "x" * 1600


def test_a_read_timeout_is_the_librarys_own(whoosh, stack, messages):
    whoosh.when().timeout()

    with pytest.raises(stack.read_timeout):
        stack.send("POST", f"{messages}.json", form())

    whoosh.assert_nothing_sent()


def test_a_connect_timeout_is_the_librarys_own(whoosh, stack, messages):
    whoosh.when().timeout(connecting=True)

    with pytest.raises(stack.connect_timeout):
        stack.send("POST", f"{messages}.json", form())

    whoosh.assert_nothing_sent()


def test_a_dropped_connection_is_the_librarys_own(whoosh, stack, messages):
    whoosh.when().disconnect()

    with pytest.raises(stack.dropped):
        stack.send("POST", f"{messages}.json", form())

    whoosh.assert_nothing_sent()


def test_a_refused_connection_is_the_librarys_own(whoosh, stack, messages):
    whoosh.when().disconnect(connecting=True)

    with pytest.raises(stack.refused):
        stack.send("POST", f"{messages}.json", form())

    whoosh.assert_nothing_sent()


def test_plain_http_is_refused(whoosh, stack, messages):
    with pytest.raises(stack.refused, match="HTTPS only"):
        stack.send("POST", f"{messages}.json".replace("https:", "http:"), form())

    whoosh.assert_nothing_sent()


def test_a_call_behind_a_proxy_does_not_reach_it(whoosh, stack, messages, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("https_proxy", "http://127.0.0.1:9")

    assert stack.send("POST", f"{messages}.json", form()).status == 201


def test_the_inner_of_two_doubles_receives_the_traffic(whoosh, stack, messages):
    with Whoosh() as inner:
        stack.send("POST", f"{messages}.json", form())

        inner.assert_sent()
    whoosh.assert_nothing_sent()


def test_the_guard_refuses_calls_after_the_double_has_ended(stack):
    with Whoosh() as double:
        url = f"https://api.twilio.com/2010-04-01/Accounts/{double.account_sid}/Messages.json"

    with pytest.raises(Exception, match="without the whoosh fixture"):
        stack.send("POST", url, form())


@pytest.mark.parametrize("library", ["requests", "httpx", "aiohttp", "urllib3", "http.client"])
def test_no_library_is_imported_before_the_app_imports_it(library):
    program = f"""
import sys
from pytest_whoosh import Whoosh, WhooshNotFakedError
with Whoosh():
    print({library!r} in sys.modules)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout == "False\n"


@pytest.mark.parametrize("name", STACKS)
def test_a_library_imported_inside_the_double_is_intercepted(name):
    program = f"""
from pytest_whoosh import Whoosh, WhooshNotFakedError
with Whoosh() as whoosh:
    from tests.interception.test_stacks import STACKS, form
    url = f"https://api.twilio.com/2010-04-01/Accounts/{{whoosh.account_sid}}/Messages.json"
    print(STACKS[{name!r}].send("POST", url, form()).status)
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout == "201\n"


def test_an_imported_library_never_notices_that_it_was_watched():
    program = """
from pytest_whoosh import Whoosh, WhooshNotFakedError
with Whoosh():
    import httpx
print(type(httpx.__spec__.loader).__name__, type(httpx.__loader__).__name__)
import sys
print(any("pytest_whoosh" in str(type(finder)) for finder in sys.meta_path))
"""
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert run.stdout == "SourceFileLoader SourceFileLoader\nFalse\n"


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK uses what aiohttp is about to drop
@pytest.mark.parametrize("options", [{}, {"max_retries": 2}], ids=["plain", "with its retry client"])
def test_the_sdks_asynchronous_client_reaches_the_fake(whoosh, options):
    async def send() -> str:
        async with AsyncTwilioHttpClient(**options) as http_client:
            client = Client(whoosh.api_key, whoosh.api_secret, whoosh.account_sid, http_client=http_client)
            message = await client.messages.create_async(to=MESSAGE["To"], from_=MESSAGE["From"], body="Hi")
            return (await client.messages(message.sid).fetch_async()).status

    assert asyncio.run(send()) == "queued"
    whoosh.assert_sent(body="Hi")


def test_a_retrying_client_repeats_rate_limited_calls(whoosh, messages):
    whoosh.when().respond(503, {"code": 20503}).times(2)

    async def send() -> int:
        patient = ExponentialRetry(attempts=3, start_timeout=0)
        async with (
            RetryClient(retry_options=patient) as client,
            client.post(f"{messages}.json", data=form(), headers=HEADERS) as answer,
        ):
            return answer.status

    assert asyncio.run(send()) == 201
    whoosh.assert_sent()


def test_a_call_that_is_not_faked_is_no_network_fault(whoosh, stack):
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Calls.json"

    with pytest.raises(WhooshNotFakedError, match=r"POST https://api\.twilio\.com/.* is not faked") as caught:
        stack.send("POST", url, b"To=x")

    assert not isinstance(caught.value, (OSError, stack.dropped, stack.refused))
