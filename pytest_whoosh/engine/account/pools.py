"""Updates the senders that a service's recipients know when senders join or leave its pool."""

from pytest_whoosh.engine.addresses import AddressKind, country_of

from .resources import MessagingService, PoolSender, StickySender


def hand_over_recipients(service: MessagingService, joining: PoolSender) -> None:
    """Assign recipients who know only a foreign number to the first number from their own country that joins."""
    country = joining.country
    if joining.kind is not AddressKind.NUMBER or any(
        sender.kind is AddressKind.NUMBER and sender.country == country for sender in service.pool
    ):
        return
    for to, (sender, used) in service.sticky_senders.items():
        if sender.kind is AddressKind.NUMBER and country_of(to) == country:
            service.sticky_senders[to] = StickySender(joining, used)


def forget_sender(service: MessagingService, sender: PoolSender) -> None:
    """Remove a sender that left the pool from all recipients who know it."""
    for to in [to for to, sticky in service.sticky_senders.items() if sticky.sender is sender]:
        del service.sticky_senders[to]
