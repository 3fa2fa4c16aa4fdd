"""HTTPS with a throw-away certificate: clients learn where its authority is."""

import gc
import os
import shutil
import socket
import ssl
import subprocess
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests
from twilio.rest import Client

from pytest_whoosh import Server, Whoosh, WhooshHttpClient
from tests.conftest import PERSON, SENDER

from .conftest import Answer, Caller

needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


def test_a_client_that_trusts_the_authority_is_answered(
    whoosh_tls_server: Server, whoosh: Whoosh, call_to: type[Caller]
) -> None:
    call = call_to(whoosh_tls_server)

    answer = call("GET", "/messaging/v1/Services")

    assert whoosh_tls_server.whoosh is whoosh
    assert whoosh_tls_server.url.startswith("https://127.0.0.1:")
    assert (answer.status, answer.json()["meta"]["url"]) == (
        200,
        f"{whoosh_tls_server.url}/messaging/v1/Services?PageSize=50&Page=0",
    )


def test_a_client_that_does_not_trust_the_authority_is_not_answered(whoosh_tls_server: Server) -> None:
    with pytest.raises(requests.exceptions.SSLError):
        requests.get(whoosh_tls_server.url)


def test_each_server_has_an_authority_of_its_own(whoosh: Whoosh) -> None:
    with (
        Server(whoosh, tls=True) as one,
        Server(whoosh, tls=True) as other,
        pytest.raises(requests.exceptions.SSLError),
    ):
        requests.get(one.url, verify=str(other.ca_file))


@pytest.mark.parametrize(
    "name",
    [
        "localhost",
        "messaging.localhost",
        "api.twilio.com",
        "pricing.whoosh.totogi.solutions",
        "api.dublin.ie1.twilio.com",
        "api.dublin.ie1.totogidemos.com",
    ],
)
def test_the_certificate_is_good_for_every_name_that_the_server_is_called_by(
    whoosh_tls_server: Server, name: str
) -> None:
    trust = ssl.create_default_context(cafile=str(whoosh_tls_server.ca_file))
    address = ("127.0.0.1", urlsplit(whoosh_tls_server.url).port or 0)

    with socket.create_connection(address, timeout=10) as plain, trust.wrap_socket(plain, server_hostname=name) as safe:
        assert safe.version() == "TLSv1.3"


def test_the_authority_is_gone_with_the_server(whoosh: Whoosh) -> None:
    with Server(whoosh, tls=True) as server:
        ca_file = server.ca_file
        assert isinstance(ca_file, Path)
        assert ca_file.read_text().startswith("-----BEGIN CERTIFICATE-----")

    assert server.ca_file is None
    assert not ca_file.parent.exists()


def test_a_connection_that_its_client_keeps_is_closed_with_the_server(whoosh: Whoosh, call_to: type[Caller]) -> None:
    def use() -> Answer:
        call.send(kept, "GET", "/v1/Services")
        return call.read(kept)

    with Server(whoosh, tls=True) as server:
        call = call_to(server)
        kept = call.connect()
        assert use().status == 200

    with pytest.raises((ConnectionError, ssl.SSLEOFError)):
        use()
    gc.collect()  # a socket that the server had left open would be told of now


def test_the_environment_names_the_certificate_to_trust(whoosh_tls_server: Server) -> None:
    ca_file = str(whoosh_tls_server.ca_file)

    environment = whoosh_tls_server.environment

    assert environment["WHOOSH_URL"] == whoosh_tls_server.url
    assert {name: value for name, value in environment.items() if value == ca_file} == {
        "SSL_CERT_FILE": ca_file,
        "REQUESTS_CA_BUNDLE": ca_file,
        "NODE_EXTRA_CA_CERTS": ca_file,
        "CURL_CA_BUNDLE": ca_file,
    }


def test_the_sdk_is_led_to_the_server_by_its_url(
    whoosh_tls_server: Server, whoosh: Whoosh, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(whoosh_tls_server.ca_file))
    client = Client(
        whoosh.api_key, whoosh.api_secret, whoosh.account_sid, http_client=WhooshHttpClient(whoosh_tls_server.url)
    )

    for number in range(3):
        client.messages.create(to=PERSON, from_=SENDER, body=f"Message {number}")
        client.messaging.v1.services.create(friendly_name=f"Service {number}")

    assert [message.body for message in client.messages.list(page_size=1)] == ["Message 2", "Message 1", "Message 0"]
    services = [service.friendly_name for service in client.messaging.v1.services.list(page_size=1)]
    assert services == ["Service 2", "Service 1", "Service 0"]
    assert client.pricing.v1.messaging.countries("US").fetch().iso_country == "US"
    assert "https://api.twilio.com" not in whoosh.traffic()


@needs_curl
def test_curl_works_as_in_the_documentation(whoosh_tls_server: Server, whoosh: Whoosh) -> None:
    """With the documentation's own URL, which curl is told to connect elsewhere for."""
    port = urlsplit(whoosh_tls_server.url).port
    command = [
        "curl", "--silent", "--show-error", "--fail-with-body",
        "--connect-to", f"api.whoosh.totogi.solutions:443:127.0.0.1:{port}",
        "--cacert", str(whoosh_tls_server.ca_file),
        "-X", "POST", f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
        "--data-urlencode", f"From={SENDER}",
        "--data-urlencode", "Body=Hi there",
        "--data-urlencode", f"To={PERSON}",
        "-u", f"{whoosh.api_key}:{whoosh.api_secret}",
    ]  # fmt: skip

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert whoosh.assert_sent(from_=SENDER, to=PERSON, body="Hi there").sid in done.stdout


@needs_curl
def test_curl_works_with_the_environment_of_the_server(whoosh_tls_server: Server, whoosh: Whoosh) -> None:
    script = """
        curl --silent --show-error --fail-with-body -u "$WHOOSH_API_KEY:$WHOOSH_API_SECRET" \
            "$WHOOSH_URL/2010-04-01/Accounts/$WHOOSH_ACCOUNT_SID/Messages.json" \
            -d From=+15557122661 -d To=+15558675310 --data-urlencode "Body=Hi there"
    """.replace("=+", "=%2B")

    done = subprocess.run(
        ["sh", "-c", script],
        env={**os.environ, **whoosh_tls_server.environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert (done.returncode, done.stderr) == (0, "")
    whoosh.assert_sent(body="Hi there")


def test_a_server_with_tls_does_not_answer_plain_http(whoosh_tls_server: Server) -> None:
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(whoosh_tls_server.url.replace("https:", "http:"))
