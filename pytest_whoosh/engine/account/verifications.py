"""The records of an account's verifications: the codes that Verify sent, and if people entered them.

See https://www.twilio.com/docs/verify/api/verification and https://www.twilio.com/docs/verify/api/list-verification-attempts
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Final

from pytest_whoosh.engine.collection import Collection
from pytest_whoosh.engine.messages.record import Message

PENDING: Final = "pending"
APPROVED: Final = "approved"
CANCELED: Final = "canceled"
EXPIRED: Final = "expired"
EXHAUSTED: Final = "max_attempts_reached"


@dataclass(slots=True, eq=False, kw_only=True)
class Attempt:
    """One delivery of a code."""

    sid: str
    channel: str
    locale: str
    date_created: datetime
    date_updated: datetime
    verification: "Verification"
    #: The number of messages that the account had before. It is the attempt's position among them.
    serial: int
    #: The message with the code. None for a call or an email, which the fake does not simulate.
    message: Message | None = None


@dataclass(slots=True, eq=False, kw_only=True)
class Verification:
    """A code for one person. It is valid until it is approved, canceled or expired."""

    sid: str
    account_sid: str
    service_sid: str
    #: The phone number or email address.
    to: str
    channel: str
    code: str
    date_created: datetime
    date_updated: datetime
    status: str = PENDING
    amount: str | None = None
    payee: str | None = None
    #: The facts about the number from Lookup, if the service asks for them.
    lookup: dict[str, object] = field(default_factory=dict)
    attempts: list[Attempt] = field(default_factory=list)
    #: The number of wrong codes that were entered.
    wrong_checks: int = 0

    @property
    def is_open(self) -> bool:
        """True if the verification is not yet approved, canceled or expired. Afterwards the API does not find it."""
        return self.status in (PENDING, EXHAUSTED)


class Verifications:
    """The verifications of an account, by SID and by person."""

    __slots__ = ("_newest", "attempts", "records")

    def __init__(self) -> None:
        self.records: Collection[Verification] = Collection()
        self.attempts: Collection[Attempt] = Collection()
        self._newest: dict[tuple[str, str], Verification] = {}

    def add(self, verification: Verification) -> None:
        """Store a verification as the newest one for its person."""
        self.records.add(verification)
        self._newest[verification.service_sid, verification.to] = verification

    def find(self, service_sid: str, sid_or_to: str) -> Verification | None:
        """Return a service's open verification, by its SID or by the person's address."""
        found = self.records.get(sid_or_to) or self._newest.get((service_sid, sid_or_to))
        return found if found and found.is_open and found.service_sid == service_sid else None
