"""Durations beside the double: freezing time stops no worker, event loop, deadline, limit or report.

Each test runs in a process of its own, with ``time-machine`` and, as where it is not installed, with ``freezegun``.
"""

import re

import pytest

from .conftest import needs

WITHOUT_TIME_MACHINE = "import sys\nsys.modules['time_machine'] = None\n"


@pytest.fixture(params=["time-machine", "freezegun"], autouse=True)
def freezer(request: pytest.FixtureRequest, pytester: pytest.Pytester) -> str:
    if request.param == "freezegun":
        pytester.makeconftest(WITHOUT_TIME_MACHINE)
    else:
        pytest.importorskip("time_machine")
    return request.param


CELERY = """
from celery import Celery
from celery.contrib.testing.worker import start_worker

from app import PERSON, send

celery = Celery("reminders", broker="memory://", backend="cache+memory://")
celery.conf.worker_hijack_root_logger = False


@celery.task
def remind():
    return send()


def test_a_worker_sends_and_stops(whoosh):
    with start_worker(celery, perform_ping_check=False, shutdown_timeout=20):
        sid = remind.delay().get(timeout=20)
        whoosh.settle()
        assert whoosh.assert_sent(to=PERSON).sid == sid
        remind.delay().get(timeout=20)
        whoosh.travel(days=400)

    whoosh.assert_sent(2, status="delivered")
"""


@needs("celery")
def test_a_celery_worker_in_the_process_runs_on_and_stops(run):
    run(CELERY, "-W", "ignore::DeprecationWarning", "-W", "ignore::PendingDeprecationWarning").assert_outcomes(passed=1)


TRIO = """
import trio

from app import asend_with_httpx


def test_trio_runs_on(whoosh):
    async def main():
        await asend_with_httpx()
        await whoosh.asettle()
        await trio.sleep(0.01)
        with trio.move_on_after(30) as scope:
            await whoosh.atravel(days=400)
            await trio.sleep(0.01)
        assert not scope.cancelled_caught
        with trio.move_on_after(0.01) as scope:
            await trio.sleep_forever()
        assert scope.cancelled_caught

    trio.run(main)
    whoosh.assert_sent(status="delivered")
"""


@needs("trio", "httpx")
def test_trio_runs_on(run):
    run(TRIO).assert_outcomes(passed=1)


HYPOTHESIS = """
import pytest
from hypothesis import given, settings, strategies as st

from app import send
from pytest_whoosh import Whoosh

# Longer than a busy machine takes, and shorter than any travel.
settings.register_profile("busy", deadline=60_000)
settings.load_profile("busy")


@pytest.fixture(scope="module", autouse=True)
def libraries_are_imported():
    with Whoosh() as whoosh:
        send()
        whoosh.settle()


@given(st.integers(1, 400))
def test_with_a_double_for_each_example(days):
    with Whoosh() as whoosh:
        send()
        whoosh.travel(days=days)
        whoosh.assert_sent(status="delivered")


@given(st.integers(1, 400))
def test_with_one_double_that_is_reset(days):
    double.reset()
    send()
    double.travel(days=days)
    double.assert_sent(status="delivered")


def setup_module():
    global double
    double = Whoosh()
    double.__enter__()


def teardown_module():
    double.__exit__(None, None, None)
"""


@needs("hypothesis")
def test_hypothesis_needs_no_tuning(run):
    run(HYPOTHESIS, plugins=("_hypothesis_pytestplugin",)).assert_outcomes(passed=2)


LIMITS = """
import time
from datetime import datetime, UTC

from freezegun import freeze_time
from limits import RateLimitItemPerHour, storage, strategies


def test_a_limiter_by_the_time_of_day_sees_travels(whoosh):
    limiter = strategies.FixedWindowRateLimiter(storage.MemoryStorage())
    whoosh.travel(seconds=1)
    limit = RateLimitItemPerHour(1)
    assert [limiter.hit(limit, "a"), limiter.hit(limit, "a")] == [True, False]
    whoosh.travel(hours=1)
    assert limiter.hit(limit, "a")


def test_timers_run_on(whoosh):
    before = time.monotonic(), time.perf_counter(), time.monotonic_ns(), time.perf_counter_ns()
    whoosh.travel(days=400)
    after = time.monotonic(), time.perf_counter(), time.monotonic_ns(), time.perf_counter_ns()
    assert all(0 <= late - early for early, late in zip(before, after))
    assert after[0] - before[0] < 300 and after[1] - before[1] < 300
    assert time.monotonic_ns() > before[2] and time.perf_counter_ns() > before[3]


@freeze_time("2030-06-01 09:00:00")
def test_a_freezer_of_the_test_stays_as_it_is(whoosh):
    before = time.monotonic(), time.perf_counter()
    whoosh.travel(seconds=30)
    assert (time.monotonic() - before[0], time.perf_counter() - before[1]) == (30, 30)
    assert datetime.now(UTC) == whoosh.now


def test_a_freezer_of_the_test_inside_ours_stays_as_it_is(whoosh):
    whoosh.settle()
    with freeze_time(whoosh.now) as frozen:
        before = time.monotonic()
        frozen.tick(30)
        assert time.monotonic() - before == 30
"""


@needs("limits")
def test_limiters_follow_the_time_of_day_and_timers_run_on(run, freezer):
    run(LIMITS, "-W", "ignore::DeprecationWarning").assert_outcomes(passed=4)


REPORT = """
from app import send


def test(whoosh):
    send()
    whoosh.settle()
    whoosh.travel(days=400)
"""


def test_reports_show_sane_durations(run, pytester):
    result = run(REPORT, "--durations=0", "-vv", "--junit-xml=report.xml")

    result.assert_outcomes(passed=1)
    shown = re.findall(r"^([\d.]+)s (?:call|setup|teardown)", result.stdout.str(), re.MULTILINE)
    reported = re.findall(r' time="([\d.]+)"', (pytester.path / "report.xml").read_text())
    assert (len(shown), len(reported)) == (3, 2)
    assert all(float(seconds) < 300 for seconds in shown + reported)
