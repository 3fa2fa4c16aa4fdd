"""SIDs: counted for what the fake creates, derived from the address for senders on channels."""

import hashlib
from collections import defaultdict
from typing import Final

#: Hexadecimal digits of a SID that come from the seed; the other eight count.
_STEM: Final = 24


class Sids:
    """New SIDs: well-formed, unlike between seeds and kinds, and counted, so that a test has the same ones each run."""

    __slots__ = ("_counts", "_seed", "_stems")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._stems: dict[str, str] = {}
        self._counts: dict[str, int] = defaultdict(int)

    def new(self, prefix: str, *, counted_as: str | None = None) -> str:
        """The next SID with a prefix such as ``"SM"``; prefixes that are ``counted_as`` one share a count."""
        kind = counted_as or prefix
        self._counts[kind] += 1
        stem = self._stems.get(prefix)
        if stem is None:
            digest = hashlib.sha256(f"{self._seed}/{prefix}".encode()).hexdigest()
            stem = self._stems[prefix] = prefix + digest[:_STEM]
        return f"{stem}{self._counts[kind]:08x}"

    def secret(self, sid: str) -> str:
        """The secret that goes with an account's or a key's SID."""
        return hashlib.sha256(f"{self._seed}/{sid}".encode()).hexdigest()[:32]


def sender_sid(address: str) -> str:
    """The SID of a sender on a channel: the same wherever the address is used."""
    return "XE" + hashlib.sha256(address.encode()).hexdigest()[:32]
