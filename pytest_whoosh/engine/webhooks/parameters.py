"""Builds the parameters of status callbacks, by channel and status, and orders the parameters of webhooks.

See "Whoosh's request to the StatusCallback URL" on the vendor's page about creating messages,
https://www.twilio.com/docs/messaging/guides/track-outbound-message-status and
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final

from pytest_whoosh.engine.addresses import mask_address
from pytest_whoosh.engine.caching import cached
from pytest_whoosh.engine.channels import CHANNELS, Channel
from pytest_whoosh.engine.messages.lifecycle import Status
from pytest_whoosh.engine.sids import sender_sid

from .callbacks import API_VERSION

if TYPE_CHECKING:
    from pytest_whoosh.engine.messages.record import Message

#: The statuses that a carrier reports. Their callbacks have the moment of the report, ``RawDlrDoneDate``.
_FROM_CARRIERS: Final = frozenset({Status.DELIVERED, Status.UNDELIVERED})
#: The errors with which the vendor itself stops a message. No carrier reports these.
_FROM_VENDOR: Final = frozenset(
    {
        21610, 30001, 30002, 30007, 30010, 30022, 30023, 30027, 30032, 30033, 30034, 30035, 30036, 30037, 30038, 30039,
        30450, 30453, 30454, 30485, 30500,
    }
)  # fmt: skip

_PLACE: Final = ("ChannelToAddress", "ChannelPrefix")
_FAILURE: Final = ("ErrorMessage", "ChannelStatusMessage")
#: The parameters that a channel adds to the callback of each status.
CHANNEL_PARAMETERS: Final[Mapping[Status, tuple[str, ...]]] = MappingProxyType(
    {
        Status.QUEUED: (),
        Status.CANCELED: (),
        Status.SENT: (*_PLACE, "StructuredMessage", "ChannelInstallSid"),
        Status.DELIVERED: (*_PLACE, "EventType", "ChannelInstallSid"),
        Status.READ: (*_PLACE, "EventType"),
        Status.FAILED: (*_PLACE, "StructuredMessage", "ChannelInstallSid", *_FAILURE),
        Status.UNDELIVERED: (*_PLACE, "ChannelInstallSid", *_FAILURE),
    }
)


def status_params(message: Message, status: Status, at: datetime) -> dict[str, str]:
    """Return the parameters of a status callback, in the vendor's order."""
    channel = message.channel
    return _of_channel(message, CHANNELS[channel], status) if channel else _of_sms(message, status, at)


def _of_sms(message: Message, status: Status, at: datetime) -> dict[str, str]:
    code = message.error_code
    params = {} if code is None else {"ErrorCode": str(code)}
    params["ApiVersion"] = API_VERSION
    params["MessageStatus"] = status.value
    if message.service:
        params["MessagingServiceSid"] = message.service.sid
    if status in _FROM_CARRIERS and code not in _FROM_VENDOR:
        params["RawDlrDoneDate"] = f"{at:%y%m%d%H%M}"
    params["SmsSid"] = message.sid
    params["SmsStatus"] = status.value
    params["To"] = message.shown_to
    params["From"] = message.from_ or ""
    params["MessageSid"] = message.sid
    params["AccountSid"] = message.account.sid
    return params


def _of_channel(message: Message, channel: Channel, status: Status) -> dict[str, str]:
    params = {
        "SmsSid": message.sid,
        "SmsStatus": status.value,
        "MessageStatus": status.value,
        "To": message.shown_to,
        "MessageSid": message.sid,
        "AccountSid": message.account.sid,
        "From": message.from_ or "",
        "ApiVersion": API_VERSION,
    }
    if message.service:
        params["MessagingServiceSid"] = message.service.sid
    if message.error_code is not None:
        params["ErrorCode"] = str(message.error_code)
    known = _channel_values(message, channel, status)
    params |= {name: known[name] for name in CHANNEL_PARAMETERS[status] if name in known}
    return in_order(params)


def _channel_values(message: Message, channel: Channel, status: Status) -> dict[str, str]:
    values = {
        "ChannelPrefix": channel.name,
        "ChannelInstallSid": sender_sid(message.from_ or ""),
        "ChannelToAddress": mask_address(message.to.rpartition(":")[2]),
        "EventType": status.name,
    }
    if channel.has_profiles:
        values["StructuredMessage"] = "true" if message.content_sid else "false"
    if message.error_message is not None:
        title = message.error_message
        values |= {"ErrorMessage": f"Twilio Error: {title}", "ChannelStatusMessage": title}
    return values


# Order


def in_order(params: Mapping[str, str]) -> dict[str, str]:
    """Sort parameters as the vendor sends them in inbound webhooks and in the status callbacks of channels.

    The order depends on the names only. It is the order of Scala's immutable ``HashMap``, which sorts by the improved
    hash, five bits at a time. All recorded requests of these kinds have this order, and some apps rely on it.
    """
    return {name: params[name] for name in sorted(params, key=_order_of)}


@cached(1024)
def _order_of(name: str) -> tuple[int, ...]:
    hashed = 0
    for letter in name:
        hashed = (31 * hashed + ord(letter)) & 0xFFFFFFFF
    hashed = (hashed + ~(hashed << 9)) & 0xFFFFFFFF
    hashed ^= hashed >> 14
    hashed = (hashed + (hashed << 4)) & 0xFFFFFFFF
    hashed ^= hashed >> 10
    return tuple(hashed >> shift & 31 for shift in range(0, 35, 5))
