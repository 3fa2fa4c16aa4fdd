"""People who write to the app: their phones, and what comes of their messages."""

from collections.abc import Awaitable, Callable, Iterable
from types import MappingProxyType
from typing import TypeAlias

from pytest_whoosh.engine.inbound.conversation import Conversation
from pytest_whoosh.engine.misuse import Suggesting, is_usage_error
from pytest_whoosh.wording.texts import describe

from .messages import Callback, Message
from .selection import Messages

__tracebackhide__ = is_usage_error

#: A file that a person sends: a URL or file name, whose ending names its type; or its bytes and their type.
MediaFile: TypeAlias = str | tuple[bytes, str]


class Reply(Suggesting):
    """What came of a person's message: the message, the webhook that it caused, and what that was answered with."""

    __slots__ = ("_conversation", "_touch")
    _SYNONYMS = MappingProxyType(
        {
            "body": "replies[0].body",
            "text": "replies[0].body",
            "messages": "replies",
            "answers": "replies",
            "callback": "webhook",
            "response": "webhook",
            "xml": "twiml",
        }
    )

    def __init__(self, conversation: Conversation, touch: Callable[[], None]) -> None:
        self._conversation = conversation
        self._touch = touch

    def __repr__(self) -> str:
        return f"<Reply to {describe(self._conversation.message)}>"

    @property
    def message(self) -> Message:
        """The inbound message."""
        return Message(self._conversation.message, self._touch)

    @property
    def webhook(self) -> Callback | None:
        """The webhook that the app got; None if there was none, as :attr:`no_webhook` explains."""
        webhook = self._conversation.webhook
        return Callback(webhook, self._touch) if webhook else None

    @property
    def no_webhook(self) -> str | None:
        """The reason for which there was no webhook: what decided, and what it would need. None if there was one."""
        return self._conversation.message.no_webhook

    @property
    def replies(self) -> list[Message]:
        """The outbound messages that the app's answer caused, in order."""
        return [Message(record, self._touch) for record in self._conversation.replies]

    @property
    def twiml(self) -> str | None:
        """The TwiML that the app answered with; None where it answered nothing."""
        return self._conversation.twiml

    @property
    def keyword_answer(self) -> str | None:
        """What the vendor itself answered to a keyword such as STOP; no message of the account's."""
        keyword = self._conversation.keyword
        return keyword.answer if keyword else None


class Phone(Suggesting):
    """A person's phone: writes to the app, and shows what it got."""

    __slots__ = ("_atext", "_text", "number", "received")
    _SYNONYMS = MappingProxyType(
        {
            "send": "text(...)",
            "send_message": "text(...)",
            "reply": "text(...)",
            "write": "text(...)",
            "inbox": "received",
            "messages": "received",
            "last": "received.last()",
        }
    )

    def __init__(
        self, number: str, text: Callable[..., Reply], atext: Callable[..., Awaitable[Reply]], received: Messages
    ) -> None:
        #: The phone's number.
        self.number = number
        #: The messages that arrived at the phone, in the order in which they did.
        self.received = received
        self._text = text
        self._atext = atext

    def __repr__(self) -> str:
        return f"<Phone {self.number}>"

    def text(self, body: str = "", *, to: str, media: Iterable[MediaFile] = (), **params: str) -> Reply:
        """Write to one of the app's senders, as :meth:`Whoosh.receive` does."""
        return self._text(body, from_=self.number, to=to, media=media, **params)

    async def atext(self, body: str = "", *, to: str, media: Iterable[MediaFile] = (), **params: str) -> Reply:
        """Do as :meth:`text` inside a running event loop, where the handlers of ASGI apps then run too."""
        return await self._atext(body, from_=self.number, to=to, media=media, **params)
