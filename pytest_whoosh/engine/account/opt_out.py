"""Applies opt-out keywords that people write, such as STOP, and chooses the vendor's replies.

See https://help.twilio.com/articles/223134027 (default keywords) and https://help.twilio.com/articles/360034798533
(toll-free numbers)
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.addresses import AddressKind, address_kind, is_toll_free

from .account import AccountResources
from .resources import MessagingService

#: The words for each keyword. A keyword is the whole text of a message, in upper or lower case.
KEYWORDS: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {
        "STOP": frozenset({"STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"}),
        "START": frozenset({"START", "YES", "UNSTOP"}),
        "HELP": frozenset({"HELP", "INFO"}),
    }
)
#: The vendor's replies. They are not messages of the account.
REPLIES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "STOP": (
            "You have successfully been unsubscribed. You will not receive any more messages from this number. "
            "Reply START to resubscribe."
        ),
        "START": (
            "You have successfully been re-subscribed to messages from this number. Reply HELP for help. "
            "Reply STOP to unsubscribe. Msg&Data Rates May Apply."
        ),
        "HELP": "Reply STOP to unsubscribe. Msg&Data Rates May Apply.",
    }
)

# The network of toll-free numbers handles opt-outs itself and has its own texts.
_TOLL_FREE_START: Final = frozenset({"START", "UNSTOP"})
_TOLL_FREE_STOPPED: Final = (
    'NETWORK MSG: You replied with the word "{word}" which blocks all texts sent from this number. '
    'Text back "unstop" to receive messages again.'
)
_TOLL_FREE_STARTED: Final = (
    'NETWORK MSG: You have replied "{word}" and will begin receiving messages again from this number.'
)


@dataclass(frozen=True, slots=True)
class AppliedKeyword:
    """A keyword that was applied: ``"STOP"``, ``"START"`` or ``"HELP"``, and the reply to the person, if any."""

    name: str
    reply: str | None


def read_keyword(body: str) -> str | None:
    """Return ``"STOP"``, ``"START"`` or ``"HELP"`` if a text is one of its words, else None."""
    word = body.strip().upper()
    return next((kind for kind, words in KEYWORDS.items() if word in words), None)


def apply_keyword(
    resources: AccountResources, body: str, person: str, sender: str, service: MessagingService | None
) -> AppliedKeyword | None:
    """Opt a person out or in, or reply with help, if their text is a keyword and the sender handles keywords."""
    kind = read_keyword(body)
    advanced = service is not None and service.advanced_opt_out
    if kind is None or (address_kind(sender) is not AddressKind.NUMBER and not advanced):
        return None
    word = body.strip()
    toll_free = is_toll_free(sender)
    if toll_free and kind == "START" and word.upper() not in _TOLL_FREE_START:
        return None
    out = resources.has_opted_out(person, sender, service)
    if kind == "STOP":
        resources.opt_out(person, sender)
        reply = None if out else (_TOLL_FREE_STOPPED.format(word=word) if toll_free else REPLIES["STOP"])
    elif kind == "START":
        resources.opt_in(person, sender)
        reply = _TOLL_FREE_STARTED.format(word=word) if toll_free else REPLIES["START"]
    else:
        reply = None if out else REPLIES["HELP"]
    return AppliedKeyword(kind, reply)
