"""The records of messages, media files and short links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_whoosh.engine.addresses import channel_of, mask_address
from pytest_whoosh.engine.collection import Collection
from pytest_whoosh.engine.errors import title_of
from pytest_whoosh.engine.limits import LONGEST_VALIDITY

from .lifecycle import TRANSITIONS, Journey, Status

if TYPE_CHECKING:
    from pytest_whoosh.engine.account.account import Account
    from pytest_whoosh.engine.account.resources import ContentTemplate, LinkDomain, MessagingService
    from pytest_whoosh.engine.rules.webhooks import WebhookScript
    from pytest_whoosh.engine.webhooks.callbacks import Webhook

    from .media import File

#: The directions of messages. An app sends the outbound ones through the API, by TwiML, or during a call.
INBOUND, OUTBOUND_API, OUTBOUND_REPLY, OUTBOUND_CALL = "inbound", "outbound-api", "outbound-reply", "outbound-call"


class StatusChange(NamedTuple):
    """A status of a message, and the moment when the message got it."""

    status: Status
    at: datetime


_NO_MEDIA: Final[Collection[Media]] = Collection()


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class Message:
    """An inbound or outbound message, as the account stores it."""

    sid: str
    serial: int
    account: Account
    to: str
    from_: str | None
    body: str
    direction: str
    status: Status
    date_created: datetime
    date_updated: datetime
    date_sent: datetime | None = None
    send_at: datetime | None = None
    service: MessagingService | None = None
    media_urls: tuple[str, ...] = ()
    num_segments: int = 0
    error_code: int | None = None
    #: The amount that the account was charged when the message was sent. The API shows it as ``price``, but later.
    charged: Decimal | None = None
    price: Decimal | None = None
    status_callback: str | None = None
    content_sid: str | None = None
    content_variables: str | None = None
    template: ContentTemplate | None = None
    #: The fields of the sent content type of the template, with variables filled in.
    content: dict[str, object] | None = None
    validity_period: int = LONGEST_VALIDITY
    max_price: Decimal | None = None
    as_mms: bool = False
    #: True if a Messaging Service converted this MMS to an SMS with links.
    converted: bool = False
    feedback: str | None = None
    #: The media files. All messages without media share one collection, because most have none.
    media: Collection[Media] = _NO_MEDIA
    shortens_urls: bool = False
    #: The short links that replaced URLs in the text when the message was sent.
    links: Sequence[Link] = ()
    #: True if the vendor deletes the text and media once the message is finished.
    discards_content: bool = False
    #: True if the vendor hides the recipient's number once the message is finished; ``obfuscated`` once it is hidden.
    obfuscates_address: bool = False
    obfuscated: bool = False
    #: The text that was sent, kept for the test after the API deleted it. None before.
    original_body: str | None = None
    deleted: bool = False
    journey: Journey
    script: WebhookScript | None = None
    webhooks: tuple[Webhook, ...] = ()
    #: The parameters as posted: their names, and their values. A repeated parameter has a tuple of values.
    posted_names: tuple[str, ...] = ()
    posted_values: tuple[str | tuple[str, ...], ...] = ()
    #: The reason why an inbound message caused no webhook.
    no_webhook: str | None = None
    #: The ID of the earlier test that started the thread that sent the message. None if there is no such test.
    left_over_from: str | None = None
    #: The message that the app answered with this one, and the number of messages before this one in the chain.
    in_reply_to: Message | None = None
    chain_position: int = 0
    #: All statuses so far, and the moment of each. Most messages have the same statuses, so they share the tuples.
    _statuses: tuple[Status, ...] = field(init=False)
    _moments: tuple[datetime, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._statuses = _extended((), self.status)
        self._moments = (self.date_created,)

    def __repr__(self) -> str:
        return f"<message {self.sid} {self.status}>"

    def move_to(self, status: Status, at: datetime, error_code: int | None = None) -> None:
        """Change the status; nothing else writes it. Raises if the lifecycle has no such transition."""
        if status not in TRANSITIONS[self.status]:
            raise RuntimeError(f"{self.sid} cannot move from {self.status} to {status}")
        self.status = status
        self.error_code = error_code
        self.date_updated = at
        self._statuses = _extended(self._statuses, status)
        self._moments += (at,)

    @property
    def history(self) -> list[StatusChange]:
        """All statuses so far, each with the moment of the change."""
        return list(map(StatusChange, self._statuses, self._moments))

    @property
    def request(self) -> dict[str, str | list[str]]:
        """The parameters as posted. A repeated parameter has a list of its values."""
        values = (value if isinstance(value, str) else list(value) for value in self.posted_values)
        return dict(zip(self.posted_names, values, strict=True))

    def posted(self, name: str) -> str | tuple[str, ...] | None:
        """Return a parameter as posted: a tuple of values if it was repeated, None if it was not posted."""
        return self.posted_values[self.posted_names.index(name)] if name in self.posted_names else None

    @property
    def error_message(self) -> str | None:
        """The text for the error code: the code's title, unless a test scripted another text."""
        if self.error_code is None:
            return None
        journey = self.journey
        if journey.error_text is not None and journey.error_code == self.error_code:
            return journey.error_text
        return title_of(self.error_code)

    @property
    def listed_at(self) -> datetime:
        """The moment that lists sort the message by."""
        return self.date_sent or self.date_created

    @property
    def is_outbound(self) -> bool:
        """True if the account sends the message to a person."""
        return self.direction != INBOUND

    @property
    def sent_body(self) -> str:
        """The text that was sent, even after it was redacted."""
        return self.body if self.original_body is None else self.original_body

    @property
    def shown_to(self) -> str:
        """The recipient as the API shows it: without its last four digits if the app asked for that."""
        return mask_address(self.to) if self.obfuscated else self.to

    @property
    def is_mms(self) -> bool:
        """True if the message is an MMS, which has no segments."""
        return (bool(self.media_urls) or self.as_mms) and not self.converted

    @property
    def channel(self) -> str | None:
        """The channel that carries the message, such as ``"whatsapp"``; None for SMS and MMS."""
        return channel_of(self.to) or channel_of(self.from_ or "")


@lru_cache(maxsize=256)
def _extended(statuses: tuple[Status, ...], status: Status) -> tuple[Status, ...]:
    return (*statuses, status)


@dataclass(slots=True, eq=False, kw_only=True)
class Media:
    """A media file of a message."""

    sid: str
    account_sid: str
    parent_sid: str
    date_created: datetime
    date_updated: datetime
    file: File


@dataclass(slots=True, eq=False, kw_only=True)
class Link:
    """A short link: one URL in one message."""

    #: The link as written in the message: without ``https://`` if the domain omits it.
    text: str
    target: str
    message: Message
    domain: LinkDomain
    #: The moment of its creation, on the clock for spans.
    since: datetime
