"""Calls of the API directly through the double, without an HTTP library."""

from typing import Any
from urllib.parse import urlencode

import requests

from pytest_whoosh import Whoosh
from pytest_whoosh.engine.http import Request

SENDERS = [f"+1555712266{number}" for number in range(10)]
RECIPIENTS = [f"+155586753{number:02}" for number in range(20)]
SENDER, RECIPIENT = SENDERS[1], RECIPIENTS[10]


def body(serial: int) -> str:
    """Return a text of thirty characters that no other message has."""
    return f"Your code is {serial:07}. Be quick"


def parameters(serial: int) -> dict[str, str]:
    """Return the parameters of a message. Its number determines the sender and the recipient."""
    to, from_ = RECIPIENTS[serial % len(RECIPIENTS)], SENDERS[serial % len(SENDERS)]
    return {"To": to, "From": from_, "Body": body(serial)}


def sending(whoosh: Whoosh, serial: int) -> Request:
    return Request("POST", messages_url(whoosh), _headers(whoosh), urlencode(parameters(serial)))


def fetching(whoosh: Whoosh, sid: str) -> Request:
    return Request("GET", messages_url(whoosh).replace(".json", f"/{sid}.json"), _headers(whoosh))


def listing(whoosh: Whoosh, **filters: str) -> Request:
    return Request("GET", f"{messages_url(whoosh)}?{urlencode(filters)}", _headers(whoosh))


def answer(whoosh: Whoosh, request: Request) -> Any:
    response = whoosh._answer(request)
    assert response.status in (200, 201), response.body
    return response


def messages_url(whoosh: Whoosh) -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"


def auth(whoosh: Whoosh) -> tuple[str, str]:
    return whoosh.account_sid, whoosh.auth_token


def _headers(whoosh: Whoosh) -> dict[str, str]:
    # As many headers as requests sends, with the same names.
    return {
        "User-Agent": "python-requests/2.32",
        "Accept-Encoding": "gzip, deflate",
        "Accept": "*/*",
        "Connection": "keep-alive",
        "Content-Length": "70",
        "Content-Type": "application/x-www-form-urlencoded",
        "Authorization": requests.auth._basic_auth_str(*auth(whoosh)),
    }
