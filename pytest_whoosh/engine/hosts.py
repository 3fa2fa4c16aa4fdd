"""Decides which hosts are the vendor's, what each of them serves, and which are this machine."""

import re
from functools import lru_cache
from typing import Final
from urllib.parse import SplitResult, urlsplit

#: The content delivery network that media redirect to.
CDN_HOST: Final = "mms.twiliocdn.com"
#: The vendor's domains, and Twilio's, whose API the vendor speaks. Everything below them is the vendor's: the vendor's
#: own SDK fork calls ``api.whoosh.totogidemos.com``, and ``api.dublin.ie1.totogidemos.com`` when a region is set. The
#: last domain is the CDN that media redirect to.
DOMAINS: Final = ("totogi.solutions", "totogidemos.com", "twilio.com", CDN_HOST)

#: Where the vendor serves messages and their media.
API_HOST: Final = "api.whoosh.totogi.solutions"

#: The first segment of a path on a local server that stands for :data:`CDN_HOST`.
CDN_LABEL: Final = CDN_HOST.partition(".")[0]

#: The products whose API is faked. A region or an edge may follow: ``api.dublin.ie1.twilio.com``.
PRODUCTS: Final = frozenset({"api", "messaging", "pricing", "content", "lookups", "oauth", "verify"})

#: A DNS name has at most 253 characters. Longer ones are not cached, so that the caches stay small.
_LONGEST_NAME: Final = 253

#: Full stops of other scripts, which IDNA reads as the ASCII one.
_FULL_STOPS: Final = str.maketrans({"\u3002": ".", "\uff0e": ".", "\uff61": "."})


def is_vendor(host: object) -> bool:
    """True if a host is the vendor's or Twilio's, in any spelling that a resolver accepts.

    Args:
        host: a text, or bytes as sockets accept them. Anything else is no host.
    """
    if host.__class__ is str and len(host) <= _LONGEST_NAME:
        return _below_domain(host) is not None
    if isinstance(host, (bytes, bytearray, memoryview)):
        host = bytes(host).decode("utf-8", "replace")
    return isinstance(host, str) and _below_domain.__wrapped__(str(host)) is not None


def product_of(host: str) -> str | None:
    """Return the product that a vendor host serves, such as ``"api"``, or None if that product is not faked."""
    label = label_of(host)
    return label if label in PRODUCTS else None


def label_of(host: str) -> str:
    """Return the first label of a vendor host, which names its product, faked or not: ``"lookups"``.

    It is empty for a bare domain and for anybody else's host.
    """
    below = _below_domain(host) if len(host) <= _LONGEST_NAME else _below_domain.__wrapped__(host)
    return (below or "").partition(".")[0]


def api_host_beside(host: str) -> str:
    """Return the vendor's host for messages and media of the same domain, region and edge as another of its hosts."""
    label = label_of(host)
    return "api" + host[len(label) :].lower().rstrip(".") if label else API_HOST


def is_loopback(host: str) -> bool:
    """True if a host is this machine: ``localhost``, a name below it, or a loopback address."""
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

    Libraries disagree about the host of URLs such as ``http://10.9.9.9\@127.0.0.1/``. No webhook is sent to such a one.

    Raises:
        ValueError: the URL cannot be parsed, or can be read in two ways.
    """
    from .caching import split  # here, because the guard of every test run reads this module

    parts = split(url)
    _ = parts.port  # raises ValueError if it is no port
    if _CONTROL.search(url):
        raise ValueError("it has a space at its ends or a control character")
    if parts.netloc and (wrong := _NOT_IN_AUTHORITY.search(parts.netloc)):
        raise ValueError(f"{wrong[0]!r} cannot be part of a host or of a user's name")
    if parts.scheme in ("http", "https") and not parts.netloc and "\\" in url:
        raise ValueError("it has a backslash where its host should be")
    return parts


_CONTROL: Final = re.compile(r"^\s|\s$|[\x00-\x1f\x7f]")
_NOT_IN_AUTHORITY: Final = re.compile(r"[\s\\<>^`{|}]")


def is_private(url: str) -> bool:
    """True if the vendor cannot reach a URL's host: it is this machine, or an address of a private network."""
    from ipaddress import ip_address

    host = urlsplit(url).hostname or ""
    if is_loopback(host):
        return True
    try:
        return not ip_address(host).is_global
    except ValueError:
        return False


def is_cdn(host: str) -> bool:
    """True if a host is the network that serves the files of media."""
    return host.rstrip(".").lower().endswith(CDN_HOST)


@lru_cache(maxsize=256)
def _below_domain(host: str) -> str | None:
    """Return the labels before the vendor's domain in a host, or None for anybody else's host."""
    name = "." + (host if host.isascii() else _to_ascii(host)).strip().lower().rstrip(".")
    return next((name[: -len(domain)].strip(".") for domain in DOMAINS if name.endswith("." + domain)), None)


def _to_ascii(host: str) -> str:
    """Return the name that IDNA makes of an international spelling: full-width letters, soft hyphens, other stops.

    IDNA drops a few invisible characters and refuses others. All of them are dropped here: a name that no resolver
    accepts may be refused as well.
    """
    from unicodedata import category, normalize

    shown = normalize("NFKC", host).translate(_FULL_STOPS)
    kept = "".join(char for char in shown if category(char) not in {"Cf", "Mn", "Cc"})
    return normalize("NFKC", kept.casefold())
