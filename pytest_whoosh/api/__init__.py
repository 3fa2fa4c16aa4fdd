"""The REST API: one module for each resource."""

from . import accounts, applications, content, link_shortening, media, messages, numbers, pricing, services
from .routing import Router

#: Every resource's routes.
ROUTES = (
    messages.routes,
    media.routes,
    services.routes,
    content.routes,
    link_shortening.routes,
    numbers.routes,
    applications.routes,
    accounts.routes,
    pricing.routes,
)
#: Finds the route of a request.
ROUTER = Router(route for routes in ROUTES for route in routes)
