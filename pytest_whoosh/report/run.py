"""A run of tests: what became of each, and what its doubles held at the end."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from pytest_whoosh.wording.texts import count

#: What can become of a test, the worst first: of its parts (set-up, call, tear-down) the worst counts.
OUTCOMES: Final = ("failed", "error", "xpassed", "xfailed", "passed", "skipped")
#: The outcomes that come first on the page.
FAILURES: Final = frozenset({"failed", "error"})

#: How much of the text of a failure is kept: most of it from the end, where the error is.
LONGEST_FAILURE: Final = 20_000
_BEGINNING: Final = 5_000
#: Where an object lies in memory, which is another place in each run.
_hide_addresses: Final = partial(re.compile(r"\bat 0x[0-9A-Fa-f]{4,}").sub, "at 0x…")


#: A line of source at which a test failed: ``line`` is the file with the line's number, ``source`` the line itself, and
#: ``error`` the first line of the error.
Place: TypeAlias = Mapping[str, str]


@dataclass(slots=True)
class Test:
    """One test: where it was collected, and what became of its parts."""

    name: str
    place: int | None = None
    outcome: str = OUTCOMES[-1]
    failures: list[str] = field(default_factory=list)
    #: The line of the test, or of the project, at which each failure happened.
    places: list[Place] = field(default_factory=list)
    #: What each double held at the end, as JSON; None before the end, which a test that kills its process never sees.
    doubles: Sequence[str] | None = None

    @property
    def is_shown(self) -> bool:
        """True if the test used a double, or may have."""
        return bool(self.doubles) or (self.doubles is None and self.outcome in FAILURES)

    @property
    def rank(self) -> tuple[bool, bool, int, str]:
        """Its place on the page: failures first, then as collected; last, by name, what no process has collected."""
        return self.outcome not in FAILURES, self.place is None, self.place or 0, self.name

    @property
    def document(self) -> str:
        """The test as JSON."""
        given = {
            "id": self.name,
            "outcome": self.outcome,
            "failure": shorten("\n\n".join(self.failures)),
            "places": self.places,
        }
        told = as_json({key: value for key, value in given.items() if value})
        return f'{told.removesuffix("}")}, "doubles": [{", ".join(self.doubles or ())}]}}'


class Run:
    """Collects the tests of a run, from however many processes; ``key`` is what tells one test from all others."""

    def __init__(self, project: str) -> None:
        self.project = project
        self._tests: dict[object, Test] = {}

    def start(self, key: object, name: str, place: int | None) -> None:
        """Begin a test; what an earlier attempt at it has left is forgotten."""
        self._tests[key] = Test(name, place)

    def add(self, key: object, name: str, outcome: str, failure: str = "", place: Place | None = None) -> None:
        """Add the outcome of a part of a test, with the text of its failure and the line at which it happened."""
        test = self._tests.setdefault(key, Test(name))
        test.outcome = min(test.outcome, outcome, key=OUTCOMES.index)
        if failure:
            test.failures.append(_hide_addresses(failure))
        if place:
            test.places.append({name: _hide_addresses(text) for name, text in place.items()})

    def finish(self, key: object, doubles: Sequence[str]) -> None:
        """Say what the doubles of a test held at its end, each as JSON."""
        self._tests[key].doubles = doubles

    def document(self) -> Iterator[str]:
        """The run as JSON, in pieces."""
        tests = sorted((test for test in self._tests.values() if test.is_shown), key=lambda test: test.rank)
        others = sum(test.doubles is not None and not test.doubles for test in self._tests.values())
        yield f'{{"project": {as_json(self.project)}, "others": {others}, "tests": ['
        for number, test in enumerate(tests):
            yield f"{', ' if number else ''}{test.document}"
        yield "]}"


def shorten(failure: str) -> str:
    """As much of the text of a failure as is kept."""
    if len(failure) <= LONGEST_FAILURE:
        return failure
    mark = f"\n[... {count(len(failure) - LONGEST_FAILURE, 'character')} left out ...]\n"
    return failure[:_BEGINNING] + mark + failure[_BEGINNING + len(failure) - LONGEST_FAILURE :]


def as_json(data: object) -> str:
    """Plain data as JSON, in ASCII: a text may hold half a surrogate pair."""
    return json.dumps(data, separators=(",", ":"))


def write(path: Path, text: str) -> None:
    """Write a file, which is there whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
