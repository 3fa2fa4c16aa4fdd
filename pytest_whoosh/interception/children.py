"""Guards the Python processes that a guarded test run starts, and collects their refusals.

The run adds a folder with a ``sitecustomize`` to ``PYTHONPATH``. Another variable names the folder into which child
processes write their refusals. A forked process is guarded like its parent, and writes there too.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from pytest_whoosh.engine.misuse import WhooshGuardError

from .guard import Guard, append_shared
from .importing import ImportWatch
from .processes import CURRENT_TEST, PATHS, SHARED, SITE, first_in, set_variable

_REFUSALS: Final = "refusals"
_LONGEST_COMMAND: Final = 100

_EXPLANATION: Final = (
    "a process that this test started ({command}) called {host}, and pytest-whoosh stopped the call before it left "
    "this machine. The whoosh fixture only works in the test's own process: use the fixture whoosh_server, and pass "
    "whoosh_server.url to the process. "
    "For a live test: @pytest.mark.whoosh(guard=False), or whoosh_guard = false in the ini file for all tests."
)


class Children:
    """The child processes of a test run."""

    def __init__(self) -> None:
        self._folder: str | None = None
        #: The file in the folder with the refusals, and how much of it was read. It exists from the first refusal on.
        self._refusals = ""
        self._read = 0
        self._owner = os.getpid()
        #: The variables as they were before.
        self._before: dict[str, str | None] = {}

    def start(self) -> str:
        """Prepare the environment of child processes.

        Returns:
            The folder that the run and its children share.
        """
        from tempfile import gettempdir  # imported late, because child processes import this module too

        name = f"pytest-whoosh-{os.urandom(8).hex()}-{self._owner}"
        self._folder = os.path.join(gettempdir(), name)  # noqa: PTH118
        self._refusals = os.path.join(self._folder, _REFUSALS)  # noqa: PTH118
        self._before = {name: os.environ.get(name) for name in (PATHS, SHARED)}
        set_variable(PATHS, first_in(self._before[PATHS]))
        return self._folder

    def guard(self, *, on: bool) -> None:
        """Switch the guard on or off for processes that start from now on."""
        set_variable(SHARED, self._folder if on else None)

    def write(self, refusal: WhooshGuardError) -> bool:
        """Write the refusal of a forked process to the shared folder.

        Returns:
            False in the process of the run itself, where nothing has to be written.
        """
        if os.getpid() == self._owner:
            return False
        if self._folder:
            _write(self._folder, str(refusal))
        return True

    def refusals(self) -> list[WhooshGuardError]:
        """Return the refusals that were written since the last call."""
        try:
            if os.stat(self._refusals).st_size == self._read:  # noqa: PTH116
                return []
        except OSError:
            return []
        import json

        with open(self._refusals, "rb") as file:  # noqa: PTH123
            file.seek(self._read)
            lines = file.read()
        self._read += len(lines)
        found = []
        for line in lines.splitlines():
            written = json.loads(line)
            refusal = WhooshGuardError(written["text"])
            refusal.test = written["test"]
            found.append(refusal)
        return found

    def stop(self) -> None:
        """Restore the environment, and delete the folder."""
        folder, self._folder, self._refusals = self._folder, None, ""
        if folder is None or os.getpid() != self._owner:
            return
        if os.environ.get(SHARED, folder) == folder:
            set_variable(SHARED, self._before[SHARED])
        paths = os.environ.get(PATHS, "").split(os.pathsep)
        if SITE in paths:  # a test may have added other paths
            paths.remove(SITE)
            set_variable(PATHS, os.pathsep.join(paths) or self._before[PATHS])
        if os.path.isdir(folder):  # noqa: PTH112
            from shutil import rmtree

            rmtree(folder, ignore_errors=True)


def start_in_child(folder: str) -> Guard:
    """Guard this child process of a guarded run. Its ``sitecustomize`` calls this in its own copy of the module."""

    def record(refusal: WhooshGuardError, refused_by: Guard) -> None:
        if refused_by is guard:  # a double in this process reports its own refusals
            _write(folder, str(refusal))

    ImportWatch.__module__ = "sitecustomize"  # this copy of the class is in no module in sys.modules
    guard = Guard(_explain, record=record)
    guard.run = folder
    guard.start()
    return guard


def suspend_child_guard(*, suspended: bool) -> None:
    """Suspend the guard of this child process while a test run in it has its own guard, or resume it."""
    if child := sys.modules.get("_pytest_whoosh_child"):
        child.suspend_child_guard(suspended)


def _explain(host: str) -> str:
    command = " ".join(" ".join(sys.orig_argv).split())
    shown = command if len(command) <= _LONGEST_COMMAND else f"{command[:_LONGEST_COMMAND]}..."
    return _EXPLANATION.format(host=host, command=shown)


def _write(folder: str, text: str) -> None:
    import json

    test = os.environ.get(CURRENT_TEST, "").rpartition(" ")[0]
    append_shared(folder, _REFUSALS, json.dumps({"test": test or None, "text": text}) + "\n")
