"""Describes messages and webhooks in one line. Failed assertions and the traffic of a test use these texts."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import groupby
from typing import Final, TypeVar

from pytest_whoosh.delivery.exceptions import describe_exception
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.vendor import LEFT_OVER
from pytest_whoosh.engine.webhooks.callbacks import Webhook

T = TypeVar("T")

MOST_ROWS: Final = 20
#: If at least this many entries in a row are alike, only the first is shown.
_FEWEST_TO_FOLD: Final = 4
INDENT: Final = "  "
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"

_LONGEST_BODY: Final = 60
LONGEST_VALUE: Final = 200

#: The mark in place of a hidden text.
HIDDEN: Final = "[{} hidden]"
_in_url: Final = re.compile(r"""(://[^\s/?#:"'<>]*:)[^\s/?#"'<>]+(?=@)""")


def describe(message: Message, hide: Callable[[str], str] = str, *, longest: int = _LONGEST_BODY) -> str:
    """Return a message in one line.

    ``hide`` removes secrets from the message's text, which is cut off after ``longest`` characters.
    """
    sender = message.from_ or "(no sender yet)"
    body = _body(message, hide, longest)
    return printable(f"{short_sid(message.sid)} {sender} -> {message.to} {_state(message)}: {body}")


def describe_webhook(webhook: Webhook, before: Webhook | None = None) -> str:
    """Return a webhook and the app's response in one line. An error like that of the webhook before is not repeated."""
    what = f"{webhook.at:%H:%M:%S} {webhook_status(webhook):<11} {webhook.method} {webhook.url}"
    result = delivery_result(webhook)
    failed = webhook.error or webhook.exception
    if failed and before and (before.error or before.exception) and result == delivery_result(before):
        result = "failed like the one before"
    return printable(without_passwords(f"{what}  {result}"))


def webhook_status(webhook: Webhook) -> str:
    """Return the status or event that a webhook reports."""
    kinds = (webhook.params.get(name) for name in ("MessageStatus", "SmsStatus", "event_type"))
    return next(filter(None, kinds), "")


def delivery_result(webhook: Webhook) -> str:
    """Return the outcome of a webhook delivery in words."""
    result = webhook.note or "not delivered yet: webhooks leave when time moves"
    if webhook.dropped:
        result = "lost by the network, as scripted"
    elif webhook.response_status is not None:
        result = f"answered {webhook.response_status}"
    if webhook.error:
        result = str(webhook.error)
    elif webhook.exception is not None:  # raised by a background task, after the response
        result += f", and then the app raised {describe_exception(webhook.exception)}"
    if webhook.unfinished:
        result += f"; tasks of its handler are still running: {', '.join(webhook.unfinished)}"
    tries = f" after {webhook.attempts} attempts" if webhook.attempts > 1 else ""
    return f"{result}{tries}"


def table(records: Sequence[Message], name: str) -> str:
    """Return messages as a small table."""
    title = name[:1].upper() + name[1:]
    groups = list(
        folded(
            records,
            lambda each: (each.from_, each.to, each.sent_body, each.media_urls, _state(each), each.left_over_from),
        )
    )
    shown = groups[-MOST_ROWS:]
    rows: list[tuple[str, ...]] = [("sid", "from", "to", "status", "body")]
    for each, _ in shown:
        cells = (short_sid(each.sid), each.from_ or "-", each.to, _state(each), _body(each))
        rows.append(tuple(map(printable, cells)))
    heading, *lines = columns(rows)
    hidden = len(records) - sum(1 + more for _, more in shown)
    earlier = [f"{ELLIPSIS} {hidden} earlier"] if hidden else []
    listed = [part for line, (_, more) in zip(lines, shown, strict=True) for part in with_more(line, more)]
    return "\n".join(
        [f"{title} ({messages(len(records))}):", *(INDENT + line for line in (*earlier, heading, *listed))]
    )


def folded(entries: Iterable[T], shape: Callable[[T], object]) -> Iterator[tuple[T, int]]:
    """Yield entries, each with the number of entries of the same shape that follow it and are not shown."""
    for _, group in groupby(entries, key=shape):
        alike = list(group)
        if len(alike) < _FEWEST_TO_FOLD:
            yield from ((entry, 0) for entry in alike)
        else:
            yield alike[0], len(alike) - 1


def with_more(line: str, more: int) -> list[str]:
    """Return a line, and the line that counts the entries like it that are not shown."""
    return [line, f"{ELLIPSIS} {more} more like this"] if more else [line]


def short_sid(sid: str) -> str:
    """Return the prefix and the last digits of a SID. That is enough to identify it within a test."""
    return f"{sid[:2]}{ELLIPSIS}{sid[-4:]}"


def _state(message: Message) -> str:
    code = f" {message.error_code}" if message.error_code else ""
    since = " (deleted)" if message.deleted else " (redacted)" if message.original_body is not None else ""
    return f"{message.status.value}{code}{since}"


def _body(message: Message, hide: Callable[[str], str] = str, longest: int = _LONGEST_BODY) -> str:
    """Return a message's text for one line, and the earlier test that it comes from, if any."""
    text = _text(message, hide, longest)
    return f"{text} ({LEFT_OVER.format(test=message.left_over_from)})" if message.left_over_from else text


def _text(message: Message, hide: Callable[[str], str], longest: int) -> str:
    shown = repr(cut(hide(message.sent_body), longest))
    return f"{shown} + {count(len(message.media_urls), 'media file')}" if message.media_urls else shown


def columns(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    """Yield a line for each row, with the cells of a column aligned."""
    widths = [max(map(width, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = (cell + " " * (wide - width(cell)) for cell, wide in zip(row, widths, strict=True))
        yield "  ".join(padded).rstrip()


def width(text: str) -> int:
    """Return the number of columns that a text takes in a terminal."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.combining(each) else 2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text
    )


def messages(number: int) -> str:
    """Return a number of messages in words, such as "2 messages"."""
    return count(number, "message")


def count(number: int, what: str, several: str | None = None) -> str:
    """Return a number of things in words, such as "2 messages"; ``several`` is a plural without "s"."""
    return f"{number} {what}" if number == 1 else f"{number} {several or what + 's'}"


def join(*parts: str | None) -> str:
    """Return paragraphs separated by blank lines. Empty paragraphs are left out."""
    return "\n\n".join(part for part in parts if part)


def cut(text: str, longest: int = LONGEST_VALUE) -> str:
    """Return a text, cut off after ``longest`` characters."""
    return text if len(text) <= longest else text[:longest] + ELLIPSIS


def printable(text: str) -> str:
    """Return a line with its control characters escaped, so a terminal shows them instead of obeying them."""
    if text.isprintable():
        return text
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def without_passwords(text: str) -> str:
    """Return a text with the passwords in its URLs hidden."""
    return _in_url.sub(rf"\1{HIDDEN.format('password')}", text) if "@" in text else text


#: The text for a character without a Unicode name, by its category.
_NAMELESS: Final = {"Cc": "<control>", "Cs": "<surrogate>", "Co": "<private use>", "Cn": "<unassigned>"}


def name_of(character: str) -> str:
    """Return a character's code point and Unicode name."""
    nameless = _NAMELESS.get(unicodedata.category(character), "")
    return f"U+{ord(character):04X} {unicodedata.name(character, nameless)}".rstrip()
