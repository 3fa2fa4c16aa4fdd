"""A server that the vendor's names resolve to. It must receive no byte while a guard or a double is active."""

import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Self

import trustme

NAMES = ("api.twilio.com", "api.whoosh.totogi.solutions", "127.0.0.1")
ANSWER = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
AUTHORITY = trustme.CA()


class Listener:
    """A port of this machine that gives each connection to a thread of its own."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address: tuple[str, int] = self._listener.getsockname()
        #: The number of accepted connections.
        self.connections = 0

    def take(self, connection: socket.socket) -> None:
        """Read what comes over a connection, and answer it."""
        raise NotImplementedError

    @contextmanager
    def running(self) -> Iterator[Self]:
        """Take connections while the context lasts."""
        thread = threading.Thread(target=self._serve, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            with suppress(OSError):
                self._listener.shutdown(socket.SHUT_RDWR)
            self._listener.close()
            thread.join()

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self.take, args=(connection,), daemon=True).start()


class Sink(Listener):
    """Answers every HTTP request with ``{}`` over TLS, keeps its connections open, and counts what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        AUTHORITY.issue_cert(*NAMES).configure_cert(self._context)
        #: The number of received bytes, including handshakes.
        self.received = 0

    def take(self, connection: socket.socket) -> None:
        """Read the bytes from the socket first to count each of them, then decrypt them in memory."""
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = self._context.wrap_bio(incoming, outgoing, server_side=True)
        shaken, request = False, b""
        with connection, suppress(OSError, ssl.SSLError):
            while data := connection.recv(65536):
                self.received += len(data)
                incoming.write(data)
                with suppress(ssl.SSLWantReadError):
                    if not shaken:
                        tls.do_handshake()
                        shaken = True
                    while True:
                        request += tls.read() or b""
                if request.endswith(b"\r\n\r\n"):
                    tls.write(ANSWER)
                    request = b""
                connection.sendall(outgoing.read())
