"""The life of a message: its statuses, the transitions between them, and the journeys through the carrier.

See "Message Status values" on the vendor's Message Resource page. The transitions that send a callback are listed in
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
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

#: The statuses that can follow each status. Final statuses map to an empty set.
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

#: The statuses that cause a status callback when a message gets them. A message's first status is never reported.
REPORTED: Final = frozenset({_S.QUEUED, _S.SENT, _S.FAILED, _S.DELIVERED, _S.UNDELIVERED, _S.CANCELED, _S.READ})

#: The statuses in which the vendor still has work to do. An app cannot delete such a message.
UNFINISHED: Final = frozenset({_S.ACCEPTED, _S.SCHEDULED, _S.QUEUED, _S.SENDING, _S.RECEIVING})

#: The channels that report ``read``.
READ_ON: Final = frozenset(channel.name for channel in CHANNELS.values() if channel.reports_read)

#: The delay between a message's last status and its price. It is zero unless the ``delays`` setting has this key.
PRICE: Final = "price"
#: The default delay before each status. The ``delays`` setting changes it.
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


#: The delays of a journey that keeps those of the settings.
UNCHANGED: Final[Mapping[Status, timedelta]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Journey:
    """A message's journey through the carrier, and how it ends.

    ``then`` maps each status to the next one. A status that is missing ends the journey. ``delays`` replace the
    default delays before some statuses. ``error_code`` explains a last status of ``failed`` or ``undelivered``, and
    ``error_text`` replaces the code's title.
    """

    then: Mapping[Status, Status]
    error_code: int | None = None
    last: Status = _S.DELIVERED
    delays: Mapping[Status, timedelta] = field(default_factory=lambda: UNCHANGED)
    error_text: str | None = None


def make_journey(
    *statuses: Status,
    error_code: int | None = None,
    delays: Mapping[Status, timedelta] = UNCHANGED,
    error_text: str | None = None,
) -> Journey:
    """Return the journey through ``statuses``, in this order, of a queued message."""
    path = (_S.QUEUED, *statuses)
    then = {_S.ACCEPTED: _S.QUEUED, _S.SCHEDULED: _S.QUEUED, **dict(zip(path, statuses, strict=False))}
    return Journey(MappingProxyType(then), error_code, path[-1], delays, error_text)


#: The path to each last status that a test can script.
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

#: The journey of a message that no rule matches.
DEFAULT_JOURNEY: Final = make_journey(*PATHS[_S.DELIVERED])
