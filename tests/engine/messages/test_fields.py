"""The table of a message's fields."""

from pytest_whoosh.engine.messages.fields import AT_CREATION, FIELDS, Match, MatchAtCreation


def test_every_field_is_a_match_key() -> None:
    assert set(Match.__annotations__) == set(FIELDS)


def test_every_field_known_at_creation_is_a_match_key_of_rules() -> None:
    assert set(MatchAtCreation.__annotations__) == set(AT_CREATION)


def test_every_field_has_a_sentence_of_documentation() -> None:
    assert [field.name for field in FIELDS.values() if not field.about.endswith(".")] == []
