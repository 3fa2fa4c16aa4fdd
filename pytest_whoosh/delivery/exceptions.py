"""Finds the exception that a handler raised, even if the app's framework caught it and answered 500."""

import re
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from types import FrameType, MappingProxyType
from typing import Any, Final

_OUR_FILES: Final = str(Path(__file__).parents[1])
_STANDARD_LIBRARY: Final = str(Path(traceback.__file__).parent)
#: The exceptions that frameworks have signalled for the running request. Frameworks copy the context to their threads.
_SIGNALLED: ContextVar[list[BaseException] | None] = ContextVar("pytest_whoosh_signalled", default=None)
#: The exceptions that end a test run, by module and name. Both derive from Exception, so frameworks catch them.
_ENDS_RUN: Final = frozenset({("_pytest.outcomes", "Exit"), ("bdb", "BdbQuit")})


@contextmanager
def collect_signalled(app: object) -> Iterator[list[BaseException]]:
    """Collect the exceptions that Flask, Quart, Django and Litestar catch and signal while an app answers a request."""
    errors: list[BaseException] = []
    disconnect = [
        connected
        for module, connect in _CONNECTORS.items()
        if (framework := sys.modules.get(module)) and (connected := connect(framework, app, errors))
    ]
    token = _SIGNALLED.set(errors)
    try:
        yield errors
    finally:
        _SIGNALLED.reset(token)
        for undo in disconnect:
            undo()


def _connect_flask(framework: Any, _: object, errors: list[BaseException]) -> Any:
    signal = getattr(framework, "got_request_exception", None)
    if signal is None:
        return None

    def collect(_: object, exception: BaseException, **__: object) -> None:
        if _SIGNALLED.get() is errors:
            errors.append(exception)

    signal.connect(collect, weak=False)
    return lambda: signal.disconnect(collect)


def _connect_django(signals: Any, _: object, errors: list[BaseException]) -> Any:
    def collect(**_: object) -> None:
        error = sys.exc_info()[1]
        if error is not None and _SIGNALLED.get() is errors:
            errors.append(error)

    signal = signals.got_request_exception
    signal.connect(collect, weak=False)
    return lambda: signal.disconnect(collect)


def _connect_litestar(litestar: Any, app: object, errors: list[BaseException]) -> Any:
    hooks = getattr(app, "after_exception", None) if isinstance(app, litestar.Litestar) else None
    if not isinstance(hooks, list):
        return None

    async def collect(error: Exception, _: object) -> None:
        if _SIGNALLED.get() is errors:
            errors.append(error)

    hooks.append(collect)
    return lambda: hooks.remove(collect)


#: Functions that connect to an imported framework, by its module. Each returns the function that disconnects.
_CONNECTORS: Final[Mapping[str, Callable[[Any, object, list[BaseException]], Any]]] = MappingProxyType(
    {
        "flask": _connect_flask,
        "quart": _connect_flask,
        "django.core.signals": _connect_django,
        "litestar": _connect_litestar,
    }
)


def is_app_error(error: BaseException) -> bool:
    """True if a handler's exception counts as its response, like a 500.

    All other exceptions end the test or the run: Ctrl-C, ``pytest.fail()``, ``pytest.skip()``, ``pytest.exit()``, and
    ``q`` in a debugger.
    """
    if ends_run(error):
        return False
    # CancelledError is compared by name, so asyncio need not be imported.
    return isinstance(error, Exception | SystemExit | GeneratorExit) or type(error).__name__ == "CancelledError"


def ends_run(error: BaseException) -> bool:
    """True if an exception ends the whole run, even if a framework has caught it."""
    return any((kind.__module__, kind.__name__) in _ENDS_RUN for kind in type(error).__mro__)


def signalled_exception(errors: list[BaseException], status: int) -> BaseException | None:
    """Return the exception that a handler raised, from those that its framework signalled.

    Raises:
        BaseException: One of them ends the run.
    """
    for error in errors:
        if ends_run(error):
            raise error
    return errors[-1] if errors and status >= 500 else None


def is_assert_of(error: BaseException | None, path: Path) -> bool:
    """True if an exception is a failed ``assert`` in a file."""
    if not isinstance(error, AssertionError):
        return False
    lines = traceback.extract_tb(error.__traceback__)
    return bool(lines) and lines[-1].filename == str(path)


def describe_exception(error: BaseException) -> str:
    """Return an exception's type, text, file and line, in one line."""
    try:
        text = str(error)
    except Exception as worse:  # the app's own class
        text = f"<its text raises {type(worse).__name__}>"
    text = _LINE_BREAK.sub(" ", text.strip())
    if len(text) > _LONGEST_TEXT:
        text = f"{text[:_LONGEST_TEXT]}…"  # the whole text is in callback.exception
    return f"{type(error).__name__}" + (f": {text}" if text else "") + _location(error)


_LONGEST_TEXT: Final = 200
_LINE_BREAK: Final = re.compile(r"\s*\n\s*")


def _location(error: BaseException) -> str:
    """Return the place of a failure: the last line of the app's code, else the last line outside this package."""
    lines = traceback.extract_tb(error.__traceback__)
    theirs = [line for line in lines if not line.filename.startswith(_OUR_FILES)]
    own = [line for line in theirs if not _is_library(line.filename)]
    if not theirs:
        return ""
    last = (own or theirs)[-1]
    return f" ({last.filename.rpartition('/')[2]}:{last.lineno})"


def line_of(frame: FrameType | None, is_end: Callable[[FrameType], bool]) -> str:
    """Return the line that a stack is at: the innermost line of the app's own code, with its file and function."""
    while frame is not None and not is_end(frame):
        code = frame.f_code
        if not _is_library(code.co_filename) and not code.co_filename.startswith(_OUR_FILES):
            return f"{code.co_filename.rpartition('/')[2]}:{frame.f_lineno}, in {code.co_name}()"
        frame = frame.f_back
    return ""


def _is_library(filename: str) -> bool:
    return "site-packages" in filename or filename.startswith((_STANDARD_LIBRARY, "<frozen"))
