"""Recognises the vendor's hosts, the product that each serves, and hosts of this machine."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

#: The content delivery network that media URLs redirect to.
CDN_HOST: Final = "mms.twiliocdn.com"
#: The vendor's domains and Twilio's, because the vendor serves Twilio's API. All hosts below them are the vendor's. The
#: vendor's own SDK fork calls ``api.whoosh.totogidemos.com``, or ``api.dublin.ie1.totogidemos.com`` with a region. The
#: last domain is the CDN that media URLs redirect to.
DOMAINS: Final = ("totogi.solutions", "totogidemos.com", "twilio.com", CDN_HOST)

#: The vendor's host for messages and their media, and Twilio's.
API_HOST: Final = "api.whoosh.totogi.solutions"
TWILIO_API_HOST: Final = "api.twilio.com"

#: The region that responses and webhooks name in the header X-Home-Region.
HOME_REGION: Final = "us1"

#: The highest number of a port, and the port of a URL without one.
LAST_PORT: Final = 65535
DEFAULT_PORTS: Final = {"http": 80, "https": 443}

#: The label between a product and the vendor's domains, as in :data:`API_HOST`.
_FAMILY: Final = "whoosh"

#: The first segment of a local server's paths that represent :data:`CDN_HOST`.
CDN_LABEL: Final = CDN_HOST.partition(".")[0]

#: A DNS name has at most 253 characters. Longer names are not cached, which keeps the caches small.
_LONGEST_NAME: Final = 253

#: A soft hyphen of Mongolian, which is dropped though it can be seen.
_DROPPED: Final = "\u1806"

#: Full stops of other scripts, which IDNA reads as the ASCII one.
_FULL_STOPS: Final = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


def is_vendor(host: object) -> bool:
    """True if a host is the vendor's or Twilio's, in any spelling that a resolver accepts.

    Args:
        host: a text, or bytes as sockets accept them. Anything else is not a host.
    """
    if host.__class__ is str and len(host) <= _LONGEST_NAME:
        return _below_domain(host) is not None
    if isinstance(host, (bytes, bytearray, memoryview)):
        host = bytes(host).decode("utf-8", "replace")
    return isinstance(host, str) and _below_domain.__wrapped__(str(host)) is not None


def label_of(host: str) -> str:
    """Return the first label of a vendor host, which names its product, faked or not: ``"lookups"``.

    It is empty for a domain without a product, such as ``whoosh.totogi.solutions``, and for a host that is not the
    vendor's.
    """
    below = _below_domain(host) if len(host) <= _LONGEST_NAME else _below_domain.__wrapped__(host)
    return "" if below is None or below == _FAMILY else below.partition(".")[0]


def api_host_beside(host: str) -> str:
    """Return the API host for messages and media with the same domain, region and edge as another vendor host."""
    label = label_of(host)
    return "api" + host[len(label) :].lower().rstrip(".") if label else API_HOST


def is_loopback(host: str) -> bool:
    """True if a host is this machine: ``localhost``, one of its subdomains, or a loopback address."""
    name = host.lower().removesuffix(".")
    if name == "localhost" or name.endswith(".localhost"):
        return True

    from ipaddress import ip_address  # here, because the guard of every child process reads this module

    try:
        return ip_address(name.strip("[]")).is_loopback
    except ValueError:
        return False


def split_url(url: str) -> SplitResult:
    r"""Return the parts of a URL that a webhook may be sent to.

    Libraries disagree about the host of URLs such as ``http://10.9.9.9\@127.0.0.1/``, so they are refused.

    Raises:
        ValueError: the URL cannot be parsed, or is ambiguous.
    """
    from .caching import split  # here, because the guard of every test run reads this module

    parts = split(url)
    _ = parts.port  # raises ValueError if the port is invalid
    if re.search(_CONTROL, url):
        raise ValueError("it starts or ends with a space, or has a control character")
    if parts.netloc and (wrong := re.search(_NOT_IN_AUTHORITY, parts.netloc)):
        raise ValueError(f"{wrong[0]!r} cannot be part of a host or of a user's name")
    if parts.scheme in ("http", "https") and not parts.netloc and "\\" in url:
        raise ValueError("it has a backslash where its host should be")
    return parts


# Compiled when first used: every run of pytest reads this module.
_CONTROL: Final = r"^\s|\s$|[\x00-\x1f\x7f]"
_NOT_IN_AUTHORITY: Final = r"[\s\\<>^`{|}]"


def is_private(url: str) -> bool:
    """True if the vendor cannot reach a URL's host: this machine, or an address in a private network."""
    from ipaddress import ip_address

    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def is_cdn(host: str) -> bool:
    """True if a host is the content delivery network that serves media files."""
    return host.rstrip(".").lower().endswith(CDN_HOST)


@lru_cache(maxsize=256)
def _below_domain(host: str) -> str | None:
    """Return the labels before the vendor's domain in a host; None if the host is not the vendor's."""
    name = "." + (host if host.isascii() else _to_ascii(host)).strip().lower().rstrip(".")
    return next((name[: -len(domain)].strip(".") for domain in DOMAINS if name.endswith("." + domain)), None)


def _to_ascii(host: str) -> str:
    """Return an international host name in ASCII, by IDNA: full-width letters, soft hyphens and other full stops.

    IDNA drops some invisible characters and refuses others. All of them are dropped here, because the guard may also
    refuse a name that no resolver accepts.
    """
    from unicodedata import category, normalize

    shown = normalize("NFKC", host).translate(_FULL_STOPS)
    kept = "".join(char for char in shown if category(char) not in {"Cf", "Mn", "Cc"} and char not in _DROPPED)
    return normalize("NFKC", kept.casefold())
