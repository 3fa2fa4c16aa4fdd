"""HTTP requests and responses, independent of the library that carries them."""

import json
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias
from urllib.parse import unquote

from .caching import LONGEST, cached, split

#: The parameters of a form or query string. A repeated name keeps every value, in order.
Form: TypeAlias = dict[str, list[str]]


class Request:
    """A received HTTP request: ``method``, ``url``, ``headers`` (names in any case) and ``body``.

    ``origin`` is the origin for absolute URLs in the response, if it differs from the origin of ``url``.
    """

    __slots__ = ("body", "headers", "host", "method", "path", "query_string", "scheme", "server", "url")

    def __init__(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        body: bytes | str | None = None,
        *,
        origin: str | None = None,
    ) -> None:
        self.method, self.url, self.scheme, self.host, self.path, self.query_string = (
            _target(method, url) if len(url) <= LONGEST else _target.__wrapped__(method, url)
        )
        self.headers = headers
        self.body = body or b""
        #: The origin of the local server that received the request; None for a call from this process.
        self.server = origin

    def header(self, name: str) -> str | None:
        """Return the value of a header, whatever the case of its name; None if it is missing."""
        value: Any = self.headers.get(name)
        if value is None:
            lowered = name.lower()
            for key, text in self.headers.items():
                if key.lower() == lowered:
                    value = text
                    break
        # Some apps pass header values as bytes.
        return value.decode("latin-1") if isinstance(value, bytes) else value

    @property
    def port(self) -> int | None:
        """The port in the URL; None if it has none."""
        return split(self.url).port

    @property
    def origin(self) -> str:
        """The origin of the URL, such as ``https://messaging.twilio.com``."""
        if self.server is not None:
            return self.server
        return f"{self.scheme}://{split(self.url).netloc.rpartition('@')[2]}"

    @property
    def text(self) -> str:
        """The body as text. Bytes that are not UTF-8 become the replacement character."""
        body = self.body
        if isinstance(body, bytes):
            return body.decode("utf-8", "replace")
        return body if body.isascii() else replace_surrogates(body)

    @property
    def form(self) -> Form:
        """The body's form-encoded parameters."""
        return parse_form(self.text)

    @property
    def query(self) -> Form:
        """The query string's parameters."""
        return parse_form(self.query_string)


# A frozen one takes several times as long to create, which shows in a send.
@dataclass(slots=True, eq=False)
class Response:
    """The response to a request."""

    status: int
    headers: Mapping[str, str]
    body: str | bytes = ""

    def json(self) -> object:
        """Return the body, parsed as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """Return the value of a header, whatever the case of its name; None if it is missing."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)


#: Takes a function to call later.
Defer: TypeAlias = Callable[[Callable[[], None]], object]


class RequestHandler(Protocol):
    """The function behind every HTTP library. It takes a request and returns a response.

    A transport passes ``later`` if its callers can make other calls before they have this response. ``later`` receives
    a function, and calls it once the caller has the response.
    """

    def __call__(self, request: Request, *, later: Defer | None = None) -> Response:
        """Answer a request."""

    def may_be_mocked(self, request: Request) -> bool:
        """True if the user's own mock answers a request instead, provided that it has an answer."""


class NetworkFault(Exception):
    """A network fault. Each transport raises it as its own library's exception.

    ``kind`` is ``"timeout"`` or ``"disconnect"`` if a test scripted it, or ``"refused"``, with a text that says why.
    ``connecting`` is True if it happens before the connection is established.
    """

    def __init__(self, kind: str, *, connecting: bool = False, text: str | None = None) -> None:
        super().__init__(text or f"scripted {kind}")
        self.kind = kind
        self.connecting = connecting


def joined_headers(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Return headers by lower-case name. The values of a repeated header are joined, one per line."""
    values: dict[str, str] = {}
    for name, value in headers:
        key = name.lower()
        values[key] = f"{values[key]}\n{value}" if key in values else value
    return values


def parse_form(text: str) -> Form:
    """Read ``a=1&a=2&b=`` as ``{"a": ["1", "2"], "b": [""]}``."""
    form: Form = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            form.setdefault(_decode(name), []).append(_decode(value))
    return form


def without_version(path: str) -> str:
    """Return a path without the version that it starts with, such as ``/v1``."""
    return re.sub(r"^/v\d+(?=/)", "", path)


def read_json(text: str) -> Any:
    """Parse JSON that can be serialised again: without NaN, infinite numbers, and lone surrogates.

    Raises:
        ValueError: the text is not such JSON.
    """
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def replace_surrogates(text: str) -> str:
    """Return a text that UTF-8 can encode: lone surrogates become the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@lru_cache(maxsize=512)
def _target(method: str, url: str) -> tuple[str, str, str, str, str, str]:
    # Apps call few URLs, often. Parsing each URL once also leaves the journal with one copy of it.
    if not url.isascii():
        url = replace_surrogates(url)
    parts = split(url)
    return method.upper(), url, parts.scheme, parts.hostname or "", parts.path, parts.query


@cached(512)
def _decode(text: str) -> str:
    # Names and phone numbers repeat, and decoding them takes a good part of a send.
    return unquote(text.replace("+", " "), errors="replace")
