"""What went to and fro in a test, for the report of its failure."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import Final

from pytest_whoosh.engine.messages.lifecycle import Status
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.vendor import Exchange, Vendor
from pytest_whoosh.engine.webhooks.callbacks import Webhook

from .texts import INDENT, describe, outcome, printable, short_sid, webhook_status

_MOST_LINES: Final = 100
_SID: Final = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")


def traffic(vendor: Vendor, hide: Callable[[str], str] = str) -> str:
    """API calls, messages with their histories, webhooks with the app's answers; and what time it is.

    ``hide`` takes out of a text what is not to be seen.
    """
    day = vendor.started.date()
    parts = [
        ("API calls", [_call(call, day) for call in vendor.journal]),
        ("Messages", [line for message in vendor.messages for line in _message(message, day, hide)]),
        ("Webhooks", [_webhook(webhook, day) for webhook in vendor.webhooks]),
    ]
    lines = [f"It is {vendor.now:%Y-%m-%d %H:%M:%S} UTC."]
    for title, entries in parts:
        lines.append(f"{title}:" if entries else f"{title}: none")
        hidden = max(0, len(entries) - _MOST_LINES)
        if hidden:
            lines.append(f"{INDENT}... {hidden} earlier lines")
        lines += [INDENT + printable(hide(entry)) for entry in entries[hidden:]]
    return "\n".join(lines)


def _call(call: Exchange, day: date) -> str:
    answer = "no answer" if call.status is None else str(call.status)
    about = f" {call.code}" if call.code else f" {short_sid(call.sid)}" if call.sid else ""
    note = f": {call.note}" if call.note else ""
    url = _SID.sub(lambda sid: short_sid(sid[0]), call.url)
    return f"{_time(call.at, day)} {call.method} {url} -> {answer}{about}{note}"


def _message(message: Message, day: date, hide: Callable[[str], str]) -> Sequence[str]:
    return describe(message, hide), INDENT + "  ".join(
        _change(message, status, at, day) for status, at in message.history
    )


def _change(message: Message, status: Status, at: datetime, day: date) -> str:
    due = f" for {_time(message.send_at, day)}" if status is Status.SCHEDULED and message.send_at else ""
    return f"{_time(at, day)} {status.value}{due}"


def _webhook(webhook: Webhook, day: date) -> str:
    about = short_sid(webhook.message.sid) if webhook.message else ""
    what = f"{webhook_status(webhook):<11} {about}"
    return f"{_time(webhook.at, day)} {what} {webhook.method} {webhook.url}  {outcome(webhook)}"


def _time(at: datetime, day: date) -> str:
    """A moment: the time of day, and the day where it is another than the one the test began on."""
    return f"{at:%H:%M:%S}" if at.date() == day else f"{at:%Y-%m-%d %H:%M:%S}"
