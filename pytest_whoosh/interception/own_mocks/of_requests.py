"""Looks for a response in the mocks of ``requests``: ``responses`` and ``requests-mock``."""

import sys
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import requests
from requests.adapters import HTTPAdapter

from .handover import ANY_URL, objects_held_by


def has_answer(session: Any, send: Callable[..., Any], request: requests.PreparedRequest) -> bool:
    """True if a mock that ``send`` would call has a response for a request. ``send`` is a ``Session.send``."""
    if "requests_mock.adapter" in sys.modules:
        adapters = [session.get_adapter(request.url)]
        if getattr(send, "__module__", None) == "requests_mock.mocker":  # requests-mock sets its adapter during a send
            adapters += [held._adapter for held in objects_held_by(send) if hasattr(held, "_adapter")][:1]
        if any(_requests_mock(adapter, request) for adapter in adapters):
            return True
    return getattr(HTTPAdapter.send, "__module__", None) == "responses" and _responses(request)


def _requests_mock(adapter: Any, request: requests.PreparedRequest) -> bool:
    mock: Any = sys.modules["requests_mock.adapter"]
    if type(adapter) is not mock.Adapter:
        return False

    def proxy(asked: requests.PreparedRequest) -> Any:
        return mock._RequestObjectProxy(asked, case_sensitive=adapter._case_sensitive)

    for matcher in reversed(adapter._matchers):
        if isinstance(matcher, mock._Matcher) and matcher._match(proxy(request)):
            return not matcher._real_http and not matcher._match(proxy(_with_other_url(request)))
    return False


def _responses(request: requests.PreparedRequest) -> bool:
    library: Any = sys.modules["responses"]
    mocks = [held for held in objects_held_by(HTTPAdapter.send) if isinstance(held, library.RequestsMock)]
    if not mocks:
        return False
    registry = mocks[0].get_registry()
    registered = registry.registered
    if type(registry) is library.registries.OrderedRegistry:
        registered = registered[:1]
    elif type(registry) is not library.registries.FirstMatchRegistry:
        return False  # the behaviour of other registries is unknown
    asked: Any = request.copy()
    query: dict[str, Any] = {}
    for name, value in parse_qsl(urlsplit(request.path_url).query, keep_blank_values=True):
        query[name] = [*query[name], value] if name in query else [value]
    asked.params = {name: values[0] if len(values) == 1 else values for name, values in query.items()}
    asked.req_kwargs = {}
    elsewhere: Any = _with_other_url(asked)
    elsewhere.params, elsewhere.req_kwargs = asked.params, {}
    for response in registered:
        if response.matches(asked)[0]:
            return not response.passthrough and not response.matches(elsewhere)[0]
    return False


def _with_other_url(request: requests.PreparedRequest) -> requests.PreparedRequest:
    copy = request.copy()
    copy.url = ANY_URL
    return copy
