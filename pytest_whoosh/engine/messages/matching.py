"""Criteria a message meets, or the ways in which it does not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Final, Protocol, TypeGuard

from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.errors import choose_from
from pytest_whoosh.engine.misuse import is_usage_error

from .fields import FIELDS, SYNONYMS, Field
from .record import Message

__tracebackhide__ = is_usage_error


_CONTAINS: Final = 'body=re.compile("...")'
#: What to write for match keys that other libraries have.
_SYNONYMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **SYNONYMS,
        "times": "count=...",
        "n": "count=...",
        "contains": _CONTAINS,
        "body_contains": _CONTAINS,
        "body__contains": _CONTAINS,
        "body_matches": _CONTAINS,
        "body__regex": _CONTAINS,
        "text_contains": _CONTAINS,
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a message falls short of what was asked."""

    field: str
    expected: object
    actual: object


class Matcher:
    """The criteria that a message must meet, by the names of fields.

    A plain value matches by ``==``, so that ``mock.ANY`` and *dirty-equals* work; a compiled pattern by ``search``; a
    callable by its truth. Addresses match in any spelling.
    """

    __slots__ = ("_tests", "criteria")

    def __init__(self, criteria: Mapping[str, object], fields: Mapping[str, Field] = FIELDS) -> None:
        for name in criteria:
            if name not in fields:
                raise TypeError(choose_from("match key", name, map(dialect().parameter, fields), _SYNONYMS))
        self.criteria = criteria
        self._tests = [(fields[name], _test(fields[name], expected)) for name, expected in criteria.items()]

    def matches(self, message: Message) -> bool:
        """True if a message meets every criterion."""
        return all(test(message) for _, test in self._tests)

    def differences(self, message: Message) -> list[Difference]:
        """The criteria that a message does not meet, in the order in which they were given."""
        return [
            Difference(field.name, self.criteria[field.name], field.read(message))
            for field, test in self._tests
            if not test(message)
        ]

    def __str__(self) -> str:
        return dialect().match(self.criteria)


def show(value: object) -> str:
    """A value as the author of a test would write it."""
    return dialect().value(value)


class Searchable(Protocol):
    """A compiled regular expression, of ``re`` or of another engine."""

    @property
    def pattern(self) -> Any:
        """The text that it was compiled from."""

    def search(self, text: str, /) -> Any:
        """Return the first match in a text; None if there is none."""


def is_pattern(expected: object) -> TypeGuard[Searchable]:
    """True if a criterion is a compiled regular expression."""
    if isinstance(expected, re.Pattern):
        return True
    return isinstance(getattr(expected, "pattern", None), str) and callable(getattr(expected, "search", None))


def asks(expected: object) -> TypeGuard[Callable[[object], object]]:
    """True if a criterion is a function to call. The classes of *dirty-equals* are values to compare."""
    return callable(expected) and not (isinstance(expected, type) and type(expected).__eq__ is not type.__eq__)


# From a wanted value to a test of a message


def _test(field: Field, expected: object) -> Callable[[Message], bool]:
    read, unhidden, matches = field.read, field.unhidden, _test_of_value(field, expected)
    if unhidden is None:
        return lambda message: matches(read(message))
    return lambda message: matches(read(message)) or matches(unhidden(message))


def _test_of_value(field: Field, expected: object) -> Callable[[Any], bool]:
    if is_pattern(expected):
        return _searches(expected)
    wanted, matches = field.type.normalise(field.name, expected), field.type.matches
    if asks(wanted):
        return lambda actual: bool(wanted == actual) or bool(wanted(actual))
    return lambda actual: matches(wanted, actual)


def _searches(pattern: Searchable) -> Callable[[Any], bool]:
    def search(actual: Any) -> bool:
        texts = actual if isinstance(actual, list) else [actual]
        return any(text is not None and pattern.search(str(text)) for text in texts)

    return search
