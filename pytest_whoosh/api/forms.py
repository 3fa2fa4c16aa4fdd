"""The parameters of a request, declared as fields of a dataclass."""

import re
from collections.abc import Callable
from dataclasses import field, fields
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple, TypeVar
from urllib.parse import urlsplit

from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form

Read = Callable[[str], Any]
T = TypeVar("T")

#: No hostname label may hold an underscore; see the vendor's page on creating messages, ``status_callback``.
_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?|\[[0-9A-Fa-f:.]+\]")
_LONGEST_URL: Final = 4000
#: At most four decimal places, and as many zeros after them as anyone likes.
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{0,4}0*)?|\.[0-9]{1,4}0*")


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


def posted(form: type, given: Form) -> dict[str, Any]:
    """Read only the parameters that were posted, by field; None for one that was posted empty, to clear it.

    Raises:
        ApiError: the first parameter that cannot be read.
    """
    return {
        parameter.field: _read(parameter, texts[0]) if texts[0] else None
        for parameter in _parameters(form)
        if (texts := given.get(parameter.name))
    }


def changes(form: type, given: Form) -> dict[str, Any]:
    """Read only the parameters that were posted, by field; the field's default for one that was posted empty.

    Raises:
        ApiError: the first parameter that cannot be read.
    """
    cleared = form()
    return {name: getattr(cleared, name) if value is None else value for name, value in posted(form, given).items()}


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
    stripped = value.strip()
    if not _AMOUNT.fullmatch(stripped) or not (price := Decimal(stripped)):
        raise ValueError(value)
    return price


def one_of(*choices: str) -> Read:
    """One of a few words."""

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(value)
        return value

    return read


#: What the API calls a record by; see the resources' ``friendly_name``.
friendly_name: Final = at_most(64)
#: How a webhook is called.
method: Final = one_of("GET", "POST")
#: The versions of the API that a webhook may speak, which look the same to it.
api_version: Final = one_of("2010-04-01", "2008-08-01")


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
