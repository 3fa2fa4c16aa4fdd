"""Passes a call to the user's own mock of an HTTP library, if the mock has a response for exactly this call.

The modules here look into the mocks without using up a response. Then the call takes the same path as without the
double, so the mock counts it as usual. A catch-all (a mock that answers any other URL too) does not count.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import FunctionType
from typing import Any, Final

#: A URL that no test uses. A mock that matches it matches any URL.
ANY_URL: Final = "https://any.invalid/any"

_HANDED_OVER: Final[ContextVar[bool]] = ContextVar("handed_over", default=False)


def is_handed_over() -> bool:
    """True while a call goes to the user's mock. Our interception and guard then ignore the call."""
    return _HANDED_OVER.get()


@contextmanager
def handing_over() -> Iterator[None]:
    """Pass the calls inside the context to the user's mock."""
    token = _HANDED_OVER.set(True)
    try:
        yield
    finally:
        _HANDED_OVER.reset(token)


def objects_held_by(function: Any) -> Iterator[Any]:
    """Yield the objects in the closures of a function and of the functions that it wraps, such as a mock."""
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
