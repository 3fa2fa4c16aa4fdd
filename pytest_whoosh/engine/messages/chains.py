"""Detects endless chains of messages: an app that answers each webhook with another message.

A message that an app sends while it handles a webhook is one link further in the chain than the webhook's message.
"""

from __future__ import annotations

from contextvars import ContextVar
from typing import TYPE_CHECKING, Final

from .lifecycle import Status

if TYPE_CHECKING:
    from pytest_whoosh.engine.webhooks.callbacks import Webhook

    from .record import Message

#: The most links in a chain.
MOST_LINKS: Final = 100
#: The most messages that can be more than ``DEEP`` links into a chain, counted over all chains.
MOST_DEEP_MESSAGES: Final = 1000
DEEP: Final = 10
#: The number of links that the error shows.
_SHOWN: Final = 5
_LONGEST_BODY: Final = 40

#: The webhook that the app is handling in this thread or task.
ANSWERING: Final[ContextVar[Webhook | None]] = ContextVar("ANSWERING", default=None)


class Chains:
    """The chains of messages of one double."""

    __slots__ = ("_deep", "delivered", "runaway")

    def __init__(self) -> None:
        #: During delivery, the webhook that was delivered last. For apps that run in another process.
        self.delivered: Webhook | None = None
        #: The message that made a chain too long.
        self.runaway: Message | None = None
        self._deep = 0

    def reset_counts(self) -> None:
        """Reset the counts of the previous ``travel()`` or ``settle()``."""
        self.runaway, self._deep = None, 0

    def add(self, message: Message) -> None:
        """Record the message that a new one answers, if any. A scheduled message starts a new chain."""
        webhook = ANSWERING.get() or self.delivered
        if webhook is None or webhook.message is None or message.status is Status.SCHEDULED:
            return
        message.in_reply_to, message.chain_position = webhook.message, webhook.message.chain_position + 1
        if message.chain_position > DEEP:
            self._deep += 1
        if message.chain_position >= MOST_LINKS or self._deep > MOST_DEEP_MESSAGES:
            self.runaway = self.runaway or message

    def explain(self, form: str) -> str:
        """Return the error text for a call that stopped, such as ``travel()``, with the last links of the chain."""
        assert self.runaway is not None, "a chain is too long"
        links: list[Message] = [self.runaway]
        while len(links) < _SHOWN and (earlier := links[0].in_reply_to):
            links.insert(0, earlier)
        why = (
            f"a chain of {self.runaway.chain_position} messages, each sent in answer to a webhook about the one before"
            if self.runaway.chain_position >= MOST_LINKS
            else f"more than {MOST_DEEP_MESSAGES:,} messages that answer a webhook about an answer, over {DEEP} deep"
        )
        lines = "\n".join(f"  {each.sid} to {each.to}: {_excerpt(each)}" for each in links)
        return (
            f"{form} stopped at {why}. The last links:\n{lines}\n"
            "Have the app answer fewer webhooks, such as only inbound messages, or end the chain with a status check."
        )


def _excerpt(message: Message) -> str:
    body = message.sent_body
    return repr(body if len(body) <= _LONGEST_BODY else body[: _LONGEST_BODY - 1] + "…")
