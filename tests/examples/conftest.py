"""The appointment app, wired to the fake: everything it needs that is not its own code."""

from collections.abc import Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from reminders import Config, Store, create_app

from pytest_whoosh import Whoosh


@pytest.fixture
def config(whoosh: Whoosh) -> Config:
    service = whoosh.add_messaging_service(
        "Reminders", senders=["+15557122661"], inbound_request_url="https://app.example/sms/inbound"
    )
    return Config(
        sender="+15557122661",
        messaging_service=service.sid,
        public_url="https://app.example",
        auth_token=whoosh.auth_token,
    )


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with closing(Store(tmp_path / "reminders.sqlite3")) as store:
        yield store


@pytest.fixture
def pauses() -> list[float]:
    """The seconds the app would have waited, had this not been a test."""
    return []


@pytest.fixture
def app(whoosh: Whoosh, config: Config, store: Store, pauses: list[float]) -> Flask:
    app = create_app(config, store, pause=pauses.append)
    whoosh.mount(config.public_url, app)
    return app


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def next_week(whoosh: Whoosh) -> datetime:
    return (whoosh.now + timedelta(days=7)).replace(minute=30, second=0, microsecond=0)
