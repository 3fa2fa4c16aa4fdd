"""The app's response to a webhook, and the failures of a delivery."""

from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.http import Response
from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy

from .exceptions import describe_exception
from .real_time import real_seconds

#: The number of bytes that are kept of a response. The vendor reads less, so a longer response is still noticed.
LONGEST_RESPONSE: Final = 128 * 1024

#: The vendor's longest timeout, in seconds.
LONGEST_WAIT: Final = 15.0


def patience(policy: RetryPolicy) -> float:
    """Return how many seconds a request may take. The earlier requests of the webhook count."""
    return min(policy.read, LONGEST_WAIT - policy.waited) if policy.waited else policy.read


#: The most empty parts of a response in a row.
MOST_EMPTY_PARTS: Final = 10_000

#: Why a delivery failed, in the words that each way to call an app uses.
NO_ANSWER: Final = "the app did not answer within {seconds:g} seconds"
NOT_COMPLETE: Final = "the app's response was not complete within {seconds:g} seconds"
NOT_BYTES: Final = "the body of a response must be bytes, not {type}"


class BodyParts:
    """Counts the parts of a streamed response, to stop a response that never ends."""

    def __init__(self) -> None:
        self._empty = 0
        self._started = real_seconds()

    def count(self, part: object) -> None:
        """Count a part.

        Raises:
            EndlessResponse: Too many parts in a row are empty, or the response takes longer than the vendor waits.
        """
        self._empty = 0 if part else self._empty + 1
        if self._empty > MOST_EMPTY_PARTS:
            raise EndlessResponse(f"the app's response has {MOST_EMPTY_PARTS:,} empty parts in a row, and no end")
        if real_seconds() - self._started > LONGEST_WAIT:
            raise EndlessResponse(NOT_COMPLETE.format(seconds=LONGEST_WAIT))


class EndlessResponse(Exception):
    """Raised if an app streams a response that does not end, or does not answer at all."""


class Overdue(BaseException):
    """Raised inside an app that takes longer than the vendor waits. Frameworks handle only an ``Exception``."""


def endless_failure(error: EndlessResponse) -> "DeliveryFailed":
    """Return the failure of a response that does not end: the vendor times out."""
    return DeliveryFailed(11200, "rt", str(error))


@dataclass(slots=True, eq=False)
class AppResponse(Response):
    """An app's response, with its headers by lower-case name, and the exception that a handler raised besides it."""

    exception: BaseException | None = None
    #: The tasks of the handler that are still running shortly after its response, each with the line where it waits.
    unfinished: tuple[str, ...] = ()


class DeliveryFailed(Exception):
    """Raised if there is no response. Has the documented error code, the failure's retry policy, and the reason."""

    def __init__(self, code: int, policy: str, detail: str, exception: BaseException | None = None) -> None:
        super().__init__(detail)
        self.code = code
        self.policy = policy
        self.detail = detail
        self.exception = exception


def raised_by_app(error: BaseException) -> DeliveryFailed:
    """Return the failure for an exception that the app's handler raised. A server would answer 500."""
    return DeliveryFailed(11200, "5xx", f"the app raised {describe_exception(error)}", error)


def broke_protocol(detail: str) -> DeliveryFailed:
    """Return the failure for an app without a valid HTTP response."""
    return DeliveryFailed(11206, "5xx", detail)
