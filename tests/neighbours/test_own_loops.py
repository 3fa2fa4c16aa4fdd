"""Servers in the test's own event loop, of trio and of uvloop: a webhook to one must be awaited, and nothing stalls."""

import asyncio
import sys
from collections.abc import Callable

import pytest
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError
from tests.conftest import PERSON, SENDER

trio = pytest.importorskip("trio")
pytest.importorskip("trio.testing")
uvloop = pytest.importorskip("uvloop")

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="only Linux shows what a loop waits for")

NO_CONTENT = b"HTTP/1.1 204 No Content\r\nConnection: close\r\n\r\n"


async def settle(whoosh: Whoosh, port: int) -> str:
    """Settle with and without waiting. Return why it had to be awaited."""
    url = f"http://127.0.0.1:{port}"
    whoosh.mount(url)
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{url}/status")
    with pytest.raises(WhooshError) as refused:
        whoosh.settle()
    await whoosh.asettle()
    assert [callback.response_status for callback in whoosh.callbacks] == [204, 204]
    return str(refused.value)


async def on_uvloop(whoosh: Whoosh) -> str:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(NO_CONTENT)
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    await asyncio.sleep(0.01)  # until the loop waits for it
    async with server:
        return await settle(whoosh, server.sockets[0].getsockname()[1])


async def on_trio(whoosh: Whoosh) -> str:
    async def answer(stream: trio.SocketStream) -> None:
        await stream.receive_some()
        await stream.send_all(NO_CONTENT)
        await stream.aclose()

    listeners = await trio.open_tcp_listeners(0, host="127.0.0.1")
    async with trio.open_nursery() as nursery:
        await nursery.start(trio.serve_listeners, answer, listeners)
        await trio.testing.wait_all_tasks_blocked()
        refused = await settle(whoosh, listeners[0].socket.getsockname()[1])
        nursery.cancel_scope.cancel()
    return refused


RUNS: dict[str, Callable[[Whoosh], str]] = {
    "uvloop": lambda whoosh: uvloop.run(on_uvloop(whoosh)),
    "trio": lambda whoosh: trio.run(on_trio, whoosh),
}


@pytest.mark.parametrize("run", RUNS.values(), ids=RUNS)
def test_a_webhook_to_a_server_in_the_tests_own_loop_is_refused_at_once(
    whoosh: Whoosh, run: Callable[[Whoosh], str]
) -> None:
    assert run(whoosh) == (
        "A webhook goes to a server in the event loop that this thread runs, which cannot answer until the call "
        "returns. Write `await whoosh.asettle()`."
    )
