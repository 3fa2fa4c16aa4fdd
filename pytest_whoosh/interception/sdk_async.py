"""An asynchronous HTTP client for the Twilio SDK that sends its traffic where :class:`WhooshHttpClient` does."""

from typing import Any

from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.http.response import Response

from .sdk import check_base, lead


class AsyncWhooshHttpClient(AsyncTwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """Does for the SDK's asynchronous calls what :class:`WhooshHttpClient` does for the others."""

    def __init__(self, base_url: str | None = None, **options: Any) -> None:
        self._base_url = check_base(base_url, "base_url")
        super().__init__(**options)

    async def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send one request of the SDK's where the traffic goes."""
        return await super().request(method, lead(url, self._base_url), *args, **kwargs)
