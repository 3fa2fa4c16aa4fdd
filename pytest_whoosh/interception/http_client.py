"""Intercepts ``http.client``, and so ``urllib.request``. The interception of ``urllib3`` uses this module too."""

from __future__ import annotations

import io
import ssl
from collections.abc import Callable
from http import client  # not http.client: the package may not have the attribute yet
from typing import Any

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import NetworkFault, RequestHandler

from .faults import connection_refused, connection_reset
from .patching import Patch
from .wire import Wire


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return patches that answer the vendor's connections of ``http.client``, including those that are open already."""

    def build(putrequest: Any) -> Callable[..., None]:
        def replacement(connection: Any, *args: Any, **kwargs: Any) -> None:
            if is_real_connection(connection):
                connection.close()  # it is reopened when the request is sent
            putrequest(connection, *args, **kwargs)

        return replacement

    def build_wrap(wrap_socket: Any) -> Callable[..., Any]:
        def replacement(context: Any, sock: Any, *args: Any, **kwargs: Any) -> Any:
            if isinstance(sock, _BufferedSocket):  # a subclass opens a plain connection, and starts TLS itself
                sock.start_tls()
                return sock
            return wrap_socket(context, sock, *args, **kwargs)

        return replacement

    return [
        *connections(client, answer, lambda _, fault: socket_error(fault)),
        Patch(_unmocked(client.HTTPConnection), "putrequest", build, shown_by=client),
        Patch(ssl.SSLContext, "wrap_socket", build_wrap),
    ]


def is_real_connection(connection: Any) -> bool:
    """True if a connection was opened to the real vendor, before the double was active."""
    sock = connection.sock
    return sock is not None and not isinstance(sock, FakeSocket) and is_vendor(_host(connection))


class FakeSocket:
    """Base class of the sockets that lead to the fake."""


Error = Callable[[NetworkFault], Exception]


def _attach(connection: Any, wire: Wire, error: Error) -> None:
    connection.sock = _BufferedSocket(wire, error)


def connections(
    module: Any,
    answer: RequestHandler,
    error: Callable[[Any, NetworkFault], Exception],
    attach: Callable[[Any, Wire, Error], None] = _attach,
) -> list[Patch]:
    """Return patches that answer the vendor's connections of a module's HTTPSConnection and HTTPConnection.

    Args:
        module: The module with both classes.
        answer: Answers a request.
        error: Returns the library's error for a connection that cannot be opened.
        attach: Gives a connection a socket that leads to the fake.
    """

    def build(connect: Any) -> Callable[[Any], None]:
        def replacement(connection: Any) -> None:
            host = _host(connection)
            if not is_vendor(host):
                connect(connection)
                return
            scheme = "https" if isinstance(connection, secure) else "http"
            wire = Wire(answer, f"{scheme}://{host}")
            attach(connection, wire, lambda fault: error(connection, fault))
            connection.is_verified = True  # else urllib3 warns about an unverified certificate

        return replacement

    secure, plain = _unmocked(module.HTTPSConnection), _unmocked(module.HTTPConnection)
    return [Patch(kind, "connect", build, shown_by=module) for kind in (secure, plain)]


def _unmocked(kind: Any) -> Any:
    """Return the original class of a connection class. Inside a cassette, the module has vcrpy's classes instead."""
    return getattr(kind, "_baseclass", kind)


def _host(connection: Any) -> str:
    """Return the host of a connection, behind any proxy."""
    return str(connection._tunnel_host or connection.host)


class _BufferedSocket(FakeSocket):
    """The object that the library uses as its socket."""

    def __init__(self, wire: Wire, error: Error) -> None:
        self._wire = wire
        self._error = error
        self._answer = b""
        self._fault: NetworkFault | None = None

    def start_tls(self) -> None:
        """Use TLS from now on."""
        self._wire.start_tls()

    def sendall(self, data: bytes) -> None:
        """Send part of the request."""
        try:
            self._answer += self._wire.send(bytes(data)) or b""
        except NetworkFault as fault:
            self._fault = fault
            if fault.connecting or fault.kind == "refused":
                raise self._error(fault) from None

    def makefile(self, *_: object, **__: object) -> io.BufferedIOBase:
        """Return a file with the response."""
        if self._fault:
            return io.BufferedReader(_FailingReader(self._fault))
        return io.BytesIO(self._answer)

    def settimeout(self, *_: object) -> None:
        """Do nothing: nothing here takes time."""

    def setsockopt(self, *_: object) -> None:
        """Do nothing: there is nothing to tune."""

    def close(self) -> None:
        """Do nothing: there is nothing to close."""

    shutdown = settimeout


class _FailingReader(io.RawIOBase):
    """A response that raises the connection's fault when it is read."""

    def __init__(self, fault: NetworkFault) -> None:
        super().__init__()
        self._fault = fault

    def readable(self) -> bool:
        """True if it may be read: always, and reading raises the fault."""
        return True

    def readinto(self, _: object) -> int:
        """Raise the error of a socket."""
        raise socket_error(self._fault)


def socket_error(fault: NetworkFault) -> OSError:
    """Return the error that a socket raises for a fault."""
    if fault.kind == "timeout":
        return TimeoutError("timed out")
    if fault.kind == "refused":
        return connection_refused(str(fault))
    if fault.connecting:
        return connection_refused()
    return connection_reset()
