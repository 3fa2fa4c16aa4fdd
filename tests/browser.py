"""A real browser for the tests of pages: Chromium as the system has it, driven by Playwright."""

import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
#: The longest wait for a change of a page, in milliseconds. The machine may be busy.
_PATIENCE = 20_000


@dataclass
class Watch:
    """An error or a forbidden action of a page."""

    complaints: list[str] = field(default_factory=list)
    #: The URLs of the requests.
    requests: list[str] = field(default_factory=list)

    def over(self, page: Any) -> None:
        page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        page.on("console", self._note)
        page.on("dialog", self._dismiss)
        page.on("request", lambda request: self.requests.append(request.url))

    def _note(self, message: Any) -> None:
        # The browser itself logs responses with an error status, and a server that is down.
        if message.type in ("error", "warning") and not message.text.startswith("Failed to load resource"):
            self.complaints.append(f"{message.type}: {message.text}")

    def _dismiss(self, dialog: Any) -> None:
        self.complaints.append(f"dialog: {dialog.message}")
        dialog.dismiss()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """The browser of one module. Playwright's event loop runs as long as it, and would disturb other modules."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    chromium = os.environ.get("WHOOSH_CHROMIUM") or next(filter(None, map(shutil.which, _NAMES)), None)
    if chromium is None:
        pytest.skip("needs Chromium, from the system's packages: apt-get install chromium")
    playwright.expect.set_options(timeout=_PATIENCE)
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=chromium, args=list(_ARGUMENTS), timeout=3 * _PATIENCE)
        yield browser
        browser.close()


@pytest.fixture
def watch() -> Watch:
    """The errors of the page."""
    return Watch()


@pytest.fixture
def page(browser: Any, watch: Watch) -> Iterator[Any]:
    """A page in a window of its own. Any error in it fails the test. Its time zone is far from UTC."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, timezone_id="Asia/Tokyo", locale="en-GB")
    page = context.new_page()
    watch.over(page)
    yield page
    context.close()
    assert watch.complaints == []
