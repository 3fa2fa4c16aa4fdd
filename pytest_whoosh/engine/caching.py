"""Caches results for short texts only. A cache of long texts, such as a body of 20 MB, would keep them for ever."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, Final, ParamSpec, TypeVar, cast
from urllib.parse import SplitResult, urlsplit

P = ParamSpec("P")
R = TypeVar("R")

#: The longest text that is cached, in characters. Addresses, names, credentials and most URLs are shorter.
LONGEST: Final = 2048
#: ``urlsplit`` caches its results, however long the URLs are. This is the function without the cache.
_split_anew: Final = getattr(urlsplit, "__wrapped__", urlsplit)


def cached(entries: int) -> Callable[[Callable[Concatenate[str, P], R]], Callable[Concatenate[str, P], R]]:
    """Return a decorator that caches a function's results if its first argument is a short text.

    Args:
        entries: how many results are kept. The ones used longest ago are dropped.
    """

    def decorate(function: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
        kept = lru_cache(maxsize=entries)(function)

        @wraps(function)
        def call(text: str, *args: P.args, **kwargs: P.kwargs) -> R:
            return kept(text, *args, **kwargs) if len(text) <= LONGEST else function(text, *args, **kwargs)  # type: ignore[arg-type]

        return cast("Callable[Concatenate[str, P], R]", call)

    return decorate


def split(url: str) -> SplitResult:
    """Split a URL as ``urlsplit`` does, without keeping a long one in Python's cache.

    Raises:
        ValueError: the URL cannot be parsed.
    """
    parts: SplitResult = urlsplit(url) if len(url) <= LONGEST else _split_anew(url)
    return parts
