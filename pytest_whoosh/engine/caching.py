"""A cache of results for short texts only: one of long texts, such as a body of 20 MB, would keep them for ever."""

from collections.abc import Callable
from functools import lru_cache, wraps
from typing import Concatenate, Final, ParamSpec, TypeVar, cast

P = ParamSpec("P")
R = TypeVar("R")

#: The longest text whose result is kept, in characters. Addresses, names, credentials and most URLs are shorter.
LONGEST: Final = 2048


def cached(entries: int) -> Callable[[Callable[Concatenate[str, P], R]], Callable[Concatenate[str, P], R]]:
    """Return a decorator that keeps the results of a function for the short texts among its first arguments.

    Args:
        entries: how many results are kept, those used last.
    """

    def decorate(function: Callable[Concatenate[str, P], R]) -> Callable[Concatenate[str, P], R]:
        kept = lru_cache(maxsize=entries)(function)

        @wraps(function)
        def call(text: str, *args: P.args, **kwargs: P.kwargs) -> R:
            return kept(text, *args, **kwargs) if len(text) <= LONGEST else function(text, *args, **kwargs)  # type: ignore[arg-type]

        return cast("Callable[Concatenate[str, P], R]", call)

    return decorate
