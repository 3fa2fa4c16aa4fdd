"""The life of a message: its statuses, the moves between them, and the journeys it can make.

Follows "Message Status values" of the vendor's Message Resource page; which moves send a callback follows
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.channels import CHANNELS


class Status(StrEnum):
    """A message's status, spelled as in the API."""

    ACCEPTED = "accepted"
    SCHEDULED = "scheduled"
    CANCELED = "canceled"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    READ = "read"
    RECEIVING = "receiving"
    RECEIVED = "received"


_S = Status

#: Which statuses may follow which. Every status is a key; those that end a life map to nothing.
TRANSITIONS: Final[Mapping[Status, frozenset[Status]]] = MappingProxyType(
    {
        _S.ACCEPTED: frozenset({_S.QUEUED, _S.FAILED}),
        _S.SCHEDULED: frozenset({_S.QUEUED, _S.CANCELED, _S.FAILED}),
        _S.CANCELED: frozenset(),
        _S.QUEUED: frozenset({_S.SENDING, _S.FAILED}),
        _S.SENDING: frozenset({_S.SENT, _S.FAILED}),
        _S.SENT: frozenset({_S.DELIVERED, _S.UNDELIVERED}),
        _S.FAILED: frozenset(),
        _S.DELIVERED: frozenset({_S.READ}),
        _S.UNDELIVERED: frozenset(),
        _S.READ: frozenset(),
        _S.RECEIVING: frozenset({_S.RECEIVED}),
        _S.RECEIVED: frozenset(),
    }
)

#: The statuses that are reported to the status callback when a message moves to them. The status a message is
#: created with is never reported.
REPORTED: Final = frozenset({_S.QUEUED, _S.SENT, _S.FAILED, _S.DELIVERED, _S.UNDELIVERED, _S.CANCELED, _S.READ})

#: The statuses in which the vendor still has work to do, so that the message cannot be deleted.
UNFINISHED: Final = frozenset({_S.ACCEPTED, _S.SCHEDULED, _S.QUEUED, _S.SENDING, _S.RECEIVING})

#: The channels that report that a message was read.
READ_ON: Final = frozenset(channel.name for channel in CHANNELS.values() if channel.reports_read)

#: The delay from a message's last status until it shows its price: none, unless the ``delays`` setting names it.
PRICE: Final = "price"
#: The time that passes before a message moves to each status, unless the ``delays`` setting says otherwise.
DELAYS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {
        _S.QUEUED: timedelta(seconds=1),
        _S.SENDING: timedelta(seconds=1),
        _S.SENT: timedelta(seconds=1),
        _S.DELIVERED: timedelta(seconds=2),
        _S.UNDELIVERED: timedelta(seconds=2),
        _S.FAILED: timedelta(seconds=1),
        _S.READ: timedelta(seconds=2),
    }
)


@dataclass(frozen=True, slots=True)
class Outcome:
    """The journey a message makes through the carrier, and how it ends.

    ``then`` gives the status that follows each status; where it has none the journey is over. ``after`` replaces the
    usual delay before the last status. ``error_code`` explains an end in ``failed`` or ``undelivered``, and
    ``error_text`` replaces the code's title.
    """

    then: Mapping[Status, Status]
    error_code: int | None = None
    last: Status = _S.DELIVERED
    after: timedelta | None = None
    error_text: str | None = None


def journey(
    *statuses: Status,
    error_code: int | None = None,
    after: timedelta | None = None,
    error_text: str | None = None,
) -> Outcome:
    """Return the journey that goes through ``statuses`` in this order, once the message is queued."""
    path = (_S.QUEUED, *statuses)
    then = {_S.ACCEPTED: _S.QUEUED, _S.SCHEDULED: _S.QUEUED, **dict(zip(path, statuses, strict=False))}
    return Outcome(MappingProxyType(then), error_code, path[-1], after, error_text)


#: The way to each end that a test may script.
PATHS: Final[Mapping[Status, tuple[Status, ...]]] = MappingProxyType(
    {
        _S.QUEUED: (),
        _S.SENDING: (_S.SENDING,),
        _S.SENT: (_S.SENDING, _S.SENT),
        _S.DELIVERED: (_S.SENDING, _S.SENT, _S.DELIVERED),
        _S.UNDELIVERED: (_S.SENDING, _S.SENT, _S.UNDELIVERED),
        _S.FAILED: (_S.SENDING, _S.FAILED),
        _S.READ: (_S.SENDING, _S.SENT, _S.DELIVERED, _S.READ),
    }
)

#: What happens to a message that nobody scripted.
DELIVERED: Final = journey(*PATHS[_S.DELIVERED])
