"""What is measured, and against what."""

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack
from functools import partial
from importlib.metadata import entry_points
from itertools import count
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import urlencode

import requests
import responses
from twilio.rest import Client

from pytest_whoosh import Whoosh
from pytest_whoosh.engine.http import Request
from pytest_whoosh.transports.guard import Guard

from .measuring import Result, Side, take_turns

SENDER, RECIPIENT = "+15557122661", "+15558675310"
FEW, MANY = 1_000, 100_000
RECIPIENTS = [f"+1555867{number:04}" for number in range(20)]


class Double:
    """The double, in force for a round at a time."""

    def __init__(self, run: Callable[[Whoosh], Callable[[], object]], **settings: object) -> None:
        self._run, self._settings = run, settings
        self._stack = ExitStack()

    def side(self) -> Side:
        return Side(lambda: self._run(self._stack.enter_context(Whoosh(**self._settings))), self._stack.close)


def handwritten(run: Callable[[], Callable[[], object]]) -> Side:
    """What a test would do without the double: a static answer, and the credentials that the SDK reads."""
    with Whoosh() as whoosh:
        Client().messages.create(to=RECIPIENT, from_=SENDER, body="Hi there")
        document = dict(requests.get(_messages_url(whoosh), auth=_auth(whoosh)).json()["messages"][0])
        url, credentials = _messages_url(whoosh), ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
        environment = {name: os.environ[name] for name in credentials}
    stack = ExitStack()

    def start() -> Callable[[], object]:
        stack.enter_context(mock.patch.dict(os.environ, environment))
        static = stack.enter_context(responses.RequestsMock())
        static.post(url, json=document, status=201)
        return run()

    return Side(start, stack.close)


def send_through_the_sdk() -> Result:
    def sends(*_: object) -> Callable[[], object]:
        client, numbers = Client(), count()
        return lambda: client.messages.create(to=RECIPIENT, from_=SENDER, body=f"Your code is {next(numbers):06}.")

    ours, theirs = take_turns(Double(sends).side(), handwritten(sends), rounds=200, repeats=25)
    return Result(what="Send through the SDK, against a static mock", ours=ours, theirs=theirs, bound=1.15)


def send_with_requests() -> Result:
    def sends(*_: object) -> Callable[[], object]:
        session, numbers = requests.Session(), count()
        session.auth = (os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
        url = f"https://api.twilio.com/2010-04-01/Accounts/{session.auth[0]}/Messages.json"

        def send() -> None:
            body = f"Your code is {next(numbers):06}."
            session.post(url, data={"To": RECIPIENT, "From": SENDER, "Body": body}).raise_for_status()

        return send

    ours, theirs = take_turns(Double(sends).side(), handwritten(sends), rounds=200, repeats=25)
    return Result(what="Send with requests, against a static mock", ours=ours, theirs=theirs)


def set_up_and_tear_down() -> Result:
    """The fixture's: as in a run of pytest, where the plugin's guard stands already."""

    def double() -> None:
        with Whoosh():
            pass

    def empty() -> None:
        with responses.RequestsMock():
            pass

    guard = Guard(str)
    guard.start()
    try:
        ours, theirs = take_turns(Side(lambda: double), Side(lambda: empty), rounds=200, repeats=25)
    finally:
        guard.stop()
    return Result(what="Set-up and tear-down, against an empty RequestsMock", ours=ours, theirs=theirs, bound=3)


def start_up() -> Result:
    """pytest on a file without tests, with the plugin and without it; every other plugin is left out of both."""
    others = [f"-pno:{plugin.name}" for plugin in entry_points(group="pytest11") if plugin.name != "whoosh"]
    command = [sys.executable, "-m", "pytest", "-q", *others, "-pno:cacheprovider", "test_nothing.py"]

    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "test_nothing.py").touch()
        Path(folder, "pytest.ini").write_text("[pytest]\n")
        # Installed packages are compiled once; so is everything here, even where the machine is told not to.
        environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": folder}

        def start(*extra: str) -> Callable[[], object]:
            whole = [*command, *extra]
            return partial(subprocess.run, whole, cwd=folder, env=environment, check=False, stdout=subprocess.DEVNULL)

        ours, theirs = take_turns(
            Side(start), Side(lambda: start("-pno:whoosh")), rounds=20, repeats=1, clock=_spent_by_children
        )
    return Result(
        what="pytest's start-up, against -p no:whoosh", ours=ours, theirs=theirs, bound=0.015, in_seconds=True
    )


def _spent_by_children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def own_share_of_a_send() -> Result:
    """What the fake itself takes of a send with requests: everything but the HTTP library."""

    def answers(whoosh: Whoosh) -> Callable[[], object]:
        numbers = count()
        return lambda: _send(whoosh, next(numbers))

    def sends(whoosh: Whoosh) -> Callable[[], object]:
        session, url = requests.Session(), _messages_url(whoosh)
        numbers = count()
        return lambda: session.post(url, data=_parameters(next(numbers)), auth=_auth(whoosh))

    ours, theirs = take_turns(Double(answers).side(), Double(sends).side(), rounds=200, repeats=25)
    return Result(what="The fake's own share of a send with requests", ours=ours, theirs=theirs)


def many_messages() -> Iterator[Result]:
    """What depends on how many messages there are already, which nothing should."""
    with Whoosh(clock="virtual") as few, Whoosh(clock="virtual") as many:
        for whoosh, number in ((few, FEW), (many, MANY)):
            for serial in range(number):
                _send(whoosh, serial)
            whoosh.settle()
        for what, run in _ON_MANY.items():
            ours, theirs = take_turns(
                Side(lambda run=run: partial(run, many)), Side(lambda run=run: partial(run, few)), rounds=30, repeats=5
            )
            yield Result(what=f"{what}, {MANY:,} messages against {FEW:,}", ours=ours, theirs=theirs, bound=1.3)


def _settle(whoosh: Whoosh) -> None:
    for serial in range(10):
        _send(whoosh, serial)
    whoosh.settle()


def _list(whoosh: Whoosh, **filters: str) -> None:
    response = whoosh.answer(Request("GET", f"{_messages_url(whoosh)}?{urlencode(filters)}", _headers(whoosh)))
    document: Any = response.json()
    assert len(document["messages"]) == 50, "a full page"


_ON_MANY: Mapping[str, Callable[[Whoosh], None]] = {
    "Send and settle 10": _settle,
    "A page": _list,
    "A page of one recipient's": partial(_list, To=RECIPIENTS[7]),
    "A page of one recipient's since a date": partial(_list, **{"To": RECIPIENTS[7], "DateSent>": "2020-01-01"}),
}


def _send(whoosh: Whoosh, serial: int) -> None:
    body = urlencode(_parameters(serial))
    response = whoosh.answer(Request("POST", _messages_url(whoosh), _headers(whoosh), body))
    assert response.status == 201, response.body


def _parameters(serial: int) -> dict[str, str]:
    return {"To": RECIPIENTS[serial % len(RECIPIENTS)], "From": SENDER, "Body": f"Your code is {serial:06}."}


def _messages_url(whoosh: Whoosh) -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"


def _auth(whoosh: Whoosh) -> tuple[str, str]:
    return whoosh.account_sid, whoosh.auth_token


def _headers(whoosh: Whoosh) -> dict[str, str]:
    return {"Authorization": requests.auth._basic_auth_str(*_auth(whoosh))}
