"""Compares alternatives in one process and in turns, so a slow moment slows all of them."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import process_time

Seconds = Sequence[float]


@dataclass
class Side:
    """One side of a comparison: ``start`` returns the function that a round times, and ``stop`` cleans up after it."""

    start: Callable[[], Callable[[], object]]
    stop: Callable[[], object] = lambda: None
    #: True if ``run`` runs once before it is timed, to exclude work that is done only once.
    warms_up: bool = True
    times: list[float] = field(default_factory=list)

    def take_turn(self, repeats: int, clock: Callable[[], float]) -> None:
        run = self.start()
        try:
            if self.warms_up:
                run()
            started = clock()
            for _ in range(repeats):
                run()
            self.times.append((clock() - started) / repeats)
        finally:
            self.stop()


def take_turns(
    *sides: Side, rounds: int, repeats: int, clock: Callable[[], float] = process_time
) -> tuple[list[float], ...]:
    """Run all sides in turns. Return the seconds that one repeat took on each side, in each round.

    The clock counts the time of this process only, so other processes have little effect.
    """
    for number in range(rounds):
        for side in sides if number % 2 else reversed(sides):
            side.take_turn(repeats, clock)
    return tuple(side.times for side in sides)


@dataclass(frozen=True, kw_only=True)
class Result:
    """A measurement, and its bound."""

    what: str
    value: float
    show: Callable[[float], str]
    bound: float | None = None
    #: The median of each side that it was measured on, in seconds.
    ours: float | None = None
    theirs: float | None = None

    @property
    def holds(self) -> bool:
        return self.bound is None or self.value <= self.bound


def ratio(what: str, ours: Seconds, theirs: Seconds, *, bound: float | None = None) -> Result:
    """Return the ratio of one side's time to the other's: the median over the rounds."""
    return _compared(what, ours, theirs, lambda one, other: one / other, lambda value: f"{value:.2f}x", bound)


def difference(what: str, ours: Seconds, theirs: Seconds, *, bound: float | None = None) -> Result:
    """Return the difference of one side's time and the other's: the median over the rounds."""
    return _compared(what, ours, theirs, lambda one, other: one - other, lambda value: "+" + duration(value), bound)


def _compared(
    what: str,
    ours: Seconds,
    theirs: Seconds,
    compare: Callable[[float, float], float],
    show: Callable[[float], str],
    bound: float | None,
) -> Result:
    value = statistics.median(compare(*pair) for pair in zip(ours, theirs, strict=True))
    one, other = statistics.median(ours), statistics.median(theirs)
    return Result(what=what, value=value, show=show, bound=bound, ours=one, theirs=other)


def duration(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if abs(seconds) >= 0.001 else f"{seconds * 1_000_000:.1f} µs"


def table(results: Sequence[Result]) -> str:
    rows = [("", "this", "other", "measured", "at most", "")]
    for result in results:
        sides = ["" if side is None else duration(side) for side in (result.ours, result.theirs)]
        bound = "-" if result.bound is None else result.show(result.bound)
        verdict = "" if result.bound is None else "holds" if result.holds else "MISSED"
        rows.append((result.what, *sides, result.show(result.value), bound, verdict))
    return columns(rows)


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Align the rows of a table: the first column to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.rjust(width) if index else cell.ljust(width) for index, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )
    return "\n".join(line.rstrip() for line in lines)
