"""The characters that smart encoding replaces."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_whoosh.engine.text.segments import Encoding, segment
from pytest_whoosh.engine.text.smart_encoding import REPLACEMENTS, smart_encode


@pytest.mark.parametrize(
    ("body", "sent"),
    [
        pytest.param("“It’s”", '"It\'s"', id="curly-quotes"),
        pytest.param("‹a› «b»", '<a> "b"', id="angle-quotes"),
        pytest.param("`a` ´b´", "'a' 'b'", id="accents-alone"),
        pytest.param("1–2—3", "1-2-3", id="dashes"),
        pytest.param("•a", "-a", id="bullet"),
        pytest.param("wait…", "wait...", id="ellipsis"),
        pytest.param("¼ ½ ¾", "1/4 1/2 3/4", id="fractions"),
        pytest.param("a‼", "a!!", id="double-exclamation-mark"),
        pytest.param("ＡＢＣ １２３", "ABC 123", id="fullwidth-forms"),
        pytest.param("ᴀʙᴄ", "ABC", id="small-capitals"),
        pytest.param("a\xa0b\u2009c", "a  b  c", id="spaces-double"),
        pytest.param("a\u2001b\u2028c", "a b c", id="spaces-that-do-not"),
        pytest.param("a\tb", "a       b", id="tab"),
        pytest.param("a\u200bb\ufeff\0c", "abc", id="no-width"),
        pytest.param("a\u0302", "a^", id="combining-marks"),
        pytest.param("áç ж 😜", "áç ж 😜", id="without-a-look-alike"),
        pytest.param("{plain} €5", "{plain} €5", id="gsm-7"),
        pytest.param("\ud83d", "\ud83d", id="lone-surrogate"),
        pytest.param("", "", id="empty"),
    ],
)
def test_look_alikes_are_replaced(body: str, sent: str) -> None:
    assert smart_encode(body) == sent


def test_the_map_is_complete() -> None:
    assert len(REPLACEMENTS) == 271


@pytest.mark.parametrize("character", REPLACEMENTS, ids=lambda character: f"U+{ord(character):04X}")
def test_every_entry_turns_ucs_2_into_gsm_7(character: str) -> None:
    body = f"({character})"

    sent = smart_encode(body)

    assert sent == f"({REPLACEMENTS[character]})"
    assert [segment(body).encoding, segment(sent).encoding] == [Encoding.UCS_2, Encoding.GSM_7]


@given(st.text(st.characters(exclude_categories=[]) | st.sampled_from(sorted(REPLACEMENTS))))
def test_what_was_replaced_is_not_replaced_again(body: str) -> None:
    assert smart_encode(smart_encode(body)) == smart_encode(body)
