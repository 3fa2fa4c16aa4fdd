"""The section of a failing test with its traffic."""

import re

import pytest

APP = """
import pytest
from freezegun import freeze_time
from twilio.rest import Client
from pytest_whoosh import Whoosh

PERSON = "+15558675310"

def send(body="Hi", **more):
    return Client().messages.create(to=PERSON, from_="+15557122661", body=body, **more)

def app(environ, start_response):
    start_response("204 No Content", [])
    return []

@pytest.fixture(autouse=True)
def noon():
    with freeze_time("2026-03-05 12:00:00"):
        yield
"""
URL = "https://api.twilio.com/2010-04-01/Accounts/AC…f00d/Messages.json"


def section(result: pytest.RunResult) -> list[str]:
    """Return the lines of the section."""
    lines = result.outlines
    start = next(n for n, line in enumerate(lines) if re.fullmatch(r"-+ whoosh traffic -+", line))
    end = next(n for n, line in enumerate(lines[start + 1 :], start + 1) if re.match(r"[-=_]{9}", line))
    return lines[start + 1 : end]


def test_a_failing_test_shows_calls_messages_and_webhooks(pytester):
    pytester.makepyfile(
        APP
        + """
def test(whoosh):
    whoosh.mount("https://app.example", app)
    whoosh.when(to="+15550001111").undeliver(30003)
    send("Your code is 1234", status_callback="https://app.example/status")
    whoosh.settle()
    with pytest.raises(Exception):
        Client().messages.create(to="nobody", from_="+15557122661", body="Hi")
    assert 0
"""
    )

    result = pytester.runpytest()

    assert section(result) == [
        "It is 2026-03-05 12:00:04 UTC.",
        "API calls:",
        f"  12:00:00 POST {URL} -> 201 SM…0001",
        f"  12:00:04 POST {URL} -> 400 21211: Invalid 'To' Phone Number: noXXXX",
        "    posted To='nobody', From='+15557122661', Body='Hi'",
        "Messages:",
        "  SM…0001 +15557122661 -> +15558675310 delivered: 'Your code is 1234'",
        "    12:00:00 queued  12:00:01 sending  12:00:02 sent  12:00:04 delivered",
        "Webhooks:",
        "  12:00:02 sent        SM…0001 POST https://app.example/status  answered 204",
        "  12:00:04 delivered   SM…0001 POST https://app.example/status  answered 204",
        "Rules:",
        "  whoosh.when(to='+15550001111').undeliver(30003): matched 0. It never applied",
        "    nearest message: SM…0001, to: expected '+15550001111', but was '+15558675310'",
    ]


def test_events_on_another_day_show_their_date(pytester):
    pytester.makepyfile(
        APP
        + """
from datetime import datetime

def test(whoosh):
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    Client().messages.create(
        to=PERSON, messaging_service_sid=service.sid, body="Hi", schedule_type="fixed", send_at=datetime(2026, 3, 7, 9)
    )
    whoosh.travel(days=2)
    assert 0
"""
    )

    assert section(pytester.runpytest()) == [
        "It is 2026-03-07 12:00:00 UTC.",
        "API calls:",
        f"  12:00:00 POST {URL} -> 201 SM…0001",
        "Messages:",
        "  SM…0001 +15557122661 -> +15558675310 delivered: 'Hi'",
        (
            "    12:00:00 scheduled for 2026-03-07 09:00:00  2026-03-07 09:00:00 queued  2026-03-07 09:00:01 sending  "
            "2026-03-07 09:00:02 sent  2026-03-07 09:00:04 delivered"
        ),
    ]


def test_a_test_without_traffic_says_so(pytester):
    pytester.makepyfile(APP + "def test(whoosh): assert 0")

    assert section(pytester.runpytest()) == [
        "It is 2026-03-05 12:00:00 UTC.",
        "The app made no API call and received no message.",
    ]


def test_control_characters_are_escaped(pytester):
    pytester.makepyfile(
        APP
        + r"""
def rude(environ, start_response):
    raise ValueError("\x1b[2Jwiped\nout")

def test(whoosh):
    whoosh.mount("https://app.example", rude)
    send("\x1b[31mred\x07\r\nnew line\u202egnp.exe\u2028", status_callback="https://app.example/status?q=\u00e9")
    whoosh.travel(seconds=2)
    assert 0
"""
    )

    result = pytester.runpytest("--color=no")
    shown = "\n".join(section(result))

    assert r"'\x1b[31mred\x07\r\nnew line\u202egnp.exe\u2028'" in shown
    assert r"the app raised ValueError: \x1b[2Jwiped out" in shown
    assert not set("\x1b\x07\r\u202e\u2028") & set(shown)


def test_a_passing_test_shows_nothing(pytester):
    pytester.makepyfile(APP + "def test(whoosh):\n    send()")

    assert "whoosh traffic" not in pytester.runpytest("-rA").stdout.str()


def test_a_skipped_test_shows_nothing(pytester):
    pytester.makepyfile(APP + "def test(whoosh):\n    send()\n    pytest.skip('later')")

    assert "whoosh traffic" not in pytester.runpytest("-rA").stdout.str()


def test_a_test_without_the_fixture_shows_nothing(pytester):
    pytester.makepyfile("def test(): assert 0")

    assert "whoosh traffic" not in pytester.runpytest().stdout.str()


@pytest.mark.parametrize(
    "code",
    [
        "@pytest.fixture\ndef broken(whoosh):\n    send('before')\n    assert 0\n\ndef test(broken): pass",
        "@pytest.fixture\ndef broken(whoosh):\n    yield\n    assert 0\n\ndef test(broken): send('before')",
        "@pytest.fixture\ndef broken(whoosh):\n    yield\n    assert 0\n\ndef test(broken):\n    send('before'); 1 / 0",
        "def test(request):\n    whoosh = request.getfixturevalue('whoosh')\n    send('before')\n    assert 0",
        "@pytest.fixture\ndef mine():\n    with Whoosh() as it: yield it\n\ndef test(mine):\n    send('before'); 1 / 0",
        "def test():\n    with Whoosh():\n        send('before')\n        1 / 0",
        "@Whoosh()\ndef test():\n    send('before')\n    1 / 0",
    ],
    ids=[
        "set-up fails",
        "tear-down fails",
        "both fail",
        "asked for dynamically",
        "a fixture of the project's own",
        "made by the test",
        "made by the decorator",
    ],
)
def test_the_section_is_shown_once_for_every_kind_of_failure(pytester, code):
    pytester.makepyfile(APP + code)

    result = pytester.runpytest()

    assert result.stdout.str().count("- whoosh traffic -") == 1
    assert "  SM…0001 +15557122661 -> +15558675310 queued: 'before'" in section(result)


def test_entries_that_say_the_same_are_folded(pytester):
    pytester.makepyfile(APP + "def test(whoosh):\n    for _ in range(100): send()\n    assert 0")

    assert section(pytester.runpytest()) == [
        "It is 2026-03-05 12:00:00 UTC.",
        "API calls:",
        f"  12:00:00 POST {URL} -> 201 SM…0001",
        "  … 99 more like this",
        "Messages:",
        "  SM…0001 +15557122661 -> +15558675310 queued: 'Hi'",
        "    12:00:00 queued",
        "  … 99 more like this",
    ]


def test_entries_that_explain_a_failure_are_kept_in_a_long_section(pytester):
    pytester.makepyfile(
        APP
        + """
def test(whoosh):
    whoosh.when(body="7").undeliver(30003)
    for number in range(100):
        send(str(number))
    whoosh.settle()
    assert 0
"""
    )

    shown = section(pytester.runpytest())

    assert "  … 40 entries left out" in shown
    assert "  SM…0008 +15557122661 -> +15558675310 undelivered 30003: '7'" in shown
    assert "  SM…0064 +15557122661 -> +15558675310 delivered: '99'" in shown


def test_the_answer_of_an_app_that_refused_a_webhook_is_shown(pytester):
    pytester.makepyfile(
        APP
        + """
def strict(environ, start_response):
    start_response("403 Forbidden", [("Content-Type", "text/plain")])
    return [b"The signature does not match."]

def test(whoosh):
    whoosh.mount("https://app.example", strict)
    send(status_callback="https://app.example/status")
    whoosh.travel(seconds=2)
    assert 0
"""
    )

    assert "    the app's response: The signature does not match." in section(pytester.runpytest())


@pytest.mark.parametrize(
    ("page", "shown"),
    [
        (
            "<!doctype html><html lang=en><title>404 Not Found</title><h1>Not Found</h1><p>No such &quot;page&quot;.",
            'Not Found No such "page".',
        ),
        ("<html><head><style>p { color: red }</style></head><body>\n<p>Gone</p></body></html>", "Gone"),
        ("<html><head><title>Gone", "<html><head><title>Gone"),
        ("<Response/>", "<Response/>"),
    ],
    ids=["a framework's page", "styles", "no text", "no page"],
)
def test_the_text_of_a_page_that_an_app_answered_is_shown(pytester, page, shown):
    pytester.makepyfile(
        APP
        + f"""
def lost(environ, start_response):
    start_response("404 Not Found", [("Content-Type", "text/html")])
    return [{page!r}.encode()]

def test(whoosh):
    whoosh.mount("https://app.example", lost)
    send(status_callback="https://app.example/status")
    whoosh.travel(seconds=2)
    assert 0
"""
    )

    assert f"    the app's response: {shown}" in section(pytester.runpytest())


def test_a_reply_with_another_content_type_gets_the_right_ones(pytester):
    pytester.makepyfile(
        APP
        + """
def reply(environ, start_response):
    start_response("200 OK", [("Content-Type", "application/json")])
    return [b"{}"]

def test(whoosh):
    whoosh.mount("https://app.example", reply)
    whoosh.add_number("+15557122661", sms_url="https://app.example/sms")
    whoosh.receive("Hi", from_=PERSON, to="+15557122661")
    assert 0
"""
    )

    assert section(pytester.runpytest())[-2:] == [
        (
            "  12:00:00 received    SM…0001 POST https://app.example/sms  12300 Invalid Content-Type: the content type "
            "is 'application/json'"
        ),
        "    a reply needs the content type text/xml (TwiML) or text/plain (one message)",
    ]


def test_nested_doubles_are_numbered(pytester):
    pytester.makepyfile(
        APP
        + """
def test(whoosh):
    send("outer")
    with Whoosh():
        send("inner")
        assert 0
"""
    )

    pytester.runpytest().stdout.fnmatch_lines(
        [
            "-* whoosh traffic, double 1 of 2 -*",
            "The double of the whoosh fixture.",
            "*'outer'",
            "-* whoosh traffic, double 2 of 2 -*",
            "A double that started during the test.",
            "*'inner'",
        ]
    )


def test_doubles_of_wider_fixtures_say_so(pytester):
    pytester.makepyfile(
        APP
        + """
@pytest.fixture(scope="module")
def shop():
    with Whoosh() as whoosh:
        yield whoosh

@pytest.fixture(scope="module", autouse=True)
def around():
    with Whoosh():
        yield

def test_first(shop): pass

def test_second(shop):
    send("Hello")
    assert 0
"""
    )

    pytester.runpytest().stdout.fnmatch_lines(
        [
            "-* whoosh traffic, double 1 of 2 -*",
            "The double of the fixture 'shop'.",
            "*'Hello'",
            "-* whoosh traffic, double 2 of 2 -*",
            "A double that is active around the test: of a class, a module or the session.",
        ]
    )


def test_the_section_is_part_of_the_failure_for_junit_xml_and_without_captured_output(pytester):
    pytester.makepyfile(APP + "def test(whoosh):\n    send('Hello')\n    pytest.fail('no', pytrace=False)")

    result = pytester.runpytest("--show-capture=no", "--junitxml=report.xml")

    result.stdout.fnmatch_lines(["*- whoosh traffic -*", "*queued: 'Hello'"])
    assert "queued: 'Hello'" in (pytester.path / "report.xml").read_text(encoding="utf-8")


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="pytest has subtests from 9.0 on")
def test_each_failing_subtest_shows_the_traffic_so_far(pytester):
    pytester.makepyfile(
        APP
        + """
def test(whoosh, subtests):
    for body in ("one", "two"):
        with subtests.test(body):
            send(body)
            assert 0
"""
    )

    result = pytester.runpytest()

    assert result.stdout.str().count("- whoosh traffic -") == 2
    result.stdout.fnmatch_lines(["*queued: 'one'", "*- whoosh traffic -*", "*queued: 'one'", "*queued: 'two'"])


def test_the_double_of_a_class_is_shown_for_each_test_of_it_that_fails(pytester):
    pytester.makepyfile(
        APP
        + """
import unittest

class TestReminders(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.whoosh = cls.enterClassContext(Whoosh())

    def test_first(self):
        send("first")

    def test_second(self):
        send("second")
        self.fail()
"""
    )

    pytester.runpytest().stdout.fnmatch_lines(["*- whoosh traffic -*", "*queued: 'first'", "*queued: 'second'"])


def test_a_failed_assertion_of_ours_ends_at_the_tests_own_line(pytester):
    pytester.makepyfile(
        APP
        + """
def test(whoosh):
    send("Hello")
    whoosh.assert_sent(body="Goodbye")
"""
    )

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(['>       whoosh.assert_sent(body="Goodbye")', "E       AssertionError: *"])
    result.stdout.no_fnmatch_line("*pytest_whoosh/whoosh.py*")


def test_reporters_that_read_the_text_early_have_the_section(pytester):
    pytester.makeconftest(
        """
import pytest

class Reporter:
    @pytest.hookimpl(wrapper=True)  # as allure-pytest does
    def pytest_runtest_makereport(self, item, call):
        report = yield
        if report.failed:
            print("taken:", "whoosh traffic" in report.longreprtext)
        return report

def pytest_configure(config):
    config.pluginmanager.register(Reporter())
"""
    )
    pytester.makepyfile(APP + "def test(whoosh):\n    send('Hello')\n    assert 0")

    pytester.runpytest("-s").stdout.fnmatch_lines(["*taken: True"])


def test_a_criterion_that_raises_shows_the_tests_lines_only(pytester):
    pytester.makepyfile(
        APP
        + """
def test(whoosh):
    send("Hello")
    whoosh.assert_sent(body=lambda body: body.text == "Hello")
"""
    )

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(["E   AttributeError: 'str' object has no attribute 'text'"])
    result.stdout.no_fnmatch_line("*pytest_whoosh/*")


@pytest.mark.parametrize("fault", ["timeout()", "timeout(connecting=True)", "disconnect()"])
@pytest.mark.parametrize("library", ["requests", "httpx"])
def test_a_scripted_fault_that_the_app_does_not_catch_looks_like_the_librarys_own(pytester, library, fault):
    pytester.makepyfile(
        f"""
        import {library}

        def test(whoosh):
            whoosh.when().{fault}
            {library}.post(
                f"https://api.twilio.com/2010-04-01/Accounts/{{whoosh.account_sid}}/Messages.json",
                data={{"To": "+15558675310", "From": "+15557122661", "Body": "Hi"}},
                auth=(whoosh.account_sid, whoosh.auth_token),
            )
        """
    )

    result = pytester.runpytest("-W", "ignore")

    result.assert_outcomes(failed=1)
    result.stdout.no_fnmatch_line("*pytest_whoosh/*")
    result.stdout.no_fnmatch_line("*NetworkFault*")
