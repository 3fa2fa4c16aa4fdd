"""Intercepts every HTTP library that the app imports, and imports no other."""

import sys
from functools import cache
from importlib import import_module
from types import FrameType
from typing import Any, Final

from pytest_whoosh.engine.http import Defer, NetworkFault, Request, RequestHandler, Response
from pytest_whoosh.engine.misuse import is_usage_error

from .importing import ImportWatch
from .patching import Patch

__tracebackhide__ = is_usage_error

#: Our module for each HTTP library that is intercepted, and for each mock that needs special handling. The key is the
#: module that an app imports to use it. No library is imported before the app imports it.
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
    "this call to {host} started while a Whoosh double was active, but the double has ended. Let the test wait for the "
    "app's threads and tasks before it ends."
)


class Interception:
    """Answers calls to the vendor's hosts, with every HTTP library that the app has imported or will import."""

    def __init__(self, answer: RequestHandler) -> None:
        self._answer = answer
        self._libraries: list[_LibraryPatches] = []
        self._watch: ImportWatch | None = None

    def start(self) -> None:
        """Intercept the imported libraries, and watch for others."""
        _ACTIVE.append(self)
        missing = []
        for name in CLIENTS:
            if name in sys.modules:
                self._intercept(name)
            else:
                missing.append(name)
        self._watch = ImportWatch(missing, self._intercept)
        self._watch.start()

    def stop(self) -> None:
        """Stop intercepting."""
        if self in _ACTIVE:
            _ACTIVE.remove(self)
        if self._watch is not None:
            self._watch.stop()
            self._watch = None
        while self._libraries:
            self._libraries[-1].stop()
            self._libraries.pop()  # after stop(): if an interrupt comes in between, the next double stops it again

    def _intercept(self, name: str) -> None:
        patches_of_library = _IDLE.pop(name, None)
        if patches_of_library is not None:
            self._libraries.append(patches_of_library)  # before renew(): it is stopped even if renew() fails
            if patches_of_library.renew(self._answer):
                return
            patches_of_library.stop()
            self._libraries.pop()
        patches_of_library = _LibraryPatches(name)
        self._libraries.append(patches_of_library)
        patches_of_library.start(self._answer)


def is_older_than_its_double() -> bool:
    """True if the current call entered a library before a double had patched it. So only the guard can see the call."""
    libraries = (library for interception in _ACTIVE for library in interception._libraries)
    patches = {id(patch): patch for library in libraries for patch in library._patches}
    originals = {getattr(patch.previous, "__code__", None) for patch in patches.values() if patch.is_lowest}
    frame: FrameType | None = sys._getframe(1)
    is_found = False
    while frame is not None:
        if frame.f_code in originals:
            is_found = True
        elif frame.f_code.co_name == "replacement" and id(frame.f_locals.get("self")) in patches:
            return False
        frame = frame.f_back
    return is_found


class _LibraryPatches:
    """The patches of one HTTP library, and the double that answers the intercepted requests.

    The patches are created once and used by one double after the other, because creating them takes longer than the
    rest of a set-up.
    """

    __slots__ = ("_answer", "_in_place", "_is_whole", "_name", "_patches")

    def __init__(self, name: str) -> None:
        self._name = name
        self._answer: RequestHandler = _ENDED_DOUBLE
        self._patches: list[Patch] = _our_module(CLIENTS[name]).intercept(self)
        #: The number of patches that are in place, from the first one on.
        self._in_place = 0
        #: False if a patch could not be removed completely, because another library has patched the same function.
        self._is_whole = True

    def start(self, answer: RequestHandler) -> None:
        """Put the patches in place for a double."""
        self._answer = answer
        for patch in self._patches:
            self._in_place += 1  # before start(): it is stopped even if start() fails
            patch.start()

    def renew(self, answer: RequestHandler) -> bool:
        """Put the patches in place again for another double.

        Returns:
            False if a function is no longer the one that its patch replaced.
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
        """Restore the original functions. If all could be restored, the next double uses the patches again."""
        for patch in reversed(self._patches[: self._in_place]):
            if not patch.stop():
                self._is_whole = False
        self._in_place = 0  # in the end: after an interrupt, all of them are stopped again
        self._answer = _ENDED_DOUBLE
        if self._is_whole:
            _IDLE[self._name] = self

    def __call__(self, request: Request, *, later: Defer | None = None) -> Response:
        """Pass a request to the double, and return its response."""
        return self._answer(request, later=later)

    def may_be_mocked(self, request: Request) -> bool:
        """True if the user's own mock may answer this request."""
        return self._answer.may_be_mocked(request)


class _EndedDouble:
    """Handles calls that started while a double was active, and arrive after it has ended."""

    def __call__(self, request: Request, *, later: Defer | None = None) -> Response:
        """Pass the call to the innermost double that is still active, else refuse the connection."""
        if active := _ACTIVE.copy():  # a copy, because another thread may end the last one
            return active[-1]._answer(request, later=later)
        raise NetworkFault("refused", text=_ENDED.format(host=request.host))

    def may_be_mocked(self, request: Request) -> bool:  # noqa: ARG002
        """Return False: a mock is asked only for an active double."""
        return False


_ENDED_DOUBLE: Final = _EndedDouble()
#: The interceptions of the active doubles, innermost last.
_ACTIVE: Final[list[Interception]] = []
#: The patches that no double uses now, by the module of their library.
_IDLE: Final[dict[str, _LibraryPatches]] = {}


@cache
def _our_module(name: str) -> Any:
    """Return our module of that name. Cached, because looking it up takes longer than intercepting the library."""
    return import_module(f"{__package__}.{name}")
