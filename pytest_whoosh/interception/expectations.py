"""Marks the guard's errors that a test expects, as with ``pytest.raises`` or ``assertRaises``.

If anything else catches an error, the error was swallowed, and the test fails. An error does not know what caught it,
so a patched ``__exit__`` of these context managers marks it. Python looks ``__exit__`` up when the ``with`` block
starts. So it is patched permanently as soon as a double or a test with the plugin starts.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

from pytest_whoosh.engine.misuse import WhooshGuardError

#: unittest omits the frames of a module with this name from its tracebacks.
__unittest = True

#: The context managers that expect or show errors, by their module, until they are patched. ``RaisesContext`` belongs
#: to pytest < 8.4.
_UNWATCHED: Final = {
    "_pytest.subtests": ("_SubTestContextManager",),
    "_pytest.raises": ("RaisesExc", "RaisesGroup"),
    "_pytest.python_api": ("RaisesContext",),
    "unittest.case": ("_AssertRaisesContext",),
}
#: The packages that report the errors that they catch.
_SHOWING: Final = ("_pytest.", "unittest.")


def watch() -> None:
    """Patch the context managers of all modules that have been imported so far."""
    for name in tuple(_UNWATCHED):
        if name in sys.modules:
            for kind in filter(None, (getattr(sys.modules[name], each, None) for each in _UNWATCHED.pop(name, ()))):
                kind.__exit__ = _wrapped_exit(kind.__exit__)


def is_expected_or_shown(error: WhooshGuardError) -> bool:
    """True if a test expects an error, or if pytest or unittest caught it and therefore shows it.

    The traceback of an error starts at the frame that caught it.
    """
    caught_in = error.__traceback__.tb_frame.f_globals if error.__traceback__ else {}
    return error.expected or str(caught_in.get("__name__", "")).startswith(_SHOWING)


def _wrapped_exit(leave: Callable[..., Any]) -> Callable[..., Any]:
    def exit_and_mark(self: object, kind: object, error: BaseException | None, trace: object) -> Any:
        __tracebackhide__ = True
        caught = leave(self, kind, error, trace)
        if caught and error is not None:
            _mark(error)
        return caught

    return exit_and_mark


def _mark(error: BaseException) -> None:
    if isinstance(error, WhooshGuardError):
        error.expected = True
    elif isinstance(error, BaseExceptionGroup):
        for each in error.exceptions:
            _mark(each)
