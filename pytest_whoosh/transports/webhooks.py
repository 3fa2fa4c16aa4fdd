"""Delivers webhooks: in-process to a WSGI app, or over HTTP to a real server."""

import io
import sys
import traceback
from base64 import b64encode
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from pytest_whoosh.engine.callbacks import REDIRECTS, Attempts, Webhook, WebhookError, attempts_for
from pytest_whoosh.engine.http import Request, Response

#: What a WSGI app is called with, and what it returns.
WsgiApp: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

_PORTS: Final = {"http": 80, "https": 443}
#: The vendor reads no more of an answer than this, in bytes.
_LONGEST_ANSWER: Final = 64 * 1024


class DeliveryFailed(Exception):
    """No answer came: the documented error code, the retry policy it falls under, and what happened."""

    def __init__(self, code: int, policy: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.policy = policy
        self.detail = detail


@dataclass(frozen=True, slots=True)
class Mount:
    """Where an app answers: below a base URL; without an app, a real server there."""

    base: str
    app: WsgiApp | None

    def covers(self, url: str) -> bool:
        """Whether a URL lies below the base."""
        return _origin(url) == _origin(self.base) and _below(urlsplit(self.base).path, urlsplit(url).path)


class Courier:
    """Takes webhooks to whoever answers at their URLs."""

    def __init__(self, *, over_http: bool, now: Callable[[], datetime]) -> None:
        self._mounts: list[Mount] = []
        self._over_http = over_http
        self._now = now

    def mount(self, mount: Mount) -> None:
        """Deliver what goes below a base URL to its app, or to the real server there."""
        self._mounts = [mount, *(other for other in self._mounts if other.base != mount.base)]

    def deliver(self, webhook: Webhook) -> None:
        """Deliver a webhook, again where its URL says so, and write down what became of it."""
        send = self._way_to(webhook.url)
        if send is None:
            return
        attempts = attempts_for(webhook.url)
        started = self._now()
        while True:
            webhook.attempts += 1
            policy = self._attempt(webhook, send, attempts)
            spent = (self._now() - started).total_seconds()
            if policy is None or webhook.attempts > attempts.retries or not attempts.again(policy):
                break
            if spent >= attempts.total:
                break
        if attempts.problem:
            webhook.error = WebhookError(11100, attempts.problem)

    def _attempt(
        self, webhook: Webhook, send: Callable[[Request, Attempts], Response], attempts: Attempts
    ) -> str | None:
        """Try once; the policy that the failure falls under, or None where there was none."""
        webhook.response_status = webhook.response_body = webhook.error = None
        before = self._now()
        try:
            response = self._follow(webhook.request(), send, attempts)
            if response.status == 401 and (authorization := _authorization(webhook.url)):
                # As the vendor does, the URL's user and password are shown only once they are asked for.
                asked = webhook.request()
                headers = {**asked.headers, "Authorization": authorization}
                response = self._follow(Request(asked.method, asked.url, headers, asked.body), send, attempts)
        except DeliveryFailed as failed:
            webhook.error = WebhookError(failed.code, failed.detail)
            if failed.code == 11200 and failed.policy == "5xx":
                webhook.response_status = 500
            return failed.policy
        took = (self._now() - before).total_seconds()
        if took > attempts.read:
            webhook.error = WebhookError(
                11200, f"the app took {took:g} seconds to answer, and {attempts.read:g} are allowed"
            )
            return "rt"
        webhook.response_status = response.status
        body = response.body if isinstance(response.body, str) else response.body.decode("utf-8", "replace")
        webhook.response_body = body
        if response.status >= 400:
            webhook.error = WebhookError(11200, f"the app answered {response.status}")
            return "4xx" if response.status < 500 else "5xx"
        return None

    def _follow(self, request: Request, send: Callable[[Request, Attempts], Response], attempts: Attempts) -> Response:
        for _ in range(REDIRECTS + 1):
            response = send(request, attempts)
            location = next((value for name, value in response.headers.items() if name.lower() == "location"), None)
            if not 300 <= response.status < 400 or not location:
                return response
            target = urljoin(request.url, location)
            onward = self._way_to(target)
            if onward is None:
                return response
            send = onward
            keeps = response.status in (307, 308)
            request = Request(
                request.method if keeps else "GET", target, request.headers, request.body if keeps else None
            )
        raise DeliveryFailed(11215, "all", f"the app redirected more than {REDIRECTS} times")

    def _way_to(self, url: str) -> Callable[[Request, Attempts], Response] | None:
        covering = [mount for mount in self._mounts if mount.covers(url)]
        if covering:
            app = max(covering, key=lambda mount: len(urlsplit(mount.base).path)).app
            return _over_http if app is None else lambda request, _: _to_wsgi(app, request)
        return _over_http if self._over_http else None


def _authorization(url: str) -> str | None:
    userinfo, at, _ = urlsplit(url).netloc.rpartition("@")
    return "Basic " + b64encode(unquote_to_bytes(userinfo)).decode() if at else None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _below(base: str, path: str) -> bool:
    base = base.rstrip("/")
    return path == base or path.startswith(base + "/") or not base


# WSGI


def _to_wsgi(app: WsgiApp, request: Request) -> Response:
    started: list[tuple[str, list[tuple[str, str]]]] = []
    written: list[bytes] = []

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Callable[[bytes], object]:  # noqa: ARG001
        started[:] = [(status, headers)]
        return written.append

    try:
        answer = app(_environ(request), start_response)
        try:
            size = 0
            for part in answer:
                size += len(part)
                if size <= _LONGEST_ANSWER:
                    written.append(part)
        finally:
            if close := getattr(answer, "close", None):
                close()
    except Exception as raised:  # the one place where the app's own code is called: what it raises is its answer
        last = traceback.extract_tb(sys.exc_info()[2])[-1]
        where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
        detail = f"the app raised {type(raised).__name__}: {raised} ({where})"
        raise DeliveryFailed(11200, "5xx", detail) from raised
    if not started:
        raise DeliveryFailed(11206, "5xx", "the app never called start_response")
    status, headers = started[0]
    return Response(int(status.split(" ", 1)[0]), dict(headers), b"".join(written))


def _environ(request: Request) -> dict[str, Any]:
    """The WSGI environment of a request; see PEP 3333."""
    body = request.body.encode() if isinstance(request.body, str) else request.body
    parts = urlsplit(request.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": unquote_to_bytes(parts.path or "/").decode("latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": parts.hostname or "",
        "SERVER_PORT": str(parts.port or _PORTS.get(parts.scheme, 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "HTTP_HOST": parts.netloc.rpartition("@")[2],
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": parts.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": sys.stderr,
        "wsgi.multithread": False,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ


# Real servers


def _over_http(request: Request, attempts: Attempts) -> Response:
    import urllib3

    # Straight to urllib3: a user's mock of requests must not take the webhooks for its own traffic.
    manager = urllib3.PoolManager(retries=False)
    try:
        answer = manager.request(
            request.method,
            request.url,
            body=request.body or None,
            headers=dict(request.headers),
            redirect=False,
            timeout=urllib3.Timeout(connect=attempts.connect, read=attempts.read),
            preload_content=False,
        )
        body = answer.read(_LONGEST_ANSWER, decode_content=True)
        return Response(answer.status, dict(answer.headers), body)
    except urllib3.exceptions.NameResolutionError as error:
        raise DeliveryFailed(11210, "ct", f"the host name does not resolve: {error}") from error
    except (urllib3.exceptions.ConnectTimeoutError, urllib3.exceptions.NewConnectionError) as error:
        raise DeliveryFailed(11205, "ct", f"no connection: {error}") from error
    except urllib3.exceptions.SSLError as error:
        raise DeliveryFailed(11220, "ct", f"no TLS connection: {error}") from error
    except urllib3.exceptions.ReadTimeoutError as error:
        raise DeliveryFailed(11200, "rt", f"no answer in time: {error}") from error
    except urllib3.exceptions.HTTPError as error:
        raise DeliveryFailed(11206, "ct", f"no HTTP answer: {error}") from error
    finally:
        manager.clear()
