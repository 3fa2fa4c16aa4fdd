"""A pytest plugin and test double for apps that send SMS through Whoosh or Twilio."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.misuse import WhooshError
    from .interception.guard import WhooshGuardError
    from .interception.sdk import WhooshHttpClient
    from .interception.sdk_async import AsyncWhooshHttpClient
    from .server.serving import Server
    from .views import Callback, Message, Messages, Queue
    from .whoosh import Whoosh

__all__ = [
    "AsyncWhooshHttpClient",
    "Callback",
    "Message",
    "Messages",
    "Queue",
    "Server",
    "Whoosh",
    "WhooshError",
    "WhooshGuardError",
    "WhooshHttpClient",
]

_HOMES = {
    "AsyncWhooshHttpClient": "interception.sdk_async",
    "Callback": "views",
    "Message": "views",
    "Messages": "views",
    "Queue": "views",
    "Server": "server.serving",
    "Whoosh": "whoosh",
    "WhooshError": "engine.misuse",
    "WhooshGuardError": "interception.guard",
    "WhooshHttpClient": "interception.sdk",
}


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run of every project that has it installed: nothing is loaded unused.
    if name in _HOMES:
        from importlib import import_module

        if name == "Server":
            from .server import require_extra

            require_extra()

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
