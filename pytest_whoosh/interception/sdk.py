"""An HTTP client for the Twilio SDK that sends its calls to Whoosh's hosts, or to a server."""

import os
import re
from typing import Any, Final
from urllib.parse import urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

from pytest_whoosh.engine.hosts import API_HOST, is_vendor, label_of

#: The environment variable with the URL to send calls to. A server sets it for other processes.
VARIABLE: Final = "WHOOSH_URL"
_TWILIO: Final = re.compile(r"^https://([a-z]+)(?:\.[a-z0-9-]+){0,2}\.twilio\.com(?=[/?]|$)")


class WhooshHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """An HTTP client of the Twilio SDK that calls Whoosh's hosts, as in the vendor's code samples.

    Args:
        base_url: The URL to send calls to, such as ``"https://api.whoosh.totogi.solutions"`` or the URL of a server.
            The default is the environment variable ``WHOOSH_URL``, else Whoosh's own host.
        options: The options of the SDK's own client, such as ``timeout``.

    Example:
        from twilio.rest import Client

        from pytest_whoosh import WhooshHttpClient


        def test_the_sdk_calls_whoosh(whoosh):
            client = Client(whoosh.api_key, whoosh.api_secret, whoosh.account_sid, http_client=WhooshHttpClient())
            client.messages.create(to="+15558675310", from_="+15557122661", body="Hi")

            assert "https://api.whoosh.totogi.solutions/" in whoosh.traffic()
    """

    def __init__(self, base_url: str | None = None, **options: Any) -> None:
        self._base_url = require_base_url(base_url, "base_url")
        super().__init__(**options)

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send a request of the SDK to the base URL."""
        return super().request(method, redirect_url(url, self._base_url), *args, **kwargs)


def require_base_url(url: str | None, name: str) -> str | None:
    """Return ``url``, or raise ValueError if it is not a base URL. ``name`` names the argument or variable."""
    if url is not None and not _is_base(url):
        raise ValueError(f'{name} must be a URL such as "https://{API_HOST}" or "http://127.0.0.1:8080", not {url!r}.')
    return url


def _is_base(url: object) -> bool:
    if not isinstance(url, str):
        return False
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(parts.hostname) and not parts.query and not parts.fragment


def redirect_url(url: str, base: str | None) -> str:
    """Return a Twilio URL moved to ``base``, by default the environment's ``WHOOSH_URL``, else Whoosh's own host.

    A vendor host has the product in its name: ``https://messaging.whoosh.totogi.solutions/v1``. Any other host has it
    in the path: ``http://127.0.0.1:8080/messaging/v1``. A URL of another host is returned unchanged.
    """
    # Reads the environment each time: a client that was created before a test must use the test's double.
    base = base or require_base_url(os.environ.get(VARIABLE) or None, VARIABLE) or f"https://{API_HOST}"
    host = urlsplit(base).hostname or ""
    if is_vendor(host):
        family = host.partition(".")[2] if label_of(host) else host
        return _TWILIO.sub(rf"https://\1.{family}", url)
    return _TWILIO.sub(lambda match: f"{base.rstrip('/')}/{match[1]}", url)
