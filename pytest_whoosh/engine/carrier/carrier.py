"""Moves messages from status to status, and reports each change to the app."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from http import HTTPStatus
from typing import Final
from uuid import NAMESPACE_URL, uuid5

from pytest_whoosh.engine.account.content import read_variables, render
from pytest_whoosh.engine.account.resources import MessagingService
from pytest_whoosh.engine.addresses import (
    AddressKind,
    address_kind,
    channel_of,
    country_of,
    normalize_address,
    phone_of,
)
from pytest_whoosh.engine.collection import Collection
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.messages.lifecycle import DEFAULT_JOURNEY, PRICE, REPORTED, TRANSITIONS, Status
from pytest_whoosh.engine.messages.media import exceeds_limits
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.rules.webhooks import WebhookScript
from pytest_whoosh.engine.text.segments import count_segments
from pytest_whoosh.engine.timeline import Timeline, add_delay
from pytest_whoosh.engine.webhooks.callbacks import STATUS_HEADERS, Webhook, signed_webhook
from pytest_whoosh.engine.webhooks.log import WebhookLog
from pytest_whoosh.engine.webhooks.parameters import status_params

from . import window
from .links import Links
from .prices import Prices
from .senders import NO_ALPHA, carries_mms, choose_sender, make_sms
from .throughput import Throughput, Wait

_QUEUE_OVERFLOW: Final = 30001
_SUSPENDED: Final = 30002
_PRICE_EXCEEDED: Final = 30010
_EXPIRED: Final = 30036
_OPTED_OUT: Final = 21610
_NO_SERVICE: Final = 21701
_NO_SENDER: Final = 21703
_EMPTY_POOL: Final = 21704
_NOT_IN_POOL: Final = 21711
_NOT_SHORTENED: Final = 30103
_NO_DOMAIN: Final = 30106
_NO_MEDIA: Final = 11200
_MEDIA_NOT_ACCEPTED: Final = 12300
_MEDIA_TOO_LARGE: Final = 11751
_NO_RCS: Final = 63036

_AT_ONCE: Final = timedelta()

#: The statuses that a suspended account's messages never get.
_BEFORE_HANDOVER: Final = frozenset({Status.QUEUED, Status.SENDING, Status.SENT})
#: The statuses after which nothing is left to send, and the vendor can delete the content.
_SENT_OR_ENDED: Final = frozenset({Status.SENT, Status.FAILED, Status.CANCELED})


class Carrier:
    """Schedules each message's next status on the timeline, and sets the status when it is due."""

    def __init__(
        self,
        timeline: Timeline,
        delays: Mapping[str, timedelta],
        prices: Prices,
        webhooks: WebhookLog,
        links: Links,
        throughput: Throughput | None = None,
    ) -> None:
        self._timeline = timeline
        self._delays = delays
        self._prices = prices
        self._webhooks = webhooks
        self._links = links
        self._throughput = throughput
        self._waiting_reports: dict[str, _WaitingReports] = {}
        #: True for numbers of phones with RCS, False for numbers of phones without. Other numbers are unknown.
        self.rcs: dict[str, bool] = {}

    def start(self, message: Message) -> None:
        """Start the journey of a new message."""
        if message.status is Status.SCHEDULED and message.send_at is not None:
            self._timeline.schedule(message.send_at, message.serial, self._start, message, planned=True)
        else:
            self._plan(message)

    def resume(self, message: Message) -> None:
        """Start the journey of a new message if an interrupt came before its first event was scheduled."""
        if self._timeline.has_event_about(message):
            return
        if self._throughput and self._throughput.holds(message):
            self._throughput.leave(message)
        self.start(message)

    def has_room(self, message: Message) -> bool:
        """True if the sender's queue has room for this message."""
        queues = self._throughput
        return queues is None or queues.has_room(message, _segments(message), self._timeline.steady)

    def cancel(self, message: Message) -> None:
        """Cancel a scheduled message."""
        self._set_status(message, Status.CANCELED)

    def show_price(self, message: Message) -> None:
        """Show the price of a message with its last status, after the callback about that status.

        The ``delays`` setting can delay the price, as the vendor often does. ``settle()`` then doesn't wait for it.
        """
        if message.charged is None:
            return
        delay = self._delays.get(PRICE, _AT_ONCE)
        if delay or message.status_callback:
            self._timeline.schedule_after(delay, message.serial, self._set_price, message, planned=bool(delay))
        else:  # without a callback, no app could have read it before
            message.price = message.charged

    def _set_price(self, message: object) -> None:
        assert isinstance(message, Message)
        message.price = message.charged
        message.date_updated = self._timeline.now

    def _start(self, message: object) -> None:
        assert isinstance(message, Message)
        if message.status is Status.SCHEDULED:
            self._advance(message)

    def _plan(self, message: Message) -> None:
        following = message.journey.then.get(message.status)
        if following is None:
            if message.script:
                self._emit_waiting(message)
            self.show_price(message)
            return
        if following is Status.SENDING and self._throughput:
            self._queue(message, self._throughput)
            return
        self._timeline.schedule_after(self._delay(message, following), message.serial, self._advance, message)

    def _delay(self, message: Message, status: Status) -> timedelta:
        """Return the time until a message moves to a status: the scripted one, else that of the settings."""
        scripted = message.journey.delays.get(status)
        return self._delays[status] if scripted is None else scripted

    def _queue(self, message: Message, queues: Throughput) -> None:
        """Queue a message until its turn, or until it fails because the queue is full or the wait is too long."""
        if not self.has_room(message):
            self._timeline.schedule_after(self._delays[Status.FAILED], message.serial, self._overflow, message)
            return
        now = self._timeline.steady
        expiry = add_delay(now, timedelta(seconds=message.validity_period))
        turn = queues.join(message, _segments(message), Wait(now, self._delay(message, Status.SENDING), expiry))
        self._timeline.schedule_steady(turn or expiry, message.serial, self._advance if turn else self._expire, message)

    def _overflow(self, message: object) -> None:
        assert isinstance(message, Message)
        self._fail(message, _QUEUE_OVERFLOW)

    def _expire(self, message: object) -> None:
        assert isinstance(message, Message)
        if self._throughput:
            self._throughput.leave(message)
        self._fail(message, _EXPIRED)

    def _fail(self, message: Message, code: int | None) -> None:
        self._set_status(message, Status.FAILED, code)
        if message.script:
            self._emit_waiting(message)

    def _advance(self, message: object) -> None:
        assert isinstance(message, Message)
        if self._throughput and message.status is Status.QUEUED:
            self._throughput.leave(message)
        if message.journey.error_code == _NOT_SHORTENED and _sends_unshortened(message):
            message.journey, message.shortens_urls = DEFAULT_JOURNEY, False
        following = message.journey.then[message.status]
        code = self._failure(message, following)
        if code is not None:
            following = Status.FAILED
        elif following is message.journey.last:
            code = message.journey.error_code
        if following is Status.FAILED:
            self._fail(message, code)
            return
        if following is Status.SENT:
            self._shorten(message)
            account = message.account
            account.mark_sent(message, self._timeline.now)
            account.charge(message, self._prices.price(message))
        self._set_status(message, following, code)
        self._plan(message)

    # Checks before a status

    def _failure(self, message: Message, following: Status) -> int | None:
        """Return the error code that stops a message before a status, or None."""
        if following in _BEFORE_HANDOVER and not message.account.is_active:
            return _SUSPENDED
        if following is Status.QUEUED:
            return self._check_before_queue(message)
        if following is Status.SENDING:
            return self._check_before_sending(message)
        return None

    def _check_before_queue(self, message: Message) -> int | None:
        service = message.service
        assert service is not None, "only a service's messages are queued later than created"
        account = message.account
        resources = account.resources
        if service.sid not in resources.services:
            return _NO_SERVICE
        if resources.has_opted_out(message.to, message.from_, service):
            return _OPTED_OUT
        if message.from_ is None:
            address = self._choose_address(message, service)
            if address is None:
                return _NO_SENDER if service.pool else _EMPTY_POOL
            account.set_sender(message, address)
            if code := _render_for_channel(message):
                return code
        elif not resources.is_pooled(message.from_, service):
            return _NOT_IN_POOL
        self._prepare(message, service)
        return None if self.has_room(message) else _QUEUE_OVERFLOW

    def _check_before_sending(self, message: Message) -> int | None:
        if message.service:
            resources = message.account.resources
            if resources.has_opted_out(message.to, message.from_, message.service):
                return _OPTED_OUT
            self._prepare(message, message.service)
        if self.rcs and message.channel == "rcs" and self.rcs.get(phone_of(message.to)) is False:
            return _NO_RCS
        last_heard = message.account.last_heard.get((message.to, message.from_))
        if code := window.refusal(message, last_heard, self._timeline.steady):
            return code
        if message.shortens_urls and not (message.service and message.service.link_shortening_domain):
            return _NO_DOMAIN
        if message.media_urls and (code := _media_problem(message)):
            return code
        if message.max_price is not None and self._prices.cost(message) > message.max_price:
            return _PRICE_EXCEEDED
        return None

    def _choose_address(self, message: Message, service: MessagingService) -> str | None:
        """Return the address of the sender for a service's message, or None."""
        rcs = self.rcs.get(message.to, False)
        fallback = message.posted("FallbackFrom")
        if isinstance(fallback, str) and fallback.strip() and not rcs and channel_of(message.to) is None:
            if address_kind(fallback.strip()) is AddressKind.ALPHA and country_of(message.to) in NO_ALPHA:
                return None
            return normalize_address(fallback) or fallback.strip()
        sender = choose_sender(service, message, self._timeline.steady, rcs=rcs)
        return sender.address if sender else None

    def _prepare(self, message: Message, service: MessagingService) -> None:
        """Convert a message to its final form and count its segments. Without a sender the API shows none."""
        if message.num_segments:
            return
        if service.mms_converter and message.is_mms and not message.channel:
            owned_record = message.account.resources.owned(message.from_ or "")
            if not carries_mms(owned_record, message.to):
                make_sms(message)
        message.num_segments = segments_to_send(message)

    def _shorten(self, message: Message) -> None:
        domain = message.service.link_shortening_domain if message.service else None
        if message.shortens_urls and domain:
            self._links.shorten(message, domain, self._timeline.steady)
            message.num_segments = segments_to_send(message)

    # Reports

    def _set_status(self, message: Message, status: Status, code: int | None = None) -> None:
        message.move_to(status, self._timeline.now, code)
        if status in _SENT_OR_ENDED:
            _delete_content(message)
        if status in REPORTED and message.status_callback:
            report = self._report(message, message.status_callback)
            if message.script is None:
                self._emit(report)
            else:
                self._emit_in_script_order(message, message.script, status, report)

    def _report(self, message: Message, url: str) -> Webhook:
        now = self._timeline.now
        token = message.account.auth_token
        if message.script and message.script.forged:
            token = f"not {token}"  # signed with a wrong token, which no validator accepts
        return signed_webhook(
            url,
            status_params(message, message.status, now),
            auth_token=token,
            at=now,
            message=message,
            token=str(uuid5(NAMESPACE_URL, f"{message.sid}/{message.status}")),
            headers=STATUS_HEADERS,
        )

    def _emit(self, report: Webhook) -> None:
        report.at = self._timeline.now
        if report.message:
            report.message.webhooks += (report,)
        self._webhooks.post(report)

    def _emit_in_script_order(self, message: Message, script: WebhookScript, status: Status, report: Webhook) -> None:
        report.dropped = status in script.drop
        waiting_reports = self._waiting_reports.setdefault(message.sid, _WaitingReports())
        waiting_reports.waiting.append((status, report))
        self._emit_ready(script, waiting_reports, every=not TRANSITIONS[status])

    def _emit_waiting(self, message: Message) -> None:
        """Send all waiting reports, because no other reports will follow."""
        waiting_reports = self._waiting_reports.pop(message.sid, None)
        if waiting_reports and message.script:
            self._emit_ready(message.script, waiting_reports, every=True)

    def _emit_ready(self, script: WebhookScript, waiting_reports: "_WaitingReports", *, every: bool) -> None:
        while ready := next(
            (
                pair
                for pair in waiting_reports.waiting
                if script.order_allows(pair[0], waiting_reports.settled(last=every))
            ),
            None,
        ):
            waiting_reports.waiting.remove(ready)
            status, report = ready
            waiting_reports.sent.add(status)
            self._emit(report)
            if status in script.duplicate:
                self._emit(report.copy())


@dataclass(slots=True)
class _WaitingReports:
    """A message's reports that wait until other reports are sent."""

    waiting: list[tuple[Status, Webhook]] = field(default_factory=list)
    sent: set[Status] = field(default_factory=set)

    def settled(self, *, last: bool) -> set[Status]:
        """Return the statuses that no report must wait for: those reported, or with ``last`` all that don't wait."""
        return set(Status) - {status for status, _ in self.waiting} if last else self.sent


def _sends_unshortened(message: Message) -> bool:
    """True if the domain is set up to send the message with long links when the shortener fails."""
    domain = message.service.link_shortening_domain if message.service else None
    return message.shortens_urls and domain is not None and domain.continue_on_failure


def _render_for_channel(message: Message) -> int | None:
    """Render a template again for the chosen channel, because it was rendered for SMS. Return an error code or None."""
    channel = channel_of(message.from_ or "")
    if channel is None or channel_of(message.to) or message.template is None:
        return None
    try:
        rendered = render(message.template, read_variables(message.content_variables), channel)
    except ApiError as error:  # the template's other content types can have other placeholders
        return error.code
    message.body, message.content = rendered.body, rendered.content
    return None


def _delete_content(message: Message) -> None:
    """Delete the text, media or number if ContentRetention or AddressRetention of the message says so."""
    if message.discards_content and message.original_body is None:
        message.original_body, message.body = message.body, ""
        message.media = Collection()
    message.obfuscated = message.obfuscates_address


def _media_problem(message: Message) -> int | None:
    """Return the error code for media that cannot be sent; None if all can be sent."""
    files = [media.file for media in message.media]
    if any(file.status >= HTTPStatus.BAD_REQUEST for file in files):
        return _NO_MEDIA
    if not all(file.is_accepted for file in files):
        return _MEDIA_NOT_ACCEPTED
    return _MEDIA_TOO_LARGE if exceeds_limits(files, message.channel) else None


def _segments(message: Message) -> int:
    """Return a message's number of segments, even if the API shows none yet."""
    return message.num_segments or segments_to_send(message)


def segments_to_send(message: Message) -> int:
    """Count a message's segments: one for an MMS or a channel message of any length."""
    if message.is_mms or message.channel:
        return 1
    return count_segments(message.sent_body)
