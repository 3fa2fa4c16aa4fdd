"""A server posts webhooks to this machine and to allowed hosts, over real HTTP, and nowhere else."""

from collections.abc import Callable

import pytest
import requests

from pytest_whoosh import Server, Whoosh
from tests.conftest import PERSON, SENDER
from tests.interception.conftest import Heard
from tests.interception.conftest import Server as App

from .conftest import Caller

NOT_ALLOWED = (
    "not delivered: the server posts only to this machine and to allowed hosts. Allow this one with --allow-webhooks "
    '{0} (in Python with allow_webhooks=["{0}"]), or mount a server for this URL'
)


@pytest.fixture
def send(call: Caller, messages: str, form: dict[str, str]) -> Callable[[str], None]:
    """Send a message from another process, and advance time."""

    def send(callback: str) -> None:
        assert call("POST", messages, {**form, "StatusCallback": callback}).status == 201
        assert call.control("POST", "settle").status == 200

    return send


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_webhooks_reach_an_app_on_this_machine_though_nothing_is_mounted(
    whoosh_server: Server, app_server: App, send: Callable[[str], None], host: str
) -> None:
    send(f"http://{host}:{app_server.port}/status")

    assert [heard.path for heard in app_server.heard] == ["/status", "/status"]
    assert [callback.response_status for callback in whoosh_server.whoosh.callbacks] == [200, 200]
    whoosh_server.whoosh.assert_callbacks(whoosh_server.whoosh.outbox[0], "sent", "delivered")


@pytest.mark.parametrize("host", ["app.example", "10.0.0.1", "169.254.169.254", "localhost.example", "0x7f.1.example"])
def test_webhooks_to_others_are_recorded_only_and_say_how_to_allow_them(
    whoosh_server: Server, send: Callable[[str], None], host: str
) -> None:
    send(f"http://{host}/status")

    first, *_ = whoosh_server.whoosh.callbacks
    assert (first.url, first.response_status, first.error) == (f"http://{host}/status", None, None)
    assert (
        f"sent        SM…0001 POST http://{host}/status  {NOT_ALLOWED.format(host)}" in whoosh_server.whoosh.traffic()
    )


def test_without_a_server_nothing_is_said_of_allowing(whoosh: Whoosh, client) -> None:
    client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")

    whoosh.settle()

    assert "not delivered: nothing is mounted there" in whoosh.traffic()


@pytest.mark.parametrize("allowed", ["app.example", "*.example", "APP.example", "*"])
def test_a_host_that_is_allowed_is_called(
    whoosh: Whoosh, call_to: Callable[[Server], Caller], form: dict[str, str], allowed: str
) -> None:
    with Server(whoosh, allow_webhooks=[allowed]) as server:
        call = call_to(server)
        callback = {"StatusCallback": "http://app.example:1/status"}
        call("POST", f"/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json", {**form, **callback})
        call.control("POST", "settle")

    # There is no such host, which is as far as a test goes.
    assert str(whoosh.callbacks[0].error).startswith("11210 HTTP bad host name: the host name does not resolve")


def test_a_redirect_is_followed_to_allowed_hosts_only(
    whoosh_server: Server, app_server: App, send: Callable[[str], None]
) -> None:
    app_server.answer = lambda heard: (307, {"Location": "http://169.254.169.254/latest/meta-data"}, b"")

    send(f"http://127.0.0.1:{app_server.port}/status")

    assert [callback.response_status for callback in whoosh_server.whoosh.callbacks] == [307, 307]


def test_a_server_on_this_machine_can_answer_for_the_apps_real_url(
    whoosh_server: Server, app_server: App, call: Caller, send: Callable[[str], None]
) -> None:
    mounted = call.control("POST", "mount", {"base_url": "https://app.example", "server": app_server.url})

    send("https://app.example/status?order=7")

    assert mounted.status == 200
    heard = app_server.heard[0]
    assert (heard.path, heard.headers["Host"], heard.headers["X-Forwarded-Proto"]) == (
        "/status?order=7",
        "app.example",
        "https",
    )
    assert whoosh_server.whoosh.callbacks[0].url == "https://app.example/status?order=7"


@pytest.mark.parametrize(
    "document",
    [{"base_url": "https://app.example"}, {"base_url": "http://localhost", "server": "http://10.0.0.1:8000"}],
    ids=["itself", "who stands for it"],
)
def test_other_processes_cannot_mount_forbidden_hosts(call: Caller, document: dict[str, str]) -> None:
    answer = call.control("POST", "mount", document)

    assert answer.status == 403
    assert "--allow-webhooks" in answer.json()["error"]


@pytest.mark.parametrize("name", ["http://app.example", "app.example:8000", "app.example/status", ""])
def test_an_allowed_host_must_be_a_host(whoosh: Whoosh, name: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Server(whoosh, allow_webhooks=[name])

    assert str(refusal.value) == f"allow_webhooks takes hosts such as 'app.example' or '*.example', not {name!r}."


def test_allowed_hosts_must_be_a_list(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refusal:
        Server(whoosh, allow_webhooks="app.example")

    assert str(refusal.value) == "allow_webhooks takes a list of hosts such as ['app.example'], not 'app.example'."


def test_an_app_fetches_the_media_of_a_message_from_the_server(
    whoosh_server: Server, whoosh: Whoosh, app_server: App
) -> None:
    fetched: list[bytes] = []

    def fetch(heard: Heard) -> tuple[int, dict[str, str], bytes]:
        url = dict(pair.split("=") for pair in heard.body.decode().split("&"))["MediaUrl0"]
        fetched.append(requests.get(requests.utils.unquote(url), auth=("any", "thing")).content)
        return 204, {}, b""

    app_server.answer = fetch
    whoosh.add_number(SENDER, sms_url=f"{app_server.url}/sms")

    whoosh.receive("A photo", from_=PERSON, to=SENDER, media=[(b"\x89PNG", "image/png")])

    assert fetched == [b"\x89PNG"]
    url = whoosh.callbacks[0].params["MediaUrl0"]
    assert url.startswith(f"{whoosh_server.url}/2010-04-01/Accounts/{whoosh.account_sid}/Messages/MM")


@pytest.mark.parametrize("prefix", ["", "/api"])
def test_the_redirect_to_a_file_leads_to_the_server_itself(whoosh_server: Server, whoosh: Whoosh, prefix: str) -> None:
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    whoosh.receive("A photo", from_=PERSON, to=SENDER, media=["https://files.example/photo.png"])
    url = whoosh.callbacks[0].params["MediaUrl0"].replace(whoosh_server.url, whoosh_server.url + prefix)

    redirect = requests.get(url, auth=("any", "thing"), timeout=5, allow_redirects=False)
    location = redirect.headers["Location"]

    assert redirect.status_code == 307
    assert location.startswith(f"{whoosh_server.url}/mms/{whoosh.account_sid}/")
    assert requests.get(location, timeout=5).headers["Content-Type"] == "image/png"
    assert requests.head(location, timeout=5).headers["Content-Length"] == "67"
    assert requests.get(location.replace("Signature=", "Signature=A"), timeout=5).status_code == 403


def test_media_stay_at_the_server_after_a_reset(whoosh_server: Server, whoosh: Whoosh) -> None:
    whoosh.reset()
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    whoosh.receive("A photo", from_=PERSON, to=SENDER, media=["https://files.example/photo.png"])

    assert whoosh.callbacks[0].params["MediaUrl0"].startswith(whoosh_server.url)


def test_once_the_server_has_stopped_webhooks_stay_here_again(whoosh: Whoosh, app_server: App, client) -> None:
    with Server(whoosh):
        pass
    client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{app_server.url}/status")

    whoosh.settle()

    assert app_server.heard == []
