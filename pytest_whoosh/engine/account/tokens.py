"""Issues and checks access tokens for OAuth apps: signed JSON Web Tokens that are valid for an hour.

See https://www.twilio.com/docs/iam/oauth-apps/oauth-access-token and https://www.rfc-editor.org/rfc/rfc7519.
"""

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime, timedelta
from typing import Any, Final

#: How long a token is valid.
LIFETIME: Final = timedelta(hours=1)
_HEADER: Final = {"alg": "HS256", "typ": "JWT"}


def new_token(account_sid: str, key: str, now: datetime) -> str:
    """Return an access token for an account, signed with a key."""
    issued = int(now.timestamp())
    claims = {"iss": "whoosh", "sub": account_sid, "iat": issued, "exp": issued + int(LIFETIME.total_seconds())}
    signed = f"{_encode(json.dumps(_HEADER).encode())}.{_encode(json.dumps(claims).encode())}"
    return f"{signed}.{_signature(signed, key)}"


def account_of_token(token: str, key: str, now: datetime) -> str | None:
    """Return the SID of a token's account; None if the key did not sign the token, or if the token has expired."""
    signed, _, signature = token.rpartition(".")
    if not hmac.compare_digest(_signature(signed, key).encode(), signature.encode()):
        return None
    claims: Any = json.loads(_decode(signed.rpartition(".")[2]))
    return str(claims["sub"]) if now.timestamp() < claims["exp"] else None


def _signature(signed: str, key: str) -> str:
    return _encode(hmac.digest(key.encode(), signed.encode(), "sha256"))


def _encode(data: bytes) -> str:
    return urlsafe_b64encode(data).rstrip(b"=").decode()


def _decode(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
