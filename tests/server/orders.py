"""A shop's orders, as an app of its own: a process with a database, which only the environment leads to the server.

Run as ``python -m tests.server.orders DATABASE``: prints its URL, and serves until its standard input ends.
"""

import os
import sqlite3
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl

from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from pytest_whoosh import WhooshHttpClient
from tests.conftest import SENDER


class Orders(BaseHTTPRequestHandler):
    """``POST /orders`` accepts an order and texts the customer. ``POST /status`` receives the status of the text."""

    def do_POST(self) -> None:
        form = dict(parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        status, text = {"/orders": self.take, "/status": self.hear}[self.path](form)
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def take(self, form: dict[str, str]) -> tuple[int, str]:
        client = Client(
            os.environ["WHOOSH_API_KEY"],
            os.environ["WHOOSH_API_SECRET"],
            os.environ["WHOOSH_ACCOUNT_SID"],
            http_client=WhooshHttpClient(),
        )
        try:
            message = client.messages.create(
                to=form["phone"],
                from_=SENDER,
                body=f"Your order of {form['what']} is on its way.",
                status_callback=f"{self.url}/status",
            )
        except TwilioRestException as refused:
            return 422, f"{refused.code}: {refused.msg}"
        with sqlite3.connect(sys.argv[1]) as database:
            database.execute("INSERT INTO orders VALUES (?, ?, ?)", (form["what"], message.sid, message.status))
        return 201, message.sid

    def hear(self, form: dict[str, str]) -> tuple[int, str]:
        validator = RequestValidator(os.environ["TWILIO_AUTH_TOKEN"])
        if not validator.validate(f"{self.url}/status", form, self.headers["X-Twilio-Signature"]):
            return 403, "not signed"
        with sqlite3.connect(sys.argv[1]) as database:
            status = (form["MessageStatus"], form["MessageSid"])
            database.execute("UPDATE orders SET status = status || ', ' || ? WHERE sid = ?", status)
        return 204, ""

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_address[1]}"

    def log_message(self, *_: object) -> None:
        pass


def main() -> None:
    with sqlite3.connect(sys.argv[1]) as database:
        database.execute("CREATE TABLE orders (what TEXT, sid TEXT, status TEXT)")
    with ThreadingHTTPServer(("127.0.0.1", 0), Orders) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
        sys.stdin.read()
        server.shutdown()


if __name__ == "__main__":
    main()
