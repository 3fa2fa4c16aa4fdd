"""Two sides measured against each other: in one process, in turns, so that a slow moment slows both."""

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from time import process_time


@dataclass(frozen=True, kw_only=True)
class Result:
    """What one side took against the other, in seconds, round by round."""

    what: str
    ours: Sequence[float]
    theirs: Sequence[float]
    #: The greatest ratio allowed, or with ``in_seconds`` the greatest difference; None where there is no bound.
    bound: float | None = None
    in_seconds: bool = False

    @property
    def value(self) -> float:
        """The median over the rounds of the ratio, or difference, of the two sides in the same round."""
        pairs = zip(self.ours, self.theirs, strict=True)
        return statistics.median(ours - theirs if self.in_seconds else ours / theirs for ours, theirs in pairs)

    @property
    def least(self) -> float:
        """The same of each side's fastest round."""
        ours, theirs = min(self.ours), min(self.theirs)
        return ours - theirs if self.in_seconds else ours / theirs

    @property
    def holds(self) -> bool:
        return self.bound is None or self.value <= self.bound


@dataclass
class Side:
    """One side of a comparison: ``start`` makes a round's ``run``, which is timed, and ``stop`` clears up after it."""

    start: Callable[[], Callable[[], object]]
    stop: Callable[[], object] = lambda: None
    times: list[float] = field(default_factory=list)

    def take_turn(self, repeats: int, clock: Callable[[], float]) -> None:
        run = self.start()
        run()  # what is done only once is done now
        try:
            started = clock()
            for _ in range(repeats):
                run()
            self.times.append((clock() - started) / repeats)
        finally:
            self.stop()


def take_turns(
    ours: Side, theirs: Side, *, rounds: int, repeats: int, clock: Callable[[], float] = process_time
) -> tuple[list[float], list[float]]:
    """Run both sides in turns; the seconds that one repeat took on each side, in each round.

    The clock counts the time spent by this process, so that others on the machine do not count.
    """
    for _ in range(rounds):
        ours.take_turn(repeats, clock)
        theirs.take_turn(repeats, clock)
    return ours.times, theirs.times


def table(results: Sequence[Result]) -> str:
    rows = [("", "this", "other", "median", "least", "at most", "")]
    for result in results:
        bound = "-" if result.bound is None else _amount(result.bound, result)
        ours, theirs = (_time(statistics.median(times)) for times in (result.ours, result.theirs))
        verdict = "" if result.bound is None else "holds" if result.holds else "MISSED"
        rows.append(
            (result.what, ours, theirs, _amount(result.value, result), _amount(result.least, result), bound, verdict)
        )
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.rjust(width) if index else cell.ljust(width) for index, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )
    return "\n".join(line.rstrip() for line in lines)


def _amount(value: float, result: Result) -> str:
    return f"{value * 1000:+.1f} ms" if result.in_seconds else f"{value:.2f}"


def _time(seconds: float) -> str:
    return f"{seconds * 1000:.1f} ms" if seconds >= 0.01 else f"{seconds * 1_000_000:.1f} µs"
