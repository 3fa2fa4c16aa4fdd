"""Turns actions on a phone other than typing into inbound messages: taps, locations and replies to ads.

Each action becomes the text and extra parameters of an inbound message. See
https://www.twilio.com/docs/messaging/guides/webhook-request
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

from pytest_whoosh.engine.account.account import Account
from pytest_whoosh.engine.account.resources import APPROVED
from pytest_whoosh.engine.addresses import channel_of, phone_of, same_address
from pytest_whoosh.engine.channels import CHANNELS
from pytest_whoosh.engine.messages.lifecycle import TRANSITIONS, Status
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.misuse import WhooshError

#: The type of a button that sends a message when tapped. Other buttons open a page or start a call.
_REPLYING: Final = "QUICK_REPLY"
_NEVER_ARRIVED: Final = frozenset({Status.SCHEDULED, Status.CANCELED, Status.FAILED, Status.UNDELIVERED})


class Option(NamedTuple):
    """A button or list item that a person can tap."""

    title: str
    id: str
    description: str = ""
    is_listed: bool = False
    #: The type of a button that sends no message; empty for buttons that do.
    opens: str = ""


def options_of(content: object) -> Iterator[Option]:
    """Yield the buttons and list items of a message's content in order, including those on cards."""
    if isinstance(content, list):
        for each in content:
            yield from options_of(each)
    elif isinstance(content, Mapping):
        if option := _option(content):
            yield option
        for value in content.values():
            yield from options_of(value)


def _option(item: Mapping[Any, Any]) -> Option | None:
    if "item" in item:
        title = str(item["item"])
        return Option(title, str(item.get("id") or title), str(item.get("description") or ""), is_listed=True)
    kind = item.get("type", _REPLYING)
    if not isinstance(item.get("title"), str) or not {"id", "url", "phone", "code"} & item.keys():
        return None
    return Option(item["title"], str(item.get("id") or item["title"]), opens="" if kind == _REPLYING else str(kind))


def tap_parameters(message: Message, person: str, label: str, steady: datetime) -> tuple[str, dict[str, str]]:
    """Return the text and parameters for a person's tap on a button or list item of a message.

    Raises:
        WhooshError: the person has no such message, or the message has no such button.
    """
    if not (message.is_outbound and same_address(phone_of(message.to), phone_of(person))):
        raise WhooshError(f"{person} cannot tap on {message.sid}: it is from {message.from_} to {message.to}.")
    if message.from_ is None or message.status in _NEVER_ARRIVED:
        hint = " Deliver it first: whoosh.settle()." if TRANSITIONS[message.status] else ""
        raise WhooshError(
            f"{person} cannot tap on {message.sid}, which is {message.status.value} and has not arrived.{hint}"
        )
    options = list(options_of(message.content))
    found = next((option for option in options if label in (option.title, option.id)), None)
    if found is None:
        titles = ", ".join(repr(option.title) for option in options) or "none"
        raise WhooshError(f"{message.sid} has no button or list item {label!r}. It has: {titles}.")
    if found.opens:
        raise WhooshError(f"{label!r} is a button of type {found.opens}: a tap on it sends no message to the app.")
    return found.title, _option_parameters(message, found, steady)


def _option_parameters(message: Message, option: Option, steady: datetime) -> dict[str, str]:
    if option.is_listed:
        params = {"ListId": option.id, "ListTitle": option.title}
        if option.description:
            params["ListDescription"] = option.description
    else:
        params = {"ButtonPayload": option.id, "ButtonText": option.title}
    channel = CHANNELS.get(message.channel or "")
    if channel is None or not channel.has_profiles:
        return params if option.is_listed else {**params, "ButtonType": "REPLY"}
    template = message.template
    is_template = template is not None and template.approval_status(steady) == APPROVED
    return {
        **params,
        "MessageType": "button" if is_template and not option.is_listed else "interactive",
        "Forwarded": "false",
        "FrequentlyForwarded": "false",
        "OriginalRepliedMessageSid": message.sid,
        "OriginalRepliedMessageSender": message.from_ or "",
    }


def location_parameters(
    person: str, latitude: float, longitude: float, label: str | None, address: str | None
) -> dict[str, str | float]:
    """Return the parameters for a location that a person shares.

    Raises:
        ValueError: a coordinate is out of range, or the person is not on a channel. SMS has no locations.
    """
    for name, value, most in (("latitude", latitude, 90), ("longitude", longitude, 180)):
        if isinstance(value, bool) or not isinstance(value, int | float) or not -most <= value <= most:
            raise ValueError(f"A {name} is a number of degrees from -{most} to {most}, not {value!r}.")
    _require_channel(person, "shares a location")
    params: dict[str, str | float] = {"Latitude": latitude, "Longitude": longitude}
    if label is not None:
        params["Label"] = label
    if address is not None:
        params["Address"] = address
    return params


#: The default parameters of a reply to an ad.
_AD: Final[Mapping[str, str]] = {
    "ReferralBody": "Chat with us",
    "ReferralHeadline": "An ad",
    "ReferralSourceId": "120200000000000001",
    "ReferralSourceType": "ad",
    "ReferralSourceUrl": "https://fb.me/whoosh",
    "ReferralCtwaClid": "whoosh-click-1",
}
_AD_MEDIA: Final[Mapping[str, str]] = {"ReferralMediaId": "whoosh-media-1", "ReferralMediaContentType": "image/jpeg"}


def ad_reply_parameters(person: str, given: Mapping[str, str | None]) -> dict[str, str]:
    """Return the parameters of a reply to an ad. ``given`` holds those that the test sets.

    Raises:
        ValueError: the person is not on a channel. Ads don't open SMS conversations.
    """
    _require_channel(person, "answers an ad")
    known = {name: value for name, value in given.items() if value is not None}
    media = _AD_MEDIA if "ReferralMediaUrl" in known else {}
    return {**_AD, **media, **known}


def _require_channel(person: str, does: str) -> None:
    if channel_of(person) is None:
        raise ValueError(f'Nobody {does} by SMS: write whoosh.phone("whatsapp:{person}").')


def sender_written_to(account: Account, messages: Sequence[Message], person: str) -> str:
    """Return the sender that a person writes to: the sender of their last message, else the account's only one.

    Raises:
        ValueError: the account has no such sender, or several.
    """
    phone = phone_of(person)
    for message in reversed(messages):
        if message.is_outbound and phone_of(message.to) == phone and message.from_:
            return message.from_
        if not message.is_outbound and phone_of(message.from_ or "") == phone:
            return message.to
    channel = channel_of(person)
    resources = account.resources
    known = [sender.address for sender in resources.channel_senders if channel_of(sender.address) == channel]
    if channel and not known and CHANNELS[channel].has_numbers:
        known = [f"{channel}:{number.phone_number}" for number in resources.numbers]
    if len(known) == 1:
        return known[0]
    there = f"the account has {', '.join(known)}" if known else "the account has no sender on that channel"
    raise ValueError(f'{person} has no message from or to the app yet, and {there}. Write to="whatsapp:+15557122661".')
