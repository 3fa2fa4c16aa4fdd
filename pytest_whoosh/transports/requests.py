"""Stands in ``requests``, with answers made by the ``responses`` library.

It stands at ``Session.send``, above every adapter: mocks that replace adapters, theirs or ours to come first, then
cannot get between an app and the fake. The session's own ``send`` still runs, so that hooks, cookies, ``elapsed``,
redirects and whatever wraps it work as ever; only the adapter it asks for is ours.
"""

import sys
from collections.abc import Mapping
from http.client import RemoteDisconnected
from typing import Any, Final, NoReturn

import requests
import responses
import urllib3
from requests.adapters import HTTPAdapter
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    MaxRetryError,
    NewConnectionError,
    ProtocolError,
    ReadTimeoutError,
    ResponseError,
)
from urllib3.util.retry import Retry

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import Answer, NetworkFault, Request

from .patching import Patch

PLAIN_HTTP: Final = "The API is served over HTTPS only; unencrypted HTTP is not supported. Call https://{host} instead."
_NO_RETRY: Final = Retry(0, read=False)


def intercept(answer: Answer) -> list[Patch]:
    """Answer every request to the vendor; all others go on to wherever they went before."""

    def build(send: Any) -> Any:
        def stand_in(session: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            host = _host(request.url)
            # A session with a fake comes from a double nested in this one, which takes the traffic.
            if not host or not is_vendor(host) or isinstance(session, _SessionWithFake):
                return send(session, request, **kwargs)  # type: ignore[no-any-return]
            return send(_SessionWithFake(session, answer), request, **kwargs)  # type: ignore[no-any-return]

        return stand_in

    patches = [Patch(requests.Session, "send", build)]
    mocker = sys.modules.get("requests_mock.mocker")
    if mocker is not None:
        # requests-mock, once started, calls the Session.send it found at its import, past whoever came later.
        patches.append(Patch(mocker, "_original_send", build))
    return patches


def _host(url: str | None) -> str | None:
    try:
        return urllib3.util.parse_url(url or "").host
    except urllib3.exceptions.LocationParseError:
        return None


class _SessionWithFake:
    """A session for the time of one send: the user's in everything but the adapter it hands out.

    A neighbour's attempt to set another adapter on it comes to nothing.
    """

    def __init__(self, session: requests.Session, answer: Answer) -> None:
        self._whoosh = (session, answer)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whoosh[0], name)

    @property
    def get_adapter(self) -> Any:
        session, answer = self._whoosh
        return lambda url: _FakeAdapter(type(session).get_adapter(session, url), answer)

    @get_adapter.setter
    def get_adapter(self, adapter: Any) -> None:
        pass


class _FakeAdapter:
    """What the session takes for its adapter: sends to the fake, retrying as the session's own adapter would."""

    def __init__(self, behind: Any, answer: Answer) -> None:
        self._behind = behind
        self._answer = answer

    def send(self, request: requests.PreparedRequest, timeout: Any = None, **_: Any) -> requests.Response:
        asked = Request(str(request.method), str(request.url), request.headers, _body(request))
        if asked.scheme != "https":
            raise requests.exceptions.ConnectionError(PLAIN_HTTP.format(host=asked.host), request=request)
        retries = getattr(self._behind, "max_retries", _NO_RETRY)
        while True:
            try:
                raw = _raw_response(self._answer, asked, request)
            except NetworkFault as fault:
                retries = _after_fault(retries, fault, asked, request, timeout)
                continue
            if not retries.is_retry(asked.method, raw.status, "Retry-After" in raw.headers):
                break
            try:
                retries = retries.increment(asked.method, asked.url, response=raw)
            except MaxRetryError as exhausted:
                if retries.raise_on_status:
                    _raise(exhausted, request)
                break
        return _builder(self._behind).build_response(request, raw)  # type: ignore[no-any-return]

    def close(self) -> None:
        """There is nothing to close."""


_ADAPTER: Final = HTTPAdapter()


def _builder(adapter: Any) -> Any:
    """The adapter that makes the response: the session's own, so that one which adds to responses still does."""
    return adapter if hasattr(adapter, "build_response") else _ADAPTER


def _raw_response(answer: Answer, asked: Request, request: requests.PreparedRequest) -> urllib3.HTTPResponse:
    def callback(_: Any) -> tuple[int, Mapping[str, str], str | bytes]:
        response = answer(asked)
        return response.status, response.headers, response.body

    made = responses.CallbackResponse(asked.method, asked.url, callback, content_type=None)
    return made.get_response(request)


def _body(request: requests.PreparedRequest) -> bytes | str | None:
    body: object = request.body
    if body is None or isinstance(body, (bytes, str)):
        return body
    content: Any = body
    if hasattr(content, "read"):
        return content.read()  # type: ignore[no-any-return]
    return b"".join(part if isinstance(part, bytes) else part.encode() for part in content)


def _after_fault(
    retries: Retry, fault: NetworkFault, asked: Request, request: requests.PreparedRequest, timeout: Any
) -> Retry:
    """The retries left after a fault; raises where there are none, as urllib3 would, and as requests words it."""
    connection: Any = urllib3.HTTPSConnectionPool(asked.host, asked.port or 443)
    seconds = timeout[0 if fault.connecting else 1] if isinstance(timeout, tuple) else timeout
    error: HTTPError
    if fault.kind == "timeout":
        if fault.connecting:
            error = ConnectTimeoutError(
                connection, f"Connection to {asked.host} timed out. (connect timeout={seconds})"
            )
        else:
            error = ReadTimeoutError(connection, asked.path, f"Read timed out. (read timeout={seconds})")
    elif fault.connecting:
        error = NewConnectionError(connection, "Failed to establish a new connection: [Errno 111] Connection refused")
    else:
        error = ProtocolError(
            "Connection aborted.", RemoteDisconnected("Remote end closed connection without response")
        )
    try:
        return retries.increment(asked.method, asked.path, error=error, _pool=connection)
    except (MaxRetryError, HTTPError) as exhausted:
        _raise(exhausted, request)


def _raise(error: Exception, request: requests.PreparedRequest) -> NoReturn:
    """Raise a fault of urllib3 as ``requests`` does."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    kind: type[requests.exceptions.RequestException] = requests.exceptions.ConnectionError
    if isinstance(reason, ResponseError):
        kind = requests.exceptions.RetryError
    elif isinstance(reason, ConnectTimeoutError) and not isinstance(reason, NewConnectionError):
        kind = requests.exceptions.ConnectTimeout
    elif isinstance(reason, ReadTimeoutError) and not isinstance(error, MaxRetryError):
        kind = requests.exceptions.ReadTimeout
    raise kind(error, request=request)
