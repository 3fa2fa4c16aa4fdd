"""Messaging Services over REST."""

from datetime import timedelta
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON

SERVICES = "https://messaging.whoosh.totogi.solutions/v1/Services"
AUTH = ("SK" + "0" * 32, "secret")
UNKNOWN = "MG" + "0" * 32


def post(path: str = "", **form: str) -> tuple[int, dict[str, Any]]:
    response = requests.post(SERVICES + path, data=form, auth=AUTH, timeout=5)
    return response.status_code, response.json()


# Create


@pytest.mark.whoosh(clock="frozen")
def test_a_service_created_by_name_alone_has_the_documented_defaults(whoosh: Whoosh) -> None:
    status, document = post(FriendlyName="Reminders")

    [service] = whoosh._vendor.resources.services
    address = f"{SERVICES}/{service.sid}"
    created = whoosh.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert status == 201
    assert document == {
        "sid": service.sid,
        "account_sid": whoosh.account_sid,
        "friendly_name": "Reminders",
        "date_created": created,
        "date_updated": created,
        "inbound_request_url": None,
        "inbound_method": "POST",
        "fallback_url": None,
        "fallback_method": "POST",
        "status_callback": None,
        "sticky_sender": True,
        "mms_converter": True,
        "smart_encoding": True,
        "scan_message_content": "inherit",
        "fallback_to_long_code": True,
        "area_code_geomatch": True,
        "validity_period": 14400,
        "synchronous_validation": False,
        "usecase": "undeclared",
        "us_app_to_person_registered": False,
        "use_inbound_webhook_on_number": False,
        "url": address,
        "links": {
            "phone_numbers": f"{address}/PhoneNumbers",
            "short_codes": f"{address}/ShortCodes",
            "alpha_senders": f"{address}/AlphaSenders",
            "channel_senders": f"{address}/ChannelSenders",
            "destination_alpha_senders": f"{address}/DestinationAlphaSenders",
            "messages": f"{address}/Messages",
            "us_app_to_person": f"{address}/Compliance/Usa2p",
            "us_app_to_person_usecases": f"{address}/Compliance/Usa2p/Usecases",
        },
    }


SETTINGS: dict[str, Any] = {
    "friendly_name": "Alerts",
    "inbound_request_url": "https://app.example/inbound",
    "inbound_method": "GET",
    "fallback_url": "https://app.example/fallback",
    "fallback_method": "GET",
    "status_callback": "https://app.example/status",
    "sticky_sender": False,
    "mms_converter": False,
    "smart_encoding": False,
    "scan_message_content": "disable",
    "fallback_to_long_code": False,
    "area_code_geomatch": False,
    "validity_period": 60,
    "synchronous_validation": True,
    "usecase": "notifications",
    "use_inbound_webhook_on_number": True,
}


def shown(service: Any) -> dict[str, Any]:
    return {name: getattr(service, name) for name in SETTINGS}


def test_a_service_is_created_with_every_setting(client: Client) -> None:
    service = client.messaging.v1.services.create(**SETTINGS)

    assert shown(service) == SETTINGS
    assert shown(client.messaging.v1.services(str(service.sid)).fetch()) == SETTINGS


def test_a_service_is_updated_in_every_setting(client: Client) -> None:
    service = client.messaging.v1.services.create("Before")

    updated = service.update(**SETTINGS)

    assert shown(updated) == SETTINGS
    assert shown(service.fetch()) == SETTINGS


def test_an_update_keeps_other_properties(client: Client) -> None:
    service = client.messaging.v1.services.create(**SETTINGS)

    service.update(friendly_name="Renamed")

    assert shown(service.fetch()) == {**SETTINGS, "friendly_name": "Renamed"}


def test_an_update_is_dated(whoosh: Whoosh, client: Client) -> None:
    service = client.messaging.v1.services.create("Reminders")
    created = service.date_created

    whoosh.travel(hours=1)
    service.update(friendly_name="Renamed")

    fetched = client.messaging.v1.services(str(service.sid)).fetch()
    assert (fetched.date_created, fetched.date_updated) == (created, created + timedelta(hours=1))


@pytest.mark.parametrize("name", ["inbound_request_url", "fallback_url", "status_callback"])
def test_an_empty_url_is_cleared(client: Client, name: str) -> None:
    service = client.messaging.v1.services.create(**SETTINGS)

    updated = service.update(**{name: ""})

    assert shown(updated) == {**SETTINGS, name: None}


@pytest.mark.parametrize("name", ["FriendlyName", "InboundMethod", "Usecase", "ValidityPeriod", "StickySender"])
def test_any_other_empty_parameter_is_ignored(client: Client, name: str) -> None:
    service = client.messaging.v1.services.create(**SETTINGS)

    post(f"/{service.sid}", **{name: ""})

    assert shown(service.fetch()) == SETTINGS


@pytest.mark.parametrize("name", ["missing", "empty"])
def test_a_service_needs_a_name(whoosh: Whoosh, name: str) -> None:
    form = {"FriendlyName": ""} if name == "empty" else {}

    assert post(**form) == (
        400,
        {
            "code": 20001,
            "message": "Missing required parameter FriendlyName in the post body",
            "more_info": "https://www.twilio.com/docs/errors/20001",
            "status": 400,
        },
    )


@pytest.mark.parametrize(
    ("parameter", "value", "code", "message"),
    [
        pytest.param("FriendlyName", "x" * 65, 20422, "Invalid Parameter", id="name too long"),
        pytest.param("InboundRequestUrl", "app.example", 21402, "Invalid Url", id="inbound URL"),
        pytest.param("InboundMethod", "PUT", 21403, "Invalid Method", id="inbound method"),
        pytest.param("FallbackUrl", "ftp://app.example", 21402, "Invalid Url", id="fallback URL"),
        pytest.param("FallbackMethod", "post", 21403, "Invalid Method", id="fallback method"),
        pytest.param(
            "StatusCallback",
            "nowhere",
            21609,
            "The 'StatusCallback' URL nowhere is not a valid URL",
            id="status callback",
        ),
        pytest.param("ScanMessageContent", "maybe", 20422, "Invalid Parameter", id="scan"),
        pytest.param("ValidityPeriod", "0", 21624, "Invalid validity period value", id="no validity"),
        pytest.param("ValidityPeriod", "14401", 21624, "Invalid validity period value", id="too long a validity"),
        pytest.param("ValidityPeriod", "soon", 21624, "Invalid validity period value", id="no number"),
        pytest.param("Usecase", "spam", 21713, "Messaging Service Use Case is Invalid", id="use case"),
    ],
)
def test_an_invalid_setting_is_refused(whoosh: Whoosh, parameter: str, value: str, code: int, message: str) -> None:
    service = whoosh.add_messaging_service("Reminders")

    status, document = post(**{"FriendlyName": "Alerts", parameter: value})
    again = post(f"/{service.sid}", **{parameter: value})

    assert (status, document["code"], document["message"]) == (400, code, message)
    assert again == (status, document)
    assert (len(whoosh._vendor.resources.services), service.date_updated) == (1, service.date_created)


@pytest.mark.parametrize("value", ["1", "14400"])
def test_both_ends_of_the_validity_period_are_accepted(whoosh: Whoosh, value: str) -> None:
    status, document = post(FriendlyName="Alerts", ValidityPeriod=value)

    assert (status, document["validity_period"]) == (201, int(value))


def test_a_name_of_64_characters_is_accepted(whoosh: Whoosh) -> None:
    status, document = post(FriendlyName="x" * 64)

    assert (status, document["friendly_name"]) == (201, "x" * 64)


# Read


def test_a_service_that_the_test_added_is_found_over_rest(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", status_callback="https://app.example/status")

    fetched = client.messaging.v1.services(service.sid).fetch()

    assert (fetched.sid, fetched.friendly_name, fetched.status_callback) == (
        service.sid,
        "Reminders",
        "https://app.example/status",
    )


def test_services_are_listed_newest_first_across_pages(whoosh: Whoosh, client: Client) -> None:
    sids = [whoosh.add_messaging_service(f"Service {number}").sid for number in range(5)]

    listed = [service.sid for service in client.messaging.v1.services.list(page_size=2)]
    limited = [service.sid for service in client.messaging.v1.services.stream(limit=3, page_size=2)]

    assert listed == sids[::-1]
    assert limited == sids[:1:-1]


def test_pages_of_services_lead_to_one_another(whoosh: Whoosh, client: Client) -> None:
    sids = [whoosh.add_messaging_service(f"Service {number}").sid for number in range(5)][::-1]

    first = client.messaging.v1.services.page(page_size=2)
    second = first.next_page()
    back = second.previous_page() if second else None

    assert second
    assert back
    assert [[service.sid for service in page] for page in (second, back)] == [sids[2:4], sids[:2]]


def test_the_pages_of_a_list_stay_on_the_requested_host(whoosh: Whoosh) -> None:
    services = [whoosh.add_messaging_service(f"Service {number}") for number in range(3)]

    meta = requests.get(SERVICES, params={"PageSize": "1", "Page": "1"}, auth=AUTH, timeout=5).json()["meta"]

    middle = services[1].sid
    assert meta == {
        "page": 1,
        "page_size": 1,
        "first_page_url": f"{SERVICES}?PageSize=1&Page=0",
        "previous_page_url": f"{SERVICES}?PageSize=1&Page=0&PageToken=PB{middle}",
        "url": f"{SERVICES}?PageSize=1&Page=1",
        "next_page_url": f"{SERVICES}?PageSize=1&Page=2&PageToken=PA{middle}",
        "key": "services",
    }


def test_a_page_of_more_than_1000_services_is_refused(whoosh: Whoosh) -> None:
    response = requests.get(SERVICES, params={"PageSize": "1001"}, auth=AUTH, timeout=5)

    assert (response.status_code, response.json()["code"]) == (400, 20007)


@pytest.mark.parametrize("sid", [UNKNOWN, "MG123", "Reminders"])
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_an_unknown_service_is_not_found(whoosh: Whoosh, method: str, sid: str) -> None:
    response = requests.request(method, f"{SERVICES}/{sid}", auth=AUTH, timeout=5)

    assert (response.status_code, response.json()) == (
        404,
        {
            "code": 20404,
            "message": f"The requested resource /Services/{sid} was not found",
            "more_info": "https://www.twilio.com/docs/errors/20404",
            "status": 404,
        },
    )


def test_the_messages_of_a_service_are_not_listed(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders")

    response = requests.get(f"{SERVICES}/{service.sid}/Messages", auth=AUTH, timeout=5)

    assert (response.status_code, response.json()["code"]) == (404, 20404)


def test_the_use_cases_are_listed(client: Client) -> None:
    usecases = client.messaging.v1.usecases.fetch().usecases

    assert usecases is not None
    assert [sorted(usecase) for usecase in usecases] == [["description", "purpose", "usecase"]] * 6
    assert [usecase["usecase"] for usecase in usecases] == [
        "notifications",
        "marketing",
        "verification",
        "discussion",
        "poll",
        "undeclared",
    ]


def test_the_api_host_also_answers_a_client_that_sends_everything_there(whoosh: Whoosh) -> None:
    url = "https://api.whoosh.totogi.solutions/v1/Services"

    response = requests.post(url, data={"FriendlyName": "Reminders"}, auth=AUTH, timeout=5)

    document = response.json()
    assert (response.status_code, document["url"]) == (201, f"{url}/{document['sid']}")


# Delete


def test_a_deleted_service_is_gone_and_its_numbers_stay(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    other = client.messaging.v1.services.create("Other")

    deleted = client.messaging.v1.services(service.sid).delete()

    [number] = whoosh._vendor.resources.numbers
    assert deleted
    assert [left.sid for left in client.messaging.v1.services.list()] == [other.sid]
    assert other.phone_numbers.create(phone_number_sid=number.sid).phone_number == "+15557122661"


def test_a_deleted_service_sends_no_more(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    client.messaging.v1.services(service.sid).delete()

    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi")

    assert (refusal.value.status, refusal.value.code) == (404, 21701)


def test_a_scheduled_message_of_a_deleted_service_fails_when_it_is_due(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    client.messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        body="Hi",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=1),
    )
    client.messaging.v1.services(service.sid).delete()

    whoosh.travel(hours=1)

    message = whoosh.assert_sent(status="failed")
    assert (message.error_code, message.error_message) == (21701, "The Messaging Service does not exist")
    assert message.messaging_service_sid == service.sid


# Properties that a service's messages inherit


def test_messages_inherit_the_status_callback(whoosh: Whoosh, client: Client) -> None:
    service = client.messaging.v1.services.create("Reminders", status_callback="https://app.example/status")
    service.alpha_senders.create("ACME")

    client.messages.create(to="+447700900123", messaging_service_sid=str(service.sid), body="Hi")
    client.messages.create(
        to="+447700900123",
        messaging_service_sid=str(service.sid),
        body="Hi",
        status_callback="https://app.example/own",
    )

    assert [message.status_callback for message in whoosh.outbox] == [
        "https://app.example/status",
        "https://app.example/own",
    ]


@pytest.mark.parametrize(
    ("setting", "parameter", "body"),
    [
        pytest.param(True, None, "It's on", id="the service replaces"),
        pytest.param(False, None, "It’s on", id="the service does not"),
        pytest.param(True, False, "It’s on", id="the message does not"),
        pytest.param(False, True, "It's on", id="the message replaces"),
    ],
)
def test_messages_inherit_smart_encoding_unless_they_set_it(
    whoosh: Whoosh, client: Client, setting: bool, parameter: bool | None, body: str
) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"], smart_encoding=setting)
    said = {} if parameter is None else {"smart_encoded": parameter}

    client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="It’s on", **said)

    assert whoosh.outbox[0].body == body
