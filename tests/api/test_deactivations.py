"""Deactivations: the daily report of the numbers that carriers deactivated."""

from datetime import date, datetime

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh

HOSTS = ["messaging.whoosh.totogi.solutions", "messaging.twilio.com", "api.whoosh.totogi.solutions"]
AUTH = ("SK" + "0" * 32, "secret")


def url(host: str = HOSTS[0]) -> str:
    return f"https://{host}/v1/Deactivations"


@pytest.fixture
def whoosh(freezer) -> Whoosh:
    freezer.move_to("2030-05-06 07:08:09")
    with Whoosh() as whoosh:
        yield whoosh


def test_the_report_of_a_day_lists_its_numbers_sorted_one_on_a_line(whoosh: Whoosh, client: Client) -> None:
    whoosh.deactivate("+15558675311", on=date(2030, 5, 5))
    whoosh.deactivate("(555) 867-5310", on=date(2030, 5, 5))
    whoosh.deactivate("+15558675312", on=date(2030, 5, 4))

    report = client.messaging.v1.deactivations().fetch(date=date(2030, 5, 5))

    answer = requests.get(report.redirect_to)
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/plain")
    assert answer.text == "15558675310\n15558675311\n"


def test_a_number_is_in_the_report_of_a_day_once(whoosh: Whoosh, client: Client) -> None:
    whoosh.deactivate("+15558675310", on=date(2030, 5, 5))
    whoosh.deactivate("+15558675310", on=date(2030, 5, 5))

    report = client.messaging.v1.deactivations().fetch(date="2030-05-05")

    assert requests.get(report.redirect_to).text == "15558675310\n"


def test_a_day_without_deactivations_has_an_empty_report(client: Client) -> None:
    report = client.messaging.v1.deactivations().fetch(date="2030-05-05")

    assert requests.get(report.redirect_to).text == ""


@pytest.mark.parametrize("host", HOSTS)
def test_the_response_redirects_to_a_file_on_the_requested_host(whoosh: Whoosh, host: str) -> None:
    answer = requests.get(url(host), params={"Date": "2030-05-05"}, auth=AUTH, allow_redirects=False)

    assert answer.status_code == 307
    assert list(answer.json()) == ["redirect_to"]
    assert answer.json()["redirect_to"] == answer.headers["Location"]
    assert answer.headers["Location"].startswith(f"{url(host)}/2030-05-05.txt?Expires=")


def test_a_client_that_follows_redirects_gets_the_report_at_once(whoosh: Whoosh) -> None:
    whoosh.deactivate("+15558675310", on=date(2030, 5, 5))

    assert requests.get(url(), params={"Date": "2030-05-05"}, auth=AUTH).text == "15558675310\n"


def test_a_number_deactivated_today_is_in_the_report_tomorrow(whoosh: Whoosh, client: Client) -> None:
    whoosh.deactivate("+15558675310")
    whoosh.travel(days=1)

    report = client.messaging.v1.deactivations().fetch(date="2030-05-06")

    assert requests.get(report.redirect_to).text == "15558675310\n"


def test_the_day_of_a_moment_is_its_day_in_utc(whoosh: Whoosh, client: Client) -> None:
    whoosh.deactivate("+15558675310", on=datetime.fromisoformat("2030-05-04T23:30:00-05:00"))

    report = client.messaging.v1.deactivations().fetch(date="2030-05-05")

    assert requests.get(report.redirect_to).text == "15558675310\n"


@pytest.mark.parametrize(
    ("day", "code", "text"),
    [
        (None, 30115, "Date format is incorrect"),
        ("", 30115, "Date format is incorrect"),
        ("05/05/2030", 30115, "Date format is incorrect"),
        ("2030-5-5", 30115, "Date format is incorrect"),
        ("٢٠٣٠-٠٥-٠٥", 30115, "Date format is incorrect"),
        ("2030-02-30", 30115, "Date format is incorrect"),
        ("2030-05-06", 30114, "Specified date is not available yet"),
        ("2031-01-01", 30114, "Specified date is not available yet"),
        ("2030-03-06", 30113, "Specified date is too old"),
    ],
    ids=[
        "no day",
        "an empty one",
        "American",
        "short",
        "other digits",
        "none in the calendar",
        "today",
        "the future",
        "61 days ago",
    ],
)
def test_a_day_without_a_report_is_refused(whoosh: Whoosh, day: str | None, code: int, text: str) -> None:
    answer = requests.get(url(), params={"Date": day}, auth=AUTH)

    assert answer.status_code == 400
    assert answer.json() == {
        "code": code,
        "message": text,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": 400,
    }


def test_the_oldest_report_is_sixty_days_old(client: Client) -> None:
    report = client.messaging.v1.deactivations().fetch(date="2030-03-07")

    assert requests.get(report.redirect_to).status_code == 200


def test_the_sdk_raises_what_the_api_refuses(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        client.messaging.v1.deactivations().fetch(date="2030-05-06")

    assert (refusal.value.status, refusal.value.code) == (400, 30114)


def test_the_file_needs_a_signature_but_no_credentials(whoosh: Whoosh) -> None:
    whoosh.deactivate("+15558675310", on=date(2030, 5, 5))
    address = requests.get(url(), params={"Date": "2030-05-05"}, auth=AUTH, allow_redirects=False).json()["redirect_to"]

    forged = [
        address.replace("2030-05-05.txt", "2030-05-04.txt"),
        address.partition("?")[0],
        address.partition("Signature=")[0] + "Signature=" + "0" * 64,
        address.partition("Signature=")[0] + "Signature=é",
        address.replace("Expires=", "Expires=9"),
    ]

    assert [requests.get(each).status_code for each in forged] == [403] * 5
    assert requests.get(address).text == "15558675310\n"


def test_the_file_is_available_for_two_minutes(whoosh: Whoosh) -> None:
    address = requests.get(url(), params={"Date": "2030-05-05"}, auth=AUTH, allow_redirects=False).json()["redirect_to"]

    whoosh.travel(seconds=120)
    within = requests.get(address).status_code
    whoosh.travel(seconds=1)
    answer = requests.get(address)

    assert within == 200
    assert answer.status_code == 403
    assert answer.json() == {
        "code": 20403,
        "message": "Request has expired",
        "more_info": "https://www.twilio.com/docs/errors/20403",
        "status": 403,
    }


@pytest.mark.parametrize("number", ["+447400123456", "12345", "whatsapp:+15558675310", "", None], ids=repr)
def test_only_numbers_of_the_united_states_are_deactivated(whoosh: Whoosh, number: object) -> None:
    with pytest.raises(ValueError) as refusal:
        whoosh.deactivate(number)  # type: ignore[arg-type]

    assert str(refusal.value) == (f'deactivate() takes a US number such as "+15558675310", not {number!r}.')


def test_the_day_of_a_deactivation_is_a_date(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refusal:
        whoosh.deactivate("+15558675310", on="2030-05-05")  # type: ignore[arg-type]

    assert str(refusal.value) == "deactivate() takes the day as on=date(2030, 1, 31), not '2030-05-05'."
