"""Apps with hard-coded hosts reach the fake with only ``HTTPS_PROXY`` and the authority's certificate."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from pytest_whoosh import Server, Whoosh
from tests.conftest import PERSON, SENDER

APP = f"""
import os
from twilio.rest import Client

client = Client(os.environ["TWILIO_ACCOUNT_SID"], os.environ["TWILIO_AUTH_TOKEN"])
client.messages.create(to="{PERSON}", from_="{SENDER}", body="Hi there")
for number in range(3):
    client.messaging.v1.services.create(friendly_name=f"Service {{number}}")
print(*[service.friendly_name for service in client.messaging.v1.services.list(page_size=1)], sep=", ")
"""
needs_curl = pytest.mark.skipif(shutil.which("curl") is None, reason="curl is not installed")


@pytest.fixture
def server(whoosh: Whoosh) -> Iterator[Server]:
    with Server(whoosh, tls=True, proxy=True) as server:
        yield server


def ask(server: Server, request: bytes) -> bytes:
    """Send a request to the proxy, and return all that it answers."""
    proxy = urlsplit(server.proxy_url or "")
    with socket.create_connection((proxy.hostname, proxy.port), timeout=10) as connection:
        connection.sendall(request)
        return b"".join(iter(lambda: connection.recv(4096), b""))


def run(command: list[str], server: Server) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, **server.environment}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)


def test_the_sdk_of_another_process_is_led_here_by_its_environment_alone(server: Server, whoosh: Whoosh) -> None:
    done = run([sys.executable, "-c", APP], server)

    assert (done.returncode, done.stdout) == (0, "Service 2, Service 1, Service 0\n"), done.stderr
    assert whoosh.assert_sent(to=PERSON).body == "Hi there"


@needs_curl
@pytest.mark.parametrize("host", ["messaging.twilio.com", "messaging.dublin.ie1.twilio.com"])
def test_links_lead_to_the_host_that_was_called(server: Server, host: str) -> None:
    command = f'curl -sS -u "$WHOOSH_API_KEY:$WHOOSH_API_SECRET" https://{host}/v1/Services'

    done = run(["sh", "-c", command], server)

    assert f'"url": "https://{host}/v1/Services?PageSize=50&Page=0"' in done.stdout, done.stderr


@needs_curl
def test_webhooks_name_the_host_that_was_called(server: Server) -> None:
    """See recorded.md 25."""
    run(["sh", "-c", 'curl -sS --cacert "$SSL_CERT_FILE" https://api.twilio.com/2010-04-01/Accounts.json'], server)
    server.whoosh.add_number(SENDER, sms_url="https://app.example/sms")

    server.whoosh.receive("Look", from_=PERSON, to=SENDER, media=["https://app.example/cat.png"])

    assert server.whoosh.callbacks[0].params["MediaUrl0"].startswith("https://api.twilio.com/2010-04-01/")


@needs_curl
def test_the_server_itself_is_reached_through_the_proxy_too(server: Server) -> None:
    done = run(["sh", "-c", 'curl -sS "$WHOOSH_URL/_whoosh/"'], server)

    assert server.url in done.stdout, done.stderr


@pytest.mark.parametrize(
    ("request_line", "status", "text"),
    [
        pytest.param(
            "CONNECT api.stripe.com:443",
            "403 Forbidden",
            "pytest-whoosh: api.stripe.com:443 is not a host of the vendor, and this proxy lets no call leave this "
            "machine. Add api.stripe.com to NO_PROXY to call it without the proxy.",
            id="another host",
        ),
        pytest.param(
            "CONNECT 10.9.9.9:443",
            "403 Forbidden",
            "pytest-whoosh: 10.9.9.9:443 is not a host of the vendor, and this proxy lets no call leave this machine. "
            "Add 10.9.9.9 to NO_PROXY to call it without the proxy.",
            id="an address",
        ),
        pytest.param(
            "CONNECT 127.0.0.1:1",
            "502 Bad Gateway",
            "pytest-whoosh: nothing listens at 127.0.0.1:1 on this machine.",
            id="a dead port of this machine",
        ),
        pytest.param(
            "CONNECT user@api.twilio.com:443",
            "400 Bad Request",
            "CONNECT takes a host and a port, such as api.twilio.com:443.",
            id="no host",
        ),
        pytest.param(
            "CONNECT api.twilio.com:99999",
            "400 Bad Request",
            "CONNECT takes a host and a port, such as api.twilio.com:443.",
            id="no port",
        ),
        pytest.param(
            "GET http://api.stripe.com/",
            "405 Method Not Allowed",
            "pytest-whoosh: this proxy only opens tunnels. Use it as HTTPS_PROXY, for https:// URLs.",
            id="no tunnel",
        ),
    ],
)
def test_calls_to_other_hosts_are_refused(server: Server, request_line: str, status: str, text: str) -> None:
    answer = ask(server, f"{request_line} HTTP/1.1\r\n\r\n".encode())

    head, _, body = answer.decode().partition("\r\n\r\n")
    assert (head.splitlines()[0], body) == (f"HTTP/1.1 {status}", f"{text}\n")


def test_a_tunnel_ends_with_the_server(whoosh: Whoosh) -> None:
    with Server(whoosh, tls=True, proxy=True) as server:
        proxy = urlsplit(server.proxy_url or "")
        kept = socket.create_connection((proxy.hostname, proxy.port), timeout=10)
        kept.sendall(b"CONNECT api.twilio.com:443 HTTP/1.1\r\n\r\n")
        assert kept.recv(4096) == b"HTTP/1.1 200 Connection established\r\n\r\n"

    with kept, contextlib.suppress(ConnectionError):
        assert kept.recv(4096) == b""
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((proxy.hostname, proxy.port), timeout=10)


def test_a_proxy_without_tls_is_refused_with_what_to_write(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError, match="An HTTPS proxy needs a server with TLS") as refused:
        Server(whoosh, proxy=True)

    assert str(refused.value) == (
        "An HTTPS proxy needs a server with TLS. Write Server(whoosh, tls=True, proxy=True), or on the "
        "command line serve --tls --proxy."
    )


def test_a_server_without_a_proxy_has_no_url_of_one(whoosh_tls_server: Server) -> None:
    assert whoosh_tls_server.proxy_url is None
    assert "HTTPS_PROXY" not in whoosh_tls_server.environment
