"""The Application resource: named sets of webhook URLs.

See https://www.twilio.com/docs/usage/api/applications
"""

from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.account.resources import Application
from pytest_whoosh.engine.parameters import param, text
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION

from .dates import rfc2822
from .forms import changes, parse
from .numbers import require_main_url
from .paging import list_reply
from .routing import Call, Reply, Routes

routes = Routes("/2010-04-01/Accounts/{account_sid}/Applications")

_ELEMENT: Final = "Application"


@dataclass(frozen=True, slots=True)
class ListApplication:
    """The filters of a list."""

    friendly_name: str | None = param("FriendlyName", text)


@routes.post("")
def create_application(call: Call) -> Reply:
    """Create an application."""
    properties = changes(Application, call.request.form)
    require_main_url(properties, None)
    application = call.vendor.create(Application, call.account, **properties)
    return Reply(render_application(application), 201, application.sid, element=_ELEMENT)


@routes.get("")
def list_application(call: Call) -> Reply:
    """List the applications, newest first."""
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
    properties = changes(Application, call.request.form)
    require_main_url(properties, application)
    return Reply(render_application(call.vendor.update(application, properties)), sid=sid, element=_ELEMENT)


@routes.delete("/{sid}")
def delete_application(call: Call, sid: str) -> Reply:
    """Delete an application."""
    call.account.provisions.remove(_application(call, sid))
    return Reply(None, 204, sid)


def _application(call: Call, sid: str) -> Application:
    application = call.account.provisions.applications.get(sid)
    if application is None:
        raise call.not_found()
    return application


def render_application(application: Application) -> dict[str, object]:
    """Return an application as the API shows it."""
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
