"""Recognises documented calls on the faked hosts that are not faked, and builds the errors for them.

The paths are from ``twilio/rest`` in the Twilio SDK and from https://github.com/twilio/twilio-oai. ``*`` matches one
segment. A method before a path means that only this method is not faked.
"""

import re
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.http import Request
from pytest_whoosh.engine.misuse import WhooshNotFakedError

#: The documented paths by product and base path.
_PATHS: Final[Mapping[str, Mapping[str, str]]] = MappingProxyType(
    {
        "api": {
            "/2010-04-01/Accounts/*": """
                Addresses
                Addresses/*
                Addresses/*/DependentPhoneNumbers
                AuthorizedConnectApps
                AuthorizedConnectApps/*
                AvailablePhoneNumbers
                AvailablePhoneNumbers/*
                AvailablePhoneNumbers/*/Local
                AvailablePhoneNumbers/*/MachineToMachine
                AvailablePhoneNumbers/*/Mobile
                AvailablePhoneNumbers/*/National
                AvailablePhoneNumbers/*/SharedCost
                AvailablePhoneNumbers/*/TollFree
                AvailablePhoneNumbers/*/Voip
                Calls
                Calls/*
                Calls/*/Events
                Calls/*/Notifications
                Calls/*/Notifications/*
                Calls/*/Payments
                Calls/*/Payments/*
                Calls/*/Recordings
                Calls/*/Recordings/*
                Calls/*/Siprec
                Calls/*/Siprec/*
                Calls/*/Streams
                Calls/*/Streams/*
                Calls/*/Transcriptions
                Calls/*/Transcriptions/*
                Calls/*/UserDefinedMessageSubscriptions
                Calls/*/UserDefinedMessageSubscriptions/*
                Calls/*/UserDefinedMessages
                Conferences
                Conferences/*
                Conferences/*/Participants
                Conferences/*/Participants/*
                Conferences/*/Recordings
                Conferences/*/Recordings/*
                ConnectApps
                ConnectApps/*
                IncomingPhoneNumbers/*/AssignedAddOns
                IncomingPhoneNumbers/*/AssignedAddOns/*
                IncomingPhoneNumbers/*/AssignedAddOns/*/Extensions
                IncomingPhoneNumbers/*/AssignedAddOns/*/Extensions/*
                Notifications
                Notifications/*
                OutgoingCallerIds
                OutgoingCallerIds/*
                Queues
                Queues/*
                Queues/*/Members
                Queues/*/Members/*
                Recordings
                Recordings/*
                Recordings/*/AddOnResults
                Recordings/*/AddOnResults/*
                Recordings/*/AddOnResults/*/Payloads
                Recordings/*/AddOnResults/*/Payloads/*
                Recordings/*/AddOnResults/*/Payloads/*/Data
                Recordings/*/Transcriptions
                Recordings/*/Transcriptions/*
                SIP
                SIP/CredentialLists
                SIP/CredentialLists/*
                SIP/CredentialLists/*/Credentials
                SIP/CredentialLists/*/Credentials/*
                SIP/Domains
                SIP/Domains/*
                SIP/Domains/*/Auth
                SIP/Domains/*/Auth/Calls
                SIP/Domains/*/Auth/Calls/CredentialListMappings
                SIP/Domains/*/Auth/Calls/CredentialListMappings/*
                SIP/Domains/*/Auth/Calls/IpAccessControlListMappings
                SIP/Domains/*/Auth/Calls/IpAccessControlListMappings/*
                SIP/Domains/*/Auth/Registrations
                SIP/Domains/*/Auth/Registrations/CredentialListMappings
                SIP/Domains/*/Auth/Registrations/CredentialListMappings/*
                SIP/Domains/*/CredentialListMappings
                SIP/Domains/*/CredentialListMappings/*
                SIP/Domains/*/IpAccessControlListMappings
                SIP/Domains/*/IpAccessControlListMappings/*
                SIP/IpAccessControlLists
                SIP/IpAccessControlLists/*
                SIP/IpAccessControlLists/*/IpAddresses
                SIP/IpAccessControlLists/*/IpAddresses/*
                Tokens
                Transcriptions
                Transcriptions/*
                Usage
                Usage/Records
                Usage/Records/AllTime
                Usage/Records/Daily
                Usage/Records/LastMonth
                Usage/Records/Monthly
                Usage/Records/ThisMonth
                Usage/Records/Today
                Usage/Records/Yearly
                Usage/Records/Yesterday
                Usage/Triggers
                Usage/Triggers/*
            """,
        },
        "messaging": {
            "/v1": """
                a2p/BrandRegistrations/*/SmsOtp
                a2p/BrandRegistrations/*/Vettings
                a2p/BrandRegistrations/*/Vettings/*
            """,
            "/v2": """
                Indicators/Typing
                LinkShortening/Domains/*/Certificate
            """,
            "/v3": """
                Indicators/Typing
            """,
        },
        "content": {
            "/v1": """
                PATCH:Content/*/ApprovalRequests/whatsapp
            """,
            "/v2": """
                Content
                ContentAndApprovals
            """,
        },
        "pricing": {
            "/v1": """
                PhoneNumbers
                PhoneNumbers/Countries
                PhoneNumbers/Countries/*
                Voice
                Voice/Countries
                Voice/Countries/*
                Voice/Numbers/*
            """,
            "/v2": """
                Trunking/Countries
                Trunking/Countries/*
                Trunking/Numbers/*
                Voice
                Voice/Countries
                Voice/Countries/*
                Voice/Numbers/*
            """,
        },
        "oauth": {
            "/v1": """
                authorize
                certs
                token
                userinfo
            """,
            "/v2": """
                authorize
                oauth-authorization-server
            """,
        },
        "lookups": {
            "/v2": """
                PhoneNumbers/*/Overrides/*
                RateLimits
                RateLimits/Fields/*/Bucket/*
                batch/query
            """,
        },
        "verify": {
            "/v2": """
                Forms/*
                SafeList/Numbers
                SafeList/Numbers/*
                Services/*/AccessTokens
                Services/*/AccessTokens/*
                Services/*/Entities
                Services/*/Entities/*
                Services/*/Entities/*/Challenges
                Services/*/Entities/*/Challenges/*
                Services/*/Entities/*/Challenges/*/Notifications
                Services/*/Entities/*/Factors
                Services/*/Entities/*/Factors/*
                Services/*/MessagingConfigurations
                Services/*/MessagingConfigurations/*
                Services/*/Passkeys/ApproveChallenge
                Services/*/Passkeys/Challenges
                Services/*/Passkeys/Factors
                Services/*/Passkeys/VerifyFactor
                Services/*/Webhooks
                Services/*/Webhooks/*
                Templates
            """,
        },
    }
)

#: A SID in a path, or a placeholder for the account's SID.
_SID: Final = re.compile(r"(?<=/)[A-Z]{2}[0-9a-fA-F]{32}(?=[/.]|$)|(?<=/Accounts/)[^/]+(?=/)")
_PARAMETER: Final = re.compile(r"\{\w+\}")
#: The arguments of ``respond`` in the suggested line, by method. For other methods the status is 200.
_SUCCESS: Final[Mapping[str, str]] = MappingProxyType({"POST": "201, {}", "DELETE": "204"})


def is_documented(product: str, method: str, path: str) -> bool:
    """True if the vendor documents a call, and it is not faked."""
    return any(pattern.fullmatch(f"{method}:{path}") for pattern in _patterns(product))


def not_faked(request: Request, faked: Iterable[str] = ()) -> WhooshNotFakedError:
    """Return the error for a call that is not faked.

    Args:
        request: the call.
        faked: the same product's faked paths. The error names the nearest one.
    """
    url = _SID.sub("*", request.url.partition("?")[0])
    arguments = _SUCCESS.get(request.method, "200, {}")
    nearest = nearest_path(request.path, faked)
    return WhooshNotFakedError(
        f"{request.method} {request.url.partition('?')[0]} is not faked, and no rule scripts its answer.\n"
        f"Script it before the call, with the status and JSON that the app expects:\n"
        f'    whoosh.when_called("{request.method}", "{url}").respond({arguments})'
        + (f"\nThe nearest faked path: {nearest}" if nearest else "")
    )


def nearest_path(path: str, faked: Iterable[str]) -> str | None:
    """Return the faked path that is most similar to a path, or None if none is similar."""
    spellings = {_PARAMETER.sub("*", each): each for each in faked}
    extension = re.search(r"\.(json|xml)$", path)
    near = get_close_matches(_SID.sub("*", path.removesuffix(extension[0] if extension else "")), spellings, n=1)
    return spellings[near[0]] if near else None


def _patterns(product: str) -> "list[re.Pattern[str]]":
    """Compile a product's documented calls. Only calls to unknown paths need them."""
    below = ((base, line) for base, lines in _PATHS.get(product, {}).items() for line in lines.split())
    calls = ((method or "*", f"{base}/{path}") for base, line in below for method, _, path in [line.rpartition(":")])
    return [re.compile(re.escape(f"{method}:{path}").replace(r"\*", "[^/]+")) for method, path in calls]
