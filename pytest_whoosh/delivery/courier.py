"""Delivers webhooks: in-process to a WSGI or ASGI app, or over HTTP to a real server."""

import inspect
import threading
from base64 import b64encode
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias
from urllib.parse import unquote_to_bytes, urljoin, urlsplit

from pytest_whoosh.engine.hosts import is_loopback
from pytest_whoosh.engine.http import Request, Response, joined
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error
from pytest_whoosh.engine.webhooks.callbacks import REDIRECTS, Attempts, Webhook, WebhookError, attempts_for

from .apps import AsgiApp, WsgiApp
from .failures import LONGEST_ANSWER, DeliveryFailed, raised_by_app
from .wsgi import to_wsgi

if TYPE_CHECKING:
    import asyncio

__tracebackhide__ = is_usage_error

_PORTS: Final = {"http": 80, "https": 443}
_NEEDS_AWAIT: Final = (
    "A webhook goes to an ASGI app, and this thread runs an event loop already. "
    "Write `await whoosh.{form}`: the handlers then run in this loop."
)
_NOT_ALLOWED: Final = (
    "not delivered: the server calls nobody but this machine. Allow the host with --allow-webhooks {host} (in Python "
    'with allow_webhooks=["{host}"]), or mount who is to answer'
)


class Target(Protocol):
    """Whoever answers at a URL."""

    def send(self, request: Request, attempts: Attempts) -> Response:
        """Hand over a request, and wait for the answer."""

    async def asend(self, request: Request, attempts: Attempts) -> Response:
        """Do the same inside an event loop."""


@dataclass(frozen=True, slots=True)
class Mount:
    """Where somebody answers: below a base URL."""

    base: str
    target: Target

    def covers(self, url: str) -> bool:
        """Whether a URL lies below the base."""
        return _origin(url) == _origin(self.base) and _below(urlsplit(self.base).path, urlsplit(url).path)


#: Yields each request with whom it is for; is sent the answer, or thrown the failure. So the same steps serve code that
#: waits and code that awaits.
Steps: TypeAlias = Generator[tuple[Target, Request, Attempts], Response, None]
_Following: TypeAlias = Generator[tuple[Target, Request, Attempts], Response, Response]


class Courier:
    """Takes webhooks to whoever answers at their URLs."""

    def __init__(self, *, over_http: bool, now: Callable[[], timedelta]) -> None:
        self._mounts: list[Mount] = []
        #: The apps that will have to shut down, also those in whose place another was mounted.
        self._started: list[_Asgi] = []
        self._over_http = over_http
        #: The hosts, besides this machine, that webhooks leave for though nothing is mounted; None where they leave
        #: for none.
        self._allowed: tuple[str, ...] | None = None
        self._now = now

    def mount(self, base: str, app: WsgiApp | AsgiApp | None, server: str = "") -> None:
        """Deliver what goes below a base URL to an app, to the real server there, or to one that stands for it."""
        target: Target = _Server(server) if app is None else _Asgi(app) if is_asynchronous(app) else _Wsgi(app)
        self._mounts = [Mount(base, target), *(other for other in self._mounts if other.base != base)]
        if isinstance(target, _Asgi):
            self._started.append(target)

    def open_to(self, hosts: Sequence[str] | None) -> None:
        """Let webhooks leave over HTTP for this machine and for some hosts, mounted or not; with None no more."""
        self._allowed = None if hosts is None else tuple(host.lower() for host in hosts)

    def reaches(self, url: str) -> bool:
        """Whether a webhook may leave for a URL that nothing is mounted at."""
        host = (urlsplit(url).hostname or "").lower()
        allowed = self._allowed
        return self._over_http or (
            allowed is not None and (is_loopback(host) or any(fnmatchcase(host, pattern) for pattern in allowed))
        )

    def can_deliver(self, url: str) -> bool:
        """Whether a webhook to a URL can be delivered without being awaited."""
        return not (isinstance(self._target_of(url), _Asgi) and _in_event_loop())

    def require_deliverable(self, url: str, form: str) -> None:
        """Refuse a webhook that has to be awaited; ``form`` is how the caller would await it."""
        if not self.can_deliver(url):
            raise WhooshError(_NEEDS_AWAIT.format(form=form))

    def deliver(self, webhook: Webhook) -> None:
        """Deliver a webhook, again where its URL says so, and write down what became of it."""
        steps = self._steps(webhook)
        step = next(steps, None)
        while step:
            target, request, attempts = step
            try:
                answer = target.send(request, attempts)
            except DeliveryFailed as failed:
                step = _thrown(steps, failed)
            except BaseException as error:
                webhook.error = WebhookError(11200, f"{type(error).__name__} ended the test before it had answered")
                raise
            else:
                step = _sent(steps, answer)

    async def adeliver(self, webhook: Webhook) -> None:
        """Deliver a webhook inside an event loop."""
        steps = self._steps(webhook)
        step = next(steps, None)
        while step:
            target, request, attempts = step
            try:
                answer = await target.asend(request, attempts)
            except DeliveryFailed as failed:
                step = _thrown(steps, failed)
            except BaseException:
                webhook.error = WebhookError(11200, "the test canceled it before the app had answered")
                raise
            else:
                step = _sent(steps, answer)

    def close(self) -> None:
        """Let the apps that were started here shut down."""
        while self._started:
            self._started.pop().close()

    def _steps(self, webhook: Webhook) -> Steps:
        target = self._target_of(webhook.url)
        if target is None:
            if self._allowed is not None:
                webhook.note = _NOT_ALLOWED.format(host=urlsplit(webhook.url).hostname)
            return
        attempts = attempts_for(webhook.url)
        started = self._now()
        while True:
            webhook.attempts += 1
            policy = yield from self._attempt(webhook, target, attempts)
            spent = (self._now() - started).total_seconds()
            if policy is None or webhook.attempts > attempts.retries or not attempts.again(policy):
                break
            if spent >= attempts.total:
                break
        if attempts.problem:
            webhook.error = WebhookError(11100, attempts.problem)

    def _attempt(
        self, webhook: Webhook, target: Target, attempts: Attempts
    ) -> Generator[tuple[Target, Request, Attempts], Response, str | None]:
        """Try once; the policy that the failure falls under, or None where there was none."""
        webhook.response_status = webhook.response_body = webhook.error = None
        before = self._now()
        try:
            response = yield from self._follow(webhook.request(), target, attempts)
            if response.status == 401 and (authorization := _authorization(webhook.url)):
                # As the vendor does, the URL's user and password are shown only once they are asked for.
                asked = webhook.request()
                headers = {**asked.headers, "Authorization": authorization}
                again = Request(asked.method, asked.url, headers, asked.body)
                response = yield from self._follow(again, target, attempts)
        except DeliveryFailed as failed:
            webhook.error = WebhookError(failed.code, failed.detail)
            if failed.code == 11200 and failed.policy == "5xx":
                webhook.response_status = 500
            return failed.policy
        took = (self._now() - before).total_seconds()
        if took > attempts.read:
            detail = f"the app took {took:g} seconds to answer, and {attempts.read:g} are allowed"
            webhook.error = WebhookError(11200, detail)
            return "rt"
        webhook.response_status = response.status
        body = response.body if isinstance(response.body, str) else response.body.decode("utf-8", "replace")
        webhook.response_body = body
        webhook.response_type = response.header("content-type")
        webhook.response_cookies = (response.header("set-cookie") or "").splitlines()
        if response.status >= 400:
            webhook.error = WebhookError(11200, f"the app answered {response.status}")
            return "4xx" if response.status < 500 else "5xx"
        return None

    def _follow(self, request: Request, target: Target, attempts: Attempts) -> _Following:
        for _ in range(REDIRECTS + 1):
            response = yield target, request, attempts
            location = response.header("location")
            if not 300 <= response.status < 400 or not location:
                return response
            try:
                url = urljoin(request.url, location)
                onward = self._target_of(url)
            except ValueError as problem:
                raise DeliveryFailed(11100, "all", f"the app redirected to {location!r}: {problem}") from problem
            if onward is None:
                return response
            target = onward
            keeps = response.status in (307, 308)
            request = Request(request.method if keeps else "GET", url, request.headers, request.body if keeps else None)
        raise DeliveryFailed(11215, "all", f"the app redirected more than {REDIRECTS} times")

    def _target_of(self, url: str) -> Target | None:
        covering = [mount for mount in self._mounts if mount.covers(url)]
        if covering:
            return max(covering, key=lambda mount: len(urlsplit(mount.base).path)).target
        return _Server() if self.reaches(url) else None


def _sent(steps: Steps, answer: Response) -> tuple[Target, Request, Attempts] | None:
    try:
        return steps.send(answer)
    except StopIteration:
        return None


def _thrown(steps: Steps, failed: DeliveryFailed) -> tuple[Target, Request, Attempts] | None:
    try:
        return steps.throw(failed)
    except StopIteration:
        return None


def is_asynchronous(app: object) -> bool:
    """Whether an app is an ASGI one: a coroutine function, or an object that is called like one."""
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(type(app), "__call__", None))  # noqa: B004


def _in_event_loop() -> bool:
    from .loops import running_loop

    return running_loop() is not None


def _authorization(url: str) -> str | None:
    userinfo, at, _ = urlsplit(url).netloc.rpartition("@")
    return "Basic " + b64encode(unquote_to_bytes(userinfo)).decode() if at else None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _below(base: str, path: str) -> bool:
    base = base.rstrip("/")
    return path == base or path.startswith(base + "/") or not base


@dataclass(frozen=True, slots=True)
class _Wsgi:
    """A WSGI app."""

    app: Any

    def send(self, request: Request, _: Attempts) -> Response:
        return to_wsgi(self.app, request)

    async def asend(self, request: Request, _: Attempts) -> Response:
        return to_wsgi(self.app, request)


class _Asgi:
    """An ASGI app. Where no event loop runs it has one of its own, so that it is started once."""

    def __init__(self, app: Any) -> None:
        from .asgi import AsgiTarget

        self._target = AsgiTarget(app)
        #: The loops that nobody uses now: threads that have webhooks delivered at the same time need one each.
        self._idle: list[asyncio.Runner] = []

    def send(self, request: Request, attempts: Attempts) -> Response:
        runner = self._runner()
        try:
            return runner.run(self._target.send(request, attempts.read))
        except (RuntimeError, SystemExit) as error:  # the app stopped the loop, or left it to a task to raise
            raise raised_by_app(error) from error
        finally:
            self._idle.append(runner)

    async def asend(self, request: Request, attempts: Attempts) -> Response:
        return await self._target.send(request, attempts.read)

    def close(self) -> None:
        if not self._idle:
            return
        if _in_event_loop():  # one thread runs one loop
            thread = threading.Thread(target=self._shut_down)
            thread.start()
            thread.join()
        else:
            self._shut_down()

    def _shut_down(self) -> None:
        while self._idle:
            with self._runner() as runner:
                runner.run(self._target.stop())

    def _runner(self) -> "asyncio.Runner":
        """A loop that nobody uses, and that the app has not closed."""
        import asyncio

        while self._idle:
            try:
                runner = self._idle.pop()
            except IndexError:  # another thread was faster
                break
            if not runner.get_loop().is_closed():
                return runner
        # A loop of a factory is not made the thread's own, and its end takes nothing from the thread.
        return asyncio.Runner(loop_factory=asyncio.new_event_loop)


@dataclass(frozen=True, slots=True)
class _Server:
    """A real server: the one that a URL names, or the one ``at`` another URL that stands for it."""

    at: str = ""

    def send(self, request: Request, attempts: Attempts) -> Response:
        return _over_http(self._led_on(request), attempts)

    async def asend(self, request: Request, attempts: Attempts) -> Response:
        from .loops import in_thread

        # The server may run in this very loop, which must go on meanwhile.
        return await in_thread(_over_http, self._led_on(request), attempts)

    def _led_on(self, request: Request) -> Request:
        """A request as a reverse proxy leads it on: the app still sees which host and scheme were meant."""
        if not self.at:
            return request
        meant = urlsplit(request.url)
        host = meant.netloc.rpartition("@")[2]
        headers = {"Host": host, "X-Forwarded-Host": host, "X-Forwarded-Proto": meant.scheme}
        url = self.at.rstrip("/") + (meant.path or "/") + (f"?{meant.query}" if meant.query else "")
        return Request(request.method, url, {**request.headers, **headers}, request.body)


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
        body = answer.read(LONGEST_ANSWER, decode_content=True)
        return Response(answer.status, joined(answer.headers.iteritems()), body)
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
