"""Text messages through Whoosh, with httpx alone: the API is a form to post, and a signature to check."""

import base64
import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass

import httpx


@dataclass(frozen=True, kw_only=True)
class Config:
    account_sid: str
    api_key: str
    api_secret: str
    auth_token: str
    sender: str
    public_url: str

    @property
    def status_callback(self) -> str:
        return f"{self.public_url}/sms/status"


class Refused(Exception):
    """Whoosh does not take the message; the number is no good."""


async def send(config: Config, to: str, body: str) -> str:
    """Send a message; returns its SID."""
    url = f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{config.account_sid}/Messages.json"
    form = {"To": to, "From": config.sender, "Body": body, "StatusCallback": config.status_callback}
    async with httpx.AsyncClient(auth=(config.api_key, config.api_secret), timeout=10) as whoosh:
        response = await whoosh.post(url, data=form)
    if response.status_code == 400:
        raise Refused(response.json()["message"])
    response.raise_for_status()
    return str(response.json()["sid"])


def is_genuine(config: Config, url: str, form: Mapping[str, str], signature: str) -> bool:
    """True if a webhook comes from Whoosh. See https://www.twilio.com/docs/usage/security"""
    signed = url + "".join(name + form[name] for name in sorted(form))
    digest = hmac.new(config.auth_token.encode(), signed.encode(), hashlib.sha1).digest()
    return hmac.compare_digest(base64.b64encode(digest).decode(), signature)
