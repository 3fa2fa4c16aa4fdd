"""The Verification Attempts resource: each delivery of a code, and its result.

See https://www.twilio.com/docs/verify/api/list-verification-attempts and .../verification-attempts-summary
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from pytest_whoosh.api.dates import format_iso8601
from pytest_whoosh.api.forms import read_form
from pytest_whoosh.api.paging import list_result_v1
from pytest_whoosh.api.routing import ApiResult, Call, Routes
from pytest_whoosh.engine.account.verifications import APPROVED, EXPIRED, Attempt
from pytest_whoosh.engine.addresses import country_of
from pytest_whoosh.engine.parameters import one_of, param, text

routes = Routes("/v2/Attempts")

_CHANNELS = ("sms", "call", "email", "whatsapp", "rbm")


def _moment(value: str) -> datetime:
    at = datetime.fromisoformat(value)
    return at if at.tzinfo else at.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class FetchVerificationAttemptsSummary:
    """The filters of attempts."""

    created_after: datetime | None = param("DateCreatedAfter", _moment, invalid=60200)
    created_before: datetime | None = param("DateCreatedBefore", _moment, invalid=60200)
    country: str | None = param("Country", str.upper)
    channel: str | None = param("Channel", one_of(*_CHANNELS), invalid=60200)
    service_sid: str | None = param("VerifyServiceSid", text)
    verification_sid: str | None = param("VerificationSid", text)
    status: str | None = param("Status", one_of("converted", "unconverted"), invalid=60200)
    to: str | None = param("ChannelData.To", text)
    prefix: str = param("DestinationPrefix", text, default="")


@routes.get("")
def list_verification_attempt(call: Call) -> ApiResult:
    """List the attempts, newest first."""
    return list_result_v1(
        call,
        "attempts",
        call.account.resources.verifications.attempts,
        lambda attempt: _render(call, attempt),
        matches=_filter(call),
    )


@routes.get("/Summary")
def fetch_verification_attempts_summary(call: Call) -> ApiResult:
    """Count the attempts, and the ones with a code that the person entered."""
    matches = _filter(call)
    found = [attempt for attempt in call.account.resources.verifications.attempts if matches(attempt)]
    converted = sum(_is_converted(attempt) for attempt in found)
    rate = 100 * converted / len(found) if found else 0
    return ApiResult(
        {
            "total_attempts": len(found),
            "total_converted": converted,
            "total_unconverted": len(found) - converted,
            "conversion_rate_percentage": f"{rate:.9f}".rstrip("0").rstrip("."),
            "url": call.request.origin + call.request.path,
        }
    )


@routes.get("/{sid}")
def fetch_verification_attempt(call: Call, sid: str) -> ApiResult:
    """Fetch an attempt."""
    attempt = call.account.resources.verifications.attempts.get(sid)
    if attempt is None:
        raise call.not_found()
    return ApiResult(_render(call, attempt), sid=sid)


def _filter(call: Call) -> Callable[[Attempt], bool]:
    given = read_form(FetchVerificationAttemptsSummary, call.request.query)

    def matches(attempt: Attempt) -> bool:
        verification = attempt.verification
        return (
            (given.created_after is None or attempt.date_created >= given.created_after)
            and (given.created_before is None or attempt.date_created <= given.created_before)
            and given.country in (None, _country(attempt))
            and given.channel in (None, attempt.channel)
            and given.service_sid in (None, verification.service_sid)
            and given.verification_sid in (None, verification.sid)
            and given.status in (None, "converted" if _is_converted(attempt) else "unconverted")
            and given.to in (None, verification.to)
            and verification.to.startswith(given.prefix)
        )

    return matches


def _is_converted(attempt: Attempt) -> bool:
    """True if this is the last attempt of an approved verification: the person entered the code after it."""
    verification = attempt.verification
    return verification.status == APPROVED and verification.attempts[-1] is attempt


def _country(attempt: Attempt) -> str | None:
    to = attempt.verification.to
    return country_of(to) if to.startswith("+") else None


def _render(call: Call, attempt: Attempt) -> dict[str, object]:
    verification, message = attempt.verification, attempt.message
    price = message.price if message else None
    return {
        "sid": attempt.sid,
        "account_sid": verification.account_sid,
        "service_sid": verification.service_sid,
        "verification_sid": verification.sid,
        "date_created": format_iso8601(attempt.date_created),
        "date_updated": format_iso8601(
            max(attempt.date_updated, message.date_updated) if message else attempt.date_updated
        ),
        "conversion_status": "converted" if _is_converted(attempt) else "unconverted",
        "channel": attempt.channel,
        "price": None if price is None else {"value": f"{abs(price):f}", "currency": "usd"},
        "channel_data": _channel_data(call, attempt),
        "url": f"{call.request.origin}/v2/Attempts/{attempt.sid}",
    }


def _channel_data(call: Call, attempt: Attempt) -> dict[str, object]:
    verification, message = attempt.verification, attempt.message
    data: dict[str, object] = {
        "verification_sid": verification.sid,
        "to": verification.to,
        "status": _status(attempt),
        "locale": attempt.locale,
        "code_length": len(verification.code),
    }
    if message:
        data["message_status"] = message.status.value
        data["error_code"] = None if message.error_code is None else str(message.error_code)
    if verification.to.startswith("+"):
        facts = call.vendor.lookups.find(verification.to)
        data["country"] = facts.country
        data["mcc"], data["mnc"] = facts.mobile_country_code, facts.mobile_network_code
        data["carrier"] = facts.carrier
    return data


def _status(attempt: Attempt) -> str:
    if _is_converted(attempt):
        return "confirmed"
    return "expired" if attempt.verification.status == EXPIRED else "unconfirmed"
