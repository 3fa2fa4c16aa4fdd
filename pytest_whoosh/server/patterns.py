"""Regular expressions of the control API's clients. Every search takes linear time.

Python's own ``re`` backtracks: with ``(a+)+$`` and a text of forty letters, a search practically never ends, and
nothing can interrupt it. RE2 has no such patterns. In return it lacks lookarounds and backreferences.
"""

from typing import Any, Final

from pytest_whoosh.engine.http import replace_surrogates

#: The documentation of the syntax.
SYNTAX: Final = "https://github.com/google/re2/wiki/Syntax"
#: The most memory in bytes for a compiled pattern.
_MOST_MEMORY: Final = 1024 * 1024
#: The longest pattern, in characters, and the most groups of one. RE2's time grows with the square of the groups.
_LONGEST: Final = 10_000
_MOST_GROUPS: Final = 100
_NOT_INSTALLED: Final = (
    "A pattern needs google-re2, which the extra installs if it exists for the platform: "
    'pip install "pytest-whoosh[server]". Or match by a value instead.'
)


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
        self.pattern = pattern
        self.groups = int(self._compiled.groups)

    def search(self, text: str) -> Any:
        """Return the first match in a text, or None."""
        return self._compiled.search(replace_surrogates(text))

    def __repr__(self) -> str:
        return f"Pattern({self.pattern!r})"
