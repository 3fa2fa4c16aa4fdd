"""Async apps: their handlers run on the test's own event loop, and may send while they answer."""

import asyncio
import os
import re
import subprocess
import textwrap
from base64 import b64encode
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import parse_qsl

import pytest
from twilio.rest import Client

from pytest_whoosh import Whoosh
from pytest_whoosh.engine.misuse import WhooshError
from tests.conftest import PERSON, SENDER

APP = "https://app.example"
STATUS = f"{APP}/status"


class App:
    """An ASGI app without a framework and without a lifespan. It keeps its requests, and gives the test's responses."""

    def __init__(self, handle: Callable[[dict[str, str]], Awaitable[None]] | None = None, status: int = 204) -> None:
        self.heard: list[str] = []
        self.loops: list[object] = []
        self._handle = handle
        self._status = status

    async def __call__(self, scope, receive, send) -> None:
        if scope["type"] != "http":
            raise NotImplementedError(scope["type"])
        form = dict(parse_qsl((await receive())["body"].decode()))
        self.heard.append(form.get("MessageStatus") or form["Body"])
        self.loops.append(asyncio.get_running_loop())
        if self._handle:
            await self._handle(form)
        await send({"type": "http.response.start", "status": self._status, "headers": []})
        await send({"type": "http.response.body", "body": b""})


@pytest.fixture
def send(client):
    """Send a message with callbacks to the app."""

    def send(body: str = "Hi", **parameters):
        return client.messages.create(to=PERSON, from_=SENDER, body=body, status_callback=STATUS, **parameters)

    return send


def basic(user: str, password: str) -> str:
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()


# The loop of handlers


@pytest.mark.parametrize("form", ["atravel", "asettle"])
def test_handlers_run_on_the_loop_of_the_test(whoosh, send, form):
    app = App()
    whoosh.mount(APP, app)

    async def main() -> object:
        send()
        await (whoosh.atravel(minutes=1) if form == "atravel" else whoosh.asettle())
        return asyncio.get_running_loop()

    loop = asyncio.run(main())

    assert app.heard == ["sent", "delivered"]
    assert app.loops == [loop, loop]
    assert [callback.response_status for callback in whoosh.callbacks] == [204, 204]


def test_a_message_of_a_person_is_handled_on_the_loop_of_the_test(whoosh):
    app = App()
    whoosh.mount(APP, app)
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    async def main() -> object:
        await whoosh.areceive("By receive", from_=PERSON, to=SENDER)
        await whoosh.phone(PERSON).atext("By phone", to=SENDER)
        return asyncio.get_running_loop()

    loop = asyncio.run(main())

    assert app.heard == ["By receive", "By phone"]
    assert app.loops == [loop, loop]


def test_outside_of_a_loop_the_synchronous_methods_run_handlers(whoosh, send):
    app = App()
    whoosh.mount(APP, app)
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    send()
    whoosh.travel(seconds=3)
    whoosh.settle()
    whoosh.receive("C", from_=PERSON, to=SENDER)

    assert app.heard == ["sent", "delivered", "C"]
    assert len(set(app.loops)) == 1


def test_inside_a_loop_the_synchronous_methods_work_without_an_asgi_handler(whoosh, client):
    statuses: list[str] = []

    def wsgi(environ, start_response):
        statuses.append(dict(parse_qsl(environ["wsgi.input"].read().decode()))["MessageStatus"])
        start_response("204 No Content", [])
        return []

    whoosh.mount(APP, wsgi)
    whoosh.mount("https://other.example", App())

    async def main() -> None:
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=STATUS)
        client.messages.create(to=PERSON, from_=SENDER, body="Without a callback")
        whoosh.travel(minutes=1)
        whoosh.settle()

    asyncio.run(main())

    assert statuses == ["sent", "delivered"]


@pytest.mark.parametrize(
    ("act", "form"),
    [
        pytest.param(lambda whoosh: whoosh.travel(hours=1), "atravel(...)", id="travel"),
        pytest.param(lambda whoosh: whoosh.settle(), "asettle()", id="settle"),
        pytest.param(lambda whoosh: whoosh.receive("C", from_=PERSON, to=SENDER), "areceive(...)", id="receive"),
    ],
)
def test_inside_a_loop_the_synchronous_methods_name_the_awaited_ones_for_an_asgi_handler(whoosh, send, act, form):
    whoosh.mount(APP, App())
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    async def main() -> None:
        send()
        act(whoosh)

    with pytest.raises(WhooshError) as error:
        asyncio.run(main())

    assert str(error.value) == (
        "A webhook goes to an ASGI app, and this thread runs an event loop already. "
        f"Write `await whoosh.{form}`: the handlers then run in this loop."
    )


def test_an_undelivered_webhook_waits_for_an_awaited_method(whoosh, send):
    app = App()
    whoosh.mount(APP, app)

    async def main() -> None:
        send()
        with pytest.raises(WhooshError):
            whoosh.travel(hours=1)
        assert app.heard == []
        await whoosh.asettle()

    asyncio.run(main())

    assert app.heard == ["sent", "delivered"]


def test_a_message_that_could_not_be_delivered_was_never_created(whoosh):
    app = App()
    whoosh.mount(APP, app)
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    async def main() -> None:
        with pytest.raises(WhooshError):
            whoosh.receive("C", from_=PERSON, to=SENDER)
        await whoosh.areceive("C", from_=PERSON, to=SENDER)

    asyncio.run(main())

    assert [message.body for message in whoosh.inbox] == app.heard == ["C"]


def test_a_thread_without_a_loop_uses_the_synchronous_methods(whoosh, send):
    app = App()
    whoosh.mount(APP, app)

    async def main() -> None:
        await asyncio.to_thread(send)
        await asyncio.to_thread(whoosh.settle)

    asyncio.run(main())

    assert app.heard == ["sent", "delivered"]


# Responses of handlers


@pytest.mark.parametrize(
    ("handle", "status", "error"),
    [
        pytest.param("raises", 204, "11200 HTTP retrieval failure: the app raised KeyError: 'order' (", id="raises"),
        pytest.param(None, 503, "11200 HTTP retrieval failure: the app answered 503", id="answers 503"),
        pytest.param("waits", 204, "11200 HTTP retrieval failure: the app did not answer within 0.1 s", id="never"),
    ],
)
def test_a_handler_that_fails_is_recorded(whoosh, client, handle, status, error):
    async def raises(form) -> None:
        raise KeyError("order")

    async def waits(form) -> None:
        await asyncio.Event().wait()

    whoosh.mount(APP, App({"raises": raises, "waits": waits}.get(handle), status))

    async def main() -> None:
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{STATUS}#rt=100")
        await whoosh.asettle()

    asyncio.run(main())

    assert [callback.error[: len(error)] for callback in whoosh.callbacks] == [error, error]
    assert whoosh.outbox.one().status == "delivered"


def test_an_app_that_sends_no_response_is_recorded(whoosh, send):
    async def app(scope, receive, send) -> None:
        pass

    whoosh.mount(APP, app)
    send()

    whoosh.settle()

    assert whoosh.callbacks[0].error == "11206 HTTP protocol violation: the app sent no response"


def test_the_response_may_have_several_parts(whoosh):
    starlette = pytest.importorskip("starlette.applications")
    from starlette.responses import StreamingResponse
    from starlette.routing import Route

    async def parts():
        for part in ("<Response><Message>", "Piece by piece", "</Message></Response>"):
            await asyncio.sleep(0)
            yield part

    async def sms(request) -> StreamingResponse:
        await request.body()
        return StreamingResponse(parts(), media_type="text/xml")

    whoosh.mount(APP, starlette.Starlette(routes=[Route("/sms", sms, methods=["POST"])]))
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    reply = whoosh.receive("Hi", from_=PERSON, to=SENDER)

    assert [message.body for message in reply.replies] == ["Piece by piece"]


# Starting and shutting down


def lifespan_app(log: list[str], *, fails: bool = False):
    """Return a FastAPI app with a database that is opened at its start."""
    fastapi = pytest.importorskip("fastapi")

    @asynccontextmanager
    async def lifespan(app):
        if fails:
            raise ConnectionError("no database")
        log.append("started")
        yield {"database": "open"}
        log.append("shut down")

    app = fastapi.FastAPI(lifespan=lifespan)

    @app.post("/status", status_code=204)
    async def status(request: fastapi.Request) -> None:
        form = dict(parse_qsl((await request.body()).decode()))
        log.append(f"{form['MessageStatus']} while the database is {request.state.database}")

    return app


def test_an_app_starts_once_and_shuts_down_with_the_double(client):
    log: list[str] = []
    with Whoosh() as whoosh:
        whoosh.mount(APP, lifespan_app(log))
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=STATUS)
        whoosh.travel(seconds=3)
        whoosh.settle()

    assert log == [
        "started",
        "sent while the database is open",
        "delivered while the database is open",
        "shut down",
    ]


def test_an_app_starts_once_in_the_loop_of_the_test(whoosh, send):
    log: list[str] = []
    whoosh.mount(APP, lifespan_app(log))

    async def main() -> None:
        send()
        await whoosh.atravel(seconds=3)
        await whoosh.asettle()

    asyncio.run(main())

    assert log == ["started", "sent while the database is open", "delivered while the database is open"]


def test_concurrent_messages_of_people_wait_for_the_same_start(whoosh):
    log: list[str] = []
    release = asyncio.Event()

    async def app(scope, receive, send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            log.append("starting")
            await release.wait()
            log.append("started")
            await send({"type": "lifespan.startup.complete"})
            await receive()
            return
        log.append("asked")
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})

    whoosh.mount(APP, app)
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    async def main() -> None:
        asyncio.get_running_loop().call_soon(release.set)
        await asyncio.gather(*(whoosh.areceive("Hi", from_=PERSON, to=SENDER) for _ in range(2)))

    asyncio.run(main())

    assert log == ["starting", "started", "asked", "asked"]


def test_an_app_that_does_not_start_is_recorded_each_time(whoosh, send):
    whoosh.mount(APP, lifespan_app([], fails=True))
    send()

    whoosh.settle()

    error = re.compile(
        r"11205 HTTP connection failure: the app did not start: ConnectionError: no database \(test_async\.py:\d+\)"
    )
    assert all(error.fullmatch(callback.error) for callback in whoosh.callbacks)
    assert [callback.response_status for callback in whoosh.callbacks] == [None, None]
    assert [str(callback.exception) for callback in whoosh.callbacks] == ["no database", "no database"]


@pytest.mark.whoosh(app_errors="raise")
def test_app_errors_raise_what_stops_the_start_of_an_app(whoosh, send):
    whoosh.mount(APP, lifespan_app([], fails=True))
    send()

    with pytest.raises(ConnectionError, match="no database"):
        whoosh.settle()


def test_a_double_that_ends_inside_a_loop_lets_the_app_shut_down_too():
    log: list[str] = []

    async def main() -> None:
        with Whoosh() as whoosh:
            whoosh.mount(APP, lifespan_app(log))
            whoosh.add_number(SENDER, sms_url=STATUS)
            await asyncio.to_thread(whoosh.receive, "Hi", from_=PERSON, to=SENDER, MessageStatus="none")

    asyncio.run(main())

    assert log == ["started", "none while the database is open", "shut down"]


# Handlers that send


@pytest.mark.parametrize("stack", ["requests", "httpx", "aiohttp"])
def test_a_handler_may_send_while_it_answers(whoosh, send, stack):
    library = pytest.importorskip(stack)
    url = f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    auth = (whoosh.api_key, whoosh.api_secret)

    async def follow_up(form) -> None:
        if form["MessageStatus"] != "delivered" or len(whoosh.outbox) > 1:
            return
        message = {"To": PERSON, "From": SENDER, "Body": "How was it?", "StatusCallback": STATUS}
        if stack == "requests":
            library.post(url, message, auth=auth, timeout=5)
        elif stack == "httpx":
            async with library.AsyncClient(auth=auth) as session:
                await session.post(url, data=message)
        else:
            async with library.ClientSession(headers={"Authorization": basic(*auth)}) as session:
                await session.post(url, data=message)

    app = App(follow_up)
    whoosh.mount(APP, app)

    async def main() -> None:
        send("Bon appetit")
        await whoosh.asettle()

    asyncio.run(main())

    first, second = whoosh.outbox
    assert [first.body, second.body] == ["Bon appetit", "How was it?"]
    assert second.date_created == first.history[-1][1]
    assert [(callback.message.body, callback.params["MessageStatus"]) for callback in whoosh.callbacks] == [
        ("Bon appetit", "sent"),
        ("Bon appetit", "delivered"),
        ("How was it?", "sent"),
        ("How was it?", "delivered"),
    ]
    assert app.heard == ["sent", "delivered", "sent", "delivered"]


def test_a_handler_in_a_thread_of_the_framework_may_send_too(whoosh, send):
    fastapi = pytest.importorskip("fastapi")
    app = fastapi.FastAPI()

    @app.post("/status", status_code=204)
    def status() -> None:
        if len(whoosh.outbox) == 1:
            send("Second")

    whoosh.mount(APP, app)

    async def main() -> None:
        send("First")
        await whoosh.asettle()

    asyncio.run(main())

    assert [(message.body, message.status) for message in whoosh.outbox] == [
        ("First", "delivered"),
        ("Second", "delivered"),
    ]


# Many at once


@pytest.mark.parametrize("stack", ["httpx", "aiohttp"])
def test_tasks_that_send_at_once_lose_nothing(whoosh, stack):
    library = pytest.importorskip(stack)
    app = App()
    whoosh.mount(APP, app)
    url = f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    bodies = [f"Number {number}" for number in range(50)]
    forms = [{"To": PERSON, "From": SENDER, "Body": body, "StatusCallback": STATUS} for body in bodies]

    async def main() -> None:
        if stack == "httpx":
            async with library.AsyncClient(auth=(whoosh.api_key, whoosh.api_secret)) as session:
                await asyncio.gather(*(session.post(url, data=form) for form in forms))
        else:
            headers = {"Authorization": basic(whoosh.api_key, whoosh.api_secret)}
            async with library.ClientSession(headers=headers) as session:
                await asyncio.gather(*(session.post(url, data=form) for form in forms))
        await whoosh.asettle()

    asyncio.run(main())

    assert sorted(message.body for message in whoosh.outbox) == sorted(bodies)
    assert len({message.sid for message in whoosh.outbox}) == 50
    assert sorted(app.heard) == ["delivered"] * 50 + ["sent"] * 50


def test_two_tasks_cannot_move_time_at_once(whoosh, send):
    arrived = asyncio.Event()
    release = asyncio.Event()

    async def wait(form) -> None:
        arrived.set()
        await release.wait()

    app = App(wait)
    whoosh.mount(APP, app)

    async def main() -> None:
        send()
        first = asyncio.create_task(whoosh.asettle())
        await arrived.wait()
        with pytest.raises(WhooshError) as error:
            await whoosh.atravel(hours=1)
        assert str(error.value) == (
            "Time is moving already, in another thread or task. Only one travel() or settle() can run at a time: "
            "wait until that call returns."
        )
        release.set()
        await first

    asyncio.run(main())

    assert app.heard == ["sent", "delivered"]


def test_the_double_stays_usable_after_a_canceled_settle(whoosh, send):
    arrived = asyncio.Event()
    hangs = [True, False]

    async def hang_once(form) -> None:
        if hangs.pop(0):
            arrived.set()
            await asyncio.Event().wait()

    app = App(hang_once)
    whoosh.mount(APP, app)

    async def main() -> None:
        send()
        travel = asyncio.create_task(whoosh.atravel(hours=1))
        await arrived.wait()
        travel.cancel()
        with pytest.raises(asyncio.CancelledError):
            await travel
        await whoosh.asettle()

    asyncio.run(main())

    assert app.heard == ["sent", "delivered"]
    assert [(callback.response_status, callback.error) for callback in whoosh.callbacks] == [
        (None, "11200 HTTP retrieval failure: the test canceled it before the app had answered"),
        (204, None),
    ]


def test_a_travel_that_outlives_the_double_does_not_freeze_time():
    arrived = asyncio.Event()

    async def hang(form) -> None:
        arrived.set()
        await asyncio.Event().wait()

    async def main() -> None:
        with Whoosh() as whoosh:
            whoosh.mount(APP, App(hang))
            whoosh.travel(days=30)
            Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=STATUS)
            travel = asyncio.create_task(whoosh.atravel(days=1))
            await arrived.wait()
        travel.cancel()
        await asyncio.gather(travel, return_exceptions=True)

    before = datetime.now()
    asyncio.run(main())

    assert before < datetime.now() < before + timedelta(hours=1)


# Time


def test_timers_keep_running_while_time_is_frozen(whoosh, send):
    waited: list[str] = []

    async def nap(form) -> None:
        await asyncio.sleep(0.001)
        try:
            async with asyncio.timeout(0.001):
                await asyncio.Event().wait()
        except TimeoutError:
            waited.append(form["MessageStatus"])

    whoosh.mount(APP, App(nap))

    async def main() -> None:
        send()
        await whoosh.atravel(days=1)

    asyncio.run(main())

    assert waited == ["sent", "delivered"]


@pytest.mark.whoosh(clock="frozen")
def test_a_handler_sees_the_moment_of_its_own_webhook(whoosh, send):
    start = whoosh.now
    seen: list[timedelta] = []

    async def look(form) -> None:
        seen.append(datetime.now(UTC) - start)

    whoosh.mount(APP, App(look))

    async def main() -> None:
        send()
        await whoosh.atravel(hours=1)

    asyncio.run(main())

    assert seen == [timedelta(seconds=2), timedelta(seconds=4)]
    assert datetime.now(UTC) == whoosh.now == start + timedelta(hours=1)


def test_after_moving_the_tests_own_clock_webhooks_wait_for_an_awaited_method(freezer, whoosh, send):
    app = App()
    whoosh.mount(APP, app)

    async def main() -> None:
        start = whoosh.now
        message = whoosh.outbox.one(sid=send().sid)
        freezer.tick(timedelta(hours=1))

        assert (whoosh.now - start, message.status, app.heard) == (timedelta(hours=1), "delivered", [])

        await whoosh.asettle()

        assert (whoosh.now - start, app.heard) == (timedelta(hours=1), ["sent", "delivered"])

    asyncio.run(main())


# Real servers


def test_a_real_server_in_the_same_loop_is_called_over_http(whoosh, client):
    heard: list[str] = []

    async def handle(reader, writer) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = next(
            int(line.split(":")[1]) for line in head.splitlines() if line.lower().startswith("content-length")
        )
        heard.append(dict(parse_qsl((await reader.readexactly(length)).decode()))["MessageStatus"])
        writer.write(b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async def main() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        async with server:
            base = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
            whoosh.mount(base)
            client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{base}/status")
            await whoosh.asettle()

    asyncio.run(main())

    assert heard == ["sent", "delivered"]
    assert [callback.response_status for callback in whoosh.callbacks] == [204, 204]


# The vendor's clients


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of how the SDK calls aiohttp
def test_the_async_client_sends_to_the_vendors_hosts(whoosh):
    pytest.importorskip("aiohttp")
    from pytest_whoosh import AsyncWhooshHttpClient

    async def main() -> None:
        async with AsyncWhooshHttpClient() as http_client:
            client = Client(whoosh.api_key, whoosh.api_secret, whoosh.account_sid, http_client=http_client)
            await client.messages.create_async(to=PERSON, from_=SENDER, body="Hi")
            await client.messaging.v1.services.list_async()

    asyncio.run(main())

    whoosh.assert_sent(body="Hi")
    assert "https://api.whoosh.totogi.solutions/2010-04-01" in whoosh.traffic()
    assert "https://messaging.whoosh.totogi.solutions/v1/Services" in whoosh.traffic()
    assert "twilio.com" not in whoosh.traffic()


@pytest.mark.skipif(not os.environ.get("WHOOSH_SDK_VENV"), reason="WHOOSH_SDK_VENV names no venv with WhooshSms in it")
def test_the_vendors_own_sdk_reaches_the_fake():
    """It installs as ``twilio``, as Twilio's does, and so lives in an environment of its own, beside this package."""
    script = """
        from twilio.base.exceptions import TwilioRestException
        from twilio.request_validator import RequestValidator
        from twilio.rest import Client
        from pytest_whoosh import Whoosh

        with Whoosh() as whoosh:
            client = Client(whoosh.account_sid, whoosh.auth_token)
            message = client.messages.create(
                to="+15558675310", from_="+15557122661", body="Hi", status_callback="https://app.example/status"
            )
            whoosh.settle()
            print(client.api.base_url, message.status, client.messages(message.sid).fetch().status)
            print([each.sid == message.sid for each in client.messages.list()])
            call = whoosh.callbacks[-1]
            print(RequestValidator(whoosh.auth_token).validate(call.url, call.params, call.signature))
            try:
                client.messages.create(to="+1", from_="+15557122661", body="Hi")
            except TwilioRestException as refused:
                print(refused.status, refused.code)
    """

    ran = subprocess.run(
        [Path(os.environ["WHOOSH_SDK_VENV"], "bin", "python"), "-c", textwrap.dedent(script)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (ran.stdout.splitlines(), ran.stderr) == (
        ["https://api.whoosh.totogidemos.com queued delivered", "[True]", "True", "400 21211"],
        "",
    )
