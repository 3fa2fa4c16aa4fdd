"""Webhooks are delivered: to WSGI apps in-process, and to real servers."""

import asyncio
import socket
import threading
from datetime import timedelta
from urllib.parse import parse_qsl

import pytest
import requests
from flask import Flask, Response, redirect, request
from freezegun import freeze_time
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from pytest_whoosh import Callback, Whoosh
from tests.conftest import PERSON, SENDER
from tests.interception.conftest import Heard

HOOK = "https://app.example/status"


def send(url: str | None = HOOK, to: str = PERSON, **more: object) -> str:
    callback = {"status_callback": url} if url else {}
    return Client().messages.create(to=to, from_=SENDER, body="Hi", **callback, **more).sid


def deliver_first(whoosh: Whoosh, url: str = HOOK) -> Callback:
    """Send a message, and deliver its first callback."""
    send(url)
    whoosh.travel(seconds=2)
    (callback,) = whoosh.callbacks
    return callback


class Handler:
    """A WSGI app that keeps its requests, and gives the configured responses in turn, then the last one forever."""

    def __init__(self, *answers: str | Exception | tuple[str, dict[str, str]]) -> None:
        self.answers = list(answers or ["204 No Content"])
        self.asked: list[dict[str, object]] = []

    def __call__(self, environ, start_response):
        self.asked.append({**environ, "body": environ["wsgi.input"].read()})
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        status, headers = answer if isinstance(answer, tuple) else (answer, {})
        start_response(status, list(headers.items()))
        return [b"answer"]

    def seen(self, *names: str) -> list[object]:
        return [tuple(asked.get(name) for name in names) for asked in self.asked]


@pytest.fixture
def handler(whoosh: Whoosh) -> Handler:
    handler = Handler()
    whoosh.mount("https://app.example", handler)
    return handler


# Requests to a WSGI app


def test_a_flask_app_gets_a_signed_form(whoosh):
    app, heard = Flask(__name__), []

    @app.post("/status")
    def status() -> tuple[str, int]:
        valid = RequestValidator(whoosh.auth_token).validate(
            request.url, request.form, request.headers["X-Twilio-Signature"]
        )
        heard.append((request.form["MessageStatus"], request.mimetype, request.user_agent.string, valid))
        return "", 204

    whoosh.mount("https://app.example", app)
    send()
    whoosh.settle()

    form = "application/x-www-form-urlencoded"
    assert heard == [("sent", form, "TwilioProxy/1.1", True), ("delivered", form, "TwilioProxy/1.1", True)]
    assert [callback.response_status for callback in whoosh.callbacks] == [204, 204]


def test_a_bare_wsgi_app_gets_the_standard_environment(whoosh, handler):
    deliver_first(whoosh, "https://app.example/a%20b/status?q=%C3%A9")

    (asked,) = handler.asked
    names = ["REQUEST_METHOD", "SCRIPT_NAME", "PATH_INFO", "QUERY_STRING", "SERVER_NAME", "SERVER_PORT", "HTTP_HOST"]
    assert {name: asked[name] for name in names} == {
        "REQUEST_METHOD": "POST",
        "SCRIPT_NAME": "",
        "PATH_INFO": "/a b/status",
        "QUERY_STRING": "q=%C3%A9",
        "SERVER_NAME": "app.example",
        "SERVER_PORT": "443",
        "HTTP_HOST": "app.example",
    }
    assert (asked["wsgi.url_scheme"], asked["CONTENT_LENGTH"]) == ("https", str(len(asked["body"])))
    assert b"MessageStatus=sent" in asked["body"]


def test_a_wsgi_app_passes_the_checks_of_the_standard_library(whoosh):
    from wsgiref.validate import validator

    def app(environ, start_response):
        environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        start_response("200 OK", [("Content-Type", "text/plain")])
        return [b"fine"]

    whoosh.mount("https://app.example", validator(app))

    callback = deliver_first(whoosh)

    assert (callback.response_status, callback.response_body, callback.error) == (200, "fine", None)


def test_an_app_may_stream_its_answer_and_is_closed_after_it(whoosh):
    closed = []

    class Stream:
        def __iter__(self):
            yield b"caf"
            yield "é".encode()

        def close(self):
            closed.append(True)

    def app(environ, start_response):
        write = start_response("200 OK", [])
        write(b"<")
        return Stream()

    whoosh.mount("https://app.example", app)

    assert deliver_first(whoosh).response_body == "<café"
    assert closed == [True]


@pytest.mark.parametrize(
    "url",
    [
        "https://app.example/status",
        "https://app.example:443/status",
        "https://app.example:8443/status",
        "http://app.example:80/status",
        "http://app.example:8080/status",
        "https://app.example/status?a=1&b=%C3%A9&empty=",
        "https://app.example/st%C3%A4tus/",
        "https://app.example",
        "https://app.example/?next=%2Fhome+page",
        "https://app.example/status?#rc=2&rp=all",
        "https://user:secret@app.example/status",
    ],
)
def test_the_signature_that_arrives_is_valid_for_the_url_that_arrives(whoosh, url):
    handler = Handler()
    scheme, _, rest = url.partition("://")
    origin = rest.rpartition("@")[2].partition("/")[0].partition("?")[0]
    whoosh.mount(f"{scheme}://{origin}", handler)

    callback = deliver_first(whoosh, url)

    requested = url.partition("#")[0].replace("user:secret@", "")
    ((signature,),) = handler.seen("HTTP_X_TWILIO_SIGNATURE")
    assert callback.url == url
    assert signature == callback.signature
    assert RequestValidator(whoosh.auth_token).validate(requested, callback.params, signature)


def test_nothing_of_a_fragment_reaches_the_app(whoosh, handler):
    deliver_first(whoosh, "https://app.example/status?a=1#rc=2")

    assert handler.seen("PATH_INFO", "QUERY_STRING") == [("/status", "a=1")]


# The app that receives a webhook


@pytest.mark.parametrize(
    ("base", "url", "covered"),
    [
        ("https://app.example", "https://app.example/status", True),
        ("https://app.example/", "https://app.example/status", True),
        ("https://app.example", "https://app.example", True),
        ("https://APP.example", "https://app.EXAMPLE/status", True),
        ("https://app.example:443", "https://app.example/status", True),
        ("http://app.example", "http://app.example:80/status", True),
        ("https://app.example", "https://user:pass@app.example/status", True),
        ("https://app.example/hooks", "https://app.example/hooks/status", True),
        ("https://app.example/hooks/", "https://app.example/hooks?q", True),
        ("https://app.example/hooks", "https://app.example/hooks2/status", False),
        ("https://app.example/hooks", "https://app.example/status", False),
        ("https://app.example", "http://app.example/status", False),
        ("https://app.example", "https://app.example:8443/status", False),
        ("https://app.example", "https://www.app.example/status", False),
        ("https://app.example", "https://app.example.org/status", False),
    ],
)
def test_an_app_answers_below_its_base_url(whoosh, base, url, covered):
    handler = Handler()
    whoosh.mount(base, handler)

    callback = deliver_first(whoosh, url)

    assert (len(handler.asked), callback.attempts) == ((1, 1) if covered else (0, 0))


@pytest.mark.parametrize("order", [1, -1], ids=["longest last", "longest first"])
def test_the_longest_base_url_wins(whoosh, order):
    handlers = {"": Handler(), "/hooks": Handler(), "/hooks/sms": Handler()}
    for path in list(handlers)[::order]:
        whoosh.mount(f"https://app.example{path}", handlers[path])

    deliver_first(whoosh, "https://app.example/hooks/sms/status")

    assert [len(handler.asked) for handler in handlers.values()] == [0, 0, 1]


def test_mounting_again_replaces(whoosh):
    first, second = Handler(), Handler()
    whoosh.mount("https://app.example", first)
    whoosh.mount("https://app.example/", second)

    deliver_first(whoosh)

    assert (len(first.asked), len(second.asked)) == (0, 1)


def test_a_callback_without_a_mount_is_only_recorded(whoosh):
    callback = deliver_first(whoosh)

    assert (callback.attempts, callback.response_status, callback.response_body, callback.error) == (
        0,
        None,
        None,
        None,
    )
    assert "answered" not in whoosh.traffic()
    assert f"sent        SM…0001 POST {HOOK}  not delivered: nothing is mounted there" in whoosh.traffic()


@pytest.mark.parametrize(
    ("base", "app", "error", "text"),
    [
        (
            "app.example",
            None,
            ValueError,
            "mount() takes a base URL such as \"https://app.example\", not 'app.example'.",
        ),
        (
            "ftp://app.example",
            None,
            ValueError,
            "mount() takes a base URL such as \"https://app.example\", not 'ftp://app.example'.",
        ),
        (
            "https://app.example?city=Oslo",
            None,
            ValueError,
            "mount() takes a base URL such as \"https://app.example\", not 'https://app.example?city=Oslo'.",
        ),
        (
            print,
            "https://app.example",
            ValueError,
            (
                'mount() takes a base URL such as "https://app.example", not <built-in function print>. '
                'Write whoosh.mount("https://app.example", app).'
            ),
        ),
        (
            "https://app.example",
            "app",
            TypeError,
            "mount() takes a WSGI or ASGI application. 'app' cannot be called.",
        ),
    ],
    ids=["no scheme", "another scheme", "a query", "the other way around", "no app"],
)
def test_an_object_that_is_not_an_app_is_refused(whoosh, base, app, error, text):
    with pytest.raises(error) as refused:
        whoosh.mount(base, app)

    assert str(refused.value) == text


@pytest.mark.parametrize(
    ("app", "server", "error", "text"),
    [
        (
            None,
            "localhost:8000",
            ValueError,
            "mount() takes as server= a URL such as \"http://127.0.0.1:8000\", not 'localhost:8000'.",
        ),
        (
            print,
            "http://127.0.0.1:8000",
            TypeError,
            "mount() takes an app, or a server that answers for the base URL: not both.",
        ),
    ],
    ids=["no URL", "an app too"],
)
def test_an_invalid_server_for_a_url_is_refused(whoosh, app, server, error, text):
    with pytest.raises(error) as refused:
        whoosh.mount("https://app.example", app, server=server)

    assert str(refused.value) == text


# Errors


def outcome(callback: Callback) -> tuple[int | None, int | None, str | None]:
    return callback.response_status, callback.error.code if callback.error else None, callback.error


@pytest.mark.parametrize(
    ("answer", "status", "error"),
    [
        ("200 OK", 200, None),
        ("204 No Content", 204, None),
        ("304 Not Modified", 304, None),
        ("400 Bad Request", 400, "11200 HTTP retrieval failure: the app answered 400"),
        ("404 Not Found", 404, "11200 HTTP retrieval failure: the app answered 404"),
        ("500 Internal Server Error", 500, "11200 HTTP retrieval failure: the app answered 500"),
        ("503 Service Unavailable", 503, "11200 HTTP retrieval failure: the app answered 503"),
        ("299", 299, None),
    ],
)
def test_an_answer_is_recorded_and_never_raised(whoosh, handler, answer, status, error):
    handler.answers = [answer]

    callback = deliver_first(whoosh)

    assert outcome(callback) == (status, 11200 if error else None, error)
    assert (callback.response_body, callback.attempts) == ("answer", 1)
    whoosh.settle()
    assert whoosh.outbox.one().status == "delivered"


def test_an_exception_is_recorded_with_its_place_and_never_raised(whoosh, handler):
    handler.answers = [KeyError("MessageSid")]

    callback = deliver_first(whoosh)

    status, code, error = outcome(callback)
    assert (status, code, callback.response_body) == (500, 11200, None)
    assert error.startswith("11200 HTTP retrieval failure: the app raised KeyError: 'MessageSid' (test_courier.py:")
    assert error in whoosh.traffic()


def test_an_assertion_in_a_handler_is_recorded_too(whoosh, handler):
    handler.answers = [AssertionError("sent == delivered")]

    assert "the app raised AssertionError: sent == delivered" in deliver_first(whoosh).error


def test_an_app_that_answers_without_starting_is_no_http(whoosh):
    whoosh.mount("https://app.example", lambda environ, start_response: [b"?"])

    callback = deliver_first(whoosh)

    assert outcome(callback)[:2] == (None, 11206)
    assert callback.error.endswith(": the app never called start_response")


def test_a_failure_in_a_handler_does_not_stop_the_others(whoosh, handler):
    handler.answers = [ValueError("first"), "204 No Content"]

    send()
    whoosh.settle()

    assert [callback.response_status for callback in whoosh.callbacks] == [500, 204]


# Attempts


@pytest.mark.parametrize(
    ("fragment", "answer", "attempts"),
    [
        ("", "500 Internal Server Error", 1),
        ("", "404 Not Found", 1),
        ("#rp=5xx", "500 Internal Server Error", 2),
        ("#rp=5xx", ValueError("boom"), 2),
        ("#rp=5xx", "404 Not Found", 1),
        ("#rp=4xx", "404 Not Found", 2),
        ("#rp=4xx,5xx&rc=3", "500 Internal Server Error", 4),
        ("#rc=5&rp=all", "404 Not Found", 6),
        ("#rc=0&rp=all", "404 Not Found", 1),
        ("#rc=6&rp=all", "404 Not Found", 2),
        ("#rc=2&rp=all", "204 No Content", 1),
        ("#rc=2", "500 Internal Server Error", 1),
        ("#sni=y&e=ashburn&rc=2&rp=all", "404 Not Found", 3),
    ],
)
def test_a_failure_is_tried_again_as_the_url_says(whoosh, handler, fragment, answer, attempts):
    handler.answers = [answer]

    callback = deliver_first(whoosh, HOOK + fragment)

    assert (callback.attempts, len(handler.asked)) == (attempts, attempts)


def test_an_attempt_that_succeeds_ends_it(whoosh, handler):
    handler.answers = ["503 Service Unavailable", ValueError("boom"), "204 No Content"]

    callback = deliver_first(whoosh, f"{HOOK}#rc=5&rp=5xx")

    assert (callback.attempts, *outcome(callback)) == (3, 204, None, None)
    assert "answered 204 after 3 attempts" in whoosh.traffic()


def test_every_attempt_has_the_same_token_signature_and_body(whoosh, handler):
    handler.answers = ["500 Internal Server Error"]

    deliver_first(whoosh, f"{HOOK}#rc=2&rp=5xx")

    seen = handler.seen("HTTP_I_TWILIO_IDEMPOTENCY_TOKEN", "HTTP_X_TWILIO_SIGNATURE", "body")
    assert len(seen) == 3
    assert len(set(seen)) == 1


def test_two_callbacks_have_different_tokens(whoosh, handler):
    send()
    whoosh.settle()

    assert len(set(handler.seen("HTTP_I_TWILIO_IDEMPOTENCY_TOKEN"))) == 2


def test_an_unknown_retry_policy_is_reported_and_the_default_holds(whoosh, handler):
    handler.answers = ["500 Internal Server Error"]

    callback = deliver_first(whoosh, f"{HOOK}#rc=3&rp=sometimes")

    assert callback.attempts == 1
    assert callback.error == (
        "11243 HTTP retry policy is invalid: retry policy 'sometimes' is not one of 4xx, 5xx, all, ct, rt"
    )


# Slow handlers, on the virtual clock


@pytest.mark.parametrize(
    ("fragment", "seconds", "attempts", "timed_out"),
    [
        ("", 15, 1, False),
        ("", 16, 1, True),
        ("#rt=5000", 5, 1, False),
        ("#rt=5000", 6, 1, True),
        ("#rt=5000&rp=rt", 6, 2, True),
        ("#rt=5000&rp=rt&rc=5", 6, 3, True),
        ("#rt=5000&rp=rt&rc=5&tt=6000", 6, 1, True),
    ],
    ids=["in time", "late", "own limit", "late for it", "again", "until the total is spent", "own total"],
)
def test_a_handler_that_takes_too_long_times_out(fragment, seconds, attempts, timed_out):
    with freeze_time("2026-03-05 12:00:00") as clock, Whoosh() as whoosh:

        def slow(environ, start_response):
            clock.tick(timedelta(seconds=seconds))
            start_response("204 No Content", [])
            return []

        whoosh.mount("https://app.example", slow)
        send(HOOK + fragment)
        whoosh.travel(seconds=2)
        # The time that the handler took has passed, so the next callback may have been sent too.
        callback = whoosh.callbacks[0]

        limit = 5 if "rt=5000" in fragment else 15
        assert callback.attempts == attempts
        assert outcome(callback)[:2] == ((None, 11200) if timed_out else (204, None))
        if timed_out:
            assert callback.error.endswith(f": the app took {seconds} seconds to answer, and {limit} are allowed")


# Redirects and credentials


@pytest.mark.parametrize(
    ("status", "method", "has_body"),
    [("302 Found", "GET", False), ("301 Moved", "GET", False), ("307 Temporary Redirect", "POST", True)],
)
def test_a_redirect_is_followed(whoosh, handler, status, method, has_body):
    handler.answers = [(status, {"Location": "/elsewhere?a=1"}), "204 No Content"]

    callback = deliver_first(whoosh)

    assert handler.seen("REQUEST_METHOD", "PATH_INFO", "QUERY_STRING") == [
        ("POST", "/status", ""),
        (method, "/elsewhere", "a=1"),
    ]
    assert bool(handler.asked[1]["body"]) is has_body
    assert (callback.attempts, callback.response_status) == (1, 204)


def test_a_redirect_may_lead_to_another_app(whoosh, handler):
    other = Handler()
    whoosh.mount("https://other.example", other)
    handler.answers = [("308 Permanent Redirect", {"location": "https://other.example/status"})]

    callback = deliver_first(whoosh)

    assert (len(handler.asked), len(other.asked), callback.response_status) == (1, 1, 204)


def test_a_redirect_to_a_url_without_a_mount_is_the_response(whoosh, handler):
    handler.answers = [("302 Found", {"Location": "https://nobody.example/"})]

    assert outcome(deliver_first(whoosh)) == (302, None, None)


def test_a_redirect_loop_ends(whoosh, handler):
    handler.answers = [("302 Found", {"Location": "/status"})]

    callback = deliver_first(whoosh)

    assert (callback.error.code, len(handler.asked)) == (11215, 6)
    assert callback.error.endswith(": the app redirected more than 5 times")


def test_a_redirect_to_no_url_is_an_error(whoosh, handler):
    handler.answers = [("302 Found", {"Location": "http://["})]

    callback = deliver_first(whoosh)

    assert callback.error == "11100 Invalid URL format: the app redirected to 'http://[': Invalid IPv6 URL"


def test_the_credentials_in_a_url_are_shown_once_they_are_asked_for(whoosh, handler):
    handler.answers = [("401 Unauthorized", {"WWW-Authenticate": "Basic"}), "204 No Content"]

    callback = deliver_first(whoosh, "https://user:p%40ss@app.example/status")

    assert handler.seen("HTTP_AUTHORIZATION", "HTTP_HOST") == [
        (None, "app.example"),
        ("Basic dXNlcjpwQHNz", "app.example"),
    ]
    assert (callback.attempts, callback.response_status) == (1, 204)


def test_wrong_credentials_are_an_error(whoosh, handler):
    handler.answers = ["401 Unauthorized"]

    callback = deliver_first(whoosh, "https://user:pass@app.example/status")

    assert outcome(callback) == (401, 11200, "11200 HTTP retrieval failure: the app answered 401")
    assert len(handler.asked) == 2


# The moment and the order of webhooks


def test_webhooks_never_leave_inside_an_api_call(whoosh, handler):
    sid = send()
    Client().messages(sid).fetch()
    Client().messages.list()

    assert handler.asked == []


def test_webhooks_do_not_leave_inside_an_api_call_that_finds_time_moved(whoosh, handler, freezer):
    sid = send()
    freezer.tick(timedelta(minutes=1))

    assert Client().messages(sid).fetch().status == "delivered"
    assert handler.asked == []

    assert [callback.response_status for callback in whoosh.callbacks] == [204, 204]


def test_a_canceled_message_reports_when_time_moves(whoosh, handler):
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    message = Client().messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(days=1),
        status_callback=HOOK,
    )
    message.update(status="canceled")
    assert handler.asked == []

    whoosh.settle()

    assert [b"MessageStatus=canceled" in asked["body"] for asked in handler.asked] == [True]


@pytest.mark.whoosh(clock="frozen")
def test_webhooks_leave_in_the_order_of_time_and_then_of_creation(whoosh):
    order = []

    def app(environ, start_response):
        form = dict(part.split("=") for part in environ["wsgi.input"].read().decode().split("&"))
        order.append((form["MessageSid"], form["MessageStatus"], whoosh.now))
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)
    start = whoosh.now
    first, second = send(), send()
    whoosh.travel(seconds=1)
    third = send()
    whoosh.settle()

    assert [(sid, status, (at - start).total_seconds()) for sid, status, at in order] == [
        (first, "sent", 2),
        (second, "sent", 2),
        (third, "sent", 3),
        (first, "delivered", 4),
        (second, "delivered", 4),
        (third, "delivered", 5),
    ]


def test_a_handler_may_call_the_api(whoosh):
    app, seen = Flask(__name__), []

    @app.post("/status")
    def status() -> Response:
        sid = request.form["MessageSid"]
        seen.append((request.form["MessageStatus"], Client().messages(sid).fetch().status))
        if len(seen) == 1:
            send(url=None, to="+15558675311")
        return Response(status=204)

    whoosh.mount("https://app.example", app)
    send()
    whoosh.settle()

    assert seen == [("sent", "sent"), ("delivered", "delivered")]
    assert [message.status for message in whoosh.outbox] == ["delivered", "delivered"]
    first, second = whoosh.outbox
    assert second.date_created == first.date_sent
    assert [callback.response_status for callback in whoosh.callbacks] == [204, 204]


def test_a_handler_may_call_the_api_from_a_thread(whoosh):
    seen = []

    def app(environ, start_response):
        thread = threading.Thread(target=lambda: seen.append(len(Client().messages.list())))
        thread.start()
        thread.join()
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)

    assert deliver_first(whoosh).response_status == 204
    assert seen == [1]


def test_a_handler_may_send_on_every_callback_until_it_stops(whoosh):
    app = Flask(__name__)

    @app.post("/status")
    def status() -> Response:
        if request.form["MessageStatus"] == "delivered" and len(whoosh.outbox) < 4:
            send()
        return redirect("/done", 303)

    @app.get("/done")
    def done() -> str:
        return "done"

    whoosh.mount("https://app.example", app)
    send()
    whoosh.settle()

    assert [message.status for message in whoosh.outbox] == ["delivered"] * 4
    assert {callback.response_body for callback in whoosh.callbacks} == {"done"}


# Real servers


def test_webhooks_are_posted_to_a_mounted_server(whoosh, server):
    whoosh.mount(server.url)

    callback = deliver_first(whoosh, f"{server.url}/status?a=1#rc=0")

    (heard,) = server.heard
    assert (heard.method, heard.path) == ("POST", "/status?a=1")
    assert RequestValidator(whoosh.auth_token).validate(
        f"{server.url}/status?a=1", callback.params, heard.headers["X-Twilio-Signature"]
    )
    assert heard.headers["User-Agent"] == "TwilioProxy/1.1"
    assert heard.headers["Content-Type"] == "application/x-www-form-urlencoded; charset=UTF-8"
    assert outcome(callback) == (200, None, None)
    assert callback.response_body == "from the real server"


@pytest.mark.parametrize("asynchronously", [False, True], ids=["settle", "asettle"])
def test_a_real_server_answers_for_a_public_url(whoosh, server, asynchronously):
    whoosh.mount("https://app.example", server=f"{server.url}/proxied/")
    send("https://app.example/status?id=7#rc=2")

    if asynchronously:
        asyncio.run(whoosh.asettle())
    else:
        whoosh.settle()

    heard = server.heard[0]
    assert (heard.path, heard.headers["Host"]) == ("/proxied/status?id=7", "app.example")
    assert (heard.headers["X-Forwarded-Host"], heard.headers["X-Forwarded-Proto"]) == ("app.example", "https")
    assert RequestValidator(whoosh.auth_token).validate(
        "https://app.example/status?id=7", dict(parse_qsl(heard.body.decode())), heard.headers["X-Twilio-Signature"]
    )


@pytest.mark.whoosh(callbacks="http")
def test_every_url_is_posted_to_if_callbacks_is_http(whoosh, server):
    assert deliver_first(whoosh, f"{server.url}/status").response_status == 200


@pytest.mark.whoosh(callbacks="http")
def test_a_mounted_app_takes_precedence_over_the_network(whoosh, handler, server):
    deliver_first(whoosh)

    assert (len(handler.asked), server.heard) == (1, [])


def test_a_real_server_that_fails_is_recorded(whoosh, server):
    whoosh.mount(server.url)
    server.answer = lambda heard: (500, {}, b"sorry")

    callback = deliver_first(whoosh, f"{server.url}/#rc=2&rp=5xx")

    assert (callback.attempts, len(server.heard), callback.response_body) == (3, 3, "sorry")
    assert outcome(callback) == (500, 11200, "11200 HTTP retrieval failure: the app answered 500")


def test_a_redirect_of_a_real_server_is_followed(whoosh, server):
    def answer(heard: Heard) -> tuple[int, dict[str, str], bytes]:
        return (302, {"Location": "/done"}, b"") if heard.method == "POST" else (200, {}, b"done")

    server.answer = answer
    whoosh.mount(server.url)

    assert deliver_first(whoosh, f"{server.url}/").response_body == "done"


def test_credentials_are_shown_to_a_real_server_once_it_asks(whoosh, server):
    server.answer = lambda heard: (200 if "Authorization" in heard.headers else 401, {}, b"")
    whoosh.mount(server.url)

    callback = deliver_first(whoosh, server.url.replace("//", "//user:pass@"))

    assert callback.response_status == 200
    assert [heard.headers.get("Authorization") for heard in server.heard] == [None, "Basic dXNlcjpwYXNz"]


@pytest.fixture
def closed_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return listener.getsockname()[1]


@pytest.mark.parametrize(("fragment", "attempts"), [("", 2), ("#rc=0", 1), ("#rc=3", 4), ("#rp=5xx", 1)])
def test_a_refused_connection_is_retried_once_unless_the_url_configures_retries(
    whoosh, closed_port, fragment, attempts
):
    whoosh.mount(f"http://127.0.0.1:{closed_port}")

    callback = deliver_first(whoosh, f"http://127.0.0.1:{closed_port}/{fragment}")

    assert (callback.attempts, *outcome(callback)[:2]) == (attempts, None, 11205)
    assert "refused" in callback.error


def test_a_name_that_does_not_resolve_is_recorded(whoosh, monkeypatch):
    def unknown(*_: object, **__: object) -> None:
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    whoosh.mount("https://nobody.example")

    callback = deliver_first(whoosh, "https://nobody.example/status")

    assert (callback.attempts, callback.error.code) == (2, 11210)


def test_a_server_that_speaks_no_http_is_recorded(whoosh):
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def babble() -> None:
            for _ in range(2):
                connection, _address = listener.accept()
                with connection:
                    connection.recv(10_000)
                    connection.sendall(b"220 mail.example ESMTP\r\n")

        thread = threading.Thread(target=babble)
        thread.start()
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        whoosh.mount(url)
        callback = deliver_first(whoosh, f"{url}/")
        if callback.attempts == 1:
            socket.create_connection(listener.getsockname()).close()
        thread.join()

    assert outcome(callback)[:2] == (None, 11206)


def test_a_server_without_tls_is_recorded(whoosh, server):
    url = server.url.replace("http://", "https://")
    whoosh.mount(url)

    callback = deliver_first(whoosh, f"{url}/#rc=0")

    assert callback.error.code == 11220


@pytest.mark.whoosh(callbacks="http")
def test_a_mock_of_requests_does_not_receive_the_webhooks(whoosh, server):
    import responses

    with responses.RequestsMock() as mock:
        assert deliver_first(whoosh, f"{server.url}/status").response_status == 200
        assert list(mock.calls) == []
        with pytest.raises(requests.exceptions.ConnectionError):
            requests.get(server.url)


def test_a_proxy_in_the_environment_is_not_asked(whoosh, server, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    whoosh.mount(server.url)

    assert deliver_first(whoosh, f"{server.url}/").response_status == 200
