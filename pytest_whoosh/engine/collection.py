"""Records, kept by their SIDs."""

from collections.abc import Iterable, Iterator
from typing import Generic, Protocol, TypeVar


class Record(Protocol):
    """Anything known by its SID."""

    @property
    def sid(self) -> str:
        """Its SID."""


R = TypeVar("R", bound=Record)


class Collection(Generic[R]):
    """Records by SID, oldest first."""

    __slots__ = ("_records",)

    def __init__(self, records: Iterable[R] = ()) -> None:
        #: A record that was removed leaves None in its place: a list may be paged on from one that is gone.
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
        """Keep a record, as the newest: also one that was here before, such as a sender that rejoins its pool."""
        self._records.pop(record.sid, None)
        self._records[record.sid] = record
        return record

    def get(self, sid: str) -> R | None:
        """The record with a SID, or None."""
        return self._records.get(sid)

    def remove(self, sid: str) -> None:
        """Forget a record, but for its place among the others."""
        self._records[sid] = None

    def places(self) -> list[tuple[str, R | None]]:
        """Every SID in order with its record, or None where that was removed."""
        return list(self._records.items())
