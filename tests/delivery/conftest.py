"""The loopback server that webhooks are delivered to."""

from tests.interception.conftest import auth, form, messages_url, server  # noqa: F401
