"""The REST API: a table of products, and one module per resource."""

from collections.abc import Mapping
from typing import Final

from .routing import Product, Router, Routes


def _messaging() -> tuple[Routes, ...]:
    from . import (
        accounts,
        applications,
        channel_senders,
        content,
        deactivations,
        link_shortening,
        numbers,
        pricing,
        registration,
        short_codes,
    )
    from .messages import media, messages
    from .services import services

    return (
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


def _lookups() -> tuple[Routes, ...]:
    from . import lookups

    return (lookups.v1, lookups.v2)


def _oauth() -> tuple[Routes, ...]:
    from . import oauth

    return (oauth.routes,)


def _verify() -> tuple[Routes, ...]:
    from .verify import attempts, rate_limits, services, verifications

    return (services.routes, verifications.routes, rate_limits.routes, attempts.routes)


_MESSAGING: Final = Product(_messaging)
#: The products, by the first label of their hosts. The hosts of the Messages API are one product, because each path
#: exists on only one of them.
PRODUCTS: Final[Mapping[str, Product]] = {
    "api": _MESSAGING,
    "messaging": _MESSAGING,
    "content": _MESSAGING,
    "pricing": _MESSAGING,
    "lookups": Product(_lookups, mocks_first=True),
    "oauth": Product(_oauth),
    "verify": Product(_verify, mocks_first=True),
}
#: Finds the route of a request.
ROUTER: Final = Router(PRODUCTS)


def all_routes() -> tuple[Routes, ...]:
    """Return the routes of all resources, once each."""
    return tuple(dict.fromkeys(routes for product in PRODUCTS.values() for routes in product.routes))
