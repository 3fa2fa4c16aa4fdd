"""Webhook requests: what they say, how they are signed, and what became of each."""

from __future__ import annotations

import hashlib
import hmac
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import parse_qsl, quote_plus, urlencode, urlsplit, urlunsplit

from .addresses import channel_of, mask
from .errors import title_of
from .http import Request
from .lifecycle import Status

if TYPE_CHECKING:
    from .records import Message

API_VERSION: Final = "2010-04-01"

#: The headers of every webhook, besides its signature and idempotency token.
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8",
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "Accept-Encoding": "gzip",
        "X-Home-Region": "us1",
    }
)

#: The hops that a redirected webhook is followed for.
REDIRECTS: Final = 5


class WebhookError(str):
    """Why a webhook failed: reads as a sentence, and has the documented ``code``."""

    code: int

    def __new__(cls, code: int, detail: str) -> Self:
        """Word an error: its code, its title, and what happened."""
        error = super().__new__(cls, f"{code} {title_of(code)}: {detail}")
        error.code = code
        return error


@dataclass(slots=True, eq=False, kw_only=True)
class Webhook:
    """One request to the app, and the app's answer once it was delivered."""

    url: str
    method: str
    params: dict[str, str]
    headers: dict[str, str]
    signature: str
    message: Message | None
    at: datetime
    response_status: int | None = None
    response_body: str | None = None
    error: WebhookError | None = None
    attempts: int = 0
    dropped: bool = False

    def again(self) -> Webhook:
        """The same webhook once more, as a network that repeats it delivers it."""
        return replace(self)

    def request(self) -> Request:
        """The request as it goes over the wire: the fragment stays behind."""
        url = without_fragment(self.url)
        if self.method == "GET":
            return Request("GET", with_query(url, self.params), self.headers)
        return Request("POST", url, self.headers, urlencode(self.params))


@dataclass(frozen=True, slots=True)
class Attempts:
    """How often, and after what, a webhook is tried again: the ``#rc=2&rp=5xx`` of its URL.

    ``connect``, ``read`` and ``total`` are timeouts in seconds; ``total`` spans every attempt.
    See https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
    """

    retries: int = 1
    policies: frozenset[str] = frozenset({"ct"})
    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    problem: str | None = None

    def again(self, failure: str) -> bool:
        """Whether a failure of this sort (``ct``, ``rt``, ``4xx`` or ``5xx``) is tried again."""
        return "all" in self.policies or failure in self.policies


#: Each override: the field it sets, its least and greatest value, and what its unit is of the field's.
_OVERRIDES: Final[Mapping[str, tuple[str, int, int, float]]] = MappingProxyType(
    {
        "rc": ("retries", 0, 5, 1),
        "ct": ("connect", 100, 10_000, 0.001),
        "rt": ("read", 100, 15_000, 0.001),
        "tt": ("total", 100, 15_000, 0.001),
    }
)
_POLICIES: Final = frozenset({"4xx", "5xx", "ct", "rt", "all"})


def attempts_for(url: str) -> Attempts:
    """Read the connection overrides in a URL's fragment; a value that will not do leaves the default."""
    values: dict[str, object] = {}
    for name, text in parse_qsl(urlsplit(url).fragment, keep_blank_values=True):
        if name == "rp":
            policies = frozenset(text.split(","))
            if policies <= _POLICIES:
                values["policies"] = policies
            else:
                values["problem"] = f"retry policy {text!r} is none of {', '.join(sorted(_POLICIES))}"
        elif name in _OVERRIDES:
            field, least, greatest, unit = _OVERRIDES[name]
            if text.isdecimal() and least <= int(text) <= greatest:
                values[field] = int(text) if unit == 1 else int(text) * unit
    return Attempts(**values)  # type: ignore[arg-type]  # each value was read for its field


def without_fragment(url: str) -> str:
    """A URL as it is requested and signed: without its fragment and without ``user:password@``."""
    scheme, netloc, path, query, _ = urlsplit(url)
    return urlunsplit((scheme, netloc.rpartition("@")[2], path, query, ""))


def with_query(url: str, params: Mapping[str, str]) -> str:
    """A URL with parameters added to its query string."""
    joint = "&" if urlsplit(url).query else "?"
    return url + joint + urlencode(params, quote_via=quote_plus) if params else url


def signature(auth_token: str, url: str, params: Mapping[str, str] = MappingProxyType({})) -> str:
    """Sign a webhook: HMAC-SHA1 over the URL and the sorted form parameters, in Base64.

    See https://www.twilio.com/docs/usage/security#validating-requests
    """
    text = without_fragment(url) + "".join(name + params[name] for name in sorted(params))
    return b64encode(hmac.new(auth_token.encode(), text.encode("utf-8", "replace"), hashlib.sha1).digest()).decode()


def webhook(
    url: str,
    params: dict[str, str],
    *,
    auth_token: str,
    at: datetime,
    message: Message | None = None,
    method: str = "POST",
    token: str,
) -> Webhook:
    """A signed webhook; ``token`` tells this one, with all its attempts, from every other."""
    signed = (
        signature(auth_token, with_query(without_fragment(url), params))
        if method == "GET"
        else signature(auth_token, url, params)
    )
    headers = {**HEADERS, "I-Twilio-Idempotency-Token": token, "X-Twilio-Signature": signed}
    return Webhook(url=url, method=method, params=params, headers=headers, signature=signed, message=message, at=at)


def status_params(message: Message, status: Status, at: datetime) -> dict[str, str]:
    """The form of a status callback.

    See "Whoosh's request to the StatusCallback URL" of the vendor's page on creating messages, and
    https://www.twilio.com/docs/messaging/guides/track-outbound-message-status
    """
    params: dict[str, str] = {}
    if message.error_code is not None:
        params["ErrorCode"] = str(message.error_code)
    params |= {
        "SmsSid": message.sid,
        "SmsStatus": status.value,
        "MessageStatus": status.value,
        "To": message.to,
        "MessageSid": message.sid,
        "AccountSid": message.account_sid,
        "From": message.from_ or "",
        "ApiVersion": API_VERSION,
    }
    if message.service:
        params["MessagingServiceSid"] = message.service.sid
    channel = channel_of(message.to)
    if channel:
        params |= _channel_params(channel, message, status)
    elif status in (Status.DELIVERED, Status.UNDELIVERED):
        params["RawDlrDoneDate"] = f"{at:%y%m%d%H%M}"
    return params


def _channel_params(channel: str, message: Message, status: Status) -> dict[str, str]:
    _, _, address = message.to.partition(":")
    sender = hashlib.sha256(str(message.from_).encode()).hexdigest()[:32]
    params = {
        "ChannelPrefix": channel,
        "ChannelInstallSid": f"XE{sender}",
        "ChannelToAddress": mask(address),
    }
    if status in (Status.DELIVERED, Status.READ):
        params["EventType"] = status.name
    elif status is Status.SENT:
        params["StructuredMessage"] = "true" if message.content_sid else "false"
    elif message.error_code is not None:
        params["ChannelStatusMessage"] = title_of(message.error_code)
    return params
