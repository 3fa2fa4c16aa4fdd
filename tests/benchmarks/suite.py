"""Measures the cost of a whole test: ``python -m tests.benchmarks.suite``.

Runs suites of N equal tests, each a process of its own, and compares what one more test costs: (t(N) - t(1)) / (N - 1).
The time is the CPU time of the process and its children, so other work on the machine has little effect.
Rounds take turns, and medians of their ratios are shown. ``--plot PATH`` draws what suites of several sizes take.
"""

import argparse
import os
import re
import resource
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from .plot import plot_suites

#: A test sends one message through the SDK, and asserts on it.
_APP = """
from twilio.rest import Client

SID = "AC" + "f00d" * 8

def send():
    return Client(SID, "token").messages.create(to="+15558675310", from_="+15557122661", body="Your code is 409612.")
"""
_ANSWER = """
ANSWER = {
    "sid": "SM" + "0" * 32, "status": "queued", "to": "+15558675310", "from": "+15557122661", "account_sid": SID,
    "body": "Your code is 409612.", "date_created": None, "date_sent": None, "date_updated": None,
    "num_segments": "1", "num_media": "0", "price": None, "price_unit": "USD", "error_code": None,
    "error_message": None, "messaging_service_sid": None, "direction": "outbound-api", "uri": "/", "api_version": "",
    "subresource_uris": {},
}
URL = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"
"""
_WITHOUT = ("-p", "no:whoosh")


@dataclass(frozen=True)
class Way:
    """One way to test the app: its module before the tests, the body of each test, and pytest's arguments."""

    name: str
    head: str
    test: str
    arguments: tuple[str, ...] = ()
    #: The most that a test may cost, against the same with a static mock.
    bound: float | None = None
    #: False if all other lines of a picture would lie on the ground beside this one's.
    drawn: bool = True


STATIC = Way(
    "responses, static",
    "import json, responses\n" + _APP + _ANSWER,
    """
def test_{n}():
    with responses.RequestsMock() as mock:
        mock.post(URL, json=ANSWER, status=201)
        send()
        assert "Body=Your+code+is+409612." in mock.calls[0].request.body
""",
    _WITHOUT,
)
WAYS = (
    Way(
        "whoosh",
        _APP,
        """
def test_{n}(whoosh):
    send()
    whoosh.assert_sent(body="Your code is 409612.")
""",
        bound=1.15,
    ),
    Way(
        "whoosh, travels",
        _APP,
        """
def test_{n}(whoosh):
    send()
    whoosh.travel(seconds=10)
    whoosh.assert_sent(body="Your code is 409612.", status="delivered")
""",
        bound=1.25 if find_spec("time_machine") else None,
    ),
    Way(
        "whoosh, travels, freezegun",
        'import sys\nsys.modules["time_machine"] = None\n' + _APP,
        """
def test_{n}(whoosh):
    send()
    whoosh.travel(seconds=10)
    whoosh.assert_sent(body="Your code is 409612.", status="delivered")
""",
    ),
    Way(
        "requests-mock",
        "import requests_mock\n" + _APP + _ANSWER,
        """
def test_{n}():
    with requests_mock.Mocker() as mock:
        mock.post(URL, json=ANSWER, status_code=201)
        send()
        assert "Body=Your+code+is+409612." in mock.last_request.text
""",
        _WITHOUT,
    ),
    Way(
        "mock.patch",
        "from unittest.mock import patch\n" + _APP,
        """
def test_{n}():
    with patch("twilio.rest.api.v2010.account.message.MessageList.create") as create:
        send()
    assert create.call_args.kwargs["body"] == "Your code is 409612."
""",
        _WITHOUT,
    ),
)
if find_spec("moto") and find_spec("boto3"):
    WAYS += (
        Way(
            "moto's SNS",
            'import boto3, os\nfrom moto import mock_aws\nos.environ["AWS_DEFAULT_REGION"] = "us-east-1"\n',
            """
def test_{n}():
    with mock_aws():
        boto3.client("sns").publish(PhoneNumber="+15558675310", Message="Your code is 409612.")
""",
            _WITHOUT,
            drawn=False,
        ),
    )


def seconds(way: Way, number: int, folder: Path, extra: Sequence[str] = ()) -> float:
    """Run a suite of so many tests; return the CPU seconds that its processes took."""
    module = folder / f"test_{re.sub('[^a-z]+', '_', way.name)}_{number}.py"
    module.write_text(way.head + "".join(way.test.format(n=n) for n in range(number)), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *way.arguments, *extra, str(module)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env=os.environ | {"PYTHONPATH": ""})
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def cost(way: Way, number: int, folder: Path, extra: Sequence[str] = ()) -> float:
    """Return what one more test costs, in seconds."""
    return (seconds(way, number, folder, extra) - seconds(way, 1, folder, extra)) / (number - 1)


def draw(ways: Sequence[Way], number: int, rounds: int) -> str:
    """Return a picture of what suites of up to so many tests take."""
    sizes = [1, *(number * quarter // 4 for quarter in (1, 2, 3, 4))]
    drawn = [way for way in (STATIC, *ways) if way.drawn]
    taken: dict[tuple[str, int], list[float]] = {(way.name, size): [] for way in drawn for size in sizes}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for size in sizes:
                for way in drawn:
                    taken[way.name, size].append(seconds(way, size, Path(folder)))
    return plot_suites({way.name: [statistics.median(taken[way.name, size]) for size in sizes] for way in drawn}, sizes)


def compare(ways: Sequence[Way], number: int, rounds: int, extra: Sequence[str] = ()) -> list[tuple[Way, float, float]]:
    """Return each way with the median of what a test costs, and of its ratio to a static mock."""
    costs: dict[str, list[float]] = {way.name: [] for way in (STATIC, *ways)}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for way in (STATIC, *ways):
                costs[way.name].append(cost(way, number, Path(folder), extra))
    static = costs[STATIC.name]
    return [
        (
            way,
            statistics.median(costs[way.name]),
            statistics.median(one / other for one, other in zip(costs[way.name], static, strict=True)),
        )
        for way in (STATIC, *ways)
    ]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.suite", description=__doc__)
    parser.add_argument("--tests", type=int, default=500, metavar="N", help="tests in a suite (default: %(default)s)")
    parser.add_argument("--rounds", type=int, default=5, metavar="N", help="rounds (default: %(default)s)")
    parser.add_argument("--check", action="store_true", help="exit with status 1 where a bound is missed")
    parser.add_argument("--xdist", action="store_true", help="run each suite in two processes of pytest-xdist")
    parser.add_argument("--plot", type=Path, metavar="PATH", help="draw what suites of several sizes take as an SVG")
    arguments = parser.parse_args()

    if arguments.plot:
        arguments.plot.write_text(draw(WAYS, arguments.tests, arguments.rounds), encoding="utf-8")
        return 0
    extra = ("-n", "2") if arguments.xdist else ()
    measured = compare(WAYS, arguments.tests, arguments.rounds, extra)

    for way, each, against in measured:
        bound = f"   at most {way.bound:.2f}x" if way.bound else ""
        print(f"{way.name:<26} {each * 1000:6.2f} ms a test   {against:5.2f}x{bound}")
    return int(arguments.check and any(way.bound and against > way.bound for way, _, against in measured))


if __name__ == "__main__":
    sys.exit(main())
