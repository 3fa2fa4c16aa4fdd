"""The vendor's hosts, the product that each serves, and hosts of this machine."""

import pytest

from pytest_whoosh.engine.hosts import is_loopback, is_vendor, label_of


@pytest.mark.parametrize(
    ("host", "product"),
    [
        ("api.whoosh.totogi.solutions", "api"),
        ("messaging.whoosh.totogidemos.com", "messaging"),
        ("pricing.twilio.com", "pricing"),
        ("Content.Twilio.COM", "content"),
        ("api.twilio.com.", "api"),
        ("api.dublin.ie1.twilio.com", "api"),
        ("verify.twilio.com", "verify"),
        ("lookups.dublin.ie1.twilio.com", "lookups"),
        ("studio.twilio.com", "studio"),
        ("messagings.twilio.com", "messagings"),
        ("twilio.com", ""),
        ("twilio.com.", ""),
        ("whoosh.totogidemos.com", ""),
        ("totogidemos.com", ""),
        ("api.dublin.ie1.totogidemos.com", "api"),
        ("api.totogi.solutions", "api"),
        ("mms.twiliocdn.com", ""),
        ("api.twi\u00adlio.com", "api"),
        ("\uff41pi.twilio.\uff43om", "api"),
        ("api\u3002twilio\uff0ecom", "api"),
        ("api.twilio.com\uff61", "api"),
        ("API.TWILIO.COM..", "api"),
        ("api." + "\u00ad" * 300 + "twilio.com", "api"),
    ],
)
def test_the_first_label_of_a_vendor_host_names_its_product(host: str, product: str) -> None:
    assert (is_vendor(host), label_of(host)) == (True, product)


@pytest.mark.parametrize(
    "host",
    [
        "api.nottwilio.com",
        "nottwilio.com",
        "api.twilio.com.example.org",
        "twilio",
        "com",
        "",
        ".",
        "twiliocdn.com",
        "api.tw\u00eclio.com",
        "x" * 1000,
    ],
)
def test_other_hosts_are_not_the_vendors(host: str) -> None:
    assert (is_vendor(host), label_of(host)) == (False, "")


@pytest.mark.parametrize(
    ("host", "vendors"),
    [
        (b"api.twilio.com", True),
        (bytearray(b"API.TWILIO.COM."), True),
        (memoryview(b"api.twilio.com"), True),
        ("api.twi\u00adlio.com".encode(), True),
        (b"example.com", False),
        (b"\xff\xfe", False),
        (None, False),
        (443, False),
    ],
)
def test_a_host_can_be_bytes_and_nothing_else(host: object, vendors: bool) -> None:
    assert is_vendor(host) is vendors


@pytest.mark.parametrize(
    "host",
    [
        "localhost",
        "LocalHost",
        "localhost.",
        "app.localhost",
        "app.localhost.",
        "127.0.0.1",
        "127.8.9.10",
        "::1",
        "[::1]",
    ],
)
def test_this_machine_is_known_by_many_names(host: str) -> None:
    assert is_loopback(host)


@pytest.mark.parametrize("host", ["notlocalhost", "localhost.example", "10.0.0.1", "0.0.0.0", "::", "127", ""])
def test_another_machine_is_not_this_one(host: str) -> None:
    assert not is_loopback(host)
