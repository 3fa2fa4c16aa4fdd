"""Intercepts every client library that the app uses, and no other."""

import sys
from functools import cache
from importlib import import_module
from typing import Any, Final

from pytest_whoosh.engine.http import Answer

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


class Interception:
    """Answers calls to the vendor's hosts, over every client library that the app has or will have imported."""

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._patches: list[Patch] = []
        self._watch = ImportWatch((name for name in CLIENTS if name not in sys.modules), self._stand_in)

    def start(self) -> None:
        """Stand in."""
        for name in CLIENTS:
            if name in sys.modules:
                self._stand_in(name)
        self._watch.start()

    def stop(self) -> None:
        """Step aside."""
        self._watch.stop()
        while self._patches:
            self._patches[-1].stop()
            self._patches.pop()  # last: an interrupt may come before, and the next double stops them all again

    def _stand_in(self, name: str) -> None:
        for patch in _ours(CLIENTS[name]).intercept(self._answer):
            self._patches.append(patch)  # first: it is taken back also where it fails
            patch.start()


@cache
def _ours(name: str) -> Any:
    """Our module of that name; asking Python for it each time takes longer than standing in."""
    return import_module(f"{__package__}.{name}")
