"""The data of a double for a page."""

import json
from datetime import UTC, datetime

import pytest
from freezegun import freeze_time
from twilio.base.exceptions import TwilioRestException

from tests.conftest import PERSON, SENDER

URL = "https://api.twilio.com/2010-04-01/Accounts/ACf00df00df00df00df00df00df00df00d/Messages.json"


@pytest.fixture(autouse=True)
def noon():
    with freeze_time("2026-03-05 12:00:00"):
        yield


@pytest.fixture
def send(client):
    def send(body="Hi", to=PERSON, from_=SENDER, **more):
        return client.messages.create(to=to, from_=from_, body=body, **more)

    return send


def app(environ, start_response):
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"noted"]


def test_a_new_double_is_empty(whoosh):
    assert whoosh.snapshot() == {
        "started": "2026-03-05T12:00:00Z",
        "now": "2026-03-05T12:00:00Z",
        "account": whoosh.account_sid,
    }


def test_a_message_is_shown_with_its_call_its_history_and_its_webhooks(whoosh, send):
    whoosh.mount("https://app.example", app)
    sid = send(status_callback="https://app.example/status").sid

    whoosh.settle()

    form = {
        "SmsSid": sid,
        "SmsStatus": "sent",
        "MessageStatus": "sent",
        "To": PERSON,
        "MessageSid": sid,
        "AccountSid": whoosh.account_sid,
        "From": SENDER,
        "ApiVersion": "2010-04-01",
    }
    webhook = {
        "at": "2026-03-05T12:00:02Z",
        "label": "sent",
        "method": "POST",
        "url": "https://app.example/status",
        "params": form,
        "attempts": 1,
        "status": 200,
        "answer": "noted",
        "outcome": "answered 200",
        "message": 0,
    }
    delivered = {"SmsStatus": "delivered", "MessageStatus": "delivered", "RawDlrDoneDate": "2603051200"}
    assert whoosh.snapshot() == {
        "started": "2026-03-05T12:00:00Z",
        "now": "2026-03-05T12:00:04Z",
        "account": whoosh.account_sid,
        "messages": [
            {
                "sid": sid,
                "from": SENDER,
                "to": PERSON,
                "status": "delivered",
                "body": "Hi",
                "encoding": "GSM-7",
                "num_segments": 1,
                "price": "-0.0079",
                "unit": "USD",
                "history": [
                    ["queued", "2026-03-05T12:00:00Z"],
                    ["sending", "2026-03-05T12:00:01Z"],
                    ["sent", "2026-03-05T12:00:02Z"],
                    ["delivered", "2026-03-05T12:00:04Z"],
                ],
                "webhooks": [0, 1],
                "posted": {
                    "To": PERSON,
                    "From": SENDER,
                    "StatusCallback": "https://app.example/status",
                    "Body": "Hi",
                },
            }
        ],
        "webhooks": [
            webhook,
            webhook | {"at": "2026-03-05T12:00:04Z", "label": "delivered", "params": form | delivered},
        ],
        "calls": [{"at": "2026-03-05T12:00:00Z", "method": "POST", "url": URL, "status": 201, "sid": sid}],
    }


def test_inbound_and_outbound_messages_are_distinguished(whoosh):
    def answers(environ, start_response):
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [b"<Response><Message>Thanks</Message></Response>"]

    whoosh.mount("https://app.example", answers)
    whoosh.add_number(SENDER, sms_url="https://app.example/inbound")
    whoosh.receive("YES", from_=PERSON, to=SENDER)

    shown = whoosh.snapshot()

    assert [(each["from"], each["to"], each.get("in"), each["body"]) for each in shown["messages"]] == [
        (PERSON, SENDER, True, "YES"),
        (SENDER, PERSON, None, "Thanks"),
    ]
    assert [(each["label"], each["message"], each["answer"]) for each in shown["webhooks"]] == [
        ("received", 0, "<Response><Message>Thanks</Message></Response>")
    ]


def test_a_text_says_where_it_is_cut_in_utf_16_and_what_forces_ucs_2(whoosh, send):
    send("🙂" + "a" * 66 + "’e\u0301\u200b")

    message = whoosh.snapshot()["messages"][0]

    assert (message["encoding"], message["num_segments"], message["cuts"]) == ("UCS-2", 2, [67])
    assert message["forced"] == [
        ["🙂", "U+1F642 SLIGHTLY SMILING FACE", None],
        ["’", "U+2019 RIGHT SINGLE QUOTATION MARK", "'"],
        ["e\u0301", "U+0065 LATIN SMALL LETTER E + U+0301 COMBINING ACUTE ACCENT", None],
        ["\u200b", "U+200B ZERO WIDTH SPACE", ""],
    ]


def test_at_most_ten_characters_and_eight_code_points_are_named(whoosh, send):
    send("a" + "\u0301" * 50 + "абвгдежзийкл")

    forced = whoosh.snapshot()["messages"][0]["forced"]

    assert [each[0] for each in forced] == ["a" + "\u0301" * 7, *"абвгдежзи"]
    assert forced[0][1] == "U+0061 LATIN SMALL LETTER A" + " + U+0301 COMBINING ACUTE ACCENT" * 7


@pytest.mark.parametrize(
    ("character", "name"),
    [
        ("\x07", "U+0007 <control>"),
        ("\ue000", "U+E000 <private use>"),
        ("\ufdd0", "U+FDD0 <unassigned>"),
        ("\u202e", "U+202E RIGHT-TO-LEFT OVERRIDE"),
    ],
)
def test_a_character_without_a_name_says_what_it_is(whoosh, character, name):
    whoosh.receive(character, from_=PERSON, to=SENDER)

    assert whoosh.snapshot()["messages"][0]["forced"] == [[character, name, None]]


def test_media_are_listed_with_their_types_and_travel_in_no_segments(whoosh, client):
    urls = ["https://cdn.example/map.png", "https://cdn.example/ticket.pdf"]
    client.messages.create(to=PERSON, from_=SENDER, body="It’s here", media_url=urls)

    message = whoosh.snapshot()["messages"][0]

    assert message["media"] == [
        {"url": "https://cdn.example/map.png", "type": "image/png"},
        {"url": "https://cdn.example/ticket.pdf", "type": "application/pdf"},
    ]
    assert message.keys() & {"encoding", "cuts", "forced"} == set()


def test_a_message_on_whatsapp_travels_in_no_segments(whoosh):
    whoosh.receive("It’s me", from_=f"whatsapp:{PERSON}", to=f"whatsapp:{SENDER}")

    message = whoosh.snapshot()["messages"][0]

    assert (message["from"], message["to"]) == (f"whatsapp:{PERSON}", f"whatsapp:{SENDER}")
    assert message.keys() & {"encoding", "cuts", "forced"} == set()


def test_a_failure_is_explained(whoosh, send):
    whoosh.when().undeliver(30003)
    send()
    whoosh.settle()

    message = whoosh.snapshot()["messages"][0]

    assert message["error"] == {
        "code": 30003,
        "title": "Unreachable destination handset",
        "url": "https://www.twilio.com/docs/errors/30003",
    }


def test_a_refused_call_is_explained(whoosh, send):
    with pytest.raises(TwilioRestException):
        send(to="555")

    assert whoosh.snapshot()["calls"] == [
        {
            "at": "2026-03-05T12:00:00Z",
            "method": "POST",
            "url": URL,
            "status": 400,
            "code": 21211,
            "note": "Invalid 'To' Phone Number: XXXX",
            "title": "Invalid 'To' Phone Number",
            "help": "https://www.twilio.com/docs/errors/21211",
            "posted": f"To='555', From='{SENDER}', Body='Hi'",
        }
    ]


def test_a_call_without_an_answer_says_so(whoosh, send):
    whoosh.when().timeout()
    with pytest.raises(Exception, match="Read timed out"):
        send()

    assert whoosh.snapshot()["calls"] == [
        {
            "at": "2026-03-05T12:00:00Z",
            "method": "POST",
            "url": URL,
            "note": "scripted timeout",
            "posted": f"To='{PERSON}', From='{SENDER}', Body='Hi'",
        }
    ]


def test_rules_are_listed_with_how_often_they_applied(whoosh, send):
    whoosh.when(to=PERSON).times(2).undeliver(30003)
    whoosh.when_called("GET", "/Messages/*.json").respond(503)
    whoosh.when(to="+15550001111")
    send()

    assert whoosh.snapshot()["rules"] == [
        {"id": 1, "rule": f"whoosh.when(to='{PERSON}')", "outcome": "undeliver(30003)", "matched": 1, "left": 1},
        {"id": 2, "rule": "whoosh.when_called('GET', '/Messages/*.json')", "outcome": "respond(503)", "matched": 0},
        {"id": 3, "rule": "whoosh.when(to='+15550001111')", "matched": 0},
    ]


def test_a_short_link_says_where_it_leads(whoosh, client):
    service = whoosh.add_messaging_service("Shop", senders=[SENDER], link_shortening_domain="go.example")
    client.messages.create(
        to=PERSON, messaging_service_sid=service.sid, body="See https://shop.example/1?a=b", shorten_urls=True
    )
    whoosh.settle()

    (message,) = whoosh.snapshot()["messages"]

    assert message["links"] == [[message["body"].removeprefix("See "), "https://shop.example/1?a=b"]]


def test_a_message_that_caused_no_webhook_says_why(whoosh):
    reply = whoosh.receive("Hi", from_=PERSON, to=SENDER)

    (message,) = whoosh.snapshot()["messages"]

    assert message["no_webhook"] == reply.no_webhook


def test_redacted_and_deleted_messages_are_shown_and_marked(whoosh, client, send):
    redacted, deleted = send("Your code is 1234"), send("Bye")
    whoosh.settle()
    client.messages(redacted.sid).update(body="")
    client.messages(deleted.sid).delete()

    shown = whoosh.snapshot()["messages"]

    assert [(each["body"], each.get("redacted"), each.get("deleted")) for each in shown] == [
        ("Your code is 1234", True, None),
        ("Bye", None, True),
    ]


def test_a_scheduled_message_says_for_when_and_through_which_service(whoosh, client):
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    at = datetime(2026, 3, 6, 9, tzinfo=UTC)
    client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi", schedule_type="fixed", send_at=at)

    message = whoosh.snapshot()["messages"][0]

    assert (message["status"], message["send_at"], message["service"]) == (
        "scheduled",
        "2026-03-06T09:00:00Z",
        service.sid,
    )
    assert "from" not in message


def test_moments_keep_their_precision(whoosh, send):
    whoosh.travel(seconds=0.25)

    assert whoosh.snapshot()["now"] == "2026-03-05T12:00:00.250000Z"


def test_webhooks_show_their_outcome(whoosh, send):
    def broken(environ, start_response):
        raise RuntimeError("no database")

    def long(environ, start_response):
        start_response("404 Not Found", [("Content-Type", "text/html")])
        return [b"<script>" * 1000]

    whoosh.mount("https://app.example/broken", broken)
    whoosh.mount("https://app.example/long", long)
    whoosh.when(body="lost").webhooks(drop=("sent",))
    whoosh.when().stall(at="sent")
    for body, path in (("broken", "broken#rc=1&rp=all"), ("long", "long"), ("nobody", "")):
        send(body, status_callback=f"https://app.example/{path}")
    whoosh.when(body="lost").webhooks(drop=("sent",)).stall(at="sent")
    send("lost", status_callback="https://app.example/")
    whoosh.settle()

    kept = ("attempts", "status", "answer", "error", "lost", "outcome")
    shown = [{key: each[key] for key in kept if key in each} for each in whoosh.snapshot()["webhooks"]]

    line = broken.__code__.co_firstlineno + 1
    failed = f"11200 HTTP retrieval failure: the app raised RuntimeError: no database (test_snapshot.py:{line})"
    missing = "11200 HTTP retrieval failure: the app answered 404"
    assert shown == [
        {"attempts": 2, "status": 500, "error": failed, "outcome": f"{failed} after 2 attempts"},
        {
            "attempts": 1,
            "status": 404,
            "answer": ("<script>" * 1000)[:2000] + "…",
            "error": missing,
            "outcome": missing,
        },
        {
            "outcome": "not delivered: nothing is mounted there. "
            "The nearest mount, https://app.example/long, differs in its path (/long, not /)"
        },
        {"lost": True, "outcome": "lost by the network, as scripted"},
    ]


def test_the_snapshot_is_plain_data_whatever_people_write(whoosh):
    whoosh.receive("\x00 \x1b[2J <script>alert(1)</script> \u202e", from_=PERSON, to=SENDER)

    shown = whoosh.snapshot()

    assert json.loads(json.dumps(shown)) == shown
    assert shown["messages"][0]["body"] == "\x00 \x1b[2J <script>alert(1)</script> \u202e"


def test_a_double_that_has_ended_shows_its_data(whoosh):
    from pytest_whoosh import Whoosh

    with Whoosh() as double:
        double.receive("Hi", from_=PERSON, to=SENDER)

    assert double._was_started
    assert [each["body"] for each in double.snapshot()["messages"]] == ["Hi"]
    assert not Whoosh()._was_started
