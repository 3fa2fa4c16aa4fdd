"""Matches messages against criteria, and lists the differences."""

import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any, Final, NamedTuple, Protocol, TypeGuard

from pytest_whoosh.engine.dialect import Step, dialect
from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.misuse import is_usage_error

from .fields import FIELDS, SYNONYMS, Field
from .lifecycle import Status
from .record import Message

__tracebackhide__ = is_usage_error


_CONTAINS: Final = 'body=re.compile("...")'
#: Match keys from other libraries, with the right code here.
_SYNONYMS: Final[Mapping[str, str]] = MappingProxyType(
    {
        **SYNONYMS,
        "contains": _CONTAINS,
        "body_contains": _CONTAINS,
        "body__contains": _CONTAINS,
        "body_matches": _CONTAINS,
        "body__regex": _CONTAINS,
        "text_contains": _CONTAINS,
    }
)
#: Names under which other libraries take the number of matches.
_COUNTS: Final = ("times", "n", "count", "call_count")
#: Names that people write for a status, with the outcome of a rule that leads to it.
_OUTCOMES: Final[Mapping[str, Step]] = MappingProxyType(
    {
        "delivered": ("deliver", {}),
        "undelivered": ("undeliver", {}),
        "failed": ("fail", {}),
        "read": ("read", {}),
        "sent": ("stall", {"at": "sent"}),
    }
)


class Difference(NamedTuple):
    """A criterion that a message does not meet."""

    field: str
    expected: object
    actual: object


class Matcher:
    """The criteria that a message must meet, by field name.

    A plain value matches by ``==``, which supports ``mock.ANY`` and *dirty-equals*. A compiled pattern matches by
    ``search``, and a function if it returns a true value. Addresses match in any spelling.

    ``counted`` says that the caller takes ``count=`` too. Errors then suggest it.
    """

    __slots__ = ("_tests", "criteria")

    def __init__(
        self, criteria: Mapping[str, object], fields: Mapping[str, Field] = FIELDS, *, counted: bool = False
    ) -> None:
        for name, value in criteria.items():
            if name not in fields:
                raise TypeError(_unknown_key(name, value, fields, counted=counted))
        self.criteria = criteria
        self._tests = [(fields[name], _test(fields[name], expected)) for name, expected in criteria.items()]

    def matches(self, message: Message) -> bool:
        """True if a message meets every criterion."""
        return all(test(message) for _, test in self._tests)

    def differences(self, message: Message) -> list[Difference]:
        """Return the criteria that a message does not meet, in the order in which the test passed them."""
        return [
            Difference(field.name, self.criteria[field.name], field.read(message))
            for field, test in self._tests
            if not test(message)
        ]

    def __str__(self) -> str:
        return dialect().match(self.criteria)


def _unknown_key(name: str, value: object, fields: Mapping[str, Field], *, counted: bool) -> str:
    """Return the text that refuses an unknown match key, with what the caller offers instead."""
    write = dialect()
    is_rule = "status" not in fields
    if is_rule:
        count = f"when(...).times({write.value(value)})"
        statuses = {status: f"when(...).{write.outcome([outcome])}" for status, outcome in _OUTCOMES.items()}
    else:
        count = write.argument("count") if counted else write.call("assert_sent", {"count": value})
        statuses = {status.value: write.argument("status", status.value) for status in Status}
    synonyms = {**_SYNONYMS, **dict.fromkeys(_COUNTS, count), **statuses}
    return unknown_name("match key", name, map(write.parameter, fields), synonyms)


def as_written(value: object) -> str:
    """Return a value as a test's author would write it."""
    return dialect().value(value)


class Searchable(Protocol):
    """A compiled regular expression of ``re`` or another library."""

    @property
    def pattern(self) -> Any:
        """The source text of the expression."""

    def search(self, text: str, /) -> Any:
        """Return the first match in a text, or None."""


def is_pattern(expected: object) -> TypeGuard[Searchable]:
    """True if a criterion is a compiled regular expression."""
    if isinstance(expected, re.Pattern):
        return True
    return isinstance(getattr(expected, "pattern", None), str) and callable(getattr(expected, "search", None))


def is_function(expected: object) -> TypeGuard[Callable[[object], object]]:
    """True if a criterion is a function to call. Classes of *dirty-equals* are not: they are compared by ``==``."""
    return callable(expected) and not (isinstance(expected, type) and type(expected).__eq__ is not type.__eq__)


# Tests of a message for each criterion


def _test(field: Field, expected: object) -> Callable[[Message], bool]:
    read, unhidden, matches = field.read, field.unhidden, _test_of_value(field, expected)
    if unhidden is None:
        return lambda message: matches(read(message))
    return lambda message: matches(read(message)) or matches(unhidden(message))


def _test_of_value(field: Field, expected: object) -> Callable[[Any], bool]:
    if is_pattern(expected):
        return _searches(expected)
    normalised, matches = field.type.normalise(field.name, expected), field.type.matches
    if is_function(normalised):
        return lambda actual: bool(normalised == actual) or bool(normalised(actual))
    return lambda actual: matches(normalised, actual)


def _searches(pattern: Searchable) -> Callable[[Any], bool]:
    def search(actual: Any) -> bool:
        texts = actual if isinstance(actual, list) else [actual]
        return any(text is not None and pattern.search(str(text)) for text in texts)

    return search
