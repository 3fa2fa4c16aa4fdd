"""The types of WSGI and ASGI apps."""

from collections.abc import Awaitable, Callable, Iterable, MutableMapping
from typing import Any, TypeAlias

#: A WSGI app; see PEP 3333.
WsgiApp: TypeAlias = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]

#: An event between an ASGI app and its server; see https://asgi.readthedocs.io/en/latest/specs/main.html
Event: TypeAlias = MutableMapping[str, Any]
#: An ASGI app.
AsgiApp: TypeAlias = Callable[
    [Event, Callable[[], Awaitable[Event]], Callable[[Event], Awaitable[None]]], Awaitable[None]
]
