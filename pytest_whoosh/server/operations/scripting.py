"""Operations that script the outcomes of messages and the responses to API calls."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from pytest_whoosh.engine.misuse import WhooshError
from pytest_whoosh.engine.rules.calls import CallRule
from pytest_whoosh.engine.rules.rule import BaseRule, Rule
from pytest_whoosh.server.documents import Schema, reference, schema_of
from pytest_whoosh.server.json_types import (
    ANYTHING,
    BYTES,
    DURATION,
    FLAG,
    OBJECT,
    TEXT,
    TEXTS,
    TEXTS_BY_NAME,
    WHOLE,
    InvalidValue,
    JsonType,
    or_null,
)
from pytest_whoosh.server.parameters import Parameter, read_criteria, read_parameters

from .operation import Arguments, Operation, ServerHandle


def _action(name: str, *parameters: Parameter) -> JsonType:
    """Return the type of an outcome: an object of its parameters, or ``true`` if it needs none."""

    def read(value: Any) -> dict[str, Any]:
        if value is True:
            value = {}
        if not isinstance(value, dict):
            raise InvalidValue
        return read_parameters(name, parameters, value)

    properties = {parameter.name: _described(parameter) for parameter in parameters}
    schema = {
        "type": "object",
        "properties": properties,
        "required": [parameter.name for parameter in parameters if parameter.required],
        "additionalProperties": False,
    }
    wanted = "an object of its parameters" + (f": {', '.join(properties)}" if properties else "")
    return JsonType(wanted, {"anyOf": [schema, {"const": True}]}, read)


def _described(parameter: Parameter) -> Schema:
    return {**parameter.type.full_schema, "description": parameter.about}


def _criteria(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise InvalidValue
    return read_criteria("when", value)


_AFTER: Final = Parameter("after", DURATION, "the time until the status, in seconds or as text")
_CODE: Final = Parameter("code", WHOLE, "a documented error code")
_MESSAGE: Final = Parameter("message", TEXT, "the error's text, for a code that the catalogue lacks")
_CONNECTING: Final = Parameter("connecting", FLAG, "true: the connection itself fails")
_SENT: Final = Parameter("sent", FLAG, "true: the message is created, and only the response is lost")
_STATUSES: Final = "statuses of callbacks that "

#: The outcomes of a message.
_MESSAGE_OUTCOMES: Final = (
    Parameter("deliver", _action("deliver", _AFTER), "delivered"),
    Parameter("undeliver", _action("undeliver", _CODE, _MESSAGE), "sent, and reported undelivered"),
    Parameter("fail", _action("fail", _CODE, _MESSAGE), "failed before the carrier accepts it"),
    Parameter("read", _action("read", _AFTER), "delivered and opened (WhatsApp)"),
    Parameter("stall", _action("stall", Parameter("at", TEXT, "a status")), "stays at a status"),
)
#: The responses to an API call.
_API_RESPONSES: Final = (
    Parameter(
        "reject",
        _action(
            "reject",
            Parameter("code", WHOLE, "a documented error code", required=True),
            Parameter("status", WHOLE, "an HTTP status"),
            _MESSAGE,
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
            Parameter("json", ANYTHING, "the body, as JSON"),
            Parameter("text", TEXT, "the body, as text"),
            Parameter("content", BYTES, "the body, as bytes"),
            Parameter("headers", TEXTS_BY_NAME, "more headers"),
        ),
        "answered with this response",
    ),
    Parameter("timeout", _action("timeout", _CONNECTING, _SENT), "not answered"),
    Parameter("disconnect", _action("disconnect", _CONNECTING, _SENT), "not answered: the connection breaks"),
)
#: A rule about messages has one of these outcomes.
_OUTCOMES: Final = (*_MESSAGE_OUTCOMES, *_API_RESPONSES)
_WEBHOOKS: Final = Parameter(
    "webhooks",
    _action(
        "webhooks",
        Parameter("drop", TEXTS, _STATUSES + "are lost"),
        Parameter("duplicate", TEXTS, _STATUSES + "arrive twice"),
        Parameter("order", TEXTS, _STATUSES + "arrive in this order"),
        Parameter("signature", TEXT, '"wrong": callbacks that a validator must refuse'),
    ),
    "faults in the delivery of its status callbacks",
)
_TIMES: Final = Parameter("times", WHOLE, "the number of messages or calls that the rule applies to")
_MATCH: Final = Parameter(
    "match", JsonType("an object of match keys", reference("Match"), _criteria), "the messages that the rule applies to"
)


def _when(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    parameters = arguments.parameters
    given_names = [each.name for each in (*_OUTCOMES, _WEBHOOKS) if each.name in parameters]
    outcomes = [name for name in given_names if name != _WEBHOOKS.name]
    if not given_names or outcomes[1:]:
        valid = ", ".join(each.name for each in _OUTCOMES)
        raise ValueError(f"A rule takes one outcome: {valid}. It may also take {_WEBHOOKS.name}, or only that.")
    match = parameters.get("match", {})
    # Scripts a rule that is thrown away first, so an invalid request changes nothing.
    _script(Rule(match), given_names, parameters)
    _script(server.whoosh.when(**match), given_names, parameters)
    return {"rule": arguments.raw}


def _when_called(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    parameters = arguments.parameters
    given_names = [each.name for each in _API_RESPONSES if each.name in parameters]
    if len(given_names) != 1:
        valid = ", ".join(each.name for each in _API_RESPONSES)
        raise ValueError(f"A rule about calls takes one outcome: {valid}.")
    method, url, params = parameters["method"], parameters["url"], parameters.get("params", {})
    # Scripts a rule that is thrown away first, so an invalid request changes nothing.
    _script(CallRule(method, url, params), given_names, parameters)
    _script(server.whoosh.when_called(method, url, **params), given_names, parameters)
    return {"rule": arguments.raw}


def _rules(server: ServerHandle, _: Arguments) -> Mapping[str, object]:
    return {
        "rules": [
            {
                "id": rule._serial,
                "rule": rule._written,
                "outcome": rule.outcome,
                "matched": rule.matched,
                "left": rule.left,
            }
            for rule in server.whoosh.rules
        ]
    }


def _remove_rule(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    number = arguments.parameters["id"]
    rule = next((rule for rule in server.whoosh.rules if rule._serial == number), None)
    if rule is None:
        raise WhooshError(f"No rule has the id {number}. GET /_whoosh/rules lists all rules.")
    rule.remove()
    return {"rule": rule._written}


def _script(rule: BaseRule, given_names: Sequence[str], parameters: Mapping[str, Any]) -> None:
    if "times" in parameters:
        rule.times(parameters["times"])
    for name in given_names:
        getattr(rule, name)(**parameters[name])


OPERATIONS: Final = (
    Operation(
        name="when",
        method="POST",
        about="Script what happens to the messages that match",
        do=_when,
        returns=schema_of({"rule": OBJECT.schema}),
        parameters=(_MATCH, *_OUTCOMES, _WEBHOOKS, _TIMES),
        example='{"match": {"to": "+15558675310"}, "undeliver": {"code": 30003}, "times": 2}',
    ),
    Operation(
        name="when_called",
        method="POST",
        about="Script the response to the API calls that match, even for products that are not faked",
        do=_when_called,
        returns=schema_of({"rule": OBJECT.schema}),
        parameters=(
            Parameter("method", TEXT, 'an HTTP method, or "*" for all', required=True),
            Parameter("url", TEXT, "a full URL or the end of a path; `*` is one segment, `**` any", required=True),
            Parameter("params", OBJECT, "fields of the form, query or JSON document that must be equal"),
            *_API_RESPONSES,
            _TIMES,
        ),
        example='{"method": "GET", "url": "/Messages/*.json", "respond": {"status": 503, "text": "Gone"}, "times": 1}',
    ),
    Operation(
        name="rules",
        method="GET",
        about="List the rules, oldest first, with how often each matched",
        do=_rules,
        returns=schema_of(
            {
                "rules": {
                    "type": "array",
                    "items": schema_of(
                        {
                            "id": WHOLE.schema,
                            "rule": TEXT.schema,
                            "outcome": or_null(TEXT).full_schema,
                            "matched": WHOLE.schema,
                            "left": or_null(WHOLE).full_schema,
                        }
                    ),
                }
            }
        ),
        example="",
    ),
    Operation(
        name="remove_rule",
        method="POST",
        about="Remove a rule: it no longer applies",
        do=_remove_rule,
        returns=schema_of({"rule": TEXT.schema}),
        parameters=(Parameter("id", WHOLE, "the id of the rule", required=True),),
        example='{"id": 1}',
    ),
)
