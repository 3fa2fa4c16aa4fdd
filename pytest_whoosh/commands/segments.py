"""The command ``segments``: shows a text's encoding and segments, what makes it expensive, and what it costs."""

import argparse
import json
import os
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import Any, Final, TextIO

from pytest_whoosh.engine.addresses import country_of, normalize_address
from pytest_whoosh.engine.carrier.prices import SEGMENT_PRICES, Prices
from pytest_whoosh.engine.limits import LONGEST_BODY
from pytest_whoosh.engine.text.graphemes import clusters
from pytest_whoosh.engine.text.segments import CAPACITY, Encoding, forces_ucs2, segment, septets, utf_16_units
from pytest_whoosh.engine.text.smart_encoding import look_alike, smart_encode
from pytest_whoosh.wording.texts import INDENT, columns, count, name_of

_DESCRIPTION: Final = (
    "Show the encoding and the segments of a text, the characters that force UCS-2 with their look-alikes in GSM-7, "
    "and the cost at the fake's prices. Segments are measured in septets of GSM-7 or in 16-bit units of UCS-2."
)
_UNIT: Final = "USD"

#: The most rows, and positions in each, that a terminal shows. JSON has all.
_MOST_ROWS: Final = 20
_MOST_PLACES: Final = 8

_BOLD: Final = "\x1b[1m"
_PLAIN: Final = "\x1b[0m"


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "segments", help="show the encoding, the segments and the cost of a text", description=_DESCRIPTION
    )
    parser.add_argument("text", nargs="?", help="the text (default: standard input, without its last line end)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.add_argument(
        "--to",
        type=_country,
        default="US",
        help="the recipient: a country's code, or a phone number (default: %(default)s)",
    )
    parser.add_argument("--smart", action="store_true", help="show what smart encoding would save")
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Show the analysis of a text, and return the exit status."""
    text = _text(given)
    shown = _analysis(text, given.to)
    if given.smart:
        shown["smart"] = _analysis(smart_encode(text), given.to)
    lines = [json.dumps(shown, indent=2)] if given.json else _lines(shown, bold=_has_colours(sys.stdout))
    _print("\n".join(lines))
    return 0


def _text(given: argparse.Namespace) -> str:
    text = _read() if given.text is None else given.text
    if not text:
        given.parser.error("the text is empty, and a message without media needs a text")
    for place, character in enumerate(text, 1):
        if "\ud800" <= character <= "\udfff":
            given.parser.error(f"the text cannot be sent: its character {place} is {_broken(ord(character))}")
    return str(text)


def _read() -> str:
    if sys.stdin.isatty():
        print("Type the text, then press Ctrl-D on an empty line.", file=sys.stderr)  # noqa: T201
    try:
        text = sys.stdin.buffer.read().decode("utf-8", "surrogateescape")
    except KeyboardInterrupt:
        sys.exit(130)
    return text.removesuffix("\r\n") if text.endswith("\r\n") else text.removesuffix("\n")


def _broken(surrogate: int) -> str:
    """Describe half of a surrogate pair. Python also reads a byte that is not UTF-8 as one."""
    is_byte = 0xDC80 <= surrogate <= 0xDCFF
    return f"the byte 0x{surrogate - 0xDC00:02X}, not UTF-8" if is_byte else f"U+{surrogate:04X}, half of a pair"


def _country(text: str) -> str:
    """Return the ISO code of a country. ``text`` is the code, or a phone number."""
    code = country_of(normalize_address(text) or "") if text.startswith("+") else text.upper()
    if code not in SEGMENT_PRICES and code not in _every_country():
        raise argparse.ArgumentTypeError(
            f'{text!r} is not a country. Use an ISO code such as "US", or a phone number such as "+15558675310"'
        )
    return code


def _every_country() -> frozenset[str]:
    import phonenumbers

    return frozenset(phonenumbers.SUPPORTED_REGIONS)


# Analysis


def _analysis(text: str, country: str) -> dict[str, Any]:
    segmentation = segment(text)
    encoding, segments = segmentation.encoding, segmentation.segments
    length = septets if encoding is Encoding.GSM_7 else utf_16_units
    limit = CAPACITY[encoding].shared if segments[1:] else CAPACITY[encoding].alone
    each = Prices().of_country(country)
    return {
        "text": text,
        "encoding": encoding.value,
        "num_segments": len(segments),
        "segments": [{"text": part, "length": length(part), "limit": limit} for part in segments],
        "forces_ucs2": [_forcing(character, places) for character, places in _places(text).items()],
        "cost": {"to": country, "each": str(each), "total": str(each * len(segments)), "unit": _UNIT},
    }


def _places(text: str) -> dict[str, list[int]]:
    """Return the positions of each character that forces UCS-2, counted from 0."""
    places: dict[str, list[int]] = {character: [] for character in forces_ucs2(text)}
    at = 0
    for character in clusters(text) if places else ():
        if character in places:
            places[character].append(at)
        at += len(character)
    return places


def _forcing(character: str, offsets: list[int]) -> dict[str, Any]:
    return {
        "character": character,
        "code_points": list(map(name_of, character)),
        "look_alike": look_alike(character),
        "offsets": offsets,
    }


# As text


def _lines(shown: dict[str, Any], *, bold: bool) -> Iterator[str]:
    head = _BOLD + "{}" + _PLAIN if bold else "{}"
    cost = shown["cost"]
    yield f"{head.format('Encoding')}  {shown['encoding']}"
    yield f"{head.format('Segments')}  {shown['num_segments']}"
    yield f"{head.format('Cost')}      {cost['total']} {cost['unit']} ({cost['each']} for each segment to {cost['to']})"
    if (excess := len(shown["text"]) - LONGEST_BODY) > 0:
        yield f"{head.format('Refused')}   21617: longer than {LONGEST_BODY} characters, by {excess}"
    yield ""
    yield from _table(head, ("Segment", "Length", "Text"), list(_segments(shown["segments"])))
    if shown["forces_ucs2"]:
        yield ""
        titles = ("Forces UCS-2", "Code points", "Look-alike", "Position")
        yield from _table(head, titles, list(_rows(shown["forces_ucs2"])))
    if "smart" in shown:
        yield ""
        yield f"{head.format('Smart encoding')}  {_saving(shown, shown['smart'])}"


def _segments(segments: Sequence[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for number, each in enumerate(segments, 1):
        yield str(number), f"{each['length']}/{each['limit']}", repr(each["text"])


def _rows(forcing: Sequence[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    for each in forcing[:_MOST_ROWS]:
        instead = "-" if each["look_alike"] is None else repr(each["look_alike"])
        yield repr(each["character"]), " + ".join(each["code_points"]), instead, _positions(each["offsets"])
    if forcing[_MOST_ROWS:]:
        yield f"... {len(forcing) - _MOST_ROWS} more", "", "", ""


def _positions(offsets: Sequence[int]) -> str:
    """Return positions as text, counted from 1."""
    shown = ", ".join(str(offset + 1) for offset in offsets[:_MOST_PLACES])
    return f"{shown} ... ({len(offsets)} in all)" if len(offsets) > _MOST_PLACES else shown


def _table(head: str, titles: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> Iterator[str]:
    first, *rest = columns([titles, *rows])
    yield head.format(first)
    yield from rest


def _saving(plain: dict[str, Any], smart: dict[str, Any]) -> str:
    if smart["text"] == plain["text"]:
        return "changes nothing"
    saved = plain["num_segments"] - smart["num_segments"]
    money = Decimal(plain["cost"]["total"]) - Decimal(smart["cost"]["total"])
    what = f"saves {count(saved, 'segment')} and {money} {_UNIT}" if saved > 0 else "saves nothing"
    return f"{smart['encoding']}, {count(smart['num_segments'], 'segment')}: {what}\n{INDENT}{smart['text']!r}"


def _has_colours(stream: TextIO) -> bool:
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def _print(text: str) -> None:
    """Print a text, with escapes for characters that the terminal cannot show."""
    encoding = sys.stdout.encoding or "utf-8"
    print(text.encode(encoding, "backslashreplace").decode(encoding))  # noqa: T201
