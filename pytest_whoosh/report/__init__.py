"""A double's traffic, as data and as pages; the pages need the extra ``report``."""

import os
from importlib.util import find_spec
from pathlib import Path


def require_extra() -> None:
    """Refuse to go on without the library of the extra.

    Raises:
        ImportError: it is missing; the text says how to install it.
    """
    if find_spec("jinja2") is None:
        raise ImportError('The page needs jinja2, which the extra brings: pip install "pytest-whoosh[report]".')


def writable(given: str) -> Path:
    """Return the absolute path at which a page will be written.

    Raises:
        ValueError: nothing can be written there; the text says why.
    """
    path = Path(os.path.expandvars(given)).expanduser().absolute()
    if path.is_dir():
        raise ValueError(
            f"{given!r} is a folder. Name the file to write in it, such as {str(Path(given, 'report.html'))!r}."
        )
    if path.suffix.lower() not in (".html", ".htm"):  # a test's file that was meant to be run is not to be overwritten
        raise ValueError(f"{given!r} is no name for the page: it has to end in .html.")
    nearest = next(folder for folder in path.parents if folder.exists())
    if not nearest.is_dir():
        raise ValueError(f"{given!r} cannot be written: {str(nearest)!r} is no folder.")
    if not os.access(nearest, os.W_OK):
        raise ValueError(f"{given!r} cannot be written: there is no permission to write in {str(nearest)!r}.")
    return path
