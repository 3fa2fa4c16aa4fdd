"""Intercepts ``httpx``, sync and async, and ``httpx2``, which is httpx under another name.

A client's choice of transport for a URL is replaced if it is one of the library's own transports. So mocks that replace
these transports or their methods do not come between the app and the fake. Transports of the user's own are not
replaced. If one of these calls a transport of the library, the request is intercepted there.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, Final, NoReturn
from weakref import WeakKeyDictionary

import httpx

from pytest_whoosh.delivery.loops import let_others_run
from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import NetworkFault, Request, RequestHandler, Response
from pytest_whoosh.engine.misuse import is_usage_error

from .faults import connection_refused
from .own_mocks.handover import handing_over, is_handed_over
from .patching import Patch

__tracebackhide__ = is_usage_error


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return patches that answer every request to the vendor."""
    return intercept_in(httpx, answer)


def intercept_in(library: Any, answer: RequestHandler) -> list[Patch]:
    """Return patches that answer every request to the vendor. ``library`` is httpx or httpx2."""

    def sync(handle: Any) -> Callable[..., Any]:
        def replacement(transport: Any, request: Any) -> Any:
            if not is_vendor(request.url.host) or is_handed_over():
                return handle(transport, request)
            return _respond(library, answer, request, request.read())

        return replacement

    def asynchronous(handle: Any) -> Callable[..., Any]:
        async def replacement(transport: Any, request: Any) -> Any:
            if not is_vendor(request.url.host) or is_handed_over():
                return await handle(transport, request)
            return await _AsyncFake(library, answer, transport).handle_async_request(request)

        return replacement

    def chosen(own: type, fake: type[_Fake | _AsyncFake]) -> Callable[[Any], Any]:
        def build(choose: Any) -> Any:
            def replacement(client: Any, url: Any) -> Any:
                transport = choose(client, url)
                # If the transport is a fake already, it belongs to an outer double.
                ours = is_vendor(url.host) and isinstance(transport, (own, fake))
                return fake(library, answer, transport) if ours else transport

            return replacement

        return build

    return [
        Patch(library.HTTPTransport, "handle_request", sync, shown_by=library),
        Patch(library.AsyncHTTPTransport, "handle_async_request", asynchronous, shown_by=library),
        Patch(library.Client, "_transport_for_url", chosen(library.HTTPTransport, _Fake), shown_by=library),
        Patch(
            library.AsyncClient, "_transport_for_url", chosen(library.AsyncHTTPTransport, _AsyncFake), shown_by=library
        ),
    ]


class _Fake:
    """A transport that leads to the fake, instead of the client's own transport ``behind`` it."""

    def __init__(self, library: Any, answer: RequestHandler, behind: Any) -> None:
        self._library = library
        self._answer = answer
        #: The client's own transport, even if an outer double has replaced it with a fake.
        self.behind: Any = behind.behind if isinstance(behind, _Fake) else behind

    def handle_request(self, request: Any) -> Any:
        """Return the response to a request."""
        body = request.read()
        if _goes_to_mock(self._answer, self.behind, request, body):
            with handing_over():
                return self.behind.handle_request(request)
        return _respond(self._library, self._answer, request, body)


class _AsyncFake:
    """A transport that leads an async client to the fake, instead of the client's own transport ``behind`` it."""

    def __init__(self, library: Any, answer: RequestHandler, behind: Any) -> None:
        self._library = library
        self._answer = answer
        #: The client's own transport, even if an outer double has replaced it with a fake.
        self.behind: Any = behind.behind if isinstance(behind, _AsyncFake) else behind

    async def handle_async_request(self, request: Any) -> Any:
        """Return the response to a request."""
        body = await request.aread()
        if _goes_to_mock(self._answer, self.behind, request, body):
            with handing_over():
                return await self.behind.handle_async_request(request)
        while _RUNNING_CALLS.get(self.behind, 0) >= _most_connections(self.behind):
            await let_others_run()
        done: list[Callable[[], None]] = []
        try:
            return _respond(self._library, partial(self._answer, later=done.append), request, body)
        finally:
            if done:  # this call counts as concurrent until its caller has the response, in the loop's next iteration
                _RUNNING_CALLS[self.behind] = _RUNNING_CALLS.get(self.behind, 0) + 1
                try:
                    await let_others_run()
                finally:
                    _RUNNING_CALLS[self.behind] -= 1
                    done.pop()()


def _goes_to_mock(answer: RequestHandler, transport: Any, request: Any, body: bytes) -> bool:
    """True if the user's mock should answer a request. Mocks exist for httpx only, not for httpx2."""
    if _MOCKS.isdisjoint(sys.modules) or not isinstance(request, httpx.Request):
        return False
    from .own_mocks import of_httpx

    return answer.may_be_mocked(_as_request(request, body)) and of_httpx.has_answer(transport, request)


def _as_request(request: Any, body: bytes) -> Request:
    return Request(request.method, str(request.url), request.headers, body)


_MOCKS: Final = frozenset({"respx.mocks", "pytest_httpx"})
#: The number of concurrent calls of each transport. The limit is the transport's number of connections.
_RUNNING_CALLS: Final[WeakKeyDictionary[Any, int]] = WeakKeyDictionary()


def _most_connections(transport: Any) -> float:
    return getattr(getattr(transport, "_pool", None), "_max_connections", math.inf)


def _respond(library: Any, answer: Callable[[Request], Response], request: Any, body: bytes) -> Any:
    try:
        response = answer(_as_request(request, body))
    except NetworkFault as fault:
        _raise(library, fault, request)
    content = response.body.encode() if isinstance(response.body, str) else response.body
    length = {"Content-Length": str(len(content))} if content else {}
    # The body is a stream, as from the library's own transports, because other tools may wrap it before it is read.
    return library.Response(response.status, headers={**response.headers, **length}, stream=library.ByteStream(content))


def _raise(library: Any, fault: NetworkFault, request: Any) -> NoReturn:
    if fault.kind == "refused":
        raise library.ConnectError(str(fault), request=request) from None
    if fault.kind == "timeout":
        if fault.connecting:
            raise library.ConnectTimeout("timed out", request=request) from None
        raise library.ReadTimeout("The read operation timed out", request=request) from None
    if fault.connecting:
        raise library.ConnectError(str(connection_refused()), request=request) from None
    raise library.RemoteProtocolError("Server disconnected without sending a response.", request=request) from None
