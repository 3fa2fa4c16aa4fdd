"""The main job of an app that sends text messages, with any releases of the libraries that it may pin.

Runs with the oldest releases that are supported (the ``lowest`` environments of tox), so it uses nothing newer.
"""

import socket
from base64 import b64encode
from collections.abc import Callable, Iterable
from typing import Any
from urllib.parse import parse_qs

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from pytest_whoosh import Whoosh

PERSON, SENDER = "+15558675310", "+15557122661"
APP = "https://app.example"
FORM = {"To": PERSON, "From": SENDER, "Body": "Hi"}


class App:
    """A WSGI app: keeps the callbacks that are genuine, and answers texts."""

    def __init__(self, auth_token: str) -> None:
        self.validator = RequestValidator(auth_token)
        self.reported: list[str] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
        form = {
            name: values[0]
            for name, values in parse_qs(
                environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode(), keep_blank_values=True
            ).items()
        }
        if not self.validator.validate(APP + environ["PATH_INFO"], form, environ["HTTP_X_TWILIO_SIGNATURE"]):
            start_response("403 Forbidden", [])
            return []
        if environ["PATH_INFO"] == "/sms":
            start_response("200 OK", [("Content-Type", "application/xml")])
            return [b"<Response><Message>Thank you</Message></Response>"]
        self.reported.append(form["MessageStatus"])
        start_response("204 No Content", [])
        return []


@pytest.fixture
def app(whoosh: Whoosh) -> App:
    app = App(whoosh.auth_token)
    whoosh.mount(APP, app)
    return app


@pytest.fixture
def client(whoosh: Whoosh) -> Client:
    return Client(whoosh.account_sid, whoosh.auth_token)


def test_a_message_is_sent_and_its_callbacks_arrive(whoosh: Whoosh, client: Client, app: App) -> None:
    sent = client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{APP}/status")

    whoosh.settle()

    message = whoosh.assert_sent(to=PERSON, body="Hi", status="delivered")
    assert app.reported == ["sent", "delivered"]
    whoosh.assert_callbacks(message, "sent", "delivered")
    assert client.messages(sent.sid).fetch().status == "delivered"


def test_a_person_is_answered(whoosh: Whoosh, client: Client, app: App) -> None:
    client.incoming_phone_numbers.create(phone_number=SENDER, sms_url=f"{APP}/sms")

    reply = whoosh.receive("Hello", from_=PERSON, to=SENDER)

    assert [answer.body for answer in reply.replies] == ["Thank you"]


def test_errors_are_the_vendors(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).reject(21610)

    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert (refused.value.status, refused.value.code) == (400, 21610)


def test_faults_are_those_of_requests(whoosh: Whoosh, client: Client) -> None:
    whoosh.when(to=PERSON).times(1).timeout()
    with pytest.raises(requests.ReadTimeout):
        client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    whoosh.when(to=PERSON).times(1).disconnect(connecting=True)
    with pytest.raises(requests.ConnectionError, match="Connection refused"):
        client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    whoosh.assert_nothing_sent()


def test_a_delivery_to_a_dead_server_is_recorded(whoosh: Whoosh, client: Client) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # and nobody listens
        url = f"http://127.0.0.1:{taken.getsockname()[1]}"
        whoosh.mount(url)
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{url}/status")

        whoosh.settle()

    assert all("no connection: " in str(callback.error) for callback in whoosh.callbacks)


def test_a_delivery_to_an_unknown_name_is_recorded(whoosh: Whoosh, client: Client) -> None:
    whoosh.mount("http://nowhere.invalid")
    whoosh.add_number(SENDER, sms_url="http://nowhere.invalid/sms")

    reply = whoosh.receive("Hello", from_=PERSON, to=SENDER)

    assert "the host name does not resolve: " in str(reply.webhook and reply.webhook.error)


def test_httpx_reaches_the_fake(whoosh: Whoosh) -> None:
    httpx = pytest.importorskip("httpx")

    answer = httpx.post(messages_url(whoosh), data=FORM, auth=(whoosh.account_sid, whoosh.auth_token))

    assert answer.json()["sid"] == whoosh.outbox.one().sid


def test_aiohttp_reaches_the_fake(whoosh: Whoosh) -> None:
    aiohttp = pytest.importorskip("aiohttp")
    import asyncio

    async def post() -> str:
        login = b64encode(f"{whoosh.account_sid}:{whoosh.auth_token}".encode()).decode()
        headers = {"Authorization": f"Basic {login}"}
        async with (
            aiohttp.ClientSession() as http,
            http.post(messages_url(whoosh), data=FORM, headers=headers) as answer,
        ):
            return str((await answer.json())["sid"])

    assert asyncio.run(post()) == whoosh.outbox.one().sid


def messages_url(whoosh: Whoosh) -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
