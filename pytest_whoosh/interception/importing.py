"""Notices the import of a library, so that one imported inside a test is stood in as well."""

import sys
from collections.abc import Callable, Iterable, Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import find_spec
from types import ModuleType


class ImportWatch(MetaPathFinder):
    """Calls ``imported(name)`` once any of the modules it watches has been imported."""

    def __init__(self, names: Iterable[str], imported: Callable[[str], None]) -> None:
        self._names = set(names)
        self._imported = imported

    def start(self) -> None:
        """Look out."""
        if self._names:
            sys.meta_path.insert(0, self)

    def stop(self) -> None:
        """Look away."""
        if self in sys.meta_path:
            sys.meta_path.remove(self)

    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        """Let the other finders find a watched module, and put ourselves behind its loader."""
        if fullname not in self._names:
            return None
        self._names.remove(fullname)  # so that the search below passes us by
        try:
            spec = find_spec(fullname)
        finally:
            self._names.add(fullname)  # it may have been looked for without being imported
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader, self._found)
        return spec

    def _found(self, name: str) -> None:
        if name in self._names and self in sys.meta_path:
            self._names.remove(name)
            self._imported(name)


class _Loader(Loader):
    """A module's own loader, and a call once it has run. The module never sees us."""

    def __init__(self, loader: Loader, imported: Callable[[str], None]) -> None:
        self._loader = loader
        self._imported = imported

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        """Create the module as its own loader does."""
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        """Run the module as its own loader does, and tell that it has run."""
        module.__loader__ = self._loader
        if module.__spec__:
            module.__spec__.loader = self._loader
        self._loader.exec_module(module)
        self._imported(module.__name__)
