"""Clients of the server that only know its URL."""

import http.client
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple
from urllib.parse import urlencode, urlsplit

import pytest

from pytest_whoosh import Server
from tests.conftest import PERSON, SENDER
from tests.interception.conftest import server as app_server  # noqa: F401  # an app at a port of this machine


class Answer(NamedTuple):
    """The response of a server."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Caller:
    """Calls a server over connections of its own, with the credentials of the double's account."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connections: list[http.client.HTTPConnection] = []

    def connect(self) -> http.client.HTTPConnection:
        parts = urlsplit(self._server.url)
        host, port = parts.hostname or "", parts.port
        if parts.scheme == "https":
            trust = ssl.create_default_context(cafile=str(self._server.ca_file))
            connection: http.client.HTTPConnection = http.client.HTTPSConnection(host, port, timeout=10, context=trust)
        else:
            connection = http.client.HTTPConnection(host, port, timeout=10)
        self._connections.append(connection)
        return connection

    def __call__(
        self, method: str, target: str, form: dict[str, str] | None = None, headers: dict[str, str] | None = None
    ) -> Answer:
        connection = self.connect()
        self.send(connection, method, target, form, headers)
        return self.read(connection)

    def send(
        self,
        connection: http.client.HTTPConnection,
        method: str,
        target: str,
        form: dict[str, str] | None = None,
        headers: dict[str, str] | None = None,
    ) -> None:
        whoosh = self._server.whoosh
        credentials = f"{whoosh.api_key}:{whoosh.api_secret}"
        form_type = {"Content-Type": "application/x-www-form-urlencoded"} if form else {}
        given = {"Authorization": basic(credentials), **form_type, **(headers or {})}
        connection.request(method, target, urlencode(form) if form else None, given)

    @staticmethod
    def read(connection: http.client.HTTPConnection) -> Answer:
        response = connection.getresponse()
        return Answer(response.status, response.headers, response.read())

    def control(self, method: str, operation: str, document: dict[str, Any] | None = None) -> Answer:
        connection = self.connect()
        body = None if document is None else json.dumps(document)
        connection.request(method, f"/_whoosh/{operation}", body, {"Content-Type": "application/json"} if body else {})
        return self.read(connection)

    def raw(self, sent: bytes) -> bytes:
        """Send bytes, and return everything that the server sends until it closes the connection."""
        parts = urlsplit(self._server.url)
        with socket.create_connection((parts.hostname or "", parts.port or 0), timeout=10) as connection:
            connection.sendall(sent)
            answered = b""
            while received := connection.recv(65536):
                answered += received
            return answered

    def close(self) -> None:
        for connection in self._connections:
            connection.close()


def basic(credentials: str) -> str:
    from base64 import b64encode

    return "Basic " + b64encode(credentials.encode()).decode()


@pytest.fixture
def call_to() -> Iterator[Callable[[Server], Caller]]:
    callers: list[Caller] = []

    def call_to(server: Server) -> Caller:
        callers.append(Caller(server))
        return callers[-1]

    yield call_to
    for caller in callers:
        caller.close()


@pytest.fixture
def call(whoosh_server: Server, call_to: Callable[[Server], Caller]) -> Caller:
    return call_to(whoosh_server)


@pytest.fixture
def messages(whoosh_server: Server) -> str:
    return f"/2010-04-01/Accounts/{whoosh_server.whoosh.account_sid}/Messages.json"


@pytest.fixture
def form() -> dict[str, str]:
    """Return the parameters of a valid message."""
    return {"To": PERSON, "From": SENDER, "Body": "Hi"}
