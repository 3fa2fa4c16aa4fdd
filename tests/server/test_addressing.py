"""A call's host, first path segment or path determines the product; links lead back to the server."""

import re

import pytest

from pytest_whoosh import Server, Whoosh

from .conftest import Caller

MESSAGING = "https://messaging.whoosh.totogi.solutions"


@pytest.mark.parametrize(
    ("host", "target", "meant", "origin"),
    [
        pytest.param("", "/messaging/v1/Services", MESSAGING, "{url}/messaging", id="path prefix"),
        pytest.param("", "/v1/Services", MESSAGING, "{url}", id="path alone"),
        pytest.param("localhost:{port}", "/v1/Services", MESSAGING, "http://localhost:{port}", id="localhost"),
        pytest.param(
            "localhost:{port}",
            "/messaging/v1/Services",
            MESSAGING,
            "http://localhost:{port}/messaging",
            id="localhost with a path prefix",
        ),
        pytest.param(
            "messaging.localhost:{port}",
            "/v1/Services",
            MESSAGING,
            "http://messaging.localhost:{port}",
            id="product.localhost",
        ),
        pytest.param(
            "", "/messaging/messaging/v1/Services", MESSAGING, "{url}/messaging", id="path prefix that is repeated"
        ),
        pytest.param(
            "messaging.localhost:{port}",
            "/messaging/v1/Services",
            MESSAGING,
            "http://messaging.localhost:{port}/messaging",
            id="product.localhost with a path prefix",
        ),
        pytest.param(
            "messaging.twilio.com:{port}",
            "/messaging/v1/Services",
            "https://messaging.twilio.com",
            "http://messaging.twilio.com:{port}/messaging",
            id="a vendor's host that leads to the server, with a path prefix",
        ),
        pytest.param(
            "messaging.twilio.com",
            "/messaging/messaging/v1/Services",
            "https://messaging.twilio.com",
            "{url}/messaging",
            id="Twilio's host with a path prefix that is repeated",
        ),
        pytest.param(
            "messaging.twilio.com",
            "/v1/Services",
            "https://messaging.twilio.com",
            "{url}/messaging",
            id="Twilio's host",
        ),
        pytest.param(
            "messaging.dublin.ie1.twilio.com",
            "/v1/Services",
            "https://messaging.dublin.ie1.twilio.com",
            "{url}/messaging",
            id="Twilio's host with its region and edge",
        ),
        pytest.param(
            "MESSAGING.Whoosh.Totogi.Solutions", "/v1/Services", MESSAGING, "{url}/messaging", id="Whoosh's host"
        ),
        pytest.param(
            "messaging.twilio.com:{port}",
            "/v1/Services",
            "https://messaging.twilio.com",
            "http://messaging.twilio.com:{port}",
            id="a vendor's host that leads to the server",
        ),
    ],
)
def test_one_server_serves_every_product_and_its_links_lead_back(
    whoosh_server: Server, call: Caller, host: str, target: str, meant: str, origin: str
) -> None:
    url = whoosh_server.url
    names = {"url": url, "port": url.rpartition(":")[2]}
    headers = {"Host": host.format_map(names)} if host else {}

    answer = call("POST", target, {"FriendlyName": "Reminders"}, headers)

    assert answer.json()["url"] == f"{origin.format_map(names)}/v1/Services/{answer.json()['sid']}"
    assert f"POST {meant}/v1/Services -> 201" in whoosh_server.whoosh.traffic()


def test_a_client_that_takes_the_server_for_its_proxy_is_answered(whoosh_server: Server, call: Caller) -> None:
    answer = call.raw(
        b"GET http://messaging.twilio.com/v1/Services HTTP/1.1\r\nHost: messaging.twilio.com\r\n"
        b"Authorization: Basic YTpi\r\nConnection: close\r\n\r\n"
    )

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert "GET https://messaging.twilio.com/v1/Services -> 200" in whoosh_server.whoosh.traffic()


@pytest.mark.parametrize(
    ("target", "meant"),
    [
        ("/2010-04-01/Accounts.json", "https://api.whoosh.totogi.solutions/2010-04-01/Accounts.json"),
        ("/api/2010-04-01/Accounts.json", "https://api.whoosh.totogi.solutions/2010-04-01/Accounts.json"),
        ("/v1/Deactivations", "https://messaging.whoosh.totogi.solutions/v1/Deactivations"),
        ("/v1/Messaging/Countries", "https://pricing.whoosh.totogi.solutions/v1/Messaging/Countries"),
        ("/pricing/v1/Messaging/Countries?x=1", "https://pricing.whoosh.totogi.solutions/v1/Messaging/Countries?x=1"),
        ("/v1/Content", "https://content.whoosh.totogi.solutions/v1/Content"),
        ("/content/v1/Content", "https://content.whoosh.totogi.solutions/v1/Content"),
        ("/v1/ContentAndApprovals", "https://content.whoosh.totogi.solutions/v1/ContentAndApprovals"),
        ("/v1/LegacyContent", "https://content.whoosh.totogi.solutions/v1/LegacyContent"),
        ("/v2/Channels/Senders", "https://messaging.whoosh.totogi.solutions/v2/Channels/Senders"),
        ("/v1/a2p/BrandRegistrations", "https://messaging.whoosh.totogi.solutions/v1/a2p/BrandRegistrations"),
        ("/studio/v2/Flows", "https://studio.whoosh.totogi.solutions/v2/Flows"),
        ("/voice/v1", "https://voice.whoosh.totogi.solutions/v1"),
        ("/v1/Nothing", "https://api.whoosh.totogi.solutions/v1/Nothing"),
        ("/messaging", "https://messaging.whoosh.totogi.solutions/"),
        ("/nothing?at=/v1/Services", "https://api.whoosh.totogi.solutions/nothing?at=/v1/Services"),
    ],
    ids=lambda value: value if value.startswith("/") else "",
)
def test_a_path_determines_its_product(whoosh_server: Server, call: Caller, target: str, meant: str) -> None:
    call("GET", target)

    assert re.findall(r"GET (\S+)", whoosh_server.whoosh.traffic()) == [meant]


@pytest.mark.parametrize("prefix", ["/messaging", ""])
def test_pages_are_followed_to_the_last(whoosh_server: Server, call: Caller, prefix: str) -> None:
    for number in range(3):
        whoosh_server.whoosh.add_messaging_service(f"Service {number}")
    names = []

    url = f"{whoosh_server.url}{prefix}/v1/Services?PageSize=1"
    while url:
        page = call("GET", url.removeprefix(whoosh_server.url)).json()
        names += [service["friendly_name"] for service in page["services"]]
        url = page["meta"]["next_page_url"]

    assert names == ["Service 2", "Service 1", "Service 0"]


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "127.8.8.8", "[::1]", "localhost", "app.localhost", "api.localhost", "api.twilio.com"]
)
def test_names_of_this_machine_and_of_the_vendor_are_answered(call: Caller, host: str) -> None:
    assert call("GET", "/2010-04-01/Accounts.json", headers={"Host": f"{host}:8080"}).status == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "localhost.evil.example", "192.168.1.5", "api.evil.example", "intranet"]
)
def test_other_names_are_refused_because_a_page_could_point_them_here(
    whoosh_server: Server, call: Caller, host: str
) -> None:
    explanation = (
        f"This server does not answer for the host '{host}:8080'. Call it at {whoosh_server.url}, or with a host "
        "of the vendor. To use another name of this machine, start the server with --host."
    )

    api = call("GET", "/2010-04-01/Accounts.json", headers={"Host": f"{host}:8080"})
    control = call("GET", "/_whoosh/outbox", headers={"Host": f"{host}:8080"})
    page = call("GET", "/", headers={"Host": f"{host}:8080"})

    assert (api.status, api.json()) == (
        403,
        {
            "code": 20403,
            "message": explanation,
            "more_info": "https://www.twilio.com/docs/errors/20403",
            "status": 403,
        },
    )
    assert (control.status, control.json()) == (403, {"error": explanation})
    assert (page.status, page.json()) == (403, api.json())


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("whoosh", 200),
        ("whoosh.test", 200),
        ("host.docker.internal", 200),
        ("172.17.0.2", 200),
        ("[fd00::2]", 200),
        ("messaging.whoosh.local", 200),
        ("evil.example", 403),
        ("internal.evil.example", 403),
    ],
)
def test_a_server_that_is_open_to_a_network_is_called_by_the_names_that_only_such_a_network_has(
    whoosh: Whoosh, call_to: type[Caller], host: str, status: int
) -> None:
    with Server(whoosh, host="0.0.0.0") as server:
        call = call_to(server)

        assert call("GET", "/2010-04-01/Accounts.json", headers={"Host": f"{host}:8080"}).status == status


def test_links_lead_to_the_name_that_a_network_calls_the_server_by(whoosh: Whoosh, call_to: type[Caller]) -> None:
    with Server(whoosh, host="0.0.0.0") as server:
        call = call_to(server)

        page = call("GET", "/messaging/v1/Services", headers={"Host": "whoosh:8080"}).json()

        assert server.url.startswith("http://127.0.0.1:")
        assert page["meta"]["url"].startswith("http://whoosh:8080/messaging/v1/Services?")


def test_the_sdk_in_this_process_is_still_answered_in_memory(whoosh_server: Server, client) -> None:
    client.messaging.v1.services.create(friendly_name="Reminders")

    assert "POST https://messaging.twilio.com/v1/Services -> 201" in whoosh_server.whoosh.traffic()
