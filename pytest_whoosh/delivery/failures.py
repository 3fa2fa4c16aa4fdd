"""The ways in which the delivery of a webhook can fail."""

from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.http import Response

from .exceptions import describe_exception
from .real_time import real_seconds

#: No more of an answer is kept than this, in bytes: more than the vendor reads, so that one too long is noticed.
LONGEST_ANSWER: Final = 128 * 1024

#: How many empty parts of an answer may follow each other.
MOST_EMPTY_PARTS: Final = 10_000


class Parts:
    """Counts the parts of an answer that an app streams: an answer that never ends is a failure."""

    def __init__(self) -> None:
        self._empty = 0
        self._started = real_seconds()

    def count(self, part: object) -> None:
        """Count a part.

        Raises:
            EndlessAnswer: too many empty parts follow each other, or the answer takes longer than the vendor waits.
        """
        self._empty = 0 if part else self._empty + 1
        if self._empty > MOST_EMPTY_PARTS:
            raise EndlessAnswer(f"the app's answer has {MOST_EMPTY_PARTS:,} empty parts in a row, and no end")
        if real_seconds() - self._started > _LONGEST_WAIT:
            raise EndlessAnswer(f"the app's answer was not complete within {_LONGEST_WAIT:g} seconds")


class EndlessAnswer(Exception):
    """An app streams an answer that does not end."""


_LONGEST_WAIT: Final = 15.0


def endless(error: EndlessAnswer) -> "DeliveryFailed":
    """Return the failure of an answer without end: the vendor waits for it in vain."""
    return DeliveryFailed(11200, "rt", str(error))


@dataclass(frozen=True, slots=True)
class Answer(Response):
    """An app's answer, its headers by lower-case name; with the exception that a handler raised, though it answered."""

    exception: BaseException | None = None
    #: The tasks that the handler started, and that were not done soon after its answer: each with its place.
    unfinished: tuple[str, ...] = ()


class DeliveryFailed(Exception):
    """No answer came: the documented error code, the retry policy it falls under, and what happened."""

    def __init__(self, code: int, policy: str, detail: str, exception: BaseException | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.policy = policy
        self.detail = detail
        self.exception = exception


def raised_by_app(error: BaseException) -> DeliveryFailed:
    """Return the failure that an exception out of the app's handler amounts to: a server would answer 500."""
    return DeliveryFailed(11200, "5xx", f"the app raised {describe_exception(error)}", error)


def broke_protocol(detail: str) -> DeliveryFailed:
    """Return the failure of an app whose answer is no HTTP answer."""
    return DeliveryFailed(11206, "5xx", detail)
