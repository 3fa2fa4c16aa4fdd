"""One account: what it holds."""

from collections import defaultdict
from datetime import datetime
from decimal import Decimal
from typing import Literal, TypeAlias

from pytest_whoosh.engine.collection import Collection
from pytest_whoosh.engine.messages.order import Index, Order
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.sids import sender_sid
from pytest_whoosh.engine.webhooks.cookies import Cookies

from .pools import forget_sender, retake_recipients
from .resources import (
    ApiKey,
    Application,
    ChannelSender,
    ContentTemplate,
    LinkDomain,
    MessagingService,
    PhoneNumber,
    PoolSender,
    ShortCode,
)

AccountStatus: TypeAlias = Literal["active", "suspended", "closed"]


class Provisions:
    """What messages are sent with: numbers, short codes, services, applications; and who opted out of whom.

    Every account that the double opens on demand shares those of the account that the test provisions.
    """

    def __init__(self) -> None:
        self.numbers: Collection[PhoneNumber] = Collection()
        self.short_codes: Collection[ShortCode] = Collection()
        self.services: Collection[MessagingService] = Collection()
        self.applications: Collection[Application] = Collection()
        self.channel_senders: Collection[ChannelSender] = Collection()
        self.templates: Collection[ContentTemplate] = Collection()
        self.link_domains: Collection[LinkDomain] = Collection()
        #: The sender (or the SID of the service) that each person will hear nothing more from.
        self.opted_out: set[tuple[str, str]] = set()
        self._owned: dict[str, PhoneNumber | ShortCode | None] = {}
        self._pools: dict[str, list[MessagingService]] = defaultdict(list)

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

    def disown(self, sender: PhoneNumber | ShortCode) -> None:
        """Let go of a number or short code, which leaves its sender pools too."""
        del self._owned[sender.address]
        if isinstance(sender, PhoneNumber):
            self.numbers.remove(sender.sid)
        else:
            self.short_codes.remove(sender.sid)
        for service in self.services_with(sender.address):
            self.leave_pool(service, service.pool.get(sender.sid))

    def link_domain(self, domain: str) -> LinkDomain | None:
        """The domain of short links with a name."""
        return next((each for each in self.link_domains if each.domain == domain), None)

    def has(self, sender: str) -> bool:
        """Whether a sender of any kind is the account's: bought, on a channel, or in a pool."""
        return bool(self.owned(sender) or self.service_of(sender) or sender_sid(sender) in self.channel_senders)

    # Sender pools

    def join_pool(self, service: MessagingService, sender: PoolSender) -> PoolSender:
        """Let a sender join the pool of a service."""
        retake_recipients(service, sender)
        service.pool.add(sender)
        self._pools[sender.address].append(service)
        return sender

    def leave_pool(self, service: MessagingService, sender: PoolSender | None) -> None:
        """Let a sender leave the pool of a service."""
        if sender is not None:
            service.pool.remove(sender.sid)
            self._pools[sender.address].remove(service)
            forget_sender(service, sender)

    def close(self, service: MessagingService) -> None:
        """Forget a service; its senders stay with the account."""
        for sender in service.pool:
            self._pools[sender.address].remove(service)
        self.services.remove(service.sid)

    def services_with(self, address: str) -> list[MessagingService]:
        """The services in whose pools a sender is: more than one only for alphanumeric ones, unless a test wants it."""
        return list(dict.fromkeys(self._pools.get(address, ())))

    def service_of(self, sender: str) -> MessagingService | None:
        """The service whose pool a sender is in."""
        return next(iter(self._pools.get(sender, ())), None)

    def is_pooled(self, sender: str, service: MessagingService) -> bool:
        """Whether a sender is in the pool of a service."""
        return service in self._pools.get(sender, ())

    def opt_out(self, person: str, sender: str) -> None:
        """Let a person hear nothing more from a sender, nor from any other in its service."""
        service = self.service_of(sender)
        self.opted_out.add((person, service.sid if service else sender))

    def opt_in(self, person: str, sender: str) -> None:
        """Let a person hear again from a sender, and from every other in its service."""
        service = self.service_of(sender)
        self.opted_out.discard((person, service.sid if service else sender))

    def has_opted_out(self, person: str, sender: str | None, service: MessagingService | None) -> bool:
        """Whether a person opted out of a service, or of a sender that is in none."""
        if not self.opted_out:
            return False
        if service is None and sender is not None:
            service = self.service_of(sender)
        return (person, service.sid if service else sender) in self.opted_out


class Account:
    """An account's messages, in the order in which lists show them, and its provisions."""

    def __init__(
        self, sid: str, auth_token: str, provisions: Provisions, now: datetime, owner: "Account | None" = None
    ) -> None:
        self.sid = sid
        self.auth_token = auth_token
        self.provisions = provisions
        #: The account that this one was made under; its credentials open this one too.
        self.owner = owner
        self.status: AccountStatus = "active"
        self.friendly_name = ""
        self.date_created = self.date_updated = now
        self.keys: Collection[ApiKey] = Collection()
        #: Every message, also those deleted: a list may be paged on from one that is gone.
        self.messages: Collection[Message] = Collection()
        self.order = Order()
        self.order_by_to = Index()
        self.order_by_from = Index()
        #: When each person last wrote to a sender on a channel.
        self.last_heard: dict[tuple[str, str | None], datetime] = {}
        #: What its messages cost, and those of the accounts below it; negative, as prices are.
        self.spent = Decimal(0)
        #: The cookies of the conversation between each person and sender.
        self.cookies: dict[tuple[str, str], Cookies] = defaultdict(Cookies)

    @property
    def is_active(self) -> bool:
        """Whether it may use the API, and its messages go out: neither while it or its owner is suspended."""
        return self.status == "active" and (self.owner is None or self.owner.is_active)

    def add(self, message: Message) -> None:
        """Keep a message."""
        if not message.is_outbound and message.channel:
            self.last_heard[message.from_ or "", message.to] = message.date_created
        self.messages.add(message)
        self._list(message)

    def charge(self, message: Message, price: Decimal) -> None:
        """Let a message cost something, which the account above pays where there is one."""
        message.price = price
        (self.owner or self).spent += price

    def find(self, sid: str) -> Message | None:
        """The message with a SID, unless it was deleted."""
        message = self.messages.get(sid)
        return None if message is None or message.deleted else message

    def assign(self, message: Message, sender: str) -> None:
        """Let a message come from a sender, now that one is chosen."""
        message.from_ = sender
        self.order_by_from.add(sender, message)

    def move(self, message: Message, sent_at: datetime) -> None:
        """Let a message take its place among those sent, now that it was."""
        stays = message.listed_at == sent_at
        message.date_sent = sent_at
        if not stays:
            self._unlist(message)
            self._list(message)

    def remove(self, message: Message) -> None:
        """Forget a message. Who holds it can still read it."""
        message.deleted = True
        self._unlist(message)

    def _list(self, message: Message) -> None:
        self.order.add(message)
        self.order_by_to.add(message.to, message)
        if message.from_ is not None:
            self.order_by_from.add(message.from_, message)

    def _unlist(self, message: Message) -> None:
        self.order.leave()
        self.order_by_to.leave(message.to)
        if message.from_ is not None:
            self.order_by_from.leave(message.from_)
