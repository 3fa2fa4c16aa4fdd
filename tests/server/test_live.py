"""The requests of the live page: the newest messages, and the stream of changes."""

import json

import pytest
from twilio.base.exceptions import TwilioRestException

from tests.conftest import PERSON, SENDER

pytestmark = pytest.mark.whoosh(clock="virtual")


@pytest.fixture
def send(client):
    return lambda body="Hi", **more: client.messages.create(to=PERSON, from_=SENDER, body=body, **more)


def test_a_snapshot_has_the_newest_messages_and_the_time(call, send, whoosh):
    for number in range(3):
        send(f"Message {number}", status_callback="https://app.example/status")
    whoosh.settle()

    shown = call("GET", "/_whoosh/snapshot?limit=2").json()

    assert [message["body"] for message in shown["messages"]] == ["Message 1", "Message 2"]
    assert [message["webhooks"] for message in shown["messages"]] == [[0, 1], [2, 3]]
    assert [(webhook["label"], webhook["message"]) for webhook in shown["webhooks"]] == [
        ("sent", 0), ("delivered", 0), ("sent", 1), ("delivered", 1)
    ]  # fmt: skip
    assert (shown["total"], shown["in_flight"], shown["is_moving"]) == (3, 0, False)
    assert shown["now"] == whoosh.now.isoformat().replace("+00:00", "Z")


def test_a_snapshot_counts_all_refused_calls_and_lists_rules_as_requests(call, send, whoosh):
    whoosh.when(to=PERSON).reject(21610)
    for _ in range(3):
        with pytest.raises(TwilioRestException):
            send()

    shown = call("GET", "/_whoosh/snapshot?limit=2").json()

    assert (shown["refused"], len(shown["calls"])) == (3, 2)
    assert [(rule["id"], rule["rule"], rule["matched"]) for rule in shown["rules"]] == [
        (1, f'POST /_whoosh/when {{"match": {{"to": "{PERSON}"}}}}', 3)
    ]


@pytest.mark.parametrize("limit", ["0", "-1", "x", "10001", "%D9%A3"])
def test_an_invalid_limit_is_refused(call, limit):
    answer = call("GET", f"/_whoosh/snapshot?limit={limit}")

    assert answer.status == 400
    assert answer.json()["error"].startswith("limit must be a number from 1 to 10000, not ")


def test_a_scripted_answer_names_its_rule_as_a_request(call, client, whoosh):
    whoosh.when_called("GET", "/Messages/*.json").reject(20404)
    with pytest.raises(TwilioRestException):
        client.messages(f"SM{'0' * 32}").fetch()

    (shown,) = call("GET", "/_whoosh/snapshot").json()["calls"]

    assert shown["note"].endswith('scripted by POST /_whoosh/when_called {"method": "GET", "url": "/Messages/*.json"}')
    assert "scripted by whoosh.when_called('GET', '/Messages/*.json')" in whoosh.traffic()


@pytest.mark.parametrize("path", ["/", "/_whoosh/snapshot", "/_whoosh/events"])
def test_the_page_is_only_read(call, path):
    answer = call("POST", path)

    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
    assert answer.json() == {"error": f"{path} takes GET, not POST."}


def test_every_change_is_streamed(call, send, whoosh):
    connection = call.connect()
    connection.request("GET", "/_whoosh/events")
    stream = connection.getresponse()

    def news():
        line = stream.readline()
        assert stream.readline() == b"\n"
        return json.loads(line.removeprefix(b"data: "))

    first = news()
    send()
    second = news()
    whoosh.settle()
    last = news()
    while last["is_moving"] or last["in_flight"]:
        last = news()

    assert stream.headers["Content-Type"] == "text/event-stream"
    assert (first["total"], second["total"], second["in_flight"], last["in_flight"]) == (0, 1, 1, 0)
    assert first["now"] == second["now"] < last["now"]


def test_the_page_may_not_be_framed_or_kept(call):
    headers = call("GET", "/").headers

    assert {name: headers[name] for name in ("Cache-Control", "Referrer-Policy", "X-Frame-Options")} == {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Frame-Options": "DENY",
    }
