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
from .routing import Product, Router
from .services import services
from .verify import attempts, rate_limits, verifications
from .verify import services as verify_services

_MESSAGING: Final = Product(
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
#: The products, by the first label of their hosts. The hosts of the Messages API are one product, because each path
#: exists on only one of them.
PRODUCTS: Final[Mapping[str, Product]] = {
    "api": _MESSAGING,
    "messaging": _MESSAGING,
    "content": _MESSAGING,
    "pricing": _MESSAGING,
    "lookups": Product(lookups.v1, lookups.v2, mocks_first=True),
    "oauth": Product(oauth.routes),
    "verify": Product(
        verify_services.routes, verifications.routes, rate_limits.routes, attempts.routes, mocks_first=True
    ),
}
#: The routes of all resources, once each.
ROUTES: Final = tuple(dict.fromkeys(routes for product in PRODUCTS.values() for routes in product.routes))
#: Finds the route of a request.
ROUTER: Final = Router(PRODUCTS)
