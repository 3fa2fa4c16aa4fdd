"""Webhooks: their requests, signatures, retries and results."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple, Self
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from pytest_whoosh.engine.errors import title_of
from pytest_whoosh.engine.hosts import HOME_REGION
from pytest_whoosh.engine.http import Request

if TYPE_CHECKING:
    from pytest_whoosh.engine.messages.record import Message

API_VERSION: Final = "2010-04-01"

#: The headers of every webhook, except its signature and idempotency token.
HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Type": "application/x-www-form-urlencoded",
        "User-Agent": "TwilioProxy/1.1",
        "Accept": "*/*",
        "X-Home-Region": HOME_REGION,
    }
)

#: The headers of a status callback, which name the charset.
STATUS_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {**HEADERS, "Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}
)

#: The most redirects of a webhook that the vendor follows.
REDIRECTS: Final = 5


class WebhookError(str):
    """The reason why a webhook failed, as a sentence. ``code`` is the documented error code."""

    code: int
    detail: str

    def __new__(cls, code: int, detail: str) -> Self:
        """Build the text from the code, its title, and a detail."""
        error = super().__new__(cls, f"{code} {title_of(code)}: {detail}")
        error.code = code
        error.detail = detail
        return error

    def __getnewargs__(self) -> tuple[int, str]:  # type: ignore[override]  # unlike str, it has two arguments
        return self.code, self.detail


@dataclass(slots=True, eq=False, kw_only=True, repr=False)
class Webhook:
    """One request to the app, and the app's response once it was delivered."""

    url: str
    method: str
    params: dict[str, str]
    headers: dict[str, str]
    signature: str
    message: Message | None
    at: datetime
    response_status: int | None = None
    response_body: str | None = None
    response_type: str | None = None
    response_cookies: list[str] = field(default_factory=list)
    error: WebhookError | None = None
    #: The exception that the handler raised at the last attempt, even if its framework turned it into a 500.
    exception: BaseException | None = None
    #: True once the test has read how the delivery ended.
    result_was_read: bool = False
    #: The tasks that the handler started and that did not finish soon after the response, each with its line of code.
    unfinished: tuple[str, ...] = ()
    attempts: int = 0
    #: True from the moment at which the app is called. It is then never called again after an interrupt.
    was_called: bool = False
    #: The reason why the webhook was not delivered, if that is not the app's error.
    note: str | None = None
    dropped: bool = False
    is_json: bool = False

    def __repr__(self) -> str:
        return f"<webhook {self.params.get('MessageStatus', self.method)} to {self.url}>"

    def copy(self) -> Webhook:
        """Return a copy of the webhook, as a network delivers it a second time."""
        return replace(self, response_cookies=[], was_called=False)

    @property
    def succeeded(self) -> bool:
        """True if the app answered the last attempt with 2xx or 3xx, and its handler raised nothing."""
        return self.response_status is not None and 200 <= self.response_status < 400 and self.exception is None

    def request(self) -> Request:
        """Return the HTTP request for the webhook."""
        return Request(self.method, self.signed_url, self.headers, self.body)

    @property
    def signed_url(self) -> str:
        """The URL that is requested and signed."""
        url = without_fragment(self.url)
        return with_query(url, self.params) if self.method == "GET" else url

    @property
    def body(self) -> str:
        """The posted body: a form or JSON."""
        if self.method == "GET":
            return ""
        return json.dumps(self.params) if self.is_json else urlencode(self.params)


class RetryPolicy(NamedTuple):
    """A webhook's retries and timeouts, which its URL can override with a fragment such as ``#rc=2&rp=5xx``.

    ``connect``, ``read`` and ``total`` are timeouts in seconds. ``total`` spans all attempts. ``waited`` is
    the number of real seconds that the earlier requests of the webhook took.
    See https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides
    """

    retries: int = 1
    policies: frozenset[str] = frozenset({"ct"})
    connect: float = 5.0
    read: float = 15.0
    total: float = 15.0
    problem: str | None = None
    waited: float = 0.0

    def retries_after(self, failure: str) -> bool:
        """True if a failure (``ct``, ``rt``, ``4xx`` or ``5xx``) causes a retry."""
        return "all" in self.policies or failure in self.policies


#: Each override: the field that it sets, its minimum and maximum, and the factor from its unit to the field's.
_OVERRIDES: Final[Mapping[str, tuple[str, int, int, float]]] = MappingProxyType(
    {
        "rc": ("retries", 0, 5, 1),
        "ct": ("connect", 100, 10_000, 0.001),
        "rt": ("read", 100, 15_000, 0.001),
        "tt": ("total", 100, 15_000, 0.001),
    }
)
_POLICIES: Final = frozenset({"4xx", "5xx", "ct", "rt", "all"})


def retry_policy_of(url: str) -> RetryPolicy:
    """Read the connection overrides in a URL's fragment. An invalid value leaves the default."""
    values: dict[str, object] = {}
    for name, text in parse_qsl(urlsplit(url).fragment, keep_blank_values=True):
        if name == "rp":
            policies = frozenset(text.split(","))
            if policies <= _POLICIES:
                values["policies"] = policies
            else:
                values["problem"] = f"retry policy {text!r} is not one of {', '.join(sorted(_POLICIES))}"
        elif name in _OVERRIDES:
            field, least, greatest, unit = _OVERRIDES[name]
            if text.isdecimal() and least <= int(text) <= greatest:
                values[field] = int(text) if unit == 1 else int(text) * unit
    return RetryPolicy(**values)  # type: ignore[arg-type]  # each value has its field's type


def without_fragment(url: str) -> str:
    """Return a URL as it is requested and signed: without its fragment and without ``user:password@``."""
    scheme, netloc, path, query, _ = urlsplit(url)
    return urlunsplit((scheme, netloc.rpartition("@")[2], path, query, ""))


def with_query(url: str, params: Mapping[str, str]) -> str:
    """Add parameters to a URL's query string, escaped only as much as web frameworks escape their URLs."""
    joint = "&" if urlsplit(url).query else "?"
    return url + joint + urlencode(params, safe="/:") if params else url


def signature(auth_token: str, url: str, params: Mapping[str, str | Sequence[str]] = MappingProxyType({})) -> str:
    """Sign a webhook: HMAC-SHA1 over the URL and the sorted form parameters, in Base64.

    If a name is repeated in the form, each of its distinct values is signed once, in sorted order.
    See https://www.twilio.com/docs/usage/security#validating-requests
    """
    text = without_fragment(url)
    for name in sorted(params):
        value = params[name]
        text += name + value if isinstance(value, str) else "".join(name + each for each in sorted(set(value)))
    return b64encode(hmac.new(auth_token.encode(), text.encode("utf-8", "replace"), hashlib.sha1).digest()).decode()


def signed_webhook(
    url: str,
    params: dict[str, str],
    *,
    auth_token: str,
    at: datetime,
    message: Message | None = None,
    method: str = "POST",
    token: str,
    headers: Mapping[str, str] = HEADERS,
) -> Webhook:
    """Return a signed webhook. ``token`` identifies it: all its attempts carry the same one."""
    signed = (
        signature(auth_token, with_query(without_fragment(url), params))
        if method == "GET"
        else signature(auth_token, url, params)
    )
    own = {**headers, "I-Twilio-Idempotency-Token": token, "X-Twilio-Signature": signed}
    return Webhook(url=url, method=method, params=params, headers=own, signature=signed, message=message, at=at)


def signed_json_webhook(
    url: str, document: dict[str, str], *, auth_token: str, at: datetime, message: Message | None, token: str
) -> Webhook:
    """Return a signed webhook that posts JSON. The URL has a hash of the body, and the signature covers the URL."""
    address, hash_sign, fragment = url.partition("#")
    digest = hashlib.sha256(json.dumps(document).encode()).hexdigest()
    made = signed_webhook(
        with_query(address, {"bodySHA256": digest}) + hash_sign + fragment,
        {},
        auth_token=auth_token,
        at=at,
        message=message,
        token=token,
    )
    made.params, made.is_json = document, True
    made.headers["Content-Type"] = "application/json"
    return made
