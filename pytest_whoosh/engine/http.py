"""One HTTP exchange as values, whichever library carried it."""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Protocol, TypeAlias
from urllib.parse import unquote

from .caching import LONGEST, cached, split

#: The parameters of a form or query string; a repeated name keeps every value, in order.
Form: TypeAlias = dict[str, list[str]]


class Request:
    """One request as it arrived: ``method``, ``url``, ``headers`` (names in any case) and ``body``.

    ``origin`` is what absolute URLs in its answer begin with, where that is not where the URL leads.
    """

    __slots__ = ("_origin", "body", "headers", "host", "method", "path", "query_string", "scheme", "url")

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
        self._origin = origin

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name; None where it is absent."""
        value: Any = self.headers.get(name)
        if value is None:
            wanted = name.lower()
            value = next((text for key, text in self.headers.items() if key.lower() == wanted), None)
        # An app may have given its library bytes.
        return value.decode("latin-1") if isinstance(value, bytes) else value

    @property
    def port(self) -> int | None:
        """The port that the URL names."""
        return split(self.url).port

    @property
    def origin(self) -> str:
        """The origin of the URL, such as ``https://messaging.twilio.com``."""
        if self._origin is not None:
            return self._origin
        return f"{self.scheme}://{split(self.url).netloc.rpartition('@')[2]}"

    @property
    def server(self) -> str | None:
        """The origin of the local server that received the request; None for a call from this process."""
        return self._origin

    @property
    def text(self) -> str:
        """The body as text; what is not UTF-8 becomes the replacement character."""
        body = self.body
        if isinstance(body, bytes):
            return body.decode("utf-8", "replace")
        return body if body.isascii() else well_formed(body)

    @property
    def form(self) -> Form:
        """The body's form-encoded parameters."""
        return parse_form(self.text)

    @property
    def query(self) -> Form:
        """The query string's parameters."""
        return parse_form(self.query_string)


@dataclass(frozen=True, slots=True)
class Response:
    """The answer to a request."""

    status: int
    headers: Mapping[str, str]
    body: str | bytes = ""

    def json(self) -> object:
        """The body, read as JSON."""
        return json.loads(self.body)

    def header(self, name: str) -> str | None:
        """The value of a header, whatever the case of its name; None where it is absent."""
        return next((value for key, value in self.headers.items() if key.lower() == name), None)


#: Takes what is to be done later.
Later: TypeAlias = Callable[[Callable[[], None]], object]


class Answer(Protocol):
    """The function behind every HTTP library: it takes a request and returns a response.

    A transport whose callers may make other calls before they have the answer to this one passes ``later``: it is
    given what to do once the caller has it.
    """

    def __call__(self, request: Request, *, later: Later | None = None) -> Response:
        """Answer a request."""

    def may_be_mocked(self, request: Request) -> bool:
        """True if the user's own mock, where it has an answer, is to answer a request."""


class NetworkFault(Exception):
    """A fault below HTTP, which each transport raises as its own library's exception.

    ``kind`` is ``"timeout"`` or ``"disconnect"``, as scripted, or ``"refused"``, with a text that says why.
    ``connecting`` tells whether it strikes before the connection stands.
    """

    def __init__(self, kind: str, *, connecting: bool = False, text: str | None = None) -> None:
        super().__init__(text or f"scripted {kind}")
        self.kind = kind
        self.connecting = connecting


def joined(headers: Iterable[tuple[str, str]]) -> dict[str, str]:
    """Headers by name; one that comes several times has its values on lines of their own."""
    values: dict[str, str] = {}
    for name, value in headers:
        values[name] = f"{values[name]}\n{value}" if name in values else value
    return values


def parse_form(text: str) -> Form:
    """Read ``a=1&a=2&b=`` as ``{"a": ["1", "2"], "b": [""]}``."""
    form: Form = {}
    for pair in text.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            form.setdefault(_decode(name), []).append(_decode(value))
    return form


def read_json(text: str) -> Any:
    """Read JSON that JSON can be made of again: without NaN, infinite numbers, and halves of characters.

    Raises:
        ValueError: it is none.
    """
    try:
        value = json.loads(text)
        json.dumps(value, allow_nan=False, ensure_ascii=False).encode()
    except RecursionError:
        raise ValueError("nested too deeply") from None
    return value


def well_formed(text: str) -> str:
    """A text that UTF-8 can carry: halves of surrogate pairs become the replacement character."""
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


@lru_cache(maxsize=512)
def _target(method: str, url: str) -> tuple[str, str, str, str, str, str]:
    # Apps call few URLs often. Reading each once also leaves the journal with one copy of it.
    if not url.isascii():
        url = well_formed(url)
    parts = split(url)
    return method.upper(), url, parts.scheme, parts.hostname or "", parts.path, parts.query


@cached(512)
def _decode(text: str) -> str:
    # Names and phone numbers come again and again, and decoding them is a good part of a send.
    return unquote(text.replace("+", " "), errors="replace")
