"""Applications over REST, and status callbacks to their URLs."""

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON

OURS = "+15557122661"


def applications_url(whoosh: Whoosh, tail: str = "") -> str:
    return f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/Applications{tail}.json"


def auth(whoosh: Whoosh) -> tuple[str, str]:
    return whoosh.account_sid, whoosh.auth_token


SETTINGS = {
    "friendly_name": "Support",
    "api_version": "2008-08-01",
    "message_status_callback": "https://app.example/messages",
    "sms_status_callback": "https://app.example/old-messages",
    "sms_url": "https://app.example/sms",
    "sms_method": "GET",
    "sms_fallback_url": "https://app.example/fallback",
    "sms_fallback_method": "GET",
    "status_callback": "https://app.example/calls",
    "status_callback_method": "GET",
    "voice_url": "https://app.example/voice",
    "voice_method": "GET",
    "voice_fallback_url": "https://app.example/voice-fallback",
    "voice_fallback_method": "GET",
    "voice_caller_id_lookup": True,
    "public_application_connect_enabled": True,
}


def test_an_application_without_parameters_has_the_defaults(whoosh: Whoosh, freezer) -> None:
    freezer.move_to("2030-05-06 07:08:09")

    answer = requests.post(applications_url(whoosh), auth=auth(whoosh))

    sid = answer.json()["sid"]
    assert answer.status_code == 201
    assert answer.json() == {
        "account_sid": whoosh.account_sid,
        "api_version": "2010-04-01",
        "date_created": "Mon, 06 May 2030 07:08:09 +0000",
        "date_updated": "Mon, 06 May 2030 07:08:09 +0000",
        "friendly_name": "",
        "message_status_callback": None,
        "sid": sid,
        "sms_fallback_method": "POST",
        "sms_fallback_url": None,
        "sms_method": "POST",
        "sms_status_callback": None,
        "sms_url": None,
        "status_callback": None,
        "status_callback_method": "POST",
        "uri": f"/2010-04-01/Accounts/{whoosh.account_sid}/Applications/{sid}.json",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": None,
        "voice_method": "POST",
        "voice_url": None,
        "public_application_connect_enabled": False,
    }


def test_every_property_that_an_app_sets_shows_when_the_application_is_fetched(client: Client) -> None:
    created = client.applications.create(**SETTINGS)

    fetched = client.applications(created.sid).fetch()

    assert {name: getattr(fetched, name) for name in SETTINGS} == SETTINGS


def test_an_update_changes_only_posted_properties(client: Client) -> None:
    application = client.applications.create(**SETTINGS)

    application.update(friendly_name="Sales", sms_url="https://app.example/new")

    fetched = client.applications(application.sid).fetch()
    assert {name: getattr(fetched, name) for name in SETTINGS} == {
        **SETTINGS,
        "friendly_name": "Sales",
        "sms_url": "https://app.example/new",
    }


def test_an_empty_parameter_clears_a_property(client: Client) -> None:
    application = client.applications.create(**SETTINGS)

    cleared = application.update(message_status_callback="", sms_fallback_method="", friendly_name="")

    assert cleared.message_status_callback is None
    assert (cleared.sms_fallback_method, cleared.friendly_name) == ("POST", "")


def test_an_application_that_the_test_adds_is_the_record_that_the_api_shows(whoosh: Whoosh, client: Client) -> None:
    added = whoosh.add_application(friendly_name="Support", message_status_callback="https://app.example/messages")

    client.applications(added.sid).update(friendly_name="Sales")

    (listed,) = client.applications.list()
    assert (listed.sid, listed.friendly_name) == (added.sid, "Sales")
    assert listed.message_status_callback == "https://app.example/messages"
    assert added.friendly_name == "Sales"


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"MessageStatusCallback": "nowhere"}, 21402),
        ({"SmsUrl": "nowhere"}, 21402),
        ({"VoiceUrl": "https://under_score.example"}, 21402),
        ({"SmsMethod": "PUT"}, 21403),
        ({"SmsFallbackUrl": "https://app.example/fallback"}, 21406),
        ({"VoiceFallbackUrl": "https://app.example/fallback"}, 21405),
        ({"FriendlyName": "x" * 65}, 20002),
        ({"ApiVersion": "1999-01-01"}, 20422),
    ],
    ids=lambda value: next(iter(value)) if isinstance(value, dict) else str(value),
)
def test_an_invalid_application_is_refused(whoosh: Whoosh, client: Client, form: dict[str, str], code: int) -> None:
    existing = whoosh.add_application(friendly_name="Support")

    answers = [
        requests.post(applications_url(whoosh), data=form, auth=auth(whoosh)),
        requests.post(applications_url(whoosh, f"/{existing.sid}"), data=form, auth=auth(whoosh)),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(400, code)] * 2
    assert [each.friendly_name for each in client.applications.list()] == ["Support"]


def test_a_deleted_application_is_gone(client: Client) -> None:
    application = client.applications.create()

    assert application.delete() is True

    assert client.applications.list() == []
    with pytest.raises(TwilioRestException) as refusal:
        application.fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 20404)


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("sid", ["AP" + "0" * 32, "12"], ids=["unknown", "malformed"])
def test_an_unknown_application_is_not_found(whoosh: Whoosh, method: str, sid: str) -> None:
    answer = requests.request(method, applications_url(whoosh, f"/{sid}"), auth=auth(whoosh))

    assert answer.status_code == 404
    assert answer.json()["message"] == (
        f"The requested resource /2010-04-01/Accounts/{whoosh.account_sid}/Applications/{sid}.json was not found"
    )


def test_lists_show_the_newest_first_across_page_boundaries(whoosh: Whoosh, client: Client) -> None:
    sids = [whoosh.add_application(friendly_name=str(count)).sid for count in range(5)]

    assert [each.sid for each in client.applications.list(page_size=2)] == sids[::-1]
    assert [each.sid for each in client.applications.list(limit=3, page_size=2)] == sids[:1:-1]


def test_lists_are_filtered_by_the_whole_name(whoosh: Whoosh, client: Client) -> None:
    wanted = whoosh.add_application(friendly_name="Support")
    whoosh.add_application(friendly_name="Support 2")

    assert [each.sid for each in client.applications.list(friendly_name="Support")] == [wanted.sid]


# Reports


@pytest.mark.parametrize(
    ("properties", "reported_to"),
    [
        ({"message_status_callback": "https://app.example/new"}, "https://app.example/new"),
        ({"sms_status_callback": "https://app.example/old"}, "https://app.example/old"),
        (
            {"message_status_callback": "https://app.example/new", "sms_status_callback": "https://app.example/old"},
            "https://app.example/new",
        ),
        ({"status_callback": "https://app.example/calls"}, None),
    ],
    ids=["its callback", "the deprecated one", "both", "that of calls"],
)
def test_messages_sent_with_an_application_are_reported_to_it(
    whoosh: Whoosh, client: Client, properties: dict[str, str], reported_to: str | None
) -> None:
    application = client.applications.create(**properties)
    client.messages.create(
        from_=OURS,
        to=PERSON,
        body="Hi",
        application_sid=application.sid,
        status_callback="https://app.example/ignored",
    )

    whoosh.settle()

    assert {callback.url for callback in whoosh.callbacks} == ({reported_to} if reported_to else set())


def test_a_deleted_application_cannot_be_sent_with(client: Client) -> None:
    application = client.applications.create()
    application.delete()

    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(from_=OURS, to=PERSON, body="Hi", application_sid=application.sid)

    assert (refusal.value.status, refusal.value.code) == (400, 21420)
