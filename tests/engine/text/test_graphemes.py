"""The characters of a body, as grapheme clusters."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_whoosh.engine.text import graphemes
from pytest_whoosh.engine.text.graphemes import clusters

SKIN_TONE = "\U0001f3fd"
ACUTE, DOT_BELOW = "\u0301", "\u0323"
JOINER = "\u200d"


@pytest.mark.parametrize(
    "character",
    [
        pytest.param("a", id="letter"),
        pytest.param("ж", id="letter-outside-gsm-7"),
        pytest.param("e" + ACUTE, id="combining-mark"),
        pytest.param("e" + ACUTE + DOT_BELOW, id="combining-marks"),
        pytest.param("한", id="hangul-syllable"),
        pytest.param("\u1112\u1161\u11ab", id="hangul-jamo"),
        pytest.param("नि", id="devanagari-vowel-sign"),
        pytest.param("กำ", id="thai-sara-am"),
        pytest.param("\u0600१", id="prepended-number-sign"),
        pytest.param("😜", id="emoji"),
        pytest.param("👍" + SKIN_TONE, id="skin-tone"),
        pytest.param("🇮🇹", id="flag"),
        pytest.param("1\ufe0f\u20e3", id="keycap"),
        pytest.param("❤\ufe0f", id="emoji-presentation"),
        pytest.param(JOINER.join("👨👩👧👦"), id="family"),
        pytest.param("🏳\ufe0f" + JOINER + "🌈", id="rainbow-flag"),
        pytest.param("🏴" + "".join(chr(0xE0000 + ord(letter)) for letter in "gbsct") + "\U000e007f", id="tag-flag"),
        pytest.param("\ud83d", id="lone-high-surrogate"),
        pytest.param("\udc00", id="lone-low-surrogate"),
        pytest.param("\0", id="null"),
    ],
)
def test_a_cluster_is_one_character(character: str) -> None:
    assert clusters(f"({character})") == ["(", character, ")"]


@pytest.mark.parametrize(
    ("text", "characters"),
    [
        pytest.param("\r\n", ["\r", "\n"], id="a-line-break-is-two"),
        pytest.param("क्ष", ["क्", "ष"], id="a-conjunct-is-not-whole"),
        pytest.param("🇮🇹🇫🇷🇮", ["🇮🇹", "🇫🇷", "🇮"], id="flags-pair-from-the-left"),
        pytest.param("a" + SKIN_TONE, ["a", SKIN_TONE], id="a-skin-tone-needs-an-emoji"),
        pytest.param("👨" + JOINER + "🦰", ["👨" + JOINER, "🦰"], id="red-hair-is-newer-than-the-rules"),
        pytest.param("a\u0897", ["a", "\u0897"], id="so-are-some-marks"),
        pytest.param(
            "👩" + JOINER + "❤\ufe0f" + JOINER + "👩" + SKIN_TONE,
            ["👩" + JOINER + "❤\ufe0f" + JOINER + "👩", SKIN_TONE],
            id="a-mark-earlier-in-the-emoji-parts-its-skin-tone",
        ),
        pytest.param("🇮🇹" + ACUTE + DOT_BELOW, ["🇮🇹" + ACUTE, DOT_BELOW], id="a-flag-keeps-one-mark"),
        pytest.param("\u0600🇮🇹", ["\u0600🇮", "🇹"], id="a-prepended-mark-is-taken-for-half-a-flag"),
    ],
)
def test_characters_are_those_of_the_calculator(text: str, characters: list[str]) -> None:
    assert clusters(text) == characters


def test_an_empty_text_has_no_characters() -> None:
    assert clusters("") == []


@given(st.text(st.characters(exclude_categories=[]), max_size=40))
def test_nothing_is_lost(text: str) -> None:
    assert "".join(clusters(text)) == text


def test_the_fast_path_gives_the_same_result_as_the_pattern() -> None:
    alone = [chr(code) for code in range(0x110000) if graphemes._alone().fullmatch(chr(code))]
    text = "".join(alone) + "".join(reversed(alone))

    assert graphemes._cluster().findall(text) == list(text)
