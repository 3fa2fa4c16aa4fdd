"""Lists every private name of another library, or of Python itself, that this package relies on.

A release may rename such a name without notice. ``tests/interception/test_internals.py`` looks each name up in the
installed libraries, so a rename fails a test instead of silently opening the guard. The same tests fail if a private
name is used but is not in this table. No other module reads the table.
"""

from __future__ import annotations

from typing import Final, NamedTuple


class Internal(NamedTuple):
    """One private name.

    ``name`` is a module and a path in it, as in ``"httpx:Client._transport_for_url"``. An attribute that only an
    instance has follows ``()``, as in ``"requests:Response()._content"``. ``since`` and ``seen`` are the first and the
    last release of the library (or of Python) with this name.
    """

    library: str
    name: str
    why: str
    since: str
    seen: str


INTERNALS: Final = (
    # Client libraries
    Internal("aiohttp", "aiohttp:ClientSession._build_url", "returns the URL of a call, below a mock", "3.9", "3.14"),
    Internal("aiohttp", "aiohttp:ClientSession._request", "is what aioresponses replaces", "3.9", "3.14"),
    Internal("aiohttp", "aiohttp.connector:BaseConnector._get", "hands out an open connection", "3.9", "3.14"),
    Internal("aiohttp", "aiohttp.connector:TCPConnector()._conns", "holds the open connections", "3.9", "3.14"),
    Internal(
        "aiohttp", "aiohttp.connector:TCPConnector._create_connection", "opens the fake's connection", "3.9", "3.14"
    ),
    Internal(
        "aiohttp", "aiohttp.connector:TCPConnector()._factory", "makes the protocol of a connection", "3.9", "3.14"
    ),
    Internal(
        "aiohttp", "aiohttp.connector:TCPConnector._resolve_host", "looks names up, with any resolver", "3.9", "3.14"
    ),
    Internal("httpcore", "httpcore._sync.http11:HTTP11Connection", "sends each request, also to a proxy", "1.0", "1.0"),
    Internal("httpcore", "httpcore._sync.http11:HTTP11Connection()._network_stream", "knows the peer", "1.0", "1.0"),
    Internal("httpcore", "httpcore._async.http11:AsyncHTTP11Connection", "does the same, async", "1.0", "1.0"),
    Internal(
        "httpcore", "httpcore._async.http11:AsyncHTTP11Connection()._network_stream", "knows the peer", "1.0", "1.0"
    ),
    Internal(
        "httpcore", "httpcore._sync.socks_proxy:_init_socks5_connection", "names the host to a proxy", "1.0", "1.0"
    ),
    Internal("httpcore", "httpcore._async.socks_proxy:_init_socks5_connection", "does the same, async", "1.0", "1.0"),
    Internal("httpcore2", "httpcore2._sync.http11:HTTP11Connection", "is the same as in httpcore", "2.0", "2.16"),
    Internal(
        "httpcore2",
        "httpcore2._sync.http11:HTTP11Connection()._network_stream",
        "is the same as in httpcore",
        "2.0",
        "2.16",
    ),
    Internal("httpcore2", "httpcore2._async.http11:AsyncHTTP11Connection", "is the same as in httpcore", "2.0", "2.16"),
    Internal(
        "httpcore2",
        "httpcore2._async.http11:AsyncHTTP11Connection()._network_stream",
        "is the same as in httpcore",
        "2.0",
        "2.16",
    ),
    Internal(
        "httpcore2", "httpcore2._sync.socks_proxy:_init_socks5_connection", "is the same as in httpcore", "2.0", "2.16"
    ),
    Internal(
        "httpcore2", "httpcore2._async.socks_proxy:_init_socks5_connection", "is the same as in httpcore", "2.0", "2.16"
    ),
    Internal("httpx", "httpx:Client._transport_for_url", "chooses the transport, below mocks of it", "0.27", "0.28"),
    Internal("httpx", "httpx:AsyncClient._transport_for_url", "does the same, async", "0.27", "0.28"),
    Internal("httpx", "httpx:AsyncHTTPTransport()._pool", "has the limit of connections", "0.27", "0.28"),
    Internal("httpx", "httpcore:AsyncConnectionPool()._max_connections", "is that limit", "0.27", "0.28"),
    Internal("httpx2", "httpx2:Client._transport_for_url", "is the same as in httpx", "2.0", "2.16"),
    Internal("httpx2", "httpx2:AsyncClient._transport_for_url", "is the same as in httpx", "2.0", "2.16"),
    Internal("python-socks", "python_socks.sync:Proxy()._proxy_host", "is the proxy that is asked", "2.4", "3.2"),
    Internal("python-socks", "python_socks.sync:Proxy()._proxy_port", "is its port", "2.4", "3.2"),
    Internal("requests", "requests:Response()._content", "holds the body, without reading in chunks", "2.32", "2.34"),
    Internal("requests", "requests:Response()._content_consumed", "says that it is read", "2.32", "2.34"),
    Internal("urllib3", "urllib3:HTTPResponse()._original_response", "is searched for cookies, twice", "2.0", "2.8"),
    Internal("urllib3", "urllib3.connection:HTTPConnection._new_conn", "opens a connection", "2.0", "2.8"),
    Internal("urllib3-future", "urllib3.backend.hface:HfaceBackend._post_conn", "starts HTTP", "2.12", "2.25"),
    Internal("urllib3-future", "urllib3.backend.hface:HfaceBackend._tunnel", "asks a proxy", "2.12", "2.25"),
    Internal("urllib3-future", "urllib3._async.connection:AsyncHTTPConnection", "is the async class", "2.12", "2.25"),
    Internal(
        "urllib3-future", "urllib3.backend._async.hface:AsyncHfaceBackend._tunnel", "does the same", "2.12", "2.25"
    ),
    # Mocks of them
    Internal("aioresponses", "aioresponses:aioresponses().patcher", "keeps what it replaced", "0.7.8", "0.7"),
    Internal(
        "requests-mock", "requests_mock.mocker:_original_send", "is the Session.send at its import", "1.12", "1.12"
    ),
    Internal("aioresponses", "aioresponses:aioresponses()._passthrough", "lists the URLs that pass", "0.7.8", "0.7"),
    Internal("aioresponses", "aioresponses:aioresponses()._matches", "holds its responses", "0.7.8", "0.7"),
    Internal("pytest-httpx", "pytest_httpx:HTTPXMock()._options", "says which requests pass", "0.35", "0.36"),
    Internal("pytest-httpx", "pytest_httpx:HTTPXMock()._callbacks", "holds its responses", "0.35", "0.36"),
    Internal("requests-mock", "requests_mock:Mocker()._adapter", "holds its responses", "1.12", "1.12"),
    Internal("requests-mock", "requests_mock.adapter:Adapter()._case_sensitive", "is how it compares", "1.12", "1.12"),
    Internal("requests-mock", "requests_mock.adapter:Adapter()._matchers", "are its responses", "1.12", "1.12"),
    Internal(
        "requests-mock", "requests_mock.adapter:_Matcher", "is one of them, unless the user wrote it", "1.12", "1.12"
    ),
    Internal("requests-mock", "requests_mock.adapter:_Matcher._match", "compares without using it up", "1.12", "1.12"),
    Internal("requests-mock", "requests_mock.adapter:_Matcher()._real_http", "lets a call pass", "1.12", "1.12"),
    Internal("requests-mock", "requests_mock.adapter:_RequestObjectProxy", "is what it compares", "1.12", "1.12"),
    Internal("vcrpy", "vcr.stubs:VCRHTTPSConnection._baseclass", "is the class that it replaced", "9.1", "9.1"),
    # Clocks
    Internal("freezegun", "freezegun.api:_get_cached_module_attributes", "scans modules, slowly", "1.5", "1.5"),
    Internal("freezegun", "freezegun.api:_real_time_object_ids", "identifies the real clocks", "1.5", "1.5"),
    Internal("freezegun", "freezegun.api:freeze_factories", "holds the frozen clocks, newest last", "1.5", "1.5"),
    Internal("time-machine", "time_machine:Traveller()._tick", "says whether its clock runs", "3", "3.6"),
    Internal("time-machine", "time_machine:Traveller()._destination_timestamp_ns", "is where it was set", "3", "3.6"),
    # pytest
    Internal("pytest", "_pytest._code.code:ExceptionChainRepr", "is a failure's text", "8.4", "9.2"),
    Internal("pytest", "_pytest._code.code:ReprEntryNative", "is an entry of it", "8.4", "9.2"),
    Internal("pytest", "_pytest._code.code:ReprTraceback", "is a part of it", "8.4", "9.2"),
    Internal("pytest", "_pytest.config:console_main", "is the command: then the process is pytest's", "8.4", "9.2"),
    Internal("pytest", "_pytest.outcomes:Exit", "ends a run; a webhook must not swallow it", "8.4", "9.2"),
    Internal("pytest", "_pytest.timing", "measures tests in real time", "8.4", "9.2"),
    Internal("pytest", "_pytest.subtests:_SubTestContextManager", "shows errors that it catches", "9.0", "9.2"),
    # Django
    Internal("Django", "django.conf:settings._wrapped", "holds the settings, below overrides of them", "5.2", "6.0"),
    Internal("trio", "trio._core._run:GLOBAL_RUN_CONTEXT", "leads to what a run waits for", "0.30", "0.35"),
    Internal("trio", "trio._core._io_epoll:EpollIOManager()._registered", "holds the files", "0.30", "0.35"),
    Internal("uvloop", "uvloop:Loop._get_backend_id", "is the file that knows the loop's sockets", "0.21", "0.22"),
    Internal("trio", "trio._core._thread_cache:WorkerThread", "works for one test after the other", "0.30", "0.35"),
    Internal("anyio", "anyio._backends._asyncio:WorkerThread", "runs handlers that are not async", "4.0", "4.16"),
    # Python
    Internal("Python", "_signal:signal", "is the signal that gevent does not replace", "3.11", "3.14"),
    Internal(
        "Python", "_socket:getaddrinfo", "is the resolver beneath socket's, which an app may import", "3.11", "3.14"
    ),
    Internal("Python", "_socket:socket", "is the class beneath socket's", "3.11", "3.14"),
    Internal("Python", "asyncio:_get_running_loop", "returns the loop or None, and raises nothing", "3.11", "3.14"),
    Internal(
        "Python", "argparse:ArgumentParser()._actions", "has the options, to correct misspelt ones", "3.11", "3.14"
    ),
    Internal("Python", "asyncio:Task()._fut_waiter", "is what a task waits for", "3.11", "3.14"),
    Internal("Python", "asyncio:Task()._log_destroy_pending", "silences a task that is ended", "3.11", "3.14"),
    Internal("Python", "asyncio:SelectorEventLoop()._default_executor", "runs what blocks", "3.11", "3.14"),
    Internal("Python", "concurrent.futures.thread:_threads_queues", "has threads that Python awaits", "3.11", "3.14"),
    Internal("Python", "concurrent.futures.thread:ThreadPoolExecutor()._threads", "has its threads", "3.11", "3.14"),
    Internal("Python", "asyncio:SelectorEventLoop()._ready", "holds the tasks that could go on", "3.11", "3.14"),
    Internal("Python", "asyncio:SelectorEventLoop()._scheduled", "holds the timers", "3.11", "3.14"),
    Internal("Python", "asyncio:SelectorEventLoop()._selector", "knows the open connections", "3.11", "3.14"),
    Internal("Python", "asyncio:SelectorEventLoop()._ssock", "wakes the loop, and is no connection", "3.11", "3.14"),
    Internal(
        "Python", "asyncio.selector_events:_SelectorSocketTransport", "writes to a plain connection", "3.11", "3.14"
    ),
    Internal(
        "Python", "asyncio.proactor_events:_ProactorBaseWritePipeTransport", "does the same on Windows", "3.11", "3.14"
    ),
    Internal("Python", "asyncio.sslproto:SSLProtocol()._server_hostname", "names the TLS peer", "3.11", "3.14"),
    Internal("Python", "asyncio.sslproto:SSLProtocol()._sslobj", "finds the protocol of an SSLObject", "3.11", "3.14"),
    Internal("Python", "asyncio.sslproto:SSLProtocol()._transport", "knows its peer's address", "3.11", "3.14"),
    Internal("Python", "asyncio.sslproto:_SSLProtocolTransport", "writes to a TLS connection", "3.11", "3.14"),
    Internal("Python", "asyncio.sslproto:_SSLProtocolTransport()._ssl_protocol", "has the protocol", "3.11", "3.14"),
    Internal("Python", "http.client:HTTPConnection()._tunnel_host", "is the host behind a proxy", "3.11", "3.14"),
    Internal("Python", "unittest.case:_AssertRaisesContext", "catches the errors that a test expects", "3.11", "3.14"),
    Internal(
        "Python",
        "multiprocessing.process:BaseProcess._bootstrap",
        "runs a process",
        "3.11",
        "3.14",
    ),
    Internal("Python", "multiprocessing:Process()._config", "goes with a process, and is copied", "3.11", "3.14"),
    Internal("Python", "threading:_shutdown_locks", "has threads that Python awaits", "3.11", "3.12"),
    Internal("Python", "threading:Thread()._tstate_lock", "is a thread's lock in there", "3.11", "3.12"),
    Internal("Python", "threading:_thread_shutdown", "awaits threads at Python's end", "3.13", "3.14"),
    Internal("Python", "threading:Thread()._target", "shows that a thread is a pool's", "3.11", "3.14"),
    Internal("Python", "threading:RLock()._at_fork_reinit", "frees a lock in a forked child", "3.11", "3.14"),
)
