"""Throw-away certificates: an authority that only the tests trust, and the server's certificate from it."""

import re
import ssl
from functools import lru_cache
from pathlib import Path
from typing import Final

import trustme

from pytest_whoosh.api import PRODUCTS
from pytest_whoosh.engine.hosts import DOMAINS, is_vendor

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
_HOST_NAME: Final = re.compile(r"[A-Za-z0-9-]{1,63}(?:\.[A-Za-z0-9-]{1,63}){1,9}")
#: The most certificates of single hosts that are cached.
_MOST_NAMES: Final = 64
#: The domains that need a wildcard of their own, because a wildcard covers one label only.
_BELOW: Final = ("whoosh.totogi.solutions", "whoosh.totogidemos.com")


def issue(ca_file: Path, host: str) -> ssl.SSLContext:
    """Return a TLS context for a server on a host, and write the certificate of the authority that clients must trust.

    The server's certificate also covers the vendor's hosts, for clients that connect to the server under these names.
    No wildcard covers a host with a region and an edge, such as ``api.dublin.ie1.twilio.com``. It gets its own
    certificate when a client first asks for it.
    """
    authority = trustme.CA(organization_name="pytest-whoosh", organization_unit_name="throw-away test authority")
    products = (f"{product}.localhost" for product in sorted(PRODUCTS))
    vendor = (name for domain in (*DOMAINS, *_BELOW) for name in (domain, f"*.{domain}"))
    certificate = authority.issue_cert(*dict.fromkeys((*_LOOPBACK, host, *products, *vendor)))
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)

    @lru_cache(maxsize=_MOST_NAMES)
    def context_for(name: str) -> ssl.SSLContext:
        own = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        authority.issue_cert(name).configure_cert(own)
        return own

    def choose(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _: ssl.SSLContext) -> None:
        if name and _HOST_NAME.fullmatch(name) and is_vendor(name) and not _is_covered(name):
            connection.context = context_for(name.lower())

    context.sni_callback = choose
    return context


def _is_covered(name: str) -> bool:
    """True if a wildcard covers a vendor host."""
    return name in DOMAINS or name.lower().partition(".")[2] in (*DOMAINS, *_BELOW)
