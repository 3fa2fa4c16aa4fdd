"""Messages in the order in which lists show them: by the time they were sent, else created; newest last in here.

The vendor sorts a list by DateSent, newest first; see "Read multiple Message resources" at
https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources

A message changes its place once, when it is sent, and the clock only moves on, so each place is appended to the end
of a log and the one left behind is passed over: adding and moving cost a constant time, and a page is found by
bisection however many messages there are.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter

from .record import Message

_COMPACT_FROM = 64
_serial = attrgetter("serial")


class Order:
    """One list's messages, each at its place: by moment, then by the order of creation."""

    __slots__ = ("_messages", "_moments", "_stale")

    def __init__(self) -> None:
        self._messages: list[Message] = []
        #: The moment of each place. A message that has another by now has left it.
        self._moments: list[datetime] = []
        self._stale = 0

    def __len__(self) -> int:
        return len(self._messages) - self._stale

    def add(self, message: Message) -> None:
        """Put a message at its present place."""
        moment = message.listed_at
        messages, moments = self._messages, self._moments
        if not messages or (moments[-1], messages[-1].serial) <= (moment, message.serial):
            messages.append(message)
            moments.append(moment)
        else:
            index = self.after(message)
            messages.insert(index, message)
            moments.insert(index, moment)

    def leave(self) -> None:
        """Note that a message has left its place, for another or for good."""
        self._stale += 1
        if self._stale > _COMPACT_FROM and self._stale * 3 > len(self._messages):
            self._messages = list(self.forwards(0, self.end))
            self._moments = [message.listed_at for message in self._messages]
            self._stale = 0

    def backwards(self, start: int, stop: int = 0) -> Iterator[Message]:
        """The messages before index ``start``, newest first, down to index ``stop``."""
        return self._present(range(start - 1, stop - 1, -1))

    def forwards(self, start: int, stop: int) -> Iterator[Message]:
        """The messages from index ``start`` on, oldest first, up to before index ``stop``."""
        return self._present(range(start, stop))

    def _present(self, indices: range) -> Iterator[Message]:
        messages, moments = self._messages, self._moments
        return (
            message
            for index in indices
            if moments[index] == (message := messages[index]).listed_at and not message.deleted
        )

    @property
    def end(self) -> int:
        """The index after the last place."""
        return len(self._messages)

    def before(self, message: Message) -> int:
        """The index before which all places older than a message's lie."""
        first, last = self.since(message.listed_at), self.until(message.listed_at)
        return bisect_left(self._messages, message.serial, first, last, key=_serial)

    def after(self, message: Message) -> int:
        """The index from which on all places newer than a message's lie."""
        first, last = self.since(message.listed_at), self.until(message.listed_at)
        return bisect_right(self._messages, message.serial, first, last, key=_serial)

    def until(self, moment: datetime) -> int:
        """The index before which all places at or before a moment lie."""
        return bisect_right(self._moments, moment)

    def since(self, moment: datetime) -> int:
        """The index from which on all places at or after a moment lie."""
        return bisect_left(self._moments, moment)


class Index:
    """An order for each address, of the messages to it or from it."""

    __slots__ = ("_orders",)

    def __init__(self) -> None:
        #: For an address with a single message just that: most people get no more, and an order takes some room.
        self._orders: dict[str, Order | Message] = {}

    def __getitem__(self, address: str) -> Order:
        """The order of an address; an empty one where it has none."""
        held = self._orders.get(address)
        if isinstance(held, Order):
            return held
        order = Order()
        if held is not None:
            order.add(held)
        return order

    def add(self, address: str, message: Message) -> None:
        """Put a message at its present place in the order of an address."""
        held = self._orders.get(address)
        if held is None:
            self._orders[address] = message
        elif held is not message:
            order = self._orders[address] = self[address]
            order.add(message)

    def leave(self, address: str) -> None:
        """Note that a message has left its place in the order of an address."""
        held = self._orders.get(address)
        if isinstance(held, Order):
            held.leave()
