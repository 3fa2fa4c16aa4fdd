"""``pytest-randomly`` beside the fake, in a process of its own: neither order nor seed changes what a test sees."""

import re

from .conftest import needs

pytestmark = needs("pytest_randomly")

TESTS = """
import random

import pytest

import app

@pytest.mark.parametrize("number", range(8))
def test_sids(whoosh, number):
    sids = [app.send() for _ in range(number)]
    print(f"SIDs of test {number}:", sids)

def test_its_random_numbers_are_the_tests_own(whoosh):
    state = random.getstate()
    app.send()
    whoosh.settle()
    assert random.getstate() == state
"""


def test_in_any_order_a_message_has_the_same_sid(run):
    first, second = (run(TESTS, "-s", f"--randomly-seed={seed}", plugins=("pytest_randomly",)) for seed in ("1", "2"))

    first.assert_outcomes(passed=9)
    second.assert_outcomes(passed=9)
    told, told_again = (re.findall("SIDs of .*", result.stdout.str()) for result in (first, second))
    assert told != told_again
    assert sorted(told) == sorted(told_again)
