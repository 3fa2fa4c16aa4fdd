"""The parameters of a request, declared as fields of a dataclass."""

import re
from collections.abc import Callable
from dataclasses import field, fields
from datetime import datetime
from decimal import Decimal, InvalidOperation
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form
from pytest_whoosh.engine.timeline import moment

Read = Callable[[str], Any]
T = TypeVar("T")

#: No hostname label may hold an underscore; see the vendor's page on creating messages, ``status_callback``.
_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?|\[[0-9A-Fa-f:.]+\]")
_LONGEST_URL: Final = 4000


class _Parameter(NamedTuple):
    field: str
    name: str
    read: Read
    code: int
    many: bool
    texts: Callable[[str], dict[str, object]]


def param(
    name: str,
    read: Read,
    *,
    invalid: int = 20422,
    default: object = None,
    many: bool = False,
    texts: Callable[[str], dict[str, object]] = lambda text: {},
) -> Any:
    """Declare a parameter: its name on the wire, how it is read, and the error code where it cannot be.

    A reader raises ValueError for what will not do. ``many`` makes a tuple of every value given. ``texts`` fill the
    placeholders of the error's text.
    """
    metadata = {"parameter": (name, read, invalid, many, texts)}
    if many:
        return field(default=(), metadata=metadata)
    return field(default=default, metadata=metadata)


@cache
def _parameters(form: Any) -> tuple[_Parameter, ...]:
    return tuple(
        _Parameter(each.name, name, read, code, many, texts)
        for each in fields(form)
        if "parameter" in each.metadata
        for name, read, code, many, texts in [each.metadata["parameter"]]
    )


def parse(form: type[T], given: Form) -> T:
    """Read the parameters that a form declares, in the order of declaration; an empty one counts as not given.

    Raises:
        ApiError: the first parameter that cannot be read.
    """
    values: dict[str, Any] = {}
    for parameter in _parameters(form):  # type: ignore[arg-type]  # a class is hashable
        texts = given.get(parameter.name)
        if texts is None:
            continue
        if parameter.many:
            values[parameter.field] = tuple(_read(parameter, text) for text in texts if text)
        elif texts[0]:
            values[parameter.field] = _read(parameter, texts[0])
    return form(**values)


def _read(parameter: _Parameter, text: str) -> Any:
    try:
        return parameter.read(text)
    except ValueError:
        raise ApiError(parameter.code, parameter.texts(text)) from None


# Readers: each takes the text of a parameter, and raises ValueError where it will not do.


def text(value: str) -> str:
    """Any text."""
    return value


def at_most(units: int) -> Read:
    """A text of limited length, counted in UTF-16 code units as the vendor counts: an emoji is two or more."""

    def read(value: str) -> str:
        if len(value) * 2 > units and len(value.encode("utf-16-le", "surrogatepass")) > units * 2:
            raise ValueError(value)
        return value

    return read


def flag(value: str) -> bool:
    """``true`` in any case; everything else is false."""
    return value.lower() == "true"


def integer(least: int | None = None, greatest: int | None = None) -> Read:
    """A whole number within bounds."""

    def read(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()):
            raise ValueError(value)
        number = int(value)
        if (least is not None and number < least) or (greatest is not None and number > greatest):
            raise ValueError(value)
        return number

    return read


def amount(value: str) -> Decimal:
    """A positive amount with at most four decimal places."""
    try:
        price = Decimal(value.strip())
    except InvalidOperation:
        raise ValueError(value) from None
    exponent = price.normalize().as_tuple().exponent if price.is_finite() else None
    if not isinstance(exponent, int) or price <= 0 or exponent < -4:
        raise ValueError(value)
    return price


def one_of(*choices: str) -> Read:
    """One of a few words."""

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(value)
        return value

    return read


def sid(prefix: str) -> Read:
    """A SID with a prefix."""
    pattern = re.compile(prefix + "[0-9a-fA-F]{32}")

    def read(value: str) -> str:
        if not pattern.fullmatch(value):
            raise ValueError(value)
        return value

    return read


def url(value: str) -> str:
    """An absolute http(s) URL with a valid hostname, of a length that the vendor accepts."""
    parts = urlsplit(value)
    _ = parts.port  # raises ValueError where it is none
    host = parts.netloc.rpartition("@")[2]
    host = re.sub(r":\d*$", "", host)
    if (
        parts.scheme not in ("http", "https")
        or not _HOST.fullmatch(host)
        or len(value) > _LONGEST_URL
        or re.search(r"[\s\x00-\x1f]", value)
    ):
        raise ValueError(value)
    return value


def instant(value: str) -> datetime:
    """A moment in ISO 8601; without an offset it is UTC, without a time midnight."""
    try:
        return moment(datetime.fromisoformat(value.strip()))
    except OverflowError:  # an offset that leads out of the calendar
        raise ValueError(value) from None


def day_or_instant(value: str) -> tuple[datetime, bool]:
    """A date, or a moment in any of the spellings of the API's documentation; and whether it is a bare date."""
    stripped = value.strip()
    if re.fullmatch(r"\d{4}-\d{2}-\d{2}", stripped):
        return instant(stripped), True
    try:
        return instant(stripped), False
    except ValueError:
        pass
    if american := re.fullmatch(r"(\d{2}/\d{2}/\d{4})(?: (\d{2}:\d{2}:\d{2}) ([A-Z]{3}))?", stripped):
        day, time, zone = american.groups()
        # The zones that RFC 2822 names are all that such a date can be in.
        parsed = datetime.strptime(f"{day} {time or '00:00:00'}", "%m/%d/%Y %H:%M:%S")  # noqa: DTZ007
        return moment(parsedate_to_datetime(f"{parsed:%d %b %Y %H:%M:%S} {zone or 'GMT'}")), time is None
    try:
        return moment(parsedate_to_datetime(stripped)), False
    except (TypeError, IndexError, OverflowError):
        raise ValueError(value) from None
