"""How the delivery of a webhook can fail."""

from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.http import Response

from .exceptions import describe_exception

#: No more of an answer is kept than this, in bytes: more than the vendor reads, so that one too long is noticed.
LONGEST_ANSWER: Final = 128 * 1024


@dataclass(frozen=True, slots=True)
class Answer(Response):
    """An app's answer, with the exception that a handler raised, though the app answered."""

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
