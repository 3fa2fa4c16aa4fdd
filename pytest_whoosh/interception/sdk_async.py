"""An asynchronous HTTP client for the Twilio SDK that sends its calls to Whoosh's hosts, or to a server."""

from typing import Any

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response

from .sdk import redirect_url, require_base_url


class AsyncWhooshHttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """An asynchronous HTTP client of the Twilio SDK that calls Whoosh's hosts, like :class:`WhooshHttpClient`.

    Args:
        base_url: The URL to send calls to. The default is that of :class:`WhooshHttpClient`.
        options: The options of the SDK's own client, such as ``timeout``.
    """

    def __init__(self, base_url: str | None = None, **options: Any) -> None:
        self._base_url = require_base_url(base_url, "base_url")
        super().__init__(**options)

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send a request of the SDK to the base URL."""
        return await super().request(method, redirect_url(url, self._base_url), *args, **kwargs)
