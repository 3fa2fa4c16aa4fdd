"""Provisions the account: senders, services, templates, media and people."""

from collections.abc import Callable, Mapping
from typing import Final

from pytest_whoosh.engine.account.keywords import settable_names
from pytest_whoosh.engine.account.resources import (
    Application,
    ChannelSender,
    ContentTemplate,
    LinkDomain,
    MessagingService,
    PhoneNumber,
    ShortCode,
    VerifyService,
)
from pytest_whoosh.engine.lookup import DICTIONARY_PACKAGES, LookupOverride
from pytest_whoosh.provisioning import Balance, Deactivation, OptOut, Price
from pytest_whoosh.server.documents import record_document, record_schema, schema_of, types_of
from pytest_whoosh.server.json_types import AMOUNT, BYTES, DATE, FLAG, OBJECT, TEXT, TEXTS, TEXTS_BY_NAME, WHOLE
from pytest_whoosh.server.parameters import Parameter

from .operation import Arguments, Operation, ServerHandle


def _provides(name: str, *positional: str) -> Callable[[ServerHandle, Arguments], Mapping[str, object]]:
    """Return an operation that calls a method of the double and returns the record that it made."""

    def provide(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
        named = arguments.parameters
        return record_document(getattr(server.whoosh, name)(*[named.pop(each) for each in positional], **named))

    return provide


def _add_media(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    server.whoosh.add_media(**arguments.parameters)
    return {"url": arguments.parameters["url"]}


def _set_concurrency(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    server.whoosh.set_concurrency(**arguments.parameters)
    return arguments.parameters


def _properties(record: type) -> list[Parameter]:
    """The properties of a resource, as parameters."""
    types = types_of(record)
    resource = record.__name__
    return [
        Parameter(name, types[name], f"property of the {resource}", is_property=True)
        for name in settable_names(record)
        if name in types
    ]


OPERATIONS: Final = (
    Operation(
        name="add_number",
        method="POST",
        about="Give the account a phone number",
        do=_provides("add_number", "number"),
        returns=record_schema(PhoneNumber),
        parameters=(Parameter("number", TEXT, "the number", required=True), *_properties(PhoneNumber)),
        example='{"number": "+15557122661", "sms_url": "https://app.example/sms"}',
    ),
    Operation(
        name="add_short_code",
        method="POST",
        about="Give the account a short code",
        do=_provides("add_short_code", "code"),
        returns=record_schema(ShortCode),
        parameters=(Parameter("code", TEXT, "five or six digits", required=True), *_properties(ShortCode)),
        example='{"code": "12345"}',
    ),
    Operation(
        name="add_messaging_service",
        method="POST",
        about="Create a Messaging Service with a sender pool",
        do=_provides("add_messaging_service", "name"),
        returns=record_schema(MessagingService),
        parameters=(
            Parameter("name", TEXT, "its name", required=True),
            Parameter("senders", TEXTS, "phone numbers, short codes, alphanumeric and channel senders"),
            *_properties(MessagingService),
        ),
        example='{"name": "Reminders", "senders": ["+15557122661"]}',
    ),
    Operation(
        name="add_channel_sender",
        method="POST",
        about="Give the account a sender on a channel",
        do=_provides("add_channel_sender", "address"),
        returns=record_schema(ChannelSender),
        parameters=(Parameter("address", TEXT, "its address", required=True), *_properties(ChannelSender)),
        example='{"address": "whatsapp:+15557122661", "sms_url": "https://app.example/whatsapp"}',
    ),
    Operation(
        name="add_application",
        method="POST",
        about="Create an application",
        do=_provides("add_application"),
        returns=record_schema(Application),
        parameters=_properties(Application),
        example='{"message_status_callback": "https://app.example/status"}',
    ),
    Operation(
        name="add_link_domain",
        method="POST",
        about="Give the account a domain for short links",
        do=_provides("add_link_domain", "domain"),
        returns=record_schema(LinkDomain),
        parameters=(Parameter("domain", TEXT, "the domain", required=True), *_properties(LinkDomain)),
        example='{"domain": "go.example"}',
    ),
    Operation(
        name="add_template",
        method="POST",
        about="Create a content template",
        do=_provides("add_template"),
        returns=record_schema(ContentTemplate),
        parameters=(
            Parameter("body", TEXT, "its text"),
            Parameter("variables", TEXTS_BY_NAME, "the defaults of its variables"),
            Parameter("media", TEXTS, "URLs of media that go with it"),
            Parameter("types", OBJECT, "more content types, by their names"),
            Parameter("friendly_name", TEXT, "its name"),
            Parameter("language", TEXT, "its language"),
            Parameter("approval", TEXT, "the status of its approval by WhatsApp"),
        ),
        example='{"body": "Hi {{1}}", "variables": {"1": "there"}}',
    ),
    Operation(
        name="set_approval",
        method="POST",
        about="Set the status of a template's approval by WhatsApp",
        do=_provides("set_approval", "template", "status"),
        returns=record_schema(ContentTemplate),
        parameters=(
            Parameter("template", TEXT, "the SID of the template", required=True),
            Parameter("status", TEXT, "`approved`, `pending`, `rejected`, `paused`, `disabled` ...", required=True),
            Parameter("reason", TEXT, "why it was rejected"),
        ),
        example='{"template": "HXf00df00df00df00df00df00d00000001", "status": "rejected", "reason": "Too vague"}',
    ),
    Operation(
        name="add_media",
        method="POST",
        about="Let a file stand behind a media URL",
        do=_add_media,
        returns=schema_of({"url": TEXT.schema}),
        parameters=(
            Parameter("url", TEXT, "the URL", required=True),
            Parameter("content", BYTES, "what the file holds: the smallest valid file of its type unless given"),
            Parameter("content_type", TEXT, "its type: that which the URL's extension names unless given"),
            Parameter("status", WHOLE, "the HTTP status that the URL answers with; 400 or more fails messages"),
        ),
        example='{"url": "https://app.example/cat.jpg", "content": "/9j/4AAQ"}',
    ),
    Operation(
        name="opt_out",
        method="POST",
        about="Let a person have opted out of a sender",
        do=_provides("opt_out"),
        returns=record_schema(OptOut),
        parameters=(
            Parameter("person", TEXT, "the person", required=True),
            Parameter("sender", TEXT, "the sender, or the SID of a Messaging Service", required=True),
        ),
        example='{"person": "+15558675310", "sender": "+15557122661"}',
    ),
    Operation(
        name="deactivate",
        method="POST",
        about="Let carriers have taken a number out of service",
        do=_provides("deactivate"),
        returns=record_schema(Deactivation),
        parameters=(
            Parameter("number", TEXT, "the number", required=True),
            Parameter("on", DATE, "the day, today unless given"),
        ),
        example='{"number": "+15558675310"}',
    ),
    Operation(
        name="set_price",
        method="POST",
        about="Set what a segment to a country costs",
        do=_provides("set_price"),
        returns=record_schema(Price),
        parameters=(
            Parameter("country", TEXT, "the country's ISO code", required=True),
            Parameter("price", AMOUNT, "the price in US dollars", required=True),
        ),
        example='{"country": "US", "price": "0.0079"}',
    ),
    Operation(
        name="set_balance",
        method="POST",
        about="Set the money that the account has left",
        do=_provides("set_balance"),
        returns=record_schema(Balance),
        parameters=(Parameter("balance", AMOUNT, "the balance in US dollars", required=True),),
        example='{"balance": "0"}',
    ),
    Operation(
        name="add_lookup",
        method="POST",
        about="Set what Lookup says about a number",
        do=_provides("add_lookup", "number"),
        returns=record_schema(LookupOverride),
        parameters=(
            Parameter("number", TEXT, "the number", required=True),
            Parameter("valid", FLAG, "false for an invalid number"),
            Parameter("line_type", TEXT, 'the type of its line, such as "mobile" or "landline"'),
            Parameter("carrier", TEXT, "the name of its carrier"),
            Parameter("caller_name", TEXT, "the name of the caller"),
            Parameter("caller_type", TEXT, '"CONSUMER" or "BUSINESS"'),
            Parameter("mobile_country_code", TEXT, "the country code of its mobile network"),
            Parameter("mobile_network_code", TEXT, "the code of its mobile network"),
            Parameter("validation_errors", TEXTS, "why the number is invalid"),
            Parameter("error_code", WHOLE, "the error code that every package reports instead of data"),
            *(Parameter(name, OBJECT, f"the data of the package {name}") for name in DICTIONARY_PACKAGES),
        ),
        example='{"number": "+15558675310", "line_type": "landline"}',
    ),
    Operation(
        name="add_verify_service",
        method="POST",
        about="Create a Verify service",
        do=_provides("add_verify_service", "name"),
        returns=record_schema(VerifyService),
        parameters=(Parameter("name", TEXT, "its name", required=True), *_properties(VerifyService)),
        example='{"name": "Acme", "code_length": 6}',
    ),
    Operation(
        name="set_concurrency",
        method="POST",
        about="Set how many API calls may be under way at once, where throughput is realistic",
        do=_set_concurrency,
        returns=schema_of({"calls": WHOLE.schema}),
        parameters=(Parameter("calls", WHOLE, "how many", required=True),),
        example='{"calls": 5}',
    ),
)
