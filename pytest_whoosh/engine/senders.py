"""Which sender of a Messaging Service's pool carries a message.

Follows https://www.twilio.com/docs/messaging/services#messaging-service-features: the selection is a row of sieves,
and each keeps the senders it prefers, or all of them where it prefers none.
"""

from collections.abc import Callable
from typing import Final

from .addresses import Kind, channel_of, country_of, kind_of
from .records import Message, MessagingService

#: The countries whose carriers deliver nothing from alphanumeric senders.
NO_ALPHA: Final = frozenset({"US", "CA"})
_TYPES: Final = (Kind.CHANNEL, Kind.SHORT_CODE, Kind.ALPHA, Kind.NUMBER)
#: The country that the short codes of the pool work in, by code; the others work in the United States.
Countries = dict[str, str]


def choose_sender(service: MessagingService, message: Message, countries: Countries) -> str | None:
    """The sender for a message; None where nothing in the pool can reach the recipient."""
    able = [sender for sender in service.senders if _can_reach(sender, message, countries)]
    if not able:
        return None
    remembered = service.remembered.get(message.to)
    if service.sticky_sender and remembered in able:
        chosen = remembered
    else:
        for sieve in _SIEVES:
            able = sieve(able, service, message) or able
        chosen = min(able, key=lambda sender: service.carried.get(sender, 0))
    service.carried[chosen] = service.carried.get(chosen, 0) + 1
    service.remembered.setdefault(message.to, chosen)
    return chosen


def _can_reach(sender: str, message: Message, countries: Countries) -> bool:
    if channel_of(sender) != channel_of(message.to):
        return False
    kind = kind_of(sender)
    if kind is Kind.SHORT_CODE:
        return countries.get(sender, "US") == country_of(message.to)
    if kind is Kind.ALPHA:
        return not message.is_mms and country_of(message.to) not in NO_ALPHA
    return True


def _of_preferred_type(able: list[str], service: MessagingService, message: Message) -> list[str]:
    return next(
        (kin for kind in _TYPES if (kin := [sender for sender in able if kind_of(sender) is kind])),
        able,
    )


def _in_country(able: list[str], service: MessagingService, message: Message) -> list[str]:
    if not able[0].startswith("+"):
        return able
    return [each for each in able if country_of(each) == country_of(message.to)] or [
        each for each in able if country_of(each) == "US"
    ]


def _in_area(able: list[str], service: MessagingService, message: Message) -> list[str]:
    if not service.area_code_geomatch or not message.to.startswith("+1"):
        return able
    return [each for each in able if each[:5] == message.to[:5]]


_SIEVES: Final[tuple[Callable[[list[str], MessagingService, Message], list[str]], ...]] = (
    _of_preferred_type,
    _in_country,
    _in_area,
)
