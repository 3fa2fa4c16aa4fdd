"""Stores the webhooks of one double: all of them, and the ones that are waiting for delivery."""

from collections import deque
from uuid import NAMESPACE_URL, uuid5

from .callbacks import Webhook


class WebhookLog:
    """The webhooks of one double, oldest first."""

    __slots__ = ("_seed", "all", "due")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        #: Every webhook that the vendor sent to the app, including those that a network lost.
        self.all: list[Webhook] = []
        #: The webhooks that are waiting for delivery.
        self.due: deque[Webhook] = deque()

    def post(self, webhook: Webhook) -> None:
        """Queue a webhook for delivery, unless a network loses it."""
        self.all.append(webhook)
        if not webhook.dropped:
            self.due.append(webhook)

    def new_token(self) -> str:
        """Return a token that identifies the next webhook."""
        return str(uuid5(NAMESPACE_URL, f"{self._seed}/{len(self.all)}"))
