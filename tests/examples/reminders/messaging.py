"""Text messages through Whoosh, with the Twilio SDK."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NoReturn

from requests import RequestException
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

WHOOSH: Final = "https://api.whoosh.totogi.solutions"

# https://www.twilio.com/docs/api/errors
CANNOT_RECEIVE_TEXTS: Final = {21211, 21614}
UNSUBSCRIBED: Final = 21610
NOT_CANCELABLE: Final = 30409

PAUSES: Final = (0.5, 2.0)


class BadNumber(Exception):
    """The recipient is no phone number, or one that cannot receive texts."""


class OptedOut(Exception):
    """The recipient has texted STOP."""


class Unavailable(Exception):
    """Whoosh is busy or out of reach; the same call may work later."""


@dataclass(frozen=True)
class Receipt:
    sid: str
    status: str
    error_code: int | None


class CustomRequestClient(TwilioHttpClient):  # type: ignore[misc]  # the SDK has no types
    """Takes to Whoosh what the SDK addresses to Twilio."""

    def request(self, method: str, url: str, *args: Any, **kwargs: Any) -> Any:
        return super().request(method, url.replace("https://api.twilio.com", WHOOSH), *args, **kwargs)


class Messenger:
    def __init__(
        self, *, sender: str, messaging_service: str, status_callback: str, pause: Callable[[float], object]
    ) -> None:
        self._client = Client(
            os.environ["WHOOSH_API_KEY"],
            os.environ["WHOOSH_API_SECRET"],
            account_sid=os.environ["WHOOSH_ACCOUNT_SID"],
            http_client=CustomRequestClient(timeout=10),
        )
        self._sender = sender
        self._messaging_service = messaging_service
        self._status_callback = status_callback
        self._pause = pause

    def send(self, to: str, body: str, send_at: datetime | None = None) -> Receipt:
        """Send at once, or have Whoosh send at a later moment."""
        parameters: dict[str, Any] = {"from_": self._sender}
        if send_at:
            parameters = {
                "messaging_service_sid": self._messaging_service,
                "schedule_type": "fixed",
                "send_at": send_at,
            }
        return self._call(
            lambda: self._client.messages.create(
                to=to, body=body, smart_encoded=True, status_callback=self._status_callback, **parameters
            )
        )

    def cancel(self, sid: str) -> Receipt:
        """Cancel a scheduled text, or learn what became of it when it has left already."""
        try:
            return self._call(lambda: self._client.messages(sid).update(status="canceled"))
        except TwilioRestException as error:
            if error.code != NOT_CANCELABLE:
                raise
            return self.look_up(sid)

    def look_up(self, sid: str) -> Receipt:
        return self._call(lambda: self._client.messages(sid).fetch())

    def _call(self, request: Callable[[], Any]) -> Receipt:
        pauses = iter(PAUSES)
        while True:
            try:
                message = request()
            except TwilioRestException as error:
                # A request that was refused with 429 was never processed, so it is safe to repeat.
                pause = next(pauses, None) if error.status == 429 else None
                if pause is None:
                    _decide(error)
                self._pause(pause)
            except RequestException as error:
                raise Unavailable from error
            else:
                return Receipt(message.sid, message.status, message.error_code)


def _decide(error: TwilioRestException) -> NoReturn:
    if error.code in CANNOT_RECEIVE_TEXTS:
        raise BadNumber(error.msg) from error
    if error.code == UNSUBSCRIBED:
        raise OptedOut(error.msg) from error
    if error.status == 429 or error.status >= 500:
        raise Unavailable(error.msg) from error
    raise error
