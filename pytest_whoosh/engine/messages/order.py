"""Keeps messages in the order of the API's lists: by the time they were sent, or created if not sent yet.

Here the newest message is last. The API lists the newest first, by DateSent; see "Read multiple Message resources" at
https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources

A message changes its position once, when it is sent. Since the clock never goes back, the new position is appended to
the end of a log, and readers skip the old one. Adding and moving a message therefore take constant time, and bisection
finds a page quickly among any number of messages.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from datetime import datetime
from operator import attrgetter

from .record import Message

_COMPACT_FROM = 64
_serial = attrgetter("serial")


class MessageOrder:
    """The messages of one list, sorted by moment, then in order of creation."""

    __slots__ = ("_messages", "_moments", "_stale")

    def __init__(self, *messages: Message) -> None:
        self._messages: list[Message] = []
        #: The moment of each position. A position is stale if its message has another moment by now.
        self._moments: list[datetime] = []
        self._stale = 0
        for message in messages:
            self.add(message)

    def __len__(self) -> int:
        return len(self._messages) - self._stale

    def add(self, message: Message) -> None:
        """Add a message at its current position."""
        moment = message.listed_at
        messages, moments = self._messages, self._moments
        if not messages or (moments[-1], messages[-1].serial) <= (moment, message.serial):
            messages.append(message)
            moments.append(moment)
        else:
            index = self.after(message)
            messages.insert(index, message)
            moments.insert(index, moment)

    def mark_stale(self) -> None:
        """Count a position as stale because its message moved or was deleted."""
        self._stale += 1
        if self._stale > _COMPACT_FROM and self._stale * 3 > len(self._messages):
            self._messages = list(self.forwards(0, self.end))
            self._moments = [message.listed_at for message in self._messages]
            self._stale = 0

    def backwards(self, start: int, stop: int = 0) -> Iterator[Message]:
        """Iterate over the messages before index ``start``, newest first, down to index ``stop``."""
        return self._present(range(start - 1, stop - 1, -1))

    def forwards(self, start: int, stop: int) -> Iterator[Message]:
        """Iterate over the messages from index ``start``, oldest first, up to but excluding index ``stop``."""
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
        """The index after the last position."""
        return len(self._messages)

    def before(self, message: Message) -> int:
        """Return the index of the first position that is not older than a message."""
        first, last = self.since(message.listed_at), self.until(message.listed_at)
        return bisect_left(self._messages, message.serial, first, last, key=_serial)

    def after(self, message: Message) -> int:
        """Return the index of the first position that is newer than a message."""
        first, last = self.since(message.listed_at), self.until(message.listed_at)
        return bisect_right(self._messages, message.serial, first, last, key=_serial)

    def until(self, moment: datetime) -> int:
        """Return the index of the first position after a moment."""
        return bisect_right(self._moments, moment)

    def since(self, moment: datetime) -> int:
        """Return the index of the first position at or after a moment."""
        return bisect_left(self._moments, moment)


class AddressIndex:
    """The messages to or from each address, in order."""

    __slots__ = ("_orders",)

    def __init__(self) -> None:
        #: An address with a single message maps to that message. Most people get only one, and this saves memory.
        self._orders: dict[str, MessageOrder | Message] = {}

    def __getitem__(self, address: str) -> MessageOrder:
        """Return the order for an address, which is empty if the address has no messages."""
        found = self._orders.get(address)
        if found is None:
            return MessageOrder()
        return found if isinstance(found, MessageOrder) else MessageOrder(found)

    def add(self, address: str, message: Message) -> None:
        """Add a message at its current position in the order for an address."""
        found = self._orders.get(address)
        if found is None:
            self._orders[address] = message
        elif isinstance(found, MessageOrder):
            found.add(message)
        elif found is not message:
            self._orders[address] = MessageOrder(found, message)

    def mark_stale(self, address: str) -> None:
        """Count a position in the order for an address as stale."""
        found = self._orders.get(address)
        if isinstance(found, MessageOrder):
            found.mark_stale()
