"""No response of an app keeps a test waiting forever, and ambiguous URLs are refused."""

import asyncio
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import pytest
from twilio.rest import Client

from pytest_whoosh import Callback, Whoosh
from pytest_whoosh.delivery import asgi as asgi_module
from pytest_whoosh.delivery import failures, loops, steps, watchdog
from pytest_whoosh.delivery.real_time import DEBUGGING
from tests.conftest import PERSON, SENDER

HOOK = "https://app.example/status"


def first_callback(whoosh: Whoosh, url: str = HOOK) -> Callback:
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=url)
    whoosh.travel(seconds=2)
    return whoosh.callbacks[0]


# Endless responses

EMPTY = "the app's response has 10,000 empty parts in a row, and no end"


def streaming_wsgi(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterator[bytes]:
    start_response("200 OK", [])
    while True:
        yield b""


def writing_wsgi(environ: dict[str, Any], start_response: Callable[..., Any]) -> list[bytes]:
    write = start_response("200 OK", [])
    while True:
        write(b"")


async def asgi(scope: dict[str, Any], receive: object, send: Callable[..., Any]) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 200, "headers": []})
    while True:
        await send({"type": "http.response.body", "body": b"", "more_body": True})


async def asgi_that_catches(scope: dict[str, Any], receive: object, send: Callable[..., Any]) -> None:
    try:
        await asgi(scope, receive, send)
    except Exception as error:
        if scope["type"] != "http":
            raise
        del error


@pytest.mark.parametrize("app", [streaming_wsgi, writing_wsgi, asgi, asgi_that_catches])
def test_empty_parts_for_ever_are_counted(whoosh: Whoosh, app: Any) -> None:
    whoosh.mount("https://app.example", app)

    callback = first_callback(whoosh)

    assert callback.error == f"11200 HTTP retrieval failure: {EMPTY}"
    assert callback.response_status is None


def test_a_stream_that_takes_longer_than_the_vendor_waits_is_aborted(
    whoosh: Whoosh, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter(range(0, 1000, 4))

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterator[bytes]:
        start_response("200 OK", [])
        while True:
            yield b"."

    whoosh.mount("https://app.example", app)
    monkeypatch.setattr(failures, "real_seconds", lambda: float(next(ticks)))

    callback = first_callback(whoosh)

    assert callback.error == ("11200 HTTP retrieval failure: the app's response was not complete within 15 seconds")


@pytest.fixture
def dripping() -> Iterator[Callable[[bytes], str]]:
    """A server that sends a beginning, and then one byte after the other without end."""
    stopped = threading.Event()
    listeners: list[socket.socket] = []

    def drip(listener: socket.socket, beginning: bytes) -> None:
        connection, _ = listener.accept()
        with connection:
            try:
                connection.sendall(beginning)
                while not stopped.wait(0.01):
                    connection.sendall(b"a")
            except OSError:
                pass

    def start(beginning: bytes) -> str:
        listener = socket.create_server(("127.0.0.1", 0))
        listeners.append(listener)
        threading.Thread(target=drip, args=(listener, beginning), daemon=True).start()
        return f"http://127.0.0.1:{listener.getsockname()[1]}"

    yield start
    stopped.set()
    for listener in listeners:
        listener.close()


@pytest.mark.parametrize(
    "beginning", [b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n", b"HTTP/1.1 200 OK\r\nX-Endless: ", b"HTTP/1."]
)
def test_a_server_that_drips_has_one_deadline_for_the_whole_answer(
    whoosh: Whoosh, dripping: Callable[[bytes], str], beginning: bytes
) -> None:
    url = dripping(beginning)
    whoosh.mount(url)

    callback = first_callback(whoosh, f"{url}/status#rt=100&rc=0")

    assert callback.error == "11200 HTTP retrieval failure: the app's response was not complete within 0.1 seconds"


# URLs that two libraries read differently

TWO_WAYS = [
    "http://10.9.9.9\\@127.0.0.1/",
    "http://127.0.0.1\\@10.9.9.9/",
    "http://10.9.9.9 @127.0.0.1/",
    "http://127.0.0.1\\.evil.example/",
    "http:\\\\127.0.0.1/",
    "http://127.0.0.1\t.evil.example/",
    "http://127.0.0.1/\r\nX: y",
    "http://a{b}@127.0.0.1/",
]


@pytest.mark.parametrize("url", TWO_WAYS)
def test_an_ambiguous_url_cannot_be_mounted(whoosh: Whoosh, url: str) -> None:
    for mount in (whoosh.mount, whoosh.mount_django):
        with pytest.raises(ValueError, match="takes a base URL such as"):
            mount(url)
    with pytest.raises(ValueError, match="takes as server= a URL such as"):
        whoosh.mount("https://app.example", server=url)


@pytest.mark.whoosh(callbacks="http")
@pytest.mark.parametrize("url", TWO_WAYS)
def test_a_redirect_to_an_ambiguous_url_is_not_followed(whoosh: Whoosh, url: str) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        start_response("302 Found", [("Location", url)])
        return []

    whoosh.mount("https://app.example", app)

    callback = first_callback(whoosh)

    assert callback.error.startswith("11100 Invalid URL format: the app redirected to ")


#: URLs that Python and urllib3 read differently, or that urllib3 refuses. Each seems to lead to this machine.
TO_THIS_MACHINE = [
    "http://[::1%25lo]/",
    "http://[::1]x/",
    "http://127.0.0.1%2e10.9.9.9/",
    "http://loc%61lhost/",
    "http://%31%32%37.0.0.1/",
    "http://127.0.0.1%00.evil.example/",
    "http://127\u30020\u30020\u30021/",
    "http://\u2460\u2461\u2466.0.0.1/",
    "http://127.0.0.1\u200b/",
    "http://\u24dbocalhost/",
]


@pytest.mark.whoosh(callbacks="http")
@pytest.mark.parametrize("url", TO_THIS_MACHINE, ids=ascii)
def test_a_redirect_to_a_host_that_urllib3_reads_differently_opens_no_connection(
    whoosh: Whoosh, monkeypatch: pytest.MonkeyPatch, url: str
) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        start_response("302 Found", [("Location", url)])
        return []

    connected: list[object] = []
    monkeypatch.setattr(socket.socket, "connect", lambda _, address: connected.append(address))
    whoosh.mount("https://app.example", app)

    callback = first_callback(whoosh)

    assert callback.error == f"11100 Invalid URL format: the host of {url!r} is ambiguous"
    assert connected == []


#: Hosts that only the C library reads as this machine, and hosts that only look like it: no server of ours calls them.
NOT_LOOPBACK = [
    "0177.0.0.1", "0x7f.0.0.1", "2130706433", "127.1", "0", "0.0.0.0", "[::]", "[::ffff:10.9.9.9]", "[::127.0.0.1]",
    "127.0.0.1@10.9.9.9", "127.0.0.1%2f@10.9.9.9", "localhost.evil.example", "127.0.0.1.nip.io", "127.0.0.1;10.9.9.9",
    "[fe80::1%25127.0.0.1]",
]  # fmt: skip


@pytest.mark.parametrize("host", NOT_LOOPBACK)
def test_a_served_double_does_not_post_to_hosts_that_only_look_local(whoosh: Whoosh, host: str) -> None:
    whoosh._publish("http://127.0.0.1:1")
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
    whoosh._vendor.messages[0].status_callback = f"http://{host}/status"  # past the API's own check

    whoosh.travel(seconds=2)

    assert (whoosh.callbacks[0].attempts, whoosh.callbacks[0].response_status) == (0, None)
    assert "Allow this one with --allow-webhooks " in whoosh.traffic()


@pytest.mark.whoosh(callbacks="http")
@pytest.mark.parametrize("url", TWO_WAYS[:5])
def test_twiml_with_an_ambiguous_url_is_refused(whoosh: Whoosh, url: str) -> None:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [f"<Response><Redirect>{url}</Redirect></Response>".encode()]

    whoosh.mount("https://app.example", app)
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = whoosh.receive("Hi", from_=PERSON, to=SENDER)

    assert reply.webhook is not None
    assert reply.webhook.error.startswith("11100 ")
    assert len(whoosh.callbacks) == 1


@pytest.mark.whoosh(callbacks="http")
@pytest.mark.parametrize("url", TWO_WAYS)
def test_a_callback_to_an_ambiguous_url_is_not_sent(whoosh: Whoosh, url: str) -> None:
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
    whoosh._vendor.messages[0].status_callback = url  # past the API's own check, as a service's may be

    whoosh.travel(seconds=2)

    assert whoosh.callbacks[0].error.startswith("11100 Invalid URL format: ")
    assert whoosh.callbacks[0].attempts == 0


# Apps that block


@pytest.fixture
def short_limits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(failures, "LONGEST_WAIT", 0.05)
    monkeypatch.setattr(watchdog, "AGAIN", 0.05)
    monkeypatch.setattr(asgi_module, "_FINISHING", 0.05)
    for module in (asgi_module, loops):
        monkeypatch.setattr(module, "GRACE", 0.05)


def wait_for_a_lock(environ: dict[str, Any], start_response: object) -> None:
    threading.Event().wait()


def loop_for_ever(environ: dict[str, Any], start_response: object) -> None:
    while True:
        pass


def wait_on_a_socket(environ: dict[str, Any], start_response: object) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.accept()


def catch_the_first_exception(environ: dict[str, Any], start_response: object) -> None:
    try:
        threading.Event().wait()
    finally:
        threading.Event().wait()


def block_when_closed(environ: dict[str, Any], start_response: Callable[..., object]) -> Any:
    class Body:
        def __iter__(self) -> Iterator[bytes]:
            return iter([b"Hello"])

        def close(self) -> None:
            threading.Event().wait()

    start_response("200 OK", [])
    return Body()


async def block_the_loop(scope: dict[str, Any], receive: object, send: object) -> None:
    if scope["type"] == "http":
        threading.Event().wait()


async def block_the_start(scope: dict[str, Any], receive: object, send: object) -> None:
    threading.Event().wait()


async def catch_cancellation(scope: dict[str, Any], receive: object, send: object) -> None:
    while scope["type"] == "http":
        with suppress(asyncio.CancelledError):
            await asyncio.sleep(3600)


async def catch_everything(scope: dict[str, Any], receive: object, send: object) -> None:
    while scope["type"] == "http":
        with suppress(BaseException):
            await asyncio.sleep(3600)


IN_ANY_THREAD = [loop_for_ever, catch_cancellation, catch_everything]
IN_MAIN_THREAD = [
    *IN_ANY_THREAD,
    wait_for_a_lock,
    wait_on_a_socket,
    catch_the_first_exception,
    block_when_closed,
    block_the_loop,
    block_the_start,
]


@pytest.mark.usefixtures("short_limits")
@pytest.mark.parametrize("app", IN_MAIN_THREAD)
def test_an_app_that_blocks_is_ended_after_the_vendors_timeout(whoosh: Whoosh, app: Any) -> None:
    usual = signal.getsignal(signal.SIGVTALRM)
    whoosh.mount("https://app.example", app)

    callback = first_callback(whoosh, f"{HOOK}#rt=100")

    assert callback.error is not None
    assert callback.error.startswith("11200 HTTP retrieval failure: the app did not answer within 0.")
    assert signal.getsignal(signal.SIGVTALRM) == usual


@pytest.mark.usefixtures("short_limits")
@pytest.mark.parametrize("app", IN_ANY_THREAD)
def test_an_app_that_blocks_another_thread_is_ended(whoosh: Whoosh, app: Any) -> None:
    whoosh.mount("https://app.example", app)
    with ThreadPoolExecutor(1) as executor:
        callback = executor.submit(first_callback, whoosh, f"{HOOK}#rt=100").result()

    assert "the app did not answer within 0." in str(callback.error)


@pytest.mark.usefixtures("short_limits")
def test_the_error_names_the_line_at_which_an_app_blocks(whoosh: Whoosh) -> None:
    whoosh.mount("https://app.example", wait_for_a_lock)

    callback = first_callback(whoosh)

    line = wait_for_a_lock.__code__.co_firstlineno + 1
    where = f"it was at test_bounds.py:{line}, in wait_for_a_lock()"
    assert callback.error == f"11200 HTTP retrieval failure: the app did not answer within 0.05 seconds: {where}"


@pytest.mark.usefixtures("short_limits")
def test_a_task_that_catches_its_cancellation_does_not_keep_the_double_from_ending() -> None:
    async def app(scope: dict[str, Any], receive: object, send: Callable[..., Any]) -> None:
        if scope["type"] == "http":
            tasks.append(asyncio.create_task(catch_everything(scope, receive, send)))
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

    tasks: list[asyncio.Task[None]] = []
    with Whoosh() as whoosh:
        whoosh.mount("https://app.example", app)
        assert first_callback(whoosh).response_status == 204

    assert not tasks[0].done()


@pytest.mark.usefixtures("short_limits")
def test_a_handler_in_the_tests_own_loop_cannot_catch_its_end(whoosh: Whoosh) -> None:
    async def travel() -> None:
        await whoosh.atravel(seconds=2)

    whoosh.mount("https://app.example", catch_cancellation)
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{HOOK}#rt=100")

    asyncio.run(travel())

    assert "the app did not answer within " in str(whoosh.callbacks[0].error)


@pytest.mark.usefixtures("short_limits")
def test_a_handler_that_is_debugged_is_not_ended(whoosh: Whoosh) -> None:
    namespace: dict[str, Any] = {"__name__": "pdb", "threading": threading}
    exec("def prompt(): return threading.Event().wait(0.5)", namespace)

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        namespace["prompt"]()
        start_response("204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)

    assert first_callback(whoosh).response_status == 204


@pytest.mark.parametrize("awaited", ["whoosh.travel(seconds=2)", "asyncio.run(whoosh.atravel(seconds=2))"])
def test_a_handler_that_blocks_in_a_thread_does_not_keep_python_from_ending(
    pytester: pytest.Pytester, awaited: str
) -> None:
    pytester.makepyfile(
        f"""
        import asyncio, threading
        from fastapi import FastAPI
        from twilio.rest import Client
        from pytest_whoosh.delivery import failures

        app = FastAPI()

        @app.post("/status")
        def status():
            threading.Event().wait()

        @app.post("/executor")
        async def executor():
            await asyncio.to_thread(threading.Event().wait)

        def test_block(whoosh, monkeypatch):
            monkeypatch.setattr(failures, "LONGEST_WAIT", 0.1)
            whoosh.mount("https://app.example", app)
            for path in ("status", "executor"):
                url = f"https://app.example/{{path}}#rt=100"
                Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi", status_callback=url)
            {awaited}

            errors = [str(callback.error) for callback in whoosh.callbacks]
            assert all("did not answer within 0.1 seconds" in error for error in errors)
            assert ", in status()" in errors[0]
        """
    )

    pytester.runpytest_subprocess(timeout=30).assert_outcomes(passed=1)


# A webhook with several requests: redirects and attempts

TOGETHER = "11200 HTTP retrieval failure: the app's redirects and answers took longer than 15 seconds together"


@pytest.fixture
def slow(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    """An app's answers take so many seconds of real time, which nobody waits for here."""
    clock = {"now": 0.0, "answer": 6.0}
    monkeypatch.setattr(steps, "real_seconds", lambda: clock["now"])
    return clock


def answering(slow: dict[str, float], status: str, calls: list[str]) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        calls.append(environ["PATH_INFO"])
        slow["now"] += slow["answer"]
        start_response(status, [("Location", "/again")])
        return []

    return app


def asynchronous(app: Any) -> Any:
    async def in_asgi(scope: dict[str, Any], receive: object, send: Any) -> None:
        if scope["type"] == "http":
            found: list[Any] = []
            app({"PATH_INFO": scope["path"]}, lambda status, headers: found.extend((int(status[:3]), headers)))
            headers = [(name.encode(), value.encode()) for name, value in found[1]]
            await send({"type": "http.response.start", "status": found[0], "headers": headers})
            await send({"type": "http.response.body"})

    return in_asgi


@pytest.mark.parametrize("kind", [lambda app: app, asynchronous], ids=["wsgi", "asgi"])
def test_slow_redirects_are_bounded_together(whoosh: Whoosh, slow: dict[str, float], kind: Any) -> None:
    calls: list[str] = []
    whoosh.mount("https://app.example", kind(answering(slow, "302 Found", calls)))

    callback = first_callback(whoosh)

    assert (callback.error, calls) == (TOGETHER, ["/status", "/again", "/again"])


def test_slow_attempts_are_bounded_together(whoosh: Whoosh, slow: dict[str, float]) -> None:
    calls: list[str] = []
    whoosh.mount("https://app.example", answering(slow, "500 Oh", calls))

    callback = first_callback(whoosh, f"{HOOK}#rc=5&rp=all")

    assert (callback.attempts, len(calls), callback.response_status) == (3, 3, 500)


def test_the_last_of_slow_redirects_has_what_the_others_left(whoosh: Whoosh, slow: dict[str, float]) -> None:
    redirects = answering(slow, "302 Found", [])

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        if environ["PATH_INFO"] == "/again":
            threading.Event().wait()
        return redirects(environ, start_response)

    slow["answer"] = 14.95
    whoosh.mount("https://app.example", app)

    assert first_callback(whoosh).error == TOGETHER


def test_redirects_that_somebody_debugs_are_not_bounded(whoosh: Whoosh, slow: dict[str, float]) -> None:
    calls: list[str] = []
    redirects = answering(slow, "302 Found", calls)

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        DEBUGGING.calls += 1  # as the watchdog does
        return redirects(environ, start_response)

    slow["answer"] = 60.0
    whoosh.mount("https://app.example", app)

    assert str(first_callback(whoosh).error).startswith("11215")
    assert len(calls) == 6


def test_the_watchdog_ends_before_a_fork() -> None:
    watchdog.call_bounded(int)
    assert watchdog._WATCH.is_running

    watchdog._before_fork()

    assert not watchdog._WATCH.is_running


def test_a_double_that_is_active_already_when_the_first_app_is_called_ends_it(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import threading
        from pytest_whoosh.delivery import failures

        def app(environ, start_response):
            threading.Event().wait()

        def test_block(whoosh, monkeypatch):
            monkeypatch.setattr(failures, "LONGEST_WAIT", 0.05)
            whoosh.mount("https://app.example", app)
            whoosh.add_number("+15557122661", sms_url="https://app.example/sms")

            reply = whoosh.receive("Hi", from_="+15558675310", to="+15557122661")

            assert "did not answer within 0.05 seconds" in str(reply.webhook.error)
        """
    )

    pytester.runpytest_subprocess("-o", "faulthandler_timeout=20").assert_outcomes(passed=1)
