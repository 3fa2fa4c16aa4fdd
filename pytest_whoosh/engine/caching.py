"""Caches results for short texts only. A cache of long texts, such as a body of 20 MB, would keep them for ever."""

from collections.abc import Callable
from typing import Final, TypeVar
from urllib.parse import SplitResult, urlsplit

R = TypeVar("R")

#: The longest text that is cached, in characters. Addresses, names, credentials and most URLs are shorter.
LONGEST: Final = 2048
#: ``urlsplit`` caches its results, however long the URLs are. This is the function without the cache.
_split_anew: Final = getattr(urlsplit, "__wrapped__", urlsplit)


def cached(entries: int) -> Callable[[Callable[[str], R]], Callable[[str], R]]:
    """Return a decorator that caches a function's results for short texts.

    Args:
        entries: how many results are kept. When one more comes, the cache starts anew.
    """

    def decorate(function: Callable[[str], R]) -> Callable[[str], R]:
        # The dict's own method: a cached result costs no call in Python.
        return _Results(function, entries).__getitem__

    return decorate


class _Results(dict[str, R]):
    __slots__ = ("_entries", "_function")

    def __init__(self, function: Callable[[str], R], entries: int) -> None:
        super().__init__()
        self._function = function
        self._entries = entries

    def __missing__(self, text: str) -> R:
        if len(text) > LONGEST:
            return self._function(text)
        if len(self) >= self._entries:
            self.clear()
        result = self[text] = self._function(text)
        return result


def split(url: str) -> SplitResult:
    """Split a URL as ``urlsplit`` does, without keeping a long one in Python's cache.

    Raises:
        ValueError: the URL cannot be parsed.
    """
    parts: SplitResult = urlsplit(url) if len(url) <= LONGEST else _split_anew(url)
    return parts
