"""Formats and parses dates and times as the API does."""

import re
from datetime import UTC, date, datetime
from email.utils import format_datetime, parsedate_to_datetime
from functools import lru_cache
from typing import Final, NamedTuple

from pytest_whoosh.engine.timeline import to_utc

_AMERICAN_DATE: Final = re.compile(r"([0-9]{2}/[0-9]{2}/[0-9]{4})(?: ([0-9]{2}:[0-9]{2}:[0-9]{2}) ([A-Z]{3}))?")


def format_rfc2822(when: datetime) -> str:
    """Format a moment as the 2010 API does: ``Thu, 30 Jul 2015 20:12:31 +0000``."""
    return _in_rfc2822(when.toordinal(), when.hour, when.minute, when.second)


@lru_cache(maxsize=256)
def _in_rfc2822(day: int, hour: int, minute: int, second: int) -> str:
    # Cached, because formatting is the slowest part of a send. Numbers, because a moment takes long to hash.
    return format_datetime(datetime.fromordinal(day).replace(hour=hour, minute=minute, second=second, tzinfo=UTC))


@lru_cache(maxsize=256)
def format_iso8601(when: datetime) -> str:
    """Format a moment as the other APIs do: ``2015-07-30T20:12:31Z``."""
    return f"{when:%Y-%m-%dT%H:%M:%SZ}"


# Readers of parameters: each raises ValueError for an invalid text.


def parse_iso8601(value: str) -> datetime:
    """Parse a moment in ISO 8601. Without an offset it is in UTC, and without a time it is midnight."""
    try:
        return to_utc(datetime.fromisoformat(value.strip()))
    except OverflowError:  # the offset leads out of the calendar
        raise ValueError(value) from None


class Period(NamedTuple):
    """A period of time, including both its ends."""

    first: datetime
    last: datetime


def parse_period(value: str) -> Period:
    """Parse the day, or the second, that a text names in any format of the API's documentation.

    The API shows moments to the second, so a filter cannot name a fraction of a second.
    """
    when, is_day = parse_day_or_moment(value)
    return _day(when) if is_day else Period(when.replace(microsecond=0), when.replace(microsecond=999_999))


def parse_day(value: str) -> Period:
    """Parse a moment, and return its whole day in UTC."""
    when, _ = parse_day_or_moment(value)
    return _day(when)


def _day(when: datetime) -> Period:
    midnight = when.replace(hour=0, minute=0, second=0, microsecond=0)
    return Period(midnight, midnight.replace(hour=23, minute=59, second=59, microsecond=999_999))


def parse_day_or_moment(value: str) -> tuple[datetime, bool]:
    """Parse a moment in any format of the API's documentation. Return it, and True if the text names only a day."""
    for read in (_iso_8601, _american, _rfc_2822):
        try:
            return read(value.strip())
        except (ValueError, TypeError, IndexError, OverflowError):  # email.utils raises these for an invalid date
            continue
    raise ValueError('a date such as "2030-01-31"')


def _iso_8601(value: str) -> tuple[datetime, bool]:
    when = parse_iso8601(value)
    try:
        date.fromisoformat(value)
    except ValueError:
        return when, False
    return when, True


def _american(value: str) -> tuple[datetime, bool]:
    match = _AMERICAN_DATE.fullmatch(value)
    if match is None:
        raise ValueError(value)
    day, time, zone = match.groups()
    parsed = datetime.strptime(f"{day} {time or '00:00:00'}", "%m/%d/%Y %H:%M:%S")  # noqa: DTZ007
    # These dates can only have a time zone that RFC 2822 names, such as MST.
    named = parsedate_to_datetime(f"01 Jan 2000 00:00:00 {zone or 'GMT'}")
    return to_utc(parsed.replace(tzinfo=named.tzinfo)), time is None


def _rfc_2822(value: str) -> tuple[datetime, bool]:
    return to_utc(parsedate_to_datetime(value)), False
