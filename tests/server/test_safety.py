"""The server against hostile patterns, pages, headers and bodies, and against clients that leave."""

import http.client
import socket
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

import pytest

from pytest_whoosh import Server
from pytest_whoosh.server import patterns

from .conftest import Caller
from .controller import Controller

HOSTILE = "(a+)+$"


@pytest.fixture
def control(whoosh_server: Server) -> Controller:
    return Controller(whoosh_server.url)


def test_a_pattern_that_backtracks_for_ever_elsewhere_is_answered(
    call: Caller, control: Controller, messages: str, form: dict[str, str]
) -> None:
    call("POST", messages, {**form, "Body": "a" * 1500 + "!"})

    assert control.get("outbox", **{"body~": HOSTILE})["messages"] == []
    assert control.post("when", match={"body~": HOSTILE}, fail=True)
    assert call("POST", messages, {**form, "Body": "a" * 1500 + "!"}).status == 201


def test_a_pattern_beyond_the_engine_is_refused_with_the_syntax(control: Controller) -> None:
    status, text = control.refusal("GET", "outbox", params={"body~": "(?<=a)b"})

    assert status == 400
    assert text == (
        "'(?<=a)b' is not a regular expression: invalid perl operator: (?<=. "
        "The syntax is RE2's: https://github.com/google/re2/wiki/Syntax"
    )


@pytest.mark.parametrize(
    ("pattern", "problem"),
    [
        ("(" * 20_000 + ")" * 20_000, "A pattern has at most 10,000 characters, and this one has 40,000."),
        ("(a)?" * 2_000, "A pattern has at most 100 parentheses, and this one has 2000."),
        (r"(?:\pL\d?){900}", "pattern too large - compile failed"),
        ("(?:.?){900}", "The pattern '(?:.?){900}' is too large. Repeat less in it."),
    ],
    ids=["long", "groups", "memory", "instructions"],
)
def test_a_slow_pattern_is_refused(control: Controller, pattern: str, problem: str) -> None:
    for method, operation, options in (
        ("POST", "when", {"json": {"match": {"body~": pattern}, "fail": True}}),
        ("POST", "assert_sent", {"json": {"body~": pattern}}),
    ):
        status, text = control.refusal(method, operation, **options)

        assert status == 400
        assert problem in text


def test_the_searches_of_one_request_have_a_limit(
    call: Caller, control: Controller, messages: str, form: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(patterns, "_LONGEST_SEARCH", 0.0)
    for _ in range(2):
        call("POST", messages, form)

    status, text = control.refusal("GET", "outbox", params={"body~": "x+"})

    assert status == 400
    assert text == (
        "The searches for 'x+' took longer than 0 seconds. Write a shorter pattern, or leave out messages with other "
        "keys, such as to= or limit=."
    )


def test_the_searches_of_a_client_that_leaves_end(
    whoosh_server: Server, call: Caller, messages: str, form: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    began, ended = threading.Event(), threading.Event()

    def run(self: patterns.Searches, *args: object) -> None:
        began.set()
        while not self._are_ended:
            time.sleep(0.001)
        ended.set()

    monkeypatch.setattr(patterns.Searches, "run", run)
    call("POST", messages, form)
    parts = urlsplit(whoosh_server.url)
    with socket.create_connection((parts.hostname, parts.port)) as client:
        client.sendall(b"GET /_whoosh/outbox?body~=x HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert began.wait(10)

    assert ended.wait(10)


@pytest.mark.parametrize("path", ["/_whoosh/outbox", "/_whoosh/snapshot", "/_whoosh/events", "/_whoosh/openapi.json"])
@pytest.mark.parametrize(
    "headers",
    [{"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}],
    ids=str,
)
def test_a_page_of_another_site_reads_nothing(call: Caller, path: str, headers: dict[str, str]) -> None:
    assert call("GET", path, headers=headers).status == 403


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_servers_own_page_reads_everything(call: Caller, site: str) -> None:
    assert call("GET", "/_whoosh/outbox", headers={"Sec-Fetch-Site": site}).status == 200


def test_a_link_on_another_site_opens_the_live_page(call: Caller) -> None:
    headers = {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}

    assert call("GET", "/", headers=headers).status == 200


@pytest.mark.parametrize(
    "host", ["[::1", "[zz]", "a b", "a\\@b", "user@127.0.0.1", "127.0.0.1:99999", "127.0.0.1:x", "a/b", "a?b"]
)
@pytest.mark.parametrize("path", ["/_whoosh/", "/v1/Services", "/"])
def test_an_invalid_host_is_refused(call: Caller, host: str, path: str) -> None:
    answer = call.raw(f"GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n".encode())

    assert answer.split(b" ", 2)[1] == b"400"


def test_two_hosts_are_refused(call: Caller) -> None:
    answer = call.raw(b"GET /_whoosh/ HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")

    assert answer.split(b" ", 2)[1] == b"400"


def test_control_characters_are_escaped(call: Caller, messages: str, form: dict[str, str]) -> None:
    body = "\x1b[31m \x85 \u202e \x7f \N{SNOWMAN}"
    call("POST", messages, {**form, "Body": body})

    answer = call("GET", "/_whoosh/outbox")

    assert answer.json()["messages"][0]["body"] == body
    assert answer.body.decode().removesuffix("\n").isprintable()
    assert "\N{SNOWMAN}" in answer.body.decode()


def test_a_travel_stops_when_its_client_leaves(
    whoosh_server: Server, call: Caller, control: Controller, messages: str, form: dict[str, str]
) -> None:
    whoosh = whoosh_server.whoosh
    called, let_go = threading.Event(), threading.Event()

    def app(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
        called.set()
        let_go.wait(10)
        start_response("200 OK", [])
        return []

    whoosh.mount("https://app.example", app)
    call("POST", messages, {**form, "StatusCallback": "https://app.example/status"})
    parts = urlsplit(whoosh_server.url)
    client = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=10)
    client.request("POST", "/_whoosh/settle")
    assert called.wait(10)
    assert control.get("")["is_moving"]

    client.close()
    control.get("")  # the server has seen the end of the connection by now, or sees it while it turns once more
    control.get("")
    let_go.set()
    while control.get("")["is_moving"]:
        pass

    assert [webhook.params["MessageStatus"] for webhook in whoosh.callbacks] == ["sent"]
