"""Converts messages, webhooks and the account's records to the JSON of the control API, and returns their schemas."""

from collections.abc import Callable, Mapping
from dataclasses import fields
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from types import MappingProxyType, NoneType, UnionType
from typing import Any, Final, get_args, get_origin, get_type_hints

from pytest_whoosh.engine.account.resources import Approval, LinkDomain
from pytest_whoosh.engine.messages import fields as fields_of_messages
from pytest_whoosh.engine.timeline import show_moment
from pytest_whoosh.views import Callback, Message, Queue, Reply, Verification

from .json_types import (
    AMOUNT,
    DATE,
    FLAG,
    MOMENT,
    OBJECT,
    TEXT,
    TEXTS,
    TEXTS_BY_NAME,
    WHOLE,
    InvalidValue,
    JsonType,
    or_null,
    word,
)

#: A schema, as OpenAPI 3.1 and JSON Schema have it.
Schema = Mapping[str, object]


def reference(name: str) -> Schema:
    """Return a reference to a named schema of the description."""
    return {"$ref": f"#/components/schemas/{name}"}


def list_of(name: str) -> Schema:
    """Return the schema of a list of items with a named schema of the description."""
    return {"type": "array", "items": reference(name)}


def schema_of(properties: Mapping[str, Schema]) -> Schema:
    """Return the schema of an object with exactly these properties."""
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }


# Messages


def _read_history(value: Any) -> list[tuple[str, datetime]]:
    try:
        return [(status, MOMENT.read(at)) for status, at in value]  # type: ignore[misc]
    except (TypeError, ValueError):
        raise InvalidValue from None


_HISTORY: Final = JsonType(
    'a list such as [["queued", "2030-01-31T09:00:00Z"]]',
    {
        "type": "array",
        "items": {
            "type": "array",
            "prefixItems": [{"type": "string"}, {"type": "string", "format": "date-time"}],
            "minItems": 2,
            "maxItems": 2,
        },
    },
    _read_history,
    lambda history: [[status, show_moment(at)] for status, at in history],
)
_MONEY: Final = JsonType('an amount such as "-0.0079"', {"type": "string"}, AMOUNT.read, str)
_CALLBACKS: Final = JsonType(
    "callbacks",
    list_of("Callback"),
    list,
    lambda each: list(map(callback_document, each)),
)

#: The type of JSON value for each type of field.
_JSON_TYPE_OF: Final[Mapping[fields_of_messages.ValueType, JsonType]] = MappingProxyType(
    {
        fields_of_messages.TEXT: TEXT,
        fields_of_messages.ADDRESS: TEXT,
        fields_of_messages.NUMBER: WHOLE,
        fields_of_messages.AMOUNT: _MONEY,
        fields_of_messages.MOMENT: MOMENT,
        fields_of_messages.FLAG: FLAG,
        fields_of_messages.TEXTS: TEXTS,
        fields_of_messages.HISTORY: _HISTORY,
        fields_of_messages.PARAMETERS: OBJECT,
        fields_of_messages.CONTENT: OBJECT,
        fields_of_messages.TAGS: OBJECT,
        fields_of_messages.WEBHOOKS: _CALLBACKS,
    }
)


def _type_of_field(field: fields_of_messages.Field) -> JsonType:
    of_words = field.type.words and word(f"a valid {field.name}", *field.type.words)
    json_type = of_words or _JSON_TYPE_OF[field.type]
    return or_null(json_type) if field.nullable else json_type


#: The fields of a message by name. ``from`` has no underscore in JSON.
PROPERTIES: Final[Mapping[str, JsonType]] = MappingProxyType(
    {field.json_name: _type_of_field(field) for field in fields_of_messages.FIELDS.values()}
)


def in_python(name: str) -> str:
    """Return the Python name of a field or parameter."""
    return "from_" if name == "from" else name


def message_document(message: Message) -> dict[str, object]:
    """Return a message with all its properties."""
    return {name: _shown(json_type, getattr(message, in_python(name))) for name, json_type in PROPERTIES.items()}


def _shown(json_type: JsonType, value: object) -> object:
    return None if value is None else json_type.show(value)


# Webhooks

_CALLBACK: Final[Mapping[str, JsonType]] = MappingProxyType(
    {
        "url": TEXT,
        "method": TEXT,
        "params": TEXTS_BY_NAME,
        "headers": TEXTS_BY_NAME,
        "body": TEXT,
        "signature": TEXT,
        "message": or_null(TEXT),
        "at": MOMENT,
        "attempts": WHOLE,
        "response_status": or_null(WHOLE),
        "response_body": or_null(TEXT),
        "error": or_null(TEXT),
    }
)


def callback_document(callback: Callback) -> dict[str, object]:
    """Return a webhook with the app's response, and its message's SID."""
    message = callback.message
    shown = {
        name: _shown(json_type, getattr(callback, name)) for name, json_type in _CALLBACK.items() if name != "message"
    }
    shown["message"] = message.sid if message else None
    return shown


def reply_document(reply: Reply) -> dict[str, object]:
    """Return a reply: the message, its webhook, and the messages that it caused."""
    return {
        "message": message_document(reply.message),
        "webhook": callback_document(reply.webhook) if reply.webhook else None,
        "replies": [message_document(message) for message in reply.replies],
        "twiml": reply.twiml,
        "keyword_answer": reply.keyword_answer,
    }


_SIDS: Final = JsonType("SIDs", TEXTS.schema, TEXTS.read, lambda messages: [message.sid for message in messages])
_QUEUE: Final[Mapping[str, JsonType]] = MappingProxyType(
    {
        "sender": TEXT,
        "messages": _SIDS,
        "expiring": _SIDS,
        "depth": WHOLE,
        "segments": WHOLE,
        "drains_at": MOMENT,
        "rate": WHOLE,
        "room": WHOLE,
        "is_full": FLAG,
    }
)


def queue_document(queue: Queue) -> dict[str, object]:
    """Return a sender's queue."""
    return {name: json_type.show(getattr(queue, name)) for name, json_type in _QUEUE.items()}


_VERIFICATION: Final[Mapping[str, JsonType]] = MappingProxyType(
    {
        "sid": TEXT,
        "service_sid": TEXT,
        "to": TEXT,
        "channel": TEXT,
        "code": TEXT,
        "status": TEXT,
        "attempts": WHOLE,
        "wrong_checks": WHOLE,
    }
)


def verification_document(verification: Verification) -> dict[str, object]:
    """Return a verification with its code."""
    return {name: json_type.show(getattr(verification, name)) for name, json_type in _VERIFICATION.items()}


# The account's records

#: The fields of records that are not shown.
_HIDDEN: Final = frozenset({"pool", "remembered", "approval"})
_KINDS: Final[Mapping[object, JsonType]] = MappingProxyType(
    {
        str: TEXT,
        bool: FLAG,
        int: WHOLE,
        datetime: MOMENT,
        date: DATE,
        Decimal: _MONEY,
        LinkDomain: JsonType('a domain such as "go.example"', TEXT.schema, TEXT.read, lambda held: held.domain),
        Approval: OBJECT,
        Mapping: OBJECT,
        dict: OBJECT,
        tuple: TEXTS,
    }
)


@cache
def types_of(record: type) -> Mapping[str, JsonType]:
    """Return the types of a record's properties, by name."""
    hints = get_type_hints(record)
    return {field.name: _type_of(hints[field.name]) for field in fields(record) if field.name not in _HIDDEN}


def _type_of(annotation: Any) -> JsonType:
    if isinstance(annotation, UnionType):
        (some,) = [each for each in get_args(annotation) if each is not NoneType]
        return or_null(_type_of(some))
    return _KINDS[get_origin(annotation) or annotation]


def record_document(record: object) -> dict[str, object]:
    """Return a record with its properties, and for a Messaging Service the addresses of its senders."""
    record_type: type = type(record)
    shown = {name: _shown(json_type, getattr(record, name)) for name, json_type in types_of(record_type).items()}
    return {**shown, "senders": record.senders} if hasattr(record, "senders") else shown


def record_schema(record: type) -> Schema:
    """Return the schema of a record."""
    properties = {name: json_type.full_schema for name, json_type in types_of(record).items()}
    return schema_of({**properties, "senders": TEXTS.schema} if hasattr(record, "senders") else properties)


# Schemas


def _described(types: Mapping[str, JsonType], view: type) -> Schema:
    """Return the schema of a view, with the docstrings of its properties as descriptions."""
    return schema_of(
        {name: {**json_type.full_schema, "description": about(view, name)} for name, json_type in types.items()}
    )


def about(view: type, name: str) -> str:
    """Return the docstring of a view's property."""
    return str(getattr(view, in_python(name)).__doc__).replace("``", "")


def _nullable(schema: Schema) -> Schema:
    return {"anyOf": [schema, {"type": "null"}]}


def _reply() -> Schema:
    properties: Mapping[str, Callable[[], Schema]] = {
        "message": lambda: reference("Message"),
        "webhook": lambda: _nullable(reference("Callback")),
        "replies": lambda: list_of("Message"),
        "twiml": lambda: or_null(TEXT).full_schema,
        "keyword_answer": lambda: or_null(TEXT).full_schema,
    }
    return schema_of({name: {**make(), "description": about(Reply, name)} for name, make in properties.items()})


#: The named schemas of the description.
SCHEMAS: Final[Mapping[str, Schema]] = MappingProxyType(
    {
        "Message": _described(PROPERTIES, Message),
        "Callback": _described(_CALLBACK, Callback),
        "Queue": _described(_QUEUE, Queue),
        "Verification": _described(_VERIFICATION, Verification),
        "Reply": _reply(),
        "Error": schema_of({"error": {"type": "string", "description": "What is wrong, and what to send instead"}}),
    }
)
