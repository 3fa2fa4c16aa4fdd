"""Finds the vendor's URL that a call to the server stands for.

The call's host, the first segment of its path, or the rest of the path determines the product::

    Host: messaging.twilio.com         /v1/Services
    Host: messaging.localhost:43117    /v1/Services
    Host: 127.0.0.1:43117              /messaging/v1/Services
    Host: 127.0.0.1:43117              /v1/Services

A prefix that repeats the host's product, or itself, is dropped: SDKs build such paths from links in the third form.
Media files are at ``/mms/AC...`` on the same server.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit

from pytest_whoosh.api import PRODUCTS
from pytest_whoosh.engine.hosts import (
    API_HOST,
    CDN_HOST,
    CDN_LABEL,
    DEFAULT_PORTS,
    LAST_PORT,
    is_loopback,
    is_vendor,
    label_of,
)

#: The path of the control API. The vendor has no such path.
CONTROL: Final = "/_whoosh"

_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
#: A Host header: a name, an IPv4 address or an IPv6 address in brackets, with an optional port. It allows nothing that
#: two parsers could read differently: no user, no backslash, no space.
_AUTHORITY: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[(?P<address>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{0,5}))?")
_DOMAIN: Final = API_HOST.partition(".")[2]

#: A product's label. In a path, a version follows it. So products that are not faked are recognised too.
_LABEL: Final = re.compile("[a-z][a-z-]*")
_VERSION: Final = re.compile(r"/(?:v[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2})(?=[/?]|$)")
#: The product of a path, by the segment after the version. All other paths belong to the 2010 API.
_OWNERS: Final = MappingProxyType(
    {
        "Services": "messaging",
        "Deactivations": "messaging",
        "LinkShortening": "messaging",
        "Channels": "messaging",
        "a2p": "messaging",
        "Tollfree": "messaging",
        "Messaging": "pricing",
        "Content": "content",
        "ContentAndApprovals": "content",
        "LegacyContent": "content",
    }
)
#: The ends of names in private networks. No page of the Internet can have such a name, so no page can trick a browser
#: into calling this server with it.
_PRIVATE: Final = (".internal", ".local", ".localhost", ".test", ".lan", ".home.arpa")


@dataclass(frozen=True, slots=True)
class Address:
    """The vendor's ``url`` that a request stands for, and the ``origin`` for links in the response."""

    url: str
    origin: str


def read_target(target: str, host: str) -> tuple[str, str]:
    """Return the path (with any query string) and the host of a call.

    Args:
        target: The target in the request line: a path or, as for a proxy, a URL.
        host: The Host header.
    """
    if not target.isascii():
        target = quote(target.encode("utf-8", "surrogateescape"), safe=_ASCII)
    if target.startswith("/"):
        return target, host
    scheme, separator, rest = target.partition("://")
    if separator and scheme in DEFAULT_PORTS:
        netloc, slash, path = rest.partition("/")
        return slash + path or "/", netloc or host
    return f"/{target}", host


def locate(target: str, host: str, *, scheme: str, local: str) -> Address:
    """Return the vendor's URL that a call stands for.

    Args:
        target: The path of the call, with any query string.
        host: The host of the call.
        scheme: The server's scheme, ``"http"`` or ``"https"``.
        local: The server's address and port that received the call.
    """
    name = name_of(host)
    first, path = _split(target)
    if first == CDN_LABEL:
        return Address(f"https://{CDN_HOST}{path}", f"{scheme}://{host}")
    here = f"{scheme}://{host}"
    if is_vendor(name):
        product = label_of(name)
        # If a client set the Host header by hand, a link to that host would not reach this server.
        leads_back = _port(host, scheme) == _port(local, scheme) or not product
        prefix, path = _without_prefix(target, product)
        return Address(f"https://{name}{path}", f"{here}{prefix}" if leads_back else f"{scheme}://{local}/{product}")
    label = name.partition(".")[0]
    if label in PRODUCTS:
        prefix, path = _without_prefix(target, label)
        return Address(_vendor_url(label, path), f"{here}{prefix}")
    if first in PRODUCTS or (_LABEL.fullmatch(first) and _VERSION.match(path)):
        prefix, path = _without_prefix(target, first)
        return Address(_vendor_url(first, path), f"{here}{prefix}")
    return Address(_vendor_url(_owner(target), target), here)


def serves(host: str, bound: str) -> bool:
    """True if a request for ``host`` is addressed to a server that listens at ``bound``.

    A web page can point its own host name at this machine, and could then read the responses (DNS rebinding). So only
    names count that no such page can have.
    """
    name = name_of(host)
    if not name or is_vendor(name):
        return True
    label, _, rest = name.partition(".")
    if rest and label in PRODUCTS:
        name = rest
    if is_loopback(name) or name == bound.lower():
        return True
    if is_loopback(bound):
        return False
    return "." not in name or name.endswith(_PRIVATE) or _is_address(name)


def is_host(host: str) -> bool:
    """True if a Host header is valid, with or without a port. An empty one means the server's own host."""
    if not host:
        return True
    found = _AUTHORITY.fullmatch(host)
    if not found or int(found["port"] or 0) > LAST_PORT:
        return False
    return found["address"] is None or _is_address(found["address"])


def name_of(host: str) -> str:
    """Return the name in a Host header, without the port."""
    return urlsplit(f"//{host}").hostname or ""


def authority(host: str, port: int) -> str:
    """Return a host and port as they are written in a URL."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _vendor_url(product: str, target: str) -> str:
    return f"https://{product}.{_DOMAIN}{target}"


def _split(target: str) -> tuple[str, str]:
    """Return the first segment of a path, and the rest."""
    path, question_mark, query = target.partition("?")
    first, slash, rest = path[1:].partition("/")
    return first, f"/{rest}{question_mark}{query}" if slash else f"/{question_mark}{query}"


def _without_prefix(target: str, product: str | None) -> tuple[str, str]:
    """Return a path's product prefix (once, even if it is repeated), and the path after it."""
    prefix = ""
    first, path = _split(target)
    while first == product:
        prefix, target = f"/{product}", path
        first, path = _split(target)
    return prefix, target


def _owner(target: str) -> str:
    segments = target.partition("?")[0].split("/", 3)
    return _OWNERS.get(segments[2], "api") if len(segments) > 2 else "api"


def _port(host: str, scheme: str) -> int:
    return urlsplit(f"//{host}").port or DEFAULT_PORTS[scheme]


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
