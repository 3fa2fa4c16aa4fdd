"""Chooses the sender for a message from a Messaging Service's pool.

See https://www.twilio.com/docs/messaging/services#messaging-service-features. Preferences are applied one after the
other. Each keeps the senders that it prefers, or all of them if it prefers none.
"""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from hashlib import sha256
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.account.resources import MessagingService, PhoneNumber, PoolSender, ShortCode, StickySender
from pytest_whoosh.engine.addresses import AddressKind, channel_of, country_of, is_toll_free
from pytest_whoosh.engine.channels import CHANNELS
from pytest_whoosh.engine.messages.record import Message

#: Countries where carriers block alphanumeric senders and foreign numbers.
NO_ALPHA: Final = frozenset({"US", "CA"})
#: The countries with MMS.
MMS_COUNTRIES: Final = frozenset({"US", "CA"})
#: How long a service remembers a recipient's sender that sends them no messages.
STICKY_PERIOD: Final = timedelta(days=365)
#: The start of the URL of media in an MMS that was converted to an SMS. Seven letters and digits follow.
MEDIA_LINK: Final = "https://p.twil.io/"

_LINK_LENGTH: Final = 7
_TYPES: Final = (AddressKind.CHANNEL, AddressKind.SHORT_CODE, AddressKind.ALPHA, AddressKind.NUMBER)


def choose_sender(
    service: MessagingService, message: Message, steady: datetime, *, rcs: bool = False
) -> PoolSender | None:
    """Return the sender for a message; None if no sender in the pool can reach the recipient.

    RCS senders are preferred if the recipient's phone has ``rcs``. Otherwise they are the last choice.
    """
    able = _prefer_by_rcs(_able_senders(service, message), rcs, message)
    if not able:
        return None
    sticky = service.sticky_senders.get(message.to)
    known = sticky.sender if sticky and steady - sticky.used <= STICKY_PERIOD else None
    if service.sticky_sender and known in able:
        chosen = known
    else:
        for preferred in _PREFERENCES:
            able = preferred(able, service, message) or able
        chosen = min(able, key=lambda sender: sender.sent_count)
    chosen.sent_count += 1
    # If the known sender cannot send this message, the chosen one does not replace it.
    if service.sticky_sender and known in (None, chosen) and _is_sticky(chosen):
        service.sticky_senders[message.to] = StickySender(chosen, steady)
    return chosen


def _is_sticky(sender: PoolSender) -> bool:
    channel = channel_of(sender.address)
    return channel is None or CHANNELS[channel].has_sticky_senders


def carries_mms(sender: PhoneNumber | ShortCode | None, to: str) -> bool:
    """True if a number or short code can send an MMS to a recipient."""
    return sender is not None and sender.mms_capable and country_of(to) in MMS_COUNTRIES


def make_sms(message: Message) -> None:
    """Convert an MMS to an SMS. Its media become links, which are the same in every run."""
    links = [MEDIA_LINK + _link(f"{message.sid}/{index}") for index in range(len(message.media_urls))]
    message.body = " ".join(part for part in (message.body, *links) if part)
    message.converted = True


def _link(text: str) -> str:
    number = int.from_bytes(sha256(text.encode()).digest()[:8])
    letters = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
    return "".join(letters[number // 62**place % 62] for place in range(_LINK_LENGTH))


# The senders that can reach a recipient


def _able_senders(service: MessagingService, message: Message) -> list[PoolSender]:
    channel, to = channel_of(message.to), message.to
    if channel:
        return [sender for sender in service.pool if channel_of(sender.address) == channel]
    country = country_of(to)
    able = [sender for sender in service.pool if _REACHES[sender.kind](sender, country)]
    if message.is_mms:
        with_media = [
            sender for sender in able if sender.kind is AddressKind.CHANNEL or carries_mms(sender.owned_record, to)
        ]
        # If there is none, the converter turns the message into an SMS.
        return with_media if with_media or not service.mms_converter else able
    return able


def _prefer_by_rcs(able: list[PoolSender], rcs: bool | None, message: Message) -> list[PoolSender]:
    """Keep either the RCS senders or the others if the recipient is a plain phone number."""
    if channel_of(message.to):
        return able
    on_rcs = [sender for sender in able if sender.kind is AddressKind.CHANNEL]
    if not on_rcs:
        return able
    return on_rcs if rcs else [sender for sender in able if sender.kind is not AddressKind.CHANNEL] or on_rcs


def _channel_reaches(sender: PoolSender, country: str) -> bool:
    return CHANNELS[channel_of(sender.address) or ""].reaches_numbers


def _short_code_reaches(sender: PoolSender, country: str) -> bool:
    return sender.country == country


def _alpha_reaches(sender: PoolSender, country: str) -> bool:
    return country not in NO_ALPHA and sender.destination in ("", country)


def _number_reaches(sender: PoolSender, country: str) -> bool:
    if isinstance(sender.owned_record, PhoneNumber) and not sender.owned_record.sms_capable:
        return False
    return country not in NO_ALPHA or sender.country in NO_ALPHA


_REACHES: Final[Mapping[AddressKind, Callable[[PoolSender, str], bool]]] = MappingProxyType(
    {
        AddressKind.CHANNEL: _channel_reaches,
        AddressKind.SHORT_CODE: _short_code_reaches,
        AddressKind.ALPHA: _alpha_reaches,
        AddressKind.NUMBER: _number_reaches,
    }
)


# The preferences


def _of_preferred_type(able: list[PoolSender], service: MessagingService, message: Message) -> list[PoolSender]:
    preferred = min((sender.kind for sender in able), key=_TYPES.index)
    return [sender for sender in able if sender.kind is preferred]


def _dedicated_to_country(able: list[PoolSender], service: MessagingService, message: Message) -> list[PoolSender]:
    return [sender for sender in able if sender.destination]


def _toll_free_to_canada(able: list[PoolSender], service: MessagingService, message: Message) -> list[PoolSender]:
    if not message.to.startswith("+1") or country_of(message.to) != "CA":
        return able
    return [sender for sender in able if is_toll_free(sender.address)]


def _from_recipients_country(able: list[PoolSender], service: MessagingService, message: Message) -> list[PoolSender]:
    if able[0].kind is not AddressKind.NUMBER:
        return able
    country = country_of(message.to)
    return [each for each in able if each.country == country] or [each for each in able if each.country == "US"]


def _from_recipients_area(able: list[PoolSender], service: MessagingService, message: Message) -> list[PoolSender]:
    if not service.area_code_geomatch or not message.to.startswith("+1"):
        return able
    return [each for each in able if each.address[:5] == message.to[:5]]


_PREFERENCES: Final[tuple[Callable[[list[PoolSender], MessagingService, Message], list[PoolSender]], ...]] = (
    _of_preferred_type,
    _dedicated_to_country,
    _toll_free_to_canada,
    _from_recipients_country,
    _from_recipients_area,
)
