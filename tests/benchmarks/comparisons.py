"""Compares the costs of a send, a fixture and the plugin with their alternatives."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from functools import partial
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path

import requests
import responses

from pytest_whoosh import Whoosh
from pytest_whoosh.interception.guard import Guard

from . import peers
from .calls import RECIPIENT, SENDER, answer, body, sending
from .measuring import Result, Side, difference, ratio, take_turns

ROUNDS, REPEATS = 200, 25


def sends() -> Iterator[Result]:
    """Measure a send through the vendor's SDK and with requests, and the double's own share of it."""
    ours, theirs = take_turns(peers.double(peers.through_the_sdk), peers.static_mock(peers.through_the_sdk), **_OFTEN)
    yield ratio("Send through the SDK, against a static mock", ours, theirs, bound=1.0)
    ours, theirs = take_turns(peers.double(_with_requests), peers.static_mock(_with_requests), **_OFTEN)
    yield ratio("Send with requests, against a static mock", ours, theirs)
    if peers.HAS_MOTO:
        ours, theirs = take_turns(peers.double(peers.through_the_sdk), peers.moto(), **_OFTEN)
        yield ratio("Send through the SDK, against moto's SNS", ours, theirs)
    ours, theirs = take_turns(peers.double(_by_the_door), peers.static_mock(peers.through_the_sdk), **_OFTEN)
    yield ratio(
        "The double's own share of a send, against a send through the SDK to a static mock", ours, theirs, bound=0.1
    )


def fixtures() -> Iterator[Result]:
    """Measure set-up and tear-down, alone and in a run of pytest, which has started its guard before."""

    def double() -> None:
        with Whoosh():
            pass

    def empty_mock() -> None:
        with responses.RequestsMock():
            pass

    alone, theirs = take_turns(Side(lambda: double), Side(lambda: empty_mock), **_OFTEN)
    yield ratio("Set-up and tear-down outside pytest, against an empty mock", alone, theirs, bound=3.2)
    guard = Guard(str)
    guard.start()
    try:
        ours, theirs = take_turns(Side(lambda: double), Side(lambda: empty_mock), **_OFTEN)
        yield ratio("Set-up and tear-down of the fixture, against an empty mock", ours, theirs, bound=2.0)
        if peers.HAS_MOTO:
            ours, theirs = take_turns(Side(lambda: double), Side(peers.empty_moto), **_OFTEN)
            yield ratio("Set-up and tear-down of the fixture, against moto", ours, theirs)
    finally:
        guard.stop()


def start_up() -> Result:
    """Measure pytest on a file without tests, with and without the plugin. No other plugin is loaded."""
    others = [f"-pno:{plugin.name}" for plugin in entry_points(group="pytest11") if plugin.name != "whoosh"]
    command = [sys.executable, "-m", "pytest", "-q", *others, "-pno:cacheprovider", "test_nothing.py"]

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").touch()
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        # Packages are compiled when they are installed. So they are compiled here too, whatever the environment says.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}

        def start(*extra: str) -> Callable[[], object]:
            whole = [*command, *extra]
            return partial(subprocess.run, whole, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)

        ours, theirs = take_turns(
            Side(start), Side(lambda: start("-pno:whoosh")), rounds=20, repeats=1, clock=_spent_by_children
        )
    return difference("Start-up of pytest, against -p no:whoosh", ours, theirs, bound=0.015)


def _spent_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def _with_requests(*_: object) -> Callable[[], object]:
    session, numbers = requests.Session(), count()
    session.auth = (os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
    url = f"https://api.twilio.com/2010-04-01/Accounts/{session.auth[0]}/Messages.json"

    def send() -> None:
        session.post(url, data={"To": RECIPIENT, "From": SENDER, "Body": body(next(numbers))}).raise_for_status()

    return send


def _by_the_door(whoosh: Whoosh) -> Callable[[], object]:
    calls = iter([sending(whoosh, serial) for serial in range(REPEATS + 1)])
    return lambda: answer(whoosh, next(calls))


_OFTEN = {"rounds": ROUNDS, "repeats": REPEATS}
