"""Sends the user and password of a webhook's URL after a 401, by Basic or Digest authentication.

See https://www.rfc-editor.org/rfc/rfc7617 and https://www.rfc-editor.org/rfc/rfc7616
"""

import hashlib
import re
from base64 import b64encode
from collections.abc import Mapping
from typing import Final
from urllib.parse import unquote_to_bytes, urlsplit

from pytest_whoosh.engine.http import Request

_SCHEME: Final = re.compile(r"(?:^|,)\s*(basic|digest)\b", re.IGNORECASE)
_PARAMETER: Final = re.compile(r'([\w-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')
_ESCAPED: Final = re.compile(r"\\(.)")
_ALGORITHMS: Final = {"md5": "md5", "sha-256": "sha256", "sha-512-256": "sha512_256"}


def authorization(request: Request, url: str, challenge: str | None) -> str | None:
    """Return the ``Authorization`` header for a second request after a 401, or None if there is no second request.

    Args:
        request: The request that was refused.
        url: The webhook's URL as configured.
        challenge: The response's ``WWW-Authenticate``. The default is Basic.
    """
    userinfo, at, _ = urlsplit(url).netloc.rpartition("@")
    if not at:
        return None
    schemes = {match[1].lower(): match.end() for match in _SCHEME.finditer(challenge or "")}
    user, _, password = (unquote_to_bytes(part) for part in userinfo.partition(":"))
    if challenge and "digest" in schemes:
        header = _digest(request, user, password, challenge[schemes["digest"] :])
        if header:
            return header
    if not challenge or "basic" in schemes:
        return "Basic " + b64encode(user + b":" + password).decode()
    return None


def _digest(request: Request, user: bytes, password: bytes, challenge: str) -> str | None:
    asked = {name.lower(): _ESCAPED.sub(r"\1", quoted) or bare for name, quoted, bare in _PARAMETER.findall(challenge)}
    algorithm = asked.get("algorithm", "MD5")
    name = algorithm.lower().removesuffix("-sess")
    offered = [each.strip().lower() for each in asked.get("qop", "").split(",") if each.strip()]
    qop = next((each for each in ("auth", "auth-int") if each in offered), None)
    if "nonce" not in asked or name not in _ALGORITHMS or (offered and qop is None):
        return None

    def digest(*parts: str | bytes) -> str:
        text = b":".join(part.encode() if isinstance(part, str) else part for part in parts)
        return hashlib.new(_ALGORITHMS[name], text, usedforsecurity=False).hexdigest()

    realm, nonce, uri = asked.get("realm", ""), asked["nonce"], _target(request.url)
    cnonce, count = digest(nonce, _token(request.headers))[:16], "00000001"
    secret = digest(user, realm, password)
    if algorithm.lower().endswith("-sess"):
        secret = digest(secret, nonce, cnonce)
    body = request.body.encode() if isinstance(request.body, str) else request.body
    what = digest(request.method, uri, digest(body)) if qop == "auth-int" else digest(request.method, uri)
    response = digest(secret, nonce, count, cnonce, qop, what) if qop else digest(secret, nonce, what)

    fields = {"username": user.decode("utf-8", "replace"), "realm": realm, "nonce": nonce, "uri": uri}
    fields |= {"response": response}
    if "opaque" in asked:
        fields["opaque"] = asked["opaque"]
    if qop:
        fields["cnonce"] = cnonce
    header = ", ".join(f'{name}="{_quoted(value)}"' for name, value in fields.items())
    header += f", algorithm={algorithm}" if "algorithm" in asked else ""
    return f"Digest {header}" + (f", qop={qop}, nc={count}" if qop else "")


def _token(headers: Mapping[str, str]) -> str:
    """Return a token that differs for each webhook, and is the same in every run."""
    return headers.get("I-Twilio-Idempotency-Token", "")


def _target(url: str) -> str:
    parts = urlsplit(url)
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _quoted(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
