"""The fake behind a real server, for other processes and other languages. Needs the extra ``server``."""

from importlib.util import find_spec
from typing import Final

_NEEDED: Final = ("aiohttp", "jinja2", "trustme")


def require_extra() -> None:
    """Check that the libraries of the extra are installed.

    Raises:
        ImportError: A library is missing. The text says how to install it.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        *others, last = missing
        names = f"{', '.join(others)} and {last}" if others else last
        raise ImportError(f'The server needs {names}. Install the extra: pip install "pytest-whoosh[server]".')
