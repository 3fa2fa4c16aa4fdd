"""Creates a message from posted parameters, or raises the vendor's error.

Follows the vendor's page about creating messages. ``CHECKS`` lists the checks in the vendor's order.
"""

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from pytest_whoosh.api import magic
from pytest_whoosh.api.dates import parse_iso8601
from pytest_whoosh.api.forms import read_form
from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.account.content import read_variables, render
from pytest_whoosh.engine.account.resources import PhoneNumber, ShortCode
from pytest_whoosh.engine.addresses import (
    SHORT_CODE,
    AddressKind,
    address_kind,
    channel_of,
    country_of,
    is_assigned,
    normalize_address,
)
from pytest_whoosh.engine.carrier.senders import MMS_COUNTRIES, NO_ALPHA
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.hosts import is_private
from pytest_whoosh.engine.http import Form
from pytest_whoosh.engine.limits import LONGEST_SCHEDULE, MOST_MEDIA
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.sids import Prefix, is_sid, sender_sid
from pytest_whoosh.engine.vendor import Vendor

from .drafts import CreateMessage, Draft, make_message


def draft_message(vendor: Vendor, account: Account, form: Form) -> Message:
    """Return the message that a request asks for.

    Raises:
        ApiError: a check fails. The first failing check determines the error.
    """
    draft = Draft(vendor, account, form)
    for check in CHECKS:
        check(draft)
    return make_message(draft)


# The checks, in the vendor's order


def _can_fall_back(draft: Draft) -> None:
    if draft.posted.get("FallbackFrom"):
        if draft.sender:
            raise draft.refuse(21664)
        if not draft.service_sid:
            raise draft.refuse(21666)


def _has_sender(draft: Draft) -> None:
    if not draft.sender and not draft.service_sid:
        raise draft.refuse(21603)


def _has_recipient(draft: Draft) -> None:
    if not draft.recipient:
        raise draft.refuse(21604)


def _has_content(draft: Draft) -> None:
    form = draft.form
    if not (any(form.get("Body", ())) or any(form.get("MediaUrl", ())) or any(form.get("ContentSid", ()))):
        # Variables alone imply a template, so the vendor reports a missing template.
        raise draft.refuse(21654 if draft.posted.get("ContentVariables") else 21602)


def _read_sender(draft: Draft) -> None:
    if not draft.sender:
        return
    sender = _normalize(draft, draft.sender)
    if sender is None and address_kind(draft.sender) in (AddressKind.SHORT_CODE, AddressKind.ALPHA):
        sender = draft.sender
    if sender is None or magic.SENDER_ERRORS.get(sender) == 21212:
        raise draft.refuse(21212)
    draft.from_ = sender


def _normalize(draft: Draft, address: str) -> str | None:
    """Return an address in its standard spelling, or None. Magic numbers are always valid."""
    normal = normalize_address(address)
    if normal is None or draft.vendor.settings.numbers == "possible" or magic.is_magic(normal):
        return normal
    return normal if is_assigned(normal) else None


def _find_service(draft: Draft) -> None:
    if not draft.service_sid:
        return
    if not is_sid(draft.service_sid, Prefix.MESSAGING_SERVICE):
        raise draft.refuse(21705)
    draft.service = draft.account.resources.services.get(draft.service_sid)
    if draft.service is None:
        raise draft.refuse(21701)
    if not draft.service.pool:
        raise draft.refuse(21704)
    if draft.from_ and not draft.account.resources.is_pooled(draft.from_, draft.service):
        _require_owned(draft, draft.from_)
        raise draft.refuse(21709 if address_kind(draft.from_) is AddressKind.ALPHA else 21711)


def _read_fallback(draft: Draft) -> None:
    """Check the sender of the SMS for phones without RCS."""
    posted = draft.posted.get("FallbackFrom")
    if not posted or draft.service is None:
        return
    if not any(sender.address.startswith("rcs:") for sender in draft.service.pool):
        raise draft.refuse(21667)
    sender = _normalize(draft, posted) or (
        posted if address_kind(posted) in (AddressKind.SHORT_CODE, AddressKind.ALPHA) else None
    )
    if sender is None or channel_of(sender) or magic.is_magic(sender):
        raise draft.refuse(21665)
    resources = draft.account.resources
    held = resources.owned(sender)
    is_ours = held or resources.service_of(sender) or draft.vendor.settings.senders == "any"
    if not is_ours or (isinstance(held, PhoneNumber) and not held.sms_capable):
        raise draft.refuse(21665)


def _owns_sender(draft: Draft) -> None:
    if draft.from_ is None:
        return
    if magic.is_magic(draft.from_):
        code = magic.SENDER_ERRORS.get(draft.from_, 21606)
        if code and code != 21611:  # a full queue is checked last
            raise draft.refuse(code)
        return
    if channel_of(draft.from_):
        sender = draft.account.resources.channel_sender(draft.from_)
        if sender and not sender.is_online(draft.vendor.steady):
            raise ApiError(63007, draft.texts(), why="the sender is CREATING for a minute of virtual time")
    if draft.service is None:
        _require_owned(draft, draft.from_)
    held = draft.account.resources.owned(draft.from_)
    if isinstance(held, PhoneNumber) and not held.sms_capable:
        raise draft.refuse(21661)


def _require_owned(draft: Draft, sender: str) -> None:
    if draft.vendor.settings.senders == "any":
        return
    resources = draft.account.resources
    if resources.owned(sender) or resources.service_of(sender):
        return
    if channel_of(sender):
        if sender_sid(sender) not in resources.channel_senders and not resources.owned(sender.rpartition(":")[2]):
            raise draft.refuse(63007)
        return
    raise draft.refuse(21660 if draft.vendor.owner_of(sender) else 21659)


#: Texts that the recorded API treats as short codes: Indian numbers with one digit missing, and ``False``, which an app
#: posts by mistake.
_COUNTED_AS_SHORT_CODES: Final = re.compile(r"\+91[0-9]{9}|False")


def _read_recipient(draft: Draft) -> None:
    recipient = draft.recipient
    if len(draft.form["To"]) > 1 or "," in recipient:
        raise draft.refuse(21653)
    to = _normalize(draft, recipient)
    if (to is None and SHORT_CODE.fullmatch(recipient)) or _COUNTED_AS_SHORT_CODES.fullmatch(to or recipient):
        raise draft.refuse(21265)
    if to is None and channel_of(recipient.lower()):
        raise draft.refuse(63003)
    if to is None or magic.RECIPIENT_ERRORS.get(to) == 21211:
        raise draft.refuse(21211)
    draft.to = to


def _differ_and_share_a_channel(draft: Draft) -> None:
    if draft.from_ is None:
        return
    channel = channel_of(draft.to)
    if draft.from_ == draft.to:
        raise draft.refuse(63031 if channel else 21266)
    if channel_of(draft.from_) != channel:
        raise draft.refuse(21910)


def _can_be_routed(draft: Draft) -> None:
    sender, to = draft.from_, draft.to
    if magic.RECIPIENT_ERRORS.get(to) == 21612:
        raise draft.refuse(21612)
    if sender is None or channel_of(to):
        return
    held = draft.account.resources.owned(sender)
    if isinstance(held, ShortCode) and held.country != country_of(to):
        raise draft.refuse(21659)
    if address_kind(sender) is AddressKind.ALPHA and country_of(to) in NO_ALPHA:
        raise draft.refuse(21612)


def _can_carry_media(draft: Draft) -> None:
    if not draft.wants_mms or draft.from_ is None or channel_of(draft.to):
        return
    if draft.service and draft.service.mms_converter:  # it sends links if media cannot be sent
        return
    held = draft.account.resources.owned(draft.from_)
    if held and not held.mms_capable:
        raise draft.refuse(21621)
    if address_kind(draft.from_) is AddressKind.ALPHA or country_of(draft.to) not in MMS_COUNTRIES:
        raise draft.refuse(21612)


def _read_parameters(draft: Draft) -> None:
    form = draft.form
    if form.get("ApplicationSid", [""])[0] and "StatusCallback" in form:
        # The application's URL replaces this one, even if the application has no URL.
        form = {name: values for name, values in form.items() if name != "StatusCallback"}
    draft.given = given = read_form(CreateMessage, form)
    if given.status_callback and draft.vendor.settings.callback_hosts == "public" and is_private(given.status_callback):
        raise draft.refuse(21609, why='callback_hosts="public" refuses this machine and private addresses')


def _fits_content(draft: Draft) -> None:
    given = draft.given
    if len(given.media_urls) > MOST_MEDIA:
        raise draft.refuse(21623)
    if given.content_variables and not given.content_sid:
        raise draft.refuse(21654)
    if given.content_sid:
        _read_template(draft, given.content_sid)


def _read_template(draft: Draft, content_sid: str) -> None:
    """Take the message's text and media from its content template, and ignore the request's Body and MediaUrl."""
    template = draft.account.resources.templates.get(content_sid)
    if template is None:
        raise draft.refuse(21655)
    rendered = render(template, read_variables(draft.given.content_variables), channel_of(draft.to))
    draft.template, draft.content = template, rendered.content
    filled = read_form(CreateMessage, {"Body": [rendered.body], "MediaUrl": [*rendered.media_urls]})
    draft.given = replace(draft.given, body=filled.body, media_urls=filled.media_urls)
    if len(draft.given.media_urls) > MOST_MEDIA:
        raise draft.refuse(21623)
    _can_carry_media(draft)  # the template can add media


def _find_application(draft: Draft) -> None:
    if draft.given.application_sid:
        draft.application = draft.account.resources.applications.get(draft.given.application_sid)
        if draft.application is None:
            raise draft.refuse(21420)


def _can_shorten(draft: Draft) -> None:
    if draft.given.shorten_urls:
        if draft.service is None:
            raise draft.refuse(30124)
        if draft.service.link_shortening_domain is None:
            raise draft.refuse(30106)


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
        send_at = parse_iso8601(given.send_at)
    except ValueError:
        raise draft.refuse(35114) from None
    vendor = draft.vendor
    # Real time passed while the app computed this moment, and the bounds must not count it. So they also use the clock
    # for spans, which starts with the double and moves only when a test moves time. The vendor and the SDKs count whole
    # seconds.
    earliest, latest = min(vendor.now, vendor.steady), max(vendor.now, vendor.app_now())
    send_at_second = send_at.replace(microsecond=0)
    if (
        send_at_second - earliest.replace(microsecond=0) < vendor.settings.schedule_minimum
        or send_at_second - latest.replace(microsecond=0) > LONGEST_SCHEDULE
    ):
        raise draft.refuse(35114)
    draft.send_at = send_at


def _recipient_accepts(draft: Draft) -> None:
    code = magic.RECIPIENT_ERRORS.get(draft.to)
    if code:
        raise draft.refuse(code)
    if draft.service is None and draft.account.resources.has_opted_out(draft.to, draft.from_, None):
        raise draft.refuse(21610)


def _queue_has_room(draft: Draft) -> None:
    if draft.from_ and magic.SENDER_ERRORS.get(draft.from_) == 21611:
        raise draft.refuse(21611)


CHECKS: Final[tuple[Callable[[Draft], None], ...]] = (
    _can_fall_back,
    _has_sender,
    _has_recipient,
    _has_content,
    _read_sender,
    _find_service,
    _read_fallback,
    _owns_sender,
    _read_recipient,
    _differ_and_share_a_channel,
    _can_be_routed,
    _can_carry_media,
    _read_parameters,
    _fits_content,
    _find_application,
    _can_shorten,
    _can_schedule,
    _recipient_accepts,
    _queue_has_room,
)
