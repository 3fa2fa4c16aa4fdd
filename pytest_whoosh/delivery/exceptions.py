"""Finds what a handler raised, also where the app's framework caught it and answered 500."""

import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

_OUR_FILES: Final = str(Path(__file__).parents[1])
_STANDARD_LIBRARY: Final = str(Path(traceback.__file__).parent)
#: The exceptions that the frameworks of the running request have signalled. Frameworks carry it into their threads.
_SIGNALLED: ContextVar[list[BaseException] | None] = ContextVar("pytest_whoosh_signalled", default=None)
#: What ends a test run, by module and name: both are subclasses of Exception, which frameworks catch.
_ENDS_RUN: Final = frozenset({("_pytest.outcomes", "Exit"), ("bdb", "BdbQuit")})


@contextmanager
def signalled(app: object) -> Iterator[list[BaseException]]:
    """Collect what Flask, Quart, Django and Litestar catch and signal while an app answers a request."""
    errors: list[BaseException] = []
    disconnect = [
        connected
        for module, connect in _CONNECT.items()
        if (framework := sys.modules.get(module)) and (connected := connect(framework, app, errors))
    ]
    token = _SIGNALLED.set(errors)
    try:
        yield errors
    finally:
        _SIGNALLED.reset(token)
        for undo in disconnect:
            undo()


def _flask(framework: Any, _: object, errors: list[BaseException]) -> Any:
    signal = getattr(framework, "got_request_exception", None)
    if signal is None:
        return None

    def hear(_: object, exception: BaseException, **__: object) -> None:
        if _SIGNALLED.get() is errors:
            errors.append(exception)

    signal.connect(hear, weak=False)
    return lambda: signal.disconnect(hear)


def _django(signals: Any, _: object, errors: list[BaseException]) -> Any:
    def hear(**_: object) -> None:
        error = sys.exc_info()[1]
        if error is not None and _SIGNALLED.get() is errors:
            errors.append(error)

    signal = signals.got_request_exception
    signal.connect(hear, weak=False)
    return lambda: signal.disconnect(hear)


def _litestar(litestar: Any, app: object, errors: list[BaseException]) -> Any:
    hooks = getattr(app, "after_exception", None) if isinstance(app, litestar.Litestar) else None
    if not isinstance(hooks, list):
        return None

    async def hear(error: Exception, _: object) -> None:
        if _SIGNALLED.get() is errors:
            errors.append(error)

    hooks.append(hear)
    return lambda: hooks.remove(hear)


#: Connects to a framework that is imported, by the module that signals; returns the function that disconnects.
_CONNECT: Final[Mapping[str, Callable[[Any, object, list[BaseException]], Any]]] = MappingProxyType(
    {"flask": _flask, "quart": _flask, "django.core.signals": _django, "litestar": _litestar}
)


def is_apps_own(error: BaseException) -> bool:
    """True if a handler's exception is its answer, as 500 is.

    All others end the test or the run: Ctrl-C, ``pytest.fail()``, ``pytest.skip()``, ``pytest.exit()``, and ``q`` in a
    debugger.
    """
    if ends_run(error):
        return False
    # asyncio's CancelledError goes by its name: an app that awaits nothing does not pay for the import.
    return isinstance(error, Exception | SystemExit | GeneratorExit) or type(error).__name__ == "CancelledError"


def ends_run(error: BaseException) -> bool:
    """True if an exception ends the whole run, though a framework may have caught it."""
    return any((kind.__module__, kind.__name__) in _ENDS_RUN for kind in type(error).__mro__)


def caught(errors: list[BaseException], status: int) -> BaseException | None:
    """Return what a handler raised, of the exceptions that its framework signalled.

    Raises:
        BaseException: one of them ends the run.
    """
    for error in errors:
        if ends_run(error):
            raise error
    return errors[-1] if errors and status >= 500 else None


def describe_exception(error: BaseException) -> str:
    """Return an exception's type, text, file and line."""
    try:
        text = str(error)
    except Exception as worse:  # the app's own class
        text = f"<its text raises {type(worse).__name__}>"
    return (f"{type(error).__name__}" + (f": {text}" if text else ""))[:_LONGEST_TEXT] + _place(error)


_LONGEST_TEXT: Final = 2_000


def _place(error: BaseException) -> str:
    """Return where the app was when it failed: the last line that is the app's, else the last that is not ours."""
    lines = traceback.extract_tb(error.__traceback__)
    theirs = [line for line in lines if not line.filename.startswith(_OUR_FILES)]
    own = [line for line in theirs if not _is_library(line.filename)]
    if not theirs:
        return ""
    last = (own or theirs)[-1]
    return f" ({last.filename.rpartition('/')[2]}:{last.lineno})"


def _is_library(filename: str) -> bool:
    return "site-packages" in filename or filename.startswith((_STANDARD_LIBRARY, "<frozen"))
