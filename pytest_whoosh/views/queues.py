"""The class Queue: the messages that wait to be sent from one sender."""

from collections.abc import Callable
from datetime import datetime
from types import MappingProxyType

from pytest_whoosh.engine.addresses import country_of, normalize_address
from pytest_whoosh.engine.carrier.throughput import Backlog, rate_of
from pytest_whoosh.engine.misuse import Live, is_usage_error
from pytest_whoosh.engine.timeline import Timeline
from pytest_whoosh.wording.texts import messages

from .selection import Messages

__tracebackhide__ = is_usage_error


class Queue(Live):
    """The messages that wait to be sent from one sender, with ``throughput="realistic"``. Always current."""

    __slots__ = ("_backlog", "_catch_up", "_home", "_mms", "_sender", "_timeline")
    _SYNONYMS = MappingProxyType({"size": "depth", "length": "depth", "waiting": "messages", "empty_at": "drains_at"})

    def __init__(
        self,
        backlog: Callable[[], Backlog],
        sender: str,
        home: str,
        *,
        mms: bool,
        timeline: Callable[[], Timeline],
        catch_up: Callable[[], None],
    ) -> None:
        self._backlog = backlog
        self._sender = sender
        self._home = home
        self._mms = mms
        self._timeline = timeline
        self._catch_up = catch_up

    def __repr__(self) -> str:
        return f"<{self._name}: {messages(self.depth)}, empty at {self.drains_at:%Y-%m-%d %H:%M:%S} UTC>"

    @property
    def sender(self) -> str:
        """The sender: a phone number, a short code, an alphanumeric sender or a channel address."""
        return self._sender

    @property
    def messages(self) -> Messages:
        """The waiting messages, in the order of their arrival."""
        return Messages(lambda: list(self._backlog().waiting), self._catch_up, self._name)

    @property
    def expiring(self) -> Messages:
        """The waiting messages that will expire before their turn comes."""
        return Messages(
            lambda: [message for message, place in list(self._backlog().waiting.items()) if place.turn is None],
            self._catch_up,
            f"part of the {self._name} that expires",
        )

    @property
    def depth(self) -> int:
        """The number of waiting messages."""
        return len(self._read().waiting)

    @property
    def segments(self) -> int:
        """The number of waiting segments. An MMS or a channel message counts as one."""
        return self._read().segments

    @property
    def drains_at(self) -> datetime:
        """The moment at which the queue will be empty: now, if no message waits."""
        drained, timeline = self._read().drained, self._timeline()
        return timeline.moment_at(max(drained, timeline.steady))

    @property
    def rate(self) -> int:
        """The number of segments that leave the queue each second for the sender's own country."""
        return rate_of(self._sender, self._home, mms=self._mms)

    @property
    def room(self) -> int:
        """The number of further segments that fit into the queue."""
        return max(self._read().room(self.rate, self._timeline().steady), 0)

    @property
    def is_full(self) -> bool:
        """True if no further segment fits into the queue."""
        return self.room == 0

    def rate_to(self, recipient: str) -> int:
        """Return how many segments leave the queue each second for a recipient's country.

        Args:
            recipient: The recipient's phone number.

        Raises:
            ValueError: ``recipient`` is not a phone number.
        """
        address = normalize_address(recipient)
        if address is None:
            raise ValueError(f'rate_to() takes a phone number such as "+447911123456", not {recipient!r}.')
        return rate_of(self._sender, country_of(address), mms=self._mms)

    @property
    def _name(self) -> str:
        return f"{'MMS_RATES queue' if self._mms else 'queue'} of {self._sender}"

    def _read(self) -> Backlog:
        self._catch_up()
        return self._backlog()
