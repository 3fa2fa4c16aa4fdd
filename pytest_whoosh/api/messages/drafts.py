"""Drafts of messages: the posted parameters, and the message that they become.

Follows the vendor's page about creating messages.
"""

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import Final

from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.account.resources import Application, ContentTemplate, MessagingService
from pytest_whoosh.engine.addresses import channel_of, mask_address
from pytest_whoosh.engine.carrier.carrier import segments_to_send
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form
from pytest_whoosh.engine.limits import LONGEST_BODY, LONGEST_VALIDITY
from pytest_whoosh.engine.messages.lifecycle import DEFAULT_JOURNEY, Status
from pytest_whoosh.engine.messages.record import OUTBOUND_API, Message
from pytest_whoosh.engine.parameters import amount, at_most, flag, integer, one_of, param, sid, tags, text, url
from pytest_whoosh.engine.sids import Prefix, is_sid
from pytest_whoosh.engine.text.smart_encoding import smart_encode
from pytest_whoosh.engine.vendor import Vendor


def _url_text(value: str) -> dict[str, object]:
    return {"url": value}


# A frozen one takes seven times as long to create, which shows in a send.
@dataclass(slots=True, eq=False)
class CreateMessage:
    """The parameters of a new message except From and To, in the order of their checks."""

    body: str = param("Body", at_most(LONGEST_BODY), invalid=21617, default="")
    media_urls: tuple[str, ...] = param("MediaUrl", url, invalid=21620, many=True)
    content_sid: str | None = param("ContentSid", sid(Prefix.CONTENT), invalid=21655)
    content_variables: str | None = param("ContentVariables", text)
    application_sid: str | None = param("ApplicationSid", sid(Prefix.APPLICATION), invalid=21420)
    status_callback: str | None = param("StatusCallback", url, invalid=21609, texts=_url_text)
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
    fallback_from: str | None = param("FallbackFrom", text)
    risk_check: str | None = param("RiskCheck", one_of("enable", "disable"))
    traffic_type: str | None = param("TrafficType", one_of("free"))
    message_intent: str | None = param("MessageIntent", text)
    force_delivery: bool = param("ForceDelivery", flag, default=False)
    tags: dict[str, str] | None = param("Tags", tags)


_NO_PARAMETERS: Final = CreateMessage()


@dataclass(slots=True)
class Draft:
    """A draft of a message: the posted parameters, and the values that the checks have read from them so far."""

    vendor: Vendor
    account: Account
    form: Form
    to: str = ""
    from_: str | None = None
    service: MessagingService | None = None
    given: CreateMessage = _NO_PARAMETERS
    send_at: datetime | None = None
    application: Application | None = None
    template: ContentTemplate | None = None
    content: dict[str, object] | None = None
    #: The text of each parameter.
    posted: dict[str, str] = field(init=False)
    service_sid: str = field(init=False)
    sender: str = field(init=False)
    recipient: str = field(init=False)

    def __post_init__(self) -> None:
        self.posted = posted = {name: values[0].strip() for name, values in self.form.items()}
        self.recipient, self.sender = posted.get("To", ""), posted.get("From", "")
        self.service_sid = posted.get("MessagingServiceSid", "")
        if not self.service_sid and is_sid(self.sender, Prefix.MESSAGING_SERVICE):
            self.service_sid, self.sender = self.sender, ""

    @property
    def wants_mms(self) -> bool:
        """True if the posted parameters ask for an MMS."""
        return any(self.form.get("MediaUrl", self.given.media_urls)) or flag(self.posted.get("SendAsMms", ""))

    def refuse(self, code: int, why: str | None = None) -> ApiError:
        """Return the error with a code and a text about this message. Only the test's reports show ``why``."""
        return ApiError(code, self.texts(), why=why)

    def texts(self) -> dict[str, object]:
        """Return the values for placeholders in an error text."""
        return {
            "to": mask_address(self.to or self.recipient),
            "from_": self.from_ or self.sender or self.service_sid,
            "account_sid": self.account.sid,
            "service_sid": self.service_sid,
            "url": self.posted.get("StatusCallback", ""),
            "least": self.vendor.settings.schedule_minimum.total_seconds(),
        }


def make_message(draft: Draft) -> Message:
    """Create the message from a draft that passed all checks."""
    given, service, now = draft.given, draft.service, draft.vendor.now
    message = Message(
        sid="",
        serial=0,
        account=draft.account,
        to=draft.to,
        from_=draft.from_,
        body=_body_to_send(draft),
        direction=OUTBOUND_API,
        status=_first_status(draft),
        date_created=now,
        date_updated=now,
        posted_names=_share_names(tuple(draft.form)),
        posted_values=tuple([values[0] if len(values) == 1 else tuple(values) for values in draft.form.values()]),
        send_at=draft.send_at,
        service=service,
        media_urls=given.media_urls,
        status_callback=_status_callback(draft),
        content_sid=given.content_sid,
        content_variables=given.content_variables,
        template=draft.template,
        content=draft.content,
        validity_period=given.validity_period or (service.validity_period if service else LONGEST_VALIDITY),
        max_price=given.max_price,
        as_mms=given.send_as_mms,
        feedback="unconfirmed" if given.provide_feedback else None,
        shortens_urls=given.shorten_urls,
        discards_content=given.content_retention == "discard",
        # Channels identify people by their address, so it cannot be hidden there.
        obfuscates_address=given.address_retention == "obfuscate" and channel_of(draft.to) is None,
        journey=DEFAULT_JOURNEY,
    )
    if service is None:
        # A service's message shows no segments until it has a sender.
        message.num_segments = segments_to_send(message)
    return message


@lru_cache(maxsize=256)
def _share_names(names: tuple[str, ...]) -> tuple[str, ...]:
    # Cached, because an app posts the same parameters many times.
    return names


def _body_to_send(draft: Draft) -> str:
    """Return the text to send. Look-alikes are replaced if the request says so, or else the service."""
    smart = draft.given.smart_encoded
    if smart is None:
        smart = draft.service is not None and draft.service.smart_encoding
    return smart_encode(draft.given.body) if smart else draft.given.body


def _first_status(draft: Draft) -> Status:
    """Return a new message's status; see "Message Status values" on the vendor's Message Resource page."""
    if draft.send_at:
        return Status.SCHEDULED
    return Status.QUEUED if draft.from_ else Status.ACCEPTED


def _status_callback(draft: Draft) -> str | None:
    """Return the status callback: the application's, else the request's, else the service's or the sender's."""
    if draft.application:
        return draft.application.message_status_callback or draft.application.sms_status_callback
    return draft.given.status_callback or draft.account.resources.status_callback_of(draft.from_, draft.service)
