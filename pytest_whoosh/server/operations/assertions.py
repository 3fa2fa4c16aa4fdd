"""Operations that assert which messages and webhooks were sent."""

from collections.abc import Mapping
from typing import Final
from unittest.mock import ANY

from pytest_whoosh.server.documents import list_of, message_document, schema_of
from pytest_whoosh.server.json_types import TEXT, TEXTS, WHOLE, JsonType
from pytest_whoosh.server.parameters import Parameter
from pytest_whoosh.views import Message

from .operation import Arguments, Operation, ServerHandle
from .reading import message_with


def _assert_sent(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    count = arguments.parameters.get("count", 1)
    sent = server.whoosh.assert_sent(count, **arguments.criteria)
    return {"messages": [message_document(each) for each in ([sent] if isinstance(sent, Message) else sent)]}


def _assert_not_sent(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    server.whoosh.assert_not_sent(**arguments.criteria)
    return {}


def _assert_nothing_sent(server: ServerHandle, _: Arguments) -> Mapping[str, object]:
    server.whoosh.assert_nothing_sent()
    return {}


def _assert_callbacks(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    message, answered = message_with(server, arguments.parameters["message"]), arguments.parameters.get("answered")
    server.whoosh.assert_callbacks(message, *arguments.parameters["statuses"], answered=answered)
    return {}


def _assert_segments(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    server.whoosh.assert_segments(message_with(server, arguments.parameters["message"]), arguments.parameters["n"])
    return {}


_NONE: Final = schema_of({})


def _answered(value: object) -> object:
    return ANY if value == "any" else WHOLE.read(value)


_ANSWERED: Final = JsonType('a whole number, or "any"', {"anyOf": [WHOLE.schema, {"const": "any"}]}, _answered)
_A_MESSAGE: Final = Parameter("message", TEXT, "the SID of a message", required=True)
OPERATIONS: Final = (
    Operation(
        name="assert_sent",
        method="POST",
        about="Fail unless exactly `count` messages that match were sent",
        do=_assert_sent,
        returns=schema_of({"messages": list_of("Message")}),
        parameters=(Parameter("count", WHOLE, "the number of messages, by default 1"),),
        matches=True,
        example='{"to": "+15558675310", "body~": "code"}',
    ),
    Operation(
        name="assert_not_sent",
        method="POST",
        about="Fail if a message that matches was sent",
        do=_assert_not_sent,
        returns=_NONE,
        matches=True,
        example='{"to": "+15558675310"}',
    ),
    Operation(
        name="assert_nothing_sent",
        method="POST",
        about="Fail if a message was sent",
        do=_assert_nothing_sent,
        returns=_NONE,
        example="",
    ),
    Operation(
        name="assert_callbacks",
        method="POST",
        about="Fail unless status callbacks were sent in this order and answered. Others may occur in between",
        do=_assert_callbacks,
        returns=_NONE,
        parameters=(
            _A_MESSAGE,
            Parameter("statuses", TEXTS, "the statuses of the callbacks", required=True),
            Parameter("answered", _ANSWERED, "the HTTP status of each response, by default 2xx or 3xx"),
        ),
        example='{"message": "SM...", "statuses": ["sent", "delivered"]}',
    ),
    Operation(
        name="assert_segments",
        method="POST",
        about="Fail unless a message takes `n` segments",
        do=_assert_segments,
        returns=_NONE,
        parameters=(_A_MESSAGE, Parameter("n", WHOLE, "the number of segments", required=True)),
        example='{"message": "SM...", "n": 1}',
    ),
)
