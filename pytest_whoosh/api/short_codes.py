"""The ShortCode resource: an account's short codes. Only a test can add one.

See https://www.twilio.com/docs/messaging/api/short-code-resource
"""

from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.account.resources import ShortCode
from pytest_whoosh.engine.parameters import param, text
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION

from .dates import format_rfc2822
from .forms import read_changes, read_form
from .numbers import digits_like, require_main_url
from .paging import list_result
from .routing import ApiResult, Call, Routes

routes = Routes("/2010-04-01/Accounts/{account_sid}/SMS/ShortCodes")

_ELEMENT: Final = "ShortCode"


@dataclass(frozen=True, slots=True)
class ListShortCode:
    """The filters of a list."""

    friendly_name: str | None = param("FriendlyName", text)
    short_code: str | None = param("ShortCode", text)


@routes.get("")
def list_short_code(call: Call) -> ApiResult:
    """List the short codes, newest first."""
    given = read_form(ListShortCode, call.request.query)
    matches_digits = digits_like(given.short_code)
    return list_result(
        call,
        "short_codes",
        call.account.resources.short_codes,
        render_short_code,
        element=_ELEMENT,
        matches=lambda code: matches_digits(code.short_code) and given.friendly_name in (None, code.friendly_name),
    )


@routes.get("/{sid}")
def fetch_short_code(call: Call, sid: str) -> ApiResult:
    """Fetch a short code."""
    return ApiResult(render_short_code(_short_code_or_404(call, sid)), sid=sid, element=_ELEMENT)


@routes.post("/{sid}")
def update_short_code(call: Call, sid: str) -> ApiResult:
    """Change a short code's name and webhooks."""
    code = _short_code_or_404(call, sid)
    new = read_changes(ShortCode, call.request.form)
    require_main_url(new, code)
    return ApiResult(render_short_code(call.vendor.update(code, new)), sid=sid, element=_ELEMENT)


def _short_code_or_404(call: Call, sid: str) -> ShortCode:
    code = call.account.resources.short_codes.get(sid)
    if code is None:
        raise call.not_found()
    return code


def render_short_code(code: ShortCode) -> dict[str, object]:
    """Return a short code as the API shows it."""
    return {
        "account_sid": code.account_sid,
        "api_version": code.api_version,
        "date_created": format_rfc2822(code.date_created),
        "date_updated": format_rfc2822(code.date_updated),
        "friendly_name": code.friendly_name,
        "short_code": code.short_code,
        "sid": code.sid,
        "sms_fallback_method": code.sms_fallback_method,
        "sms_fallback_url": code.sms_fallback_url,
        "sms_method": code.sms_method,
        "sms_url": code.sms_url,
        "uri": f"/{API_VERSION}/Accounts/{code.account_sid}/SMS/ShortCodes/{code.sid}.json",
    }
