"""The Pricing resource: prices of messages by country.

The fake charges these prices. See https://www.twilio.com/docs/messaging/api/pricing
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import cache
from types import MappingProxyType
from typing import Final

from pytest_whoosh.engine.carrier.prices import INBOUND_SEGMENT_PRICE
from pytest_whoosh.engine.collection import Collection

from .paging import list_result_v1
from .routing import ApiResult, Call, Routes

routes = Routes("/v1/Messaging")

#: The sender types for outbound messages, and the number types for inbound ones.
OUTBOUND_TYPES: Final = ("mobile", "local", "shortcode", "toll free")
INBOUND_TYPES: Final = ("local", "mobile", "shortcode", "toll free")

#: Some carriers in the countries with their own price: name, mobile country code and mobile network code.
CARRIERS: Final[Mapping[str, tuple[tuple[str, str, str], ...]]] = MappingProxyType(
    {
        "AU": (("Telstra", "505", "1"), ("Optus", "505", "2"), ("Vodafone", "505", "3")),
        "BR": (("Claro", "724", "5"), ("Vivo", "724", "6"), ("TIM", "724", "2")),
        "CA": (("Rogers", "302", "720"), ("Bell", "302", "610"), ("Telus", "302", "220")),
        "DE": (("Telekom", "262", "1"), ("Vodafone", "262", "2"), ("O2", "262", "3")),
        "ES": (("Vodafone", "214", "1"), ("Orange", "214", "3"), ("Movistar", "214", "7")),
        "FR": (("Orange", "208", "1"), ("SFR", "208", "10"), ("Bouygues", "208", "20")),
        "GB": (("O2", "234", "10"), ("Vodafone", "234", "15"), ("EE", "234", "30")),
        "IN": (("Airtel", "404", "10"), ("Vi", "404", "20"), ("Jio", "405", "857")),
        "IT": (("TIM", "222", "1"), ("Vodafone", "222", "10"), ("WindTre", "222", "88")),
        "JP": (("NTT Docomo", "440", "10"), ("SoftBank", "440", "20"), ("KDDI", "440", "51")),
        "MX": (("Telcel", "334", "20"), ("Movistar", "334", "30"), ("AT&T", "334", "50")),
        "US": (("T-Mobile", "310", "260"), ("AT&T", "310", "410"), ("Verizon", "311", "480")),
    }
)
#: The row for all other carriers.
OTHER: Final = ("Other", "", "")

#: The names of countries that phonenumbers does not name.
_NAMES: Final = MappingProxyType({"AC": "Ascension Island", "TA": "Tristan da Cunha", "XK": "Kosovo"})


@dataclass(frozen=True, slots=True)
class Country:
    """A country. Page tokens use its ISO code as its SID."""

    sid: str
    name: str


@cache
def _countries() -> Collection[Country]:
    """Return every country, sorted by name."""
    # Imported here, because it takes half a second and 60 MB.
    from phonenumbers import SUPPORTED_REGIONS
    from phonenumbers.geodata.locale import LOCALE_DATA

    def name(region: str) -> str:
        names = LOCALE_DATA.get(region, {"en": _NAMES.get(region, region)})
        # A name such as "*aa" refers to the name in that language.
        return str(names[names["en"][1:]] if names["en"].startswith("*") else names["en"])

    return Collection(sorted((Country(each, name(each)) for each in SUPPORTED_REGIONS), key=lambda each: each.name))


@routes.get("")
def fetch_messaging(call: Call) -> ApiResult:
    """Fetch the URLs of the subresources."""
    url = _url(call)
    return ApiResult({"name": "Messaging", "url": url, "links": {"countries": f"{url}/Countries"}})


@routes.get("/Countries")
def list_messaging_country(call: Call) -> ApiResult:
    """List the countries, sorted by name."""
    return list_result_v1(
        call, "countries", _countries(), lambda country: render_country(call, country), newest_first=False
    )


@routes.get("/Countries/{iso_country}")
def fetch_messaging_country(call: Call, iso_country: str) -> ApiResult:
    """Fetch a country's prices for outbound and inbound segments."""
    country = _countries().get(iso_country.upper())
    if country is None:
        raise call.not_found()
    price = call.vendor.prices.of_country(country.sid)
    return ApiResult(
        {
            **render_country(call, country),
            "price_unit": "USD",
            "outbound_sms_prices": [
                {"carrier": carrier, "mcc": mcc, "mnc": mnc, "prices": _prices(OUTBOUND_TYPES, price)}
                for carrier, mcc, mnc in (*CARRIERS.get(country.sid, ()), OTHER)
            ],
            "inbound_sms_prices": _prices(INBOUND_TYPES, INBOUND_SEGMENT_PRICE),
        }
    )


def _prices(types: tuple[str, ...], price: Decimal) -> list[dict[str, object]]:
    # The account has no discount, so it pays the list price.
    return [{"number_type": kind, "base_price": f"{price:f}", "current_price": f"{price:f}"} for kind in types]


def render_country(call: Call, country: Country) -> dict[str, object]:
    """Return a country as lists show it."""
    return {
        "country": country.name,
        "iso_country": country.sid,
        "url": f"{_url(call)}/Countries/{country.sid}",
    }


def _url(call: Call) -> str:
    return f"{call.request.origin}/v1/Messaging"
