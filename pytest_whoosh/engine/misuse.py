"""The errors of a test that uses the double wrongly. The module imports nothing, because every run loads the guard."""

import linecache
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn


class WhooshError(Exception):
    """The double cannot do what the test asks. The text says what to write instead."""


class WhooshGuardError(WhooshError):
    """A call to the vendor was stopped before anything left the machine.

    Attributes:
        test: The ID of the test that started the thread or process of the call, if known.
        expected: True once ``pytest.raises`` or ``assertRaises`` caught the error.
    """

    test: str | None = None
    expected = False


class WhooshNotFakedError(WhooshGuardError):
    """The app called a resource of the vendor that is neither faked nor scripted with ``whoosh.when_called()``.

    Example:
        import pytest

        from pytest_whoosh import WhooshNotFakedError


        def test_calls_are_not_faked(whoosh, client):
            with pytest.raises(WhooshNotFakedError, match="when_called"):
                client.calls.create(to="+15558675310", from_="+15557122661", url="https://app.example/twiml")
    """


for _error in (WhooshError, WhooshGuardError, WhooshNotFakedError):
    _error.__module__ = __name__.partition(".")[0]  # where users import them from, and so what tracebacks show


def is_usage_error(info: Any) -> bool:
    """True if an error is the test's, so that pytest hides our frames in its traceback (``__tracebackhide__``).

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


def meant_by(name: str, valid: Iterable[str], synonyms: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a sentence that says which name an unknown one probably stands for; nothing if none comes near.

    ``synonyms`` holds names that people may know from elsewhere, each with what to write here.
    """
    from difflib import get_close_matches  # only once something is wrong

    if name in synonyms:
        return _did_you_mean(synonyms[name])
    if near := get_close_matches(name, valid, n=1):
        return f" Did you mean {near[0]!r}?"
    near = get_close_matches(name, synonyms, n=1, cutoff=0.8)
    return _did_you_mean(synonyms[near[0]]) if near else ""


def _did_you_mean(written: str) -> str:
    """Word a suggestion: a name is quoted, and code can be pasted as it is."""
    return f" Did you mean {repr(written) if written.isidentifier() else written}?"


class Suggesting:
    """An object that says what was probably meant if a name of it is misspelt."""

    __slots__ = ()

    #: Names that other libraries have, each with what to write here.
    _SYNONYMS: ClassVar[Mapping[str, str]] = {}

    if not TYPE_CHECKING:  # a type checker finds misspelt names itself

        def __getattr__(self, name: str) -> NoReturn:
            raise AttributeError(_unknown(self, name))

    def __dir__(self) -> Iterable[str]:
        """List the names for completion, without those for our own modules."""
        return [name for name in super().__dir__() if not name.startswith("_") or name.startswith("__")]


def _unknown(owner: Suggesting, name: str) -> str:
    text = f"{type(owner).__name__} has no attribute {name!r}."
    if name.startswith("_"):  # asked by tools
        return text
    valid = [each for each in dir(type(owner)) if not each.startswith("_")]
    return text + meant_by(name, valid, owner._SYNONYMS)
