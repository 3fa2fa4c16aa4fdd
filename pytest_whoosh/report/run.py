"""A test run: the outcome of each test, and the data of its doubles."""

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final, TypeAlias

from pytest_whoosh.wording.texts import count

#: The outcomes of a test, the worst first. The worst outcome of its phases (set-up, call, tear-down) counts.
OUTCOMES: Final = ("failed", "error", "xpassed", "xfailed", "passed", "skipped")
#: The outcomes that come first on the page.
FAILURES: Final = frozenset({"failed", "error"})

#: The longest text of a failure. The beginning and the end are kept, mostly the end, where the error is.
LONGEST_FAILURE: Final = 20_000
_BEGINNING: Final = 5_000
#: Hides memory addresses, which differ in each run.
_hide_addresses: Final = partial(re.compile(r"\bat 0x[0-9A-Fa-f]{4,}").sub, "at 0x…")


#: A line of source at which a test failed. ``line`` is the file and line number, and ``source`` is the line itself.
#: ``error`` is the first line of the error.
FailureLine: TypeAlias = Mapping[str, str]


@dataclass(slots=True)
class Test:
    """One test: its position, and the outcomes of its phases."""

    name: str
    place: int | None = None
    outcome: str = OUTCOMES[-1]
    failures: list[str] = field(default_factory=list)
    #: The line of the test, or of the project, at which each failure happened.
    places: list[FailureLine] = field(default_factory=list)
    #: The data of each double at the end of the test, as JSON. None before the end; a test may kill its process.
    doubles: Sequence[str] | None = None

    @property
    def is_shown(self) -> bool:
        """True if the test used a double, or may have."""
        return bool(self.doubles) or (self.doubles is None and self.outcome in FAILURES)

    @property
    def rank(self) -> tuple[bool, bool, int, str]:
        """The sort key on the page: failures first, then by position. Tests without a position come last, by name."""
        return self.outcome not in FAILURES, self.place is None, self.place or 0, self.name

    @property
    def document(self) -> str:
        """The data of the test as JSON."""
        given = {
            "id": self.name,
            "outcome": self.outcome,
            "failure": shorten("\n\n".join(self.failures)),
            "places": self.places,
        }
        told = as_json({key: value for key, value in given.items() if value})
        return f'{told.removesuffix("}")}, "doubles": [{", ".join(self.doubles or ())}]}}'


class Run:
    """Collects the tests of a run from all processes. ``key`` identifies a test."""

    def __init__(self, project: str) -> None:
        self.project = project
        self._tests: dict[object, Test] = {}

    def start(self, key: object, name: str, place: int | None) -> None:
        """Start a test. This forgets an earlier run of the same test."""
        self._tests[key] = Test(name, place)

    def add(self, key: object, name: str, outcome: str, failure: str = "", place: FailureLine | None = None) -> None:
        """Add the outcome of a phase of a test, with the text and the line of its failure."""
        test = self._tests.setdefault(key, Test(name))
        test.outcome = min(test.outcome, outcome, key=OUTCOMES.index)
        if failure:
            test.failures.append(_hide_addresses(failure))
        if place:
            test.places.append({name: _hide_addresses(text) for name, text in place.items()})

    def finish(self, key: object, doubles: Sequence[str]) -> None:
        """Add the data of a test's doubles at its end, each as JSON."""
        self._tests[key].doubles = doubles

    def document(self) -> Iterator[str]:
        """Yield the run as JSON, in pieces."""
        tests = sorted((test for test in self._tests.values() if test.is_shown), key=lambda test: test.rank)
        others = sum(test.doubles is not None and not test.doubles for test in self._tests.values())
        yield f'{{"project": {as_json(self.project)}, "others": {others}, "tests": ['
        for number, test in enumerate(tests):
            yield f"{', ' if number else ''}{test.document}"
        yield "]}"


def shorten(failure: str) -> str:
    """Return the text of a failure, shortened in the middle if it is too long."""
    if len(failure) <= LONGEST_FAILURE:
        return failure
    mark = f"\n[... {count(len(failure) - LONGEST_FAILURE, 'character')} left out ...]\n"
    return failure[:_BEGINNING] + mark + failure[_BEGINNING + len(failure) - LONGEST_FAILURE :]


def as_json(data: object) -> str:
    """Return plain data as JSON in ASCII, because a text may contain half of a surrogate pair."""
    return json.dumps(data, separators=(",", ":"))


def write(path: Path, text: str) -> None:
    """Write a file completely or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        draft.write_text(text, encoding="utf-8", newline="\n")
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
