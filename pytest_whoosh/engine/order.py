"""Messages in the order in which lists show them: by the time they were sent, else created; newest last in here.

The vendor sorts a list by DateSent, newest first; see "Read multiple Message resources" at
https://www.twilio.com/docs/messaging/api/message-resource#read-multiple-message-resources

A message changes its place once, when it is sent, and the clock only moves on, so each place is appended to the end
of a log and the one left behind is passed over: adding and moving cost a constant time, and a page is found by
bisection however many messages there are.
"""

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from datetime import datetime

from .records import Message, Place

_COMPACT_FROM = 64


class Order:
    """One list's messages, each at its place."""

    __slots__ = ("_places", "_stale")

    def __init__(self) -> None:
        self._places: list[Place] = []
        self._stale = 0

    def __len__(self) -> int:
        return len(self._places) - self._stale

    def add(self, message: Message) -> None:
        """Put a message at its present place."""
        place = message.place
        places = self._places
        if not places or places[-1] <= place:
            places.append(place)
        else:
            insort(places, place)

    def leave(self) -> None:
        """Note that a message has left its place, for another or for good."""
        self._stale += 1
        if self._stale > _COMPACT_FROM and self._stale * 2 > len(self._places):
            self._places = [place for place in self._places if place.message.place is place]
            self._stale = 0

    def backwards(self, start: int, stop: int = 0) -> Iterator[Message]:
        """The messages before index ``start``, newest first, down to index ``stop``."""
        return self._present(range(start - 1, stop - 1, -1))

    def forwards(self, start: int, stop: int) -> Iterator[Message]:
        """The messages from index ``start`` on, oldest first, up to before index ``stop``."""
        return self._present(range(start, stop))

    def _present(self, indices: range) -> Iterator[Message]:
        places = self._places
        return (place.message for place in map(places.__getitem__, indices) if place.message.place is place)

    @property
    def end(self) -> int:
        """The index after the last place."""
        return len(self._places)

    def before(self, place: Place) -> int:
        """The index before which all older places lie."""
        return bisect_left(self._places, place)

    def after(self, place: Place) -> int:
        """The index from which on all newer places lie."""
        return bisect_right(self._places, place)

    def until(self, moment: datetime) -> int:
        """The index before which all places at or before a moment lie."""
        return bisect_right(self._places, moment, key=lambda place: place.moment)

    def since(self, moment: datetime) -> int:
        """The index from which on all places at or after a moment lie."""
        return bisect_left(self._places, moment, key=lambda place: place.moment)
