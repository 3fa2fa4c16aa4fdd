"""``pytest-recording`` beside the fake, in a process of its own."""

from .conftest import needs

pytestmark = needs("pytest_recording")

TESTS = """
import pytest
import requests
from vcr.errors import CannotOverwriteExistingCassetteException

import app

pytestmark = [pytest.mark.vcr, pytest.mark.filterwarnings("ignore::ResourceWarning")]

@pytest.fixture(params=app.SENDS)
def send(request):
    return app.SENDS[request.param]
"""


def test_our_traffic_is_not_demanded_of_a_cassette(run):
    tests = """

def test_sent(whoosh, send):
    sid = send()
    assert whoosh.outbox.one().sid == sid

def test_after(vcr, whoosh, send):
    sid = send()
    assert whoosh.outbox.one().sid == sid

def test_others_are_refused(whoosh):
    with pytest.raises(CannotOverwriteExistingCassetteException):
        requests.get(app.INVENTORY)
"""

    run(TESTS + tests, "--record-mode=none", plugins=("recording",)).assert_outcomes(passed=15)


def test_our_traffic_is_not_recorded(run, pytester):
    tests = """
def test_sent(whoosh, send):
    sid = send()
    assert whoosh.outbox.one().sid == sid
"""

    run(TESTS + tests, "--record-mode=rewrite", plugins=("recording",)).assert_outcomes(passed=7)

    assert list(pytester.path.rglob("*.yaml")) == []


def test_the_fake_works_with_the_network_blocked(run):
    tests = """
@pytest.mark.block_network
def test_sent(whoosh, send):
    whoosh.mount("https://app.example", app.wsgi_app)
    sid = send()
    whoosh.settle()
    assert whoosh.outbox.one().sid == sid
    with pytest.raises(Exception):
        requests.get(app.INVENTORY)
"""

    run(TESTS + tests, plugins=("recording",)).assert_outcomes(passed=7)
