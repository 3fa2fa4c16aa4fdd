"""The content delivery network: serves media files at signed URLs, without credentials."""

from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.hosts import CDN_HOST, CDN_LABEL
from pytest_whoosh.engine.http import Request, Response
from pytest_whoosh.engine.messages.record import Media, Message
from pytest_whoosh.engine.vendor import Vendor

_ERROR: Final = (
    '<?xml version="1.0" encoding="UTF-8"?><Error><Code>AccessDenied</Code><Message>Access denied</Message></Error>'
)
_DENIED: Final = Response(403, MappingProxyType({"Content-Type": "text/xml", "Server": "CloudFront"}), _ERROR)


def signed_url(vendor: Vendor, request: Request, message: Message, media: Media) -> str:
    """Return a signed URL for a file, on the CDN or on the local server that received the request."""
    if request.server is None:
        base = f"https://{CDN_HOST}"
    else:
        scheme, _, rest = request.server.partition("://")
        base = f"{scheme}://{rest.partition('/')[0]}/{CDN_LABEL}"
    return base + vendor.signed_urls.sign(message, media, vendor.steady)


def serve(vendor: Vendor, request: Request) -> Response:
    """Answer a request for a file."""
    media = None
    if request.method in ("GET", "HEAD"):
        media = vendor.signed_urls.open(request.path, request.query, vendor.steady)
    if media is None:
        return _DENIED
    content = media.file.content
    headers = {"Content-Type": media.file.content_type, "Content-Length": str(len(content)), "Server": "CloudFront"}
    return Response(200, headers, b"" if request.method == "HEAD" else content)
