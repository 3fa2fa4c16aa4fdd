"""What is particular to the channels beside SMS and MMS: WhatsApp, Messenger and RCS.

See https://www.twilio.com/docs/messaging/channels
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.messages.lifecycle import DELIVERED
from pytest_whoosh.engine.messages.record import Message

#: How long a person may be written to freely after writing themselves, on the channels that keep such a window.
#: See https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window-customer-service-window
WINDOWS: Final[Mapping[str, timedelta]] = MappingProxyType(
    {"whatsapp": timedelta(hours=24), "messenger": timedelta(hours=24)}
)


def is_outside_window(message: Message, last_heard: datetime | None, now: datetime) -> bool:
    """Whether a message comes too late after its recipient last wrote to its sender, or before they ever did.

    A template may always be sent. So may whatever the test has scripted an end for: the test decides what happens.
    """
    window = WINDOWS.get(message.channel or "")
    if window is None or message.content_sid or message.outcome is not DELIVERED:
        return False
    return last_heard is None or now - last_heard > window
