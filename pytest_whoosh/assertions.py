"""What a failed assertion about messages says: what was wanted, the nearest thing that happened, and the rest."""

import difflib
import re
from collections.abc import Iterable, Sequence
from typing import Final

from pytest_whoosh.engine.callbacks import Webhook
from pytest_whoosh.engine.lifecycle import UNFINISHED, Status
from pytest_whoosh.engine.matching import Difference, Matcher, reported_webhooks, segments_of, show
from pytest_whoosh.engine.records import Message
from pytest_whoosh.engine.segments import forces_ucs2, segment
from pytest_whoosh.engine.vendor import Exchange

_MOST_ROWS: Final = 20
_LONGEST_BODY: Final = 60
_INDENT: Final = "  "


# Searching


def explain_none(matcher: Matcher, records: Sequence[Message], name: str, journal: Sequence[Exchange] = ()) -> str:
    """Why no message was found."""
    head = f"No message in the {name} matches {matcher}." if matcher.criteria else f"There is no message in the {name}."
    return _join(head, _nearest(matcher, records), table(records, name), _refusals(records, journal))


def explain_count(
    matcher: Matcher,
    found: Sequence[Message],
    records: Sequence[Message],
    wanted: int,
    name: str,
    journal: Sequence[Exchange] = (),
) -> str:
    """Why another number of messages than wanted was found."""
    if not found:
        return explain_none(matcher, records, name, journal)
    which = f"matching {matcher}" if matcher.criteria else f"in the {name}"
    head = f"Expected {_messages(wanted)} {which}, found {len(found)}."
    return _join(head, table(found, "matches"), _nearest_of_rest(matcher, found, records, wanted))


def explain_sent(matcher: Matcher, found: Sequence[Message]) -> str:
    """Why messages were not to be there."""
    which = f"matching {matcher} " if matcher.criteria else ""
    return _join(f"Expected no message {which}to be sent, found {len(found)}.", table(found, "matches"))


def _nearest_of_rest(matcher: Matcher, found: Sequence[Message], records: Sequence[Message], wanted: int) -> str | None:
    if len(found) >= wanted:
        return None
    return _nearest(matcher, [record for record in records if record not in found])


def _nearest(matcher: Matcher, records: Sequence[Message]) -> str | None:
    if not records or not matcher.criteria:
        return None
    nearest = max(records, key=lambda record: (_likeness(matcher.differences(record)), record.serial))
    differences = matcher.differences(nearest)
    lines = [f"Nearest: {describe(nearest)}"]
    for difference in differences:
        lines += [_INDENT + line for line in _difference(difference)]
    if hint := _hint(nearest, differences):
        lines += ["", hint]
    return "\n".join(lines)


def _likeness(differences: Sequence[Difference]) -> float:
    """Near to zero for few differences, and nearer still where their texts are alike."""
    return -sum(1 - _alike(difference.expected, difference.actual) / 2 for difference in differences)


def _alike(expected: object, actual: object) -> float:
    if isinstance(expected, re.Pattern):
        expected = expected.pattern
    if isinstance(expected, str) and isinstance(actual, str):
        return difflib.SequenceMatcher(None, expected, actual).ratio()
    return 0.0


def _difference(difference: Difference) -> list[str]:
    label = f"{difference.field}: "
    expected, actual = show(difference.expected), show(difference.actual)
    lines = [f"{label}expected {expected}", f"{' ' * len(label)} but was {actual}"]
    if isinstance(difference.expected, str) and isinstance(difference.actual, str):
        same = 0
        while same < min(len(expected), len(actual)) and expected[same] == actual[same]:
            same += 1
        if same > 1 and "\n" not in expected:
            lines.append(" " * (len(label) + len("expected ") + same) + "^")
    return lines


def _hint(message: Message, differences: Sequence[Difference]) -> str | None:
    """What to write, where it is plain what was forgotten."""
    if [difference.field for difference in differences] != ["status"]:
        return None
    if message.status is Status.SCHEDULED:
        return f"It is scheduled for {message.send_at:%Y-%m-%d %H:%M:%S}: whoosh.travel(...) there to have it sent."
    if message.status in UNFINISHED or message.outcome.then.get(message.status):
        return "Nothing moves by itself: whoosh.settle() or whoosh.travel(seconds=...) plays what happens next."
    return None


def _refusals(records: Sequence[Message], journal: Sequence[Exchange]) -> str | None:
    refused = [call for call in journal if call.status is None or call.status >= 400]
    if records or not refused:
        return None
    return "\n".join(["The API took none of these calls:", *(_INDENT + exchange(call) for call in refused[-5:])])


# Callbacks


def explain_callbacks(message: Message, wanted: Sequence[str]) -> str | None:
    """Why the status callbacks did not leave in an order; None where they did."""
    left = reported_webhooks(message)
    statuses = iter(enumerate(webhook.params.get("MessageStatus", "") for webhook in left))
    for position, status in enumerate(wanted):
        if all(status != left_status for _, left_status in statuses):
            after = f" after {wanted[position - 1]!r}" if position else ""
            head = (
                f"No status callback {status!r}{after} for {describe(message)}.\n"
                f"Expected, in this order: {', '.join(map(repr, wanted))}."
            )
            return _join(head, _callback_table(left), _callback_hint(message))
    return None


def _callback_table(webhooks: Sequence[Webhook]) -> str:
    if not webhooks:
        return "No status callback has left."
    return "\n".join(["Status callbacks:", *(_INDENT + line for line in map(describe_webhook, webhooks))])


def _callback_hint(message: Message) -> str | None:
    if not message.status_callback:
        return (
            "The message has no status callback. Send it with status_callback=..., or through a Messaging Service "
            "or application that has one."
        )
    if message.outcome.then.get(message.status):
        return f"It is still {message.status.value!r}: whoosh.settle() or whoosh.travel(...) plays what happens next."
    return None


# Segments


def explain_segments(message: Message, wanted: int) -> str | None:
    """Why a message has another number of segments than wanted; None where it has that many."""
    segments = segments_of(message)
    if len(segments) == wanted:
        return None
    encoding = segment(message.sent_body).encoding.value
    lines = [f"Expected {_count(wanted, 'segment')}, but {describe(message)} takes {len(segments)} in {encoding}:"]
    lines += [f"{_INDENT}{number}. ({len(text)} characters) {text!r}" for number, text in enumerate(segments, 1)]
    if forcing := forces_ucs2(message.sent_body):
        lines += ["", f"Not in GSM-7, so that the whole text is {encoding}: {' '.join(map(repr, forcing))}"]
    return "\n".join(lines)


# Codes


def explain_code(records: Sequence[Message], to: object, pattern: "re.Pattern[str]", name: str) -> str:
    """Why no one-time code was found."""
    matcher = Matcher({"to": to})
    got = [record for record in records if matcher.matches(record)]
    head = f"No message to {to} holds a code that matches {pattern.pattern!r}."
    return _join(head, table(got, f"messages to {to}") if got else table(records, name))


# Words for what there is


def describe(message: Message) -> str:
    """A message in one line."""
    sender = message.from_ or "(no sender yet)"
    return f"{short_sid(message.sid)} {sender} -> {message.to} {_state(message)}: {_body(message)}"


def describe_webhook(webhook: Webhook) -> str:
    """A webhook and what the app answered, in one line."""
    what = webhook.params.get("MessageStatus") or webhook.params.get("SmsStatus", "")
    answer = "not delivered: nothing is mounted there"
    if webhook.dropped:
        answer = "lost by the network, as scripted"
    elif webhook.response_status is not None:
        answer = f"answered {webhook.response_status}"
    if webhook.error:
        answer = str(webhook.error)
    tries = f" after {webhook.attempts} attempts" if webhook.attempts > 1 else ""
    return f"{webhook.at:%H:%M:%S} {what:<11} {webhook.method} {webhook.url}  {answer}{tries}"


def exchange(call: Exchange) -> str:
    """An API call and its answer, in one line."""
    answer = "no answer" if call.status is None else str(call.status)
    about = f" {call.code}" if call.code else f" {short_sid(call.sid)}" if call.sid else ""
    return f"{call.at:%H:%M:%S} {call.method} {call.url} -> {answer}{about}{f': {call.note}' if call.note else ''}"


def table(records: Sequence[Message], name: str) -> str:
    """Messages as a small table."""
    title = name[:1].upper() + name[1:]
    if not records:
        return f"{title}: empty."
    hidden = max(0, len(records) - _MOST_ROWS)
    rows = [("sid", "from", "to", "status", "body")]
    rows += [(short_sid(each.sid), each.from_ or "-", each.to, _state(each), _body(each)) for each in records[hidden:]]
    lines = [f"{title} ({_messages(len(records))}):"]
    if hidden:
        lines.append(f"{_INDENT}... {hidden} earlier")
    return "\n".join(lines + [_INDENT + line for line in _columns(rows)])


def short_sid(sid: str) -> str:
    """A SID's kind and count, which tell it from its neighbours."""
    return f"{sid[:2]}\N{HORIZONTAL ELLIPSIS}{sid[-4:]}"


def _state(message: Message) -> str:
    code = f" {message.error_code}" if message.error_code else ""
    return f"{message.status.value}{code}{' (deleted)' if message.deleted else ''}"


def _body(message: Message) -> str:
    body = message.sent_body
    shown = repr(body if len(body) <= _LONGEST_BODY else body[:_LONGEST_BODY] + "\N{HORIZONTAL ELLIPSIS}")
    return f"{shown} + {_count(len(message.media_urls), 'media file')}" if message.media_urls else shown


def _columns(rows: Sequence[tuple[str, ...]]) -> Iterable[str]:
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    return ("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows)


def _messages(number: int) -> str:
    return _count(number, "message")


def _count(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"


def _join(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)


# The whole of a test's traffic


def traffic(journal: Sequence[Exchange], messages: Sequence[Message], webhooks: Sequence[Webhook]) -> str:
    """What went to and fro in a test: API calls, messages with their histories, webhooks with the app's answers."""
    parts = [
        ("API calls", [exchange(call) for call in journal]),
        ("Messages", [part for message in messages for part in _with_history(message)]),
        ("Webhooks", [describe_webhook(webhook) for webhook in webhooks]),
    ]
    lines: list[str] = []
    for title, entries in parts:
        hidden = max(0, len(entries) - 5 * _MOST_ROWS)
        lines.append(f"{title}:" if entries else f"{title}: none")
        if hidden:
            lines.append(f"{_INDENT}... {hidden} earlier lines")
        lines += [_INDENT + printable(entry) for entry in entries[hidden:]]
    return "\n".join(lines)


def printable(text: str) -> str:
    """A line with every character escaped that a terminal would act on instead of showing it."""
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def _with_history(message: Message) -> list[str]:
    history = "  ".join(f"{change.at:%H:%M:%S} {change.status.value}" for change in message.history)
    return [describe(message), f"{_INDENT}{history}"]
