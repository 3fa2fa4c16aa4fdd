"""Moments as the API spells them."""

from datetime import datetime
from email.utils import format_datetime
from functools import lru_cache


@lru_cache(maxsize=256)
def rfc2822(when: datetime) -> str:
    """A moment in the 2010 API: ``Thu, 30 Jul 2015 20:12:31 +0000``."""
    return format_datetime(when)


@lru_cache(maxsize=256)
def iso8601(when: datetime) -> str:
    """A moment everywhere else: ``2015-07-30T20:12:31Z``."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"
