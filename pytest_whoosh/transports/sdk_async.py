"""An asynchronous HTTP client for the Twilio SDK that sends its traffic to the vendor's hosts."""

from typing import Any

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response

from .sdk import to_whoosh


class AsyncWhooshHttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """Does for the SDK's asynchronous calls what :class:`WhooshHttpClient` does for the others."""

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send one request of the SDK's to the vendor's host."""
        return await super().request(method, to_whoosh(url), *args, **kwargs)
