"""The REST API: one module for each resource."""

from . import (
    accounts,
    applications,
    content,
    deactivations,
    link_shortening,
    numbers,
    pricing,
    registration,
    short_codes,
)
from .messages import media, messages
from .routing import Router
from .services import services

#: Every resource's routes.
ROUTES = (
    messages.routes,
    media.routes,
    services.routes,
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
#: Finds the route of a request.
ROUTER = Router(route for routes in ROUTES for route in routes)
