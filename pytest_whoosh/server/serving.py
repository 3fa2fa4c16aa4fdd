"""The class Server: the fake behind a real HTTP or HTTPS server, which runs in its own thread."""

import asyncio
import json
import re
import shutil
import socket
import ssl
import tempfile
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import nullcontext
from pathlib import Path
from types import MappingProxyType, TracebackType
from typing import Any, Final, Self, TypeVar

from aiohttp import web

from pytest_whoosh.delivery.real_time import real_seconds
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.hosts import LAST_PORT, is_vendor
from pytest_whoosh.engine.http import NetworkFault, Request, Response
from pytest_whoosh.engine.limits import LARGEST_REQUEST
from pytest_whoosh.engine.misuse import Suggesting, WhooshError, WhooshNotFakedError
from pytest_whoosh.interception import guard
from pytest_whoosh.whoosh import Whoosh

from .addressing import CONTROL, authority, is_host, locate, name_of, read_target, serves
from .control import Control, foreign_page, refuse_page
from .live import PAGES
from .patterns import Searches
from .proxy import Proxy, proxy_url

R = TypeVar("R")

#: The operations that advance time. They may run long, and stop when their client disconnects.
_TRAVEL_PATHS: Final = frozenset({f"{CONTROL}/{name}" for name in ("travel", "settle", "step")})

#: A host name or address, which may contain ``*``.
_HOST: Final = re.compile(r"[\w.*-]+|[0-9A-Fa-f:]*:[0-9A-Fa-f:]*:[0-9A-Fa-f:]*")

#: The largest body of a request to the control API in bytes. Such requests may contain files.
_LARGEST_CONTROL_BODY: Final = 64 * 1024 * 1024
#: A longer body is handled in a thread, so other requests do not wait.
_LONG_BODY: Final = 64 * 1024
_LONGEST_LINE: Final = 64 * 1024
_BACKLOG: Final = 1024
#: The environment variables for the certificate to trust: for OpenSSL, Go, Ruby and .NET, for Python's requests, for
#: Node.js, and for curl.
_TRUST: Final = ("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "NODE_EXTRA_CA_CERTS", "CURL_CA_BUNDLE")
#: The most iterations of the event loop until an accepted connection is registered, or an aborted one is closed.
_ITERATIONS: Final = 5
#: Headers of the vendor's responses that this server omits. With this one, a browser would call every other server on
#: ``localhost`` over HTTPS too.
_UNSENT: Final = frozenset({"strict-transport-security"})
_WRONG_HOST: Final = (
    "This server does not answer for the host {host!r}. Call it at {url}, or with a host of the vendor. To use another "
    "name of this machine, start the server with --host."
)
_NO_HOST: Final = "This is not a valid HTTP request: the Host header {host!r} is not a host."
_NO_PROXY: Final = "This server is not a proxy. Set WHOOSH_URL, or the URL that the app calls, to the server's URL."
_PROXY_WITHOUT_TLS: Final = (
    "An HTTPS proxy needs a server with TLS. Write Server(whoosh, tls=True, proxy=True), or on the command line "
    "serve --tls --proxy."
)


class Server(Suggesting):
    """The fake of a double behind a real server, for other processes and other languages.

    Use it as the fixture ``whoosh_server`` or ``whoosh_tls_server``, or as a context manager. It needs the extra
    ``server``.

    Args:
        whoosh: The double, which must be active.
        host: The address or name to listen at.
        port: The port to listen at. 0 chooses a free port.
        tls: True for HTTPS, with a certificate that is created for this server.
        proxy: True to start an HTTPS proxy at a second port too, for apps with hard-coded hosts.
        proxy_port: The port of the proxy. 0 chooses a free port.
        allow_webhooks: The hosts that webhooks may be posted to, besides this machine.

    Attributes:
        whoosh: The double.
        allow_webhooks: The allowed hosts.

    Example:
        import urllib.request

        from pytest_whoosh import Server, Whoosh

        with Whoosh() as whoosh, Server(whoosh) as server:
            assert urllib.request.urlopen(f"{server.url}/_whoosh/outbox").status == 200
    """

    _SYNONYMS = MappingProxyType(
        {
            "address": "url",
            "base_url": "url",
            "host": "url",
            "port": "url",
            "double": "whoosh",
            "outbox": "whoosh.outbox",
            "inbox": "whoosh.inbox",
            "settle": "whoosh.settle()",
            "travel": "whoosh.travel(...)",
            "when": "whoosh.when(...)",
            "mount": "whoosh.mount(...)",
            "receive": "whoosh.receive(...)",
            "assert_sent": "whoosh.assert_sent(...)",
            "callbacks": "whoosh.callbacks",
            "close": "with Server(whoosh) as server",
        }
    )

    def __init__(
        self,
        whoosh: Whoosh,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        tls: bool = False,
        proxy: bool = False,
        proxy_port: int = 0,
        allow_webhooks: Iterable[str] = (),
    ) -> None:
        for name, number in (("port", port), ("proxy_port", proxy_port)):
            if not isinstance(number, int) or not 0 <= number <= LAST_PORT:
                raise ValueError(f"{name} must be a number from 0 to {LAST_PORT}, not {number!r}.")
        if proxy and not tls:
            raise ValueError(_PROXY_WITHOUT_TLS)
        if isinstance(allow_webhooks, str):
            raise TypeError(
                f"allow_webhooks takes a list of hosts such as [{allow_webhooks!r}], not {allow_webhooks!r}."
            )
        self.whoosh = whoosh
        self.allow_webhooks = tuple(allow_webhooks)
        for name in self.allow_webhooks:
            if not _HOST.fullmatch(name):
                raise ValueError(f"allow_webhooks takes hosts such as 'app.example' or '*.example', not {name!r}.")
        self._host = host
        self._port = port
        self._scheme = "https" if tls else "http"
        self._proxy_port = proxy_port
        self._proxy: Proxy | None = None
        self._has_proxy = proxy
        self._control = Control(self)
        self._thread: threading.Thread | None = None
        self._folder: Path | None = None
        self._exempt: list[tuple[str, int]] = []

    # Properties for clients

    @property
    def url(self) -> str:
        """The URL of the server, such as ``http://127.0.0.1:43117``."""
        if self._thread is None:
            raise WhooshError("This server is not running. Write `with Server(whoosh) as server:` around its use.")
        return self._address

    @property
    def _address(self) -> str:
        return f"{self._scheme}://{authority(_reachable(self._host), self._port)}"

    @property
    def ca_file(self) -> Path | None:
        """The certificate of the authority that clients must trust, in PEM. None if the server speaks HTTP."""
        return self._folder and self._folder / "ca.pem"

    @property
    def proxy_url(self) -> str | None:
        """The URL of the proxy, such as ``http://127.0.0.1:43118``. None if the server has no proxy."""
        return proxy_url(_reachable(self._host), self._proxy_port) if self._has_proxy and self.url else None

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables with which another process uses the server: URL, credentials, certificate."""
        trust = _TRUST if self.ca_file else ()
        proxy = self.proxy_url
        return {
            "WHOOSH_URL": self.url,
            **self.whoosh.environment,
            **{name: str(self.ca_file) for name in trust},
            **({"HTTPS_PROXY": proxy, "https_proxy": proxy, "NODE_USE_ENV_PROXY": "1"} if proxy else {}),
        }

    # Start and end

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self) -> None:
        """Start to listen and answer requests.

        Raises:
            OSError: The port is in use, or the host is not an address of this machine.
        """
        if self._thread is not None:
            raise WhooshError("This server runs already. Make a second Server, with its own port, to have two at once.")
        listening = _listen(self._host, self._port)
        proxying = None
        try:
            self._port = listening.getsockname()[1]
            if self._has_proxy:
                proxying = _listen(self._host, self._proxy_port)
                self._proxy_port = proxying.getsockname()[1]
            for bound in filter(None, (listening, proxying)):  # a client may use a vendor host at this address
                name, port = bound.getsockname()[:2]
                address = (_reachable(name), port)
                self._exempt.append(address)
                guard.exempt(*address)
            self.whoosh._publish(self._address, self.allow_webhooks)
            context = self._secure() if self._scheme == "https" else None
            started: Future[None] = Future()
            self._thread = threading.Thread(
                target=self._run, args=(listening, proxying, context, started), name="whoosh server", daemon=True
            )
            self._thread.start()
            started.result()
        except BaseException:
            listening.close()
            if proxying:
                proxying.close()
            self._forget()
            raise

    def stop(self) -> None:
        """Stop listening and close every connection."""
        if self._thread is None:
            return
        self.whoosh._publish(None)
        self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join()
        self._forget()

    def _forget(self) -> None:
        self._thread = None
        while self._exempt:
            guard.end_exemption(*self._exempt.pop())
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def _secure(self) -> ssl.SSLContext:
        from .certificates import issue

        self._folder = Path(tempfile.mkdtemp(prefix="pytest-whoosh-"))
        return issue(self._folder / "ca.pem", _reachable(self._host))

    def _run(
        self,
        listening: socket.socket,
        proxying: socket.socket | None,
        context: ssl.SSLContext | None,
        started: "Future[None]",
    ) -> None:
        with asyncio.Runner(loop_factory=_Loop) as runner:
            try:
                runner.run(self._serve(listening, proxying, context, started))
            except BaseException as error:
                if started.done():
                    raise
                started.set_exception(error)

    async def _serve(
        self,
        listening: socket.socket,
        proxying: socket.socket | None,
        context: ssl.SSLContext | None,
        started: "Future[None]",
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._answering: set[asyncio.Task[object]] = set()
        server = _WebServer(self._answered)
        runner = web.ServerRunner(server, shutdown_timeout=1)
        await runner.setup()
        site = web.SockSite(runner, listening, ssl_context=context, backlog=_BACKLOG)
        await site.start()
        if proxying:
            self._proxy = Proxy((_reachable(self._host), self._port))
            await self._proxy.start(proxying)
        started.set_result(None)
        await self._stopping.wait()
        if self._proxy:
            await self._proxy.stop()
        server.stopping = True
        # The last accepted connection must be registered before the site closes, or asyncio would forget it.
        self._loop.remove_reader(listening)
        await _run_pending()
        await site.stop()
        server.abort()
        for task in self._answering:
            task.cancel()  # including those of scripted timeouts, which wait for their client
        await runner.cleanup()
        for shaking_hands in asyncio.all_tasks() - {asyncio.current_task()}:
            shaking_hands.cancel()
        await _run_pending()

    # Answering

    async def _answered(self, call: web.BaseRequest) -> web.StreamResponse:
        task = asyncio.current_task()
        assert task is not None
        self._answering.add(task)
        try:
            return await self._answer(call)
        except ConnectionError:  # the client left before its response was complete
            return web.Response()
        finally:
            self._answering.discard(task)

    async def _answer(self, call: web.BaseRequest) -> web.StreamResponse:
        target, host = read_target(call.raw_path, call.headers.get("Host", ""))
        path = target.partition("?")[0]
        controls = _is_control(path)
        refuse = _refusal_of_control if controls else _refusal
        if not is_host(host) or len(call.headers.getall("Host", ())) > 1:
            return _render(refuse(20001, 400, _NO_HOST.format(host=host)))
        if not serves(host, self._host):
            return _render(refuse(20403, 403, _WRONG_HOST.format(host=host, url=self.url)))
        if call.method == "CONNECT":
            response = _render(_refusal(20004, 405, _NO_PROXY))
            response.force_close()
            return response
        host = host or self._local(call)
        page = PAGES.get(path)
        if page is not None and not is_vendor(name_of(host)):
            own = (self.url, f"{self._scheme}://{host}")
            foreign = foreign_page(call.headers.get, own.__contains__)
            if foreign and not _is_visit(call):
                return _render(refuse_page(foreign, self.url))
            return await page(self, call)
        try:
            body = await _body(call)
        except web.HTTPRequestEntityTooLarge as error:
            limit = f": {error.text}" if controls else ""  # the vendor's error does not contain its limit
            return _render(refuse(20413, 413, f"Request Entity Too Large{limit}"))
        if controls:
            request = Request(call.method, f"{self._scheme}://{host}{target}", call.headers, body)
            return _render(await self._controlled(request, path))
        # A client of the proxy can reach the vendor's host again, so links may use it.
        local = host if self._is_tunnelled(call) else self._local(call)
        address = locate(target, host, scheme=self._scheme, local=local)
        request = Request(call.method, address.url, call.headers, body, origin=address.origin)
        try:
            if len(body) > _LONG_BODY:
                return _render(await _in_thread(self.whoosh._answer, request))
            return _render(self.whoosh._answer(request))
        except NetworkFault as fault:
            return await _break(call, fault)
        except WhooshNotFakedError as error:
            return _render(_refusal(20500, 501, str(error)))

    async def _controlled(self, request: Request, path: str) -> Response:
        moves_time = path in _TRAVEL_PATHS
        searches = Searches()

        def answer() -> Response:
            with nullcontext() if moves_time else searches.limited():
                return self._control.answer(request)

        try:
            return await _in_thread(answer)
        except asyncio.CancelledError:  # the client has disconnected, or the server stops
            if moves_time:
                self.whoosh._interrupt()
            searches.end()
            raise

    def _is_tunnelled(self, call: web.BaseRequest) -> bool:
        """True if a call came through the proxy."""
        if not self._proxy or not call.transport:
            return False
        peer = call.transport.get_extra_info("peername")
        return bool(peer) and tuple(peer[:2]) in self._proxy.tunnels

    def _local(self, call: web.BaseRequest) -> str:
        """Return the server's address and port that received a call."""
        transport = call.transport
        name = transport.get_extra_info("sockname") if transport else None
        return authority(*name[:2]) if name else authority(_reachable(self._host), self._port)


class _Loop(asyncio.SelectorEventLoop):
    """An event loop with real timers, even while a test has frozen the process's time."""

    time = staticmethod(real_seconds)  # a C function, because it is called in every iteration


async def _run_pending() -> None:
    """Run a few iterations of the event loop, for everything that is ready now."""
    for _ in range(_ITERATIONS):
        await asyncio.sleep(0)


class _WebServer(web.Server):
    """A server that answers malformed HTTP with a JSON document."""

    def __init__(self, handler: Any) -> None:
        super().__init__(handler, request_factory=self._request, handler_cancellation=True)
        #: True while the server stops: new connections are then aborted at once.
        self.stopping = False
        self._open: dict[web.RequestHandler, asyncio.Transport] = {}

    def connection_made(self, handler: web.RequestHandler, transport: asyncio.Transport) -> None:
        """Add a new connection."""
        super().connection_made(handler, transport)
        self._open[handler] = transport
        if self.stopping:
            transport.abort()

    def connection_lost(self, handler: web.RequestHandler, exc: BaseException | None = None) -> None:
        """Remove a closed connection."""
        super().connection_lost(handler, exc)
        self._open.pop(handler, None)

    def abort(self) -> None:
        """Abort every connection. Closing would wait for the client's TLS close message."""
        for transport in self._open.values():
            transport.abort()

    def __call__(self) -> web.RequestHandler:
        """Return the handler of one connection."""
        return _Connection(
            self,
            loop=self._loop,
            access_log=None,  # type: ignore[arg-type]  # no access log
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
            auto_decompress=False,  # the vendor does not accept compressed requests either
        )

    def _request(self, message: Any, payload: Any, protocol: Any, writer: Any, task: Any) -> web.BaseRequest:
        largest = _LARGEST_CONTROL_BODY if _is_control(message.path.partition("?")[0]) else LARGEST_REQUEST
        return web.BaseRequest(message, payload, protocol, writer, task, self._loop, client_max_size=largest)


class _Connection(web.RequestHandler):
    """One connection."""

    __slots__ = ()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answer a failed or malformed request with a refusal in the vendor's format."""
        if status >= 500:
            super().handle_error(request, status, exc, message)  # logs the error
        if status >= 500:
            refusal = _refusal(20503, status, f"pytest-whoosh itself failed: {type(exc).__name__}: {exc}")
        else:
            refusal = _refusal(20001, status, f"This is not a valid HTTP request: {(message or str(exc)).strip()}")
        response = _render(refusal)
        response.force_close()
        return response


async def _body(call: web.BaseRequest) -> bytes:
    if call.version >= (1, 1) and call.headers.get("Expect", "").lower() == "100-continue":
        await call.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
        call.writer.output_size = 0
    return await call.read()


async def _break(call: web.BaseRequest, fault: NetworkFault) -> web.StreamResponse:
    """Break the connection as a rule scripts it."""
    if fault.kind == "timeout":
        await asyncio.get_running_loop().create_future()  # until the client disconnects, or the server stops
    if call.transport:
        call.transport.abort()
    return web.Response()  # not sent


async def _in_thread(function: Callable[..., R], *args: object) -> R:
    """Run a slow function in a thread that does not keep the server from stopping."""
    future: Future[R] = Future()

    def work() -> None:
        if future.set_running_or_notify_cancel():
            try:
                future.set_result(function(*args))
            except BaseException as error:
                future.set_exception(error)

    threading.Thread(target=work, name="whoosh control", daemon=True).start()
    return await asyncio.wrap_future(future)


def _render(response: Response) -> web.Response:
    body = response.body.encode() if isinstance(response.body, str) else response.body
    headers = {name: value for name, value in response.headers.items() if name.lower() not in _UNSENT}
    return web.Response(status=response.status, body=body, headers=headers)


def _refusal(code: int, status: int, message: str) -> Response:
    document = ApiError(code, status=status, message=message).document()
    return Response(status, {"Content-Type": "application/json"}, json.dumps(document))


def _refusal_of_control(code: int, status: int, message: str) -> Response:  # noqa: ARG001
    return Response(status, {"Content-Type": "application/json"}, json.dumps({"error": message}))


def _is_control(path: str) -> bool:
    return path == CONTROL or path.startswith(f"{CONTROL}/")


def _is_visit(call: web.BaseRequest) -> bool:
    """True if a browser opens the live page itself, such as from a link on another site."""
    return call.method in ("GET", "HEAD") and call.path == "/" and call.headers.get("Sec-Fetch-Mode") == "navigate"


def _listen(host: str, port: int) -> socket.socket:
    family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    del kind, protocol
    return socket.create_server(address[:2], family=family, backlog=_BACKLOG)


def _reachable(host: str) -> str:
    """Return the host under which a server that listens at ``host`` can be reached."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
