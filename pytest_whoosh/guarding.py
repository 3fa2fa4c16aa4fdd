"""The guard of a test run: switches it on and off, words its errors, and fails the right test."""

from __future__ import annotations

import atexit
import sys
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType, TracebackType
from typing import Any, Final

import pytest

from .engine.misuse import WhooshGuardError, is_usage_error
from .interception.children import Children, suspend_child_guard
from .interception.expectations import is_expected_or_shown, watch
from .interception.guard import Guard
from .interception.threads import ThreadOrigins

__tracebackhide__ = is_usage_error

_STOPPED: Final = "pytest-whoosh stopped the call before it left this machine"
_LIVE: Final = (
    "For a live test: @pytest.mark.whoosh(guard=False), or whoosh_guard = false in the ini file for all tests."
)
_IN_TEST: Final = (
    "this test called {host} without the whoosh fixture, and {stopped}. "
    "Use the fixture, and the fake answers: def test_...(whoosh). {live}"
)
_IN_WIDER_FIXTURE: Final = (
    "this test called {host} without the whoosh fixture, and {stopped}. "
    "The {scope} fixture {fixture!r} made the call, but the whoosh fixture lasts for one test only. "
    "Put `with Whoosh() as whoosh:` around its `yield` (from pytest_whoosh import Whoosh). {live}"
)
_BEFORE_TESTS: Final = (
    "a conftest.py or a plugin called {host} while pytest was starting, and {stopped}. "
    "Make the call in a test or fixture that uses the whoosh fixture, and the fake answers. "
    "To allow the call: whoosh_guard = false in the ini file."
)
_AFTER_TESTS: Final = (
    "a thread or an atexit handler called {host} after the tests had ended, and {stopped}. "
    "Stop the thread, or call the handler, in the tear-down of a fixture that uses the whoosh fixture. "
    "To allow the call: whoosh_guard = false in the ini file."
)
_SWALLOWED: Final = "The app swallowed this refusal: {refusal}"
_IN_THREAD: Final = "In thread {thread!r}, the app swallowed this refusal: {refusal}"
_ENDED_THREAD: Final = "Thread {thread!r} ended with this refusal: {refusal}"
_LATE: Final = "A thread or process that this test started was refused later, while {running}: {refusal}"

_SHOWN: Final[pytest.StashKey[bool]] = pytest.StashKey()
_LATE_REPORTS: Final = "whoosh_late_refusals"


class RunGuard:
    """Guards one run of pytest, as a separate plugin. It starts before the first conftest.py is loaded."""

    def __init__(self, config: pytest.Config, *, on: bool) -> None:
        self._config = config
        self._phase = _BEFORE_TESTS
        self._refusals: list[WhooshGuardError] = []
        self._late_failures: list[tuple[str, str]] = []
        self._item: pytest.Item | None = None
        self._guard = Guard(self._explain, on=on, record=self._record)
        self._threads = ThreadOrigins(lambda frame: _wider_fixture(frame) is not None)
        self._children = Children()
        #: True if tests without a setting of their own are guarded.
        self.default = on

    def start(self) -> None:
        """Start the guard."""
        suspend_child_guard(suspended=True)
        self._guard.start()
        self._threads.start()
        self._guard.run = self._children.start()
        self._children.guard(on=self._guard.on)
        self._config.add_cleanup(self._end)

    def _end(self) -> None:
        """Remove the guard. In a process that pytest owns, the guard stays until the process ends."""
        self._phase = _AFTER_TESTS
        if _owns_process():
            atexit.register(self._end_children)
            return
        self._end_children()
        self._threads.stop()
        self._guard.stop()
        suspend_child_guard(suspended=False)

    def _end_children(self) -> None:
        self._guard.run = None
        self._children.stop()

    @property
    def refusals(self) -> list[str]:
        """The texts of the running test's refusals."""
        return [str(refusal) for refusal in self._refusals]

    def set(self, *, on: bool) -> None:
        """Switch the guard on or off."""
        if self._guard.on != on:
            self._guard.on = on
            self._children.guard(on=on)

    # Switching the guard on and off

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, object, object]:
        """Return to the default after each test."""
        self._item, self._threads.test = item, item.nodeid
        try:
            return (yield)
        finally:
            self.set(on=self.default)

    def begin_test(self, *, on: bool) -> None:
        """Prepare for a test: forget the refusals of an earlier run of the same test."""
        self._collect_refusals()
        self._refusals.clear()
        self.set(on=on)
        self._guard.renew()
        watch()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection(self) -> None:
        """Record that tests are imported from now on."""
        self._phase = _IN_TEST

    # Error texts

    def _explain(self, host: str) -> str:
        fixture = _wider_fixture(sys._getframe()) if self._phase is _IN_TEST else None
        if fixture is None:
            return self._phase.format(host=host, stopped=_STOPPED, live=_LIVE)
        return _IN_WIDER_FIXTURE.format(
            host=host, stopped=_STOPPED, live=_LIVE, scope=fixture.scope, fixture=fixture.argname
        )

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[Any]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Show the refusal before the traceback, and end the traceback at the user's own code."""
        refusal = _refusal_in(call.excinfo.value) if call.excinfo else None
        if refusal is None:
            report = yield
        else:
            with _shortened_traceback(refusal.__traceback__, item.config.rootpath):
                report = yield
        if report.failed and not item.stash.get(_SHOWN, False):
            item.stash[_SHOWN] = True
            if refusal is not None:
                _prepend_text(report, str(refusal))
        return report

    # Failing the right test

    def _record(self, refusal: WhooshGuardError, _: Guard) -> None:
        if not self._children.write(refusal):
            self._refusals.append(refusal)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_setup(self, item: pytest.Item) -> Generator[None, None, None]:
        """Forget that an earlier run of the test has shown its refusal."""
        item.stash[_SHOWN] = False
        yield

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_call(self) -> Generator[None, None, None]:
        """Fail a test if its app called the vendor and swallowed the refusal."""
        try:
            yield
        finally:  # also for a failed test, so its refusals do not fail its tear-down
            self._collect_refusals()
        self._fail_for_refusals()

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_teardown(self) -> Generator[None, None, None]:
        """Fail a test if its fixtures, threads or processes called the vendor after it and swallowed the refusal."""
        self._refusals.clear()
        try:
            yield
            self._collect_refusals()
            self._fail_for_refusals()
        finally:
            self._refusals.clear()

    def _fail_for_refusals(self) -> None:
        swallowed = [refusal for refusal in self._refusals if not is_expected_or_shown(refusal)]
        if swallowed:
            pytest.fail(_explain_swallowed(swallowed[0], self._config.rootpath), pytrace=False)

    def _collect_refusals(self) -> None:
        """Collect the refusals of child processes, and pass the refusals of other tests on to these tests."""
        self._refusals += self._children.refusals()
        if not self._refusals:
            return
        current = self._threads.test
        running = f"{current} was running" if current else "no test was running"
        for refusal in [refusal for refusal in self._refusals if refusal.test not in (None, current)]:
            self._refusals.remove(refusal)
            self._fail_ended_test(str(refusal.test), _LATE.format(running=running, refusal=refusal))

    def _fail_ended_test(self, test: str, text: str) -> None:
        """Fail a test that has ended already."""
        if hasattr(self._config, "workeroutput"):
            self._late_failures.append((test, text))  # an xdist worker can only report the running test
        else:
            _report_failure(self._config, test, text)

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionfinish(self) -> None:
        """Report the refusals since the last test."""
        self._threads.test = None
        self._refusals[:] = [refusal for refusal in self._refusals if refusal.test]
        self._collect_refusals()
        if hasattr(self._config, "workeroutput"):
            self._config.workeroutput[_LATE_REPORTS] = self._late_failures

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any) -> None:
        """Report the failures that an xdist worker could not report itself."""
        for test, text in getattr(node, "workeroutput", {}).get(_LATE_REPORTS, ()):
            _report_failure(self._config, test, text)


def _report_failure(config: pytest.Config, test: str, text: str) -> None:
    path, _, name = test.partition("::")
    report = pytest.TestReport(
        nodeid=test,
        location=(path, None, name.replace("::", ".")),
        keywords={},
        outcome="failed",
        longrepr=text,
        when="teardown",
    )
    config.hook.pytest_runtest_logreport(report=report)


def _refusal_in(error: BaseException) -> WhooshGuardError | None:
    """Return the refusal that an error is or that caused it, or None."""
    seen: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in seen:
        if isinstance(current, WhooshGuardError):
            return current
        seen.append(current)
        current = current.__cause__ or (None if current.__suppress_context__ else current.__context__)
    return None


def _explain_swallowed(refusal: WhooshGuardError, root: Path) -> str:
    """Return the text about a refusal that reached neither the test nor pytest: its thread, the refusal, its place."""
    text, thread = str(refusal), refusal._thread
    if thread is None:
        explained = _SWALLOWED.format(refusal=text)
    else:
        caught_in = refusal.__traceback__.tb_frame.f_globals if refusal.__traceback__ else {}
        ended = caught_in.get("__name__") == "threading"  # no code in the thread caught it
        text = text.removesuffix(f" (in thread {thread!r})")
        explained = (_ENDED_THREAD if ended else _IN_THREAD).format(thread=thread, refusal=text)
    return explained + _called_at(refusal, root)


def _called_at(refusal: WhooshGuardError, root: Path) -> str:
    """Return a line with the place in the user's own code that made the refused call; empty if it is unknown."""
    place, entry = "", refusal.__traceback__
    while entry is not None:
        path = Path(entry.tb_frame.f_code.co_filename)
        if _is_own_code(path, root) and not path.is_relative_to(Path(__file__).parent):
            place = f"\nCalled at {path.relative_to(root).as_posix()}:{entry.tb_lineno}."
        entry = entry.tb_next
    return place


@contextmanager
def _shortened_traceback(traceback: TracebackType | None, root: Path) -> Iterator[None]:
    """End a traceback at the last line of the user's own code, for the context."""
    last, entry = None, traceback
    while entry is not None:
        if _is_own_code(Path(entry.tb_frame.f_code.co_filename), root):
            last = entry
        entry = entry.tb_next
    if last is None:
        yield
        return
    rest, last.tb_next = last.tb_next, None
    try:
        yield
    finally:
        last.tb_next = rest


def _is_own_code(path: Path, root: Path) -> bool:
    return path.is_relative_to(root) and not {"site-packages", "dist-packages"}.intersection(path.parts)


def _prepend_text(report: pytest.TestReport, text: str) -> None:
    """Show a text at the beginning of a failure."""
    from _pytest._code.code import ExceptionChainRepr, ReprEntryNative, ReprTraceback

    shown = report.longrepr
    if isinstance(shown, ExceptionChainRepr):
        first = ReprTraceback([ReprEntryNative([text + "\n"])], None, "native")
        shown.chain = [(first, None, None), *shown.chain]


def _wider_fixture(frame: FrameType | None) -> pytest.FixtureDef[Any] | None:
    """Return the fixture that is being set up in the stack above a frame, if its scope is wider than a test."""
    while frame is not None:
        if frame.f_code.co_name == "pytest_fixture_setup":
            fixture = frame.f_locals.get("fixturedef")
            if isinstance(fixture, pytest.FixtureDef):
                return fixture if fixture.scope != "function" else None
        frame = frame.f_back
    return None


def _owns_process() -> bool:
    """True if the process runs the pytest command, and not a script that calls ``pytest.main()``."""
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        if frame.f_globals.get("__name__") == "_pytest.config":
            name = frame.f_code.co_name
            caller = frame.f_back.f_code.co_name if frame.f_back else ""
            if name in {"console_main", "_console_main"}:
                return True
            if name == "main":  # before pytest 9.1, the command calls main() too
                return caller == "console_main"
        frame = frame.f_back
    return False
