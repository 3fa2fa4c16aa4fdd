"""Measures the server's calls a second on one core: ``python -m tests.benchmarks.server_load`` (on Linux).

Each server is a process of its own on one core. This process calls it from another core, over connections that stay
open, always with the same number of calls under way. A bare server, which only answers a fixed text of the same length
with the same library, is measured too. The difference between the two is the fake's own work.

Calls are counted per second of the CPU time of the server's process, which other processes hardly affect, and per
second of real time. With ``--check`` the exit status is 1 if the fake answers fewer than a thousand calls a second.
"""

import argparse
import asyncio
import os
import shlex
import subprocess
import sys
import time
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

TARGET: Final = 1000
CONNECTIONS: Final = 32
CALLS: Final = 5000
WARM_UP: Final = 500

_SERVER = [sys.executable, "-m", "pytest_whoosh", "serve"]
_BARE = [sys.executable, "-m", "tests.benchmarks.server_load", "--bare"]
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_LENGTH: Final = 765


class Load(asyncio.Protocol):
    """One connection. It sends the same call again as soon as the last one was answered."""

    def __init__(self, request: bytes, left: list[int], done: asyncio.Future[None]) -> None:
        self._request = request
        self._left = left
        self._done = done
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        self._next()

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, end, body = self._buffer.partition(b"\r\n\r\n")
        if not end:
            return
        length = int(head.lower().partition(b"content-length:")[2].split(b"\r\n", 1)[0])
        if len(body) < length:
            return
        if not head.startswith((b"HTTP/1.1 200", b"HTTP/1.1 201")):
            raise AssertionError(head)
        self._buffer = body[length:]
        self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)

    def _next(self) -> None:
        if self._left[0]:
            self._left[0] -= 1
            self._transport.write(self._request)
        else:
            self._transport.close()


async def load(url: str, request: bytes, calls: int) -> None:
    """Make a number of calls over all connections."""
    loop = asyncio.get_running_loop()
    address = urlsplit(url)
    left = [calls]
    done = [loop.create_future() for _ in range(CONNECTIONS)]
    for each in done:
        await loop.create_connection(lambda each=each: Load(request, left, each), address.hostname, address.port)
    await asyncio.gather(*done)


def spent(pid: int) -> float:
    """Return the CPU time of a process in seconds."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def measure(url: str, pid: int, request: bytes) -> tuple[float, float]:
    """Return the calls per second of CPU time, and per second of real time."""
    asyncio.run(load(url, request, WARM_UP))
    computed, started = spent(pid), time.perf_counter()
    asyncio.run(load(url, request, CALLS))
    waited = time.perf_counter() - started
    return CALLS / (spent(pid) - computed), CALLS / waited


@contextmanager
def serving(command: list[str]) -> Iterator[tuple[dict[str, str], int]]:
    """Start a server on one core, and yield the first line that it prints. This process uses the other cores."""
    cores = sorted(os.sched_getaffinity(0))
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    os.sched_setaffinity(process.pid, cores[:1])
    os.sched_setaffinity(0, cores[1:] or cores)
    assert process.stdout is not None
    try:
        yield dict(pair.split("=", 1) for pair in shlex.split(process.stdout.readline())), process.pid
    finally:
        process.terminate()
        process.communicate()
        os.sched_setaffinity(0, cores)


def requests(account_sid: str) -> dict[str, bytes]:
    """Return the measured calls by name."""
    path = f"/2010-04-01/Accounts/{account_sid}/Messages.json"
    head = f"HTTP/1.1\r\nHost: localhost\r\nAuthorization: Basic {b64encode(b'key:secret').decode()}\r\n"
    form = "To=%2B15558675310&From=%2B15557122661&Body=Your+code+is+409612."
    posted = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(form)}\r\n\r\n{form}"
    return {
        "send a message": f"POST {path} {head}{posted}".encode(),
        "list a page of 20": f"GET {path}?PageSize=20 {head}\r\n".encode(),
    }


def bare() -> None:
    """Serve a fixed text with the library of the real server."""
    from aiohttp import web

    async def serve() -> None:
        async def answer(call: web.BaseRequest) -> web.StreamResponse:
            await call.read()
            return web.Response(status=201, body=b"x" * _LENGTH)

        runner = web.ServerRunner(web.Server(answer, access_log=None))
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        print(f"WHOOSH_URL=http://127.0.0.1:{runner.addresses[0][1]}", flush=True)
        await asyncio.Event().wait()

    asyncio.run(serve())


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.server_load", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with status 1 below a thousand calls a second")
    parser.add_argument("--bare", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.bare:
        bare()

    rows = []
    with serving(_BARE) as (environment, pid):
        rows.append(("the library alone", *measure(environment["WHOOSH_URL"], pid, requests("AC")["send a message"])))
    with serving(_SERVER) as (environment, pid):
        for name, request in requests(environment["WHOOSH_ACCOUNT_SID"]).items():
            rows.append((name, *measure(environment["WHOOSH_URL"], pid, request)))

    print(f"{'calls a second, on one core':30}{'computing':>12}{'waiting':>12}")
    for name, computing, waiting in rows:
        print(f"{name:30}{computing:12,.0f}{waiting:12,.0f}")
    return int(arguments.check and min(computing for _, computing, _ in rows[1:2]) < TARGET)


if __name__ == "__main__":
    sys.exit(main())
