"""Guards a Python process that a guarded test run has started, then runs the environment's own ``sitecustomize``.

Python imports this module when it starts, because the run has added this folder to ``PYTHONPATH``. The guard is loaded
when the process imports a library for the network or for processes, and is then removed from ``sys.modules``. So a
process that imports this package later starts from scratch.
"""

import importlib
import importlib.machinery
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any  # importing typing takes longer than the rest

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # importing pathlib takes longer than the rest
_PACKAGE = "pytest_whoosh"
#: The name under which the package finds this module after it has run.
_NAME = "_pytest_whoosh_child"
#: The modules through which all network access goes: Python's sockets, and libraries with their own network code.
_NETWORK_MODULES = {"_socket", "pycurl", "curl_cffi"}
#: The modules that start processes, which are guarded like this one.
_PROCESS_MODULES = {"subprocess", "multiprocessing.util"}
_LOADING_MODULES = _NETWORK_MODULES | _PROCESS_MODULES


class _GuardLoader:
    """A finder that loads the guard as soon as the process imports a module that it guards."""

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":
        if name not in _LOADING_MODULES:
            return None
        sys.meta_path.remove(self)
        _load()
        for finder in list(sys.meta_path):  # including the guard's own finder
            spec = finder.find_spec(name, path, target)
            if spec is not None:
                return spec
        return None


class _PackageFinder:
    """A finder that finds the run's own copy of this package. The process may have another one, or none."""

    def find_spec(self, name: str, path: "Any" = None, target: "Any" = None) -> "Any":  # noqa: ARG002
        root = _HERE
        for _ in range(3):
            root = os.path.dirname(root)  # noqa: PTH120
        return importlib.machinery.PathFinder.find_spec(name, [root], target) if name == _PACKAGE else None


_guard_loader = _GuardLoader()
_guard: "Any" = None
#: The number of nested test runs in this process.
_runs = 0


def suspend_child_guard(suspended: bool) -> None:
    """Suspend the guard while test runs are active in this process. Resume it after the last one."""
    global _runs  # noqa: PLW0603
    _runs += 1 if suspended else -1
    if _guard is not None:
        _guard.on = not _runs


def _load() -> None:
    """Start the guard, even if this package is not installed in the process's environment."""
    global _guard  # noqa: PLW0603
    finder = _PackageFinder()
    present = {name: module for name, module in sys.modules.items() if _is_ours(name)}
    for name in present:
        del sys.modules[name]
    sys.meta_path.insert(0, finder)
    try:
        _guard = importlib.import_module(_PACKAGE + ".interception.children").start_in_child(_shared)
        _guard.on = not _runs
    except (ImportError, SyntaxError):  # a Python that this package does not support
        pass
    finally:
        sys.meta_path.remove(finder)
        for name in [name for name in sys.modules if _is_ours(name)]:
            del sys.modules[name]
        sys.modules.update(present)


def _is_ours(name: str) -> bool:
    return name == _PACKAGE or name.startswith(_PACKAGE + ".")


def _chain() -> None:
    """Run the next module named ``sitecustomize``, which this module hides."""
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != _HERE]  # noqa: PTH100
    ours = sys.modules.pop(__name__)
    sys.modules[_NAME] = ours
    try:
        importlib.import_module(__name__)
    except ImportError as missing:
        if missing.name != __name__:
            raise
        sys.modules[__name__] = ours


_shared = os.environ.get("PYTEST_WHOOSH_RUN")
_arguments = getattr(sys, "orig_argv", [])
if _shared and not {"no:whoosh", "-pno:whoosh"}.intersection(_arguments):  # a run of pytest may switch the plugin off
    if _LOADING_MODULES.isdisjoint(sys.modules):
        sys.meta_path.insert(0, _guard_loader)
    else:
        _load()
_chain()
