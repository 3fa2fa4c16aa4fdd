"""Handles a message from a person: calls the webhook, reads the TwiML in the response, and sends its messages.

See https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from collections.abc import Generator, Mapping
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Final, TypeAlias
from urllib.parse import urljoin, urlsplit

from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.account.opt_out import AppliedKeyword, apply_keyword
from pytest_whoosh.engine.account.resources import MessagingService, PhoneNumber
from pytest_whoosh.engine.addresses import address_kind, address_towards, channel_of, normalize_address, phone_of
from pytest_whoosh.engine.carrier.carrier import segments_to_send
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.hosts import split_url
from pytest_whoosh.engine.limits import LONGEST_BODY, MOST_MEDIA, MOST_REPLIES
from pytest_whoosh.engine.messages.lifecycle import DEFAULT_JOURNEY, Status
from pytest_whoosh.engine.messages.record import INBOUND, OUTBOUND_CALL, OUTBOUND_REPLY, Message
from pytest_whoosh.engine.vendor import Vendor
from pytest_whoosh.engine.webhooks.callbacks import Webhook, WebhookError, signed_webhook, without_fragment
from pytest_whoosh.engine.webhooks.cookies import Cookies

from .destinations import Destination, destination_of
from .parameters import inbound_params
from .twiml import Document, MessageVerb, RedirectVerb, TwimlError, parse_response

#: The most TwiML documents that one message can run through redirects and actions.
MOST_DOCUMENTS: Final = 100

#: Yields each webhook for delivery, and continues after it.
Deliveries: TypeAlias = Generator[Webhook, None, None]


@dataclass(slots=True, eq=False)
class Conversation:
    """A message from a person, its webhook and its replies."""

    vendor: Vendor
    account: Account
    message: Message
    service: MessagingService | None
    extra: Mapping[str, str]
    webhook: Webhook | None = None
    replies: list[Message] = field(default_factory=list)
    twiml: str | None = None
    keyword: AppliedKeyword | None = None
    #: The direction of the messages that TwiML documents send.
    direction: str = OUTBOUND_REPLY
    _documents: int = 0

    @property
    def _cookies(self) -> Cookies:
        return self.account.cookies[self.message.from_ or "", self.message.to]

    def run(self) -> Deliveries:
        """Apply opt-out keywords, call the webhook, and run its response. Yield each webhook for delivery."""
        message = self.message
        resources = self.account.resources
        self.keyword = apply_keyword(resources, message.body, message.from_ or "", message.to, self.service)
        destination = destination_of(self.account, message.to, self.service)
        message.no_webhook = destination.missing or None
        if destination.missing and resources.has_sender(message.from_ or "") and not resources.has_sender(message.to):
            from_, to = dialect().parameter("from_"), dialect().parameter("to")
            message.no_webhook = (
                f"the account has no sender {message.to}, but it has {message.from_}. Are {from_} and {to} swapped?"
            )
        if destination.url:
            reports_keyword = self.service is not None and self.service.advanced_opt_out
            keyword = self.keyword.name if self.keyword and reports_keyword else None
            params = inbound_params(message, self.account.sid, self.vendor.origin, self.extra, keyword)
            yield from self._call_webhook(destination, params)
        self.account.charge(message, self.vendor.prices.price(message))
        message.move_to(Status.RECEIVED, self.vendor.now)
        self.vendor.carrier.show_price(message)

    def _call_webhook(self, destination: Destination, params: dict[str, str]) -> Deliveries:
        assert destination.url
        first = self.webhook = self._webhook(destination.url, destination.method, params)
        yield from self._deliver(first)
        failed = yield from self._run_response(first, params)
        if failed and failed.error and destination.fallback_url:
            failure = {**params, "ErrorCode": str(failed.error.code), "ErrorUrl": without_fragment(failed.url)}
            fallback = self._webhook(destination.fallback_url, destination.fallback_method, failure)
            yield from self._deliver(fallback)
            yield from self._run_response(fallback, failure)

    def _deliver(self, outgoing: Webhook) -> Deliveries:
        """Deliver a webhook with this conversation's cookies."""
        host = urlsplit(outgoing.url).netloc
        if cookies := self._cookies.header(host, self.vendor.steady):
            outgoing.headers["Cookie"] = cookies
        yield outgoing
        self._cookies.store(host, outgoing.response_cookies)

    def _run_response(self, called: Webhook, params: dict[str, str]) -> Generator[Webhook, None, Webhook | None]:
        """Run the response to a webhook. Return the webhook that failed if the fallback must be called, else None."""
        if called.error:
            return called
        if called.response_status is None or 300 <= called.response_status < 400:
            return None  # no app is mounted at the URL, or at the URL of a redirect
        self._documents += 1
        try:
            document = parse_response(called.response_body or "", called.response_type)
        except TwimlError as wrong:
            called.error = WebhookError(wrong.code, wrong.detail)
            return called
        if document.verbs and self.twiml is None:
            self.twiml = called.response_body
        if document.warnings:
            called.error = WebhookError(12200, "; ".join(document.warnings))
        onward = self._send_messages(called, document)
        if onward is None:
            return None
        url, method, more = onward
        if self._documents >= MOST_DOCUMENTS:
            called.error = WebhookError(
                14106, f"redirects and actions led through more than {MOST_DOCUMENTS} documents"
            )
            return None
        params = {**params, **more}
        try:
            target = _absolute_url(without_fragment(called.url), url, 11100)
        except TwimlError as wrong:
            called.error = WebhookError(wrong.code, wrong.detail)
            return called
        following = self._webhook(target, method, params)
        yield from self._deliver(following)
        return (yield from self._run_response(following, params))

    def _send_messages(self, called: Webhook, document: Document) -> tuple[str, str, dict[str, str]] | None:
        """Send a document's messages up to a redirect or action. Return its URL, method and parameters."""
        for verb in document.verbs:
            if isinstance(verb, RedirectVerb):
                return verb.url, verb.method, {}
            try:
                reply = self.reply(verb, without_fragment(called.url))
            except TwimlError as wrong:
                called.error = WebhookError(wrong.code, wrong.detail)
                continue
            if verb.action:
                sid = {"MessageSid": reply.sid, "SmsSid": reply.sid, "MessageStatus": reply.status.value}
                return verb.action, verb.method, sid
        return None

    def reply(self, verb: MessageVerb, base: str) -> Message:
        """Send one message of a document. Relative URLs are resolved against ``base``."""
        to, sender = self._sender_and_recipient(verb)
        if not (verb.body.strip() or verb.media) or len(verb.body) > LONGEST_BODY:
            raise TwimlError(14103, f"a body is from 1 to {LONGEST_BODY} characters long")
        if len(self.replies) >= MOST_REPLIES:
            raise TwimlError(14109, f"one message has at most {MOST_REPLIES} replies")
        if len(verb.media) > MOST_MEDIA:
            raise TwimlError(14103, f"a message has at most {MOST_MEDIA} media")
        if verb.status_callback and not verb.status_callback.startswith(("http://", "https://", "/")):
            raise TwimlError(14105, f"{verb.status_callback!r} is not a URL")
        media = tuple(_absolute_url(base, url, 21620) for url in verb.media)
        resources, now = self.account.resources, self.vendor.now
        service = resources.service_of(sender)
        if service is None and resources.has_opted_out(to, sender, None):
            raise TwimlError(21610, f"{to} has opted out of {sender}")
        callback = verb.status_callback or resources.status_callback_of(sender, service)
        message = Message(
            sid="",
            serial=0,
            account=self.account,
            to=to,
            from_=sender,
            body=verb.body,
            direction=self.direction,
            status=Status.QUEUED,
            date_created=now,
            date_updated=now,
            service=service,
            media_urls=media,
            status_callback=_absolute_url(base, callback, 14105) if callback else None,
            journey=DEFAULT_JOURNEY,
        )
        if service is None:
            message.num_segments = segments_to_send(message)
        self.vendor.rules.plan(message)
        self.vendor.accept(message)
        self.replies.append(message)
        return message

    def _sender_and_recipient(self, verb: MessageVerb) -> tuple[str, str]:
        to = normalize_address(verb.to) if verb.to else self.message.from_
        if to is None or (verb.to is None and to == self.message.to):
            raise TwimlError(14101, f"{verb.to or to!r} is not a recipient that this sender can write to")
        sender = (normalize_address(verb.from_) or verb.from_) if verb.from_ else self.message.to
        resources = self.account.resources
        is_ours = sender == self.message.to or resources.owned(sender) or resources.service_of(sender)
        if address_kind(sender) is None or not (is_ours or self.vendor.settings.senders == "any"):
            raise TwimlError(14102, f"{sender!r} is not a sender of the account")
        number = resources.owned(sender)
        if isinstance(number, PhoneNumber) and not number.sms_capable:
            raise TwimlError(14108, f"{sender} cannot send messages")
        if channel_of(to) != channel_of(sender):
            raise TwimlError(21910, f"{to} and {sender} are not on the same channel")
        return to, sender

    def _webhook(self, url: str, method: str, params: dict[str, str]) -> Webhook:
        made = signed_webhook(
            url,
            params,
            auth_token=self.account.auth_token,
            at=self.vendor.now,
            message=self.message,
            method=method,
            token=self.vendor.webhooks.new_token(),
        )
        self.message.webhooks += (made,)
        self.vendor.webhooks.all.append(made)
        return made


def _absolute_url(base: str, url: str, code: int) -> str:
    """Return a URL in a document as an absolute URL. ``code`` is the error code of an invalid URL."""
    try:
        joined = urljoin(base, url)
        split_url(joined)
    except ValueError as problem:
        raise TwimlError(code, f"{url!r} is not a URL: {problem}") from None
    if not base and not urlsplit(joined).scheme:
        raise TwimlError(code, f"{url!r} is relative, and the document has no URL")
    return joined


def run_voice_document(vendor: Vendor, account: Account, document: str, *, sender: str, person: str) -> list[Message]:
    """Send the messages in a voice document, as during a call between a person and one of the account's senders.

    Raises:
        TwimlError: the document is not TwiML, or one of its messages cannot be sent.
    """
    now = vendor.now
    # This message represents the call: it holds the two parties. It is not stored.
    call = Message(
        sid="",
        serial=0,
        account=account,
        to=sender,
        from_=person,
        body="",
        direction=INBOUND,
        status=Status.RECEIVED,
        date_created=now,
        date_updated=now,
        journey=DEFAULT_JOURNEY,
    )
    conversation = Conversation(vendor, account, call, None, {}, direction=OUTBOUND_CALL)
    for verb in parse_response(document, "text/xml").verbs:
        if isinstance(verb, MessageVerb):
            conversation.reply(verb, "")
    return conversation.replies


def messages_received_by(vendor: Vendor, person: str) -> list[Message]:
    """Return the messages that arrived on a person's phone, in order of arrival."""
    phone = phone_of(person)
    arrived = [
        (change.at, message)
        for message in vendor.all_messages
        if message.is_outbound and phone_of(message.to) == phone
        for change in message.history
        if change.status is Status.DELIVERED
    ]
    return [message for _, message in sorted(arrived, key=itemgetter(0))]


def receive(
    vendor: Vendor,
    account: Account,
    *,
    from_: str,
    to: str,
    body: str,
    media: tuple[str, ...],
    extra: Mapping[str, str],
) -> Conversation:
    """Store a person's message. Return its conversation; running that calls the webhook."""
    now = vendor.now
    message = Message(
        sid="",
        serial=0,
        account=account,
        to=to,
        from_=address_towards(to, from_),
        body=body,
        direction=INBOUND,
        status=Status.RECEIVING,
        date_created=now,
        date_updated=now,
        date_sent=now,
        service=account.resources.service_of(to),
        media_urls=media,
        journey=DEFAULT_JOURNEY,
    )
    message.num_segments = segments_to_send(message)
    if message.channel:
        account.last_heard[message.from_ or "", to] = vendor.steady
    vendor.accept(message)
    return Conversation(vendor, account, message, message.service, extra)
