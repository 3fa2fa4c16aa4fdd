"""The IncomingPhoneNumber resource: an account's phone numbers.

See https://www.twilio.com/docs/phone-numbers/api/incomingphonenumber-resource
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.account.resources import PhoneNumber
from pytest_whoosh.engine.addresses import LOCAL, MOBILE, TOLL_FREE, number_type, phone_number
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.parameters import param, text
from pytest_whoosh.engine.vendor import Vendor
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION

from . import magic
from .dates import format_rfc2822
from .forms import read_changes, read_form
from .paging import list_result
from .routing import ApiResult, Call, Routes

routes = Routes("/2010-04-01/Accounts/{account_sid}/IncomingPhoneNumbers")

#: The origin of all numbers. The fake has no hosted numbers.
ORIGIN: Final = "twilio"
_ELEMENT: Final = "IncomingPhoneNumber"


@routes.post("")
def create_incoming_phone_number(call: Call) -> ApiResult:
    """Buy a phone number: the given one, or any number in an area code."""
    return _buy(call, None)


@routes.post("/Local")
def create_incoming_phone_number_local(call: Call) -> ApiResult:
    """Buy a local number."""
    return _buy(call, LOCAL)


@routes.post("/Mobile")
def create_incoming_phone_number_mobile(call: Call) -> ApiResult:
    """Buy a mobile number."""
    return _buy(call, MOBILE)


@routes.post("/TollFree")
def create_incoming_phone_number_toll_free(call: Call) -> ApiResult:
    """Buy a toll-free number."""
    return _buy(call, TOLL_FREE)


def _buy(call: Call, kind: str | None) -> ApiResult:
    requested, area = (call.request.form.get(name, [""])[0].strip() for name in ("PhoneNumber", "AreaCode"))
    if not requested and area and kind == MOBILE:
        raise ApiError(21457)
    found = (
        _available_number(call.vendor, requested) if requested or not area else _available_number_in(call.vendor, area)
    )
    if call.vendor.owner_of(found) not in (None, call.account.resources):
        raise ApiError(21422)
    if kind and number_type(found) != kind:
        raise ApiError(21458)
    properties = _number_changes(call, call.account.resources.owned(found))
    number = call.vendor.create(PhoneNumber, call.account, phone_number=found, **properties)
    return ApiResult(render_incoming_phone_number(number), 201, number.sid, element=_ELEMENT)


def _available_number(vendor: Vendor, requested: str) -> str:
    if requested in magic.PURCHASE_ERRORS:
        raise ApiError(magic.PURCHASE_ERRORS[requested])
    found = requested if magic.is_magic(requested) else phone_number(requested, vendor.settings.numbers)
    if found is None:
        raise ApiError(21421)
    return found


def _available_number_in(vendor: Vendor, area: str) -> str:
    if not re.fullmatch(r"[2-9][0-9]{2}", area):
        raise ApiError(21451)
    if area in magic.NUMBERS_BY_AREA_CODE:
        number = magic.NUMBERS_BY_AREA_CODE[area]
        if number is None:
            raise ApiError(21452)
        return number
    # Fictional numbers, which no real telephone has.
    fictional = (f"+1{area}55501{count:02}" for count in range(100))
    found = next((number for number in fictional if vendor.owner_of(number) is None), None)
    if found is None:
        raise ApiError(21452)
    return found


@routes.get("/{sid}")
def fetch_incoming_phone_number(call: Call, sid: str) -> ApiResult:
    """Fetch a phone number."""
    return ApiResult(render_incoming_phone_number(_number_or_404(call, sid)), sid=sid, element=_ELEMENT)


@routes.post("/{sid}")
def update_incoming_phone_number(call: Call, sid: str) -> ApiResult:
    """Change a phone number's properties, or the account that it belongs to."""
    number = _number_or_404(call, sid)
    properties = _number_changes(call, number)
    to = call.request.form.get("AccountSid", [""])[0]
    if to and to not in call.vendor.accounts:
        raise ApiError(20422)
    call.vendor.update(number, properties)
    if to and to != number.account_sid:  # a transfer removes it from its sender pools
        call.vendor.transfer(number, call.vendor.accounts[to])
    return ApiResult(render_incoming_phone_number(number), sid=sid, element=_ELEMENT)


@routes.delete("/{sid}")
def delete_incoming_phone_number(call: Call, sid: str) -> ApiResult:
    """Release a phone number."""
    call.account.resources.remove(_number_or_404(call, sid))
    return ApiResult(None, 204, sid)


def _number_or_404(call: Call, sid: str) -> PhoneNumber:
    number = call.account.resources.numbers.get(sid)
    if number is None:
        raise call.not_found()
    return number


def _number_changes(call: Call, existing: object) -> dict[str, object]:
    """Return the properties that a request sets on a new or existing number."""
    new = read_changes(PhoneNumber, call.request.form)
    require_main_url(new, existing)
    for name in ("sms_application_sid", "voice_application_sid"):
        if new.get(name) and new[name] not in call.account.resources.applications:
            raise ApiError(21420)
    return new


#: The error code for a fallback URL without a main URL, by the prefix of both properties.
FALLBACKS: Final[Mapping[str, int]] = MappingProxyType({"sms": 21406, "voice": 21405})


def require_main_url(new: Mapping[str, object], existing: object) -> None:
    """Refuse a new fallback URL without a main URL.

    Raises:
        ApiError: a main URL is missing. The error code depends on the property.
    """
    for kind, code in FALLBACKS.items():
        if new.get(f"{kind}_fallback_url") and not new.get(f"{kind}_url", getattr(existing, f"{kind}_url", None)):
            raise ApiError(code)


@routes.get("")
def list_incoming_phone_number(call: Call) -> ApiResult:
    """List the phone numbers, newest first."""
    return _list_numbers(call, None)


@routes.get("/Local")
def list_incoming_phone_number_local(call: Call) -> ApiResult:
    """List the local numbers."""
    return _list_numbers(call, LOCAL)


@routes.get("/Mobile")
def list_incoming_phone_number_mobile(call: Call) -> ApiResult:
    """List the mobile numbers."""
    return _list_numbers(call, MOBILE)


@routes.get("/TollFree")
def list_incoming_phone_number_toll_free(call: Call) -> ApiResult:
    """List the toll-free numbers."""
    return _list_numbers(call, TOLL_FREE)


@dataclass(frozen=True, slots=True)
class ListIncomingPhoneNumber:
    """The filters of a list."""

    phone_number: str | None = param("PhoneNumber", text)
    friendly_name: str | None = param("FriendlyName", text)
    origin: str | None = param("Origin", text)


def _list_numbers(call: Call, kind: str | None) -> ApiResult:
    given = read_form(ListIncomingPhoneNumber, call.request.query)
    matches_digits = digits_like(given.phone_number)

    def matches(number: PhoneNumber) -> bool:
        return (
            matches_digits(number.phone_number)
            and given.friendly_name in (None, number.friendly_name)
            and given.origin in (None, ORIGIN)
            and kind in (None, number_type(number.phone_number))
        )

    return list_result(
        call,
        "incoming_phone_numbers",
        call.account.resources.numbers,
        render_incoming_phone_number,
        element=_ELEMENT,
        matches=matches,
    )


def digits_like(digits_pattern: str | None) -> Callable[[str], bool]:
    """Return a function that returns True if a number or code contains the digits. ``*`` matches any digit."""
    digits = re.compile(re.escape(digits_pattern or "").replace(r"\*", r"\d"))
    return lambda number: digits.search(number) is not None


def render_incoming_phone_number(number: PhoneNumber) -> dict[str, object]:
    """Return a phone number as the API shows it."""
    return {
        "account_sid": number.account_sid,
        "address_requirements": "none",
        "address_sid": number.address_sid,
        "api_version": number.api_version,
        "beta": False,
        "capabilities": {"voice": True, "sms": number.sms_capable, "mms": number.mms_capable, "fax": False},
        "date_created": format_rfc2822(number.date_created),
        "date_updated": format_rfc2822(number.date_updated),
        "emergency_status": number.emergency_status,
        "emergency_address_sid": number.emergency_address_sid,
        "emergency_address_status": "registered" if number.emergency_address_sid else "unregistered",
        "friendly_name": number.friendly_name,
        "identity_sid": number.identity_sid,
        "origin": ORIGIN,
        "phone_number": number.phone_number,
        "sid": number.sid,
        "sms_application_sid": number.sms_application_sid or "",
        "sms_fallback_method": number.sms_fallback_method,
        "sms_fallback_url": number.sms_fallback_url,
        "sms_method": number.sms_method,
        "sms_url": number.sms_url,
        "status_callback": number.status_callback,
        "status_callback_method": number.status_callback_method,
        "trunk_sid": number.trunk_sid,
        "uri": f"/{API_VERSION}/Accounts/{number.account_sid}/IncomingPhoneNumbers/{number.sid}.json",
        "voice_application_sid": number.voice_application_sid or "",
        "voice_caller_id_lookup": number.voice_caller_id_lookup,
        "voice_fallback_method": number.voice_fallback_method,
        "voice_fallback_url": number.voice_fallback_url,
        "voice_method": number.voice_method,
        "voice_url": number.voice_url,
        "bundle_sid": number.bundle_sid,
        "voice_receive_mode": number.voice_receive_mode,
        "status": "in-use",
        "type": number_type(number.phone_number),
    }
