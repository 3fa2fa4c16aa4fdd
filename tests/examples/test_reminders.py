"""The tests that the authors of the appointment app have written with pytest-whoosh."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from reminders import Config, Store
from twilio.request_validator import RequestValidator

from pytest_whoosh import Whoosh

PATIENT = "+15558675310"


def book(client: FlaskClient, at: datetime, *, name: str = "Ada") -> Any:
    response = client.post("/appointments", json={"name": name, "phone": PATIENT, "at": at.isoformat()})
    assert response.status_code == 201, response.text
    return response.json


def look(client: FlaskClient, appointment: Any) -> Any:
    return client.get(f"/appointments/{appointment['id']}").json


def catch_up(app: Flask) -> None:
    app.test_cli_runner().invoke(args=["catch-up"], catch_exceptions=False)


def test_a_booking_is_confirmed_by_text(whoosh: Whoosh, client: FlaskClient, next_week: datetime) -> None:
    appointment = book(client, next_week)

    message = whoosh.assert_sent(to="+1 (555) 867-5310", body=re.compile("you are booked"), status="queued")
    assert look(client, appointment)["confirmation"]["status"] == "queued"

    whoosh.settle()

    whoosh.assert_callbacks(message, "sent", "delivered")
    assert look(client, appointment)["confirmation"]["status"] == "delivered"


def test_a_confirmation_fits_into_one_segment(whoosh: Whoosh, client: FlaskClient, next_week: datetime) -> None:
    book(client, next_week, name="Bartholomew")

    message = whoosh.assert_sent(body=re.compile("Bartholomew"), from_="+15557122661")
    whoosh.assert_segments(message, 1)


def test_a_curly_quote_does_not_cost_a_second_segment(whoosh: Whoosh, client: FlaskClient, next_week: datetime) -> None:
    book(client, next_week, name="Miles O\N{RIGHT SINGLE QUOTATION MARK}Brien")

    message = whoosh.assert_sent(body=re.compile("you are booked"))
    assert message.encoding == "GSM-7"
    whoosh.assert_segments(message, 1)


def test_an_emoji_costs_a_second_segment(whoosh: Whoosh, client: FlaskClient, next_week: datetime) -> None:
    book(client, next_week, name="Ada 🎈")

    message = whoosh.assert_sent(body=re.compile("you are booked"))
    assert message.encoding == "UCS-2"
    whoosh.assert_segments(message, 2)


@pytest.mark.parametrize(
    "phone",
    [
        pytest.param("+1555867", id="too short, 21211"),
        pytest.param("+15005550009", id="a landline, 21614"),
    ],
)
def test_a_number_that_cannot_be_texted_is_refused(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime, phone: str
) -> None:
    appointment = {"name": "Ada", "phone": phone, "at": next_week.isoformat()}

    response = client.post("/appointments", json=appointment)

    assert (response.status_code, response.json) == (422, {"error": "This number cannot receive text messages."})
    whoosh.assert_nothing_sent()


def test_a_reminder_is_sent_exactly_a_day_before_the_appointment(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime
) -> None:
    appointment = book(client, next_week)
    reminder = whoosh.assert_sent(to=PATIENT, body=re.compile("see you"), status="scheduled")

    whoosh.travel(next_week - timedelta(days=1, seconds=1))
    assert reminder.status == "scheduled"

    whoosh.travel(minutes=1)
    assert reminder.status == "delivered"
    assert reminder.history[1][1] == next_week - timedelta(days=1)
    assert look(client, appointment)["reminder"]["status"] == "delivered"


def test_the_clock_of_the_app_is_the_clock_of_the_messages(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime
) -> None:
    appointment = book(client, next_week)
    reminder = whoosh.assert_sent(status="scheduled")

    whoosh.travel(next_week)

    delivered_at = dict(reminder.history)["delivered"]
    assert datetime.fromisoformat(look(client, appointment)["reminder"]["updated_at"]) == delivered_at


def test_an_appointment_tomorrow_morning_needs_no_reminder(whoosh: Whoosh, client: FlaskClient) -> None:
    appointment = book(client, whoosh.now + timedelta(hours=20))

    assert appointment["reminder"] is None
    whoosh.assert_sent(body=re.compile("you are booked"))
    whoosh.assert_not_sent(status="scheduled")


def test_a_reminder_too_far_ahead_to_schedule_waits_for_the_job(
    whoosh: Whoosh, app: Flask, client: FlaskClient, next_week: datetime
) -> None:
    appointment = book(client, next_week + timedelta(days=60))
    assert look(client, appointment)["reminder"]["status"] == "waiting"
    whoosh.assert_not_sent(status="scheduled")

    whoosh.travel(days=35)
    catch_up(app)

    whoosh.assert_sent(status="scheduled", send_at=next_week + timedelta(days=59))
    assert look(client, appointment)["reminder"]["status"] == "scheduled"


def test_moving_an_appointment_replaces_its_reminder(whoosh: Whoosh, client: FlaskClient, next_week: datetime) -> None:
    appointment = book(client, next_week)
    old = whoosh.assert_sent(status="scheduled")

    client.patch(f"/appointments/{appointment['id']}", json={"at": (next_week + timedelta(days=2)).isoformat()})

    new = whoosh.assert_sent(status="scheduled", send_at=next_week + timedelta(days=1))
    whoosh.travel(next_week + timedelta(days=2))
    assert (old.status, new.status) == ("canceled", "delivered")


def test_canceling_an_appointment_cancels_its_reminder(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime
) -> None:
    appointment = book(client, next_week)
    reminder = whoosh.assert_sent(status="scheduled")

    client.delete(f"/appointments/{appointment['id']}")
    whoosh.travel(next_week)

    whoosh.assert_callbacks(reminder, "canceled")
    whoosh.assert_not_sent(status="delivered", body=re.compile("see you"))
    assert look(client, appointment)["reminder"]["status"] == "canceled"


def test_a_number_that_does_not_exist_is_marked_at_once(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime
) -> None:
    whoosh.when(to=PATIENT).undeliver(30005)
    appointment = book(client, next_week)
    reminder = whoosh.assert_sent(status="scheduled")

    whoosh.settle()

    seen = look(client, appointment)
    assert (seen["number"], seen["confirmation"]["error_code"]) == ("bounced", 30005)
    assert reminder.status == "canceled"


def test_a_phone_that_is_off_is_marked_after_three_bounces(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime
) -> None:
    whoosh.when(to=PATIENT).undeliver(30003)

    for hours in range(3):
        appointment = book(client, next_week + timedelta(hours=hours))
        assert appointment["number"] == "ok"
        whoosh.settle()
    assert look(client, appointment)["number"] == "bounced"

    assert book(client, next_week + timedelta(hours=3))["confirmation"]["status"] == "dropped"
    whoosh.assert_sent(count=3, status="undelivered", error_code=30003)


def test_a_delivery_makes_good_for_earlier_bounces(whoosh: Whoosh, client: FlaskClient, next_week: datetime) -> None:
    whoosh.when(to=PATIENT).undeliver(30003)
    book(client, next_week)
    book(client, next_week)
    whoosh.settle()

    whoosh.when(to=PATIENT).deliver()
    book(client, next_week)
    whoosh.settle()

    whoosh.when(to=PATIENT).undeliver(30003)
    appointment = book(client, next_week)
    whoosh.settle()

    assert look(client, appointment)["number"] == "ok"


def test_a_failure_without_a_reason_is_not_held_against_the_number(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime
) -> None:
    whoosh.when(to=PATIENT).fail(30008)
    appointment = book(client, next_week)

    whoosh.settle()

    seen = look(client, appointment)
    assert seen["confirmation"]["status"] == "failed"
    assert seen["confirmation"]["error_code"] == 30008
    assert seen["number"] == "ok"


def test_a_patient_who_opted_out_is_not_texted(
    whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime
) -> None:
    whoosh.opt_out(PATIENT, config.sender)

    appointment = book(client, next_week)

    assert appointment["number"] == "opted out"
    whoosh.assert_nothing_sent()


def test_a_patient_may_have_opted_out_elsewhere_before_the_reminder(
    whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime
) -> None:
    appointment = book(client, next_week)
    reminder = whoosh.assert_sent(status="scheduled")

    whoosh.opt_out(PATIENT, config.messaging_service)
    whoosh.travel(next_week)

    assert (reminder.status, reminder.error_code) == ("failed", 21610)
    assert look(client, appointment)["number"] == "opted out"


@pytest.mark.parametrize("word", ["STOP", "cancel"])
def test_a_patient_who_texts_stop_gets_no_reminder(
    whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime, word: str
) -> None:
    appointment = book(client, next_week)
    reminder = whoosh.assert_sent(status="scheduled")

    reply = whoosh.receive(word, from_=PATIENT, to=config.sender)

    assert reply.keyword_answer
    assert reply.replies == []
    assert reminder.status == "canceled"
    seen = look(client, appointment)
    assert (seen["number"], seen["canceled"]) == ("opted out", False)


def test_a_patient_who_texts_start_is_texted_again(
    whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime
) -> None:
    patient = whoosh.phone(PATIENT)
    patient.text("STOP", to=config.sender)
    assert book(client, next_week)["confirmation"]["status"] == "dropped"

    patient.text("Start", to=config.sender)
    book(client, next_week)
    whoosh.settle()

    whoosh.assert_sent(status="delivered", body=re.compile("you are booked"))


def test_a_patient_confirms_by_text(whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime) -> None:
    patient = whoosh.phone(PATIENT)
    appointment = book(client, next_week)
    whoosh.travel(next_week - timedelta(hours=23))

    patient.text("c", to=config.sender)
    whoosh.settle()

    assert look(client, appointment)["confirmed"]
    booked, reminder, thanks = patient.received
    assert "you are booked" in booked.body
    assert "Reply C to confirm" in reminder.body
    assert thanks.body == f"Thank you, Ada. See you on {next_week:%a} {next_week.day} {next_week:%b at %H:%M}."


def test_a_patient_cancels_by_text(whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime) -> None:
    appointment = book(client, next_week)
    reminder = whoosh.assert_sent(status="scheduled")

    reply = whoosh.receive(" X ", from_=PATIENT, to=config.sender)

    assert look(client, appointment)["canceled"]
    assert reminder.status == "canceled"
    [answer] = reply.replies
    assert (answer.to, answer.direction) == (PATIENT, "outbound-reply")
    assert "is canceled" in answer.body


def test_an_answer_is_about_the_next_appointment(
    whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime
) -> None:
    later = book(client, next_week + timedelta(days=1))
    sooner = book(client, next_week)
    gone = book(client, next_week - timedelta(days=1))
    client.delete(f"/appointments/{gone['id']}")

    whoosh.receive("C", from_=PATIENT, to=config.sender)

    assert [look(client, each)["confirmed"] for each in (gone, sooner, later)] == [False, True, False]


def test_an_appointment_that_was_moved_needs_confirming_again(
    whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime
) -> None:
    appointment = book(client, next_week)
    whoosh.receive("C", from_=PATIENT, to=config.sender)

    client.patch(f"/appointments/{appointment['id']}", json={"at": (next_week + timedelta(days=2)).isoformat()})

    assert not look(client, appointment)["confirmed"]


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ("C", "You have no appointment at Elm Street Dental. Call us to book one."),
        ("See you!", "Reply C to confirm your next appointment, X to cancel it, or STOP to get no texts."),
    ],
)
def test_a_text_that_the_app_cannot_act_on_is_answered(
    whoosh: Whoosh, config: Config, app: Flask, body: str, answer: str
) -> None:
    reply = whoosh.receive(body, from_=PATIENT, to=config.sender)

    assert [message.body for message in reply.replies] == [answer]


def test_an_answer_fits_into_one_segment(
    whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime
) -> None:
    book(client, next_week, name="Bartholomew")

    for word in ("C", "What?", "X", "C"):
        [answer] = whoosh.receive(word, from_=PATIENT, to=config.sender).replies
        whoosh.settle()
        whoosh.assert_segments(answer, 1)


def test_a_forged_text_is_refused(whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime) -> None:
    appointment = book(client, next_week)
    lie = {"From": PATIENT, "To": config.sender, "Body": "X"}
    signature = RequestValidator("a guessed token").compute_signature(config.inbound, lie)

    response = client.post("/sms/inbound", data=lie, headers={"X-Twilio-Signature": signature})

    assert response.status_code == 403
    assert not look(client, appointment)["canceled"]


def test_a_text_refused_for_haste_is_sent_once(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime, pauses: list[float]
) -> None:
    whoosh.when(to=PATIENT).rate_limit().times(1)

    appointment = book(client, next_week)

    whoosh.assert_sent(body=re.compile("you are booked"))
    assert appointment["confirmation"]["status"] == "queued"
    assert pauses == [0.5]


@pytest.mark.parametrize("outage", ["timeout", "disconnect", "rate_limit"])
def test_a_text_that_meets_an_outage_is_sent_after_it(
    whoosh: Whoosh, app: Flask, client: FlaskClient, next_week: datetime, outage: str
) -> None:
    getattr(whoosh.when(), outage)()
    appointment = book(client, next_week)
    assert look(client, appointment)["confirmation"]["status"] == "waiting"
    whoosh.assert_nothing_sent()

    whoosh.when().deliver()
    catch_up(app)
    whoosh.settle()

    whoosh.assert_sent(status="delivered", body=re.compile("you are booked"))
    whoosh.assert_sent(status="scheduled", body=re.compile("see you"))


def test_a_forged_callback_is_refused(whoosh: Whoosh, config: Config, client: FlaskClient, next_week: datetime) -> None:
    appointment = book(client, next_week)
    message = whoosh.assert_sent(body=re.compile("you are booked"))
    lie = {"MessageSid": message.sid, "MessageStatus": "undelivered", "ErrorCode": "30005"}
    signature = RequestValidator("a guessed token").compute_signature(config.status_callback, lie)

    response = client.post("/sms/status", data=lie, headers={"X-Twilio-Signature": signature})

    assert response.status_code == 403
    assert look(client, appointment)["confirmation"]["status"] == "queued"


def test_a_genuine_callback_cannot_be_altered(whoosh: Whoosh, client: FlaskClient, next_week: datetime) -> None:
    appointment = book(client, next_week)
    whoosh.settle()
    genuine = whoosh.callbacks[-1]

    lie = {**genuine.params, "MessageStatus": "undelivered"}
    response = client.post("/sms/status", data=lie, headers={"X-Twilio-Signature": genuine.signature})

    assert response.status_code == 403
    assert look(client, appointment)["confirmation"]["status"] == "delivered"


def test_late_and_repeated_callbacks_do_not_turn_time_back(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime
) -> None:
    whoosh.when(to=PATIENT).webhooks(order=("delivered", "sent"), duplicate=("delivered",))
    appointment = book(client, next_week)
    message = whoosh.assert_sent(body=re.compile("you are booked"))

    whoosh.settle()

    assert [call.params["MessageStatus"] for call in message.callbacks] == ["delivered", "delivered", "sent"]
    assert look(client, appointment)["confirmation"]["status"] == "delivered"


def test_a_bounce_that_is_reported_twice_counts_once(whoosh: Whoosh, client: FlaskClient, next_week: datetime) -> None:
    whoosh.when(to=PATIENT).undeliver(30003).webhooks(duplicate=("undelivered",))
    book(client, next_week)
    appointment = book(client, next_week)

    whoosh.settle()

    assert len(whoosh.callbacks) == 6
    assert look(client, appointment)["number"] == "ok"


def test_the_job_asks_for_receipts_that_never_came(
    whoosh: Whoosh, app: Flask, client: FlaskClient, next_week: datetime
) -> None:
    whoosh.when(to=PATIENT).webhooks(drop=("sent", "delivered"))
    appointment = book(client, next_week)
    whoosh.settle()
    assert look(client, appointment)["confirmation"]["status"] == "queued"

    catch_up(app)

    assert look(client, appointment)["confirmation"]["status"] == "delivered"


def test_canceling_too_late_finds_out_the_outcome_of_the_reminder(
    whoosh: Whoosh, client: FlaskClient, next_week: datetime
) -> None:
    whoosh.when(to=PATIENT).webhooks(drop=("queued", "sent", "delivered"))
    appointment = book(client, next_week)
    whoosh.travel(next_week - timedelta(hours=1))

    response = client.delete(f"/appointments/{appointment['id']}")

    assert response.status_code == 204
    assert look(client, appointment)["reminder"]["status"] == "delivered"


def test_a_crash_while_a_callback_comes_in_leaves_the_message_alone(
    whoosh: Whoosh, store: Store, client: FlaskClient, next_week: datetime
) -> None:
    book(client, next_week)
    message = whoosh.assert_sent(body=re.compile("you are booked"))

    store.close()
    whoosh.settle()

    assert message.status == "delivered"
    assert [call.response_status for call in message.callbacks] == [500, 500]
