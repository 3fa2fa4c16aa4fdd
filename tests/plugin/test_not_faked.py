"""A call that is not faked fails its test, unless the test expects the error."""

import subprocess
import sys
from textwrap import dedent, indent

import pytest

import pytest_whoosh

APP = """
    import requests

    def ring():
        requests.post("https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json")

    def notify():
        try:
            ring()
        except Exception:
            pass

    def stubborn():
        notify()
        ring()
"""

SWALLOWED = "The app or the test swallowed this error: POST https://api.twilio.com/*/Calls.json is not faked, *"
LINE = '    whoosh.when_called("POST", "https://api.twilio.com/2010-04-01/Accounts/[*]/Calls.json").respond(201, {})'

PRELUDE = """
    import contextlib, threading, unittest
    import app, pytest
    from pytest_whoosh import Whoosh, WhooshError, WhooshGuardError, WhooshNotFakedError

"""

EXPECTED = {
    "raises": """
        def test(whoosh):
            with pytest.raises(WhooshNotFakedError, match="is not faked"):
                app.ring()
    """,
    "raises a base": """
        def test(whoosh):
            with pytest.raises((ValueError, WhooshGuardError)):
                app.ring()
    """,
    "raises with a function": """
        def test(whoosh):
            pytest.raises(WhooshNotFakedError, app.ring)
    """,
    "raises around an app that tries again": """
        def test(whoosh):
            with pytest.raises(WhooshNotFakedError):
                app.stubborn()
    """,
    "raises in a fixture": """
        @pytest.fixture
        def ringing(whoosh):
            with pytest.raises(WhooshNotFakedError):
                app.ring()

        def test(ringing):
            pass
    """,
    "RaisesGroup": """
        def test(whoosh):
            with pytest.RaisesGroup(WhooshNotFakedError, ValueError):
                try:
                    app.ring()
                except WhooshError as error:
                    raise ExceptionGroup("both", [error, ValueError()])
    """,
    "RaisesGroup without a group": """
        def test(whoosh):
            with pytest.RaisesGroup(WhooshNotFakedError, allow_unwrapped=True):
                app.ring()
    """,
    "assertRaises": """
        class Test(unittest.TestCase):
            def test(self):
                with Whoosh(), self.assertRaises(WhooshNotFakedError):
                    app.ring()
    """,
    "assertRaises with a function": """
        class Test(unittest.TestCase):
            def test(self):
                with Whoosh():
                    self.assertRaises(WhooshNotFakedError, app.ring)
    """,
    "assertRaisesRegex": """
        class Test(unittest.TestCase):
            def test(self):
                with Whoosh(), self.assertRaisesRegex(WhooshError, "is not faked"):
                    app.ring()
    """,
    "xfail": """
        @pytest.mark.xfail(raises=WhooshNotFakedError, strict=True)
        def test(whoosh):
            app.ring()
    """,
}

SWALLOWING = {
    "app": """
        def test(whoosh):
            app.notify()
    """,
    "test": """
        def test(whoosh):
            try:
                app.ring()
            except WhooshNotFakedError:
                pass
    """,
    "suppress": """
        def test(whoosh):
            with contextlib.suppress(WhooshNotFakedError):
                app.ring()
    """,
    "app, and the test expects what it makes of it": """
        def book():
            try:
                app.ring()
            except Exception as error:
                raise ValueError() from error

        def test(whoosh):
            with pytest.raises(ValueError):
                book()
    """,
    "app, beside an error that the test expects": """
        def test(whoosh):
            app.notify()
            with pytest.raises(ZeroDivisionError):
                1 / 0
    """,
    "thread": """
        def test(whoosh):
            thread = threading.Thread(target=app.notify)
            thread.start()
            thread.join()
    """,
    "double of the test's own": """
        def test():
            with Whoosh():
                app.notify()
    """,
    "unittest": """
        class Test(unittest.TestCase):
            def setUp(self):
                self.whoosh = self.enterContext(Whoosh())

            def test(self):
                app.notify()
    """,
    "double of a class": """
        @pytest.fixture(scope="class")
        def double():
            with Whoosh() as double:
                yield double

        class Test:
            def test(self, double):
                app.notify()
    """,
    "fixture": """
        @pytest.fixture
        def ringing(whoosh):
            app.notify()

        def test(ringing):
            pass
    """,
}


if not hasattr(pytest, "RaisesGroup"):  # before pytest 8.4
    EXPECTED = {name: test for name, test in EXPECTED.items() if "RaisesGroup" not in test}


@pytest.mark.parametrize("test", EXPECTED.values(), ids=list(EXPECTED))
def test_a_test_that_expects_the_error_does_not_fail(pytester: pytest.Pytester, test: str) -> None:
    pytester.makepyfile(app=APP)
    pytester.makepyfile(dedent(PRELUDE) + dedent(test))

    result = pytester.runpytest()

    assert result.ret == 0


@pytest.mark.parametrize("test", SWALLOWING.values(), ids=list(SWALLOWING))
def test_a_test_fails_if_the_error_is_swallowed(pytester: pytest.Pytester, test: str) -> None:
    pytester.makepyfile(app=APP)
    pytester.makepyfile(dedent(PRELUDE) + dedent(test) + "\ndef test_afterwards(whoosh):\n    pass\n")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1, passed=1)
    result.stdout.fnmatch_lines([f"*{SWALLOWED}", f"*{LINE}"])


def test_a_fixture_that_swallows_the_error_at_its_end_causes_an_error(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(app=APP)
    pytester.makepyfile(
        """
        import app, pytest

        @pytest.fixture
        def ringing(whoosh):
            yield
            app.notify()

        def test(ringing):
            pass
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines([f"*{SWALLOWED}"])


@pytest.mark.parametrize(
    "test",
    [
        "def test(whoosh):\n    app.ring()",
        "class Test(unittest.TestCase):\n    def test(self):\n        with Whoosh():\n            app.ring()",
        pytest.param(
            "def test(whoosh, subtests):\n    with subtests.test():\n        app.ring()",
            marks=pytest.mark.skipif(not hasattr(pytest, "Subtests"), reason="needs pytest 9"),
        ),
    ],
    ids=["function", "unittest", "subtest"],
)
def test_an_error_that_nobody_catches_is_not_reported_as_swallowed(pytester: pytest.Pytester, test: str) -> None:
    pytester.makepyfile(app=APP)
    pytester.makepyfile(dedent(PRELUDE) + test)

    result = pytester.runpytest()

    assert result.ret == 1
    result.stdout.fnmatch_lines(["*POST https://api.twilio.com/*/Calls.json is not faked, *"])
    result.stdout.no_fnmatch_line("*The app or the test swallowed*")


def test_a_test_that_fails_by_itself_keeps_its_own_failure(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(app=APP)
    pytester.makepyfile("import app\n\ndef test(whoosh):\n    app.notify()\n    assert 'sent' == 'failed'")

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *assert 'sent' == 'failed'", "*Calls.json -> no response: not faked, *"])
    result.stdout.no_fnmatch_line("*The app or the test swallowed*")


def test_a_test_with_a_real_server_is_not_failed_for_its_clients_calls(
    pytester: pytest.Pytester,
) -> None:
    pytester.makepyfile(
        """
        import requests

        def test(whoosh_server):
            assert requests.get(whoosh_server.url + "/2010-04-01/Accounts/AC1/Calls.json").status_code == 501
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)


# Outside of pytest


def _run(script: str) -> subprocess.CompletedProcess[str]:
    prelude = dedent(APP) + "from pytest_whoosh import Whoosh, WhooshNotFakedError\n"
    return subprocess.run(
        [sys.executable, "-c", prelude + dedent(script)], capture_output=True, text=True, check=False, timeout=60
    )


def test_outside_of_pytest_the_error_is_raised_when_the_double_ends() -> None:
    ran = _run("with Whoosh():\n    notify()\n    print('on it went')\n")

    assert (ran.returncode, ran.stdout) == (1, "on it went\n")
    assert (
        "pytest_whoosh.WhooshNotFakedError: The app or the test swallowed this error: POST https://api.twilio.com/"
        in ran.stderr
    )


def test_outside_of_pytest_another_error_goes_first() -> None:
    ran = _run("with Whoosh():\n    notify()\n    raise ValueError('of the app')\n")

    assert ran.stderr.endswith("ValueError: of the app\n")


def test_an_error_that_ends_the_double_is_raised_once() -> None:
    ran = _run(
        """
        double = Whoosh()
        try:
            with double:
                ring()
        except WhooshNotFakedError as error:
            print(str(error).splitlines()[0])
        with double:
            print("a new one")
        """
    )

    expected = (
        "POST https://api.twilio.com/2010-04-01/Accounts/AC1/Calls.json is not faked, and no rule scripts its answer."
    )
    assert (ran.stdout, ran.stderr) == (f"{expected}\na new one\n", "")


def test_unittest_without_pytest_marks_expected_errors() -> None:
    tests = """
        def test_expected(self):
            with Whoosh(), self.assertRaises(WhooshNotFakedError):
                ring()

        @Whoosh()
        def test_swallowed(self):
            notify()
    """
    ran = _run(f"import unittest\nclass Test(unittest.TestCase):{indent(dedent(tests), '    ')}\nunittest.main()\n")

    assert "Ran 2 tests" in ran.stderr
    assert "FAILED (errors=1)" in ran.stderr
    assert "ERROR: test_swallowed" in ran.stderr


def test_the_error_is_public() -> None:
    assert "WhooshNotFakedError" in pytest_whoosh.__all__
    assert issubclass(pytest_whoosh.WhooshNotFakedError, pytest_whoosh.WhooshGuardError)
