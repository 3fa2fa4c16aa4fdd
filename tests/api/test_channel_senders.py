"""The Senders API: WhatsApp, RCS and Messenger senders with their own webhooks (recorded.md, row 28)."""

from typing import Any

import pytest
import requests
from flask import Flask, Response, request
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.messaging.v2.channels_sender import (
    ChannelsSenderContext,
    ChannelsSenderInstance,
    ChannelsSenderList,
)

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

WHATSAPP, AGENT, PAGE = f"whatsapp:{SENDER}", "rcs:acme_agent", "messenger:108123456789"
URL = "https://app.example"
WEBHOOK = {
    "callback_url": f"{URL}/inbound",
    "callback_method": "POST",
    "fallback_url": f"{URL}/fallback",
    "fallback_method": "POST",
    "status_callback_url": f"{URL}/status",
    "status_callback_method": "POST",
}
#: The properties of a sender that only newer SDKs have.
NEWER = {
    "friendly_name",
    "pending_display_name",
    "pending_display_name_status",
    "pending_display_name_status_date",
    "display_name_status",
}
ENDPOINT = "https://messaging.whoosh.totogi.solutions/v2/Channels/Senders"


def create(client: Client, address: str = WHATSAPP, **sections: Any) -> ChannelsSenderInstance:
    sections = {"profile": {"name": "ACME"}, **sections}
    return client.messaging.v2.channels_senders.create(
        ChannelsSenderList.MessagingV2ChannelsSenderRequestsCreate({"sender_id": address, **sections})
    )


def update(client: Client, sid: str, **sections: Any) -> ChannelsSenderInstance:
    return client.messaging.v2.channels_senders(sid).update(
        ChannelsSenderContext.MessagingV2ChannelsSenderRequestsUpdate(sections)
    )


def _get(whoosh: Whoosh, path: str = "") -> Any:
    return requests.get(ENDPOINT + path, auth=(whoosh.account_sid, whoosh.auth_token), timeout=5).json()


def test_a_sender_has_the_properties_of_the_sdk(whoosh: Whoosh, client: Client) -> None:
    sender = create(client)
    document = _get(whoosh, f"/{sender.sid}")

    known = {name for name in vars(sender) if not name.startswith("_")}
    assert known | NEWER == set(document)
    assert set(document["webhook"]) == set(ChannelsSenderList.MessagingV2ChannelsSenderWebhook({}).to_dict())
    assert set(document["profile"]) == set(ChannelsSenderList.MessagingV2ChannelsSenderProfile({}).to_dict())
    assert set(document["configuration"]) == set(
        ChannelsSenderList.MessagingV2ChannelsSenderConfiguration({}).to_dict()
    )
    assert document["url"] == f"{ENDPOINT}/{sender.sid}"


def test_a_sender_is_registered_within_a_minute(whoosh: Whoosh, client: Client) -> None:
    sender = create(client, webhook=WEBHOOK, friendly_name="Support", configuration={"waba_id": "1234567"})

    assert (sender.status, sender.sender_id, sender.friendly_name) == ("CREATING", WHATSAPP, "Support")
    assert (sender.webhook, sender.properties) == (WEBHOOK, None)
    assert sender.configuration["waba_id"] == "1234567"
    whoosh.travel(minutes=1)
    assert sender.fetch().status == "ONLINE"
    assert sender.fetch().properties == {"quality_rating": "HIGH", "messaging_limit": "10K Customers/24hr"}


def test_a_sender_that_is_not_registered_cannot_send(whoosh: Whoosh, client: Client) -> None:
    create(client, AGENT)

    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=f"rcs:{PERSON}", from_=AGENT, body="Hi")
    assert refused.value.code == 63007
    assert "(the sender is CREATING for a minute of virtual time)" in whoosh.traffic()
    whoosh.travel(minutes=1)
    client.messages.create(to=f"rcs:{PERSON}", from_=AGENT, body="Hi")
    whoosh.settle()
    assert whoosh.outbox.one().status == "delivered"


@pytest.mark.parametrize("address", [WHATSAPP, AGENT, PAGE])
def test_a_sender_has_its_own_webhook_fallback_and_status_url(whoosh: Whoosh, client: Client, address: str) -> None:
    app, called = Flask(__name__), []

    @app.post("/<path>")
    def answer(path: str) -> Response:
        called.append((path, request.form.get("MessageStatus") or request.form.get("Body")))
        return Response("", 500 if path == "inbound" else 200)

    whoosh.mount(URL, app)
    create(client, address, webhook=WEBHOOK)
    whoosh.travel(minutes=1)
    person = {WHATSAPP: f"whatsapp:{PERSON}", AGENT: f"rcs:{PERSON}", PAGE: "messenger:2015"}[address]

    whoosh.receive("Hello", from_=person, to=address)
    client.messages.create(to=person, from_=address, body="Hi")
    whoosh.settle()

    reports = [("status", "sent"), ("status", "delivered")]
    assert called == [("inbound", "Hello"), ("fallback", "Hello"), *reports]


def test_an_update_changes_and_shows_only_given_properties(client: Client, whoosh: Whoosh) -> None:
    sender = create(client, webhook=WEBHOOK, profile={"name": "ACME", "about": "Boots"}, friendly_name="Support")
    whoosh.travel(minutes=1)

    changed = update(client, sender.sid, webhook={"callback_url": f"{URL}/new", "fallback_url": ""})

    assert (changed.status, changed.profile, changed.configuration) == ("ONLINE:UPDATING", None, None)
    assert changed.webhook == {**WEBHOOK, "callback_url": f"{URL}/new", "fallback_url": None}
    now = sender.fetch()
    assert (now.status, now.friendly_name, now.webhook) == ("ONLINE", "Support", changed.webhook)
    assert (now.profile["name"], now.profile["about"]) == ("ACME", "Boots")


@pytest.mark.parametrize(("name", "outcome"), [("ACME", "no_change"), ("ACME Inc", "updating")])
def test_an_update_reports_a_change_of_the_name(client: Client, name: str, outcome: str) -> None:
    sender = create(client, profile={"name": "ACME", "websites": [{"website": URL, "label": "Shop"}]})

    changed = update(client, sender.sid, profile={"name": name})

    assert changed.display_name_status == outcome
    assert sender.fetch().profile["name"] == name
    assert sender.fetch().profile["websites"] == [{"website": URL, "label": "Shop"}]


def test_senders_are_listed_by_channel(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_channel_sender(PAGE, sms_url=f"{URL}/inbound", status_callback=f"{URL}/status")
    for address in (WHATSAPP, AGENT, "whatsapp:+15550001111"):
        create(client, address)
    senders = client.messaging.v2.channels_senders

    assert [sender.sender_id for sender in senders.list(channel="whatsapp", page_size=1)] == [
        "whatsapp:+15550001111",
        WHATSAPP,
    ]
    assert [sender.sender_id for sender in senders.list(channel="rcs")] == [AGENT]
    (page,) = senders.list(channel="messenger")
    assert (page.status, page.webhook["callback_url"], page.webhook["status_callback_url"]) == (
        "ONLINE",
        f"{URL}/inbound",
        f"{URL}/status",
    )
    assert len(_get(whoosh)["senders"]) == 4


def test_a_deleted_sender_leaves_its_service_and_is_gone(whoosh: Whoosh, client: Client) -> None:
    sender = create(client)
    service = whoosh.add_messaging_service("Support", senders=[WHATSAPP, SENDER])

    assert sender.delete() is True

    pool = client.messaging.v1.services(service.sid)
    assert (pool.channel_senders.list(), len(pool.phone_numbers.list())) == ([], 1)
    for gone in (sender.fetch, sender.delete, lambda: update(client, str(sender.sid), friendly_name="x")):
        with pytest.raises(TwilioRestException) as refused:
            gone()
        assert (refused.value.status, refused.value.code) == (404, 20404)
    assert create(client).status == "CREATING"


@pytest.mark.whoosh(senders="owned")
def test_a_sender_that_the_app_created_joins_a_pool(whoosh: Whoosh, client: Client) -> None:
    sender = create(client, AGENT)
    service = client.messaging.v1.services(whoosh.add_messaging_service("Support").sid)

    service.channel_senders.create(sid=str(sender.sid))

    assert [joined.sender for joined in service.channel_senders.list()] == [AGENT]


@pytest.mark.parametrize(
    ("given", "why"),
    [
        ({"data": "sender_id=whatsapp"}, "the body is not JSON"),
        ({"json": []}, "the body is not a JSON object"),
        ({"json": {}}, "sender_id is an address such as whatsapp:+15017122661 or rcs:brand_agent"),
        ({"json": {"sender_id": SENDER}}, "sender_id is an address such as whatsapp:+15017122661 or rcs:brand_agent"),
        ({"json": {"sender_id": 5}}, "sender_id is an address such as whatsapp:+15017122661 or rcs:brand_agent"),
        ({"json": {"sender_id": WHATSAPP}}, "profile.name is required for a WhatsApp sender"),
        ({"json": {"sender_id": AGENT, "webhook": URL}}, "webhook is an object"),
        (
            {"json": {"sender_id": AGENT, "webhook": {"callback_url": "app.example"}}},
            'webhook.callback_url is an absolute URL such as "https://app.example/sms"',
        ),
        (
            {"json": {"sender_id": AGENT, "webhook": {"callback_method": "PUT"}}},
            "webhook.callback_method is 'POST': this double posts all webhooks of channel senders",
        ),
        ({"json": {"sender_id": AGENT, "webhook": {"callback_url": 5}}}, "webhook.callback_url is a text"),
        ({"json": {"sender_id": AGENT, "profile": {"websites": URL}}}, "profile.websites is a list"),
        (
            {"json": {"sender_id": AGENT, "configuration": {"verification_method": "pigeon"}}},
            "configuration.verification_method is one of 'sms', 'voice'",
        ),
        ({"json": {"sender_id": AGENT, "friendly_name": 5}}, "friendly_name is a text"),
    ],
)
def test_an_impossible_sender_is_refused(whoosh: Whoosh, given: dict[str, Any], why: str) -> None:
    response = requests.post(ENDPOINT, auth=(whoosh.account_sid, whoosh.auth_token), timeout=5, **given)

    assert (response.status_code, response.json()["code"]) == (400, 63100)
    assert response.json()["message"] == f"Validation Error: {why}"
    assert _get(whoosh)["senders"] == []


def test_an_address_has_one_sender(client: Client) -> None:
    create(client)

    with pytest.raises(TwilioRestException) as refused:
        create(client)
    assert (refused.value.status, refused.value.code) == (409, 20409)


def test_a_list_of_another_channel_is_refused(whoosh: Whoosh) -> None:
    refused = _get(whoosh, "?Channel=sms")

    assert (refused["code"], refused["message"]) == (
        63100,
        "Validation Error: Channel is one of whatsapp, messenger, rcs",
    )
