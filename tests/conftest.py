"""What every test of ours shares."""

import pytest
from twilio.rest import Client

from pytest_whoosh import Whoosh

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
def client(whoosh: Whoosh) -> Client:
    """The SDK, as an app holds it."""
    return Client(whoosh.account_sid, whoosh.auth_token)
