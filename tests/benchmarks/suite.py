"""Measures the cost of a whole test: ``python -m tests.benchmarks.suite``.

Runs suites of N equal tests, each in a process of its own. Compares the cost of one more test,
(t(N) - t(1)) / (N - 1). The time is the CPU time of the process and its children, so other processes have little
effect. All ways run in each round, and the medians over the rounds are shown.
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
from math import nan
from pathlib import Path

from .arguments import at_least, new_file
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
    #: The modules that have to be installed for it.
    needs: tuple[str, ...] = ()
    #: The highest cost of a test that is allowed, as a ratio to the same test with a static mock.
    bound: float | None = None
    #: False if the line would be so high that all other lines of the picture look flat.
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
        needs=("time_machine",),
        bound=1.25,
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
        needs=("requests_mock",),
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
    Way(
        "moto's SNS",
        'import boto3, os\nfrom moto import mock_aws\nos.environ["AWS_DEFAULT_REGION"] = "us-east-1"\n',
        """
def test_{n}():
    with mock_aws():
        boto3.client("sns").publish(PhoneNumber="+15558675310", Message="Your code is 409612.")
""",
        _WITHOUT,
        needs=("moto", "boto3"),
        drawn=False,
    ),
)

#: The CPU seconds of each way's suites: in each round, of one suite of each size, from one test on.
Taken = dict[str, list[list[float]]]


def measure(ways: Sequence[Way], sizes: Sequence[int], rounds: int, extra: Sequence[str] = ()) -> Taken:
    """Run the suites of all ways in turns. A way that is not drawn runs the smallest and the largest suite only."""
    taken: Taken = {way.name: [] for way in ways}
    with tempfile.TemporaryDirectory() as folder:
        for number in range(1, rounds + 1):
            for way in ways:
                print(f"Round {number} of {rounds}: {way.name}", file=sys.stderr)
                run = sizes if way.drawn else (sizes[0], sizes[-1])
                taken[way.name].append([seconds(way, size, Path(folder), extra) for size in run])
    return taken


def seconds(way: Way, number: int, folder: Path, extra: Sequence[str] = ()) -> float:
    """Run a suite with a number of tests. Return the CPU time of its processes in seconds."""
    module = folder / f"test_{re.sub('[^a-z]+', '_', way.name)}_{number}.py"
    module.write_text(way.head + "".join(way.test.format(n=n) for n in range(number)), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *way.arguments, *extra, str(module)]
    environment = os.environ | {"PYTHONPATH": ""}
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    ran = subprocess.run(command, check=False, capture_output=True, text=True, cwd=folder, env=environment)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    if ran.returncode:
        sys.exit(f"The tests with {way.name} failed:\n\n{ran.stdout}{ran.stderr}")
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def costs(taken: Taken, number: int) -> dict[str, tuple[float, float]]:
    """Return the median cost of one more test with each way, in seconds, and its ratio to a static mock."""
    each = {name: [(row[-1] - row[0]) / (number - 1) for row in rows] for name, rows in taken.items()}
    return {
        name: (
            statistics.median(ours),
            statistics.median(one / (other or nan) for one, other in zip(ours, each[STATIC.name], strict=True)),
        )
        for name, ours in each.items()
    }


def installed_ways() -> list[Way]:
    """Return the ways with libraries that are installed, the static mock first."""
    ways = []
    for way in (STATIC, *WAYS):
        if missing := [name for name in way.needs if find_spec(name) is None]:
            libraries = " and ".join(missing)
            print(f'Without {libraries}: pip install "pytest-whoosh[benchmarks]" adds {way.name}.', file=sys.stderr)
        else:
            ways.append(way)
    return ways


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.suite", description=__doc__.replace("``", ""))
    parser.add_argument("--tests", type=at_least(2), default=500, metavar="N", help="tests in a suite (default: 500)")
    parser.add_argument("--rounds", type=at_least(1), default=5, metavar="N", help="rounds (default: 5)")
    parser.add_argument("--check", action="store_true", help="exit with status 1 where a bound is missed")
    parser.add_argument("--xdist", action="store_true", help="run each suite in two processes of pytest-xdist")
    parser.add_argument("--plot", type=new_file, metavar="PATH", help="draw what suites of five sizes take as an SVG")
    arguments = parser.parse_args()
    if arguments.xdist and find_spec("xdist") is None:
        parser.error('--xdist needs pytest-xdist: pip install "pytest-whoosh[benchmarks]"')

    ways, number = installed_ways(), arguments.tests
    quarters = {max(1, number * quarter // 4) for quarter in (1, 2, 3)} if arguments.plot else set()
    sizes = sorted({1, *quarters, number})
    taken = measure(ways, sizes, arguments.rounds, ("-n", "2") if arguments.xdist else ())

    if arguments.plot:
        drawn = {way.name: zip(*taken[way.name], strict=True) for way in ways if way.drawn}
        medians = {name: list(map(statistics.median, columns)) for name, columns in drawn.items()}
        arguments.plot.write_text(plot_suites(medians, sizes), encoding="utf-8")
    measured = costs(taken, number)
    for way in ways:
        each, against = measured[way.name]
        bound = f"   at most {way.bound:.2f}x" if way.bound else ""
        print(f"{way.name:<26} {each * 1000:6.2f} ms a test   {against:5.2f}x{bound}")
    if any(each <= 0 for each, _ in measured.values()):
        print("A test cannot take no time. The starts of the processes differ too much: use more --tests or --rounds.")
        return int(arguments.check)
    return int(arguments.check and any(way.bound and measured[way.name][1] > way.bound for way in ways))


if __name__ == "__main__":
    sys.exit(main())
