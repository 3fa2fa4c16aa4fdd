"""The classes Phone and Reply: people who text the app, and the app's replies."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final, Protocol, TypeAlias, TypedDict, Unpack

from pytest_whoosh.engine.addresses import phone_of
from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.inbound.parameters import parameter_text
from pytest_whoosh.engine.inbound.phone_actions import ad_reply_parameters, location_parameters
from pytest_whoosh.engine.misuse import Live, is_usage_error
from pytest_whoosh.wording.texts import describe

from .messages import Callback, Message
from .selection import Messages

if TYPE_CHECKING:
    from pytest_whoosh.engine.inbound.conversation import Conversation

__tracebackhide__ = is_usage_error

#: A file that a person sends: a URL or file name with the extension of its type, or a pair of bytes and content type.
MediaFile: TypeAlias = str | tuple[bytes, str]
#: The value of an additional webhook parameter.
ParamValue: TypeAlias = str | float


class HasSid(Protocol):
    """Any object with a ``sid``, such as the SDK's message."""

    sid: Any


class Reply(Live):
    """The result of an inbound message: the message, its webhook, and the app's response."""

    __slots__ = ("_catch_up", "_conversation")
    _SYNONYMS = MappingProxyType(
        {
            "body": "replies[0].body",
            "text": "replies[0].body",
            "messages": "replies",
            "answers": "replies",
            "callback": "webhook",
            "response": "webhook",
            "xml": "twiml",
            "status": "webhook.response_status",
            "status_code": "webhook.response_status",
            "error": "webhook.error",
            "exception": "webhook.exception",
            "reply": "replies[0]",
        }
    )

    def __init__(self, conversation: "Conversation", catch_up: Callable[[], None]) -> None:
        self._conversation = conversation
        self._catch_up = catch_up

    def __repr__(self) -> str:
        return f"<Reply to {describe(self._conversation.message)}>"

    @property
    def message(self) -> Message:
        """The inbound message."""
        return Message(self._conversation.message, self._catch_up)

    @property
    def webhook(self) -> Callback | None:
        """The webhook that was sent to the app. None if there was none: :attr:`no_webhook` explains why."""
        webhook = self._conversation.webhook
        return Callback(webhook, self._catch_up) if webhook else None

    @property
    def no_webhook(self) -> str | None:
        """The reason why no webhook was sent, and what is missing. None if there was a webhook."""
        return self._conversation.message.no_webhook

    @property
    def replies(self) -> list[Message]:
        """The outbound messages that the app's response caused, in order."""
        return [Message(record, self._catch_up) for record in self._conversation.replies]

    @property
    def twiml(self) -> str | None:
        """The TwiML of the app's response. None if there was none."""
        return self._conversation.twiml

    @property
    def keyword_answer(self) -> str | None:
        """The text that the vendor answers to a keyword such as STOP. It is not among the account's messages."""
        keyword = self._conversation.keyword
        return keyword.reply if keyword else None


class Ad(TypedDict, total=False):
    """The properties of an ad that a person answers."""

    headline: str
    body_of_ad: str
    source_id: str
    source_type: str
    source_url: str
    media_url: str
    media_content_type: str
    media_id: str
    click_id: str


#: The webhook parameter of each property of an ad.
_REFERRAL: Final[Mapping[str, str]] = {
    "headline": "ReferralHeadline",
    "body_of_ad": "ReferralBody",
    "source_id": "ReferralSourceId",
    "source_type": "ReferralSourceType",
    "source_url": "ReferralSourceUrl",
    "media_url": "ReferralMediaUrl",
    "media_content_type": "ReferralMediaContentType",
    "media_id": "ReferralMediaId",
    "click_id": "ReferralCtwaClid",
}


def _referral(ad: Ad) -> dict[str, str | None]:
    for name in ad:
        if name not in _REFERRAL:
            raise TypeError(unknown_name("argument of answer_ad()", name, _REFERRAL))
    return {_REFERRAL[name]: parameter_text(name, value) for name, value in ad.items()}


class Phone(Live):
    """A person's phone. It sends messages to the app, and shows the messages that it received.

    Attributes:
        number: The person's number, or their address on a channel.
        received: The messages that arrived at this phone, oldest first.

    Example:
        def test_a_conversation(whoosh, send):
            whoosh.add_number("+15557122661")
            phone = whoosh.phone("+15558675310")

            phone.text("Hi", to="+15557122661")
            send("Hello!")
            whoosh.settle()

            assert [message.body for message in phone.received] == ["Hello!"]
    """

    __slots__ = ("_atext", "_get_rcs", "_last_sender", "_set_rcs", "_tap_parameters", "_text", "number", "received")
    _SYNONYMS = MappingProxyType(
        {
            "send": "text(...)",
            "send_message": "text(...)",
            "reply": "text(...)",
            "write": "text(...)",
            "inbox": "received",
            "click": "tap(message, label)",
            "press": "tap(message, label)",
            "pick": "tap(message, label)",
            "location": "share_location(latitude, longitude)",
            "send_location": "share_location(latitude, longitude)",
            "messages": "received",
            "last": "received.last()",
            "sent": "whoosh.inbox.filter(from_=phone.number)",
            "outbox": "whoosh.inbox.filter(from_=phone.number)",
            "conversation": "whoosh.messages",
            "receive": "received",
            "opt_out": 'text("STOP", to=...)',
        }
    )

    def __init__(
        self,
        number: str,
        text: Callable[..., Reply],
        atext: Callable[..., Awaitable[Reply]],
        received: Messages,
        tap_parameters: Callable[..., tuple[str, str, dict[str, str]]],
        partner: Callable[[str], str],
        get_rcs: Callable[[str], bool | None],
        set_rcs: Callable[[str, bool | None], None],
    ) -> None:
        #: The phone's number, or the address of its owner on a channel.
        self.number = number
        #: The messages that arrived at the phone, oldest first.
        self.received = received
        self._text = text
        self._atext = atext
        self._tap_parameters = tap_parameters
        self._last_sender = partner
        self._get_rcs = get_rcs
        self._set_rcs = set_rcs

    def __repr__(self) -> str:
        return f"<Phone {self.number}>"

    @property
    def rcs(self) -> bool | None:
        """True if the phone has RCS, False if not, None (the default) if the test has not set it.

        A Messaging Service with an RCS sender and phone numbers uses RCS if True, else SMS. If False, an RCS message to
        this phone fails with 63036.

        Raises:
            TypeError: The value is not a bool or None.
            ValueError: The phone's address is not a phone number.
        """
        return self._get_rcs(self.number)

    @rcs.setter
    def rcs(self, has_rcs: bool | None) -> None:
        if has_rcs is not None and not isinstance(has_rcs, bool):
            raise TypeError(f"phone.rcs must be True, False or None, not {has_rcs!r}.")
        if not phone_of(self.number).startswith("+"):
            raise ValueError(f'Only a phone number such as "+15558675310" can have RCS. {self.number!r} is not one.')
        self._set_rcs(self.number, has_rcs)

    def text(self, body: str = "", *, to: str, media: Iterable[MediaFile] = (), **params: ParamValue) -> Reply:
        """Send a message to one of the app's senders, as ``whoosh.receive()`` does.

        Args:
            body: The text.
            to: The app's number, short code or channel address.
            media: The files. Each is a URL, a file name (the extension gives the type), or a pair of bytes and content
                type.
            params: More parameters of the webhook, as texts or numbers.

        Returns:
            The reply: the inbound message, its webhook, and the messages that the app's response caused.

        Raises:
            ValueError: ``to`` is not an address, or the account has no such sender.
        """
        return self._text(body, from_=self.number, to=to, media=media, **params)

    async def atext(self, body: str = "", *, to: str, media: Iterable[MediaFile] = (), **params: ParamValue) -> Reply:
        """Await this instead of :meth:`text` inside a running event loop. ASGI handlers then run in that loop."""
        return await self._atext(body, from_=self.number, to=to, media=media, **params)

    def tap(self, message: Message | str | HasSid, label: str) -> Reply:
        """Tap a button of a message, or select an item of its list.

        Args:
            message: The message, its SID, or the SDK's result.
            label: The title of the button or item, such as ``"Yes"``, or its id.

        Returns:
            The reply: the inbound message, its webhook, and the messages that the app's response caused.

        Raises:
            WhooshError: The message is for another person, has not arrived, or has no such button.
        """
        to, body, params = self._tap_parameters(message, label)
        return self._text(body, from_=self.number, to=to, **params)

    async def atap(self, message: Message | str | HasSid, label: str) -> Reply:
        """Await this instead of :meth:`tap` inside a running event loop. ASGI handlers then run in that loop."""
        to, body, params = self._tap_parameters(message, label)
        return await self._atext(body, from_=self.number, to=to, **params)

    def share_location(
        self,
        latitude: float,
        longitude: float,
        *,
        to: str | None = None,
        label: str | None = None,
        address: str | None = None,
    ) -> Reply:
        """Send a location to the app, for example on WhatsApp.

        Args:
            latitude: The latitude in degrees, from -90 to 90.
            longitude: The longitude in degrees, from -180 to 180.
            to: The app's sender. The default is the sender in the last message from or to this phone, else the
                account's only sender.
            label: The name of the place.
            address: The postal address of the place.

        Returns:
            The reply: the inbound message, its webhook, and the messages that the app's response caused.

        Raises:
            ValueError: The place or the sender does not exist, or the phone is a plain number: SMS has no locations.
        """
        params = location_parameters(self.number, latitude, longitude, label, address)
        return self._text(from_=self.number, to=to or self._last_sender(self.number), **params)

    async def ashare_location(
        self,
        latitude: float,
        longitude: float,
        *,
        to: str | None = None,
        label: str | None = None,
        address: str | None = None,
    ) -> Reply:
        """Await this instead of :meth:`share_location` inside a running event loop."""
        params = location_parameters(self.number, latitude, longitude, label, address)
        return await self._atext(from_=self.number, to=to or self._last_sender(self.number), **params)

    def answer_ad(self, body: str = "", *, to: str | None = None, **ad: Unpack[Ad]) -> Reply:
        """Send a message after a tap on an ad that opens WhatsApp. The webhook has every ``Referral`` parameter.

        Args:
            body: The text.
            to: The app's sender, as in :meth:`share_location`.
            ad: The properties of the ad, as texts: ``headline``, ``body_of_ad``, ``source_id``, ``source_type``,
                ``source_url``, ``media_url``, ``media_content_type``, ``media_id`` and ``click_id``.

        Returns:
            The reply: the inbound message, its webhook, and the messages that the app's response caused.
        """
        params = ad_reply_parameters(self.number, _referral(ad))
        return self._text(body, from_=self.number, to=to or self._last_sender(self.number), **params)

    async def aanswer_ad(self, body: str = "", *, to: str | None = None, **ad: Unpack[Ad]) -> Reply:
        """Await this instead of :meth:`answer_ad` inside a running event loop. ASGI handlers then run in that loop."""
        params = ad_reply_parameters(self.number, _referral(ad))
        return await self._atext(body, from_=self.number, to=to or self._last_sender(self.number), **params)
