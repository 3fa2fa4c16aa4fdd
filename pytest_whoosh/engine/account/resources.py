"""Declares an account's resources, once each: properties with types, defaults, readers and error codes.

Records, parameters of the REST API, keywords of the provisioning methods and the control API come from these
declarations. To add a resource, declare it here, write its routes in a module of ``api``, and add them to a product in
``api/__init__.py``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar, Final, NamedTuple

from pytest_whoosh.engine.addresses import AddressKind, address_kind, country_of, national_format
from pytest_whoosh.engine.collection import Collection
from pytest_whoosh.engine.limits import LONGEST_CODE, LONGEST_VALIDITY, LONGEST_VERIFY_NAME, SHORTEST_CODE
from pytest_whoosh.engine.parameters import (
    UNCHANGED,
    ParameterReader,
    api_version,
    at_most,
    flag,
    friendly_name,
    integer,
    method,
    one_of,
    param,
    sid,
    text,
    url,
)
from pytest_whoosh.engine.sids import Prefix, Sids, sender_sid


def _settable(read: ParameterReader, *, default: object = None, **options: Any) -> Any:
    """Declare a property that an app sets through the API, and a test with a keyword; see :func:`param`."""
    return param("", read, default=default, **options)


def _by_tests(default: object, read: ParameterReader | None = None) -> Any:
    """Declare a property that only a test sets, with a keyword."""
    return field(default=default, metadata={"by_tests": True, "read": read})


# Properties that several resources have, each with its reader, its error code for an invalid value, and its default.
def _name(default: object = "", **options: Any) -> Any:
    return _settable(friendly_name, **{"invalid": 20002, "default": default, **options})


def _version() -> Any:
    return _settable(api_version, default="2010-04-01")


def _url(default: str | None = None, **options: Any) -> Any:
    return _settable(url, **{"invalid": 21402, "default": default, **options})


def _method(**options: Any) -> Any:
    return _settable(method, invalid=21403, default="POST", **options)


def _flag(*, default: bool = False, **options: Any) -> Any:
    return _settable(flag, default=default, **options)


def _of_verify(read: ParameterReader, name: str = "", *, default: object = None) -> Any:
    return param(name, read, invalid=60200, default=default, cleared=UNCHANGED)


@dataclass(slots=True, eq=False, kw_only=True)
class Resource:
    """The base of an account's resources."""

    sid: str
    account_sid: str
    date_created: datetime
    date_updated: datetime

    #: The prefix of its SIDs.
    PREFIX: ClassVar[str]
    #: The property that identifies a record within an account. Creating a second one updates the first.
    IDENTITY: ClassVar[str] = ""

    @classmethod
    def new_sid(cls, sids: Sids, properties: Mapping[str, Any]) -> str:  # noqa: ARG003  # some subclasses use them
        """Return the SID for a new record."""
        return sids.new(cls.PREFIX)


@dataclass(slots=True, eq=False, kw_only=True)
class PhoneNumber(Resource):
    """A phone number of the account (IncomingPhoneNumber)."""

    PREFIX = Prefix.PHONE_NUMBER
    IDENTITY = "phone_number"

    phone_number: str
    friendly_name: str = _name()
    api_version: str = _version()
    #: The application that handles inbound messages. If it is set, the ``sms_`` properties are ignored.
    sms_application_sid: str = _settable(sid(Prefix.APPLICATION), invalid=21420, default="")
    sms_url: str = _url("")
    sms_method: str = _method()
    sms_fallback_url: str = _url("")
    sms_fallback_method: str = _method()
    #: The URL for status callbacks about calls, not about messages.
    status_callback: str = _url("")
    status_callback_method: str = _method()
    voice_application_sid: str = _settable(sid(Prefix.APPLICATION), invalid=21420, default="")
    voice_url: str = _url("https://demo.twilio.com/welcome/voice/", cleared="")
    voice_method: str = _method()
    voice_fallback_url: str = _url("")
    voice_fallback_method: str = _method()
    voice_caller_id_lookup: bool = _flag()
    voice_receive_mode: str = _settable(one_of("voice", "fax"), default="voice")
    trunk_sid: str | None = _settable(sid(Prefix.TRUNK))
    address_sid: str | None = _settable(sid(Prefix.ADDRESS))
    identity_sid: str | None = _settable(sid(Prefix.IDENTITY))
    bundle_sid: str | None = _settable(sid(Prefix.BUNDLE))
    emergency_status: str = _settable(one_of("Active", "Inactive"), default="Inactive")
    emergency_address_sid: str | None = _settable(sid(Prefix.ADDRESS))
    sms_capable: bool = _by_tests(default=True)
    mms_capable: bool = _by_tests(default=True)

    def __post_init__(self) -> None:
        self.friendly_name = self.friendly_name or national_format(self.phone_number)

    @property
    def address(self) -> str:
        """The address that its messages have as their sender."""
        return self.phone_number


@dataclass(slots=True, eq=False, kw_only=True)
class Sim(PhoneNumber):
    """A SIM of Programmable Wireless. It sends like a phone number, and its address is ``sim:`` with its SID."""

    PREFIX = Prefix.SIM

    def __post_init__(self) -> None:
        self.friendly_name = self.friendly_name or self.phone_number

    @classmethod
    def new_sid(cls, sids: Sids, properties: Mapping[str, Any]) -> str:  # noqa: ARG003  # the address has it
        """Return the SID in the SIM's address."""
        return str(properties["phone_number"].partition(":")[2])


@dataclass(slots=True, eq=False, kw_only=True)
class ShortCode(Resource):
    """A short code of the account."""

    PREFIX = Prefix.SHORT_CODE
    IDENTITY = "short_code"

    short_code: str
    friendly_name: str = _name()
    api_version: str = _version()
    sms_url: str | None = _url()
    sms_method: str = _method()
    sms_fallback_url: str | None = _url()
    sms_fallback_method: str = _method()
    country: str = _by_tests("US")
    mms_capable: bool = _by_tests(default=True)

    def __post_init__(self) -> None:
        self.friendly_name = self.friendly_name or self.short_code

    @property
    def address(self) -> str:
        """The address that its messages have as their sender."""
        return self.short_code


@dataclass(slots=True, eq=False, kw_only=True)
class Application(Resource):
    """A TwiML application: a named set of webhook URLs."""

    PREFIX = Prefix.APPLICATION

    friendly_name: str = _name()
    api_version: str = _version()
    message_status_callback: str | None = _url()
    #: The deprecated form of ``message_status_callback``, used if an app sets only this one.
    sms_status_callback: str | None = _url()
    sms_url: str | None = _url()
    sms_method: str = _method()
    sms_fallback_url: str | None = _url()
    sms_fallback_method: str = _method()
    status_callback: str | None = _url()
    status_callback_method: str = _method()
    voice_url: str | None = _url()
    voice_method: str = _method()
    voice_fallback_url: str | None = _url()
    voice_fallback_method: str = _method()
    voice_caller_id_lookup: bool = _flag()
    public_application_connect_enabled: bool = _flag()


#: The use cases that a Messaging Service can declare, with the vendor's explanation. The service stores the first word.
USECASES: Final = (
    ("notifications", "Notifications", "Send one-way messages that inform, such as reminders and alerts."),
    ("marketing", "Marketing", "Send promotional messages to people who agreed to them."),
    ("verification", "Verification", "Send one-time passcodes."),
    ("discussion", "Discussion", "Talk with people, two ways."),
    ("poll", "Poll", "Ask for opinions, and collect the answers."),
    ("undeclared", "Undeclared", "Not said yet."),
)


@dataclass(slots=True, eq=False, kw_only=True)
class MessagingService(Resource):
    """A Messaging Service: a sender pool and its settings.

    The defaults are those of a service that is created through the API with only a name. An empty parameter clears a
    URL; other properties ignore it.
    """

    PREFIX = Prefix.MESSAGING_SERVICE

    friendly_name: str = _name(invalid=20422, cleared=UNCHANGED)
    inbound_request_url: str | None = _url()
    inbound_method: str = _method(cleared=UNCHANGED)
    fallback_url: str | None = _url()
    fallback_method: str = _method(cleared=UNCHANGED)
    status_callback: str | None = _url(invalid=21609, texts=lambda text: {"url": text})
    sticky_sender: bool = _flag(default=True, cleared=UNCHANGED)
    mms_converter: bool = _flag(default=True, cleared=UNCHANGED)
    smart_encoding: bool = _flag(default=True, cleared=UNCHANGED)
    scan_message_content: str = _settable(one_of("inherit", "enable", "disable"), default="inherit", cleared=UNCHANGED)
    fallback_to_long_code: bool = _flag(default=True, cleared=UNCHANGED)
    area_code_geomatch: bool = _flag(default=True, cleared=UNCHANGED)
    validity_period: int = _settable(
        integer(1, LONGEST_VALIDITY), invalid=21624, default=LONGEST_VALIDITY, cleared=UNCHANGED
    )
    synchronous_validation: bool = _flag(cleared=UNCHANGED)
    usecase: str = _settable(
        one_of(*(usecase for usecase, _, _ in USECASES)), invalid=21713, default="undeclared", cleared=UNCHANGED
    )
    use_inbound_webhook_on_number: bool = _flag(cleared=UNCHANGED)
    us_app_to_person_registered: bool = _by_tests(default=False)
    #: True if the vendor's console configures how opt-outs are handled. They are then reported to the app.
    advanced_opt_out: bool = _by_tests(default=False)
    link_shortening_domain: LinkDomain | None = _by_tests(None)
    #: The sender pool, in the order in which senders were added.
    pool: Collection[PoolSender] = field(default_factory=Collection)
    #: The sender that each recipient knows from earlier messages.
    sticky_senders: dict[str, StickySender] = field(default_factory=dict)

    @property
    def senders(self) -> list[str]:
        """The addresses in the sender pool."""
        return list(dict.fromkeys(sender.address for sender in self.pool))


@dataclass(slots=True, eq=False, kw_only=True)
class ChannelSender(Resource):
    """The account's sender on a channel, such as a WhatsApp number. It has its own webhooks."""

    PREFIX = Prefix.CHANNEL_SENDER
    IDENTITY = "address"

    address: str
    friendly_name: str | None = _settable(friendly_name, invalid=20002)
    sms_url: str | None = _url()
    sms_method: str = _method()
    fallback_url: str | None = _url()
    fallback_method: str = _method()
    status_callback: str | None = _url(invalid=21609)
    #: The configuration that an app posted to the Senders API. The fake only stores it.
    configuration: Mapping[str, object] = field(default_factory=dict)
    profile: Mapping[str, object] = field(default_factory=dict)
    #: The moment when the channel has registered the sender, on the steady clock. None if it always was registered.
    online_at: datetime | None = None

    @classmethod
    def new_sid(cls, sids: Sids, properties: Mapping[str, Any]) -> str:  # noqa: ARG003  # it has no counter
        """Return the SID of the sender with this address, which is always the same one."""
        return sender_sid(properties["address"])

    def is_online(self, steady: datetime) -> bool:
        """True if the channel has registered the sender, which can then send."""
        return self.online_at is None or steady >= self.online_at


@dataclass(slots=True, eq=False, kw_only=True)
class PoolSender:
    """A sender in the pool of a Messaging Service."""

    sid: str
    address: str
    date_created: datetime
    date_updated: datetime
    #: The only country that an alphanumeric sender sends to. Empty if it sends to all.
    destination: str = ""
    #: The number or short code with this address, if the account owns it.
    owned_record: PhoneNumber | ShortCode | None = None
    #: The number of messages sent. The next message goes to the sender with the fewest, which spreads traffic evenly.
    sent_count: int = 0
    kind: AddressKind = field(init=False)
    # Cached, because every message asks every sender in a large pool for its country.
    _country: str | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        kind = address_kind(self.address)
        assert kind is not None, "an address was checked before it joins a pool"
        self.kind = kind

    @property
    def country(self) -> str:
        """The ISO code of the sender's country, or of its destination. Empty if it has neither."""
        if isinstance(self.owned_record, ShortCode):
            return self.owned_record.country
        if self._country is None:
            _, _, number = self.address.rpartition(":")
            self._country = country_of(number) if number.startswith("+") else self.destination
        return self._country


class StickySender(NamedTuple):
    """The sender that a recipient knows, and the moment of its last message."""

    sender: PoolSender
    used: datetime


@dataclass(slots=True, eq=False, kw_only=True)
class ApiKey(Resource):
    """An API key of the account."""

    PREFIX = Prefix.API_KEY

    secret: str
    friendly_name: str = _name()


UNSUBMITTED: Final = "unsubmitted"
APPROVED: Final = "approved"
#: The statuses before WhatsApp's decision, and how long the decision takes.
UNDECIDED: Final = ("received", "pending")
DECISION_TIME: Final = timedelta(minutes=5)
#: The statuses of an approval; see https://www.twilio.com/docs/content/content-api-resources#fetch-an-approval-status
APPROVAL_STATUSES: Final = (APPROVED, *UNDECIDED, "rejected", "paused", "disabled", UNSUBMITTED)


@dataclass(slots=True, eq=False, kw_only=True)
class Approval:
    """A request to WhatsApp to approve a content template, and WhatsApp's decision."""

    name: str
    category: str
    allow_category_change: bool = True
    #: The last status that was set; see :meth:`ContentTemplate.approval_status`.
    status: str = "received"
    #: The moment of approval on the steady clock, unless a test sets a status before. None if the status is final.
    approved_at: datetime | None = None
    rejection_reason: str = ""

    def set_status(self, status: str, steady: datetime) -> None:
        """Set the status. If WhatsApp has not decided yet, approval follows as time advances."""
        self.status = status
        self.approved_at = steady + DECISION_TIME if status in UNDECIDED else None


@dataclass(slots=True, eq=False, kw_only=True)
class ContentTemplate(Resource):
    """A content template: texts and media by content type, with placeholders for variables."""

    PREFIX = Prefix.CONTENT

    language: str
    types: Mapping[str, Mapping[str, object]]
    friendly_name: str | None = None
    #: The default values of placeholders.
    variables: Mapping[str, str] = field(default_factory=dict)
    approval: Approval | None = None

    def approval_status(self, steady: datetime) -> str:
        """Return the current status of the template's approval by WhatsApp, which changes as time advances."""
        approval = self.approval
        if approval is None:
            return UNSUBMITTED
        is_approved = approval.approved_at is not None and steady >= approval.approved_at
        return APPROVED if is_approved else approval.status


@dataclass(slots=True, eq=False, kw_only=True)
class LinkDomain(Resource):
    """A domain for short links, and its configuration. An empty parameter clears a URL; other properties ignore it."""

    PREFIX = Prefix.LINK_DOMAIN
    IDENTITY = "domain"

    config_sid: str = field(init=False)
    domain: str
    fallback_url: str | None = _url(invalid=30122)
    callback_url: str | None = _url(invalid=30109)
    continue_on_failure: bool = _flag(cleared=UNCHANGED)
    disable_https: bool = _flag(cleared=UNCHANGED)

    def __post_init__(self) -> None:
        self.config_sid = Prefix.LINK_CONFIG + self.sid[2:]


@dataclass(slots=True, eq=False, kw_only=True)
class VerifyService(Resource):
    """A Verify service: its name and the settings for the codes that it sends. Empty parameters are ignored.

    See https://www.twilio.com/docs/verify/api/service
    """

    PREFIX = Prefix.VERIFY_SERVICE

    friendly_name: str = _of_verify(at_most(LONGEST_VERIFY_NAME), default="")
    code_length: int = _of_verify(integer(SHORTEST_CODE, LONGEST_CODE), default=6)
    lookup_enabled: bool = _of_verify(flag, default=False)
    skip_sms_to_landlines: bool = _of_verify(flag, default=False)
    dtmf_input_required: bool = _of_verify(flag, default=True)
    tts_name: str | None = _of_verify(text)
    psd2_enabled: bool = _of_verify(flag, default=False)
    do_not_share_warning_enabled: bool = _of_verify(flag, default=False)
    custom_code_enabled: bool = _of_verify(flag, default=False)
    push_include_date: bool = _of_verify(flag, "Push.IncludeDate", default=False)
    push_apn_credential_sid: str | None = _of_verify(sid(Prefix.CREDENTIAL), "Push.ApnCredentialSid")
    push_fcm_credential_sid: str | None = _of_verify(sid(Prefix.CREDENTIAL), "Push.FcmCredentialSid")
    totp_issuer: str | None = _of_verify(text, "Totp.Issuer")
    totp_time_step: int = _of_verify(integer(20, 60), "Totp.TimeStep", default=30)
    totp_code_length: int = _of_verify(integer(3, 8), "Totp.CodeLength", default=6)
    totp_skew: int = _of_verify(integer(0, 2), "Totp.Skew", default=1)
    default_template_sid: str | None = _of_verify(sid(Prefix.VERIFY_TEMPLATE))
    whatsapp_msg_service_sid: str | None = _of_verify(sid(Prefix.MESSAGING_SERVICE), "Whatsapp.MsgServiceSid")
    whatsapp_from: str | None = _of_verify(text, "Whatsapp.From")
    passkeys_relying_party_id: str | None = _of_verify(text, "Passkeys.RelyingParty.Id")
    passkeys_relying_party_name: str | None = _of_verify(text, "Passkeys.RelyingParty.Name")
    #: The origins, separated by commas.
    passkeys_relying_party_origins: str | None = _of_verify(text, "Passkeys.RelyingParty.Origins")
    passkeys_authenticator_attachment: str | None = _of_verify(
        one_of("platform", "cross-platform", "any"), "Passkeys.AuthenticatorAttachment"
    )
    passkeys_discoverable_credentials: str | None = _of_verify(
        one_of("required", "preferred", "discouraged"), "Passkeys.DiscoverableCredentials"
    )
    passkeys_user_verification: str | None = _of_verify(
        one_of("required", "preferred", "discouraged"), "Passkeys.UserVerification"
    )
    verify_event_subscription_enabled: bool = _of_verify(flag, default=False)


@dataclass(slots=True, eq=False, kw_only=True)
class RateLimit(Resource):
    """A limit on a Verify service's verifications for each value of a key, such as an IP address.

    See https://www.twilio.com/docs/verify/api/service-rate-limits
    """

    PREFIX = Prefix.RATE_LIMIT

    service_sid: str
    unique_name: str
    description: str | None = _of_verify(text)


@dataclass(slots=True, eq=False, kw_only=True)
class Bucket(Resource):
    """The most verifications that a rate limit allows in an interval, in seconds."""

    PREFIX = Prefix.BUCKET

    service_sid: str
    rate_limit_sid: str
    max: int = _of_verify(integer(1), default=0)
    interval: int = _of_verify(integer(1), default=0)
    #: The number of verifications that were started in the last interval, by value of the key.
    started: Counter[str] = field(default_factory=Counter)
