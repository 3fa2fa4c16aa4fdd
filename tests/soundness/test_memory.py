"""What a test leaves in memory: a message takes little, and nothing else grows with the calls."""

import gc
import tracemalloc

import pytest
import requests

from pytest_whoosh.engine.http import Request

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
