"""Uses the public names as a typed test does. ``mypy --strict`` checks this module, which never runs."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, assert_type
from unittest.mock import ANY

import pytest
from dirty_equals import Contains, HasLen, IsPositiveInt, IsStr

from pytest_whoosh import (
    Callback,
    Match,
    Message,
    Messages,
    Phone,
    Queue,
    Reply,
    Rule,
    Server,
    Verification,
    Whoosh,
    WhooshHttpClient,
)


def flask_app(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    start_response("204 No Content", [])
    return []


def book_appointment(phone: str, at: datetime) -> None: ...


def test_reminder(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    whoosh.mount("https://app.example", flask_app)
    whoosh.when(to="+15558675310").undeliver(30003)

    book_appointment(phone="+15558675310", at=datetime(2030, 1, 1, tzinfo=UTC))
    message = whoosh.assert_sent(to="+15558675310", status="scheduled", body=re.compile("tomorrow"))

    whoosh.travel(days=1)
    assert message.status == "undelivered"
    assert message.error_code == 30003
    whoosh.assert_callbacks(message, "sent", "undelivered")
    assert_type(service.sid, str)


def test_what_assert_sent_returns(whoosh: Whoosh) -> None:
    assert_type(whoosh.assert_sent(), Message)
    assert_type(whoosh.assert_sent(to="+15558675310"), Message)
    assert_type(whoosh.assert_sent(1, to="+15558675310"), Message)
    assert_type(whoosh.assert_sent(2), list[Message])
    assert_type(whoosh.assert_sent(count=2, to="+15558675310"), list[Message])
    assert_type(whoosh.assert_sent(count=0), list[Message])
    assert_type(whoosh.last_code("+15558675310"), str)
    assert_type(whoosh.last_code("+15558675310", re.compile(r"\d+")), str)
    whoosh.assert_not_sent(to=re.compile("^.1"))
    whoosh.assert_nothing_sent()
    whoosh.assert_segments(whoosh.outbox[0], 2)


def assert_sent_to_each(whoosh: Whoosh, n: int = 1) -> None:
    assert_type(whoosh.assert_sent(count=n), Message | list[Message])
    assert_type(whoosh.assert_sent(n, to="+15558675310"), Message | list[Message])


def test_match_keys(whoosh: Whoosh) -> None:
    noon = datetime(2030, 1, 1, 12, tzinfo=UTC)
    whoosh.assert_sent(to="(555) 867-5310", from_=None, body=re.compile("code"), status=ANY, sid=str.isalnum)
    whoosh.assert_sent(body=lambda body: body.startswith("Your"), from_=lambda sender: sender[:2] == "+1")
    whoosh.assert_sent(body=IsStr(min_length=5), segments=HasLen(2), num_segments=IsPositiveInt, error_code=30003)
    whoosh.assert_sent(media_urls=["https://app.example/1.png"], segments=("Hi",), num_media="1", redacted=False)
    whoosh.assert_sent(price="-0.0079", send_at=noon, date_sent=lambda at: at < noon, history=Contains(("sent", noon)))
    whoosh.assert_sent(price=pytest.approx(Decimal("-0.008"), abs=Decimal("0.001")))
    whoosh.outbox.filter(status="sent").one(request=lambda request: "Body" in request)
    match: Match = {"to": "+15558675310", "status": "sent"}
    whoosh.assert_sent(**match)


def test_a_match_that_is_wrong_is_an_error(whoosh: Whoosh) -> None:
    whoosh.assert_sent(too="+15558675310")  # type: ignore[call-overload]  # pyright: ignore
    whoosh.assert_sent(body=5)  # type: ignore[call-overload]  # pyright: ignore
    whoosh.assert_sent(redacted="yes")  # type: ignore[call-overload]  # pyright: ignore
    whoosh.assert_sent(date_sent="2030-01-01")  # type: ignore[call-overload]  # pyright: ignore
    whoosh.assert_not_sent(colour="red")  # type: ignore[call-arg]  # pyright: ignore
    whoosh.assert_not_sent(num_segments=[2])  # type: ignore[arg-type]  # pyright: ignore
    whoosh.outbox.filter(text="Hi")  # type: ignore[call-arg]  # pyright: ignore
    whoosh.outbox.one(to=15558675310)  # type: ignore[arg-type]  # pyright: ignore
    whoosh.outbox.last(error_code=3.5)  # type: ignore[arg-type]  # pyright: ignore
    whoosh.when(status="sent")  # type: ignore[call-arg]  # pyright: ignore
    whoosh.when(body=["Hi"])  # type: ignore[arg-type]  # pyright: ignore


def test_what_is_read(whoosh: Whoosh) -> None:
    assert_type(whoosh.outbox, Messages)
    assert_type(whoosh.inbox[0], Message)
    assert_type(whoosh.messages[1:], list[Message])
    assert_type(whoosh.outbox.filter(body="Hi"), Messages)
    assert_type(whoosh.outbox.one(body="Hi"), Message)
    assert_type(whoosh.outbox.last(), Message)
    assert_type([each.body for each in whoosh.outbox], list[str])

    message = whoosh.outbox[0]
    assert_type(message.sid, str)
    assert_type(message.from_, str | None)
    assert_type(message.error_code, int | None)
    assert_type(message.num_segments, int)
    assert_type(message.segments, list[str])
    assert_type(message.price, Decimal | None)
    assert_type(message.date_created, datetime)
    assert_type(message.date_sent, datetime | None)
    assert_type(message.history, list[tuple[str, datetime]])
    assert_type(message.callbacks, list[Callback])
    assert_type(message.request, dict[str, str | list[str]])
    assert_type(message.redacted, bool)


def test_queues(whoosh: Whoosh) -> None:
    queue = whoosh.queue("+15557122661")
    assert_type(queue, Queue)
    assert_type(whoosh.queue("12345", mms=True).sender, str)
    assert_type(queue.messages, Messages)
    assert_type(queue.expiring[0], Message)
    assert_type(queue.depth + queue.segments + queue.rate + queue.room, int)
    assert_type(queue.drains_at, datetime)
    assert_type(queue.is_full, bool)
    assert_type(queue.rate_to("+447911123456"), int)
    whoosh.set_concurrency(5)


def test_scripts(whoosh: Whoosh) -> None:
    whoosh.when(to="+15558675310").deliver(after=timedelta(minutes=5)).times(2)
    whoosh.when(body=lambda body: "code" in body).undeliver(code=30003).webhooks(drop=("sent",))
    whoosh.when().fail()
    whoosh.when().read(after=timedelta(hours=1))
    whoosh.when().stall(at="sent")
    whoosh.when().stall(at="snet")  # type: ignore[arg-type]  # pyright: ignore
    whoosh.when().webhooks(signature="bad")  # type: ignore[arg-type]  # pyright: ignore
    whoosh.add_template("Hi", approval="ok")  # type: ignore[arg-type]  # pyright: ignore
    whoosh.when_called("GET", "/Messages.json").respnd(503)  # type: ignore[attr-defined]  # pyright: ignore
    whoosh.when_called("GET", "/Messages.json").deliver()  # type: ignore[attr-defined]  # pyright: ignore
    whoosh.when().webhooks(duplicate=("delivered",), order=("delivered", "sent"))
    whoosh.when().reject(21211, status=400)
    whoosh.when().rate_limit(retry_after=1)
    whoosh.when().respond(503, {"oops": [1, 2]})
    whoosh.when().timeout()
    whoosh.when().disconnect()


def test_types_that_helpers_annotate(whoosh: Whoosh) -> None:
    phone: Phone = whoosh.phone("+15558675310")
    reply: Reply = phone.text("Hi", to="+15557122661")
    rule: Rule = whoosh.when(to=reply.message.to)
    rule.times(1)


def test_time(whoosh: Whoosh) -> None:
    whoosh.travel(timedelta(days=1))
    whoosh.travel(hours=1, minutes=0.5)
    whoosh.travel(whoosh.now + timedelta(days=1))
    whoosh.settle()
    assert_type(whoosh.now, datetime)


def test_starting_again(whoosh: Whoosh) -> None:
    whoosh.mount("https://app.example", server="http://127.0.0.1:8000")
    assert_type(whoosh.is_moving, bool)
    whoosh.reset()


def test_callbacks(whoosh: Whoosh) -> None:
    callback = whoosh.callbacks[0]

    assert_type(whoosh.callbacks, list[Callback])
    assert_type(callback.params, dict[str, str])
    assert_type(callback.message, Message | None)
    assert_type(callback.at, datetime)
    assert_type(callback.response_status, int | None)
    assert_type(callback.response_body, str | None)
    if callback.error:
        assert_type(callback.error.code, int)


def test_provisions(whoosh: Whoosh) -> None:
    assert_type(whoosh.add_number("+15557122661", sms_url="https://app.example/sms").sid, str)
    assert_type(whoosh.add_short_code("12345").sid, str)
    assert_type(whoosh.add_application(message_status_callback="https://app.example/status").sid, str)
    whoosh.opt_out("+15558675310", "+15557122661")
    whoosh.set_price("US", "0.0079")
    whoosh.set_balance("0")
    assert_type(whoosh.add_lookup("+15558675310", line_type="landline", sim_swap={}).sid, str)
    assert_type(whoosh.add_verify_service("Acme", code_length=6, lookup_enabled=True).sid, str)
    assert_type(whoosh.verifications, list[Verification])
    assert_type(whoosh.verifications[0].code, str)
    assert_type(whoosh.verifications[0].attempts, int)


def test_provisions_that_are_wrong_are_errors(whoosh: Whoosh) -> None:
    whoosh.add_number("+15557122661", sms_urll="https://app.example/sms")  # type: ignore[call-arg]  # pyright: ignore
    whoosh.add_number("+15557122661", sms_method="PUT")  # type: ignore[arg-type]  # pyright: ignore
    whoosh.add_messaging_service("Reminders", validity_period="60")  # type: ignore[arg-type]  # pyright: ignore
    whoosh.add_lookup("+15558675310", lin_type="mobile")  # type: ignore[call-arg]  # pyright: ignore
    whoosh.add_verify_service("Acme", code_length="6")  # type: ignore[arg-type]  # pyright: ignore


def test_settings() -> None:
    with Whoosh(senders="owned", delays={"sent": 5}, schedule_minimum=timedelta(0)) as whoosh:
        assert_type(whoosh, Whoosh)


def test_settings_that_are_wrong_are_errors() -> None:
    Whoosh(sender="owned")  # type: ignore[call-arg]  # pyright: ignore
    Whoosh(senders="own")  # type: ignore[arg-type]  # pyright: ignore
    Whoosh(seed="1")  # type: ignore[arg-type]  # pyright: ignore


def test_names_that_are_misspelt_are_errors(whoosh: Whoosh) -> None:
    whoosh.assert_snet()  # type: ignore[attr-defined]  # pyright: ignore
    whoosh.outbox[0].text()  # type: ignore[attr-defined]  # pyright: ignore
    whoosh.answer()  # type: ignore[attr-defined]  # pyright: ignore


@Whoosh(senders="owned")
def test_a_decorated_test_has_a_double(whoosh: Whoosh) -> None:
    whoosh.assert_nothing_sent()


def test_another_process(whoosh_server: Server) -> None:
    assert_type(whoosh_server.url, str)
    assert_type(whoosh_server.environment, dict[str, str])
    assert_type(whoosh_server.whoosh, Whoosh)
    WhooshHttpClient(whoosh_server.url, timeout=3)
    with Whoosh(senders="owned") as whoosh, Server(whoosh, port=8080, tls=True, allow_webhooks=["app.test"]) as server:
        assert server.ca_file
