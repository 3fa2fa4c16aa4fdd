"""Replaces URLs in messages by short links, and resolves the links that people follow.

See https://www.twilio.com/docs/messaging/features/link-shortening
"""

import hashlib
import re
from collections.abc import Iterator
from datetime import datetime, timedelta
from string import ascii_letters, digits
from typing import Final
from urllib.parse import urlsplit

from pytest_whoosh.engine.account.resources import LinkDomain
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.errors import title_of
from pytest_whoosh.engine.messages.lifecycle import UNFINISHED
from pytest_whoosh.engine.messages.record import Link, Message
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error

__tracebackhide__ = is_usage_error

#: The number of alphanumeric characters after the domain.
TOKEN_LENGTH: Final = 10
#: How long a link resolves to its URL.
LIFETIME: Final = timedelta(days=90)

_ALPHABET: Final = digits + ascii_letters
_URL: Final = re.compile(r"https?://[^\s<>\"']+", re.IGNORECASE)
#: Punctuation after a URL that belongs to the sentence.
_TRAILING: Final = ".,;:!?"


class Links:
    """A double's short links, by domain and token."""

    __slots__ = ("_links", "_seed")

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._links: dict[tuple[str, str], Link] = {}

    def shorten(self, message: Message, domain: LinkDomain, steady: datetime) -> None:
        """Replace each URL in a message's text by a short link. Called right before the message is sent."""
        text, made = message.body, dict[str, Link]()
        parts: list[str] = []
        end = 0
        for start, url in _urls_in(text):
            link = made.get(url)
            if link is None and host_of(url) != domain.domain:
                link = made[url] = self._new(message, domain, url, steady)
            parts += [text[end:start], link.text if link else url]
            end = start + len(url)
        message.body = "".join([*parts, text[end:]])
        message.links = list(made.values())

    def find(self, text: str) -> Link | None:
        """Return the link with this text, with or without its scheme."""
        return self._links.get(_key(text))

    def _new(self, message: Message, domain: LinkDomain, url: str, steady: datetime) -> Link:
        token = _token(f"{self._seed}/{message.sid}/{url}")
        link = Link(
            text=f"{'' if domain.disable_https else 'https://'}{domain.domain}/{token}",
            target=url,
            message=message,
            domain=domain,
            since=steady,
        )
        return self._links.setdefault((domain.domain, token), link)


def follow(text: str, link: Link | None, domain: LinkDomain | None, steady: datetime) -> str:
    """Return the target of a short link: its URL for 90 days, then the fallback URL of its domain.

    Raises:
        WhooshError: the text is not a short link, or the link has expired and its domain has no fallback URL.
    """
    if link and is_alive(link, steady):
        return link.target
    domain = link.domain if link else domain
    if domain is None:
        raise WhooshError(
            f"{text!r} is not a short link: this double has no link domain {host_of(text)!r}. "
            f"Click a link in a message that was sent: {dialect().click_targets()}."
        )
    if domain.fallback_url is None:
        why = f"is older than {LIFETIME.days} days" if link else "was never made"
        raise WhooshError(f"{text!r} {why}, and {domain.domain} has no fallback URL: 30105 {title_of(30105)}.")
    return domain.fallback_url


def is_alive(link: Link, steady: datetime) -> bool:
    """True if a link still resolves to its URL. Clicks are then reported."""
    return steady - link.since <= LIFETIME


def click_document(link: Link, now: datetime, user_agent: str) -> dict[str, str]:
    """Return the document that reports a click to the app."""
    message = link.message
    return {
        "event_type": "click",
        "sms_sid": message.sid,
        "to": message.shown_to,
        "from": message.from_ or "",
        "link": link.target,
        "click_time": f"{now:%Y-%m-%dT%H:%M:%S}.{now.microsecond // 1000:03}Z",
        "messaging_service_sid": message.service.sid if message.service else "",
        "account_sid": message.account.sid,
        "user_agent": user_agent,
    }


def only_link(message: Message) -> Link:
    """Return the only short link in a message.

    Raises:
        WhooshError: the message has no short link, or several.
    """
    if len(message.links) == 1:
        return message.links[0]
    if message.links:
        listed = "\n".join(f"  {link.text} -> {link.target}" for link in message.links)
        raise WhooshError(
            f"{message.sid} has {len(message.links)} short links; click one of them by its text:\n{listed}"
        )
    if not message.shortens_urls:
        why = "it was created without ShortenUrls=true"
    elif message.date_sent:
        why = "its text has no URL"
    elif message.status in UNFINISHED:
        settle = dialect().call("settle")
        why = f"it is {message.status.value}, and links are created when it is sent: {settle} before the click"
    else:
        why = f"it is {message.status.value}, and was never sent"
    raise WhooshError(f"{message.sid} has no short link: {why}.")


def _urls_in(text: str) -> Iterator[tuple[int, str]]:
    for found in _URL.finditer(text):
        url = found[0].rstrip(_TRAILING)
        while url.endswith(")") and url.count("(") < url.count(")"):
            url = url[:-1].rstrip(_TRAILING)
        if host_of(url):
            yield found.start(), url


def host_of(text: str) -> str:
    """Return the host in a link with or without a scheme; empty if it has none."""
    return _key(text)[0]


def _key(text: str) -> tuple[str, str]:
    try:
        parts = urlsplit(text if "://" in text else f"https://{text}")
    except ValueError:  # an invalid address in brackets
        return "", ""
    return parts.hostname or "", parts.path.removeprefix("/")


def _token(seed: str) -> str:
    number = int.from_bytes(hashlib.sha256(seed.encode()).digest())
    characters = []
    for _ in range(TOKEN_LENGTH):
        number, digit = divmod(number, len(_ALPHABET))
        characters.append(_ALPHABET[digit])
    return "".join(characters)
