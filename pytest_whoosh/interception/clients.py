"""Intercepts every client library that the app uses, and no other."""

import sys
from functools import cache
from importlib import import_module
from typing import Any, Final

from pytest_whoosh.engine.http import Defer, NetworkFault, Request, RequestHandler, Response

from .importing import ImportWatch
from .patching import Patch

#: The client libraries that are intercepted, and the mocks that need special handling, each by the module whose import
#: shows that an app uses it; and our module that does so. None is imported before the app imports it.
CLIENTS: Final = {
    "requests": "requests",
    "requests_mock.mocker": "neighbours.requests_mock",
    "httpx": "httpx",
    "httpx2": "httpx2",
    "aiohttp": "aiohttp",
    "urllib3.connectionpool": "urllib3",
    "http.client": "http_client",
    "vcr.cassette": "neighbours.vcr",
    "respx.router": "neighbours.respx",
    "aioresponses.core": "neighbours.aioresponses",
}


_ENDED: Final = (
    "this call to {host} began while a Whoosh double was active, and the double has ended since. Let the test wait for "
    "the app's threads and tasks before it ends."
)


class Interception:
    """Answers calls to the vendor's hosts, over every client library that the app has or will have imported."""

    def __init__(self, answer: RequestHandler) -> None:
        self._answer = answer
        self._libraries: list[_LibraryPatches] = []
        self._watch: ImportWatch | None = None

    def start(self) -> None:
        """Stand in."""
        missing = []
        for name in CLIENTS:
            if name in sys.modules:
                self._intercept(name)
            else:
                missing.append(name)
        self._watch = ImportWatch(missing, self._intercept)
        self._watch.start()

    def stop(self) -> None:
        """Step aside."""
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        while self._libraries:
            self._libraries[-1].stop()
            self._libraries.pop()  # last: an interrupt may come before, and the next double stops them all again

    def _intercept(self, name: str) -> None:
        patches_of_library = _IDLE.pop(name, None)
        if patches_of_library is not None:
            self._libraries.append(patches_of_library)  # first: it is stopped also where it fails
            if patches_of_library.renew(self._answer):
                return
            patches_of_library.stop()
            self._libraries.pop()
        patches_of_library = _LibraryPatches(name)
        self._libraries.append(patches_of_library)
        patches_of_library.start(self._answer)


class _LibraryPatches:
    """The patches of one client library, and the double that answers what they intercept.

    They are made once, and serve doubles that follow one another: making them takes longer than the rest of a set-up.
    """

    __slots__ = ("_answer", "_in_place", "_is_whole", "_name", "_patches")

    def __init__(self, name: str) -> None:
        self._name = name
        self._answer: RequestHandler = _ENDED_DOUBLE
        self._patches: list[Patch] = _our_module(CLIENTS[name]).intercept(self)
        #: How many of them are in place; the first ones are.
        self._in_place = 0
        #: False if something of a patch may be left, since a neighbour has patched the same.
        self._is_whole = True

    def start(self, answer: RequestHandler) -> None:
        """Put the patches in place for a double."""
        self._answer = answer
        for patch in self._patches:
            self._in_place += 1  # first: it is taken back also where it fails
            patch.start()

    def renew(self, answer: RequestHandler) -> bool:
        """Put the patches in place again, for another double.

        Returns:
            False if what they replaced is not there any more.
        """
        self._answer = answer
        for patch in self._patches:
            self._in_place += 1
            if not patch.renew():
                self._in_place -= 1
                self._is_whole = False
                return False
        return True

    def stop(self) -> None:
        """Put back what was there before. If all of it could be, the next double may use the patches."""
        for patch in reversed(self._patches[: self._in_place]):
            if not patch.stop():
                self._is_whole = False
        self._in_place = 0  # last: an interrupt may come before, and then all of them are stopped again
        self._answer = _ENDED_DOUBLE
        if self._is_whole:
            _IDLE[self._name] = self

    def __call__(self, request: Request, *, later: Defer | None = None) -> Response:
        """Have the double answer."""
        return self._answer(request, later=later)

    def may_be_mocked(self, request: Request) -> bool:
        """Ask the double whether the user's own mock may answer a request."""
        return self._answer.may_be_mocked(request)


class _EndedDouble:
    """Answers calls that a thread began while a double was active, and that arrive when it has ended."""

    def __call__(self, request: Request, *, later: Defer | None = None) -> Response:  # noqa: ARG002
        """Refuse the connection."""
        raise NetworkFault("refused", text=_ENDED.format(host=request.host))

    def may_be_mocked(self, request: Request) -> bool:  # noqa: ARG002
        """A mock is asked no more than the double."""
        return False


_ENDED_DOUBLE: Final = _EndedDouble()
#: The patches that no double uses, by the module of their library.
_IDLE: Final[dict[str, _LibraryPatches]] = {}


@cache
def _our_module(name: str) -> Any:
    """Our module of that name; asking Python for it each time takes longer than standing in."""
    return import_module(f"{__package__}.{name}")
