"""Intercepts ``requests``. The ``responses`` library creates the responses.

``Session.send`` is patched, which is above every adapter. So mocks that replace adapters do not come between the app
and the fake, whichever started first. The session's own ``send`` still runs with our adapter, so hooks, cookies,
``elapsed``, redirects and wrappers of ``send`` work as usual.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
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

from pytest_whoosh.engine.caching import cached
from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import NetworkFault, Request, RequestHandler
from pytest_whoosh.engine.misuse import is_usage_error

from .faults import connection_refused
from .own_mocks.handover import handing_over, is_handed_over
from .patching import Patch

__tracebackhide__ = is_usage_error

_NO_RETRY: Final = Retry(0, read=False)


def intercept(answer: RequestHandler) -> list[Patch]:
    """Return patches that answer every request to the vendor. All other requests are not affected."""
    return [
        Patch(requests.Session, "send", intercept_send(answer), shown_by=requests),
        Patch(requests.Session, "merge_environment_settings", _without_environment, shown_by=requests),
    ]


def intercept_send(answer: RequestHandler) -> Callable[[Any], Callable[..., requests.Response]]:
    """Return a function that wraps a ``Session.send``. In the wrapper, ``answer`` answers calls to the vendor."""

    responder = _responder(answer)

    def build(send: Any) -> Callable[..., requests.Response]:
        def replacement(session: Any, request: requests.PreparedRequest, **kwargs: Any) -> requests.Response:
            # A session with a fake comes from a nested double, which receives the traffic.
            if not _is_ours(request.url) or isinstance(session, _SessionWithFake):
                return send(session, request, **kwargs)  # type: ignore[no-any-return]
            if is_handed_over() or _goes_to_mock(answer, session, send, request):
                with handing_over():
                    return send(session, request, **kwargs)  # type: ignore[no-any-return]
            return send(_SessionWithFake(session, responder), request, **kwargs)  # type: ignore[no-any-return]

        return replacement

    return build


def _goes_to_mock(answer: RequestHandler, session: Any, send: Any, request: requests.PreparedRequest) -> bool:
    """True if the user's mock should answer a request."""
    if "requests_mock.adapter" not in sys.modules and getattr(HTTPAdapter.send, "__module__", None) != "responses":
        return False
    body: object = request.body
    if not (body is None or isinstance(body, (bytes, str))):
        return False  # a stream can be read only once
    from .own_mocks import of_requests

    asked = Request(str(request.method), str(request.url), request.headers, body)
    return answer.may_be_mocked(asked) and of_requests.has_answer(session, send, request)


def _without_environment(merge: Any) -> Callable[..., Any]:
    """Skip the search of the environment for proxies for the vendor's URLs: it takes a third of a send.

    The fake uses neither proxies nor certificates.
    """

    def replacement(session: Any, url: str, *args: Any, **kwargs: Any) -> Any:
        return merge(_SessionWithoutEnvironment(session) if _is_vendor_url(url) else session, url, *args, **kwargs)

    return replacement


class _SessionWithoutEnvironment:
    """The user's session, but with ``trust_env`` off."""

    def __init__(self, session: requests.Session) -> None:
        # Copies the attributes, because __getattr__ is slow.
        self.__dict__.update(vars(session), trust_env=False, _session=session)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._session, name)


def _is_ours(url: str | None) -> bool:
    return url is not None and _is_vendor_url(url)


@cached(256)
def _is_vendor_url(url: str) -> bool:
    try:
        host = urllib3.util.parse_url(url).host
    except urllib3.exceptions.LocationParseError:
        return False
    return host is not None and is_vendor(host)


class _SessionWithFake:
    """The user's session for one send, but with our adapter.

    If another mock sets an adapter on it, nothing happens.
    """

    def __init__(self, session: requests.Session, responder: responses.CallbackResponse) -> None:
        # Copies the attributes, because most of them are read, and __getattr__ is slow.
        self.__dict__.update(vars(session), _whoosh=(session, responder))

    def __getattr__(self, name: str) -> Any:
        return getattr(self._whoosh[0], name)

    @property
    def get_adapter(self) -> Any:
        session, responder = self._whoosh
        return lambda url: _fake_adapter(type(session).get_adapter(session, url), responder)

    @get_adapter.setter
    def get_adapter(self, adapter: Any) -> None:
        pass


def _fake_adapter(behind: Any, responder: responses.CallbackResponse) -> Any:
    """Return the fake's adapter for a session's adapter. If the adapter's class overrides ``send``, that runs first."""
    kind = type(behind)
    if not isinstance(behind, HTTPAdapter) or kind.send is HTTPAdapter.send:
        return _FakeAdapter(behind, responder)

    class Fake(HTTPAdapter):
        """Follows the adapter's class in the MRO, so the adapter's ``super().send()`` calls this class."""

        def send(self, request: requests.PreparedRequest, *args: Any, **kwargs: Any) -> requests.Response:
            if not _is_ours(request.url):
                return super().send(request, *args, **kwargs)
            return _FakeAdapter(self, responder).send(request, *args, **kwargs)

    adapter: Any = object.__new__(type(kind.__name__, (kind, Fake), {}))
    # Both share their state: attributes that the app's own ``send`` sets are found on the app's adapter.
    adapter.__dict__ = behind.__dict__
    return adapter


class _FakeAdapter:
    """The adapter that the session uses. It sends to the fake, and retries like the user's own adapter."""

    def __init__(self, behind: Any, responder: responses.CallbackResponse) -> None:
        self._behind = behind
        self._responder = responder

    def send(
        self, request: requests.PreparedRequest, stream: bool = False, timeout: Any = None, *_: Any, **__: Any
    ) -> requests.Response:
        asked = Request(str(request.method), str(request.url), request.headers, _body(request))
        builder = _response_builder(self._behind)
        response: Any = builder.build_response(request, self._send(asked, request, timeout))
        response.connection = self  # a hook that repeats the request uses this attribute
        if not stream:
            _read(response, of_requests=type(builder).build_response is HTTPAdapter.build_response)
        return response  # type: ignore[no-any-return]

    def _send(self, asked: Request, request: requests.PreparedRequest, timeout: Any) -> urllib3.HTTPResponse:
        retries = getattr(self._behind, "max_retries", _NO_RETRY)
        while True:
            fault = None
            try:
                # The responder only reads the request's method, and passes the request to the callback.
                raw = self._responder.get_response(asked)  # type: ignore[arg-type]
            except NetworkFault as scripted:
                fault = scripted
            if fault is not None:  # handled outside of the except block: an error that follows does not show the fault
                retries = _retries_after(retries, fault, asked, request, timeout)
                continue
            if "Set-Cookie" not in raw.headers:
                raw._original_response = None  # requests would search it for cookies, twice
            raw.retries = retries
            if not retries.is_retry(asked.method, raw.status, "Retry-After" in raw.headers):
                return raw
            try:
                retries = retries.increment(asked.method, request.path_url, response=raw, _pool=_pool(asked))
            except MaxRetryError as exhausted:
                if retries.raise_on_status:
                    _raise(exhausted, request)
                return raw

    def close(self) -> None:
        """Do nothing: there is nothing to close."""


def _read(response: Any, *, of_requests: bool) -> None:
    """Read a response's content at once. ``response.content`` would read it in chunks, which is slower."""
    if not of_requests or "Content-Encoding" in response.raw.headers:
        _ = response.content  # an adapter may override this, and decoding may fail
    else:
        response._content, response._content_consumed = response.raw.read(decode_content=False), True
        response.raw.close()


_ADAPTER: Final = HTTPAdapter()


def _response_builder(adapter: Any) -> Any:
    """Return the adapter that builds the response: the session's own if it can, since it may add to responses."""
    return adapter if hasattr(adapter, "build_response") else _ADAPTER


def _responder(answer: RequestHandler) -> responses.CallbackResponse:
    """Return the object that creates all raw responses. It ignores the method and URL that it is registered for."""

    def callback(asked: Any) -> tuple[int, Mapping[str, str], str | bytes]:
        response = answer(asked)
        return response.status, response.headers, response.body

    return responses.CallbackResponse("GET", "https://api.twilio.com/", callback, content_type=None)


def _body(request: requests.PreparedRequest) -> bytes | str | None:
    body: object = request.body
    if body is None or isinstance(body, (bytes, str)):
        return body
    content: Any = body
    if isinstance(body, (bytearray, memoryview)):
        return bytes(body)
    if hasattr(content, "read"):
        return content.read()  # type: ignore[no-any-return]
    return b"".join(part if isinstance(part, bytes) else part.encode() for part in content)


def _pool(asked: Request) -> Any:
    """Return the connection pool for the texts of urllib3's errors."""
    return urllib3.HTTPSConnectionPool(asked.host, asked.port or 443)


def _retries_after(
    retries: Retry, fault: NetworkFault, asked: Request, request: requests.PreparedRequest, timeout: Any
) -> Retry:
    """Return the retries that are left after a fault. If none are left, raise the error that requests would raise."""
    __tracebackhide__ = True
    if fault.kind == "refused":
        raise requests.exceptions.ConnectionError(str(fault), request=request) from None
    pool = _pool(asked)
    path = request.path_url
    try:
        return retries.increment(asked.method, path, error=_fault_error(fault, pool, path, timeout), _pool=pool)
    except (MaxRetryError, HTTPError) as exhausted:
        _raise(exhausted, request)


def _fault_error(fault: NetworkFault, pool: Any, path: str, timeout: Any) -> HTTPError:
    """Return the error that urllib3 raises for a fault."""
    seconds = _seconds(timeout, connecting=fault.connecting)
    connection: Any = urllib3.connection.HTTPSConnection(pool.host, pool.port)
    if fault.kind == "timeout" and fault.connecting:
        return ConnectTimeoutError(connection, f"Connection to {pool.host} timed out. (connect timeout={seconds})")
    if fault.kind == "timeout":
        return ReadTimeoutError(pool, path, f"Read timed out. (read timeout={seconds})")
    if fault.connecting:
        return NewConnectionError(connection, f"Failed to establish a new connection: {connection_refused()}")
    return ProtocolError("Connection aborted.", RemoteDisconnected("Remote end closed connection without response"))


def _seconds(timeout: Any, *, connecting: bool) -> object:
    """Return a timeout in seconds. It may be a number, a pair, or urllib3's own object."""
    if isinstance(timeout, tuple):
        return timeout[0 if connecting else 1]
    if isinstance(timeout, urllib3.Timeout):
        return timeout.connect_timeout if connecting else timeout.read_timeout
    return timeout


def _raise(error: Exception, request: requests.PreparedRequest) -> NoReturn:
    """Raise the error of ``requests`` for an error of urllib3."""
    reason = error.reason if isinstance(error, MaxRetryError) else error
    kind: type[requests.exceptions.RequestException] = requests.exceptions.ConnectionError
    if isinstance(reason, ResponseError):
        kind = requests.exceptions.RetryError
    elif isinstance(reason, ConnectTimeoutError) and not isinstance(reason, NewConnectionError):
        kind = requests.exceptions.ConnectTimeout
    elif isinstance(reason, ReadTimeoutError) and not isinstance(error, MaxRetryError):
        kind = requests.exceptions.ReadTimeout
    raise kind(error, request=request)
