"""What an account holds: messages, services, senders, applications."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, Protocol, TypeVar

from .addresses import Kind, channel_of, country_of, kind_of, mask
from .lifecycle import TRANSITIONS, Outcome, Status

if TYPE_CHECKING:
    from .callbacks import Webhook
    from .media import File
    from .rules import WebhookScript


class Record(Protocol):
    """Anything known by its SID."""

    @property
    def sid(self) -> str:
        """Its SID."""


R = TypeVar("R", bound=Record)


class Collection(Generic[R]):
    """Records by SID, oldest first."""

    __slots__ = ("_records",)

    def __init__(self, records: Iterable[R] = ()) -> None:
        #: A record that was removed leaves None in its place: a list may be paged on from one that is gone.
        self._records: dict[str, R | None] = {record.sid: record for record in records}

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[R]:
        return iter([record for record in self._records.values() if record is not None])

    def __contains__(self, sid: object) -> bool:
        return isinstance(sid, str) and self._records.get(sid) is not None

    def add(self, record: R) -> R:
        """Keep a record."""
        self._records[record.sid] = record
        return record

    def get(self, sid: str) -> R | None:
        """The record with a SID, or None."""
        return self._records.get(sid)

    def remove(self, sid: str) -> None:
        """Forget a record, but for its place among the others."""
        self._records[sid] = None

    def places(self) -> list[tuple[str, R | None]]:
        """Every SID in order with its record, or None where that was removed."""
        return list(self._records.items())


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


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
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
    #: Whether a Messaging Service made an SMS with links of what was to be an MMS.
    converted: bool = False
    feedback: str | None = None
    #: The media files; one that is for all messages without any, since most have none.
    media: Collection[Media] = field(default_factory=lambda: _NO_MEDIA)
    shortens_urls: bool = False
    #: The links that stand for URLs in the text, once it was sent.
    links: Sequence[Link] = ()
    #: Whether the text and media are forgotten once there is nothing left to send.
    discards_content: bool = False
    #: Whether the recipient's number is hidden once there is nothing left to send; and whether it is by now.
    obfuscates_address: bool = False
    obfuscated: bool = False
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

    def __repr__(self) -> str:
        return f"<message {self.sid} {self.status}>"

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
    def shown_to(self) -> str:
        """The recipient as the API shows it: with its last four digits hidden where the app asked for that."""
        return mask(self.to) if self.obfuscated else self.to

    @property
    def is_mms(self) -> bool:
        """Whether the message travels as an MMS, which has no segments."""
        return (bool(self.media_urls) or self.as_mms) and not self.converted

    @property
    def channel(self) -> str | None:
        """The channel that carries the message, such as ``"whatsapp"``; None for SMS and MMS."""
        return channel_of(self.to) or channel_of(self.from_ or "")


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
    #: The application that handles inbound messages; where it is set, the ``sms_`` properties are ignored.
    sms_application_sid: str = ""
    #: Where the status of calls is reported; not that of messages.
    status_callback: str = ""
    status_callback_method: str = "POST"
    voice_application_sid: str = ""
    voice_url: str = "https://demo.twilio.com/welcome/voice/"
    voice_method: str = "POST"
    voice_fallback_url: str = ""
    voice_fallback_method: str = "POST"
    voice_caller_id_lookup: bool = False
    voice_receive_mode: str = "voice"
    trunk_sid: str | None = None
    address_sid: str | None = None
    identity_sid: str | None = None
    bundle_sid: str | None = None
    emergency_status: str = "Inactive"
    emergency_address_sid: str | None = None
    api_version: str = "2010-04-01"
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
    api_version: str = "2010-04-01"
    mms_capable: bool = True

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
    #: The deprecated twin of ``message_status_callback``, for apps that set no other.
    sms_status_callback: str | None = None
    sms_url: str | None = None
    sms_method: str = "POST"
    sms_fallback_url: str | None = None
    sms_fallback_method: str = "POST"
    status_callback: str | None = None
    status_callback_method: str = "POST"
    voice_url: str | None = None
    voice_method: str = "POST"
    voice_fallback_url: str | None = None
    voice_fallback_method: str = "POST"
    voice_caller_id_lookup: bool = False
    public_application_connect_enabled: bool = False
    api_version: str = "2010-04-01"


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
    mms_converter: bool = True
    fallback_to_long_code: bool = True
    scan_message_content: str = "inherit"
    synchronous_validation: bool = False
    usecase: str = "undeclared"
    us_app_to_person_registered: bool = False
    use_inbound_webhook_on_number: bool = False
    #: Whether opting out is handled in the way that is set up in the vendor's console, and told to the app.
    advanced_opt_out: bool = False
    link_shortening_domain: LinkDomain | None = None
    #: The sender pool, in the order in which the senders were added.
    pool: Collection[PoolSender] = field(default_factory=Collection)
    #: The sender that each recipient has heard from before.
    remembered: dict[str, StickySender] = field(default_factory=dict)

    @property
    def senders(self) -> list[str]:
        """The addresses in the sender pool."""
        return list(dict.fromkeys(sender.address for sender in self.pool))


@dataclass(slots=True, eq=False, kw_only=True)
class ChannelSender:
    """A sender of the account on a channel, such as a WhatsApp number."""

    sid: str
    account_sid: str
    address: str


@dataclass(slots=True, eq=False, kw_only=True)
class PoolSender:
    """A sender in the pool of a Messaging Service."""

    sid: str
    address: str
    date_created: datetime
    date_updated: datetime
    #: The one country that an alphanumeric sender is for; empty for those that have none of their own.
    destination: str = ""
    #: The number or short code that this is.
    held: PhoneNumber | ShortCode | None = None
    #: How many messages it has carried, which spreads the traffic evenly.
    carried: int = 0
    kind: Kind = field(init=False)
    # Looked up once: a large pool asks every sender for its country, for every message.
    _country: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        kind = kind_of(self.address)
        assert kind is not None, "an address was checked before it joins a pool"
        self.kind = kind

    @property
    def country(self) -> str:
        """The ISO code of the country that it is of, or for; empty where it is of none."""
        if isinstance(self.held, ShortCode):
            return self.held.country
        if self._country is None:
            _, _, number = self.address.rpartition(":")
            self._country = country_of(number) if number.startswith("+") else self.destination
        return self._country


class StickySender(NamedTuple):
    """The sender that a recipient knows, and when it last wrote."""

    sender: PoolSender
    used: datetime


@dataclass(slots=True, eq=False, kw_only=True)
class ApiKey:
    """An API key of the account."""

    sid: str
    secret: str
    date_created: datetime
    date_updated: datetime
    friendly_name: str = ""


@dataclass(slots=True, eq=False, kw_only=True)
class Media:
    """A media file of a message."""

    sid: str
    account_sid: str
    parent_sid: str
    date_created: datetime
    date_updated: datetime
    file: File


_NO_MEDIA: Final[Collection[Media]] = Collection()


@dataclass(slots=True, eq=False, kw_only=True)
class Approval:
    """What WhatsApp was asked about a content template, and what it said."""

    name: str
    category: str
    allow_category_change: bool = True
    status: str = "received"


@dataclass(slots=True, eq=False, kw_only=True)
class ContentTemplate:
    """A content template: what a message says, by content type, with placeholders for variables."""

    sid: str
    account_sid: str
    date_created: datetime
    date_updated: datetime
    language: str
    types: Mapping[str, Mapping[str, object]]
    friendly_name: str | None = None
    #: The values of placeholders that a message gives none.
    variables: Mapping[str, str] = field(default_factory=dict)
    approval: Approval | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class LinkDomain:
    """A domain of short links, and what happens on a click."""

    sid: str
    account_sid: str
    config_sid: str
    domain: str
    date_created: datetime
    date_updated: datetime
    fallback_url: str | None = None
    callback_url: str | None = None
    continue_on_failure: bool = False
    disable_https: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class Link:
    """A short link: one URL in one message."""

    #: As it stands in the message: without ``https://`` where the domain leaves that out.
    text: str
    target: str
    message: Message
    domain: LinkDomain
    date_created: datetime
