"""Fixtures and constants for all tests."""

from collections.abc import Callable
from contextlib import suppress
from importlib import import_module

import pytest
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh

#: The person that tests write to, and the number that they write from.
PERSON = "+15558675310"
SENDER = "+15557122661"

# Imported here first, because pytester removes the modules that a run in this process is the first to import. With
# two copies of a library or its classes, tests would depend on their order.
for library in ("yaml", "httpx", "aiohttp"):
    with suppress(ImportError):
        import_module(library)

pytest_plugins = ["pytester", "tests.browser"]

try:
    from hypothesis import settings
except ImportError:  # the examples run without it
    pass
else:
    # The same examples on every run and machine; a slow machine is not a failure.
    settings.register_profile("deterministic", derandomize=True, deadline=None)
    settings.load_profile("deterministic")


@pytest.fixture
def pytester(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> pytest.Pytester:
    """A run of pytest that prints the same on every machine: pytest shortens its summary unless one of these is set."""
    for name in ("CI", "BUILD_NUMBER"):
        monkeypatch.delenv(name, raising=False)
    return pytester


@pytest.fixture
def client(whoosh: Whoosh) -> Client:
    """The SDK, as an app holds it."""
    return Client(whoosh.account_sid, whoosh.auth_token)


@pytest.fixture
def send(client: Client, whoosh: Whoosh) -> Callable[..., Message]:
    """Send a message as an app does, and return it as a test reads it."""

    def send(body: str = "Hi", **parameters: object) -> Message:
        client.messages.create(**{"to": PERSON, "from_": SENDER, "body": body} | parameters)
        return whoosh.outbox[-1]

    return send
