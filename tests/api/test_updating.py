"""Redacting, cancelling and deleting messages."""

from datetime import UTC, datetime

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

from .conftest import Api, refusal

LINK = "https://app.example/status"
UNKNOWN = "SM" + "0" * 32
NOON = datetime(2030, 6, 15, 12, tzinfo=UTC)

#: Every status that a message can have, with its rule and the seconds until the message has it.
STATUSES = {
    "accepted": (None, 0),
    "queued": (None, 1),
    "sending": (None, 2),
    "sent": (None, 3),
    "delivered": (None, 60),
    "undelivered": ("undeliver", 60),
    "failed": ("fail", 60),
}
IN_FLIGHT = ("accepted", "queued", "sending")
SETTLED = ("sent", "delivered", "undelivered", "failed")


@pytest.fixture
def service(whoosh: Whoosh) -> str:
    return whoosh.add_messaging_service("Reminders", senders=[SENDER]).sid


def bring_to(status: str, whoosh: Whoosh, client: Client, service: str) -> MessageInstance:
    """Return a message that has reached a status."""
    scripted, seconds = STATUSES[status]
    if scripted:
        getattr(whoosh.when(to=PERSON), scripted)()
    message = client.messages.create(to=PERSON, messaging_service_sid=service, body="Secret", status_callback=LINK)
    whoosh.travel(seconds=seconds)
    assert message.fetch().status == status
    return message


def schedule(client: Client, service: str, hour: int = 13) -> MessageInstance:
    return client.messages.create(
        to=PERSON,
        messaging_service_sid=service,
        body="Secret",
        schedule_type="fixed",
        send_at=NOON.replace(hour=hour),
        status_callback=LINK,
    )


# Redacting


@pytest.mark.parametrize("status", SETTLED)
def test_a_finished_message_can_be_redacted(
    noon: None, whoosh: Whoosh, client: Client, api: Api, service: str, status: str
) -> None:
    message = bring_to(status, whoosh, client, service)
    before = api.get(f"/{message.sid}").json()
    whoosh.travel(seconds=1)  # too short for one that was sent to be delivered

    response = api.post(f"/{message.sid}", {"Body": ""})

    moved = f"Sat, 15 Jun 2030 {whoosh.now:%H:%M:%S} +0000"
    assert response.status_code == 200
    assert response.json() == {**before, "body": "", "date_updated": moved}
    assert api.get(f"/{message.sid}").json() == response.json()


def test_a_test_still_knows_what_a_redacted_message_said(whoosh: Whoosh, client: Client) -> None:
    client.messages.create(to=PERSON, from_=SENDER, body="x" * 161)
    whoosh.settle()
    message = whoosh.outbox[0]

    client.messages(message.sid).update(body="")

    assert (message.body, message.redacted, message.deleted) == ("", True, False)
    assert message.request == {"To": PERSON, "From": SENDER, "Body": "x" * 161}
    assert (message.num_segments, message.segments) == (2, ["x" * 153, "x" * 8])


def test_a_message_can_be_redacted_twice(noon: None, whoosh: Whoosh, client: Client, api: Api, service: str) -> None:
    message = bring_to("delivered", whoosh, client, service)
    first = api.post(f"/{message.sid}", {"Body": ""}).json()
    whoosh.travel(minutes=5)

    second = api.post(f"/{message.sid}", {"Body": ""})

    assert (second.status_code, second.json()) == (200, first)


def test_redacting_fires_no_callback(whoosh: Whoosh, client: Client, service: str) -> None:
    message = bring_to("delivered", whoosh, client, service)
    before = len(whoosh.callbacks)

    message.update(body="")
    whoosh.settle()

    assert len(whoosh.callbacks) == before


@pytest.mark.parametrize("status", IN_FLIGHT)
def test_a_message_on_its_way_keeps_its_text(
    whoosh: Whoosh, client: Client, api: Api, service: str, status: str
) -> None:
    message = bring_to(status, whoosh, client, service)

    response = api.post(f"/{message.sid}", {"Body": ""})

    assert (response.status_code, response.json()) == (
        400,
        refusal(20009, "Cannot redact this resource before it is complete"),
    )
    assert (whoosh.outbox[0].body, whoosh.outbox[0].redacted) == ("Secret", False)


def test_a_scheduled_message_can_be_redacted_once_it_is_canceled(
    noon: None, whoosh: Whoosh, client: Client, api: Api, service: str
) -> None:
    message = schedule(client, service)

    early = api.post(f"/{message.sid}", {"Body": ""})
    message.update(status="canceled")
    redacted = message.update(body="")

    assert (early.status_code, early.json()["code"]) == (400, 20009)
    assert (redacted.status, redacted.body) == ("canceled", "")


# Cancelling


def test_a_scheduled_message_can_be_canceled(
    noon: None, whoosh: Whoosh, client: Client, api: Api, service: str
) -> None:
    message = schedule(client, service)
    before = api.get(f"/{message.sid}").json()
    whoosh.travel(minutes=5)

    response = api.post(f"/{message.sid}", {"Status": "canceled"})

    assert response.status_code == 200
    assert response.json() == {**before, "status": "canceled", "date_updated": "Sat, 15 Jun 2030 12:05:00 +0000"}
    assert whoosh.outbox[0].history == [("scheduled", NOON), ("canceled", NOON.replace(minute=5))]


def test_a_canceled_message_is_reported_and_never_sent(
    noon: None, whoosh: Whoosh, client: Client, service: str
) -> None:
    message = schedule(client, service)

    message.update(status="canceled")
    whoosh.travel(days=2)

    assert message.fetch().status == "canceled"
    assert [callback.params["MessageStatus"] for callback in whoosh.callbacks] == ["canceled"]
    assert whoosh.callbacks[0].at == NOON


def test_a_message_can_be_canceled_until_the_moment_it_is_sent(
    noon: None, whoosh: Whoosh, client: Client, service: str
) -> None:
    message = schedule(client, service)

    whoosh.travel(minutes=59, seconds=59)

    assert message.update(status="canceled").status == "canceled"


@pytest.mark.parametrize("status", [*IN_FLIGHT, *SETTLED])
def test_a_message_that_is_not_scheduled_cannot_be_canceled(
    whoosh: Whoosh, client: Client, api: Api, service: str, status: str
) -> None:
    message = bring_to(status, whoosh, client, service)

    response = api.post(f"/{message.sid}", {"Status": "canceled"})

    assert (response.status_code, response.json()) == (
        409,
        refusal(30409, "This message cannot be canceled", 409),
    )
    assert message.fetch().status == status


def test_a_message_cannot_be_canceled_twice(noon: None, whoosh: Whoosh, client: Client, api: Api, service: str) -> None:
    message = schedule(client, service)
    message.update(status="canceled")
    whoosh.travel(minutes=5)

    response = api.post(f"/{message.sid}", {"Status": "canceled"})

    assert (response.status_code, response.json()["code"]) == (409, 30409)
    assert len(whoosh.callbacks) == 1


# Refused updates


@pytest.mark.parametrize(
    "form",
    [
        {},
        {"Body": "Something else"},
        {"Body": " "},
        {"Status": ""},
        {"Status": "delivered"},
        {"Status": "cancelled"},
        {"Status": "Canceled"},
        {"Body": "", "Status": "canceled"},
        {"Body": "", "Status": ""},
        {"Body": "Something else", "Status": "canceled"},
        {"To": "+15558675311"},
        {"body": "", "status": "canceled"},
    ],
    ids=str,
)
@pytest.mark.parametrize("status", ["queued", "delivered", "scheduled"])
def test_every_other_update_is_refused(
    noon: None, whoosh: Whoosh, client: Client, api: Api, service: str, status: str, form: dict[str, str]
) -> None:
    message = schedule(client, service) if status == "scheduled" else bring_to(status, whoosh, client, service)
    before = api.get(f"/{message.sid}").json()

    response = api.post(f"/{message.sid}", form)

    assert (response.status_code, response.json()) == (400, refusal(30400, "Parameters are not valid"))
    assert api.get(f"/{message.sid}").json() == before


@pytest.mark.parametrize("form", [{"Body": ""}, {"Status": "canceled"}, {"Status": "x"}, {}], ids=str)
def test_an_unknown_message_is_refused_before_the_update_is_checked(api: Api, form: dict[str, str]) -> None:
    response = api.post(f"/{UNKNOWN}", form)

    path = f"{api.path()}/{UNKNOWN}.json"
    assert (response.status_code, response.json()) == (
        404,
        refusal(20404, f"The requested resource {path} was not found", 404),
    )


# Deleting


@pytest.mark.parametrize("status", SETTLED)
def test_a_finished_message_can_be_deleted(whoosh: Whoosh, client: Client, api: Api, service: str, status: str) -> None:
    message = bring_to(status, whoosh, client, service)

    response = api.delete(f"/{message.sid}")

    assert (response.status_code, response.content) == (204, b"")
    assert client.messages.list() == []
    assert client.messages.list(to=PERSON) == []
    assert client.messages.list(from_=SENDER) == []


def test_a_deleted_message_is_gone_for_everyone_but_the_test(
    whoosh: Whoosh, client: Client, api: Api, service: str
) -> None:
    message = bring_to("delivered", whoosh, client, service)

    assert client.messages(message.sid).delete() is True

    statuses = [
        api.get(f"/{message.sid}").status_code,
        api.post(f"/{message.sid}", {"Body": ""}).status_code,
        api.delete(f"/{message.sid}").status_code,
    ]
    assert statuses == [404, 404, 404]
    kept = whoosh.assert_sent(to=PERSON, body="Secret", status="delivered")
    assert (kept.deleted, kept.redacted) == (True, False)


def test_a_canceled_message_can_be_deleted(noon: None, whoosh: Whoosh, client: Client, service: str) -> None:
    message = schedule(client, service)
    message.update(status="canceled")

    assert message.delete() is True


@pytest.mark.parametrize("status", [*IN_FLIGHT, "scheduled"])
def test_a_message_on_its_way_cannot_be_deleted(
    noon: None, whoosh: Whoosh, client: Client, api: Api, service: str, status: str
) -> None:
    message = schedule(client, service) if status == "scheduled" else bring_to(status, whoosh, client, service)

    response = api.delete(f"/{message.sid}")

    assert (response.status_code, response.json()) == (
        409,
        refusal(20009, "Cannot delete this resource before it is complete", 409),
    )
    assert message.fetch().status == status


def test_a_message_deleted_when_sent_is_still_delivered(whoosh: Whoosh, client: Client, service: str) -> None:
    message = bring_to("sent", whoosh, client, service)

    message.delete()
    whoosh.settle()

    whoosh.assert_sent(to=PERSON, status="delivered", deleted=True)
    assert client.messages.list() == []
    assert whoosh.callbacks[-1].params["MessageStatus"] == "delivered"


def test_an_unknown_message_cannot_be_deleted(client: Client) -> None:
    with pytest.raises(TwilioRestException) as caught:
        client.messages(UNKNOWN).delete()

    assert (caught.value.status, caught.value.code) == (404, 20404)
