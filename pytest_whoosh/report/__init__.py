"""The data of a double, and the pages that show it. The pages need the extra ``report``."""

import os
from importlib.util import find_spec
from pathlib import Path


def require_extra() -> None:
    """Check that the library of the extra is installed.

    Raises:
        ImportError: The library is missing. The text says how to install it.
    """
    if find_spec("jinja2") is None:
        raise ImportError('The page needs jinja2. Install the extra: pip install "pytest-whoosh[report]".')


def writable(given: str) -> Path:
    """Return the absolute path of the page.

    Raises:
        ValueError: The page cannot be written there. The text says why.
    """
    path = Path(os.path.expandvars(given)).expanduser().absolute()
    if path.is_dir():
        raise ValueError(
            f"{given!r} is a folder. Name the file to write in it, such as {str(Path(given, 'report.html'))!r}."
        )
    if path.suffix.lower() not in (".html", ".htm"):  # protects a test file that is given by mistake
        raise ValueError(f"{given!r} is not a name for the page: it must end in .html.")
    nearest = next(folder for folder in path.parents if folder.exists())
    if not nearest.is_dir():
        raise ValueError(f"{given!r} cannot be written: {str(nearest)!r} is not a folder.")
    if not os.access(nearest, os.W_OK):
        raise ValueError(f"{given!r} cannot be written: there is no permission to write in {str(nearest)!r}.")
    return path
