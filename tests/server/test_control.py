"""The control API: the methods of the fixture, for other languages."""

import json
import os
import re
import shutil
import subprocess
import threading
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import pytest
import requests
from flask import Flask, request
from freezegun.api import FrozenDateTimeFactory
from twilio.rest import Client

from pytest_whoosh import Rule, Server, Whoosh
from pytest_whoosh.server.operations.reading import MOST
from tests.conftest import PERSON, SENDER
from tests.naming import NOT_POSTED, POSTED_KEYS
from tests.server.controller import DESCRIPTION, Controller
from tests.test_documentation import blocks

OTHER = "+15550001111"
START = "2030-06-01T09:00:00Z"

Send = Callable[..., str]


class AppServer(ThreadingHTTPServer):
    """A server that answers every webhook, and keeps the posted forms."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server_port}"
        self.posted: list[Handler] = []
        self._thread = threading.Thread(target=self.serve_forever, args=(0.01,))

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self._thread.join()
        self.server_close()


class Handler(BaseHTTPRequestHandler):
    server: AppServer

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.posted.append(self)
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None: ...


@pytest.fixture
def whoosh(freezer: FrozenDateTimeFactory) -> Iterator[Whoosh]:
    freezer.move_to(START)
    with Whoosh() as whoosh:
        yield whoosh


@pytest.fixture
def server(whoosh_server: Server) -> Server:
    return whoosh_server


@pytest.fixture
def control(server: Server) -> Controller:
    return Controller(server.url)


@pytest.fixture
def app_server() -> Iterator[AppServer]:
    """A real app in another process on this machine."""
    with AppServer() as app_server:
        yield app_server


@pytest.fixture
def send(client: Client) -> Callable[..., str]:
    def send(body: str = "Hi", **parameters: object) -> str:
        sid: str = client.messages.create(**{"to": PERSON, "from_": SENDER, "body": body, **parameters}).sid
        return sid

    return send


# The double


def test_the_status_has_everything_that_a_client_needs(control: Controller, server: Server, send: Send) -> None:
    send()

    assert control.get("") == {
        "url": server.url,
        "account_sid": server.whoosh.account_sid,
        "api_key": server.whoosh.api_key,
        "api_secret": server.whoosh.api_secret,
        "auth_token": server.whoosh.auth_token,
        "ca_file": None,
        "now": START,
        "is_moving": False,
        "outbox": 1,
        "inbox": 0,
        "callbacks": 0,
    }


def test_the_status_is_there_without_the_last_slash_too(control: Controller, server: Server) -> None:
    assert requests.get(f"{server.url}/_whoosh").json() == control.get("")


def test_a_reset_forgets_everything_but_the_time(control: Controller, send: Send) -> None:
    first = send()
    control.post("travel", days=1)

    assert control.post("reset") == {"now": "2030-06-02T09:00:00Z"}

    assert control.get("messages")["messages"] == []
    assert send() == first


# Reading


def test_a_message_shows_all_its_properties(control: Controller, whoosh: Whoosh, send: Send) -> None:
    sid = send("Hi there", status_callback="http://127.0.0.1:1/status")
    control.post("settle")

    (message,) = control.get("outbox")["messages"]

    assert message == {
        "sid": sid,
        "to": PERSON,
        "from": SENDER,
        "body": "Hi there",
        "status": "delivered",
        "direction": "outbound-api",
        "error_code": None,
        "error_message": None,
        "num_segments": 1,
        "segments": ["Hi there"],
        "encoding": "GSM-7",
        "media_urls": [],
        "num_media": 0,
        "price": str(whoosh.outbox[0].price),
        "price_unit": "USD",
        "date_created": START,
        "date_sent": "2030-06-01T09:00:02Z",
        "date_updated": "2030-06-01T09:00:04Z",
        "send_at": None,
        "messaging_service_sid": None,
        "account_sid": whoosh.account_sid,
        "status_callback": "http://127.0.0.1:1/status",
        "content_sid": None,
        "content_variables": None,
        "content": None,
        "feedback": None,
        "history": [
            ["queued", START],
            ["sending", "2030-06-01T09:00:01Z"],
            ["sent", "2030-06-01T09:00:02Z"],
            ["delivered", "2030-06-01T09:00:04Z"],
        ],
        "callbacks": control.get("callbacks")["callbacks"],
        "request": {
            "To": PERSON,
            "From": SENDER,
            "Body": "Hi there",
            "StatusCallback": "http://127.0.0.1:1/status",
        },
        "redacted": False,
        "deleted": False,
        **NOT_POSTED,
    }


@pytest.mark.parametrize(
    ("query", "bodies"),
    [
        ("", ["Your code is 4096.", "It\N{RIGHT SINGLE QUOTATION MARK}s time", "Hi"]),
        ("?to=%2B15550001111", ["Hi"]),
        ("?to=+15550001111", ["Hi"]),
        ("?to=(555) 000-1111", ["Hi"]),
        ("?from=%2B15557122661&body~=code", ["Your code is 4096."]),
        ("?from_=%2B15557122661&to~=1111$", ["Hi"]),
        ("?encoding=UCS-2", ["It\N{RIGHT SINGLE QUOTATION MARK}s time"]),
        ("?num_segments=1&redacted=true", ["It\N{RIGHT SINGLE QUOTATION MARK}s time"]),
        ("?redacted=false&error_code=null", ["Your code is 4096.", "Hi"]),
        ("?status=delivered&send_at=null", ["Your code is 4096.", "It\N{RIGHT SINGLE QUOTATION MARK}s time", "Hi"]),
        ("?date_created=2030-06-01T10:00:00%2B01:00&body=Hi", ["Hi"]),
        ("?segments=Your code is 4096.", ["Your code is 4096."]),
        ("?media_urls=https://a.example/1.png&media_urls=https://a.example/2.png", ["Hi"]),
        ("?date_sent=null", []),
    ],
)
def test_a_query_selects_messages(
    control: Controller, client: Client, send: Send, query: str, bodies: list[str]
) -> None:
    send("Your code is 4096.")
    redacted = send("It\N{RIGHT SINGLE QUOTATION MARK}s time")
    send("Hi", to=OTHER, media_url=["https://a.example/1.png", "https://a.example/2.png"])
    control.post("settle")
    client.messages(redacted).update(body="")

    found = control.get(f"outbox{query}")

    assert [message["request"]["Body"] for message in found["messages"]] == bodies


def test_inbound_and_outbound_messages_are_distinguished(control: Controller, send: Send) -> None:
    send("Out")
    control.post("receive", {"from": PERSON, "to": SENDER, "body": "In"})

    found = {name: [each["body"] for each in control.get(name)["messages"]] for name in ("outbox", "inbox", "messages")}

    assert found == {"outbox": ["Out"], "inbox": ["In"], "messages": ["Out", "In"]}


def test_a_large_outbox_is_returned_in_pages(control: Controller, send: Send) -> None:
    sids = [send(f"Number {number}", to=PERSON if number % 2 else OTHER) for number in range(7)]

    pages = [control.get("outbox?limit=2&to=%2B15550001111")]
    while following := pages[-1]["next"]:
        pages.append(control.get(following.removeprefix("/_whoosh/")))

    assert [[each["sid"] for each in page["messages"]] for page in pages] == [sids[0:4:2], sids[4:7:2]]
    assert pages[0]["next"] == f"/_whoosh/outbox?limit=2&to=%2B15550001111&after={sids[2]}"


def test_webhooks_are_returned_in_pages_too(control: Controller, send: Send) -> None:
    first = send("One", status_callback="http://127.0.0.1:1/one")
    second = send("Two", status_callback="http://127.0.0.1:1/two")
    control.post("when", webhooks={"drop": ["sent"]})
    third = send("Three", status_callback="http://127.0.0.1:1/three")
    control.post("settle")

    page = control.get("callbacks?limit=3")
    rest = control.get(page["next"].removeprefix("/_whoosh/"))
    of_second = control.get(f"callbacks?message={second}&after=-9")

    assert [(each["message"], each["params"]["MessageStatus"]) for each in page["callbacks"]] == [
        (first, "sent"),
        (second, "sent"),
        (first, "delivered"),
    ]
    assert [each["message"] for each in rest["callbacks"]] == [second, third]
    assert rest["next"] is None
    assert [each["url"] for each in of_second["callbacks"]] == ["http://127.0.0.1:1/two"] * 2


def test_a_page_does_not_look_at_the_messages_before_it(control: Controller, whoosh: Whoosh, send: Send) -> None:
    for number in range(4):
        send(f"Number {number}")
    before, after = whoosh._vendor.messages[0], whoosh.outbox[1].sid
    del before.body  # which whoever looked at it would stumble over

    assert [each["body"] for each in control.get(f"outbox?limit=1&body~=Number&after={after}")["messages"]] == [
        "Number 2"
    ]


def test_the_traffic_is_the_text_of_a_failed_test(control: Controller, whoosh: Whoosh, send: Send) -> None:
    send()

    assert control.get("traffic") == {"traffic": whoosh.traffic()}


def test_a_one_time_code_is_read(control: Controller, send: Send) -> None:
    send("Your code is 409612, for 10 minutes.")

    assert control.get("last_code?to=+15558675310") == {"code": "409612"}
    assert control.get("last_code", to=PERSON, pattern=r"for (\d+)") == {"code": "10"}


def test_a_queue_shows_its_waiting_messages() -> None:
    with Whoosh(throughput="realistic") as whoosh, Server(whoosh) as server:
        control = Controller(server.url)
        control.post("add_number", number=SENDER)
        app = Client(whoosh.account_sid, whoosh.auth_token)
        sids = [app.messages.create(to=PERSON, from_=SENDER, body="Hi").sid for _ in range(3)]

        queue = control.get("queue", sender=SENDER, mms="false")

        assert queue.keys() == DESCRIPTION["components"]["schemas"]["Queue"]["properties"].keys()
        assert (queue["messages"], queue["depth"], queue["is_full"]) == (sids, 3, False)
        assert control.post("set_concurrency", calls=5) == {"calls": 5}


# Time


@pytest.mark.parametrize(
    ("given", "now"),
    [
        ({"days": 1}, "2030-06-02T09:00:00Z"),
        ({"hours": 1, "minutes": 30, "seconds": 0.5}, "2030-06-01T10:30:00.500000Z"),
        ({"to": "2030-06-01T09:00:03Z"}, "2030-06-01T09:00:03Z"),
        ({"to": "2030-06-01T11:00:03+01:00"}, "2030-06-01T10:00:03Z"),
        ({"to": "2030-06-02T00:00:00"}, "2030-06-02T00:00:00Z"),
        ({"to": None, "days": 1}, "2030-06-02T09:00:00Z"),
    ],
)
def test_a_request_advances_time(control: Controller, whoosh: Whoosh, given: dict[str, object], now: str) -> None:
    assert control.post("travel", given) == {"now": now}
    assert control.get("")["now"] == now


def test_a_request_advances_time_until_no_message_is_in_flight(control: Controller, send: Send) -> None:
    send()

    assert control.post("settle") == {"now": "2030-06-01T09:00:04Z"}
    assert [each["status"] for each in control.get("outbox")["messages"]] == ["delivered"]


def test_only_one_request_can_move_time_at_a_time(control: Controller, whoosh: Whoosh, send: Send) -> None:
    called, let_go, answers = threading.Event(), threading.Event(), []
    app = Flask(__name__)

    @app.post("/status")
    def status() -> str:
        called.set()
        let_go.wait(10)
        return ""

    whoosh.mount("https://app.example", app)
    send(status_callback="https://app.example/status")
    first = threading.Thread(target=lambda: answers.append(control.post("settle")))
    first.start()
    called.wait(10)
    moving = control.get("")["is_moving"]
    refused = control.refusal("POST", "travel", json={"days": 1})
    control.post("reset")
    still_moving = control.get("")["is_moving"]
    let_go.set()
    first.join()

    assert refused == (
        409,
        (
            "Time is moving already, in another thread or task. Only one travel or settle can run at a time: wait "
            "until that call returns."
        ),
    )
    assert moving
    # The reset stops the travel where it is, without waiting for the handler.
    assert not still_moving
    assert answers == [{"now": "2030-06-01T09:00:02Z"}]


# Scripting


@pytest.mark.parametrize(
    ("rule", "status", "error_code"),
    [
        ({"deliver": {"after": "1 minute"}}, "sent", None),
        ({"deliver": {"after": 2}}, "delivered", None),
        ({"undeliver": {"code": 30004}}, "undelivered", 30004),
        ({"undeliver": {}}, "undelivered", 30003),
        ({"fail": True}, "failed", 30008),
        ({"read": {"after": 1}}, "delivered", None),
        ({"stall": {"at": "sending"}}, "sending", None),
        ({"match": {"to": OTHER}, "fail": True}, "delivered", None),
        ({"match": {"to": "(555) 867-5310", "body~": "^H"}, "fail": True}, "failed", 30008),
        ({"match": {"from_": SENDER}, "fail": True}, "failed", 30008),
        ({"match": {"from": SENDER, "num_media": 0, "media_urls": []}, "fail": True}, "failed", 30008),
    ],
    ids=str,
)
def test_a_request_scripts_the_outcome_of_messages(
    control: Controller, whoosh: Whoosh, send: Send, rule: dict[str, object], status: str, error_code: int | None
) -> None:
    assert control.post("when", rule) == {"rule": rule}
    send()

    control.post("travel", seconds=10)

    assert [(each.status, each.error_code) for each in whoosh.outbox] == [(status, error_code)]


@pytest.mark.parametrize(
    ("rule", "status", "document"),
    [
        ({"reject": {"code": 21610}}, 400, {"code": 21610, "message": "Attempt to send to unsubscribed recipient"}),
        ({"reject": {"code": 21610, "status": 403}}, 403, {"code": 21610}),
        ({"rate_limit": {"retry_after": 3}}, 429, {"code": 20429}),
        ({"respond": {"status": 503, "json": {"oops": [1]}, "headers": {"X-Proxy": "yes"}}}, 503, {"oops": [1]}),
    ],
    ids=str,
)
def test_a_request_scripts_the_answer_of_the_api(
    control: Controller, call: Any, form: dict[str, str], rule: dict[str, object], status: int, document: dict[str, Any]
) -> None:
    control.post("when", rule, times=1)

    refused = call("POST", "/2010-04-01/Accounts/AC" + "0" * 32 + "/Messages.json", form)
    taken = call("POST", "/2010-04-01/Accounts/AC" + "0" * 32 + "/Messages.json", form)

    assert (refused.status, {name: refused.json()[name] for name in document}) == (status, document)
    assert taken.status == 201


def test_a_request_scripts_repeated_and_reordered_callbacks(control: Controller, send: Send) -> None:
    control.post("when", undeliver=True, webhooks={"duplicate": ["undelivered"], "order": ["undelivered", "sent"]})
    sid = send(status_callback="http://127.0.0.1:1/status")

    control.post("settle")

    left = [each["params"]["MessageStatus"] for each in control.get("callbacks")["callbacks"]]
    assert left == ["undelivered", "undelivered", "sent"]
    assert control.post("assert_callbacks", message=sid, statuses=["undelivered", "sent"], answered="any") == {}


def test_a_rule_that_is_refused_changes_nothing(control: Controller, whoosh: Whoosh, send: Send) -> None:
    control.refusal("POST", "when", json={"webhooks": {"drop": ["sent"]}, "fail": {"code": 99}})
    control.refusal("POST", "when", json={"fail": True, "times": 0})
    send(status_callback="http://127.0.0.1:1/status")

    control.post("settle")

    assert [each.params["MessageStatus"] for each in whoosh.callbacks] == ["sent", "delivered"]


def test_the_traffic_shows_rules_as_requests_that_can_be_sent_again(control: Controller) -> None:
    requests = [
        ("when", {"match": {"to": PERSON, "body~": "code"}, "undeliver": {"code": 30003}, "times": 2}),
        ("when_called", {"method": "GET", "url": "/Messages/*.json", "respond": {"status": 503}}),
    ]
    for operation, body in requests:
        control.post(operation, **body)

    shown = control.get("traffic")["traffic"].splitlines()

    assert [line.strip().rpartition(": matched 0")[0] for line in shown if "matched" in line] == [
        f"POST /_whoosh/{operation} {json.dumps(body)}" for operation, body in requests
    ]


def test_rules_are_listed_as_requests_and_can_be_removed(control: Controller, whoosh: Whoosh, send: Send) -> None:
    control.post("when", match={"to": PERSON, "body~": "code"}, undeliver=True, times=2)
    control.post("when_called", method="GET", url="/Messages/*.json", params={"PageSize": "1"}, rate_limit=True)
    send(body="Your code is 1234")

    listed = control.get("rules")["rules"]

    assert listed == [
        {
            "id": 1,
            "rule": f'POST /_whoosh/when {{"match": {{"to": "{PERSON}", "body~": "code"}}}}',
            "outcome": '{"undeliver": {"code": 30003}}',
            "matched": 1,
            "left": 1,
        },
        {
            "id": 2,
            "rule": (
                'POST /_whoosh/when_called {"method": "GET", "url": "/Messages/*.json", "params": {"PageSize": "1"}}'
            ),
            "outcome": '{"rate_limit": {"retry_after": 1}}',
            "matched": 0,
            "left": None,
        },
    ]
    assert control.post("remove_rule", id=1) == {"rule": listed[0]["rule"]}
    assert [rule["id"] for rule in control.get("rules")["rules"]] == [2]
    assert control.refusal("POST", "remove_rule", json={"id": 1}) == (
        409, "No rule has the id 1. GET /_whoosh/rules lists all rules."
    )  # fmt: skip


@pytest.mark.parametrize(
    ("script", "outcome"),
    [
        (lambda rule: rule.fail(99999, message="Odd"), '{"fail": {"code": 99999, "message": "Odd"}}'),
        (lambda rule: rule.deliver(), '{"deliver": true}'),
        (lambda rule: rule.deliver(after=timedelta(minutes=1)), '{"deliver": {"after": 60}}'),
        (lambda rule: rule.stall("sent"), '{"stall": {"at": "sent"}}'),
        (lambda rule: rule.reject(21610), '{"reject": {"code": 21610}}'),
        (lambda rule: rule.reject(21610, 403), '{"reject": {"code": 21610, "status": 403}}'),
        (lambda rule: rule.respond(503), '{"respond": {"status": 503}}'),
        (
            lambda rule: rule.respond(503, content=b"Gone", headers={"X-Proxy": "7"}),
            '{"respond": {"status": 503, "content": "R29uZQ==", "headers": {"X-Proxy": "7"}}}',
        ),
        (lambda rule: rule.timeout(sent=True), '{"timeout": {"sent": true}}'),
        (
            lambda rule: rule.fail().webhooks(drop=["sent"], order=("delivered", "sent"), signature="wrong"),
            (
                '{"fail": {"code": 30008}, "webhooks": {"drop": ["sent"], "order": ["delivered", "sent"], '
                '"signature": "wrong"}}'
            ),
        ),
        (lambda rule: rule, None),
    ],
)
def test_an_outcome_is_listed_as_a_request_gives_it(
    control: Controller, whoosh: Whoosh, script: Callable[[Rule], Rule], outcome: str | None
) -> None:
    script(whoosh.when())

    (rule,) = control.get("rules")["rules"]

    assert rule["outcome"] == outcome
    if outcome:
        control.post("when", **json.loads(outcome))
        assert control.get("rules")["rules"][1]["outcome"] == outcome


@pytest.mark.parametrize(
    ("operation", "body", "error"),
    [
        (
            "when",
            {"timeout": {"connecting": True, "sent": True}},
            (
                'With "connecting": true the call never reaches the API, and with "sent": true it does. '
                "Leave one of them out of timeout."
            ),
        ),
        (
            "when",
            {"respond": {"status": 200, "text": "Hi", "json": {}}},
            'A response has one body: write "json" or "text", not both.',
        ),
        (
            "when_called",
            {"method": "GET", "url": "/x", "respond": {"status": 204, "text": "Hi"}},
            'A response with status 204 has no body: leave "text" out.',
        ),
        (
            "set_price",
            {"country": "US", "price": -1},
            'A price is an amount in US dollars such as "0.0079", not "-1".',
        ),
        (
            "phone",
            {"number": f"whatsapp:{PERSON}", "rcs": True},
            f"Only a phone number such as \"+15558675310\" can have RCS. 'whatsapp:{PERSON}' is not one.",
        ),
    ],
    ids=lambda value: value if isinstance(value, str) and value.isidentifier() else "",
)
def test_an_error_is_in_the_words_of_requests_and_not_of_python(
    control: Controller, operation: str, body: dict[str, Any], error: str
) -> None:
    assert control.refusal("POST", operation, json=body) == (400, error)


# People


def test_a_person_writes_and_is_answered(control: Controller, whoosh: Whoosh) -> None:
    app = Flask(__name__)

    @app.post("/sms")
    def sms() -> tuple[str, dict[str, str]]:
        text = f"{request.form['Body']} {request.form['NumMedia']} {request.form['ButtonPayload']}"
        return f"<Response><Message>{text}</Message></Response>", {"Content-Type": "text/xml"}

    whoosh.mount("https://app.example", app)
    control.post("add_number", number=SENDER, sms_url="https://app.example/sms")
    pdf = {"base64": b64encode(b"%PDF").decode(), "content_type": "application/pdf"}

    reply = control.post(
        "receive",
        {"from": "(555) 867-5310", "to": SENDER, "body": "Hello"},
        media=["cat.jpg", pdf],
        params={"ButtonPayload": "yes"},
    )

    assert reply["message"] == control.get("inbox")["messages"][0]
    assert reply["replies"] == control.get("outbox")["messages"]
    assert [each["body"] for each in reply["replies"]] == ["Hello 2 yes"]
    assert (reply["webhook"]["response_status"], reply["webhook"]["error"]) == (200, None)
    assert reply["twiml"] == "<Response><Message>Hello 2 yes</Message></Response>"
    assert reply["keyword_answer"] is None


def test_a_person_opts_out(control: Controller) -> None:
    control.post("add_number", number=SENDER)

    reply = control.post("receive", {"from": PERSON, "to": SENDER, "body": "STOP"})

    assert reply["keyword_answer"].startswith("You have successfully been unsubscribed.")
    assert (reply["webhook"], reply["replies"], reply["twiml"]) == (None, [], None)


def test_a_call_sends_the_messages_of_its_document(control: Controller) -> None:
    document = "<Response><Message>Thanks for calling</Message></Response>"

    control.post("add_number", number=SENDER)
    sent = control.post("call_document", {"twiml": document, "from": PERSON, "to": SENDER})["messages"]

    assert [(each["direction"], each["to"], each["body"]) for each in sent] == [
        ("outbound-call", PERSON, "Thanks for calling")
    ]


def test_a_phone_gets_rcs(control: Controller, client: Client) -> None:
    service = control.post("add_messaging_service", name="Offers", senders=[SENDER, "rcs:acme_agent"])

    assert control.post("phone", number=PERSON) == {"number": PERSON, "rcs": None, "received": []}
    assert control.post("phone", number=PERSON, rcs=True)["rcs"] is True
    client.messages.create(to=PERSON, messaging_service_sid=service["sid"], body="Hi")
    control.post("settle")
    (received,) = control.post("phone", number=PERSON)["received"]
    assert (received["from"], received["body"]) == ("rcs:acme_agent", "Hi")


@pytest.mark.parametrize("by", ["link", "message"])
def test_a_person_follows_a_short_link(control: Controller, client: Client, by: str) -> None:
    service = control.post(
        "add_messaging_service", name="Offers", senders=[SENDER], link_shortening_domain="go.example"
    )
    message = client.messages.create(
        to=PERSON, messaging_service_sid=service["sid"], body="Look: https://shop.example/", shorten_urls=True
    )
    control.post("settle")
    (sent,) = control.get("outbox")["messages"]
    link = {"link": sent["body"].removeprefix("Look: "), "message": message.sid}[by]

    assert control.post("click", link=link, user_agent="Lynx") == {"url": "https://shop.example/"}


# Webhooks


def test_webhooks_go_to_the_server_that_answers_for_a_url(
    control: Controller, whoosh: Whoosh, client: Client, app_server: AppServer
) -> None:
    given = {"base_url": "https://app.example", "server": app_server.url}

    assert control.post("mount", given) == given
    client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status?id=7")
    control.post("settle")

    posted = app_server.posted[0]
    assert (posted.path, posted.headers["Host"], posted.headers["X-Forwarded-Proto"]) == (
        "/status?id=7",
        "app.example",
        "https",
    )
    assert [each.response_status for each in whoosh.callbacks] == [200, 200]


def test_webhooks_go_to_this_machine_unasked(control: Controller, send: Send, app_server: AppServer) -> None:
    assert control.post("mount", base_url=app_server.url) == {"base_url": app_server.url, "server": None}
    send(status_callback=f"{app_server.url}/status")

    control.post("settle")

    assert [each["response_status"] for each in control.get("callbacks")["callbacks"]] == [200, 200]


def test_webhooks_go_to_the_hosts_that_were_allowed(whoosh: Whoosh) -> None:
    with Server(whoosh, allow_webhooks=["app.example"]) as server:
        assert Controller(server.url).post("mount", base_url="https://app.example")["server"] is None


# Assertions


def test_sent_messages_are_asserted(control: Controller, client: Client, send: Send) -> None:
    first, second = send("Your code is 4096."), send("It\N{RIGHT SINGLE QUOTATION MARK}s")

    one = control.post("assert_sent", {"to": PERSON, "body~": "code", "num_segments": 1})
    both = control.post("assert_sent", {"from": SENDER, "count": 2, "send_at": None})
    none = control.post("assert_sent", {"body": "Bye", "count": 0})

    assert [[each["sid"] for each in found["messages"]] for found in (one, both, none)] == [
        [first],
        [first, second],
        [],
    ]
    assert control.post("assert_not_sent", to=OTHER) == {}
    assert control.post("assert_segments", message=first, n=1) == {}


def test_nothing_sent_is_asserted(control: Controller) -> None:
    assert control.post("assert_nothing_sent") == {}


OUTBOX = """
Outbox (1 message):
  sid      from          to            status  body
  SM…0001  +15557122661  +15558675310  queued  'Hi'"""
MATCHES = OUTBOX.replace("Outbox", "Matches")


@pytest.mark.parametrize(
    ("operation", "given", "text"),
    [
        (
            "assert_sent",
            {"body": "Bye"},
            'No message in the outbox matches {"body": "Bye"}.\n\n'
            "Nearest: SM…0001 +15557122661 -> +15558675310 queued: 'Hi'\n"
            "  body: expected 'Bye'\n"
            "         but was 'Hi'\n" + OUTBOX,
        ),
        (
            "assert_sent",
            {"status": "delivered"},
            'No message in the outbox matches {"status": "delivered"}.\n\n'
            "Nearest: SM…0001 +15557122661 -> +15558675310 queued: 'Hi'\n"
            "  status: expected 'delivered'\n"
            "           but was 'queued'\n\n"
            "Nothing moves by itself: call POST /_whoosh/settle or "
            'POST /_whoosh/travel {"seconds": ...} to advance time.\n' + OUTBOX,
        ),
        ("assert_sent", {"count": 2}, "Expected 2 messages in the outbox, found 1.\n" + OUTBOX),
        (
            "assert_not_sent",
            {"body~": "H"},
            'Expected no message matching {"body~": "H"} to be sent, found 1.\n' + MATCHES,
        ),
        ("assert_nothing_sent", {}, "Expected no message to be sent, found 1.\n" + OUTBOX),
        (
            "assert_callbacks",
            {"message": "SMf784696e7bfd6b4e31a9ea4400000001", "statuses": ["sent", "delivered"]},
            (
                "No status callback 'sent' for SM…0001 +15557122661 -> +15558675310 queued: 'Hi'.\n\n"
                "Expected, in this order: 'sent', 'delivered'.\n\n"
                "No status callback was sent.\n\n"
                "The message has no status callback. Send it with a StatusCallback, or through a Messaging Service or "
                "application that has one."
            ),
        ),
        (
            "assert_segments",
            {"message": "SMf784696e7bfd6b4e31a9ea4400000001", "n": 2},
            (
                "Expected 2 segments, but SM…0001 +15557122661 -> +15558675310 queued: 'Hi' takes 1 in GSM-7:\n"
                "  1. (2 characters) 'Hi'"
            ),
        ),
    ],
)
def test_a_failed_assertion_has_the_text_that_it_has_in_python(
    control: Controller, send: Send, operation: str, given: dict[str, object], text: str
) -> None:
    send()

    assert control.refusal("POST", operation, json=given) == (409, text)


# Provisioning


def test_operations_set_up_the_account(control: Controller, client: Client) -> None:
    number = control.post("add_number", number="(555) 712-2661", sms_url="https://app.example/sms")
    code = control.post("add_short_code", code="12345", country="CA")
    channel = control.post("add_channel_sender", address="whatsapp:+15557122661")
    service = control.post(
        "add_messaging_service",
        name="Reminders",
        senders=[SENDER, "12345"],
        status_callback="https://app.example/status",
        sticky_sender=False,
        link_shortening_domain="go.example",
    )
    application = control.post("add_application", message_status_callback="https://app.example/other")
    domain = control.post("add_link_domain", domain="go.example", fallback_url="https://shop.example/")
    template = control.post(
        "add_template", body="Hi {{1}}", variables={"1": "there"}, friendly_name="greeting", language="en"
    )

    assert client.incoming_phone_numbers(number["sid"]).fetch().sms_url == "https://app.example/sms"
    assert client.short_codes(code["sid"]).fetch().short_code == "12345"
    assert (code["country"], channel["address"]) == ("CA", "whatsapp:+15557122661")
    assert client.messaging.v1.services(service["sid"]).fetch().friendly_name == "Reminders"
    assert (service["senders"], service["sticky_sender"], service["link_shortening_domain"]) == (
        [SENDER, "12345"],
        False,
        "go.example",
    )
    assert client.applications(application["sid"]).fetch().message_status_callback == "https://app.example/other"
    assert domain["fallback_url"] == "https://shop.example/"
    assert client.content.v1.contents(template["sid"]).fetch().types == {"twilio/text": {"body": "Hi {{1}}"}}
    assert template["variables"] == {"1": "there"}


def test_operations_set_up_people_numbers_and_prices(control: Controller, whoosh: Whoosh) -> None:
    left = control.post("opt_out", person="(555) 867-5310", sender=SENDER)
    gone = control.post("deactivate", number=OTHER, on="2030-05-31")
    today = control.post("deactivate", number=PERSON)
    price = control.post("set_price", country="us", price="0.0079")

    assert (left["person"], left["sender"]) == (PERSON, SENDER)
    assert (gone["number"], gone["on"], today["on"]) == (OTHER, "2030-05-31", "2030-06-01")
    assert (price["country"], price["price"]) == ("US", "0.0079")


def test_a_media_url_has_a_file(control: Controller, client: Client, call: Any, send: Send) -> None:
    url = "https://app.example/cat"
    content = b64encode(b"GIF89a").decode()

    media = control.post("add_media", url=url, content=content, content_type="image/gif")

    assert (media["url"], media["content_type"], media["status"]) == (url, "image/gif", 200)
    assert media["sid"].startswith("MU")

    sid = send(media_url=[url])
    assert [each.content_type for each in client.messages(sid).media.list()] == ["image/gif"]


# Refusals


ALL = (
    "outbox, inbox, messages, callbacks, traffic, last_code, verifications, queue, travel, settle, step, when, "
    "when_called, rules, remove_rule, receive, call_document, phone, "
    "click, mount, assert_sent, assert_not_sent, assert_nothing_sent, assert_callbacks, "
    "assert_segments, add_number, add_short_code, add_messaging_service, add_channel_sender, add_application, "
    "add_link_domain, add_template, set_approval, add_media, opt_out, deactivate, set_price, set_balance, add_lookup, "
    "add_verify_service, set_concurrency, reset"
)
MATCH_KEYS = (
    "sid, to, from, body, status, direction, error_code, error_message, num_segments, segments, encoding, media_urls, "
    "num_media, price, price_unit, date_created, date_sent, date_updated, send_at, messaging_service_sid, account_sid, "
    "status_callback, content_sid, content_variables, content, feedback, history, request, redacted, deleted, "
    f"{POSTED_KEYS}"
)


@pytest.mark.parametrize(
    ("operation", "given", "text"),
    [
        (
            "travel",
            {"day": 1},
            "Unknown parameter of travel 'day'. Did you mean 'days'? Valid: to, weeks, days, hours, minutes, seconds.",
        ),
        ("travel", {"days": "1"}, 'travel takes days as a number, not "1".'),
        ("travel", {"days": True}, "travel takes days as a number, not true."),
        ("travel", {"to": "tomorrow"}, 'travel takes to as a moment such as "2030-01-31T09:00:00Z", not "tomorrow".'),
        ("travel", {"to": 5}, 'travel takes to as a moment such as "2030-01-31T09:00:00Z", not 5.'),
        (
            "travel",
            {},
            'travel takes a moment such as {"to": "2030-01-31T09:00:00Z"}, or an amount such as {"days": 1}.',
        ),
        ("travel", {"to": START, "days": 1}, "travel takes a moment, or an amount of time: not both."),
        ("settle", {"days": 1}, 'settle takes no parameters, but "days" was given.'),
        (
            "when",
            {"match": {"too": PERSON}, "fail": True},
            "Unknown match key 'too'. Did you mean 'to'?",
        ),
        (
            "when",
            {"match": {"status": "sent"}, "fail": True},
            (
                "A rule is matched when a message is created, and 'status' is not known then. Match by what the app "
                'posts, such as "to", "from" or "body".'
            ),
        ),
        (
            "when",
            {"match": "all", "fail": True},
            'when takes match as an object of match keys, not "all".',
        ),
        (
            "when",
            {"match": {}},
            (
                "A rule takes one outcome: deliver, undeliver, fail, read, stall, reject, rate_limit, respond, "
                "timeout, disconnect. It may also take webhooks, or only that."
            ),
        ),
        (
            "when",
            {"fail": True, "deliver": True},
            (
                "A rule takes one outcome: deliver, undeliver, fail, read, stall, reject, rate_limit, respond, "
                "timeout, disconnect. It may also take webhooks, or only that."
            ),
        ),
        ("when", {"fail": 30003}, "when takes fail as an object of its parameters: code, message, not 30003."),
        ("when", {"fail": {"code": "x"}}, 'fail takes code as a whole number, not "x".'),
        ("when", {"fail": {"kode": 1}}, "Unknown parameter of fail 'kode'. Did you mean 'code'? Valid: code, message."),
        (
            "when",
            {"to": "+15558675310", "fail": True},
            'Unknown parameter of when \'to\'. Did you mean {"match": {"to": "+15558675310"}}?',
        ),
        (
            "when",
            {"body~": "code", "fail": True},
            'Unknown parameter of when \'body~\'. Did you mean {"match": {"body~": "code"}}?',
        ),
        ("when", {"reject": True}, "reject needs code: a documented error code."),
        (
            "when",
            {"deliver": {"after": "soon"}},
            'deliver takes after as a number of seconds, or a text such as "15 minutes", not "soon".',
        ),
        (
            "when",
            {"undeliver": {"code": 30000}},
            (
                "The catalogue of this package does not know the error code 30000. The nearest it knows: 30001 (Queue "
                "overflow); 30002 (Account suspended); 30003 (Unreachable destination handset). If the vendor sends "
                '30000, write its text too: POST /_whoosh/when {"undeliver": {"code": 30000, "message": "..."}}.'
            ),
        ),
        (
            "when",
            {"stall": {"at": "sentt"}},
            "Unknown status to stall at 'sentt'. Did you mean 'sent'? Valid: queued, sending, sent, delivered.",
        ),
        ("receive", {"to": SENDER}, "receive needs from: the person."),
        (
            "receive",
            {"from": "555", "to": SENDER},
            "A person must be a phone number such as \"+15558675310\", or a channel address; not '555'.",
        ),
        (
            "receive",
            {"from": PERSON, "to": SENDER, "media": "cat.jpg"},
            (
                "receive takes media as a list of URLs, file names, or objects such as "
                '{"base64": "JVBERi0=", "content_type": "application/pdf"}, not "cat.jpg".'
            ),
        ),
        (
            "receive",
            {"from": PERSON, "to": SENDER, "media": [{"base64": "?", "content_type": "image/gif"}]},
            (
                "receive takes media as a list of URLs, file names, or objects such as "
                '{"base64": "JVBERi0=", "content_type": "application/pdf"}, '
                'not [{"base64": "?", "content_type": "image/gif"}].'
            ),
        ),
        (
            "receive",
            {"from": PERSON, "to": SENDER, "media": [5]},
            (
                "receive takes media as a list of URLs, file names, or objects such as "
                '{"base64": "JVBERi0=", "content_type": "application/pdf"}, not [5].'
            ),
        ),
        (
            "receive",
            {"from": PERSON, "to": SENDER, "params": {"a": 1}},
            'receive takes params as an object of texts such as {"1": "there"}, not {"a": 1}.',
        ),
        (
            "mount",
            {"base_url": "app.example"},
            "mount takes a base URL such as \"https://app.example\", not 'app.example'.",
        ),
        (
            "mount",
            {"base_url": "https://app.example", "server": "localhost:8000"},
            'mount takes as "server" a URL such as "http://127.0.0.1:8000", not \'localhost:8000\'.',
        ),
        ("assert_sent", {"count": "2"}, 'assert_sent takes count as a whole number, not "2".'),
        ("assert_sent", {"count": -1}, "count must be a number of messages, not -1."),
        (
            "assert_sent",
            {"countt": 1},
            "Unknown match key 'countt'. Did you mean 'count'?",
        ),
        (
            "assert_sent",
            {"body~": "["},
            "'[' is not a regular expression: missing ]: [. The syntax is RE2's: https://github.com/google/re2/wiki/Syntax",
        ),
        ("assert_sent", {"body~": 1}, "assert_sent takes body~ as a regular expression, not 1."),
        (
            "assert_sent",
            {"body": "a", "body~": "a"},
            "assert_sent takes body once: as a value, or with body~ as a pattern.",
        ),
        ("assert_sent", {"num_segments": "2"}, 'assert_sent takes num_segments as a whole number, not "2".'),
        ("assert_sent", {"redacted": "no"}, 'assert_sent takes redacted as true or false, not "no".'),
        ("assert_sent", {"price": "dear"}, 'assert_sent takes price as an amount such as "-0.0079", not "dear".'),
        (
            "assert_sent",
            {"status": "deliverd"},
            (
                "Unknown status 'deliverd'. Did you mean 'delivered'? Valid: accepted, scheduled, canceled, queued, "
                "sending, sent, failed, delivered, undelivered, read, receiving, received."
            ),
        ),
        (
            "assert_sent",
            {"history": ["queued"]},
            'assert_sent takes history as a list such as [["queued", "2030-01-31T09:00:00Z"]], not ["queued"].',
        ),
        ("add_number", {}, "add_number needs number: the number."),
        ("add_number", {"number": SENDER, "sms_url": 5}, "add_number takes sms_url as a text, not 5."),
        ("add_number", {"number": "12"}, "add_number takes a phone number such as \"+15557122661\", not '12'."),
        (
            "add_channel_sender",
            {"adress": "whatsapp:+15557122661"},
            (
                "Unknown parameter of add_channel_sender 'adress'. Did you mean 'address'? Valid: address, "
                "friendly_name, sms_url, sms_method, fallback_url, fallback_method, status_callback."
            ),
        ),
        (
            "add_messaging_service",
            {"name": "x", "senders": SENDER},
            f'add_messaging_service takes senders as a list of texts, not "{SENDER}".',
        ),
        ("deactivate", {"number": OTHER, "on": "May"}, 'deactivate takes on as a day such as "2030-01-31", not "May".'),
        (
            "set_price",
            {"country": "US", "price": True},
            'set_price takes price as an amount such as "0.0079", not true.',
        ),
        (
            "set_price",
            {"country": "US", "price": "NaN"},
            'set_price takes price as an amount such as "0.0079", not "NaN".',
        ),
        ("set_price", {"country": "US", "price": "x"}, 'set_price takes price as an amount such as "0.0079", not "x".'),
        (
            "add_media",
            {"url": "https://a.example/", "content": "?"},
            'add_media takes content as bytes in Base64, not "?".',
        ),
    ],
    ids=str,
)
def test_a_wrong_parameter_is_refused_with_what_to_send(
    control: Controller, operation: str, given: dict[str, object], text: str
) -> None:
    assert control.refusal("POST", operation, json=given) == (400, text)


PYTHON = re.compile(r"whoosh\.|\w\(\)|\w=|from_|\bNone\b|\bTrue\b|re\.compile")


@pytest.mark.parametrize(
    ("operation", "given"),
    [
        ("add_number", {"number": "12"}),
        ("add_short_code", {"code": "1"}),
        ("add_channel_sender", {"address": "x"}),
        ("add_template", {}),
        ("add_template", {"body": "Hi", "types": {"twilio/nothing": {}}}),
        ("add_media", {"url": "nowhere"}),
        ("add_link_domain", {"domain": "?"}),
        ("opt_out", {"person": "?", "sender": "+15557122661"}),
        ("opt_out", {"person": "+15558675310", "sender": "MG" + "0" * 32}),
        ("deactivate", {"number": "?"}),
        ("set_price", {"country": "U", "price": 1}),
        ("set_concurrency", {"calls": 5}),
        ("mount", {"base_url": "?"}),
        ("mount", {"base_url": "https://app.example", "server": "?"}),
        ("travel", {"to": "2000-01-01T00:00:00Z"}),
        ("travel", {"to": "2040-01-01T00:00:00Z", "days": 1}),
        ("click", {"link": "https://go.example/abc"}),
        ("when", {"match": {"status": "sent"}, "deliver": True}),
        ("when", {"times": 0, "deliver": True}),
        ("when", {"rate_limit": {"retry_after": -1}}),
        ("when", {"reject": {"code": 1}}),
        ("when", {"respond": {"status": 1}}),
        ("when", {"stall": {"at": "?"}}),
        ("when", {"webhooks": {"drop": ["?"]}}),
        ("receive", {"from": "?", "to": "+15557122661"}),
        ("receive", {"from": "+15558675310", "to": "+15557122661", "params": {"body": "Hi"}}),
        ("assert_sent", {"from": "+15550000000", "error_code": None, "body~": "x"}),
        ("assert_sent", {"status": "sent"}),
        ("assert_not_sent", {"from": "+15557122661"}),
        ("assert_callbacks", {"message": "SMf784696e7bfd6b4e31a9ea4400000001", "statuses": ["sent"]}),
        ("assert_callbacks", {"message": "SMf784696e7bfd6b4e31a9ea4400000001", "statuses": ["?"]}),
    ],
    ids=str,
)
def test_no_refusal_is_in_python(control: Controller, send: Send, operation: str, given: dict[str, object]) -> None:
    send()

    _, text = control.refusal("POST", operation, json=given)

    assert PYTHON.findall(text.replace("@pytest.mark.whoosh(throughput=", "")) == []


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ("outbox?form=5", "Unknown match key 'form'. Did you mean 'from'?"),
        ("outbox?limit=many", 'outbox takes limit as a whole number, not "many".'),
        ("outbox?limit=0", f"limit must be a number from 1 to {MOST}, not 0."),
        ("outbox?body=a&body=b", "outbox takes body once, but it was given 2 times."),
        ("outbox?redacted=maybe", 'outbox takes redacted as true or false, not "maybe".'),
        ("outbox?num_segments=few", 'outbox takes num_segments as a whole number, not "few".'),
        ("outbox?date_sent=now", 'outbox takes date_sent as a moment such as "2030-01-31T09:00:00Z", not "now".'),
        ("outbox?after=SM1", "after takes the SID of the previous page's last message. No message has 'SM1'."),
        ("last_code", "last_code needs to: the person."),
        ("traffic?all=1", 'traffic takes no parameters, but "all" was given.'),
    ],
)
def test_a_wrong_query_is_refused_with_what_to_send(control: Controller, query: str, text: str) -> None:
    assert control.refusal("GET", query) == (400, text)


@pytest.mark.parametrize(
    ("method", "operation", "how", "status", "text"),
    [
        ("POST", "settel", {}, 404, "Unknown operation 'settel'. Did you mean 'settle'?"),
        ("GET", "", {"data": "{}"}, 400, "status takes its parameters in the query, not in a body."),
        ("GET", "travel", {}, 405, "/_whoosh/travel takes POST, not GET."),
        ("DELETE", "outbox", {}, 405, "/_whoosh/outbox takes GET, not DELETE."),
        ("POST", "openapi.json", {}, 405, "/_whoosh/openapi.json takes GET, not POST."),
        (
            "POST",
            "travel?days=1",
            {},
            400,
            "travel takes its parameters as a JSON object in the body, not in the query.",
        ),
        ("POST", "travel", {"json": [1]}, 400, 'travel takes a JSON object such as {"days": 1}, not [1].'),
        ("POST", "settle", {"json": 5}, 400, "settle takes a JSON object, not 5."),
        (
            "POST",
            "travel",
            {"data": {"days": "1"}},
            415,
            'The body must be a JSON object. This is not one, sent as application/x-www-form-urlencoded: "days=1".',
        ),
        ("POST", "travel", {"data": "days=1"}, 415, 'The body must be a JSON object. This is not one: "days=1".'),
        (
            "POST",
            "travel",
            {"data": '{"days": 1', "headers": {"Content-Type": "application/json"}},
            400,
            "The body is not JSON: Expecting ',' delimiter: line 1 column 11 (char 10).",
        ),
        (
            "POST",
            "mount",
            {"json": {"base_url": "https://app.example"}},
            403,
            (
                'Webhooks to app.example are not allowed. Set "server" to a server on this machine that answers for '
                "it, or start the server with --allow-webhooks app.example."
            ),
        ),
        (
            "POST",
            "mount",
            {"json": {"base_url": "https://app.example", "server": "http://evil.example:80"}},
            403,
            (
                'Webhooks to evil.example are not allowed. Set "server" to a server on this machine that answers for '
                "it, or start the server with --allow-webhooks evil.example."
            ),
        ),
        (
            "POST",
            "travel",
            {"json": {"days": -1}},
            409,
            "Time does not run backwards: it is 2030-06-01 09:00:00 UTC, and 2030-05-31 09:00:00 UTC is past.",
        ),
        (
            "POST",
            "travel",
            {"json": {"days": 1e8}},
            409,
            "It is 2030-06-01 UTC, and travel cannot go beyond the year 9999.",
        ),
        (
            "POST",
            "click",
            {"json": {"link": "go.example/abc"}},
            409,
            (
                "'go.example/abc' is not a short link: this double has no link domain 'go.example'. Click a link in "
                "a message that was sent: POST /_whoosh/click with its SID, or with the link."
            ),
        ),
        (
            "POST",
            "click",
            {"json": {"link": "SM" + "0" * 32}},
            409,
            f"No message has the SID 'SM{'0' * 32}': GET /_whoosh/messages lists all.",
        ),
        (
            "GET",
            "queue?sender=%2B15557122661",
            {},
            409,
            (
                'Nothing waits in a queue while throughput is "unlimited". Serve with --throughput realistic, or mark '
                'the test with @pytest.mark.whoosh(throughput="realistic").'
            ),
        ),
        (
            "POST",
            "set_concurrency",
            {"json": {"calls": 5}},
            409,
            (
                'API calls are not counted while throughput is "unlimited". Serve with --throughput realistic, or mark '
                'the test with @pytest.mark.whoosh(throughput="realistic").'
            ),
        ),
        (
            "GET",
            "last_code?to=%2B15558675310",
            {},
            409,
            'No message matches {"to": "+15558675310"}: the outbox is empty.',
        ),
    ],
)
def test_a_refusal_has_its_status_and_says_what_to_send(
    control: Controller, method: str, operation: str, how: dict[str, Any], status: int, text: str
) -> None:
    assert control.refusal(method, operation, **how) == (status, text)


def test_an_invalid_number_is_refused(control: Controller) -> None:
    status, text = control.refusal("POST", "travel", data='{"days": NaN}', headers={"Content-Type": "application/json"})

    assert (status, text.partition(": ")[0]) == (400, "The body is not JSON")


def test_a_refused_method_names_the_one_that_is_taken(control: Controller) -> None:
    assert control.request("GET", "settle").headers["Allow"] == "POST"


@pytest.mark.parametrize("origin", ["https://evil.example", "http://localhost:1", "null"])
def test_pages_of_other_sites_may_not_control_a_double(control: Controller, server: Server, origin: str) -> None:
    refusal = control.refusal("POST", "settle", headers={"Origin": origin})

    assert refusal == (403, f"Pages of {origin} may not control this double. Pages of {server.url} may.")


def test_pages_of_the_server_may_control_its_double(control: Controller, server: Server) -> None:
    localhost = Controller(server.url.replace("127.0.0.1", "localhost"))

    for caller in (control, localhost):
        answer = caller.request("POST", "settle", headers={"Origin": caller.url})
        assert answer.status_code == 200


def test_json_is_understood_however_curl_labels_it(control: Controller) -> None:
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    response = control.request("POST", "travel", data='{"days": 1}', headers=headers)

    assert response.json() == {"now": "2030-06-02T09:00:00Z"}


def test_head_is_get_without_the_answer(control: Controller) -> None:
    response = control.request("HEAD", "outbox")

    assert (response.status_code, response.content) == (200, b"")


def test_answers_are_not_kept_by_browsers(control: Controller) -> None:
    assert control.request("GET", "").headers["Cache-Control"] == "no-store"


def test_the_commands_of_the_readme_work(server: Server) -> None:
    if not shutil.which("curl"):
        pytest.skip("needs curl")
    (commands,) = [block.text for block in blocks("sh") if "/_whoosh/" in block.text]

    done = subprocess.run(
        ["bash", "-ec", commands],
        env={**os.environ, "no_proxy": "*", **server.environment},
        capture_output=True,
        text=True,
    )

    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [list(answer) for answer in answers] == [
        ["rule"],
        ["messages", "next"],
        ["now"],
        [],
        ["base_url", "server"],
        list(answers[5]),
        ["message", "webhook", "replies", "twiml", "keyword_answer"],
        ["now"],
    ]
    assert answers[5]["phone_number"] == SENDER


# Lookup and Verify


def test_a_code_of_verify_is_read_over_http(control: Controller, client: Client) -> None:
    service = control.post("add_verify_service", name="Acme", code_length=8)
    started = client.verify.v2.services(service["sid"]).verifications.create(to=PERSON, channel="sms")

    (verification,) = control.get("verifications")["verifications"]
    code = control.get("last_code", to=PERSON)["code"]

    assert verification == {
        "sid": started.sid,
        "service_sid": service["sid"],
        "to": PERSON,
        "channel": "sms",
        "code": code,
        "status": "pending",
        "attempts": 1,
        "wrong_checks": 0,
    }
    assert len(code) == 8


def test_a_number_is_made_a_landline_over_http(control: Controller, client: Client) -> None:
    record = control.post("add_lookup", number=PERSON, line_type="landline")

    found = client.lookups.v2.phone_numbers(PERSON).fetch(fields="line_type_intelligence")

    assert (record["number"], record["line_type"]) == (PERSON, "landline")
    assert found.line_type_intelligence["type"] == "landline"
