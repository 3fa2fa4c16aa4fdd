"""The HTTPS proxy of a server. It connects programs with hard-coded hosts to the fake, and lets no call leave.

A client with ``HTTPS_PROXY`` in its environment asks for a tunnel, ``CONNECT api.twilio.com:443``. A tunnel to a host
of the vendor ends at the server, which speaks TLS with a certificate for that host. Tunnels to this machine are allowed
for clients on this machine. All others are refused.
"""

import asyncio
import re
import socket
from typing import Final

from pytest_whoosh.engine.hosts import LAST_PORT, is_loopback, is_vendor

from .addressing import authority, name_of

#: The longest head of a request, in bytes.
_LONGEST_HEAD: Final = 64 * 1024
_PIECE: Final = 64 * 1024
#: The seconds that a client has to send the head of its request.
_PATIENCE: Final = 30.0
_TARGET: Final = re.compile(r"(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\]):(?P<port>[0-9]{1,5})")

_ESTABLISHED: Final = b"HTTP/1.1 200 Connection established\r\n\r\n"
_NO_TARGET: Final = "CONNECT takes a host and a port, such as api.twilio.com:443."
_NO_TUNNEL: Final = "pytest-whoosh: this proxy only opens tunnels. Use it as HTTPS_PROXY, for https:// URLs."
_OUTWARD: Final = (
    "pytest-whoosh: {target} is not a host of the vendor, and this proxy lets no call leave this machine. "
    "Add {name} to NO_PROXY to call it without the proxy."
)
_FROM_OUTSIDE: Final = "pytest-whoosh: only programs on this machine may use this proxy to reach {target}."
_DEAD: Final = "pytest-whoosh: nothing listens at {target} on this machine."


class Proxy:
    """Listens at a port for clients that ask for tunnels.

    Args:
        fake: The address and port of the server that answers for the vendor's hosts.
    """

    def __init__(self, fake: tuple[str, int]) -> None:
        self._fake = fake
        self._clients: set[asyncio.Task[None]] = set()
        #: The local addresses of the tunnels to the fake, from which the server receives their calls.
        self.tunnels: set[tuple[str, int]] = set()

    async def start(self, listening: socket.socket) -> None:
        """Accept clients from now on."""
        self._server = await asyncio.start_server(self._accept, sock=listening, limit=_LONGEST_HEAD)

    async def stop(self) -> None:
        """Stop listening, and close every tunnel."""
        self._server.close()
        for client in self._clients:
            client.cancel()
        await asyncio.gather(*self._clients, return_exceptions=True)

    async def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._clients.add(task)
        try:
            await self._serve(reader, writer)
        except (OSError, asyncio.CancelledError):  # the client has disconnected, or the server stops
            pass
        finally:
            self._clients.discard(task)
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _PATIENCE)
        except (asyncio.IncompleteReadError, TimeoutError):
            return
        except asyncio.LimitOverrunError:
            await _refuse(writer, "431 Request Header Fields Too Large", _NO_TARGET)
            return
        method, _, rest = head.partition(b"\r\n")[0].decode("latin-1").partition(" ")
        target = rest.partition(" ")[0]
        if method != "CONNECT":
            await _refuse(writer, "405 Method Not Allowed", _NO_TUNNEL)
            return
        found = _TARGET.fullmatch(target)
        if not found or not 0 < int(found["port"]) <= LAST_PORT:
            await _refuse(writer, "400 Bad Request", _NO_TARGET)
            return
        name = name_of(target)
        if is_vendor(name):
            await self._tunnel(reader, writer, self._fake, target)
        elif not is_loopback(name):
            await _refuse(writer, "403 Forbidden", _OUTWARD.format(target=target, name=name))
        elif not is_loopback(writer.get_extra_info("peername")[0]):
            await _refuse(writer, "403 Forbidden", _FROM_OUTSIDE.format(target=target))
        else:
            # A name below localhost means this machine, even if a resolver does not know it.
            address = name if name[0].isdigit() or ":" in name else "127.0.0.1"
            await self._tunnel(reader, writer, (address, int(found["port"])), target)

    async def _tunnel(
        self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, end: tuple[str, int], target: str
    ) -> None:
        """Open a tunnel, and copy bytes in both directions until one side disconnects."""
        try:
            answers, calls = await asyncio.open_connection(*end)
        except OSError:
            await _refuse(writer, "502 Bad Gateway", _DEAD.format(target=target))
            return
        local_address: tuple[str, int] = calls.get_extra_info("sockname")[:2]
        if end == self._fake:
            self.tunnels.add(local_address)
        try:
            writer.write(_ESTABLISHED)
            async with asyncio.TaskGroup() as both:
                both.create_task(_copy(reader, calls))
                both.create_task(_copy(answers, writer))
        except* OSError:
            pass  # one side has disconnected
        finally:
            self.tunnels.discard(local_address)
            calls.transport.abort()


async def _copy(source: asyncio.StreamReader, target_stream: asyncio.StreamWriter) -> None:
    """Copy bytes in one direction until the source ends."""
    while piece := await source.read(_PIECE):
        target_stream.write(piece)
        await target_stream.drain()
    if target_stream.can_write_eof():
        target_stream.write_eof()


async def _refuse(writer: asyncio.StreamWriter, status: str, text: str) -> None:
    body = f"{text}\n".encode()
    writer.write(
        f"HTTP/1.1 {status}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Connection: close\r\n\r\n".encode()
        + body
    )
    await writer.drain()
    writer.close()
    await writer.wait_closed()


def proxy_url(host: str, port: int) -> str:
    """Return the URL of a proxy for ``HTTPS_PROXY``."""
    return f"http://{authority(host, port)}"
