"""The types of JSON values in the control API: how each is read from JSON and query strings, written and described."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pytest_whoosh.engine.settings import duration
from pytest_whoosh.engine.timeline import show_moment, to_utc

from .patterns import Pattern


class InvalidValue(Exception):
    """Raised if a JSON value does not have the expected type."""


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class JsonType:
    """A type of JSON values.

    ``expected`` describes valid values. ``read`` converts a JSON value to Python, and raises ``InvalidValue``. ``show``
    converts a Python value to JSON. ``parse`` converts a text of a query string to a JSON value.
    """

    expected: str
    schema: Mapping[str, object]
    read: Callable[[Any], object]
    show: Callable[[Any], object] = _as_it_is
    parse: Callable[[str], object] = _as_it_is
    #: True for a list. A query string repeats the name for each item.
    many: bool = False
    #: True if null is allowed. A query string has the word "null" for it.
    nullable: bool = False

    @property
    def full_schema(self) -> Mapping[str, object]:
        """The schema, including null if it is allowed."""
        if not self.nullable:
            return self.schema
        if set(self.schema) == {"type"}:
            return {"type": [self.schema["type"], "null"]}
        return {"anyOf": [self.schema, {"type": "null"}]}


def or_null(json_type: JsonType) -> JsonType:
    """Return the same type with null allowed."""
    return replace(json_type, nullable=True)


def _of(*types: type) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if isinstance(value, bool) and bool not in types:
            raise InvalidValue
        if not isinstance(value, types):
            raise InvalidValue
        return value

    return read


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise InvalidValue
    return value


def _texts_by_name(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise InvalidValue
    return value


def _moment(value: Any) -> datetime:
    try:
        return to_utc(datetime.fromisoformat(value))
    except (TypeError, ValueError, OverflowError):
        raise InvalidValue from None


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise InvalidValue from None


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise InvalidValue
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise InvalidValue from None
    if not amount.is_finite():
        raise InvalidValue
    return amount


def _duration(value: Any) -> object:
    try:
        return duration(value)
    except ValueError:
        raise InvalidValue from None


def _pattern(value: Any) -> Pattern:
    if not isinstance(value, str):
        raise InvalidValue
    return Pattern(value)


def _file(value: Any) -> object:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or value.keys() != {"base64", "content_type"}:
        raise InvalidValue
    return _bytes(value["base64"]), _of(str)(value["content_type"])


def _files(value: Any) -> list[object]:
    return [_file(each) for each in _of(list)(value)]  # type: ignore[attr-defined]


def _bytes(value: Any) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError, NotBase64):
        raise InvalidValue from None


def _flag(text: str) -> object:
    return {"true": True, "false": False}.get(text, text)


def _whole(text: str) -> object:
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text


def word(expected: str, *words: str) -> JsonType:
    """Return the type of a text with a few allowed values."""
    return JsonType(expected, {"type": "string", "enum": list(words)}, _of(str))


TEXT: Final = JsonType("a text", {"type": "string"}, _of(str))
FLAG: Final = JsonType("true or false", {"type": "boolean"}, _of(bool), parse=_flag)
WHOLE: Final = JsonType("a whole number", {"type": "integer"}, _of(int), parse=_whole)
NUMBER: Final = JsonType("a number", {"type": "number"}, _of(int, float))
MOMENT: Final = JsonType(
    'a moment such as "2030-01-31T09:00:00Z"', {"type": "string", "format": "date-time"}, _moment, show_moment
)
DATE: Final = JsonType('a day such as "2030-01-31"', {"type": "string", "format": "date"}, _date, date.isoformat)
AMOUNT: Final = JsonType('an amount such as "0.0079"', {"type": ["string", "number"]}, _amount, str)
DURATION: Final = JsonType(
    'a number of seconds, or a text such as "15 minutes"', {"type": ["number", "string"]}, _duration
)
TEXTS: Final = JsonType("a list of texts", {"type": "array", "items": {"type": "string"}}, _texts, list, many=True)
TEXTS_BY_NAME: Final = JsonType(
    'an object of texts such as {"1": "there"}',
    {"type": "object", "additionalProperties": {"type": "string"}},
    _texts_by_name,
    dict,
)
OBJECT: Final = JsonType("an object", {"type": "object"}, _of(dict), dict)
PATTERN: Final = JsonType("a regular expression", {"type": "string", "format": "regex"}, _pattern)
ANYTHING: Final = JsonType("any JSON", {}, _as_it_is)
BYTES: Final = JsonType("bytes in Base64", {"type": "string", "contentEncoding": "base64"}, _bytes)
FILES: Final = JsonType(
    'a list of URLs, file names, or objects such as {"base64": "JVBERi0=", "content_type": "application/pdf"}',
    {
        "type": "array",
        "items": {
            "anyOf": [
                {"type": "string"},
                {
                    "type": "object",
                    "properties": {
                        "base64": {"type": "string", "contentEncoding": "base64"},
                        "content_type": {"type": "string"},
                    },
                    "required": ["base64", "content_type"],
                    "additionalProperties": False,
                },
            ]
        },
    },
    _files,
)
