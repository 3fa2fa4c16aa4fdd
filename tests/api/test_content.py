"""Content templates over REST, their approval by WhatsApp, and messages from them."""

import json
from datetime import timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.content.v1.content import ContentInstance, ContentList
from twilio.rest.content.v1.content.approval_create import ApprovalCreateList

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

CONTENT = "https://content.whoosh.totogi.solutions/v1/Content"
AUTH = ("SK" + "0" * 32, "secret")
UNKNOWN = "HX" + "0" * 32
TEXT = {"twilio/text": {"body": "Hi {{1}}"}}


def create(client: Client, types: dict[str, Any] = TEXT, **properties: Any) -> ContentInstance:
    request = ContentList.ContentCreateRequest({"language": "en", "types": types, **properties})
    return client.content.v1.contents.create(request)


def post(document: object, path: str = "", method: str = "POST") -> tuple[int, dict[str, Any]]:
    response = requests.request(method, CONTENT + path, json=document, auth=AUTH, timeout=5)
    return response.status_code, response.json()


def send(client: Client, content_sid: str, variables: object = None, **parameters: Any) -> str:
    given = {} if variables is None else {"content_variables": json.dumps(variables)}
    sender = {"to": PERSON, "from_": SENDER, **parameters}
    return client.messages.create(content_sid=content_sid, **sender, **given).body


# Create


@pytest.mark.whoosh(clock="frozen")
def test_a_created_template_shows_the_documented_properties(whoosh: Whoosh) -> None:
    status, document = post({"friendly_name": "greeting", "language": "en", "variables": {"1": "there"}, "types": TEXT})

    created = whoosh.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    address = f"{CONTENT}/{document['sid']}"
    assert status == 201
    assert document == {
        "date_created": created,
        "date_updated": created,
        "sid": document["sid"],
        "account_sid": whoosh.account_sid,
        "friendly_name": "greeting",
        "language": "en",
        "variables": {"1": "there"},
        "types": TEXT,
        "url": address,
        "links": {
            "approval_create": f"{address}/ApprovalRequests/whatsapp",
            "approval_fetch": f"{address}/ApprovalRequests",
        },
    }


#: A template of every documented type, as posted. Missing fields are shown as null or an empty list.
EVERY_TYPE: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "twilio/text": ({"body": "Hi"}, {}),
    "twilio/media": ({"media": ["https://app.example/{{1}}.png"]}, {"body": None}),
    "twilio/location": (
        {"latitude": 37.78, "longitude": -122.4, "label": "Here"},
        {"id": None, "address": None},
    ),
    "twilio/list-picker": (
        {"body": "Choose", "button": "Menu", "items": [{"id": "a", "item": "Apple", "description": "Red"}]},
        {},
    ),
    "twilio/call-to-action": (
        {
            "body": "Call us",
            "actions": [
                {
                    "type": "PHONE_NUMBER",
                    "title": "Call",
                    "url": None,
                    "phone": "+15557122661",
                    "code": None,
                    "id": None,
                }
            ],
        },
        {},
    ),
    "twilio/quick-reply": (
        {"body": "Coming?", "actions": [{"title": "Yes", "type": "QUICK_REPLY", "id": "yes"}]},
        {},
    ),
    "twilio/card": ({"title": "A card"}, {"subtitle": None, "media": [], "actions": []}),
    "twilio/catalog": (
        {"body": "Our fruit"},
        {"title": None, "subtitle": None, "id": None, "items": [], "dynamic_items": None},
    ),
    "twilio/carousel": (
        {
            "body": "Look",
            "cards": [
                {
                    "title": None,
                    "body": "One",
                    "media": "https://app.example/1.png",
                    "actions": [
                        {"type": "QUICK_REPLY", "title": "Buy", "url": None, "phone": None, "id": "buy"},
                    ],
                }
            ],
        },
        {},
    ),
    "twilio/flows": (
        {
            "body": "Book",
            "button_text": "Start",
            "type": "OTHER",
            "pages": [
                {
                    "id": "one",
                    "title": "When?",
                    "layout": [{"type": "TEXT", "label": "Day"}],
                    "next_page_id": None,
                    "subtitle": None,
                }
            ],
        },
        {"subtitle": None, "media_url": None},
    ),
    "twilio/schedule": ({"id": "s1", "title": "Pick a time", "timeSlots": "{{1}}"}, {}),
    "whatsapp/card": (
        {"body": "A card"},
        {"footer": None, "media": [], "header_text": None, "actions": []},
    ),
    "whatsapp/authentication": (
        {"actions": [{"type": "COPY_CODE", "copy_code_text": "Copy"}]},
        {"add_security_recommendation": None, "code_expiration_minutes": None},
    ),
    "whatsapp/flows": (
        {"body": "Book", "button_text": "Start", "flow_id": "17"},
        {
            "subtitle": None,
            "media_url": None,
            "flow_token": None,
            "flow_first_page_id": None,
            "is_flow_first_page_endpoint": None,
        },
    ),
}


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_every_documented_type_is_accepted_and_shown(client: Client, name: str) -> None:
    given, filled = EVERY_TYPE[name]

    status, created = post({"language": "en", "types": {name: given}})

    assert status == 201
    assert client.content.v1.contents(created["sid"]).fetch().types == {name: given | filled}


@pytest.mark.parametrize("name", EVERY_TYPE)
def test_every_documented_type_is_accepted_from_the_sdk(client: Client, name: str) -> None:
    given, _ = EVERY_TYPE[name]

    # The SDK has another name for one field.
    created = create(client, {name: {"time_slots" if key == "timeSlots" else key: given[key] for key in given}})

    assert list(created.types) == [name]


def test_a_template_can_have_several_types(client: Client) -> None:
    created = create(client, {**TEXT, "twilio/media": {"media": ["https://app.example/1.png"]}})

    assert list(created.types) == ["twilio/text", "twilio/media"]


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        pytest.param({"types": TEXT}, 20001, "Missing required parameter language in the post body", id="no language"),
        pytest.param({"language": "en"}, 20001, "Missing required parameter types in the post body", id="no types"),
        pytest.param([], 20422, "Invalid Parameter: the body is not a JSON object", id="a list"),
        pytest.param(
            {"language": 7, "types": TEXT}, 20422, "Invalid Parameter: language is a text", id="language no text"
        ),
        pytest.param(
            {"language": "en", "types": TEXT, "friendly_name": 7},
            20422,
            "Invalid Parameter: friendly_name is a text",
            id="friendly name no text",
        ),
        pytest.param(
            {"language": "en", "types": "text"},
            20422,
            "Invalid Parameter: types is an object that names at least one content type",
            id="types no object",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/text": None}},
            20422,
            "Invalid Parameter: types names at least one content type",
            id="types empty",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/txt": {"body": "Hi"}}},
            20422,
            "Invalid Parameter: Unknown content type 'twilio/txt'. Did you mean 'twilio/text'?",
            id="unknown type",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/text": {}}},
            20422,
            "Invalid Parameter: twilio/text needs body",
            id="required field missing",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/text": {"body": "Hi", "bdoy": "Hi"}}},
            20422,
            "Invalid Parameter: Unknown field of twilio/text 'bdoy'. Did you mean 'body'? Valid: body",
            id="unknown field",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/text": {"body": 7}}},
            20422,
            "Invalid Parameter: twilio/text.body is a text, not 7",
            id="text no text",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/text": {"body": "a" * 1601}}},
            20422,
            "Invalid Parameter: twilio/text.body has at most 1600 characters",
            id="text too long",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/text": "Hi"}},
            20422,
            'Invalid Parameter: twilio/text is an object, not "Hi"',
            id="type no object",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/location": {"latitude": "north", "longitude": 1}}},
            20422,
            'Invalid Parameter: twilio/location.latitude is a number, not "north"',
            id="number no number",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/media": {"media": "https://app.example/1.png"}}},
            20422,
            'Invalid Parameter: twilio/media.media is a list, not "https://app.example/1.png"',
            id="list no list",
        ),
        pytest.param(
            {
                "language": "en",
                "types": {"twilio/quick-reply": {"body": "Hi", "actions": [{"title": "A", "type": "B"}]}},
            },
            20422,
            'Invalid Parameter: twilio/quick-reply.actions[0].type is one of QUICK_REPLY, not "B"',
            id="unknown word",
        ),
        pytest.param(
            {
                "language": "en",
                "types": {"whatsapp/authentication": {"actions": [], "add_security_recommendation": "yes"}},
            },
            20422,
            'Invalid Parameter: whatsapp/authentication.add_security_recommendation is true or false, not "yes"',
            id="flag no flag",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/text": {"body": "Hi {{1}"}}},
            20422,
            "Invalid Parameter: 'Hi {{1}' has a broken placeholder; write {{1}} or {{name}}",
            id="broken placeholder",
        ),
        pytest.param(
            {"language": "en", "types": {"twilio/text": {"body": "Hi 1}}"}}},
            20422,
            "Invalid Parameter: 'Hi 1}}' has a broken placeholder; write {{1}} or {{name}}",
            id="placeholder never opened",
        ),
        pytest.param(
            {"language": "en", "types": TEXT, "variables": {"1": 7}},
            20422,
            'Invalid Parameter: variables is an object with texts for values, such as {"1": "there"}',
            id="variable no text",
        ),
        pytest.param(
            {"language": "en", "types": TEXT, "variables": {str(number): "a" for number in range(101)}},
            20422,
            "Invalid Parameter: variables has at most 100 names",
            id="too many variables",
        ),
        pytest.param(
            {"language": "en", "types": TEXT, "variables": {"first name": "Ann"}},
            20422,
            "Invalid Parameter: the variable 'first name' has a name of at most 16 characters without spaces",
            id="variable with a space in its name",
        ),
        pytest.param(
            {"language": "en", "types": TEXT, "variables": {"1": "a" * 1601}},
            20422,
            "Invalid Parameter: the variable '1' has a value of at most 1600 characters",
            id="variable too long",
        ),
    ],
)
def test_an_invalid_template_is_refused(whoosh: Whoosh, document: object, code: int, message: str) -> None:
    status, refusal = post(document)

    assert status == 400
    assert refusal == {
        "code": code,
        "message": message,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": 400,
    }


def test_a_body_that_is_not_json_is_refused(whoosh: Whoosh) -> None:
    response = requests.post(CONTENT, data={"FriendlyName": "a form"}, auth=AUTH, timeout=5)

    assert (response.status_code, response.json()["message"]) == (400, "Invalid Parameter: the body is not JSON")


@pytest.mark.parametrize("text", ["NaN", "1e999", r'"\ud800"', "[" * 5000], ids=["NaN", "infinite", "half", "deep"])
def test_json_that_cannot_be_serialised_again_is_refused(whoosh: Whoosh, text: str) -> None:
    document = f'{{"language": "en", "types": {{"twilio/location": {{"latitude": {text}, "longitude": 1}}}}}}'

    response = requests.post(CONTENT, data=document, auth=AUTH, timeout=5)

    assert (response.status_code, response.json()["message"]) == (400, "Invalid Parameter: the body is not JSON")


# List, fetch, update, delete


def test_templates_are_listed_newest_first_across_pages(client: Client) -> None:
    sids = [create(client).sid for _ in range(5)]

    listed = [each.sid for each in client.content.v1.contents.stream(page_size=2)]
    second = client.content.v1.contents.page(page_size=2).next_page()

    assert listed == sids[::-1]
    assert [each.sid for each in second] == sids[2:0:-1]
    assert [each.sid for each in second.previous_page()] == sids[:2:-1]


def test_a_template_given_by_a_test_shows_over_rest(client: Client, whoosh: Whoosh) -> None:
    template = whoosh.add_template("Hi {{1}}", variables={"1": "there"}, friendly_name="greeting", language="fr")

    fetched = client.content.v1.contents(template.sid).fetch()

    assert (fetched.friendly_name, fetched.language, fetched.variables, fetched.types) == (
        "greeting",
        "fr",
        {"1": "there"},
        TEXT,
    )


def test_an_update_replaces_the_types_and_keeps_other_properties(client: Client, whoosh: Whoosh) -> None:
    created = create(client, friendly_name="greeting", variables={"1": "there"})
    whoosh.travel(hours=1)

    request = ContentList.ContentUpdateRequest({"types": {"twilio/text": {"body": "Bye {{1}}"}}})
    updated = client.content.v1.contents(created.sid).update(request)

    assert updated.types == {"twilio/text": {"body": "Bye {{1}}"}}
    assert (updated.friendly_name, updated.variables) == ("greeting", {"1": "there"})
    assert (updated.date_updated - updated.date_created).total_seconds() == 3600


def test_an_update_can_change_name_and_defaults(client: Client) -> None:
    created = create(client)

    request = ContentList.ContentUpdateRequest({"types": TEXT, "friendly_name": "new", "variables": {"1": "you"}})
    updated = client.content.v1.contents(created.sid).update(request)

    assert (updated.friendly_name, updated.variables) == ("new", {"1": "you"})


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        pytest.param({}, 20001, "Missing required parameter types in the post body", id="no types"),
        pytest.param(
            {"types": TEXT, "language": "fr"}, 20422, "Invalid Parameter: language stays en", id="another language"
        ),
        pytest.param(
            {"types": {"twilio/text": {}}}, 20422, "Invalid Parameter: twilio/text needs body", id="broken type"
        ),
    ],
)
def test_an_invalid_update_is_refused(client: Client, document: dict[str, Any], code: int, message: str) -> None:
    created = create(client)

    status, refusal = post(document, f"/{created.sid}", "PUT")

    assert (status, refusal["code"], refusal["message"]) == (400, code, message)
    assert client.content.v1.contents(created.sid).fetch().types == TEXT


def test_a_deleted_template_is_gone(client: Client) -> None:
    created = create(client)

    assert client.content.v1.contents(created.sid).delete()

    assert client.content.v1.contents.list() == []
    with pytest.raises(TwilioRestException) as refused:
        client.content.v1.contents(created.sid).fetch()
    assert (refused.value.status, refused.value.code) == (404, 20404)


@pytest.mark.parametrize(
    ("method", "tail"),
    [("GET", ""), ("PUT", ""), ("DELETE", ""), ("GET", "/ApprovalRequests"), ("POST", "/ApprovalRequests/whatsapp")],
)
def test_an_unknown_template_is_not_found(whoosh: Whoosh, method: str, tail: str) -> None:
    status, refusal = post({"types": TEXT}, f"/{UNKNOWN}{tail}", method)

    assert (status, refusal["code"]) == (404, 20404)
    assert refusal["message"] == f"The requested resource /Content/{UNKNOWN}{tail} was not found"


# Approval


def submit(client: Client, sid: str, **document: Any) -> Any:
    request = ApprovalCreateList.ContentApprovalRequest({"name": "greeting", "category": "UTILITY", **document})
    return client.content.v1.contents(sid).approval_create.create(request)


def test_a_template_starts_unsubmitted(client: Client) -> None:  # recorded.md 12
    created = create(client)

    fetched = client.content.v1.contents(created.sid).approval_fetch().fetch()

    assert fetched.whatsapp == {
        "type": "whatsapp",
        "name": "",
        "category": "",
        "content_type": "",
        "status": "unsubmitted",
        "rejection_reason": "",
        "allow_category_change": True,
        "direct_send": None,
        "flows": None,
        "send_ttl_seconds": None,
    }


def test_a_submitted_template_was_received(whoosh: Whoosh, client: Client) -> None:
    created = create(client)
    path = f"/{created.sid}/ApprovalRequests"

    status, document = post(
        {"name": "greeting_1", "category": "MARKETING", "allow_category_change": False}, f"{path}/whatsapp"
    )

    submitted = {
        "name": "greeting_1",
        "category": "MARKETING",
        "content_type": "twilio/text",
        "status": "received",
        "rejection_reason": "",
        "allow_category_change": False,
    }
    assert (status, document) == (201, submitted)
    assert requests.get(CONTENT + path, auth=AUTH, timeout=5).json() == {
        "sid": created.sid,
        "account_sid": whoosh.account_sid,
        "whatsapp": {"type": "whatsapp", **submitted},
        "url": CONTENT + path,
    }


@pytest.mark.parametrize(
    ("document", "code", "message"),
    [
        pytest.param({"category": "UTILITY"}, 20001, "Missing required parameter name in the post body", id="no name"),
        pytest.param(
            {"name": "greeting"}, 20001, "Missing required parameter category in the post body", id="no category"
        ),
        pytest.param(
            {"name": "My Greeting", "category": "UTILITY"},
            20422,
            "Invalid Parameter: name consists of lower-case letters, digits and underscores",
            id="name with capitals",
        ),
        pytest.param(
            {"name": "greeting", "category": "CHAT"},
            20422,
            "Invalid Parameter: category is one of UTILITY, MARKETING, AUTHENTICATION",
            id="unknown category",
        ),
    ],
)
def test_an_invalid_approval_is_refused(client: Client, document: dict[str, Any], code: int, message: str) -> None:
    created = create(client)

    status, refusal = post(document, f"/{created.sid}/ApprovalRequests/whatsapp")

    assert (status, refusal["code"], refusal["message"]) == (400, code, message)


def test_a_submitted_template_cannot_be_changed_nor_submitted_again(client: Client) -> None:
    created = create(client)
    submit(client, created.sid)

    changed = post({"types": TEXT}, f"/{created.sid}", "PUT")
    again = post({"name": "greeting", "category": "UTILITY"}, f"/{created.sid}/ApprovalRequests/whatsapp")

    assert (changed[0], changed[1]["code"], changed[1]["message"]) == (
        409,
        20409,
        "A content template that was submitted for approval cannot be changed",
    )
    assert (again[0], again[1]["code"], again[1]["message"]) == (
        409,
        20409,
        "The content template was already submitted for approval",
    )


def approval_of(client: Client, sid: str) -> dict[str, Any]:
    return client.content.v1.contents(sid).approval_fetch().fetch().whatsapp


@pytest.mark.parametrize(
    ("passed", "status"),
    [
        pytest.param(timedelta(minutes=5) - timedelta(seconds=1), "received", id="a second too early"),
        pytest.param(timedelta(minutes=5), "approved", id="in time"),
    ],
)
def test_whatsapp_approves_a_submitted_template_after_five_minutes(
    whoosh: Whoosh, client: Client, passed: timedelta, status: str
) -> None:
    created = create(client)
    submit(client, created.sid)

    whoosh.travel(passed)

    assert approval_of(client, created.sid)["status"] == status


def test_a_test_lets_whatsapp_reject_a_template_that_the_app_submitted(whoosh: Whoosh, client: Client) -> None:
    created = create(client)
    submit(client, created.sid)

    whoosh.set_approval(created.sid, "rejected", reason="INVALID_FORMAT")
    whoosh.travel(days=2)

    approval = approval_of(client, created.sid)
    assert (approval["status"], approval["rejection_reason"]) == ("rejected", "INVALID_FORMAT")


@pytest.mark.parametrize(
    ("approval", "now", "later"),
    [
        ("approved", "approved", "approved"),
        ("pending", "pending", "approved"),
        ("received", "received", "approved"),
        ("rejected", "rejected", "rejected"),
        ("paused", "paused", "paused"),
        ("disabled", "disabled", "disabled"),
        ("unsubmitted", "unsubmitted", "unsubmitted"),
    ],
)
def test_a_test_sets_the_approval_status_of_its_template(
    whoosh: Whoosh, client: Client, approval: str, now: str, later: str
) -> None:
    template = whoosh.add_template("Hi", approval=approval)

    before = approval_of(client, template.sid)["status"]
    whoosh.travel(minutes=6)

    assert (before, approval_of(client, template.sid)["status"]) == (now, later)


def test_a_template_of_a_test_is_approved_by_default(whoosh: Whoosh, client: Client) -> None:
    template = whoosh.add_template("Hi", friendly_name="Order shipped!")

    assert approval_of(client, template.sid) == {
        "type": "whatsapp",
        "name": "order_shipped",
        "category": "UTILITY",
        "content_type": "twilio/text",
        "status": "approved",
        "rejection_reason": "",
        "allow_category_change": True,
    }


def test_an_approval_has_a_known_status(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError) as refused:
        whoosh.add_template("Hi", approval="aproved")
    with pytest.raises(ValueError) as unknown:
        whoosh.set_approval(UNKNOWN, "approved")

    assert str(refused.value) == (
        "add_template(): Unknown approval 'aproved'. Did you mean 'approved'? Valid: approved, received, pending, "
        "rejected, paused, disabled, unsubmitted."
    )
    assert str(unknown.value) == f"No content template has the SID {UNKNOWN!r}. Create one with add_template()."


def test_templates_are_listed_with_their_approvals(client: Client) -> None:
    submitted, plain = create(client), create(client)
    submit(client, submitted.sid)

    listed = client.content.v1.content_and_approvals.list(page_size=1)

    assert [(each.sid, each.approval_requests["status"]) for each in listed] == [
        (plain.sid, "unsubmitted"),
        (submitted.sid, "received"),
    ]


def test_templates_are_listed_as_they_were_before_content_types(client: Client) -> None:
    submitted, plain = create(client), create(client, friendly_name="plain")
    submit(client, submitted.sid)

    listed = client.content.v1.legacy_contents.list()

    assert [(each.sid, each.legacy_template_name, each.legacy_body) for each in listed] == [
        (plain.sid, "plain", "Hi {{1}}"),
        (submitted.sid, "greeting", "Hi {{1}}"),
    ]


# Templates of a test


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        pytest.param(
            {},
            ValueError,
            "add_template() takes a text, media=[...], or types={...}: a template cannot be empty.",
            id="nothing",
        ),
        pytest.param(
            {"media": "https://app.example/1.png"},
            TypeError,
            "media takes several URLs: write media=['https://app.example/1.png'].",
            id="media no list",
        ),
        pytest.param(
            {"body": "Hi {{first name}}"},
            ValueError,
            "add_template(): 'Hi {{first name}}' has a broken placeholder; write {{1}} or {{name}}.",
            id="broken placeholder",
        ),
        pytest.param(
            {"body": "Hi", "types": {"twilio/crad": {}}},
            ValueError,
            "add_template(): Unknown content type 'twilio/crad'. Did you mean 'twilio/card'?",
            id="unknown type",
        ),
        pytest.param(
            {"body": "Hi {{1}}", "variables": {"1": 7}},
            ValueError,
            'add_template(): variables is an object with texts for values, such as {"1": "there"}.',
            id="default no text",
        ),
    ],
)
def test_a_template_that_a_test_writes_wrongly_is_refused(
    whoosh: Whoosh, arguments: dict[str, Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as refused:
        whoosh.add_template(**arguments)

    assert str(refused.value) == text


# Sending


def test_a_message_has_the_text_of_its_template(client: Client, whoosh: Whoosh) -> None:
    template = whoosh.add_template("Hi {{1}}, your code is {{ code }}. Bye {{1}}")

    body = send(client, template.sid, {"1": "Ann", "code": "1234"})

    assert body == "Hi Ann, your code is 1234. Bye Ann"
    message = whoosh.assert_sent(body="Hi Ann, your code is 1234. Bye Ann", content_sid=template.sid)
    assert message.content_variables == '{"1": "Ann", "code": "1234"}'
    assert message.request == {
        "To": PERSON,
        "From": SENDER,
        "ContentSid": template.sid,
        "ContentVariables": '{"1": "Ann", "code": "1234"}',
    }
    assert whoosh.last_code(PERSON) == "1234"


@pytest.mark.parametrize(
    ("variables", "body"),
    [
        pytest.param(None, "Hi there, it is noon", id="all defaults"),
        pytest.param({}, "Hi there, it is noon", id="an empty object"),
        pytest.param({"1": "Ann"}, "Hi Ann, it is noon", id="one given"),
        pytest.param({"1": "Ann", "time": "five", "unused": "x"}, "Hi Ann, it is five", id="more than it has"),
    ],
)
def test_variables_fall_back_to_the_defaults_of_the_template(
    client: Client, whoosh: Whoosh, variables: dict[str, str] | None, body: str
) -> None:
    template = whoosh.add_template("Hi {{1}}, it is {{time}}", variables={"1": "there", "time": "noon"})

    assert send(client, template.sid, variables) == body


def test_placeholders_are_filled_in_every_text(client: Client, whoosh: Whoosh) -> None:  # recorded.md 26
    actions = [
        {"type": "URL", "title": "Track {{2}}", "url": "https://shop.example/{{2}}"},
        {"type": "PHONE_NUMBER", "title": "Call {{1}}", "phone": "{{3}}"},
    ]
    template = whoosh.add_template(
        types={"twilio/card": {"title": "Hi {{1}}", "media": ["https://cdn.example/{{2}}.png"], "actions": actions}}
    )

    send(
        client,
        template.sid,
        {"1": "Ann", "2": "42", "3": "+15557122661"},
        to=f"whatsapp:{PERSON}",
        from_=f"whatsapp:{SENDER}",
    )

    [message] = whoosh.outbox
    assert message.content == {
        "content_type": "twilio/card",
        "title": "Hi Ann",
        "media": ["https://cdn.example/42.png"],
        "actions": [
            {"type": "URL", "title": "Track 42", "url": "https://shop.example/42"},
            {"type": "PHONE_NUMBER", "title": "Call Ann", "phone": "+15557122661"},
        ],
    }
    assert (message.body, message.media_urls) == ("Hi Ann", ["https://cdn.example/42.png"])


def test_a_message_without_a_template_has_no_content(client: Client, whoosh: Whoosh) -> None:
    client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert whoosh.outbox[0].content is None


@pytest.mark.parametrize(
    ("content_type", "fields"),
    [
        pytest.param(
            "twilio/list-picker",
            {"body": "Which?", "button": "Pick", "items": [{"id": "1", "item": "{{2}}"}]},
            id="a list item",
        ),
        pytest.param("twilio/quick-reply", {"body": "Yes?", "actions": [{"title": "{{2}}", "id": "1"}]}, id="a button"),
        pytest.param("twilio/media", {"body": "Hi", "media": ["https://cdn.example/{{2}}.png"]}, id="media"),
    ],
)
def test_a_variable_without_a_value_is_named_to_the_test(  # recorded.md 26
    client: Client, whoosh: Whoosh, content_type: str, fields: dict[str, Any]
) -> None:
    template = whoosh.add_template(types={content_type: fields})

    with pytest.raises(TwilioRestException) as refused:
        send(client, template.sid, {"1": "Ann"})

    assert refused.value.code == 21656
    assert "21656: The Content Variables parameter is invalid." in whoosh.traffic()
    assert "(no value for {{2}})" in whoosh.traffic()


def test_the_segments_are_those_of_the_rendered_text(client: Client, whoosh: Whoosh) -> None:
    template = whoosh.add_template("{{1}}")

    send(client, template.sid, {"1": "a" * 161})

    assert whoosh.outbox[0].num_segments == 2


def test_media_of_a_template_goes_with_the_message(client: Client, whoosh: Whoosh) -> None:
    template = whoosh.add_template("Look, {{1}}", media=["https://app.example/{{file}}.png"])

    body = send(client, template.sid, {"1": "Ann", "file": "cat"})

    [message] = whoosh.outbox
    assert (body, message.media_urls, message.sid[:2]) == ("Look, Ann", ["https://app.example/cat.png"], "MM")
    assert [each.content_type for each in client.messages(message.sid).media.list()] == ["image/png"]


def test_the_template_wins_over_body_and_media_of_the_request(client: Client, whoosh: Whoosh) -> None:
    template = whoosh.add_template("From the template")

    body = send(client, template.sid, body="From the request", media_url=["https://app.example/1.png"])

    assert (body, whoosh.outbox[0].num_media) == ("From the template", 0)


def test_a_template_goes_through_a_messaging_service(client: Client, whoosh: Whoosh) -> None:
    template = whoosh.add_template("Hi {{1}}", variables={"1": "there"})
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])

    client.messages.create(to=PERSON, messaging_service_sid=service.sid, content_sid=template.sid)
    whoosh.settle()

    message = whoosh.assert_sent(body="Hi there", status="delivered")
    assert (message.from_, message.num_segments) == (SENDER, 1)


ALL_TYPES = {name: given for name, (given, _) in EVERY_TYPE.items() if name != "twilio/text"}


@pytest.mark.parametrize(
    ("to", "from_", "types", "body"),
    [
        pytest.param(PERSON, SENDER, {**ALL_TYPES, "twilio/text": {"body": "plain"}}, "plain", id="SMS"),
        pytest.param(
            PERSON, SENDER, {"twilio/quick-reply": ALL_TYPES["twilio/quick-reply"]}, "Coming?", id="SMS without a text"
        ),
        pytest.param(
            f"whatsapp:{PERSON}",
            f"whatsapp:{SENDER}",
            {"twilio/text": {"body": "plain"}, "twilio/card": {"title": "A card"}},
            "A card",
            id="WhatsApp",
        ),
        pytest.param(
            f"whatsapp:{PERSON}",
            f"whatsapp:{SENDER}",
            {"whatsapp/card": {"body": "For WhatsApp"}, "twilio/card": {"title": "A card"}},
            "For WhatsApp",
            id="WhatsApp with a type of its own",
        ),
        pytest.param(
            "messenger:17",
            "messenger:18",
            {"whatsapp/card": {"body": "For WhatsApp"}, "twilio/card": {"title": "A card"}},
            "A card",
            id="Messenger",
        ),
    ],
)
def test_the_channel_picks_the_richest_type_that_it_supports(
    client: Client, whoosh: Whoosh, to: str, from_: str, types: dict[str, Any], body: str
) -> None:
    template = whoosh.add_template(types=types, variables={"1": "x"})

    assert send(client, template.sid, to=to, from_=from_) == body


@pytest.mark.parametrize(
    ("name", "body", "media_urls"),
    [
        ("twilio/text", "Hi", []),
        ("twilio/media", "", ["https://app.example/x.png"]),
        ("twilio/location", "Here", []),
        ("twilio/list-picker", "Choose", []),
        ("twilio/call-to-action", "Call us", []),
        ("twilio/quick-reply", "Coming?", []),
        ("twilio/card", "A card", []),
        ("twilio/catalog", "Our fruit", []),
        ("twilio/carousel", "Look", []),
        ("twilio/flows", "Book", []),
        ("twilio/schedule", "Pick a time", []),
        ("whatsapp/card", "A card", []),
        ("whatsapp/authentication", "x is your verification code.", []),
        ("whatsapp/flows", "Book", []),
    ],
)
def test_every_type_has_a_text(client: Client, whoosh: Whoosh, name: str, body: str, media_urls: list[str]) -> None:
    template = whoosh.add_template(types={name: EVERY_TYPE[name][0]}, variables={"1": "x"})

    send(client, template.sid, to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}")

    assert (whoosh.outbox[0].body, whoosh.outbox[0].media_urls) == (body, media_urls)


def test_whatsapp_prescribes_the_text_of_one_time_passwords(client: Client, whoosh: Whoosh) -> None:
    password = {
        "actions": [{"type": "COPY_CODE", "copy_code_text": "Copy"}],
        "add_security_recommendation": True,
        "code_expiration_minutes": 10,
    }
    template = whoosh.add_template(types={"whatsapp/authentication": password})

    body = send(client, template.sid, {"1": "123456"}, to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}")

    assert body == (
        "123456 is your verification code. For your security, do not share this code. This code expires in 10 minutes."
    )


# Refusals


@pytest.mark.parametrize(
    ("variables", "code", "message"),
    [
        pytest.param("{", 21656, "The Content Variables parameter is invalid.", id="no JSON"),
        pytest.param("[" * 100_000, 21656, "The Content Variables parameter is invalid.", id="a deep nest"),
        pytest.param('["Ann"]', 21656, "The Content Variables parameter is invalid.", id="no object"),
        pytest.param('{"1": null}', 21656, "The Content Variables parameter is invalid.", id="null"),
        pytest.param('{"1": ""}', 21656, "The Content Variables parameter is invalid.", id="empty"),
        pytest.param('{"1": "Ann", "": "a"}', 21656, "The Content Variables parameter is invalid.", id="no name"),
        pytest.param('{"1": "Ann", "a b": "a"}', 21656, "The Content Variables parameter is invalid.", id="two names"),
        pytest.param('{"1": 7}', 21656, "The Content Variables parameter is invalid.", id="a number"),
        pytest.param('{"1": "a\\nb"}', 21656, "The Content Variables parameter is invalid.", id="a newline"),
        pytest.param('{"1": "a\\tb"}', 21656, "The Content Variables parameter is invalid.", id="a tab"),
        pytest.param('{"1": "a     b"}', 21656, "The Content Variables parameter is invalid.", id="five spaces"),
        pytest.param(r'{"1": "\ud800"}', 21656, "The Content Variables parameter is invalid.", id="half a character"),
        pytest.param('{"1": "{{2}}"}', 21656, "The Content Variables parameter is invalid.", id="a placeholder"),
        pytest.param(
            '{"2": "Ann"}', 21656, "The Content Variables parameter is invalid.", id="a placeholder left over"
        ),
        pytest.param(json.dumps({"1": "a" * 1601}), 21658, "Parameter exceeded character limit", id="a value too long"),
        pytest.param(
            json.dumps({"1": "Ann", "n" * 17: "a"}), 21658, "Parameter exceeded character limit", id="a name too long"
        ),
    ],
)
def test_invalid_variables_are_refused(client: Client, whoosh: Whoosh, variables: str, code: int, message: str) -> None:
    template = whoosh.add_template("Hi {{1}}")

    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON, from_=SENDER, content_sid=template.sid, content_variables=variables)

    assert (refused.value.status, refused.value.code) == (400, code)
    assert refused.value.msg == f"Unable to create record: {message}"
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize(
    ("variables", "why"),
    [
        ("{", 'ContentVariables takes a JSON object such as {"1": "Ann"}'),
        ('["Ann"]', 'ContentVariables takes a JSON object such as {"1": "Ann"}'),
        ('{"1": "Ann", "a b": "a"}', "a variable has a name without spaces, such as 1, not 'a b'"),
        ('{"1": 7}', "{{1}} takes a text, not 7"),
        ('{"1": ""}', "{{1}} is empty"),
        ('{"1": "a\\nb"}', "{{1}} has a line break, a tab, five spaces in a row or braces"),
    ],
)
def test_the_traffic_says_what_is_wrong_with_variables(
    client: Client, whoosh: Whoosh, variables: str, why: str
) -> None:
    template = whoosh.add_template("Hi {{1}}")

    with pytest.raises(TwilioRestException):
        client.messages.create(to=PERSON, from_=SENDER, content_sid=template.sid, content_variables=variables)

    assert f"21656: The Content Variables parameter is invalid. ({why})" in whoosh.traffic()


@pytest.mark.parametrize("where", ["the template", "the message"])
def test_the_longest_name_and_value_are_accepted(client: Client, whoosh: Whoosh, where: str) -> None:
    longest = {"n" * 16: "a" * 1600}
    template = whoosh.add_template(f"{{{{{'n' * 16}}}}}", variables=longest if where == "the template" else {})

    assert send(client, template.sid, longest if where == "the message" else None) == "a" * 1600


@pytest.mark.parametrize("name", ["twilio/flows", "whatsapp/flows"])
def test_a_flow_has_its_picture(client: Client, whoosh: Whoosh, name: str) -> None:
    flow = EVERY_TYPE[name][0] | {"media_url": "https://app.example/{{1}}.png"}
    template = whoosh.add_template(types={name: flow})

    send(client, template.sid, {"1": "room"}, to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}")

    assert whoosh.outbox[0].media_urls == ["https://app.example/room.png"]


def test_four_spaces_in_a_row_are_allowed(client: Client, whoosh: Whoosh) -> None:
    template = whoosh.add_template("Hi {{1}}")

    assert send(client, template.sid, {"1": "a    b"}) == "Hi a    b"


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        pytest.param({"content_variables": '{"1": "Ann"}'}, 21654, id="variables alone"),
        pytest.param({"content_variables": '{"1": "Ann"}', "body": "Hi"}, 21654, id="variables with a body"),
        pytest.param({"content_sid": "HX17"}, 21655, id="malformed SID"),
        pytest.param({"content_sid": UNKNOWN}, 21655, id="unknown SID"),
    ],
)
def test_an_unknown_template_is_refused(client: Client, whoosh: Whoosh, parameters: dict[str, str], code: int) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON, from_=SENDER, **parameters)

    assert (refused.value.status, refused.value.code) == (400, code)
    whoosh.assert_nothing_sent()


def test_a_deleted_template_cannot_be_sent(client: Client, whoosh: Whoosh) -> None:
    template = whoosh.add_template("Hi")
    client.content.v1.contents(template.sid).delete()

    with pytest.raises(TwilioRestException) as refused:
        send(client, template.sid)

    assert refused.value.code == 21655


@pytest.mark.parametrize(
    ("template", "variables", "code"),
    [
        pytest.param({"body": "{{1}}{{1}}"}, {"1": "a" * 801}, 21617, id="rendered text too long"),
        pytest.param({"media": ["{{1}}"]}, {"1": "cat.png"}, 21620, id="rendered URL is none"),
        pytest.param({"media": [f"https://app.example/{n}.png" for n in range(11)]}, None, 21623, id="eleven media"),
    ],
)
def test_a_rendered_template_must_meet_the_limits_of_a_message(
    client: Client, whoosh: Whoosh, template: dict[str, Any], variables: dict[str, str] | None, code: int
) -> None:
    made = whoosh.add_template(**template)

    with pytest.raises(TwilioRestException) as refused:
        send(client, made.sid, variables)

    assert (refused.value.status, refused.value.code) == (400, code)


def test_media_of_a_template_needs_a_sender_that_can_send_it(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_number(SENDER, mms_capable=False)
    template = whoosh.add_template(media=["https://app.example/cat.png"])

    with pytest.raises(TwilioRestException) as refused:
        send(client, template.sid)

    assert refused.value.code == 21621
