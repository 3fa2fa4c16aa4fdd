"""Shared fixtures: servers on the loopback interface, and the fake's addresses."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER


@dataclass
class Heard:
    """A request that a server received."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Server:
    """A real HTTP server on the loopback interface. ``answer`` returns its responses."""

    url: str
    heard: list[Heard] = field(default_factory=list)
    answer: Callable[[Heard], tuple[int, dict[str, str], bytes]] = lambda heard: (200, {}, b"from the real server")

    @property
    def port(self) -> int:
        return int(self.url.rpartition(":")[2])


@pytest.fixture
def server() -> Iterator[Server]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.0"

        def handle_any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            heard = Heard(self.command, self.path, dict(self.headers), self.rfile.read(length))
            server.heard.append(heard)
            status, headers, body = server.answer(heard)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_CONNECT = do_PUT = handle_any

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as httpd:
        server = Server(f"http://127.0.0.1:{httpd.server_address[1]}")
        thread = threading.Thread(target=httpd.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        httpd.shutdown()
        thread.join()


@pytest.fixture
def messages_url(whoosh: Whoosh) -> str:
    return f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"


@pytest.fixture
def auth(whoosh: Whoosh) -> tuple[str, str]:
    return whoosh.api_key, whoosh.api_secret


@pytest.fixture
def form() -> dict[str, str]:
    """A valid message."""
    return {"To": PERSON, "From": SENDER, "Body": "Hi"}
