"""Guards the Python processes that a guarded test run starts, and collects what they were refused.

The run puts a folder with a ``sitecustomize`` on ``PYTHONPATH``, and names in another variable the folder where
children write down their refusals. A process that is forked is guarded like its parent, and writes there too.
"""

from __future__ import annotations

import os
import sys
from typing import Final

from pytest_whoosh.engine.misuse import WhooshGuardError

from .guard import SHARED, Guard
from .importing import ImportWatch

_SITE: Final = os.path.join(os.path.dirname(__file__), "child")  # noqa: PTH118, PTH120  # children do without pathlib
_REFUSALS: Final = "refusals"
_LONGEST_COMMAND: Final = 100
_CURRENT_TEST: Final = "PYTEST_CURRENT_TEST"

_EXPLANATION: Final = (
    "a process that this test started ({command}) reached for {host}, and pytest-whoosh stopped the call before it "
    "left this machine. The whoosh fixture answers in the test's own process only. Let the process call the fake "
    "behind a real server: take the fixture whoosh_server, and pass whoosh_server.url to the process. "
    "For a live test: @pytest.mark.whoosh(guard=False), or whoosh_guard = false in the ini file for all tests."
)


class Children:
    """The processes that one test run starts."""

    def __init__(self) -> None:
        self._folder: str | None = None
        self._read = 0
        self._owner = os.getpid()
        #: The variables as they were before.
        self._before: dict[str, str | None] = {}

    def start(self) -> None:
        """Prepare the environment of the processes to come."""
        from tempfile import mkdtemp  # which pytest has imported; a child has not

        self._folder = mkdtemp(prefix="pytest-whoosh-")
        self._before = {name: os.environ.get(name) for name in ("PYTHONPATH", SHARED)}
        paths = self._before["PYTHONPATH"]
        self._set("PYTHONPATH", _SITE + os.pathsep + paths if paths else _SITE)

    def guard(self, *, on: bool) -> None:
        """Guard the processes that start from now on, or do not."""
        self._set(SHARED, self._folder if on else None)

    @staticmethod
    def _set(name: str, value: str | None) -> None:
        if value is None:
            os.environ.pop(name, None)
        else:
            os.environ[name] = value

    def write(self, refusal: WhooshGuardError) -> bool:
        """Write down the refusal of a forked process.

        Returns:
            False in the process of the run itself, which has no need to.
        """
        if os.getpid() == self._owner:
            return False
        if self._folder:
            _write(self._folder, str(refusal))
        return True

    def refusals(self) -> list[WhooshGuardError]:
        """Return the refusals that were written since the last call."""
        path = os.path.join(self._folder or "", _REFUSALS)  # noqa: PTH118
        try:
            if os.stat(path).st_size == self._read:  # noqa: PTH116
                return []
        except OSError:
            return []
        import json

        with open(path, "rb") as file:  # noqa: PTH123
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
        """Leave the environment as it was, and delete the folder."""
        folder, self._folder = self._folder, None
        if folder is None or os.getpid() != self._owner:
            return
        from shutil import rmtree

        if os.environ.get(SHARED, folder) == folder:
            self._set(SHARED, self._before[SHARED])
        paths = os.environ.get("PYTHONPATH", "").split(os.pathsep)
        if _SITE in paths:  # a test may have added others
            paths.remove(_SITE)
            self._set("PYTHONPATH", os.pathsep.join(paths) or self._before["PYTHONPATH"])
        rmtree(folder, ignore_errors=True)


def start_in_child(folder: str) -> Guard:
    """Guard this process, which a guarded run has started. Its ``sitecustomize`` calls this on a copy of its own."""

    def record(refusal: WhooshGuardError, refused_by: Guard) -> None:
        if refused_by is guard:  # a double in this process has its own words for its own tests
            _write(folder, str(refusal))

    ImportWatch.__module__ = "sitecustomize"  # this copy is in no other module that the process could find
    guard = Guard(_explain, record=record)
    guard.start()
    return guard


def suspend_child_guard(*, suspended: bool) -> None:
    """Hand the guard over to a test run in this process, which is itself a child of a run, or take it back."""
    if child := sys.modules.get("_pytest_whoosh_child"):
        child.suspend_child_guard(suspended)


def _explain(host: str) -> str:
    command = " ".join(" ".join(sys.orig_argv).split())
    shown = command if len(command) <= _LONGEST_COMMAND else f"{command[:_LONGEST_COMMAND]}..."
    return _EXPLANATION.format(host=host, command=shown)


def _write(folder: str, text: str) -> None:
    import json

    test = os.environ.get(_CURRENT_TEST, "").rpartition(" ")[0]
    line = json.dumps({"test": test or None, "text": text}) + "\n"
    try:
        # Opened to append, and written at once: lines of several processes do not mix.
        handle = os.open(os.path.join(folder, _REFUSALS), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)  # noqa: PTH118
    except OSError:  # the run has ended
        return
    try:
        os.write(handle, line.encode())
    finally:
        os.close(handle)
