"""Hosts: the vendor's with what each serves, and this machine's own."""

from functools import lru_cache
from ipaddress import ip_address
from typing import Final

#: The vendor's domains, and Twilio's, whose API the vendor speaks. The vendor's second domain is the one its own
#: SDK fork calls; bare ``totogi.solutions`` is what the Twilio SDK makes of a Whoosh host when a region is set.
DOMAINS: Final = ("totogi.solutions", "whoosh.totogidemos.com", "twilio.com")

#: Where the vendor serves messages and their media.
API_HOST: Final = "api.whoosh.totogi.solutions"

#: The products whose API is faked. A region or an edge may follow: ``api.dublin.ie1.twilio.com``.
PRODUCTS: Final = frozenset({"api", "messaging", "pricing", "content"})


@lru_cache(maxsize=256)
def is_vendor(host: str) -> bool:
    """Whether a host is the vendor's (or Twilio's), so that nothing may reach it from a test."""
    return _below_domain(host) is not None


@lru_cache(maxsize=256)
def product_of(host: str) -> str | None:
    """The product a vendor host serves, such as ``"api"``; None where it is none of the faked ones."""
    product = (_below_domain(host) or "").partition(".")[0]
    return product if product in PRODUCTS else None


def is_loopback(host: str) -> bool:
    """Whether a host is this machine itself: ``localhost``, a name below it, or an address of the loopback."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True
    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def _below_domain(host: str) -> str | None:
    """What stands before the vendor's domain in a host; None where that is another's."""
    name = "." + host.lower().removesuffix(".")
    return next((name[: -len(domain)].strip(".") for domain in DOMAINS if name.endswith("." + domain)), None)
