"""The fake behind a real server: requests and responses, start and stop, and many clients at once."""

import asyncio
import http.client
import re
import socket
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import freezegun
import pytest
import requests
from twilio.rest import Client

from pytest_whoosh import Server, Whoosh, WhooshError, WhooshHttpClient
from tests.conftest import PERSON

from .conftest import Caller, basic

MANY = 200


# One call


def test_a_message_is_sent_over_http_and_asserted_in_python(
    whoosh_server: Server, whoosh: Whoosh, call: Caller, messages: str, form: dict[str, str]
) -> None:
    answer = call("POST", messages, form)

    assert whoosh_server.whoosh is whoosh
    assert (answer.status, answer.json()["sid"]) == (201, whoosh.assert_sent(to=PERSON, body="Hi").sid)


def test_the_answer_is_the_one_that_the_same_call_gets_in_memory(
    whoosh_server: Server, call: Caller, messages: str, form: dict[str, str]
) -> None:
    whoosh = whoosh_server.whoosh
    call("POST", messages, form)

    over_http = call("GET", messages)
    in_memory = requests.get(f"https://api.twilio.com{messages}", auth=(whoosh.api_key, whoosh.api_secret))

    assert over_http.json() == in_memory.json()
    # One would have a browser ask this machine's other servers for HTTPS too; the others are the server's own.
    own = {"content-length", "date", "server", "strict-transport-security", "twilio-request-id"}
    assert {name.lower(): value for name, value in over_http.headers.items() if name.lower() not in own} == {
        name.lower(): value for name, value in in_memory.headers.items() if name.lower() not in own
    }
    assert over_http.headers["Strict-Transport-Security"] is None


def test_the_rule_that_the_api_is_https_only_does_not_bind_a_server_on_this_machine(
    call: Caller, messages: str
) -> None:
    assert call("GET", messages).status == 200


def test_credentials_are_asked_for(call: Caller, messages: str) -> None:
    connection = call.connect()
    connection.request("GET", messages)

    answer = call.read(connection)

    assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Basic realm="Twilio API"')
    assert answer.json()["code"] == 20003


@pytest.mark.whoosh(credentials="exact", senders="owned")
def test_the_settings_of_the_fixture_hold(call: Caller, messages: str, form: dict[str, str]) -> None:
    stranger = call("POST", messages, form, {"Authorization": "Basic YTpi"})
    not_owned = call("POST", messages, form)

    assert (stranger.status, stranger.json()["code"]) == (401, 20003)
    assert (not_owned.status, not_owned.json()["code"]) == (400, 21659)


# Unusual HTTP


def test_a_connection_is_kept_for_the_next_call(call: Caller, messages: str, form: dict[str, str]) -> None:
    connection = call.connect()
    addresses = set()

    for _ in range(3):
        call.send(connection, "POST", messages, form)
        addresses.add(connection.sock.getsockname())
        assert call.read(connection).status == 201

    assert len(addresses) == 1


def test_calls_may_be_sent_one_after_the_other_without_waiting(
    whoosh_server: Server, call: Caller, messages: str
) -> None:
    get = f"GET {messages}?PageSize={{}} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YTpi\r\n{{}}\r\n"

    answers = call.raw((get.format(1, "") + get.format(2, "") + get.format(3, "Connection: close\r\n")).encode())

    assert [int(size) for size in re.findall(rb'"page_size": (\d+)', answers)] == [1, 2, 3]


def test_a_body_may_be_chunked(whoosh_server: Server, call: Caller, messages: str) -> None:
    def chunks() -> object:
        yield b"To=%2B15558675310&Fr"
        yield b"om=%2B15557122661&Body=Hi"

    answer = requests.post(whoosh_server.url + messages, data=chunks(), auth=("any", "thing"))

    assert answer.status_code == 201
    whoosh_server.whoosh.assert_sent(body="Hi")


def test_a_client_that_expects_100_continue_gets_it(whoosh_server: Server, call: Caller, messages: str) -> None:
    head = (
        f"POST {messages} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic YTpi\r\nExpect: 100-continue\r\n"
        "Content-Length: 44\r\nConnection: close\r\n\r\n"
    )

    answers = call.raw(head.encode() + b"To=%2B15558675310&From=%2B15557122661&Body=Hi"[:44])

    assert re.findall(rb"HTTP/1.1 (\d+ \w+)", answers) == [b"100 Continue", b"201 Created"]


def test_a_long_query_is_read(call: Caller, messages: str) -> None:
    assert call("GET", f"{messages}?To={'0' * 20_000}").status == 200


def test_a_body_of_any_sensible_length_meets_the_vendors_refusal(
    call: Caller, messages: str, form: dict[str, str]
) -> None:
    answer = call("POST", messages, {**form, "Body": "x" * 5_000_000})

    assert (answer.status, answer.json()["code"]) == (400, 21617)


def test_a_body_without_end_is_refused(monkeypatch: pytest.MonkeyPatch, call: Caller, messages: str) -> None:
    monkeypatch.setattr("pytest_whoosh.server.serving.LARGEST_REQUEST", 1000)

    answer = call("POST", messages, {"Body": "x" * 2000})

    assert (answer.status, answer.json()) == (
        413,
        {
            "code": 20413,
            "message": "Request Entity Too Large",
            "more_info": "https://www.twilio.com/docs/errors/20413",
            "status": 413,
        },
    )


@pytest.mark.parametrize(
    ("method", "target", "status", "code"),
    [
        ("GET", "/nothing/here", 404, 20404),
        ("GET", "//evil.example/v1/Services", 404, 20404),
        ("GET", "/../../etc/passwd", 404, 20404),
        ("GET", "/2010-04-01/%ff%00", 404, 20404),
        ("GET", "/2010-04-01/Accounts.json/", 404, 20404),
        ("PATCH", "/v1/Services", 405, 20004),
        ("OPTIONS", "/v1/Services", 405, 20004),
        ("OPTIONS", "*", 404, 20404),
    ],
)
def test_an_unknown_path_is_refused_with_a_document(
    call: Caller, method: str, target: str, status: int, code: int
) -> None:
    answer = call(method, target, headers={"Accept": "text/html"})

    assert answer.status == status
    assert answer.headers["Content-Type"] in ("application/json;charset=utf-8", "application/xml")
    assert str(code) in answer.body.decode()


def test_head_is_answered_without_a_body(call: Caller, messages: str) -> None:
    answer = call("HEAD", messages)

    assert (answer.status, answer.headers["Content-Type"], answer.body) == (405, "application/json;charset=utf-8", b"")


@pytest.mark.parametrize(
    ("sent", "explained"),
    [
        pytest.param(b"hello\r\n\r\n", "Invalid method encountered", id="no request line"),
        pytest.param(
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "Received HTTPS traffic on an HTTP port", id="TLS"
        ),
        pytest.param(b"GET / HTTP/1.1\r\n\r\n", "Missing 'Host' header", id="no host"),
        pytest.param(
            b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", "Invalid char in url path", id="bytes in the path"
        ),
        pytest.param(b"GET http://[/ HTTP/1.1\r\nHost: localhost\r\n\r\n", "http://[/", id="no URL"),
        pytest.param(
            b"POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: x\r\n\r\n",
            "Invalid character in Content-Length",
            id="no length",
        ),
        pytest.param(b"GET /" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n", "Got more than 65536 bytes", id="endless path"),
        pytest.param(
            b"POST /v1/Services HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
            "Invalid character in chunk size",
            id="no chunk",
        ),
    ],
)
def test_malformed_http_is_refused_with_a_document(call: Caller, sent: bytes, explained: str) -> None:
    answer = call.raw(sent)

    head, _, body = answer.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.0 400 Bad Request\r\nContent-Type: application/json\r\n")
    assert body.startswith(b'{"code": 20001, "message": "This is not a valid HTTP request: ' + explained.encode())


def test_a_client_that_uses_the_server_as_https_proxy_is_refused_with_advice(call: Caller) -> None:
    answer = call.raw(b"CONNECT api.twilio.com:443 HTTP/1.1\r\nHost: api.twilio.com:443\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 405 Method Not Allowed\r\n")
    assert b"This server is not a proxy. Set WHOOSH_URL, or the URL that the app calls, to the server's URL." in answer


def test_an_error_of_a_scripted_function_is_reported(
    whoosh_server: Server,
    call: Caller,
    messages: str,
    form: dict[str, str],
    caplog: pytest.LogCaptureFixture,
) -> None:
    def is_long(body: str) -> bool:
        raise RuntimeError("a bug in the test")

    whoosh_server.whoosh.when(body=is_long).reject(21610)

    answer = call("POST", messages, form)

    assert (answer.status, answer.json()["message"]) == (
        500,
        "pytest-whoosh itself failed: RuntimeError: a bug in the test",
    )
    assert 'raise RuntimeError("a bug in the test")' in caplog.text


def test_a_call_that_is_not_faked_is_refused_with_the_text_of_the_error(whoosh_server: Server, call: Caller) -> None:
    path = f"/2010-04-01/Accounts/{whoosh_server.whoosh.account_sid}/Calls.json"

    answer = call("POST", path, {"To": PERSON})

    message = answer.json()["message"]
    assert (answer.status, answer.json()["status"]) == (501, 501)
    assert message.startswith(f"POST https://api.whoosh.totogi.solutions{path} is not faked")
    exec(message.splitlines()[2].strip(), {"whoosh": whoosh_server.whoosh})
    assert call("POST", path, {"To": PERSON}).status == 201


def test_a_rule_answers_the_sdks_calls_to_a_product_that_is_not_faked(whoosh_server: Server, whoosh: Whoosh) -> None:
    client = Client(whoosh.account_sid, whoosh.auth_token, http_client=WhooshHttpClient(whoosh_server.url))
    flows = {"flows": [{"sid": "FW1"}], "meta": {"key": "flows"}}
    whoosh.when_called("GET", "https://studio.twilio.com/v2/Flows").respond(200, flows)

    assert [flow.sid for flow in client.studio.v2.flows.list()] == ["FW1"]


# Scripted faults


def test_a_scripted_disconnect_closes_the_connection_without_an_answer(
    whoosh_server: Server, call: Caller, messages: str, form: dict[str, str]
) -> None:
    whoosh_server.whoosh.when(to=PERSON).times(1).disconnect()

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        call("POST", messages, form)

    whoosh_server.whoosh.assert_nothing_sent()
    assert call("POST", messages, form).status == 201


def test_a_scripted_timeout_keeps_the_connection_open_until_the_client_gives_up(
    whoosh_server: Server, call: Caller, messages: str, form: dict[str, str]
) -> None:
    whoosh_server.whoosh.when(to=PERSON).times(1).timeout()
    connection = call.connect()
    connection.timeout = 0.2

    call.send(connection, "POST", messages, form)

    with pytest.raises(TimeoutError):
        call.read(connection)

    whoosh_server.whoosh.assert_nothing_sent()
    assert call("POST", messages, form).status == 201


def test_a_server_that_stops_releases_waiting_clients(
    whoosh: Whoosh, call_to: Callable[[Server], Caller], form: dict[str, str]
) -> None:
    whoosh.when(to=PERSON).timeout()
    with Server(whoosh) as server:
        call = call_to(server)
        connection = call.connect()
        call.send(connection, "POST", f"/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json", form)
        assert call("GET", "/").status == 200  # the call before has arrived by then

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        call.read(connection)


# Many at once


def test_two_hundred_connections_are_answered_each_with_its_own(
    whoosh_server: Server, call: Caller, messages: str, form: dict[str, str]
) -> None:
    connections = [call.connect() for _ in range(MANY)]
    for number, connection in enumerate(connections):
        call.send(connection, "POST", messages, {**form, "Body": f"Message {number}"})

    answers = [call.read(connection) for connection in connections]

    _require_all_answered(whoosh_server.whoosh, [(answer.status, answer.json()) for answer in answers])


def test_two_hundred_calls_of_threads_with_requests_are_answered_each_with_its_own(
    whoosh_server: Server, messages: str, form: dict[str, str]
) -> None:
    start = threading.Barrier(20)

    def send_ten(first: int) -> list[tuple[int, dict[str, object]]]:
        with requests.Session() as session:
            session.auth = ("any", "thing")
            start.wait()
            answers = [
                session.post(whoosh_server.url + messages, {**form, "Body": f"Message {number}"})
                for number in range(first, first + 10)
            ]
        return [(answer.status_code, answer.json()) for answer in answers]

    with ThreadPoolExecutor(20) as threads:
        answered = [each for ten in threads.map(send_ten, range(0, MANY, 10)) for each in ten]

    _require_all_answered(whoosh_server.whoosh, answered)


def test_two_hundred_tasks_of_aiohttp_are_answered_each_with_its_own(
    whoosh_server: Server, messages: str, form: dict[str, str]
) -> None:
    aiohttp = pytest.importorskip("aiohttp")

    async def send_all() -> list[tuple[int, dict[str, object]]]:
        async def send(number: int) -> tuple[int, dict[str, object]]:
            text = {**form, "Body": f"Message {number}"}
            async with session.post(whoosh_server.url + messages, data=text) as answer:
                return answer.status, await answer.json()

        unlimited = aiohttp.TCPConnector(limit=0)
        credentials = {"Authorization": basic("any:thing")}
        async with aiohttp.ClientSession(headers=credentials, connector=unlimited) as session:
            return await asyncio.gather(*map(send, range(MANY)))

    _require_all_answered(whoosh_server.whoosh, asyncio.run(send_all()))


def _require_all_answered(whoosh: Whoosh, answers: list[tuple[int, dict[str, object]]]) -> None:
    assert [(status, document["body"]) for status, document in answers] == [
        (201, f"Message {number}") for number in range(MANY)
    ]
    assert len({document["sid"] for _, document in answers}) == MANY
    assert {message.sid: message.body for message in whoosh.outbox} == {
        document["sid"]: document["body"] for _, document in answers
    }


# Time


def test_a_handler_of_a_webhook_may_call_the_server_while_time_moves(
    whoosh_server: Server, call: Caller, messages: str, form: dict[str, str]
) -> None:
    seen: list[str] = []

    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        seen.append(call("GET", messages).json()["messages"][0]["status"])
        start_response("204 No Content", [])
        return []

    whoosh_server.whoosh.mount("https://app.example", app)
    call("POST", messages, {**form, "StatusCallback": "https://app.example/status"})

    whoosh_server.whoosh.settle()

    assert seen == ["sent", "delivered"]


def test_a_server_answers_while_another_thread_moves_time(
    whoosh_server: Server, call: Caller, messages: str, form: dict[str, str]
) -> None:
    moving, answered = threading.Event(), threading.Event()

    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        moving.set()
        assert answered.wait(20)
        start_response("204 No Content", [])
        return []

    whoosh_server.whoosh.mount("https://app.example", app)
    call("POST", messages, {**form, "StatusCallback": "https://app.example/status"})

    with ThreadPoolExecutor() as threads:
        settling = threads.submit(call.control, "POST", "settle")
        assert moving.wait(20)
        during = call("POST", messages, {**form, "Body": "During"})
        answered.set()

        assert settling.result().status == 200
    assert during.json()["status"] == "queued"
    whoosh_server.whoosh.assert_sent(body="During", status="delivered")


@pytest.fixture(params=["nobody", "freezegun", "time-machine"])
def frozen_by(request: pytest.FixtureRequest) -> object:
    """Freeze time before the server starts, or let the double freeze it."""
    if request.param == "nobody":
        yield request.param
    elif request.param == "freezegun":
        with freezegun.freeze_time("2030-01-31 09:00:00"):
            yield request.param
    else:
        time_machine = pytest.importorskip("time_machine")
        with time_machine.travel("2030-01-31 09:00:00+00:00", tick=False):
            yield request.param


def test_a_server_keeps_running_while_the_time_of_its_process_is_frozen_and_moved(
    frozen_by: str, whoosh_server: Server, call: Caller, messages: str, form: dict[str, str]
) -> None:
    whoosh = whoosh_server.whoosh
    connection = call.connect()
    statuses = []

    for days in (0, 1, 400):
        whoosh.travel(days=days)
        call.send(connection, "POST", messages, form)
        statuses.append((call.read(connection).status, call.control("POST", "settle").status))
        date = call("GET", messages).json()["messages"][0]["date_created"]
        assert date.startswith(f"{whoosh.now:%a, %d %b %Y}")

    assert statuses == [(201, 200)] * 3


def test_timers_of_the_server_run_on_real_time_while_the_app_is_frozen(
    whoosh_server: Server, call: Caller, messages: str, form: dict[str, str]
) -> None:
    whoosh_server.whoosh.when(to=PERSON).timeout()
    with freezegun.freeze_time("2030-01-31 09:00:00"):
        held = call.connect()
        call.send(held, "POST", messages, form)
        assert call("GET", "/").status == 200

        whoosh_server.stop()  # gives the held connection up

    assert not [thread for thread in threading.enumerate() if thread.name == "whoosh server"]


# Starting and stopping


def test_a_server_listens_on_loopback_at_a_free_port(whoosh: Whoosh) -> None:
    with Server(whoosh) as one, Server(whoosh) as other:
        ports = {urlsplit(server.url).port for server in (one, other)}

        assert one.url == f"http://127.0.0.1:{urlsplit(one.url).port}"
        assert one.ca_file is None
        assert len(ports) == 2


def test_a_server_leaves_nothing_behind(whoosh: Whoosh) -> None:
    threads = set(threading.enumerate())
    with Server(whoosh) as server:
        host, port = urlsplit(server.url).hostname, urlsplit(server.url).port
        idle = socket.create_connection((host or "", port or 0), timeout=10)

    assert idle.recv(1) == b""
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((host or "", port or 0), timeout=10)
    assert set(threading.enumerate()) == threads


def test_a_server_can_start_again_where_it_was(whoosh: Whoosh, call_to: Callable[[Server], Caller]) -> None:
    server = Server(whoosh)
    urls = []
    for _ in range(2):
        with server:
            urls.append(server.url)
            assert call_to(server)("GET", "/").status == 200

    assert urls[0] == urls[1]


def test_a_port_that_is_in_use_is_refused(whoosh: Whoosh) -> None:
    with Server(whoosh) as first:
        second = Server(whoosh, port=urlsplit(first.url).port or 0)

        with pytest.raises(OSError, match="Address already in use"):
            second.start()


def test_a_running_server_does_not_start_twice(whoosh_server: Server) -> None:
    with pytest.raises(WhooshError) as refusal:
        whoosh_server.start()

    assert (
        str(refusal.value) == "This server runs already. Make a second Server, with its own port, to have two at once."
    )


def test_a_server_that_does_not_run_has_no_url(whoosh: Whoosh) -> None:
    with pytest.raises(WhooshError) as refusal:
        _ = Server(whoosh).url

    assert str(refusal.value) == ("This server is not running. Write `with Server(whoosh) as server:` around its use.")


def test_a_double_that_is_not_active_is_not_served() -> None:
    with pytest.raises(WhooshError, match="This double is not active yet"):
        Server(Whoosh()).start()

    assert "whoosh server" not in [thread.name for thread in threading.enumerate()]


def test_a_double_that_has_ended_is_not_served() -> None:
    with Whoosh() as whoosh:
        pass

    with pytest.raises(WhooshError, match="This Whoosh double has ended"):
        Server(whoosh).start()

    assert "whoosh server" not in [thread.name for thread in threading.enumerate()]


def test_stopping_twice_does_no_harm(whoosh: Whoosh) -> None:
    server = Server(whoosh)
    server.start()

    server.stop()
    server.stop()


def test_another_process_finds_the_server_through_its_environment(whoosh_server: Server, whoosh: Whoosh) -> None:
    assert whoosh_server.environment == {
        "WHOOSH_URL": whoosh_server.url,
        "WHOOSH_ACCOUNT_SID": whoosh.account_sid,
        "WHOOSH_API_KEY": whoosh.api_key,
        "WHOOSH_API_SECRET": whoosh.api_secret,
        "TWILIO_ACCOUNT_SID": whoosh.account_sid,
        "TWILIO_AUTH_TOKEN": whoosh.auth_token,
    }


def test_a_double_that_ends_stops_the_travels_that_clients_have_started(
    call_to: Callable[[Server], Caller], form: dict[str, str]
) -> None:
    moving, go_on = threading.Event(), threading.Event()

    def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
        moving.set()
        assert go_on.wait(20)
        start_response("204 No Content", [])
        return []

    with Whoosh(clock="virtual") as whoosh, Server(whoosh) as server:
        whoosh.mount("https://app.example", app)
        call = call_to(server)
        callback = {"StatusCallback": "https://app.example/status"}
        call("POST", f"/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json", {**form, **callback})
        settling = call.connect()
        settling.request("POST", "/_whoosh/settle")
        assert moving.wait(20)
        travelling = [thread for thread in threading.enumerate() if thread.name == "whoosh control"]
    go_on.set()
    for thread in travelling:
        thread.join(20)

    assert not any(thread.is_alive() for thread in travelling)
    assert whoosh.outbox[0].status == "sent"


# The fixture


def test_servers_of_workers_and_of_tests_are_apart(pytester: pytest.Pytester) -> None:
    pytest.importorskip("xdist")
    pytester.makepyfile(
        """
        import pytest, requests

        @pytest.mark.parametrize("n", range(6))
        def test(whoosh_server, whoosh, n):
            assert whoosh_server.whoosh is whoosh
            url = f"{whoosh_server.url}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
            for _ in range(n):
                assert requests.post(url, {"To": "+15558675310", "From": "+15557122661", "Body": "Hi"},
                    auth=(whoosh.api_key, whoosh.api_secret)).status_code == 201
            assert len(whoosh.outbox) == n
        """
    )

    pytester.runpytest_subprocess("-n2", "-W", "error", "-p", "no:asyncio").assert_outcomes(passed=6)


def test_a_marker_sets_the_server_up(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest, requests

        @pytest.mark.whoosh(account_sid="AC" + "0" * 32, credentials="exact")
        def test(whoosh_server, whoosh):
            assert whoosh_server.environment["WHOOSH_ACCOUNT_SID"] == "AC" + "0" * 32
            url = f"{whoosh_server.url}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
            assert requests.get(url, auth=("any", "thing")).status_code == 401
        """
    )

    pytester.runpytest("-W", "error").assert_outcomes(passed=1)


def test_a_test_that_fails_shows_what_other_processes_sent(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import requests

        def test(whoosh_server):
            whoosh = whoosh_server.whoosh
            url = f"{whoosh_server.url}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
            requests.post(url, {"To": "+15558675310", "From": "+15557122661", "Body": "Hi"}, auth=("a", "b"))
            whoosh.assert_nothing_sent()
        """
    )

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(
        [
            "*- whoosh traffic -*",
            "API calls:",
            "  * POST https://api.whoosh.totogi.solutions/2010-04-01/Accounts/AC*/Messages.json -> 201 SM*0001",
            "  SM*0001 +15557122661 -> +15558675310 queued: 'Hi'",
        ]
    )


def test_without_the_extra_the_fixture_says_how_to_get_it(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import sys\nsys.modules['trustme'] = sys.modules['jinja2'] = None")
    pytester.makepyfile("def test(whoosh_server): ...")

    result = pytester.runpytest_subprocess()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(
        ["E   *UsageError: The server needs jinja2 and trustme. Install the extra: pip install *whoosh?server?*"]
    )


def test_without_the_extra_the_class_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("aiohttp", "jinja2", "trustme"):
        monkeypatch.setitem(sys.modules, name, None)

    with pytest.raises(ImportError) as refusal:
        from pytest_whoosh import Server as _  # noqa: F401

    assert str(refusal.value) == (
        'The server needs aiohttp, jinja2 and trustme. Install the extra: pip install "pytest-whoosh[server]".'
    )


@pytest.mark.parametrize("port", [-1, 65536, "8080"])
def test_an_invalid_port_is_refused(whoosh: Whoosh, port: Any) -> None:
    with pytest.raises(ValueError) as refusal:
        Server(whoosh, port=port)

    assert str(refusal.value) == f"port must be a number from 0 to 65535, not {port!r}."


def test_a_test_without_the_server_imports_none_of_its_libraries(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import sys

        def test(whoosh):
            assert not {"aiohttp", "trustme", "jinja2", "cryptography", "pytest_whoosh.server"} & sys.modules.keys()
        """
    )

    pytester.runpytest_subprocess("-p", "no:asyncio", "-p", "no:xdist").assert_outcomes(passed=1)
