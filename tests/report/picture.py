"""Takes the picture of a report for the README: ``python -m tests.report.picture``.

It needs Playwright, Chromium and Pillow.
"""

import shutil
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import pytest
from freezegun import freeze_time
from PIL import Image
from playwright.sync_api import sync_playwright
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from pytest_whoosh.report.pages import render_report
from pytest_whoosh.report.run import Run, as_json
from tests.conftest import PERSON, SENDER

PICTURE: Final = Path(__file__).parents[2] / "pytest_whoosh" / "guide" / "report.png"

_FAILURE: Final = """\
    def test_an_appointment_is_confirmed(whoosh):
        book_appointment(phone="+15558675310", at=tomorrow)
        whoosh.travel(days=1)
        whoosh.receive("YES", from_="+15558675310", to="+15557122661")

>       whoosh.assert_sent(to="+15558675310", body="See you tomorrow!")
E       AssertionError: No message in the outbox matches to='+15558675310', body='See you tomorrow!'.
E
E       Nearest: SM…0003 +15557122661 -> +15558675310 queued: 'Great, see you tomorrow!'
E         body: expected 'See you tomorrow!'
E                but was 'Great, see you tomorrow!'
"""
_PLACE: Final = {
    "line": "tests/test_reminders.py:12",
    "source": 'whoosh.assert_sent(to="+15558675310", body="See you tomorrow!")',
    "error": "No message in the outbox matches to='+15558675310', body='See you tomorrow!'.",
}


def _app(environ: Any, start_response: Any) -> list[bytes]:
    if environ["PATH_INFO"] == "/status":
        start_response("503 Service Unavailable", [("Content-Type", "text/plain")])
        return [b"database is gone"]
    start_response("200 OK", [("Content-Type", "text/xml")])
    return [b"<Response><Message>Great, see you tomorrow!</Message></Response>"]


def _held_after(story: Any) -> str:
    with freeze_time("2026-03-05 12:00:00"), Whoosh() as whoosh:
        story(whoosh, Client(whoosh.account_sid, whoosh.auth_token))
        return as_json(whoosh.snapshot())


def _confirmed(whoosh: Whoosh, client: Client) -> None:
    whoosh.mount("https://app.example", _app)
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    body = "Your appointment is tomorrow at nine. Reply YES to confirm."
    client.messages.create(to=PERSON, from_=SENDER, body=body, status_callback="https://app.example/status")
    whoosh.settle()
    whoosh.travel(days=1)
    whoosh.receive("YES", from_=PERSON, to=SENDER)


def _refused(whoosh: Whoosh, client: Client) -> None:
    with pytest.raises(TwilioRestException):
        client.messages.create(to="12", from_=SENDER, body="Hi")


def _code(whoosh: Whoosh, client: Client) -> None:
    client.messages.create(to=PERSON, from_=SENDER, body="Your code is 493021")
    whoosh.settle()


def _run() -> Run:
    run = Run("appointments")
    tests = [
        ("tests/test_reminders.py::test_an_appointment_is_confirmed", "failed", _confirmed),
        ("tests/test_reminders.py::test_a_reminder_leaves_a_day_before", "passed", _code),
        ("tests/test_reminders.py::test_a_wrong_number_is_refused", "passed", _refused),
        ("tests/test_login.py::test_a_code_is_sent", "passed", _code),
        ("tests/test_login.py::test_a_code_expires", "passed", _code),
    ]
    for place, (name, outcome, story) in enumerate(tests):
        failed = outcome == "failed"
        run.start(name, name, place)
        run.add(name, name, outcome, _FAILURE if failed else "", _PLACE if failed else None)
        run.finish(name, [_held_after(story)])
    return run


def main() -> int:
    """Write the picture."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    with TemporaryDirectory() as folder, sync_playwright() as playwright:
        page_file = Path(folder, "report.html")
        page_file.write_text(render_report(_run()), encoding="utf-8")
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 960}, color_scheme="light")
        page.goto(page_file.as_uri())
        page.locator("#test .phone").wait_for()
        page.screenshot(path=PICTURE)
        browser.close()
    # With few colours the file is a third as large.
    Image.open(PICTURE).convert("RGB").quantize(96, dither=Image.Dither.NONE).save(PICTURE, optimize=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
