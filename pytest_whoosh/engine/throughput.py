"""How fast senders send, and the queues that form behind them, where the ``throughput`` setting asks for them.

Follows https://help.twilio.com/articles/115002943027 ("Understanding Twilio Rate Limits and Message Queues"): each
sender has one queue, drained in the order of arrival, and a queue holds as many segments as its sender sends in four
hours, which is the longest validity period.
"""

from collections.abc import Hashable, Mapping
from datetime import datetime, timedelta
from enum import Enum
from types import MappingProxyType
from typing import Final

from .addresses import Kind, country_of, is_toll_free, kind_of
from .records import Message


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
#: MMS a second. The numbers of an account share theirs.
MMS: Final[Mapping[Sort, int]] = MappingProxyType({Sort.LONG_CODE: 50, Sort.TOLL_FREE: 25, Sort.SHORT_CODE: 40})
#: Messages a second of a sender on a channel such as WhatsApp.
CHANNEL: Final = 80
#: How long the fullest queue takes to drain.
LONGEST: Final = timedelta(seconds=14400)

_KINDS: Final = {Kind.SHORT_CODE: Sort.SHORT_CODE, Kind.ALPHA: Sort.ALPHA, Kind.CHANNEL: Sort.CHANNEL}


class Throughput:
    """The queues of all senders. What is queued is known by when its sender will be through with it."""

    __slots__ = ("_free",)

    def __init__(self) -> None:
        self._free: dict[Hashable, datetime] = {}

    def has_room(self, message: Message, segments: int, now: datetime) -> bool:
        """Whether the queue of a message's sender can take it."""
        queue, rate = _queue_of(message)
        return self._wait(queue, now) + _time(segments, rate) <= LONGEST

    def wait(self, message: Message, now: datetime) -> timedelta:
        """How long a message would wait for those before it."""
        queue, _ = _queue_of(message)
        return self._wait(queue, now)

    def join(self, message: Message, segments: int, now: datetime) -> None:
        """Let a message join the queue of its sender."""
        queue, rate = _queue_of(message)
        self._free[queue] = now + self._wait(queue, now) + _time(segments, rate)

    def _wait(self, queue: Hashable, now: datetime) -> timedelta:
        return max(self._free.get(queue, now) - now, timedelta())


def _time(segments: int, rate: int) -> timedelta:
    return timedelta(seconds=segments) / rate


def _queue_of(message: Message) -> tuple[Hashable, int]:
    """The queue that a message waits in, and the segments that leave it in a second."""
    sender = message.from_ or ""
    sort = sort_of(sender)
    if sort is Sort.CHANNEL:
        return sender, CHANNEL
    if message.is_mms and sort in MMS:
        return (sender if sort is Sort.SHORT_CODE else (message.account_sid, sort), "MMS"), MMS[sort]
    return sender, SMS[sort].get(country_of(message.to), ELSEWHERE)


def sort_of(sender: str) -> Sort:
    """What sort of sender an address is."""
    if is_toll_free(sender):
        return Sort.TOLL_FREE
    return _KINDS.get(kind_of(sender) or Kind.NUMBER, Sort.LONG_CODE)
