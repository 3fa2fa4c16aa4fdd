"""The live page at the server's ``/``: the page, its data, and a stream of changes."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, TypeAlias

from aiohttp import web

from pytest_whoosh.engine.dialect import using_dialect
from pytest_whoosh.engine.timeline import show_moment
from pytest_whoosh.report.pages import live_page
from pytest_whoosh.whoosh import Whoosh

from .addressing import CONTROL
from .control import DIALECT

if TYPE_CHECKING:
    from .serving import Server

#: Answers a request for a page, in the server's event loop. It may run until the browser disconnects or the server
#: stops, which cancels it.
Page: TypeAlias = "Callable[[Server, web.BaseRequest], Awaitable[web.StreamResponse]]"

#: The default number of messages in a snapshot, and the most that ``limit`` allows.
_LIMIT: Final = 500
_MOST: Final = 10_000
#: The seconds between two checks for changes.
_INTERVAL: Final = 0.1
#: The number of checks without a change after which a stream sends a comment. It makes proxies keep the stream open.
_KEEP_ALIVE: Final = 150

_FRESH: Final = MappingProxyType({"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"})


async def _home(server: "Server", request: web.BaseRequest) -> web.StreamResponse:  # noqa: ARG001
    """Return the page."""
    headers = {**_FRESH, "Referrer-Policy": "no-referrer", "X-Frame-Options": "DENY"}
    return web.Response(text=live_page(), content_type="text/html", headers=headers)


async def _snapshot(server: "Server", request: web.BaseRequest) -> web.StreamResponse:
    """Return the newest messages and the time."""
    given = request.query.get("limit", str(_LIMIT))
    if not (given.isascii() and given.isdecimal() and 1 <= int(given) <= _MOST):
        return _json({"error": f"limit must be a number from 1 to {_MOST}, not {given}."}, status=400)
    with using_dialect(DIALECT):
        shown = server.whoosh.snapshot(newest=int(given))
    refused = sum(call.is_refused for call in server.whoosh._records.calls)
    return _json({**shown, **_state(server.whoosh), "refused": refused})


async def _events(server: "Server", request: web.BaseRequest) -> web.StreamResponse:
    """Stream the time and the number of messages at each change."""
    stream = web.StreamResponse(headers={**_FRESH, "Content-Type": "text/event-stream"})
    await stream.prepare(request)
    if request.method == "GET":
        await _stream_changes(server.whoosh, stream)
    return stream


async def _stream_changes(whoosh: Whoosh, stream: web.StreamResponse) -> None:
    """Write each change until the browser disconnects."""
    seen: object = None
    quiet = 0
    while True:
        now = (_state(whoosh), _fingerprint(whoosh))
        if now != seen:
            seen, quiet = now, 0
            await stream.write(f"data: {json.dumps(now[0])}\n\n".encode())
        elif quiet == _KEEP_ALIVE:
            quiet = 0
            await stream.write(b":\n\n")
        quiet += 1
        await asyncio.sleep(_INTERVAL)


def _state(whoosh: Whoosh) -> dict[str, object]:
    # Not `whoosh.now`, which runs events that are due on a clock that a test moved: viewing the page changes nothing.
    records = whoosh._records
    return {
        "now": show_moment(records.now),
        "is_moving": whoosh.is_moving,
        "in_flight": whoosh.in_flight,
        "total": records.total,
    }


def _fingerprint(whoosh: Whoosh) -> object:
    """Return a value that differs after every change. Computing it does not read every message."""
    records = whoosh._records
    last = records.webhooks[-1] if records.webhooks else None
    newest = (last.attempts, last.response_status, last.error) if last else None
    return len(records.calls), len(records.webhooks), records.awaiting, newest, records.rules


def _json(document: object, status: int = 200) -> web.Response:
    text = json.dumps(document, separators=(",", ":"))
    return web.Response(text=text, status=status, content_type="application/json", headers=_FRESH)


def _reading(page: Page) -> Page:
    """Decorate a page to refuse methods other than GET and HEAD."""

    async def answer(server: "Server", request: web.BaseRequest) -> web.StreamResponse:
        if request.method not in ("GET", "HEAD"):
            refusal = _json({"error": f"{request.path} takes GET, not {request.method}."}, status=405)
            refusal.headers["Allow"] = "GET"
            return refusal
        return await page(server, request)

    return answer


#: The pages by path.
PAGES: Final[Mapping[str, Page]] = MappingProxyType(
    {"/": _reading(_home), f"{CONTROL}/snapshot": _reading(_snapshot), f"{CONTROL}/events": _reading(_events)}
)
