"""How fast senders send, and the queues that form behind them, where the ``throughput`` setting asks for them.

Follows https://help.twilio.com/articles/115002943027 ("Understanding Twilio Rate Limits and Message Queues"): each
sender has one queue, drained in the order of arrival, and a queue holds as many segments as its sender sends in four
hours, which is the longest validity period.

A queue is a timetable: a message that joins is given the moment of its turn, or learns that it will have expired by
then. Until either it waits, and takes its room in the queue; one that will expire takes nobody's turn.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import Enum
from functools import lru_cache
from math import lcm
from types import MappingProxyType
from typing import Final, NamedTuple

from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.account.resources import PhoneNumber, ShortCode
from pytest_whoosh.engine.addresses import Kind, country_of, is_toll_free, kind_of
from pytest_whoosh.engine.limits import LONGEST_VALIDITY
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.timeline import EPOCH


class Sort(Enum):
    """What sort of sender it is, as far as its speed is concerned."""

    LONG_CODE = "long code"
    TOLL_FREE = "toll-free number"
    SHORT_CODE = "short code"
    ALPHA = "alphanumeric sender"
    CHANNEL = "channel sender"


#: Segments a second of an SMS sender, by the country that they go to. What a registered campaign sends to the United
#: States depends on its registration, so that of a plain number stands for it.
SMS: Final[Mapping[Sort, Mapping[str, int]]] = MappingProxyType(
    {
        Sort.LONG_CODE: {"US": 1, "CA": 1},
        Sort.TOLL_FREE: {"US": 3, "CA": 3},
        Sort.SHORT_CODE: {"US": 100, "CA": 100, "GB": 100},
        Sort.ALPHA: {},
    }
)
#: Segments a second of an SMS sender to any other country.
ELSEWHERE: Final = 10
#: MMS a second. The numbers of an account, and of those below it, share theirs; each short code has its own.
MMS: Final[Mapping[Sort, int]] = MappingProxyType({Sort.LONG_CODE: 50, Sort.TOLL_FREE: 25, Sort.SHORT_CODE: 40})
#: Messages a second of a sender on a channel such as WhatsApp.
CHANNEL: Final = 80
#: How long the fullest queue takes to drain, in seconds.
LONGEST: Final = LONGEST_VALIDITY

_KINDS: Final = {Kind.SHORT_CODE: Sort.SHORT_CODE, Kind.ALPHA: Sort.ALPHA, Kind.CHANNEL: Sort.CHANNEL}
_RATES: Final = {ELSEWHERE, CHANNEL, *MMS.values(), *(rate for rates in SMS.values() for rate in rates.values())}
_MICROSECOND: Final = timedelta(microseconds=1)
#: Time is counted in ticks, so fine that every rate takes a whole number of them: three segments a second are three
#: in every second, though a third of a second is no number of microseconds.
_TICKS: Final = lcm(1_000_000, *_RATES)
_TICKS_OF_MICROSECOND: Final = _TICKS // 1_000_000


class Wait(NamedTuple):
    """From when on a message waits, for how long at least, and until when at most."""

    since: datetime
    least: timedelta
    until: datetime


class Place(NamedTuple):
    """A message's place in a queue."""

    segments: int
    #: How long its sending takes, in ticks.
    ticks: int
    #: When its turn comes; None where it will have expired by then.
    turn: datetime | None


@dataclass(slots=True, eq=False)
class Queue:
    """What waits for one sender, or for several that share what they can send."""

    #: What waits, in the order in which it came.
    waiting: dict[Message, Place] = field(default_factory=dict)
    segments: int = 0
    #: The tick from which on the sender has nothing more to send.
    free: int = 0
    #: How long the sending would take of what will have expired by its turn, in ticks.
    expiring: int = 0
    #: When the last message will have left, or has.
    drained: datetime = EPOCH

    def room(self, rate: int, now: datetime) -> int:
        """How many more segments fit in that are sent at a rate."""
        return (LONGEST * _TICKS - max(self.free - _tick(now), 0) - self.expiring) * rate // _TICKS

    def join(self, message: Message, segments: int, rate: int, wait: Wait) -> datetime | None:
        """Let a message wait; when its turn comes, or None where it will have expired by then."""
        ticks = segments * _TICKS // rate
        start = max(self.free, _tick(wait.since))
        if wait.least <= wait.until - _moment(start):
            self.free = start + ticks
            place = Place(segments, ticks, _moment(start) + wait.least)
        else:
            self.expiring += ticks
            place = Place(segments, ticks, None)
        self.waiting[message] = place
        self.segments += segments
        self.drained = max(self.drained, place.turn or wait.until)
        return place.turn

    def leave(self, message: Message) -> None:
        """Let a message go."""
        place = self.waiting.pop(message)
        self.segments -= place.segments
        if place.turn is None:
            self.expiring -= place.ticks


class Throughput:
    """The queues of all senders."""

    __slots__ = ("_account_of", "_queues")

    def __init__(self, account_of: Callable[[Message], Account]) -> None:
        self._account_of = account_of
        self._queues: dict[Hashable, Queue] = {}

    def has_room(self, message: Message, segments: int, now: datetime) -> bool:
        """Whether the queue of a message's sender can take it."""
        queue, rate = self._queue_for(message)
        return segments <= queue.room(rate, now)

    def join(self, message: Message, segments: int, wait: Wait) -> datetime | None:
        """Let a message join the queue of its sender.

        Returns:
            When its turn comes; None where it will have expired by then.
        """
        queue, rate = self._queue_for(message)
        return queue.join(message, segments, rate, wait)

    def leave(self, message: Message) -> None:
        """Let a message leave the queue of its sender."""
        queue, _ = self._queue_for(message)
        queue.leave(message)

    def queue(self, sender: str, account: Account, *, mms: bool = False) -> Queue:
        """The queue of what an account sends from a sender, or of its MMS."""
        shared = mms and sort_of(sender) is not Sort.SHORT_CODE
        # Accounts opened on demand have the provisions of the main one, and are one with it here too.
        key = ((account.owner or account).provisions, sort_of(sender)) if shared else (sender, mms)
        queue = self._queues.get(key)
        if queue is None:
            queue = self._queues[key] = Queue()
        return queue

    def _queue_for(self, message: Message) -> tuple[Queue, int]:
        """The queue that a message waits in, and the segments that leave it in a second."""
        sender = message.from_ or ""
        mms = message.is_mms and sort_of(sender) in MMS
        return self.queue(sender, self._account_of(message), mms=mms), rate_of(sender, country_of(message.to), mms=mms)


def rate_of(sender: str, country: str, *, mms: bool = False) -> int:
    """The segments, or MMS, that leave the queue of a sender for a country in a second."""
    sort = sort_of(sender)
    if sort is Sort.CHANNEL:
        return CHANNEL
    return MMS[sort] if mms else SMS[sort].get(country, ELSEWHERE)


def home_of(sender: str, held: PhoneNumber | ShortCode | None) -> str:
    """The country that a sender is of: that of a short code is known where the account holds it."""
    if sort_of(sender) is Sort.SHORT_CODE:
        return held.country if isinstance(held, ShortCode) else "US"
    return country_of(sender)


@lru_cache(maxsize=1024)
def sort_of(sender: str) -> Sort:
    """What sort of sender an address is."""
    if is_toll_free(sender):
        return Sort.TOLL_FREE
    return _KINDS.get(kind_of(sender) or Kind.NUMBER, Sort.LONG_CODE)


def _tick(moment: datetime) -> int:
    return (moment - EPOCH) // _MICROSECOND * _TICKS_OF_MICROSECOND


def _moment(tick: int) -> datetime:
    """The first moment at or after a tick: a sender is never early."""
    return EPOCH + -(-tick // _TICKS_OF_MICROSECOND) * _MICROSECOND
