"""Stands in ``urllib3``, where an app uses it directly."""

import urllib3.connection

from pytest_whoosh.engine.http import Answer

from .http_client import connections
from .patching import Patch


def intercept(answer: Answer) -> list[Patch]:
    """Answer the connections that urllib3 opens to the vendor."""
    return connections(urllib3.connection, answer)
