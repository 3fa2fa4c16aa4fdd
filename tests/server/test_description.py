"""The control API's own description: a valid OpenAPI document that matches its responses."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from freezegun.api import FrozenDateTimeFactory
from jsonschema import ValidationError
from twilio.rest import Client

from pytest_whoosh import Server, Whoosh
from pytest_whoosh.server.description import describe
from pytest_whoosh.server.operations import OPERATIONS
from pytest_whoosh.server.operations.operation import Operation
from pytest_whoosh.views import Message
from tests.conftest import PERSON, SENDER
from tests.server.controller import DESCRIPTION, Controller, check

#: The SID of a message in the examples.
SOME_MESSAGE = "SM..."
#: The SID of a template in the examples.
SOME_TEMPLATE = "HX..."


@pytest.fixture
def whoosh(freezer: FrozenDateTimeFactory) -> Iterator[Whoosh]:
    freezer.move_to("2030-06-01 09:00:00")
    with Whoosh(throughput="realistic") as whoosh:
        yield whoosh


@pytest.fixture
def busy(whoosh: Whoosh, whoosh_server: Server, client: Client) -> str:
    """A double on which every example works, and the SID of one of its messages."""
    service = whoosh.add_messaging_service("Offers", senders=[SENDER], link_shortening_domain="go.example")
    message = client.messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        body="Your code is 409612: https://shop.example/",
        shorten_urls=True,
        status_callback="http://127.0.0.1:1/status",
    )
    whoosh.receive("Hello", from_=PERSON, to=SENDER, media=["cat.jpg"])
    whoosh.settle()
    sid: str = message.sid
    return sid


def test_the_document_is_valid_openapi() -> None:
    validator = pytest.importorskip("openapi_spec_validator")

    validator.validate(DESCRIPTION)


def test_the_server_serves_it(whoosh_server: Server) -> None:
    served = Controller(whoosh_server.url).request("GET", "openapi.json").json()

    assert served == json.loads(json.dumps(describe(whoosh_server.url)))


#: Methods for Python only: apps in this process, combinations of other methods, and the start of doubles.
FOR_PYTHON = {
    "settings",
    "aclick", "astep", "answer", "areceive", "asettle", "atravel", "started_doubles", "environment", "in_flight",
    "mount_django", "publish", "reaches", "snapshot", "was_started",
}  # fmt: skip
#: What in Python is a method of a rule.
OF_RULES = {"remove_rule"}
#: The properties that the operation ``status`` returns.
IN_STATUS = {"account_sid", "api_key", "api_secret", "auth_token", "now", "is_moving"}


def test_every_method_of_a_double_has_an_operation() -> None:
    public = {name for name in dir(Whoosh()) if not name.startswith("_")}

    offered = {operation.name for operation in OPERATIONS} - {"status"} - OF_RULES

    assert offered <= public
    assert public - offered - IN_STATUS - FOR_PYTHON == set()


def test_every_property_of_a_message_is_described() -> None:
    properties = {name for name, member in vars(Message).items() if isinstance(member, property)}

    described = DESCRIPTION["components"]["schemas"]["Message"]["properties"]

    assert set(described) == {"from" if name == "from_" else name for name in properties}
    assert described["date_sent"] == {
        "anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}],
        "description": "The moment at which the message was sent. None before.",
    }


#: Examples that do what they say only once something is given to them, or would fail an assertion.
LIVE: dict[str, Any] = {
    "assert_not_sent": {"to": "+15550001111"},
    "assert_callbacks": {"message": SOME_MESSAGE, "statuses": ["sent", "delivered"], "answered": "any"},
    "assert_segments": {"message": SOME_MESSAGE, "n": 1},
    "click": {"link": SOME_MESSAGE},
    "set_approval": {"template": SOME_TEMPLATE, "status": "paused"},
}


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.name)
def test_every_operation_takes_its_example_and_answers_as_described(
    operation: Operation, busy: str, whoosh: Whoosh, whoosh_server: Server
) -> None:
    control = Controller(whoosh_server.url)
    if operation.name == "remove_rule":
        whoosh.when().fail()
    if operation.name == "assert_nothing_sent":
        whoosh.reset()
    example = "" if operation.name == "status" else operation.example
    if operation.method == "GET":
        answer = control.request("GET", operation.path.removeprefix("/_whoosh/") + example)
    else:
        body = LIVE.get(operation.name, json.loads(operation.example or "{}"))
        body = json.loads(json.dumps(body).replace(SOME_MESSAGE, busy))
        if body.get("template") == SOME_TEMPLATE:
            body["template"] = whoosh.add_template("Hi").sid
        check(body, request_schema(operation))
        answer = control.request("POST", operation.name, json=body)

    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "operation", [each for each in OPERATIONS if each.method == "POST"], ids=lambda operation: operation.name
)
def test_every_example_is_as_described(operation: Operation) -> None:
    check(json.loads(operation.example or "{}"), request_schema(operation))


@pytest.mark.parametrize(
    ("operation", "body"),
    [
        ("travel", {"day": 1}),
        ("travel", {"days": "1"}),
        ("receive", {"to": SENDER}),
        ("when", {"undeliver": {"kode": 1}}),
        ("when", {"match": {"form": SENDER}, "fail": True}),
        ("assert_sent", {"form": SENDER}),
    ],
    ids=str,
)
def test_refused_requests_do_not_fit_the_description(operation: str, body: dict[str, Any]) -> None:
    (described,) = [each for each in OPERATIONS if each.name == operation]

    with pytest.raises(ValidationError):
        check(body, request_schema(described))


def request_schema(operation: Operation) -> dict[str, Any]:
    body = DESCRIPTION["paths"][operation.path]["post"]["requestBody"]
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    return schema
