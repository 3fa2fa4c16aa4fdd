"""Delivers webhooks to a real server, over HTTP."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pytest_whoosh.engine.hosts import DEFAULT_PORTS, is_loopback
from pytest_whoosh.engine.http import Request, joined_headers
from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy, Webhook

from .failures import LONGEST_RESPONSE, NOT_COMPLETE, AppResponse, DeliveryFailed, patience

_WHY_AWAITED: Final = (
    "A webhook goes to a server in the event loop that this thread runs, which cannot answer until the call returns. "
    "Write `await whoosh.{form}`."
)


@dataclass(frozen=True, slots=True)
class ServerTarget:
    """A real server at the webhook's own URL, or at the URL ``at``."""

    at: str = ""

    def must_be_awaited(self, url: str) -> str | None:
        """Return why a webhook must be awaited if the server runs in this thread's event loop, else None."""
        from .loops import listens_in_loop

        parts = urlsplit(self.at or url)
        port = parts.port or DEFAULT_PORTS.get(parts.scheme, 80)
        return _WHY_AWAITED if is_loopback(parts.hostname or "") and listens_in_loop(port) else None

    def send(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Send the request to the server."""
        return _post(self._forwarded(request), retry_policy, webhook)

    async def asend(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Send the request to the server from another thread."""
        from .loops import in_thread

        webhook.was_called = True  # the thread goes on if this task is canceled
        # The server may run in this loop, which must keep running.
        return await in_thread(_post, self._forwarded(request), retry_policy, webhook)

    def _forwarded(self, request: Request) -> Request:
        """Return the request as a reverse proxy forwards it: with the original host and scheme in its headers."""
        if not self.at:
            return request
        meant = urlsplit(request.url)
        host = meant.netloc.rpartition("@")[2]
        headers = {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": meant.scheme}
        url = self.at.rstrip("/") + (meant.path or "/") + (f"?{meant.query}" if meant.query else "")
        return Request(request.method, url, {**request.headers, **headers}, request.body)

    def close(self) -> None:
        """Do nothing: the test started the server, and stops it."""


def _post(request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
    import urllib3

    host = urlsplit(request.url).hostname or ""
    try:
        is_same = (urllib3.util.parse_url(request.url).host or "").strip("[]").lower() == host
    except urllib3.exceptions.LocationParseError:
        is_same = False
    if not is_same:
        raise DeliveryFailed(11100, "all", f"the host of {request.url!r} is ambiguous")
    # Uses urllib3 instead of requests, so the user's mock of requests does not see the webhooks.
    manager = urllib3.PoolManager(retries=False)
    raw: Any = None
    seconds = patience(retry_policy)
    with _Deadline(seconds) as deadline:
        manager.pool_classes_by_scheme = deadline.pools()
        try:
            webhook.was_called = True
            raw = manager.request(
                request.method,
                request.url,
                body=request.body or None,
                # Stops urllib3 from asking for a compressed response.
                headers={"Accept-Encoding": urllib3.util.SKIP_HEADER, **request.headers},
                redirect=False,
                timeout=urllib3.Timeout(connect=min(retry_policy.connect, seconds), read=seconds),
                preload_content=False,
            )
            body = raw.read(LONGEST_RESPONSE, decode_content=False)
            deadline.check()
            return AppResponse(raw.status, joined_headers(raw.headers.iteritems()), body)
        except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError) as error:
            # urllib3 1.26 has no separate error for a name that does not resolve.
            if isinstance(error.__cause__ or error.__context__, socket.gaierror):
                raise DeliveryFailed(11210, "ct", f"the host name does not resolve: {error}") from error
            raise DeliveryFailed(11205, "ct", f"no connection: {error}") from error
        except urllib3.exceptions.SSLError as error:
            raise DeliveryFailed(11220, "ct", f"no TLS connection: {error}") from error
        except urllib3.exceptions.ReadTimeoutError as error:
            raise DeliveryFailed(11200, "rt", f"no response in time: {error}") from error
        except urllib3.exceptions.HTTPError as error:
            deadline.check()
            raise DeliveryFailed(11206, "ct", f"no HTTP response: {error}") from error
        finally:
            if raw is not None:
                raw.close()  # a response that was cut off keeps its socket open
            manager.clear()


class _Deadline:
    """Ends a request that takes too long as a whole.

    A socket's timeout starts again with every byte. So a timer shuts the connection down from another thread.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._timer: threading.Timer | None = None
        self._is_over = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer:
            self._timer.cancel()

    def pools(self) -> dict[str, Any]:
        """Return urllib3's classes of connection pools, with connections that start the timer."""
        import urllib3
        from urllib3 import connection

        begin = self._start_timer

        class Connection(connection.HTTPConnection):
            def connect(self) -> None:
                super().connect()
                begin(self)

        class SecureConnection(connection.HTTPSConnection):
            def connect(self) -> None:
                super().connect()
                begin(self)

        class Pool(urllib3.HTTPConnectionPool):
            ConnectionCls = Connection

        class SecurePool(urllib3.HTTPSConnectionPool):
            ConnectionCls = SecureConnection

        return {"http": Pool, "https": SecurePool}

    def _start_timer(self, connection: Any) -> None:
        self._timer = threading.Timer(self._seconds, self._end, (connection.sock,))
        self._timer.daemon = True
        self._timer.start()

    def _end(self, sock: Any) -> None:
        self._is_over = True
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise an error if the time is over.

        Raises:
            DeliveryFailed: The time is over.
        """
        if self._is_over:
            raise DeliveryFailed(11200, "rt", NOT_COMPLETE.format(seconds=self._seconds))
