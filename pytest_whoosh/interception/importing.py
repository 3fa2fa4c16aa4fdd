"""Reports the import of a library. So libraries that are imported during a test are intercepted too.

The finder and the loader do not inherit from their abstract base classes. Importing these takes longer than the rest of
a child process's guard.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any


class ImportWatch:
    """Calls ``imported(name)`` after the first import of each module that it watches.

    Args:
        names: The modules.
        imported: A function that is called with the name of a module.
        again: True to call the function after each reload and for each copy too: eventlet imports copies of dnspython.
    """

    def __init__(self, names: Iterable[str], imported: Callable[[str], None], *, again: bool = False) -> None:
        self._names = set(names)
        #: The modules that have not been imported yet.
        self._awaited = set(self._names) if again else self._names
        self._imported = imported

    def start(self) -> None:
        """Start watching."""
        if self._names:
            sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Stop watching."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def missed(self) -> set[str]:
        """Return the modules that were imported while the watch was stopped. Each is returned once."""
        missed = sys.modules.keys() & self._awaited
        self._awaited -= missed
        return missed

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,
        target: ModuleType | None = None,
    ) -> ModuleSpec | None:
        """Find a watched module with the other finders, and wrap its loader."""
        if fullname not in self._names:
            return None

        self._names.remove(fullname)  # the search below must ignore this finder
        try:
            found = (finder.find_spec(fullname, path, target) for finder in list(sys.meta_path) if finder is not self)
            spec = next(filter(None, found), None)
        finally:
            self._names.add(fullname)  # the search may not be followed by an import
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._found)  # type: ignore[assignment]
        return spec

    def _found(self, name: str) -> None:
        if name in self._names and self in sys.meta_path:
            self._awaited.discard(name)
            self._imported(name)


class _Loader:
    """Loads a module with the module's own loader, then calls ``imported``. The module never sees this loader."""

    def __init__(self, loader: Any, imported: Callable[[str], None]) -> None:
        self._loader = loader
        self._imported = imported

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as its own loader does."""
        return self._loader.create_module(spec)  # type: ignore[no-any-return]

    def exec_module(self, module: ModuleType) -> None:
        """Run the module as its own loader does, then report it."""
        module.__loader__ = self._loader
        if module.__spec__:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._imported(module.__name__)
