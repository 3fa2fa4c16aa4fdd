"""Stores records by SID, in order."""

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar


class Record(Protocol):
    """An object with a SID."""

    @property
    def sid(self) -> str:
        """The record's SID."""


R = TypeVar("R", bound=Record)


class Collection(Generic[R]):
    """Records by SID, oldest first."""

    __slots__ = ("_records",)

    def __init__(self, records: Iterable[R] = ()) -> None:
        #: A removed record leaves None in its position, because the next page of a list may start after it.
        self._records: dict[str, R | None] = {}
        for record in records:
            self.add(record)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def __iter__(self) -> Iterator[R]:
        return iter([record for record in self._records.values() if record is not None])

    def __contains__(self, sid: object) -> bool:
        return isinstance(sid, str) and self._records.get(sid) is not None

    def add(self, record: R) -> R:
        """Add a record as the newest one, even if it was here before, such as a sender that rejoins its pool."""
        self._records.pop(record.sid, None)
        self._records[record.sid] = record
        return record

    def get(self, sid: str) -> R | None:
        """Return the record with a SID, or None."""
        return self._records.get(sid)

    def remove(self, sid: str) -> None:
        """Remove a record but remember its position among the others."""
        self._records[sid] = None

    def positions(self) -> list[tuple[str, R | None]]:
        """Return every SID in order, with its record, or with None if the record was removed."""
        return list(self._records.items())
