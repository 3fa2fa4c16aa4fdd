"""A real socket that leads to the fake, for libraries that wait for their sockets with ``select`` or ``poll``."""

from __future__ import annotations

import socket
from typing import Any

from pytest_whoosh.engine.http import NetworkFault

from .http_client import Error, FakeSocket, socket_error
from .wire import Wire


class PairedSocket(socket.socket, FakeSocket):
    """One of two connected sockets. Closing the other one when the response is ready makes this one readable."""

    def __init__(self, wire: Wire, error: Error) -> None:
        ours, self._far = socket.socketpair()
        super().__init__(fileno=ours.detach())
        self._wire = wire
        self._error = error
        self._answer = b""
        self._fault: NetworkFault | None = None

    def sendall(self, data: Any, *_: object) -> None:
        """Send part of the request."""
        try:
            answered = self._wire.send(bytes(data))
        except NetworkFault as fault:
            self._fault = fault
            self._far.close()
            if fault.connecting or fault.kind == "refused":
                raise self._error(fault) from None
            return
        if answered is not None:
            self._answer += answered
            self._far.close()

    def recv(self, size: int, *_: object) -> bytes:
        """Return the next part of the response, or nothing at its end."""
        if self._fault:
            raise socket_error(self._fault)
        part, self._answer = self._answer[:size], self._answer[size:]
        return part

    def close(self) -> None:
        """Close both ends."""
        self._far.close()
        super().close()
