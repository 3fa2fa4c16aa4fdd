"""The event loops in which an app's handlers may run: asyncio's, and those of trio, which is never imported here."""

import asyncio
import math
import sys
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, TypeVar

R = TypeVar("R")


class Queue(Protocol):
    """What tasks of one loop hand each other things by."""

    def put_nowait(self, item: Any, /) -> None:
        """Hand over at once."""

    async def put(self, item: Any, /) -> None:
        """Hand over."""

    async def get(self) -> Any:
        """Wait for the next."""


def running_loop() -> object | None:
    """What runs the caller, asyncio's loop or the root task of trio's; None outside of both."""
    return asyncio._get_running_loop() or _root_task()


def queue() -> Queue:
    """A queue for the running loop."""
    return asyncio.Queue() if asyncio._get_running_loop() else _TrioQueue()


def event() -> Any:
    """What tasks of the running loop wait for."""
    return asyncio.Event() if asyncio._get_running_loop() else sys.modules["trio"].Event()


async def within(seconds: float, function: Callable[[], Awaitable[R]]) -> R:
    """Await something for so long at most.

    Raises:
        TimeoutError: it takes longer.
    """
    if asyncio._get_running_loop():
        async with asyncio.timeout(seconds):
            return await function()
    with sys.modules["trio"].move_on_after(seconds):
        return await function()
    raise TimeoutError


def spawn(function: Callable[[], Awaitable[None]]) -> Any:
    """Run something in the background of the running loop; what keeps it alive."""
    if asyncio._get_running_loop():
        return asyncio.ensure_future(function())
    return sys.modules["trio"].lowlevel.spawn_system_task(function)


async def in_thread(function: Callable[..., R], *args: object) -> R:
    """Let a thread do what would keep the loop waiting."""
    if asyncio._get_running_loop():
        return await asyncio.to_thread(function, *args)
    result: R = await sys.modules["trio"].to_thread.run_sync(function, *args)
    return result


def _root_task() -> object | None:
    trio = sys.modules.get("trio")
    if trio is None:
        return None
    try:
        return trio.lowlevel.current_root_task()  # type: ignore[no-any-return]
    except RuntimeError:
        return None


class _TrioQueue:
    def __init__(self) -> None:
        self._sending, self._receiving = sys.modules["trio"].open_memory_channel(math.inf)

    def put_nowait(self, item: Any) -> None:
        self._sending.send_nowait(item)

    async def put(self, item: Any) -> None:
        await self._sending.send(item)

    async def get(self) -> Any:
        return await self._receiving.receive()
