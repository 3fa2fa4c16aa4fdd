"""What an account holds: messages, services, senders, applications."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Generic, NamedTuple, Protocol, TypeVar

from .lifecycle import TRANSITIONS, Outcome, Status

if TYPE_CHECKING:
    from .callbacks import Webhook
    from .rules import WebhookScript


class StatusChange(NamedTuple):
    """One status of a message, and when it took it on."""

    status: Status
    at: datetime


class Place:
    """A message's place in a list: by moment, then by the order of creation."""

    __slots__ = ("message", "moment")

    def __init__(self, moment: datetime, message: Message) -> None:
        self.moment = moment
        self.message = message

    def __lt__(self, other: Place) -> bool:
        if self.moment == other.moment:
            return self.message.serial < other.message.serial
        return self.moment < other.moment

    def __le__(self, other: Place) -> bool:
        return not other < self


@dataclass(slots=True, eq=False, kw_only=True)
class Message:
    """A message, inbound or outbound, as the account holds it."""

    sid: str
    serial: int
    account_sid: str
    to: str
    from_: str | None
    body: str
    direction: str
    status: Status
    date_created: datetime
    date_updated: datetime
    request: dict[str, str | list[str]]
    date_sent: datetime | None = None
    send_at: datetime | None = None
    service: MessagingService | None = None
    media_urls: tuple[str, ...] = ()
    num_segments: int = 0
    error_code: int | None = None
    price: Decimal | None = None
    status_callback: str | None = None
    content_sid: str | None = None
    content_variables: str | None = None
    validity_period: int = 14400
    max_price: Decimal | None = None
    smart_encoded: bool = False
    as_mms: bool = False
    feedback: str | None = None
    #: The text that went out, once the API has been told to forget it.
    forgotten: str | None = None
    deleted: bool = False
    outcome: Outcome
    script: WebhookScript | None = None
    place: Place = field(init=False)
    history: list[StatusChange] = field(init=False)
    webhooks: list[Webhook] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.place = Place(self.date_sent or self.date_created, self)
        self.history = [StatusChange(self.status, self.date_created)]

    def move_to(self, status: Status, at: datetime, error_code: int | None = None) -> None:
        """Take on another status: the one writer of it. Refuses a move that the lifecycle does not know."""
        if status not in TRANSITIONS[self.status]:
            raise RuntimeError(f"{self.sid} cannot move from {self.status} to {status}")
        self.status = status
        self.error_code = error_code
        self.date_updated = at
        self.history.append(StatusChange(status, at))

    @property
    def is_outbound(self) -> bool:
        """Whether the message goes from the account to a person."""
        return self.direction != "inbound"

    @property
    def sent_body(self) -> str:
        """The text that went out, also after it was redacted."""
        return self.body if self.forgotten is None else self.forgotten

    @property
    def is_mms(self) -> bool:
        """Whether the message travels as an MMS, which has no segments."""
        return bool(self.media_urls) or self.as_mms


@dataclass(slots=True, eq=False, kw_only=True)
class PhoneNumber:
    """A phone number of the account (IncomingPhoneNumber)."""

    sid: str
    account_sid: str
    phone_number: str
    date_created: datetime
    date_updated: datetime
    friendly_name: str = ""
    sms_url: str = ""
    sms_method: str = "POST"
    sms_fallback_url: str = ""
    sms_fallback_method: str = "POST"
    sms_application_sid: str = ""
    status_callback: str = ""
    sms_capable: bool = True
    mms_capable: bool = True

    @property
    def address(self) -> str:
        """What messages from it carry as their From."""
        return self.phone_number


@dataclass(slots=True, eq=False, kw_only=True)
class ShortCode:
    """A short code of the account."""

    sid: str
    account_sid: str
    short_code: str
    date_created: datetime
    date_updated: datetime
    country: str = "US"
    friendly_name: str = ""
    sms_url: str | None = None
    sms_method: str = "POST"
    sms_fallback_url: str | None = None
    sms_fallback_method: str = "POST"

    @property
    def address(self) -> str:
        """What messages from it carry as their From."""
        return self.short_code


@dataclass(slots=True, eq=False, kw_only=True)
class Application:
    """A TwiML application: where webhooks go, by name."""

    sid: str
    account_sid: str
    date_created: datetime
    date_updated: datetime
    friendly_name: str = ""
    message_status_callback: str | None = None
    sms_url: str | None = None
    sms_method: str = "POST"
    sms_fallback_url: str | None = None
    sms_fallback_method: str = "POST"


@dataclass(slots=True, eq=False, kw_only=True)
class MessagingService:
    """A Messaging Service: a sender pool with settings of its own.

    The defaults are those of a service created over the API with nothing but its name.
    """

    sid: str
    account_sid: str
    friendly_name: str
    date_created: datetime
    date_updated: datetime
    status_callback: str | None = None
    inbound_request_url: str | None = None
    inbound_method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    validity_period: int = 14400
    smart_encoding: bool = True
    sticky_sender: bool = True
    area_code_geomatch: bool = True
    #: The sender pool: the addresses that messages may come from, in the order in which they were added.
    senders: list[str] = field(default_factory=list)
    #: How many messages each sender of the pool has carried, which spreads the traffic evenly.
    carried: dict[str, int] = field(default_factory=dict)
    #: The sender that each recipient has heard from before.
    remembered: dict[str, str] = field(default_factory=dict)


class Record(Protocol):
    """Anything known by its SID."""

    sid: str


R = TypeVar("R", bound=Record)


class Collection(Generic[R]):
    """Records by SID, oldest first."""

    __slots__ = ("_records",)

    def __init__(self) -> None:
        self._records: dict[str, R] = {}

    def __len__(self) -> int:
        return len(self._records)

    def __iter__(self) -> Iterator[R]:
        return iter(list(self._records.values()))

    def __contains__(self, sid: object) -> bool:
        return sid in self._records

    def add(self, record: R) -> R:
        """Keep a record."""
        self._records[record.sid] = record
        return record

    def get(self, sid: str) -> R | None:
        """The record with a SID, or None."""
        return self._records.get(sid)

    def remove(self, sid: str) -> None:
        """Forget a record."""
        del self._records[sid]
