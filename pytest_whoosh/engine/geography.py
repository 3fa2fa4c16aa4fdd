"""Countries, and the locations of phone numbers from the numbering data of ``phonenumbers``."""

from functools import lru_cache
from typing import NamedTuple

from .addresses import country_of


def is_country_code(text: str) -> bool:
    """True if a text has the form of a country's ISO code. There may be no such country."""
    return len(text) == 2 and text.isascii() and text.isalpha()


class Location(NamedTuple):
    """The location of a phone number. A field is empty if the number does not determine it."""

    city: str = ""
    state: str = ""
    zip: str = ""
    country: str = ""


@lru_cache(maxsize=256)
def locate(number: str) -> Location:
    """Return the location of an E.164 number, in capitals as the vendor writes it."""
    if not number.startswith("+"):
        return Location()
    country = country_of(number)
    import phonenumbers

    parsed = phonenumbers.parse(number)
    if not phonenumbers.is_valid_number(parsed):  # a fictional number, so the large tables need not be loaded
        return Location(country=country)
    from phonenumbers import geocoder

    described = geocoder.description_for_valid_number(parsed, "en")
    city, comma, state = described.partition(", ")
    if not comma:
        city, state = "", described if country in ("US", "CA") else ""
    return Location(city.upper(), state.upper(), "", country)
