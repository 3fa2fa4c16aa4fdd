"""Criteria a message meets, or the ways in which it does not."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, TypeGuard

from pytest_whoosh.engine.addresses import same
from pytest_whoosh.engine.errors import choose_from, title_of
from pytest_whoosh.engine.misuse import is_usage_error
from pytest_whoosh.engine.text.segments import Encoding, segment
from pytest_whoosh.engine.timeline import moment

from .lifecycle import Status
from .record import Message

if TYPE_CHECKING:
    from pytest_whoosh.engine.webhooks.callbacks import Webhook

__tracebackhide__ = is_usage_error


def segments_of(message: Message) -> list[str]:
    """The texts of a message's segments; an MMS or a channel message travels in one piece."""
    body = message.sent_body
    if message.is_mms or ":" in message.to:
        return [body]
    return list(segment(body).segments)


def reported_webhooks(message: Message) -> "list[Webhook]":
    """The webhooks of a message that left for the app, in order."""
    return [webhook for webhook in message.webhooks if not webhook.dropped]


# What a test can read of a message and ask of it, by name. ``Message`` in ``pytest_whoosh.views.messages`` has one
# property for each, in the same order.
FIELDS: Final[Mapping[str, Callable[[Message], Any]]] = MappingProxyType(
    {
        "sid": lambda message: message.sid,
        "to": lambda message: message.shown_to,
        "from_": lambda message: message.from_,
        "body": lambda message: message.body,
        "status": lambda message: message.status.value,
        "direction": lambda message: message.direction,
        "error_code": lambda message: message.error_code,
        "error_message": lambda message: title_of(message.error_code) if message.error_code else None,
        "num_segments": lambda message: message.num_segments,
        "segments": segments_of,
        "encoding": lambda message: segment(message.sent_body).encoding.value,
        "media_urls": lambda message: list(message.media_urls),
        "num_media": lambda message: len(message.media_urls),
        "price": lambda message: message.price,
        "price_unit": lambda message: "USD" if message.price is not None else None,
        "date_created": lambda message: message.date_created,
        "date_sent": lambda message: message.date_sent,
        "date_updated": lambda message: message.date_updated,
        "send_at": lambda message: message.send_at,
        "messaging_service_sid": lambda message: message.service.sid if message.service else None,
        "account_sid": lambda message: message.account_sid,
        "status_callback": lambda message: message.status_callback,
        "content_sid": lambda message: message.content_sid,
        "content_variables": lambda message: message.content_variables,
        "feedback": lambda message: message.feedback,
        "history": lambda message: [(change.status.value, change.at) for change in message.history],
        "callbacks": reported_webhooks,
        "request": lambda message: message.request,
        "redacted": lambda message: message.forgotten is not None,
        "deleted": lambda message: message.deleted,
    }
)


@dataclass(frozen=True, slots=True)
class Difference:
    """One way in which a message falls short of what was asked."""

    field: str
    expected: object
    actual: object


class Matcher:
    """What is asked of a message: every criterion by the name of a field.

    A plain value matches by ``==``, so that ``mock.ANY`` and *dirty-equals* work; a compiled pattern by ``search``; a
    callable by its truth. Addresses match in any spelling.
    """

    __slots__ = ("_tests", "criteria")

    def __init__(self, criteria: Mapping[str, object], fields: Mapping[str, Callable[[Message], Any]] = FIELDS) -> None:
        for name in criteria:
            if name not in fields:
                raise TypeError(choose_from("match key", name, fields))
        self.criteria = criteria
        self._tests = [
            (fields[name], _of_message(name, fields[name], _test(name, expected)))
            for name, expected in criteria.items()
        ]

    def matches(self, message: Message) -> bool:
        """Whether a message meets every criterion."""
        return all(test(message) for _, test in self._tests)

    def differences(self, message: Message) -> list[Difference]:
        """The criteria that a message does not meet, in the order in which they were given."""
        return [
            Difference(name, self.criteria[name], read(message))
            for name, (read, test) in zip(self.criteria, self._tests, strict=True)
            if not test(message)
        ]

    def __str__(self) -> str:
        return ", ".join(f"{name}={show(expected)}" for name, expected in self.criteria.items())


def show(value: object) -> str:
    """A value as the author of a test would write it."""
    if isinstance(value, datetime):
        return str(value)
    if callable(value) and hasattr(value, "__name__"):
        return str(value.__name__)
    if type(value) is list:
        return f"[{', '.join(map(show, value))}]"
    if type(value) is tuple and len(value) > 1:
        return f"({', '.join(map(show, value))})"
    return repr(value)


def asks(expected: object) -> TypeGuard[Callable[[object], object]]:
    """Whether a criterion is a question to call, and not a value that compares, as the classes of *dirty-equals* do."""
    return callable(expected) and not (isinstance(expected, type) and type(expected).__eq__ is not type.__eq__)


# How what is asked becomes a test


def _of_message(name: str, read: Callable[[Message], Any], test: Callable[[Any], bool]) -> Callable[[Message], bool]:
    if name != "to":
        return lambda message: test(read(message))
    # Whom a message went to stays known to the test that has the API hide the number.
    return lambda message: test(read(message)) or test(message.to)


def _test(name: str, expected: object) -> Callable[[Any], bool]:
    if isinstance(expected, re.Pattern):
        return _searches(expected)
    if read := _READERS.get(name):
        expected = read(expected)
    if name in ("to", "from_") and isinstance(expected, str):
        address = expected
        return lambda actual: actual is not None and same(address, actual)
    if asks(expected):
        return lambda actual: bool(expected == actual) or bool(expected(actual))
    return lambda actual: bool(expected == actual)


def _searches(pattern: "re.Pattern[Any]") -> Callable[[Any], bool]:
    def search(actual: Any) -> bool:
        texts = actual if isinstance(actual, list) else [actual]
        return any(text is not None and pattern.search(str(text)) for text in texts)

    return search


# Values that ``==`` would never find, and so let an ``assert_not_sent`` pass for nothing: each is read as what it
# plainly means, or refused. What is no plain value (``mock.ANY``, *dirty-equals*) passes as it is.


def _one_of(kind: str, *words: str) -> Callable[[object], object]:
    def read(expected: object) -> object:
        if isinstance(expected, str) and expected not in words:
            raise ValueError(choose_from(kind, expected, words))
        return expected

    return read


def _number(expected: object) -> object:
    """The API writes some numbers as text, and so do tests."""
    if not isinstance(expected, str):
        return expected
    if not expected.isdecimal():
        raise ValueError(f"A number is asked for, and {expected!r} is none.")
    return int(expected)


def _amount(expected: object) -> object:
    if not isinstance(expected, str | float):
        return expected
    try:
        return Decimal(str(expected))
    except InvalidOperation:
        raise ValueError(f'A price is an amount such as Decimal("-0.0079"), and {expected!r} is none.') from None


def _instant(expected: object) -> object:
    return moment(expected) if isinstance(expected, datetime) else expected


def _list(expected: object) -> object:
    return list(expected) if type(expected) is tuple else expected


_READERS: Final[Mapping[str, Callable[[object], object]]] = MappingProxyType(
    {
        "status": _one_of("status", *(status.value for status in Status)),
        "direction": _one_of("direction", "inbound", "outbound-api", "outbound-call", "outbound-reply"),
        "encoding": _one_of("encoding", *(encoding.value for encoding in Encoding)),
        "error_code": _number,
        "num_segments": _number,
        "num_media": _number,
        "price": _amount,
        "date_created": _instant,
        "date_sent": _instant,
        "date_updated": _instant,
        "send_at": _instant,
        "segments": _list,
        "media_urls": _list,
        "history": _list,
    }
)
