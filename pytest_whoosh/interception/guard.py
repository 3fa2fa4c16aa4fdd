"""Stops calls to the vendor before anything leaves the machine.

The guard checks the host where a name is resolved, where a connection is opened, where a proxy is asked to open one,
and where a TLS connection is used.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from functools import reduce
from typing import Any, Final

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.misuse import WhooshGuardError, is_usage_error

from .guarded import GUARDED, GUARDED_CLASSES, Guarded
from .importing import ImportWatch
from .patching import Patch, patch_of, tidy

__tracebackhide__ = is_usage_error


class Guard:
    """Refuses calls to the vendor from :meth:`start` until :meth:`stop`.

    If several guards are started, the newest one that is on refuses; a guard that is not on changes nothing. An app
    may swallow a refusal, so the newest guard that has a ``record`` is given each, with the guard that refused.

    Args:
        explain: returns the text of a refusal, given the host.
        on: False lets every call pass that no other guard refuses.
        record: is given every refusal.
    """

    __slots__ = ("explain", "on", "record")

    def __init__(
        self,
        explain: Callable[[str], str],
        *,
        on: bool = True,
        record: Callable[[WhooshGuardError, Guard], None] | None = None,
    ) -> None:
        self.explain = explain
        self.on = on
        self.record = record

    def start(self) -> None:
        """Start to refuse."""
        _GUARDS.add(self)

    def stop(self) -> None:
        """Stop refusing. Does nothing if the guard has not been started."""
        _GUARDS.remove(self)

    def renew(self) -> None:
        """Guard the functions again that somebody has replaced since, as gevent and pytest-socket do."""
        _GUARDS.renew()


class _Guards:
    """All started guards, and the functions that they guard. There is one instance, since the process has one set."""

    def __init__(self) -> None:
        self._guards: list[Guard] = []
        #: The patches of each function, the newest last: there are several if somebody has replaced it. Each comes with
        #: the guard that found it replaced, which leaves what it has found.
        self._patches: dict[Guarded, list[tuple[Patch, Guard]]] = {}
        #: Where doubles follow one another, their patches are not made anew for each.
        self._stopped: dict[Guarded, Patch] = {}
        self._classes: list[tuple[Any, str, type, type]] = []
        #: The name spaces and names of what is guarded, and what has to be there: one comparison finds a change.
        self._places: list[tuple[Any, str]] = []
        self._expected: list[object] = []
        self._watch: ImportWatch | None = None

    def add(self, guard: Guard) -> None:
        self._guards.append(guard)
        if self._watch is not None:
            self.renew()
            return
        self._watch = ImportWatch((module for module in _MODULES if module not in sys.modules), self._guard_module)
        self._watch.start()
        self._guard_imported()

    def remove(self, guard: Guard) -> None:
        if guard in self._guards:
            self._guards.remove(guard)
        found_replaced = False
        for row, patches in reversed(self._patches.items()):
            for patch, added_by in reversed(patches):
                if not self._guards or (added_by is guard and len(patches) > 1):
                    found_replaced = True
                    if patch.stop() and len(patches) == 1:
                        self._stopped[row] = patch
                    patches.remove((patch, added_by))
        if not self._guards:
            self._patches.clear()
            if self._watch is not None:
                self._watch.stop()
            while self._classes:
                module, name, before, ours = self._classes[-1]
                if getattr(module, name) is ours:
                    setattr(module, name, before)
                self._classes.pop()
            self._places, self._expected, self._watch = [], [], None
        elif found_replaced:
            self._places, self._expected = [({}, "")], [guard]  # never equal: to be looked at again
        tidy()

    def renew(self) -> None:
        if [place.get(name) for place, name in self._places] != self._expected:
            self._places, self._expected = [], []
            self._guard_imported()

    def _guard_imported(self) -> None:
        for module in _MODULES:
            if module in sys.modules:
                self._guard_module(module)

    def _guard_module(self, module: str) -> None:
        self._note(sys.modules, module)
        for row in GUARDED:
            if row.module == module:
                self._guard_function(row)
        for name, kind, methods in GUARDED_CLASSES:
            if name == module:
                self._guard_class(sys.modules[module], kind, methods)

    def _guard_function(self, row: Guarded) -> None:
        *path, name = row.name.split(".")
        try:
            owner = reduce(getattr, path, sys.modules[row.module])
            standing = getattr(owner, name)
        except AttributeError:  # not every release of a library has every function
            return
        if patch_of(standing) is None:
            self._patch(row, owner, name)
        else:
            self._forget_those_above(row, standing)
        self._note(vars(sys.modules[row.module]), path[0] if path else name)
        if path:
            self._note(vars(owner), name)

    def _note(self, space: Any, name: str) -> None:
        self._places.append((space, name))
        self._expected.append(space.get(name))

    def _patch(self, row: Guarded, owner: Any, name: str) -> None:
        patches = self._patches.setdefault(row, [])
        earlier = patches[-1][0] if patches else self._stopped.pop(row, None)
        if earlier and earlier.owner is owner and earlier.renew():
            patches[-1:] = [(earlier, self._guards[-1])]
            return
        patch = Patch(owner, name, self._guarding(row))
        patches.append((patch, self._guards[-1]))  # first, so that it is stopped also if an interrupt comes
        patch.start()

    def _forget_those_above(self, row: Guarded, standing: object) -> None:
        """Drop the patches that lay over a neighbour's, which has gone and has put back an earlier patch of ours."""
        patches = self._patches.get(row, [])
        if any(patch.is_standing(standing) for patch, _ in patches):
            while not patches[-1][0].is_standing(standing):
                patches.pop()[0].abandon()

    def _guarding(self, row: Guarded) -> Callable[[Any], Callable[..., Any]]:
        host_of, address_of, end = row.host_of, row.address_of, row.end

        def build(function: Any) -> Callable[..., Any]:
            def guarded(*args: Any, **kwargs: Any) -> Any:
                host = host_of(*args, **kwargs)
                if host is not None and is_vendor(host):
                    refusal = self._refusal(host, (lambda: address_of(*args, **kwargs)) if address_of else None)
                    if refusal is not None:
                        if end is not None:
                            end(*args, **kwargs)
                        raise refusal
                return function(*args, **kwargs)

            return guarded

        return build

    def _guard_class(self, module: Any, name: str, methods: dict[str, Callable[..., object]]) -> None:
        kind = getattr(module, name, None)
        if not isinstance(kind, type) or any(kind is ours for _, _, _, ours in self._classes):
            return
        ours: Any = type(kind)(name, (kind,), {"__slots__": (), "__module__": kind.__module__})
        for method, host_of in methods.items():
            if hasattr(kind, method):
                row = Guarded(module.__name__, f"{name}.{method}", host_of)
                setattr(ours, method, self._guarding(row)(getattr(kind, method)))
        self._classes.append((module, name, kind, ours))
        setattr(module, name, ours)

    def _refusal(self, host: Any, address: Callable[[], object] | None) -> WhooshGuardError | None:
        """Return what to raise, once it is recorded; None if the call may pass."""
        speaker = next((guard for guard in reversed(self._guards) if guard.on), None)
        if speaker is None or (address is not None and _is_own_server(address)):
            return None
        shown = host if isinstance(host, str) else bytes(host).decode("utf-8", "replace")
        thread = threading.current_thread()
        where = "" if thread is threading.main_thread() else f" (in thread {thread.name!r})"
        refusal = _error(speaker.explain(shown) + where)
        refusal.test = getattr(thread, STARTED_BY, None)
        record = next((guard.record for guard in reversed(self._guards) if guard.record is not None), None)
        if record is not None:
            record(refusal, speaker)
        return refusal


def _error(text: str) -> WhooshGuardError:
    """Return an error that users can catch: in a child process this module is a copy that ``sys.modules`` has not."""
    try:
        from pytest_whoosh.engine.misuse import WhooshGuardError as Public
    except ImportError:  # the child's environment does not have this package
        return WhooshGuardError(text)
    return Public(text)


_MODULES: Final = tuple(dict.fromkeys([*(row.module for row in GUARDED), *(row[0] for row in GUARDED_CLASSES)]))

#: The attribute of a thread that holds the ID of the test that started it.
STARTED_BY: Final = "_whoosh_started_by"

#: The addresses of the servers that this package has started in this process.
_OWN_SERVERS: Final[set[tuple[str, int]]] = set()
#: The environment variable that names the directory shared by a guarded run and its children; see ``children``.
SHARED: Final = "PYTEST_WHOOSH_RUN"
_ADDRESSES: Final = "servers"


def exempt(host: str, port: int) -> None:
    """Allow TLS connections to a server of this package, even for a host of the vendor."""
    _OWN_SERVERS.add((host, port))
    if shared := os.environ.get(SHARED):
        try:
            with open(os.path.join(shared, _ADDRESSES), "a", encoding="ascii") as file:  # noqa: PTH118, PTH123  # pathlib is slow to import in children
                file.write(f"{host} {port}\n")
        except OSError:  # the run has ended
            pass


def end_exemption(host: str, port: int) -> None:
    """Treat an address like any other again."""
    _OWN_SERVERS.discard((host, port))


def _is_own_server(address: Callable[[], object]) -> bool:
    try:
        found: Any = address()
        peer = (str(found[0]), int(found[1]))
    except Exception:  # not connected, or somebody's stand-in for a socket
        return False
    if peer in _OWN_SERVERS:
        return True
    try:
        with open(os.path.join(os.environ[SHARED], _ADDRESSES), encoding="ascii") as file:  # noqa: PTH118, PTH123
            return f"{peer[0]} {peer[1]}\n" in file.readlines()
    except (OSError, KeyError):
        return False


_GUARDS: Final = _Guards()
