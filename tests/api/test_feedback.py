"""Feedback on messages over REST."""

from datetime import timedelta

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from pytest_whoosh import Whoosh

API = "https://api.whoosh.totogi.solutions"
AUTH = ("SK" + "0" * 32, "secret")


def send(client: Client, **parameters: object) -> MessageInstance:
    return client.messages.create(to="+15558675310", from_="+15557122661", body="Confirm?", **parameters)


def path_of(message: MessageInstance) -> str:
    return f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}/Feedback.json"


def post(message: MessageInstance, **form: str) -> requests.Response:
    return requests.post(API + path_of(message), data=form, auth=AUTH, timeout=5)


def test_feedback_starts_unconfirmed(client: Client, whoosh: Whoosh) -> None:
    message = send(client, provide_feedback=True)

    assert whoosh.outbox[0].feedback == "unconfirmed"
    assert message.fetch().subresource_uris["feedback"] == path_of(message)


@pytest.mark.whoosh(clock="frozen")
def test_feedback_shows_the_documented_properties(client: Client, whoosh: Whoosh) -> None:
    message = send(client, provide_feedback=True)
    whoosh.travel(hours=1)

    response = post(message, Outcome="confirmed")

    assert response.status_code == 200
    assert response.json() == {
        "account_sid": whoosh.account_sid,
        "message_sid": message.sid,
        "outcome": "confirmed",
        "date_created": (whoosh.now - timedelta(hours=1)).strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "date_updated": whoosh.now.strftime("%a, %d %b %Y %H:%M:%S +0000"),
        "uri": path_of(message),
    }


def test_feedback_can_be_reported_again(client: Client, whoosh: Whoosh) -> None:
    message = send(client, provide_feedback=True)

    for outcome in ("confirmed", "unconfirmed"):
        feedback = client.messages(message.sid).feedback.create(outcome=outcome)

        assert feedback.outcome == outcome
        assert whoosh.outbox[0].feedback == outcome


def test_feedback_without_an_outcome_confirms(client: Client) -> None:
    message = send(client, provide_feedback=True)

    assert client.messages(message.sid).feedback.create().outcome == "confirmed"


def test_feedback_with_another_outcome_is_refused(client: Client, whoosh: Whoosh) -> None:
    message = send(client, provide_feedback=True)

    response = post(message, Outcome="maybe")

    assert (response.status_code, response.json()["code"]) == (400, 20422)
    assert whoosh.outbox[0].feedback == "unconfirmed"


def test_a_message_without_provide_feedback_accepts_no_feedback(client: Client, whoosh: Whoosh) -> None:
    message = send(client)

    with pytest.raises(TwilioRestException) as refused:
        client.messages(message.sid).feedback.create(outcome="confirmed")

    assert (refused.value.status, refused.value.code) == (404, 20404)
    assert "was sent without provide_feedback=True, so it accepts no feedback" in whoosh.traffic()
    assert whoosh.outbox[0].feedback is None
    assert "feedback" not in message.subresource_uris


def test_a_deleted_message_accepts_no_feedback(client: Client, whoosh: Whoosh) -> None:
    message = send(client, provide_feedback=True)
    whoosh.settle()
    client.messages(message.sid).delete()

    response = post(message, Outcome="confirmed")

    assert response.status_code == 404
    assert response.json()["message"] == f"The requested resource {path_of(message)} was not found"


def test_feedback_can_only_be_created(client: Client) -> None:
    message = send(client, provide_feedback=True)

    response = requests.get(API + path_of(message), auth=AUTH, timeout=5)

    assert (response.status_code, response.json()["code"]) == (405, 20004)
