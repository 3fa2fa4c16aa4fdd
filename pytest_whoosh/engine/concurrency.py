"""Limits the API calls that an account makes at the same time, if ``throughput`` is realistic.

See https://www.twilio.com/docs/api/errors/20429: the vendor never processes a call over the limit, so apps can safely
repeat it. The limit depends on the account and is not published; new accounts are known to begin with 100.

Only calls from the same event loop count together, because the app's code determines which of them overlap: the same
ones in every run. Calls from threads or other processes overlap at random, so a test that depended on it would be
flaky. The fake treats each of these calls as over before the next begins.
"""

from typing import Final

from .errors import ApiError
from .http import Request

#: The default limit: how many calls one account can have under way at once.
DEFAULT_LIMIT: Final = 100


class Concurrency:
    """The API calls that are under way. Each account and each sub-account has its own limit."""

    __slots__ = ("_calls", "_numbers", "limit")

    def __init__(self) -> None:
        self.limit = DEFAULT_LIMIT
        self._calls: dict[str, int] = {}
        #: Each call's account (None if the call was over the limit), and how many calls were under way including it.
        self._numbers: dict[Request, tuple[str | None, int]] = {}

    def start(self, call: Request, account_sid: str) -> None:
        """Count a call as begun.

        Raises:
            ApiError: the account already has too many calls under way.
        """
        number = self._calls.get(account_sid, 0) + 1
        if number > self.limit:
            self._numbers[call] = None, number
            raise ApiError(20429)
        self._numbers[call] = account_sid, number
        self._calls[account_sid] = number

    def load_at_start(self, call: Request) -> int:
        """Return how many of the account's calls were under way when this one began, including this one."""
        return self._numbers[call][1] if call in self._numbers else 1

    def finish(self, call: Request) -> None:
        """Count a call as ended, because its caller has the response."""
        account_sid, _ = self._numbers.pop(call, (None, 0))
        if account_sid is not None:
            self._calls[account_sid] -= 1
