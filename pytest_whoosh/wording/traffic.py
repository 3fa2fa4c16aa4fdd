"""Formats a test's API calls, messages and webhooks for the failure report."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Final

from pytest_whoosh.engine.account.verifications import Verification
from pytest_whoosh.engine.messages.lifecycle import Status
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.rules.calls import CallRule
from pytest_whoosh.engine.rules.rule import Rule
from pytest_whoosh.engine.vendor import Exchange, Vendor
from pytest_whoosh.engine.webhooks.callbacks import Webhook

from .texts import ELLIPSIS, INDENT, count, cut, describe, outcome, printable, short_sid, webhook_status

#: The most entries of one section. Those that explain a failure are kept before all others.
_MOST_ENTRIES: Final = 60
#: From so many entries in a row that say the same on, all but the first are one line.
_FEWEST_TO_FOLD: Final = 4
_LONGEST_ANSWER: Final = 120
_SID: Final = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")
#: What differs between two lines that say the same: the moment, the SID's count and the phone numbers.
_VARIES: Final = re.compile(rf"(\d{{4}}-\d\d-\d\d )?\d\d:\d\d:\d\d|\b[A-Z]{{2}}{ELLIPSIS}[0-9a-f]{{4}}|\+\d+")
_FAILED: Final = frozenset({Status.FAILED, Status.UNDELIVERED})


@dataclass(frozen=True, slots=True)
class _Entry:
    """One call, message or webhook, in one or two lines."""

    lines: tuple[str, ...]
    #: True if it may explain why the test failed.
    telling: bool

    @property
    def shape(self) -> str:
        """The entry without the parts that differ between equal entries."""
        return _VARIES.sub("", "\n".join(self.lines))


def traffic(vendor: Vendor, hide: Callable[[str], str] = str) -> str:
    """Format the API calls, messages with their histories, and webhooks with the app's answers.

    Args:
        vendor: what the double holds.
        hide: takes secrets out of a text.
    """
    day = vendor.started.date()
    sections = [
        ("API calls", [_call(call, day) for call in vendor.journal]),
        ("Messages", [_message(message, day, hide) for message in vendor.all_messages]),
        ("Webhooks", [_webhook(webhook, day) for webhook in vendor.webhooks.all]),
    ]
    if verifications := vendor.verifications:
        sections.append(("Verifications", [_verification(each, day) for each in verifications]))
    if rules := list(vendor.rules):
        sections.append(("Rules", list(map(_rule, rules))))
    lines = [f"It is {vendor.now:%Y-%m-%d %H:%M:%S} UTC."]
    for title, entries in sections:
        if entries:
            lines.append(f"{title}:")
            lines += [INDENT + printable(hide(line)) for line in _shown(entries)]
    if len(lines) == 1:
        lines.append("The app made no API call, and nobody wrote to it.")
    return "\n".join(lines)


def _shown(entries: Sequence[_Entry]) -> Iterator[str]:
    """Yield the lines of a section: entries that say the same folded, and the least telling left out."""
    folded = list(_fold(entries))
    hidden = len(folded) - _MOST_ENTRIES
    if hidden > 0:
        # The telling ones first, and the newest; sorting is stable, so that the order within each is kept.
        ranked = sorted(range(len(folded)), key=lambda index: (folded[index][0].telling, index))
        left_out = frozenset(ranked[:hidden])
        yield f"... {count(sum(1 + folded[index][1] for index in left_out), 'entry', 'entries')} left out"
        folded = [each for index, each in enumerate(folded) if index not in left_out]
    for entry, more in folded:
        yield from entry.lines
        if more:
            yield f"{ELLIPSIS} {more} more like this"


def _fold(entries: Iterable[_Entry]) -> Iterator[tuple[_Entry, int]]:
    """Yield entries, each with the number of those after it that say the same."""
    for _, group in groupby(entries, key=lambda entry: entry.shape):
        alike = list(group)
        if len(alike) < _FEWEST_TO_FOLD:
            yield from ((entry, 0) for entry in alike)
        else:
            yield alike[0], len(alike) - 1


def _call(call: Exchange, day: date) -> _Entry:
    answer = "no answer" if call.status is None else str(call.status)
    about = f" {call.code}" if call.code else f" {short_sid(call.sid)}" if call.sid else ""
    note = f": {call.note}" if call.note else ""
    url = _SID.sub(lambda sid: short_sid(sid[0]), call.url)
    line = f"{_time(call.at, day)} {call.method} {url} -> {answer}{about}{note}"
    return _Entry((line, f"{INDENT}posted {call.posted}") if call.posted else (line,), call.is_refused)


def _verification(verification: Verification, day: date) -> _Entry:
    checks = f", {count(verification.wrong_checks, 'wrong check')}" if verification.wrong_checks else ""
    sends = count(len(verification.attempts), "time")
    line = (
        f"{_time(verification.date_created, day)} {short_sid(verification.sid)} {verification.to} "
        f"by {verification.channel} {verification.status}: code {verification.code}, sent {sends}{checks}"
    )
    return _Entry((line,), bool(verification.wrong_checks))


def _rule(rule: Rule | CallRule) -> _Entry:
    """Describe a rule; name one that changes nothing, and one that never applied."""
    text = repr(rule)[1:-1]
    if rule.outcome is None:
        return _Entry((f"{text}. Without an outcome it changes nothing: add one, such as .reject(21610)",), True)
    never = "" if rule.matched else ". It never applied: nothing matched, or a newer rule did"
    return _Entry((text + never,), not rule.matched)


def _message(message: Message, day: date, hide: Callable[[str], str]) -> _Entry:
    changes = "  ".join(_change(message, status, at, day) for status, at in message.history)
    lines: tuple[str, ...] = (describe(message, hide), INDENT + changes)
    if message.no_webhook:
        why = _SID.sub(lambda sid: short_sid(sid[0]), message.no_webhook)
        lines = (*lines, f"{INDENT}no webhook: {why}")
    return _Entry(lines, message.status in _FAILED or bool(message.no_webhook))


def _change(message: Message, status: Status, at: datetime, day: date) -> str:
    due = f" for {_time(message.send_at, day)}" if status is Status.SCHEDULED and message.send_at else ""
    return f"{_time(at, day)} {status.value}{due}"


def _webhook(webhook: Webhook, day: date) -> _Entry:
    about = short_sid(webhook.message.sid) if webhook.message else ""
    what = f"{webhook_status(webhook):<11} {about}"
    line = f"{_time(webhook.at, day)} {what} {webhook.method} {webhook.url}  {outcome(webhook)}"
    refused = webhook.response_status is not None and webhook.response_status >= 400
    body = (webhook.response_body or "").strip()
    lines = (line, f"{INDENT}the app's answer: {cut(body, _LONGEST_ANSWER)}") if refused and body else (line,)
    return _Entry(lines, refused or webhook.response_status is None)


def _time(at: datetime, day: date) -> str:
    """Format a moment: the time of day, with the date if it is another than the one the test began on."""
    return f"{at:%H:%M:%S}" if at.date() == day else f"{at:%Y-%m-%d %H:%M:%S}"
