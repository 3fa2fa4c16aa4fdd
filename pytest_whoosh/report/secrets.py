"""Hides secrets in reports: the values of environment variables that are named like secrets."""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from functools import lru_cache
from typing import Final
from urllib.parse import quote, quote_plus, urlsplit

from pytest_whoosh.wording.texts import HIDDEN, without_passwords

#: Words that mark a variable as secret anywhere in its name.
_ANYWHERE: Final = r"TOKEN|SECRET|PASSWORD|PASSWD|PASSPHRASE|PASSCODE|CREDENTIAL|API_?KEY|PRIVATE|SIGNATURE"
#: Words that mark a variable as secret only between underscores: KEYBOARD and COMPASS are not secrets.
_ALONE: Final = r"KEYS?|PASS|PWD|PSK|PIN|AUTH|SALT|CREDS?|BEARER|COOKIE|JWT"
#: The last words of names that describe a secret, such as its file or its lifetime. Their values are not secret.
_ABOUT: Final = r"PATH|FILE|DIR|DIRECTORY|SOCK|SOCKET|TTL|SIZE|LENGTH|LIFETIME|EXPIRY|HEADER|ALGORITHM|TYPE|COUNT|LIMIT"
_is_secret: Final = re.compile(
    rf"(?!PWD$|OLDPWD$)(?!.*_(?:{_ABOUT})$)(?:.*(?:{_ANYWHERE}).*|(?:.*_)?(?:{_ALONE})(?:_.*)?)", re.IGNORECASE
).fullmatch
#: Values that are not secret: switches and small numbers.
_is_plain: Final = re.compile(r"true|false|none|null|default|disabled?|enabled?|\d{1,5}", re.IGNORECASE).fullmatch

#: The shortest value that is hidden. A shorter one occurs in many texts by chance.
_SHORTEST: Final = 4
#: A value of at least this length is hidden inside words too.
_LONG: Final = 8
#: Lines of at least this length of a multi-line value, such as a private key, are hidden one by one.
_LONG_LINE: Final = 16

Hide = Callable[[str], str]


def secrets_in(environment: Mapping[str, str]) -> dict[str, str]:
    """Return the secret values of an environment, each with the name of its variable."""
    found: dict[str, str] = {}
    for name, value in environment.items():
        if _is_named_as_secret(name):
            text = value.strip()
        elif "://" in value and "@" in value:
            text = _password(value)
        else:
            continue
        if len(text) >= _SHORTEST and not _is_plain(text):
            found.setdefault(text, name)
    return found


def hider(secrets: Mapping[str, str], *, own: Collection[str] = ()) -> Hide:
    """Return a function that removes secrets from a text, and passwords from its URLs. ``own`` are the fake's values.

    Each secret is replaced by a mark with the name of its variable.
    """
    return _hider(tuple(sorted((value, name) for value, name in secrets.items() if value not in own)))


@lru_cache(maxsize=64)
def _hider(secrets: tuple[tuple[str, str], ...]) -> Hide:
    marks = {spelling: HIDDEN.format(name) for value, name in secrets for spelling in _spellings(value)}
    if not marks:
        return without_passwords
    # The longest first, because a secret may be a part of another.
    alternatives = "|".join(_search_pattern(spelling) for spelling in sorted(marks, key=len, reverse=True))
    replace = re.compile(alternatives).sub

    @lru_cache(maxsize=4096)  # addresses, URLs and statuses recur
    def hide(text: str) -> str:
        text = without_passwords(text)
        if not any(spelling in text for spelling in marks):
            return text
        return replace(lambda found: marks[found[0]], text)

    return hide


@lru_cache(maxsize=1024)
def _is_named_as_secret(name: str) -> bool:
    return _is_secret(name) is not None


def _password(value: str) -> str:
    """Return the password in a URL, for example of a database."""
    try:
        return urlsplit(value).password or ""
    except ValueError:
        return ""


def _spellings(value: str) -> Iterator[str]:
    """Yield the spellings of a value: in a text, in a URL, and between quotes."""
    lines = value.splitlines()
    parts = [line for line in lines if len(line) >= _LONG_LINE and not line.startswith("-----")] if lines[1:] else []
    for text in (value, *parts):
        yield from (text, repr(text)[1:-1])
        yield from (quote(text, safe, errors="replace") for safe in ("", "/", "/:"))
        yield quote_plus(text, errors="replace")


def _search_pattern(spelling: str) -> str:
    escaped = re.escape(spelling)
    return escaped if len(spelling) >= _LONG else rf"(?<!\w){escaped}(?!\w)"
