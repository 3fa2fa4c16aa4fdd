"""Stops calls to the vendor before anything leaves the machine.

The guard checks the host when a name is resolved and when a connection is opened. It also checks it when a proxy is
asked to open one, and when a TLS connection is used.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from functools import reduce
from operator import itemgetter
from typing import Any, Final

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.misuse import WhooshGuardError, is_usage_error

from .guarded import GUARDED, GUARDED_CLASSES, Guarded
from .importing import ImportWatch
from .patching import Patch, original_below, patch_of, put_back, take_out, tidy
from .processes import SHARED

__tracebackhide__ = is_usage_error


class Guard:
    """Refuses calls to the vendor from :meth:`start` until :meth:`stop`.

    If several guards are started, the newest one that is on refuses. A guard that is off has no effect. An app may
    swallow a refusal, so the newest guard with a ``record`` function records each refusal, and the guard that refused.

    Args:
        explain: Returns the text of a refusal for a host.
        on: True if this guard refuses calls.
        record: A function that receives every refusal.

    Attributes:
        run: The folder that a guarded run shares with its children, or None. While the guard is on, the processes that
            this process starts are guarded too.
    """

    __slots__ = ("explain", "on", "record", "run")

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
        self.run: str | None = None

    def start(self) -> None:
        """Start refusing."""
        _GUARDS.add(self)

    def stop(self) -> None:
        """Stop refusing. Does nothing if the guard has not been started."""
        _GUARDS.remove(self)

    def renew(self) -> None:
        """Guard functions again that another library has replaced, as gevent and pytest-socket do."""
        _GUARDS.renew()


class _Guards:
    """All started guards, and the functions that they guard. There is one instance per process."""

    def __init__(self) -> None:
        self._guards: list[Guard] = []
        #: The patches of each function, the newest last. There are several if another library replaced the function.
        #: Each comes with the guard that added it, and that removes it when it stops. The key has the identity of the
        #: module or class too: after a reload, both the old and the new one are guarded.
        self._patches: dict[tuple[Guarded, int], list[tuple[Patch, Guard]]] = {}
        #: The guards that have added patches.
        self._patched_by: set[Guard] = set()
        self._classes: list[_GuardedClass] = []
        #: The current values of all guarded names.
        self._places = _Places()
        #: The patches that the last guard removed, and the values of all guarded names since. As long as neither these
        #: values nor the current ones change, no patch needs a look of its own. None if a patch was added.
        self._removed: list[Patch] = []
        self._removed_classes: list[_GuardedClass] = []
        self._restored: _Places | None = None
        self._watch = ImportWatch(_MODULES, self._guard_module, again=True)
        self._is_standing = False

    def add(self, guard: Guard) -> None:
        self._guards.append(guard)
        if self._is_standing or not self._start():
            self.renew()

    def _start(self) -> bool:
        """Put all earlier patches in place again, and guard modules that have been imported since.

        Returns:
            True if all names have the values that the last guard left.
        """
        self._is_standing = True
        self._watch.start()
        is_unchanged = self._restored is not None and not self._restored.have_changed()
        if is_unchanged:
            put_back(self._removed)
            for guarded in self._removed_classes:
                guarded.put_back()
        else:
            self._restored = None
            self._places.distrust()  # a neighbour may have restored a replacement of ours that is no longer active
            for place, patches in list(self._patches.items()):
                if not patches[0][0].renew():
                    del self._patches[place]
            for guarded in self._classes:
                guarded.renew()
        missed = self._watch.missed()
        for module in _MODULES if missed else ():
            if module in missed:
                self._guard_module(module)
        return is_unchanged

    def remove(self, guard: Guard) -> None:
        if guard in self._guards:
            self._guards.remove(guard)
        if not self._guards:
            if self._is_standing:
                self._stop()
        elif guard in self._patched_by:
            self._patched_by.discard(guard)
            for patches in reversed(self._patches.values()):
                for patch, patched_by in reversed(patches):
                    if patched_by is guard and len(patches) > 1:
                        self._places.distrust()
                        patch.stop()
                        patches.remove((patch, patched_by))
        tidy()

    def _stop(self) -> None:
        """Remove all patches. Can be called again if an interrupt stopped it."""
        if self._restored is not None and not self._places.have_changed():
            take_out(self._removed)
            for guarded in self._removed_classes:
                guarded.take_out()
        else:
            is_complete = True
            for place, patches in reversed(list(self._patches.items())):
                are_removed = [patch.stop() for patch, _ in reversed(patches)]  # a list: all are stopped
                if are_removed != [True]:
                    del self._patches[place]
                    is_complete = False
            self._removed_classes = [guarded for guarded in reversed(self._classes) if guarded.stop()]
            is_complete = is_complete and _names(self._classes) == _names(self._removed_classes)
            # If a neighbour's patch stays, the next guard has to look at every name.
            self._restored = self._note_restored() if is_complete else None
        self._watch.stop()
        self._patched_by.clear()
        self._is_standing = False

    def _note_restored(self) -> _Places:
        self._removed = [patches[0][0] for patches in self._patches.values()]
        restored = _Places()
        for name in filter(sys.modules.__contains__, _MODULES):
            restored.note_module(name)
            for row in _ROWS[name]:
                restored.note(sys.modules[name], row.name.partition(".")[0])
        for patch in self._removed:
            restored.note(patch.owner, patch.name)
        for guarded in self._classes:
            restored.note(guarded.owner, guarded.name)
        return restored

    def renew(self) -> None:
        if self._places.have_changed():
            self._places = _Places()
            self._guard_imported()

    def _guard_imported(self) -> None:
        for module in _MODULES:
            if module in sys.modules:
                self._guard_module(module)

    def _guard_module(self, module: str) -> None:
        self._places.note_module(module)
        for row in _ROWS[module]:
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
        patch = patch_of(standing)
        if patch is not None and patch.owner is not owner and vars(owner).get(name) is standing:
            # The module copied it from another guarded module when it was loaded, as socket copies those of _socket.
            setattr(owner, name, original_below(standing, owner))
            patch = None
        if patch is None:
            self._patch(row, owner, name)
        else:
            self._forget_those_above(self._patches.get((row, id(owner)), []), standing)
        self._places.note(sys.modules[row.module], path[0] if path else name)
        if path:
            self._places.note(owner, name)

    def _patch(self, row: Guarded, owner: Any, name: str) -> None:
        self._restored = None
        self._patched_by.add(self._guards[-1])
        patches = self._patches.setdefault((row, id(owner)), [])
        earlier = patches[-1][0] if patches else None
        if earlier and earlier.renew():
            patches[-1:] = [(earlier, self._guards[-1])]
            return
        patch = Patch(owner, name, self._guarding(row))
        patches.append((patch, self._guards[-1]))  # before start(): it is stopped even after an interrupt
        patch.start()

    @staticmethod
    def _forget_those_above(patches: list[tuple[Patch, Guard]], standing: object) -> None:
        """Drop the patches above a neighbour's patch, if the neighbour has restored an earlier patch of ours."""
        if any(patch.is_standing(standing) for patch, _ in patches):
            while not patches[-1][0].is_standing(standing):
                patches.pop()[0].abandon()

    def _guarding(self, row: Guarded) -> Callable[[Any], Callable[..., Any]]:
        host_of, address_of, end, start = row.host_of, row.address_of, row.end, row.start
        if start is not None:
            return lambda function: lambda *args, **kwargs: start(function, self._run(), *args, **kwargs)

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
        while (earlier := next((each for each in self._classes if each.ours is kind), None)) is not None:
            if earlier.owner is module:
                self._places.note(module, name)
                return
            kind = earlier.before  # the module copied the class from another guarded module when it was loaded
        if not isinstance(kind, type):
            self._places.note(module, name)
            return
        ours: Any = type(kind)(name, (kind,), {"__slots__": (), "__module__": kind.__module__})
        for method, host_of in methods.items():
            if hasattr(kind, method):
                row = Guarded(module.__name__, f"{name}.{method}", host_of)
                setattr(ours, method, self._guarding(row)(getattr(kind, method)))
        self._restored = None
        guarded = _GuardedClass(module, name, kind, ours)
        self._classes.append(guarded)  # before put_back(): it is restored even after an interrupt
        guarded.put_back()
        self._places.note(module, name)

    def _run(self) -> str | None:
        """Return the folder of the run that children share, or None if no children are guarded."""
        return next((guard.run for guard in reversed(self._guards) if guard.on and guard.run), None)

    def _refusal(self, host: Any, address: Callable[[], object] | None) -> WhooshGuardError | None:
        """Record a refusal and return its error; return None if the call may pass."""
        speaker = next((guard for guard in reversed(self._guards) if guard.on), None)
        if speaker is None or (address is not None and _is_own_server(address)):
            return None
        shown = host if isinstance(host, str) else bytes(host).decode("utf-8", "replace")
        thread = threading.current_thread()
        name = None if thread.name == threading.main_thread().name else thread.name
        refusal = _error(speaker.explain(shown) + (f" (in thread {name!r})" if name else ""))
        refusal._thread = name
        refusal.test = started_by()
        record = next((guard.record for guard in reversed(self._guards) if guard.record is not None), None)
        if record is not None:
            record(refusal, speaker)
        return refusal


class _GuardedClass:
    """A class of another library, and the subclass with guarded methods that replaces it in its module."""

    __slots__ = ("before", "name", "ours", "owner")

    def __init__(self, module: Any, name: str, before: type, ours: type) -> None:
        self.owner = module
        self.name = name
        self.before = before
        self.ours = ours

    def renew(self) -> None:
        """Replace the class again, unless the module has another one by now."""
        if getattr(self.owner, self.name, None) is self.before:
            self.put_back()

    def put_back(self) -> None:
        """Replace the class."""
        setattr(self.owner, self.name, self.ours)

    def stop(self) -> bool:
        """Restore the class. Return False if the module has another class by now, which stays."""
        standing = getattr(self.owner, self.name, None)
        if standing is self.ours:
            self.take_out()
        return standing is self.ours or standing is self.before  # restored before an interrupt

    def take_out(self) -> None:
        """Restore the class."""
        setattr(self.owner, self.name, self.before)


def _names(classes: list[_GuardedClass]) -> set[tuple[int, str]]:
    return {(id(guarded.owner), guarded.name) for guarded in classes}


class _Places:
    """The values of names in modules and classes. One comparison shows whether any of them has changed."""

    def __init__(self) -> None:
        #: The namespace of each module or class, and the values of its names, by the identity of the module or class.
        self._noted: dict[int, tuple[Any, dict[str, object]]] = {}
        #: Functions that read all names of a namespace at once, which takes half as long as reading them one by one.
        self._readers: list[tuple[Callable[[Any], object], Any]] = []
        self._expected: list[object] = []
        #: The names that had no value.
        self._absent: list[tuple[Any, str]] = []
        self._is_distrusted = False

    def note(self, owner: Any, name: str) -> None:
        """Record the value of a name in a module or class."""
        self._note(owner, vars(owner), name)

    def note_module(self, name: str) -> None:
        """Record the module of a name in ``sys.modules``."""
        self._note(sys.modules, sys.modules, name)

    def _note(self, owner: object, space: Any, name: str) -> None:
        self._noted.setdefault(id(owner), (space, {}))[1][name] = space.get(name, _ABSENT)
        self._readers = []

    def distrust(self) -> None:
        """Report a change from now on."""
        self._is_distrusted = True

    def have_changed(self) -> bool:
        """True if the value of a name differs from the recorded one."""
        if not self._readers:
            self._prepare()
        try:
            return bool(
                self._is_distrusted
                or [read(space) for read, space in self._readers] != self._expected
                or (self._absent and any(name in space for space, name in self._absent))
            )
        except KeyError:
            return True

    def _prepare(self) -> None:
        self._expected, self._absent = [], []
        for space, noted in self._noted.values():
            present = {name: held for name, held in noted.items() if held is not _ABSENT}
            self._absent += [(space, name) for name in noted if name not in present]
            if present:
                read = itemgetter(*present)
                self._readers.append((read, space))
                self._expected.append(read(present))


_ABSENT: Final = object()


def _error(text: str) -> WhooshGuardError:
    """Return an error that users can catch. In a child process this module is a copy that is not in ``sys.modules``."""
    try:
        from pytest_whoosh.engine.misuse import WhooshGuardError as Public
    except ImportError:  # the child's environment does not have this package
        return WhooshGuardError(text)
    return Public(text)


_MODULES: Final = tuple(dict.fromkeys([*(row.module for row in GUARDED), *(row[0] for row in GUARDED_CLASSES)]))
_ROWS: Final = {module: [row for row in GUARDED if row.module == module] for module in _MODULES}

#: The attribute of a thread with the ID of the test that started it.
STARTED_BY: Final = "_whoosh_started_by"
#: The same for threads that ``_thread`` has started. ``threading`` must not list them.
UNNAMED: Final = threading.local()


def started_by() -> str | None:
    """Return the ID of the test that started the current thread, or None if no test did."""
    return getattr(threading.current_thread(), STARTED_BY, None) or getattr(UNNAMED, "test", None)


#: The addresses of the servers that this package has started in this process.
_OWN_SERVERS: Final[set[tuple[str, int]]] = set()
_ADDRESSES: Final = "servers"


def exempt(host: str, port: int) -> None:
    """Allow TLS connections to a server of this package, even for a host of the vendor."""
    _OWN_SERVERS.add((host, port))
    if shared := os.environ.get(SHARED):
        append_shared(shared, _ADDRESSES, f"{host} {port}\n")


def append_shared(folder: str, name: str, line: str) -> None:
    """Append a line to a file in the folder of a run. The first line creates the folder. Does nothing after the run.

    A run that is killed cannot delete its folder, so most runs have none.
    """
    try:
        if os.name == "posix":
            os.kill(int(folder.rpartition("-")[2]), 0)  # fails if the process of the run has ended
        with suppress(FileExistsError):
            os.mkdir(folder, 0o700)  # noqa: PTH102  # pathlib is slow to import in children.
        # Opened to append and written with one call, so the lines of several processes do not mix.
        handle = os.open(os.path.join(folder, name), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # noqa: PTH118
    except (OSError, ValueError):
        return
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)


def end_exemption(host: str, port: int) -> None:
    """Treat an address like any other again."""
    _OWN_SERVERS.discard((host, port))


def _is_own_server(address: Callable[[], object]) -> bool:
    try:
        found: Any = address()
        peer = (str(found[0]), int(found[1]))
    except Exception:  # not connected, or not a real socket
        return False
    if peer in _OWN_SERVERS:
        return True
    try:
        with open(os.path.join(os.environ[SHARED], _ADDRESSES), encoding="ascii") as file:  # noqa: PTH118, PTH123
            return f"{peer[0]} {peer[1]}\n" in file.readlines()
    except (OSError, KeyError):
        return False


_GUARDS: Final = _Guards()
