"""One account: what it holds."""

import hashlib
from collections import defaultdict
from datetime import datetime
from typing import Final, Literal

from .order import Order
from .records import Application, Collection, Message, MessagingService, PhoneNumber, Place, ShortCode

#: Hexadecimal digits of a SID that come from the seed; the other eight count.
_STEM: Final = 24


class Sids:
    """New SIDs: well-formed, unlike between seeds and kinds, and counted, so that a test has the same ones each run."""

    __slots__ = ("_counts", "_seed", "_stems")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stems: dict[str, str] = {}
        self._counts: dict[str, int] = defaultdict(int)

    def new(self, prefix: str, *, counted_as: str | None = None) -> str:
        """The next SID with a prefix such as ``"SM"``; prefixes that are ``counted_as`` one share a count."""
        kind = counted_as or prefix
        self._counts[kind] += 1
        stem = self._stems.get(prefix)
        if stem is None:
            digest = hashlib.sha256(f"{self._seed}/{prefix}".encode()).hexdigest()
            stem = self._stems[prefix] = prefix + digest[:_STEM]
        return f"{stem}{self._counts[kind]:08x}"


class Provisions:
    """What messages are sent with: numbers, short codes, services, applications; and who opted out of whom.

    Every account that the double opens on demand shares those of the account that the test provisions.
    """

    def __init__(self) -> None:
        self.numbers: Collection[PhoneNumber] = Collection()
        self.short_codes: Collection[ShortCode] = Collection()
        self.services: Collection[MessagingService] = Collection()
        self.applications: Collection[Application] = Collection()
        #: The sender (or the SID of the service) that each person will hear nothing more from.
        self.opted_out: set[tuple[str, str]] = set()
        self._owned: dict[str, PhoneNumber | ShortCode | None] = {}

    def own(self, sender: PhoneNumber | ShortCode) -> None:
        """Hold a number or short code as the account's own."""
        if isinstance(sender, PhoneNumber):
            self.numbers.add(sender)
        else:
            self.short_codes.add(sender)
        self._owned[sender.address] = sender

    def owned(self, address: str) -> PhoneNumber | ShortCode | None:
        """The account's number or short code with an address."""
        return self._owned.get(address)

    def service_of(self, sender: str) -> MessagingService | None:
        """The service whose pool a sender is in."""
        return next((service for service in self.services if sender in service.senders), None)

    def opt_out(self, person: str, sender: str) -> None:
        """Let a person hear nothing more from a sender, nor from any other in its service."""
        service = self.service_of(sender)
        self.opted_out.add((person, service.sid if service else sender))

    def has_opted_out(self, person: str, sender: str | None, service: MessagingService | None) -> bool:
        """Whether a person opted out of a service, or of a sender that is in none."""
        if not self.opted_out:
            return False
        if service is None and sender is not None:
            service = self.service_of(sender)
        return (person, service.sid if service else sender) in self.opted_out

    def countries(self) -> dict[str, str]:
        """The country that each short code works in."""
        return {code.short_code: code.country for code in self.short_codes}


class Account:
    """An account's messages, in the order in which lists show them, and its provisions."""

    def __init__(self, sid: str, auth_token: str, provisions: Provisions) -> None:
        self.sid = sid
        self.auth_token = auth_token
        self.provisions = provisions
        self.status: Literal["active", "suspended", "closed"] = "active"
        #: Every message, also those deleted: a list may be paged on from one that is gone.
        self.messages: Collection[Message] = Collection()
        self.order = Order()
        self.order_by_to: dict[str, Order] = defaultdict(Order)
        self.order_by_from: dict[str, Order] = defaultdict(Order)

    def add(self, message: Message) -> None:
        """Keep a message."""
        self.messages.add(message)
        self.order.add(message)
        self.order_by_to[message.to].add(message)
        if message.from_ is not None:
            self.order_by_from[message.from_].add(message)

    def find(self, sid: str) -> Message | None:
        """The message with a SID, unless it was deleted."""
        message = self.messages.get(sid)
        return None if message is None or message.deleted else message

    def assign(self, message: Message, sender: str) -> None:
        """Let a message come from a sender, now that one is chosen."""
        message.from_ = sender
        self.order_by_from[sender].add(message)

    def move(self, message: Message, sent_at: datetime) -> None:
        """Let a message take its place among those sent, now that it was."""
        message.date_sent = sent_at
        message.place = Place(sent_at, message)
        for order in self._orders(message):
            order.leave()
            order.add(message)

    def remove(self, message: Message) -> None:
        """Forget a message. Who holds it can still read it."""
        message.deleted = True
        message.place = Place(message.place.moment, message)
        for order in self._orders(message):
            order.leave()

    def _orders(self, message: Message) -> tuple[Order, ...]:
        orders = (self.order, self.order_by_to[message.to])
        return orders if message.from_ is None else (*orders, self.order_by_from[message.from_])
