"""Declares API parameters: how each is read, and the error code of an invalid value."""

import json
import re
from collections.abc import Callable
from dataclasses import field, fields
from decimal import Decimal
from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from .hosts import split_url
from .limits import LONGEST_NAME, LONGEST_URL, MOST_TAGS
from .sids import is_sid, sid_form

#: Reads the text of a parameter. Raises ValueError with a description of the valid values.
ParameterReader: TypeAlias = Callable[[str], Any]

#: A hostname label cannot have an underscore; see ``status_callback`` on the vendor's page about creating messages.
_HOST: Final = re.compile(r"(?!-)[A-Za-z0-9-]{1,63}(?<!-)(\.(?!-)[A-Za-z0-9-]{1,63}(?<!-))*\.?|\[[0-9A-Fa-f:.]+\]")
#: At most four decimal places, and any number of zeros after them.
_AMOUNT: Final = re.compile(r"[0-9]{1,12}(\.[0-9]{0,4}0*)?|\.[0-9]{1,4}0*")
#: The name and the value of a tag.
_TAG_NAME: Final = re.compile(r"[A-Za-z0-9._~-]{1,128}")
_TAG_VALUE: Final = re.compile(r"[A-Za-z0-9._~-]{1,256}")
#: The metadata key for the parameter that a dataclass field declares.
_KEY: Final = "parameter"
#: Marks a property that an empty parameter leaves unchanged.
UNCHANGED: Final = object()


class Parameter(NamedTuple):
    """One parameter: the field that it sets, its name in the API, and its reader."""

    field: str
    name: str
    read: ParameterReader
    #: The error code of an invalid value.
    code: int
    many: bool
    texts: Callable[[str], dict[str, object]]
    #: The value that an empty parameter sets.
    cleared: object


def _no_texts(_: str) -> dict[str, object]:
    return {}


def param(
    name: str,
    read: ParameterReader,
    *,
    invalid: int = 20422,
    default: object = None,
    cleared: object = ...,
    many: bool = False,
    texts: Callable[[str], dict[str, object]] = _no_texts,
) -> Any:
    """Declare a parameter of a request, as the default of a dataclass field.

    Args:
        name: The name in the API. If empty, it is the field's name in camel case.
        read: The reader of its text.
        invalid: The error code of a text that the reader refuses.
        default: The field's value if the parameter is missing.
        cleared: The value that an empty parameter sets, by default ``default``. UNCHANGED ignores an empty parameter.
        many: True if the parameter can be repeated. The field is then a tuple.
        texts: Returns values for the placeholders in the error's text.
    """
    default = () if many else default
    metadata = {_KEY: (name, read, invalid, many, texts, default if cleared is ... else cleared)}
    return field(default=default, metadata=metadata)


@cache
def parameters_of(form: Any) -> tuple[Parameter, ...]:
    """Return the parameters that a dataclass declares, in order."""
    return tuple(
        Parameter(each.name, name or api_name(each.name), *rest)
        for each in fields(form)
        if _KEY in each.metadata
        for name, *rest in [each.metadata[_KEY]]
    )


def api_name(name: str) -> str:
    """Return the API's parameter name for a property: ``SmsUrl`` for ``sms_url``."""
    return name.title().replace("_", "")


# Readers


def text(value: str) -> str:
    """Accept any text."""
    return value


def at_most(units: int) -> ParameterReader:
    """Accept a text up to a length in UTF-16 code units, as the vendor counts: an emoji has two or more."""

    def read(value: str) -> str:
        if len(value) * 2 > units and len(value.encode("utf-16-le", "surrogatepass")) > units * 2:
            raise ValueError(f"at most {units} characters")
        return value

    return read


def flag(value: str) -> bool:
    """Read ``true`` in upper or lower case as True. Every other text is False."""
    return value.lower() == "true"


def integer(least: int | None = None, greatest: int | None = None) -> ParameterReader:
    """Read a whole number within bounds."""
    expected = "a whole number" if least is None else f"a whole number from {least}"
    if greatest is not None:
        expected += f" to {greatest}"

    def read(value: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]{1,18}", value.strip()):
            raise ValueError(expected)
        number = int(value)
        if (least is not None and number < least) or (greatest is not None and number > greatest):
            raise ValueError(expected)
        return number

    return read


def amount(value: str) -> Decimal:
    """Read a positive amount with at most four decimal places."""
    stripped = value.strip()
    if not _AMOUNT.fullmatch(stripped) or not (price := Decimal(stripped)):
        raise ValueError('a positive amount such as "0.0079"')
    return price


def one_of(*choices: str) -> ParameterReader:
    """Accept one of the given words."""

    def read(value: str) -> str:
        if value not in choices:
            raise ValueError(f"one of {', '.join(map(repr, choices))}")
        return value

    return read


def tags(value: str) -> dict[str, str]:
    """Read a message's tags: a JSON object of short texts.

    See https://www.twilio.com/docs/bulk-messaging/tags
    """
    expected = f"a JSON object of at most {MOST_TAGS} tags, without spaces in their names and values"
    try:
        read = json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError(expected) from None
    if not isinstance(read, dict) or len(read) > MOST_TAGS:
        raise ValueError(expected)
    for name, text in read.items():
        if not (_TAG_NAME.fullmatch(name) and isinstance(text, str) and _TAG_VALUE.fullmatch(text)):
            raise ValueError(expected)
    return read


#: Reads a record's friendly name.
friendly_name: Final = at_most(LONGEST_NAME)
#: Reads a webhook's HTTP method.
method: Final = one_of("GET", "POST")
#: Reads the API version of a webhook. Webhooks of both versions look the same.
api_version: Final = one_of("2010-04-01", "2008-08-01")


def sid(prefix: str) -> ParameterReader:
    """Accept a SID with a prefix."""

    def read(value: str) -> str:
        if not is_sid(value, prefix):
            raise ValueError(f"a SID: {sid_form(prefix)}")
        return value

    return read


def url(value: str) -> str:
    """Accept an absolute http(s) URL with a valid hostname, up to the vendor's length limit."""
    if len(value) > LONGEST_URL:
        raise ValueError(_URL)
    try:
        parts = split_url(value)
    except ValueError:
        raise ValueError(_URL) from None
    host = parts.netloc.rpartition("@")[2]
    host = re.sub(r":\d*$", "", host)
    if parts.scheme not in ("http", "https") or not _HOST.fullmatch(host) or re.search(r"[\s\x00-\x1f]", value):
        raise ValueError(_URL)
    return value


_URL: Final = 'an absolute URL such as "https://app.example/sms"'
