"""The pytest plugin: the ``whoosh`` fixture, its marker and options, the guard, and what a failed test shows.

pytest imports this module in every run of every project that has it installed. So nothing else of the package, and no
library that a test may not need, is imported before a test asks for it.
"""

from __future__ import annotations

import inspect
import sys
import warnings
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .transports.guard import Guard, WhooshGuardError
    from .whoosh import Whoosh

#: The settings that an ini file may hold, each as ``whoosh_<name>``.
SETTINGS = (
    "account_sid",
    "api_key",
    "api_secret",
    "auth_token",
    "credentials",
    "senders",
    "numbers",
    "clock",
    "delays",
    "throughput",
    "callbacks",
    "schedule_minimum",
    "guard",
    "seed",
)
_PREFIX = "whoosh_"
_DOUBLE: pytest.StashKey[Whoosh | None] = pytest.StashKey()
_SHOWN: pytest.StashKey[bool] = pytest.StashKey()
_GUARD: pytest.StashKey[Guard] = pytest.StashKey()
_BREACHES: pytest.StashKey[list[WhooshGuardError]] = pytest.StashKey()
_INI: pytest.StashKey[dict[str, object]] = pytest.StashKey()

_EXPLANATION = (
    "this test reached for {host} without the whoosh fixture, and pytest-whoosh stopped the call before it left this "
    "machine. Let the test take the fixture, def test_...(whoosh), and the fake answers. "
    "For a live test: @pytest.mark.whoosh(guard=False), or whoosh_guard = false in the ini file for all tests."
)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Register the settings as ini options."""
    for name in SETTINGS:
        parser.addini(_PREFIX + name, f"pytest-whoosh: the {name} setting of every double", default=None)


def pytest_configure(config: pytest.Config) -> None:
    """Register the marker, check the settings of the ini file, and put up the guard."""
    config.addinivalue_line(
        "markers", "whoosh(**settings): settings of the whoosh fixture for a test; the README lists them"
    )
    given = _ini_settings(config)
    settings = _checked(given, "in the ini file") if given else {}

    from .transports.guard import Guard

    breaches = config.stash[_BREACHES] = []
    guard = config.stash[_GUARD] = Guard(
        lambda host: _EXPLANATION.format(host=host), on=bool(settings.get("guard", True)), breaches=breaches
    )
    guard.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the guard down."""
    guard = config.stash.get(_GUARD, None)
    if guard:
        guard.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Check the settings of all markers, before any test runs."""
    for item in items:
        _settings(item)


@pytest.fixture
def whoosh(request: pytest.FixtureRequest) -> Iterator[Whoosh]:
    """An in-memory fake of the Messages API of Whoosh (and Twilio), in force during the test."""
    from .whoosh import Whoosh

    with Whoosh(**_settings(request.node)) as double:
        request.node.stash[_DOUBLE] = double
        yield double


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let the guard stand or not, as the test's settings say."""
    guard = item.config.stash[_GUARD]
    usual = guard.on
    guard.on = bool(_settings(item).get("guard", usual))
    try:
        return (yield)
    finally:
        guard.on = usual
        if patching := sys.modules.get(f"{__package__}.transports.patching"):
            patching.tidy()


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> Generator[None, None, None]:
    """Forget what an earlier run of the test has left."""
    item.stash[_DOUBLE] = None
    item.stash[_SHOWN] = False
    item.config.stash[_BREACHES].clear()
    yield


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test whose app reached for the vendor, and swallowed the refusal."""
    yield
    _fail_for_breaches(item)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None, None, None]:
    """Do the same for what fixtures and threads did after the test."""
    item.config.stash[_BREACHES].clear()
    yield
    _fail_for_breaches(item)


def _fail_for_breaches(item: pytest.Item) -> None:
    breaches = item.config.stash[_BREACHES]
    if breaches:
        pytest.fail(f"The app swallowed this refusal: {breaches[0]}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Show the traffic of a test at its first failure, and what it made of a refusal."""
    report = yield
    if not report.failed or item.stash.get(_SHOWN, False):
        return report
    item.stash[_SHOWN] = True
    report.sections += [("whoosh traffic", double.traffic()) for double in _doubles(item)]
    breaches = [str(breach) for breach in item.config.stash[_BREACHES]]
    if breaches and breaches[0] not in report.longreprtext:
        report.sections.append(("whoosh guard", "\n".join(breaches)))
    return report


def _doubles(item: pytest.Item) -> list[Whoosh]:
    """The doubles that a test used: the fixture's, and what its other fixtures made of the class."""
    module = sys.modules.get(f"{__package__}.whoosh")
    if module is None:
        return []
    values = [item.stash.get(_DOUBLE, None), *(getattr(item, "funcargs", None) or {}).values()]
    return list({id(value): value for value in values if isinstance(value, module.Whoosh)}.values())


def _settings(item: pytest.Item) -> dict[str, object]:
    """A test's settings by name: the ini file's, then those of its markers, the nearest last."""
    settings: dict[str, object] = dict(_ini_settings(item.config))
    marked = False
    for marker in reversed(list(item.iter_markers("whoosh"))):
        if marker.args:
            raise pytest.UsageError(f"@pytest.mark.whoosh takes settings by name only, not {marker.args!r}.")
        settings.update(marker.kwargs)
        marked = True
    return _checked(settings, f"for {item.nodeid}") if marked else settings


def _ini_settings(config: pytest.Config) -> dict[str, object]:
    given = config.stash.get(_INI, None)
    if given is None:
        given = config.stash[_INI] = {
            name: value for name in SETTINGS if (value := config.getini(_PREFIX + name)) is not None
        }
        for name in _ini_names(config):
            if name.startswith(_PREFIX) and name.removeprefix(_PREFIX) not in SETTINGS:
                given[name.removeprefix(_PREFIX)] = None
    return given


def _ini_names(config: pytest.Config) -> list[str]:
    """The names of all options in the ini file, known or not."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", pytest.PytestDeprecationWarning)
        return list(config.inicfg)


def _checked(given: dict[str, object], where: str) -> dict[str, object]:
    from .engine.settings import read_setting

    try:
        return {name: read_setting(name, value) for name, value in given.items()}
    except (TypeError, ValueError) as problem:
        raise pytest.UsageError(f"pytest-whoosh, {where}: {problem}") from None
