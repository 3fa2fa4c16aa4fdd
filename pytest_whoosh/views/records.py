"""The records of a double, as the server and the pages read them: without copies, and without advancing time."""

from collections.abc import Callable, Sequence
from datetime import datetime

from pytest_whoosh.engine.messages.record import Message as Record
from pytest_whoosh.engine.vendor import Exchange, Vendor
from pytest_whoosh.engine.webhooks.callbacks import Webhook

from .messages import Callback, Message


class Records:
    """A double's records, live: every attribute shows the present state.

    Reading changes nothing: messages that are due wait until ``catch_up()``, or until somebody uses the double.
    """

    __slots__ = ("_catch_up", "_vendor")

    def __init__(self, vendor: Callable[[], Vendor], catch_up: Callable[[], None]) -> None:
        self._vendor = vendor
        self._catch_up = catch_up

    def catch_up(self) -> None:
        """Advance the fake to the time of a clock that the test moves."""
        self._catch_up()

    @property
    def now(self) -> datetime:
        """The present moment on the double's clock."""
        return self._vendor().now

    @property
    def messages(self) -> Sequence[Record]:
        """Every message, oldest first."""
        return self._vendor().messages

    @property
    def total(self) -> int:
        """The number of messages that went to or came from people, also those of Verify."""
        return len(self._vendor().messages) + len(self._vendor().codes)

    @property
    def webhooks(self) -> Sequence[Webhook]:
        """Every webhook, in order; also those that a network lost."""
        return self._vendor().webhooks.all

    @property
    def calls(self) -> Sequence[Exchange]:
        """Every API call, in order."""
        return self._vendor().journal

    @property
    def rules(self) -> Sequence[tuple[int, int]]:
        """The serial number of each rule, and how often it applied."""
        return [(rule.serial, rule.matched) for rule in self._vendor().rules]

    @property
    def awaiting(self) -> int:
        """The number of webhooks that wait to be delivered."""
        return len(self._vendor().webhooks.due)

    def message(self, sid: str) -> Record | None:
        """Return the message with this SID; None if no account has it."""
        found = (account.messages.get(sid) for account in self._vendor().accounts.values())
        return next(filter(None, found), None)

    @staticmethod
    def show(record: Record) -> Message:
        """Return a message as tests see it."""
        return Message(record, _nothing)

    @staticmethod
    def show_webhook(webhook: Webhook) -> Callback:
        """Return a webhook as tests see it."""
        return Callback(webhook, _nothing)


def _nothing() -> None:
    """Do nothing: the records show the state as it is."""
