"""Faults of the app under test are recorded and bounded, and the double survives them."""

import asyncio
import gc
import os
import sys
import threading
import weakref
from typing import Self

import pytest

from pytest_whoosh import Callback, Whoosh
from tests.conftest import PERSON, SENDER

APP = "https://app.example"
HOOK = f"{APP}/status"
OK = [{"type": "http.response.start", "status": 200, "headers": []}, {"type": "http.response.body", "body": b"fine"}]


@pytest.fixture
def first(whoosh, client):
    """Return the first callback of a message after its delivery to an app."""

    def first(app: object, hook: str = HOOK) -> Callback:
        whoosh.mount(APP, app)
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=hook)
        whoosh.travel(seconds=2)
        return whoosh.callbacks[0]

    return first


def still_works(whoosh: Whoosh) -> bool:
    """True if time moves on, and the next callback arrives."""
    heard = []

    def app(environ, start_response):
        heard.append(environ["PATH_INFO"])
        start_response("204 No Content", [])
        return []

    whoosh.mount(APP, app)
    whoosh.settle()
    return heard == ["/status"] and whoosh.outbox[0].status == "delivered"


def outcome(callback: Callback) -> tuple[int | None, str | None]:
    return callback.response_status, callback.error


# Exceptions of handlers


class Unprintable(Exception):
    def __str__(self) -> str:
        raise ValueError("no text")


def recurse() -> None:
    recurse()


def throw(error: BaseException):
    def act() -> None:
        raise error

    return act


RAISED = {
    "an exception": (throw(LookupError("no order")), "the app raised LookupError: no order (test_faults.py:"),
    "one without a text": (throw(NotImplementedError()), "the app raised NotImplementedError (test_faults.py:"),
    "one whose text fails": (throw(Unprintable()), "the app raised Unprintable: <its text raises ValueError> ("),
    "SystemExit": (lambda: sys.exit(3), "the app raised SystemExit: 3 (test_faults.py:"),
    "GeneratorExit": (throw(GeneratorExit()), "the app raised GeneratorExit (test_faults.py:"),
    "CancelledError": (throw(asyncio.CancelledError()), "the app raised CancelledError (test_faults.py:"),
    "RecursionError": (recurse, "the app raised RecursionError: maximum recursion depth exceeded"),
    "MemoryError": (throw(MemoryError()), "the app raised MemoryError (test_faults.py:"),
    "a group": (
        lambda: throw(ExceptionGroup("many", [OSError("disk")]))(),
        "the app raised ExceptionGroup: many (1 sub-exception) (test_faults.py:",
    ),
    "a long text": (throw(RuntimeError("x" * 10_000_000)), "the app raised RuntimeError: xxx"),
}


@pytest.fixture(params=RAISED)
def raising(request):
    return RAISED[request.param]


def wsgi_that(act):
    def app(environ, start_response):
        act()
        start_response("200 OK", [])
        return [b"fine"]

    return app


def asgi_that(act):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            act()
            for said in OK:
                await send(said)

    return app


@pytest.mark.parametrize("kind", [wsgi_that, asgi_that], ids=["wsgi", "asgi"])
def test_an_exception_of_a_handler_is_recorded(whoosh, first, raising, kind):
    act, expected = raising

    callback = first(kind(act))

    assert callback.response_status == 500
    assert callback.error.startswith(f"11200 HTTP retrieval failure: {expected}")
    assert len(callback.error) < 2_200
    assert still_works(whoosh)


@pytest.mark.parametrize("error", [KeyboardInterrupt, pytest.fail.Exception, pytest.skip.Exception])
@pytest.mark.parametrize("kind", [wsgi_that, asgi_that], ids=["wsgi", "asgi"])
def test_exceptions_that_end_a_test_end_it_from_a_handler_too(whoosh, first, kind, error):
    with pytest.raises(error):
        first(kind(throw(error("enough"))))

    said = f"11200 HTTP retrieval failure: {error.__name__} ended the test before it had answered"
    assert outcome(whoosh.callbacks[0]) == (None, said)
    assert still_works(whoosh)


def test_a_handler_that_raises_while_a_person_writes_is_recorded_too(whoosh):
    whoosh.mount(APP, wsgi_that(lambda: sys.exit("bye")))
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    reply = whoosh.receive("Hello", from_=PERSON, to=SENDER)

    assert reply.message.status == "received"
    assert reply.webhook.error.startswith("11200 HTTP retrieval failure: the app raised SystemExit: bye (")


# Invalid responses


class Parts:
    """A body that counts the parts that were read, and records that it was closed."""

    def __init__(self, part: bytes = b"x" * 65_536) -> None:
        self.part = part
        self.given = 0
        self.closed = False

    def __iter__(self):
        while True:
            self.given += 1
            yield self.part

    def close(self) -> None:
        self.closed = True


def wsgi(status="200 OK", headers=(), body=(b"fine",)):
    def app(environ, start_response):
        start_response(status, list(headers) if isinstance(headers, tuple) else headers)
        return body

    return app


def wsgi_twice(environ, start_response):
    start_response("200 OK", [])
    start_response("500 Oops", [])
    return []


def wsgi_writes_text(environ, start_response):
    start_response("200 OK", [])("text")
    return []


VIOLATION = "11206 HTTP protocol violation: "
RAISES = "11200 HTTP retrieval failure: the app raised "
GARBAGE = {
    "no start_response": (lambda environ, start_response: [b"x"], VIOLATION + "the app never called start_response"),
    "None": (wsgi(body=None), VIOLATION + "the app returned NoneType instead of an iterable of bytes"),
    "text": (wsgi(body="fine"), VIOLATION + "the app returned str instead of an iterable of bytes"),
    "a number": (wsgi(body=7), VIOLATION + "the app returned int instead of an iterable of bytes"),
    "texts": (wsgi(body=["fine"]), RAISES + "TypeError: the body of a response must be bytes, not str"),
    "numbers": (wsgi(body=b"fine"), RAISES + "TypeError: the body of a response must be bytes, not int"),
    "a text written": (wsgi_writes_text, RAISES + "TypeError: the body of a response must be bytes, not str"),
    "a bad status": (wsgi("OK"), RAISES + "ValueError: start_response takes a status such as '200 OK', not 'OK'"),
    "no status": (wsgi(""), RAISES + "ValueError: start_response takes a status such as '200 OK', not ''"),
    "a number for a status": (
        wsgi(200),
        RAISES + "ValueError: start_response takes a status such as '200 OK', not 200",
    ),
    "bytes for a status": (
        wsgi(b"200 OK"),
        RAISES + "ValueError: start_response takes a status such as '200 OK', not b'200 OK'",
    ),
    "headers by name": (
        wsgi(headers={"Content-Type": "text/xml"}),
        RAISES + "TypeError: start_response takes headers as pairs of texts, not 'Content-Type'",
    ),
    "headers of bytes": (
        wsgi(headers=((b"a", b"b"),)),
        RAISES + "TypeError: start_response takes headers as pairs of texts, not (b'a', b'b')",
    ),
    "no headers": (wsgi(headers=None), RAISES + "TypeError: 'NoneType' object is not iterable"),
    "two starts": (
        wsgi_twice,
        RAISES + "RuntimeError: start_response was called a second time, and without exc_info",
    ),
    "a bad redirect": (
        wsgi("302 Found", (("Location", "http://[oops"),)),
        "11100 Invalid URL format: the app redirected to 'http://[oops': Invalid IPv6 URL",
    ),
    "a redirect to no port": (
        wsgi("302 Found", (("Location", "http://app.example:99999/"),)),
        "11100 Invalid URL format: the app redirected to 'http://app.example:99999/': Port out of range 0-65535",
    ),
}


@pytest.mark.parametrize("garbage", GARBAGE)
def test_garbage_from_a_wsgi_app_is_recorded(whoosh, first, garbage):
    app, said = GARBAGE[garbage]

    callback = first(app)

    assert callback.error.partition(" (test_faults.py")[0] == said
    assert still_works(whoosh)


def asgi(*said: object):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            for each in said:
                await send(each)

    return app


def start(**more: object) -> dict[str, object]:
    return {**OK[0], **more}


def body(**more: object) -> dict[str, object]:
    return {**OK[1], **more}


TYPES = "ValueError: an app sends 'http.response.start' or 'http.response.body', not "
ASGI_GARBAGE = {
    "nothing": ([], VIOLATION + "the app sent no response"),
    "None": ([None], RAISES + TYPES + "None"),
    "no type": ([{}], RAISES + TYPES + "None"),
    "another type": ([{"type": "http.respond"}], RAISES + TYPES + "'http.respond'"),
    "a body first": (OK[::-1], RAISES + "RuntimeError: 'http.response.body' came before http.response.start"),
    "no status": (
        [{"type": "http.response.start"}],
        RAISES + "ValueError: the status of a response must be a number such as 200, not None",
    ),
    "a text for a status": (
        [start(status="200")],
        RAISES + "ValueError: the status of a response must be a number such as 200, not '200'",
    ),
    "a status of none": (
        [start(status=7)],
        RAISES + "ValueError: the status of a response must be a number such as 200, not 7",
    ),
    "headers of texts": (
        [start(headers=[("a", "b")])],
        RAISES + "TypeError: the headers of a response must be pairs of bytes, not ('a', 'b')",
    ),
    "headers by name": (
        [start(headers={b"a": b"b"})],
        RAISES + "TypeError: the headers of a response must be pairs of bytes, not (97,)",
    ),
    "no headers": ([start(headers=None)], RAISES + "TypeError: 'NoneType' object is not iterable"),
}


@pytest.mark.parametrize("garbage", ASGI_GARBAGE)
def test_garbage_from_an_asgi_app_is_recorded(whoosh, first, garbage):
    said, expected = ASGI_GARBAGE[garbage]

    callback = first(asgi(*said))

    assert callback.error.partition(" (test_faults.py")[0] == expected
    assert still_works(whoosh)


@pytest.mark.parametrize(
    "said",
    [
        pytest.param([*OK, body(body=b"more")], id="a body after the end"),
        pytest.param([*OK, start(status=500)], id="a second start"),
        pytest.param([OK[0], body(body=b"fine", more_body=True), body(body="text")], id="a text for the rest"),
        pytest.param([OK[0], body(body=bytearray(b"fine"))], id="a bytearray"),
    ],
)
def test_a_complete_asgi_response_counts_despite_later_errors(first, said):
    callback = first(asgi(*said))

    assert (callback.response_status, callback.response_body, callback.error) == (200, "fine", None)


# Endless responses


LONGEST = 128 * 1024


def test_an_endless_response_is_cut_off_at_the_limit(whoosh, first):
    parts = Parts()

    callback = first(wsgi(body=parts))

    assert (parts.given, parts.closed) == (2, True)
    assert len(callback.response_body) == LONGEST
    assert still_works(whoosh)


def test_a_gigabyte_in_one_piece_is_cut_off_too(first):
    callback = first(wsgi(body=[memoryview(bytes(1)).tobytes() * 2**30]))

    assert len(callback.response_body) == LONGEST


def test_written_parts_of_a_response_are_limited_too(first):
    def app(environ, start_response):
        write = start_response("200 OK", [])
        for _ in range(100):
            write(b"x" * 65_536)
        return []

    assert len(first(app).response_body) == LONGEST


def test_an_endless_asgi_response_gets_a_disconnect(whoosh, first):
    raised = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await send(OK[0])
            try:
                while True:
                    await send(body(body=b"x" * 65_536, more_body=True))
            except OSError as error:
                raised.append(str(error))

    callback = first(app)

    assert len(callback.response_body) == LONGEST
    assert raised == ["the response is longer than the client reads, so the client disconnected"]
    assert still_works(whoosh)


def test_the_twiml_of_a_gigabyte_is_refused_as_the_vendor_does(whoosh):
    whoosh.mount(APP, wsgi(headers=(("Content-Type", "text/xml"),), body=Parts()))
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    reply = whoosh.receive("Hello", from_=PERSON, to=SENDER)

    assert reply.webhook.error.startswith("11750 TwiML response body too large: ")


def test_the_response_of_a_real_server_is_cut_off_too(whoosh, client):
    sent = []

    with Endless() as server:
        whoosh.mount(server.url)
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{server.url}/status")
        whoosh.travel(seconds=2)
        sent = server.chunks

    assert len(whoosh.callbacks[0].response_body) == LONGEST
    assert sent < 10_000


class Endless:
    """A real server that sends a response until its client disconnects."""

    def __init__(self) -> None:
        from http.server import BaseHTTPRequestHandler, HTTPServer

        server = self
        self.chunks = 0

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                self.send_response(200)
                self.end_headers()
                try:
                    while True:
                        self.wfile.write(b"x" * 65_536)
                        server.chunks += 1
                except OSError:
                    pass

            def log_message(self, *_: object) -> None:
                pass

        self._httpd = HTTPServer(("127.0.0.1", 0), Handler)
        self._thread = threading.Thread(target=self._httpd.serve_forever, kwargs={"poll_interval": 0.01})
        self.url = f"http://127.0.0.1:{self._httpd.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._httpd.shutdown()
        self._thread.join()
        self._httpd.server_close()


# Slow handlers


TOO_LATE = (None, "11200 HTTP retrieval failure: the app did not answer within 15 seconds")
HANGS = {
    "for ever": lambda: asyncio.Event().wait(),
    "for long": lambda: asyncio.sleep(3600),
    "for long, in a task": lambda: asyncio.create_task(asyncio.sleep(3600)),
    "on a lock that it holds": lambda: take_twice(asyncio.Lock()),
}


async def take_twice(lock: asyncio.Lock) -> None:
    await lock.acquire()
    await lock.acquire()


def asgi_hanging(hang):
    async def app(scope, receive, send):
        assert scope["type"] == "http"
        await hang()

    return app


@pytest.mark.parametrize("hang", HANGS)
def test_an_asgi_handler_that_hangs_fails_at_once(whoosh, first, hang):
    assert outcome(first(asgi_hanging(HANGS[hang]))) == TOO_LATE

    assert still_works(whoosh)


@pytest.mark.parametrize("hang", HANGS)
def test_a_handler_that_hangs_in_the_loop_of_the_test_fails_at_once_too(whoosh, client, hang):
    whoosh.mount(APP, asgi_hanging(HANGS[hang]))
    client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=HOOK)

    asyncio.run(whoosh.asettle())

    assert [outcome(callback) for callback in whoosh.callbacks] == [TOO_LATE, TOO_LATE]
    assert whoosh.outbox[0].status == "delivered"


def test_a_handler_that_hangs_is_called_again_as_its_url_asks(first):
    callback = first(asgi_hanging(HANGS["for ever"]), f"{HOOK}#rc=2&rp=rt&rt=500")

    assert callback.attempts == 3
    assert outcome(callback) == (None, "11200 HTTP retrieval failure: the app did not answer within 0.5 seconds")


def test_a_handler_that_waits_for_a_thread_is_waited_for(first):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            # Longer than it takes to see that a loop stands still.
            await asyncio.to_thread(threading.Event().wait, 0.2)
            for said in OK:
                await send(said)

    assert outcome(first(app)) == (200, None)


def test_a_handler_that_waits_for_a_connection_is_waited_for(first):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            server = await asyncio.start_server(late, "127.0.0.1", 0)
            async with server:
                reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
                assert await reader.read() == b"late"
                writer.close()
                await writer.wait_closed()
            for said in OK:
                await send(said)

    async def late(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(0.1)
        writer.write(b"late")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    assert outcome(first(app)) == (200, None)


def test_a_handler_is_slow_on_the_virtual_clock_by_travelling(whoosh, first):
    amounts = iter([16, 0])
    callback = first(wsgi_that(lambda: whoosh.travel(seconds=next(amounts))))

    late = "11200 HTTP retrieval failure: the app took 16 seconds to answer, and 15 are allowed"
    assert outcome(callback) == (None, late)


def test_an_app_that_hangs_as_it_starts_fails_at_once(whoosh, first):
    async def app(scope, receive, send):
        await asyncio.Event().wait()

    assert outcome(first(app)) == TOO_LATE
    assert still_works(whoosh)


def test_an_app_that_never_shuts_down_does_not_keep_the_double_active(client):
    async def app(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await asyncio.Event().wait()
        for said in OK:
            await send(said)

    with Whoosh() as whoosh:
        whoosh.mount(APP, app)
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=HOOK)
        whoosh.settle()

    assert [outcome(callback) for callback in whoosh.callbacks] == [(200, None), (200, None)]


# Apps that change their loop or their request


def test_a_handler_cannot_close_its_loop(whoosh, first):
    callback = first(asgi_that(lambda: asyncio.get_running_loop().close()))

    assert callback.error.startswith(RAISES + "RuntimeError: Cannot close a running event loop (")
    assert still_works(whoosh)


def test_a_handler_that_stops_its_loop_is_recorded(whoosh, first):
    async def app(scope, receive, send):
        if scope["type"] == "http":
            asyncio.get_running_loop().stop()
            await asyncio.sleep(0)

    callback = first(app)

    assert callback.error.startswith(RAISES + "RuntimeError: Event loop stopped before Future completed.")
    assert still_works(whoosh)


def test_a_task_that_exits_is_recorded(whoosh, first):
    async def leave() -> None:
        sys.exit(1)

    async def app(scope, receive, send):
        if scope["type"] == "http":
            await asyncio.gather(leave())

    callback = first(app)

    assert callback.error.startswith(RAISES + "SystemExit: 1 (test_faults.py:")
    assert still_works(whoosh)


@pytest.mark.filterwarnings("ignore:There is no current event loop:DeprecationWarning")
def test_a_loop_that_was_closed_between_two_webhooks_gives_way_to_another(whoosh, client):
    loops = []

    async def app(scope, receive, send):
        if scope["type"] == "http":
            loops.append(asyncio.get_running_loop())
            for said in OK:
                await send(said)

    whoosh.mount(APP, app)
    client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=HOOK)
    whoosh.travel(seconds=2)
    loops[0].close()

    whoosh.settle()

    assert [outcome(callback) for callback in whoosh.callbacks] == [(200, None), (200, None)]
    assert len(set(loops)) == 2


def test_the_loop_of_a_thread_is_not_touched(first):
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    try:
        first(asgi(*OK))

        assert asyncio.get_event_loop_policy().get_event_loop() is loop
    finally:
        asyncio.set_event_loop(None)
        loop.close()


def test_changes_of_an_app_to_its_request_have_no_effect_elsewhere(whoosh, client):
    def app(environ, start_response):
        environ.clear()
        start_response("503 Busy", [])
        return []

    whoosh.mount(APP, app)
    client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{HOOK}#rc=2&rp=all")
    whoosh.travel(seconds=2)
    callback = whoosh.callbacks[0]
    before = dict(callback.params), dict(callback.headers)

    callback.params.clear()
    callback.headers.clear()

    assert callback.attempts == 3
    assert (dict(whoosh.callbacks[0].params), dict(whoosh.callbacks[0].headers)) == before


def test_a_handler_may_leave_the_double_while_time_moves(client):
    with Whoosh() as whoosh:
        whoosh.mount(APP, wsgi_that(lambda: whoosh.__exit__(None, None, None)))
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=HOOK)

        whoosh.settle()

    assert whoosh.outbox[0].status == "sent"


def test_an_exception_of_a_handler_is_kept_only_as_long_as_its_callback(whoosh, first):
    class Order:
        pass

    kept = []

    def act() -> None:
        order = Order()
        kept.append(weakref.ref(order))
        raise LookupError(order)

    first(wsgi_that(act))
    assert isinstance(whoosh.callbacks[0].exception, LookupError)
    whoosh.reset()
    gc.collect()

    assert kept[0]() is None


# Tests that stop half-way


HALF_WAY = """
import asyncio
import os
import sys

import pytest
from pytest_whoosh import Whoosh
from twilio.rest import Client


@pytest.fixture
def breaks(whoosh):
    whoosh.travel(days=1)
    raise LookupError("half-way")


@pytest.fixture
def own():
    with Whoosh() as double:
        double.travel(days=1)
        yield double
        raise LookupError("after the test")


def test_setup_fails(breaks):
    pass


def test_teardown_fails(own):
    own.assert_nothing_sent()


def test_skips(whoosh):
    whoosh.travel(days=1)
    pytest.skip("not today")


@pytest.mark.xfail(reason="known")
def test_fails_as_expected(whoosh):
    whoosh.travel(days=1)
    assert False


def test_xfails(whoosh):
    whoosh.travel(days=1)
    pytest.xfail("known")


def test_exits(whoosh):
    whoosh.travel(days=1)
    sys.exit(1)


def test_abandons_a_generator(whoosh):
    def nested():
        with Whoosh() as double:
            double.travel(days=1)
            yield double
    next(nested())


async def abandoned():
    with Whoosh() as double:
        await double.atravel(days=1)
        await asyncio.Event().wait()


def test_cancels_a_task():
    async def main():
        task = asyncio.create_task(abandoned())
        await asyncio.sleep(0.01)
        task.cancel()
    asyncio.run(main())


def test_everything_is_as_it_was(whoosh):
    from datetime import datetime, UTC
    assert (datetime.now(UTC) - whoosh.now).total_seconds() < 3600
    Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi")
    whoosh.assert_sent(body="Hi")
    del os.environ["TWILIO_AUTH_TOKEN"]


def test_nothing_is_left():
    assert "TWILIO_AUTH_TOKEN" not in os.environ
    with pytest.raises(Exception, match="without the whoosh fixture"):
        Client("AC" + "0" * 32, "token").messages.create(to="+15558675310", from_="+15557122661", body="Hi")
"""


def test_a_test_may_stop_half_way(pytester, monkeypatch, run_alone):
    for name in ("TWILIO_AUTH_TOKEN", "TWILIO_ACCOUNT_SID"):
        monkeypatch.delenv(name, raising=False)
    pytester.makepyfile(HALF_WAY)

    result = run_alone("-W", "error")

    result.assert_outcomes(passed=5, failed=1, errors=2, skipped=1, xfailed=2)


def test_a_keyboard_interrupt_leaves_nothing_active(pytester, run_alone):
    pytester.makepyfile(
        """
        def test_interrupted(whoosh):
            whoosh.travel(days=1)
            raise KeyboardInterrupt
        """
    )
    pytester.makeconftest(
        """
        import datetime, os, requests
        BEFORE = datetime.datetime, requests.Session.send, os.environ.get("WHOOSH_API_KEY")
        def pytest_unconfigure():
            now = datetime.datetime, requests.Session.send, os.environ.get("WHOOSH_API_KEY")
            print("restored:", [a is b for a, b in zip(BEFORE, now)])
        """
    )

    result = run_alone("-s")

    result.stdout.fnmatch_lines(["*KeyboardInterrupt*", "restored: [[]True, True, True]"])


# Processes and threads of the app's


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_messages_of_a_forked_process_reach_neither_the_vendor_nor_the_parent(whoosh):
    import multiprocessing

    results = multiprocessing.get_context("fork").SimpleQueue()
    process = multiprocessing.get_context("fork").Process(target=_send_in_child, args=(results,))
    process.start()
    process.join(60)

    assert process.exitcode == 0
    assert results.get() == "queued"
    assert len(whoosh.messages) == 0
    results.close()


def _send_in_child(results) -> None:
    from twilio.rest import Client

    results.put(Client().messages.create(to=PERSON, from_=SENDER, body="From a process").status)
