"""Declares the message fields that a test can read and match: one row each, in ``FIELDS``.

Matching, rules, the hints of failed assertions, the control API with its schemas, and the table in the guide read these
rows. To add a field, add its row and its match key in this module, and a property to ``Message`` in
``pytest_whoosh.views.messages``. If the field only shows a posted parameter, use ``posted(...)`` as its reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Protocol, TypeAlias, TypedDict, TypeVar

from pytest_whoosh.engine.addresses import same_address
from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.misuse import is_usage_error
from pytest_whoosh.engine.parameters import flag, tags
from pytest_whoosh.engine.text.segments import Encoding, segment
from pytest_whoosh.engine.timeline import require_aware

from .lifecycle import Status
from .record import INBOUND, OUTBOUND_API, OUTBOUND_CALL, OUTBOUND_REPLY

if TYPE_CHECKING:
    from pytest_whoosh.engine.webhooks.callbacks import Webhook

    from .record import Message

__tracebackhide__ = is_usage_error

#: Reads a field of a message.
Reader: TypeAlias = "Callable[[Message], Any]"
#: Converts a value from a test to the form that messages store. Raises ValueError if no message can have this value,
#: because otherwise ``assert_not_sent`` would pass by mistake. The first argument is the field's name.
Normaliser: TypeAlias = Callable[[str, object], object]


# Value types


#: The plain types: a value of one never equals a field of another. Any other object may have its own ``__eq__``.
_PLAIN: Final = (str, bytes, bool, int, float, Decimal, datetime, list, tuple, dict, set, frozenset)


def _require(name: str, expected: object, wanted: str, *types: type) -> None:
    """Refuse a plain value of another type, because ``assert_not_sent`` would always pass with it."""
    if type(expected) in _PLAIN and not isinstance(expected, types):
        raise ValueError(f"{name} is {wanted}, not {expected!r}.")


def _text(name: str, expected: object) -> object:
    _require(name, expected, "a text", str)
    return expected


def _flag(name: str, expected: object) -> object:
    _require(name, expected, "True or False", bool, int)
    return expected


def _mapping(name: str, expected: object) -> object:
    _require(name, expected, "a dict", dict)
    return expected


def _equal(expected: object, actual: object) -> bool:
    return bool(expected == actual)


class ValueType(NamedTuple):
    """The type of a field: its Python type, and how values from tests are normalised and compared."""

    python: object
    normalise: Normaliser
    #: True if the first value, from a test, matches the second one, from a message.
    matches: Callable[[object, object], bool] = _equal
    #: All possible values of the field, if they are few.
    words: tuple[str, ...] = ()


def _number(name: str, expected: object) -> object:
    """Convert a text to a number, because the API writes some numbers as text, and so do tests."""
    _require(name, expected, "a number", int, float, Decimal, str)
    if not isinstance(expected, str):
        return expected
    if not expected.isdecimal():
        raise ValueError(f"{name} is a number, not {expected!r}.")
    return int(expected)


def _amount(name: str, expected: object) -> object:
    _require(name, expected, 'an amount such as Decimal("-0.0079")', Decimal, int, float, str)
    if not isinstance(expected, str | float):
        return expected
    try:
        return Decimal(str(expected))
    except InvalidOperation:
        raise ValueError(f'{name} is an amount such as Decimal("-0.0079"), not {expected!r}.') from None


def _moment(name: str, expected: object) -> object:
    _require(name, expected, "a datetime", datetime)
    return require_aware(expected, name) if isinstance(expected, datetime) else expected


def _list(name: str, expected: object) -> object:
    _require(name, expected, "a list", list, tuple)
    return list(expected) if type(expected) is tuple else expected


def _history(name: str, expected: object) -> object:
    changes = _list(name, expected)
    if type(changes) is list:
        for change in changes:
            if type(change) is tuple:
                for part in change:
                    if isinstance(part, datetime):
                        require_aware(part, name)
    return changes


def _same_address(expected: object, actual: object) -> bool:
    if isinstance(expected, str):
        return isinstance(actual, str) and same_address(expected, actual)
    return bool(expected == actual)


def _one_of(*words: str) -> ValueType:
    def normalise(name: str, expected: object) -> object:
        _require(name, expected, "a text", str)
        if isinstance(expected, str) and expected not in words:
            raise ValueError(unknown_name(name, expected, words))
        return expected

    return ValueType(str, normalise, words=words)


TEXT: Final = ValueType(str, _text)
ADDRESS: Final = ValueType(str, _text, _same_address)
NUMBER: Final = ValueType(int, _number)
AMOUNT: Final = ValueType(Decimal, _amount)
MOMENT: Final = ValueType(datetime, _moment)
FLAG: Final = ValueType(bool, _flag)
TEXTS: Final = ValueType(list[str], _list)
HISTORY: Final = ValueType(list[tuple[str, datetime]], _history)
PARAMETERS: Final = ValueType(dict[str, str | list[str]], _mapping)
TAGS: Final = ValueType(dict[str, str], _mapping)
CONTENT: Final = ValueType(dict[str, object], _mapping)
#: The engine stores webhook records in this field. A test sees each as a ``Callback``.
WEBHOOKS: Final = ValueType(list, _list)


# Fields


def _never(message: Message) -> bool:  # noqa: ARG001
    return False


def _always(message: Message) -> bool:  # noqa: ARG001
    return True


def _until_sender_is_chosen(message: Message) -> bool:
    return message.from_ is None


def _until_sent(message: Message) -> bool:
    return message.date_sent is None


def _until_priced(message: Message) -> bool:
    return message.price is None


class Field(NamedTuple):
    """A message field: one row of the table."""

    name: str
    type: ValueType
    read: Reader
    #: The description of the field in the guide, in schemas and in the docstring of the property.
    about: str
    nullable: bool = False
    #: True if the field is known when the message is created. A rule of ``whoosh.when`` can then match it.
    at_creation: bool = True
    #: True if the field of a message can still change by itself while time advances.
    changes: Callable[[Message], bool] = _never
    #: Reads the value that the API now hides. A test can match both values.
    unhidden: Reader | None = None
    #: Names of the field in other libraries and the SDK.
    synonyms: tuple[str, ...] = ()

    @property
    def json_name(self) -> str:
        """The field's name in JSON. Only Python needs the underscore of ``from_``."""
        return self.name.rstrip("_")


def posted(name: str, convert: Callable[[str], object] = str) -> Reader:
    """Return a reader for a posted parameter. It reads None if the parameter is missing or empty."""

    def read(message: Message) -> object:
        value = message.posted(name)
        text = value[0] if isinstance(value, tuple) else value
        return convert(text) if text else None

    return read


def posted_flag(name: str) -> Reader:
    """Return a reader for a boolean parameter. It reads False if the parameter is missing."""
    read = posted(name, flag)
    return lambda message: bool(read(message))


def posted_list(name: str) -> Reader:
    """Return a reader for all values of a repeatable parameter, without empty ones."""

    def read(message: Message) -> list[str]:
        value = message.posted(name)
        return [text for text in ((value,) if isinstance(value, str) else value or ()) if text]

    return read


def segments_of(message: Message) -> list[str]:
    """Return the text of each segment of a message. MMS and channel messages are not split."""
    body = message.sent_body
    if message.is_mms or ":" in message.to:
        return [body]
    return list(segment(body).segments)


def reported_webhooks(message: Message) -> list[Webhook]:
    """Return the webhooks about a message that the vendor sent to the app, in order."""
    return [webhook for webhook in message.webhooks if not webhook.dropped]


_ROWS: Final = (
    Field("sid", TEXT, lambda message: message.sid, "The message's SID.", at_creation=False),
    Field(
        "to",
        ADDRESS,
        lambda message: message.shown_to,
        "The recipient: a phone number in E.164, or a channel address.",
        unhidden=lambda message: message.to,
        synonyms=("recipient", "number", "phone", "phone_number", "to_number"),
    ),
    Field(
        "from_",
        ADDRESS,
        lambda message: message.from_,
        "The sender's address. None until the Messaging Service picks a sender.",
        nullable=True,
        changes=_until_sender_is_chosen,
        synonyms=("sender", "from_number", "from"),
    ),
    Field(
        "body",
        TEXT,
        lambda message: message.body,
        "The text, as the API returns it: empty after redaction.",
        synonyms=("text", "message", "msg", "content"),
    ),
    Field(
        "status",
        _one_of(*(status.value for status in Status)),
        lambda message: message.status.value,
        'The current status, such as ``"queued"`` or ``"delivered"``.',
        at_creation=False,
        changes=_always,
        synonyms=("state", "delivery_status"),
    ),
    Field(
        "direction",
        _one_of(INBOUND, OUTBOUND_API, OUTBOUND_CALL, OUTBOUND_REPLY),
        lambda message: message.direction,
        '``"outbound-api"``, ``"outbound-reply"`` if sent by TwiML, ``"outbound-call"`` or ``"inbound"``.',
    ),
    Field(
        "error_code",
        NUMBER,
        lambda message: message.error_code,
        "The error code of a message that failed or was not delivered.",
        nullable=True,
        at_creation=False,
        changes=_always,
        synonyms=("code",),
    ),
    Field(
        "error_message",
        TEXT,
        lambda message: message.error_message,
        "The title of the error code.",
        nullable=True,
        at_creation=False,
        changes=_always,
    ),
    Field(
        "num_segments",
        NUMBER,
        lambda message: message.num_segments,
        "The number of segments. 0 until the Messaging Service picks a sender.",
        changes=_until_sender_is_chosen,
        synonyms=("segment_count",),
    ),
    Field("segments", TEXTS, segments_of, "The text of each segment."),
    Field(
        "encoding",
        _one_of(*(encoding.value for encoding in Encoding)),
        lambda message: segment(message.sent_body).encoding.value,
        'The encoding of the text: ``"GSM-7"`` or ``"UCS-2"``.',
    ),
    Field(
        "media_urls",
        TEXTS,
        lambda message: list(message.media_urls),
        "The URLs of the media.",
        synonyms=("media", "media_url"),
    ),
    Field("num_media", NUMBER, lambda message: len(message.media_urls), "The number of media."),
    Field(
        "price",
        AMOUNT,
        lambda message: message.price,
        "The price, negative as in the API. None until the message has its last status.",
        nullable=True,
        at_creation=False,
        changes=_until_priced,
    ),
    Field(
        "price_unit",
        TEXT,
        lambda message: "USD" if message.price is not None else None,
        "The currency of the price.",
        nullable=True,
        at_creation=False,
        changes=_until_priced,
    ),
    Field(
        "date_created",
        MOMENT,
        lambda message: message.date_created,
        "The moment at which the message was created.",
        synonyms=("created_at",),
    ),
    Field(
        "date_sent",
        MOMENT,
        lambda message: message.date_sent,
        "The moment at which the message was sent. None before.",
        nullable=True,
        at_creation=False,
        changes=_until_sent,
        synonyms=("sent_at",),
    ),
    Field(
        "date_updated",
        MOMENT,
        lambda message: message.date_updated,
        "The moment of the message's last change.",
        at_creation=False,
        changes=_always,
    ),
    Field(
        "send_at",
        MOMENT,
        lambda message: message.send_at,
        "The moment for which the message is scheduled.",
        nullable=True,
        synonyms=("scheduled_at", "scheduled_for"),
    ),
    Field(
        "messaging_service_sid",
        TEXT,
        lambda message: message.service.sid if message.service else None,
        "The SID of the Messaging Service that sends the message.",
        nullable=True,
        synonyms=("service", "service_sid", "messaging_service"),
    ),
    Field("account_sid", TEXT, lambda message: message.account.sid, "The SID of the message's account."),
    Field(
        "status_callback",
        TEXT,
        lambda message: message.status_callback,
        "The URL that status callbacks go to.",
        nullable=True,
    ),
    Field(
        "content_sid",
        TEXT,
        lambda message: message.content_sid,
        "The SID of the content template.",
        nullable=True,
    ),
    Field(
        "content_variables",
        TEXT,
        lambda message: message.content_variables,
        "The variables of the content template, as posted.",
        nullable=True,
    ),
    Field(
        "content",
        CONTENT,
        lambda message: message.content,
        "The sent content of the template: its ``content_type`` and the fields of that type, filled in.",
        nullable=True,
    ),
    Field(
        "feedback",
        TEXT,
        lambda message: message.feedback,
        '``"unconfirmed"`` or ``"confirmed"``. None unless sent with ``ProvideFeedback``.',
        nullable=True,
        at_creation=False,
    ),
    Field(
        "history",
        HISTORY,
        lambda message: [(change.status.value, change.at) for change in message.history],
        "Every status so far, each with the moment at which the message got it.",
        at_creation=False,
        changes=_always,
        synonyms=("statuses",),
    ),
    Field(
        "callbacks",
        WEBHOOKS,
        reported_webhooks,
        "The webhooks about the message, in order.",
        at_creation=False,
        changes=_always,
        synonyms=("webhooks",),
    ),
    Field(
        "request",
        PARAMETERS,
        lambda message: message.request,
        "The parameters as posted, even after redaction.",
        synonyms=("params", "parameters"),
    ),
    Field(
        "redacted",
        FLAG,
        lambda message: message.original_body is not None,
        "True if the text was redacted.",
        at_creation=False,
    ),
    Field("deleted", FLAG, lambda message: message.deleted, "True if the message was deleted.", at_creation=False),
    # The parameters of a new message that the fields above do not show
    Field(
        "application_sid",
        TEXT,
        posted("ApplicationSid"),
        "The SID of the application that status callbacks are sent to.",
        nullable=True,
    ),
    Field(
        "validity_period",
        NUMBER,
        lambda message: message.validity_period,
        "The longest time that the message waits in its sender's queue, in seconds.",
    ),
    Field(
        "max_price",
        AMOUNT,
        posted("MaxPrice", Decimal),
        "The highest price that the app accepts, in US dollars.",
        nullable=True,
    ),
    Field(
        "provide_feedback",
        FLAG,
        posted_flag("ProvideFeedback"),
        "True if the app sent the message with ``ProvideFeedback``.",
    ),
    Field(
        "attempt",
        NUMBER,
        posted("Attempt", int),
        "The parameter Attempt: the number of attempts that the app has made, including this message.",
        nullable=True,
    ),
    Field(
        "content_retention",
        _one_of("retain", "discard"),
        posted("ContentRetention"),
        'The parameter ContentRetention: ``"retain"`` or ``"discard"`` (the API does not keep the text).',
        nullable=True,
    ),
    Field(
        "address_retention",
        _one_of("retain", "obfuscate"),
        posted("AddressRetention"),
        'The parameter AddressRetention: ``"retain"`` or ``"obfuscate"`` (the API drops the recipient\'s number).',
        nullable=True,
    ),
    Field(
        "smart_encoded",
        FLAG,
        posted("SmartEncoded", flag),
        "True if look-alike characters are replaced. None leaves this to the Messaging Service.",
        nullable=True,
    ),
    Field(
        "persistent_action",
        TEXTS,
        posted_list("PersistentAction"),
        "The rich actions of a channel message, such as ``geo:37.78,-122.39|Office``.",
    ),
    Field("shorten_urls", FLAG, posted_flag("ShortenUrls"), "True if the app asked for short links."),
    Field("send_as_mms", FLAG, posted_flag("SendAsMms"), "True if the app asked for an MMS regardless of the content."),
    Field(
        "schedule_type",
        _one_of("fixed"),
        posted("ScheduleType"),
        '``"fixed"`` if the message is scheduled.',
        nullable=True,
    ),
    Field(
        "fallback_from",
        ADDRESS,
        posted("FallbackFrom"),
        "The sender of the SMS that phones without RCS get.",
        nullable=True,
    ),
    Field(
        "risk_check",
        _one_of("enable", "disable"),
        posted("RiskCheck"),
        'The parameter RiskCheck: ``"enable"`` or ``"disable"`` (no check for SMS pumping).',
        nullable=True,
    ),
    Field(
        "traffic_type",
        _one_of("free"),
        posted("TrafficType"),
        '``"free"`` if the message is free to the recipient.',
        nullable=True,
    ),
    Field("message_intent", TEXT, posted("MessageIntent"), "The purpose of the message, as posted.", nullable=True),
    Field(
        "force_delivery",
        FLAG,
        posted_flag("ForceDelivery"),
        "True if the reserved parameter ``ForceDelivery`` is true.",
    ),
    Field("tags", TAGS, posted("Tags", tags), "The tags of the message, by name.", nullable=True),
)

#: All fields by Python name.
FIELDS: Final[Mapping[str, Field]] = MappingProxyType({field.name: field for field in _ROWS})
#: The fields that a rule can match.
AT_CREATION: Final[Mapping[str, Field]] = MappingProxyType(
    {name: field for name, field in FIELDS.items() if field.at_creation}
)
#: Names that fields have elsewhere, with the right name here.
SYNONYMS: Final[Mapping[str, str]] = MappingProxyType(
    {synonym: field.name for field in _ROWS for synonym in field.synonyms}
)


# Match keys, for type checkers and completion. A test compares them with the rows

T = TypeVar("T")


class Comparable(Protocol):
    """A value with its own equality, such as those of *dirty-equals*."""

    def equals(self, other: Any, /) -> bool:
        """True if another value is equal to this one."""


class Approximate(Protocol):
    """The type of the results of ``pytest.approx``."""

    nan_ok: bool


#: The criteria for a field: a value to compare, a pattern to search for, or a function to call.
Criterion: TypeAlias = "T | re.Pattern[str] | Callable[[T], object] | Comparable | type[Comparable]"
#: The same for a field that can be None. Functions are typed with Any here, so most need not handle None.
CriterionOrNone: TypeAlias = "T | re.Pattern[str] | Callable[[Any], object] | Comparable | type[Comparable] | None"


class MatchAtCreation(TypedDict, total=False):
    """The match keys of a rule: the fields that are known when the message is created."""

    to: Criterion[str]
    from_: CriterionOrNone[str]
    body: Criterion[str]
    direction: Criterion[str]
    num_segments: Criterion[int] | str | Approximate
    segments: Criterion[list[str]] | tuple[str, ...]
    encoding: Criterion[str]
    media_urls: Criterion[list[str]] | tuple[str, ...]
    num_media: Criterion[int] | str | Approximate
    date_created: Criterion[datetime]
    send_at: CriterionOrNone[datetime]
    messaging_service_sid: CriterionOrNone[str]
    account_sid: Criterion[str]
    status_callback: CriterionOrNone[str]
    content_sid: CriterionOrNone[str]
    content_variables: CriterionOrNone[str]
    content: CriterionOrNone[dict[str, object]]
    request: Criterion[dict[str, str | list[str]]]
    application_sid: CriterionOrNone[str]
    validity_period: Criterion[int] | str | Approximate
    max_price: CriterionOrNone[Decimal] | str | float | Approximate
    provide_feedback: Criterion[bool]
    attempt: CriterionOrNone[int] | str | Approximate
    content_retention: CriterionOrNone[str]
    address_retention: CriterionOrNone[str]
    smart_encoded: CriterionOrNone[bool]
    persistent_action: Criterion[list[str]] | tuple[str, ...]
    shorten_urls: Criterion[bool]
    send_as_mms: Criterion[bool]
    schedule_type: CriterionOrNone[str]
    fallback_from: CriterionOrNone[str]
    risk_check: CriterionOrNone[str]
    traffic_type: CriterionOrNone[str]
    message_intent: CriterionOrNone[str]
    force_delivery: Criterion[bool]
    tags: CriterionOrNone[dict[str, str]]


class Match(MatchAtCreation, total=False):
    """The match keys of a message: its fields."""

    sid: Criterion[str]
    status: Criterion[str]
    error_code: CriterionOrNone[int] | str
    error_message: CriterionOrNone[str]
    price: CriterionOrNone[Decimal] | str | float | Approximate
    price_unit: CriterionOrNone[str]
    date_sent: CriterionOrNone[datetime]
    date_updated: Criterion[datetime]
    feedback: CriterionOrNone[str]
    history: Criterion[list[tuple[str, datetime]]] | tuple[tuple[str, datetime], ...]
    callbacks: Criterion[list[Any]]
    redacted: Criterion[bool]
    deleted: Criterion[bool]
