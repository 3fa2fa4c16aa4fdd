"""From a call to the server to the vendor's URL that it means.

A call says which product it is for by its host, by the first segment of its path, or by the path itself::

    Host: messaging.twilio.com         /v1/Services
    Host: messaging.localhost:43117    /v1/Services
    Host: 127.0.0.1:43117              /messaging/v1/Services
    Host: 127.0.0.1:43117              /v1/Services

A prefix that repeats the product of the host, or itself, is dropped: SDKs make such paths of links in the third form.
The files of media are at ``/mms/AC...``, on the same server.
"""

import re
from dataclasses import dataclass
from ipaddress import ip_address
from types import MappingProxyType
from typing import Final
from urllib.parse import quote, urlsplit

from pytest_whoosh.api import PRODUCTS
from pytest_whoosh.engine.hosts import API_HOST, CDN_HOST, CDN_LABEL, is_loopback, is_vendor, label_of

_ASCII: Final = "".join(map(chr, range(0x21, 0x7F)))
_PORTS: Final = MappingProxyType({"http": 80, "https": 443})
_LAST_PORT: Final = 65535
#: A Host header: a name or an IPv4 address, or an IPv6 address in brackets; and a port. Nothing that two parsers could
#: read differently: no user, no backslash, no space.
_AUTHORITY: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[(?P<address>[0-9A-Fa-f:.]+)\])(?::(?P<port>[0-9]{0,5}))?")
_DOMAIN: Final = API_HOST.partition(".")[2]

#: A product's label. In a path a version follows it, so that products that are not faked are recognised too.
_LABEL: Final = re.compile("[a-z][a-z-]*")
_VERSION: Final = re.compile(r"/(?:v[0-9]+|[0-9]{4}-[0-9]{2}-[0-9]{2})(?=[/?]|$)")
#: The product that a path belongs to, by what follows its version. All others are the 2010 API's.
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
#: The ends of names that only a private network knows. No page of the Internet can have one, so a browser cannot be
#: led here under it.
_PRIVATE: Final = (".internal", ".local", ".localhost", ".test", ".lan", ".home.arpa")


@dataclass(frozen=True, slots=True)
class Address:
    """The vendor's ``url`` that a request is for, and the ``origin`` of links back to this server."""

    url: str
    origin: str


def read_target(target: str, host: str) -> tuple[str, str]:
    """The path, with any query string, and the host that a call is for.

    Args:
        target: what the request line names: a path, or as for a proxy a URL.
        host: the Host header.
    """
    if not target.isascii():
        target = quote(target.encode("utf-8", "surrogateescape"), safe=_ASCII)
    if target.startswith("/"):
        return target, host
    scheme, separator, rest = target.partition("://")
    if separator and scheme in _PORTS:
        netloc, slash, path = rest.partition("/")
        return slash + path or "/", netloc or host
    return f"/{target}", host


def locate(target: str, host: str, *, scheme: str, local: str) -> Address:
    """Find out what a call means.

    Args:
        target: the path that the call is for, with any query string.
        host: the host that it is for.
        scheme: what the server speaks.
        local: the address and port where the call came in.
    """
    name = name_of(host)
    first, path = _split(target)
    if first == CDN_LABEL:
        return Address(f"https://{CDN_HOST}{path}", f"{scheme}://{host}")
    here = f"{scheme}://{host}"
    if is_vendor(name):
        product = label_of(name)
        # A client that wrote the Host header by hand would not reach this server with a link to that host.
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
    """Return True if a request for ``host`` is addressed to a server that listens at ``bound``.

    A web page can point a name of its own at this machine, and would then read the answers as its own (DNS rebinding).
    So only names count that no such page can have.
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
    """True if a Host header names a host, with or without a port; an empty one is the server's own."""
    if not host:
        return True
    found = _AUTHORITY.fullmatch(host)
    if not found or int(found["port"] or 0) > _LAST_PORT:
        return False
    return found["address"] is None or _is_address(found["address"])


def name_of(host: str) -> str:
    """Return the name in a Host header, without the port."""
    return urlsplit(f"//{host}").hostname or ""


def authority(host: str, port: int) -> str:
    """A host and port as a URL shows them."""
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _vendor_url(product: str, target: str) -> str:
    return f"https://{product}.{_DOMAIN}{target}"


def _split(target: str) -> tuple[str, str]:
    """The first segment of a path, and the rest."""
    path, question_mark, query = target.partition("?")
    first, slash, rest = path[1:].partition("/")
    return first, f"/{rest}{question_mark}{query}" if slash else f"/{question_mark}{query}"


def _without_prefix(target: str, product: str | None) -> tuple[str, str]:
    """Return the prefix that names a product, once however often it is repeated, and the path after it."""
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
    return urlsplit(f"//{host}").port or _PORTS[scheme]


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True
