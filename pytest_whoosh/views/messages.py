"""A message and its webhooks, as a test reads them."""

from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any, NoReturn

from pytest_whoosh.engine.messages.matching import FIELDS
from pytest_whoosh.engine.messages.record import Message as Record
from pytest_whoosh.engine.misuse import is_usage_error
from pytest_whoosh.engine.webhooks.callbacks import Webhook, WebhookError
from pytest_whoosh.wording.texts import describe, describe_webhook

__tracebackhide__ = is_usage_error


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
