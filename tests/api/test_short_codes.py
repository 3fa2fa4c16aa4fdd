"""The account's short codes over REST."""

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh


def codes_url(whoosh: Whoosh, tail: str = "") -> str:
    return f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/SMS/ShortCodes{tail}.json"


def auth(whoosh: Whoosh) -> tuple[str, str]:
    return whoosh.account_sid, whoosh.auth_token


def test_a_short_code_that_the_test_adds_shows_every_property(freezer, whoosh: Whoosh) -> None:
    freezer.move_to("2030-05-06 07:08:09")
    code = whoosh.add_short_code("12345")

    answer = requests.get(codes_url(whoosh, f"/{code.sid}"), auth=auth(whoosh))

    assert answer.status_code == 200
    assert answer.json() == {
        "account_sid": whoosh.account_sid,
        "api_version": "2010-04-01",
        "date_created": "Mon, 06 May 2030 07:08:09 +0000",
        "date_updated": "Mon, 06 May 2030 07:08:09 +0000",
        "friendly_name": "12345",
        "short_code": "12345",
        "sid": code.sid,
        "sms_fallback_method": "POST",
        "sms_fallback_url": None,
        "sms_method": "POST",
        "sms_url": None,
        "uri": f"/2010-04-01/Accounts/{whoosh.account_sid}/SMS/ShortCodes/{code.sid}.json",
    }


def test_a_short_code_is_updated(whoosh: Whoosh, client: Client) -> None:
    code = whoosh.add_short_code("12345")

    updated = client.short_codes(code.sid).update(
        friendly_name="Votes",
        api_version="2008-08-01",
        sms_url="https://app.example/sms",
        sms_method="GET",
        sms_fallback_url="https://app.example/fallback",
        sms_fallback_method="GET",
    )

    assert (code.friendly_name, code.sms_url) == ("Votes", "https://app.example/sms")
    assert (updated.friendly_name, updated.api_version) == ("Votes", "2008-08-01")
    assert (updated.sms_url, updated.sms_method) == ("https://app.example/sms", "GET")
    assert (updated.sms_fallback_url, updated.sms_fallback_method) == ("https://app.example/fallback", "GET")


def test_an_empty_parameter_clears_the_url_of_a_short_code(whoosh: Whoosh, client: Client) -> None:
    code = whoosh.add_short_code("12345", sms_url="https://app.example/sms", sms_method="GET")

    cleared = client.short_codes(code.sid).update(sms_url="", sms_method="")

    assert (cleared.sms_url, cleared.sms_method) == (None, "POST")


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"SmsUrl": "nowhere"}, 21402),
        ({"SmsFallbackUrl": "ftp://app.example"}, 21402),
        ({"SmsMethod": "PATCH"}, 21403),
        ({"SmsFallbackMethod": "post"}, 21403),
        ({"SmsFallbackUrl": "https://app.example/fallback"}, 21406),
        ({"FriendlyName": "x" * 65}, 20002),
        ({"ApiVersion": "1999-01-01"}, 20422),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
def test_an_invalid_update_of_a_short_code_is_refused(whoosh: Whoosh, form: dict[str, str], code: int) -> None:
    short_code = whoosh.add_short_code("12345")

    answer = requests.post(codes_url(whoosh, f"/{short_code.sid}"), data=form, auth=auth(whoosh))

    assert (answer.status_code, answer.json()["code"]) == (400, code)
    assert (short_code.sms_url, short_code.friendly_name) == (None, "12345")


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({}, ["54321", "12399", "12345"]),
        ({"short_code": "12345"}, ["12345"]),
        ({"short_code": "123**"}, ["12399", "12345"]),
        ({"short_code": "321"}, ["54321"]),
        ({"friendly_name": "Votes"}, ["54321"]),
        ({"friendly_name": "12345"}, ["12345"]),
    ],
    ids=str,
)
def test_short_codes_are_listed_and_filtered(
    whoosh: Whoosh, client: Client, filters: dict[str, str], found: list[str]
) -> None:
    whoosh.add_short_code("12345")
    whoosh.add_short_code("12399")
    whoosh.add_short_code("54321", friendly_name="Votes")

    assert [each.short_code for each in client.short_codes.list(page_size=2, **filters)] == found


def test_short_codes_can_neither_be_made_nor_deleted(whoosh: Whoosh) -> None:
    code = whoosh.add_short_code("12345")

    answers = [
        requests.post(codes_url(whoosh), data={"ShortCode": "54321"}, auth=auth(whoosh)),
        requests.delete(codes_url(whoosh, f"/{code.sid}"), auth=auth(whoosh)),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(405, 20004), (405, 20004)]


def test_an_unknown_short_code_is_not_found(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        client.short_codes("SC" + "0" * 32).fetch()

    assert (refusal.value.status, refusal.value.code) == (404, 20404)


def test_a_property_of_another_name_is_answered_with_the_right_one_only(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.add_number("+15557122661", sms_webhook="https://app.example/sms")

    assert str(refused.value) == "Unknown property of PhoneNumber 'sms_webhook'. Did you mean 'sms_url'?"

    with pytest.raises(TypeError) as refused:
        whoosh.add_messaging_service("Desk", pool=["+15557122661"])

    assert str(refused.value) == "Unknown property of MessagingService 'pool'. Did you mean 'senders'?"


def test_the_code_itself_cannot_be_set(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.add_short_code("12345", short_code="54321")

    assert str(refused.value) == (
        "Unknown property of ShortCode 'short_code'. Valid: friendly_name, api_version, sms_url, sms_method, "
        "sms_fallback_url, sms_fallback_method, country, mms_capable."
    )
