"""Messages and callbacks compare with ANY, and copy as plain data for snapshot tools."""

import pickle
from collections.abc import Callable
from copy import copy, deepcopy
from typing import Any, TypeVar
from unittest.mock import ANY

import pytest

from pytest_whoosh import Message, Whoosh
from tests.conftest import PERSON, SENDER

T = TypeVar("T")
Send = Callable[..., Message]


def pickled(value: T) -> T:
    return pickle.loads(pickle.dumps(value))


COPIES = pytest.mark.parametrize("copied", [copy, deepcopy, pickled])


@pytest.fixture
def message(whoosh: Whoosh, send: Send) -> Message:
    """A message with failed, delivered and unsent webhooks."""
    whoosh.mount("https://app.example", lambda environ, start_response: 1 / 0)
    message = send(status_callback="https://app.example/status", media_url=["https://app.example/1.png"])
    whoosh.travel(seconds=2)
    return message


def test_a_message_equals_any_and_nothing_foreign(message: Message) -> None:
    assert message == ANY
    assert message.__eq__("Hi") is NotImplemented
    assert message != message.sid


def test_a_callback_equals_any_and_nothing_foreign(message: Message) -> None:
    (callback,) = message.callbacks

    assert callback == ANY
    assert callback.__eq__("sent") is NotImplemented
    assert callback != callback.url


@COPIES
def test_a_copy_of_a_message_equals_it(message: Message, copied: Callable[[Message], Message]) -> None:
    other = copied(message)

    assert (other, repr(other), hash(other)) == (message, repr(message), hash(message))
    assert other.request == message.request
    assert other.callbacks == message.callbacks
    assert other.callbacks[0].message == message
    assert copied(other) == other


@COPIES
def test_a_copy_of_a_message_keeps_its_state(
    whoosh: Whoosh, message: Message, copied: Callable[[Message], Message]
) -> None:
    other = copied(message)

    whoosh.settle()

    assert (other.status, message.status) == ("sent", "delivered")
    assert (len(other.callbacks), len(message.callbacks)) == (1, 2)
    assert other != message


@COPIES
def test_a_copy_of_a_callback_equals_it(message: Message, copied: Callable[[object], object]) -> None:
    (callback,) = message.callbacks
    other = copied(callback)

    assert (other, repr(other), hash(other)) == (callback, repr(callback), hash(callback))
    assert other.error.code == 11200
    assert other.message == message
    assert copied(other) == other


def test_a_copy_of_a_callback_does_not_equal_another_callback(whoosh: Whoosh, message: Message) -> None:
    whoosh.settle()
    sent, delivered = message.callbacks

    assert deepcopy(sent) != delivered
    assert deepcopy(sent) != deepcopy(delivered)
    assert sent != delivered


def test_changing_a_value_of_a_copy_has_no_effect(message: Message) -> None:
    other = deepcopy(message)

    other.media_urls.clear()
    other.callbacks[0].params.clear()

    assert other == message


def test_a_copy_of_the_outbox_is_a_list_of_copies(whoosh: Whoosh, message: Message) -> None:
    copied = deepcopy(whoosh.outbox)
    assert copied == whoosh.outbox == [message]

    whoosh.settle()

    assert [each.status for each in copied] == ["sent"]


def test_a_copy_can_replace_its_message_in_assertions(whoosh: Whoosh, message: Message) -> None:
    whoosh.assert_segments(deepcopy(message), 1)


@pytest.mark.parametrize("copied", [copy, deepcopy])
@pytest.mark.whoosh(throughput="realistic")
def test_a_view_of_the_current_state_is_its_own_copy(whoosh: Whoosh, copied: Callable[[Any], Any]) -> None:
    reply = whoosh.receive("Hi", from_=PERSON, to=SENDER)

    for live in (reply, whoosh.phone(PERSON), whoosh.queue(SENDER), whoosh.when(to=PERSON).fail()):
        assert copied(live) is live
