"""Measures what imports cost: the modules of this package against the libraries that they are used with.

The times are the self times of ``-X importtime``, because the times of whole processes vary too much on slow machines.
The shortest time of each module in several processes counts.
"""

import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from .measuring import Result

ROUNDS = 9
_ROW = re.compile(r"import time:\s+(\d+) \|\s+\d+ \| +(\S+)")
_OURS = "pytest_whoosh"

Modules = Mapping[str, float]


def imports() -> Iterator[Result]:
    """Measure an unused plugin against pytest, and the first double of a process against requests and responses."""
    with tempfile.TemporaryDirectory() as folder:
        python = _self_times(folder, "-c", "pass")
        pytest = _self_times(folder, "-c", "import pytest")
        plugin = _self_times(folder, "-m", "pytest", "-q", "-s", "-pno:cacheprovider", "--collect-only", folder)
        yield _result("Import of an unused plugin, against pytest's own", plugin, pytest, python, bound=0.06)
        mocks = _self_times(folder, "-c", "import requests, responses")
        first = _self_times(
            folder, "-c", "import pytest, requests, responses; from pytest_whoosh import Whoosh\nwith Whoosh(): pass"
        )
        yield _result("First double of a process, against requests and responses", first, mocks, python, bound=0.5)


def _result(what: str, ours: Modules, theirs: Modules, python: Modules, *, bound: float) -> Result:
    mine = sum(seconds for name, seconds in ours.items() if name.partition(".")[0] == _OURS)
    other = sum(seconds for name, seconds in theirs.items() if name not in python)
    return Result(what=what, value=mine / other, show=_times, bound=bound, ours=mine, theirs=other)


def _times(value: float) -> str:
    return f"{value:.2f}x"


def _self_times(folder: str, *arguments: str) -> dict[str, float]:
    """Return the shortest time of each module in seconds, without the modules that it imports."""
    # Packages are compiled when they are installed. So they are compiled here too, whatever the environment says.
    compiled = {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(folder, "compiled"))}
    least: dict[str, float] = {}
    for number in range(ROUNDS + 1):
        command = [sys.executable, "-X", "importtime", *arguments]
        ran = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | compiled)
        if number:  # the first one compiles
            for row in _ROW.finditer(ran.stderr):
                least[row[2]] = min(int(row[1]) / 1e6, least.get(row[2], 1.0))
    return least
