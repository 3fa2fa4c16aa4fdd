"""How the delivery of a webhook can fail."""

import traceback
from pathlib import Path
from typing import Final

#: No more of an answer is kept than this, in bytes: more than the vendor reads, so that one too long is noticed.
LONGEST_ANSWER: Final = 128 * 1024

_LONGEST_DETAIL: Final = 2_000
_OUR_FILES: Final = str(Path(__file__).parents[1])


class DeliveryFailed(Exception):
    """No answer came: the documented error code, the retry policy it falls under, and what happened."""

    def __init__(self, code: int, policy: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.policy = policy
        self.detail = detail


def is_apps_own(error: BaseException) -> bool:
    """Whether a handler's exception is its answer, as 500 is.

    All others end the test: Ctrl-C, and what pytest.fail() and pytest.skip() raise.
    """
    # asyncio's CancelledError goes by its name: an app that awaits nothing does not pay for the import.
    return isinstance(error, Exception | SystemExit | GeneratorExit) or type(error).__name__ == "CancelledError"


def raised_by_app(error: BaseException) -> DeliveryFailed:
    """The failure that an exception out of the app's handler amounts to: a server would answer 500."""
    try:
        text = str(error)
    except Exception as worse:  # the app's own class
        text = f"<its text raises {type(worse).__name__}>"
    said = f"the app raised {type(error).__name__}" + (f": {text}" if text else "")
    return DeliveryFailed(11200, "5xx", said[:_LONGEST_DETAIL] + _where(error))


def broke_protocol(detail: str) -> DeliveryFailed:
    """The failure of an app whose answer is no HTTP answer."""
    return DeliveryFailed(11206, "5xx", detail)


def _where(error: BaseException) -> str:
    """Where the app was when it failed: the last line that is not ours."""
    lines = traceback.extract_tb(error.__traceback__)
    last = next((line for line in reversed(lines) if not line.filename.startswith(_OUR_FILES)), None)
    return f" ({last.filename.rpartition('/')[2]}:{last.lineno})" if last else ""
