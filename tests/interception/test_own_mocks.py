"""The user's own mocks come before the fake for what is not faked, for Lookup and for Verify."""

import asyncio
import inspect
import json
import re
import unittest.mock
from collections.abc import Callable, Iterator
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import requests_mock
import responses
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshNotFakedError
from tests.conftest import PERSON, SENDER

pytest_httpx = pytest.importorskip("pytest_httpx")
respx = pytest.importorskip("respx")
aioresponses = pytest.importorskip("aioresponses").aioresponses

FLOWS = "https://studio.twilio.com/v2/Flows"
LOOKUP = f"https://lookups.twilio.com/v2/PhoneNumbers/{PERSON}"
OTHER = "https://studio.twilio.com/v2/Executions"


def by_requests(url: str) -> tuple[int, Any]:
    response = requests.get(url, auth=("x", "y"))
    return response.status_code, response.json()


def by_httpx(url: str) -> tuple[int, Any]:
    response = httpx.get(url, auth=("x", "y"))
    return response.status_code, response.json()


def by_async_httpx(url: str) -> tuple[int, Any]:
    async def get() -> tuple[int, Any]:
        async with httpx.AsyncClient() as client:
            response = await client.get(url, auth=("x", "y"))
            return response.status_code, response.json()

    return asyncio.run(get())


def by_aiohttp(url: str) -> tuple[int, Any]:
    async def get() -> tuple[int, Any]:
        async with (
            aiohttp.ClientSession() as session,
            session.get(url, headers={"Authorization": "Basic eDp5"}) as response,
        ):
            return response.status, await response.json()

    return asyncio.run(get())


class Mock:
    """One of the mock libraries, with the operations that all of them have."""

    get: Callable[[str], tuple[int, Any]]

    def start(self) -> None: ...

    def stop(self) -> None: ...

    def add(self, url: Any, document: object) -> None: ...

    def add_spent(self, url: str) -> None:
        """Add an answer that has been used already."""

    def pass_through(self, url: str) -> None: ...

    def catch_all(self) -> None: ...

    def count(self) -> int: ...


class OfResponses(Mock):
    def __init__(self) -> None:
        self.get = by_requests
        self.mock = responses.RequestsMock(
            assert_all_requests_are_fired=False, registry=responses.registries.OrderedRegistry
        )

    def start(self) -> None:
        self.mock.start()

    def stop(self) -> None:
        self.mock.stop()

    def add(self, url: Any, document: object) -> None:
        self.mock.get(url, json=document)

    def add_spent(self, url: str) -> None:
        self.add(url, {})
        self.get(url)

    def pass_through(self, url: str) -> None:
        self.mock.add_passthru(url)

    def catch_all(self) -> None:
        self.add(re.compile(".*"), {})

    def count(self) -> int:
        return len(self.mock.calls)


class OfPlainResponses(OfResponses):
    def __init__(self) -> None:
        super().__init__()
        self.mock = responses.RequestsMock(assert_all_requests_are_fired=False)

    def pass_through(self, url: str) -> None:
        self.mock.add(responses.PassthroughResponse("GET", url))


class OfRequestsMock(Mock):
    def __init__(self) -> None:
        self.get = by_requests
        self.mock = requests_mock.Mocker()

    def start(self) -> None:
        self.mock.start()

    def stop(self) -> None:
        self.mock.stop()

    def add(self, url: Any, document: object) -> None:
        self.mock.get(url, json=document)

    def pass_through(self, url: str) -> None:
        self.mock.get(url, real_http=True)

    def catch_all(self) -> None:
        self.mock.register_uri(requests_mock.ANY, requests_mock.ANY, json={})

    def count(self) -> int:
        return int(self.mock.call_count)


class OfRespx(Mock):
    def __init__(self, get: Callable[[str], tuple[int, Any]] = by_httpx, using: str = "httpcore") -> None:
        self.get = get
        self.mock = respx.mock(assert_all_called=False, using=using)

    def start(self) -> None:
        self.mock.start()

    def stop(self) -> None:
        self.mock.stop()

    def add(self, url: Any, document: object) -> None:
        self.mock.get(url).respond(json=document)

    def add_spent(self, url: str) -> None:
        self.mock.get(url).mock(side_effect=[httpx.Response(200, json={})])
        self.get(url)

    def pass_through(self, url: str) -> None:
        self.mock.get(url).pass_through()

    def catch_all(self) -> None:
        self.mock.route().respond(json={})

    def count(self) -> int:
        return self.mock.calls.call_count


class OfPytestHttpx(Mock):
    def __init__(self, get: Callable[[str], tuple[int, Any]] = by_httpx) -> None:
        self.get = get
        options = pytest_httpx._HTTPXMockOptions(should_mock=lambda request: str(request.url) != OTHER)
        self.mock = pytest_httpx.HTTPXMock(options)
        self.patch = pytest.MonkeyPatch()
        self.options = options

    def start(self) -> None:
        options, mock = self.options, self.mock
        real, real_async = httpx.HTTPTransport.handle_request, httpx.AsyncHTTPTransport.handle_async_request

        def handle(transport: Any, request: Any) -> Any:
            return (
                mock._handle_request(transport, request) if options.should_mock(request) else real(transport, request)
            )

        async def handle_async(transport: Any, request: Any) -> Any:
            if options.should_mock(request):
                return await mock._handle_async_request(transport, request)
            return await real_async(transport, request)

        self.patch.setattr(httpx.HTTPTransport, "handle_request", handle)
        self.patch.setattr(httpx.AsyncHTTPTransport, "handle_async_request", handle_async)

    def stop(self) -> None:
        self.patch.undo()

    def add(self, url: Any, document: object) -> None:
        self.mock.add_response(url=url, json=document)

    def add_spent(self, url: str) -> None:
        self.add(url, {})
        self.get(url)

    def pass_through(self, url: str) -> None:
        self.add(url, {})

    def catch_all(self) -> None:
        self.mock.add_response(json={})

    def count(self) -> int:
        return len(self.mock.get_requests())


class Response(aiohttp.ClientResponse):
    """A response that aioresponses can make with aiohttp 3.14 too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        if "stream_writer" in inspect.signature(aiohttp.ClientResponse.__init__).parameters:
            kwargs.setdefault("stream_writer", unittest.mock.Mock())
        super().__init__(*args, **kwargs)


class OfAioresponses(Mock):
    def __init__(self) -> None:
        self.get = by_aiohttp
        self.mock = aioresponses(passthrough=[OTHER])

    def start(self) -> None:
        self.mock.start()

    def stop(self) -> None:
        self.mock.stop()

    def add(self, url: Any, document: object) -> None:
        self.mock.get(url, payload=document, response_class=Response)

    def add_spent(self, url: str) -> None:
        self.add(url, {})
        self.get(url)

    def pass_through(self, url: str) -> None:
        self.add(url, {})

    def catch_all(self) -> None:
        self.add(re.compile(".*"), {})

    def count(self) -> int:
        return sum(map(len, self.mock.requests.values()))


MOCKS: dict[str, Callable[[], Mock]] = {
    "responses": OfPlainResponses,
    "responses, ordered": OfResponses,
    "requests-mock": OfRequestsMock,
    "respx": OfRespx,
    "respx, async": lambda: OfRespx(by_async_httpx),
    "respx, above httpx": lambda: OfRespx(using="httpx"),
    "pytest-httpx": OfPytestHttpx,
    "pytest-httpx, async": lambda: OfPytestHttpx(by_async_httpx),
    "aioresponses": OfAioresponses,
}
#: The libraries with responses that can be used up.
SPENDING = {name: mock for name, mock in MOCKS.items() if name not in ("responses", "requests-mock")}


@pytest.fixture(params=MOCKS.values(), ids=list(MOCKS))
def mock(request: pytest.FixtureRequest) -> Mock:
    made: Mock = request.param()
    return made


@pytest.fixture(params=["inside", "around"])
def whoosh(request: pytest.FixtureRequest, mock: Mock) -> Iterator[Whoosh]:
    """A double inside or around the mock."""
    if request.param == "around":
        mock.start()
    with Whoosh() as double:
        if request.param == "inside":
            mock.start()
        try:
            yield double
        finally:
            if request.param == "inside":
                mock.stop()
    if request.param == "around":
        mock.stop()


def refused(mock: Mock, url: str) -> None:
    with pytest.raises(WhooshNotFakedError):
        mock.get(url)


def test_a_match_answers_once_and_is_counted_once(whoosh: Whoosh, mock: Mock) -> None:
    mock.add(FLOWS, {"flows": []})

    assert mock.get(FLOWS) == (200, {"flows": []})
    assert mock.count() == 1


def test_a_call_that_no_mock_matches_is_refused(whoosh: Whoosh, mock: Mock) -> None:
    mock.add(OTHER, {})

    refused(mock, FLOWS)

    assert mock.count() == 0


@pytest.mark.parametrize("mock", SPENDING.values(), ids=list(SPENDING), indirect=True)
def test_a_spent_match_is_refused(whoosh: Whoosh, mock: Mock) -> None:
    mock.add_spent(FLOWS)

    refused(mock, FLOWS)

    assert mock.count() == 1


def test_a_pass_through_does_not_count_as_an_answer(whoosh: Whoosh, mock: Mock) -> None:
    mock.pass_through(OTHER)

    refused(mock, OTHER)

    assert mock.count() == 0


def test_a_catch_all_does_not_count_as_an_answer(whoosh: Whoosh, mock: Mock) -> None:
    mock.catch_all()

    refused(mock, FLOWS)

    assert mock.count() == 0


def test_a_match_of_lookup_wins_over_the_fake(whoosh: Whoosh, mock: Mock) -> None:
    mock.add(LOOKUP, {"valid": False})

    assert mock.get(LOOKUP) == (200, {"valid": False})


def test_without_a_match_lookup_is_faked(whoosh: Whoosh, mock: Mock) -> None:
    mock.add(FLOWS, {})

    assert mock.get(LOOKUP)[1]["valid"] is True
    assert mock.count() == 0


def test_a_rule_takes_precedence_over_a_mock(whoosh: Whoosh, mock: Mock) -> None:
    whoosh.when_called("GET", FLOWS).respond(200, {"from": "rule"})
    mock.add(FLOWS, {"from": "mock"})

    assert mock.get(FLOWS) == (200, {"from": "rule"})
    assert mock.count() == 0


def test_mocks_never_answer_calls_about_messages(whoosh: Whoosh, mock: Mock) -> None:
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    mock.add(url, {"messages": ["of the mock"]})
    Client(whoosh.account_sid, whoosh.auth_token).messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert [each["body"] for each in mock.get(url)[1]["messages"]] == ["Hi"]
    assert mock.count() == 0


def test_a_mounted_adapter_of_requests_mock_answers() -> None:
    with Whoosh(), requests.Session() as session:
        adapter = requests_mock.Adapter()
        adapter.register_uri("GET", FLOWS, json={"flows": []})
        session.mount("https://", adapter)

        assert session.get(FLOWS).json() == {"flows": []}
        assert adapter.call_count == 1


def test_the_httpx_mock_fixture_answers(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        f"""
        import httpx, pytest
        from pytest_whoosh import WhooshNotFakedError

        def test_before(httpx_mock, whoosh):
            check(httpx_mock)

        def test_after(whoosh, httpx_mock):
            check(httpx_mock)

        def check(httpx_mock):
            httpx_mock.add_response(url={FLOWS!r}, json={json.dumps({"flows": []})})
            assert httpx.get({FLOWS!r}).json() == {{"flows": []}}
            with pytest.raises(WhooshNotFakedError):
                httpx.get({FLOWS!r})
        """
    )

    pytester.runpytest().assert_outcomes(passed=2)
