"""Stands in ``http.client``, and so in ``urllib.request``; and in ``urllib3``, which opens its connections itself."""

import http.client
import io
from collections.abc import Callable
from typing import Any

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import Answer, NetworkFault

from .patching import Patch
from .wire import Wire


def intercept(answer: Answer) -> list[Patch]:
    """Answer the connections that ``http.client`` opens to the vendor."""
    return connections(http.client, answer)


def connections(module: Any, answer: Answer) -> list[Patch]:
    """Answer the connections to the vendor of a module's HTTPSConnection and HTTPConnection."""

    def build(connect: Any) -> Callable[[Any], None]:
        def stand_in(connection: Any) -> None:
            host = _host(connection)
            if not is_vendor(host):
                connect(connection)
                return
            scheme = "https" if isinstance(connection, module.HTTPSConnection) else "http"
            connection.sock = _Socket(Wire(answer, f"{scheme}://{host}"))
            connection.is_verified = True  # else urllib3 warns of an unverified certificate

        return stand_in

    return [Patch(kind, "connect", build) for kind in (module.HTTPSConnection, module.HTTPConnection)]


def _host(connection: Any) -> str:
    """The host a connection leads to, behind any proxy."""
    return str(connection._tunnel_host or connection.host)


class _Socket:
    """What the library takes for its socket."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._answer = b""
        self._fault: NetworkFault | None = None

    def sendall(self, data: bytes) -> None:
        """Send part of the request."""
        try:
            self._answer += self._wire.send(bytes(data)) or b""
        except NetworkFault as fault:
            self._fault = fault
            if fault.connecting or fault.kind == "refused":
                self._raise(fault)

    def makefile(self, *_: object, **__: object) -> io.BufferedIOBase:
        """The answer, to be read."""
        if self._fault:
            self._raise(self._fault)
        return io.BytesIO(self._answer)

    def _raise(self, fault: NetworkFault) -> None:
        if fault.kind == "timeout":
            raise TimeoutError("timed out")
        if fault.connecting:
            raise ConnectionRefusedError(111, "Connection refused")
        if fault.kind == "refused":
            raise ConnectionRefusedError(111, str(fault))
        raise ConnectionResetError(104, "Connection reset by peer")

    def settimeout(self, *_: object) -> None:
        """Nothing here takes time."""

    def setsockopt(self, *_: object) -> None:
        """There is nothing to tune."""

    def close(self) -> None:
        """There is nothing to close."""

    shutdown = settimeout
