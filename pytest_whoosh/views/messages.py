"""The classes Message and Callback: a message and its webhooks, as a test reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import copy
from dataclasses import fields
from datetime import datetime
from decimal import Decimal
from types import MappingProxyType
from typing import Any, Final, NamedTuple, NoReturn, TypeVar

from pytest_whoosh.engine.limits import LONGEST_BODY
from pytest_whoosh.engine.messages.fields import FIELDS, SYNONYMS
from pytest_whoosh.engine.messages.record import Message as Record
from pytest_whoosh.engine.misuse import Suggesting, is_usage_error
from pytest_whoosh.engine.webhooks.callbacks import Webhook, WebhookError
from pytest_whoosh.wording.texts import describe, describe_webhook

__tracebackhide__ = is_usage_error

T = TypeVar("T")


class _Copied(NamedTuple):
    """A copy of a message: its fields as plain data, and the line that describes it."""

    fields: Mapping[str, Any]
    text: str


class Message(Suggesting):
    """A message. Its properties always show the current state.

    A copy, for example by ``copy.deepcopy``, ``pickle`` or a snapshot tool, keeps the state at the time of copying.
    """

    __slots__ = ("_catch_up", "_record")
    _SYNONYMS = MappingProxyType(
        {
            **SYNONYMS,
            "delivered": 'status == "delivered"',
            "is_delivered": 'status == "delivered"',
            "failed": 'status == "failed"',
            "is_sent": "date_sent",
            "cost": "price",
            "created": "date_created",
            "updated": "date_updated",
            "events": "history",
            "exception": "callbacks[-1].exception",
            "delete": "client.messages(message.sid).delete()",
            "fetch": "client.messages(message.sid).fetch(); a message is always current",
            "redact": 'client.messages(message.sid).update(body="")',
            "refresh": "the message itself, which is always current",
            "reload": "the message itself, which is always current",
            "settle": "whoosh.settle()",
            "update": "client.messages(message.sid).update(...)",
        }
    )

    _record: Record | _Copied
    _catch_up: Callable[[], None]

    def __init__(self, record: Record | _Copied, catch_up: Callable[[], None]) -> None:
        object.__setattr__(self, "_record", record)
        object.__setattr__(self, "_catch_up", catch_up)

    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(
            f"A message is read-only, so its {name} cannot be set. "
            "Script its outcome with whoosh.when(...), or change the message through the API."
        )

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Message):
            return NotImplemented
        if isinstance(self._record, Record) and isinstance(other._record, Record):
            return self._record is other._record
        return self._copied().fields == other._copied().fields

    def __hash__(self) -> int:
        record = self._record
        return hash(record.sid if isinstance(record, Record) else record.fields["sid"])

    def __repr__(self) -> str:
        return f"<Message {self._text()}>"

    def __reduce__(self) -> tuple[Callable[..., Message], tuple[object, ...]]:
        return _copy_of_message, (self._copied(),)

    def _text(self) -> str:
        self._catch_up()
        if isinstance(self._record, _Copied):
            return self._record.text
        return describe(self._record, longest=LONGEST_BODY)  # all of it: snapshot tools compare this text

    def _copied(self) -> _Copied:
        """Return all fields as plain data."""
        if isinstance(self._record, _Copied):
            return self._record
        text = self._text()
        fields = {name: field.read(self._record) for name, field in FIELDS.items()}
        return _Copied({**fields, "callbacks": list(map(_as_plain_data, fields["callbacks"]))}, text)

    def _read(self, field: str) -> T:  # type: ignore[type-var]  # each property declares the type of its field
        if isinstance(self._record, _Copied):
            return copy(self._record.fields[field])  # type: ignore[no-any-return]
        self._catch_up()
        return FIELDS[field].read(self._record)  # type: ignore[no-any-return]

    @property
    def sid(self) -> str:
        """The message's SID."""
        return self._read("sid")

    @property
    def to(self) -> str:
        """The recipient: a phone number in E.164, or a channel address."""
        return self._read("to")

    @property
    def from_(self) -> str | None:
        """The sender's address. None until the Messaging Service picks a sender."""
        return self._read("from_")

    @property
    def body(self) -> str:
        """The text, as the API returns it: empty after redaction."""
        return self._read("body")

    @property
    def status(self) -> str:
        """The current status, such as ``"queued"`` or ``"delivered"``."""
        return self._read("status")

    @property
    def direction(self) -> str:
        """``"outbound-api"``, ``"outbound-reply"`` if sent by TwiML, ``"outbound-call"`` or ``"inbound"``."""
        return self._read("direction")

    @property
    def error_code(self) -> int | None:
        """The error code of a message that failed or was not delivered."""
        return self._read("error_code")

    @property
    def error_message(self) -> str | None:
        """The title of the error code."""
        return self._read("error_message")

    @property
    def num_segments(self) -> int:
        """The number of segments. 0 until the Messaging Service picks a sender."""
        return self._read("num_segments")

    @property
    def segments(self) -> list[str]:
        """The text of each segment."""
        return self._read("segments")

    @property
    def encoding(self) -> str:
        """The encoding of the text: ``"GSM-7"`` or ``"UCS-2"``."""
        return self._read("encoding")

    @property
    def media_urls(self) -> list[str]:
        """The URLs of the media."""
        return self._read("media_urls")

    @property
    def num_media(self) -> int:
        """The number of media."""
        return self._read("num_media")

    @property
    def price(self) -> Decimal | None:
        """The price, negative as in the API. None until the message has its last status."""
        return self._read("price")

    @property
    def price_unit(self) -> str | None:
        """The currency of the price."""
        return self._read("price_unit")

    @property
    def date_created(self) -> datetime:
        """The moment at which the message was created."""
        return self._read("date_created")

    @property
    def date_sent(self) -> datetime | None:
        """The moment at which the message was sent. None before."""
        return self._read("date_sent")

    @property
    def date_updated(self) -> datetime:
        """The moment of the message's last change."""
        return self._read("date_updated")

    @property
    def send_at(self) -> datetime | None:
        """The moment for which the message is scheduled."""
        return self._read("send_at")

    @property
    def messaging_service_sid(self) -> str | None:
        """The SID of the Messaging Service that sends the message."""
        return self._read("messaging_service_sid")

    @property
    def account_sid(self) -> str:
        """The SID of the message's account."""
        return self._read("account_sid")

    @property
    def status_callback(self) -> str | None:
        """The URL that status callbacks go to."""
        return self._read("status_callback")

    @property
    def content_sid(self) -> str | None:
        """The SID of the content template."""
        return self._read("content_sid")

    @property
    def content_variables(self) -> str | None:
        """The variables of the content template, as posted."""
        return self._read("content_variables")

    @property
    def content(self) -> dict[str, object] | None:
        """The sent content of the template: its ``content_type`` and the fields of that type, filled in."""
        return self._read("content")

    @property
    def feedback(self) -> str | None:
        """``"unconfirmed"`` or ``"confirmed"``. None unless sent with ``ProvideFeedback``."""
        return self._read("feedback")

    @property
    def history(self) -> list[tuple[str, datetime]]:
        """Every status so far, each with the moment at which the message got it."""
        return self._read("history")

    @property
    def callbacks(self) -> list[Callback]:
        """The webhooks about the message, in order."""
        if isinstance(self._record, _Copied):
            plain: list[dict[str, Any]] = self._read("callbacks")
            return [Callback(Webhook(**each, message=None), _stay_as_it_is, self) for each in plain]
        webhooks: list[Webhook] = self._read("callbacks")
        return [Callback(webhook, self._catch_up) for webhook in webhooks]

    @property
    def request(self) -> dict[str, str | list[str]]:
        """The parameters as posted, even after redaction."""
        return self._read("request")

    @property
    def redacted(self) -> bool:
        """True if the text was redacted."""
        return self._read("redacted")

    @property
    def deleted(self) -> bool:
        """True if the message was deleted."""
        return self._read("deleted")

    @property
    def application_sid(self) -> str | None:
        """The SID of the application that status callbacks are sent to."""
        return self._read("application_sid")

    @property
    def validity_period(self) -> int:
        """The longest time that the message waits in its sender's queue, in seconds."""
        return self._read("validity_period")

    @property
    def max_price(self) -> Decimal | None:
        """The highest price that the app accepts, in US dollars."""
        return self._read("max_price")

    @property
    def provide_feedback(self) -> bool:
        """True if the app sent the message with ``ProvideFeedback``."""
        return self._read("provide_feedback")

    @property
    def attempt(self) -> int | None:
        """The parameter Attempt: the number of attempts that the app has made, including this message."""
        return self._read("attempt")

    @property
    def content_retention(self) -> str | None:
        """The parameter ContentRetention: ``"retain"`` or ``"discard"`` (the API does not keep the text)."""
        return self._read("content_retention")

    @property
    def address_retention(self) -> str | None:
        """The parameter AddressRetention: ``"retain"`` or ``"obfuscate"`` (the API drops the recipient's number)."""
        return self._read("address_retention")

    @property
    def smart_encoded(self) -> bool | None:
        """True if look-alike characters are replaced. None leaves this to the Messaging Service."""
        return self._read("smart_encoded")

    @property
    def persistent_action(self) -> list[str]:
        """The rich actions of a channel message, such as ``geo:37.78,-122.39|Office``."""
        return self._read("persistent_action")

    @property
    def shorten_urls(self) -> bool:
        """True if the app asked for short links."""
        return self._read("shorten_urls")

    @property
    def send_as_mms(self) -> bool:
        """True if the app asked for an MMS regardless of the content."""
        return self._read("send_as_mms")

    @property
    def schedule_type(self) -> str | None:
        """``"fixed"`` if the message is scheduled."""
        return self._read("schedule_type")

    @property
    def fallback_from(self) -> str | None:
        """The sender of the SMS that phones without RCS get."""
        return self._read("fallback_from")

    @property
    def risk_check(self) -> str | None:
        """The parameter RiskCheck: ``"enable"`` or ``"disable"`` (no check for SMS pumping)."""
        return self._read("risk_check")

    @property
    def traffic_type(self) -> str | None:
        """``"free"`` if the message is free to the recipient."""
        return self._read("traffic_type")

    @property
    def message_intent(self) -> str | None:
        """The purpose of the message, as posted."""
        return self._read("message_intent")

    @property
    def force_delivery(self) -> bool:
        """True if the reserved parameter ``ForceDelivery`` is true."""
        return self._read("force_delivery")

    @property
    def tags(self) -> dict[str, str] | None:
        """The tags of the message, by name."""
        return self._read("tags")


class Callback(Suggesting):
    """A webhook that the double sent to the app, and the app's response once it was delivered."""

    __slots__ = ("_catch_up", "_message", "_webhook")
    _SYNONYMS = MappingProxyType(
        {
            "status": 'params["MessageStatus"]',
            "message_status": 'params["MessageStatus"]',
            "MessageStatus": 'params["MessageStatus"]',
            "sms_status": 'params["MessageStatus"]',
            "form": "params",
            "data": "params",
            "payload": "params",
            "parameters": "params",
            "status_code": "response_status",
            "response": "response_status",
            "answer": "response_body",
            "response_code": "response_status",
            "status_text": "error",
            "code": "response_status",
            "json": "params",
            "request": "params",
            "text": "response_body",
            "date": "at",
        }
    )

    def __init__(self, webhook: Webhook, catch_up: Callable[[], None], message: Message | None = None) -> None:
        self._webhook = webhook
        self._catch_up = catch_up
        #: The message of a copy. The webhook of a copy has no reference to its message.
        self._message = message

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Callback):
            return NotImplemented
        if self._webhook is other._webhook:
            return True
        if self._is_copy or other._is_copy:
            return (_as_plain_data(self._webhook), self._sid) == (_as_plain_data(other._webhook), other._sid)
        return False

    def __hash__(self) -> int:
        return hash((self._webhook.url, self._webhook.at, self._sid))

    def __reduce__(self) -> tuple[Callable[..., Callback], tuple[object, ...]]:
        return _copy_of_callback, (_as_plain_data(self._webhook), self.message)

    @property
    def _is_copy(self) -> bool:
        return self._catch_up is _stay_as_it_is

    @property
    def _sid(self) -> str | None:
        message = self.message
        return message.sid if message else None

    def __repr__(self) -> str:
        return f"<Callback {describe_webhook(self._webhook)}>"

    @property
    def url(self) -> str:
        """The URL as configured, including a fragment with connection overrides."""
        return self._webhook.url

    @property
    def method(self) -> str:
        """``"POST"`` or ``"GET"``."""
        return self._webhook.method

    @property
    def params(self) -> dict[str, str]:
        """The parameters of the form or query string."""
        return dict(self._webhook.params)

    @property
    def body(self) -> str:
        """The body that is posted and signed: a form, or JSON."""
        return self._webhook.body

    @property
    def headers(self) -> dict[str, str]:
        """The headers, including the signature."""
        return dict(self._webhook.headers)

    @property
    def signature(self) -> str:
        """The ``X-Twilio-Signature``. The SDK's RequestValidator accepts it with the account's auth token."""
        return self._webhook.signature

    @property
    def message(self) -> Message | None:
        """The message that the webhook reports."""
        if self._message:
            return self._message
        return Message(self._webhook.message, self._catch_up) if self._webhook.message else None

    @property
    def at(self) -> datetime:
        """The moment at which the webhook was sent."""
        return self._webhook.at

    @property
    def attempts(self) -> int:
        """The number of delivery attempts: 0 if nothing is mounted at the URL."""
        return self._webhook.attempts

    @property
    def response_status(self) -> int | None:
        """The HTTP status of the app's last response. None if there was no response."""
        self._webhook.result_was_read = True
        return self._webhook.response_status

    @property
    def response_body(self) -> str | None:
        """The body of the app's last response."""
        return self._webhook.response_body

    @property
    def exception(self) -> BaseException | None:
        """The exception that the app's handler raised at the last attempt. None if there is none, and in copies."""
        self._webhook.result_was_read = True
        return self._webhook.exception

    @property
    def error(self) -> WebhookError | None:
        """The reason for a failure. It starts with the documented code, which is also its ``.code``."""
        self._webhook.result_was_read = True
        return self._webhook.error


# Copies


def _stay_as_it_is() -> None:
    """Do nothing: a copy does not follow the clock."""


#: The fields of a webhook that a copy keeps. It keeps neither the engine's record of the message, nor the app's
#: exception: exceptions may refuse to be copied, and ``error`` describes them.
_COPIED_FIELDS: Final = tuple(part.name for part in fields(Webhook) if part.name not in ("message", "exception"))


def _as_plain_data(webhook: Webhook) -> dict[str, Any]:
    return {name: copy(getattr(webhook, name)) for name in _COPIED_FIELDS}


def _copy_of_message(copied: _Copied) -> Message:
    return Message(copied, _stay_as_it_is)


def _copy_of_callback(webhook: dict[str, Any], message: Message | None) -> Callback:
    return Callback(Webhook(**webhook, message=None), _stay_as_it_is, message)
