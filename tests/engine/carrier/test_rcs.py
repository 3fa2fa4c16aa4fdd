"""RCS first for phones that have it, SMS for the others, and ``FallbackFrom``: recorded.md, row 29."""

from typing import Any

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

AGENT = "rcs:acme_agent"
FALLBACK = "+15557122662"


def service_with(whoosh: Whoosh, *senders: str, **settings: Any) -> str:
    return str(whoosh.add_messaging_service("Support", senders=senders, **settings).sid)


def carriers(whoosh: Whoosh) -> list[tuple[str | None, str]]:
    whoosh.settle()
    return [(message.from_, message.status) for message in whoosh.outbox]


def refusal(client: Client, **parameters: Any) -> tuple[int, int | None, str]:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON, body="Hi", **parameters)
    return refused.value.status, refused.value.code, refused.value.msg


@pytest.mark.parametrize(
    ("rcs", "pool", "carrier"),
    [
        pytest.param(True, [SENDER, AGENT], AGENT, id="a phone with RCS"),
        pytest.param(False, [AGENT, SENDER], SENDER, id="a phone without RCS"),
        pytest.param(None, [AGENT, SENDER], SENDER, id="a phone that nothing is known of"),
        pytest.param(None, [AGENT], AGENT, id="no sender but RCS"),
        pytest.param(True, ["12345", AGENT], AGENT, id="RCS before a short code"),
        pytest.param(True, [SENDER, "whatsapp:+15557122661"], SENDER, id="no RCS sender"),
    ],
)
def test_a_service_sends_by_rcs_if_the_phone_has_it(
    whoosh: Whoosh, client: Client, rcs: bool | None, pool: list[str], carrier: str
) -> None:
    whoosh.phone(PERSON).rcs = rcs
    client.messages.create(to=PERSON, messaging_service_sid=service_with(whoosh, *pool), body="Hi")

    assert carriers(whoosh) == [(carrier, "delivered")]
    assert whoosh.phone(PERSON).rcs is rcs
    assert [message.body for message in whoosh.phone(PERSON).received] == ["Hi"]


def test_a_phone_that_gets_rcs_moves_to_it_although_its_number_is_remembered(whoosh: Whoosh, client: Client) -> None:
    sid = service_with(whoosh, SENDER, AGENT)
    for rcs in (False, True, False):
        whoosh.phone(PERSON).rcs = rcs
        client.messages.create(to=PERSON, messaging_service_sid=sid, body="Hi")
        whoosh.settle()

    assert [message.from_ for message in whoosh.outbox] == [SENDER, AGENT, SENDER]


@pytest.mark.parametrize("to", [f"rcs:{PERSON}", PERSON])
def test_rcs_to_a_phone_without_it_fails(whoosh: Whoosh, client: Client, to: str) -> None:
    whoosh.phone(PERSON).rcs = False
    client.messages.create(to=to, messaging_service_sid=service_with(whoosh, AGENT), body="Hi")

    whoosh.settle()

    message = whoosh.outbox.one()
    assert (message.status, message.error_code) == ("failed", 63036)


def test_the_owner_of_a_phone_is_the_same_person_over_rcs(whoosh: Whoosh) -> None:
    whoosh.phone(f"rcs:{PERSON}").rcs = True

    assert whoosh.phone("+1 (555) 867-5310").rcs is True


@pytest.mark.parametrize(
    ("rcs", "fallback", "carrier"),
    [
        pytest.param(True, FALLBACK, AGENT, id="RCS"),
        pytest.param(False, FALLBACK, FALLBACK, id="the number that the app asked for"),
        pytest.param(None, "+1 (555) 712-2662", FALLBACK, id="in another spelling"),
        pytest.param(False, "12345", "12345", id="a short code"),
    ],
)
def test_fallback_from_names_the_sender_of_the_sms(
    whoosh: Whoosh, client: Client, rcs: bool | None, fallback: str, carrier: str
) -> None:
    whoosh.phone(PERSON).rcs = rcs
    sid = service_with(whoosh, SENDER, AGENT)

    client.messages.create(to=PERSON, messaging_service_sid=sid, body="Hi", fallback_from=fallback)

    assert carriers(whoosh) == [(carrier, "delivered")]
    assert whoosh.outbox.one().request["FallbackFrom"] == fallback


def test_an_alphanumeric_fallback_reaches_nobody_in_the_united_states(whoosh: Whoosh, client: Client) -> None:
    sid = service_with(whoosh, SENDER, AGENT)
    for to in ("+12125550199", "+447700900199"):
        client.messages.create(to=to, messaging_service_sid=sid, body="Hi", fallback_from="ACME")

    whoosh.settle()

    assert [(message.from_, message.error_code) for message in whoosh.outbox] == [(None, 21703), ("ACME", None)]


def test_fallback_from_has_no_effect_on_a_message_to_an_rcs_address(whoosh: Whoosh, client: Client) -> None:
    sid = service_with(whoosh, SENDER, AGENT)

    client.messages.create(to=f"rcs:{PERSON}", messaging_service_sid=sid, body="Hi", fallback_from=FALLBACK)

    assert carriers(whoosh) == [(AGENT, "delivered")]


def test_fallback_from_is_refused_beside_from(whoosh: Whoosh, client: Client) -> None:
    sid = service_with(whoosh, SENDER, AGENT)
    expected = (400, 21664, "Unable to create record: 'FallbackFrom' cannot be used with a 'From' sender")

    assert refusal(client, from_=SENDER, fallback_from=FALLBACK) == expected
    assert refusal(client, from_=AGENT, messaging_service_sid=sid, fallback_from=FALLBACK) == expected


def test_fallback_from_is_refused_without_a_service(client: Client) -> None:
    assert refusal(client, fallback_from=FALLBACK) == (
        400, 21666, "Unable to create record: 'FallbackFrom' requires MessagingServiceSid",
    )  # fmt: skip


def test_fallback_from_is_refused_if_the_service_has_no_rcs_sender(whoosh: Whoosh, client: Client) -> None:
    sid = service_with(whoosh, SENDER, f"whatsapp:{SENDER}")

    assert refusal(client, messaging_service_sid=sid, fallback_from=FALLBACK) == (
        400, 21667, "Unable to create record: 'FallbackFrom' requires the Messaging Service to have an RCS Sender",
    )  # fmt: skip


@pytest.mark.parametrize("fallback", ["+1", "no sender at all!", AGENT, f"whatsapp:{SENDER}", "+15005550006"])
def test_a_fallback_from_that_is_no_sender_of_sms_is_refused(whoosh: Whoosh, client: Client, fallback: str) -> None:
    sid = service_with(whoosh, AGENT)

    assert refusal(client, messaging_service_sid=sid, fallback_from=fallback) == (
        400, 21665, "Unable to create record: Invalid 'FallbackFrom' sender",
    )  # fmt: skip


def test_a_fallback_from_without_sms_is_refused(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_number(FALLBACK, sms_capable=False)
    sid = service_with(whoosh, AGENT)

    assert refusal(client, messaging_service_sid=sid, fallback_from=FALLBACK)[1] == 21665


@pytest.mark.whoosh(senders="owned")
def test_if_senders_must_be_owned_the_fallback_must_be_too(whoosh: Whoosh, client: Client) -> None:
    sid = service_with(whoosh, AGENT)
    parameters = {"to": PERSON, "body": "Hi", "messaging_service_sid": sid, "fallback_from": FALLBACK}

    assert refusal(client, messaging_service_sid=sid, fallback_from=FALLBACK)[1] == 21665
    whoosh.add_number(FALLBACK)
    assert client.messages.create(**parameters).status == "accepted"


def test_a_template_is_sent_in_the_form_of_the_chosen_channel(whoosh: Whoosh, client: Client) -> None:
    buttons = {"body": "Coming, {{1}}?", "actions": [{"title": "Yes, {{1}}", "id": "yes"}]}
    template = whoosh.add_template(
        types={"twilio/text": {"body": "Coming, {{1}}? Answer YES."}, "twilio/quick-reply": buttons}
    )
    sid = service_with(whoosh, SENDER, AGENT)
    for rcs in (True, False):
        whoosh.phone(PERSON).rcs = rcs
        client.messages.create(
            to=PERSON, messaging_service_sid=sid, content_sid=template.sid, content_variables='{"1": "Ada"}'
        )
        whoosh.settle()

    over_rcs, over_sms = whoosh.outbox
    assert over_rcs.content is not None
    assert over_rcs.content["actions"][0]["title"] == "Yes, Ada"
    assert (over_sms.body, over_rcs.body) == ("Coming, Ada? Answer YES.", "Coming, Ada?")


@pytest.mark.parametrize(
    ("address", "value", "error", "text"),
    [
        (PERSON, "yes", TypeError, r"phone\.rcs must be True, False or None, not 'yes'\."),
        (f"whatsapp:{PERSON}", True, ValueError, rf"can have RCS\. 'whatsapp:\{PERSON}' is not one"),
    ],
)
def test_an_unknown_property_of_a_phone_is_refused(
    whoosh: Whoosh, address: str, value: Any, error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        whoosh.phone(address).rcs = value


# The person's side


def test_a_person_answers_over_rcs_on_the_same_phone(whoosh: Whoosh, client: Client) -> None:
    document = "<Response><Message>Thanks</Message></Response>"
    whoosh.mount("https://app.example", twiml_app(document))
    whoosh.add_channel_sender(AGENT, sms_url="https://app.example/rcs")
    sid = service_with(whoosh, AGENT, SENDER, use_inbound_webhook_on_number=True)
    template = whoosh.add_template(
        types={"twilio/quick-reply": {"body": "Coming?", "actions": [{"title": "Yes", "id": "yes"}]}}
    )
    phone = whoosh.phone(PERSON)
    phone.rcs = True
    message = client.messages.create(to=PERSON, messaging_service_sid=sid, content_sid=template.sid)
    whoosh.settle()

    tap = phone.tap(message, "Yes")
    whoosh.settle()

    assert tap.webhook is not None
    assert (tap.webhook.params["From"], tap.webhook.params["To"]) == (f"rcs:{PERSON}", AGENT)
    assert tap.webhook.params["ButtonPayload"] == "yes"
    assert [(reply.from_, reply.to, reply.status) for reply in tap.replies] == [(AGENT, f"rcs:{PERSON}", "delivered")]
    for same_phone in (phone, whoosh.phone(f"rcs:{PERSON}")):
        assert [received.body for received in same_phone.received] == ["Coming?", "Thanks"]
    assert whoosh.phone(f"rcs:{PERSON}").share_location(52.52, 13.40).message.to == AGENT


def test_a_person_is_on_one_list_of_opt_outs_for_sms_and_rcs(whoosh: Whoosh, client: Client) -> None:
    sid = service_with(whoosh, AGENT, SENDER)
    whoosh.receive("STOP", from_=PERSON, to=SENDER)

    for to in (PERSON, f"rcs:{PERSON}"):
        client.messages.create(to=to, messaging_service_sid=sid, body="Hi")
    whoosh.settle()

    assert [message.error_code for message in whoosh.outbox] == [21610, 21610]


def twiml_app(document: str) -> Any:
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml")])
        return [document.encode()]

    return app
