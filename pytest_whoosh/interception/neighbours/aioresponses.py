"""Bypasses ``aioresponses``, which replaces ``ClientSession._request``, above our own patches."""

import json
from collections.abc import Callable, Mapping
from typing import Any, Final
from urllib.parse import urlencode

from aiohttp import ClientSession
from aioresponses.compat import URL, merge_params, normalize_url

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import Request, RequestHandler
from pytest_whoosh.interception.own_mocks.handover import ANY_URL
from pytest_whoosh.interception.patching import Patch

_CALLS: Final = ("request", "get", "options", "head", "post", "put", "patch", "delete")


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return patches that pass requests to the vendor to our interception, unless the mock should answer."""

    def build(call: Any) -> Callable[..., Any]:
        def replacement(session: Any, *args: Any, **kwargs: Any) -> Any:
            beneath = session if isinstance(session, _SessionBeneath) else _SessionBeneath(session, answer)
            return call(beneath, *args, **kwargs)

        return replacement

    return [Patch(ClientSession, name, build) for name in _CALLS]


class _SessionBeneath:
    """The user's session for one call. It sends requests to the vendor past any mock."""

    def __init__(self, session: ClientSession, answer: RequestHandler) -> None:
        self._session = session
        self._answer = answer

    def _request(self, method: str, url: Any, **kwargs: Any) -> Any:
        request: Any = ClientSession._request
        target = self._session._build_url(url)
        if is_vendor(target.host or "") and not self._goes_to_mock(request, method, target, kwargs):
            request = _beneath(request)
        return request(self._session, method, url, **kwargs)

    def _goes_to_mock(self, request: Any, method: str, url: Any, options: Any) -> bool:
        """True if the mock should answer a request."""
        if getattr(request, "mock", None) is None:
            return False
        mock = request.mock.side_effect.__self__
        whole = normalize_url(merge_params(url, options.get("params")))
        if str(whole).startswith(tuple(mock._passthrough)):
            return False
        chosen = next((each for each in mock._matches.values() if each.match(method, whole)), None)
        if chosen is None or chosen.match(method, URL(ANY_URL)):
            return False
        headers = dict(self._session.headers or {}) | dict(options.get("headers") or {})
        return self._answer.may_be_mocked(Request(method, str(whole), headers, _body(options, headers)))


def _body(options: Any, headers: dict[str, str]) -> str | bytes | None:
    """Return the request's body, which the rules of a test may match."""
    data = options.get("data")
    if options.get("json") is not None:
        headers["Content-Type"] = "application/json"
        return json.dumps(options["json"])
    if isinstance(data, (str, bytes)):
        return data
    if isinstance(data, Mapping):
        headers["Content-Type"] = "application/x-www-form-urlencoded"
        return urlencode(data, doseq=True)
    return None


def _beneath(request: Any) -> Any:
    """Return the function below all mocks."""
    while (mock := getattr(request, "mock", None)) is not None:
        request = mock.side_effect.__self__.patcher.temp_original
    return request
