"""The Senders API: senders on channels, such as WhatsApp numbers and RCS agents, and their webhooks.

See https://www.twilio.com/docs/whatsapp/api/senders and https://www.twilio.com/docs/rcs/api/senders
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from pytest_whoosh.api.forms import read_json_object
from pytest_whoosh.engine.account.resources import ChannelSender
from pytest_whoosh.engine.addresses import channel_of, normalize_address
from pytest_whoosh.engine.channels import CHANNELS
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.parameters import one_of, url

from .paging import list_result_v1
from .routing import ApiResult, Call, Routes

routes = Routes("/v2/Channels/Senders")

#: How long a channel takes to register a new sender, in virtual time.
REGISTRATION_TIME: Final = timedelta(minutes=1)

Read = Callable[[str], str]


class _WebhookKey(NamedTuple):
    """A key of the JSON object ``webhook``: the sender's property that it sets, its reader, and its cleared value."""

    field: str
    read: Read
    cleared: str | None


def _post_only(value: str) -> str:
    """Accept POST. The vendor also has PUT, but no webhook of this double uses it."""
    if value != "POST":
        raise ValueError("'POST': this double posts all webhooks of channel senders")
    return value


_WEBHOOK: Final[Mapping[str, _WebhookKey]] = MappingProxyType(
    {
        "callback_url": _WebhookKey("sms_url", url, None),
        "callback_method": _WebhookKey("sms_method", _post_only, "POST"),
        "fallback_url": _WebhookKey("fallback_url", url, None),
        "fallback_method": _WebhookKey("fallback_method", _post_only, "POST"),
        "status_callback_url": _WebhookKey("status_callback", url, None),
        "status_callback_method": _WebhookKey("", _post_only, "POST"),
    }
)
#: The keys of ``configuration`` and ``profile``, and their readers.
_CONFIGURATION: Final[Mapping[str, Read]] = MappingProxyType(
    {
        "waba_id": str,
        "verification_method": one_of("sms", "voice"),
        "verification_code": str,
        "voice_application_sid": str,
        "account_type": one_of("ISV", "ISVSubAccount"),
    }
)
_PROFILE: Final[Mapping[str, Read | None]] = MappingProxyType(
    {
        "name": str,
        "about": str,
        "address": str,
        "description": str,
        "logo_url": url,
        "banner_url": url,
        "privacy_url": url,
        "terms_of_service_url": url,
        "accent_color": str,
        "use_case": one_of("PROMOTIONAL", "TRANSACTIONAL", "OTP", "MULTI_USE"),
        "vertical": str,
        # These are lists.
        "websites": None,
        "emails": None,
        "phone_numbers": None,
    }
)
_SECTIONS: Final = ("configuration", "webhook", "profile")


@routes.post("")
def create_channels_sender(call: Call) -> ApiResult:
    """Create a sender. Its channel registers it within a minute."""
    given = _read_body(call)
    address = _read_address(given.get("sender_id"))
    resources = call.account.resources
    if resources.channel_sender(address):
        raise ApiError(20409, message=f"The account already has a sender {address}")
    properties = _read_properties(given, None)
    if channel_of(address) == "whatsapp" and not properties.get("profile", {}).get("name"):
        raise _invalid("profile.name is required for a WhatsApp sender")
    sender = call.vendor.create(
        ChannelSender, call.account, address=address, online_at=call.vendor.steady + REGISTRATION_TIME, **properties
    )
    return ApiResult(_render(call, sender), 202, sender.sid)


@routes.get("")
def list_channels_sender(call: Call) -> ApiResult:
    """List the senders of a channel, newest first."""
    channel = call.request.query.get("Channel", [""])[0].strip().lower()
    if channel and channel not in CHANNELS:
        raise _invalid(f"Channel is one of {', '.join(CHANNELS)}")
    return list_result_v1(
        call,
        "senders",
        call.account.resources.channel_senders,
        lambda sender: _render(call, sender),
        matches=lambda sender: channel in ("", channel_of(sender.address)),
    )


@routes.get("/{sid}")
def fetch_channels_sender(call: Call, sid: str) -> ApiResult:
    """Fetch a sender."""
    return ApiResult(_render(call, _sender_or_404(call, sid)), sid=sid)


@routes.post("/{sid}")
def update_channels_sender(call: Call, sid: str) -> ApiResult:
    """Change a sender. The response has only the changed sections."""
    sender = _sender_or_404(call, sid)
    given = _read_body(call)
    properties = _read_properties(given, sender)
    renames = properties.get("profile", {}).get("name") != sender.profile.get("name")
    call.vendor.update(sender, properties)
    document = _render(call, sender)
    document.update({section: None for section in _SECTIONS if given.get(section) is None})
    if document["status"] == "ONLINE":
        document["status"] = "ONLINE:UPDATING"
    if (given.get("profile") or {}).get("name") and channel_of(sender.address) == "whatsapp":
        document["display_name_status"] = "updating" if renames else "no_change"
    return ApiResult(document, 202, sid)


@routes.delete("/{sid}")
def delete_channels_sender(call: Call, sid: str) -> ApiResult:
    """Delete a sender. It leaves its sender pools."""
    call.account.resources.remove(_sender_or_404(call, sid))
    return ApiResult(None, 204, sid)


# Reading


def _sender_or_404(call: Call, sid: str) -> ChannelSender:
    sender = call.account.resources.channel_senders.get(sid)
    if sender is None:
        raise call.not_found()
    return sender


def _read_body(call: Call) -> Mapping[str, Any]:
    try:
        return read_json_object(call.request)
    except ValueError as problem:
        raise _invalid(str(problem)) from None


def _read_address(given: object) -> str:
    address = normalize_address(given) if isinstance(given, str) else None
    if address is None or channel_of(address) is None:
        raise _invalid("sender_id is an address such as whatsapp:+15017122661 or rcs:brand_agent")
    return address


def _read_properties(given: Mapping[str, Any], sender: ChannelSender | None) -> dict[str, Any]:
    """Read the given keys. Null keeps a value, and an empty text clears it."""
    properties: dict[str, Any] = {}
    name = given.get("friendly_name")
    if name is not None:
        if not isinstance(name, str):
            raise _invalid("friendly_name is a text")
        properties["friendly_name"] = name or None
    for member, value in _section(given, "webhook", _WEBHOOK).items():
        setting = _WEBHOOK[member]
        text = _read_member("webhook", member, setting.read, value) or setting.cleared
        if setting.field:
            properties[setting.field] = text
    for section, members in (("configuration", _CONFIGURATION), ("profile", _PROFILE)):
        values = _section(given, section, members)
        if values:
            read = {member: _read_member(section, member, members[member], value) for member, value in values.items()}
            properties[section] = {**(getattr(sender, section) if sender else {}), **read}
    return properties


def _section(given: Mapping[str, Any], name: str, members: Mapping[str, object]) -> Mapping[str, Any]:
    section = given.get(name)
    if section is None:
        return {}
    if not isinstance(section, dict):
        raise _invalid(f"{name} is an object")
    return {member: value for member, value in section.items() if member in members and value is not None}


def _read_member(section: str, member: str, read: Read | None, value: object) -> Any:
    if read is None:
        if not isinstance(value, list):
            raise _invalid(f"{section}.{member} is a list")
        return value
    if not isinstance(value, str):
        raise _invalid(f"{section}.{member} is a text")
    try:
        return read(value) if value else None
    except ValueError as problem:
        raise _invalid(f"{section}.{member} is {problem}") from None


def _invalid(why: str) -> ApiError:
    return ApiError(63100, message=f"Validation Error: {why}")


# Showing


def _render(call: Call, sender: ChannelSender) -> dict[str, object]:
    channel = channel_of(sender.address)
    is_online = sender.is_online(call.vendor.steady)
    return {
        "sid": sender.sid,
        "status": "ONLINE" if is_online else "CREATING",
        "sender_id": sender.address,
        "friendly_name": sender.friendly_name,
        "configuration": (
            {name: sender.configuration.get(name) for name in _CONFIGURATION} if channel == "whatsapp" else None
        ),
        "webhook": {
            name: getattr(sender, setting.field) if setting.field else "POST" for name, setting in _WEBHOOK.items()
        },
        "profile": {name: sender.profile.get(name) for name in _PROFILE},
        "pending_display_name": None,
        "pending_display_name_status": None,
        "pending_display_name_status_date": None,
        "properties": _QUALITY if channel == "whatsapp" and is_online else None,
        "offline_reasons": None,
        "compliance": {"registration_sid": "", "countries": []} if channel == "rcs" else None,
        "url": f"{call.request.origin}/v2/Channels/Senders/{sender.sid}",
        "display_name_status": None,
    }


#: WhatsApp's rating of a sender without complaints.
_QUALITY: Final = {"quality_rating": "HIGH", "messaging_limit": "10K Customers/24hr"}
