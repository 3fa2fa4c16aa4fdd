"""The fixture, and the same double as a context manager and as a decorator."""

import functools

import pytest

from pytest_whoosh import Whoosh, WhooshError

SEND = """
import pytest
from twilio.rest import Client
from pytest_whoosh import Whoosh

def send(body="Hi"):
    return Client().messages.create(to="+15558675310", from_="+15557122661", body=body)
"""


def test_the_fixture_needs_nothing_else(pytester):
    pytester.makepyfile(SEND + "def test(whoosh):\n    send()\n    whoosh.assert_sent(body='Hi')")

    pytester.runpytest("--strict-markers", "--strict-config", "-W", "error", "-p", "no:asyncio").assert_outcomes(
        passed=1
    )


def test_each_test_has_its_own_double(pytester):
    pytester.makepyfile(
        SEND
        + """
sids = []

@pytest.mark.parametrize("n", [1, 2])
def test(whoosh, n):
    whoosh.assert_nothing_sent()
    sids.append(send().sid)

def test_same_sids(whoosh):
    assert sids[0] == sids[1] == send().sid
"""
    )

    pytester.runpytest().assert_outcomes(passed=3)


def test_a_seed_makes_other_sids(pytester):
    pytester.makepyfile(
        SEND
        + """
def sid_with(seed):
    with Whoosh(seed=seed):
        return send().sid

def test():
    assert sid_with(0) != sid_with(1) == sid_with(1)
"""
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_the_fixture_and_the_other_fixtures_of_a_test_share_one_double(pytester):
    pytester.makepyfile(
        SEND
        + """
@pytest.fixture
def service(whoosh):
    return whoosh.add_messaging_service("Reminders", senders=["+15557122661"])

def test(service, whoosh, request):
    assert request.getfixturevalue("whoosh") is whoosh
    message = Client().messages.create(to="+15558675310", messaging_service_sid=service.sid, body="Hi")
    whoosh.assert_sent(messaging_service_sid=service.sid)
"""
    )

    pytester.runpytest().assert_outcomes(passed=1)


@pytest.mark.parametrize(
    "override",
    [
        "@pytest.fixture\ndef whoosh(whoosh):\n    whoosh.add_number('+15557122661')\n    return whoosh",
        "@pytest.fixture\ndef whoosh():\n    with Whoosh(clock='virtual') as double:\n        yield double",
        "@pytest.fixture(scope='module')\ndef whoosh():\n    with Whoosh() as whoosh:\n        yield whoosh",
        "@pytest.fixture(autouse=True)\ndef whoosh(whoosh):\n    return whoosh",
    ],
    ids=["extended", "replaced", "of a wider scope", "autouse"],
)
def test_a_conftest_may_override_the_fixture(pytester, override):
    pytester.makeconftest("import pytest\nfrom pytest_whoosh import Whoosh\n\n" + override)
    pytester.makepyfile(SEND + "def test(whoosh):\n    send()\n    whoosh.assert_sent(body='Hi')\n    assert 0, 'stop'")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*AssertionError: stop", "*- whoosh traffic -*"])
    assert result.stdout.str().count("- whoosh traffic -") == 1


def test_a_wider_fixture_cannot_use_the_fixture_but_the_class(pytester):
    pytester.makepyfile(
        """
        import pytest

        @pytest.fixture(scope="session")
        def app(whoosh):
            pass

        def test(app):
            pass
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["ScopeMismatch: *"])


def test_switching_the_plugin_off_switches_everything_off(pytester):
    pytester.makepyfile("def test(whoosh): pass")

    result = pytester.runpytest("-p", "no:whoosh")

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*fixture 'whoosh' not found"])
    assert "- whoosh traffic -" not in result.stdout.str()


def test_unittest_uses_the_context_manager_and_the_decorator(pytester):
    pytester.makepyfile(
        SEND
        + """
import unittest

class TestReminders(unittest.TestCase):
    def setUp(self):
        self.whoosh = self.enterContext(Whoosh())

    def test_set_up(self):
        send()
        self.whoosh.assert_sent(body="Hi")

    @Whoosh(senders="owned")
    def test_a_decorated_test_has_a_double(self, whoosh):
        whoosh.add_number("+15557122661")
        send()
        whoosh.assert_sent(body="Hi")
        self.whoosh.assert_nothing_sent()

class TestAsync(unittest.IsolatedAsyncioTestCase):
    @Whoosh()
    async def test_a_decorated_test_has_a_double(self, whoosh):
        send()
        whoosh.assert_sent(body="Hi")
"""
    )

    pytester.runpytest().assert_outcomes(passed=3)
    assert (
        pytester.runpython_c(
            "import sys, unittest; sys.argv[1:] = ['discover', '-p', 'test_*.py']; unittest.main(None)"
        ).ret
        == 0
    )


def test_the_decorator_replaces_the_fixture(pytester):
    pytester.makepyfile(
        SEND
        + """
@Whoosh(seed=3)
def test_with_argument(tmp_path, whoosh, capsys):
    assert tmp_path.exists() and whoosh.settings.seed == 3
    send()
    whoosh.assert_sent()

@Whoosh()
def test_without_argument():
    assert send().status == "queued"

@pytest.mark.parametrize("n", [1, 2])
@Whoosh()
def test_with_parameters(n, whoosh):
    whoosh.assert_nothing_sent()
    send()

class TestClass:
    @Whoosh()
    def test_method(self, whoosh):
        send()
        whoosh.assert_sent()
"""
    )

    pytester.runpytest().assert_outcomes(passed=5)


def test_the_decorator_and_patches_pass_their_arguments_by_position(pytester):
    pytester.makepyfile(
        """
import os, unittest
from unittest.mock import DEFAULT, patch
from pytest_whoosh import Whoosh

@patch("os.getcwd")
@Whoosh()
def test_over(whoosh, getcwd, tmp_path):
    assert (type(whoosh), os.getcwd, tmp_path.exists()) == (Whoosh, getcwd, True)

@Whoosh()
@patch("os.getcwd")
def test_under(getcwd, whoosh):
    assert (type(whoosh), os.getcwd) == (Whoosh, getcwd)

class TestMethods(unittest.TestCase):
    @patch("os.getpid")
    @patch("os.getcwd")
    @Whoosh()
    def test_over(self, whoosh, getcwd, getpid):
        assert (type(whoosh), os.getcwd, os.getpid) == (Whoosh, getcwd, getpid)

    @Whoosh()
    @patch("os.getcwd")
    def test_under(self, getcwd, whoosh):
        assert (type(whoosh), os.getcwd) == (Whoosh, getcwd)

    @patch("os.getpid")
    @Whoosh()
    @patch("os.getcwd")
    def test_between(self, getcwd, whoosh, getpid):
        assert (type(whoosh), os.getcwd, os.getpid) == (Whoosh, getcwd, getpid)

    @patch("os.getpid")
    @Whoosh()
    @patch("os.getcwd")
    def test_between_and_last(self, getcwd, getpid, whoosh):
        assert (type(whoosh), os.getcwd, os.getpid) == (Whoosh, getcwd, getpid)

    @patch("os.getpid")
    @Whoosh()
    @patch("os.getcwd")
    @patch.dict("os.environ", {"CITY": "Oslo"})
    def test_between_and_first(self, whoosh, getcwd, getpid):
        assert (type(whoosh), os.getcwd, os.getpid) == (Whoosh, getcwd, getpid)

    @Whoosh()
    @patch.dict("os.environ", {"CITY": "Oslo"})
    @patch.multiple("os", getcwd=DEFAULT)
    @patch("os.getpid", new=None)
    def test_other_patches(self, whoosh, getcwd):
        assert (type(whoosh), os.getcwd, os.getpid, os.environ["CITY"]) == (Whoosh, getcwd, None, "Oslo")

class TestAsync(unittest.IsolatedAsyncioTestCase):
    @patch("os.getcwd")
    @Whoosh()
    async def test_over(self, whoosh, getcwd):
        assert (type(whoosh), os.getcwd) == (Whoosh, getcwd)

    @patch("os.getpid")
    @Whoosh()
    @patch("os.getcwd")
    async def test_between(self, getcwd, whoosh, getpid):
        assert (type(whoosh), os.getcwd, os.getpid) == (Whoosh, getcwd, getpid)

@patch("os.getpid")
@Whoosh()
@patch("os.getcwd")
def test_between(getcwd, whoosh, getpid, tmp_path):
    assert (type(whoosh), os.getcwd, os.getpid, tmp_path.exists()) == (Whoosh, getcwd, getpid, True)
"""
    )

    pytester.runpytest().assert_outcomes(passed=11)


def test_the_decorator_refuses_a_class():
    from pytest_whoosh import Whoosh

    with pytest.raises(TypeError) as refused:

        @Whoosh()
        class TestReminders:
            pass

    assert str(refused.value) == (
        "Whoosh() cannot decorate a class. Decorate its test methods, or use `with Whoosh()` in setUp."
    )


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (lambda: None, 'As a decorator, Whoosh needs its parentheses: write @Whoosh(), or @Whoosh(senders="owned").'),
        (object, "Whoosh() cannot decorate a class. Decorate its test methods, or use `with Whoosh()` in setUp."),
        ("owned", "Whoosh() takes settings by name, such as Whoosh(senders=\"owned\"), not 'owned'."),
    ],
    ids=["a function", "a class", "a text"],
)
def test_a_double_takes_nothing_by_position(given, said):
    from pytest_whoosh import Whoosh

    with pytest.raises(TypeError) as refused:
        Whoosh(given)

    assert str(refused.value) == said


def test_an_active_double_cannot_start_again():
    from pytest_whoosh import Whoosh, WhooshError

    with Whoosh() as whoosh, pytest.raises(WhooshError) as refused:
        whoosh.__enter__()

    assert str(refused.value) == (
        "This double is active already. Make a second one to have two at once: with Whoosh() as inner."
    )


@pytest.mark.parametrize("plugin", ["pytest_asyncio", "anyio"])
def test_async_tests_use_the_fixture(pytester, plugin):
    pytest.importorskip(plugin)
    mark = {"pytest_asyncio": "asyncio", "anyio": "anyio"}[plugin]
    pytester.makepyfile(
        SEND
        + f"""
import asyncio

@pytest.fixture
def anyio_backend():
    return "asyncio"

@pytest.mark.{mark}
async def test(whoosh):
    loop = asyncio.get_running_loop()
    await loop.run_in_executor(None, send)
    await asyncio.sleep(0.001)
    whoosh.travel(seconds=1)
    await asyncio.sleep(0.001)
    assert whoosh.outbox.one().status == "sending"
"""
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_the_fixture_starts_no_event_loop(pytester):
    pytester.makepyfile(
        """
        import asyncio, pytest

        def test(whoosh):
            whoosh.settle()
            with pytest.raises(RuntimeError):
                asyncio.get_running_loop()
            assert asyncio.run(self_made()) == 1

        async def self_made():
            return 1
        """
    )

    pytester.runpytest("-W", "error", "-p", "no:asyncio").assert_outcomes(passed=1)


def test_xdist_workers_see_the_same_results(pytester):
    pytester.makepyfile(
        SEND
        + """
@pytest.mark.parametrize("n", range(6))
def test_sid(whoosh, n):
    assert send().sid == "{sid}"

def test_failing(whoosh):
    send("look at this")
    assert 0
""".replace("{sid}", sid_of_the_first_message())
    )

    result = pytester.runpytest("-n", "2")

    result.assert_outcomes(passed=6, failed=1)
    result.stdout.fnmatch_lines(["*- whoosh traffic -*", "API calls:", "*'look at this'"])


def sid_of_the_first_message() -> str:
    from twilio.rest import Client

    from pytest_whoosh import Whoosh

    with Whoosh():
        return Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi").sid


def test_a_test_that_is_run_again_starts_afresh(pytester):
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            for _ in range(2):
                reports = runtestprotocol(item, nextitem=nextitem, log=False)
                if not any(report.failed for report in reports):
                    break
            for report in reports:
                item.ihook.pytest_runtest_logreport(report=report)
            return True
        """
    )
    pytester.makepyfile(SEND + "def test(whoosh):\n    send()\n    assert 0")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    assert result.stdout.str().count("-> 201") == 1


def test_a_double_that_was_never_started_says_how_to_start_it():
    with pytest.raises(WhooshError) as error:
        Whoosh().assert_nothing_sent()

    assert str(error.value) == "This double is not active yet. Write `with Whoosh() as whoosh:` around its use."


def test_a_misspelt_method_of_a_double_not_yet_active_suggests_the_right_one():
    with pytest.raises(AttributeError) as error:
        Whoosh().setle()

    assert str(error.value) == "Whoosh has no attribute 'setle'. Did you mean 'settle'?"


def test_the_double_of_a_test_that_has_ended_is_not_kept(pytester):
    # pytest keeps every item until the run ends: a double on each would make a large suite ever slower.
    pytester.makepyfile(
        SEND
        + """
import gc, weakref

kept = []

@pytest.mark.parametrize("n", [1, 2, 3])
def test(whoosh, n):
    send()
    kept.append(weakref.ref(whoosh))

def test_own():
    with Whoosh() as double:
        send()
    kept.append(weakref.ref(double))

def test_none_is_left():
    gc.collect()
    assert [ref() for ref in kept] == [None] * 4
"""
    )

    pytester.runpytest().assert_outcomes(passed=5)


def test_a_decorator_below_ours_still_runs():
    ran = []

    def theirs(function):
        @functools.wraps(function)
        def run(*args, **kwargs):
            ran.append(function.__name__)
            return function(*args, **kwargs)

        return run

    @Whoosh()
    @theirs
    def test(whoosh):
        return repr(whoosh)

    assert test() == "<Whoosh: 0 sent, 0 received>"
    assert ran == ["test"]


def test_an_interrupt_as_the_fixture_begins_to_end_does_not_leave_its_double(pytester):
    pytester.makepyfile(
        """
        import pytest
        from pytest_whoosh.whoosh import Whoosh, active_doubles

        usual = Whoosh.__exit__

        def interrupted(*args):
            Whoosh.__exit__ = usual
            pytest.fail("Timeout")

        Whoosh.__exit__ = interrupted  # before the `with` statement, which looks it up at its start

        def test_first(whoosh):
            pass

        def test_second():
            assert active_doubles() == []
        """
    )

    pytester.runpytest("-p", "no:randomly").assert_outcomes(passed=2, errors=1)


HANDLER = """
import pytest
from flask import Flask, request
from twilio.rest import Client

def mount_and_send(whoosh):
    app = Flask(__name__)

    @app.post("/status")
    def status():
        assert request.form["MessageStatus"] == "delivered"
        return ""

    whoosh.mount("https://app.example", app)
    Client().messages.create(
        to="+15558675310", from_="+15557122661", body="Hi", status_callback="https://app.example/status"
    )
    whoosh.settle()
"""


def test_a_failed_assert_in_a_handler_of_the_test_gives_a_warning(pytester):
    pytester.makepyfile(HANDLER + "\ndef test(whoosh): mount_and_send(whoosh)")

    result = pytester.runpytest("-W", "default")

    result.assert_outcomes(passed=1, warnings=1)
    result.stdout.fnmatch_lines(
        [
            (
                "*PytestWarning: an assert in a handler of this test failed, and nothing else did: AssertionError: "
                "assert 'sent' == 'delivered' - delivered + sent (test_a_failed_assert_in_a_handler_of_the_test_gives_"
                'a_warning.py:10). To fail the test: @pytest.mark.whoosh(app_errors="raise").'
            )
        ]
    )


def test_the_warning_fails_the_test_if_warnings_are_errors(pytester):
    pytester.makepyfile(HANDLER + "\ndef test(whoosh): mount_and_send(whoosh)")

    result = pytester.runpytest("-W", "error", "-p", "no:asyncio")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["an assert in a handler of this test failed, and nothing else did: AssertionError: *"])
    result.stdout.no_fnmatch_line("During handling of the above exception*")
    result.stdout.no_fnmatch_line("*pytest_whoosh/*")


@pytest.mark.parametrize("read", ["exception", "response_status", "error"])
def test_a_test_that_reads_how_its_handler_failed_gets_no_warning(pytester, read):
    pytester.makepyfile(HANDLER + f"\ndef test(whoosh): mount_and_send(whoosh); assert whoosh.callbacks[0].{read}")

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_failed_assert_in_a_handler_of_another_file_is_the_apps_own(pytester):
    pytester.makepyfile(app=HANDLER, test_it="from app import *\ndef test(whoosh): mount_and_send(whoosh)")

    pytester.runpytest().assert_outcomes(passed=1)


def test_the_marker_fails_a_test_at_a_failed_assert_in_its_handler(pytester):
    pytester.makepyfile(HANDLER + "\n@pytest.mark.whoosh(app_errors='raise')\ndef test(whoosh): mount_and_send(whoosh)")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E       AssertionError: assert 'sent' == 'delivered'"])
    result.stdout.no_fnmatch_line("*pytest_whoosh/*")
