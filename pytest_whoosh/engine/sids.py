"""SIDs: their prefixes, their form, and how the fake generates them.

See https://www.twilio.com/docs/glossary/what-is-a-sid
"""

import hashlib
import re
from collections import defaultdict
from enum import StrEnum
from functools import cache
from typing import Final


class Prefix(StrEnum):
    """The two letters that each kind of SID starts with."""

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
    MESSAGING_SERVICE = "MG"
    MMS = "MM"
    OPT_OUT = "OO"
    PHONE_NUMBER = "PN"
    PRICE = "PR"
    RATE_LIMIT = "RK"
    REQUEST = "RQ"
    SHORT_CODE = "SC"
    #: A SIM of Programmable Wireless shares its prefix with our own deactivations.
    SIM = "DE"
    SMS = "SM"
    TRUNK = "TK"
    VERIFICATION = "VE"
    VERIFICATION_ATTEMPT = "VL"
    VERIFY_SERVICE = "VA"
    VERIFY_TEMPLATE = "HJ"


#: How many hexadecimal digits follow the prefix.
DIGITS: Final = 32
#: How many of these digits come from the seed; the other eight count.
_STEM: Final = 24


@cache
def sid_pattern(*prefixes: str) -> "re.Pattern[str]":
    """Return the pattern of a SID that starts with one of the prefixes; of any SID if there are none."""
    return re.compile(f"(?:{'|'.join(prefixes) or '[A-Z]{2}'})[0-9a-fA-F]{{{DIGITS}}}")


def is_sid(text: object, *prefixes: str) -> bool:
    """True if a text is a well-formed SID with one of the prefixes."""
    return (
        isinstance(text, str) and len(text) == _LENGTH and text[:2] in prefixes and _ANY_SID.fullmatch(text) is not None
    )


_LENGTH: Final = 2 + DIGITS
_ANY_SID: Final = sid_pattern()


class Sids:
    """Generates SIDs: well-formed, distinct by seed and prefix, and numbered, so that every run has the same ones."""

    __slots__ = ("_counts", "_seed", "_stems")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stems: dict[str, str] = {}
        self._counts: dict[str, int] = defaultdict(int)

    def new(self, prefix: str, *, counted_as: str | None = None) -> str:
        """Return the next SID with a prefix; prefixes that are ``counted_as`` the same one share a count."""
        counted = counted_as or prefix
        self._counts[counted] += 1
        stem = self._stems.get(prefix)
        if stem is None:
            digest = hashlib.sha256(f"{self._seed}/{prefix}".encode()).hexdigest()
            stem = self._stems[prefix] = prefix + digest[:_STEM]
        return f"{stem}{self._counts[counted]:08x}"

    def secret(self, sid: str) -> str:
        """Return the secret that belongs to the SID of an account or key."""
        return hashlib.sha256(f"{self._seed}/{sid}".encode()).hexdigest()[:32]


def sender_sid(address: str) -> str:
    """Return the SID of a channel sender: always the same one for an address."""
    return Prefix.CHANNEL_SENDER + hashlib.sha256(address.encode()).hexdigest()[:DIGITS]
