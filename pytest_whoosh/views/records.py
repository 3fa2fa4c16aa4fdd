"""The records of a double for the server and the pages. Reading them makes no copies and does not advance time."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING

from pytest_whoosh.engine.messages.record import Message as Record
from pytest_whoosh.engine.vendor import ApiCall
from pytest_whoosh.engine.webhooks.callbacks import Webhook

from .messages import Callback, Message

if TYPE_CHECKING:
    from pytest_whoosh.time.travel import Travel


class Records:
    """The records of a double. Every property shows the current state.

    Reading changes nothing: messages that are due wait for ``catch_up()``, or until a test or app uses the double.
    """

    __slots__ = ("_travel",)

    def __init__(self, travel: "Travel") -> None:
        self._travel = travel

    def catch_up(self) -> None:
        """Advance the fake's time if the test has moved a clock of freezegun or time-machine."""
        self._travel.catch_up()

    @property
    def now(self) -> datetime:
        """The current moment on the double's clock."""
        return self._travel.vendor.now

    @property
    def messages(self) -> Sequence[Record]:
        """Every message, oldest first."""
        return self._travel.vendor.messages

    @property
    def total(self) -> int:
        """The number of messages to and from people, including Verify's messages."""
        return len(self._travel.vendor.messages) + len(self._travel.vendor.codes)

    @property
    def webhooks(self) -> Sequence[Webhook]:
        """Every webhook in order, including those that a rule dropped."""
        return self._travel.vendor.webhooks.all

    @property
    def calls(self) -> Sequence[ApiCall]:
        """Every API call, in order."""
        return self._travel.vendor.journal

    @property
    def rules(self) -> Sequence[tuple[int, int]]:
        """The serial number of each rule, and how often it applied."""
        return [(rule._serial, rule.matched) for rule in self._travel.vendor.rules]

    @property
    def awaiting(self) -> int:
        """The number of webhooks that wait to be delivered."""
        return len(self._travel.vendor.webhooks.due)

    def message(self, sid: str) -> Record | None:
        """Return the message with this SID, or None if no account has it."""
        found = (account.messages.get(sid) for account in self._travel.vendor.accounts.values())
        return next(filter(None, found), None)

    @staticmethod
    def show(record: Record) -> Message:
        """Return a message as the class that tests use."""
        return Message(record, _stay_as_it_is)

    @staticmethod
    def show_webhook(webhook: Webhook) -> Callback:
        """Return a webhook as the class that tests use."""
        return Callback(webhook, _stay_as_it_is)


def _stay_as_it_is() -> None:
    """Do nothing: reading records does not advance time."""
