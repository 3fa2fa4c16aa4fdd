"""The live page at the server's ``/``: the page, the newest messages as data for it, and news of changes."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from aiohttp import web

from pytest_whoosh.engine.dialect import speaking
from pytest_whoosh.report.pages import live_page
from pytest_whoosh.whoosh import Whoosh

from .control import DIALECT

if TYPE_CHECKING:
    from .serving import Server

#: Answers one request for a page, in the server's event loop. It may go on for as long as the browser stays: it is
#: canceled when the browser leaves, and when the server stops.
Page: TypeAlias = "Callable[[Server, web.BaseRequest], Awaitable[web.StreamResponse]]"

#: How many messages a snapshot holds unless ``limit`` says otherwise, and at most.
_LIMIT: Final = 500
_MOST: Final = 10_000
#: How often, in seconds, it is looked whether anything has changed.
_GLANCE: Final = 0.1
#: How often, in glances, a stream in which nothing happens says that it is still there.
_SIGN_OF_LIFE: Final = 150

_FRESH: Final = MappingProxyType({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


async def _home(server: "Server", request: web.BaseRequest) -> web.StreamResponse:  # noqa: ARG001
    """The page itself."""
    headers = {**_FRESH, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return web.Response(text=live_page(), content_type="text/html", headers=headers)


async def _snapshot(server: "Server", request: web.BaseRequest) -> web.StreamResponse:
    """The newest messages, and what time it is."""
    given = request.query.get("limit", str(_LIMIT))
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= _MOST):
        return _json({"error": f"limit is a number from 1 to {_MOST}, not {given}."}, status=400)
    with speaking(DIALECT):
        shown = server.whoosh.snapshot(newest=int(given))
    refused = sum(call.is_refused for call in server.whoosh.records.calls)
    return _json({**shown, **_state(server.whoosh), "refused": refused})


async def _events(server: "Server", request: web.BaseRequest) -> web.StreamResponse:
    """A stream of what time it is and how much there is, each time that anything changes."""
    stream = web.StreamResponse(headers={**_FRESH, "Content-Type": "text/event-stream"})
    await stream.prepare(request)
    if request.method == "GET":
        await _tell(server.whoosh, stream)
    return stream


async def _tell(whoosh: Whoosh, stream: web.StreamResponse) -> None:
    """Write news for as long as the browser stays."""
    seen: object = None
    quiet = 0
    while True:
        now = (_state(whoosh), _fingerprint(whoosh))
        if now != seen:
            seen, quiet = now, 0
            await stream.write(f"data: {json.dumps(now[0])}\n\n".encode())
        elif quiet == _SIGN_OF_LIFE:
            quiet = 0
            await stream.write(b":\n\n")
        quiet += 1
        await asyncio.sleep(_GLANCE)


def _state(whoosh: Whoosh) -> dict[str, object]:
    # Not `whoosh.now`, which lets happen what is due on a clock that a test moves: to look is to change nothing.
    records = whoosh.records
    return {
        "now": records.now.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "is_moving": whoosh.is_moving,
        "in_flight": whoosh.in_flight,
        "total": records.total,
    }


def _fingerprint(whoosh: Whoosh) -> object:
    """What is another once anything has happened, made without looking at every message."""
    records = whoosh.records
    last = records.webhooks[-1] if records.webhooks else None
    answer = (last.attempts, last.response_status, last.error) if last else None
    return len(records.calls), len(records.webhooks), records.awaiting, answer, records.rules


def _json(document: object, status: int = 200) -> web.Response:
    text = json.dumps(document, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type="application/json", headers=_FRESH)


def _reading(page: Page) -> Page:
    """A page that is read, and takes nothing."""

    async def answer(server: "Server", request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            refusal = _json({"error": f"{request.path} takes GET, not {request.method}."}, status=405)
            refusal.headers["Allow"] = "GET"
            return refusal
        return await page(server, request)

    return answer


#: The pages by path.
PAGES: Final[Mapping[str, Page]] = MappingProxyType(
    {"/": _reading(_home), "/_whoosh/snapshot": _reading(_snapshot), "/_whoosh/events": _reading(_events)}
)
