"""When a person may be sent free text on a channel: within the channel's window after they last wrote.

See https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window-customer-service-window
"""

from datetime import datetime

from pytest_whoosh.engine.channels import CHANNELS
from pytest_whoosh.engine.messages.lifecycle import DELIVERED
from pytest_whoosh.engine.messages.record import Message


def is_outside_window(message: Message, last_heard: datetime | None, now: datetime) -> bool:
    """True if the recipient has not written to the sender, or wrote too long ago.

    A template may always be sent. A message with a scripted outcome may too, because the test decides its outcome.
    """
    channel = CHANNELS.get(message.channel or "")
    if channel is None or channel.window is None or message.content_sid or message.outcome is not DELIVERED:
        return False
    return last_heard is None or now - last_heard > channel.window
