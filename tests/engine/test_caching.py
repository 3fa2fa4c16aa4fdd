"""Caches hold short texts only."""

from pytest_whoosh.engine.caching import LONGEST, cached


def test_a_result_is_kept_for_a_short_text_and_made_anew_for_a_long_one():
    asked = []

    @cached(8)
    def length(text: str, factor: int = 1) -> int:
        asked.append(len(text))
        return len(text) * factor

    for text in ("a" * LONGEST, "a" * (LONGEST + 1)):
        assert (length(text), length(text), length(text, factor=2)) == (len(text), len(text), 2 * len(text))

    assert asked == [LONGEST] * 2 + [LONGEST + 1] * 3
