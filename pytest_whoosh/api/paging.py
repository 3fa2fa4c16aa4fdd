"""Lists, a page at a time, in the envelope of the 2010 API."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlencode

from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form, Request

DEFAULT_SIZE: Final = 50
GREATEST_SIZE: Final = 1000
_OWN_PARAMETERS: Final = frozenset({"Page", "PageSize", "PageToken"})


@dataclass(frozen=True, slots=True)
class Paging:
    """Which page a request asks for.

    ``token`` is ``"PA"`` and the SID that the page comes after, or ``"PB"`` and the SID that it comes before.
    """

    path: str
    filters: Form
    size: int
    page: int
    token: str | None

    @property
    def backwards(self) -> bool:
        """Whether the page is the one before the token's SID."""
        return self.token is not None and self.token.startswith("PB")

    @property
    def sid(self) -> str | None:
        """The SID in the token."""
        return self.token[2:] if self.token else None


def read_paging(request: Request) -> Paging:
    """Read the paging parameters of a list request.

    Raises:
        ApiError: the page is larger than the vendor allows (20007), or the token is none (20422).
    """
    query = request.query
    size = _number(query, "PageSize") or DEFAULT_SIZE
    if size > GREATEST_SIZE:
        raise ApiError(20007)
    token = query.get("PageToken", [""])[0] or None
    if token and token[:2] not in ("PA", "PB"):
        raise ApiError(20422)
    filters = {name: values for name, values in query.items() if name not in _OWN_PARAMETERS}
    return Paging(request.path, filters, size, _number(query, "Page"), token)


def envelope(key: str, paging: Paging, items: Sequence[dict[str, object]], *, more: bool) -> dict[str, object]:
    """A page of a 2010 list with its links: to itself, to the first page, and to those before and after it.

    See https://www.twilio.com/docs/usage/twilios-response#response-formats-list-paging-information
    """
    page, start = paging.page, paging.page * paging.size
    before = f"PB{items[0]['sid']}" if items else None
    return {
        "first_page_uri": _uri(paging, 0, None),
        "end": start + len(items) - 1 if items else 0,
        "previous_page_uri": _uri(paging, page - 1, before) if page > 0 else None,
        key: list(items),
        "uri": _uri(paging, page, paging.token),
        "page_size": paging.size,
        "start": start if items else 0,
        "next_page_uri": _uri(paging, page + 1, f"PA{items[-1]['sid']}") if more else None,
        "page": page,
    }


def _uri(paging: Paging, page: int, token: str | None) -> str:
    query = [(name, value) for name, values in paging.filters.items() for value in values]
    query += [("PageSize", str(paging.size)), ("Page", str(page))]
    if token:
        query.append(("PageToken", token))
    return f"{paging.path}?{urlencode(query)}"


def _number(query: Form, name: str) -> int:
    text = query.get(name, [""])[0]
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 10 else 0
