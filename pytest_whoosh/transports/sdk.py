"""An HTTP client for the Twilio SDK that sends its traffic to the vendor's hosts."""

import re
from typing import Any, Final

from twilio.http.http_client import TwilioHttpClient
from twilio.http.response import Response

#: The domain whose ``api``, ``messaging``, ``pricing`` and ``content`` hosts serve the API.
DOMAIN: Final = "whoosh.totogi.solutions"
_TWILIO: Final = re.compile(r"^https://([a-z]+)(?:\.[a-z0-9-]+){0,2}\.twilio\.com(?=[/?]|$)")


def to_whoosh(url: str) -> str:
    """A Twilio URL on the vendor's host for the same product; any other URL as it is."""
    return _TWILIO.sub(rf"https://\1.{DOMAIN}", url)


class WhooshHttpClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK ships no types
    """A Twilio SDK client for the vendor, as in its code samples: ``Client(key, secret, http_client=...)``."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Response:
        """Send one request of the SDK's to the vendor's host."""
        return super().request(method, to_whoosh(url), *args, **kwargs)
