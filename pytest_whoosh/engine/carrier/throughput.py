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
from pytest_whoosh.engine.addresses import Kind, country_of, is_toll_free, kind_of
from pytest_whoosh.engine.caching import cached
from pytest_whoosh.engine.limits import LONGEST_VALIDITY
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.timeline import EPOCH


class Sort(Enum):
    """The type of a sender, which determines its rate."""

    LONG_CODE = "long code"
    TOLL_FREE = "toll-free number"
    SHORT_CODE = "short code"
    ALPHA = "alphanumeric sender"
    CHANNEL = "channel sender"


#: The segments per second of an SMS sender, by destination country. In the United States, the rate of a registered
#: campaign depends on its registration, so the fake uses the rate of an unregistered number.
SMS: Final[Mapping[Sort, Mapping[str, int]]] = MappingProxyType(
    {
        Sort.LONG_CODE: {"US": 1, "CA": 1},
        Sort.TOLL_FREE: {"US": 3, "CA": 3},
        Sort.SHORT_CODE: {"US": 100, "CA": 100, "GB": 100},
        Sort.ALPHA: {},
    }
)
#: The segments per second of an SMS sender to any other country.
ELSEWHERE: Final = 10
#: The MMS per second. All numbers of an account and its sub-accounts share a rate. Each short code has its own.
MMS: Final[Mapping[Sort, int]] = MappingProxyType({Sort.LONG_CODE: 50, Sort.TOLL_FREE: 25, Sort.SHORT_CODE: 40})
#: The messages per second of a sender on a channel such as WhatsApp.
CHANNEL: Final = 80
#: How long a full queue takes to drain, in seconds.
LONGEST: Final = LONGEST_VALIDITY

_KINDS: Final = {Kind.SHORT_CODE: Sort.SHORT_CODE, Kind.ALPHA: Sort.ALPHA, Kind.CHANNEL: Sort.CHANNEL}
_RATES: Final = {ELSEWHERE, CHANNEL, *MMS.values(), *(rate for rates in SMS.values() for rate in rates.values())}
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
        return (LONGEST * _TICKS - max(self.free - _tick(now), 0) - self.expiring) * rate // _TICKS

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

    def leave(self, message: Message) -> None:
        """Remove a message from its sender's queue."""
        queue, _ = self._queue_for(message)
        queue.leave(message)

    def queue(self, sender: str, account: Account, *, mms: bool = False) -> Backlog:
        """Return the queue for an account's sender, or for the sender's MMS."""
        shared = mms and sort_of(sender) is not Sort.SHORT_CODE
        # Accounts that are opened on demand share the main account's provisions, so they also share its queues.
        key = ((account.owner or account).provisions, sort_of(sender)) if shared else (sender, mms)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = Backlog()
        return queue

    def _queue_for(self, message: Message) -> tuple[Backlog, int]:
        """Return the queue for a message, and its rate in segments per second."""
        sender = message.from_ or ""
        mms = message.is_mms and sort_of(sender) in MMS
        return self.queue(sender, message.account, mms=mms), rate_of(sender, country_of(message.to), mms=mms)


def rate_of(sender: str, country: str, *, mms: bool = False) -> int:
    """Return how many segments or MMS per second a sender sends to a country."""
    sort = sort_of(sender)
    if sort is Sort.CHANNEL:
        return CHANNEL
    return MMS[sort] if mms else SMS[sort].get(country, ELSEWHERE)


def home_of(sender: str, held: PhoneNumber | ShortCode | None) -> str:
    """Return a sender's country. A short code's country is only known if the account owns it."""
    if sort_of(sender) is Sort.SHORT_CODE:
        return held.country if isinstance(held, ShortCode) else "US"
    return country_of(sender)


@cached(1024)
def sort_of(sender: str) -> Sort:
    """Return the type of the sender with this address."""
    if is_toll_free(sender):
        return Sort.TOLL_FREE
    return _KINDS.get(kind_of(sender) or Kind.NUMBER, Sort.LONG_CODE)


def _tick(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND * _TICKS_OF_MICROSECOND


def _moment(tick: int) -> datetime:
    """Return the first moment at or after a tick, because a sender never sends early."""
    return EPOCH + -(-tick // _TICKS_OF_MICROSECOND) * _MICROSECOND
