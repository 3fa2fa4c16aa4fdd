"""``pytest-httpx`` beside the fake, in a process of its own: its plugin imports httpx for every test."""

from .conftest import needs

pytestmark = needs("pytest_httpx")

TESTS = """
import httpx
import pytest

import app
from pytest_whoosh import Whoosh

SENDS = {name: app.SENDS[name] for name in ("httpx", "httpx, async", "sdk", "aiohttp")}


def inventory():
    return httpx.get(app.INVENTORY).json()


@pytest.fixture(params=SENDS)
def send(request):
    return SENDS[request.param]


def both_work(whoosh, httpx_mock, send):
    httpx_mock.add_response(url=app.INVENTORY, json=["theirs"])

    sid = send()

    assert inventory() == ["theirs"]
    assert whoosh.outbox.one().sid == sid
    assert [str(request.url) for request in httpx_mock.get_requests()] == [app.INVENTORY]
"""


def test_their_fixture_works_before_and_after_ours(run):
    tests = """
def test_before(httpx_mock, whoosh, send):
    both_work(whoosh, httpx_mock, send)

def test_after(whoosh, httpx_mock, send):
    both_work(whoosh, httpx_mock, send)

def test_our_context_inside(httpx_mock, send):
    with Whoosh() as whoosh:
        both_work(whoosh, httpx_mock, send)

def test_a_response_for_every_url_is_not_ours(whoosh, httpx_mock, send):
    httpx_mock.add_response(json=["theirs"])
    sid = send()
    assert inventory() == ["theirs"]
    assert whoosh.outbox.one().sid == sid

def test_the_real_transport_is_back():
    assert httpx.HTTPTransport.handle_request.__module__ == "httpx._transports.default"
    assert httpx.AsyncHTTPTransport.handle_async_request.__module__ == "httpx._transports.default"
    assert httpx.Client._transport_for_url.__module__ == "httpx._client"
"""

    run(TESTS + tests, plugins=("pytest_httpx",)).assert_outcomes(passed=17)


def test_the_mock_stays_as_strict_as_it_was(run):
    tests = """
@pytest.mark.httpx_mock(assert_all_requests_were_expected=False)
def test_a_url_that_nobody_mocked(whoosh, httpx_mock):
    with pytest.raises(httpx.TimeoutException, match="No response can be found for GET request on https://inventory"):
        inventory()

def test_a_response_that_nobody_requested(whoosh, httpx_mock, send):
    httpx_mock.add_response(url=app.INVENTORY)
    send()
"""

    result = run(TESTS + tests, plugins=("pytest_httpx",))

    result.assert_outcomes(passed=5, errors=4)
    result.stdout.fnmatch_lines(["*The following responses are mocked but not requested:*"])
