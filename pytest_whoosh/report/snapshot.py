"""Converts a double's records to plain data for a page."""

from collections.abc import Callable, Iterator
from functools import lru_cache
from itertools import accumulate
from typing import Any, Final

from pytest_whoosh.engine.error_codes import TITLES
from pytest_whoosh.engine.errors import MORE_INFO, title_of
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.rules.calls import CallRule
from pytest_whoosh.engine.rules.rule import Rule
from pytest_whoosh.engine.text.segments import forces_ucs2, segment, utf_16_units
from pytest_whoosh.engine.text.smart_encoding import look_alike
from pytest_whoosh.engine.timeline import show_moment
from pytest_whoosh.engine.vendor import ApiCall, Vendor
from pytest_whoosh.engine.webhooks.callbacks import Webhook
from pytest_whoosh.wording.texts import cut, delivery_result, name_of, webhook_status

#: The longest app response that is kept.
LONGEST_ANSWER: Final = 2000
#: The most characters that are named because they force UCS-2.
MOST_FORCING: Final = 10
#: The most code points of such a character that are named. A letter may have any number of combining marks.
_MOST_CODE_POINTS: Final = 8

#: Plain data for JSON. Keys with None, false or empty values are omitted.
Data = dict[str, Any]
#: Removes secrets from a text.
Hide = Callable[[str], str]


def snapshot(vendor: Vendor, hide: Hide = str, newest: int | None = None) -> Data:
    """Return a double's messages, webhooks with the app's responses, API calls and rules as plain data.

    ``newest`` limits the data to this number of messages, with their webhooks, and of calls.
    """
    messages, webhooks, calls = vendor.all_messages, vendor.webhooks.all, vendor.journal
    if newest is not None:
        messages, calls = messages[-newest:], calls[-newest:]
        webhooks = [webhook for message in messages for webhook in message.webhooks]
    numbers = {id(message): number for number, message in enumerate(messages)}
    about: dict[int, list[int]] = {}
    for number, webhook in enumerate(webhooks):
        about.setdefault(id(webhook.message), []).append(number)
    return _without_blanks(
        started=show_moment(vendor.started),
        now=show_moment(vendor.now),
        account=vendor.account.sid,
        messages=[_message(vendor, message, about.get(id(message), []), hide) for message in messages],
        webhooks=[_webhook(webhook, numbers.get(id(webhook.message)), hide) for webhook in webhooks],
        calls=[_call(call, hide) for call in calls],
        rules=[_rule(rule, hide) for rule in vendor.rules],
    )


def _message(vendor: Vendor, message: Message, webhooks: list[int], hide: Hide) -> Data:
    body = hide(message.sent_body)
    data = _without_blanks(
        {"from": message.from_, "in": not message.is_outbound},
        sid=message.sid,
        to=message.shown_to,
        status=message.status.value,
        body=body,
        redacted=message.original_body is not None,
        deleted=message.deleted,
        num_segments=message.num_segments or None,
        media=[{"url": hide(url), "type": vendor.files.get(url).content_type} for url in message.media_urls],
        price=None if message.price is None else format(message.price, "f"),
        unit=None if message.price is None else "USD",
        error=_error(message.error_code),
        send_at=message.send_at and show_moment(message.send_at),
        service=message.service and message.service.sid,
        history=[[status.value, show_moment(at)] for status, at in message.history],
        webhooks=webhooks,
        no_webhook=message.no_webhook and hide(message.no_webhook),
        links=[[link.text, hide(link.target)] for link in message.links],
        posted=_posted(message, hide),
    )
    if not message.is_mms and not message.channel:
        data |= _segments(message.sent_body, cuts=body == message.sent_body)
    return data


def _posted(message: Message, hide: Hide) -> Data:
    """Return the parameters that the app posted for a message."""
    if not message.is_outbound:
        return {}
    return {
        name: hide(value) if isinstance(value, str) else list(map(hide, value))
        for name, value in message.request.items()
    }


def _segments(body: str, *, cuts: bool) -> Data:
    """Return the encoding and the segments of a text."""
    encoding, places, forced = _segmentation(body)
    return _without_blanks(
        encoding=encoding, cuts=list(places) if cuts else None, forced=[list(each) for each in forced]
    )


@lru_cache(maxsize=1024)
def _segmentation(body: str) -> tuple[str, tuple[int, ...], tuple[tuple[str, str, str | None], ...]]:
    # Cached, because a live page asks repeatedly, and many messages have the same text.
    segmentation = segment(body)
    ends = accumulate(map(utf_16_units, segmentation.segments))
    forced = tuple(_forcing(character) for character in forces_ucs2(body)[:MOST_FORCING])
    return segmentation.encoding.value, tuple(ends)[:-1], forced


def _forcing(character: str) -> tuple[str, str, str | None]:
    shown = character[:_MOST_CODE_POINTS]
    return shown, " + ".join(map(name_of, shown)), look_alike(character)


def _webhook(webhook: Webhook, message: int | None, hide: Hide) -> Data:
    return _without_blanks(
        at=show_moment(webhook.at),
        label=webhook_status(webhook),
        method=webhook.method,
        url=hide(webhook.url),
        params={name: hide(value) for name, value in webhook.params.items()},
        attempts=webhook.attempts or None,
        status=webhook.response_status,
        answer=cut(hide(webhook.response_body or ""), LONGEST_ANSWER),
        error=webhook.error and hide(webhook.error),
        lost=webhook.dropped,
        raised=(webhook.exception is not None and not webhook.error) or None,
        outcome=hide(delivery_result(webhook)),
        message=message,
    )


def _call(call: ApiCall, hide: Hide) -> Data:
    error = _error(call.code) or {}
    return _without_blanks(
        at=show_moment(call.at),
        method=call.method,
        url=hide(call.url),
        status=call.status,
        code=call.code,
        note=call.remark and hide(call.remark),
        title=error.get("title"),
        help=error.get("url"),
        sid=call.sid,
        posted=call.posted and hide(call.posted),
    )


def _rule(rule: Rule | CallRule, hide: Hide) -> Data:
    return _without_blanks(
        id=rule._serial,
        rule=hide(rule._written),
        outcome=rule.outcome and hide(rule.outcome),
        matched=rule.matched,
        left=rule.left,
    )


def _error(code: int | None) -> Data | None:
    if code not in TITLES:
        return None
    return {"code": code, "title": title_of(code), "url": MORE_INFO.format(code=code)}


def _without_blanks(*given: Data, **values: object) -> Data:
    return dict(_present_values(*given, values))


def _present_values(*given: Data) -> Iterator[tuple[str, Any]]:
    """Yield the values that are not blank. 0 is kept, because it may be a position. Counts of zero must be None."""
    for data in given:
        for key, value in data.items():
            if value or type(value) is int:
                yield key, value
