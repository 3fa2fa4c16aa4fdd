"""Intercepts ``aiohttp``: gives its connector a connection to the fake.

Everything else in a session works as usual: cookies, redirects, tracing, ``raise_for_status``, a client that retries.
"""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import aiohttp
from aiohttp.connector import BaseConnector, TCPConnector

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import NetworkFault, RequestHandler
from pytest_whoosh.engine.misuse import WhooshNotFakedError

from .faults import connection_refused
from .patching import Patch
from .wire import Wire


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return patches that answer every request to the vendor."""

    def build(create: Any) -> Any:
        async def replacement(connector: Any, request: Any, *args: Any, **kwargs: Any) -> Any:
            host = request.url.host or ""
            if not is_vendor(host):
                return await create(connector, request, *args, **kwargs)
            protocol = connector._factory()
            # Deferred calls run before the response arrives, which is in the loop's next iteration too.
            later = asyncio.get_running_loop().call_soon
            wire = Wire(partial(answer, later=later), f"{request.url.scheme}://{host}")
            protocol.connection_made(_Transport(wire, protocol, request.connection_key))
            return protocol

        return replacement

    def build_get(get: Any) -> Any:
        # Not a coroutine function: before aiohttp 3.11 the original is none, and its result is not awaited.
        def replacement(connector: Any, key: Any, *args: Any, **kwargs: Any) -> Any:
            if is_vendor(key.host):
                _close_real(connector, key)
            return get(connector, key, *args, **kwargs)

        return replacement

    return [Patch(TCPConnector, "_create_connection", build), Patch(BaseConnector, "_get", build_get)]


def _close_real(connector: Any, key: Any) -> None:
    """Close the connections that a connector opened to the real vendor, before the double was active."""
    for protocol, _ in connector._conns.pop(key, ()):
        if protocol.transport is not None:
            protocol.transport.abort()  # close() would send a TLS close message


class _Transport(asyncio.Transport):
    """The transport that aiohttp uses as its connection."""

    def __init__(self, wire: Wire, protocol: Any, key: Any) -> None:
        super().__init__()
        self._wire = wire
        self._protocol = protocol
        self._key = key
        self._closing = False

    def write(self, data: Any) -> None:
        """Send part of the request. The response arrives in the loop's next iteration."""
        loop = asyncio.get_running_loop()
        try:
            answered = self._wire.send(bytes(data))
        except NetworkFault as fault:
            loop.call_soon(self._break, fault)
            return
        except WhooshNotFakedError as error:
            loop.call_soon(self._protocol.set_exception, error)
            return
        if answered is not None:
            loop.call_soon(self._protocol.data_received, answered)

    def writelines(self, list_of_data: Any) -> None:
        """Send several parts of the request."""
        self.write(b"".join(list_of_data))

    def _break(self, fault: NetworkFault) -> None:
        self._closing = True
        self._protocol.set_exception(self._error(fault))

    def _error(self, fault: NetworkFault) -> Exception:
        if fault.kind == "refused":
            return aiohttp.ClientConnectorError(self._key, connection_refused(str(fault)))
        if fault.kind == "timeout":
            kind = "ConnectionTimeoutError" if fault.connecting else "SocketTimeoutError"
            timeout = getattr(aiohttp, kind, aiohttp.ServerTimeoutError)  # the only class before aiohttp 3.10
            return timeout(
                "Timeout on reading data from socket" if not fault.connecting else "Connection timeout to host"
            )
        if fault.connecting:
            return aiohttp.ClientConnectorError(self._key, connection_refused())
        return aiohttp.ServerDisconnectedError()

    def is_closing(self) -> bool:
        """True if the connection is closing."""
        return self._closing

    def close(self) -> None:
        """End the connection."""
        if not self._closing:
            self._closing = True
            self._protocol.connection_lost(None)

    abort = close

    def get_extra_info(self, name: str, default: Any = None) -> Any:  # noqa: ARG002
        """Return the default: there is no real connection."""
        return default

    def pause_reading(self) -> None:
        """Do nothing: the response has arrived already."""

    def resume_reading(self) -> None:
        """Do nothing: nothing was paused."""

    def is_reading(self) -> bool:
        """True if the response may be read: always, because it arrives in one piece."""
        return True
