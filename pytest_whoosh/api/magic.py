"""The vendor's magic numbers: as From, as To, and when an app buys them, each has a fixed result.

See https://www.twilio.com/docs/iam/test-credentials
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_MAGIC: Final = re.compile(r"\+1500555000[0-9]")

#: The error code for each sender; None if it can send. The account does not own any other magic number.
SENDER_ERRORS: Final[Mapping[str, int | None]] = MappingProxyType(
    {"+15005550001": 21212, "+15005550006": None, "+15005550007": 21606, "+15005550008": 21611}
)
#: The error code for each recipient. Other magic numbers are ordinary recipients.
RECIPIENT_ERRORS: Final[Mapping[str, int]] = MappingProxyType(
    {
        "+15005550001": 21211,
        "+15005550002": 21612,
        "+15005550003": 21408,
        "+15005550004": 21610,
        "+15005550009": 21614,
    }
)
#: The error code for each number that an app tries to buy.
PURCHASE_ERRORS: Final[Mapping[str, int]] = MappingProxyType({"+15005550000": 21422, "+15005550001": 21421})
#: The number that an app can buy in each area code; None if there is none.
NUMBERS_BY_AREA_CODE: Final[Mapping[str, str | None]] = MappingProxyType({"500": "+15005550006", "533": None})


def is_magic(address: str) -> bool:
    """True if an address is one of the magic numbers."""
    return _MAGIC.fullmatch(address) is not None
