"""Intercepts ``httpx2``, which is ``httpx`` under another name. A growing number of libraries use it."""

import httpx2

from pytest_whoosh.engine.http import RequestHandler

from .httpx import intercept_in
from .patching import Patch


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return patches that answer every request to the vendor."""
    return intercept_in(httpx2, answer)
