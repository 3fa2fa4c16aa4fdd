"""Gets past ``aioresponses``, which takes the place of ``ClientSession._request``, above where we stand."""

from collections.abc import Callable
from typing import Any, Final

from aiohttp import ClientSession

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import Answer
from pytest_whoosh.interception.patching import Patch

_CALLS: Final = ("request", "get", "options", "head", "post", "put", "patch", "delete")


def intercept(_: Answer) -> list[Patch]:
    """Pass every request to the vendor on to the interception of ``aiohttp``."""

    def build(call: Any) -> Callable[..., Any]:
        def stand_in(session: Any, *args: Any, **kwargs: Any) -> Any:
            return call(session if isinstance(session, _SessionBeneath) else _SessionBeneath(session), *args, **kwargs)

        return stand_in

    return [Patch(ClientSession, name, build) for name in _CALLS]


class _SessionBeneath:
    """The session that a call uses: it sends requests, and those to the vendor past any mock."""

    def __init__(self, session: ClientSession) -> None:
        self._session = session

    def _request(self, method: str, url: Any, **kwargs: Any) -> Any:
        request = ClientSession._request
        if is_vendor(self._session._build_url(url).host or ""):
            request = _beneath(request)
        return request(self._session, method, url, **kwargs)


def _beneath(request: Any) -> Any:
    """Return the function that was there before all mocks."""
    while (mock := getattr(request, "mock", None)) is not None:
        request = mock.side_effect.__self__.patcher.temp_original
    return request
