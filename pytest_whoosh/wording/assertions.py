"""Formats failed assertions: the expected message, the nearest one that was sent, and the rest."""

import difflib
import re
from collections.abc import Sequence
from http import HTTPStatus
from itertools import takewhile
from typing import Final
from urllib.parse import urlsplit

from pytest_whoosh.engine.addresses import channel_of
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.messages.fields import FIELDS, reported_webhooks, segments_of
from pytest_whoosh.engine.messages.lifecycle import READ_ON, REPORTED, UNFINISHED, Status
from pytest_whoosh.engine.messages.matching import Difference, Matcher, Searchable, as_written, is_function, is_pattern
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.text.segments import forces_ucs2, segment
from pytest_whoosh.engine.vendor import ApiCall
from pytest_whoosh.engine.webhooks.callbacks import Webhook

from .texts import (
    ELLIPSIS,
    INDENT,
    LONGEST_VALUE,
    count,
    cut,
    delivery_result,
    describe,
    describe_webhook,
    folded,
    join,
    messages,
    name_of,
    printable,
    short_sid,
    table,
    width,
    with_more,
)

_MOST_REFUSALS: Final = 5
_MOST_CANDIDATES: Final = 100
_LONGEST_TEXT: Final = 80
#: The number of characters of two long texts that are shown before their first difference.
_CONTEXT: Final = 30
#: Signs of a regular expression that texts of messages hardly contain.
_PATTERN_SIGNS: Final = re.compile(r"[.\])][*+?{]|\\[dwsbDWSB]|^\^|\$$")


# Searching


def explain_none(matcher: Matcher, records: Sequence[Message], name: str, journal: Sequence[ApiCall] = ()) -> str:
    """Explain why no message was found."""
    if not records:
        head = f"No message matches {matcher}: the {name} is empty." if matcher.criteria else f"The {name} is empty."
        return join(head, _verify_hint(journal), _refusals_of(journal))
    head = f"No message in the {name} matches {matcher}."
    return join(head, _nearest(matcher, records), table(records, name), _verify_hint(journal), _refusals_of(journal))


def explain_count(
    matcher: Matcher,
    found: Sequence[Message],
    records: Sequence[Message],
    wanted: int,
    name: str,
    journal: Sequence[ApiCall] = (),
) -> str:
    """Explain why a different number of messages was found."""
    if not found:
        return explain_none(matcher, records, name, journal)
    which = f"matching {matcher}" if matcher.criteria else f"in the {name}"
    head = f"Expected {messages(wanted)} {which}, found {len(found)}."
    listed = table(found, "matches" if matcher.criteria else name)
    if len(found) > wanted:
        return join(head, listed)
    matching = set(found)
    rest = [record for record in records if record not in matching]
    return join(head, listed, _nearest(matcher, rest, "Nearest of the others"), _refusals_of(journal))


def explain_sent(matcher: Matcher, found: Sequence[Message], name: str) -> str:
    """Explain which messages were sent although none was expected."""
    if not matcher.criteria:
        return join(f"Expected no message to be sent, found {len(found)}.", table(found, name))
    return join(f"Expected no message matching {matcher} to be sent, found {len(found)}.", table(found, "matches"))


def _nearest(matcher: Matcher, records: Sequence[Message], title: str = "Nearest") -> str | None:
    if not records:
        return None
    nearest, differences = nearest_to(matcher, records)
    lines = [f"{title}: {describe(nearest)}"]
    for difference in differences:
        lines += [INDENT + line for line in _difference(difference)]
    return join("\n".join(lines), _hint(nearest, differences))


def nearest_to(matcher: Matcher, records: Sequence[Message]) -> tuple[Message, list[Difference]]:
    """Return the message with the fewest differences from the criteria, and these differences."""
    compared = [(record, matcher.differences(record)) for record in records]
    fewest = min(len(differences) for _, differences in compared)
    rivals = [pair for pair in compared if len(pair[1]) == fewest][-_MOST_CANDIDATES:]
    return max(rivals, key=lambda pair: (_total_similarity(pair[1]), pair[0].serial))


def _total_similarity(differences: Sequence[Difference]) -> float:
    return sum(_similarity(difference.expected, difference.actual) for difference in differences)


def _similarity(expected: object, actual: object) -> float:
    """Return how similar two values are, from 0.0 to 1.0 (equal). Long texts are compared by their beginnings."""
    if is_pattern(expected):
        expected = expected.pattern
    if isinstance(expected, str) and isinstance(actual, str):
        return difflib.SequenceMatcher(None, expected[:LONGEST_VALUE], actual[:LONGEST_VALUE]).ratio()
    return 0.0


# Differences


def _difference(difference: Difference) -> list[str]:
    field, expected, actual = difference.field, difference.expected, difference.actual
    label = f"{dialect().parameter(field)}: expected "
    if isinstance(expected, str) and isinstance(actual, str):
        wanted, was, mark = _side_by_side(expected, actual, marked=_is_marked(field, expected, actual))
    else:
        wanted, was, mark = _expected_text(field, expected), cut(as_written(actual)), None
    lines = [label + wanted, "but was ".rjust(len(label)) + was]
    return [*lines, " " * len(label) + mark] if mark else lines


def _expected_text(field: str, expected: object) -> str:
    if is_pattern(expected):
        return f"{as_written(expected)} to be found"
    if is_function(expected):
        return f"{as_written(expected)}({field}) to be true"
    return cut(as_written(expected))


def _is_marked(field: str, expected: str, actual: str) -> bool:
    if FIELDS[field].type.words:  # one of a few fixed words: the first different letter does not help
        return False
    return expected[:1] == actual[:1] or (field == "body" and _similarity(expected, actual) >= 0.5)


def _side_by_side(expected: str, actual: str, *, marked: bool) -> tuple[str, str, str | None]:
    """Return excerpts of two texts for display one below the other, and the line that marks the first difference."""
    at = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(expected, actual, strict=False)))
    start = max(0, at - _CONTEXT) if max(len(expected), len(actual)) > _LONGEST_TEXT else 0
    quote = '"' if "'" in expected + actual and '"' not in expected + actual else "'"

    def excerpt(text: str) -> str:
        end = start + _LONGEST_TEXT
        return f"{quote}{ELLIPSIS if start else ''}{escaped(text[start:end])}{ELLIPSIS if text[end:] else ''}{quote}"

    def escaped(text: str) -> str:
        return "".join("\\" + each if each in ("\\", quote) else printable(each) for each in text)

    mark = None
    if marked:
        before = width(f"{quote}{ELLIPSIS if start else ''}{escaped(expected[start:at])}")
        mark = " " * before + "^" + _character_names(expected[at : at + 1], actual[at : at + 1])
    return excerpt(expected), excerpt(actual), mark


def _character_names(expected: str, actual: str) -> str:
    """Return the names of two characters if they may look alike, else an empty text."""
    if (expected + actual).isascii():
        return ""
    return f" expected {_character_name(expected)}, but was {_character_name(actual)}"


def _character_name(character: str) -> str:
    return name_of(character) if character else "the end"


# Hints


def _hint(message: Message, differences: Sequence[Difference]) -> str | None:
    """Return advice on what to write, if the differences show what was forgotten."""
    wanted = {difference.field: difference.expected for difference in differences}
    if message.original_body is not None and "body" in wanted:
        return "Its text was redacted, so its body is empty. The posted text is in `request`."
    if "body" in wanted and (advice := whole_text_hint(wanted["body"], message.body or "")):
        return advice
    if wanted.keys() == {"status"} and (advice := _past_status_hint(message, wanted["status"])):
        return advice
    if all(FIELDS[name].changes(message) for name in wanted) and not any(each is None for each in wanted.values()):
        return _next_change_hint(message) or _read_hint(message, wanted.get("status"))
    return None


def _past_status_hint(message: Message, status: object) -> str | None:
    """Return the advice to assert earlier, if a message had a status and has changed since."""
    for had, at in message.history[:-1]:
        if had == status:
            travel = dialect().call("travel", {"seconds": ...})
            return (
                f"It was {had.value!r} at {at:%H:%M:%S} UTC, and time has moved on since. "
                f"Assert earlier, or advance time less: {travel}."
            )
    return None


def whole_text_hint(expected: object, body: str) -> str | None:
    """Return the advice to write a pattern, if a text is part of a body, or a pattern that was passed as a text."""
    if not isinstance(expected, str) or not expected:
        return None
    if _is_part(expected, body):
        inside = dialect().argument("body", re.compile(re.escape(expected).replace("\\ ", " ")))
        return f"A text must equal the whole body. To find it inside: {inside}."
    if _is_source_of_pattern(expected, body):
        return f"A text must equal the whole body. For a pattern: {dialect().argument('body', re.compile(expected))}."
    return None


def _is_source_of_pattern(text: str, body: str) -> bool:
    """True if a text is the source of a regular expression that a body contains a match of."""
    if not _PATTERN_SIGNS.search(text):
        return False
    try:
        return re.search(text, body) is not None
    except re.error:
        return False


def _is_part(part: str, text: str) -> bool:
    """True if a text contains another one, and more words besides. A caret shows a few more characters at its end."""
    before, found, after = text.partition(part)
    return bool(found) and (bool(before) or " " in after)


def _next_change_hint(message: Message) -> str | None:
    if message.status is Status.SCHEDULED:
        travel = dialect().call("travel", ...)
        return (
            f"It is scheduled for {message.send_at:%Y-%m-%d %H:%M:%S} UTC: call {travel} past that moment to send it."
        )
    if message.journey.then.get(message.status):
        settle, travel = dialect().call("settle"), dialect().call("travel", {"seconds": ...})
        return f"Nothing moves by itself: call {settle} or {travel} to advance time."
    if message.status in UNFINISHED or message.status is Status.SENT:
        return f"It stays {message.status.value!r} because of the rule {dialect().rule('stall')}."
    return None


def _read_hint(message: Message, status: object) -> str | None:
    if status == Status.READ and channel_of(message.to) not in READ_ON:
        return "Only WhatsApp reports 'read'."
    return None


def _verify_hint(journal: Sequence[ApiCall]) -> str | None:
    """Return a hint that Verify's codes are not in the outbox, if Verify sent any."""
    sent = sum(call.status == HTTPStatus.CREATED and call.url.endswith("/Verifications") for call in journal)
    if not sent:
        return None
    read = dialect().call("last_code", {"to": ...})
    return f"Verify sent {count(sent, 'code')}. The outbox does not contain it: read it with {read}."


def _refusals_of(journal: Sequence[ApiCall]) -> str | None:
    refused = [call for call in journal if call.method == "POST" and (call.status is None or call.status >= 400)]
    if not refused:
        return None
    groups = list(folded(map(_refusal, refused), str))
    shown = groups[-_MOST_REFUSALS:]
    hidden = len(refused) - sum(1 + more for _, more in shown)
    earlier = [f"{ELLIPSIS} {hidden} earlier"] if hidden else []
    lines = [*earlier, *(part for line, more in shown for part in with_more(line, more))]
    return "\n".join([f"The API refused {count(len(refused), 'call')}:", *(INDENT + line for line in lines)])


def _refusal(call: ApiCall) -> str:
    path = urlsplit(call.url).path
    _, _, resource = path.rpartition("/Accounts/")
    shown = resource.partition("/")[2] or path
    code = f" {call.code}" if call.code else ""
    status = "no response" if call.status is None else f"{call.status}{code}"
    return printable(f"{call.method} {shown} -> {status}{f': {call.remark}' if call.remark else ''}")


# Comparisons in tests


def explain_statuses(actual: str, expected: str, records: Sequence[Message]) -> str | None:
    """Explain why a test's ``assert message.status == "delivered"`` fails.

    Time stands still, it has moved on, or what the SDK returned is old.

    Args:
        actual: The left side of the comparison.
        expected: The right side.
        records: The messages of the doubles that are active.

    Returns:
        The advice on what to write. None if the records do not explain it.
    """
    if actual not in _STATUSES or expected not in _STATUSES:
        return None
    for message in reversed(records):
        had = [status for status, _ in message.history]
        if message.status == actual:
            advice = _past_status_hint(message, expected) if expected in had else _next_change_hint(message)
            if advice:
                return advice
        elif message.status == expected and actual in had:
            return (
                f"{short_sid(message.sid)} is {expected!r} now. What the SDK returned does not change: "
                "read whoosh.outbox, or fetch() the message again."
            )
    return None


_STATUSES: Final = frozenset(status.value for status in Status)


# Callbacks


def explain_callbacks(
    message: Message, wanted: Sequence[str], answered: object = None, *, has_mounts: bool = False
) -> str | None:
    """Explain which status callback is missing, out of order, or got another response; return None if all are right.

    Args:
        message: The message.
        wanted: The statuses.
        answered: The expected response, as ``assert_callbacks`` takes it.
        has_mounts: True if the double has a mount. A callback without a response then missed it.
    """
    left = reported_webhooks(message)
    for position, status in enumerate(wanted):
        unlike = None
        while left:
            webhook, *left = left
            if webhook.params.get("MessageStatus") == status:
                if _counts(webhook, answered, has_mounts=has_mounts):
                    break
                unlike = webhook
        else:
            if unlike:
                return _other_response(message, unlike, status, answered)
            after = f" after {wanted[position - 1]!r}" if position else ""
            head = f"No status callback {status!r}{after} for {describe(message)}."
            order = f"Expected, in this order: {', '.join(map(repr, wanted))}." if wanted[1:] else None
            return join(head, order, _callback_table(message.webhooks), _callback_hint(message, status))
    return None


#: A response that no value equals, except one that equals everything, such as ``mock.ANY``.
_ANY_RESPONSE: Final = object()


def _counts(webhook: Webhook, answered: object, *, has_mounts: bool) -> bool:
    """True if a webhook got the expected response.

    A webhook that was not delivered, because nothing is mounted, counts unless the test says how the app answered.
    """
    if answered is None:
        return webhook.succeeded or not webhook.attempts
    if answered == _ANY_RESPONSE:
        return True
    if not webhook.attempts:
        return not has_mounts
    return bool(answered == webhook.response_status) and not _raised_later(webhook)


def _raised_later(webhook: Webhook) -> bool:
    """True if the app raised an exception after a response that says that all is well."""
    return webhook.exception is not None and webhook.response_status is not None and webhook.response_status < 400


def _other_response(message: Message, webhook: Webhook, status: str, answered: object) -> str:
    wanted = f"answered {'2xx or 3xx' if answered is None else dialect().value(answered)}"
    http_status, result = webhook.response_status, delivery_result(webhook)
    hint = None
    if not webhook.attempts:
        was = f"was {result}"
    elif _raised_later(webhook):
        wanted, was = "handled", f"was {result}"
    elif http_status and webhook.exception is None:
        was = f"was answered {http_status}"
        if answered is None:
            hint = f"If this response is right, write {dialect().argument('answered', http_status)}."
    else:
        was = f"failed: {result}"
    head = printable(f"Expected status callback {status!r} to be {wanted}, but it {was}.")
    return join(f"{head}\nMessage: {describe(message)}", _callback_table(message.webhooks), hint)


def _callback_table(webhooks: Sequence[Webhook]) -> str:
    if not webhooks:
        return "No status callback was sent."
    return "\n".join(
        [
            "Status callbacks:",
            *(
                INDENT + describe_webhook(each, before)
                for before, each in zip([None, *webhooks], webhooks, strict=False)
            ),
        ]
    )


def _callback_hint(message: Message, status: str) -> str | None:
    if status not in REPORTED:
        return f"No callback reports {status!r}. Callbacks report {', '.join(map(repr, _REPORTED))}."
    if message.history[0].status == status:
        return f"It was created {status!r}, and callbacks report only changes."
    if not message.status_callback:
        return (
            f"The message has no status callback. Send it with {dialect().message_parameter('status_callback')}, "
            "or through a Messaging Service or application that has one."
        )
    if any(webhook.dropped and webhook.params.get("MessageStatus") == status for webhook in message.webhooks):
        return f"It was dropped by the rule {dialect().rule('webhooks', {'drop': (status,)})}."
    return _next_change_hint(message) or _read_hint(message, status)


_REPORTED: Final = tuple(status.value for status in Status if status in REPORTED)


# Segments


def explain_segments(message: Message, wanted: int) -> str | None:
    """Explain why a message has a different number of segments; return None if the number is right."""
    segments = segments_of(message)
    if len(segments) == wanted:
        return None
    encoding = segment(message.sent_body).encoding.value
    lines = [f"Expected {count(wanted, 'segment')}, but {describe(message)} takes {len(segments)} in {encoding}:"]
    for number, text in enumerate(segments, 1):
        lines.append(f"{INDENT}{number}. ({count(len(text), 'character')}) {text!r}")
    if forcing := forces_ucs2(message.sent_body):
        lines += ["", f"The text is {encoding} because GSM-7 lacks: {' '.join(map(repr, forcing))}"]
    return "\n".join(lines)


# Codes


def explain_code(records: Sequence[Message], to: object, pattern: Searchable, name: str) -> str:
    """Explain why no one-time code was found."""
    matcher = Matcher({"to": to})
    got = [record for record in records if matcher.matches(record)]
    if not got:
        return explain_none(matcher, records, name)
    return join(
        f"No message to {printable(str(to))} contains a code that {as_written(pattern)} finds.",
        table(got, f"messages to {printable(str(to))}"),
    )
