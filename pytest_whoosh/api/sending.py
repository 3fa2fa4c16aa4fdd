"""From the parameters of a new message to the message, or to the refusal that the vendor would give.

Follows the vendor's page on creating messages; the order in which mistakes are found is ``CHECKS``.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.account import Account
from pytest_whoosh.engine.addresses import (
    Kind,
    channel_of,
    country_of,
    kind_of,
    mask,
    normalize,
    phone_number,
)
from pytest_whoosh.engine.carrier import segments_to_send
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form
from pytest_whoosh.engine.lifecycle import DELIVERED, Status
from pytest_whoosh.engine.records import Application, Message, MessagingService, PhoneNumber, ShortCode
from pytest_whoosh.engine.senders import NO_ALPHA
from pytest_whoosh.engine.smart_encoding import smart_encode
from pytest_whoosh.engine.vendor import OUTBOUND_API, Vendor

from .forms import amount, at_most, flag, instant, integer, one_of, param, parse, sid, text, url

LONGEST_BODY: Final = 1600
MOST_MEDIA: Final = 10
LONGEST_VALIDITY: Final = 14400
LONGEST_SCHEDULE: Final = timedelta(days=35)

_SERVICE_SID: Final = re.compile("MG[0-9a-fA-F]{32}")
_SHORT_CODE: Final = re.compile(r"\d{5,6}")
_MMS_COUNTRIES: Final = frozenset({"US", "CA"})

#: What the vendor's magic numbers do as From, and as To. Every other +1500555000x is not the account's as From.
#: See https://www.twilio.com/docs/iam/test-credentials#test-sms-messages-parameters-From
MAGIC: Final = "+1500555000"
MAGIC_FROM: Final[Mapping[str, int | None]] = MappingProxyType(
    {"+15005550001": 21212, "+15005550006": None, "+15005550007": 21606, "+15005550008": 21611}
)
MAGIC_TO: Final[Mapping[str, int]] = MappingProxyType(
    {
        "+15005550001": 21211,
        "+15005550002": 21612,
        "+15005550003": 21408,
        "+15005550004": 21610,
        "+15005550009": 21614,
    }
)


def _shown_url(value: str) -> dict[str, object]:
    return {"url": value}


@dataclass(frozen=True, slots=True)
class CreateMessage:
    """The parameters of a new message but for who it is from and to, in the order in which they are checked."""

    body: str = param("Body", at_most(LONGEST_BODY), invalid=21617, default="")
    media_urls: tuple[str, ...] = param("MediaUrl", url, invalid=21620, many=True)
    content_sid: str | None = param("ContentSid", sid("HX"), invalid=21655)
    content_variables: str | None = param("ContentVariables", text)
    application_sid: str | None = param("ApplicationSid", sid("AP"), invalid=21420)
    status_callback: str | None = param("StatusCallback", url, invalid=21609, texts=_shown_url)
    validity_period: int | None = param("ValidityPeriod", integer(1, LONGEST_VALIDITY), invalid=21624)
    max_price: Decimal | None = param("MaxPrice", amount, invalid=21627)
    content_retention: str | None = param("ContentRetention", one_of("retain", "discard"), invalid=30029)
    address_retention: str | None = param("AddressRetention", one_of("retain", "obfuscate"), invalid=30030)
    provide_feedback: bool = param("ProvideFeedback", flag, default=False)
    attempt: int | None = param("Attempt", integer(0))
    smart_encoded: bool | None = param("SmartEncoded", flag)
    persistent_action: tuple[str, ...] = param("PersistentAction", text, many=True)
    shorten_urls: bool = param("ShortenUrls", flag, default=False)
    send_as_mms: bool = param("SendAsMms", flag, default=False)
    schedule_type: str | None = param("ScheduleType", one_of("fixed"), invalid=35126)
    send_at: str | None = param("SendAt", text)


_NOTHING: Final = CreateMessage()


@dataclass(slots=True)
class Draft:
    """A message in the making: what was posted, and what the checks have made of it so far."""

    vendor: Vendor
    account: Account
    form: Form
    to: str = ""
    from_: str | None = None
    service: MessagingService | None = None
    given: CreateMessage = _NOTHING
    send_at: datetime | None = None
    application: Application | None = None
    service_sid: str = field(init=False)
    sender: str = field(init=False)
    recipient: str = field(init=False)

    def __post_init__(self) -> None:
        self.recipient, self.sender, self.service_sid = (
            self.posted("To"),
            self.posted("From"),
            self.posted("MessagingServiceSid"),
        )
        if _SERVICE_SID.fullmatch(self.sender) and not self.service_sid:
            self.service_sid, self.sender = self.sender, ""

    def posted(self, name: str) -> str:
        """A parameter's text, and nothing where it was not posted."""
        values = self.form.get(name)
        return values[0].strip() if values else ""

    def refuse(self, code: int) -> ApiError:
        """The refusal with a code, its text about this message."""
        return ApiError(code, self.texts())

    def texts(self) -> dict[str, object]:
        """What fills the placeholders of a refusal's text."""
        return {
            "to": mask(self.to or self.recipient),
            "from_": self.from_ or self.sender,
            "account_sid": self.account.sid,
            "service_sid": self.service_sid,
            "url": self.posted("StatusCallback"),
            "least": self.vendor.settings.schedule_minimum.total_seconds(),
        }


def draft_message(vendor: Vendor, account: Account, form: Form) -> tuple[Message, Draft]:
    """The message that a request asks for.

    Raises:
        ApiError: the first check that the request does not pass.
    """
    draft = Draft(vendor, account, form)
    for check in CHECKS:
        check(draft)
    return _message(draft), draft


# The checks, in the order in which the vendor finds mistakes


def _has_sender(draft: Draft) -> None:
    if not draft.sender and not draft.service_sid:
        raise draft.refuse(21603)


def _has_recipient(draft: Draft) -> None:
    if not draft.recipient:
        raise draft.refuse(21604)


def _has_content(draft: Draft) -> None:
    if not any(value for name in ("Body", "MediaUrl", "ContentSid") for value in draft.form.get(name, ())):
        # Variables alone ask for a template, so that is what the vendor misses.
        raise draft.refuse(21654 if draft.posted("ContentVariables") else 21602)


def _read_sender(draft: Draft) -> None:
    if not draft.sender:
        return
    sender = normalize(draft.sender, draft.vendor.settings.numbers)
    if draft.sender.startswith(MAGIC):
        sender = draft.sender
    if sender is None and kind_of(draft.sender) in (Kind.SHORT_CODE, Kind.ALPHA):
        sender = draft.sender
    if sender is None or MAGIC_FROM.get(sender) == 21212:
        raise draft.refuse(21212)
    draft.from_ = sender


def _find_service(draft: Draft) -> None:
    if not draft.service_sid:
        return
    if not _SERVICE_SID.fullmatch(draft.service_sid):
        raise draft.refuse(21705)
    draft.service = draft.account.provisions.services.get(draft.service_sid)
    if draft.service is None:
        raise draft.refuse(21701)
    if not draft.service.senders:
        raise draft.refuse(21704)
    if draft.from_ and draft.from_ not in draft.service.senders:
        _require_owned(draft, draft.from_)
        raise draft.refuse(21709 if kind_of(draft.from_) is Kind.ALPHA else 21711)


def _owns_sender(draft: Draft) -> None:
    if draft.from_ is None:
        return
    if draft.from_.startswith(MAGIC):
        code = MAGIC_FROM.get(draft.from_, 21606)
        if code and code != 21611:  # a full queue is found last
            raise draft.refuse(code)
        return
    if draft.service is None:
        _require_owned(draft, draft.from_)
    held = draft.account.provisions.owned(draft.from_)
    if isinstance(held, PhoneNumber) and not held.sms_capable:
        raise draft.refuse(21661)


def _require_owned(draft: Draft, sender: str) -> None:
    if draft.vendor.settings.senders == "any":
        return
    provisions = draft.account.provisions
    if provisions.owned(sender) or provisions.service_of(sender):
        return
    if channel_of(sender):
        if not provisions.owned(sender.rpartition(":")[2]):
            raise draft.refuse(63007)
        return
    raise draft.refuse(21606)


def _read_recipient(draft: Draft) -> None:
    recipient = draft.recipient
    if len(draft.form["To"]) > 1 or "," in recipient:
        raise draft.refuse(21653)
    to = recipient if recipient.startswith(MAGIC) else normalize(recipient, draft.vendor.settings.numbers)
    if to is None and _SHORT_CODE.fullmatch(recipient):
        raise draft.refuse(21265)
    if to is None or MAGIC_TO.get(to) == 21211 or (to.startswith(MAGIC) and phone_number(to) is None):
        raise draft.refuse(21211)
    draft.to = to


def _fits_pair(draft: Draft) -> None:
    sender, to = draft.from_, draft.to
    if sender is None:
        return
    channel = channel_of(to)
    if sender == to:
        raise draft.refuse(63031 if channel else 21266)
    if channel_of(sender) != channel:
        raise draft.refuse(21910)
    if channel:
        return
    kind, media = kind_of(sender), bool(draft.form.get("MediaUrl")) or draft.posted("SendAsMms").lower() == "true"
    if kind is Kind.ALPHA and (media or country_of(to) in NO_ALPHA):
        raise draft.refuse(21612)
    held = draft.account.provisions.owned(sender)
    if isinstance(held, ShortCode) and held.country != country_of(to):
        raise draft.refuse(21659)
    if media and draft.service is None:
        if isinstance(held, PhoneNumber) and not held.mms_capable:
            raise draft.refuse(21621)
        if not to.startswith("+1") and country_of(to) not in _MMS_COUNTRIES:
            raise draft.refuse(21612)
    if MAGIC_TO.get(to) == 21612:
        raise draft.refuse(21612)


def _read_parameters(draft: Draft) -> None:
    form = draft.form
    if form.get("ApplicationSid", [""])[0] and "StatusCallback" in form:
        # The application's URL is used, and this one ignored, even where it is none.
        form = {name: values for name, values in form.items() if name != "StatusCallback"}
    draft.given = parse(CreateMessage, form)


def _fits_content(draft: Draft) -> None:
    given = draft.given
    if len(given.media_urls) > MOST_MEDIA:
        raise draft.refuse(21623)
    if given.content_variables and not given.content_sid:
        raise draft.refuse(21654)
    if given.content_sid:
        raise draft.refuse(21655)


def _find_application(draft: Draft) -> None:
    if draft.given.application_sid:
        draft.application = draft.account.provisions.applications.get(draft.given.application_sid)
        if draft.application is None:
            raise draft.refuse(21420)


def _can_shorten(draft: Draft) -> None:
    if draft.given.shorten_urls:
        raise draft.refuse(30106 if draft.service else 30124)


def _can_schedule(draft: Draft) -> None:
    given = draft.given
    if given.schedule_type is None:
        if given.send_at is not None:
            raise draft.refuse(35119)
        return
    if given.send_at is None:
        raise draft.refuse(35111)
    if draft.service is None:
        raise draft.refuse(35118)
    try:
        send_at = instant(given.send_at)
    except ValueError:
        raise draft.refuse(35114) from None
    # The vendor counts whole seconds, and so do the SDKs that write the moment.
    lead = send_at - draft.vendor.now.replace(microsecond=0)
    if not draft.vendor.settings.schedule_minimum <= lead <= LONGEST_SCHEDULE:
        raise draft.refuse(35114)
    draft.send_at = send_at


def _recipient_takes(draft: Draft) -> None:
    code = MAGIC_TO.get(draft.to)
    if code:
        raise draft.refuse(code)
    if draft.service is None and draft.account.provisions.has_opted_out(draft.to, draft.from_, None):
        raise draft.refuse(21610)


def _queue_has_room(draft: Draft) -> None:
    if draft.from_ and MAGIC_FROM.get(draft.from_) == 21611:
        raise draft.refuse(21611)


CHECKS: Final[tuple[Callable[[Draft], None], ...]] = (
    _has_sender,
    _has_recipient,
    _has_content,
    _read_sender,
    _find_service,
    _owns_sender,
    _read_recipient,
    _fits_pair,
    _read_parameters,
    _fits_content,
    _find_application,
    _can_shorten,
    _can_schedule,
    _recipient_takes,
    _queue_has_room,
)


def _message(draft: Draft) -> Message:
    given, service, now = draft.given, draft.service, draft.vendor.now
    smart = given.smart_encoded if given.smart_encoded is not None else bool(service and service.smart_encoding)
    message = Message(
        sid="",
        serial=0,
        account_sid=draft.account.sid,
        to=draft.to,
        from_=draft.from_,
        body=smart_encode(given.body) if smart else given.body,
        direction=OUTBOUND_API,
        status=_first_status(draft),
        date_created=now,
        date_updated=now,
        request={name: values if len(values) > 1 else values[0] for name, values in draft.form.items()},
        send_at=draft.send_at,
        service=service,
        media_urls=given.media_urls,
        status_callback=_status_callback(draft),
        content_sid=given.content_sid,
        content_variables=given.content_variables,
        max_price=given.max_price,
        as_mms=given.send_as_mms,
        feedback="unconfirmed" if given.provide_feedback else None,
        outcome=DELIVERED,
    )
    if given.validity_period or service:
        message.validity_period = given.validity_period or (service.validity_period if service else LONGEST_VALIDITY)
    if service is None:
        # A service's message shows no segments until a sender is assigned to it.
        message.num_segments = segments_to_send(message)
    return message


def _first_status(draft: Draft) -> Status:
    """The status a message is created with; see "Message Status values" of the vendor's Message Resource page."""
    if draft.send_at:
        return Status.SCHEDULED
    return Status.QUEUED if draft.from_ else Status.ACCEPTED


def _status_callback(draft: Draft) -> str | None:
    """Where reports go: the application before the request, the request before the service."""
    if draft.application:
        return draft.application.message_status_callback
    return draft.given.status_callback or (draft.service.status_callback if draft.service else None)
