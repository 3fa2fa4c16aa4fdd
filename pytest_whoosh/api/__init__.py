"""The REST API: one module for each resource."""

from . import messages
from .routing import Router

#: Every resource's routes.
ROUTES = (messages.routes,)
#: Finds the route of a request.
ROUTER = Router(route for routes in ROUTES for route in routes)
