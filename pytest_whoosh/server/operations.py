"""The operations of the control API, as a table: what each takes, does over the double, and returns."""

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, NamedTuple, Protocol
from urllib.parse import urlencode, urlsplit

from pytest_whoosh.engine.errors import choose_from
from pytest_whoosh.engine.holdings import (
    Application,
    ChannelSender,
    ContentTemplate,
    LinkDomain,
    MessagingService,
    PhoneNumber,
    ShortCode,
)
from pytest_whoosh.engine.matching import Matcher
from pytest_whoosh.engine.misuse import WhooshError
from pytest_whoosh.engine.records import Message as Record
from pytest_whoosh.engine.rules import Rule
from pytest_whoosh.provisioning import Deactivation, OptOut, Price, settable
from pytest_whoosh.views import Callback, Message
from pytest_whoosh.whoosh import Whoosh

from .documents import (
    Schema,
    callback_document,
    kinds_of,
    message_document,
    queue_document,
    record_document,
    record_schema,
    reference,
    reply_document,
    schema_of,
)
from .kinds import (
    AMOUNT,
    ANYTHING,
    BYTES,
    DATE,
    DURATION,
    FILES,
    FLAG,
    MOMENT,
    NUMBER,
    OBJECT,
    PATTERN,
    TEXT,
    TEXTS,
    TEXTS_BY_NAME,
    WHOLE,
    Kind,
    Unfit,
    or_null,
    show_moment,
)
from .parameters import Parameter, read_criteria, read_parameters

#: The most messages or webhooks in one answer, and as many as there are unless ``limit`` says less.
MOST: Final = 1000
_MESSAGE_SID: Final = re.compile("(SM|MM)[0-9a-f]{32}")


class Place(Protocol):
    """Where the control API is served."""

    @property
    def whoosh(self) -> Whoosh:
        """The double that is controlled."""

    @property
    def url(self) -> str:
        """The URL of the server."""


class Forbidden(Exception):
    """Somebody asks for what only the one who started the server may allow."""


class Unknown(Exception):
    """There is no such operation."""


class Given(NamedTuple):
    """What an operation was given: its parameters and criteria by their names in Python, and all as it came."""

    path: str
    parameters: dict[str, Any]
    criteria: dict[str, Any]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation."""

    name: str
    method: str
    about: str
    do: Callable[[Place, Given], Mapping[str, object]]
    #: The schema of what it returns.
    returns: Schema
    #: A body, or a query, as an example.
    example: str
    parameters: Sequence[Parameter] = ()
    #: Whether it takes what messages are matched by, besides its parameters.
    matches: bool = False

    @property
    def path(self) -> str:
        """Its path."""
        return "/_whoosh/" if self.name == "status" else f"/_whoosh/{self.name}"


# The double


def _status(place: Place, _: Given) -> Mapping[str, object]:
    whoosh = place.whoosh
    return {
        "url": place.url,
        "account_sid": whoosh.account_sid,
        "api_key": whoosh.api_key,
        "api_secret": whoosh.api_secret,
        "auth_token": whoosh.auth_token,
        "now": show_moment(whoosh.now),
        "is_moving": whoosh.is_moving,
        "outbox": len(whoosh.outbox),
        "inbox": len(whoosh.inbox),
        "callbacks": len(whoosh.callbacks),
    }


def _reset(place: Place, _: Given) -> Mapping[str, object]:
    place.whoosh.reset()
    return _now(place)


def _now(place: Place) -> Mapping[str, object]:
    return {"now": show_moment(place.whoosh.now)}


# Reading


def _page_of(wanted: Callable[[Record], bool]) -> Callable[[Place, Given], Mapping[str, object]]:
    def read(place: Place, given: Given) -> Mapping[str, object]:
        matcher = Matcher(given.criteria)
        records = (record for record in _records_after(place.whoosh, given) if wanted(record))
        found, following = _cut((record for record in records if matcher.matches(record)), given)
        shown = [message_document(Message(record, _nothing)) for record in found]
        return {"messages": shown, "next": _next(given, found[-1].sid) if following else None}

    return read


def _records_after(whoosh: Whoosh, given: Given) -> Iterator[Record]:
    """The messages from where a page begins on; those before are not looked at, however many they are."""
    whoosh.now  # noqa: B018  # what has become due happens first
    vendor, after = whoosh._vendor, given.parameters.get("after")
    start = 0
    if after is not None:
        last = next(filter(None, (account.messages.get(after) for account in vendor.accounts.values())), None)
        if last is None:
            raise ValueError(f"after takes the SID of the last message of the page before, and {after!r} is none.")
        start = last.serial + 1
    return (vendor.messages[place] for place in range(start, len(vendor.messages)))


def _callbacks(place: Place, given: Given) -> Mapping[str, object]:
    place.whoosh.now  # noqa: B018  # what has become due happens first
    webhooks, message = place.whoosh._vendor.webhooks, given.parameters.get("message")
    start = max(0, given.parameters.get("after", -1) + 1)
    numbered = ((number, webhooks[number]) for number in range(start, len(webhooks)))
    wanted = (
        (number, webhook)
        for number, webhook in numbered
        if not webhook.dropped and (message is None or (webhook.message and webhook.message.sid == message))
    )
    found, following = _cut(wanted, given)
    shown = [callback_document(Callback(webhook, _nothing)) for _, webhook in found]
    return {"callbacks": shown, "next": _next(given, found[-1][0]) if following else None}


def _cut(found: Iterator[Any], given: Given) -> tuple[list[Any], bool]:
    """As many as a page takes, and whether there are more."""
    limit = given.parameters.get("limit", MOST)
    if not 1 <= limit <= MOST:
        raise ValueError(f"limit is a number from 1 to {MOST}, not {limit}.")
    page = list(islice(found, limit + 1))
    return page[:limit], len(page) > limit


def _next(given: Given, last: object) -> str:
    """The path to the next page, with the query of this one."""
    return f"{given.path}?{urlencode({**given.raw, 'after': [last]}, doseq=True)}"


def _nothing() -> None:
    """What has become due has happened already."""


def _traffic(place: Place, _: Given) -> Mapping[str, object]:
    return {"traffic": place.whoosh.traffic()}


def _last_code(place: Place, given: Given) -> Mapping[str, object]:
    return {"code": place.whoosh.last_code(**given.parameters)}


def _queue(place: Place, given: Given) -> Mapping[str, object]:
    return queue_document(place.whoosh.queue(**given.parameters))


# Time


def _travel(place: Place, given: Given) -> Mapping[str, object]:
    if not given.parameters:
        raise ValueError(
            'travel takes a moment such as {"to": "2030-01-31T09:00:00Z"}, or an amount such as {"days": 1}.'
        )
    place.whoosh.travel(**given.parameters)
    return _now(place)


def _settle(place: Place, _: Given) -> Mapping[str, object]:
    place.whoosh.settle()
    return _now(place)


# Scripting


def _action(name: str, *parameters: Parameter) -> Kind:
    """What a rule says, as an object of its parameters; ``true`` where it needs none."""

    def read(value: Any) -> dict[str, Any]:
        if value is True:
            value = {}
        if not isinstance(value, dict):
            raise Unfit
        return read_parameters(name, parameters, value)

    properties = {parameter.name: _described(parameter) for parameter in parameters}
    schema = {
        "type": "object",
        "properties": properties,
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }
    wanted = "an object of its parameters" + (f": {', '.join(properties)}" if properties else "")
    return Kind(wanted, {"anyOf": [schema, {"const": True}]}, read)


def _described(parameter: Parameter) -> Schema:
    return {**parameter.kind.full_schema, "description": parameter.about}


def _criteria(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise Unfit
    return read_criteria("when", value)


_AFTER: Final = Parameter("after", DURATION, "how long the receipt takes")
_CODE: Final = Parameter("code", WHOLE, "a documented error code")
_CONNECTING: Final = Parameter("connecting", FLAG, "whether it strikes before the connection stands")
_STATUSES: Final = "statuses whose callbacks "

#: What becomes of a message, or what the API answers instead of taking it: a rule says one of these.
_OUTCOMES: Final = (
    Parameter("deliver", _action("deliver", _AFTER), "delivered"),
    Parameter("undeliver", _action("undeliver", _CODE), "sent, and reported undelivered"),
    Parameter("fail", _action("fail", _CODE), "failed before the carrier takes it"),
    Parameter("read", _action("read", _AFTER), "delivered and opened (WhatsApp)"),
    Parameter("stall", _action("stall", Parameter("at", TEXT, "a status")), "left standing at a status"),
    Parameter(
        "reject",
        _action(
            "reject",
            Parameter("code", WHOLE, "a documented error code", required=True),
            Parameter("status", WHOLE, "an HTTP status"),
        ),
        "refused by the API",
    ),
    Parameter(
        "rate_limit",
        _action("rate_limit", Parameter("retry_after", WHOLE, "seconds")),
        "refused with 429 and error 20429",
    ),
    Parameter(
        "respond",
        _action(
            "respond",
            Parameter("status", WHOLE, "an HTTP status", required=True),
            Parameter("json", ANYTHING, "the body"),
            Parameter("headers", TEXTS_BY_NAME, "more headers"),
        ),
        "answered with anything",
    ),
    Parameter("timeout", _action("timeout", _CONNECTING), "not answered"),
    Parameter("disconnect", _action("disconnect", _CONNECTING), "not answered: the connection breaks"),
)
_WEBHOOKS: Final = Parameter(
    "webhooks",
    _action(
        "webhooks",
        Parameter("drop", TEXTS, _STATUSES + "are lost"),
        Parameter("duplicate", TEXTS, _STATUSES + "come twice"),
        Parameter("order", TEXTS, _STATUSES + "leave in this order"),
    ),
    "what networks do to its status callbacks",
)
_TIMES: Final = Parameter("times", WHOLE, "for how many messages the rule holds")
_MATCH: Final = Parameter("match", Kind("an object of match keys", reference("Match"), _criteria), "whom it holds for")


def _when(place: Place, given: Given) -> Mapping[str, object]:
    parameters = given.parameters
    says = [each.name for each in (*_OUTCOMES, _WEBHOOKS) if each.name in parameters]
    outcomes = [name for name in says if name != _WEBHOOKS.name]
    if not says or outcomes[1:]:
        valid = ", ".join(each.name for each in _OUTCOMES)
        raise ValueError(
            f"A rule says one thing: one of {valid}; and may say one about {_WEBHOOKS.name}, or only that."
        )
    match = parameters.get("match", {})
    # First on a rule that is thrown away, so that one that is refused half-way changes nothing.
    _script(Rule(match), says, parameters)
    _script(place.whoosh.when(**match), says, parameters)
    return {"rule": given.raw}


def _script(rule: Rule, says: Sequence[str], parameters: Mapping[str, Any]) -> None:
    if "times" in parameters:
        rule.times(parameters["times"])
    for name in says:
        getattr(rule, name)(**parameters[name])


# People


def _receive(place: Place, given: Given) -> Mapping[str, object]:
    extra = given.parameters.pop("params", {})
    return reply_document(place.whoosh.receive(**given.parameters, **extra))


def _click(place: Place, given: Given) -> Mapping[str, object]:
    link = given.parameters.pop("link")
    clicked = _message(place, link) if _MESSAGE_SID.fullmatch(link) else link
    return {"url": place.whoosh.click(clicked, **given.parameters)}


def _message(place: Place, sid: str) -> Message:
    found = place.whoosh.messages.filter(sid=sid)
    if not found:
        raise WhooshError(f"No message has the SID {sid!r}: GET /_whoosh/messages lists all.")
    return found[0]


# Webhooks


def _mount(place: Place, given: Given) -> Mapping[str, object]:
    base, server = given.parameters["base_url"], given.parameters.get("server")
    host = urlsplit(server or base).hostname
    if host and not place.whoosh.reaches(server or base):
        raise Forbidden(
            f'Webhooks may not go out to {host}. Name with "server" one on this machine that stands for it, or start '
            f"the server with --allow-webhooks {host}."
        )
    place.whoosh.mount(base, server=server)
    return {"base_url": base, "server": server}


# Assertions


def _assert_sent(place: Place, given: Given) -> Mapping[str, object]:
    count = given.parameters.get("count", 1)
    sent = place.whoosh.assert_sent(count, **given.criteria)
    return {"messages": [message_document(each) for each in ([sent] if isinstance(sent, Message) else sent)]}


def _assert_not_sent(place: Place, given: Given) -> Mapping[str, object]:
    place.whoosh.assert_not_sent(**given.criteria)
    return {}


def _assert_nothing_sent(place: Place, _: Given) -> Mapping[str, object]:
    place.whoosh.assert_nothing_sent()
    return {}


def _assert_callbacks(place: Place, given: Given) -> Mapping[str, object]:
    place.whoosh.assert_callbacks(_message(place, given.parameters["message"]), *given.parameters["statuses"])
    return {}


def _assert_segments(place: Place, given: Given) -> Mapping[str, object]:
    place.whoosh.assert_segments(_message(place, given.parameters["message"]), given.parameters["n"])
    return {}


# Provisioning


def _set_concurrency(place: Place, given: Given) -> Mapping[str, object]:
    place.whoosh.set_concurrency(**given.parameters)
    return given.parameters


def _provides(name: str, *positional: str) -> Callable[[Place, Given], Mapping[str, object]]:
    """What calls a method of the double with the parameters, and shows the record that it returns."""

    def provide(place: Place, given: Given) -> Mapping[str, object]:
        named = given.parameters
        return record_document(getattr(place.whoosh, name)(*[named.pop(each) for each in positional], **named))

    return provide


def _add_media(place: Place, given: Given) -> Mapping[str, object]:
    place.whoosh.add_media(**given.parameters)
    return {"url": given.parameters["url"]}


def _properties(record: type) -> list[Parameter]:
    """The properties of a resource, as parameters."""
    kinds = kinds_of(record)
    resource = record.__name__
    return [
        Parameter(name, kinds[name], f"property of the {resource}", is_property=True)
        for name in settable(record)
        if name in kinds
    ]


# The table

_NOW: Final = schema_of({"now": MOMENT.schema})
_NONE: Final = schema_of({})
_MESSAGES: Final = {"type": "array", "items": reference("Message")}
_NEXT: Final = or_null(TEXT).full_schema
_LIMIT: Final = Parameter("limit", WHOLE, f"how many at most, up to {MOST}")
_PAGED: Final = (_LIMIT, Parameter("after", TEXT, "the SID of the message after which to go on"))
_A_MESSAGE: Final = Parameter("message", TEXT, "the SID of a message", required=True)


def _amount_of(unit: str) -> Parameter:
    return Parameter(unit, NUMBER, f"how many {unit}")


OPERATIONS: Final = (
    Operation(
        name="status",
        method="GET",
        about="The server's URL, the account's credentials, what time it is, and how much there is",
        do=_status,
        returns=schema_of(
            {
                "url": TEXT.schema,
                "account_sid": TEXT.schema,
                "api_key": TEXT.schema,
                "api_secret": TEXT.schema,
                "auth_token": TEXT.schema,
                "now": MOMENT.schema,
                "is_moving": FLAG.schema,
                "outbox": WHOLE.schema,
                "inbox": WHOLE.schema,
                "callbacks": WHOLE.schema,
            }
        ),
        example="",
    ),
    *(
        Operation(
            name=name,
            method="GET",
            about=f"{which} messages that match, oldest first",
            do=_page_of(wanted),
            returns=schema_of({"messages": _MESSAGES, "next": _NEXT}),
            parameters=_PAGED,
            matches=True,
            example="?to=%2B15558675310&body~=code",
        )
        for name, which, wanted in (
            ("outbox", "The outbound", lambda record: record.is_outbound),
            ("inbox", "The inbound", lambda record: not record.is_outbound),
            ("messages", "All", lambda record: True),
        )
    ),
    Operation(
        name="callbacks",
        method="GET",
        about="The webhooks that left for the app, in order",
        do=_callbacks,
        returns=schema_of({"callbacks": {"type": "array", "items": reference("Callback")}, "next": _NEXT}),
        parameters=(
            Parameter("message", TEXT, "the SID of the message that they are about"),
            _LIMIT,
            Parameter("after", WHOLE, "where the page before ended"),
        ),
        example="?limit=10",
    ),
    Operation(
        name="traffic",
        method="GET",
        about="API calls, messages with their histories, and webhooks, as lines of text",
        do=_traffic,
        returns=schema_of({"traffic": TEXT.schema}),
        example="",
    ),
    Operation(
        name="last_code",
        method="GET",
        about="The one-time code in the newest message to a person that holds one",
        do=_last_code,
        returns=schema_of({"code": TEXT.schema}),
        parameters=(
            Parameter("to", TEXT, "the person", required=True),
            Parameter("pattern", PATTERN, "what finds a code: four to eight digits unless given"),
        ),
        example="?to=%2B15558675310",
    ),
    Operation(
        name="queue",
        method="GET",
        about="What waits to be sent from a sender, where throughput is realistic; messages by their SIDs",
        do=_queue,
        returns=reference("Queue"),
        parameters=(
            Parameter("sender", TEXT, "the sender", required=True),
            Parameter("mms", FLAG, "whether MMS are meant, for which the numbers of an account share a queue"),
        ),
        example="?sender=%2B15557122661",
    ),
    Operation(
        name="travel",
        method="POST",
        about="Let time pass: by an amount, or up to a moment",
        do=_travel,
        returns=_NOW,
        parameters=(
            Parameter("to", MOMENT, "the moment"),
            *map(_amount_of, ("weeks", "days", "hours", "minutes", "seconds")),
        ),
        example='{"days": 1}',
    ),
    Operation(
        name="settle",
        method="POST",
        about="Let time pass until no message is on its way",
        do=_settle,
        returns=_NOW,
        example="",
    ),
    Operation(
        name="when",
        method="POST",
        about="Script what becomes of the messages that match",
        do=_when,
        returns=schema_of({"rule": OBJECT.schema}),
        parameters=(_MATCH, *_OUTCOMES, _WEBHOOKS, _TIMES),
        example='{"match": {"to": "+15558675310"}, "undeliver": {"code": 30003}, "times": 2}',
    ),
    Operation(
        name="receive",
        method="POST",
        about="Be a person who writes to one of the app's senders",
        do=_receive,
        returns=reference("Reply"),
        parameters=(
            Parameter("from", TEXT, "the person", required=True),
            Parameter("to", TEXT, "the sender written to", required=True),
            Parameter("body", TEXT, "the text"),
            Parameter("media", FILES, "files that come with it"),
            Parameter("params", TEXTS_BY_NAME, "further parameters of the webhook"),
        ),
        example='{"from": "+15558675310", "to": "+15557122661", "body": "Hello"}',
    ),
    Operation(
        name="click",
        method="POST",
        about="Be a person who follows a short link",
        do=_click,
        returns=schema_of({"url": TEXT.schema}),
        parameters=(
            Parameter("link", TEXT, "the link, or the SID of the message that holds only one", required=True),
            Parameter("user_agent", TEXT, "what the person's browser calls itself"),
        ),
        example='{"link": "https://go.example/uPa61dPYXd"}',
    ),
    Operation(
        name="mount",
        method="POST",
        about="Post the webhooks below a base URL to the server there, or to one that stands for it",
        do=_mount,
        returns=schema_of({"base_url": TEXT.schema, "server": or_null(TEXT).full_schema}),
        parameters=(
            Parameter("base_url", TEXT, "where webhooks go", required=True),
            Parameter("server", TEXT, "the server that stands for it"),
        ),
        example='{"base_url": "https://app.example", "server": "http://127.0.0.1:8000"}',
    ),
    Operation(
        name="assert_sent",
        method="POST",
        about="Fail unless as many messages as `count` were sent that match",
        do=_assert_sent,
        returns=schema_of({"messages": _MESSAGES}),
        parameters=(Parameter("count", WHOLE, "how many, 1 unless given"),),
        matches=True,
        example='{"to": "+15558675310", "body~": "code"}',
    ),
    Operation(
        name="assert_not_sent",
        method="POST",
        about="Fail if a message was sent that matches",
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
        about="Fail unless status callbacks left in this order; others may lie between",
        do=_assert_callbacks,
        returns=_NONE,
        parameters=(_A_MESSAGE, Parameter("statuses", TEXTS, "the statuses that they report", required=True)),
        example='{"message": "SM...", "statuses": ["sent", "delivered"]}',
    ),
    Operation(
        name="assert_segments",
        method="POST",
        about="Fail unless a message takes `n` segments",
        do=_assert_segments,
        returns=_NONE,
        parameters=(_A_MESSAGE, Parameter("n", WHOLE, "how many", required=True)),
        example='{"message": "SM...", "n": 1}',
    ),
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
        do=_provides("add_channel_sender"),
        returns=record_schema(ChannelSender),
        parameters=(Parameter("address", TEXT, "its address", required=True),),
        example='{"address": "whatsapp:+15557122661"}',
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
        ),
        example='{"body": "Hi {{1}}", "variables": {"1": "there"}}',
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
        name="set_concurrency",
        method="POST",
        about="Set how many API calls may be under way at once, where throughput is realistic",
        do=_set_concurrency,
        returns=schema_of({"calls": WHOLE.schema}),
        parameters=(Parameter("calls", WHOLE, "how many", required=True),),
        example='{"calls": 5}',
    ),
    Operation(
        name="reset",
        method="POST",
        about="Forget all messages, rules, provisions and webhooks; settings, mounts and the present time stay",
        do=_reset,
        returns=_NOW,
        example="",
    ),
)

_BY_PATH: Final[Mapping[str, Operation]] = {operation.path: operation for operation in OPERATIONS}


def find(path: str) -> Operation:
    """The operation at a path.

    Raises:
        Unknown: there is none.
    """
    path = "/_whoosh/" if path == "/_whoosh" else path
    if path not in _BY_PATH:
        names = [operation.name for operation in OPERATIONS if operation.name != "status"]
        raise Unknown(choose_from("operation", path.removeprefix("/_whoosh/"), names))
    return _BY_PATH[path]
