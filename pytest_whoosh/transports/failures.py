"""How the delivery of a webhook can fail."""

import traceback
from typing import Final

#: No more of an answer is kept than this, in bytes: more than the vendor reads, so that one too long is noticed.
LONGEST_ANSWER: Final = 128 * 1024


class DeliveryFailed(Exception):
    """No answer came: the documented error code, the retry policy it falls under, and what happened."""

    def __init__(self, code: int, policy: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.policy = policy
        self.detail = detail


def raised_by_app(error: Exception) -> DeliveryFailed:
    """The failure that an exception out of the app's handler amounts to: a server would answer 500."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    where = f"{last.filename.rpartition('/')[2]}:{last.lineno}"
    return DeliveryFailed(11200, "5xx", f"the app raised {type(error).__name__}: {error} ({where})")
