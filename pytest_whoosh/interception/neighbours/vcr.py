"""Makes ``vcrpy`` ignore calls to the vendor: cassettes neither record nor replay them."""

from collections.abc import Callable
from typing import Any
from weakref import WeakSet

from vcr.cassette import Cassette
from vcr.request import Request

from pytest_whoosh.engine.hosts import is_vendor
from pytest_whoosh.engine.http import RequestHandler
from pytest_whoosh.interception.patching import Patch


def intercept(_: RequestHandler) -> list[Patch]:
    """Return patches that pass every request to the vendor to the interception of the HTTP library."""
    # Loading a cassette calls append() too, so only requests that passed through here must not be recorded.
    passed: WeakSet[Request] = WeakSet()

    def plays(can_play: Any) -> Callable[[Cassette, Request], Any]:
        def replacement(cassette: Cassette, request: Request) -> Any:
            if not is_vendor(request.host or ""):
                return can_play(cassette, request)
            passed.add(request)
            return False

        return replacement

    def insists(filtered: Any) -> Callable[[Cassette, Request], Any]:
        def replacement(cassette: Cassette, request: Request) -> Any:
            return None if request in passed else filtered(cassette, request)

        return replacement

    def records(append: Any) -> Callable[[Cassette, Request, Any], None]:
        def replacement(cassette: Cassette, request: Request, response: Any) -> None:
            if request not in passed:
                append(cassette, request, response)

        return replacement

    return [
        Patch(Cassette, "can_play_response_for", plays),
        Patch(Cassette, "filter_request", insists),
        Patch(Cassette, "append", records),
    ]
