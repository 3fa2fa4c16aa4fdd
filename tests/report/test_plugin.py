"""``--whoosh-report``: one page of a test run, whatever its outcome and the number of its processes."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .reading import run_in

APP = """
import os
import pytest
from freezegun import freeze_time
from twilio.rest import Client
from pytest_whoosh import Whoosh

@pytest.fixture(autouse=True)
def noon():
    with freeze_time("2026-03-05 12:00:00"):
        yield

def send(body="Hi", **more):
    return Client().messages.create(to="+15558675310", from_="+15557122661", body=body, **more)

"""


@pytest.fixture
def make(pytester):
    """Writes the test file."""
    return lambda code, **files: pytester.makepyfile(
        test_it=APP + code, **{name: APP + text for name, text in files.items()}
    )


@pytest.fixture
def report(pytester):
    """Runs the tests, and returns the run in the page."""

    def run(*arguments):
        pytester.runpytest("--whoosh-report=page.html", "-p", "no:cacheprovider", *arguments)
        return run_in(pytester.path / "page.html")

    return run


def bodies(shown):
    """Return each test's name and outcome, and the messages of each of its doubles."""
    return [
        (
            test["id"].partition("::")[2],
            test["outcome"],
            [[message["body"] for message in double.get("messages", ())] for double in test["doubles"]],
        )
        for test in shown["tests"]
    ]


OUTCOMES = """
@pytest.fixture
def broken(whoosh):
    send("set up")
    assert 0

@pytest.fixture
def late(whoosh):
    yield
    send("torn down")

@pytest.fixture
def late_and_broken(whoosh):
    yield
    send("torn down")
    assert 0

def test_passed(late): send()
def test_none(): pass
def test_failed(late): send(); assert 0
def test_error(broken): pass
def test_late_error(late_and_broken): send()
def test_both(late_and_broken): send(); assert 1 == 2
def test_skipped(whoosh): send(); pytest.skip("later")
def test_xfailed(whoosh): send(); pytest.xfail("known")
@pytest.mark.xfail(strict=False)
def test_xpassed(whoosh): send()
@pytest.mark.xfail(strict=True)
def test_strict(whoosh): send()
@pytest.mark.skip
def test_never(whoosh): send()
"""


def test_the_page_shows_the_data_of_each_double_for_every_outcome(make, report):
    make(OUTCOMES)

    shown = report()

    assert bodies(shown) == [
        ("test_failed", "failed", [["Hi", "torn down"]]),
        ("test_error", "error", [["set up"]]),
        ("test_late_error", "error", [["Hi", "torn down"]]),
        ("test_both", "failed", [["Hi", "torn down"]]),
        ("test_strict", "failed", [["Hi"]]),
        ("test_passed", "passed", [["Hi", "torn down"]]),
        ("test_skipped", "skipped", [["Hi"]]),
        ("test_xfailed", "xfailed", [["Hi"]]),
        ("test_xpassed", "xpassed", [["Hi"]]),
    ]
    assert shown["others"] == 2


def test_a_failure_comes_with_its_text(make, report):
    make(OUTCOMES)

    failures = {test["id"].partition("::")[2]: test.get("failure") for test in report("--tb=short")["tests"]}

    assert "E   assert 0" in failures["test_error"]
    assert "E   assert 1 == 2" in failures["test_both"]
    assert failures["test_both"].index("1 == 2") < failures["test_both"].index("in late_and_broken")
    assert failures["test_strict"].startswith("[XPASS(strict)]")
    assert [name for name, text in failures.items() if text is None] == [
        "test_passed", "test_skipped", "test_xfailed", "test_xpassed",
    ]  # fmt: skip
    assert "whoosh traffic" not in str(failures)


def test_a_failure_says_at_which_line_of_the_project_it_happened(make, report):
    make(
        """
import shop

def test_assertion(whoosh):
    assert 1 == 2

def test_double(whoosh):
    whoosh.assert_sent(
        to="+15558675310",
    )

def test_library(whoosh):
    shop.confirm()

@pytest.fixture
def twice(whoosh):
    yield
    raise ValueError("late")

def test_twice(twice): assert 0

@pytest.mark.xfail(strict=True)
def test_strict(whoosh): pass
""",
        shop="def confirm():\n    Client().messages.create(to='12', from_='+15557122661', body='Hi')\n",
    )

    places = {test["id"].partition("::")[2]: test.get("places") for test in report()["tests"]}

    line = APP.count("\n") + 4
    assert places["test_assertion"] == [
        {"line": f"test_it.py:{line}", "source": "assert 1 == 2", "error": "assert 1 == 2"}
    ]
    assert places["test_double"] == [
        {
            "line": f"test_it.py:{line + 3}",
            "source": 'whoosh.assert_sent(\n    to="+15558675310",\n)',
            "error": "No message matches to='+15558675310': the outbox is empty.",
        }
    ]
    (library,) = places["test_library"]
    assert library["line"] == f"shop.py:{APP.count(chr(10)) + 1}"
    assert "twilio.base.exceptions.TwilioRestException" in library["error"]
    assert [place["error"] for place in places["test_twice"]] == ["assert 0", "ValueError: late"]
    assert places["test_strict"] is None


def test_every_double_of_a_test_is_shown(make, report):
    make(
        """
@pytest.fixture
def other(whoosh):
    with Whoosh(seed=7) as double:
        send("from the other")
        yield double

@pytest.fixture
def never_entered():
    return Whoosh()

def test_two(other, whoosh, never_entered): assert 0
def test_dynamically(request):
    request.getfixturevalue("whoosh")
    send("asked for")
"""
    )

    assert bodies(report()) == [
        ("test_two", "failed", [[], ["from the other"]]),
        ("test_dynamically", "passed", [["asked for"]]),
    ]


PARAMETERS = """
@pytest.mark.parametrize("n", range(12))
def test_p(whoosh, n):
    send(f"number {n}")
    assert n % 5

def test_plain(): pass
"""


@pytest.mark.parametrize("arguments", [("-n", "2"), ("-n", "2", "--dist=loadfile")], ids=" ".join)
def test_the_workers_of_xdist_make_the_same_file_as_one_process(make, pytester, report, arguments):
    make(PARAMETERS, test_other=PARAMETERS)
    alone = report()
    page = (pytester.path / "page.html").read_bytes()

    report(*arguments)

    assert (pytester.path / "page.html").read_bytes() == page
    assert [name for name, _, _ in bodies(alone)][:4] == ["test_p[0]", "test_p[5]", "test_p[10]", "test_p[0]"]
    assert (len(alone["tests"]), alone["others"]) == (24, 2)


def test_names_and_order_are_those_of_the_collection_whatever_other_plugins_make_of_it(make, report, pytester):
    pytester.makeconftest(
        """
        def pytest_collection_modifyitems(items):
            items.reverse()
        """
    )
    make("@pytest.mark.xdist_group('one')\ndef test_b(whoosh): send()\ndef test_a(whoosh): send()")

    names = [test["id"] for test in report()["tests"]]

    assert names == ["test_it.py::test_b", "test_it.py::test_a"]
    assert [test["id"] for test in report("-n", "1", "--dist=loadgroup")["tests"]] == names


def test_a_test_with_a_crashed_worker_is_among_the_failures(make, report):
    make("def test_a(whoosh): send()\ndef test_b(whoosh): os._exit(1)\ndef test_c(whoosh): send()")

    shown = report("-n", "1")

    assert bodies(shown) == [
        ("test_b", "failed", []),
        ("test_a", "passed", [["Hi"]]),
        ("test_c", "passed", [["Hi"]]),
    ]
    assert shown["tests"][0]["failure"] == "worker 'gw0' crashed while running 'test_it.py::test_b'"


def test_tests_that_are_not_run_after_a_failure_are_not_shown(make, report):
    make("def test_a(whoosh): send()\ndef test_b(whoosh): send(); assert 0\ndef test_c(whoosh): send()")

    assert bodies(report("-x")) == [("test_b", "failed", [["Hi"]]), ("test_a", "passed", [["Hi"]])]


def test_an_interrupted_run_shows_the_tests_so_far(make, report):
    make("def test_a(whoosh): send()\ndef test_b(whoosh): send(); pytest.exit('enough')")

    assert bodies(report()) == [("test_a", "passed", [["Hi"]])]


def test_the_last_attempt_of_a_test_that_is_run_again_is_shown(make, pytester, report):
    pytester.makeconftest(
        """
        from _pytest.runner import runtestprotocol

        def pytest_runtest_protocol(item, nextitem):
            first = runtestprotocol(item, nextitem=nextitem, log=False)
            for each in first:
                if each.failed:
                    each.outcome = "rerun"
                item.ihook.pytest_runtest_logreport(report=each)
            runtestprotocol(item, nextitem=nextitem)
            return True

        def pytest_report_teststatus(report):
            if report.outcome == "rerun":
                return "rerun", "R", "RERUN"
        """
    )
    make("tries = []\ndef test(whoosh):\n    tries.append(1)\n    send(f'try {len(tries)}')\n    assert tries[1:]")

    assert bodies(report()) == [("test", "passed", [["try 2"]])]


def test_the_parts_of_a_test_count_with_it(make, report):
    pytest.importorskip("_pytest.subtests", reason="pytest 9 introduced them")
    make(
        """
def test(whoosh, subtests):
    for n in range(3):
        with subtests.test(n=n):
            send(str(n))
            assert n != 1
"""
    )

    shown = report()

    assert bodies(shown) == [("test", "failed", [["0", "1", "2"]])]
    assert "assert 1 != 1" in shown["tests"][0]["failure"]


def test_doubles_without_the_fixture_are_shown_too(make, report):
    make(
        """
from unittest import TestCase

class TestThem:
    def test_method(self, whoosh): send()

class OldTests(TestCase):
    def setUp(self):
        self.whoosh = self.enterContext(Whoosh())

    def test_them(self): send("of unittest")

@Whoosh()
def test_decorated(whoosh): send("of the decorator")

def test_inside(whoosh):
    with Whoosh(): send("inner")
    send("outer")

def test_often():
    for n in range(12):
        with Whoosh(): send(str(n))
    assert 0
"""
    )

    assert bodies(report()) == [
        ("test_often", "failed", [[str(n)] for n in range(9, 12)]),
        ("TestThem::test_method", "passed", [["Hi"]]),
        ("OldTests::test_them", "passed", [["of unittest"]]),
        ("test_decorated", "passed", [["of the decorator"]]),
        ("test_inside", "passed", [["outer"], ["inner"]]),
    ]


def test_texts_of_messages_are_escaped_in_the_page(make, report, pytester):
    hostile = r"<script>alert(1)</script> \x00\x1b[31m \u202e"
    make(f'def test(whoosh):\n    send("{hostile}")\n    assert 0, "<script>alert(2)</script>"')

    shown = report()

    assert bodies(shown) == [("test", "failed", [["<script>alert(1)</script> \x00\x1b[31m \u202e"]])]
    page = (pytester.path / "page.html").read_text(encoding="utf-8")
    assert r"\u003cscript>alert(1)" in page
    assert "<script>alert(" not in page
    assert report("-n", "1") == shown


def test_secrets_in_the_environment_appear_neither_in_the_page_nor_in_the_traffic(make, report, pytester, monkeypatch):
    monkeypatch.setenv("REAL_TOKEN", "t0ken-of-the-session")
    make(
        r"""
@pytest.mark.parametrize("token", ["t0ken-of-the-session"])
def test(whoosh, monkeypatch, token):
    monkeypatch.setenv("STRIPE_API_KEY", "sk_live_51H8")
    url = "https://shop:hunter2@app.example/?k=sk_live_51H8"
    send("sk_live_51H8 t0ken-of-the-session", status_callback=url)
    whoosh.settle()
    assert 0, f"{token} sk_live_51H8"
"""
    )

    shown = report("--tb=short")
    result = pytester.runpytest("--tb=short")

    section = result.stdout.str().partition("whoosh traffic")[2].partition("====")[0]
    for text in (str(shown), section):
        assert not any(secret in text for secret in ("t0ken-of", "sk_live", "hunter2"))
        assert "[STRIPE_API_KEY hidden] [REAL_TOKEN hidden]" in text
        assert "https://shop:[password hidden]@app.example/?k=[STRIPE_API_KEY hidden]" in text
    assert shown["tests"][0]["id"] == "test_it.py::test[[REAL_TOKEN hidden]]"
    assert "E   AssertionError: [REAL_TOKEN hidden] [STRIPE_API_KEY hidden]" in shown["tests"][0]["failure"]
    assert report("--tb=short", "-n", "1") == shown


# The file


def test_the_last_lines_say_where_the_page_is(make, pytester):
    make("def test(whoosh): pass")

    result = pytester.runpytest("--whoosh-report=some folder/deep/page.html")

    path = pytester.path / "some folder" / "deep" / "page.html"
    result.stdout.re_match_lines([rf"-+ Whoosh report: {path.as_uri()} -+"])
    assert [each.name for each in path.parent.iterdir()] == ["page.html"]
    assert result.ret == pytest.ExitCode.OK


def test_a_path_is_relative_to_the_start_folder_and_may_contain_home_and_variables(make, pytester, monkeypatch):
    monkeypatch.setenv("HOME", str(pytester.path / "home"))
    monkeypatch.setenv("USERPROFILE", str(pytester.path / "home"))
    monkeypatch.setenv("OUT", "out")
    make("def test(whoosh, monkeypatch, tmp_path): os.chdir(tmp_path)")

    pytester.runpytest("--whoosh-report=~/$OUT/page.html")

    assert (pytester.path / "home" / "out" / "page.html").is_file()


@pytest.mark.parametrize("arguments", [["--collect-only"], ["nowhere.py"], ["--fixtures"]], ids=" ".join)
def test_if_no_test_runs_the_previous_page_stays(make, pytester, arguments):
    make("def test(whoosh): pass")
    page = pytester.path / "page.html"
    page.write_text("before", encoding="utf-8")

    result = pytester.runpytest("--whoosh-report=page.html", *arguments)

    assert page.read_text(encoding="utf-8") == "before"
    result.stdout.no_fnmatch_line("*Whoosh report*")


def test_a_run_without_tests_makes_an_empty_page(report):
    shown = report()

    assert (shown["tests"], shown["others"]) == ([], 0)


def test_a_page_that_cannot_be_written_fails_no_test(make, pytester):
    make("def test(whoosh): os.mkdir('page.html')")

    result = pytester.runpytest("--whoosh-report=page.html")

    result.assert_outcomes(passed=1)
    result.stdout.re_match_lines([r"-+ Whoosh report not written: .*page\.html'? -+"])


@pytest.mark.parametrize(
    ("path", "problem"),
    [
        ("", "'' is a folder. Name the file to write in it, such as 'report.html'."),
        ("folder", "'folder' is a folder. Name the file to write in it, such as '{folder}'."),
        ("test_it.py", "'test_it.py' is not a name for the page: it must end in .html."),
        ("test_it.py/page.html", "'test_it.py/page.html' cannot be written: '{test_it}' is not a folder."),
    ],
    ids=["nothing", "a folder", "another file", "below a file"],
)
def test_an_unusable_path_is_a_usage_error_before_any_test_runs(make, pytester, path, problem):
    make("def test(whoosh): pass")
    pytester.mkdir("folder")

    result = pytester.runpytest(f"--whoosh-report={path}")

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    said = problem.format(folder=Path("folder", "report.html"), test_it=pytester.path / "test_it.py")
    assert result.errlines == [f"ERROR: pytest-whoosh, --whoosh-report: {said}", ""]


def test_without_the_extra_the_option_is_a_usage_error_that_says_what_to_install(make, pytester):
    make("def test(whoosh): pass")
    pytester.makepyfile(without_jinja="import sys\nsys.modules['jinja2'] = None")

    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "without_jinja", "-p", "pytest_whoosh.plugin", "--whoosh-report=a.html"],
        cwd=pytester.path,
        env={**os.environ, "PYTHONPATH": str(pytester.path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.returncode == pytest.ExitCode.USAGE_ERROR
    assert result.stderr.strip() == (
        "ERROR: pytest-whoosh, --whoosh-report: The page needs jinja2. Install the extra: "
        'pip install "pytest-whoosh[report]".'
    )


def test_the_option_is_listed_in_the_help(pytester):
    shown = " ".join(pytester.runpytest("--help").stdout.str().split())

    assert "--whoosh-report=PATH.html write a page with the messages of each test to this file" in shown


def test_other_plugins_do_not_see_the_data_for_the_page(make, pytester):
    pytester.makeconftest(
        """
        def pytest_runtest_logreport(report):
            assert not [name for name in vars(report) if "whoosh" in name]
        """
    )
    make("def test(whoosh): send()")

    pytester.runpytest("--whoosh-report=page.html").assert_outcomes(passed=1)


def test_twenty_thousand_messages_stay_below_ten_megabytes(make, pytester, report):
    make(
        """
@pytest.mark.parametrize("n", range(20))
def test(whoosh, n):
    for m in range(1000):
        whoosh.receive(f"Message {m} of test {n}: the code is {(n * 7919 + m * 104729) % 1000000:06d}, it’s new.",
                       from_="+15558675310", to="+15557122661")
"""
    )

    shown = report()

    assert sum(len(test["doubles"][0]["messages"]) for test in shown["tests"]) == 20_000
    assert (pytester.path / "page.html").stat().st_size < 3_000_000
