"""The Verify Service resource.

See https://www.twilio.com/docs/verify/api/service. The fields are from ``twilio/rest/verify/v2/service`` in the Twilio
SDK and from https://github.com/twilio/twilio-oai (``twilio_verify_v2.json``).
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from pytest_whoosh.api.dates import format_iso8601
from pytest_whoosh.api.forms import read_changes
from pytest_whoosh.api.paging import list_result_v1
from pytest_whoosh.api.routing import ApiResult, Call, Routes
from pytest_whoosh.engine.account.resources import Bucket, RateLimit, VerifyService
from pytest_whoosh.engine.verify import invalid_parameter

routes = Routes("/v2/Services")

#: The last parts of the URLs of a service's subresources.
LINKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "verification_checks": "VerificationCheck",
        "verifications": "Verifications",
        "rate_limits": "RateLimits",
        "messaging_configurations": "MessagingConfigurations",
        "entities": "Entities",
        "webhooks": "Webhooks",
        "access_tokens": "AccessTokens",
    }
)


@routes.post("")
def create_service(call: Call) -> ApiResult:
    """Create a service."""
    properties = read_changes(VerifyService, call.request.form)
    if not properties.get("friendly_name"):
        raise invalid_parameter("FriendlyName")
    service = call.vendor.create(VerifyService, call.account, **properties)
    return ApiResult(render_service(call, service), 201, service.sid)


@routes.get("")
def list_service(call: Call) -> ApiResult:
    """List the services, newest first."""
    services = call.account.resources.records_of(VerifyService)
    return list_result_v1(call, "services", services, lambda service: render_service(call, service))


@routes.get("/{service_sid}")
def fetch_service(call: Call, service_sid: str) -> ApiResult:
    """Fetch a service."""
    return ApiResult(render_service(call, service_or_404(call, service_sid)), sid=service_sid)


@routes.post("/{service_sid}")
def update_service(call: Call, service_sid: str) -> ApiResult:
    """Change a service's settings. Codes that were already sent stay the same."""
    service = service_or_404(call, service_sid)
    call.vendor.update(service, read_changes(VerifyService, call.request.form))
    return ApiResult(render_service(call, service), sid=service_sid)


@routes.delete("/{service_sid}")
def delete_service(call: Call, service_sid: str) -> ApiResult:
    """Delete a service and its rate limits."""
    resources = call.account.resources
    service = service_or_404(call, service_sid)
    for record in (*resources.records_of(RateLimit), *resources.records_of(Bucket)):
        if record.service_sid == service.sid:
            resources.remove(record)
    resources.remove(service)
    return ApiResult(None, 204, service_sid)


def service_or_404(call: Call, sid: str) -> VerifyService:
    """Return the service that a path names.

    Raises:
        ApiError: The account has no service with this SID.
    """
    service = call.account.resources.records_of(VerifyService).get(sid)
    if service is None:
        raise call.not_found()
    return service


def render_service(call: Call, service: VerifyService) -> dict[str, object]:
    """Return a service as the API shows it."""
    address = f"{call.request.origin}/v2/Services/{service.sid}"
    origins = service.passkeys_relying_party_origins
    return {
        "sid": service.sid,
        "account_sid": service.account_sid,
        "friendly_name": service.friendly_name,
        "code_length": service.code_length,
        "lookup_enabled": service.lookup_enabled,
        "psd2_enabled": service.psd2_enabled,
        "skip_sms_to_landlines": service.skip_sms_to_landlines,
        "dtmf_input_required": service.dtmf_input_required,
        "tts_name": service.tts_name,
        "do_not_share_warning_enabled": service.do_not_share_warning_enabled,
        "custom_code_enabled": service.custom_code_enabled,
        "push": {
            "include_date": service.push_include_date,
            "apn_credential_sid": service.push_apn_credential_sid,
            "fcm_credential_sid": service.push_fcm_credential_sid,
        },
        "totp": {
            "issuer": service.totp_issuer or service.friendly_name,
            "time_step": service.totp_time_step,
            "code_length": service.totp_code_length,
            "skew": service.totp_skew,
        },
        "default_template_sid": service.default_template_sid,
        "whatsapp": {"msg_service_sid": service.whatsapp_msg_service_sid, "from": service.whatsapp_from},
        "passkeys": {
            "relying_party": {
                "id": service.passkeys_relying_party_id,
                "name": service.passkeys_relying_party_name,
                "origins": origins.split(",") if origins else [],
            },
            "authenticator_attachment": service.passkeys_authenticator_attachment,
            "discoverable_credentials": service.passkeys_discoverable_credentials,
            "user_verification": service.passkeys_user_verification,
        },
        "verify_event_subscription_enabled": service.verify_event_subscription_enabled,
        "date_created": format_iso8601(service.date_created),
        "date_updated": format_iso8601(service.date_updated),
        "url": address,
        "links": {name: f"{address}/{tail}" for name, tail in LINKS.items()},
    }
