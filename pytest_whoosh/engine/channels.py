"""What is particular to the channels beside SMS and MMS: WhatsApp, Messenger and RCS.

See https://www.twilio.com/docs/messaging/channels
"""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from .lifecycle import DELIVERED
from .records import Message

#: How long a person may be written to freely after writing themselves, on the channels that keep such a window.
#: See https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window-customer-service-window
WINDOWS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {"whatsapp": timedelta(hours=24), "messenger": timedelta(hours=24)}
)


def sender_sid(address: str) -> str:
    """The SID of a sender on a channel: the same wherever the address is used."""
    return "XE" + hashlib.sha256(address.encode()).hexdigest()[:32]


def is_outside_window(message: Message, last_heard: datetime | None, now: datetime) -> bool:
    """Whether a message comes too late after its recipient last wrote to its sender, or before they ever did.

    A template may always be sent. So may whatever the test has scripted an end for: the test decides what happens.
    """
    window = WINDOWS.get(message.channel or "")
    if window is None or message.content_sid or message.outcome is not DELIVERED:
        return False
    return last_heard is None or now - last_heard > window
