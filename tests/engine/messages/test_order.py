"""The order of a list, compared with the simplest model: a sorted list of messages."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from pytest_whoosh.engine.account.account import Account, AccountResources
from pytest_whoosh.engine.messages.lifecycle import DEFAULT_JOURNEY, Status
from pytest_whoosh.engine.messages.order import AddressIndex, MessageOrder
from pytest_whoosh.engine.messages.record import Message

START = datetime(2030, 1, 1, tzinfo=UTC)
ACCOUNT = Account("AC" + "0" * 32, "", AccountResources(), START)


def new_message(serial: int, second: int = 0) -> Message:
    at = START + timedelta(seconds=second)
    return Message(
        sid=f"SM{serial:032x}",
        serial=serial,
        account=ACCOUNT,
        to="+15558675310",
        from_="+15557122661",
        body="Hi",
        direction="outbound-api",
        status=Status.QUEUED,
        date_created=at,
        date_updated=at,
        journey=DEFAULT_JOURNEY,
    )


def place_of(message: Message) -> tuple[datetime, int]:
    return message.listed_at, message.serial


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["create", "create", "send", "delete"]),
            st.integers(0, 2),  # seconds before it
            st.integers(0, 100),  # which of the messages it happens to
        ),
        max_size=60,
    )
)
def test_an_order_is_what_sorting_would_give(steps: list[tuple[str, int, int]]) -> None:
    order, created, present, second = MessageOrder(), 0, list[Message](), 0

    for step, pause, which in steps:
        second += pause
        now = START + timedelta(seconds=second)
        message = present[which % len(present)] if present else None
        if step == "create":
            message = new_message(created := created + 1, second)
            present.append(message)
            order.add(message)
        elif message and step == "delete":
            present.remove(message)
            message.deleted = True
            order.mark_stale()
        elif message and message.date_sent is None and message.date_created != now:
            message.date_sent = now
            order.mark_stale()
            order.add(message)
    present.sort(key=place_of)

    assert list(order.forwards(0, order.end)) == present
    assert list(order.backwards(order.end)) == present[::-1]
    assert len(order) == len(present)
    for message in present:
        older = [other for other in present if place_of(other) < place_of(message)]
        newer = [other for other in present if place_of(other) > place_of(message)]
        assert list(order.forwards(0, order.before(message))) == older
        assert list(order.forwards(order.after(message), order.end)) == newer
    for moment in (START + timedelta(seconds=each) for each in range(second + 2)):
        assert list(order.forwards(order.since(moment), order.end)) == [
            message for message in present if message.listed_at >= moment
        ]
        assert list(order.forwards(0, order.until(moment))) == [
            message for message in present if message.listed_at <= moment
        ]


def test_stale_positions_do_not_pile_up() -> None:
    order = MessageOrder()
    messages = [new_message(serial) for serial in range(1000)]
    for message in messages:
        order.add(message)

    places = []
    for message in messages:
        message.date_sent = START + timedelta(seconds=1)
        order.mark_stale()
        order.add(message)
        places.append(order.end)

    assert max(places) <= 1501
    assert list(order.forwards(0, order.end)) == messages
    assert len(order) == 1000


def test_a_short_order_is_left_alone() -> None:
    order = MessageOrder()
    messages = [new_message(serial) for serial in range(65)]
    for message in messages:
        order.add(message)

    for message in messages[1:]:
        message.deleted = True
        order.mark_stale()

    assert (len(order), order.end) == (1, 65)


def test_every_address_has_its_own_order() -> None:
    index, one, two, other = AddressIndex(), new_message(1), new_message(2), new_message(3)
    for address, message in [("+15558675310", one), ("+15558675310", two), ("+15558675311", other)]:
        index.add(address, message)

    orders = {address: index[address] for address in ("+15558675310", "+15558675311", "+15558675312")}

    assert {address: list(order.forwards(0, order.end)) for address, order in orders.items()} == {
        "+15558675310": [one, two],
        "+15558675311": [other],
        "+15558675312": [],
    }


def test_an_address_drops_stale_positions() -> None:
    index, one, two = AddressIndex(), new_message(1), new_message(2)
    for message in (one, two):
        index.add("+15558675310", message)

    one.date_sent = START + timedelta(seconds=1)
    index.mark_stale("+15558675310")
    index.add("+15558675310", one)
    order = index["+15558675310"]

    assert (list(order.forwards(0, order.end)), len(order)) == ([two, one], 2)


def test_the_only_message_of_an_address_may_move() -> None:
    index, message = AddressIndex(), new_message(1)
    index.add("+15558675310", message)

    message.date_sent = START + timedelta(seconds=1)
    index.mark_stale("+15558675310")
    index.add("+15558675310", message)
    order = index["+15558675310"]

    assert (list(order.forwards(0, order.end)), len(order)) == ([message], 1)
