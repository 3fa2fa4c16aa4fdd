"""The vendor's magic numbers, which behave in a known way as From, as To, and when they are bought.

See https://www.twilio.com/docs/iam/test-credentials
"""

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

_MAGIC: Final = re.compile(r"\+1500555000[0-9]")

#: What each sender is refused with, or None where it is not. All others of the magic numbers are not the account's.
FROM: Final[Mapping[str, int | None]] = MappingProxyType(
    {"+15005550001": 21212, "+15005550006": None, "+15005550007": 21606, "+15005550008": 21611}
)
#: What each recipient is refused with. All others of the magic numbers are numbers like any.
TO: Final[Mapping[str, int]] = MappingProxyType(
    {
        "+15005550001": 21211,
        "+15005550002": 21612,
        "+15005550003": 21408,
        "+15005550004": 21610,
        "+15005550009": 21614,
    }
)
#: What each number is refused with by those who would buy it.
UNAVAILABLE: Final[Mapping[str, int]] = MappingProxyType({"+15005550000": 21422, "+15005550001": 21421})
#: The number that can be bought in each area code, or None where there is none.
AREA_CODES: Final[Mapping[str, str | None]] = MappingProxyType({"500": "+15005550006", "533": None})


def is_magic(address: str) -> bool:
    """True if an address is one of the magic numbers."""
    return _MAGIC.fullmatch(address) is not None
