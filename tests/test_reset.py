"""Starting again with the same double."""

from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError
from tests.conftest import PERSON, SENDER


def send(client: Client, **parameters: object) -> str:
    sid: str = client.messages.create(**{"to": PERSON, "from_": SENDER, "body": "Hi", **parameters}).sid
    return sid


def test_messages_and_webhooks_are_forgotten(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_number(SENDER)
    send(client, status_callback="https://app.example/status")
    whoosh.settle()
    whoosh.receive("Hello", from_=PERSON, to=SENDER)

    whoosh.reset()

    assert (list(whoosh.messages), whoosh.callbacks) == ([], [])
    whoosh.assert_nothing_sent()
    assert client.messages.list() == []
    assert "Messages:" not in whoosh.traffic()


def test_messages_in_flight_never_arrive(whoosh: Whoosh, client: Client) -> None:
    send(client)
    message = whoosh.outbox[0]

    whoosh.reset()
    whoosh.travel(days=1)

    assert message.status == "queued"


def test_rules_are_forgotten(whoosh: Whoosh, client: Client) -> None:
    whoosh.when().reject(21610)

    whoosh.reset()

    send(client)
    whoosh.assert_sent()


def test_provisions_prices_and_opt_outs_are_forgotten(whoosh: Whoosh, client: Client) -> None:
    price = client.pricing.v1.messaging.countries("US").fetch().outbound_sms_prices
    whoosh.add_number(SENDER)
    whoosh.add_messaging_service("Reminders", senders=[SENDER])
    whoosh.opt_out(PERSON, SENDER)
    whoosh.set_price("US", "9")

    whoosh.reset()

    assert (client.incoming_phone_numbers.list(), client.messaging.v1.services.list()) == ([], [])
    assert client.pricing.v1.messaging.countries("US").fetch().outbound_sms_prices == price
    send(client)


def test_the_time_and_the_mounts_stay(whoosh: Whoosh, client: Client) -> None:
    app, posted = Flask(__name__), []
    app.add_url_rule("/status", view_func=lambda: posted.append("status") or "", methods=["POST"])
    whoosh.mount("https://app.example", app)
    whoosh.travel(days=1)
    tomorrow = whoosh.now

    whoosh.reset()
    send(client, status_callback="https://app.example/status")
    whoosh.settle()

    assert posted == ["status", "status"]
    assert whoosh.now == datetime.now(UTC) == tomorrow + timedelta(seconds=4)


@pytest.mark.whoosh(senders="owned", seed=7)
def test_the_settings_stay(whoosh: Whoosh) -> None:
    number = whoosh.add_number(SENDER).sid

    whoosh.reset()

    assert whoosh.settings.senders == "owned"
    assert whoosh.add_number(SENDER).sid == number


def test_sequences_of_a_test_show_later_messages(whoosh: Whoosh, client: Client) -> None:
    outbox, phone = whoosh.outbox, whoosh.phone(PERSON)
    send(client, body="Before")
    before = outbox[0]

    whoosh.reset()
    send(client, body="After")
    whoosh.settle()

    assert [message.body for message in outbox] == [message.body for message in phone.received] == ["After"]
    assert before.body == "Before"


def test_a_double_is_not_reset_while_time_moves(whoosh: Whoosh, client: Client) -> None:
    app, refusals = Flask(__name__), []

    @app.post("/status")
    def status() -> str:
        with pytest.raises(WhooshError) as refusal:
            whoosh.reset()
        refusals.append(str(refusal.value))
        return ""

    whoosh.mount("https://app.example", app)
    send(client, status_callback="https://app.example/status")

    whoosh.settle()

    assert set(refusals) == {
        "A webhook's handler cannot reset the double. Reset it after travel() or settle() has returned."
    }
    assert not whoosh.is_moving


def test_a_double_that_has_ended_cannot_be_reset() -> None:
    with Whoosh() as whoosh:
        pass

    with pytest.raises(WhooshError):
        whoosh.reset()
