"""What an account holds to send messages with: senders, services, applications, templates; and its keys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from pytest_whoosh.engine.addresses import Kind, country_of, kind_of
from pytest_whoosh.engine.collection import Collection


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
