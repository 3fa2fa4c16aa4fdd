"""The methods that set up the account return records."""

from collections.abc import Callable

import pytest

from pytest_whoosh import Whoosh
from pytest_whoosh.double.provisioning import Provisioning
from pytest_whoosh.engine.sids import sid_pattern
from tests.conftest import PERSON, SENDER

METHODS: dict[str, Callable[[Whoosh], object]] = {
    "add_application": lambda whoosh: whoosh.add_application(),
    "add_channel_sender": lambda whoosh: whoosh.add_channel_sender(f"whatsapp:{SENDER}"),
    "add_link_domain": lambda whoosh: whoosh.add_link_domain("go.example"),
    "add_lookup": lambda whoosh: whoosh.add_lookup(PERSON, carrier="Ma Bell"),
    "add_media": lambda whoosh: whoosh.add_media("https://app.example/cat.png", status=404),
    "add_messaging_service": lambda whoosh: whoosh.add_messaging_service("Reminders"),
    "add_number": lambda whoosh: whoosh.add_number(SENDER),
    "add_short_code": lambda whoosh: whoosh.add_short_code("12345"),
    "add_template": lambda whoosh: whoosh.add_template("Hi"),
    "add_verify_service": lambda whoosh: whoosh.add_verify_service("Acme"),
    "deactivate": lambda whoosh: whoosh.deactivate(PERSON),
    "opt_out": lambda whoosh: whoosh.opt_out(PERSON, SENDER),
    "set_approval": lambda whoosh: whoosh.set_approval(whoosh.add_template("Hi"), "pending"),
    "set_balance": lambda whoosh: whoosh.set_balance("0"),
    "set_price": lambda whoosh: whoosh.set_price("US", "0.0079"),
}


def test_each_method_is_checked() -> None:
    assert sorted(METHODS) == sorted(name for name in vars(Provisioning) if not name.startswith("_"))


@pytest.mark.parametrize("name", METHODS)
def test_each_method_returns_a_record_with_a_sid(whoosh: Whoosh, name: str) -> None:
    record = METHODS[name](whoosh)

    assert sid_pattern().fullmatch(getattr(record, "sid", ""))


def test_a_media_url_has_a_type_and_a_status(whoosh: Whoosh) -> None:
    missing = whoosh.add_media("https://app.example/cat.png", status=404)
    page = whoosh.add_media("https://app.example/page", b"<p>", content_type="text/html")

    assert (missing.url, missing.content_type, missing.status) == ("https://app.example/cat.png", "image/png", 404)
    assert (page.url, page.content_type, page.status) == ("https://app.example/page", "text/html", 200)
    assert missing.sid != page.sid
