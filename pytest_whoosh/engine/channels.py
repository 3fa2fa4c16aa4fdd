"""The messaging channels beside SMS and MMS, one row each: WhatsApp, Messenger and RCS.

To add a channel, add a row: addresses, sender selection, statuses, webhooks and templates read it here.
See https://www.twilio.com/docs/messaging/channels
"""

import re
from collections.abc import Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, NamedTuple


class Channel(NamedTuple):
    """The properties of a channel: one row of the table of channels."""

    #: The prefix of its addresses, before the colon.
    name: str
    #: The name in texts for people. The API uses it as the ``sender_type``.
    label: str
    #: True if people and senders are known by their phone numbers.
    has_numbers: bool
    #: The form of addresses that are not phone numbers; None if all are phone numbers.
    identifier: re.Pattern[str] | None = None
    #: How long a sender may send free text to a person after they last wrote; None means always.
    window: timedelta | None = None
    #: True if the channel reports that the recipient has read a message.
    reports_read: bool = False
    #: True if a Messaging Service keeps using the sender that a recipient already knows.
    has_sticky_senders: bool = True
    #: True if the channel's senders also reach plain phone numbers.
    reaches_numbers: bool = False
    #: True if the channel approves templates. Approved templates can be sent outside of the window.
    approves_templates: bool = False
    #: True if webhooks carry WhatsApp's own parameters: ``ProfileName``, ``WaId``, ``StructuredMessage``.
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
                # A person who hides their number has an ID that starts with an ISO country code; ENT marks businesses.
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
