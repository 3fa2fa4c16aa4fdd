"""Hands a call over to the user's own mock of an HTTP library, where that has an answer for exactly this call.

The mocks are looked at without using anything up; then the call takes the way that it would take without the double,
so that a mock counts it as ever. A mock that would answer the call for any other URL too is a catch-all, and no answer.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FunctionType
from typing import Any, Final

#: No mock means this URL: one that matches it matches any.
ANY_URL: Final = "https://any.invalid/any"

_HANDED_OVER: Final[ContextVar[bool]] = ContextVar("handed_over", default=False)


def is_handed_over() -> bool:
    """True while a call goes to the user's mock, and our interception and guard ignore it."""
    return _HANDED_OVER.get()


@contextmanager
def handing_over() -> Iterator[None]:
    """Hand over the call that is made inside."""
    token = _HANDED_OVER.set(True)
    try:
        yield
    finally:
        _HANDED_OVER.reset(token)


def objects_held_by(function: Any) -> Iterator[Any]:
    """Return what a function and those that it wraps keep. A mock that has replaced a function is among it."""
    pending, seen = [function], set()
    while pending:
        current = pending.pop()
        if id(current) in seen:
            continue
        seen.add(id(current))
        current = getattr(current, "__func__", current)
        if not isinstance(current, FunctionType):
            yield current
            continue
        pending += [cell.cell_contents for cell in current.__closure__ or () if _is_filled(cell)]


def _is_filled(cell: Any) -> bool:
    try:
        return cell.cell_contents is not None
    except ValueError:
        return False
