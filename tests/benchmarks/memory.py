"""Measures the memory of a message: ``python -m tests.benchmarks.memory door`` sends 100,000, and prints the bytes."""

import resource
import sys
from collections.abc import Callable
from pathlib import Path

import requests

from pytest_whoosh import Whoosh

from .calls import answer, auth, messages_url, parameters, sending

MESSAGES = 100_000
_STATUS = Path("/proc/self/status")


def main(way: str) -> None:
    with Whoosh() as whoosh:
        send = _WAYS[way](whoosh)
        for serial in range(100):
            send(serial)
        whoosh.settle()
        before = _peak()
        for serial in range(MESSAGES):
            send(serial)
        whoosh.settle()
        print((_peak() - before) / MESSAGES)


def _peak() -> int:
    """Return the most memory that the process has had so far, in bytes."""
    if not _STATUS.exists():  # macOS counts in bytes
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    # On Linux, the other count starts with the memory of the parent.
    line = next(line for line in _STATUS.read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) * 1024


def _by_the_door(whoosh: Whoosh) -> Callable[[int], object]:
    return lambda serial: answer(whoosh, sending(whoosh, serial))


def _with_requests(whoosh: Whoosh) -> Callable[[int], object]:
    session, url = requests.Session(), messages_url(whoosh)
    session.auth = auth(whoosh)
    return lambda serial: session.post(url, data=parameters(serial))


_WAYS = {"door": _by_the_door, "requests": _with_requests}

if __name__ == "__main__":
    main(sys.argv[1])
