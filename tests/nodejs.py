"""Node.js, if it is installed. Tests compare the fake with its packages, or call the fake with them."""

import os
import shutil
import subprocess
from pathlib import Path

#: Names the folder with the node_modules to search before the global one.
PREFIX = "WHOOSH_NPM_PREFIX"


def find_modules(package: str) -> Path | None:
    """Return the node_modules that have a package, or None if no folder has it or Node.js is missing."""
    node, npm = shutil.which("node"), shutil.which("npm")
    places = [Path(os.environ[PREFIX], "node_modules")] if os.environ.get(PREFIX) else []
    if npm:
        places.append(Path(subprocess.run([npm, "root", "-g"], capture_output=True, text=True).stdout.strip()))
    return next((place for place in places if node and (place / package).is_dir()), None)


def wanted(package: str) -> str:
    """Return the reason for skipping a test without a package."""
    return f"needs node and its package {package}, installed globally or in the directory {PREFIX} names"
