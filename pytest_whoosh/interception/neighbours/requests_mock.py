"""Gets past ``requests-mock``, which calls the ``Session.send`` that it found at its own import."""

from __future__ import annotations

from requests_mock import mocker

from pytest_whoosh.engine.http import RequestHandler
from pytest_whoosh.interception.patching import Patch
from pytest_whoosh.interception.requests import intercept_send


def intercept(answer: RequestHandler) -> list[Patch]:
    """Answer every request to the vendor before requests-mock looks at it."""
    return [Patch(mocker, "_original_send", intercept_send(answer))]
