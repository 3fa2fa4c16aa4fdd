"""The views of messages agree with the table of a message's fields."""

from typing import get_origin, get_type_hints

from pytest_whoosh import Message
from pytest_whoosh.engine.messages.fields import FIELDS, WEBHOOKS


def properties() -> dict[str, property]:
    return {name: member for name, member in vars(Message).items() if isinstance(member, property)}


def test_a_message_has_one_property_for_each_field_in_the_same_order() -> None:
    assert list(properties()) == list(FIELDS)


def test_a_property_is_documented_as_its_field_is() -> None:
    assert {name: member.__doc__ for name, member in properties().items()} == {
        name: field.about for name, field in FIELDS.items()
    }


def test_a_property_has_the_type_of_its_field() -> None:
    types = {name: get_type_hints(member.fget)["return"] for name, member in properties().items()}
    types["callbacks"] = get_origin(types["callbacks"])  # the engine has records where a test sees views

    assert types == {
        name: field.type.python | None if field.nullable else field.type.python  # type: ignore[operator]
        for name, field in FIELDS.items()
    }
    assert FIELDS["callbacks"].type is WEBHOOKS
