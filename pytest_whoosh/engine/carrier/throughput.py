"""Sending rates and message queues of senders, used if ``throughput`` is "realistic".

See https://help.twilio.com/articles/115002943027 ("Understanding Twilio Rate Limits and Message Queues"). Each sender
has one queue, which sends messages in order of arrival. A queue holds as many segments as its sender sends in four
hours, which is the longest validity period.

A backlog is a timetable. A message that joins it gets the moment of its turn, unless it expires before. The message
takes up room until its turn or its expiry. A message that will expire does not delay the others.
"""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from math import lcm
from types import MappingProxyType
from typing import Final, NamedTuple

from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.account.resources import PhoneNumber, ShortCode
from pytest_whoosh.engine.addresses import AddressKind, address_kind, country_of, is_toll_free
from pytest_whoosh.engine.caching import cached
from pytest_whoosh.engine.limits import LONGEST_VALIDITY
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.timeline import EPOCH


class SenderType(Enum):
    """The type of a sender, which determines its rate."""

    LONG_CODE = "long code"
    TOLL_FREE = "toll-free number"
    SHORT_CODE = "short code"
    ALPHA = "alphanumeric sender"
    CHANNEL = "channel sender"


#: The segments per second of an SMS sender, by destination country. In the United States, the rate of a registered
#: campaign depends on its registration, so the fake uses the rate of an unregistered number.
SMS_RATES: Final[Mapping[SenderType, Mapping[str, int]]] = MappingProxyType(
    {
        SenderType.LONG_CODE: {"US": 1, "CA": 1},
        SenderType.TOLL_FREE: {"US": 3, "CA": 3},
        SenderType.SHORT_CODE: {"US": 100, "CA": 100, "GB": 100},
        SenderType.ALPHA: {},
    }
)
#: The segments per second of an SMS sender to any other country.
SMS_RATE_ELSEWHERE: Final = 10
#: The MMS per second. All numbers of an account and its sub-accounts share a rate. Each short code has its own.
MMS_RATES: Final[Mapping[SenderType, int]] = MappingProxyType(
    {SenderType.LONG_CODE: 50, SenderType.TOLL_FREE: 25, SenderType.SHORT_CODE: 40}
)
#: The messages per second of a sender on a channel such as WhatsApp.
CHANNEL_RATE: Final = 80
#: How long a full queue takes to drain, in seconds.
LONGEST_DRAIN: Final = LONGEST_VALIDITY

_KINDS: Final = {
    AddressKind.SHORT_CODE: SenderType.SHORT_CODE,
    AddressKind.ALPHA: SenderType.ALPHA,
    AddressKind.CHANNEL: SenderType.CHANNEL,
}
_RATES: Final = {
    SMS_RATE_ELSEWHERE,
    CHANNEL_RATE,
    *MMS_RATES.values(),
    *(rate for rates in SMS_RATES.values() for rate in rates.values()),
}
_MICROSECOND: Final = timedelta(microseconds=1)
#: The number of ticks per second. Time is counted in ticks, because a third of a second is not a whole number of
#: microseconds. At every rate a segment takes a whole number of ticks, so three segments per second are exactly three.
_TICKS: Final = lcm(1_000_000, *_RATES)
_TICKS_OF_MICROSECOND: Final = _TICKS // 1_000_000


class Wait(NamedTuple):
    """The moment when a message starts to wait, its shortest wait, and its expiry."""

    since: datetime
    least: timedelta
    until: datetime


class Slot(NamedTuple):
    """A message's turn in a queue."""

    segments: int
    #: How long sending the message takes, in ticks.
    ticks: int
    #: The moment of the message's turn. None if it expires before.
    turn: datetime | None


@dataclass(slots=True, eq=False)
class Backlog:
    """The messages that wait for one sender, or for several senders that share a rate."""

    #: The waiting messages, in order of arrival.
    waiting: dict[Message, Slot] = field(default_factory=dict)
    segments: int = 0
    #: The tick after which the sender has nothing left to send.
    free: int = 0
    #: The total ticks of the messages that will expire before their turn.
    expiring: int = 0
    #: The moment when the last message leaves or left.
    drained: datetime = EPOCH

    def room(self, rate: int, now: datetime) -> int:
        """Return the number of segments that still fit into the queue at a rate."""
        return (LONGEST_DRAIN * _TICKS - max(self.free - _tick(now), 0) - self.expiring) * rate // _TICKS

    def join(self, message: Message, segments: int, rate: int, wait: Wait) -> datetime | None:
        """Add a message. Return the moment of its turn, or None if it expires before."""
        ticks = segments * _TICKS // rate
        start = max(self.free, _tick(wait.since))
        if wait.least <= wait.until - _moment(start):
            self.free = start + ticks
            slot = Slot(segments, ticks, _moment(start) + wait.least)
        else:
            self.expiring += ticks
            slot = Slot(segments, ticks, None)
        self.waiting[message] = slot
        self.segments += segments
        self.drained = max(self.drained, slot.turn or wait.until)
        return slot.turn

    def leave(self, message: Message) -> None:
        """Remove a message."""
        slot = self.waiting.pop(message)
        self.segments -= slot.segments
        if slot.turn is None:
            self.expiring -= slot.ticks


class Throughput:
    """The queues of all senders."""

    __slots__ = ("_queues",)

    def __init__(self) -> None:
        self._queues: dict[Hashable, Backlog] = {}

    def has_room(self, message: Message, segments: int, now: datetime) -> bool:
        """True if the sender's queue has room for this message."""
        queue, rate = self._queue_for(message)
        return segments <= queue.room(rate, now)

    def join(self, message: Message, segments: int, wait: Wait) -> datetime | None:
        """Add a message to its sender's queue.

        Returns:
            The moment of its turn; None if it expires before.
        """
        queue, rate = self._queue_for(message)
        return queue.join(message, segments, rate, wait)

    def holds(self, message: Message) -> bool:
        """True if a message waits in its sender's queue."""
        queue, _ = self._queue_for(message)
        return message in queue.waiting

    def leave(self, message: Message) -> None:
        """Remove a message from its sender's queue."""
        queue, _ = self._queue_for(message)
        queue.leave(message)

    def queue(self, sender: str, account: Account, *, mms: bool = False) -> Backlog:
        """Return the queue for an account's sender, or for the sender's MMS."""
        shared = mms and sender_type_of(sender) is not SenderType.SHORT_CODE
        # Accounts that are opened on demand share the main account's resources, so they also share its queues.
        key = ((account.owner or account).resources, sender_type_of(sender)) if shared else (sender, mms)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = Backlog()
        return queue

    def _queue_for(self, message: Message) -> tuple[Backlog, int]:
        """Return the queue for a message, and its rate in segments per second."""
        sender = message.from_ or ""
        mms = message.is_mms and sender_type_of(sender) in MMS_RATES
        return self.queue(sender, message.account, mms=mms), rate_of(sender, country_of(message.to), mms=mms)


def rate_of(sender: str, country: str, *, mms: bool = False) -> int:
    """Return how many segments or MMS per second a sender sends to a country."""
    sender_type = sender_type_of(sender)
    if sender_type is SenderType.CHANNEL:
        return CHANNEL_RATE
    return MMS_RATES[sender_type] if mms else SMS_RATES[sender_type].get(country, SMS_RATE_ELSEWHERE)


def home_country(sender: str, owned_record: PhoneNumber | ShortCode | None) -> str:
    """Return a sender's country. A short code's country is only known if the account owns it."""
    if sender_type_of(sender) is SenderType.SHORT_CODE:
        return owned_record.country if isinstance(owned_record, ShortCode) else "US"
    return country_of(sender)


@cached(1024)
def sender_type_of(sender: str) -> SenderType:
    """Return the type of the sender with this address."""
    if is_toll_free(sender):
        return SenderType.TOLL_FREE
    return _KINDS.get(address_kind(sender) or AddressKind.NUMBER, SenderType.LONG_CODE)


def _tick(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND * _TICKS_OF_MICROSECOND


def _moment(tick: int) -> datetime:
    """Return the first moment at or after a tick, because a sender never sends early."""
    return EPOCH + -(-tick // _TICKS_OF_MICROSECOND) * _MICROSECOND
