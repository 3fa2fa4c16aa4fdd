"""Builds pages of lists, in the envelope of the 2010 API or the "v1" envelope of the other hosts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final, TypeVar
from urllib.parse import urlencode

from pytest_whoosh.engine.collection import Collection, Record
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Form, Request
from pytest_whoosh.engine.limits import LARGEST_PAGE, PAGE_SIZE

from .routing import ApiResult, Call

R = TypeVar("R", bound=Record)

_OWN_PARAMETERS: Final = frozenset({"Page", "PageSize", "PageToken"})


@dataclass(frozen=True, slots=True)
class Paging:
    """The page that a request asks for.

    ``token`` is ``"PA"`` and the SID that the page comes after, or ``"PB"`` and the SID that it comes before.
    """

    path: str
    filters: Form
    size: int
    page: int
    token: str | None

    @property
    def backwards(self) -> bool:
        """True if the page precedes the token's SID."""
        return self.token is not None and self.token.startswith("PB")

    @property
    def sid(self) -> str | None:
        """The SID in the token."""
        return self.token[2:] if self.token else None


def read_paging(request: Request) -> Paging:
    """Read the paging parameters of a list request.

    Raises:
        ApiError: the page is larger than the vendor allows (20007), or the token is invalid (20422).
    """
    query = request.query
    size = _number(query, "PageSize") or PAGE_SIZE
    if size > LARGEST_PAGE:
        raise ApiError(20007)
    token = query.get("PageToken", [""])[0] or None
    if token and (token[:2] not in ("PA", "PB") or len(token) == 2):
        raise ApiError(20422)
    filters = {name: values for name, values in query.items() if name not in _OWN_PARAMETERS}
    return Paging(request.path, filters, size, _number(query, "Page"), token)


def list_result(
    call: Call,
    key: str,
    records: Collection[R],
    render: Callable[[R], dict[str, object]],
    *,
    element: str,
    matches: Callable[[R], bool] = lambda record: True,
    newest_first: bool = True,
) -> ApiResult:
    """Return a page of the matching records in the 2010 envelope. ``element`` names each record in XML."""
    paging = read_paging(call.request)
    items, more = _page_of(records, paging, matches, newest_first=newest_first)
    return ApiResult(envelope(key, paging, [render(record) for record in items], more=more), element=element)


def list_result_v1(
    call: Call,
    key: str,
    records: Collection[R],
    render: Callable[[R], dict[str, object]],
    *,
    matches: Callable[[R], bool] = lambda record: True,
    newest_first: bool = True,
) -> ApiResult:
    """Return a page of the matching records in the v1 envelope: ``meta`` has absolute URLs on the requested host."""
    paging = read_paging(call.request)
    items, more = _page_of(records, paging, matches, newest_first=newest_first)
    number, origin = paging.page, call.request.origin
    before = f"PB{items[0].sid}" if items else None
    meta = {
        "page": number,
        "page_size": paging.size,
        "first_page_url": origin + _uri(paging, 0, None),
        "previous_page_url": origin + _uri(paging, number - 1, before) if number > 0 else None,
        "url": origin + _uri(paging, number, paging.token),
        "next_page_url": origin + _uri(paging, number + 1, f"PA{items[-1].sid}") if more else None,
        "key": key,
    }
    return ApiResult({"meta": meta, key: [render(record) for record in items]})


def _page_of(
    records: Collection[R], paging: Paging, matches: Callable[[R], bool], *, newest_first: bool
) -> tuple[list[R], bool]:
    """Return the records on a page, and True if more follow."""
    positions = records.positions()
    if newest_first:
        positions.reverse()
    before, after = [], positions
    if paging.sid is not None:
        at = next((position for position, (sid, _) in enumerate(positions) if sid == paging.sid), None)
        if at is None:
            raise ApiError(20422)
        before, after = positions[:at], positions[at if paging.backwards else at + 1 :]
    found = [record for _, record in after if record is not None and matches(record)]
    if paging.backwards:
        return [record for _, record in before if record is not None and matches(record)][-paging.size :], bool(found)
    start = 0 if paging.sid else paging.page * paging.size
    return found[start : start + paging.size], len(found) > start + paging.size


def envelope(key: str, paging: Paging, items: Sequence[dict[str, object]], *, more: bool) -> dict[str, object]:
    """Return a page of a 2010 list with links to itself, the first page, the previous page and the next page.

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
    # Twelve digits are enough for any page, and keep numbers computed from them small.
    return int(text[:12]) if text.isascii() and text.isdecimal() else 0
