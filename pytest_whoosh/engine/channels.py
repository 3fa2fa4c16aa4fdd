"""The messaging channels beside SMS and MMS, one row each: WhatsApp, Messenger and RCS.

To add a channel, add a row: addresses, sender selection, statuses, webhooks and templates read it here.
See https://www.twilio.com/docs/messaging/channels
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from types import MappingProxyType
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """A channel's properties: one row of the table of channels."""

    #: The prefix of its addresses, before the colon.
    name: str
    #: The name that people read; also the ``sender_type`` of the API.
    label: str
    #: True if people and senders are known by their phone numbers.
    has_numbers: bool
    #: What an address that is no phone number looks like; None if all are phone numbers.
    identifier: re.Pattern[str] | None = None
    #: How long a person may be sent free text after they last wrote; None means always.
    window: timedelta | None = None
    #: True if the channel reports that the recipient has read a message.
    reports_read: bool = False
    #: True if a Messaging Service keeps the sender that a recipient knows.
    has_sticky_senders: bool = True
    #: True if the channel's senders also reach plain phone numbers.
    reaches_numbers: bool = False
    #: True if the channel approves templates, which may then be sent outside of the window.
    approves_templates: bool = False
    #: True if WhatsApp's own parameters go with webhooks: ``ProfileName``, ``WaId``, ``StructuredMessage``.
    has_profiles: bool = False


#: See https://www.twilio.com/docs/whatsapp/key-concepts for the window of WhatsApp,
#: https://www.twilio.com/docs/rcs for RCS, and https://www.twilio.com/docs/messaging/channels/facebook-messenger.
CHANNELS: Final[Mapping[str, Channel]] = MappingProxyType(
    {
        channel.name: channel
        for channel in (
            Channel(
                name="whatsapp",
                label="WhatsApp",
                has_numbers=True,
                # Who hides their number has an id, with the ISO code of their country; ENT is for businesses.
                identifier=re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}"),
                window=timedelta(hours=24),
                reports_read=True,
                approves_templates=True,
                has_profiles=True,
            ),
            Channel(
                name="messenger",
                label="Messenger",
                has_numbers=False,
                identifier=re.compile(".+"),
                window=timedelta(hours=24),
            ),
            Channel(
                name="rcs",
                label="RCS",
                has_numbers=True,
                identifier=re.compile("[^+].*"),
                has_sticky_senders=False,
                reaches_numbers=True,
            ),
        )
    }
)
