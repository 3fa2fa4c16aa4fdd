"""Keeps tests from reaching the vendor: a look-up of its hosts, over any library, is refused.

It stands where every connection begins: at the resolution of a name, and at the request to a proxy to tunnel.
"""

import socket
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from pytest_whoosh.engine.errors import WhooshError
from pytest_whoosh.engine.hosts import is_vendor

from .patching import Patch

_RESOLVERS: Final = ("getaddrinfo", "gethostbyname", "gethostbyname_ex")


class WhooshGuardError(WhooshError):
    """A test reached for the vendor, and was stopped before anything left the machine."""


@dataclass(slots=True)
class Guard:
    """Refuses to let anything reach the vendor while it stands.

    ``explain(host)`` words the refusal. ``breaches`` collects the refusals, for an app may swallow them.
    """

    explain: Callable[[str], str]
    on: bool = True
    breaches: list[WhooshGuardError] = field(default_factory=list)
    _patches: list[Patch] = field(default_factory=list)

    def start(self) -> None:
        """Stand in the way; once more, after libraries were imported, to stand in theirs too."""
        if not self._patches:
            self._patches += [Patch(socket, name, self._resolver) for name in _RESOLVERS]
        client = sys.modules.get("http.client")
        if client is not None and len(self._patches) == len(_RESOLVERS):
            self._patches.append(Patch(client.HTTPConnection, "set_tunnel", self._tunnel))

    def stop(self) -> None:
        """Step out of the way."""
        while self._patches:
            self._patches.pop().stop()

    def check(self, host: object) -> None:
        """Refuse a host of the vendor's."""
        if isinstance(host, bytes):
            host = host.decode("ascii", "replace")
        if self.on and isinstance(host, str) and is_vendor(host):
            thread = threading.current_thread()
            where = "" if thread is threading.main_thread() else f" (in thread {thread.name!r})"
            breach = WhooshGuardError(self.explain(host) + where)
            self.breaches.append(breach)
            raise breach

    def _resolver(self, resolve: Any) -> Any:
        def guarded(host: Any, *args: Any, **kwargs: Any) -> Any:
            self.check(host)
            return resolve(host, *args, **kwargs)

        return guarded

    def _tunnel(self, set_tunnel: Any) -> Any:
        def guarded(connection: Any, host: Any, *args: Any, **kwargs: Any) -> Any:
            self.check(host)
            return set_tunnel(connection, host, *args, **kwargs)

        return guarded
