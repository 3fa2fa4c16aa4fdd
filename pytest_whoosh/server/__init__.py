"""The fake behind a real server, for other processes and other languages; needs the extra ``server``."""

from importlib.util import find_spec
from typing import Final

_NEEDED: Final = ("aiohttp", "jinja2", "trustme")


def require_extra() -> None:
    """Refuse to go on without the libraries of the extra.

    Raises:
        ImportError: one is missing; the text says how to install them.
    """
    missing = [name for name in _NEEDED if find_spec(name) is None]
    if missing:
        *others, last = missing
        names = f"{', '.join(others)} and {last}" if others else last
        raise ImportError(f'The server needs {names}, which the extra brings: pip install "pytest-whoosh[server]".')
