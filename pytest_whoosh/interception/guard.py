"""Keeps tests from reaching the vendor: a look-up of its hosts, over any library, is refused.

It stands where every connection begins, at the resolution of a name, and where a proxy is asked to lead there.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import reduce
from typing import Any, Final, NamedTuple
from urllib.parse import urlsplit

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error

from .importing import ImportWatch
from .patching import Patch, tidy

__tracebackhide__ = is_usage_error


class WhooshGuardError(WhooshError):
    """A test reached for the vendor, and was stopped before anything left the machine."""


WhooshGuardError.__module__ = WhooshError.__module__


class _Door(NamedTuple):
    """A function on the way out: its module and name, and how to read from its arguments where it leads."""

    module: str
    name: str
    leads_to: Callable[..., object]


def _resolving(host: object, *_: object, **__: object) -> object:
    return host


def _resolving_for(_: object, host: object, *__: object, **___: object) -> object:
    return host


def _connecting(_: object, address: object) -> object:
    return address[0] if isinstance(address, tuple) and address else None


def _connecting_for(_: object, socket: object, address: object) -> object:
    return _connecting(socket, address)


def _opening(_: object, protocol: object, host: object = None, *__: object, **___: object) -> object:  # noqa: ARG001
    return host


def _tunnelling(connection: Any, data: object) -> object:
    """Where http.client asks a proxy to lead; a connection that is stood in asks none."""
    return connection._tunnel_host if isinstance(data, bytes) and data.startswith(b"CONNECT ") else None


def _asking_proxy(connection: Any, method: object, url: str, **_: object) -> object:  # noqa: ARG001
    """Where a request of http.client's goes: one to a proxy has the host in its URL."""
    return _host_in(url) if url and not url.startswith("/") else None


def _asking_proxy_of_httpx(connection: Any, request: Any) -> object:  # noqa: ARG001
    """The same for httpx."""
    target = request.url.target.decode("latin-1")
    return None if target.startswith("/") else _host_in(target)


def _asking_proxy_of_aiohttp(request: Any, conn: Any) -> object:
    """The same for aiohttp."""
    if type(conn.transport).__module__.startswith(__package__):
        return None  # a connection that is stood in
    return request.url.host if request.proxy or request.method == "CONNECT" else None


def _host_in(url: str) -> str | None:
    return urlsplit(url if "://" in url else f"//{url}").hostname


#: Every way out, resolvers first. The modules are watched for: none is imported here.
_DOORS: Final = (
    _Door("socket", "getaddrinfo", _resolving),
    _Door("socket", "gethostbyname", _resolving),
    _Door("socket", "gethostbyname_ex", _resolving),
    _Door("socket", "socket.connect", _connecting),
    _Door("socket", "socket.connect_ex", _connecting),
    _Door("uvloop", "Loop.getaddrinfo", _resolving_for),
    _Door("uvloop", "Loop.create_connection", _opening),  # which resolves by itself
    _Door("uvloop", "Loop.sock_connect", _connecting_for),  # likewise
    _Door("aiodns", "DNSResolver.getaddrinfo", _resolving_for),
    _Door("aiodns", "DNSResolver.gethostbyname", _resolving_for),
    _Door("http.client", "HTTPConnection.send", _tunnelling),
    _Door("http.client", "HTTPConnection.putrequest", _asking_proxy),
    _Door("httpcore._sync.http11", "HTTP11Connection.handle_request", _asking_proxy_of_httpx),
    _Door("httpcore._async.http11", "AsyncHTTP11Connection.handle_async_request", _asking_proxy_of_httpx),
    _Door("aiohttp.client_reqrep", "ClientRequest.send", _asking_proxy_of_aiohttp),
)


@dataclass(slots=True, eq=False)
class Guard:
    """Refuses to let anything reach the vendor while it stands; of several, the last to come speaks.

    ``explain(host)`` words the refusal. A guard that is not ``on`` lets everything pass that no other refuses. An app
    may swallow a refusal: the last guard to come that has a list of ``breaches`` keeps it, whoever spoke.
    """

    explain: Callable[[str], str]
    on: bool = True
    breaches: list[WhooshGuardError] | None = None

    def start(self) -> None:
        """Stand in the way."""
        _WAYS_OUT.post(self)

    def stop(self) -> None:
        """Step out of the way."""
        _WAYS_OUT.dismiss(self)

    def close_again(self) -> None:
        """Close the doors that somebody has opened since, as pytest-socket does after each test."""
        _WAYS_OUT.close_again()


class _WaysOut:
    """All doors, and the guards posted there. There is one, for the process has one set of doors."""

    def __init__(self) -> None:
        self._guards: list[Guard] = []
        self._patches: dict[_Door, Patch] = {}
        #: Those of guards that have gone: where doubles follow one another, theirs are not made anew for each.
        self._resting: dict[_Door, Patch] = {}
        self._watch: ImportWatch | None = None

    def post(self, guard: Guard) -> None:
        """Let a guard watch the doors."""
        self._guards.append(guard)
        if self._watch is None:
            modules = dict.fromkeys(door.module for door in _DOORS)
            for module in modules:
                if module in sys.modules:
                    self._close(module)
            self._watch = ImportWatch((module for module in modules if module not in sys.modules), self._close)
            self._watch.start()

    def dismiss(self, guard: Guard) -> None:
        """Let a guard go, and leave the doors as they were once the last has gone."""
        if guard in self._guards:
            self._guards.remove(guard)
        if not self._guards:
            if self._watch is not None:
                self._watch.stop()
                self._watch = None
            while self._patches:
                door, patch = self._patches.popitem()
                if patch.stop():
                    self._resting[door] = patch
        tidy()

    def close_again(self) -> None:
        for patch in self._patches.values():
            patch.renew()

    def _close(self, module: str) -> None:
        for door in _DOORS:
            if door.module == module:
                *path, name = door.name.split(".")
                owner = reduce(getattr, path, sys.modules[module])
                patch = self._resting.pop(door, None)
                if patch and patch.owner is owner and patch.renew():
                    self._patches[door] = patch
                elif hasattr(owner, name):  # not every release of a library has every door
                    patch = self._patches[door] = Patch(owner, name, self._guarding(door.leads_to))
                    patch.start()

    def _guarding(self, leads_to: Callable[..., object]) -> Callable[[Any], Callable[..., Any]]:
        def build(function: Any) -> Callable[..., Any]:
            def guarded(*args: Any, **kwargs: Any) -> Any:
                self._check(leads_to(*args, **kwargs))
                return function(*args, **kwargs)

            return guarded

        return build

    def _check(self, host: object) -> None:
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        if not isinstance(host, str) or not is_vendor(host):
            return
        speaker = next((guard for guard in reversed(self._guards) if guard.on), None)
        if speaker is None:
            return
        thread = threading.current_thread()
        where = "" if thread is threading.main_thread() else f" (in thread {thread.name!r})"
        breach = WhooshGuardError(speaker.explain(host) + where)
        kept = next((guard.breaches for guard in reversed(self._guards) if guard.breaches is not None), [])
        kept.append(breach)
        raise breach


_WAYS_OUT: Final = _WaysOut()
