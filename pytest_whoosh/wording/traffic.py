"""Formats a test's API calls, messages and webhooks for the failure report."""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from difflib import SequenceMatcher
from html import unescape
from typing import Final

from pytest_whoosh.engine.account.verifications import Verification
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.messages.lifecycle import Status
from pytest_whoosh.engine.messages.matching import as_written
from pytest_whoosh.engine.messages.record import OUTBOUND_API, Message
from pytest_whoosh.engine.rules.calls import CallRule
from pytest_whoosh.engine.rules.rule import Rule
from pytest_whoosh.engine.vendor import ApiCall, Vendor
from pytest_whoosh.engine.webhooks.callbacks import Webhook

from .assertions import nearest_to, whole_text_hint
from .texts import (
    ELLIPSIS,
    INDENT,
    count,
    cut,
    delivery_result,
    describe,
    folded,
    printable,
    short_sid,
    webhook_status,
    with_more,
)

#: The most entries of one section. Those that explain a failure are kept before all others.
_MOST_ENTRIES: Final = 60
_LONGEST_ANSWER: Final = 120
_SID: Final = re.compile(r"\b[A-Z]{2}[0-9a-f]{32}\b")
#: The parts that may differ between entries that are alike: moments, SIDs and phone numbers.
_VARIES: Final = re.compile(rf"(\d{{4}}-\d\d-\d\d )?\d\d:\d\d:\d\d|\b[A-Z]{{2}}{ELLIPSIS}[0-9a-f]{{4}}|\+\d+")
#: The start of an HTML page, and the parts of it that a browser does not show.
_PAGE: Final = re.compile(r"\s*<(!doctype|html)\b", re.IGNORECASE)
_MARKUP: Final = re.compile(
    r"<(head|title|style|script)\b.*?(</\1>|$)|<!--.*?(-->|$)|<[^<>]*>", re.IGNORECASE | re.DOTALL
)
#: The error of a webhook that was answered with a content type other than TwiML's.
_WRONG_TYPE: Final = 12300
_FAILED: Final = frozenset({Status.FAILED, Status.UNDELIVERED})


@dataclass(frozen=True, slots=True)
class _Entry:
    """The lines of one call, message, webhook, verification or rule."""

    lines: tuple[str, ...]
    #: True if it may explain why the test failed.
    may_explain: bool

    @property
    def shape(self) -> str:
        """The entry without the parts that differ between equal entries."""
        return _VARIES.sub("", "\n".join(self.lines))


def traffic(vendor: Vendor, hide: Callable[[str], str] = str) -> str:
    """Format the API calls, messages with their histories, and webhooks with the app's responses.

    Args:
        vendor: The double's records.
        hide: A function that removes secrets from a text.
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
        sections.append(("Rules", [_rule(rule, vendor) for rule in rules]))
    lines = [f"It is {vendor.now:%Y-%m-%d %H:%M:%S} UTC."]
    for title, entries in sections:
        if entries:
            lines.append(f"{title}:")
            lines += [INDENT + printable(hide(line)) for line in _section_lines(entries)]
    if len(lines) == 1:
        lines.append("The app made no API call and received no message.")
    return "\n".join(lines)


def _section_lines(entries: Sequence[_Entry]) -> Iterator[str]:
    """Yield the lines of a section. Entries that are alike are folded, and the least helpful ones are left out."""
    groups = list(folded(entries, lambda entry: entry.shape))
    hidden = len(groups) - _MOST_ENTRIES
    if hidden > 0:
        # Keeps entries that may explain the failure before others, and newer ones before older ones.
        ranked = sorted(range(len(groups)), key=lambda index: (groups[index][0].may_explain, index))
        left_out = frozenset(ranked[:hidden])
        yield f"{ELLIPSIS} {count(sum(1 + groups[index][1] for index in left_out), 'entry', 'entries')} left out"
        groups = [each for index, each in enumerate(groups) if index not in left_out]
    for entry, more in groups:
        *lines, last = entry.lines
        yield from (*lines, *with_more(last, more))


def _call(call: ApiCall, day: date) -> _Entry:
    status = "no response" if call.status is None else str(call.status)
    about = f" {call.code}" if call.code else f" {short_sid(call.sid)}" if call.sid else ""
    remark = _SID.sub(lambda sid: short_sid(sid[0]), call.remark or "")
    note = f": {remark}" if remark else ""
    url = _SID.sub(lambda sid: short_sid(sid[0]), call.url)
    line = f"{_time(call.at, day)} {call.method} {url} -> {status}{about}{note}"
    return _Entry((line, f"{INDENT}posted {call.posted}") if call.posted else (line,), call.is_refused)


def _verification(verification: Verification, day: date) -> _Entry:
    checks = f", {count(verification.wrong_checks, 'wrong check')}" if verification.wrong_checks else ""
    sends = count(len(verification.attempts), "time")
    line = (
        f"{_time(verification.date_created, day)} {short_sid(verification.sid)} {verification.to} "
        f"by {verification.channel} {verification.status}: code {verification.code}, sent {sends}{checks}"
    )
    return _Entry((line,), bool(verification.wrong_checks))


def _rule(rule: Rule | CallRule, vendor: Vendor) -> _Entry:
    """Describe a rule. One that changes nothing, or that never applied, is marked."""
    text = repr(rule)[1:-1]
    if rule.outcome is None:
        return _Entry((f"{text}. It has no effect without an outcome: add one, such as .reject(21610)",), True)
    if rule.matched:
        return _Entry((text,), False)
    nearest = [_nearest_call(rule, vendor)] if isinstance(rule, CallRule) else _nearest_message(rule, vendor)
    return _Entry((f"{text}. It never applied", *(INDENT + line for line in nearest)), True)


def _nearest_message(rule: Rule, vendor: Vendor) -> list[str]:
    """Say in which criteria the message differs that a rule comes closest to, and what to write."""
    if not vendor.outbound:
        return ["no message was sent"]
    message, differences = nearest_to(rule._matcher, vendor.outbound)
    if not differences:
        return [f"{short_sid(message.sid)} matches, but {_why_unused(rule, message, vendor)}"]
    unlike = [
        f"{each.field}: expected {as_written(each.expected)}, but was {cut(as_written(each.actual))}"
        for each in differences
    ]
    nearest = f"nearest message: {short_sid(message.sid)}, {'; '.join(unlike)}"
    advice = whole_text_hint(dict(rule.match).get("body"), message.sent_body or "")
    return [nearest, advice] if advice else [nearest]


def _why_unused(rule: Rule, message: Message, vendor: Vendor) -> str:
    """Say why a rule did not apply to a message that it matches."""
    if rule._answer and message.direction != OUTBOUND_API:
        return "the rule answers API calls only, and the message was not sent by one"
    if "from_" in rule.match and message.service and message.posted("From") is None:
        service = dialect().parameter("messaging_service_sid")
        return f"its service chose the sender later: match {service} instead of {dialect().parameter('from_')}"
    if rule is list(vendor.rules)[-1]:
        return "the rule was added after it was sent"
    return "a newer rule applied, or the rule was added after it was sent"


def _nearest_call(rule: CallRule, vendor: Vendor) -> str:
    """Name the API call that a rule comes closest to."""
    if not vendor.journal:
        return "the app made no API call"
    method, url = rule.match["method"], str(rule.match["url"])

    def likeness(call: ApiCall) -> tuple[bool, float]:
        return call.method == method, SequenceMatcher(None, call.url, url).ratio()

    nearest = max(vendor.journal[-_MOST_ENTRIES:], key=likeness)
    return f"nearest call: {nearest.method} {_SID.sub(lambda sid: short_sid(sid[0]), nearest.url)}"


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
    line = f"{_time(webhook.at, day)} {what} {webhook.method} {webhook.url}  {delivery_result(webhook)}"
    refused = webhook.response_status is not None and webhook.response_status >= 400
    body = _readable(webhook.response_body or "")
    lines = (line, f"{INDENT}the app's response: {cut(body, _LONGEST_ANSWER)}") if refused and body else (line,)
    if webhook.error and webhook.error.code == _WRONG_TYPE:
        lines = (*lines, f"{INDENT}a reply needs the content type text/xml (TwiML) or text/plain (one message)")
    return _Entry(lines, refused or webhook.response_status is None)


def _readable(body: str) -> str:
    """Return a response's body. Of an HTML page, return the text that a browser shows."""
    if not _PAGE.match(body):
        return body.strip()
    shown = " ".join(unescape(_MARKUP.sub(" ", body)).split())
    return shown or body.strip()


def _time(at: datetime, day: date) -> str:
    """Format a moment as the time of day, with the date if the test began on another day."""
    return f"{at:%H:%M:%S}" if at.date() == day else f"{at:%Y-%m-%d %H:%M:%S}"
