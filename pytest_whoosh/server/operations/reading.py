"""Operations that read messages, webhooks, queues, codes and the traffic."""

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import Any, Final
from urllib.parse import urlencode

from pytest_whoosh.engine.messages.matching import Matcher
from pytest_whoosh.engine.messages.record import Message as Record
from pytest_whoosh.engine.misuse import WhooshError
from pytest_whoosh.server.documents import (
    callback_document,
    list_of,
    message_document,
    queue_document,
    reference,
    schema_of,
    verification_document,
)
from pytest_whoosh.server.json_types import FLAG, PATTERN, TEXT, WHOLE, or_null
from pytest_whoosh.server.parameters import Parameter
from pytest_whoosh.views import Message
from pytest_whoosh.views.records import Records

from .operation import Arguments, Operation, ServerHandle

#: The most messages or webhooks in a response, and the default of ``limit``.
MOST: Final = 1000


def message_with(server: ServerHandle, sid: str) -> Message:
    """Return the message with this SID.

    Raises:
        WhooshError: No message has this SID.
    """
    found = server.whoosh.messages.filter(sid=sid)
    if not found:
        raise WhooshError(f"No message has the SID {sid!r}: GET /_whoosh/messages lists all.")
    return found[0]


def _page_of(wanted: Callable[[Record], bool]) -> Callable[[ServerHandle, Arguments], Mapping[str, object]]:
    def read(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
        matcher, records = Matcher(arguments.criteria), _up_to_date(server)
        candidates = (record for record in _records_after(records, arguments) if wanted(record))
        found, following = _cut((record for record in candidates if matcher.matches(record)), arguments)
        shown = [message_document(records.show(record)) for record in found]
        return {"messages": shown, "next": _next(arguments, found[-1].sid) if following else None}

    return read


def _records_after(records: Records, arguments: Arguments) -> Iterator[Record]:
    """Return the messages from the beginning of a page on. Earlier messages are not read."""
    messages, after = records.messages, arguments.parameters.get("after")
    start = 0
    if after is not None:
        last = records.message(after)
        if last is None:
            raise ValueError(f"after takes the SID of the previous page's last message. No message has {after!r}.")
        start = last.serial + 1
    return (messages[number] for number in range(start, len(messages)))


def _callbacks(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    records = _up_to_date(server)
    webhooks, message = records.webhooks, arguments.parameters.get("message")
    start = max(0, arguments.parameters.get("after", -1) + 1)
    numbered = ((number, webhooks[number]) for number in range(start, len(webhooks)))
    wanted = (
        (number, webhook)
        for number, webhook in numbered
        if not webhook.dropped and (message is None or (webhook.message and webhook.message.sid == message))
    )
    found, following = _cut(wanted, arguments)
    shown = [callback_document(records.show_webhook(webhook)) for _, webhook in found]
    return {"callbacks": shown, "next": _next(arguments, found[-1][0]) if following else None}


def _up_to_date(server: ServerHandle) -> Records:
    """Return the records, after running all events that are due."""
    records = server.whoosh._records
    records.catch_up()
    return records


def _cut(found: Iterator[Any], arguments: Arguments) -> tuple[list[Any], bool]:
    """Return the items of a page, and True if there are more."""
    limit = arguments.parameters.get("limit", MOST)
    if not 1 <= limit <= MOST:
        raise ValueError(f"limit must be a number from 1 to {MOST}, not {limit}.")
    page = list(islice(found, limit + 1))
    return page[:limit], len(page) > limit


def _next(arguments: Arguments, last: object) -> str:
    """Return the path of the next page, with the query of this one."""
    return f"{arguments.path}?{urlencode({**arguments.raw, 'after': [last]}, doseq=True)}"


def _traffic(server: ServerHandle, _: Arguments) -> Mapping[str, object]:
    return {"traffic": server.whoosh.traffic()}


def _last_code(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    return {"code": server.whoosh.last_code(**arguments.parameters)}


def _verifications(server: ServerHandle, _: Arguments) -> Mapping[str, object]:
    return {"verifications": list(map(verification_document, server.whoosh.verifications))}


def _queue(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    return queue_document(server.whoosh.queue(**arguments.parameters))


_NEXT: Final = or_null(TEXT).full_schema
_LIMIT: Final = Parameter("limit", WHOLE, f"the most items, up to {MOST}")
_PAGED: Final = (_LIMIT, Parameter("after", TEXT, "the SID of the message after which to continue"))
OPERATIONS: Final = (
    *(
        Operation(
            name=name,
            method="GET",
            about=f"Return {which} messages that match, oldest first",
            do=_page_of(wanted),
            returns=schema_of({"messages": list_of("Message"), "next": _NEXT}),
            parameters=_PAGED,
            matches=True,
            example="?to=%2B15558675310&body~=code",
        )
        for name, which, wanted in (
            ("outbox", "the outbound", lambda record: record.is_outbound),
            ("inbox", "the inbound", lambda record: not record.is_outbound),
            ("messages", "all", lambda record: True),
        )
    ),
    Operation(
        name="callbacks",
        method="GET",
        about="Return the webhooks that were sent to the app, in order",
        do=_callbacks,
        returns=schema_of({"callbacks": list_of("Callback"), "next": _NEXT}),
        parameters=(
            Parameter("message", TEXT, "the SID of their message"),
            _LIMIT,
            Parameter("after", WHOLE, "the number of the previous page's last webhook"),
        ),
        example="?limit=10",
    ),
    Operation(
        name="traffic",
        method="GET",
        about="Return API calls, messages with their histories, and webhooks, as lines of text",
        do=_traffic,
        returns=schema_of({"traffic": TEXT.schema}),
        example="",
    ),
    Operation(
        name="last_code",
        method="GET",
        about="Return the newest one-time code that a person got",
        do=_last_code,
        returns=schema_of({"code": TEXT.schema}),
        parameters=(
            Parameter("to", TEXT, "the person", required=True),
            Parameter("pattern", PATTERN, "the pattern of a code, by default four to eight digits"),
        ),
        example="?to=%2B15558675310",
    ),
    Operation(
        name="verifications",
        method="GET",
        about="Return the verifications that the app started through Verify, oldest first",
        do=_verifications,
        returns=schema_of({"verifications": list_of("Verification")}),
        example="",
    ),
    Operation(
        name="queue",
        method="GET",
        about="Return the queue of a sender, with realistic throughput. Messages are given by their SIDs",
        do=_queue,
        returns=reference("Queue"),
        parameters=(
            Parameter("sender", TEXT, "the sender: a phone number, short code or alphanumeric sender", required=True),
            Parameter("mms", FLAG, "true for the MMS queue, which all numbers of an account share"),
        ),
        example="?sender=%2B15557122661",
    ),
)
