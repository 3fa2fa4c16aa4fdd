"""Caches hold short texts only."""

from pytest_whoosh.engine.caching import LONGEST, cached


def test_results_are_cached_for_short_texts_only():
    asked = []

    @cached(8)
    def length(text: str) -> int:
        asked.append(len(text))
        return len(text)

    for text in ("a" * LONGEST, "a" * (LONGEST + 1)):
        assert (length(text), length(text)) == (len(text), len(text))

    assert asked == [LONGEST] + [LONGEST + 1] * 2


def test_a_full_cache_starts_anew():
    asked = []

    @cached(2)
    def shout(text: str) -> str:
        asked.append(text)
        return text.upper()

    assert [shout(text) for text in "abcca"] == ["A", "B", "C", "C", "A"]
    assert asked == ["a", "b", "c", "a"]
