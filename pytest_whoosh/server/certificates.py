"""Throw-away certificates: an authority that nobody else trusts, and a certificate of the server's from it."""

import ssl
from pathlib import Path
from typing import Final

import trustme

from pytest_whoosh.engine.hosts import DOMAINS, PRODUCTS

_LOOPBACK: Final = ("localhost", "127.0.0.1", "::1")
#: The wildcard of a certificate stands for one label only.
_BELOW: Final = ("whoosh.totogi.solutions", "whoosh.totogidemos.com")


def issue(ca_file: Path, host: str) -> ssl.SSLContext:
    """A TLS context for a server on a host. The certificate of the authority, which clients are to trust, is written.

    The certificate is also good for the vendor's hosts, for those who have these names lead to the server.
    """
    authority = trustme.CA(organization_name="pytest-whoosh", organization_unit_name="throw-away test authority")
    products = (f"{product}.localhost" for product in sorted(PRODUCTS))
    vendor = (name for domain in (*DOMAINS, *_BELOW) for name in (domain, f"*.{domain}"))
    certificate = authority.issue_cert(*dict.fromkeys((*_LOOPBACK, host, *products, *vendor)))
    authority.cert_pem.write_to_path(str(ca_file))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(context)
    return context
