"""Encodes a body and cuts it into segments."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import accumulate
from typing import Final, NamedTuple

from .graphemes import clusters
from .gsm7 import BASIC, EXTENSION


class Encoding(StrEnum):
    """The encoding of a body."""

    GSM_7 = "GSM-7"
    UCS_2 = "UCS-2"


class Capacity(NamedTuple):
    """The number of units in a segment: septets of GSM-7, or 16-bit units of UCS-2."""

    alone: int
    shared: int


#: A segment is 140 octets. When a message takes several, six octets of each are the header that puts them together
#: again (Twilio: SMS character limits).
CAPACITY: Final[Mapping[Encoding, Capacity]] = {
    Encoding.GSM_7: Capacity(alone=160, shared=153),
    Encoding.UCS_2: Capacity(alone=70, shared=67),
}

_is_basic: Final = re.compile(f"[{re.escape(''.join(BASIC))}]*").fullmatch
_is_gsm_7: Final = re.compile(f"[{re.escape(''.join(BASIC | EXTENSION))}]*").fullmatch
_find_extension: Final = re.compile(f"[{re.escape(''.join(EXTENSION))}]").findall


@dataclass(frozen=True, slots=True)
class Segmentation:
    """A body as it goes out: its encoding, and the text of each segment."""

    encoding: Encoding
    segments: tuple[str, ...]


def segment(body: str) -> Segmentation:
    """Encode a body and cut it into segments (Whoosh: Message resource, NumSegments property).

    Follows Twilio: SMS character limits, and Twilio's message segment calculator where the page says less.
    """
    encoding = Encoding.GSM_7 if _is_gsm_7(body) else Encoding.UCS_2
    units_of = _UNITS_OF[encoding]
    capacity = CAPACITY[encoding]

    if units_of(body) <= capacity.alone:
        return Segmentation(encoding, (body,))
    characters = list(body) if encoding is Encoding.GSM_7 else clusters(body)
    return Segmentation(encoding, tuple(map("".join, _cut(characters, units_of, capacity))))


def count_segments(body: str) -> int:
    """Say how many segments a body takes (Whoosh: Message resource, NumSegments property)."""
    if _is_basic(body):  # one septet a character, so that nothing is cut but at full segments
        alone, shared = CAPACITY[Encoding.GSM_7]
        return 1 if len(body) <= alone else -(-len(body) // shared)
    return len(segment(body).segments)


def forces_ucs2(body: str) -> tuple[str, ...]:
    """Name the characters that keep a body from going out as GSM-7, each once, in order (Twilio: SMS character limits).

    A character is what a reader sees as one: a letter with its combining marks, a flag, an emoji with its skin tone.
    """
    if _is_gsm_7(body):
        return ()
    return tuple(dict.fromkeys(character for character in clusters(body) if not _is_gsm_7(character)))


def utf_16_units(text: str) -> int:
    """Count 16-bit units: two for a character outside the Basic Multilingual Plane, such as most emoji."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def septets(text: str) -> int:
    """Count the septets of a GSM-7 text: two for a character of the extension table."""
    return len(text) + len(_find_extension(text))


def _cut(characters: Sequence[str], units_of: Callable[[str], int], capacity: Capacity) -> list[list[str]]:
    """Fill segments one after the other; a character that does not fit goes whole to the next."""
    segments: list[list[str]] = [[]]
    free = capacity.alone
    for character in characters:
        units = units_of(character)
        if units > free:
            given_back = _make_room(segments[0], units_of, capacity) if len(segments) == 1 else []
            # What is given back, and the character after it, are not measured against the new segment. Only characters
            # of dozens of marks can overfill it, and the calculator lets them.
            segments.append(given_back)
            free = capacity.shared - sum(map(units_of, given_back))
        segments[-1].append(character)
        free -= units
    return segments


def _make_room(first: list[str], units_of: Callable[[str], int], capacity: Capacity) -> list[str]:
    """Take from the end of the first segment what its header displaces."""
    kept = bisect_right(list(accumulate(map(units_of, first))), capacity.shared)
    given_back = first[kept:]
    del first[kept:]
    return given_back


_UNITS_OF: Final[Mapping[Encoding, Callable[[str], int]]] = {Encoding.GSM_7: septets, Encoding.UCS_2: utf_16_units}
