"""Prices of messages, by country.

The vendor publishes no price list ("Contact us for details on pricing"), so these prices are invented. They are
the same in every run.
"""

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.addresses import country_of
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.geography import is_country_code
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.misuse import is_usage_error

__tracebackhide__ = is_usage_error

#: US dollars for one outbound segment, by ISO country code.
SEGMENT_PRICES: Final[Mapping[str, Decimal]] = MappingProxyType(
    {
        "AU": Decimal("0.0515"),
        "BR": Decimal("0.0592"),
        "CA": Decimal("0.0079"),
        "DE": Decimal("0.0900"),
        "ES": Decimal("0.0763"),
        "FR": Decimal("0.0798"),
        "GB": Decimal("0.0420"),
        "IN": Decimal("0.0832"),
        "IT": Decimal("0.0927"),
        "JP": Decimal("0.0820"),
        "MX": Decimal("0.0672"),
        "US": Decimal("0.0079"),
    }
)
#: US dollars for one outbound segment to any other country.
SEGMENT_PRICE_ELSEWHERE: Final = Decimal("0.0650")
#: US dollars for one inbound segment, in every country.
INBOUND_SEGMENT_PRICE: Final = Decimal("0.0075")
#: US dollars for one MMS of any size.
MMS_PRICE: Final = Decimal("0.0200")
#: US dollars for one message on a channel such as WhatsApp.
CHANNEL_PRICE: Final = Decimal("0.0050")


class Prices:
    """A double's price list: the default prices, and those that the test set."""

    __slots__ = ("_set",)

    def __init__(self) -> None:
        self._set: dict[str, Decimal] = {}

    def set(self, country: str, price: object) -> Decimal:
        """Set the price of a segment to a country in US dollars, and return it as a Decimal."""
        if not isinstance(country, str) or not is_country_code(country):
            raise ValueError(f'A country is an ISO code of two letters such as "US", not {country!r}.')
        try:
            amount = Decimal(str(price))
        except InvalidOperation:
            amount = Decimal(-1)
        if not amount.is_finite() or amount < 0:
            raise ValueError(f'A price is an amount in US dollars such as "0.0079", not {dialect().value(price)}.')
        self._set[country.upper()] = amount
        return amount

    def of_country(self, country: str) -> Decimal:
        """Return the price of one segment to a country."""
        return self._set[country] if country in self._set else SEGMENT_PRICES.get(country, SEGMENT_PRICE_ELSEWHERE)

    def cost(self, message: Message) -> Decimal:
        """Return a message's cost: the sum for its segments, or a fixed amount for an MMS or a channel message."""
        if message.channel:
            return CHANNEL_PRICE
        if message.is_mms:
            return MMS_PRICE
        each = self.of_country(country_of(message.to)) if message.is_outbound else INBOUND_SEGMENT_PRICE
        return each * message.num_segments

    def price(self, message: Message) -> Decimal:
        """Return a message's cost as the API shows it: as a negative amount."""
        return _negative(self.cost(message))


@lru_cache(maxsize=256)
def _negative(amount: Decimal) -> Decimal:
    # Cached, because a Decimal takes more memory than a text message, and messages have few different prices.
    return -amount
