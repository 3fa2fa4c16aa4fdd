"""Guards a Python process that a guarded test run has started, then runs the ``sitecustomize`` of the environment.

Python imports this module as it starts, since the run has put this folder on ``PYTHONPATH``.
"""

import importlib
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))  # noqa: PTH100, PTH120  # importing pathlib takes longer than the rest


def _guard(folder: str) -> None:
    """Start the guard, also in a process whose own environment does not have this package."""
    root = _HERE
    for _ in range(3):
        root = os.path.dirname(root)  # noqa: PTH120
    sys.path.append(root)
    try:
        importlib.import_module("pytest_whoosh.interception.children").start_in_child(folder)
    except (ImportError, SyntaxError):  # a Python that this package does not support
        pass
    finally:
        sys.path.remove(root)


def _chain() -> None:
    """Run the next module of this name, which would have run without this one."""
    sys.path[:] = [path for path in sys.path if os.path.abspath(path) != _HERE]  # noqa: PTH100
    ours = sys.modules.pop(__name__)
    try:
        importlib.import_module(__name__)
    except ImportError as missing:
        if missing.name != __name__:
            raise
        sys.modules[__name__] = ours


_shared = os.environ.get("PYTEST_WHOOSH_RUN")
_arguments = getattr(sys, "orig_argv", [])
if _shared and not {"no:whoosh", "-pno:whoosh"}.intersection(_arguments):  # a run of pytest may do without the plugin
    _guard(_shared)
_chain()
