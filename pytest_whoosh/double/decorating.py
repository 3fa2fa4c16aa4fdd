"""Makes ``@Whoosh()`` a decorator: each call of the decorated test has a double of its own."""

import inspect
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import wraps
from typing import Any, Final, TypeVar

from pytest_whoosh.engine.misuse import is_usage_error

__tracebackhide__ = is_usage_error

R = TypeVar("R")

_NO_CLASSES: Final = "Whoosh() cannot decorate a class. Decorate its test methods, or use `with Whoosh()` in setUp."


def decorate(function: Callable[..., R], new_double: Callable[[], AbstractContextManager[object]]) -> Callable[..., R]:
    """Return the test with a new double around each call, passed as ``whoosh`` if the test has this parameter."""
    if isinstance(function, type):
        raise TypeError(_NO_CLASSES)
    parameters = inspect.signature(function).parameters
    takes = "whoosh" in parameters
    place = list(parameters).index("whoosh") if takes else 0

    if takes:
        function = _with_double_in_place(function, place)

    def call(double: object, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        return function(*args, whoosh=double, **kwargs) if takes else function(*args, **kwargs)

    if inspect.iscoroutinefunction(function):

        @wraps(function)
        async def asynchronously(*args: Any, **kwargs: Any) -> Any:
            with new_double() as double:
                return await call(double, args, kwargs)

        wrapper: Any = asynchronously
    else:

        @wraps(function)
        def synchronously(*args: Any, **kwargs: Any) -> Any:
            with new_double() as double:
                return call(double, args, kwargs)

        wrapper = synchronously
    if takes:
        # The decorator passes ``whoosh``, so pytest must not look for a fixture of this name.
        rest = [parameter for parameter in parameters.values() if parameter.name != "whoosh"]
        wrapper.__signature__ = inspect.signature(function).replace(parameters=rest)
    return wrapper  # type: ignore[no-any-return]


def _with_double_in_place(function: Callable[..., R], place: int) -> Callable[..., R]:
    """Return a function that takes the double by name, and passes it by position if other arguments follow it.

    ``mock.patch`` passes mocks by position. All patches of a test, also those above our decorator, pass them to the
    innermost function, so this function goes below the patches.
    """
    patchings, original = getattr(function, "patchings", ()), getattr(function, "__wrapped__", None)
    if not patchings or original is None or hasattr(original, "patchings"):  # not made by the innermost patch
        patchings, original = (), function

    def arguments(args: tuple[Any, ...], double: object) -> tuple[tuple[Any, ...], dict[str, Any]]:
        if place < len(args):
            return (*args[:place], double, *args[place:]), {}
        return args, {"whoosh": double}

    if inspect.iscoroutinefunction(original):

        @wraps(original)
        async def asynchronously(*args: Any, whoosh: object, **kwargs: Any) -> Any:
            placed, named = arguments(args, whoosh)
            return await original(*placed, **named, **kwargs)

        innermost: Any = asynchronously
    else:

        @wraps(original)
        def synchronously(*args: Any, whoosh: object, **kwargs: Any) -> Any:
            placed, named = arguments(args, whoosh)
            return original(*placed, **named, **kwargs)

        innermost = synchronously
    for patching in patchings:
        innermost = patching(innermost)
    return innermost  # type: ignore[no-any-return]


def positional_argument(given: object) -> str:
    """Return the text that refuses a positional argument of ``Whoosh``, which ``@Whoosh`` passes."""
    if isinstance(given, type):
        return _NO_CLASSES
    if callable(given):
        return 'As a decorator, Whoosh needs its parentheses: write @Whoosh(), or @Whoosh(senders="owned").'
    return f'Whoosh() takes settings by name, such as Whoosh(senders="owned"), not {given!r}.'
