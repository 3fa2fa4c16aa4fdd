"""The settings: how each is read, and the errors about invalid values."""

from datetime import timedelta

import pytest

from pytest_whoosh import Whoosh
from pytest_whoosh.engine.messages.lifecycle import DELAYS, Status
from pytest_whoosh.engine.settings import ABOUT, NAMES, duration, read_setting, read_settings

STEPS = "queued, sending, sent, delivered, undelivered, failed, read, price"


def test_every_setting_has_a_default() -> None:
    settings = read_settings({})

    assert {name: getattr(settings, name) for name in NAMES} == {
        "account_sid": "ACf00df00df00df00df00df00df00df00d",
        "api_key": "SKbeefbeefbeefbeefbeefbeefbeefbeef",
        "api_secret": "s3cr3tw0s3cr3tw0s3cr3tw0s3cr3tw0",
        "auth_token": "cafecafecafecafecafecafecafecafe",
        "credentials": "any",
        "senders": "any",
        "numbers": "possible",
        "callback_hosts": "any",
        "clock": "auto",
        "delays": DELAYS,
        "throughput": "unlimited",
        "callbacks": "mounted",
        "schedule_minimum": timedelta(minutes=15),
        "app_errors": "record",
        "env": {},
        "django_settings": {},
        "unfaked": "refuse",
        "guard": True,
        "url_host": None,
        "seed": 0,
    }


def test_every_setting_says_what_it_is_for() -> None:
    assert tuple(ABOUT) == NAMES
    assert all(ABOUT.values())


@pytest.mark.parametrize(
    ("name", "given", "read"),
    [
        ("account_sid", "AC" + "0aF1" * 8, "AC" + "0aF1" * 8),
        ("api_key", "SK" + "0aF1" * 8, "SK" + "0aF1" * 8),
        ("api_secret", "open sesame", "open sesame"),
        ("auth_token", "open sesame", "open sesame"),
        ("credentials", "exact", "exact"),
        ("senders", "owned", "owned"),
        ("numbers", "valid", "valid"),
        ("callback_hosts", "public", "public"),
        ("clock", "virtual", "virtual"),
        ("throughput", "realistic", "realistic"),
        ("callbacks", "http", "http"),
        ("app_errors", "raise", "raise"),
        ("url_host", None, None),
        ("url_host", "twilio", "api.twilio.com"),
        ("url_host", "whoosh", "api.whoosh.totogi.solutions"),
        ("url_host", "api.dublin.ie1.twilio.com", "api.dublin.ie1.twilio.com"),
        ("url_host", "proxy.example:8443", "proxy.example:8443"),
        ("guard", False, False),
        ("guard", "false", False),
        ("guard", " No ", False),
        ("guard", "0", False),
        ("guard", "off", False),
        ("guard", "True", True),
        ("guard", "yes", True),
        ("guard", "1", True),
        ("guard", "on", True),
        ("seed", 7, 7),
        ("seed", "-7", -7),
        ("seed", " 7 ", 7),
    ],
)
def test_a_setting_is_read_from_python_or_from_a_file(name: str, given: object, read: object) -> None:
    assert read_setting(name, given) == read


@pytest.mark.parametrize(
    ("given", "seconds"),
    [
        (timedelta(minutes=1), 60),
        (0, 0),
        (90, 90),
        (0.5, 0.5),
        ("90", 90),
        ("90s", 90),
        ("90 sec", 90),
        ("1 second", 1),
        ("1.5 Seconds", 1.5),
        ("2m", 120),
        ("2 min", 120),
        ("2 mins", 120),
        ("15 minutes", 900),
        ("3h", 10800),
        ("3 hrs", 10800),
        ("1 hour", 3600),
        ("1d", 86400),
        (" 2 days ", 172800),
    ],
)
def test_a_duration_can_be_spelled_in_many_ways(given: object, seconds: float) -> None:
    assert duration(given) == timedelta(seconds=seconds)


DURATION = 'a timedelta, a number of seconds, or a text such as "15 minutes"'


@pytest.mark.parametrize(
    ("name", "given", "wanted"),
    [
        ("account_sid", "AC1", "'AC' followed by 32 hexadecimal digits"),
        ("account_sid", "SK" + "0" * 32, "'AC' followed by 32 hexadecimal digits"),
        ("account_sid", None, "'AC' followed by 32 hexadecimal digits"),
        ("api_key", "AC" + "0" * 32, "'SK' followed by 32 hexadecimal digits"),
        ("api_secret", "", "a text that is not empty"),
        ("auth_token", 12345, "a text that is not empty"),
        ("credentials", "some", "one of 'any', 'exact'"),
        ("senders", ["+15557122661"], "one of 'any', 'owned'"),
        ("numbers", "invalid", "one of 'possible', 'valid'"),
        ("clock", True, "one of 'auto', 'frozen', 'virtual'"),
        ("throughput", "fast", "one of 'unlimited', 'realistic'"),
        ("callbacks", "none", "one of 'mounted', 'http'"),
        ("schedule_minimum", -1, DURATION),
        ("schedule_minimum", timedelta(seconds=-1), DURATION),
        ("schedule_minimum", float("nan"), DURATION),
        ("schedule_minimum", 1e300, f"{DURATION}, of at most 36,500 days"),
        ("schedule_minimum", timedelta.max, f"{DURATION}, of at most 36,500 days"),
        ("schedule_minimum", True, DURATION),
        ("schedule_minimum", "15 months", DURATION),
        ("schedule_minimum", "5 ms", DURATION),
        ("schedule_minimum", "soon", DURATION),
        ("unfaked", 404, "one of 'refuse', '404'"),
        ("guard", "maybe", "true or false"),
        ("guard", 1, "true or false"),
        ("seed", "1.5", "a whole number"),
        ("seed", 1.0, "a whole number"),
        ("seed", True, "a whole number"),
        ("delays", 3, 'a mapping such as {"delivered": timedelta(seconds=5)}, or "delivered=5, sent=1"'),
        ("delays", {"snt": 1}, f"delays by step. Unknown step 'snt'. Did you mean 'sent'? Valid: {STEPS}"),
        ("delays", {5: 1}, f"delays by step. Unknown step 5. Valid: {STEPS}"),
        ("delays", "5", 'delays such as "delivered=5, sent=1m"'),
        ("delays", "", 'delays such as "delivered=5, sent=1m"'),
        ("delays", "delivered 5", 'delays such as "delivered=5, sent=1m"'),
        ("delays", "sending=1s, sent 2s", 'delays such as "delivered=5, sent=1m"'),
        ("delays", ["sending=1s", "sent 2s"], 'delays such as "delivered=5, sent=1m"'),
        ("delays", "sent=soon", f"as the delay of 'sent' {DURATION}"),
        ("delays", {"sent": -1}, f"as the delay of 'sent' {DURATION}"),
    ],
)
def test_an_invalid_value_is_refused_with_a_valid_one(name: str, given: object, wanted: str) -> None:
    with pytest.raises(ValueError) as refusal:
        Whoosh(**{name: given})

    assert str(refusal.value) == f"Setting {name!r} cannot be {given!r}: it takes {wanted}."


def test_an_unknown_name_is_refused_with_the_near_one() -> None:
    with pytest.raises(TypeError) as refusal:
        Whoosh(delay=1)

    assert str(refusal.value) == "Unknown setting 'delay'. Did you mean 'delays'?"


def test_an_unknown_name_that_is_near_no_other_is_refused_with_the_valid_ones() -> None:
    with pytest.raises(TypeError) as refusal:
        Whoosh(start=1)

    assert str(refusal.value) == (
        "Unknown setting 'start'. Valid: account_sid, api_key, api_secret, auth_token, "
        "credentials, senders, numbers, callback_hosts, clock, delays, throughput, callbacks, schedule_minimum, "
        "app_errors, unfaked, env, django_settings, guard, url_host, seed."
    )


def test_delays_that_are_not_set_stay_as_they_are() -> None:
    delays = read_setting("delays", {"sending": 9})

    assert delays == {**DELAYS, Status.SENDING: timedelta(seconds=9)}
