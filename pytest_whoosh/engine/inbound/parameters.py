"""Builds the parameters of the webhook for a person's message.

See https://www.twilio.com/docs/messaging/guides/webhook-request
"""

import json
from collections.abc import Mapping
from decimal import Decimal
from typing import Final

from pytest_whoosh.engine.channels import CHANNELS, Channel
from pytest_whoosh.engine.geography import locate
from pytest_whoosh.engine.messages.lifecycle import Status
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.webhooks.callbacks import API_VERSION
from pytest_whoosh.engine.webhooks.parameters import in_order

#: The default name of a WhatsApp profile.
DEFAULT_PROFILE_NAME: Final = "Whoosh Person"
#: The parameters that the vendor repeats in ``ChannelMetadata``.
_IN_METADATA: Final = ("ButtonPayload", "ButtonText", "Forwarded", "FrequentlyForwarded", "ProfileName", "WaId")
#: The parameter that each type of WhatsApp message has.
_TYPES: Final = (
    ("Latitude", "location"),
    ("ListId", "interactive"),
    ("ButtonPayload", "button"),
)


def parameter_text(name: str, value: object) -> str:
    """Convert a parameter's value to text as in a webhook: ``52.52``, ``true``.

    Raises:
        TypeError: the value is neither text nor a number.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return value
    if isinstance(value, int | float | Decimal):
        return str(value)
    raise TypeError(f"The parameter {name} of a webhook is a text or a number, not {value!r}.")


def inbound_params(
    message: Message, account_sid: str, origin: str, extra: Mapping[str, str], keyword: str | None
) -> dict[str, str]:
    """Return the webhook's parameters in the vendor's order.

    Args:
        message: the person's message.
        account_sid: the account that receives the message.
        origin: the origin of media URLs.
        extra: parameters that the test sets. They override the ones from the message.
        keyword: the opt-out keyword (``"STOP"``, ``"START"``, ``"HELP"``), if the webhook reports it.
    """
    params: dict[str, str] = {
        "SmsMessageSid": message.sid,
        "NumMedia": str(len(message.media_urls)),
        "SmsSid": message.sid,
        "SmsStatus": Status.RECEIVED.value,
        "Body": message.body,
        "To": message.to,
        "NumSegments": str(message.num_segments),
        "MessageSid": message.sid,
        "AccountSid": account_sid,
        "From": message.from_ or "",
        "ApiVersion": API_VERSION,
    }
    if message.service:
        params["MessagingServiceSid"] = message.service.sid
    if keyword:
        params["OptOutType"] = keyword
    media = f"{origin}/{API_VERSION}/Accounts/{account_sid}/Messages/{message.sid}/Media"
    for number, each in enumerate(message.media):
        params[f"MediaContentType{number}"] = each.file.content_type
        params[f"MediaUrl{number}"] = f"{media}/{each.sid}"
    channel = CHANNELS.get(message.channel or "")
    if channel is None:
        params |= _geographic_params(message)
    elif channel.has_profiles:
        params |= _profile_params(message, channel, extra)
    return in_order({**params, **extra})


def _geographic_params(message: Message) -> dict[str, str]:
    return {
        f"{side}{name.capitalize()}": value
        for side, number in (("To", message.to), ("From", message.from_ or ""))
        for name, value in locate(number)._asdict().items()
    }


def _profile_params(message: Message, channel: Channel, extra: Mapping[str, str]) -> dict[str, str]:
    _, _, person = (message.from_ or "").partition(":")
    params = {
        "ProfileName": DEFAULT_PROFILE_NAME,
        "MessageType": _message_type(message, extra),
        "ReferralNumMedia": "0",
    }
    if person.startswith("+"):
        params["WaId"] = person[1:]
    else:  # the person hides their number, and WhatsApp sends an ID instead
        params["ExternalUserId"] = message.from_ or ""
    given = {**params, **extra}
    context = {name: given[name] for name in _IN_METADATA if name in given}
    metadata = {"type": channel.name, "data": {"context": context}}
    params["ChannelMetadata"] = json.dumps(metadata, ensure_ascii=False, separators=(",", ":"))
    return params


def _message_type(message: Message, extra: Mapping[str, str]) -> str:
    for name, kind in _TYPES:
        if name in extra:
            return kind
    for each in message.media:
        kind = each.file.content_type.partition("/")[0]
        return kind if kind in ("image", "audio", "video") else "document"
    return "text"
