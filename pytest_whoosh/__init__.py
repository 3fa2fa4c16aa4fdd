"""A pytest plugin and test double for apps that send SMS through Whoosh or Twilio."""

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .double.provisioning import Balance as Balance
    from .double.provisioning import Deactivation as Deactivation
    from .double.provisioning import MediaUrl as MediaUrl
    from .double.provisioning import OptOut as OptOut
    from .double.provisioning import Price as Price
    from .engine.account.keywords import ApplicationProperties as ApplicationProperties
    from .engine.account.keywords import ChannelSenderProperties as ChannelSenderProperties
    from .engine.account.keywords import LinkDomainProperties as LinkDomainProperties
    from .engine.account.keywords import NumberProperties as NumberProperties
    from .engine.account.keywords import ServiceProperties as ServiceProperties
    from .engine.account.keywords import ShortCodeProperties as ShortCodeProperties
    from .engine.account.keywords import VerifyServiceProperties as VerifyServiceProperties
    from .engine.account.resources import Application as Application
    from .engine.account.resources import ChannelSender as ChannelSender
    from .engine.account.resources import ContentTemplate as ContentTemplate
    from .engine.account.resources import LinkDomain as LinkDomain
    from .engine.account.resources import MessagingService as MessagingService
    from .engine.account.resources import PhoneNumber as PhoneNumber
    from .engine.account.resources import ShortCode as ShortCode
    from .engine.account.resources import VerifyService as VerifyService
    from .engine.lookup import LookupFacts as LookupFacts
    from .engine.lookup import LookupOverride as LookupOverride
    from .engine.messages.fields import Match as Match
    from .engine.messages.fields import MatchAtCreation as MatchAtCreation
    from .engine.misuse import WhooshError, WhooshGuardError, WhooshNotFakedError
    from .engine.rules.calls import CallRule
    from .engine.rules.requests import ApiRequest
    from .engine.rules.rule import Rule
    from .engine.settings import SettingValues as SettingValues
    from .interception.sdk import WhooshHttpClient
    from .interception.sdk_async import AsyncWhooshHttpClient
    from .server.serving import Server
    from .views import Callback, Message, Messages, Phone, Queue, Reply, Verification
    from .views.people import Ad as Ad
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

#: More types that a helper may annotate: what provisioning returns, and the keywords of match, settings and properties.
#: They can be imported, but ``import *`` and completion leave them out.
_MORE_HOMES = {
    "Ad": "views.people",
    "Application": "engine.account.resources",
    "ApplicationProperties": "engine.account.keywords",
    "Balance": "double.provisioning",
    "ChannelSender": "engine.account.resources",
    "ChannelSenderProperties": "engine.account.keywords",
    "ContentTemplate": "engine.account.resources",
    "Deactivation": "double.provisioning",
    "LinkDomain": "engine.account.resources",
    "LinkDomainProperties": "engine.account.keywords",
    "LookupFacts": "engine.lookup",
    "LookupOverride": "engine.lookup",
    "Match": "engine.messages.fields",
    "MatchAtCreation": "engine.messages.fields",
    "MediaUrl": "double.provisioning",
    "MessagingService": "engine.account.resources",
    "NumberProperties": "engine.account.keywords",
    "OptOut": "double.provisioning",
    "PhoneNumber": "engine.account.resources",
    "Price": "double.provisioning",
    "ServiceProperties": "engine.account.keywords",
    "SettingValues": "engine.settings",
    "ShortCode": "engine.account.resources",
    "ShortCodeProperties": "engine.account.keywords",
    "VerifyService": "engine.account.resources",
    "VerifyServiceProperties": "engine.account.keywords",
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
    home = _HOMES.get(name) or _MORE_HOMES.get(name)
    if home:
        from importlib import import_module

        if name == "Server":
            from .server import require_extra

            require_extra()

        return getattr(import_module(f"{__name__}.{home}"), name)
    if name == "__all__":  # only names that can be imported, so ``import *`` works without extras
        from importlib.util import find_spec

        return [name for name in _HOMES if all(map(find_spec, _NEEDS.get(name, ())))]
    meant = ""
    if name[:1].isupper():  # like all public names; tools look up many other names
        from .engine.misuse import did_you_mean

        meant = did_you_mean(name, [*_HOMES, *_MORE_HOMES])
    raise AttributeError(f"{__name__} has no name {name!r}.{meant}")
