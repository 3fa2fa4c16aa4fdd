"""The types of WSGI and ASGI apps, as a server sees them."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

#: What a WSGI app is called with, and what it returns; see PEP 3333.
WsgiApp: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: What passes between an ASGI app and its server; see https://asgi.readthedocs.io/en/latest/specs/main.html
Event: TypeAlias = MutableMapping[str, Any]
#: What an ASGI app is called with.
AsgiApp: TypeAlias = Callable[
    [Event, Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]], Awaitable[None]
]
