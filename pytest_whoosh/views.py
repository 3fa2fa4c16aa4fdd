"""Messages as a test reads them: live, and read-only."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn, TypeAlias, overload

from pytest_whoosh.engine.addresses import country_of, normalize
from pytest_whoosh.engine.callbacks import Webhook, WebhookError
from pytest_whoosh.engine.inbound import Conversation
from pytest_whoosh.engine.matching import FIELDS, Matcher
from pytest_whoosh.engine.records import Message as Record
from pytest_whoosh.engine.throughput import Queue as Backlog
from pytest_whoosh.engine.throughput import rate_of

from .assertions import explain_count, explain_none
from .engine.misuse import is_usage_error
from .wording import describe, describe_webhook, messages

__tracebackhide__ = is_usage_error

#: A file that a person sends: a URL or file name, whose ending names its type; or its bytes and their type.
MediaFile: TypeAlias = str | tuple[bytes, str]


class Message:
    """One message: shows its present state whenever it is read.

    The properties follow the vendor's Message Resource page.
    """

    __slots__ = ("_record", "_touch")

    _record: Record
    _touch: Callable[[], None]

    def __init__(self, record: Record, touch: Callable[[], None]) -> None:
        object.__setattr__(self, "_record", record)
        object.__setattr__(self, "_touch", touch)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"A message shows what the vendor has, so its {name} cannot be set. "
            "Script what happens with whoosh.when(...), or change it through the API."
        )

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Message) and other._record is self._record

    def __hash__(self) -> int:
        return hash(self._record)

    def __repr__(self) -> str:
        self._touch()
        return f"<Message {describe(self._record)}>"

    def _read(self, field: str) -> Any:
        self._touch()
        return FIELDS[field](self._record)

    @property
    def sid(self) -> str:
        """Its SID."""
        return self._read("sid")  # type: ignore[no-any-return]

    @property
    def to(self) -> str:
        """Whom it is for: E.164, or a channel address."""
        return self._read("to")  # type: ignore[no-any-return]

    @property
    def from_(self) -> str | None:
        """Whom it is from; None until a Messaging Service has chosen a sender."""
        return self._read("from_")  # type: ignore[no-any-return]

    @property
    def body(self) -> str:
        """Its text, as the API shows it: empty once redacted."""
        return self._read("body")  # type: ignore[no-any-return]

    @property
    def status(self) -> str:
        """Where it is in its life, such as ``"queued"`` or ``"delivered"``."""
        return self._read("status")  # type: ignore[no-any-return]

    @property
    def direction(self) -> str:
        """``"outbound-api"``, ``"outbound-reply"`` or ``"inbound"``."""
        return self._read("direction")  # type: ignore[no-any-return]

    @property
    def error_code(self) -> int | None:
        """Why it failed or was not delivered."""
        return self._read("error_code")  # type: ignore[no-any-return]

    @property
    def error_message(self) -> str | None:
        """The title of the error code."""
        return self._read("error_message")  # type: ignore[no-any-return]

    @property
    def num_segments(self) -> int:
        """How many segments it takes; 0 until a Messaging Service has chosen a sender."""
        return self._read("num_segments")  # type: ignore[no-any-return]

    @property
    def segments(self) -> list[str]:
        """The text of each segment."""
        return self._read("segments")  # type: ignore[no-any-return]

    @property
    def encoding(self) -> str:
        """``"GSM-7"`` or ``"UCS-2"``."""
        return self._read("encoding")  # type: ignore[no-any-return]

    @property
    def media_urls(self) -> list[str]:
        """The URLs of its media."""
        return self._read("media_urls")  # type: ignore[no-any-return]

    @property
    def num_media(self) -> int:
        """How many media it has."""
        return self._read("num_media")  # type: ignore[no-any-return]

    @property
    def price(self) -> Decimal | None:
        """What it cost, negative as in the API; None until it was sent."""
        return self._read("price")  # type: ignore[no-any-return]

    @property
    def price_unit(self) -> str | None:
        """The currency of the price."""
        return self._read("price_unit")  # type: ignore[no-any-return]

    @property
    def date_created(self) -> datetime:
        """When it was created."""
        return self._read("date_created")  # type: ignore[no-any-return]

    @property
    def date_sent(self) -> datetime | None:
        """When it was sent; None before."""
        return self._read("date_sent")  # type: ignore[no-any-return]

    @property
    def date_updated(self) -> datetime:
        """When it last changed."""
        return self._read("date_updated")  # type: ignore[no-any-return]

    @property
    def send_at(self) -> datetime | None:
        """When it is scheduled for."""
        return self._read("send_at")  # type: ignore[no-any-return]

    @property
    def messaging_service_sid(self) -> str | None:
        """The SID of the Messaging Service it was sent through."""
        return self._read("messaging_service_sid")  # type: ignore[no-any-return]

    @property
    def account_sid(self) -> str:
        """The SID of its account."""
        return self._read("account_sid")  # type: ignore[no-any-return]

    @property
    def status_callback(self) -> str | None:
        """The URL that its status callbacks go to."""
        return self._read("status_callback")  # type: ignore[no-any-return]

    @property
    def content_sid(self) -> str | None:
        """The SID of its content template."""
        return self._read("content_sid")  # type: ignore[no-any-return]

    @property
    def content_variables(self) -> str | None:
        """The variables of its content template, as posted."""
        return self._read("content_variables")  # type: ignore[no-any-return]

    @property
    def feedback(self) -> str | None:
        """``"unconfirmed"`` or ``"confirmed"``; None where none was asked for."""
        return self._read("feedback")  # type: ignore[no-any-return]

    @property
    def history(self) -> list[tuple[str, datetime]]:
        """Every status it has had, and when."""
        return self._read("history")  # type: ignore[no-any-return]

    @property
    def callbacks(self) -> list["Callback"]:
        """The webhooks about it, in order."""
        return [Callback(webhook, self._touch) for webhook in self._read("callbacks")]

    @property
    def request(self) -> dict[str, str | list[str]]:
        """The parameters as posted, even after redaction."""
        return self._read("request")  # type: ignore[no-any-return]

    @property
    def redacted(self) -> bool:
        """Whether its text was redacted."""
        return self._read("redacted")  # type: ignore[no-any-return]

    @property
    def deleted(self) -> bool:
        """Whether it was deleted."""
        return self._read("deleted")  # type: ignore[no-any-return]


class Callback:
    """One webhook to the app, and what the app answered once it was delivered."""

    __slots__ = ("_touch", "_webhook")

    def __init__(self, webhook: Webhook, touch: Callable[[], None]) -> None:
        self._webhook = webhook
        self._touch = touch

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Callback) and other._webhook is self._webhook

    def __hash__(self) -> int:
        return hash(self._webhook)

    def __repr__(self) -> str:
        return f"<Callback {describe_webhook(self._webhook)}>"

    @property
    def url(self) -> str:
        """Where it goes, as configured: with the fragment that holds connection overrides."""
        return self._webhook.url

    @property
    def method(self) -> str:
        """``"POST"`` or ``"GET"``."""
        return self._webhook.method

    @property
    def params(self) -> dict[str, str]:
        """The parameters in its form or query."""
        return dict(self._webhook.params)

    @property
    def body(self) -> str:
        """What it posts, as the signature has it: a form, or JSON."""
        return self._webhook.body

    @property
    def headers(self) -> dict[str, str]:
        """Its headers, the signature among them."""
        return dict(self._webhook.headers)

    @property
    def signature(self) -> str:
        """Its ``X-Twilio-Signature``, which the SDK's RequestValidator accepts with the account's auth token."""
        return self._webhook.signature

    @property
    def message(self) -> Message | None:
        """The message it is about."""
        return Message(self._webhook.message, self._touch) if self._webhook.message else None

    @property
    def at(self) -> datetime:
        """When it left."""
        return self._webhook.at

    @property
    def attempts(self) -> int:
        """How often it was tried; 0 where nobody is mounted at its URL."""
        return self._webhook.attempts

    @property
    def response_status(self) -> int | None:
        """The HTTP status of the app's last answer; None where there was none."""
        return self._webhook.response_status

    @property
    def response_body(self) -> str | None:
        """The body of the app's last answer."""
        return self._webhook.response_body

    @property
    def error(self) -> WebhookError | None:
        """Why it failed: a text that starts with the documented code, which it also has as ``.code``."""
        return self._webhook.error


class Messages(Sequence[Message]):
    """Messages, oldest first, as they are at each reading."""

    def __init__(
        self, records: Callable[[], list[Record]], touch: Callable[[], None], name: str, matcher: Matcher | None = None
    ) -> None:
        self._records = records
        self._touch = touch
        self._name = name
        self._matcher = matcher

    def __len__(self) -> int:
        return len(self._found())

    def __iter__(self) -> Iterator[Message]:
        # Those of this moment: an app may send more while the test goes through them.
        return (Message(record, self._touch) for record in list(self._found()))

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...
    def __getitem__(self, index: int | slice) -> Message | list[Message]:
        found = self._found()
        if isinstance(index, slice):
            return [Message(record, self._touch) for record in found[index]]
        try:
            return Message(found[index], self._touch)
        except IndexError:
            held = "1 message" if len(found) == 1 else f"{len(found)} messages"
            raise IndexError(f"The {self._name} has {held}, and none at index {index}.") from None

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Messages | list | tuple) else NotImplemented

    __hash__ = None  # type: ignore[assignment]  # what it holds changes

    def __repr__(self) -> str:
        return f"<{self._name}: {[describe(record) for record in self._found()]}>"

    def filter(self, **match: object) -> "Messages":
        """The messages that match."""
        matcher = Matcher(match)
        return Messages(self._found, self._touch, f"{self._name} with {matcher}" if match else self._name, matcher)

    def one(self, **match: object) -> Message:
        """The only message that matches.

        Raises:
            AssertionError: none matches, or several do.
        """
        __tracebackhide__ = True
        matcher = Matcher(match)
        records = self._found()
        found = [record for record in records if matcher.matches(record)]
        if len(found) != 1:
            raise AssertionError(explain_count(matcher, found, records, 1, self._name))
        return Message(found[0], self._touch)

    def last(self, **match: object) -> Message:
        """The newest message that matches.

        Raises:
            AssertionError: none matches.
        """
        __tracebackhide__ = True
        matcher = Matcher(match)
        records = self._found()
        for record in reversed(records):
            if matcher.matches(record):
                return Message(record, self._touch)
        raise AssertionError(explain_none(matcher, records, self._name))

    def _found(self) -> list[Record]:
        self._touch()
        records = self._records()
        if self._matcher is None:
            return records
        return [record for record in records if self._matcher.matches(record)]


class Reply:
    """What came of a person's message: the message, the webhook that it caused, and what that was answered with."""

    __slots__ = ("_conversation", "_touch")

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
        """The webhook that the app got; None where none is set for the sender written to."""
        webhook = self._conversation.webhook
        return Callback(webhook, self._touch) if webhook else None

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


class Phone:
    """A person's phone: writes to the app, and shows what it got."""

    __slots__ = ("_atext", "_text", "number", "received")

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


class Queue:
    """What waits to be sent from one sender, whenever it is read; there is one where ``throughput`` is realistic."""

    __slots__ = ("_backlog", "_home", "_mms", "_now", "_sender", "_touch")

    def __init__(
        self,
        backlog: Callable[[], Backlog],
        sender: str,
        home: str,
        *,
        mms: bool,
        now: Callable[[], datetime],
        touch: Callable[[], None],
    ) -> None:
        self._backlog = backlog
        self._sender = sender
        self._home = home
        self._mms = mms
        self._now = now
        self._touch = touch

    def __repr__(self) -> str:
        return f"<{self._name}: {messages(self.depth)}, empty at {self.drains_at:%Y-%m-%d %H:%M:%S} UTC>"

    @property
    def sender(self) -> str:
        """The sender: E.164, a short code, a name, or a channel address."""
        return self._sender

    @property
    def messages(self) -> Messages:
        """The messages that wait, in the order in which they came."""
        return Messages(lambda: list(self._backlog().waiting), self._touch, self._name)

    @property
    def expiring(self) -> Messages:
        """Those whose validity period will end before their turn comes."""
        return Messages(
            lambda: [message for message, place in list(self._backlog().waiting.items()) if place.turn is None],
            self._touch,
            f"part of the {self._name} that expires",
        )

    @property
    def depth(self) -> int:
        """How many messages wait."""
        return len(self._read().waiting)

    @property
    def segments(self) -> int:
        """How many segments they take; an MMS or a channel message counts as one."""
        return self._read().segments

    @property
    def drains_at(self) -> datetime:
        """When the last of them will have left the queue; the present moment where none waits."""
        return max(self._read().drained, self._now())

    @property
    def rate(self) -> int:
        """How many segments a second leave it for the sender's own country."""
        return rate_of(self._sender, self._home, mms=self._mms)

    @property
    def room(self) -> int:
        """How many more such segments it takes."""
        return max(self._read().room(self.rate, self._now()), 0)

    @property
    def is_full(self) -> bool:
        """Whether it takes none."""
        return self.room == 0

    def rate_to(self, recipient: str) -> int:
        """How many segments a second leave it for the country of a recipient."""
        address = normalize(recipient)
        if address is None:
            raise ValueError(f'rate_to() takes a phone number such as "+447911123456", not {recipient!r}.')
        return rate_of(self._sender, country_of(address), mms=self._mms)

    @property
    def _name(self) -> str:
        return f"{'MMS queue' if self._mms else 'queue'} of {self._sender}"

    def _read(self) -> Backlog:
        self._touch()
        return self._backlog()
