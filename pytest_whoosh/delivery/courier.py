"""Delivers webhooks: in-process to a WSGI or ASGI app, or over HTTP to a real server."""

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Final
from urllib.parse import urlsplit

from pytest_whoosh.engine.hosts import is_loopback
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error
from pytest_whoosh.engine.webhooks.callbacks import Webhook, WebhookError

from .apps import AsgiApp, WsgiApp
from .failures import DeliveryFailed
from .http import ServerTarget
from .steps import Delivery, Steps, Target, sent, thrown
from .wsgi import WsgiTarget

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


@dataclass(frozen=True, slots=True)
class Mount:
    """Where somebody answers: below a base URL."""

    base: str
    target: Target

    def covers(self, url: str) -> bool:
        """Whether a URL lies below the base."""
        return _origin(url) == _origin(self.base) and _below(urlsplit(self.base).path, urlsplit(url).path)


class Courier:
    """Takes webhooks to whoever answers at their URLs."""

    def __init__(self, *, over_http: bool, raises: bool, now: Callable[[], timedelta]) -> None:
        self._mounts: list[Mount] = []
        #: The apps that will have to shut down, also those in whose place another was mounted.
        self._started: list[Target] = []
        self._over_http = over_http
        #: True if what an app raises comes out of a delivery, after it is recorded.
        self._raises = raises
        #: The hosts, besides this machine, that webhooks leave for though nothing is mounted; None where they leave
        #: for none.
        self._allowed: tuple[str, ...] | None = None
        self._delivery = Delivery(self._target_of, now)

    def mount(self, base: str, app: WsgiApp | AsgiApp | None, server: str = "") -> None:
        """Deliver what goes below a base URL to an app, to the real server there, or to one that stands for it."""
        target = _target(app, server)
        self._mounts = [Mount(base, target), *(other for other in self._mounts if other.base != base)]
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
        target = self._target_of(url)
        return not (target and target.in_loop and _in_event_loop())

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
                step = thrown(steps, failed)
            except BaseException as error:
                webhook.error = WebhookError(11200, f"{type(error).__name__} ended the test before it had answered")
                raise
            else:
                step = sent(steps, answer)
        self._raise_what_the_app_raised(webhook)

    async def adeliver(self, webhook: Webhook) -> None:
        """Deliver a webhook inside an event loop."""
        steps = self._steps(webhook)
        step = next(steps, None)
        while step:
            target, request, attempts = step
            try:
                answer = await target.asend(request, attempts)
            except DeliveryFailed as failed:
                step = thrown(steps, failed)
            except BaseException:
                webhook.error = WebhookError(11200, "the test canceled it before the app had answered")
                raise
            else:
                step = sent(steps, answer)
        self._raise_what_the_app_raised(webhook)

    def _raise_what_the_app_raised(self, webhook: Webhook) -> None:
        if self._raises and webhook.exception is not None:
            raise webhook.exception

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
        yield from self._delivery.steps(webhook, target)

    def _target_of(self, url: str) -> Target | None:
        covering = [mount for mount in self._mounts if mount.covers(url)]
        if covering:
            return max(covering, key=lambda mount: len(urlsplit(mount.base).path)).target
        return ServerTarget() if self.reaches(url) else None


def _target(app: WsgiApp | AsgiApp | None, server: str) -> Target:
    if app is None:
        return ServerTarget(server)
    if not is_asynchronous(app):
        return WsgiTarget(app)

    from .asgi import AsgiTarget  # which imports asyncio: an app that awaits nothing does not pay for it

    return AsgiTarget(app)


def is_asynchronous(app: object) -> bool:
    """Whether an app is an ASGI one: a coroutine function, or an object that is called like one."""
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(type(app), "__call__", None))  # noqa: B004


def _in_event_loop() -> bool:
    from .loops import running_loop

    return running_loop() is not None


def _origin(url: str) -> tuple[str, str, int | None]:
    parts = urlsplit(url)
    return parts.scheme, parts.hostname or "", parts.port or _PORTS.get(parts.scheme)


def _below(base: str, path: str) -> bool:
    base = base.rstrip("/")
    return path == base or path.startswith(base + "/") or not base
