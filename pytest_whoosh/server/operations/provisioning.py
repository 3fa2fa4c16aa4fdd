"""Operations that set up the account: senders, services, templates, media and opt-outs."""

from collections.abc import Callable, Mapping
from typing import Final

from pytest_whoosh.double.provisioning import Balance, Deactivation, MediaUrl, OptOut, Price
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
from pytest_whoosh.server.documents import record_document, record_schema, schema_of, types_of
from pytest_whoosh.server.json_types import AMOUNT, BYTES, DATE, FLAG, OBJECT, TEXT, TEXTS, TEXTS_BY_NAME, WHOLE
from pytest_whoosh.server.parameters import Parameter

from .operation import Arguments, Operation, ServerHandle


def _provides(name: str, *positional: str) -> Callable[[ServerHandle, Arguments], Mapping[str, object]]:
    """Return a function that calls a method of the double, and returns the record that the method created."""

    def provide(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
        named = arguments.parameters
        return record_document(getattr(server.whoosh, name)(*[named.pop(each) for each in positional], **named))

    return provide


def _set_concurrency(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    server.whoosh.set_concurrency(**arguments.parameters)
    return arguments.parameters


def _properties(record: type) -> list[Parameter]:
    """Return the properties of a resource as parameters."""
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
        about="Add a phone number to the account",
        do=_provides("add_number", "number"),
        returns=record_schema(PhoneNumber),
        parameters=(Parameter("number", TEXT, "the number", required=True), *_properties(PhoneNumber)),
        example='{"number": "+15557122661", "sms_url": "https://app.example/sms"}',
    ),
    Operation(
        name="add_short_code",
        method="POST",
        about="Add a short code to the account",
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
        about="Add a channel sender to the account",
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
        about="Add a domain for short links to the account",
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
            Parameter("media", TEXTS, "the URLs of its media"),
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
        about="Set the file behind a media URL",
        do=_provides("add_media"),
        returns=record_schema(MediaUrl),
        parameters=(
            Parameter("url", TEXT, "the URL", required=True),
            Parameter("content", BYTES, "the bytes of the file, by default the smallest valid file of its type"),
            Parameter("content_type", TEXT, "its type, by default that of the URL's extension"),
            Parameter("status", WHOLE, "the HTTP status of the URL's response; with 400 or more, messages fail"),
        ),
        example='{"url": "https://app.example/cat.jpg", "content": "/9j/4AAQ"}',
    ),
    Operation(
        name="opt_out",
        method="POST",
        about="Record that a person opted out of a sender",
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
        about="Record that carriers took a US number out of service",
        do=_provides("deactivate"),
        returns=record_schema(Deactivation),
        parameters=(
            Parameter("number", TEXT, "the number", required=True),
            Parameter("on", DATE, "the day, by default today"),
        ),
        example='{"number": "+15558675310"}',
    ),
    Operation(
        name="set_price",
        method="POST",
        about="Set the price of a segment to a country",
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
        about="Set the account's balance",
        do=_provides("set_balance"),
        returns=record_schema(Balance),
        parameters=(Parameter("balance", AMOUNT, "the balance in US dollars", required=True),),
        example='{"balance": "0"}',
    ),
    Operation(
        name="add_lookup",
        method="POST",
        about="Set the facts that Lookup returns for a number",
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
        about="Set how many concurrent API calls are allowed, with realistic throughput",
        do=_set_concurrency,
        returns=schema_of({"calls": WHOLE.schema}),
        parameters=(Parameter("calls", WHOLE, "the number of calls", required=True),),
        example='{"calls": 5}',
    ),
)
