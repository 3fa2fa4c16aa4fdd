"""The views that a test reads: live and read-only."""

from .messages import Callback, Message
from .people import HasSid, MediaFile, ParamValue, Phone, Reply
from .queues import Queue
from .selection import Messages
from .verifications import Verification

__all__ = [
    "Callback",
    "HasSid",
    "MediaFile",
    "Message",
    "Messages",
    "ParamValue",
    "Phone",
    "Queue",
    "Reply",
    "Verification",
]
