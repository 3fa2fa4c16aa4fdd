"""A pytest plugin and test double for apps that send SMS through Whoosh or Twilio."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .engine.misuse import WhooshError, WhooshGuardError, WhooshNotFakedError
    from .engine.rules.calls import CallRule
    from .engine.rules.requests import ApiRequest
    from .engine.rules.rule import Rule
    from .interception.sdk import WhooshHttpClient
    from .interception.sdk_async import AsyncWhooshHttpClient
    from .server.serving import Server
    from .views import Callback, Message, Messages, Phone, Queue, Reply, Verification
    from .whoosh import Whoosh

    __all__ = [
        "ApiRequest",
        "AsyncWhooshHttpClient",
        "CallRule",
        "Callback",
        "Message",
        "Messages",
        "Phone",
        "Queue",
        "Reply",
        "Rule",
        "Server",
        "Verification",
        "Whoosh",
        "WhooshError",
        "WhooshGuardError",
        "WhooshHttpClient",
        "WhooshNotFakedError",
    ]

_HOMES = {
    "ApiRequest": "engine.rules.requests",
    "AsyncWhooshHttpClient": "interception.sdk_async",
    "CallRule": "engine.rules.calls",
    "Callback": "views",
    "Message": "views",
    "Messages": "views",
    "Phone": "views",
    "Queue": "views",
    "Reply": "views",
    "Rule": "engine.rules.rule",
    "Server": "server.serving",
    "Verification": "views",
    "Whoosh": "whoosh",
    "WhooshError": "engine.misuse",
    "WhooshGuardError": "engine.misuse",
    "WhooshHttpClient": "interception.sdk",
    "WhooshNotFakedError": "engine.misuse",
}

#: The optional libraries that a name needs.
_NEEDS = {
    "AsyncWhooshHttpClient": ("twilio", "aiohttp"),
    "Server": ("aiohttp", "jinja2", "trustme"),
    "WhooshHttpClient": ("twilio",),
}


def __dir__() -> list[str]:
    # freezegun reads every attribute in dir() whenever it freezes time, which would import all of these.
    lazy = () if sys._getframe(1).f_globals.get("__name__") == "freezegun.api" else _HOMES
    return sorted([*(name for name in globals() if name.startswith("__")), *lazy])


def __getattr__(name: str) -> Any:
    # pytest imports this package in every run of every project that has it installed, so nothing is imported unused.
    if name in _HOMES:
        from importlib import import_module

        if name == "Server":
            from .server import require_extra

            require_extra()

        return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
    if name == "__all__":  # only names that can be imported, so ``import *`` works without extras
        from importlib.util import find_spec

        return [name for name in _HOMES if all(map(find_spec, _NEEDS.get(name, ())))]
    meant = ""
    if name[:1].isupper():  # like all public names; tools look up many other names
        from .engine.misuse import did_you_mean

        meant = did_you_mean(name, _HOMES)
    raise AttributeError(f"{__name__} has no name {name!r}.{meant}")
