"""Makes ``respx`` ignore calls to the vendor, even with ``respx.mock(using="httpx")``, which mocks above transports."""

from collections.abc import Callable
from typing import Any

import httpx
from respx.models import PassThrough
from respx.router import Router

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import Request, RequestHandler
from pytest_whoosh.interception.own_mocks.handover import is_handed_over
from pytest_whoosh.interception.own_mocks.of_httpx import respx_has_answer
from pytest_whoosh.interception.patching import Patch


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return patches that pass requests to the vendor to our interception, unless respx should answer."""

    def sync(handle: Any) -> Callable[..., Any]:
        def replacement(router: Any, request: httpx.Request) -> Any:
            if is_vendor(request.url.host):
                request.read()
                _let_pass(answer, request)
            return handle(router, request)

        return replacement

    def asynchronous(handle: Any) -> Callable[..., Any]:
        async def replacement(router: Any, request: httpx.Request) -> Any:
            if is_vendor(request.url.host):
                await request.aread()
                _let_pass(answer, request)
            return await handle(router, request)

        return replacement

    return [Patch(Router, "handler", sync), Patch(Router, "async_handler", asynchronous)]


def _let_pass(answer: RequestHandler, request: httpx.Request) -> None:
    if is_handed_over():
        return
    asked = Request(request.method, str(request.url), request.headers, request.content)
    if answer.may_be_mocked(asked) and respx_has_answer(request, above=True):
        return
    nobody: Any = None
    raise PassThrough("this request is the fake's", request=request, origin=nobody)
