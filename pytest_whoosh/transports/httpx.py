"""Stands in ``httpx``, sync and async.

It takes the place of the transport that a client would use for a URL, where that is one of httpx's own: mocks that
replace these transports, or their methods, then cannot get in between. A transport of the user's own is left alone,
and where it hands on to one of httpx's, it is met there.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn

import httpx

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import Answer, NetworkFault, Request, Response

from .patching import Patch


def intercept(answer: Answer) -> list[Patch]:
    """Answer every request to the vendor."""

    def sync(handle: Any) -> Callable[..., httpx.Response]:
        def stand_in(transport: Any, request: httpx.Request) -> httpx.Response:
            if not is_vendor(request.url.host):
                return handle(transport, request)  # type: ignore[no-any-return]
            return _answered(answer, request, request.read())

        return stand_in

    def asynchronous(handle: Any) -> Callable[..., Any]:
        async def stand_in(transport: Any, request: httpx.Request) -> httpx.Response:
            if not is_vendor(request.url.host):
                return await handle(transport, request)  # type: ignore[no-any-return]
            return _answered(answer, request, await request.aread())

        return stand_in

    def chosen(own: type, fake: Any) -> Callable[[Any], Any]:
        def build(choose: Any) -> Any:
            def stand_in(client: Any, url: httpx.URL) -> Any:
                transport = choose(client, url)
                # A fake in its place is that of an outer double.
                return fake if is_vendor(url.host) and isinstance(transport, (own, type(fake))) else transport

            return stand_in

        return build

    return [
        Patch(httpx.HTTPTransport, "handle_request", sync),
        Patch(httpx.AsyncHTTPTransport, "handle_async_request", asynchronous),
        Patch(httpx.Client, "_transport_for_url", chosen(httpx.HTTPTransport, _Fake(answer))),
        Patch(httpx.AsyncClient, "_transport_for_url", chosen(httpx.AsyncHTTPTransport, _AsyncFake(answer))),
    ]


class _Fake(httpx.BaseTransport):
    """A transport that leads to the fake."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        return _answered(self._answer, request, request.read())


class _AsyncFake(httpx.AsyncBaseTransport):
    """A transport that leads an async client to the fake."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Answer a request."""
        return _answered(self._answer, request, await request.aread())


def _answered(answer: Answer, request: httpx.Request, body: bytes) -> httpx.Response:
    try:
        response: Response = answer(Request(request.method, str(request.url), request.headers, body))
    except NetworkFault as fault:
        _raise(fault, request)
    content = response.body.encode() if isinstance(response.body, str) else response.body
    length = {"Content-Length": str(len(content))} if content else {}
    # A stream, as from a transport of httpx's own: a neighbour may want to be the first to read it.
    return httpx.Response(response.status, headers={**response.headers, **length}, stream=httpx.ByteStream(content))


def _raise(fault: NetworkFault, request: httpx.Request) -> NoReturn:
    if fault.kind == "refused":
        raise httpx.ConnectError(str(fault), request=request)
    if fault.kind == "timeout":
        if fault.connecting:
            raise httpx.ConnectTimeout("timed out", request=request)
        raise httpx.ReadTimeout("The read operation timed out", request=request)
    if fault.connecting:
        raise httpx.ConnectError("[Errno 111] Connection refused", request=request)
    raise httpx.RemoteProtocolError("Server disconnected without sending a response.", request=request)
