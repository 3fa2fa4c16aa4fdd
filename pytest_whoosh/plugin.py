"""The pytest plugin: the ``whoosh`` fixture, its marker and options, the guard, and what a failed test shows.

pytest imports this module in every run of every project that has it installed. So nothing else of the package, and no
library that a test may not need, is imported before a test asks for it.
"""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Generator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from .transports.guard import Guard
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
_DOUBLES: pytest.StashKey[list[Whoosh]] = pytest.StashKey()
_GUARD: pytest.StashKey[Guard] = pytest.StashKey()
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
    if given:
        _checked(given, "in the ini file")

    from .transports.guard import Guard

    guard = config.stash[_GUARD] = Guard(lambda host: _EXPLANATION.format(host=host))
    guard.start()


def pytest_unconfigure(config: pytest.Config) -> None:
    """Take the guard down."""
    guard = config.stash.get(_GUARD, None)
    if guard:
        guard.stop()


@pytest.fixture
def whoosh(request: pytest.FixtureRequest) -> Iterator[Whoosh]:
    """An in-memory fake of the Messages API of Whoosh (and Twilio), in force during the test."""
    from .whoosh import Whoosh

    with Whoosh(**_settings(request.node)) as double:
        request.node.stash.setdefault(_DOUBLES, []).append(double)
        yield double


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Generator[None, object, object]:
    """Let the guard stand or not, as the test's settings say."""
    guard = item.config.stash[_GUARD]
    guard.breaches.clear()
    guard.on = bool(_settings(item).get("guard", True))
    guard.start()
    try:
        return (yield)
    finally:
        guard.on = True


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """Fail a test whose app reached for the vendor, and swallowed the refusal."""
    result = yield
    doubles = pyfuncitem.stash.get(_DOUBLES, [])
    breaches = [*pyfuncitem.config.stash[_GUARD].breaches, *(each for double in doubles for each in double.breaches)]
    swallowed = [breach for breach in breaches if not _reached(pyfuncitem, breach)]
    if swallowed:
        pytest.fail(f"The app swallowed this refusal: {swallowed[0]}", pytrace=False)
    return result


def _reached(test: pytest.Function, error: BaseException) -> bool:
    """Whether an error got as far as the test itself, or to pytest.raises on its behalf.

    The traceback of an error starts at the frame that caught it.
    """
    if error.__traceback__ is None:
        return False
    frame = error.__traceback__.tb_frame
    own = getattr(inspect.unwrap(test.obj), "__code__", None)
    return frame.f_code is own or str(frame.f_globals.get("__name__", "")).startswith("_pytest.")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]) -> Generator[None, Any, Any]:
    """Show a failed test's traffic."""
    report = yield
    if report.failed and call.when != "teardown":
        doubles = item.stash.get(_DOUBLES, [])
        for double in doubles:
            report.sections.append(("whoosh traffic", double.traffic()))
    return report


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
