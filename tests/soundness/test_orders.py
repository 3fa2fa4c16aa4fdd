"""The guards of doubles among neighbours that come and go in every order."""

import os
import subprocess
import sys
from pathlib import Path

from pytest_whoosh.interception.processes import SHARED

ROOT = Path(__file__).parents[2]


def test_doubles_and_neighbours_may_come_and_go_in_any_order() -> None:
    unguarded = {name: value for name, value in os.environ.items() if name != SHARED}

    ran = subprocess.run(
        [sys.executable, "-m", "tests.soundness.orders", "60"],
        env=unguarded,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.returncode, ran.stderr) == (0, "")
