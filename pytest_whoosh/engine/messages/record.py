"""The records of messages, with their media and links."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final, NamedTuple

from pytest_whoosh.engine.addresses import channel_of, mask
from pytest_whoosh.engine.collection import Collection
from pytest_whoosh.engine.errors import title_of
from pytest_whoosh.engine.limits import LONGEST_VALIDITY

from .lifecycle import TRANSITIONS, Outcome, Status

if TYPE_CHECKING:
    from pytest_whoosh.engine.account.resources import ContentTemplate, LinkDomain, MessagingService
    from pytest_whoosh.engine.rules.webhooks import WebhookScript
    from pytest_whoosh.engine.webhooks.callbacks import Webhook

    from .media import File


class StatusChange(NamedTuple):
    """One status of a message, and when it took it on."""

    status: Status
    at: datetime


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class Message:
    """A message, inbound or outbound, as the account holds it."""

    sid: str
    serial: int
    account_sid: str
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
    #: What the account was charged when the message was sent; and what the API shows of it, which comes later.
    charged: Decimal | None = None
    price: Decimal | None = None
    status_callback: str | None = None
    content_sid: str | None = None
    content_variables: str | None = None
    template: ContentTemplate | None = None
    #: The fields of the template's content type that is sent, filled in.
    content: dict[str, object] | None = None
    validity_period: int = LONGEST_VALIDITY
    max_price: Decimal | None = None
    as_mms: bool = False
    #: Whether a Messaging Service made an SMS with links of what was to be an MMS.
    converted: bool = False
    feedback: str | None = None
    #: The media files; one that is for all messages without any, since most have none.
    media: Collection[Media] = field(default_factory=lambda: _NO_MEDIA)
    shortens_urls: bool = False
    #: The links that stand for URLs in the text, once it was sent.
    links: Sequence[Link] = ()
    #: Whether the text and media are forgotten once there is nothing left to send.
    discards_content: bool = False
    #: Whether the recipient's number is hidden once there is nothing left to send; and whether it is by now.
    obfuscates_address: bool = False
    obfuscated: bool = False
    #: The text that went out, once the API has been told to forget it.
    forgotten: str | None = None
    deleted: bool = False
    outcome: Outcome
    script: WebhookScript | None = None
    webhooks: tuple[Webhook, ...] = ()
    #: The parameters as posted: their names, and the value of each, or all values of one that came several times.
    posted_names: tuple[str, ...] = ()
    posted_values: tuple[str | tuple[str, ...], ...] = ()
    #: Why an inbound message caused no webhook.
    no_webhook: str | None = None
    #: The message that the app answered with this one, and how many messages back the first of that chain is.
    answers: Message | None = None
    link: int = 0
    #: Every status it has had, and the moment of each. Nearly all messages have the same ones, so they share them.
    _statuses: tuple[Status, ...] = field(init=False)
    _moments: tuple[datetime, ...] = field(init=False)

    def __post_init__(self) -> None:
        self._statuses = _extended((), self.status)
        self._moments = (self.date_created,)

    def __repr__(self) -> str:
        return f"<message {self.sid} {self.status}>"

    def move_to(self, status: Status, at: datetime, error_code: int | None = None) -> None:
        """Take on another status: the one writer of it. Refuses a move that the lifecycle does not know."""
        if status not in TRANSITIONS[self.status]:
            raise RuntimeError(f"{self.sid} cannot move from {self.status} to {status}")
        self.status = status
        self.error_code = error_code
        self.date_updated = at
        self._statuses = _extended(self._statuses, status)
        self._moments += (at,)

    @property
    def history(self) -> list[StatusChange]:
        """Every status it has had, and when."""
        return list(map(StatusChange, self._statuses, self._moments))

    @property
    def request(self) -> dict[str, str | list[str]]:
        """The parameters as posted; a list of the values of one that came several times."""
        values = (value if isinstance(value, str) else list(value) for value in self.posted_values)
        return dict(zip(self.posted_names, values, strict=True))

    def posted(self, name: str) -> str | tuple[str, ...] | None:
        """Return a parameter as it was posted; all values of one that came several times; None if it was not."""
        return self.posted_values[self.posted_names.index(name)] if name in self.posted_names else None

    @property
    def error_message(self) -> str | None:
        """The text of the error code: the code's title unless a test scripted another."""
        if self.error_code is None:
            return None
        outcome = self.outcome
        if outcome.error_text is not None and outcome.error_code == self.error_code:
            return outcome.error_text
        return title_of(self.error_code)

    @property
    def listed_at(self) -> datetime:
        """The moment by which lists sort it."""
        return self.date_sent or self.date_created

    @property
    def is_outbound(self) -> bool:
        """True if the message goes from the account to a person."""
        return self.direction != "inbound"

    @property
    def sent_body(self) -> str:
        """The text that went out, also after it was redacted."""
        return self.body if self.forgotten is None else self.forgotten

    @property
    def shown_to(self) -> str:
        """The recipient as the API shows it: with its last four digits hidden where the app asked for that."""
        return mask(self.to) if self.obfuscated else self.to

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


_NO_MEDIA: Final[Collection[Media]] = Collection()


@dataclass(slots=True, eq=False, kw_only=True)
class Link:
    """A short link: one URL in one message."""

    #: As it stands in the message: without ``https://`` where the domain leaves that out.
    text: str
    target: str
    message: Message
    domain: LinkDomain
    #: When it was made, on the clock for spans.
    since: datetime
