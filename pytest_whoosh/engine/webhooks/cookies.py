"""Stores the cookies that an app sets in its responses. Each conversation has its own cookies.

See https://www.twilio.com/docs/messaging/twiml#twilios-request-to-your-application
"""

from collections.abc import Iterable
from datetime import datetime, timedelta
from http.cookies import CookieError, SimpleCookie
from typing import Final

#: How long cookies are kept after the last message of a conversation.
LIFETIME: Final = timedelta(hours=4)


class Cookies:
    """The cookies of one conversation, by host."""

    __slots__ = ("_until", "_values")

    def __init__(self) -> None:
        self._values: dict[str, dict[str, str]] = {}
        self._until: datetime | None = None

    def header(self, host: str, now: datetime) -> str | None:
        """Return the ``Cookie`` header for a host, or None."""
        if self._until is None or now >= self._until:
            self._values.clear()
        self._until = now + LIFETIME
        return "; ".join(f"{name}={value}" for name, value in self._values.get(host, {}).items()) or None

    def store(self, host: str, lines: Iterable[str]) -> None:
        """Store the cookies in a host's ``Set-Cookie`` headers, and delete the ones that it expires."""
        kept = self._values.setdefault(host, {})
        for line in lines:
            try:
                cookies = SimpleCookie(line)
            except CookieError:
                continue
            for name, cookie in cookies.items():
                if cookie["max-age"] == "0":
                    kept.pop(name, None)
                else:
                    kept[name] = cookie.coded_value
