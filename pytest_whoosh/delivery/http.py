"""Delivers webhooks to a real server, over HTTP."""

import socket
import threading
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, Self
from urllib.parse import urlsplit

from pytest_whoosh.engine.hosts import is_loopback
from pytest_whoosh.engine.http import Request, joined_headers
from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy

from .failures import LONGEST_ANSWER, Answer, DeliveryFailed

_PORTS: Final = {"http": 80, "https": 443}
_WHY_AWAITED: Final = (
    "A webhook goes to a server in the event loop that this thread runs, which cannot answer until the call returns. "
    "Write `await whoosh.{form}`."
)


@dataclass(frozen=True, slots=True)
class ServerTarget:
    """A real server: the one that a URL names, or the one ``at`` another URL that stands for it."""

    at: str = ""

    def must_be_awaited(self, url: str) -> str | None:
        """Return why a webhook must be awaited if the server runs in the event loop of this very thread, else None."""
        from .loops import listens

        parts = urlsplit(self.at or url)
        port = parts.port or _PORTS.get(parts.scheme, 80)
        return _WHY_AWAITED if is_loopback(parts.hostname or "") and listens(port) else None

    def send(self, request: Request, retry_policy: RetryPolicy) -> Answer:
        """Post to the server."""
        return _over_http(self._led_on(request), retry_policy)

    async def asend(self, request: Request, retry_policy: RetryPolicy) -> Answer:
        """Post to the server from another thread."""
        from .loops import in_thread

        # The server may run in this very loop, which must go on meanwhile.
        return await in_thread(_over_http, self._led_on(request), retry_policy)

    def _led_on(self, request: Request) -> Request:
        """A request as a reverse proxy leads it on: the app still sees which host and scheme were meant."""
        if not self.at:
            return request
        meant = urlsplit(request.url)
        host = meant.netloc.rpartition("@")[2]
        headers = {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": meant.scheme}
        url = self.at.rstrip("/") + (meant.path or "/") + (f"?{meant.query}" if meant.query else "")
        return Request(request.method, url, {**request.headers, **headers}, request.body)

    def close(self) -> None:
        """Do nothing: whoever started the server stops it."""


def _over_http(request: Request, retry_policy: RetryPolicy) -> Answer:
    import urllib3

    host = urlsplit(request.url).hostname or ""
    if (urllib3.util.parse_url(request.url).host or "").strip("[]").lower() != host:
        raise DeliveryFailed(11100, "all", f"the host of {request.url!r} can be read in two ways")
    # Straight to urllib3: a user's mock of requests must not take the webhooks for its own traffic.
    manager = urllib3.PoolManager(retries=False)
    answer: Any = None
    with _Deadline(retry_policy.read) as deadline:
        manager.pool_classes_by_scheme = deadline.pools()
        try:
            answer = manager.request(
                request.method,
                request.url,
                body=request.body or None,
                # No compressed answer is asked for, not even by the library on its own.
                headers={"Accept-Encoding": urllib3.util.SKIP_HEADER, **request.headers},
                redirect=False,
                timeout=urllib3.Timeout(connect=retry_policy.connect, read=retry_policy.read),
                preload_content=False,
            )
            body = answer.read(LONGEST_ANSWER, decode_content=False)
            deadline.check()
            return Answer(answer.status, joined_headers(answer.headers.iteritems()), body)
        except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError) as error:
            # urllib3 1.26 has no error of its own for a name that does not resolve.
            if isinstance(error.__cause__ or error.__context__, socket.gaierror):
                raise DeliveryFailed(11210, "ct", f"the host name does not resolve: {error}") from error
            raise DeliveryFailed(11205, "ct", f"no connection: {error}") from error
        except urllib3.exceptions.SSLError as error:
            raise DeliveryFailed(11220, "ct", f"no TLS connection: {error}") from error
        except urllib3.exceptions.ReadTimeoutError as error:
            raise DeliveryFailed(11200, "rt", f"no answer in time: {error}") from error
        except urllib3.exceptions.HTTPError as error:
            deadline.check()
            raise DeliveryFailed(11206, "ct", f"no HTTP answer: {error}") from error
        finally:
            if answer is not None:
                answer.close()  # one that was cut off keeps its socket
            manager.clear()


class _Deadline:
    """Ends an exchange that takes too long as a whole, however often a part of the answer comes.

    A timeout of a socket starts anew with every byte. So a timer shuts the connection down, from outside.
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
        """Return classes of connection pools for urllib3, whose connections start the timer."""
        import urllib3
        from urllib3 import connection

        begin = self._begin

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

    def _begin(self, connection: Any) -> None:
        self._timer = threading.Timer(self._seconds, self._end, (connection.sock,))
        self._timer.daemon = True
        self._timer.start()

    def _end(self, sock: Any) -> None:
        self._is_over = True
        with suppress(OSError):
            sock.shutdown(socket.SHUT_RDWR)

    def check(self) -> None:
        """Raise if the time is over.

        Raises:
            DeliveryFailed: it is.
        """
        if self._is_over:
            raise DeliveryFailed(11200, "rt", f"the app's answer was not complete within {self._seconds:g} seconds")
