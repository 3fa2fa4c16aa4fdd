"""What a type checker makes of a typed use: never run, and checked by ``mypy --strict`` with the rest."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any, assert_type

from pytest_whoosh import Callback, Message, Messages, Queue, Server, Whoosh, WhooshHttpClient


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
    assert_type(whoosh.assert_sent(count=len("ab")), list[Message])
    assert_type(whoosh.last_code("+15558675310"), str)
    assert_type(whoosh.last_code("+15558675310", re.compile(r"\d+")), str)
    whoosh.assert_not_sent(to=re.compile("^.1"))
    whoosh.assert_nothing_sent()
    whoosh.assert_segments(whoosh.outbox[0], 2)


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
    whoosh.when().webhooks(duplicate=("delivered",), order=("delivered", "sent"))
    whoosh.when().reject(21211, status=400)
    whoosh.when().rate_limit(retry_after=1)
    whoosh.when().respond(503, {"oops": [1, 2]})
    whoosh.when().timeout()
    whoosh.when().disconnect()


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


def test_settings() -> None:
    with Whoosh(senders="owned", delays={"sent": 5}, schedule_minimum=timedelta(0)) as whoosh:
        assert_type(whoosh, Whoosh)


@Whoosh(senders="owned")
def test_decorated(whoosh: Whoosh) -> None:
    whoosh.assert_nothing_sent()


def test_another_process(whoosh_server: Server) -> None:
    assert_type(whoosh_server.url, str)
    assert_type(whoosh_server.environment, dict[str, str])
    assert_type(whoosh_server.whoosh, Whoosh)
    WhooshHttpClient(whoosh_server.url, timeout=3)
    with Whoosh(senders="owned") as whoosh, Server(whoosh, port=8080, tls=True, allow_webhooks=["app.test"]) as server:
        assert server.ca_file
