"""The kinds of value in the control API: how each is read from JSON and from a query, shown, and described."""

import re
from base64 import b64decode
from binascii import Error as NotBase64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from pytest_whoosh.engine.settings import duration
from pytest_whoosh.engine.timeline import moment

from .patterns import Pattern


class Unfit(Exception):
    """A value is not of the kind that is wanted."""


def _as_it_is(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of value.

    ``wanted`` says what would do. ``read`` makes of a JSON value what Python works with, and raises Unfit; ``show``
    does the reverse. ``parse`` makes a JSON value of the text in a query.
    """

    wanted: str
    schema: Mapping[str, object]
    read: Callable[[Any], object]
    show: Callable[[Any], object] = _as_it_is
    parse: Callable[[str], object] = _as_it_is
    #: Whether it is a list, in a query the texts of a name that comes several times.
    many: bool = False
    #: Whether there may be none: null in JSON, and in a query the word "null".
    nullable: bool = False

    @property
    def full_schema(self) -> Mapping[str, object]:
        """The schema, with null where that is allowed."""
        if not self.nullable:
            return self.schema
        if set(self.schema) == {"type"}:
            return {"type": [self.schema["type"], "null"]}
        return {"anyOf": [self.schema, {"type": "null"}]}


def or_null(kind: Kind) -> Kind:
    """A kind of which there may be none."""
    return replace(kind, nullable=True)


def _of(*types: type) -> Callable[[Any], object]:
    def read(value: Any) -> object:
        if isinstance(value, bool) and bool not in types:
            raise Unfit
        if not isinstance(value, types):
            raise Unfit
        return value

    return read


def _texts(value: Any) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(each, str) for each in value):
        raise Unfit
    return value


def _texts_by_name(value: Any) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in value.values()):
        raise Unfit
    return value


def _moment(value: Any) -> datetime:
    try:
        return moment(datetime.fromisoformat(value))
    except (TypeError, ValueError, OverflowError):
        raise Unfit from None


def show_moment(at: datetime) -> str:
    """A moment in ISO 8601, in UTC; with a fraction of the second only where there is one."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def _date(value: Any) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise Unfit from None


def _amount(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise Unfit
    try:
        amount = Decimal(str(value))
    except InvalidOperation:
        raise Unfit from None
    if not amount.is_finite():
        raise Unfit
    return amount


def _duration(value: Any) -> object:
    try:
        return duration(value)
    except ValueError:
        raise Unfit from None


def _pattern(value: Any) -> Pattern:
    if not isinstance(value, str):
        raise Unfit
    return Pattern(value)


def _file(value: Any) -> object:
    if isinstance(value, str):
        return value
    if not isinstance(value, dict) or value.keys() != {"base64", "content_type"}:
        raise Unfit
    return _bytes(value["base64"]), _of(str)(value["content_type"])


def _files(value: Any) -> list[object]:
    return [_file(each) for each in _of(list)(value)]  # type: ignore[attr-defined]


def _bytes(value: Any) -> bytes:
    try:
        return b64decode(value, validate=True)
    except (TypeError, ValueError, NotBase64):
        raise Unfit from None


def _flag(text: str) -> object:
    return {"true": True, "false": False}.get(text, text)


def _whole(text: str) -> object:
    return int(text) if re.fullmatch(r"-?[0-9]{1,18}", text) else text


def word(wanted: str, *words: str) -> Kind:
    """A text that is one of a few."""
    return Kind(wanted, {"type": "string", "enum": list(words)}, _of(str))


TEXT: Final = Kind("a text", {"type": "string"}, _of(str))
FLAG: Final = Kind("true or false", {"type": "boolean"}, _of(bool), parse=_flag)
WHOLE: Final = Kind("a whole number", {"type": "integer"}, _of(int), parse=_whole)
NUMBER: Final = Kind("a number", {"type": "number"}, _of(int, float))
MOMENT: Final = Kind(
    'a moment such as "2030-01-31T09:00:00Z"', {"type": "string", "format": "date-time"}, _moment, show_moment
)
DATE: Final = Kind('a day such as "2030-01-31"', {"type": "string", "format": "date"}, _date, date.isoformat)
AMOUNT: Final = Kind('an amount such as "0.0079"', {"type": ["string", "number"]}, _amount, str)
DURATION: Final = Kind('a number of seconds, or a text such as "15 minutes"', {"type": ["number", "string"]}, _duration)
TEXTS: Final = Kind("a list of texts", {"type": "array", "items": {"type": "string"}}, _texts, list, many=True)
TEXTS_BY_NAME: Final = Kind(
    'an object of texts such as {"1": "there"}',
    {"type": "object", "additionalProperties": {"type": "string"}},
    _texts_by_name,
    dict,
)
OBJECT: Final = Kind("an object", {"type": "object"}, _of(dict), dict)
PATTERN: Final = Kind("a regular expression", {"type": "string", "format": "regex"}, _pattern)
ANYTHING: Final = Kind("any JSON", {}, _as_it_is)
BYTES: Final = Kind("bytes in Base64", {"type": "string", "contentEncoding": "base64"}, _bytes)
FILES: Final = Kind(
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
