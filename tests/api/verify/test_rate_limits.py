"""Rate limits of a Verify service, for each value of a key."""

from typing import Any

import pytest
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON

from .test_verifications import OTHER, refusal

Service = Any
BY_IP = {"end_user_ip_address": "127.0.0.1"}


@pytest.fixture
def service(whoosh: Whoosh, client: Client) -> Service:
    """Return a Verify service as the SDK shows it."""
    return client.verify.v2.services(whoosh.add_verify_service("Acme").sid)


@pytest.fixture
def limit(service: Service) -> Any:
    """Create a rate limit that allows two verifications a minute."""
    limit = service.rate_limits.create(unique_name="end_user_ip_address", description="By address")
    service.rate_limits(limit.sid).buckets.create(max=2, interval=60)
    return limit


@pytest.mark.usefixtures("limit")
def test_a_full_bucket_refuses_until_its_interval_is_over(whoosh: Whoosh, service: Service) -> None:
    for person in (PERSON, OTHER):
        service.verifications.create(to=person, channel="sms", rate_limits=BY_IP)

    refused = refusal(service.verifications.create, to="+15558675312", channel="sms", rate_limits=BY_IP)
    elsewhere = {"end_user_ip_address": "127.0.0.2"}

    assert refused[:2] == (429, 20429)
    assert service.verifications.create(to=PERSON, channel="sms", rate_limits=elsewhere).status == "pending"
    assert service.verifications.create(to=PERSON, channel="sms").status == "pending"

    whoosh.travel(minutes=1)

    assert service.verifications.create(to="+15558675312", channel="sms", rate_limits=BY_IP).status == "pending"


def test_an_unknown_limit_is_refused(service: Service) -> None:
    assert refusal(service.verifications.create, to=PERSON, channel="sms", rate_limits=BY_IP) == (
        400,
        60200,
        "Invalid parameter: RateLimits",
    )


def test_a_limit_is_created_read_changed_and_deleted(service: Service, limit: Any) -> None:
    assert [each.sid for each in service.rate_limits.list()] == [limit.sid]
    assert service.rate_limits(limit.sid).update(description="Else").description == "Else"
    assert service.rate_limits(limit.sid).fetch().unique_name == "end_user_ip_address"

    assert service.rate_limits(limit.sid).delete()

    assert service.rate_limits.list() == []
    assert refusal(service.rate_limits(limit.sid).fetch)[:2] == (404, 20404)


def test_a_bucket_is_created_read_changed_and_deleted(service: Service, limit: Any) -> None:
    buckets = service.rate_limits(limit.sid).buckets
    (bucket,) = buckets.list()

    assert buckets(bucket.sid).update(max=5).max == 5
    assert (buckets(bucket.sid).fetch().max, buckets(bucket.sid).fetch().interval) == (5, 60)
    assert refusal(buckets.create, max=1, interval=60)[:2] == (409, 60211)

    assert buckets(bucket.sid).delete()

    assert buckets.list() == []
    assert refusal(buckets(bucket.sid).fetch)[:2] == (404, 20404)


def test_names_and_numbers_are_limited(service: Service, limit: Any) -> None:
    assert refusal(service.rate_limits.create, unique_name="end_user_ip_address")[:2] == (409, 60208)
    assert refusal(service.rate_limits.create, unique_name="a b")[:2] == (400, 60209)
    for n in range(9):
        service.rate_limits.create(unique_name=f"key{n}")
    assert refusal(service.rate_limits.create, unique_name="one.more")[:2] == (400, 60207)
    buckets = service.rate_limits(limit.sid).buckets
    assert refusal(buckets.create, max=0, interval=5) == (400, 60200, "Invalid parameter: Max")
    for n in range(9):
        buckets.create(max=1, interval=n + 1)
    assert refusal(buckets.create, max=1, interval=600)[:2] == (400, 60210)
