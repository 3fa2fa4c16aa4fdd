"""Finds the webhook for a person's message: the Messaging Service's webhook, else the sender's.

A channel sender has its own webhook, see https://www.twilio.com/docs/whatsapp/api/senders. If the account has no such
channel sender, the webhook of the number is used.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.account.resources import (
    Application,
    ChannelSender,
    MessagingService,
    PhoneNumber,
    ShortCode,
)
from pytest_whoosh.engine.addresses import AddressKind, address_kind
from pytest_whoosh.engine.dialect import dialect

#: The method that adds each kind of sender, and its parameter for the address.
_ADDED_BY: Final[Mapping[AddressKind | None, tuple[str, str]]] = MappingProxyType(
    {
        AddressKind.NUMBER: ("add_number", "number"),
        AddressKind.SIM: ("add_number", "number"),
        AddressKind.SHORT_CODE: ("add_short_code", "code"),
        AddressKind.CHANNEL: ("add_channel_sender", "address"),
        AddressKind.ALPHA: ("add_messaging_service", "name"),
    }
)


@dataclass(frozen=True, slots=True)
class Destination:
    """The webhook URL for a sender's inbound messages, and the fallback URL.

    ``missing`` says why there is no URL, and how to set one. It is empty if there is a URL.
    """

    url: str | None
    method: str = "POST"
    fallback_url: str | None = None
    fallback_method: str = "POST"
    missing: str = ""


def destination_of(account: Account, address: str, service: MessagingService | None) -> Destination:
    """Return the webhook for messages to one of the account's senders."""
    if service is None or service.use_inbound_webhook_on_number:
        return _of_sender(account, address, service)
    missing = ""
    if not service.inbound_request_url:
        missing = (
            f"{address} is in service {service.sid}, which has no inbound_request_url; "
            f"its own sms_url counts only with {_by_number()}"
        )
    return Destination(
        service.inbound_request_url, service.inbound_method, service.fallback_url, service.fallback_method, missing
    )


def _of_sender(account: Account, address: str, service: MessagingService | None) -> Destination:
    resources = account.resources
    number = resources.owned(address) or resources.owned(address.rpartition(":")[2])
    sender = resources.channel_sender(address) or number
    owner: PhoneNumber | ShortCode | ChannelSender | Application | None = sender
    name = address
    if isinstance(sender, PhoneNumber) and sender.sms_application_sid:
        owner = account.resources.applications.get(sender.sms_application_sid)
        name = f"application {sender.sms_application_sid}, which handles {address},"
    missing = "" if owner and owner.sms_url else _missing(owner, name, address, service)
    if owner is None:
        return Destination(None, missing=missing)
    if isinstance(owner, ChannelSender):
        return Destination(owner.sms_url, owner.sms_method, owner.fallback_url, owner.fallback_method, missing)
    return Destination(owner.sms_url, owner.sms_method, owner.sms_fallback_url, owner.sms_fallback_method, missing)


def _missing(owner: object, name: str, address: str, service: MessagingService | None) -> str:
    if owner is None and name != address:
        return f"{name} does not exist"
    if owner is None:
        add, parameter = _ADDED_BY[address_kind(address)]
        url = "inbound_request_url" if parameter == "name" else "sms_url"
        owner_is = {parameter: "..." if parameter == "name" else address, url: ...}
        return f"the account has no sender {address}; add it with its webhook: {dialect().call(add, owner_is)}"
    text = f"{name} has no sms_url"
    if service:
        text += f", and its service {service.sid} leaves the webhook to it ({_by_number()})"
    return text


def _by_number() -> str:
    return dialect().argument("use_inbound_webhook_on_number", True)
