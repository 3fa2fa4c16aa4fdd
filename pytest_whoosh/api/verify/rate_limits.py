"""Rate limits of Verify services, and their buckets.

See https://www.twilio.com/docs/verify/api/service-rate-limits and .../service-rate-limit-buckets
"""

import re
from typing import Final

from pytest_whoosh.api.dates import format_iso8601
from pytest_whoosh.api.forms import read_changes
from pytest_whoosh.api.paging import list_result_v1
from pytest_whoosh.api.routing import ApiResult, Call, Routes
from pytest_whoosh.engine.account.resources import Bucket, RateLimit
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.limits import MOST_BUCKETS, MOST_RATE_LIMITS
from pytest_whoosh.engine.verify import invalid_parameter

from .services import service_or_404

routes = Routes("/v2/Services/{service_sid}/RateLimits")

_UNIQUE_NAME: Final = re.compile("[A-Za-z0-9_.-]{1,64}")


@routes.post("")
def create_rate_limit(call: Call, service_sid: str) -> ApiResult:
    """Create a rate limit."""
    service = service_or_404(call, service_sid)
    limits = [limit for limit in call.account.resources.records_of(RateLimit) if limit.service_sid == service.sid]
    name = call.request.form.get("UniqueName", [""])[0].strip()
    if not _UNIQUE_NAME.fullmatch(name):
        raise ApiError(60209)
    if any(limit.unique_name == name for limit in limits):
        raise ApiError(60208)
    if len(limits) >= MOST_RATE_LIMITS:
        raise ApiError(60207)
    properties = read_changes(RateLimit, call.request.form)
    limit = call.vendor.create(RateLimit, call.account, service_sid=service.sid, unique_name=name, **properties)
    return ApiResult(_render(call, limit), 201, limit.sid)


@routes.get("")
def list_rate_limit(call: Call, service_sid: str) -> ApiResult:
    """List a service's rate limits, newest first."""
    service = service_or_404(call, service_sid)
    return list_result_v1(
        call,
        "rate_limits",
        call.account.resources.records_of(RateLimit),
        lambda limit: _render(call, limit),
        matches=lambda limit: limit.service_sid == service.sid,
    )


@routes.get("/{rate_limit_sid}")
def fetch_rate_limit(call: Call, service_sid: str, rate_limit_sid: str) -> ApiResult:
    """Fetch a rate limit."""
    return ApiResult(_render(call, _rate_limit_or_404(call, service_sid, rate_limit_sid)), sid=rate_limit_sid)


@routes.post("/{rate_limit_sid}")
def update_rate_limit(call: Call, service_sid: str, rate_limit_sid: str) -> ApiResult:
    """Change a rate limit's description."""
    limit = _rate_limit_or_404(call, service_sid, rate_limit_sid)
    call.vendor.update(limit, read_changes(RateLimit, call.request.form))
    return ApiResult(_render(call, limit), sid=rate_limit_sid)


@routes.delete("/{rate_limit_sid}")
def delete_rate_limit(call: Call, service_sid: str, rate_limit_sid: str) -> ApiResult:
    """Delete a rate limit and its buckets."""
    limit = _rate_limit_or_404(call, service_sid, rate_limit_sid)
    for bucket in _buckets_of(call, limit):
        call.account.resources.remove(bucket)
    call.account.resources.remove(limit)
    return ApiResult(None, 204, rate_limit_sid)


@routes.post("/{rate_limit_sid}/Buckets")
def create_bucket(call: Call, service_sid: str, rate_limit_sid: str) -> ApiResult:
    """Create a bucket: the most verifications in an interval."""
    limit = _rate_limit_or_404(call, service_sid, rate_limit_sid)
    properties = read_changes(Bucket, call.request.form)
    for name in ("max", "interval"):
        if name not in properties:
            raise invalid_parameter(name.capitalize())
    _require_free_interval(call, limit, properties["interval"])
    if len(_buckets_of(call, limit)) >= MOST_BUCKETS:
        raise ApiError(60210)
    bucket = call.vendor.create(
        Bucket, call.account, service_sid=limit.service_sid, rate_limit_sid=limit.sid, **properties
    )
    return ApiResult(_render_bucket(call, bucket), 201, bucket.sid)


@routes.get("/{rate_limit_sid}/Buckets")
def list_bucket(call: Call, service_sid: str, rate_limit_sid: str) -> ApiResult:
    """List a rate limit's buckets, newest first."""
    limit = _rate_limit_or_404(call, service_sid, rate_limit_sid)
    return list_result_v1(
        call,
        "buckets",
        call.account.resources.records_of(Bucket),
        lambda bucket: _render_bucket(call, bucket),
        matches=lambda bucket: bucket.rate_limit_sid == limit.sid,
    )


@routes.get("/{rate_limit_sid}/Buckets/{bucket_sid}")
def fetch_bucket(call: Call, service_sid: str, rate_limit_sid: str, bucket_sid: str) -> ApiResult:
    """Fetch a bucket."""
    return ApiResult(
        _render_bucket(call, _bucket_or_404(call, service_sid, rate_limit_sid, bucket_sid)), sid=bucket_sid
    )


@routes.post("/{rate_limit_sid}/Buckets/{bucket_sid}")
def update_bucket(call: Call, service_sid: str, rate_limit_sid: str, bucket_sid: str) -> ApiResult:
    """Change the most verifications that a bucket allows, and its interval."""
    bucket = _bucket_or_404(call, service_sid, rate_limit_sid, bucket_sid)
    properties = read_changes(Bucket, call.request.form)
    if properties.get("interval", bucket.interval) != bucket.interval:
        _require_free_interval(call, _rate_limit_or_404(call, service_sid, rate_limit_sid), properties["interval"])
    call.vendor.update(bucket, properties)
    return ApiResult(_render_bucket(call, bucket), sid=bucket_sid)


@routes.delete("/{rate_limit_sid}/Buckets/{bucket_sid}")
def delete_bucket(call: Call, service_sid: str, rate_limit_sid: str, bucket_sid: str) -> ApiResult:
    """Delete a bucket."""
    call.account.resources.remove(_bucket_or_404(call, service_sid, rate_limit_sid, bucket_sid))
    return ApiResult(None, 204, bucket_sid)


def _rate_limit_or_404(call: Call, service_sid: str, sid: str) -> RateLimit:
    service = service_or_404(call, service_sid)
    limit = call.account.resources.records_of(RateLimit).get(sid)
    if limit is None or limit.service_sid != service.sid:
        raise call.not_found()
    return limit


def _bucket_or_404(call: Call, service_sid: str, rate_limit_sid: str, sid: str) -> Bucket:
    limit = _rate_limit_or_404(call, service_sid, rate_limit_sid)
    bucket = call.account.resources.records_of(Bucket).get(sid)
    if bucket is None or bucket.rate_limit_sid != limit.sid:
        raise call.not_found()
    return bucket


def _buckets_of(call: Call, limit: RateLimit) -> list[Bucket]:
    return [bucket for bucket in call.account.resources.records_of(Bucket) if bucket.rate_limit_sid == limit.sid]


def _require_free_interval(call: Call, limit: RateLimit, interval: int) -> None:
    if any(bucket.interval == interval for bucket in _buckets_of(call, limit)):
        raise ApiError(60211)


def _render(call: Call, limit: RateLimit) -> dict[str, object]:
    address = f"{call.request.origin}/v2/Services/{limit.service_sid}/RateLimits/{limit.sid}"
    return {
        "sid": limit.sid,
        "service_sid": limit.service_sid,
        "account_sid": limit.account_sid,
        "unique_name": limit.unique_name,
        "description": limit.description,
        "date_created": format_iso8601(limit.date_created),
        "date_updated": format_iso8601(limit.date_updated),
        "url": address,
        "links": {"buckets": f"{address}/Buckets"},
    }


def _render_bucket(call: Call, bucket: Bucket) -> dict[str, object]:
    address = f"{call.request.origin}/v2/Services/{bucket.service_sid}/RateLimits/{bucket.rate_limit_sid}"
    return {
        "sid": bucket.sid,
        "rate_limit_sid": bucket.rate_limit_sid,
        "service_sid": bucket.service_sid,
        "account_sid": bucket.account_sid,
        "max": bucket.max,
        "interval": bucket.interval,
        "date_created": format_iso8601(bucket.date_created),
        "date_updated": format_iso8601(bucket.date_updated),
        "url": f"{address}/Buckets/{bucket.sid}",
    }
