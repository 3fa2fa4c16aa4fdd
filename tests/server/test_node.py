"""Apps in another language: the vendor's samples for Node.js, with the SDK that they use."""

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_whoosh import Server
from tests.conftest import PERSON, SENDER
from tests.nodejs import find_modules, wanted

SAMPLES = Path(__file__).parent / "node"

# An app in a process of its own has its own time: that of the tests runs on, and with it their time limits.
pytestmark = pytest.mark.whoosh(clock="virtual")

Run = Callable[..., Any]


@pytest.fixture(scope="session")
def modules() -> Path:
    modules = find_modules("twilio")
    if modules is None:
        pytest.skip(wanted("twilio"))
    return modules


@pytest.fixture
def run(modules: Path, tmp_path: Path) -> Run:
    """Runs a sample against a server, and returns its report."""
    shutil.copytree(SAMPLES, tmp_path, dirs_exist_ok=True)
    (tmp_path / "node_modules").symlink_to(modules, target_is_directory=True)
    unproxied = {name: value for name, value in os.environ.items() if not name.lower().endswith("_proxy")}

    def run(sample: str, server: Server) -> Any:
        done = subprocess.run(
            ["node", tmp_path / sample],
            env={**unproxied, **server.environment},
            capture_output=True,
            text=True,
            timeout=60,
        )
        assert done.stderr == ""
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("secure", [pytest.param(False, id="http"), pytest.param(True, id="https")])
def test_the_vendors_sample_sends_a_message(request: pytest.FixtureRequest, run: Run, *, secure: bool) -> None:
    server: Server = request.getfixturevalue("whoosh_tls_server" if secure else "whoosh_server")

    seen = run("create.mjs", server)

    message = server.whoosh.assert_sent(to=PERSON, from_=SENDER, body="Hi there", status="queued")
    assert (seen["created"]["sid"], seen["created"]["status"]) == (message.sid, "queued")
    links = seen["fetched"].pop("subresourceUris")
    assert seen["created"].pop("subresourceUris") == {"media": links.pop("media")}
    assert seen["fetched"] == seen["created"]
    assert list(links) == ["feedback"]  # which only a message that is fetched shows


def test_a_refusal_reaches_the_app_as_from_the_vendor(whoosh_server: Server, run: Run) -> None:
    assert run("refusal.mjs", whoosh_server) == {
        "status": 400,
        "code": 21211,
        "message": "Invalid 'To' Phone Number: XXXX",
        "moreInfo": "https://www.twilio.com/docs/errors/21211",
    }


def test_lists_lead_from_page_to_page(whoosh_server: Server, run: Run) -> None:
    newest_first = [f"Number {number}" for number in reversed(range(7))]

    assert run("list.mjs", whoosh_server) == {
        "all": newest_first,
        "five": newest_first[:5],
        "page": newest_first[:3],
        "next": newest_first[3:6],
    }


def test_a_scheduled_message_is_sent_after_days_or_canceled(whoosh_server: Server, run: Run) -> None:
    assert run("schedule.mjs", whoosh_server) == {
        "senders": [SENDER],
        "history": [["scheduled", "scheduled"], ["scheduled", "canceled"], ["delivered", "canceled"]],
    }


def test_messages_are_redacted_and_deleted(whoosh_server: Server, run: Run) -> None:
    assert run("forget.mjs", whoosh_server) == {
        "code": "409612",
        "body": "",
        "removed": True,
        "left": 1,
        "outbox": [{"redacted": True, "deleted": False}, {"redacted": False, "deleted": True}],
    }


def test_the_app_receives_callbacks_and_checks_their_signatures(whoosh_server: Server, run: Run) -> None:
    seen = run("webhooks.mjs", whoosh_server)

    assert seen == {
        "heard": [
            ["/status", "sent", True],
            ["/status", "delivered", True],
            ["/status", "sent", True],
            ["/status", "undelivered", True],
            ["/sms", "received", True],
        ],
        "replies": ["Tomorrow? Yes!"],
        "error": None,
    }
    assert [callback.response_status for callback in whoosh_server.whoosh.callbacks] == [204, 204, 204, 204, 200]
