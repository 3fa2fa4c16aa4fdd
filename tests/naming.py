"""Names: of the cases of a table, and of the fields that show what was posted."""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final


def readable(value: object) -> str:
    """Return the name of a value for a test case: the same in every process, as pytest-xdist needs."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))


#: The fields of a message for parameters that need not be posted, and their values without them.
NOT_POSTED: Final[Mapping[str, object]] = MappingProxyType(
    {
        "application_sid": None,
        "validity_period": 14400,
        "max_price": None,
        "provide_feedback": False,
        "attempt": None,
        "content_retention": None,
        "address_retention": None,
        "smart_encoded": None,
        "persistent_action": [],
        "shorten_urls": False,
        "send_as_mms": False,
        "schedule_type": None,
        "fallback_from": None,
        "risk_check": None,
        "traffic_type": None,
        "message_intent": None,
        "force_delivery": False,
        "tags": None,
    }
)
POSTED_KEYS: Final = ", ".join(NOT_POSTED)
