"""The REST API: a table of products, and one module per resource."""

from collections.abc import Mapping
from typing import Final

from . import (
    accounts,
    applications,
    channel_senders,
    content,
    deactivations,
    link_shortening,
    lookups,
    numbers,
    oauth,
    pricing,
    registration,
    short_codes,
)
from .messages import media, messages
from .routing import Router, Routes
from .services import services
from .verify import attempts, rate_limits, verifications
from .verify import services as verify_services

_MESSAGING: Final = (
    messages.routes,
    media.routes,
    services.routes,
    channel_senders.routes,
    content.routes,
    link_shortening.routes,
    numbers.routes,
    short_codes.routes,
    deactivations.routes,
    applications.routes,
    accounts.routes,
    pricing.routes,
    registration.routes,
)
#: The products: the first label of the host, and its routes. The hosts of the Messages API share their routes, because
#: each path exists on only one of them.
PRODUCTS: Final[Mapping[str, tuple[Routes, ...]]] = {
    "api": _MESSAGING,
    "messaging": _MESSAGING,
    "content": _MESSAGING,
    "pricing": _MESSAGING,
    "lookups": (lookups.v1, lookups.v2),
    "oauth": (oauth.routes,),
    "verify": (verify_services.routes, verifications.routes, rate_limits.routes, attempts.routes),
}
#: The routes of all resources, once each.
ROUTES: Final = tuple(dict.fromkeys(routes for product in PRODUCTS.values() for routes in product))
#: Finds the route of a request.
ROUTER: Final = Router(PRODUCTS)
