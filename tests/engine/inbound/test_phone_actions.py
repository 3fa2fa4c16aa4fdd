"""Taps on buttons and lists, shared locations, replies to ads, and people who hide their numbers."""

import asyncio
import json
from typing import Any

import pytest
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError

PERSON, SENDER = "whatsapp:+15558675310", "whatsapp:+15557122661"
HIDDEN = "whatsapp:US.7Qd3xK0aa91"
BUTTONS = {
    "twilio/quick-reply": {
        "body": "Coming, {{1}}?",
        "actions": [{"title": "Yes", "id": "coming-{{1}}"}, {"title": "No", "id": "not"}],
    }
}
LIST = {
    "twilio/list-picker": {
        "body": "When?",
        "button": "Pick",
        "items": [{"item": "Ten", "id": "10", "description": "In the morning"}, {"item": "Six", "id": "18"}],
    }
}
CARD = {
    "twilio/card": {
        "title": "Sale",
        "actions": [
            {"type": "QUICK_REPLY", "title": "Stop it", "id": "stop"},
            {"type": "URL", "title": "Open", "url": "https://shop.example"},
        ],
    }
}


@pytest.fixture
def phone(whoosh: Whoosh) -> Any:
    whoosh.mount("https://app.example", _app)
    whoosh.add_channel_sender(SENDER, sms_url="https://app.example/sms")
    phone = whoosh.phone(PERSON)
    phone.text("Hello", to=SENDER)
    return phone


def _app(environ: Any, start_response: Any) -> list[bytes]:
    start_response("204 No Content", [])
    return []


def sent(whoosh: Whoosh, client: Client, types: Any, **template: Any) -> Any:
    """Return a message from a template, after it arrived."""
    content_sid = whoosh.add_template(types=types, **template).sid
    message = client.messages.create(to=PERSON, from_=SENDER, content_sid=content_sid, content_variables='{"1": "Ada"}')
    whoosh.settle()
    return message


@pytest.mark.parametrize(
    ("approval", "kind"), [("unsubmitted", "interactive"), ("rejected", "interactive"), ("approved", "button")]
)
def test_a_tap_on_a_button_reports_the_button_and_its_message(  # recorded.md 22
    whoosh: Whoosh, client: Client, phone: Any, approval: str, kind: str
) -> None:
    message = sent(whoosh, client, BUTTONS, approval="unsubmitted")
    whoosh.set_approval(whoosh.outbox[0].request["ContentSid"], approval)

    reply = phone.tap(message, "Yes")

    params = reply.webhook.params
    told = (
        "MessageType Body ButtonText ButtonPayload OriginalRepliedMessageSid OriginalRepliedMessageSender Forwarded "
        "FrequentlyForwarded"
    )
    assert {name: params[name] for name in told.split()} == {
        "MessageType": kind,
        "Body": "Yes",
        "ButtonText": "Yes",
        "ButtonPayload": "coming-Ada",
        "OriginalRepliedMessageSid": message.sid,
        "OriginalRepliedMessageSender": SENDER,
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
    }
    assert json.loads(params["ChannelMetadata"])["data"]["context"]["ButtonText"] == "Yes"


def test_an_item_of_a_list_is_picked_by_its_title_or_id(  # recorded.md 22
    whoosh: Whoosh, client: Client, phone: Any
) -> None:
    message = sent(whoosh, client, LIST)

    by_title, by_id = phone.tap(message, "Ten"), phone.tap(message.sid, "10")

    for reply in (by_title, by_id):
        params = reply.webhook.params
        assert [params[name] for name in ("MessageType", "Body", "ListId", "ListTitle", "ListDescription")] == [
            "interactive",
            "Ten",
            "10",
            "Ten",
            "In the morning",
        ]
        assert "ButtonPayload" not in params


def test_a_tap_is_awaited_in_an_event_loop(whoosh: Whoosh, client: Client, phone: Any) -> None:
    message = sent(whoosh, client, BUTTONS)

    reply = asyncio.run(phone.atap(message, "No"))

    assert reply.webhook.params["ButtonPayload"] == "not"


@pytest.mark.parametrize(
    ("label", "refusal"),
    [
        ("Perhaps", r"has no button or list item 'Perhaps'\. It has: 'Stop it', 'Open'\."),
        ("Open", "'Open' is a button of type URL: a tap on it sends no message to the app"),
    ],
)
def test_a_tap_that_sends_the_app_nothing_is_refused(
    whoosh: Whoosh, client: Client, phone: Any, label: str, refusal: str
) -> None:
    message = sent(whoosh, client, CARD)

    with pytest.raises(WhooshError, match=refusal):
        phone.tap(message, label)


def test_a_person_taps_on_their_own_messages_only(whoosh: Whoosh, client: Client, phone: Any) -> None:
    message = sent(whoosh, client, BUTTONS)

    with pytest.raises(WhooshError, match=r"cannot tap on SM\w+: it is from whatsapp:\+15557122661 to"):
        whoosh.phone("whatsapp:+15558675311").tap(message, "Yes")


def test_a_message_that_failed_cannot_be_tapped_on(whoosh: Whoosh, client: Client, phone: Any) -> None:
    whoosh.when(to=PERSON).fail(63024)
    message = sent(whoosh, client, BUTTONS)

    with pytest.raises(WhooshError, match=r"which is failed and has not arrived\.$"):
        phone.tap(message, "Yes")


def test_a_location_goes_to_the_sender_that_the_person_spoke_with(phone: Any) -> None:  # recorded.md 22
    reply = phone.share_location(52.52, 13.40, label="Berlin", address="Germany")

    params = reply.webhook.params
    names = ("To", "Body", "MessageType", "Latitude", "Longitude", "Label", "Address")
    assert [params[name] for name in names] == [SENDER, "", "location", "52.52", "13.4", "Berlin", "Germany"]


def test_a_location_goes_to_the_accounts_only_sender(whoosh: Whoosh) -> None:
    whoosh.add_number("+15557122661")

    assert whoosh.phone(PERSON).share_location(52.52, 13.40).message.to == SENDER


def test_a_location_is_shared_in_an_event_loop(whoosh: Whoosh, phone: Any) -> None:
    reply = asyncio.run(phone.ashare_location(52, 13))

    assert reply.webhook.params["Latitude"] == "52"


@pytest.mark.parametrize(
    ("person", "place", "refusal"),
    [
        (PERSON, (91, 0), "A latitude is a number of degrees from -90 to 90, not 91"),
        (PERSON, (0, "13"), "A longitude is a number of degrees from -180 to 180, not '13'"),
        (PERSON, (float("nan"), 0), "A latitude is a number of degrees"),
        (PERSON, (0, 0), "has no message from or to the app yet, and the account has no sender on that channel"),
        ("+15558675310", (0, 0), r'Nobody shares a location by SMS: write whoosh.phone\("whatsapp:\+15558675310"\)'),
    ],
)
def test_a_location_that_cannot_be_shared_is_refused(
    whoosh: Whoosh, person: str, place: tuple[Any, Any], refusal: str
) -> None:
    with pytest.raises(ValueError, match=refusal):
        whoosh.phone(person).share_location(*place)


def test_a_reply_to_an_ad_names_the_ad(phone: Any) -> None:  # recorded.md 22
    reply = phone.answer_ad("I saw your ad", headline="Shoes", media_url="https://fb.example/shoe.jpg")

    params = reply.webhook.params
    assert {name for name in params if name.startswith("Referral")} == {
        "ReferralBody",
        "ReferralCtwaClid",
        "ReferralHeadline",
        "ReferralMediaContentType",
        "ReferralMediaId",
        "ReferralMediaUrl",
        "ReferralNumMedia",
        "ReferralSourceId",
        "ReferralSourceType",
        "ReferralSourceUrl",
    }
    assert (params["ReferralHeadline"], params["ReferralMediaUrl"], params["ReferralSourceType"]) == (
        "Shoes",
        "https://fb.example/shoe.jpg",
        "ad",
    )


def test_an_ad_without_a_picture_names_none(phone: Any) -> None:
    params = phone.answer_ad("Hi").webhook.params

    assert not [name for name in params if name.startswith("ReferralMedia")]


def test_a_misspelt_fact_of_an_ad_is_refused(phone: Any) -> None:
    with pytest.raises(TypeError, match="Did you mean 'headline'"):
        phone.answer_ad("Hi", headlin="Shoes")


@pytest.mark.parametrize(
    ("value", "text"), [(52.52, "52.52"), (3, "3"), (True, "true"), (False, "false"), ("so", "so")]
)
def test_extra_parameters_can_be_numbers(whoosh: Whoosh, phone: Any, value: Any, text: str) -> None:
    reply = whoosh.receive("Hi", from_=PERSON, to=SENDER, Latitude=value)

    assert reply.webhook.params["Latitude"] == text


def test_an_extra_parameter_of_another_type_is_refused(whoosh: Whoosh, phone: Any) -> None:
    with pytest.raises(TypeError, match=r"The parameter Latitude of a webhook is a text or a number, not \[52\]"):
        whoosh.receive("Hi", from_=PERSON, to=SENDER, Latitude=[52])


# People who hide their numbers


@pytest.mark.parametrize("person", [HIDDEN, "whatsapp:US.ENT.7Qd3xK0aa91"])
def test_a_person_without_a_number_writes_and_is_answered(  # recorded.md 23
    whoosh: Whoosh, client: Client, phone: Any, person: str
) -> None:
    hidden = whoosh.phone(person)

    params = hidden.text("Hello", to=SENDER).webhook.params
    client.messages.create(to=person, from_=SENDER, body="Hi")
    whoosh.settle()

    assert (params["From"], params["ExternalUserId"]) == (person, person)
    assert "WaId" not in params
    assert [(message.to, message.body, message.status) for message in hidden.received] == [(person, "Hi", "delivered")]


@pytest.mark.parametrize("address", ["whatsapp:US.", "whatsapp:usa.1", "whatsapp:US.a b", "whatsapp:US." + "1" * 129])
def test_another_word_is_no_person_on_whatsapp(whoosh: Whoosh, address: str) -> None:  # recorded.md 23
    with pytest.raises(ValueError, match="A person must be a phone number"):
        whoosh.phone(address)
