"""The people of a test: they write to the app, tap buttons and click links."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING

from pytest_whoosh.engine.addresses import phone_of
from pytest_whoosh.engine.carrier.links import only_link
from pytest_whoosh.engine.http import replace_surrogates
from pytest_whoosh.engine.messages.media import File
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error, shown_as
from pytest_whoosh.engine.sids import Prefix
from pytest_whoosh.engine.webhooks.callbacks import Webhook
from pytest_whoosh.views import HasSid, MediaFile, Message, Messages, ParamValue, Phone, Reply

from .base import Double

if TYPE_CHECKING:
    from pytest_whoosh.engine.inbound.conversation import Conversation, Deliveries

__tracebackhide__ = is_usage_error


@shown_as("Whoosh")
class People(Double):
    """The methods of a double with which people act."""

    def receive(
        self, body: str = "", *, from_: str, to: str, media: Iterable[MediaFile] = (), **params: ParamValue
    ) -> Reply:
        """Send a message from a person to one of the app's senders.

        The double creates the inbound message, calls the webhook of the sender or of its Messaging Service, and runs
        the TwiML of the app's response. Opt-out keywords work. Time does not move.

        Args:
            body: The text.
            from_: The person's number, or their address on a channel.
            to: The app's number, short code or channel address.
            media: The files. Each is a URL, a file name (the extension gives the type), or a pair of bytes and content
                type.
            params: More parameters of the webhook, as texts or numbers, such as ``ButtonPayload="yes"``.

        Returns:
            The reply: the inbound message, its webhook, and the messages that the app's response caused.

        Raises:
            ValueError: ``from_`` or ``to`` is not an address, or the account has no such sender.

        Example:
            def test_stop(whoosh):
                whoosh.add_number("+15557122661")

                reply = whoosh.receive("STOP", from_="+15558675310", to="+15557122661")

                assert "unsubscribed" in reply.keyword_answer
        """
        conversation, deliveries = self._receive(body, from_, to, media, params, "areceive(...)")
        self._travel.deliver(deliveries, "areceive(...)")
        return Reply(conversation, self._catch_up)

    async def areceive(
        self, body: str = "", *, from_: str, to: str, media: Iterable[MediaFile] = (), **params: ParamValue
    ) -> Reply:
        """Await this instead of :meth:`receive` inside a running event loop. ASGI handlers then run in that loop."""
        conversation, deliveries = self._receive(body, from_, to, media, params, None)
        await self._travel.adeliver(deliveries)
        return Reply(conversation, self._catch_up)

    def phone(self, number: str) -> Phone:
        """Return a person's phone. It sends messages to the app and shows the messages that it received.

        Args:
            number: The person's number, or their address on a channel.

        Returns:
            The phone.

        Raises:
            ValueError: ``number`` is not an address.
        """
        from pytest_whoosh.engine.inbound.conversation import messages_received_by

        address = self._person(number)
        received = Messages(lambda: messages_received_by(self._vendor, address), self._catch_up, f"phone {address}")
        return Phone(
            address,
            self.receive,
            self.areceive,
            received,
            lambda *tap: self._tapped(address, *tap),
            self._partner,
            self._get_rcs,
            self._set_rcs,
        )

    def call_document(self, twiml: object, *, from_: str, to: str) -> list[Message]:
        """Send the messages of a voice document. Their direction is ``outbound-call``. Calls themselves are not faked.

        A ``<Message>`` or ``<Sms>`` without ``to`` and ``from`` goes from the account's number to the other party of
        the call. The other verbs of the document, and ``action``, do nothing.

        Args:
            twiml: The document, as text or as the SDK's ``VoiceResponse``.
            from_: The number that calls.
            to: The number that is called. If only this number belongs to the account, the message goes to ``from_``.

        Returns:
            The messages, in the order of the document.

        Raises:
            WhooshError: The document is not TwiML, or one of its messages cannot be sent.
        """
        from pytest_whoosh.engine.inbound.conversation import run_voice_document
        from pytest_whoosh.engine.inbound.twiml import TwimlError

        self._begin_action()
        if not (isinstance(twiml, str) or hasattr(twiml, "to_xml")):
            raise TypeError(
                f'twiml must be a document such as "<Response><Message>Hi</Message></Response>", not {twiml!r}.'
            )
        document = replace_surrogates(str(twiml))
        caller, called = self._address(from_), self._address(to)
        vendor = self._vendor
        with self._lock:
            is_incoming = vendor.has_sender(called) and not vendor.has_sender(caller)
            sender, person = (called, caller) if is_incoming else (caller, called)
            try:
                sent = run_voice_document(
                    vendor, vendor.account_of_sender(sender), document, sender=sender, person=person
                )
            except TwimlError as wrong:
                raise WhooshError(f"The TwiML document fails with {wrong.code}: {wrong.detail}.") from None
        return [Message(record, self._catch_up) for record in sent]

    def _get_rcs(self, address: str) -> bool | None:
        return self._vendor.carrier.rcs.get(phone_of(address))

    def _set_rcs(self, address: str, has_rcs: bool | None) -> None:
        self._begin_action()
        number = phone_of(address)
        with self._lock:
            if has_rcs is None:
                self._vendor.carrier.rcs.pop(number, None)
            else:
                self._vendor.carrier.rcs[number] = has_rcs

    def _tapped(self, person: str, message: Message | str | HasSid, label: str) -> tuple[str, str, dict[str, str]]:
        """Return the sender that receives a tap, the text that the tap sends, and the webhook's parameters."""
        from pytest_whoosh.engine.inbound.phone_actions import tap_parameters

        self._begin_action()
        record = self._record(message, "tap")
        with self._lock:
            body, params = tap_parameters(record, person, label, self._vendor.steady)
        return record.from_ or "", body, params

    def _partner(self, person: str) -> str:
        from pytest_whoosh.engine.inbound.phone_actions import sender_written_to

        with self._lock:
            return sender_written_to(self._vendor.account, self._vendor.messages, person)

    def click(self, link: Message | str, *, user_agent: str = "Mozilla/5.0") -> str:
        """Click a short link as a person does. The ``callback_url`` of the link's domain gets a webhook.

        Args:
            link: The link, or a message with exactly one short link in its text.
            user_agent: The ``User-Agent`` of the person's browser, which the webhook reports.

        Returns:
            The link's target URL. After 90 days: the fallback URL of its domain.

        Raises:
            WhooshError: The link is unknown, or has expired and its domain has no fallback URL.
        """
        target, reports = self._click(link, user_agent)
        self._travel.deliver(iter(reports), "aclick(...)")
        return target

    async def aclick(self, link: Message | str, *, user_agent: str = "Mozilla/5.0") -> str:
        """Await this instead of :meth:`click` inside a running event loop. ASGI handlers then run in that loop."""
        target, reports = self._click(link, user_agent)
        await self._travel.adeliver(iter(reports))
        return target

    def _click(self, link: Message | str, user_agent: str) -> tuple[str, list[Webhook]]:
        self._begin_action()
        with self._lock:
            text = link if isinstance(link, str) else only_link(self._record(link, "click")).text
            return self._vendor.click(text, user_agent)

    def _receive(
        self,
        body: str,
        from_: str,
        to: str,
        media: Iterable[MediaFile],
        params: Mapping[str, ParamValue],
        form: str | None,
    ) -> "tuple[Conversation, Deliveries]":
        """Create an inbound message, and return its conversation and the webhooks to deliver.

        ``form`` is the call that awaits the webhook, such as ``"areceive(...)"``; None if the caller awaits already.
        """
        from pytest_whoosh.engine.inbound.conversation import receive
        from pytest_whoosh.engine.inbound.destinations import destination_of
        from pytest_whoosh.engine.inbound.parameters import parameter_text

        self._begin_action()
        if isinstance(media, str):
            raise TypeError(f"media takes several files: write media=[{media!r}].")
        _require_body(body)
        for name in params:
            if name[:1].islower():
                camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
                raise TypeError(f"Webhook parameters have the vendor's names: {camel}, not {name}.")
        person, ours = self._person(from_), self._address(to)
        body, extra = (
            replace_surrogates(body),
            {name: replace_surrogates(parameter_text(name, each)) for name, each in params.items()},
        )
        with self._lock:
            account = self._vendor.account_of_sender(ours)
            url = destination_of(account, ours, account.resources.service_of(ours)).url
            if url and form:  # refused before the message exists: the test can then await areceive() instead
                self._courier.require_deliverable(url, form)
            urls = tuple(self._media_url(file) for file in media)
            conversation = receive(self._vendor, account, from_=person, to=ours, body=body, media=urls, extra=extra)
        return conversation, conversation.run()

    def _media_url(self, file: MediaFile) -> str:
        if isinstance(file, str):
            return replace_surrogates(file)
        if not (isinstance(file, tuple) and len(file) == 2 and isinstance(file[0], bytes)):
            raise TypeError(
                f"Each item of media is a URL, a file name, or a pair such as (b'%PDF', \"application/pdf\"); "
                f"not {file!r}."
            )
        content, content_type = file
        url = f"whoosh:media/{self._vendor.sids.new(Prefix.MEDIA, counted_as='given media')}"
        self._vendor.files.set(url, File(content, replace_surrogates(content_type)))
        return url


def _require_body(body: object) -> None:
    if not isinstance(body, str):
        raise TypeError(f"A message's body is a text, not {body!r}.")
