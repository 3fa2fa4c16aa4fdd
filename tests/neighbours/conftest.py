"""Shared fixtures: the libraries are restored after each test, and pytest runs with a neighbour's plugin."""

import sys
from collections.abc import Callable, Iterator
from functools import reduce
from importlib.util import find_spec
from pathlib import Path

import pytest

from pytest_whoosh.interception.patching import tidy
from tests.interception.conftest import server  # noqa: F401  a fixture for these tests as well

#: The attributes of client libraries that mocks replace, by module.
PLACES = {
    "requests": ["Session.send", "Session.get_adapter", "adapters.HTTPAdapter.send"],
    "socket": ["socket", "getaddrinfo", "socket.connect"],
    "http.client": [
        "HTTPConnection",
        "HTTPConnection.putrequest",
        "HTTPConnection.connect",
        "HTTPSConnection",
        "HTTPSConnection.connect",
    ],
    "urllib3.connection": ["HTTPConnection", "HTTPConnection.connect", "HTTPSConnection", "HTTPSConnection.connect"],
    "urllib3.connectionpool": ["is_connection_dropped"],
    "httpx": [
        "HTTPTransport.handle_request",
        "AsyncHTTPTransport.handle_async_request",
        "Client._transport_for_url",
        "AsyncClient._transport_for_url",
    ],
    "aiohttp": [
        "TCPConnector._create_connection",
        "BaseConnector._get",
        "ClientSession._request",
        "ClientSession.post",
    ],
    "vcr.cassette": ["Cassette.append", "Cassette.can_play_response_for", "Cassette.filter_request"],
    "respx.router": ["Router.handler", "Router.async_handler"],
}


def needs(*modules: str) -> pytest.MarkDecorator:
    """Skip a test if one of these is not installed. Nothing is imported here, because plugins affect other tests."""
    missing = [module for module in modules if find_spec(module) is None]
    return pytest.mark.skipif(bool(missing), reason=f"needs {', '.join(missing)}")


def what_stands() -> dict[str, object]:
    return {
        f"{module}.{name}": reduce(getattr, name.split("."), sys.modules[module])
        for module, names in PLACES.items()
        if module in sys.modules
        for name in names
    }


@pytest.fixture(autouse=True)
def everything_is_as_it_was() -> Iterator[None]:
    """Check that each test here restores everything."""
    before = what_stands()
    yield
    tidy()  # as the plugin does after each test
    after = what_stands()
    assert {name: after[name] for name in before} == before


@pytest.fixture
def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run pytest in a process of its own on a file that may import ``app``, with only our plugin and the named ones."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("PYTHONPATH", str(Path(__file__).parent))

    def run(source: str, *options: str, plugins: tuple[str, ...] = ()) -> pytest.RunResult:
        pytester.makepyfile(source)
        chosen = [option for plugin in ("whoosh", *plugins) for option in ("-p", plugin)]
        return pytester.runpytest_subprocess(*chosen, "-W", "error", "--strict-markers", "--strict-config", *options)

    return run
