"""Looks for a response in the mocks of ``httpx``: ``respx`` and ``pytest-httpx``."""

import copy
import sys
from collections.abc import Iterator
from typing import Any, Final

import httpx

from .handover import ANY_URL, objects_held_by

_NOTHING: Final = object()


def has_answer(transport: Any, request: httpx.Request) -> bool:
    """True if a mock of a transport has a response for a request. The request's content must have been read."""
    return ("respx.mocks" in sys.modules and respx_has_answer(request)) or (
        "pytest_httpx" in sys.modules and _pytest_httpx(transport, request)
    )


def respx_has_answer(request: httpx.Request, *, above: bool = False) -> bool:
    """True if respx has a response for a request. ``above`` selects the mocks above the transports."""
    mocks: Any = sys.modules["respx.mocks"]
    for name, mocker in mocks.Mocker.registry.items():
        for router in mocker.routers if (name == "httpx") == above else ():
            route = next((each for each in router.routes if _matches(each, request)), None)
            if route is not None:
                return not route.is_pass_through and not _matches(route, _with_other_url(request)) and _is_left(route)
    return False


def _with_other_url(request: httpx.Request) -> httpx.Request:
    return httpx.Request(request.method, ANY_URL, headers=request.headers, content=request.content)


def _matches(route: Any, request: httpx.Request) -> bool:
    return route.pattern is None or bool(route.pattern.match(request))


def _is_left(route: Any) -> bool:
    """True if a route has a response left."""
    effect = route.side_effect
    return not isinstance(effect, Iterator) or next(copy.copy(effect), _NOTHING) is not _NOTHING


def _pytest_httpx(transport: Any, request: httpx.Request) -> bool:
    mock_type: Any = sys.modules["pytest_httpx"].HTTPXMock
    name = "handle_async_request" if isinstance(transport, httpx.AsyncHTTPTransport) else "handle_request"
    for mock in objects_held_by(getattr(type(transport), name)):
        if not isinstance(mock, mock_type) or not mock._options.should_mock(request):
            continue
        matchers = [matcher for matcher, _ in mock._callbacks if matcher.match(transport, request)]
        left = [matcher for matcher in matchers if not matcher.nb_calls]
        chosen = left[0] if left else matchers[-1] if matchers and matchers[-1].is_reusable else None
        return chosen is not None and not chosen.match(transport, _with_other_url(request))
    return False
