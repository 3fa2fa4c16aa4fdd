"""Verify services and attempts, and all responses of Verify compared with the SDK's instances."""

from datetime import datetime
from typing import Any

import pytest
import requests
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON

from .test_verifications import OTHER, refusal

VERIFICATION: dict[str, type] = {
    "sid": str, "service_sid": str, "account_sid": str, "to": str, "channel": str, "status": str, "valid": bool,
    "lookup": dict, "amount": str, "payee": str, "send_code_attempts": list, "date_created": str, "date_updated": str,
    "sna": dict, "url": str,
}  # fmt: skip
#: The types of each resource's fields, except None.
FIELDS: dict[str, dict[str, type]] = {
    "service": {
        "sid": str, "account_sid": str, "friendly_name": str, "code_length": int, "lookup_enabled": bool,
        "psd2_enabled": bool, "skip_sms_to_landlines": bool, "dtmf_input_required": bool, "tts_name": str,
        "do_not_share_warning_enabled": bool, "custom_code_enabled": bool, "push": dict, "totp": dict,
        "default_template_sid": str, "whatsapp": dict, "passkeys": dict, "verify_event_subscription_enabled": bool,
        "date_created": str, "date_updated": str, "url": str, "links": dict,
    },
    "verification": VERIFICATION,
    "check": {
        "sid": str, "service_sid": str, "account_sid": str, "to": str, "channel": str, "status": str, "valid": bool,
        "amount": str, "payee": str, "date_created": str, "date_updated": str, "sna_attempts_error_codes": list,
    },
    "rate_limit": {
        "sid": str, "service_sid": str, "account_sid": str, "unique_name": str, "description": str,
        "date_created": str, "date_updated": str, "url": str, "links": dict,
    },
    "bucket": {
        "sid": str, "rate_limit_sid": str, "service_sid": str, "account_sid": str, "max": int, "interval": int,
        "date_created": str, "date_updated": str, "url": str,
    },
    "attempt": {
        "sid": str, "account_sid": str, "service_sid": str, "verification_sid": str, "date_created": str,
        "date_updated": str, "conversion_status": str, "channel": str, "price": dict, "channel_data": dict, "url": str,
    },
    "summary": {
        "total_attempts": int, "total_converted": int, "total_unconverted": int, "conversion_rate_percentage": str,
        "url": str,
    },
}  # fmt: skip


def shown(instance: object) -> dict[str, Any]:
    """Return the public properties of an SDK instance, with dates as the API writes them."""
    return {
        name: f"{value:%Y-%m-%dT%H:%M:%SZ}" if isinstance(value, datetime) else value
        for name, value in vars(instance).items()
        if not name.startswith("_")
    }


def one_of_each(whoosh: Whoosh, client: Client) -> dict[str, Any]:
    """Return one SDK instance of every resource."""
    verify = client.verify.v2
    service = verify.services.create(friendly_name="Acme", lookup_enabled=True, psd2_enabled=True, tts_name="Ada")
    limits = verify.services(service.sid).rate_limits
    limit = limits.create(unique_name="ip", description="By address")
    bucket = limits(limit.sid).buckets.create(max=5, interval=60)
    payment = {"amount": "39.99", "payee": "Acme"}
    verification = verify.services(service.sid).verifications.create(to=PERSON, channel="sms", **payment)
    check = verify.services(service.sid).verification_checks.create(to=PERSON, code="0000", **payment)
    whoosh.settle()
    (attempt,) = verify.verification_attempts.list()
    return {
        "service": service,
        "verification": verification,
        "check": check,
        "rate_limit": limit,
        "bucket": bucket,
        "attempt": attempt,
        "summary": verify.verification_attempts_summary().fetch(),
    }


@pytest.mark.parametrize("resource", FIELDS)
def test_an_answer_has_the_properties_of_the_sdk(whoosh: Whoosh, client: Client, resource: str) -> None:
    instance = one_of_each(whoosh, client)[resource]
    fields = FIELDS[resource]

    assert shown(instance).keys() == fields.keys()
    assert all(value is None or isinstance(value, fields[name]) for name, value in shown(instance).items())
    if "url" in fields:
        document = requests.get(instance.url, auth=client.auth).json()
        assert document.keys() == fields.keys()
        assert all(value is None or isinstance(value, fields[name]) for name, value in document.items())


def test_a_service_is_created_read_changed_and_deleted(whoosh: Whoosh, client: Client) -> None:
    services = client.verify.v2.services
    created = services.create(friendly_name="Acme", code_length=4)

    assert (created.code_length, created.custom_code_enabled, created.lookup_enabled) == (4, False, False)
    assert services(created.sid).fetch().friendly_name == "Acme"
    assert services(created.sid).update(code_length=8, friendly_name="Else").code_length == 8
    added = whoosh.add_verify_service("By test", code_length=5)
    assert [each.sid for each in services.list()] == [added.sid, created.sid]
    assert services(added.sid).fetch().code_length == 5

    assert services(created.sid).delete()

    assert refusal(services(created.sid).fetch)[:2] == (404, 20404)


def test_a_service_has_its_nested_settings(client: Client) -> None:
    service = client.verify.v2.services.create(
        friendly_name="Acme",
        push_include_date=True,
        totp_code_length=8,
        totp_issuer="Acme Inc.",
        whatsapp_from="whatsapp:+15557122661",
        passkeys_relying_party_origins="login.example.com,www.example.com",
    )

    assert service.push["include_date"] is True
    assert (service.totp["code_length"], service.totp["issuer"]) == (8, "Acme Inc.")
    assert service.whatsapp["from"] == "whatsapp:+15557122661"
    assert service.passkeys["relying_party"]["origins"] == ["login.example.com", "www.example.com"]


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"friendly_name": "x" * 31}, "Invalid parameter: FriendlyName"),
        ({"friendly_name": ""}, "Invalid parameter: FriendlyName"),
        ({"friendly_name": "Acme", "code_length": 3}, "Invalid parameter: CodeLength"),
        ({"friendly_name": "Acme", "code_length": 11}, "Invalid parameter: CodeLength"),
    ],
    ids=str,
)
def test_a_service_refuses_wrong_settings(client: Client, properties: Any, text: str) -> None:
    assert refusal(client.verify.v2.services.create, **properties) == (400, 60200, text)


@pytest.mark.parametrize(
    ("properties", "text"),
    [
        ({"code_length": 3}, "code_length=3: code_length takes a whole number from 4 to 10."),
        ({"code_lenght": 6}, "Unknown property of VerifyService 'code_lenght'. Did you mean 'code_length'?"),
    ],
    ids=str,
)
def test_a_wrong_setting_of_a_test_is_refused_with_the_valid_ones(whoosh: Whoosh, properties: Any, text: str) -> None:
    with pytest.raises((TypeError, ValueError)) as refused:
        whoosh.add_verify_service("Acme", **properties)

    assert str(refused.value).startswith(text)


def test_attempts_are_listed_with_their_results(whoosh: Whoosh, client: Client) -> None:
    verify = client.verify.v2
    sid = whoosh.add_verify_service("Acme").sid
    service = verify.services(sid)
    whoosh.when(to=OTHER).undeliver(30008)
    for person in (PERSON, OTHER):
        service.verifications.create(to=person, channel="sms")
    service.verifications.create(to="ada@example.com", channel="email")
    whoosh.settle()
    service.verification_checks.create(to=PERSON, code=whoosh.last_code(PERSON))

    attempts = verify.verification_attempts.list()

    assert [(each.channel, each.conversion_status) for each in attempts] == [
        ("email", "unconverted"),
        ("sms", "unconverted"),
        ("sms", "converted"),
    ]
    email, failed, converted = (each.channel_data for each in attempts)
    assert (converted["status"], converted["message_status"], converted["to"]) == ("confirmed", "delivered", PERSON)
    assert (failed["status"], failed["message_status"], failed["error_code"]) == ("unconfirmed", "undelivered", "30008")
    assert "message_status" not in email
    assert verify.verification_attempts(attempts[1].sid).fetch().verification_sid == attempts[1].verification_sid
    assert refusal(verify.verification_attempts("VL" + "0" * 32).fetch)[:2] == (404, 20404)


def test_attempts_are_filtered_and_counted(whoosh: Whoosh, client: Client) -> None:
    verify = client.verify.v2
    service = verify.services(whoosh.add_verify_service("Acme").sid)
    for person in (PERSON, OTHER, OTHER):
        service.verifications.create(to=person, channel="sms")
    service.verification_checks.create(to=OTHER, code=whoosh.last_code(OTHER))

    def found(**filters: Any) -> int:
        return len(verify.verification_attempts.list(**filters))

    assert (found(), found(channel_data_to=PERSON), found(status="converted")) == (3, 1, 1)
    assert (found(country="US"), found(country="GB"), found(channel="call")) == (3, 0, 0)
    assert found(verification_sid=whoosh.verifications[0].sid) == 1
    summary = verify.verification_attempts_summary().fetch()
    assert (summary.total_attempts, summary.total_converted, summary.total_unconverted) == (3, 1, 2)
    assert summary.conversion_rate_percentage == "33.333333333"
