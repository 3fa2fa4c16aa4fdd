"""Operations that act as a person: send a message, call, click a link."""

from collections.abc import Mapping
from typing import Final

from pytest_whoosh.engine.sids import Prefix, is_sid
from pytest_whoosh.server.documents import list_of, message_document, reference, reply_document, schema_of
from pytest_whoosh.server.json_types import FILES, FLAG, TEXT, TEXTS_BY_NAME, or_null
from pytest_whoosh.server.parameters import Parameter

from .operation import Arguments, Operation, ServerHandle
from .reading import MOST, message_with


def _receive(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    extra = arguments.parameters.pop("params", {})
    for name in extra:
        if name in _RECEIVED:
            raise ValueError(f"receive takes {name} itself. params takes more parameters of the webhook.")
    return reply_document(server.whoosh.receive(**arguments.parameters, **extra))


def _click(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    link = arguments.parameters.pop("link")
    clicked = message_with(server, link) if is_sid(link, Prefix.SMS, Prefix.MMS) else link
    return {"url": server.whoosh.click(clicked, **arguments.parameters)}


def _call_document(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    return {"messages": [message_document(message) for message in server.whoosh.call_document(**arguments.parameters)]}


def _phone(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    phone = server.whoosh.phone(arguments.parameters["number"])
    if "rcs" in arguments.parameters:
        phone.rcs = arguments.parameters["rcs"]
    received = [message_document(message) for message in phone.received[:MOST]]
    return {"number": phone.number, "rcs": phone.rcs, "received": received}


#: The parameters of ``receive`` by their names in Python.
_RECEIVED: Final = ("from_", "to", "body", "media")
OPERATIONS: Final = (
    Operation(
        name="receive",
        method="POST",
        about="Send a message from a person to one of the app's senders",
        do=_receive,
        returns=reference("Reply"),
        parameters=(
            Parameter("from", TEXT, "the person", required=True),
            Parameter("to", TEXT, "the app's sender", required=True),
            Parameter("body", TEXT, "the text"),
            Parameter("media", FILES, "the files"),
            Parameter("params", TEXTS_BY_NAME, "more parameters of the webhook"),
        ),
        example='{"from": "+15558675310", "to": "+15557122661", "body": "Hello"}',
    ),
    Operation(
        name="call_document",
        method="POST",
        about="Send the messages of a voice document, as in a call",
        do=_call_document,
        returns=schema_of({"messages": list_of("Message")}),
        parameters=(
            Parameter("twiml", TEXT, "the document", required=True),
            Parameter("from", TEXT, "the number that calls", required=True),
            Parameter("to", TEXT, "the number that is called", required=True),
        ),
        example=(
            '{"twiml": "<Response><Message>Thanks for calling</Message></Response>", '
            '"from": "+15558675310", "to": "+15557122661"}'
        ),
    ),
    Operation(
        name="phone",
        method="POST",
        about="Return a person's phone, and set whether it has RCS",
        do=_phone,
        returns=schema_of(
            {"number": TEXT.schema, "rcs": or_null(FLAG).full_schema, "received": list_of("Message")},
        ),
        parameters=(
            Parameter("number", TEXT, "the person", required=True),
            Parameter("rcs", FLAG, "true if the phone has RCS from now on"),
        ),
        example='{"number": "+15558675310", "rcs": true}',
    ),
    Operation(
        name="click",
        method="POST",
        about="Click a short link as a person",
        do=_click,
        returns=schema_of({"url": TEXT.schema}),
        parameters=(
            Parameter("link", TEXT, "the link, or the SID of a message with one link", required=True),
            Parameter("user_agent", TEXT, "the User-Agent of the person's browser"),
        ),
        example='{"link": "https://go.example/uPa61dPYXd"}',
    ),
)
