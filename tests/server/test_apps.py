"""An app in a process of its own, with a database: it calls the fake over HTTPS, and is called back over HTTP."""

import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from pytest_whoosh import Server, Whoosh
from tests.conftest import PERSON


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "orders.db"


@pytest.fixture
def shop(whoosh_tls_server: Server, database: Path) -> Iterator[str]:
    """The URL of the app."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.server.orders", str(database)],
        cwd=Path(__file__).parents[2],
        env={**os.environ, **whoosh_tls_server.environment},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,  # where one of the tests has it raise
        text=True,
    )
    assert process.stdout is not None
    yield process.stdout.readline().strip()
    process.communicate(timeout=60)
    assert process.returncode == 0


def orders(database: Path) -> list[tuple[str, str]]:
    with sqlite3.connect(database) as connection:
        found = connection.execute("SELECT what, status FROM orders ORDER BY rowid").fetchall()
    connection.close()
    return found


def test_an_order_is_confirmed_and_its_delivery_noted(whoosh: Whoosh, shop: str, database: Path) -> None:
    answer = requests.post(f"{shop}/orders", {"phone": PERSON, "what": "tea"}, timeout=60)

    message = whoosh.assert_sent(to=PERSON, body="Your order of tea is on its way.")
    assert (answer.status_code, answer.text) == (201, message.sid)
    assert orders(database) == [("tea", "queued")]

    whoosh.settle()

    assert orders(database) == [("tea", "queued, sent, delivered")]
    assert [(callback.response_status, callback.error) for callback in message.callbacks] == [(204, None)] * 2


def test_a_text_that_is_not_delivered_is_noted_too(whoosh: Whoosh, shop: str, database: Path) -> None:
    whoosh.when(to=PERSON).undeliver(30003)
    requests.post(f"{shop}/orders", {"phone": PERSON, "what": "tea"}, timeout=60)

    whoosh.travel(days=1)

    assert orders(database) == [("tea", "queued, sent, undelivered")]


def test_a_customer_who_opted_out_is_not_texted(whoosh: Whoosh, shop: str, database: Path) -> None:
    whoosh.opt_out(PERSON, "+15557122661")

    answer = requests.post(f"{shop}/orders", {"phone": PERSON, "what": "tea"}, timeout=60)

    assert (answer.status_code, answer.text) == (
        422,
        "21610: Unable to create record: Attempt to send to unsubscribed recipient",
    )
    assert orders(database) == []
    whoosh.assert_nothing_sent()


def test_a_scripted_disconnect_reaches_the_app_as_a_lost_connection(whoosh: Whoosh, shop: str, database: Path) -> None:
    whoosh.when(to=PERSON).disconnect()

    with pytest.raises(requests.ConnectionError):  # the app does not catch it, and loses its own client
        requests.post(f"{shop}/orders", {"phone": PERSON, "what": "tea"}, timeout=60)

    assert orders(database) == []
