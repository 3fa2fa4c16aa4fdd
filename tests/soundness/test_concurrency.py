"""Threads and tasks may do everything at once: nothing deadlocks, nothing is lost, and totals are always the same."""

import asyncio
import faulthandler
import os
import sys
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs, parse_qsl

import pytest
from freezegun import freeze_time
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError
from tests.conftest import SENDER

APP = "https://app.example"
WORKERS = 32
#: Long enough for any machine: only a deadlock takes longer.
PATIENCE = 120

# The SDK's asynchronous client uses what aiohttp is about to drop.
pytestmark = [
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]


@pytest.fixture(autouse=True)
def threads_switch_all_the_time() -> Iterator[None]:
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(usual)


def together(*works: Callable[[], object]) -> None:
    """Run functions at once, each in a thread. Raise the exception of one if there is any."""
    problems: list[BaseException] = []
    start = threading.Barrier(len(works))

    def run(work: Callable[[], object]) -> None:
        try:
            start.wait(PATIENCE)
            work()
        except BaseException as problem:
            problems.append(problem)

    threads = [threading.Thread(target=run, args=(work,), daemon=True) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        if thread.is_alive():
            faulthandler.dump_traceback(sys.__stderr__, all_threads=True)
            pytest.fail("A thread still runs: a deadlock.")
    if problems:
        raise problems[0]


def person(worker: int) -> str:
    return f"+1555867{5000 + worker}"


def app_that_sends(client: Client, service: str) -> Callable[..., list[bytes]]:
    """Return an app that answers a text, and sends and cancels a message at each receipt."""

    def app(environ, start_response):
        form = dict(parse_qsl(environ["wsgi.input"].read().decode()))
        if form.get("MessageStatus") == "delivered":
            client.messages.create(to=form["To"], from_=SENDER, body="Thank you")
            later = client.messages.create(
                to=form["To"],
                messaging_service_sid=service,
                body="How was it?",
                schedule_type="fixed",
                send_at=datetime.now(UTC) + timedelta(days=7),
            )
            client.messages(later.sid).update(status="canceled")
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [b"<Response><Message>Got it</Message></Response>" if "MessageStatus" not in form else b""]

    return app


def everything_at_once(rounds: int) -> dict[str, object]:
    """Run every operation in each of many threads while another thread advances time. Return the totals."""
    with freeze_time("2030-06-01 09:00:00"), Whoosh() as whoosh:
        client = Client()
        service = whoosh.add_messaging_service("Reminders", senders=[SENDER], inbound_request_url=f"{APP}/sms")
        whoosh.mount(APP, app_that_sends(client, service.sid))
        working = WORKERS

        def work(worker: int) -> None:
            to = person(worker)
            for _ in range(rounds):
                whoosh.when(to=to, body="Unlucky").undeliver(30005).times(1)
                unlucky = client.messages.create(to=to, from_=SENDER, body="Unlucky")
                sent = client.messages.create(to=to, from_=SENDER, body="Hi", status_callback=f"{APP}/status")
                assert sent.sid in [message.sid for message in client.messages.list(to=to)]
                while client.messages(sent.sid).fetch().status != "delivered":
                    assert whoosh.messages.filter(to=to).last(body="Hi").status
                while client.messages(unlucky.sid).fetch().status != "undelivered":
                    pass
                client.messages(sent.sid).update(body="")
                client.messages(unlucky.sid).delete()
                reply = whoosh.receive("Hello", from_=to, to=SENDER)
                assert [message.body for message in reply.replies] == ["Got it"]
                number = client.incoming_phone_numbers.create(phone_number=f"+1555866{5000 + worker}")
                whoosh.add_number(number.phone_number, sms_url=f"{APP}/other")
                whoosh.set_price("CA", "0.01")
                whoosh.traffic()

        def work_and_leave(worker: int) -> None:
            nonlocal working
            try:
                work(worker)
            finally:
                with counting:
                    working -= 1

        def let_time_pass() -> None:
            while working:
                whoosh.travel(seconds=1)

        counting = threading.Lock()
        together(let_time_pass, *(lambda worker=worker: work_and_leave(worker) for worker in range(WORKERS)))
        whoosh.settle()

        return {
            "messages": Counter((message.direction, message.status, message.body) for message in whoosh.messages),
            "people": Counter(message.to if message.to != SENDER else message.from_ for message in whoosh.messages),
            "sids": {message.sid for message in whoosh.messages},
            "callbacks": Counter(
                (call.params.get("MessageStatus"), call.response_status, call.error) for call in whoosh.callbacks
            ),
            "listed": len(client.messages.list()),
            "numbers": sorted(number.phone_number for number in client.incoming_phone_numbers.list()),
            "balance": client.balance.fetch().balance,
        }


def test_threads_may_do_everything_while_another_advances_time():
    totals = everything_at_once(rounds=1)

    each = WORKERS
    assert totals["messages"] == {
        ("outbound-api", "undelivered", "Unlucky"): each,
        ("outbound-api", "delivered", ""): each,
        ("outbound-api", "delivered", "Thank you"): each,
        ("outbound-api", "canceled", "How was it?"): each,
        ("inbound", "received", "Hello"): each,
        ("outbound-reply", "delivered", "Got it"): each,
    }
    assert set(totals["people"].values()) == {6}
    assert len(totals["sids"]) == 6 * each
    assert totals["listed"] == 5 * each
    assert totals["callbacks"] == {("sent", 200, None): each, ("delivered", 200, None): each, (None, 200, None): each}
    assert totals["numbers"] == [SENDER, *(f"+1555866{5000 + worker}" for worker in range(WORKERS))]
    assert everything_at_once(rounds=1) == totals


async def asgi_app(scope, receive, send):
    """Confirms each receipt by a message of its own."""
    assert scope["type"] == "http"
    form = {name: values[0] for name, values in parse_qs((await receive())["body"].decode()).items()}
    if form["MessageStatus"] == "delivered":
        async with AsyncTwilioHttpClient() as http:
            await Client(http_client=http).messages.create_async(to=form["To"], from_=SENDER, body="Thank you")
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


async def tasks_at_once(whoosh: Whoosh) -> None:
    """Run many tasks that send, fetch, list, redact and delete, each until its message has arrived."""
    async with AsyncTwilioHttpClient() as http:
        client = Client(http_client=http)

        async def work(worker: int) -> None:
            sent = await client.messages.create_async(
                to=person(worker), from_=SENDER, body="Hi", status_callback=f"{APP}/status"
            )
            while (await client.messages(sent.sid).fetch_async()).status != "delivered":
                assert len(await client.messages.list_async(to=person(worker))) >= 1
            await client.messages(sent.sid).update_async(body="")
            if worker % 2:
                await client.messages(sent.sid).delete_async()

        await asyncio.gather(*(work(worker) for worker in range(WORKERS)))


def totals_of(whoosh: Whoosh) -> dict[object, int]:
    return Counter(
        [(message.status, message.body, message.deleted) for message in whoosh.outbox]
        + [(call.params["MessageStatus"], call.response_status) for call in whoosh.callbacks]
    )


ALL_OF_THE_TASKS = {
    ("delivered", "", False): WORKERS // 2,
    ("delivered", "", True): WORKERS // 2,
    ("delivered", "Thank you", False): WORKERS,
    ("sent", 204): WORKERS,
    ("delivered", 204): WORKERS,
}


@pytest.mark.parametrize("run", [1, 2, 3])
def test_tasks_may_do_everything_while_a_thread_advances_time(whoosh, run):
    whoosh.mount(APP, asgi_app)
    over = threading.Event()

    def let_time_pass() -> None:
        while not over.is_set():
            whoosh.travel(seconds=1)

    def run_tasks() -> None:
        try:
            asyncio.run(tasks_at_once(whoosh))
        finally:
            over.set()

    together(let_time_pass, run_tasks)
    whoosh.settle()

    assert totals_of(whoosh) == ALL_OF_THE_TASKS


@pytest.mark.parametrize("run", [1, 2, 3])
def test_tasks_may_do_everything_while_a_task_advances_time(whoosh, run):
    whoosh.mount(APP, asgi_app)

    async def main() -> None:
        working = asyncio.create_task(tasks_at_once(whoosh))
        while not working.done():
            await whoosh.atravel(seconds=1)
            await asyncio.sleep(0)
        await working
        await whoosh.asettle()

    together(lambda: asyncio.run(main()))

    assert totals_of(whoosh) == ALL_OF_THE_TASKS


def test_threads_that_read_while_time_passes_never_see_it_run_back(whoosh, client):
    moments: list[list[datetime]] = [[] for _ in range(8)]
    over = threading.Event()

    def read(seen: list[datetime]) -> None:
        while not over.is_set():
            seen.append(whoosh.now)
            assert whoosh.outbox.filter(status="delivered") is not None

    def let_time_pass() -> None:
        try:
            for _ in range(40):
                client.messages.create(to=person(1), from_=SENDER, body="Hi")
                whoosh.travel(seconds=1)
        finally:
            over.set()

    together(let_time_pass, *(lambda seen=seen: read(seen) for seen in moments))

    assert [seen for seen in moments if seen != sorted(seen)] == []
    assert {message.status for message in whoosh.outbox[:36]} == {"delivered"}


@pytest.mark.whoosh(clock="frozen")
def test_every_thread_can_move_time_in_its_turn(whoosh):
    start, turn = whoosh.now, threading.Lock()

    def move() -> None:
        for _ in range(20):
            with turn:
                whoosh.travel(seconds=1)

    def read() -> None:
        for _ in range(200):
            assert whoosh.now >= start

    together(*[move] * 8, *[read] * 4)

    assert whoosh.now == start + timedelta(seconds=160)


@pytest.mark.whoosh(clock="frozen")
def test_a_second_thread_that_moves_time_is_refused_and_no_time_is_lost(whoosh):
    start, moved, refused = whoosh.now, [], set()

    def move() -> None:
        for _ in range(50):
            try:
                whoosh.travel(seconds=1)
                moved.append(1)
            except WhooshError as error:
                refused.add(str(error))

    together(*[move] * 8)

    assert whoosh.now == start + timedelta(seconds=len(moved))
    assert refused <= {
        (
            "Time is moving already, in another thread or task. Only one travel() or settle() can run at a time: "
            "wait until that call returns."
        )
    }


def test_mounts_rules_and_records_of_many_threads_are_all_kept(whoosh, client):
    def provide(worker: int) -> None:
        whoosh.mount(f"https://app-{worker}.example", app_that_sends(client, ""))
        whoosh.when(to=person(worker)).fail(30008)
        whoosh.add_messaging_service(f"Service {worker}", senders=[person(100 + worker), "12345"])
        whoosh.opt_out(person(worker), SENDER)

    together(*(lambda worker=worker: provide(worker) for worker in range(WORKERS)))
    for worker in range(WORKERS):
        url = f"https://app-{worker}.example/status"
        client.messages.create(to=person(worker), from_="+15557122662", body="Hi", status_callback=url)
        with pytest.raises(TwilioRestException) as refused:
            client.messages.create(to=person(worker), from_=SENDER, body="Hi")
        assert refused.value.code == 21610
    whoosh.settle()

    assert Counter(message.status for message in whoosh.outbox) == {"failed": WORKERS}
    assert Counter(call.response_status for call in whoosh.callbacks) == {200: WORKERS}
    assert len({service.sid for service in client.messaging.v1.services.list()}) == WORKERS
    assert len(client.incoming_phone_numbers.list()) == WORKERS


def test_threads_that_receive_at_once_each_have_a_loop_for_an_asgi_app(whoosh):
    loops, both = set(), threading.Barrier(2)

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        loops.add(asyncio.get_running_loop())
        both.wait(PATIENCE)
        await send({"type": "http.response.start", "status": 204, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    whoosh.mount(APP, app)
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")

    together(*[lambda: whoosh.receive("Hello", from_=person(1), to=SENDER)] * 2)

    assert len(loops) == 2
    assert [call.response_status for call in whoosh.callbacks] == [204, 204]


# Handlers that move time


def status_of(environ: dict) -> str:
    return dict(parse_qsl(environ["wsgi.input"].read().decode()))["MessageStatus"]


@pytest.mark.whoosh(clock="frozen")
def test_a_handler_may_travel_and_due_events_happen_first(whoosh, client):
    heard = []

    def app(environ, start_response):
        heard.append(status_of(environ))
        if heard[-1] == "sent":
            whoosh.travel(minutes=1)
            heard.append("the first handler ends")
        start_response("204 No Content", [])
        return []

    whoosh.mount(APP, app)
    client.messages.create(to=person(1), from_=SENDER, body="Hi", status_callback=f"{APP}/status")
    start = whoosh.now

    whoosh.travel(seconds=2)

    assert heard == ["sent", "delivered", "the first handler ends"]
    assert whoosh.now == start + timedelta(minutes=1, seconds=2)


async def answers(send) -> None:
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body", "body": b""})


@pytest.mark.parametrize("how", ["by travel", "by atravel"])
def test_an_asgi_handler_may_travel_too(whoosh, client, how):
    heard = []

    async def app(scope, receive, send):
        assert scope["type"] == "http"
        heard.append(parse_qs((await receive())["body"].decode())["MessageStatus"][0])
        if heard[-1] == "sent":
            await whoosh.atravel(minutes=1)
        await answers(send)

    whoosh.mount(APP, app)
    client.messages.create(to=person(1), from_=SENDER, body="Hi", status_callback=f"{APP}/status")

    if how == "by travel":
        whoosh.travel(seconds=2)
    else:
        asyncio.run(whoosh.atravel(seconds=2))

    assert heard == ["sent", "delivered"]
    assert whoosh.callbacks[0].error == (
        "11200 HTTP retrieval failure: the app took 60 seconds to answer, and 15 are allowed"
    )


# Fork


@pytest.mark.whoosh(clock="frozen")
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*multi-threaded, use of fork:DeprecationWarning")
def test_an_app_is_not_late_because_another_thread_advances_time(whoosh):
    def app(environ, start_response):
        traveller = threading.Thread(target=whoosh.travel, kwargs={"seconds": 20})
        traveller.start()
        traveller.join()
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [b"<Response><Message>Got it</Message></Response>"]

    whoosh.mount(APP, app)
    whoosh.add_number(SENDER, sms_url=f"{APP}/sms")
    start = whoosh.now

    reply = whoosh.receive("Hello", from_=person(1), to=SENDER)

    assert [message.body for message in reply.replies] == ["Got it"]
    assert whoosh.now - start == timedelta(seconds=20)


def test_the_child_of_a_fork_has_a_copy_of_the_double_that_no_thread_holds(whoosh, client):
    over = threading.Event()

    def send_on() -> None:
        while not over.is_set():
            client.messages.create(to=person(1), from_=SENDER, body="From a thread")

    def travel_on() -> None:
        while not over.is_set():
            whoosh.travel(seconds=1)

    def fork() -> None:
        try:
            for _ in range(5):
                child = os.fork()
                if not child:
                    faulthandler.dump_traceback_later(PATIENCE, exit=True)
                    Client().messages.create(to=person(2), from_=SENDER, body="From the child")
                    whoosh.settle()
                    arrived = whoosh.outbox.last(to=person(2)).status == "delivered"
                    os._exit(0 if arrived else 1)
                statuses.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
        finally:
            over.set()

    # Import lazy modules before: after a fork during an import, Python leaves the module locked.
    client.messages.create(to=person(1), from_=SENDER, body="First")
    whoosh.settle()
    statuses: list[int] = []
    together(fork, send_on, travel_on)

    assert statuses == [0] * 5
    whoosh.assert_not_sent(to=person(2))
