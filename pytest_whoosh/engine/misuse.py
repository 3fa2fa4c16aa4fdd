"""Errors for tests that use the double wrongly. Every test run loads this module, so it imports nothing heavy."""

import linecache
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn, Self, TypeVar

T = TypeVar("T")


class WhooshError(Exception):
    """The double cannot do this. The text says what to write instead."""


class WhooshGuardError(WhooshError):
    """The guard stopped a call to the vendor before anything left the machine.

    Attributes:
        test: The ID of the test that started the calling thread or process, if known.
        expected: True once ``pytest.raises`` or ``assertRaises`` caught the error.
    """

    test: str | None = None
    expected = False
    #: The name of the calling thread. None for the main thread.
    _thread: str | None = None


class WhooshNotFakedError(WhooshGuardError):
    """The app called a vendor resource that is neither faked nor scripted with ``whoosh.when_called()``.

    Example:
        import pytest

        from pytest_whoosh import WhooshNotFakedError


        def test_calls_are_not_faked(whoosh, client):
            with pytest.raises(WhooshNotFakedError, match="when_called"):
                client.calls.create(to="+15558675310", from_="+15557122661", url="https://app.example/twiml")
    """


for _error in (WhooshError, WhooshGuardError, WhooshNotFakedError):
    _error.__module__ = __name__.partition(".")[0]  # tracebacks show the module that users import them from


def is_usage_error(info: Any) -> bool:
    """True if a test caused an error. pytest then hides our frames in the traceback (``__tracebackhide__``).

    The test caused it if one of our ``raise`` statements raised it, such as a refusal or a scripted fault. The same
    holds if the test's own code raised it, such as a criterion. Any other error is a bug in this package, and the whole
    traceback is shown.
    """
    if isinstance(info.value, WhooshError):
        return True
    last = info.value.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    if last is None:
        return False
    filename = last.tb_frame.f_code.co_filename
    if _is_users(filename):
        return True
    is_ours = filename.startswith(_OURS)
    if not is_ours and not isinstance(info.value, AttributeError | LookupError | TypeError | ValueError):
        return False
    return linecache.getline(filename, last.tb_lineno).lstrip().startswith("raise ")


__tracebackhide__ = is_usage_error

_OURS = str(Path(__file__).parents[1])
_STANDARD_LIBRARY = str(Path(linecache.__file__).parent)


def _is_users(filename: str) -> bool:
    """True if a file belongs to the project under test: not to this package, a library, or Python."""
    return not filename.startswith((_OURS, _STANDARD_LIBRARY, "<")) and "site-packages" not in filename


#: The least similarity between an unknown name and a suggested one.
_NEAR = 0.75
_NEAR_SYNONYM = 0.82
#: The most names that share all words with an unknown one and are suggested.
_MOST_RELATED = 3


def did_you_mean(name: str, valid: Iterable[str], synonyms: Mapping[str, str] = MappingProxyType({})) -> str:
    """Return a sentence with the valid name that an unknown one is closest to; an empty text if none is close.

    ``synonyms`` maps names that people may know from elsewhere to the right code here.
    """
    from difflib import get_close_matches  # only once something is wrong

    names, plain = list(valid), _plain(name)
    known = {_plain(each): each for each in reversed(names)}
    if name in synonyms:
        return _suggestion(synonyms[name])
    if near := [known[plain]] if plain in known else get_close_matches(name, names, n=1, cutoff=_NEAR):
        return _suggestion(repr(near[0]))
    if near := get_close_matches(plain, synonyms, n=1, cutoff=_NEAR_SYNONYM):
        return _suggestion(synonyms[near[0]])
    words = set(plain.split("_"))
    related = [each for each in known if words <= (own := set(each.split("_"))) or own < words]
    if related and len(related) <= _MOST_RELATED:
        return _suggestion(*sorted(repr(known[each]) for each in related))
    return ""


def _plain(name: str) -> str:
    """Return a name in one form for all its spellings: ``messageStatus``, ``MessageStatus``, ``_message_status``."""
    import re

    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).strip("_").lower()


def _suggestion(*written: str) -> str:
    """Word a suggestion. Names are quoted; code is not, so it can be pasted."""
    *others, last = [repr(each) if each.isidentifier() else each for each in written]
    return f" Did you mean {', '.join(others)}{' or ' if others else ''}{last}?"


class Suggesting:
    """A base class that suggests the right name if an attribute's name is misspelt."""

    __slots__ = ()

    #: Names from other libraries, with the right code here.
    _SYNONYMS: ClassVar[Mapping[str, str]] = {}

    if not TYPE_CHECKING:  # a type checker finds misspelt names itself

        def __getattr__(self, name: str) -> NoReturn:
            raise AttributeError(_unknown(self, name))

    def __dir__(self) -> Iterable[str]:
        """Return the names for completion, without the private ones."""
        return [name for name in super().__dir__() if not name.startswith("_") or name.startswith("__")]


def shown_as(name: str) -> Callable[[type[T]], type[T]]:
    """Name the public methods of a base class as those of the public class, for Python's texts about wrong calls."""

    def rename(owner: type[T]) -> type[T]:
        for method, member in vars(owner).items():
            function = None if method.startswith("_") else member
            while callable(function) and hasattr(function, "__qualname__"):
                function.__qualname__ = f"{name}.{method}"
                function = getattr(function, "__wrapped__", None)
        return owner

    return rename


class Live(Suggesting):
    """A base class for objects that always show the current state of a double: a copy shows the same."""

    __slots__ = ()

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: object) -> Self:
        return self


def _unknown(owner: Suggesting, name: str) -> str:
    text = f"{type(owner).__name__} has no attribute {name!r}."
    if name.startswith("_"):  # tools look these up
        return text
    valid = [each for each in dir(owner) if not each.startswith("_")]
    return text + did_you_mean(name, valid, owner._SYNONYMS)
