"""Limits the API calls that an account makes at the same time, if ``throughput`` is realistic.

See https://www.twilio.com/docs/api/errors/20429: a call too many is never processed, and always safe to repeat. How
many are allowed depends on the account and is published nowhere; new accounts are known to begin with 100.

Only calls of one event loop are counted together: which of them are under way at once follows from the app's own code,
the same in every run. Which calls of threads, or of other processes, overlap is up to the machine, and a test that
depended on it would fail now and then; so each of these is taken to be over before the next begins.
"""

from typing import Final

from .errors import ApiError
from .http import Request

#: The calls of one account that are answered at once, unless a test says otherwise.
MOST: Final = 100


class Concurrency:
    """The calls that are under way. The accounts below one have a limit of their own."""

    __slots__ = ("_calls", "_numbers", "most")

    def __init__(self) -> None:
        self.most = MOST
        self._calls: dict[str, int] = {}
        #: Each call's account, unless it was one too many; and how many were under way when it came, with itself.
        self._numbers: dict[Request, tuple[str | None, int]] = {}

    def enter(self, call: Request, account_sid: str) -> None:
        """Count a call that begins.

        Raises:
            ApiError: the account has too many already.
        """
        number = self._calls.get(account_sid, 0) + 1
        if number > self.most:
            self._numbers[call] = None, number
            raise ApiError(20429)
        self._numbers[call] = account_sid, number
        self._calls[account_sid] = number

    def load(self, call: Request) -> int:
        """Return how many calls of the account were under way when this one began, including this one."""
        return self._numbers[call][1] if call in self._numbers else 1

    def leave(self, call: Request) -> None:
        """Count a call as ended, because its caller has the answer."""
        account_sid, _ = self._numbers.pop(call, (None, 0))
        if account_sid is not None:
            self._calls[account_sid] -= 1
