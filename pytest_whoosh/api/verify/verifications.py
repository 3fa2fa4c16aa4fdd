"""The Verification and VerificationCheck resources: send codes, and check the codes that people enter.

See https://www.twilio.com/docs/verify/api/verification and https://www.twilio.com/docs/verify/api/verification-check.
The fields are from ``twilio/rest/verify/v2/service`` in the Twilio SDK and from
https://github.com/twilio/twilio-oai (``twilio_verify_v2.json``).
"""

from dataclasses import dataclass
from urllib.parse import unquote

from pytest_whoosh.api.dates import format_iso8601
from pytest_whoosh.api.forms import read_form
from pytest_whoosh.api.routing import ApiResult, Call, Routes
from pytest_whoosh.engine import verify
from pytest_whoosh.engine.account.verifications import Attempt, Verification
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.http import Response
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.parameters import one_of, param, text

from .services import service_or_404

routes = Routes("/v2/Services/{service_sid}")


@dataclass(frozen=True, slots=True)
class CreateVerification:
    """The parameters of a new verification. Other parameters change nothing that a test can see."""

    to: str = param("To", text, default="")
    channel: str = param("Channel", text, default="")
    custom_code: str | None = param("CustomCode", text)
    custom_name: str | None = param("CustomFriendlyName", text)
    locale: str | None = param("Locale", text)
    amount: str | None = param("Amount", text)
    payee: str | None = param("Payee", text)
    app_hash: str | None = param("AppHash", text)
    rate_limits: str | None = param("RateLimits", text)


@dataclass(frozen=True, slots=True)
class UpdateVerification:
    """The parameters of an update."""

    status: str | None = param("Status", one_of("approved", "canceled"), invalid=60200)


@dataclass(frozen=True, slots=True)
class CreateVerificationCheck:
    """The parameters of a check."""

    code: str = param("Code", text, default="")
    to: str = param("To", text, default="")
    verification_sid: str = param("VerificationSid", text, default="")
    amount: str | None = param("Amount", text)
    payee: str | None = param("Payee", text)


def _start(call: Call) -> verify.StartParameters:
    given = read_form(CreateVerification, call.request.form)
    return verify.StartParameters(
        to=given.to,
        channel=given.channel,
        custom_code=given.custom_code,
        custom_name=given.custom_name,
        locale=given.locale,
        amount=given.amount,
        payee=given.payee,
        app_hash=given.app_hash,
        rate_limits=given.rate_limits,
    )


def _preview(call: Call) -> Message:
    service_sid = call.request.path.split("/")[-2]
    return verify.preview_message(call.vendor, call.account, service_or_404(call, service_sid), _start(call))


@routes.post("/Verifications", preview=_preview)
def create_verification(call: Call, service_sid: str) -> ApiResult | Response:
    """Start a verification: send a code, or send the same code again if it is still valid."""
    service = service_or_404(call, service_sid)
    started = verify.start_verification(call.vendor, call.account, service, _start(call), call.request)
    if isinstance(started, Response):
        return started
    return ApiResult(render_verification(call, started), 201, started.sid)


@routes.get("/Verifications/{sid}")
def fetch_verification(call: Call, service_sid: str, sid: str) -> ApiResult:
    """Fetch an open verification, by its SID or by the person's number or email address."""
    verification = _verification_or_404(call, service_sid, sid)
    return ApiResult(render_verification(call, verification), sid=verification.sid)


@routes.post("/Verifications/{sid}")
def update_verification(call: Call, service_sid: str, sid: str) -> ApiResult:
    """Approve or cancel an open verification."""
    verification = _verification_or_404(call, service_sid, sid)
    status = read_form(UpdateVerification, call.request.form).status
    if status is None:
        raise verify.invalid_parameter("Status")
    verification.status, verification.date_updated = status, call.vendor.now
    return ApiResult(render_verification(call, verification), sid=verification.sid)


def _verification_or_404(call: Call, service_sid: str, sid_or_to: str) -> Verification:
    service = service_or_404(call, service_sid)
    target = _normal_address(unquote(sid_or_to))
    verification = call.account.resources.verifications.find(service.sid, target)
    if verification is None:
        raise call.not_found()
    return verification


def _normal_address(text: str) -> str:
    """Return a person's address in the spelling that verifications are stored by."""
    text = text.strip()
    return text.lower() if "@" in text else text


@routes.post("/VerificationCheck")
def create_verification_check(call: Call, service_sid: str) -> ApiResult:
    """Check a code, by the person's number or email address, or by the verification's SID."""
    service = service_or_404(call, service_sid)
    given = read_form(CreateVerificationCheck, call.request.form)
    target = given.verification_sid or _normal_address(given.to)
    if not target:
        raise ApiError(60221)
    verification = verify.check_code(call.account, service, target, given.code.strip(), given.amount, given.payee)
    if verification is None:
        raise call.not_found()
    verification.date_updated = call.vendor.now
    return ApiResult(_render_check(verification), 201, verification.sid)


def _render_check(verification: Verification) -> dict[str, object]:
    return {
        "sid": verification.sid,
        "service_sid": verification.service_sid,
        "account_sid": verification.account_sid,
        "to": verification.to,
        "channel": verification.channel,
        "status": verification.status,
        "valid": verification.status == "approved",
        "amount": verification.amount,
        "payee": verification.payee,
        "date_created": format_iso8601(verification.date_created),
        "date_updated": format_iso8601(verification.date_updated),
        "sna_attempts_error_codes": [],
    }


def render_verification(call: Call, verification: Verification) -> dict[str, object]:
    """Return a verification as the API shows it."""
    return {
        "sid": verification.sid,
        "service_sid": verification.service_sid,
        "account_sid": verification.account_sid,
        "to": verification.to,
        "channel": verification.channel,
        "status": verification.status,
        "valid": verification.status == "approved",
        "lookup": verification.lookup,
        "amount": verification.amount,
        "payee": verification.payee,
        "send_code_attempts": [_render_attempt(attempt) for attempt in verification.attempts],
        "date_created": format_iso8601(verification.date_created),
        "date_updated": format_iso8601(verification.date_updated),
        "sna": None,
        "url": f"{call.request.origin}/v2/Services/{verification.service_sid}/Verifications/{verification.sid}",
    }


def _render_attempt(attempt: Attempt) -> dict[str, object]:
    at = attempt.date_created
    return {
        "attempt_sid": attempt.sid,
        "channel": attempt.channel,
        "time": f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond // 1000:03}Z",
    }
