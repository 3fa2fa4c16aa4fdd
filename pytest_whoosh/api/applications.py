"""The Application resource: where webhooks go, by name.

See https://www.twilio.com/docs/usage/api/applications
"""

from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.account.resources import Application
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION

from .dates import rfc2822
from .forms import api_version, changes, flag, friendly_name, method, param, parse, text, url
from .numbers import require_main_url
from .paging import list_reply
from .routing import Call, Reply, Routes

routes = Routes("/2010-04-01/Accounts/{account_sid}/Applications")

_ELEMENT: Final = "Application"


@dataclass(frozen=True, slots=True)
class UpdateApplication:
    """The properties that an app sets; a default is what clearing one makes of it."""

    friendly_name: str = param("FriendlyName", friendly_name, invalid=20002, default="")
    api_version: str = param("ApiVersion", api_version, default=API_VERSION)
    message_status_callback: str | None = param("MessageStatusCallback", url, invalid=21402)
    sms_status_callback: str | None = param("SmsStatusCallback", url, invalid=21402)
    sms_url: str | None = param("SmsUrl", url, invalid=21402)
    sms_method: str = param("SmsMethod", method, invalid=21403, default="POST")
    sms_fallback_url: str | None = param("SmsFallbackUrl", url, invalid=21402)
    sms_fallback_method: str = param("SmsFallbackMethod", method, invalid=21403, default="POST")
    status_callback: str | None = param("StatusCallback", url, invalid=21402)
    status_callback_method: str = param("StatusCallbackMethod", method, invalid=21403, default="POST")
    voice_url: str | None = param("VoiceUrl", url, invalid=21402)
    voice_method: str = param("VoiceMethod", method, invalid=21403, default="POST")
    voice_fallback_url: str | None = param("VoiceFallbackUrl", url, invalid=21402)
    voice_fallback_method: str = param("VoiceFallbackMethod", method, invalid=21403, default="POST")
    voice_caller_id_lookup: bool = param("VoiceCallerIdLookup", flag, default=False)
    public_application_connect_enabled: bool = param("PublicApplicationConnectEnabled", flag, default=False)


@dataclass(frozen=True, slots=True)
class ListApplication:
    """The filters of a list."""

    friendly_name: str | None = param("FriendlyName", text)


@routes.post("")
def create_application(call: Call) -> Reply:
    """Create an application."""
    properties = changes(UpdateApplication, call.request.form)
    require_main_url(properties, None)
    application = call.vendor.new_application(call.account, **properties)
    return Reply(render_application(application), 201, application.sid, element=_ELEMENT)


@routes.get("")
def list_application(call: Call) -> Reply:
    """A page of applications, newest first."""
    wanted = parse(ListApplication, call.request.query).friendly_name
    return list_reply(
        call,
        "applications",
        call.account.provisions.applications,
        render_application,
        element=_ELEMENT,
        matches=lambda application: wanted in (None, application.friendly_name),
    )


@routes.get("/{sid}")
def fetch_application(call: Call, sid: str) -> Reply:
    """Fetch an application."""
    return Reply(render_application(_application(call, sid)), sid=sid, element=_ELEMENT)


@routes.post("/{sid}")
def update_application(call: Call, sid: str) -> Reply:
    """Change an application's properties."""
    application = _application(call, sid)
    properties = changes(UpdateApplication, call.request.form)
    require_main_url(properties, application)
    return Reply(render_application(call.vendor.update(application, properties)), sid=sid, element=_ELEMENT)


@routes.delete("/{sid}")
def delete_application(call: Call, sid: str) -> Reply:
    """Delete an application."""
    call.account.provisions.applications.remove(_application(call, sid).sid)
    return Reply(None, 204, sid)


def _application(call: Call, sid: str) -> Application:
    application = call.account.provisions.applications.get(sid)
    if application is None:
        raise call.not_found()
    return application


def render_application(application: Application) -> dict[str, object]:
    """An application as the API shows it."""
    return {
        "account_sid": application.account_sid,
        "api_version": application.api_version,
        "date_created": rfc2822(application.date_created),
        "date_updated": rfc2822(application.date_updated),
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
