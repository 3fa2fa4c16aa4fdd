"""Node.js, where it is installed: what tests compare the fake with, or drive it with."""

import os
import shutil
import subprocess
from pathlib import Path

#: Names the folder of the node_modules in which packages are looked for, before the global one.
PREFIX = "WHOOSH_NPM_PREFIX"


def find_modules(package: str) -> Path | None:
    """The node_modules that have a package; None where there is none, or no node."""
    node, npm = shutil.which("node"), shutil.which("npm")
    places = [Path(os.environ[PREFIX], "node_modules")] if os.environ.get(PREFIX) else []
    if npm:
        places.append(Path(subprocess.run([npm, "root", "-g"], capture_output=True, text=True).stdout.strip()))
    return next((place for place in places if node and (place / package).is_dir()), None)


def wanted(package: str) -> str:
    """Return the reason for skipping a test without a package."""
    return f"needs node and its package {package}, installed globally or in the directory {PREFIX} names"
