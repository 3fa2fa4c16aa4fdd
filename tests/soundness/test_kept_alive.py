"""Connections that were opened to the vendor before a guard or a double was active, in a live test or at an import."""

import asyncio
import http.client
import json
import os
import socket
import ssl
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshGuardError
from pytest_whoosh.interception.guard import Guard
from tests.conftest import PERSON, SENDER

from .sink import AUTHORITY, Sink

HOST = "api.twilio.com"
FORM = {"To": PERSON, "From": SENDER, "Body": "Hi"}
AUTH = ("AC" + "0" * 32, "secret")
BASIC = urllib3.make_headers(basic_auth=":".join(AUTH))
PATH = f"/2010-04-01/Accounts/{AUTH[0]}/Messages.json"
URL = f"https://{HOST}{PATH}"

pytestmark = pytest.mark.whoosh(guard=False)


@pytest.fixture
def running_sink() -> Iterator[Sink]:
    with Sink().running() as sink:
        yield sink


@pytest.fixture
def sink(running_sink: Sink, monkeypatch: pytest.MonkeyPatch, tmp_path) -> Sink:
    """A server that the vendor's names resolve to, with a trusted certificate."""
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", running_sink.address)]
    resolve = socket.getaddrinfo

    def lead(host: Any, *args: Any, **kwargs: Any) -> Any:
        return found if host in (HOST, HOST.encode()) else resolve(host, *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", lead)
    create = asyncio.BaseEventLoop.create_connection

    async def connect(loop: Any, protocol: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
        if (host, port) == (running_sink.address[0], 443):  # anyio takes the port that it was asked for
            port = running_sink.address[1]
        return await create(loop, protocol, host, port, **options)

    monkeypatch.setattr(asyncio.BaseEventLoop, "create_connection", connect)
    trusted = tmp_path / "ca.pem"
    AUTHORITY.cert_pem.write_to_path(str(trusted))
    for name in ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.setenv(name, str(trusted))
    return running_sink


class Urllib3:
    def __init__(self) -> None:
        self.pool = urllib3.PoolManager()

    def open(self) -> None:
        assert self.pool.request("GET", URL).data == b"{}"

    def send(self) -> Any:
        return self.pool.request("POST", URL, fields=FORM, encode_multipart=False, headers=BASIC).json()

    def close(self) -> None:
        self.pool.clear()


class Requests:
    def __init__(self) -> None:
        self.session = requests.Session()

    def open(self) -> None:
        assert self.session.get(URL).json() == {}

    def send(self) -> Any:
        return self.session.post(URL, data=FORM, auth=AUTH).json()

    def close(self) -> None:
        self.session.close()


class HttpClient:
    def __init__(self) -> None:
        self.connection = http.client.HTTPSConnection(HOST)

    def open(self) -> None:
        self.connection.request("GET", PATH)
        assert self.connection.getresponse().read() == b"{}"

    def send(self) -> Any:
        headers = {**BASIC, "Content-Type": "application/x-www-form-urlencoded"}
        self.connection.request("POST", PATH, urllib.parse.urlencode(FORM), headers)
        return json.load(self.connection.getresponse())

    def close(self) -> None:
        self.connection.close()


class Httpx:
    def __init__(self) -> None:
        self.client = httpx.Client()

    def open(self) -> None:
        assert self.client.get(URL).json() == {}

    def send(self) -> Any:
        return self.client.post(URL, data=FORM, auth=AUTH).json()

    def close(self) -> None:
        self.client.close()


class AsyncHttpx:
    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.client = httpx.AsyncClient()

    def open(self) -> None:
        assert self.loop.run_until_complete(self.client.get(URL)).json() == {}

    def send(self) -> Any:
        return self.loop.run_until_complete(self.client.post(URL, data=FORM, auth=AUTH)).json()

    def close(self) -> None:
        self.loop.run_until_complete(self.client.aclose())
        self.loop.close()


class Aiohttp:
    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self.session: Any = None

    def open(self) -> None:
        assert self.loop.run_until_complete(self._call("GET")) == {}

    async def _call(self, method: str, **options: Any) -> Any:
        if self.session is None:
            trusting = aiohttp.TCPConnector(  # its own context was made at its import, and aiodns asks real servers
                ssl=ssl.create_default_context(), resolver=aiohttp.ThreadedResolver()
            )
            self.session = aiohttp.ClientSession(connector=trusting)
        async with self.session.request(method, URL, **options) as response:
            return await response.json()

    def send(self) -> Any:
        return self.loop.run_until_complete(self._call("POST", data=FORM, headers=BASIC))

    def close(self) -> None:
        self.loop.run_until_complete(self.session.close())
        self.loop.close()


class Sdk:
    def __init__(self) -> None:
        self.client = Client(*AUTH)

    def open(self) -> None:
        self.client.request("GET", URL)

    def send(self) -> Any:
        return {"sid": self.client.messages.create(to=PERSON, from_=SENDER, body="Hi").sid}

    def close(self) -> None:
        self.client.http_client.session.close()


STACKS = [Urllib3, Requests, HttpClient, Httpx, AsyncHttpx, Aiohttp, Sdk]


@pytest.fixture(params=STACKS, ids=lambda stack: stack.__name__)
def stack(request: pytest.FixtureRequest, sink: Sink) -> Iterator[Any]:
    made = request.param()
    made.open()
    yield made
    made.close()


def test_the_first_request_over_an_open_connection_is_the_doubles_and_sent_once(sink, stack):
    before = sink.received

    with Whoosh() as whoosh:
        answered = stack.send()
        assert [message.sid for message in whoosh.outbox] == [answered["sid"]]
        stack.send()
        assert len(whoosh.outbox) == 2

    assert sink.received == before
    stack.open()  # and live again


@contextmanager
def guarded() -> Iterator[None]:
    guard = Guard(lambda host: f"stopped on the way to {host}", record=lambda *_: None)
    guard.start()
    try:
        yield
    finally:
        guard.stop()


def test_an_open_connection_is_guarded_without_a_double(sink, stack):
    before = sink.received

    with guarded(), pytest.raises((WhooshGuardError, aiohttp.ClientConnectionError)) as refused:
        stack.send()

    refusal = refused.value if isinstance(refused.value, WhooshGuardError) else refused.value.__cause__
    assert (type(refusal), str(refusal)) == (WhooshGuardError, f"stopped on the way to {HOST}")

    assert sink.received == before


class Blocking:
    """A TLS socket to an IP address. Only its server name identifies the vendor."""

    def __init__(self, sink: Sink, context: ssl.SSLContext) -> None:
        plain = socket.create_connection(sink.address)
        self.socket = context.wrap_socket(plain, server_hostname=HOST, do_handshake_on_connect=False)
        with closed_on_error(self.socket.close):
            self.socket.do_handshake()
        self.sends = [self.socket.send, self.socket.sendall, self.socket.write]

    def read(self) -> bytes:
        return self.socket.recv(65536)

    def close(self) -> None:
        self.socket.close()


class InMemory:
    """TLS over bytes that the app itself puts on a plain socket."""

    def __init__(self, sink: Sink, context: ssl.SSLContext) -> None:
        self.socket = socket.create_connection(sink.address)
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing, server_hostname=HOST)
        with closed_on_error(self.socket.close):
            self.until_done(self.tls.do_handshake)
        self.sends = [self.send]

    def until_done(self, function: Any) -> Any:
        while True:
            try:
                return function()
            except ssl.SSLWantReadError:
                self.socket.sendall(self.outgoing.read())
                self.incoming.write(self.socket.recv(65536))

    def send(self, data: bytes) -> None:
        try:
            self.tls.write(data)
        finally:
            self.socket.sendall(self.outgoing.read())

    def read(self) -> bytes:
        return self.until_done(lambda: self.tls.read(65536))

    def close(self) -> None:
        self.socket.close()


class Streams:
    """The streams of asyncio."""

    def __init__(self, sink: Sink, context: ssl.SSLContext) -> None:
        self.loop = asyncio.new_event_loop()
        connect = asyncio.open_connection(*sink.address, ssl=context, server_hostname=HOST)
        with closed_on_error(self.loop.close):
            self.reader, self.writer = self.loop.run_until_complete(connect)
        self.sends = [self.writer.write, lambda data: self.writer.writelines([data])]

    def read(self) -> bytes:
        return self.loop.run_until_complete(self.reader.read(65536))

    def close(self) -> None:
        self.writer.transport.abort()
        self.loop.run_until_complete(asyncio.sleep(0))
        self.loop.close()


@contextmanager
def closed_on_error(close: Any) -> Iterator[None]:
    try:
        yield
    except BaseException:
        close()
        raise


@pytest.mark.parametrize("active", [guarded, Whoosh])
@pytest.mark.parametrize("kind", [Blocking, InMemory, Streams])
def test_a_tls_connection_without_a_library_is_refused(sink, kind, active):
    opened = kind(sink, ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"]))
    opened.sends[0](b"GET / HTTP/1.1\r\n\r\n")
    assert opened.read().endswith(b"{}")  # waits until nothing is in flight
    before = sink.received

    with active():
        for send in opened.sends:
            with pytest.raises(WhooshGuardError):
                send(b"GET / HTTP/1.1\r\n\r\n")

    opened.close()
    assert sink.received == before


@pytest.mark.parametrize("active", [guarded, Whoosh])
@pytest.mark.parametrize("kind", [Blocking, InMemory, Streams])
def test_a_handshake_by_address_is_refused_before_its_first_byte(sink, kind, active):
    context = ssl.create_default_context(cafile=os.environ["SSL_CERT_FILE"])
    before = sink.received

    with active(), pytest.raises(WhooshGuardError):
        kind(sink, context)

    assert sink.received == before


def pycurl_handles(connect_to: str) -> list[Any]:
    """Return handles with the vendor's URL, and functions that send a request with each."""
    pycurl = pytest.importorskip("pycurl")

    def handle() -> Any:
        curl = pycurl.Curl()
        curl.setopt(pycurl.URL, URL)
        curl.setopt(pycurl.CONNECT_TO, [connect_to])
        return curl

    return [handle().perform, partial(pycurl.CurlMulti().add_handle, handle())]


def curl_cffi_handles(connect_to: str) -> list[Any]:
    curl_cffi = pytest.importorskip("curl_cffi")
    curl = curl_cffi.Curl()
    curl.setopt(curl_cffi.CurlOpt.URL, URL.encode())
    curl.setopt(curl_cffi.CurlOpt.RESOLVE, [":".join(connect_to.split(":")[:3])])  # it has no CONNECT_TO
    return [curl.perform]


@pytest.mark.parametrize("active", [guarded, Whoosh])
@pytest.mark.parametrize("handles", [pycurl_handles, curl_cffi_handles])
def test_a_handle_of_curl_that_has_its_url_already_is_refused(sink, handles, active):
    sends = handles(f"{HOST}:443:{sink.address[0]}:{sink.address[1]}")
    before = sink.received

    with active():
        for send in sends:
            with pytest.raises(WhooshGuardError):
                send()

    assert sink.received == before
