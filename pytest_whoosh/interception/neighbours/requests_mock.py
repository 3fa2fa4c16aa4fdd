"""Bypasses ``requests-mock``, which calls the ``Session.send`` that existed when it was imported."""

from __future__ import annotations

from requests_mock import mocker

from pytest_whoosh.engine.http import RequestHandler
from pytest_whoosh.interception.patching import Patch
from pytest_whoosh.interception.requests import intercept_send


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return a patch that answers requests to the vendor before requests-mock sees them."""
    return [Patch(mocker, "_original_send", intercept_send(answer))]
