"""Lists the functions through which a call could reach the vendor, and reads the host from their arguments."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any, Final, NamedTuple
from urllib.parse import unquote

from pytest_whoosh.engine.hosts import is_vendor

from . import processes


class Guarded(NamedTuple):
    """One guarded function: its module, its name, and how to read the host and the address from its arguments.

    ``host_of`` returns None if the arguments contain no host. ``address_of`` returns the address of an open connection,
    which distinguishes a server of this package from the vendor. ``end`` ends a refused connection without sending a
    TLS close message.

    ``start`` is for functions that start a process: it calls the function and guards the process too. Its
    arguments are the function, the folder of the guarded run (None if its children are not guarded), and the arguments
    of the call.
    """

    module: str
    name: str
    host_of: Callable[..., object]
    address_of: Callable[..., object] | None = None
    end: Callable[..., None] | None = None
    start: Callable[..., Any] | None = None


def _none(*_: object, **__: object) -> object:
    return None


def _first(host: object = None, *_: object, **__: object) -> object:
    return host


def _second(_: object, host: object = None, *__: object, **___: object) -> object:
    return host


def _host_keyword(*args: object, host: object = None, **_: object) -> object:
    return host if host is not None else (args[1] if len(args) > 1 else None)


def _of_address(_: object, address: object = None, *__: object, **___: object) -> object:
    return address[0] if isinstance(address, tuple) and address else None


def _of_first_address(address: object = None, *_: object, **__: object) -> object:
    return _of_address(None, address)


def _of_last_address(_: object, *args: object) -> object:
    """Read the host of ``sendto(data, flags, address)`` and ``sendmsg(data, ancillary, flags, address)``."""
    return _of_address(None, args[-1] if len(args) > 1 else None)


def _of_sent(_: object, data: object = b"", *__: object) -> object:
    """Read the host from bytes that are a request to it, or that ask a proxy to connect to it, for any library."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        return None
    if found := re.match(_ASKED, data):
        return found[1] or found[2]
    return _of_socks(data)


def _of_socks(data: bytes | bytearray | memoryview) -> object:
    """Read the host from bytes that ask a SOCKS proxy to connect to it, with version 5 or 4a."""
    start = bytes(data[:_LONGEST_SOCKS])
    if start[:1] == b"\x05" and start[3:4] == b"\x03":
        return start[5 : 5 + start[4]] if len(start) > _SOCKS_HEAD else None
    if start[:1] == b"\x04" and start[4:7] == bytes(3):  # no address; then come the user and the host
        return start[8:].split(b"\0")[1] if start.count(0, 8) > 1 else None
    return None


#: The most bytes of a SOCKS request with a host, and the number of those before the host.
_LONGEST_SOCKS: Final = 600
_SOCKS_HEAD: Final = 5


# Compiled when first used, as all patterns here: every run of pytest reads this module.
_ASKED: Final = (
    rb"(?:CONNECT |[A-Z]{3,7} https?://(?:[^/@\s]*@)?)([^\s:/]+)"
    rb"|[A-Z]{3,8} /[^\r\n]* HTTP/1\.[01]\r\n(?:[^\r\n]+\r\n)*?[Hh][Oo][Ss][Tt]:[ \t]*([^\s:]+)"
)


def _of_sent_parts(_: object, parts: object = (), *args: object) -> object:
    first = parts[0] if isinstance(parts, (list, tuple)) and parts else b""
    return _of_last_address(_, parts, *args) or _of_sent(_, first)


def _peer(connection: Any, *_: object, **__: object) -> object:
    return connection.getpeername()


def _of_datagram(*args: object, local_addr: object = None, remote_addr: object = None, **_: object) -> object:
    """Read the host of ``create_datagram_endpoint(factory, local_addr, remote_addr)``."""
    given = (remote_addr, local_addr, *args[2:])
    return next((host for host in (_of_address(None, each) for each in given) if is_vendor(host)), None)


def _of_third_address(_: object, sock: object, address: object) -> object:
    return _of_address(sock, address)


def _of_loop(_: object, protocol: object, host: object = None, *__: object, **options: object) -> object:  # noqa: ARG001
    """Read the host of ``create_connection``. For TLS to an IP address, it is the name of the certificate."""
    return options.get("server_hostname") or host


def _address_of_loop(
    _: object,
    protocol: object,  # noqa: ARG001
    host: object = None,
    port: object = None,
    *,
    sock: Any = None,
    **__: object,
) -> object:
    return (host, port) if sock is None else sock.getpeername()


def _of_tls_upgrade(*_: object, server_hostname: object = None, **__: object) -> object:
    return server_hostname


def _address_of_tls_upgrade(_: object, transport: Any, *__: object, **___: object) -> object:
    return transport.get_extra_info("peername")


def _of_tls(connection: Any, *args: object, **_: object) -> object:
    """Read the host of a TLS connection. It may be older than the guard, or use an IP address or a proxy."""
    asked = _of_sent(connection, *args) if args else None
    return asked if asked is not None and is_vendor(asked) else getattr(connection, "server_hostname", None)


def _address_of_tls(connection: Any, *_: object, **__: object) -> object:
    if hasattr(connection, "getpeername"):
        return connection.getpeername()
    # An SSLObject has no socket. asyncio's protocol, which calls it, has one.
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        caller: Any = frame.f_locals.get("self")
        if getattr(caller, "_sslobj", None) is connection:
            return caller._transport.get_extra_info("peername")
        frame = frame.f_back
    return None


def _of_tls_transport(transport: Any, *_: object) -> object:
    return transport._ssl_protocol._server_hostname


def _address_of_transport(transport: Any, *_: object) -> object:
    return transport.get_extra_info("peername")


def _abort(transport: Any, *_: object) -> None:
    transport.abort()


def _of_pyopenssl(connection: Any, *_: object, **__: object) -> object:
    return connection.get_servername()


def _of_tunnel(connection: Any, data: object) -> object:
    """Read the host that http.client asks a proxy to connect to. An intercepted connection asks no proxy."""
    return connection._tunnel_host if isinstance(data, bytes) and data.startswith(b"CONNECT ") else None


def _address_of_tunnel(connection: Any, *_: object, **__: object) -> object:
    return connection.sock.getpeername() if connection.sock else (connection.host, connection.port)


def _of_request_to_proxy(connection: Any, method: object, url: str, **_: object) -> object:  # noqa: ARG001
    """Read the host of a request of http.client. A request to a proxy has the host in its URL."""
    return host_in(url) if url and not url.startswith("/") else None


def _of_httpcore_request(connection: Any, request: Any) -> object:  # noqa: ARG001
    target = request.url.target.decode("latin-1")
    return None if target.startswith("/") else host_in(target)


def _address_of_httpcore(connection: Any, *_: object) -> object:
    return connection._network_stream.get_extra_info("server_addr")


def _address_of_aiohttp(_: object, conn: Any) -> object:
    return conn.transport.get_extra_info("peername")


def _of_aiohttp_request(request: Any, conn: Any) -> object:
    if type(conn.transport).__module__.startswith(str(__package__)):
        return None  # an intercepted connection
    return request.url.host if request.proxy or request.method == "CONNECT" else None


def _of_opened(connection: Any, *_: object, **__: object) -> object:
    """Read the host of a urllib3 connection, behind any proxy."""
    return connection._tunnel_host or connection.host


def _of_asked_proxy(connection: Any, *_: object, **__: object) -> object:
    return connection._tunnel_host


def _of_dest(_: object, dest_host: object = None, *__: object, **___: object) -> object:
    return dest_host


def _address_of_proxy(proxy: Any, *_: object, **__: object) -> object:
    return proxy._proxy_host, proxy._proxy_port


def _of_curl_option(curl: Any, option: object, value: Any = None) -> object:
    if option in _CURL_URLS:
        host = host_in(value)
        if option == _CURLOPT_URL:
            curl.whoosh_host = host  # for later requests with the same handle
        return host
    if option == _CURLOPT_CONNECT_TO:  # each value is "host:port:host:port": connect to the second instead of the first
        for each in value or ():
            text = each.decode("latin-1") if isinstance(each, bytes) else str(each)
            host = text.rpartition(":")[0].rpartition(":")[2]
            if is_vendor(host):
                return host
    return None


def _of_curl(curl: object, *_: object, **__: object) -> object:
    return getattr(curl, "whoosh_host", None)


def _of_added_curl(_: object, curl: object, *__: object, **___: object) -> object:
    return _of_curl(curl)


#: Options of libcurl. Their numbers never change.
_CURLOPT_URL: Final = 10002
#: The options that take a URL: URL, REQUEST_TARGET, PROXY, PRE_PROXY and DOH_URL.
_CURL_URLS: Final = frozenset({_CURLOPT_URL, 10266, 10004, 10262, 10279})
_CURLOPT_CONNECT_TO: Final = 10243
_URL: Final = r"\s*(?:[A-Za-z][A-Za-z0-9+.-]*:(?!\d+(?:[/?#]|$)))?[/\\]*([^/?#]*)"


def host_in(url: object) -> str | None:
    """Return the host in a URL as the most lenient parser reads it. The URL may lack a scheme.

    A backslash ends the host for some parsers, and is part of the user name for others. If either reading gives a
    vendor host, that host is returned.
    """
    if isinstance(url, (bytes, bytearray)):
        url = bytes(url).decode("utf-8", "replace")
    found = re.match(_URL, url) if isinstance(url, str) else None
    if found is None:
        return None
    hosts = [_host_of_authority(authority) for authority in (found[1].partition("\\")[0], found[1])]
    return next(filter(is_vendor, hosts), hosts[0])


def _host_of_authority(authority: str) -> str:
    host = authority.rpartition("@")[2]
    host = host if host.startswith("[") else host.partition(":")[0]
    return unquote(host) if "%" in host else host


_PYTHON_SOCKS: Final = tuple(
    f"python_socks.{kind}{version}"
    for kind in ("sync", "async_.asyncio", "async_.trio", "async_.anyio")
    for version in ("", ".v2")
)

_RESOLVERS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex", "gethostbyaddr")
_CONNECTING: Final = ("connect", "connect_ex")
_TLS: Final = ("do_handshake", "write", "send", "sendall")


def _sockets(module: str, kind: str, *names: str) -> tuple[Guarded, ...]:
    return (
        *(Guarded(module, f"{kind}.{name}", _of_address) for name in names),
        Guarded(module, f"{kind}.sendto", _of_last_address),
        Guarded(module, f"{kind}.sendmsg", _of_sent_parts, _peer),
        *(Guarded(module, f"{kind}.{name}", _of_sent, _peer) for name in ("send", "sendall")),
    )


def _tls(module: str, kind: str, *names: str) -> tuple[Guarded, ...]:
    return tuple(Guarded(module, f"{kind}.{name}", _of_tls, _address_of_tls) for name in names)


#: A position for arguments that are always given by keyword.
_NEVER: Final = 1_000_000


def _starting(module: str, name: str, start: Callable[..., Any]) -> Guarded:
    return Guarded(module, name, _none, start=start)


def _httpcore(package: str) -> tuple[Guarded, ...]:
    return (
        Guarded(
            f"{package}._sync.http11", "HTTP11Connection.handle_request", _of_httpcore_request, _address_of_httpcore
        ),
        Guarded(
            f"{package}._async.http11",
            "AsyncHTTP11Connection.handle_async_request",
            _of_httpcore_request,
            _address_of_httpcore,
        ),
        Guarded(f"{package}._sync.socks_proxy", "_init_socks5_connection", _host_keyword),
        Guarded(f"{package}._async.socks_proxy", "_init_socks5_connection", _host_keyword),
    )


#: All guarded functions. The guard imports none of their modules, and guards a module when the app imports it.
GUARDED: Final = (
    *(Guarded("socket", name, _first) for name in _RESOLVERS),
    *(Guarded("_socket", name, _first) for name in _RESOLVERS),
    *(Guarded(module, "getnameinfo", _of_first_address) for module in ("socket", "_socket")),
    *_sockets("socket", "socket", *_CONNECTING),
    # A TLS connection has the host's name, even if it was opened before the guard started, or to an IP address.
    *_tls("ssl", "SSLSocket", *_TLS),
    *_tls("ssl", "SSLObject", "do_handshake", "write"),
    Guarded("asyncio.base_events", "BaseEventLoop.create_connection", _of_loop, _address_of_loop),
    Guarded("asyncio.base_events", "BaseEventLoop.start_tls", _of_tls_upgrade, _address_of_tls_upgrade),
    *(
        Guarded("asyncio.sslproto", f"_SSLProtocolTransport.{name}", _of_tls_transport, _address_of_transport, _abort)
        for name in ("write", "writelines")
    ),
    *(
        Guarded(module, f"{kind}.{name}", host_of, _address_of_transport, _abort)
        for module, kind in (
            ("asyncio.selector_events", "_SelectorSocketTransport"),
            ("asyncio.proactor_events", "_ProactorBaseWritePipeTransport"),
        )
        for name, host_of in (("write", _of_sent), ("writelines", _of_sent_parts))
    ),
    Guarded("OpenSSL.SSL", "Connection.set_tlsext_host_name", _second),
    Guarded("OpenSSL.SSL", "Connection.send", _of_pyopenssl),
    Guarded("OpenSSL.SSL", "Connection.sendall", _of_pyopenssl),
    # Event loops and resolvers that look names up by themselves.
    Guarded("uvloop", "Loop.getaddrinfo", _second),
    Guarded("uvloop", "Loop.create_connection", _of_loop, _address_of_loop),
    Guarded("uvloop", "Loop.start_tls", _of_tls_upgrade, _address_of_tls_upgrade),
    Guarded("uvloop", "Loop.sock_connect", _of_third_address),
    Guarded("uvloop", "Loop.getnameinfo", _of_address),
    Guarded("uvloop", "Loop.create_server", _of_loop),
    Guarded("uvloop", "Loop.create_datagram_endpoint", _of_datagram),
    Guarded("aiodns", "DNSResolver.getaddrinfo", _second),
    Guarded("aiodns", "DNSResolver.gethostbyname", _second),
    Guarded("aiodns", "DNSResolver.query", _second),
    Guarded("aiodns", "DNSResolver.query_dns", _second),
    Guarded("dns.resolver", "Resolver.resolve", lambda _, name=None, *__, **___: str(name)),
    Guarded("dns.asyncresolver", "Resolver.resolve", lambda _, name=None, *__, **___: str(name)),
    # The libraries that replace the standard library's sockets when they patch the process.
    *(Guarded("gevent.socket", name, _first) for name in _RESOLVERS),
    *(Guarded("gevent.resolver", f"AbstractResolver.{name}", _second) for name in _RESOLVERS),
    *_sockets("gevent.socket", "socket", *_CONNECTING),
    *_tls("gevent.ssl", "SSLSocket", *_TLS),
    *(Guarded("eventlet.green.socket", name, _first) for name in _RESOLVERS),
    *_sockets("eventlet.greenio.base", "GreenSocket", *_CONNECTING),
    *_tls("eventlet.green.ssl", "GreenSSLSocket", *_TLS),
    # Clients of proxies. The proxy would look the name up itself.
    Guarded("socks", "socksocket.connect", _of_address),
    Guarded("socks", "socksocket.connect_ex", _of_address),
    Guarded("http.client", "HTTPConnection.send", _of_tunnel, _address_of_tunnel),
    Guarded("http.client", "HTTPConnection.putrequest", _of_request_to_proxy, _address_of_tunnel),
    Guarded("aiohttp.client_reqrep", "ClientRequest.send", _of_aiohttp_request, _address_of_aiohttp),
    Guarded("aiohttp.connector", "TCPConnector._resolve_host", _second),
    *(Guarded(module, "Proxy.connect", _of_dest, _address_of_proxy) for module in _PYTHON_SOCKS),
    # urllib3, and urllib3-future, which replaces it and does not use http.client.
    Guarded("urllib3.connection", "HTTPConnection._new_conn", _of_opened, _address_of_tunnel),
    Guarded("urllib3.backend.hface", "HfaceBackend._tunnel", _of_asked_proxy, _address_of_tunnel),
    Guarded("urllib3.backend.hface", "HfaceBackend.putrequest", _of_request_to_proxy, _address_of_tunnel),
    Guarded("urllib3._async.connection", "AsyncHTTPConnection._new_conn", _of_opened, _address_of_tunnel),
    Guarded("urllib3.backend._async.hface", "AsyncHfaceBackend._tunnel", _of_asked_proxy, _address_of_tunnel),
    Guarded("urllib3.backend._async.hface", "AsyncHfaceBackend.putrequest", _of_request_to_proxy, _address_of_tunnel),
    *_httpcore("httpcore"),
    *_httpcore("httpcore2"),
    # The functions that start processes. Everything else in Python's libraries calls one of these.
    _starting("subprocess", "Popen.__init__", processes.with_argument(11)),
    *(_starting("os", name, processes.with_argument(2)) for name in ("posix_spawn", "posix_spawnp", "execve")),
    _starting("os", "execv", processes.exec_inherited),
    _starting("os", "system", processes.inherited),
    _starting("multiprocessing.util", "spawnv_passfds", processes.inherited),
    _starting("multiprocessing.process", "BaseProcess.start", processes.note_test),
    _starting("multiprocessing.process", "BaseProcess._bootstrap", processes.restore_test),
    _starting("uvloop", "Loop.subprocess_exec", processes.with_argument(_NEVER)),
    _starting("uvloop", "Loop.subprocess_shell", processes.with_argument(_NEVER)),
    # Libraries with their own network code in C: they are stopped when they are given a URL.
    Guarded("pytest_recording.network", "Curl.setopt", _of_curl_option),  # shows pycurl's class by its own
    Guarded("curl_cffi.curl", "Curl.setopt", _of_curl_option),
    Guarded("curl_cffi.curl", "Curl.perform", _of_curl),
    Guarded("curl_cffi.aio", "AsyncCurl.add_handle", _of_added_curl),
)

_BARE: Final = {
    **dict.fromkeys(_CONNECTING, _of_address),
    **dict.fromkeys(("sendto", "sendmsg"), _of_last_address),
}

#: Classes written in C. Their methods cannot be replaced, so the module gets a subclass with guarded methods.
GUARDED_CLASSES: Final = (
    ("_socket", "socket", _BARE),
    ("_socket", "SocketType", _BARE),
    ("socket", "SocketType", _BARE),
    ("pycurl", "Curl", {"setopt": _of_curl_option, "setopt_string": _of_curl_option, "perform": _of_curl}),
    ("pycurl", "CurlMulti", {"add_handle": _of_added_curl}),
)
