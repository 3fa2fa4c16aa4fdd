"""Writes the page of a test run for ``--whoosh-report``. The plugin registers this module only with that option."""

from __future__ import annotations

import os
from collections.abc import Callable, Generator
from pathlib import Path
from textwrap import dedent
from typing import TYPE_CHECKING, Any, TypeAlias

import pytest

from .report import require_extra, writable
from .report.run import Run, as_json, write
from .report.secrets import hider, secrets_in

if TYPE_CHECKING:
    from .whoosh import Whoosh

#: The option that names the file.
OPTION = "--whoosh-report"
#: Finds the doubles that a test used.
Doubles: TypeAlias = "Callable[[pytest.Item], list[Whoosh]]"
#: The text of a failure before the plugin adds the traffic to it.
FAILURE_TEXT: pytest.StashKey[str] = pytest.StashKey()
_PLACE: pytest.StashKey[tuple[str, int]] = pytest.StashKey()
_SECRETS: pytest.StashKey[dict[str, str]] = pytest.StashKey()


def reporting(config: pytest.Config, path: str, doubles_of: Doubles) -> _PageData | _PageWriter:
    """Return the plugin that makes the report, after checking that the file can be written.

    Raises:
        UsageError: The file cannot be written. The text says why.
    """
    if hasattr(config, "workerinput"):
        return _PageData(doubles_of)
    try:
        require_extra()
        return _PageWriter(config, writable(path), doubles_of)
    except (ImportError, ValueError) as problem:
        raise pytest.UsageError(f"pytest-whoosh, {OPTION}: {problem}") from None


class _PageData:
    """Adds the data for the page to the reports of tests. In an xdist worker, nothing else is needed."""

    def __init__(self, doubles_of: Doubles) -> None:
        self._doubles_of = doubles_of
        self._collected = 0

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        """Record the name and the position of a test, before other plugins change them."""
        item.stash[_PLACE] = item.nodeid, self._collected
        self._collected += 1

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Record the secrets in the environment, before a test changes it."""
        item.stash[_SECRETS] = secrets_in(os.environ)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
        """Add the text of the failure to a report and, after the tear-down, the data of the test's doubles."""
        report = yield
        doubles = self._doubles_of(item)
        secrets = item.stash[_SECRETS] = item.stash.get(_SECRETS, {}) | secrets_in(os.environ)
        hide = hider(secrets, own={value for double in doubles for value in double.environment.values()})
        name, place = item.stash.get(_PLACE, (item.nodeid, None))
        report.whoosh_page = {"name": hide(name), "place": place}
        if report.failed:
            report.whoosh_page["failure"] = hide(item.stash.get(FAILURE_TEXT, report.longreprtext))
            if call.excinfo:
                at = failure_place(call.excinfo, item.config.rootpath) or {}
                report.whoosh_page["at"] = {key: hide(text) for key, text in at.items()}
        if report.when == "teardown":
            # As JSON, because xdist cannot send every value that a message may contain.
            report.whoosh_page["doubles"] = [as_json(double.snapshot(hide)) for double in doubles]
        return report


class _PageWriter(_PageData):
    """Collects the tests of a run, including those of xdist workers, and writes the page at the end."""

    def __init__(self, config: pytest.Config, path: Path, doubles_of: Doubles) -> None:
        super().__init__(doubles_of)
        self._path = path
        self._run = Run(config.rootpath.name)
        self._ran = False
        self._said = ""

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Remove the data for the page from a report, and collect it."""
        key = report.nodeid, getattr(report, "node", None)
        added: dict[str, Any] = vars(report).pop("whoosh_page", {})
        if report.when == "setup":
            self._run.start(key, added.get("name", report.nodeid), added.get("place"))
        outcome = _outcome(report)
        if outcome:
            failure = added.get("failure") or (str(report.longrepr) if report.failed else "")
            self._run.add(key, report.nodeid, outcome, failure, added.get("at"))
        if "doubles" in added:
            self._run.finish(key, added["doubles"])

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        """Record that tests are run, and not only collected."""
        self._ran = not session.config.option.collectonly
        return (yield)

    def pytest_sessionfinish(self) -> None:
        """Write the page, if tests were run."""
        if not self._ran:
            return

        from .report.pages import render_report  # imported late, because it needs the extra, and workers do not

        try:
            write(self._path, render_report(self._run))
            self._said = f"Whoosh report: {self._path.as_uri()}"
        except OSError as problem:
            self._said = f"Whoosh report not written: {problem}"

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the location of the page."""
        if self._said:
            terminalreporter.write_sep("-", self._said)


def failure_place(excinfo: pytest.ExceptionInfo[BaseException], root: Path) -> dict[str, str] | None:
    """Return the last line of the project's own code in a failure's traceback, or None if there is none."""
    entries = list(excinfo.traceback.filter(excinfo)) or list(excinfo.traceback)
    own = [entry for entry in entries if _is_own(Path(entry.path), root) and entry.frame.code.fullsource]
    if not own:
        return None
    last = own[-1]
    return {
        "line": f"{Path(last.path).relative_to(root).as_posix()}:{last.lineno + 1}",
        "source": dedent("\n".join(last.statement.lines)).strip(),
        "error": excinfo.exconly().partition("\n")[0].removeprefix("AssertionError: "),
    }


def _is_own(path: Path, root: Path) -> bool:
    """True if a file belongs to the project, and not to a library that is installed in its folder."""
    return path.is_relative_to(root) and "site-packages" not in path.parts


def _outcome(report: pytest.TestReport) -> str | None:
    """Return the outcome of a phase of a test, or None if the phase does not change the outcome."""
    if report.failed:
        return "error" if report.when in ("setup", "teardown") else "failed"
    if hasattr(report, "wasxfail"):
        return "xfailed" if report.skipped else "xpassed"
    if report.skipped:
        return "skipped"
    return "passed" if report.passed and report.when == "call" else None
