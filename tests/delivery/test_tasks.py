"""Tasks that a handler starts are done when a plain ``settle`` or ``receive`` returns, or the traffic names them."""

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

HOOK = "https://app.example/status"


class Notes:
    """An app's handler that leaves work to tasks, and records what they did."""

    def __init__(self, work: Callable[["Notes"], Coroutine[Any, Any, None]]) -> None:
        self.done: list[str] = []
        self.tasks: set[asyncio.Task[None]] = set()
        self.app = FastAPI()

        @self.app.post("/status")
        async def status() -> None:
            self.start(work(self))

    def start(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)


async def at_once(notes: Notes) -> None:
    notes.done.append("at once")


async def after_a_timer(notes: Notes) -> None:
    await asyncio.sleep(0.001)
    notes.done.append("after a timer")


async def in_a_task_of_its_own(notes: Notes) -> None:
    await asyncio.sleep(0)
    notes.start(after_a_timer(notes))


async def in_a_thread(notes: Notes) -> None:
    await asyncio.to_thread(notes.done.append, "in a thread")


async def by_a_send(notes: Notes) -> None:
    await asyncio.sleep(0)
    Client().messages.create(to=PERSON, from_=SENDER, body="From a task")
    notes.done.append("by a send")


async def never(notes: Notes) -> None:
    await asyncio.Event().wait()


async def much_later(notes: Notes) -> None:
    await asyncio.sleep(3600)


def failing() -> None:
    raise LookupError("no such person")


async def fail(notes: Notes) -> None:
    await asyncio.sleep(0)
    failing()


def send() -> None:
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=HOOK)


@pytest.mark.parametrize(
    ("work", "done"),
    [
        (at_once, "at once"),
        (after_a_timer, "after a timer"),
        (in_a_task_of_its_own, "after a timer"),
        (in_a_thread, "in a thread"),
        (by_a_send, "by a send"),
    ],
)
def test_a_task_is_done_when_settle_returns(whoosh: Whoosh, work: Any, done: str) -> None:
    notes = Notes(work)
    whoosh.mount("https://app.example", notes.app)
    send()

    whoosh.settle()

    assert notes.done == [done, done]
    assert "not done" not in whoosh.traffic()


def test_a_task_is_done_when_receive_returns(whoosh: Whoosh) -> None:
    notes = Notes(after_a_timer)
    whoosh.mount("https://app.example", notes.app)
    whoosh.add_number(SENDER, sms_url=HOOK)

    whoosh.receive("Hi", from_=PERSON, to=SENDER)

    assert notes.done == ["after a timer"]


def test_background_tasks_are_done_when_settle_returns(whoosh: Whoosh) -> None:
    app, done = FastAPI(), []

    @app.post("/status")
    async def status(tasks: BackgroundTasks) -> None:
        tasks.add_task(done.append, "in the background")

    whoosh.mount("https://app.example", app)
    send()
    whoosh.settle()

    assert done == ["in the background"] * 2


def test_a_worker_of_the_app_finishes_the_work_that_a_handler_queued(whoosh: Whoosh) -> None:
    done: list[str] = []

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.jobs = asyncio.Queue()

        async def worker() -> None:
            while True:
                done.append(await app.state.jobs.get())

        running = asyncio.create_task(worker())
        yield
        running.cancel()

    app = FastAPI(lifespan=lifespan)

    @app.post("/status")
    async def status() -> None:
        app.state.jobs.put_nowait("by the worker")

    whoosh.mount("https://app.example", app)
    send()
    whoosh.settle()

    assert done == ["by the worker"] * 2
    assert "not done" not in whoosh.traffic()


@pytest.mark.parametrize("work", [never, much_later])
def test_a_task_that_nothing_can_end_is_named_with_its_line(whoosh: Whoosh, work: Any) -> None:
    whoosh.mount("https://app.example", Notes(work).app)
    send()

    whoosh.travel(seconds=2)

    line = work.__code__.co_firstlineno + 1
    not_done = f"tasks of its handler are still running: {work.__name__} at test_tasks.py:{line}"
    assert f"POST {HOOK}  answered 200; {not_done}\n" in whoosh.traffic() + "\n"


def test_a_task_that_fails_is_recorded_as_the_callbacks_exception(whoosh: Whoosh) -> None:
    whoosh.mount("https://app.example", Notes(fail).app)
    send()

    whoosh.travel(seconds=2)

    (callback,) = whoosh.callbacks
    assert type(callback.exception) is LookupError
    assert (callback.response_status, callback.error) == (200, None)
    assert "answered 200, and then the app raised LookupError: no such person (test_tasks.py:" in whoosh.traffic()


@pytest.mark.whoosh(app_errors="raise")
def test_settle_raises_the_error_of_a_task_if_app_errors_is_raise(whoosh: Whoosh) -> None:
    whoosh.mount("https://app.example", Notes(fail).app)
    send()

    with pytest.raises(LookupError):
        whoosh.settle()
