"""Checks the conversation window of channels. Outside of it, a channel sends only approved templates.

See https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-window-customer-service-window, and "WhatsApp approval
requirements" at https://www.twilio.com/docs/content/content-types-overview
"""

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.account.content import CONTENT_TYPES
from pytest_whoosh.engine.account.resources import APPROVED, ContentTemplate
from pytest_whoosh.engine.channels import CHANNELS
from pytest_whoosh.engine.messages.lifecycle import DEFAULT_JOURNEY
from pytest_whoosh.engine.messages.record import Message

_OUTSIDE_WINDOW: Final = 63016
#: The error of a template that WhatsApp does not approve, by the status of its approval.
_NOT_APPROVED: Final[Mapping[str, int]] = MappingProxyType({"rejected": 63040, "paused": 63041, "disabled": 63042})


def refusal(message: Message, last_heard: datetime | None, steady: datetime) -> int | None:
    """Return the error code with which a channel refuses a message now; None if it accepts the message.

    A message with a scripted outcome is never refused, because the test decides its outcome.
    """
    channel = CHANNELS.get(message.channel or "")
    if channel is None or channel.window is None or message.journey is not DEFAULT_JOURNEY:
        return None
    if last_heard is not None and steady - last_heard <= channel.window:
        return None
    template = message.template
    if template is None or message.content is None or not channel.approves_templates:
        return _OUTSIDE_WINDOW
    return _template_refusal(template, str(message.content["content_type"]), steady)


def _template_refusal(template: ContentTemplate, content_type: str, steady: datetime) -> int | None:
    status = template.approval_status(steady)
    if status in _NOT_APPROVED:
        return _NOT_APPROVED[status]
    return None if status == APPROVED and not CONTENT_TYPES[content_type].in_window_only else _OUTSIDE_WINDOW
