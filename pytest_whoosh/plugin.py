"""The pytest plugin: the ``whoosh`` fixture, its marker and options, the guard, and the sections of a failed test.

pytest imports this module in every run of every project that has it installed. So the rest of the package, and any
library that a test may not need, is imported only when a test needs it.
"""

from __future__ import annotations

import sys
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .engine.misuse import WhooshNotFakedError
    from .guarding import RunGuard
    from .server.serving import Server
    from .whoosh import Whoosh

#: The settings of the ini file, without the prefix ``whoosh_``, with their descriptions for ``pytest --help``.
SETTINGS = {
    "account_sid": "SID of the fake account",
    "api_key": "SID of its API key",
    "api_secret": "secret of its API key",
    "auth_token": "its auth token, which signs webhooks",
    "credentials": "'any' Basic credentials, or 'exact'ly the account's",
    "senders": "'any' well-formed sender, or only 'owned' ones",
    "numbers": "accept every 'possible' number, or only 'valid' ones",
    "callback_hosts": (
        "a StatusCallback can use 'any' host, or only 'public' ones: not this machine or a private address"
    ),
    "clock": "'auto': frozen once a test moves time; 'frozen': from the start; 'virtual': never the app's",
    "delays": "delay before each status of a message",
    "throughput": "'unlimited' or 'realistic' sending rates",
    "callbacks": "webhooks go to 'mounted' apps only, or over 'http' too",
    "schedule_minimum": "shortest lead of a scheduled send",
    "app_errors": "'record' errors of a mounted app, or 'raise' them in the test too",
    "unfaked": "'refuse' calls to what is not faked, or answer '404' like release 1.0",
    "env": "more environment variables for the account's values, one `NAME = account_sid` a line",
    "django_settings": "Django settings for the account's values, one `NAME = auth_token` a line",
    "guard": "refuse calls to the vendor from tests without the fixture",
    "url_host": (
        "the host in URLs that webhooks carry: 'twilio', 'whoosh' or a host; by default the host that the app called"
    ),
    "seed": "part of every generated SID",
}
_PREFIX = "whoosh_"
#: The number of doubles that are remembered if a test creates its own. Some tests create hundreds.
_MOST_DOUBLES = 3
_DOUBLE: pytest.StashKey[Whoosh | None] = pytest.StashKey()
_STARTED_DOUBLES: pytest.StashKey[deque[Whoosh]] = pytest.StashKey()
_NO_DOUBLES: deque[Whoosh] = deque(maxlen=0)
_SHOWN: pytest.StashKey[bool] = pytest.StashKey()
#: True while the test's own function runs.
_TEST_IS_RUNNING: pytest.StashKey[bool] = pytest.StashKey()
_GUARD: pytest.StashKey[RunGuard] = pytest.StashKey()
_INI: pytest.StashKey[dict[str, Any]] = pytest.StashKey()
_REPORT = "--whoosh-report"

_WIDER_SCOPE = (
    "The whoosh fixture lasts for one test, so tests cannot share messages. In a fixture of a wider scope, create a "
    "double:\n\n"
    "    from pytest_whoosh import Whoosh\n\n"
    "    with Whoosh() as whoosh:\n"
    "        yield whoosh"
)

_FAILED_ASSERT = (
    "an assert in a handler of this test failed, and nothing else did: {error}. "
    'To fail the test: @pytest.mark.whoosh(app_errors="raise").'
)


def _is_usage_error(info: Any) -> bool:
    """True if a test caused an error. Its traceback then leaves out the frames of this module."""
    from .engine.misuse import is_usage_error

    return is_usage_error(info)


__tracebackhide__ = _is_usage_error


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    """Register the report, and the settings as ini options."""
    _keep_compiled(pluginmanager)
    parser.getgroup("pytest-whoosh").addoption(
        _REPORT, metavar="PATH.html", help="write a page with the messages of each test to this file"
    )
    for name, about in SETTINGS.items():
        parser.addini(_PREFIX + name, f"pytest-whoosh: {about}", default=None)


def _keep_compiled(pluginmanager: pytest.PytestPluginManager) -> None:
    """Import the rest of the package as it was compiled when it was installed.

    pytest rewrites the assertions of all packages with a plugin, and compiles their modules anew for that. It does so
    in each run that finds no compiled files, as most CI jobs do. That costs the first test with a double half a second.
    Users need no values of assertions in this package. The list of rewritten packages is not part of pytest's API. If
    it moves, only that half second is lost.
    """
    marked = getattr(getattr(pluginmanager, "rewrite_hook", None), "_must_rewrite", None)
    if isinstance(marked, set):
        marked.discard(__package__)


@pytest.hookimpl(tryfirst=True)
def pytest_load_initial_conftests(early_config: pytest.Config) -> None:
    """Start the guard before a conftest.py is loaded, because the conftest.py may call the vendor."""
    try:
        on = bool(_ini_settings(early_config).get("guard", True))
    except pytest.UsageError:  # pytest_configure reports this error
        on = True
    _guard(early_config, on=on)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, check the settings of the ini file and the report's path, and start the guard."""
    config.addinivalue_line(
        "markers",
        "whoosh(**settings): settings of a test; `python -m pytest_whoosh guide settings` lists them",
    )
    settings = config.stash[_INI] = _ini_settings(config)
    if (report := config.getoption(_REPORT)) is not None:
        from .reporting import reporting

        config.pluginmanager.register(reporting(config, report, doubles_of), "pytest-whoosh-report")

    guard = _guard(config)
    guard.default = bool(settings.get("guard", True))
    guard.set(on=guard.default)


def _guard(config: pytest.Config, *, on: bool = True) -> RunGuard:
    """Return the guard of a run. The first call starts it."""
    if _GUARD not in config.stash:
        from .guarding import RunGuard

        guard = config.stash[_GUARD] = RunGuard(config, on=on)
        guard.start()
        config.pluginmanager.register(guard, "pytest-whoosh-guard")
    return config.stash[_GUARD]


def pytest_report_header(config: pytest.Config) -> str | None:
    """Return a header line with the settings of the ini file and the library that freezes time."""
    changed = [f"{name} = {_display(name, value)}" for name, value in config.stash[_INI].items()]
    freezer = "time-machine" if find_spec("time_machine") else "freezegun"
    return ", ".join([f"whoosh: freezes time with {freezer}", *changed])


def _display(name: str, value: object) -> str:
    if name in ("api_secret", "auth_token"):
        return "[hidden]"
    if name == "delays" and isinstance(value, Mapping):
        from .engine.messages.lifecycle import DELAYS

        value = {str(step): f"{delay.total_seconds():g}s" for step, delay in value.items() if DELAYS.get(step) != delay}
    if isinstance(value, Mapping):
        return ", ".join(f"{step}={delay}" for step, delay in value.items())
    return str(value)


@pytest.fixture
def whoosh(request: pytest.FixtureRequest) -> Iterator[Whoosh]:
    """An in-memory fake of the Messages API of Whoosh and Twilio, active during the test."""
    from .whoosh import Whoosh

    double = Whoosh(**_settings(request.node))
    try:
        with double:
            request.node.stash[_DOUBLE] = double
            yield double
    finally:
        double._end_if_left()


@pytest.fixture
def whoosh_server(whoosh: Whoosh) -> Iterator[Server]:
    """The fake behind a real HTTP server on this machine, for other processes and other languages."""
    with _server(whoosh, tls=False) as server:
        yield server


@pytest.fixture
def whoosh_tls_server(whoosh: Whoosh) -> Iterator[Server]:
    """The fake behind a real HTTPS server on this machine, for other processes and other languages."""
    with _server(whoosh, tls=True) as server:
        yield server


def _server(double: Whoosh, *, tls: bool) -> Server:
    from .server import require_extra

    try:
        require_extra()
    except ImportError as missing:
        raise pytest.UsageError(str(missing)) from None

    from .server.serving import Server

    return Server(double, tls=tls)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Restore patched functions after a test, and release its doubles, because pytest keeps each item until the end."""
    try:
        return (yield)
    finally:
        item.stash[_DOUBLE] = None
        item.stash[_STARTED_DOUBLES] = _NO_DOUBLES
        if patching := sys.modules.get(f"{__package__}.interception.patching"):
            patching.tidy()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Switch the guard on or off for a test, and forget the state of an earlier run of the same test."""
    item.stash[_DOUBLE] = None
    item.stash[_SHOWN] = False
    if module := sys.modules.get(f"{__package__}.whoosh"):
        item.stash[_STARTED_DOUBLES] = module.Whoosh._started_doubles = deque(maxlen=_MOST_DOUBLES)
    guard = item.config.stash[_GUARD]
    try:
        settings = _settings(item)
    except pytest.UsageError as problem:  # a wrong marker of one test must not end the run
        raise pytest.fail.Exception(str(problem), pytrace=False) from None
    guard.begin_test(on=bool(settings.get("guard", guard.default)))


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Record that the test function is running, and fail a test that swallowed a WhooshNotFakedError.

    If the test passes although an ``assert`` in its own handler failed, warn.
    """
    item.stash[_TEST_IS_RUNNING] = True
    try:
        yield
    except BaseException:  # the test fails already
        _swallowed_errors(item)
        raise
    finally:
        item.stash[_TEST_IS_RUNNING] = False
    for error in _swallowed_errors(item):
        pytest.fail(str(error), pytrace=False)
    for double in doubles_of(item):
        for webhook in double._vendor.webhooks.all:
            if webhook.exception is not None and not webhook.result_was_read:
                _warn_of_failed_assert(item, webhook.exception)


def _warn_of_failed_assert(item: pytest.Item, error: BaseException) -> None:
    """Warn if an exception is a failed ``assert`` in the test's own file. The app answered 500, and the test passed."""
    from .delivery.exceptions import describe_exception, is_assert_of

    if is_assert_of(error, item.path):
        warning = pytest.PytestWarning(_FAILED_ASSERT.format(error=describe_exception(error)))
        is_error = False
        try:
            item.warn(warning)
        except pytest.PytestWarning:  # the run turns warnings into errors
            is_error = True
        if is_error:  # outside of the `except`, so pytest does not show the warning as the error's cause
            pytest.fail(str(warning), pytrace=False)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test if its fixtures or threads made a call that is not faked, and swallowed the error."""
    _swallowed_errors(item)  # drops the errors of a set-up that failed
    yield
    for error in _swallowed_errors(item):
        pytest.fail(str(error), pytrace=False)


def _swallowed_errors(item: pytest.Item) -> list[WhooshNotFakedError]:
    """Return each WhooshNotFakedError that the app or the test swallowed, and forget it."""
    return [error for double in doubles_of(item) if (error := double._swallowed())]


@pytest.hookimpl(wrapper=True)
def pytest_assertrepr_compare(op: str, left: object, right: object) -> Generator[None, Any, Any]:
    """Add advice to a comparison of two statuses, such as ``assert message.status == "delivered"``."""
    explanations = yield
    if op == "==" and isinstance(left, str) and isinstance(right, str) and f"{__package__}.whoosh" in sys.modules:
        from .whoosh import active_doubles
        from .wording.assertions import explain_statuses

        # In a handler, time is moving: the advice to advance it would be wrong.
        doubles = [double for double in active_doubles() if not double.is_moving]
        records = [record for double in doubles for record in double._vendor.outbound]
        if advice := explain_statuses(left, right, records):
            return [[*lines, "", advice] if lines else lines for lines in explanations]
    return explanations


# Not tryfirst: allure and others take the failure's text in their own wrappers, which lie around this one.
@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[Any]) -> Generator[None, Any, Any]:
    """Add the traffic to a test's first failure and to each failing subtest, and the refusals of the guard."""
    if call.excinfo and type(call.excinfo.value) is TypeError and f"{__package__}.whoosh" in sys.modules:
        from .wording.wrong_calls import explain_wrong_call

        if explained := explain_wrong_call(call.excinfo.value, sys.modules[__package__]):
            call.excinfo.value.add_note(explained)
    report = yield
    if not report.failed:
        return report
    if reporting := sys.modules.get(f"{__package__}.reporting"):  # the page shows the traffic in its own way
        item.stash[reporting.FAILURE_TEXT] = report.longreprtext
    # pytest asks for the report of a subtest while the test itself still runs.
    is_subtest = item.stash.get(_TEST_IS_RUNNING, False)
    if item.stash.get(_SHOWN, False) and not is_subtest:
        return report
    item.stash[_SHOWN] = True
    doubles = doubles_of(item)
    for number, double in enumerate(doubles, 1):
        if len(doubles) == 1:
            _add_section(report, "whoosh traffic", double.traffic())
        else:
            title = f"whoosh traffic, double {number} of {len(doubles)}"
            _add_section(report, title, f"{_origin(item, double)}\n{double.traffic()}")
    refusals = item.config.stash[_GUARD].refusals
    if refusals and refusals[0].partition(" (in thread ")[0] not in report.longreprtext:
        _add_section(report, "whoosh guard", "\n".join(refusals))
    if report.when == "setup" and "function scoped fixture whoosh with a" in report.longreprtext:
        _add_section(report, "whoosh scope", _WIDER_SCOPE)
    return report


def _add_section(report: pytest.TestReport, title: str, text: str) -> None:
    """Add a section to the failure itself, so JUnit XML, IDEs and ``--show-capture=no`` show it too."""
    add = getattr(report.longrepr, "addsection", None)
    if add:
        add(title, text)
    else:  # a failure without a traceback is a text
        report.longrepr = f"{report.longreprtext}\n{f' {title} ':-^80}\n{text}"


def doubles_of(item: pytest.Item) -> list[Whoosh]:
    """Return the doubles that a test used: the fixture's, and those that the test or its other fixtures created."""
    module = sys.modules.get(f"{__package__}.whoosh")
    if module is None:
        return []
    funcargs = (getattr(item, "funcargs", None) or {}).values()
    # The active doubles include those of fixtures of a class or module, which another test may have set up.
    values = [item.stash.get(_DOUBLE, None), *funcargs, *item.stash.get(_STARTED_DOUBLES, ()), *module.active_doubles()]
    doubles = {id(value): value for value in values if isinstance(value, module.Whoosh)}
    return [double for double in doubles.values() if double._was_started]


def _origin(item: pytest.Item, double: Whoosh) -> str:
    """Say where a double comes from, for a test that used several."""
    if item.stash.get(_DOUBLE, None) is double:
        return "The double of the whoosh fixture."
    fixtures: Mapping[str, object] = getattr(item, "funcargs", None) or {}
    if name := next((name for name, value in fixtures.items() if value is double), None):
        return f"The double of the fixture {name!r}."
    if double in item.stash.get(_STARTED_DOUBLES, ()):
        return "A double that started during the test."
    return "A double that is active around the test: of a class, a module or the session."


def _settings(item: pytest.Item) -> dict[str, Any]:
    """Return a test's settings by name: from the ini file, and from its markers, where the nearest one wins."""
    settings: dict[str, Any] = item.config.stash[_INI].copy()
    of_parameters = [mark for mark in _callspec_marks(item) if mark.name == "whoosh"]
    for marker in reversed([*of_parameters, *item.iter_markers("whoosh")]):
        if marker.args:
            raise pytest.UsageError(
                f"pytest-whoosh, for {item.nodeid}: @pytest.mark.whoosh takes settings by name, not {marker.args!r}."
            )
        for name, value in _checked(dict(marker.kwargs), lambda _: f"for {item.nodeid}").items():
            # Only these two settings are merged.
            settings[name] = {**settings.get(name, {}), **value} if name in ("env", "django_settings") else value
    return settings


def _callspec_marks(item: pytest.Item) -> Sequence[pytest.Mark]:
    """Return the marks of a test's parameters. pytest lists them last, among the marks of the function."""
    return getattr(getattr(item, "callspec", None), "marks", ())


def _ini_settings(config: pytest.Config) -> dict[str, Any]:
    """Return the settings of the ini file. An unknown name or a wrong value is a usage error."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pytest.PytestDeprecationWarning)
        written: Mapping[str, object] = config.inicfg
        values = {name: _ini_value(config, written, _PREFIX + name) for name in SETTINGS}
    given = {name: value for name, value in values.items() if value is not None}
    unknown = [name for name in written if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in SETTINGS]
    given |= {name.removeprefix(_PREFIX): None for name in unknown}
    return _checked(given, lambda name: f"{_PREFIX}{name} in the ini file")


def _ini_value(config: pytest.Config, written: Mapping[str, object], name: str) -> object:
    try:
        return config.getini(name)
    except (TypeError, pytest.UsageError):  # TOML has other types than strings, as in whoosh_guard = false
        return written[name]


def _checked(given: dict[str, Any], where: Callable[[str], str]) -> dict[str, Any]:
    """Return the values of the given settings. ``where`` returns the place of a setting, for the error's text."""
    checked: dict[str, Any] = {}
    if not given:
        return checked

    from .engine.settings import read_setting

    for name, value in given.items():
        try:
            checked[name] = read_setting(name, value)
        except (TypeError, ValueError) as problem:
            raise pytest.UsageError(f"pytest-whoosh, {where(name)}: {problem}") from None
    return checked
