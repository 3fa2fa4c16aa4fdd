"""Encoding and splitting of bodies, compared with Twilio's message segment calculator.

``python -m tests.engine.text.test_segments`` records the calculator's results for a sample again.
"""

import json
import os
import random  # noqa: TID251 - seeded: the same sample every time
import subprocess
import unicodedata
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pytest_whoosh.engine.text.graphemes import clusters
from pytest_whoosh.engine.text.segments import (
    CAPACITY,
    Encoding,
    Segmentation,
    count_segments,
    forces_ucs2,
    segment,
    septets,
    utf_16_units,
)
from pytest_whoosh.engine.text.smart_encoding import smart_encode
from tests.nodejs import find_modules, wanted

GSM_7, UCS_2 = Encoding
ITALY = "🇮🇹"
RAINBOW = "🏳\ufe0f\u200d🌈"


@pytest.mark.parametrize(
    ("body", "encoding", "sizes"),
    [
        pytest.param("", GSM_7, [0], id="empty"),
        pytest.param("a" * 160, GSM_7, [160], id="160-septets"),
        pytest.param("a" * 161, GSM_7, [153, 8], id="161-septets"),
        pytest.param("a" * 306, GSM_7, [153, 153], id="306-septets"),
        pytest.param("a" * 307, GSM_7, [153, 153, 1], id="307-septets"),
        pytest.param("a" * 1600, GSM_7, [153] * 10 + [70], id="1600-septets"),
        pytest.param("a" * 158 + "€", GSM_7, [159], id="euro-in-septets-159-and-160"),
        pytest.param("a" * 159 + "€", GSM_7, [153, 7], id="euro-in-septets-160-and-161"),
        pytest.param("a" * 152 + "€" + "a" * 8, GSM_7, [152, 9], id="euro-in-septets-153-and-154"),
        pytest.param("€" * 80, GSM_7, [80], id="80-euros"),
        pytest.param("€" * 81, GSM_7, [76, 5], id="81-euros"),
        pytest.param("€" * 152, GSM_7, [76, 76], id="152-euros"),
        pytest.param("€" * 153, GSM_7, [76, 76, 1], id="153-euros"),
        pytest.param("ж" * 70, UCS_2, [70], id="70-units"),
        pytest.param("ж" * 71, UCS_2, [67, 4], id="71-units"),
        pytest.param("ж" * 134, UCS_2, [67, 67], id="134-units"),
        pytest.param("ж" * 135, UCS_2, [67, 67, 1], id="135-units"),
        pytest.param("ж" + "€" * 69, UCS_2, [70], id="euro-is-one-unit"),
        pytest.param("😜" * 35, UCS_2, [35], id="35-pairs"),
        pytest.param("😜" * 36, UCS_2, [33, 3], id="36-pairs"),
        pytest.param("😜" * 66, UCS_2, [33, 33], id="66-pairs"),
        pytest.param("😜" * 67, UCS_2, [33, 33, 1], id="67-pairs"),
        pytest.param("ж" * 66 + "😜" + "ж" * 4, UCS_2, [66, 5], id="pair-in-units-67-and-68"),
        pytest.param(ITALY + "1" * 66, UCS_2, [67], id="flag-and-66-digits"),
        pytest.param(ITALY + "1" * 67, UCS_2, [64, 4], id="flag-and-67-digits"),
        pytest.param("1" * 66 + ITALY + "1", UCS_2, [66, 2], id="flag-in-units-67-to-70"),
        pytest.param(RAINBOW + "1" * 64, UCS_2, [65], id="rainbow-and-64-digits"),
        pytest.param(RAINBOW + "1" * 65, UCS_2, [62, 4], id="rainbow-and-65-digits"),
        pytest.param("a" * 159 + "\r\n", GSM_7, [153, 8], id="a-line-break-is-two-septets"),
        pytest.param("a" * 152 + "\r\n" + "a" * 8, GSM_7, [153, 9], id="a-line-break-may-be-divided"),
        pytest.param("\0", UCS_2, [1], id="null"),
        pytest.param("\ud83d" * 71, UCS_2, [67, 4], id="lone-surrogates"),
        pytest.param("ж" * 9 + ("е" + "\u0301" * 59) * 2, UCS_2, [9, 2], id="what-is-given-back-may-overfill"),
        pytest.param("е" + "\u0301" * 80, UCS_2, [0, 1], id="more-marks-than-a-segment-holds"),
    ],
)
def test_a_body_is_cut_where_a_segment_is_full(body: str, encoding: Encoding, sizes: list[int]) -> None:
    segmentation = segment(body)

    assert segmentation.encoding == encoding
    assert [len(clusters(text)) for text in segmentation.segments] == sizes
    assert count_segments(body) == len(sizes)


@pytest.mark.parametrize(
    "body",
    [
        pytest.param("Your code is 1234.\r\nReply STOP to end.", id="plain"),
        pytest.param("ÄÅÆÇÉÑÖØÜßàäåæèéìñòöøùü ΔΦΓΛΩΠΨΣΘΞ ¡¿£¤¥§", id="letters-and-signs"),
        pytest.param("\f[\\]^{|}~€", id="extension-table"),
    ],
)
def test_gsm_7_text_forces_nothing(body: str) -> None:
    assert segment(body).encoding == GSM_7
    assert forces_ucs2(body) == ()


@pytest.mark.parametrize(
    ("body", "characters"),
    [
        pytest.param("`a`\tb", ("`", "\t"), id="ascii-outside-gsm-7"),
        pytest.param("garçon, coração, Ça", ("ç", "ã"), id="accents-outside-gsm-7"),
        pytest.param("it’s – “new” …\xa0", ("’", "–", "“", "”", "…", "\xa0"), id="typography"),
        pytest.param("cafe\u0301 e\u0301", ("e\u0301",), id="combining-marks"),
        pytest.param(f"{RAINBOW}{ITALY}👍🏽👍{ITALY}", (RAINBOW, ITALY, "👍🏽", "👍"), id="emoji"),
        pytest.param("a\r\n\0\x1b\ud83d", ("\0", "\x1b", "\ud83d"), id="controls-and-lone-surrogates"),
    ],
)
def test_characters_that_force_ucs_2_are_named_once_in_order(body: str, characters: tuple[str, ...]) -> None:
    assert forces_ucs2(body) == characters
    assert segment(body).encoding == UCS_2


def bodies() -> st.SearchStrategy[str]:
    gsm_7 = st.sampled_from([*"aZ9 @é€{^\f", "\r\n"])
    joining = st.sampled_from(
        ["\u0301", "\u0903", "\u200d", "\ufe0f", "\u0600", "🏽", "👩", "❤", "🇮", "ᄒ", "ᅡ", "ᆫ", "가"]
    )
    anything = st.characters(exclude_categories=[])
    lists = [st.lists(gsm_7, max_size=200), st.lists(gsm_7 | joining | anything, max_size=200)]
    return st.one_of(lists).map("".join)


@given(bodies())
def test_segments_join_to_the_body(body: str) -> None:
    assert "".join(segment(body).segments) == body


@given(bodies())
def test_no_character_is_divided(body: str) -> None:
    assert [character for text in segment(body).segments for character in clusters(text)] == clusters(body)


@given(bodies())
def test_a_segment_takes_all_that_fits_and_no_more(body: str) -> None:
    assume(all(utf_16_units(character) <= 20 for character in clusters(body)))
    segmentation = segment(body)
    units_of = septets if segmentation.encoding == GSM_7 else utf_16_units
    alone, shared = CAPACITY[segmentation.encoding]

    *full, last = segmentation.segments

    assert (units_of(body) <= alone) == (full == [])
    assert all(units_of(text) <= (shared if full else alone) for text in segmentation.segments)
    assert all(units_of(text + clusters(after)[0]) > shared for text, after in pairwise([*full, last]))


@given(bodies())
def test_counting_agrees_with_cutting(body: str) -> None:
    assert count_segments(body) == len(segment(body).segments)


@given(bodies())
def test_ucs_2_is_used_only_if_a_character_forces_it(body: str) -> None:
    assert (segment(body).encoding == UCS_2) == (forces_ucs2(body) != ())


RECORDED = Path(__file__).parent / "data" / "segments.json"
PACKAGE = "sms-segments-calculator"
CALCULATE = f"""
const {{ SegmentedMessage }} = require("{PACKAGE}");
const {{ smart, bodies }} = JSON.parse(require("fs").readFileSync(0, "utf8"));
const raw = (segment) => Array.from(segment, (character) => character.raw ?? "").join("");
const calculated = (body) => new SegmentedMessage(body, "auto", smart);
const row = (message) => [message.encodingName, message.segments.map(raw)];
process.stdout.write(JSON.stringify(bodies.map(calculated).map(row)));
"""


def test_recorded_bodies_are_cut_as_by_the_calculator() -> None:
    recorded = [from_calculator(row) for row in json.loads(RECORDED.read_text("ascii"))]

    assert [segment("".join(each.segments)) for each in recorded] == recorded


@pytest.mark.parametrize("smart", [pytest.param(False, id="as-is"), pytest.param(True, id="smart-encoded")])
def test_random_bodies_are_cut_as_by_the_calculator(*, smart: bool) -> None:
    modules = find_modules(PACKAGE)
    if modules is None:
        pytest.skip(wanted(PACKAGE))
    bodies = list(sample(seed=2, rounds=10))

    ours = [segment(smart_encode(body) if smart else body) for body in bodies]

    assert ours == calculate(modules, bodies, smart=smart)


def calculate(modules: Path, bodies: list[str], *, smart: bool = False) -> list[Segmentation]:
    """Return the calculator's result for each body."""
    done = subprocess.run(
        ["node", "-e", CALCULATE],
        input=json.dumps({"smart": smart, "bodies": bodies}).encode(),
        env={**os.environ, "NODE_PATH": str(modules)},
        capture_output=True,
        check=True,
    )
    return [from_calculator(row) for row in json.loads(done.stdout)]


def from_calculator(row: tuple[str, list[str]]) -> Segmentation:
    encoding, segments = row
    return Segmentation(Encoding(encoding), tuple(segments))


def sample(*, seed: int, rounds: int = 1) -> Iterator[str]:
    """Return random bodies: one of each alphabet in each round, mixed with GSM-7 and characters that join others."""
    chance = random.Random(seed)
    joining = [
        *["\u0300", "\u0308", "\u0903", "\u094d", "\u200c", "\u200d", "\ufe0e", "\ufe0f", "\u20e3", "\u0600", "\u0d4e"],
        *"🏻🏽🏿👩👨👦❤♀⚕🌈🏳🏴☝🧑🦰🇦🇿각가각",
        *["\0", "\x85", "\u200b", "\u2028", "\ufeff", "\r\n", "\ud83d", "\U000e0067", "\U000e007f"],
    ]
    plain = [*"abc XYZ 0189 @£éΩ\n", *"€{}^\f"]
    alphabets = all_alphabets()
    for _ in range(rounds):
        for alphabet in alphabets:
            kinds = [alphabet, *chance.choices([alphabet, plain, joining], k=2)]
            size = chance.choice([20, 72, 80, 110, 140])
            yield "".join(chance.choice(chance.choice(kinds)) for _ in range(size))


def all_alphabets() -> list[list[str]]:
    """Return every named character by the first word of its name: TAMIL LETTER A, TAMIL VOWEL SIGN AA."""
    alphabets: dict[str, list[str]] = {}
    for character in map(chr, range(0x110000)):
        alphabets.setdefault(unicodedata.name(character, "").partition(" ")[0], []).append(character)
    del alphabets[""]
    return [alphabet for alphabet in alphabets.values() if len(alphabet) > 2]


def record() -> None:
    """Record the calculator's results for a sample."""
    modules = find_modules(PACKAGE)
    assert modules, f"Install {PACKAGE}."
    rows = [[each.encoding, each.segments] for each in calculate(modules, list(sample(seed=1)))]
    RECORDED.write_text("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]\n", "ascii")


if __name__ == "__main__":
    record()
