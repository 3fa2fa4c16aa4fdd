"""Delivers webhooks: in-process to a WSGI or ASGI app, or over HTTP to a real server."""

import inspect
import sys
from collections.abc import Callable, Sequence
from datetime import timedelta
from fnmatch import fnmatchcase
from typing import Final, NamedTuple
from urllib.parse import urlsplit

from pytest_whoosh.engine.hosts import DEFAULT_PORTS, is_loopback, split_url
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error
from pytest_whoosh.engine.webhooks.callbacks import Webhook, WebhookError, without_fragment

from .apps import AsgiApp, WsgiApp
from .failures import DeliveryFailed
from .steps import Delivery, Step, Target, after_failure, after_response

__tracebackhide__ = is_usage_error

_HOST_NOT_ALLOWED: Final = (
    "not delivered: the server posts only to this machine and to allowed hosts. Allow this one with --allow-webhooks "
    '{host} (in Python with allow_webhooks=["{host}"]), or mount a server for this URL'
)


_NOT_MOUNTED: Final = "not delivered: nothing is mounted there"
_AWAITED: Final = "not delivered yet: in an event loop it must be awaited. Write `await whoosh.asettle()`"
#: The weight of each part of a URL in the search for the nearest mount.
_WEIGHTS: Final = {"host": 4, "path": 2, "scheme": 1, "port": 1}


class Mount(NamedTuple):
    """A base URL, and the target that receives the webhooks below it."""

    base: str
    url_parts: "_UrlParts"
    target: Target

    def covers(self, url_parts: "_UrlParts") -> bool:
        """True if a URL lies below the base."""
        return url_parts.origin == self.url_parts.origin and _below(self.url_parts.path, url_parts.path)

    def differences(self, url_parts: "_UrlParts") -> dict[str, tuple[object, object]]:
        """Return the parts in which the base differs from a URL that it does not cover, each with both values."""
        (scheme, host, port), path = self.url_parts
        (other_scheme, other_host, other_port), other_path = url_parts
        # If both ports are the defaults of their schemes, only the schemes differ.
        same_port = port == other_port or (port, other_port) == (DEFAULT_PORTS[scheme], DEFAULT_PORTS.get(other_scheme))
        same = {
            "scheme": scheme == other_scheme,
            "host": host == other_host,
            "port": same_port,
            "path": _below(path, other_path),
        }
        values = {
            "scheme": (scheme, other_scheme),
            "host": (host, other_host),
            "port": (port, other_port),
            "path": (path, other_path or "/"),
        }
        return {name: values[name] for name, alike in same.items() if not alike}


class Courier:
    """Delivers webhooks to the apps and servers at their URLs."""

    def __init__(self, *, over_http: bool, raises: bool, now: Callable[[], timedelta]) -> None:
        #: The newest first.
        self._mounts: list[Mount] = []
        #: The apps to shut down, including those that a later mount of the same URL replaced.
        self._started: list[Target] = []
        self._over_http = over_http
        #: True if a delivery raises an app's exception after recording it.
        self._raises = raises
        #: The hosts, besides this machine, that get webhooks although nothing is mounted. None if not even this machine
        #: does.
        self._allowed: tuple[str, ...] | None = None
        self._now = now

    @property
    def has_mounts(self) -> bool:
        """True if an app or a server is mounted."""
        return bool(self._mounts)

    def mount(self, base: str, app: WsgiApp | AsgiApp | None, server: str = "") -> None:
        """Deliver webhooks below a base URL to an app, to the real server there, or to a server at another URL."""
        self.add(base, _target(app, server))

    def add(self, base: str, target: Target) -> None:
        """Deliver webhooks below a base URL to a target."""
        others = (other for other in self._mounts if other.base != base)
        self._mounts = [Mount(base, _parts_of(base), target), *others]
        self._started.append(target)

    def open_to(self, hosts: Sequence[str] | None) -> None:
        """Post webhooks without a mount to this machine and to ``hosts``. None stops this."""
        self._allowed = None if hosts is None else tuple(host.lower() for host in hosts)

    def reaches(self, url: str) -> bool:
        """True if webhooks to a URL are posted over HTTP although nothing is mounted there."""
        host = (urlsplit(url).hostname or "").lower()
        allowed = self._allowed
        return self._over_http or (
            allowed is not None and (is_loopback(host) or any(fnmatchcase(host, pattern) for pattern in allowed))
        )

    def can_deliver(self, webhook: Webhook) -> bool:
        """True if a webhook can be delivered without awaiting it. If not, note that on the webhook."""
        if self._why_awaited(webhook.url):
            webhook.note = _AWAITED
            return False
        return True

    def _why_awaited(self, url: str) -> str | None:
        target = self._target_of(url) if _in_event_loop() else None
        return target.must_be_awaited(url) if target else None

    def require_deliverable(self, url: str, form: str) -> None:
        """Raise WhooshError if a webhook must be awaited. ``form`` is the call that awaits it, for the error's text."""
        if why := self._why_awaited(url):
            raise WhooshError(why.format(form=form))

    def deliver(self, webhook: Webhook) -> None:
        """Deliver a webhook, with the retries that its URL configures, and record the result on it."""
        first = self._target_for(webhook)
        if first is None:
            return
        steps = Delivery(self._target_of, self._now).steps(webhook, first)
        step: Step | None = next(steps)
        while step:
            target, request, retry_policy = step
            try:
                response = target.send(request, retry_policy, webhook)
            except DeliveryFailed as failed:
                step = after_failure(steps, failed)
            except BaseException as error:
                if webhook.was_called:
                    webhook.error = WebhookError(11200, f"{type(error).__name__} ended the test before it had answered")
                raise
            else:
                step = after_response(steps, response)
        self._raise_what_the_app_raised(webhook)

    async def adeliver(self, webhook: Webhook) -> None:
        """Deliver a webhook inside an event loop."""
        first = self._target_for(webhook)
        if first is None:
            return
        steps = Delivery(self._target_of, self._now).steps(webhook, first)
        step: Step | None = next(steps)
        while step:
            target, request, retry_policy = step
            try:
                response = await target.asend(request, retry_policy, webhook)
            except DeliveryFailed as failed:
                step = after_failure(steps, failed)
            except BaseException:
                if webhook.was_called:
                    webhook.error = WebhookError(11200, "the test canceled it before the app had answered")
                raise
            else:
                step = after_response(steps, response)
        self._raise_what_the_app_raised(webhook)

    def _raise_what_the_app_raised(self, webhook: Webhook) -> None:
        if self._raises and webhook.exception is not None:
            raise webhook.exception

    def close(self) -> None:
        """Shut down the apps that were started here."""
        self._now = timedelta  # else a reference to the double keeps it until the garbage collector runs
        while self._started:
            self._started.pop().close()

    def _target_for(self, webhook: Webhook) -> Target | None:
        """Return the target of a webhook. If there is none, note the reason on the webhook and return None."""
        webhook.note = None
        try:
            split_url(webhook.url)
        except ValueError as problem:
            webhook.error = WebhookError(11100, f"{webhook.url!r}: {problem}")
            return None
        target = self._target_of(webhook.url)
        if target is None:
            webhook.note = self._why_undelivered(webhook.url)
        return target

    def _why_undelivered(self, url: str) -> str:
        """Return why a webhook to a URL was not delivered: the nearest mount, and how it differs."""
        if self._allowed is not None:
            return _HOST_NOT_ALLOWED.format(host=urlsplit(url).hostname)
        if not self._mounts:
            return _NOT_MOUNTED
        url_parts = _parts_of(url)
        differing = [(mount, mount.differences(url_parts)) for mount in self._mounts]
        nearest, differences = min(differing, key=lambda each: sum(_WEIGHTS[name] for name in each[1]))
        parts = [f"{name} ({ours}, not {theirs})" for name, (ours, theirs) in differences.items()]
        base = without_fragment(nearest.base)
        return f"{_NOT_MOUNTED}. The nearest mount, {base}, differs in its {' and '.join(parts)}"

    def _target_of(self, url: str) -> Target | None:
        parts = _parts_of(url)
        nearest: Mount | None = None
        for mount in self._mounts:
            if mount.covers(parts) and (nearest is None or len(mount.url_parts.path) > len(nearest.url_parts.path)):
                nearest = mount
        if nearest:
            return nearest.target
        return _target(None) if self.reaches(url) else None


def _target(app: WsgiApp | AsgiApp | None, server: str = "") -> Target:
    # Imported late: most tests mount no app, few mount two kinds, and the module for ASGI imports asyncio.
    if app is None:
        from .http import ServerTarget

        return ServerTarget(server)
    if not is_asynchronous(app):
        from .wsgi import WsgiTarget

        return WsgiTarget(app)

    from .asgi import AsgiTarget

    return AsgiTarget(app)


def is_asynchronous(app: object) -> bool:
    """True if an app is an ASGI app: a coroutine function, or an object with one as ``__call__``."""
    return inspect.iscoroutinefunction(app) or inspect.iscoroutinefunction(getattr(type(app), "__call__", None))  # noqa: B004


def _in_event_loop() -> bool:
    if "asyncio" not in sys.modules and "trio" not in sys.modules:
        return False

    from .loops import running_loop

    return running_loop() is not None


class _UrlParts(NamedTuple):
    """A URL's origin (scheme, host and port) and path."""

    origin: tuple[str, str, int | None]
    path: str


def _parts_of(url: str) -> _UrlParts:
    parts = urlsplit(url)
    return _UrlParts((parts.scheme, parts.hostname or "", parts.port or DEFAULT_PORTS.get(parts.scheme)), parts.path)


def _below(base: str, path: str) -> bool:
    base = base.rstrip("/")
    return path == base or path.startswith(base + "/") or not base
