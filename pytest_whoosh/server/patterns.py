"""Regular expressions of the control API's clients. Every search takes linear time.

Python's own ``re`` backtracks: with ``(a+)+$`` and a text of forty letters, a search practically never ends, and
nothing can interrupt it. RE2 has no such patterns. In return it lacks lookarounds and backreferences.

A search of many texts is still slow if the pattern is large, so each request has a limit for all its searches.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, Final

from pytest_whoosh.delivery.real_time import real_seconds
from pytest_whoosh.engine.http import replace_surrogates

#: The documentation of the syntax.
SYNTAX: Final = "https://github.com/google/re2/wiki/Syntax"
#: The most memory in bytes for a compiled pattern.
_MOST_MEMORY: Final = 1024 * 1024
#: The longest pattern, in characters, and the most groups of one. RE2's time grows with the square of the groups.
_LONGEST: Final = 10_000
_MOST_GROUPS: Final = 100
#: The most instructions of a compiled pattern. A repetition such as ``{1000}`` repeats them.
_MOST_INSTRUCTIONS: Final = 5_000
#: The time for all searches of one request, in seconds.
_LONGEST_SEARCH: Final = 2.0
_NOT_INSTALLED: Final = (
    "A pattern needs google-re2, which the extra installs if it exists for the platform: "
    'pip install "pytest-whoosh[server]". Or match by a value instead.'
)


class Searches:
    """The searches of one request. They end if they take too long, or if the client leaves."""

    def __init__(self) -> None:
        self._spent = 0.0
        self._are_ended = False
        self._lock = Lock()

    @contextmanager
    def limited(self) -> Iterator[None]:
        """Limit the searches that run in the context."""
        token = _SEARCHES.set(self)
        try:
            yield
        finally:
            _SEARCHES.reset(token)

    def end(self) -> None:
        """Wait until the current search is done, and let no other one begin."""
        self._are_ended = True
        if self._lock.acquire(timeout=1):
            self._lock.release()

    def run(self, compiled: Any, text: str, pattern: str) -> Any:
        """Search a text.

        Raises:
            ValueError: The searches take too long, or were ended.
        """
        with self._lock:
            if self._are_ended or self._spent > _LONGEST_SEARCH:
                raise ValueError(
                    f"The searches for {_shortened(pattern)} took longer than {_LONGEST_SEARCH:g} seconds. "
                    "Write a shorter pattern, or leave out messages with other keys, such as to= or limit=."
                )
            began = real_seconds()
            try:
                return compiled.search(text)
            finally:
                self._spent += real_seconds() - began


_SEARCHES: Final[ContextVar[Searches | None]] = ContextVar("pytest_whoosh_searches", default=None)


def _shortened(pattern: str) -> str:
    return repr(pattern) if len(pattern) <= 100 else f"{pattern[:100]!r}..."


class Pattern:
    """A compiled pattern, with the interface of those of ``re.compile()``.

    Raises:
        ValueError: The pattern is not a regular expression in RE2's syntax.
    """

    __slots__ = ("_compiled", "groups", "pattern")

    def __init__(self, pattern: str) -> None:
        if len(pattern) > _LONGEST:
            raise ValueError(f"A pattern has at most {_LONGEST:,} characters, and this one has {len(pattern):,}.")
        groups = pattern.count("(")  # an upper bound, known before RE2 spends time on the pattern
        if groups > _MOST_GROUPS:
            raise ValueError(f"A pattern has at most {_MOST_GROUPS} parentheses, and this one has {groups}.")
        try:
            import re2  # imported late, because it does not exist for every platform
        except ImportError:
            raise ValueError(_NOT_INSTALLED) from None
        options = re2.Options()
        options.log_errors = False
        options.max_mem = _MOST_MEMORY
        try:
            self._compiled = re2.compile(replace_surrogates(pattern), options)
        except re2.error as problem:
            why = problem.args[0] if problem.args else problem
            text = why.decode("utf-8", "replace") if isinstance(why, bytes) else why
            raise ValueError(
                f"{pattern!r} is not a regular expression: {text}. The syntax is RE2's: {SYNTAX}"
            ) from None
        if self._compiled.programsize > _MOST_INSTRUCTIONS:
            raise ValueError(f"The pattern {_shortened(pattern)} is too large. Repeat less in it.")
        self.pattern = pattern
        self.groups = int(self._compiled.groups)

    def search(self, text: str) -> Any:
        """Return the first match in a text, or None."""
        searches = _SEARCHES.get()
        text = replace_surrogates(text)
        return searches.run(self._compiled, text, self.pattern) if searches else self._compiled.search(text)

    def __repr__(self) -> str:
        return f"Pattern({self.pattern!r})"
