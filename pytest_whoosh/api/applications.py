"""The Application resource: named sets of webhook URLs.

See https://www.twilio.com/docs/usage/api/applications
"""

from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.account.resources import Application
from pytest_whoosh.engine.parameters import param, text
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION

from .dates import format_rfc2822
from .forms import read_changes, read_form
from .numbers import require_main_url
from .paging import list_result
from .routing import ApiResult, Call, Routes

routes = Routes("/2010-04-01/Accounts/{account_sid}/Applications")

_ELEMENT: Final = "Application"


@dataclass(frozen=True, slots=True)
class ListApplication:
    """The filters of a list."""

    friendly_name: str | None = param("FriendlyName", text)


@routes.post("")
def create_application(call: Call) -> ApiResult:
    """Create an application."""
    properties = read_changes(Application, call.request.form)
    require_main_url(properties, None)
    application = call.vendor.create(Application, call.account, **properties)
    return ApiResult(render_application(application), 201, application.sid, element=_ELEMENT)


@routes.get("")
def list_application(call: Call) -> ApiResult:
    """List the applications, newest first."""
    friendly_name = read_form(ListApplication, call.request.query).friendly_name
    return list_result(
        call,
        "applications",
        call.account.resources.applications,
        render_application,
        element=_ELEMENT,
        matches=lambda application: friendly_name in (None, application.friendly_name),
    )


@routes.get("/{sid}")
def fetch_application(call: Call, sid: str) -> ApiResult:
    """Fetch an application."""
    return ApiResult(render_application(_application_or_404(call, sid)), sid=sid, element=_ELEMENT)


@routes.post("/{sid}")
def update_application(call: Call, sid: str) -> ApiResult:
    """Change an application's properties."""
    application = _application_or_404(call, sid)
    properties = read_changes(Application, call.request.form)
    require_main_url(properties, application)
    return ApiResult(render_application(call.vendor.update(application, properties)), sid=sid, element=_ELEMENT)


@routes.delete("/{sid}")
def delete_application(call: Call, sid: str) -> ApiResult:
    """Delete an application."""
    call.account.resources.remove(_application_or_404(call, sid))
    return ApiResult(None, 204, sid)


def _application_or_404(call: Call, sid: str) -> Application:
    application = call.account.resources.applications.get(sid)
    if application is None:
        raise call.not_found()
    return application


def render_application(application: Application) -> dict[str, object]:
    """Return an application as the API shows it."""
    return {
        "account_sid": application.account_sid,
        "api_version": application.api_version,
        "date_created": format_rfc2822(application.date_created),
        "date_updated": format_rfc2822(application.date_updated),
        "friendly_name": application.friendly_name,
        "message_status_callback": application.message_status_callback,
        "sid": application.sid,
        "sms_fallback_method": application.sms_fallback_method,
        "sms_fallback_url": application.sms_fallback_url,
        "sms_method": application.sms_method,
        "sms_status_callback": application.sms_status_callback,
        "sms_url": application.sms_url,
        "status_callback": application.status_callback,
        "status_callback_method": application.status_callback_method,
        "uri": f"/{API_VERSION}/Accounts/{application.account_sid}/Applications/{application.sid}.json",
        "voice_caller_id_lookup": application.voice_caller_id_lookup,
        "voice_fallback_method": application.voice_fallback_method,
        "voice_fallback_url": application.voice_fallback_url,
        "voice_method": application.voice_method,
        "voice_url": application.voice_url,
        "public_application_connect_enabled": application.public_application_connect_enabled,
    }
