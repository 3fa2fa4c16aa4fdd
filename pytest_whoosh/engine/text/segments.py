"""Encodes a message body and splits it into segments."""

import re
from bisect import bisect_right
from collections.abc import Callable, Mapping, Sequence
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


#: A segment has 140 octets. If a message has several segments, each starts with a header of six octets. Phones
#: reassemble the message from these (Twilio: SMS character limits).
CAPACITY: Final[Mapping[Encoding, Capacity]] = {
    Encoding.GSM_7: Capacity(alone=160, shared=153),
    Encoding.UCS_2: Capacity(alone=70, shared=67),
}

_is_basic: Final = re.compile(f"[{re.escape(''.join(BASIC))}]*").fullmatch
_is_gsm_7: Final = re.compile(f"[{re.escape(''.join(BASIC | EXTENSION))}]*").fullmatch
_find_extension: Final = re.compile(f"[{re.escape(''.join(EXTENSION))}]").findall


class Segmentation(NamedTuple):
    """An encoded body: its encoding, and the text of each segment."""

    encoding: Encoding
    segments: tuple[str, ...]


def segment(body: str) -> Segmentation:
    """Encode a body and split it into segments (Whoosh: Message resource, NumSegments property).

    Follows "Twilio: SMS character limits", and Twilio's message segment calculator for details that the page omits.
    """
    encoding = Encoding.GSM_7 if _is_gsm_7(body) else Encoding.UCS_2
    units_of = _UNITS_OF[encoding]
    capacity = CAPACITY[encoding]

    if units_of(body) <= capacity.alone:
        return Segmentation(encoding, (body,))
    characters = list(body) if encoding is Encoding.GSM_7 else clusters(body)
    return Segmentation(encoding, tuple(map("".join, _cut(characters, units_of, capacity))))


def count_segments(body: str) -> int:
    """Count a body's segments (Whoosh: Message resource, NumSegments property)."""
    if _is_basic(body):  # each character is one septet, so every segment but the last is full
        alone, shared = CAPACITY[Encoding.GSM_7]
        return 1 if len(body) <= alone else -(-len(body) // shared)
    return len(segment(body).segments)


def forces_ucs2(body: str) -> tuple[str, ...]:
    """Return the characters that GSM-7 cannot encode, each once, in order (Twilio: SMS character limits).

    A character here is a grapheme cluster: a letter with combining marks, a flag, an emoji with a skin tone.
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
    """Fill segments one after the other. A character that does not fit moves to the next one as a whole."""
    segments: list[list[str]] = [[]]
    free = capacity.alone
    for character in characters:
        units = units_of(character)
        if units > free:
            given_back = _make_room(segments[0], units_of, capacity) if len(segments) == 1 else []
            # The moved characters and the next one are not checked against the new segment's capacity. Only characters
            # with dozens of marks can exceed it, and the calculator allows that.
            segments.append(given_back)
            free = capacity.shared - sum(map(units_of, given_back))
        segments[-1].append(character)
        free -= units
    return segments


def _make_room(first: list[str], units_of: Callable[[str], int], capacity: Capacity) -> list[str]:
    """Remove the characters from the end of the first segment that its header leaves no room for, and return them."""
    kept = bisect_right(list(accumulate(map(units_of, first))), capacity.shared)
    given_back = first[kept:]
    del first[kept:]
    return given_back


_UNITS_OF: Final[Mapping[Encoding, Callable[[str], int]]] = {Encoding.GSM_7: septets, Encoding.UCS_2: utf_16_units}
