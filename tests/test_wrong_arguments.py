"""An argument that must be a text is refused with what to write, never with a traceback of our own code."""

from collections.abc import Callable
from datetime import date

import pytest

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER
from tests.naming import readable

NUMBER = 'takes a phone number such as "+15557122661"'


@pytest.mark.parametrize("given", [5, None, [SENDER], b"12345"], ids=readable)
@pytest.mark.parametrize(
    ("call", "text"),
    [
        (lambda whoosh, given: whoosh.add_number(given), f"add_number() {NUMBER}, not {{!r}}."),
        (
            lambda whoosh, given: whoosh.add_lookup(given),
            'add_lookup() takes a phone number such as "+15558675310", not {!r}.',
        ),
        (
            lambda whoosh, given: whoosh.opt_out(given, SENDER),
            'opt_out() takes a phone number such as "+15558675310", not {!r}.',
        ),
        (
            lambda whoosh, given: whoosh.deactivate(given, on=date(2030, 1, 31)),
            'deactivate() takes a US number such as "+15558675310", not {!r}.',
        ),
        (
            lambda whoosh, given: whoosh.phone(given),
            'A person must be a phone number such as "+15558675310", or a channel address; not {!r}.',
        ),
        (
            lambda whoosh, given: whoosh.receive("Hi", from_=given, to=SENDER),
            'A person must be a phone number such as "+15558675310", or a channel address; not {!r}.',
        ),
        (
            lambda whoosh, given: whoosh.add_media(given),
            'add_media() takes a URL such as "https://app.example/cat.jpg", not {!r}.',
        ),
        (lambda whoosh, given: whoosh.receive(given, from_=PERSON, to=SENDER), "A message's body is a text, not {!r}."),
    ],
)
def test_an_argument_that_is_not_a_text_is_refused(
    whoosh: Whoosh, call: Callable[[Whoosh, object], object], text: str, given: object
) -> None:
    with pytest.raises((TypeError, ValueError)) as refusal:
        call(whoosh, given)

    assert str(refusal.value) == text.format(given)


def test_the_record_of_a_sender_is_refused_as_an_address(whoosh: Whoosh) -> None:
    number = whoosh.add_number(SENDER)

    with pytest.raises(TypeError) as refusal:
        whoosh.add_messaging_service("Reminders", senders=[number])

    assert str(refusal.value) == f"A sender is passed as its address: write {SENDER!r}, not the record."


def test_variables_in_a_list_are_refused(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError, match="variables is an object with texts for values") as refusal:
        whoosh.add_template("Hi {{1}}", variables=["Ann"])

    assert str(refusal.value).endswith('such as {"1": "there"}.')
