"""Intercepts ``urllib3``, if an app uses it directly."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from urllib3 import connection, connectionpool  # not urllib3.connection: the package may not have the attribute yet
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from pytest_whoosh.engine.http import NetworkFault, RequestHandler

from .faults import connection_refused
from .http_client import Error, connections, is_real_connection
from .patching import Patch
from .wire import Wire


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return patches that answer urllib3's connections to the vendor, including those that its pools have open."""

    def build(is_dropped: Any) -> Callable[[Any], bool]:
        # A pool reopens a dropped connection, through its proxy if there is one.
        return lambda connection: is_real_connection(connection) or is_dropped(connection)

    attach = (_attach_to_future,) if hasattr(connection.HTTPConnection, "_post_conn") else ()
    return [*connections(connection, answer, _error, *attach), Patch(connectionpool, "is_connection_dropped", build)]


def _attach_to_future(opened: Any, wire: Wire, error: Error) -> None:
    """Give a connection of urllib3-future a real socket. This library replaces urllib3, and reads sockets itself."""
    from .paired import PairedSocket

    opened.sock = PairedSocket(wire, error)
    opened._post_conn()


def _error(broken: Any, fault: NetworkFault) -> Exception:
    """Return the error that urllib3 raises if a connection cannot be opened."""
    if fault.kind == "timeout":
        return ConnectTimeoutError(broken, f"Connection to {broken.host} timed out.")
    reason = str(fault) if fault.kind == "refused" else str(connection_refused())
    return NewConnectionError(broken, f"Failed to establish a new connection: {reason}")
