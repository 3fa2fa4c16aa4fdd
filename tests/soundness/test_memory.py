"""The memory of a test: a message takes little, and nothing else grows with the number of calls."""

import gc
import tracemalloc

import httpx
import pytest
import requests
import urllib3

from pytest_whoosh import Server
from pytest_whoosh.engine.http import Request
from tests.conftest import PERSON, SENDER

# Freezing time takes long while memory is traced.
pytestmark = pytest.mark.whoosh(clock="virtual")

MESSAGES = 300
#: With its history, what was posted, its places in lists, the journal of calls, and whatever a library keeps of a call.
MOST_BYTES = 1_500


@pytest.fixture(params=["the double's own door", "requests"])
def send(request, whoosh):
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    session = requests.Session()
    session.auth = (whoosh.account_sid, whoosh.auth_token)

    def send(number):
        form = {"To": f"+155586753{number % 20:02}", "From": "+15557122661", "Body": f"{number:030}"}
        asked = session.prepare_request(requests.Request("POST", url, data=form))
        if request.param == "requests":
            session.send(asked)
        else:
            whoosh._answer(Request("POST", url, dict(asked.headers), asked.body))

    return send


@pytest.fixture
def traced():
    tracemalloc.start()
    yield
    tracemalloc.stop()


def held() -> int:
    gc.collect()
    return tracemalloc.get_traced_memory()[0]


def test_a_message_takes_little_memory(whoosh, send, traced):
    for number in range(100):
        send(number)
    whoosh.settle()
    before = held()

    for number in range(MESSAGES):
        send(number)
    whoosh.settle()

    assert (held() - before) / MESSAGES < MOST_BYTES


def test_a_fetch_leaves_little_more_than_its_line_in_the_traffic(whoosh, send, traced):
    send(0)
    message = whoosh.outbox.one()
    auth = (whoosh.account_sid, whoosh.auth_token)
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages/{message.sid}.json"
    requests.get(url, auth=auth)
    before = held()

    for _ in range(100):
        requests.get(url, auth=auth)

    assert (held() - before) / 100 < 250


def post_with_requests(url, form, auth):
    answer = requests.post(url, data=form, auth=auth)
    return answer.status_code, answer.json()["code"]


def post_with_httpx(url, form, auth):
    answer = httpx.post(url, data=form, auth=auth)
    return answer.status_code, answer.json()["code"]


def post_with_urllib3(url, form, auth):
    headers = urllib3.make_headers(basic_auth=":".join(auth))
    with urllib3.PoolManager() as pool:
        answer = pool.request("POST", url, fields=form, encode_multipart=False, headers=headers)
    return answer.status, answer.json()["code"]


#: So little stays of a refused call: a line of the traffic, in which a value is cut.
MOST_OF_A_REFUSAL = 25_000


@pytest.mark.parametrize("post", [post_with_requests, post_with_httpx, post_with_urllib3])
def test_twelve_refused_sends_of_20_mb_leave_nothing_behind(whoosh, post, traced):
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    auth = (whoosh.account_sid, whoosh.auth_token)

    def refused(number, length):
        return post(url, {"To": PERSON, "From": SENDER, "Body": chr(65 + number) * length}, auth)

    refused(0, 20_000)
    before = held()

    assert [refused(number, 20_000_000) for number in range(12)] == [(413, 20413)] * 12

    assert held() - before < 12 * MOST_OF_A_REFUSAL
    assert "413 20413" in whoosh.traffic()


@pytest.mark.parametrize("name", ["To", "From", "Body", "MediaUrl", "StatusCallback", "MessagingServiceSid", "SendAt"])
def test_a_refused_value_below_the_limit_leaves_nothing_behind(whoosh, name, traced):
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    auth = (whoosh.account_sid, whoosh.auth_token)

    def refused(number, length):
        form = {"To": PERSON, "From": SENDER, "Body": "Hi", name: f"{number}" * length}
        return post_with_urllib3(url, form, auth)[0]

    refused(0, 20_000)
    before = held()

    assert [refused(number, 1_000_000) for number in range(3)] == [400] * 3

    assert held() - before < 3 * MOST_OF_A_REFUSAL


@pytest.mark.parametrize(("length", "expected"), [(20_000_000, (413, 20413)), (2_000_000, (400, 21617))])
def test_refused_sends_to_the_server_leave_nothing_behind(whoosh, length, expected, traced):
    auth = (whoosh.account_sid, whoosh.auth_token)
    with Server(whoosh) as server:
        url = f"{server.url}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"

        def refused(number, length):
            return post_with_urllib3(url, {"To": PERSON, "From": SENDER, "Body": chr(65 + number) * length}, auth)

        refused(0, 20_000)
        before = held()

        assert [refused(number, length) for number in range(12)] == [expected] * 12

    # After its end: the server may still be finishing the last request when the client has the response.
    assert held() - before < 12 * MOST_OF_A_REFUSAL
