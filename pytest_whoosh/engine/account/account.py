"""An account with its resources, its messages, and the people who opted out."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from functools import cached_property
from typing import Any, Literal, TypeAlias, TypeVar

from pytest_whoosh.engine.addresses import phone_of
from pytest_whoosh.engine.collection import Collection
from pytest_whoosh.engine.limits import STARTING_BALANCE
from pytest_whoosh.engine.messages.order import AddressIndex, MessageOrder
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.sids import sender_sid
from pytest_whoosh.engine.webhooks.cookies import Cookies

from .pools import forget_sender, hand_over_recipients
from .resources import (
    ApiKey,
    Application,
    ChannelSender,
    ContentTemplate,
    MessagingService,
    PhoneNumber,
    PoolSender,
    Resource,
    ShortCode,
)
from .verifications import Verifications

AccountStatus: TypeAlias = Literal["active", "suspended", "closed"]
R = TypeVar("R", bound=Resource)


class AccountResources:
    """An account's resources, and the people who opted out of its senders.

    Accounts that the double opens on demand share these with the main account.
    """

    def __init__(self) -> None:
        #: All records by resource. A test uses few resources, so each collection is made when it is first used.
        self._stored: dict[type[Resource], Collection[Any]] = {}
        # The records of resources that have an identity, such as a phone number, by that identity.
        self._identified: dict[tuple[type[Resource], str], Resource] = {}
        self._owned: dict[str, PhoneNumber | ShortCode] = {}
        #: Each person who opted out, with the sender, or the service's SID, that they opted out of.
        self.opted_out: set[tuple[str, str]] = set()
        self._pools: dict[str, list[MessagingService]] = defaultdict(list)

    @property
    def numbers(self) -> Collection[PhoneNumber]:
        """The account's phone numbers, oldest first."""
        return self.records_of(PhoneNumber)

    @property
    def short_codes(self) -> Collection[ShortCode]:
        """The account's short codes, oldest first."""
        return self.records_of(ShortCode)

    @property
    def services(self) -> Collection[MessagingService]:
        """The account's Messaging Services, oldest first."""
        return self.records_of(MessagingService)

    @property
    def applications(self) -> Collection[Application]:
        """The account's TwiML applications, oldest first."""
        return self.records_of(Application)

    @property
    def channel_senders(self) -> Collection[ChannelSender]:
        """The account's senders on channels, oldest first."""
        return self.records_of(ChannelSender)

    @property
    def templates(self) -> Collection[ContentTemplate]:
        """The account's content templates, oldest first."""
        return self.records_of(ContentTemplate)

    @cached_property
    def verifications(self) -> Verifications:
        """The account's verifications."""
        return Verifications()

    def records_of(self, resource: type[R]) -> Collection[R]:
        """Return the account's records of one resource, oldest first."""
        stored = self._stored.get(resource)
        if stored is None:
            stored = self._stored[resource] = Collection()
        return stored

    def by_identity(self, resource: type[R], identity: str) -> R | None:
        """Return a resource's record with this identity, such as its ``phone_number``; None if there is none."""
        return self._identified.get((resource, identity))  # type: ignore[return-value]  # the key has the type

    def add(self, record: R) -> R:
        """Store a record."""
        resource = type(record)
        if resource.IDENTITY:
            self._identified[resource, getattr(record, resource.IDENTITY)] = record
        if isinstance(record, PhoneNumber | ShortCode):
            self._owned[record.address] = record
        return self.records_of(resource).add(record)

    def remove(self, record: Resource) -> None:
        """Remove a record. A sender leaves its sender pools. The account keeps the senders of a removed service."""
        resource = type(record)
        if resource.IDENTITY:
            del self._identified[resource, getattr(record, resource.IDENTITY)]
        self.records_of(resource).remove(record.sid)
        if isinstance(record, PhoneNumber | ShortCode):
            del self._owned[record.address]
        if isinstance(record, PhoneNumber | ShortCode | ChannelSender):
            for service in self.services_with(record.address):
                self.leave_pool(service, service.pool.get(record.sid))
        elif isinstance(record, MessagingService):
            for sender in record.pool:
                self._pools[sender.address].remove(record)

    def owned(self, address: str) -> PhoneNumber | ShortCode | None:
        """Return the account's number, SIM or short code with an address, or None."""
        return self._owned.get(address)

    def channel_sender(self, address: str) -> ChannelSender | None:
        """Return the account's channel sender with an address, or None."""
        return self.by_identity(ChannelSender, address)

    def has_sender(self, sender: str) -> bool:
        """True if the account has any sender with this address: a number, a channel sender, or one in a pool."""
        return bool(self.owned(sender) or self.service_of(sender) or sender_sid(sender) in self.channel_senders)

    def status_callback_of(self, sender: str | None, service: MessagingService | None) -> str | None:
        """Return the default status callback for messages: the service's, else the channel sender's."""
        if service:
            return service.status_callback
        channel_sender = self.by_identity(ChannelSender, sender or "")
        return channel_sender.status_callback if channel_sender else None

    # Sender pools

    def join_pool(self, service: MessagingService, sender: PoolSender) -> PoolSender:
        """Add a sender to the pool of a service."""
        hand_over_recipients(service, sender)
        service.pool.add(sender)
        self._pools[sender.address].append(service)
        return sender

    def leave_pool(self, service: MessagingService, sender: PoolSender | None) -> None:
        """Remove a sender from the pool of a service."""
        if sender is not None:
            service.pool.remove(sender.sid)
            self._pools[sender.address].remove(service)
            forget_sender(service, sender)

    def services_with(self, address: str) -> list[MessagingService]:
        """Return the services with this sender in their pools. The API allows several only for alphanumeric senders."""
        return list(dict.fromkeys(self._pools.get(address, ())))

    def service_of(self, sender: str) -> MessagingService | None:
        """Return the first service with a sender in its pool, or None."""
        return next(iter(self._pools.get(sender, ())), None)

    def is_pooled(self, sender: str, service: MessagingService) -> bool:
        """True if a sender is in a service's pool."""
        return service in self._pools.get(sender, ())

    # Opt-outs

    def opt_out(self, person: str, sender: str) -> None:
        """Record that a person opted out of a sender and all other senders of its service."""
        service = self.service_of(sender)
        self.opted_out.add((phone_of(person), service.sid if service else sender))

    def opt_in(self, person: str, sender: str) -> None:
        """Record that a person opted in again to a sender and all other senders of its service."""
        service = self.service_of(sender)
        self.opted_out.discard((phone_of(person), service.sid if service else sender))

    def has_opted_out(self, person: str, sender: str | None, service: MessagingService | None) -> bool:
        """True if a person opted out of a service, or of a sender without a service."""
        if not self.opted_out:
            return False
        if service is None and sender is not None:
            service = self.service_of(sender)
        return (phone_of(person), service.sid if service else sender) in self.opted_out


class Account:
    """An account: its resources, and its messages in the order of the API's lists."""

    def __init__(
        self, sid: str, auth_token: str, resources: AccountResources, now: datetime, owner: "Account | None" = None
    ) -> None:
        self.sid = sid
        self.auth_token = auth_token
        self.resources = resources
        #: The account that created this one. Its credentials also give access to this one.
        self.owner = owner
        self.status: AccountStatus = "active"
        self.friendly_name = ""
        self.date_created = self.date_updated = now
        self.keys: Collection[ApiKey] = Collection()
        #: All messages, including deleted ones, because the next page of a list may start after one of these.
        self.messages: Collection[Message] = Collection()
        self.order = MessageOrder()
        self.order_by_to = AddressIndex()
        self.order_by_from = AddressIndex()
        #: When each person last wrote to each sender on a channel, on the steady clock.
        self.last_heard: dict[tuple[str, str | None], datetime] = {}
        #: The cost of all messages of this account and its sub-accounts. Negative, like prices.
        self.spent = Decimal(0)
        #: The account's money before it spent any, in US dollars.
        self.funds = STARTING_BALANCE
        #: The cookies of each conversation between a person and a sender.
        self.cookies: dict[tuple[str, str], Cookies] = defaultdict(Cookies)

    @property
    def is_active(self) -> bool:
        """True if the account can use the API and send: it is neither suspended nor closed."""
        return self.status == "active"

    def add(self, message: Message) -> None:
        """Store a message."""
        self.messages.add(message)
        self._list(message)

    def charge(self, message: Message, price: Decimal) -> None:
        """Subtract a message's price from the balance of the account or its owner. The message shows it later."""
        message.charged = price
        (self.owner or self).spent += price

    def find_message(self, sid: str) -> Message | None:
        """Return the message with a SID, unless it was deleted."""
        message = self.messages.get(sid)
        return None if message is None or message.deleted else message

    def set_sender(self, message: Message, sender: str) -> None:
        """Set the sender that a service picked for a message."""
        message.from_ = sender
        self.order_by_from.add(sender, message)

    def mark_sent(self, message: Message, sent_at: datetime) -> None:
        """Set when a message was sent, and update its position in lists."""
        stays = message.listed_at == sent_at
        message.date_sent = sent_at
        if not stays:
            self._unlist(message)
            self._list(message)

    def remove(self, message: Message) -> None:
        """Delete a message from lists. Its record stays readable."""
        message.deleted = True
        self._unlist(message)

    def _list(self, message: Message) -> None:
        self.order.add(message)
        self.order_by_to.add(message.to, message)
        if message.from_ is not None:
            self.order_by_from.add(message.from_, message)

    def _unlist(self, message: Message) -> None:
        self.order.mark_stale()
        self.order_by_to.mark_stale(message.to)
        if message.from_ is not None:
            self.order_by_from.mark_stale(message.from_)
