"""Which sender of a pool each recipient remembers, as senders join and leave."""

from pytest_whoosh.engine.addresses import Kind, country_of

from .resources import MessagingService, PoolSender, StickySender


def retake_recipients(service: MessagingService, newcomer: PoolSender) -> None:
    """Let the first number of a country take over the recipients there who know a foreign number."""
    country = newcomer.country
    if newcomer.kind is not Kind.NUMBER or any(
        sender.kind is Kind.NUMBER and sender.country == country for sender in service.pool
    ):
        return
    for to, (sender, used) in service.remembered.items():
        if sender.kind is Kind.NUMBER and country_of(to) == country:
            service.remembered[to] = StickySender(newcomer, used)


def forget_sender(service: MessagingService, sender: PoolSender) -> None:
    """Let nobody remember a sender that has left."""
    for to in [to for to, sticky in service.remembered.items() if sticky.sender is sender]:
        del service.remembered[to]
