"""Measures how operations depend on the number of messages. They should hardly depend on it."""

import statistics
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from itertools import count

from pytest_whoosh import Whoosh

from . import peers
from .calls import RECIPIENTS, SENDERS, answer, fetching, listing, sending
from .measuring import Result, Side, duration, ratio, take_turns

#: The numbers of messages. From the second one on, no time may grow.
SIZES = (1, 1_000, 100_000, 1_000_000)
FLAT = 1.3
BATCH = 100
DAYS = 10


@dataclass(frozen=True)
class Curve:
    """The time of an operation in doubles of each size, the smallest first: the median over the rounds, in seconds.

    ``result`` compares the largest with the second.
    """

    what: str
    medians: Sequence[float]
    result: Result


class Filled:
    """A double with many messages, sent over ten days."""

    def __init__(self, whoosh: Whoosh, size: int) -> None:
        self.whoosh, self.size = whoosh, size
        self._serials = count(size)
        for day in range(DAYS):
            for serial in range(size * day // DAYS, size * (day + 1) // DAYS):
                answer(whoosh, sending(whoosh, serial))
            whoosh.travel(days=1)
        self._sids = [message.sid for message in whoosh._vendor.messages]
        self.day = (whoosh.now - timedelta(days=DAYS // 2)).date().isoformat()

    def sends(self) -> Callable[[], object]:
        calls = iter([sending(self.whoosh, next(self._serials)) for _ in range(BATCH + 1)])
        return lambda: answer(self.whoosh, next(calls))

    def fetches(self) -> Callable[[], object]:
        # From anywhere in the list, and rarely the same message twice.
        sids = (self._sids[number * 7919 % self.size] for number in self._serials)
        calls = iter([fetching(self.whoosh, next(sids)) for _ in range(BATCH + 1)])
        return lambda: answer(self.whoosh, next(calls))

    def lists(self, **filters: str) -> Callable[[], object]:
        call = listing(self.whoosh, **filters)
        found = len(answer(self.whoosh, call).json()["messages"])
        assert found == 50 or self.size < 1000, "a full page"
        return lambda: answer(self.whoosh, call)

    def settles(self) -> Callable[[], object]:
        for _ in range(BATCH):
            answer(self.whoosh, sending(self.whoosh, next(self._serials)))
        return self.whoosh.settle

    def travels(self, **amount: float) -> Callable[[], object]:
        self.whoosh.settle()
        return partial(self.whoosh.travel, **amount)


@dataclass(frozen=True)
class _Operation:
    """An operation on a double, its repeats in a round, and its number of messages."""

    prepare: Callable[[Filled], Callable[[], object]]
    repeats: int = BATCH
    messages: int = 1
    warms_up: bool = True


_OPERATIONS: Mapping[str, _Operation] = {
    "Send": _Operation(Filled.sends),
    "Fetch": _Operation(Filled.fetches),
    "List a page": _Operation(Filled.lists, repeats=10),
    "List a page, by To": _Operation(lambda filled: filled.lists(To=RECIPIENTS[7]), repeats=10),
    "List a page, by From": _Operation(lambda filled: filled.lists(From=SENDERS[7]), repeats=10),
    "List a page, by DateSent": _Operation(lambda filled: filled.lists(DateSent=filled.day), repeats=10),
    "Settle": _Operation(Filled.settles, repeats=1, messages=BATCH, warms_up=False),
    "Travel over a year": _Operation(lambda filled: filled.travels(days=365), repeats=5),
}


def curves(sizes: Sequence[int] = SIZES, *, rounds: int = 40) -> Iterator[Curve]:
    """Measure every operation in doubles of all sizes, in turns. Yield each curve when it is complete."""
    with ExitStack() as stack:
        doubles = [Filled(stack.enter_context(Whoosh(clock="virtual")), size) for size in sizes]
        for what, operation in _OPERATIONS.items():
            sides = [Side(partial(operation.prepare, filled), warms_up=operation.warms_up) for filled in doubles]
            times = take_turns(*sides, rounds=rounds, repeats=operation.repeats)
            times = tuple([seconds / operation.messages for seconds in each] for each in times)
            largest = f"{what}, {sizes[-1]:,} messages against {sizes[1]:,}"
            yield Curve(
                what, [statistics.median(each) for each in times], ratio(largest, times[-1], times[1], bound=FLAT)
            )


def travels() -> Result:
    """Measure a travel of a year in which nothing happens, against a travel of a second."""
    with Whoosh(clock="virtual") as whoosh:
        filled = Filled(whoosh, 1_000)
        year, second = take_turns(
            Side(partial(filled.travels, days=365)), Side(partial(filled.travels, seconds=1)), rounds=100, repeats=10
        )
    return ratio("Travel over an empty year, against a second", year, second, bound=1.1)


def settles() -> Result:
    """Measure a message's whole life, without callbacks, against a send to a static mock."""

    def sends() -> Callable[[], object]:
        send = peers.through_the_sdk()
        return lambda: [send() for _ in range(BATCH)]

    settle = peers.double(lambda whoosh: Filled(whoosh, 1_000).settles(), clock="virtual")
    settle.warms_up = False  # there is nothing left to settle after the first time
    lives, theirs = take_turns(settle, peers.static_mock(sends), rounds=50, repeats=1)
    lives, theirs = ([seconds / BATCH for seconds in each] for each in (lives, theirs))
    return ratio("A message's whole life, against a whole send to a static mock", lives, theirs, bound=0.07)


def memory() -> Iterator[Result]:
    """Return the memory of a message: the growth of a process at its peak."""
    for way, how in {"door": "by the double's own door", "requests": "with requests"}.items():
        command = [sys.executable, "-m", "tests.benchmarks.memory", way]
        told = subprocess.run(command, check=True, capture_output=True, text=True)
        yield Result(
            what=f"Memory for a message, {how}",
            value=float(told.stdout),
            show=lambda taken: f"{taken:,.0f} bytes",
            bound=1500,
        )


def rows(measured: Sequence[Curve], sizes: Sequence[int] = SIZES) -> list[tuple[str, ...]]:
    """Return the curves as a table, with a row for each operation and a column for each size."""
    head = ("Messages", *(f"{size:,}" for size in sizes))
    return [head, *((curve.what, *map(duration, curve.medians)) for curve in measured)]
