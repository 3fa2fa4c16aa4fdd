"""Makes ``respx`` ignore calls to the vendor, also above the transports: ``respx.mock(using="httpx")``."""

from collections.abc import Callable
from typing import Any

import httpx
from respx.models import PassThrough
from respx.router import Router

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import Answer
from pytest_whoosh.interception.patching import Patch


def intercept(_: Answer) -> list[Patch]:
    """Pass every request to the vendor on to the interception of ``httpx``."""

    def sync(handle: Any) -> Callable[..., Any]:
        def stand_in(router: Any, request: httpx.Request) -> Any:
            _let_pass(request)
            return handle(router, request)

        return stand_in

    def asynchronous(handle: Any) -> Callable[..., Any]:
        async def stand_in(router: Any, request: httpx.Request) -> Any:
            _let_pass(request)
            return await handle(router, request)

        return stand_in

    return [Patch(Router, "handler", sync), Patch(Router, "async_handler", asynchronous)]


def _let_pass(request: httpx.Request) -> None:
    if is_vendor(request.url.host):
        nobody: Any = None
        raise PassThrough("this request is the fake's", request=request, origin=nobody)
