"""The Messaging Service resource, and its subresources for the senders in its pool.

See https://www.twilio.com/docs/messaging/api/service-resource and the pages about the five kinds of sender.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, TypeAlias

from pytest_whoosh.api.dates import format_iso8601
from pytest_whoosh.api.forms import missing_parameter, read_changes
from pytest_whoosh.api.paging import list_result_v1
from pytest_whoosh.api.routing import ApiResult, Call, Routes
from pytest_whoosh.engine.account.resources import (
    USECASES,
    ChannelSender,
    MessagingService,
    PhoneNumber,
    PoolSender,
    ShortCode,
)
from pytest_whoosh.engine.addresses import AddressKind, address_kind, channel_of
from pytest_whoosh.engine.channels import CHANNELS
from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.geography import is_country_code
from pytest_whoosh.engine.limits import MOST_POOLED_NUMBERS
from pytest_whoosh.engine.sids import Prefix, is_sid

routes = Routes("/v1/Services")


# Services


@routes.post("")
def create_service(call: Call) -> ApiResult:
    """Create a service."""
    settings = read_changes(MessagingService, call.request.form)
    if "friendly_name" not in settings:
        raise missing_parameter("FriendlyName")
    service = call.vendor.create(MessagingService, call.account, **settings)
    return ApiResult(render_service(call, service), 201, service.sid)


@routes.get("")
def list_service(call: Call) -> ApiResult:
    """List the services, newest first."""
    return list_result_v1(
        call, "services", call.account.resources.services, lambda service: render_service(call, service)
    )


@routes.get("/Usecases")
def fetch_usecase(call: Call) -> ApiResult:  # noqa: ARG001  # every handler takes the call
    """List the use cases that a service can declare."""
    listed = [
        {"usecase": usecase, "description": description, "purpose": purpose}
        for usecase, description, purpose in USECASES
    ]
    return ApiResult({"usecases": listed})


@routes.get("/{service_sid}")
def fetch_service(call: Call, service_sid: str) -> ApiResult:
    """Fetch a service."""
    return ApiResult(render_service(call, _service_or_404(call, service_sid)), sid=service_sid)


@routes.post("/{service_sid}")
def update_service(call: Call, service_sid: str) -> ApiResult:
    """Change a service's settings. Settings that are not posted stay."""
    service = _service_or_404(call, service_sid)
    call.vendor.update(service, read_changes(MessagingService, call.request.form))
    return ApiResult(render_service(call, service), sid=service_sid)


@routes.delete("/{service_sid}")
def delete_service(call: Call, service_sid: str) -> ApiResult:
    """Delete a service. The account keeps the senders in its pool."""
    call.account.resources.remove(_service_or_404(call, service_sid))
    return ApiResult(None, 204, service_sid)


def _service_or_404(call: Call, sid: str) -> MessagingService:
    service = call.account.resources.services.get(sid)
    if service is None:
        raise call.not_found()
    return service


#: The last parts of the URLs of a service's subresources.
LINKS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "phone_numbers": "PhoneNumbers",
        "short_codes": "ShortCodes",
        "alpha_senders": "AlphaSenders",
        "channel_senders": "ChannelSenders",
        "destination_alpha_senders": "DestinationAlphaSenders",
        "messages": "Messages",
        "us_app_to_person": "Compliance/Usa2p",
        "us_app_to_person_usecases": "Compliance/Usa2p/Usecases",
    }
)


def render_service(call: Call, service: MessagingService) -> dict[str, object]:
    """Return a service as the API shows it."""
    address = f"{call.request.origin}/v1/Services/{service.sid}"
    return {
        "sid": service.sid,
        "account_sid": service.account_sid,
        "friendly_name": service.friendly_name,
        "date_created": format_iso8601(service.date_created),
        "date_updated": format_iso8601(service.date_updated),
        "inbound_request_url": service.inbound_request_url,
        "inbound_method": service.inbound_method,
        "fallback_url": service.fallback_url,
        "fallback_method": service.fallback_method,
        "status_callback": service.status_callback,
        "sticky_sender": service.sticky_sender,
        "mms_converter": service.mms_converter,
        "smart_encoding": service.smart_encoding,
        "scan_message_content": service.scan_message_content,
        "fallback_to_long_code": service.fallback_to_long_code,
        "area_code_geomatch": service.area_code_geomatch,
        "validity_period": service.validity_period,
        "synchronous_validation": service.synchronous_validation,
        "usecase": service.usecase,
        "us_app_to_person_registered": service.us_app_to_person_registered,
        "use_inbound_webhook_on_number": service.use_inbound_webhook_on_number,
        "url": address,
        "links": {name: f"{address}/{tail}" for name, tail in LINKS.items()},
    }


# Sender pools

#: A sender that joins a pool, and the country that an alphanumeric sender sends to.
JoiningSender: TypeAlias = tuple[PhoneNumber | ShortCode | ChannelSender | str, str]


@dataclass(frozen=True, slots=True)
class SenderKind:
    """One kind of sender in a pool: its path, the function that adds one, and its properties in the API."""

    #: The name of the kind, as in the names of its operations.
    name: str
    path: str
    #: The key of the items in a list.
    key: str
    includes: Callable[[PoolSender], bool]
    join: Callable[[Call, MessagingService], JoiningSender]
    render: Callable[[PoolSender], dict[str, object]]
    #: The key of the service's SID.
    service_key: str = "service_sid"
    #: True if lists can be filtered by IsoCountryCode.
    by_country: bool = False


def _joining_phone_number(call: Call, service: MessagingService) -> JoiningSender:
    number = call.account.resources.numbers.get(_required_parameter(call, "PhoneNumberSid"))
    if number is None:
        raise ApiError(21421)
    if not (number.sms_capable or number.mms_capable):
        raise ApiError(21715)
    _require_unpooled(call, service, number.address)
    if sum(sender.kind is AddressKind.NUMBER for sender in service.pool) >= MOST_POOLED_NUMBERS:
        raise ApiError(21714)
    return number, ""


def _joining_short_code(call: Call, service: MessagingService) -> JoiningSender:
    code = call.account.resources.short_codes.get(_required_parameter(call, "ShortCodeSid"))
    if code is None:
        raise ApiError(21421)
    _require_unpooled(call, service, code.address)
    return code, ""


def _joining_alpha_sender(call: Call, service: MessagingService) -> JoiningSender:
    return _read_alpha_sender(call), _require_free_destination(service, "")


def _joining_destination_alpha_sender(call: Call, service: MessagingService) -> JoiningSender:
    country = call.request.form.get("IsoCountryCode", [""])[0].strip()
    if country and not is_country_code(country):
        raise ApiError(20422)
    return _read_alpha_sender(call), _require_free_destination(service, country.upper())


def _joining_channel_sender(call: Call, service: MessagingService) -> JoiningSender:
    sid = _required_parameter(call, "Sid")
    senders = call.account.resources.channel_senders
    sender = senders.get(sid)
    if sender is None:
        if call.vendor.settings.senders == "owned" or not is_sid(sid, Prefix.CHANNEL_SENDER):
            raise ApiError(63007)
        # With senders="any", the account owns every sender. The API doesn't tell us this sender's address.
        invented = f"whatsapp:+1555{int(sid[2:], 16) % 10**7:07d}"
        now = call.vendor.now
        sender = call.account.resources.add(
            ChannelSender(sid=sid, account_sid=call.account.sid, address=invented, date_created=now, date_updated=now)
        )
    _require_unpooled(call, service, sender.address)
    return sender, ""


def _required_parameter(call: Call, name: str) -> str:
    text = call.request.form.get(name, [""])[0].strip()
    if not text:
        raise missing_parameter(name)
    return text


def _require_unpooled(call: Call, service: MessagingService, address: str) -> None:
    """Refuse a sender that is already in the pool of this service or another one."""
    holders = call.account.resources.services_with(address)
    if holders:
        raise ApiError(21710 if service in holders else 21712)


def _read_alpha_sender(call: Call) -> str:
    text = call.request.form.get("AlphaSender", [""])[0].strip()
    if not text:
        raise ApiError(21708)
    if address_kind(text) is not AddressKind.ALPHA:
        raise ApiError(21709)
    return text


def _require_free_destination(service: MessagingService, country: str) -> str:
    """Refuse a second alphanumeric sender for a country, or a second one for all other countries."""
    if any(sender.kind is AddressKind.ALPHA and sender.destination == country for sender in service.pool):
        raise ApiError(21710, message="An Alpha Sender is already in the Messaging Service; delete it first.")
    return country


def _render_number(sender: PoolSender) -> dict[str, object]:
    return {
        "phone_number": sender.address,
        "country_code": sender.country,
        "capabilities": [*_capabilities(sender), "Voice"],
    }


def _render_short_code(sender: PoolSender) -> dict[str, object]:
    return {"short_code": sender.address, "country_code": sender.country, "capabilities": _capabilities(sender)}


def _capabilities(sender: PoolSender) -> list[str]:
    owned_record = sender.owned_record
    sms_capable = not isinstance(owned_record, PhoneNumber) or owned_record.sms_capable
    mms_capable = owned_record is not None and owned_record.mms_capable
    return [name for name, capable in (("MMS", mms_capable), ("SMS", sms_capable)) if capable]


def _render_alpha(sender: PoolSender) -> dict[str, object]:
    return {"alpha_sender": sender.address, "capabilities": ["SMS"]}


def _render_destination_alpha(sender: PoolSender) -> dict[str, object]:
    return {**_render_alpha(sender), "iso_country_code": sender.destination}


def _render_channel(sender: PoolSender) -> dict[str, object]:
    return {
        "sender": sender.address,
        "sender_type": CHANNELS[channel_of(sender.address) or ""].label,
        "country_code": sender.country or None,
    }


#: See "Sender pool" at https://www.twilio.com/docs/messaging/services#sender-pool
SENDER_KINDS: Final = (
    SenderKind(
        "phone_number",
        "PhoneNumbers",
        "phone_numbers",
        lambda sender: sender.kind is AddressKind.NUMBER,
        _joining_phone_number,
        _render_number,
    ),
    SenderKind(
        "short_code",
        "ShortCodes",
        "short_codes",
        lambda sender: sender.kind is AddressKind.SHORT_CODE,
        _joining_short_code,
        _render_short_code,
    ),
    SenderKind(
        "alpha_sender",
        "AlphaSenders",
        "alpha_senders",
        # A sender for a single country is only listed among the destination alpha senders.
        lambda sender: sender.kind is AddressKind.ALPHA and not sender.destination,
        _joining_alpha_sender,
        _render_alpha,
    ),
    SenderKind(
        "destination_alpha_sender",
        "DestinationAlphaSenders",
        "alpha_senders",
        lambda sender: sender.kind is AddressKind.ALPHA,
        _joining_destination_alpha_sender,
        _render_destination_alpha,
        by_country=True,
    ),
    SenderKind(
        "channel_sender",
        "ChannelSenders",
        "senders",
        lambda sender: sender.kind is AddressKind.CHANNEL,
        _joining_channel_sender,
        _render_channel,
        service_key="messaging_service_sid",
    ),
)


def _add_routes(kind: SenderKind) -> None:
    """Route a sender kind's four operations to functions named after the operations."""
    path = f"/{{service_sid}}/{kind.path}"

    def create(call: Call, service_sid: str) -> ApiResult:
        service = _service_or_404(call, service_sid)
        newcomer, destination = kind.join(call, service)
        sender = call.vendor.join_pool(service, newcomer, destination=destination)
        return ApiResult(_render(call, kind, service, sender), 201, sender.sid)

    def list_(call: Call, service_sid: str) -> ApiResult:
        service = _service_or_404(call, service_sid)
        country = call.request.query.get("IsoCountryCode", [""])[0].upper() if kind.by_country else ""
        return list_result_v1(
            call,
            kind.key,
            service.pool,
            lambda sender: _render(call, kind, service, sender),
            matches=lambda sender: kind.includes(sender) and country in ("", sender.destination),
        )

    def fetch(call: Call, service_sid: str, sender_sid: str) -> ApiResult:
        service = _service_or_404(call, service_sid)
        return ApiResult(_render(call, kind, service, _sender_or_404(call, kind, service, sender_sid)), sid=sender_sid)

    def delete(call: Call, service_sid: str, sender_sid: str) -> ApiResult:
        service = _service_or_404(call, service_sid)
        call.account.resources.leave_pool(service, _sender_or_404(call, kind, service, sender_sid))
        return ApiResult(None, 204, sender_sid)

    for handler in (create, list_, fetch, delete):
        handler.__name__ = f"{handler.__name__.strip('_')}_{kind.name}"
    routes.post(path)(create)
    routes.get(path)(list_)
    routes.get(f"{path}/{{sender_sid}}")(fetch)
    routes.delete(f"{path}/{{sender_sid}}")(delete)


for _kind in SENDER_KINDS:
    _add_routes(_kind)


def _sender_or_404(call: Call, kind: SenderKind, service: MessagingService, sid: str) -> PoolSender:
    sender = service.pool.get(sid)
    if sender is None or not kind.includes(sender):
        raise call.not_found()
    return sender


def _render(call: Call, kind: SenderKind, service: MessagingService, sender: PoolSender) -> dict[str, object]:
    """Return a sender in a pool as the API shows it."""
    return {
        "sid": sender.sid,
        "account_sid": service.account_sid,
        kind.service_key: service.sid,
        **kind.render(sender),
        "date_created": format_iso8601(sender.date_created),
        "date_updated": format_iso8601(sender.date_updated),
        "url": f"{call.request.origin}/v1/Services/{service.sid}/{kind.path}/{sender.sid}",
    }
