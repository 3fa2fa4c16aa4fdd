"""The hosts that belong to the vendor, and what each serves."""

import re
from typing import Final

#: The vendor's domains, and Twilio's, whose API the vendor speaks. The vendor's second domain is the one its own
#: SDK fork calls; bare ``totogi.solutions`` is what the Twilio SDK makes of a Whoosh host when a region is set.
DOMAINS: Final = ("totogi.solutions", "whoosh.totogidemos.com", "twilio.com")

#: Where the vendor serves messages and their media.
API_HOST: Final = "api.whoosh.totogi.solutions"

#: The products whose API is faked. A region or an edge may follow: ``api.dublin.ie1.twilio.com``.
PRODUCTS: Final = frozenset({"api", "messaging", "pricing", "content"})

_VENDOR = re.compile(
    r"(?:(?P<product>[a-z0-9-]+)\.(?:[a-z0-9_-]+\.)*)?(?:" + "|".join(map(re.escape, DOMAINS)) + r")\.?",
    re.IGNORECASE,
)


def is_vendor(host: str) -> bool:
    """Whether a host is the vendor's (or Twilio's), so that nothing may reach it from a test."""
    return _VENDOR.fullmatch(host) is not None


def product_of(host: str) -> str | None:
    """The product a vendor host serves, such as ``"api"``; None where it is none of the faked ones."""
    match = _VENDOR.fullmatch(host)
    product = match["product"].lower() if match and match["product"] else None
    return product if product in PRODUCTS else None
