"""Messages and webhooks in words: what failure texts and the traffic of a test are made of."""

from collections.abc import Iterable, Sequence
from typing import Final

from pytest_whoosh.engine.callbacks import Webhook
from pytest_whoosh.engine.records import Message

MOST_ROWS: Final = 20
INDENT: Final = "  "
ELLIPSIS: Final = "\N{HORIZONTAL ELLIPSIS}"

_LONGEST_BODY: Final = 60
LONGEST_VALUE: Final = 200


def describe(message: Message) -> str:
    """A message in one line."""
    sender = message.from_ or "(no sender yet)"
    return f"{short_sid(message.sid)} {sender} -> {message.to} {_state(message)}: {_body(message)}"


def describe_webhook(webhook: Webhook) -> str:
    """A webhook and what the app answered, in one line."""
    return f"{webhook.at:%H:%M:%S} {webhook_status(webhook):<11} {webhook.method} {webhook.url}  {outcome(webhook)}"


def webhook_status(webhook: Webhook) -> str:
    """What a webhook reports."""
    kinds = (webhook.params.get(name) for name in ("MessageStatus", "SmsStatus", "event_type"))
    return next(filter(None, kinds), "")


def outcome(webhook: Webhook) -> str:
    """What became of a webhook."""
    answer = "not delivered: nothing is mounted there"
    if webhook.dropped:
        answer = "lost by the network, as scripted"
    elif webhook.response_status is not None:
        answer = f"answered {webhook.response_status}"
    if webhook.error:
        answer = str(webhook.error)
    tries = f" after {webhook.attempts} attempts" if webhook.attempts > 1 else ""
    return f"{answer}{tries}"


def table(records: Sequence[Message], name: str) -> str:
    """Messages as a small table."""
    title = name[:1].upper() + name[1:]
    hidden = max(0, len(records) - MOST_ROWS)
    rows = [("sid", "from", "to", "status", "body")]
    rows += [(short_sid(each.sid), each.from_ or "-", each.to, _state(each), _body(each)) for each in records[hidden:]]
    lines = [f"{title} ({messages(len(records))}):"]
    if hidden:
        lines.append(f"{INDENT}... {hidden} earlier")
    return "\n".join(lines + [INDENT + line for line in _columns(rows)])


def short_sid(sid: str) -> str:
    """A SID's kind and count, which tell it from its neighbours."""
    return f"{sid[:2]}{ELLIPSIS}{sid[-4:]}"


def _state(message: Message) -> str:
    code = f" {message.error_code}" if message.error_code else ""
    since = " (deleted)" if message.deleted else " (redacted)" if message.forgotten is not None else ""
    return f"{message.status.value}{code}{since}"


def _body(message: Message) -> str:
    shown = repr(cut(message.sent_body, _LONGEST_BODY))
    return f"{shown} + {count(len(message.media_urls), 'media file')}" if message.media_urls else shown


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def messages(number: int) -> str:
    """A number of messages, in words."""
    return count(number, "message")


def count(number: int, what: str) -> str:
    """A number of something, in words."""
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def join(*parts: str | None) -> str:
    """Paragraphs, those that there are, one below the other."""
    return "\n\n".join(part for part in parts if part)


def cut(text: str, longest: int = LONGEST_VALUE) -> str:
    """As much of a text as fits into a line."""
    return text if len(text) <= longest else text[:longest] + ELLIPSIS


def printable(text: str) -> str:
    """A line with every character escaped that a terminal would act on instead of showing it."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)
