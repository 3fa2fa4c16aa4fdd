"""Recognises and generates SIDs.

See https://www.twilio.com/docs/glossary/what-is-a-sid
"""

import hashlib
import re
from collections import defaultdict
from enum import StrEnum
from functools import cache
from typing import Final


class Prefix(StrEnum):
    """The two letters that a SID starts with, by resource."""

    ACCOUNT = "AC"
    ADDRESS = "AD"
    ALPHA_SENDER = "AI"
    API_KEY = "SK"
    APPLICATION = "AP"
    BALANCE = "BA"
    BUNDLE = "BU"
    CHANNEL_SENDER = "XE"
    BUCKET = "BL"
    CONTENT = "HX"
    CREDENTIAL = "CR"
    DEACTIVATION = "DE"
    IDENTITY = "RI"
    LINK_CONFIG = "ZK"
    LINK_DOMAIN = "DN"
    LOOKUP = "LU"
    MEDIA = "ME"
    MEDIA_URL = "MU"
    MESSAGING_SERVICE = "MG"
    MMS = "MM"
    OPT_OUT = "OO"
    PHONE_NUMBER = "PN"
    PRICE = "PR"
    RATE_LIMIT = "RK"
    REQUEST = "RQ"
    SHORT_CODE = "SC"
    #: A SIM of Programmable Wireless has the same prefix as our own deactivations.
    SIM = "DE"
    SMS = "SM"
    TRUNK = "TK"
    VERIFICATION = "VE"
    VERIFICATION_ATTEMPT = "VL"
    VERIFY_SERVICE = "VA"
    VERIFY_TEMPLATE = "HJ"


#: The number of hexadecimal digits after the prefix.
DIGITS: Final = 32
#: The number of these digits that come from the seed. The other eight are a counter.
_STEM: Final = 24


@cache
def sid_pattern(*prefixes: str) -> "re.Pattern[str]":
    """Return the pattern of a SID with one of the prefixes; without prefixes, of any SID."""
    return re.compile(f"(?:{'|'.join(prefixes) or '[A-Z]{2}'})[0-9a-fA-F]{{{DIGITS}}}")


def is_sid(text: object, *prefixes: str) -> bool:
    """True if a text is a well-formed SID with one of the prefixes."""
    return (
        isinstance(text, str) and len(text) == _LENGTH and text[:2] in prefixes and _ANY_SID.fullmatch(text) is not None
    )


def sid_form(prefix: str) -> str:
    """Return the form of a SID with a prefix, for error texts."""
    return f"{str(prefix)!r} followed by {DIGITS} hexadecimal digits"


_LENGTH: Final = 2 + DIGITS
_ANY_SID: Final = sid_pattern()


class Sids:
    """Generates well-formed SIDs from the seed, the prefix and a counter: the same ones in every run."""

    __slots__ = ("_counts", "_seed", "_stems")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stems: dict[str, str] = {}
        self._counts: dict[str, int] = defaultdict(int)

    def new(self, prefix: str, *, counted_as: str | None = None) -> str:
        """Return the next SID with a prefix. Prefixes with the same ``counted_as`` share a counter."""
        counted = counted_as or prefix
        self._counts[counted] += 1
        stem = self._stems.get(prefix)
        if stem is None:
            digest = hashlib.sha256(f"{self._seed}/{prefix}".encode()).hexdigest()
            stem = self._stems[prefix] = prefix + digest[:_STEM]
        return f"{stem}{self._counts[counted]:08x}"

    def secret(self, sid: str) -> str:
        """Return the secret for the SID of an account or key."""
        return hashlib.sha256(f"{self._seed}/{sid}".encode()).hexdigest()[:32]


def sender_sid(address: str) -> str:
    """Return the SID of a channel sender, which depends on its address only."""
    return Prefix.CHANNEL_SENDER + hashlib.sha256(address.encode()).hexdigest()[:DIGITS]
