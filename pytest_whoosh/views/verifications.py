"""The class Verification: a one-time code that Verify sent, and its state."""

from collections.abc import Callable

from pytest_whoosh.engine.account.verifications import Verification as Record

from .messages import Message


class Verification:
    """A verification that the app started through Verify. Its properties always show the current state."""

    __slots__ = ("_catch_up", "_record")

    def __init__(self, record: Record, catch_up: Callable[[], None]) -> None:
        self._record = record
        self._catch_up = catch_up

    def __repr__(self) -> str:
        record = self._record
        return f"<Verification of {record.to} by {record.channel} {record.status}: code {record.code}>"

    def __eq__(self, other: object) -> bool:
        return self._record is other._record if isinstance(other, Verification) else NotImplemented

    def __hash__(self) -> int:
        return hash(self._record.sid)

    @property
    def sid(self) -> str:
        """The SID of the verification."""
        return self._record.sid

    @property
    def service_sid(self) -> str:
        """The SID of the Verify service."""
        return self._record.service_sid

    @property
    def to(self) -> str:
        """The person's phone number, or the email address."""
        return self._record.to

    @property
    def channel(self) -> str:
        """The channel of the last delivery: ``"sms"``, ``"whatsapp"``, ``"call"`` or ``"email"``."""
        return self._record.channel

    @property
    def code(self) -> str:
        """The code that the person has to enter."""
        return self._record.code

    @property
    def status(self) -> str:
        """``"pending"``, ``"approved"``, ``"canceled"``, ``"expired"`` or ``"max_attempts_reached"``."""
        self._catch_up()
        return self._record.status

    @property
    def attempts(self) -> int:
        """The number of times that the code was sent."""
        return len(self._record.attempts)

    @property
    def wrong_checks(self) -> int:
        """The number of wrong codes that were entered."""
        return self._record.wrong_checks

    @property
    def messages(self) -> list[Message]:
        """The messages with the code, oldest first. Empty for calls and emails."""
        return [Message(attempt.message, self._catch_up) for attempt in self._record.attempts if attempt.message]
