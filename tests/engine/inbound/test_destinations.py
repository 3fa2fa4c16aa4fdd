"""The webhook for a person's message, and the reason if there is none."""

from collections.abc import Callable
from typing import Any

import pytest

from pytest_whoosh import Reply, Whoosh
from tests.conftest import PERSON, SENDER

CHANNEL = f"whatsapp:{SENDER}"
URL = "https://app.example/whatsapp"


def write(whoosh: Whoosh, to: str = SENDER) -> Reply:
    channel, colon, _ = to.rpartition(":")
    return whoosh.receive("Hi", from_=f"{channel}{colon}{PERSON}", to=to)


def service(whoosh: Whoosh, **properties: Any) -> str:
    return whoosh.add_messaging_service("Desk", senders=[SENDER], **properties).sid


def test_a_service_without_a_webhook_decides(whoosh: Whoosh) -> None:
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    sid = service(whoosh)

    assert write(whoosh).no_webhook == (
        f"{SENDER} is in service {sid}, which has no inbound_request_url; its own sms_url counts only with "
        "use_inbound_webhook_on_number=True"
    )


def test_a_message_from_the_accounts_number_to_a_person_is_probably_swapped(whoosh: Whoosh) -> None:
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    reply = whoosh.receive("Hi", from_=SENDER, to=PERSON)

    assert reply.no_webhook == (f"the account has no sender {PERSON}, but it has {SENDER}. Are from_ and to swapped?")


@pytest.mark.parametrize(
    ("set_up", "to", "expected"),
    [
        pytest.param(
            lambda whoosh: None,
            SENDER,
            (
                f"the account has no sender {SENDER}; add it with its webhook: "
                f"whoosh.add_number(number='{SENDER}', sms_url=...)"
            ),
            id="unowned number",
        ),
        pytest.param(
            lambda whoosh: None,
            "12345",
            (
                "the account has no sender 12345; add it with its webhook: "
                "whoosh.add_short_code(code='12345', sms_url=...)"
            ),
            id="unowned short code",
        ),
        pytest.param(
            lambda whoosh: None,
            CHANNEL,
            (
                f"the account has no sender {CHANNEL}; add it with its webhook: "
                f"whoosh.add_channel_sender(address='{CHANNEL}', sms_url=...)"
            ),
            id="unowned channel sender",
        ),
        pytest.param(lambda whoosh: whoosh.add_number(SENDER), SENDER, f"{SENDER} has no sms_url", id="number"),
        pytest.param(
            lambda whoosh: whoosh.add_channel_sender(CHANNEL), CHANNEL, f"{CHANNEL} has no sms_url", id="channel sender"
        ),
    ],
)
def test_a_message_without_a_webhook_says_how_to_set_one(
    whoosh: Whoosh, set_up: Callable[[Whoosh], object], to: str, expected: str
) -> None:
    set_up(whoosh)

    reply = write(whoosh, to)

    assert (reply.webhook, reply.no_webhook) == (None, expected)
    assert f"no webhook: {expected}" in whoosh.traffic()


def test_an_application_without_a_webhook_decides(whoosh: Whoosh) -> None:
    application = whoosh.add_application()
    whoosh.add_number(SENDER, sms_application_sid=application.sid)

    assert write(whoosh).no_webhook == f"application {application.sid}, which handles {SENDER}, has no sms_url"


def test_a_service_may_leave_the_webhook_to_a_number_that_has_none(whoosh: Whoosh) -> None:
    sid = service(whoosh, use_inbound_webhook_on_number=True)

    assert write(whoosh).no_webhook == (
        f"{SENDER} has no sms_url, and its service {sid} leaves the webhook to it (use_inbound_webhook_on_number=True)"
    )


def test_a_message_with_a_webhook_has_nothing_to_explain(whoosh: Whoosh) -> None:
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    assert write(whoosh).no_webhook is None


@pytest.mark.parametrize(
    ("address", "person"),
    [(CHANNEL, f"whatsapp:{PERSON}"), ("messenger:page", "messenger:person"), ("rcs:agent", f"rcs:{PERSON}")],
)
def test_a_channel_sender_has_its_own_webhook(whoosh: Whoosh, address: str, person: str) -> None:  # recorded.md 28
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    whoosh.add_channel_sender(address, sms_url=URL, sms_method="GET")

    webhook = whoosh.receive("Hi", from_=person, to=address).webhook

    assert webhook is not None
    assert (webhook.url, webhook.method) == (URL, "GET")


def test_a_channel_sender_has_its_own_fallback(whoosh: Whoosh) -> None:  # recorded.md 28
    def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
        start_response("500 No" if environ["PATH_INFO"] == "/whatsapp" else "204 No Content", [])
        return []

    whoosh.mount("https://app.example", app)
    whoosh.add_channel_sender(CHANNEL, sms_url=URL, fallback_url="https://app.example/fallback")

    write(whoosh, CHANNEL)

    assert [callback.url for callback in whoosh.callbacks] == [URL, "https://app.example/fallback"]


def test_a_channel_sender_has_its_own_status_callback(whoosh: Whoosh, client: Any) -> None:  # recorded.md 28
    whoosh.add_channel_sender(CHANNEL, status_callback="https://app.example/status")
    write(whoosh, CHANNEL)

    message = client.messages.create(to=f"whatsapp:{PERSON}", from_=CHANNEL, body="Hi")
    own = client.messages.create(
        to=f"whatsapp:{PERSON}", from_=CHANNEL, body="Hi", status_callback="https://app.example/own"
    )
    whoosh.settle()

    urls = {(callback.params["MessageSid"], callback.url) for callback in whoosh.callbacks}
    assert urls == {(message.sid, "https://app.example/status"), (own.sid, "https://app.example/own")}


def test_a_whatsapp_number_shares_the_webhook_of_its_number_unless_it_is_a_channel_sender(whoosh: Whoosh) -> None:
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    shared = write(whoosh, CHANNEL).webhook
    whoosh.add_channel_sender(CHANNEL)

    assert shared is not None
    assert shared.url == "https://app.example/sms"
    assert write(whoosh, CHANNEL).no_webhook == f"{CHANNEL} has no sms_url"


SIM = "sim:DE" + "0" * 32


@pytest.mark.whoosh(senders="owned")
def test_a_wireless_sim_of_the_account_may_send(whoosh: Whoosh, client: Any) -> None:
    sim = whoosh.add_number(SIM, sms_url="https://app.example/sms")

    message = client.messages.create(to=PERSON, from_=SIM, body="Hi")

    assert (sim.sid, message.from_) == (SIM[4:], SIM)
    assert client.incoming_phone_numbers.list() == []
    assert whoosh.receive("Hi", from_=PERSON, to=SIM).webhook is not None


@pytest.mark.parametrize("address", ["sim:XX", "SIM:DE123", SIM + "0"])
def test_a_wrong_address_of_a_sim_is_refused_with_the_right_form(whoosh: Whoosh, address: str) -> None:
    with pytest.raises(ValueError) as refused:
        whoosh.add_number(address)

    assert str(refused.value) == (
        f'add_number() takes a wireless SIM as "sim:DE" and 32 hexadecimal digits, not {address!r}.'
    )


def test_no_sender_pool_takes_a_wireless_sim(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError) as refused:
        whoosh.add_messaging_service("Desk", senders=[SIM])

    assert str(refused.value) == f"{SIM} is a wireless SIM. A sender pool cannot contain one."
