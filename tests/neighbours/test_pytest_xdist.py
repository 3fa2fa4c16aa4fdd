"""``pytest-xdist`` beside the fake: each worker has its own, and what failed tests show arrives."""

from .conftest import needs

pytestmark = needs("xdist")

TESTS = """
import os

import pytest

import app

@pytest.mark.parametrize("number", range(8))
def test_workers_do_not_meet(whoosh, number):
    sids = {app.send() for _ in range(number + 1)}
    whoosh.settle()
    assert {message.sid for message in whoosh.outbox.filter(status="delivered")} == sids

def test_fails(whoosh):
    app.send()
    assert os.environ["PYTEST_XDIST_WORKER"] == "none"

def test_guarded():
    app.requests.get("https://api.twilio.com/")
"""


def test_each_worker_has_its_own_fake(run):
    result = run(TESTS, "-n2", plugins=("xdist.plugin",))

    result.assert_outcomes(passed=8, failed=2)
    result.stdout.fnmatch_lines(["*- whoosh traffic -*", "*SM…0001 +15557122661 -> +15558675310 queued: 'Hi'"])
    result.stdout.fnmatch_lines(["E *WhooshGuardError: this test called api.twilio.com *"])


def test_a_wrong_setting_is_an_error_of_its_test(run):
    tests = """
import pytest

@pytest.mark.whoosh(sender="owned")
def test(whoosh):
    pass
"""

    result = run(tests, "-n2", plugins=("xdist.plugin",))

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["pytest-whoosh, for *::test: Unknown setting 'sender'. Did you mean *"])
