"""Ways to the vendor that libraries offer beside the usual one. Each leads to a port of this machine, or is refused."""

import asyncio
import http.client
import importlib.util
import os
import socket
import ssl
import urllib.request
from collections.abc import Callable
from typing import Any

import aiohttp
import httpx
import pytest
import requests
import urllib3
from twilio.rest import Client

from tests.conftest import PERSON, SENDER

HOST = "api.twilio.com"
URL = f"https://{HOST}/2010-04-01/Accounts.json"
PLAIN_URL = URL.replace("https", "http")

WAYS: dict[str, tuple[Callable[[int], Any], tuple[str, ...]]] = {}


def way(name: str, *needed: str) -> Callable[[Callable[[int], Any]], Callable[[int], Any]]:
    """Register a way by its name and the libraries that it needs. It is given the port of the proxy or server."""

    def register(function: Callable[[int], Any]) -> Callable[[int], Any]:
        WAYS[name] = (function, needed)
        return function

    return register


def all_ways() -> list[Any]:
    """Return the ways of all installed libraries. The environment ``neighbours`` has all of them."""
    return [
        pytest.param(function, id=name)
        for name, (function, needed) in WAYS.items()
        if all(importlib.util.find_spec(module) for module in needed)
    ]


def run(coroutine: Any) -> Any:
    return asyncio.run(coroutine)


# Proxies


@way("requests, socks5h", "socks")
def _(port: int) -> Any:
    return requests.get(URL, proxies={"https": f"socks5h://127.0.0.1:{port}"}).status_code


@way("a hand-written SOCKS 5 request")
def _(port: int) -> Any:
    with socket.create_connection(("127.0.0.1", port)) as proxy:
        proxy.sendall(b"\x05\x01\x00\x03" + bytes([len(HOST)]) + HOST.encode() + b"\x01\xbb")


@way("a hand-written SOCKS 4a request")
def _(port: int) -> Any:
    with socket.create_connection(("127.0.0.1", port)) as proxy:
        proxy.send(b"\x04\x01\x01\xbb\x00\x00\x00\x01user\x00" + HOST.encode() + b"\x00")


@way("a resolver of gevent in a process that is not patched", "gevent")
def _(port: int) -> Any:
    from gevent.resolver.ares import Resolver

    return Resolver().getaddrinfo(HOST, 443)


@way("requests, socks5", "socks")
def _(port: int) -> Any:
    return requests.get(URL, proxies={"https": f"socks5://127.0.0.1:{port}"}).status_code


@way("requests, CONNECT")
def _(port: int) -> Any:
    return requests.get(URL, proxies={"https": f"http://127.0.0.1:{port}"}).status_code


@way("requests, plain http")
def _(port: int) -> Any:
    return requests.get(PLAIN_URL, proxies={"http": f"http://127.0.0.1:{port}"}).status_code


@way("the SDK, ALL_PROXY")
def _(port: int) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALL_PROXY", f"http://127.0.0.1:{port}")
        return Client("AC" + "0" * 32, "secret").messages.create(to=PERSON, from_=SENDER, body="Hi").sid


@way("the SDK, ALL_PROXY with SOCKS", "socks")
def _(port: int) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ALL_PROXY", f"socks5h://127.0.0.1:{port}")
        return Client("AC" + "0" * 32, "secret").messages.create(to=PERSON, from_=SENDER, body="Hi").sid


@way("urllib3, CONNECT")
def _(port: int) -> Any:
    return urllib3.ProxyManager(f"http://127.0.0.1:{port}").request("GET", URL, retries=False).status


@way("urllib3, SOCKS", "socks")
def _(port: int) -> Any:
    from urllib3.contrib.socks import SOCKSProxyManager

    return SOCKSProxyManager(f"socks5h://127.0.0.1:{port}").request("GET", URL, retries=False).status


@way("urllib3, plain http")
def _(port: int) -> Any:
    return urllib3.ProxyManager(f"http://127.0.0.1:{port}").request("GET", PLAIN_URL, retries=False).status


@way("http.client, CONNECT")
def _(port: int) -> Any:
    connection = http.client.HTTPSConnection("127.0.0.1", port)
    connection.set_tunnel(HOST)
    connection.request("GET", "/")
    return connection.getresponse().status


@way("http.client, plain http")
def _(port: int) -> Any:
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request("GET", PLAIN_URL)
    return connection.getresponse().status


@way("urllib.request, CONNECT")
def _(port: int) -> Any:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": f"http://127.0.0.1:{port}"}))
    return opener.open(URL).status


@way("httpx, CONNECT")
def _(port: int) -> Any:
    with httpx.Client(proxy=f"http://127.0.0.1:{port}") as client:
        return client.get(URL).status_code


@way("httpx, plain http")
def _(port: int) -> Any:
    with httpx.Client(proxy=f"http://127.0.0.1:{port}") as client:
        return client.get(PLAIN_URL).status_code


@way("httpx, SOCKS", "socksio")
def _(port: int) -> Any:
    with httpx.Client(proxy=f"socks5://127.0.0.1:{port}") as client:
        return client.get(URL).status_code


@way("httpx, async, CONNECT")
def _(port: int) -> Any:
    async def call() -> int:
        async with httpx.AsyncClient(proxy=f"http://127.0.0.1:{port}") as client:
            return (await client.get(URL)).status_code

    return run(call())


@way("httpx, async, SOCKS", "socksio")
def _(port: int) -> Any:
    async def call() -> int:
        async with httpx.AsyncClient(proxy=f"socks5://127.0.0.1:{port}") as client:
            return (await client.get(URL)).status_code

    return run(call())


def aiohttp_get(url: str, make_connector: Callable[[], Any] = lambda: None, **options: Any) -> int:
    async def call() -> int:
        async with (
            aiohttp.ClientSession(connector=make_connector()) as session,
            session.get(url, **options) as response,
        ):
            return response.status

    return run(call())


@way("aiohttp, CONNECT")
def _(port: int) -> Any:
    return aiohttp_get(URL, proxy=f"http://127.0.0.1:{port}")


@way("aiohttp, plain http")
def _(port: int) -> Any:
    return aiohttp_get(PLAIN_URL, proxy=f"http://127.0.0.1:{port}")


@way("aiohttp, SOCKS", "aiohttp_socks")
def _(port: int) -> Any:
    from aiohttp_socks import ProxyConnector

    return aiohttp_get(URL, lambda: ProxyConnector.from_url(f"socks5://127.0.0.1:{port}", rdns=True))


@way("python-socks", "python_socks")
def _(port: int) -> Any:
    from python_socks.sync import Proxy

    return Proxy.from_url(f"socks5://127.0.0.1:{port}", rdns=True).connect(HOST, 443)


@way("python-socks, CONNECT", "python_socks")
def _(port: int) -> Any:
    from python_socks.sync import Proxy

    return Proxy.from_url(f"http://127.0.0.1:{port}").connect(HOST, 443)


@way("python-socks, async", "python_socks")
def _(port: int) -> Any:
    from python_socks.async_.asyncio import Proxy

    async def call() -> Any:
        return await Proxy.from_url(f"socks5://127.0.0.1:{port}", rdns=True).connect(HOST, 443)

    return run(call())


@way("python-socks, version 2", "python_socks")
def _(port: int) -> Any:
    from python_socks.sync.v2 import Proxy

    return Proxy.from_url(f"socks5://127.0.0.1:{port}", rdns=True).connect(HOST, 443)


# Resolvers


@way("aiohttp, a resolver of one's own")
def _(port: int) -> Any:
    class Resolver(aiohttp.abc.AbstractResolver):
        async def resolve(self, host: str, port_: int = 0, family: int = socket.AF_INET) -> Any:
            address = {"hostname": host, "host": "127.0.0.1", "port": port, "family": family}
            return [{**address, "proto": 0, "flags": socket.AI_NUMERICHOST}]

        async def close(self) -> None:
            pass

    return aiohttp_get(URL, lambda: aiohttp.TCPConnector(resolver=Resolver()))


@way("dnspython", "dns")
def _(port: int) -> Any:
    import dns.resolver

    resolver = dns.resolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return resolver.resolve(HOST, tcp=True)


@way("dnspython, async", "dns")
def _(port: int) -> Any:
    import dns.asyncresolver

    resolver = dns.asyncresolver.Resolver(configure=False)
    resolver.nameservers, resolver.port = ["127.0.0.1"], port
    return run(resolver.resolve(HOST, tcp=True))


@way("aiodns", "aiodns")
def _(port: int) -> Any:
    async def call() -> Any:
        import aiodns

        return await aiodns.DNSResolver(nameservers=["127.0.0.1"], tcp_port=port).query(HOST, "A")

    return run(call())


@way("aiodns, getaddrinfo", "aiodns")
def _(port: int) -> Any:
    async def call() -> Any:
        import aiodns

        return await aiodns.DNSResolver(nameservers=["127.0.0.1"]).getaddrinfo(HOST, port=443)

    return run(call())


# TLS by address


@way("urllib3, by address")
def _(port: int) -> Any:
    pool = urllib3.HTTPSConnectionPool("127.0.0.1", port, server_hostname=HOST, assert_hostname=HOST, retries=False)
    return pool.request("GET", "/", headers={"Host": HOST}).status


@way("httpx, by address")
def _(port: int) -> Any:
    with httpx.Client() as client:
        return client.get(f"https://127.0.0.1:{port}/", extensions={"sni_hostname": HOST}).status_code


@way("httpx, async, by address")
def _(port: int) -> Any:
    async def call() -> int:
        async with httpx.AsyncClient() as client:
            return (await client.get(f"https://127.0.0.1:{port}/", extensions={"sni_hostname": HOST})).status_code

    return run(call())


@way("aiohttp, by address")
def _(port: int) -> Any:
    return aiohttp_get(f"https://127.0.0.1:{port}/", server_hostname=HOST)


@way("asyncio, by address")
def _(port: int) -> Any:
    return run(asyncio.open_connection("127.0.0.1", port, ssl=True, server_hostname=HOST))


@way("asyncio, from plain to TLS")
def _(port: int) -> Any:
    async def call() -> Any:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            await writer.start_tls(ssl.create_default_context(), server_hostname=HOST)
        finally:
            writer.transport.abort()

    return run(call())


@way("trio, by address", "trio")
def _(port: int) -> Any:
    import trio

    async def call() -> Any:
        stream = await trio.open_tcp_stream("127.0.0.1", port)
        async with stream:
            await trio.SSLStream(stream, ssl.create_default_context(), server_hostname=HOST).do_handshake()

    return trio.run(call)


@way("anyio, by address")
def _(port: int) -> Any:
    import anyio

    return run(anyio.connect_tcp("127.0.0.1", port, tls=True, tls_hostname=HOST))


@way("pyOpenSSL, by address", "OpenSSL")
def _(port: int) -> Any:
    from OpenSSL import SSL

    with socket.create_connection(("127.0.0.1", port)) as plain:
        connection = SSL.Connection(SSL.Context(SSL.TLS_METHOD), plain)
        connection.set_tlsext_host_name(HOST.encode())
        connection.set_connect_state()
        connection.do_handshake()


# Libraries that bring their own network


@way("pycurl", "pycurl")
def _(port: int) -> Any:
    import pycurl

    curl = pycurl.Curl()
    curl.setopt(pycurl.RESOLVE, [f"{HOST}:443:127.0.0.1"])
    curl.setopt(pycurl.CONNECT_TO, [f"{HOST}:443:127.0.0.1:{port}"])
    curl.setopt(pycurl.URL, URL)
    return curl.perform()


PYCURL: dict[str, Callable[[Any, int], dict[int, object]]] = {
    "percent": lambda curl, port: {curl.URL: "https://api.twi%6cio.com/"},
    "a user with a backslash": lambda curl, port: {curl.URL: f"https://me\\@{HOST}/"},
    "no scheme": lambda curl, port: {curl.URL: f"{HOST}:443/"},
    "a plain proxy": lambda curl, port: {curl.URL: f"http://127.0.0.1:{port}/", curl.REQUEST_TARGET: PLAIN_URL},
    "as a proxy": lambda curl, port: {curl.URL: f"https://127.0.0.1:{port}/", curl.PROXY: f"http://{HOST}:8080"},
}

for name, options in PYCURL.items():

    @way(f"pycurl, {name}", "pycurl")
    def _(port: int, options: Any = options) -> Any:
        import pycurl

        curl = pycurl.Curl()
        curl.setopt(pycurl.CONNECT_TO, [f"{HOST}:443:127.0.0.1:{port}"])
        for option, value in options(pycurl, port).items():
            curl.setopt(option, value)
        return curl.perform()


@way("pycurl, to another host by CONNECT_TO", "pycurl")
def _(port: int) -> Any:
    import pycurl

    curl = pycurl.Curl()
    curl.setopt(pycurl.URL, f"https://127.0.0.1:{port}/")
    curl.setopt(pycurl.CONNECT_TO, [f"::{HOST}:443"])
    return curl.perform()


@way("curl_cffi", "curl_cffi")
def _(port: int) -> Any:
    from curl_cffi import requests as curl_requests

    return curl_requests.get(URL).status_code


@way("curl_cffi, async", "curl_cffi")
def _(port: int) -> Any:
    from curl_cffi.requests import AsyncSession

    async def call() -> Any:
        async with AsyncSession() as session:
            return (await session.get(URL)).status_code

    return run(call())


@way("tornado", "tornado")
def _(port: int) -> Any:
    from tornado.httpclient import AsyncHTTPClient

    async def call() -> Any:
        return (await AsyncHTTPClient(force_instance=True).fetch(URL)).code

    return run(call())


@way("tornado, by curl", "tornado", "pycurl")
def _(port: int) -> Any:
    from tornado.curl_httpclient import CurlAsyncHTTPClient

    async def call() -> Any:
        return (await CurlAsyncHTTPClient(force_instance=True).fetch(URL)).code

    return run(call())


@way("httpx2", "httpx2")
def _(port: int) -> Any:
    import httpx2

    return httpx2.get(URL).status_code


@way("httpx2, async", "httpx2")
def _(port: int) -> Any:
    import httpx2

    async def call() -> Any:
        async with httpx2.AsyncClient() as client:
            return (await client.get(URL)).status_code

    return run(call())


@way("httpx2, CONNECT", "httpx2")
def _(port: int) -> Any:
    import httpx2

    with httpx2.Client(proxy=f"http://127.0.0.1:{port}") as client:
        return client.get(URL).status_code


@way("httpx2, SOCKS", "httpx2", "socksio")
def _(port: int) -> Any:
    import httpx2

    with httpx2.Client(proxy=f"socks5://127.0.0.1:{port}") as client:
        return client.get(URL).status_code


@way("httpcore")
def _(port: int) -> Any:
    import httpcore

    return httpcore.request("GET", URL).status


@way("uvloop", "uvloop")
def _(port: int) -> Any:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.open_connection("127.0.0.1", port, ssl=True, server_hostname=HOST))


@way("uvloop, resolving", "uvloop")
def _(port: int) -> Any:
    import uvloop

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(asyncio.open_connection(HOST, 443))


UVLOOP: dict[str, Callable[[Any], Any]] = {
    "a datagram": lambda loop: loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(HOST, 443)),
    "getnameinfo": lambda loop: loop.getnameinfo((HOST, 443)),
    "a server": lambda loop: loop.create_server(asyncio.Protocol, HOST, 443),
}

for name, call in UVLOOP.items():

    @way(f"uvloop, {name}", "uvloop")
    def _(port: int, call: Any = call) -> Any:
        import uvloop

        async def call_loop() -> Any:
            return await call(asyncio.get_running_loop())

        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(call_loop())


@way("niquests", "niquests")
def _(port: int) -> Any:
    import niquests

    return niquests.get(URL).status_code


@way("niquests, async", "niquests")
def _(port: int) -> Any:
    import niquests

    async def call() -> Any:
        async with niquests.AsyncSession() as session:
            return (await session.get(URL)).status_code

    return run(call())


@way("niquests, CONNECT", "niquests")
def _(port: int) -> Any:
    import niquests

    return niquests.get(URL, proxies={"https": f"http://127.0.0.1:{port}"}).status_code


# Spellings, and sockets beneath


SPELLINGS = (
    "API.twilio.COM",
    "api.twilio.com.",
    "api.twilio.com..",
    "api.twi\u00adlio.com",
    "\uff41\uff50\uff49.twilio.com",
    "api\u3002twilio\uff61com",
    "api.twi\u1806lio.com",
    b"api.twilio.com",
    bytearray(b"api.twilio.com"),
    "totogi.solutions",
    "api.dublin.ie1.totogidemos.com",
)

for spelling in SPELLINGS:

    @way(f"getaddrinfo({spelling!r})")
    def _(port: int, spelling: Any = spelling) -> Any:
        return socket.getaddrinfo(spelling, 443)


for spelling in ("API.twilio.COM", "api.twilio.com.", "api.dublin.ie1.totogidemos.com"):  # requests refuses others

    @way(f"a URL with {spelling!r}")
    def _(port: int, spelling: Any = spelling) -> Any:
        return requests.get(f"https://{spelling}/2010-04-01/Accounts.json").status_code


@way("gethostbyname")
def _(port: int) -> Any:
    return socket.gethostbyname(HOST)


@way("gethostbyname_ex")
def _(port: int) -> Any:
    return socket.gethostbyname_ex(HOST)


@way("gethostbyaddr")
def _(port: int) -> Any:
    return socket.gethostbyaddr(HOST)


@way("getfqdn")
def _(port: int) -> Any:
    found = socket.getfqdn(HOST)  # which says itself what it was given where nothing is found
    raise AssertionError(found)


@way("getnameinfo")
def _(port: int) -> Any:
    return socket.getnameinfo((HOST, 443), 0)


RAW: dict[str, Callable[[Any], Any]] = {
    "getaddrinfo": lambda module: module.getaddrinfo(HOST, 443),
    "gethostbyname": lambda module: module.gethostbyname(HOST),
    "gethostbyname_ex": lambda module: module.gethostbyname_ex(HOST),
    "gethostbyaddr": lambda module: module.gethostbyaddr(HOST),
    "getnameinfo": lambda module: module.getnameinfo((HOST, 443), 0),
    "connect": lambda module: module.socket().connect((HOST, 443)),
    "connect_ex": lambda module: module.socket().connect_ex((bytearray(HOST.encode()), 443)),
    "sendto": lambda module: module.socket(type=socket.SOCK_DGRAM).sendto(b"Hi", (HOST, 443)),
    "sendmsg": lambda module: module.socket(type=socket.SOCK_DGRAM).sendmsg([b"Hi"], [], 0, (HOST, 443)),
    "SocketType": lambda module: module.SocketType().connect((HOST, 443)),
}

for name, call in RAW.items():

    @way(f"_socket, {name}")
    def _(port: int, call: Any = call) -> Any:
        import _socket

        return call(_socket)


@way("socket.SocketType")
def _(port: int) -> Any:
    return socket.SocketType().connect((HOST, 443))


ASKED = (
    f"CONNECT {HOST}:443 HTTP/1.1\r\n\r\n",
    f"GET {PLAIN_URL} HTTP/1.1\r\n\r\n",
    f"POST http://me:secret@{HOST}/ HTTP/1.1\r\n\r\n",
)

for asked in ASKED:

    @way(f"a proxy asked by hand, {asked.partition(' HTTP')[0]}")
    def _(port: int, asked: str = asked) -> Any:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(asked.encode())


@way("a proxy asked by hand, in parts")
def _(port: int) -> Any:
    with socket.create_connection(("127.0.0.1", port)) as connection:
        connection.sendmsg([ASKED[0].encode()])


@way("a proxy asked by hand, asyncio")
def _(port: int) -> Any:
    async def call() -> Any:
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.setblocking(False)
            await asyncio.get_running_loop().sock_sendall(connection, ASKED[0].encode())

    return run(call())


@way("a proxy asked by hand, over TLS")
def _(port: int) -> Any:
    bios = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = ssl.create_default_context().wrap_bio(*bios, server_hostname="proxy.example")
    return tls.write(ASKED[0].encode())


@way("connect")
def _(port: int) -> Any:
    with socket.socket() as opened:
        return opened.connect((HOST, 443))


@way("connect_ex")
def _(port: int) -> Any:
    with socket.socket() as opened:
        return opened.connect_ex((HOST, 443))


@way("UDP")
def _(port: int) -> Any:
    with socket.socket(type=socket.SOCK_DGRAM) as opened:
        return opened.sendto(b"Hi", (HOST, 443))


@way("UDP, sendmsg")
def _(port: int) -> Any:
    with socket.socket(type=socket.SOCK_DGRAM) as opened:
        return opened.sendmsg([b"Hi"], [], 0, (HOST, 443))


@way("TCP fast open")
def _(port: int) -> Any:
    with socket.socket() as opened:
        return opened.sendto(b"Hi", getattr(socket, "MSG_FASTOPEN", 0), (HOST, 443))


@way("asyncio, a datagram")
def _(port: int) -> Any:
    async def call() -> Any:
        loop = asyncio.get_running_loop()
        return await loop.create_datagram_endpoint(asyncio.DatagramProtocol, remote_addr=(HOST, 443))

    return run(call())


@way("asyncio, sock_connect")
def _(port: int) -> Any:
    async def call() -> Any:
        with socket.socket() as opened:
            opened.setblocking(False)
            await asyncio.get_running_loop().sock_connect(opened, (HOST, 443))

    return run(call())


@way("the environment's proxy")
def _(port: int) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(os.environ, "HTTPS_PROXY", f"http://127.0.0.1:{port}")
        return urllib.request.build_opener().open(URL).status
