"""Connections without TLS that were opened to the vendor before a guard or a double was active, or to its address."""

import asyncio
import http.client
import socket
import ssl
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from typing import Any

import aiohttp
import httpcore
import httpx
import pytest
import requests
import urllib3

from pytest_whoosh import Whoosh, WhooshGuardError
from pytest_whoosh.interception.guard import Guard

from .sink import ANSWER, Listener

HOST = "api.twilio.com"
REQUEST = b"POST /x HTTP/1.1\r\nHost: api.twilio.com\r\nContent-Length: 0\r\n\r\n"

pytestmark = pytest.mark.whoosh(guard=False)


class PlainSink(Listener):
    """Answers every HTTP request with ``{}``, keeps its connections open, and counts what arrives."""

    def __init__(self) -> None:
        super().__init__()
        self.received = 0

    def take(self, connection: socket.socket) -> None:
        """Answer each request, which has its body in the same packet or announces none."""
        request = b""
        with connection, suppress(OSError):
            while data := connection.recv(65536):
                self.received += len(data)
                request += data
                if b"\r\n\r\n" in request:
                    connection.sendall(ANSWER)
                    request = b""


@pytest.fixture
def sink(monkeypatch: pytest.MonkeyPatch) -> Iterator[PlainSink]:
    """A server that the vendor's name resolves to."""
    with PlainSink().running() as running:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", running.address)]
        resolve = socket.getaddrinfo

        def lead(host: Any, *args: Any, **kwargs: Any) -> Any:
            return found if host in (HOST, HOST.encode()) else resolve(host, *args, **kwargs)

        monkeypatch.setattr(socket, "getaddrinfo", lead)
        yield running


@pytest.fixture
def ends() -> Iterator[ExitStack]:
    """Closes the connections that a test has opened."""
    with ExitStack() as stack:
        yield stack


Send = Callable[[], Any]


def with_http_client(sink: PlainSink, ends: ExitStack) -> Send:
    return over(ends.enter_context(closing(http.client.HTTPConnection(HOST, sink.address[1]))))


def over(connection: Any) -> Send:
    def send() -> Any:
        connection.request("POST", "/x", b"")
        return connection.getresponse().read()

    return send


def with_a_socket_of_the_apps_own(sink: PlainSink, ends: ExitStack) -> Send:
    connection = ends.enter_context(closing(http.client.HTTPConnection(HOST)))
    connection.sock = socket.create_connection(sink.address)
    return over(connection)


def with_requests(sink: PlainSink, ends: ExitStack) -> Send:
    session = ends.enter_context(requests.Session())
    return lambda: session.post(f"http://{HOST}:{sink.address[1]}/x").content


def with_urllib3(sink: PlainSink, ends: ExitStack) -> Send:
    pool = ends.enter_context(urllib3.PoolManager(retries=False))
    return lambda: pool.request("POST", f"http://{HOST}:{sink.address[1]}/x").data


def with_httpx(sink: PlainSink, ends: ExitStack) -> Send:
    client = ends.enter_context(httpx.Client())
    return lambda: client.post(f"http://{HOST}:{sink.address[1]}/x").content


def with_httpcore(sink: PlainSink, ends: ExitStack) -> Send:
    pool = ends.enter_context(httpcore.ConnectionPool())
    return lambda: pool.request("POST", f"http://{HOST}:{sink.address[1]}/x").content


def with_aiohttp(sink: PlainSink, ends: ExitStack) -> Send:
    loop = ends.enter_context(closing(asyncio.new_event_loop()))

    async def make() -> Any:
        return aiohttp.ClientSession(connector=aiohttp.TCPConnector(resolver=aiohttp.ThreadedResolver()))

    session = loop.run_until_complete(make())
    ends.callback(lambda: loop.run_until_complete(session.close()))

    async def call() -> bytes:
        async with session.post(f"http://{HOST}:{sink.address[1]}/x") as response:
            return await response.read()

    return lambda: loop.run_until_complete(call())


def with_streams(sink: PlainSink, ends: ExitStack) -> Send:
    loop = ends.enter_context(closing(asyncio.new_event_loop()))
    reader, writer = loop.run_until_complete(asyncio.open_connection(*sink.address))
    ends.callback(lambda: (writer.transport.abort(), loop.run_until_complete(asyncio.sleep(0))))

    async def call() -> bytes:
        writer.write(REQUEST)
        await writer.drain()
        read = await reader.read(65536)
        if not read:
            raise ConnectionError
        return read

    return lambda: loop.run_until_complete(call())


def with_a_socket(method: str) -> Callable[[PlainSink, ExitStack], Send]:
    def make(sink: PlainSink, ends: ExitStack) -> Send:
        connection = ends.enter_context(socket.create_connection(sink.address))

        def send() -> bytes:
            if method == "makefile":
                with connection.makefile("wb") as file:
                    file.write(REQUEST)
            else:
                getattr(connection, method)([REQUEST] if method == "sendmsg" else REQUEST)
            return connection.recv(65536)

        return send

    return make


CLIENTS = {
    "http.client": with_http_client,
    "http.client over a socket of the app's own": with_a_socket_of_the_apps_own,
    "requests": with_requests,
    "urllib3": with_urllib3,
    "httpx": with_httpx,
    "httpcore": with_httpcore,
    "aiohttp": with_aiohttp,
    "asyncio streams": with_streams,
    **{f"socket.{method}": with_a_socket(method) for method in ("send", "sendall", "sendmsg", "makefile")},
}


@contextmanager
def guarded() -> Iterator[list[WhooshGuardError]]:
    refusals: list[WhooshGuardError] = []
    guard = Guard(lambda host: f"stopped on the way to {host}", record=lambda refusal, _: refusals.append(refusal))
    guard.start()
    try:
        yield refusals
    finally:
        guard.stop()


@pytest.mark.parametrize("client", CLIENTS.values(), ids=CLIENTS)
class TestAnOpenConnectionWithoutTls:
    def test_a_plain_connection_is_refused_by_the_guard(self, sink, ends, client):
        send = client(sink, ends)
        send()
        before = sink.received

        with guarded() as refusals, pytest.raises(Exception):  # noqa: B017  # each library has its own
            send()

        assert {str(refusal) for refusal in refusals} == {f"stopped on the way to {HOST}"}
        assert (before > 0, sink.received) == (True, before)

    def test_a_plain_connection_is_refused_by_a_double(self, sink, ends, client):
        send = client(sink, ends)
        send()
        before = sink.received

        with Whoosh() as whoosh, pytest.raises(Exception):  # noqa: B017
            send()

        assert (whoosh.outbox, sink.received) == ([], before)


def test_a_request_of_the_same_form_to_another_host_is_sent(sink):
    with socket.create_connection(sink.address) as connection, guarded() as refusals:
        connection.sendall(REQUEST.replace(HOST.encode(), b"twilio.com.example"))
        assert connection.recv(65536) == ANSWER

    assert refusals == []


class StartsTlsItself(http.client.HTTPSConnection):
    """A connection that starts TLS in its own way."""

    def connect(self) -> None:
        http.client.HTTPConnection.connect(self)
        self.sock = ssl.create_default_context().wrap_socket(self.sock, server_hostname=self.host)


def test_a_connection_that_starts_tls_itself_is_answered_by_the_double(whoosh):
    connection = StartsTlsItself(HOST)

    connection.request("GET", "/2010-04-01/Accounts.json")

    assert connection.getresponse().status == 401
