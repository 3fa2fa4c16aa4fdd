"""Signs the URLs of media files. Each URL gives access to one file for four hours, without credentials.

See https://support.twilio.com/hc/en-us/articles/223183748
"""

import hmac
from base64 import b64encode
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Final

from pytest_whoosh.engine.http import Form
from pytest_whoosh.engine.timeline import EPOCH

from .record import Media, Message

#: How long a signed URL is valid.
VALID_FOR: Final = timedelta(hours=4)

_KEY_PAIR: Final = "K2WHOOSHFAKE01"
#: CloudFront's replacements for Base64 characters that have a meaning in URLs.
_URL_SAFE: Final = bytes.maketrans(b"+=/", b"-_~")
_SECOND: Final = timedelta(seconds=1)


class SignedUrls:
    """The signed URLs of one double."""

    __slots__ = ("_files", "_secret")

    def __init__(self, seed: int) -> None:
        self._secret = f"media/{seed}".encode()
        self._files: dict[str, tuple[Message, Media]] = {}

    def sign(self, message: Message, media: Media, now: datetime) -> str:
        """Return a path and query string that give access to a file, valid from now."""
        path = f"/{media.account_sid}/{media.sid[2:]}"
        self._files[path] = (message, media)
        expires = str((now + VALID_FOR - EPOCH) // _SECOND)
        return f"{path}?Expires={expires}&Signature={self._signature(path, expires)}&Key-Pair-Id={_KEY_PAIR}"

    def open(self, path: str, query: Form, now: datetime) -> Media | None:
        """Return the file for a signed URL; None if the URL is wrong or expired, or the file was deleted."""
        expires, signature, key_pair = (query.get(name, [""])[0] for name in ("Expires", "Signature", "Key-Pair-Id"))
        if key_pair != _KEY_PAIR or not hmac.compare_digest(
            signature.encode(), self._signature(path, expires).encode()
        ):
            return None
        if path not in self._files or (now - EPOCH) // _SECOND >= int(expires):
            return None
        message, media = self._files[path]
        return None if message.deleted else message.media.get(media.sid)

    def _signature(self, path: str, expires: str) -> str:
        digest = hmac.digest(self._secret, f"{path}?Expires={expires}".encode(), sha256)
        return b64encode(digest).translate(_URL_SAFE).decode()
