"""The error of a test that uses the double wrongly. It stands alone, for the guard is loaded in every run."""

import linecache
from typing import Any


class WhooshError(Exception):
    """The test asked something of the double that it cannot do; the text says what to write instead."""


WhooshError.__module__ = __name__.partition(".")[0]  # where users import it from, and so what tracebacks show


def is_usage_error(info: Any) -> bool:
    """Whether pytest is to leave our frames out of a traceback, as ``__tracebackhide__``: the error is the test's.

    A ``TypeError`` is the test's where one of our ``raise`` statements says so; otherwise it is a defect of ours, which
    is to be seen whole.
    """
    if isinstance(info.value, WhooshError):
        return True
    if not isinstance(info.value, AttributeError | LookupError | TypeError | ValueError):
        return False
    last = info.value.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    line = linecache.getline(last.tb_frame.f_code.co_filename, last.tb_lineno)
    return line.lstrip().startswith("raise ")
