"""Reads the addresses of messages: phone numbers, short codes, alphanumeric senders and channel addresses."""

import re
from enum import Enum
from functools import lru_cache
from typing import Final

from .caching import cached
from .channels import CHANNELS
from .sids import Prefix, sid_pattern

# A number that phonenumbers calls possible, in the form that it returns. Nearly every test uses such numbers, so
# this saves the library's import and its parsing.
_PLAIN_NANP: Final = re.compile(r"\+1[2-9][0-9]{9}")
SHORT_CODE: Final = re.compile("[0-9]{5,6}")
_SIM: Final = re.compile(f"sim:{sid_pattern(Prefix.SIM).pattern}")
#: Letters, digits, space and ``+ - _ &``, at least one letter: https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
_ALPHA: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")
#: A number as people type it: digits with the usual separators. Letters are not allowed, although phonenumbers reads
#: them as the keys of a telephone.
_TYPED: Final = re.compile(r"\+?[\d\s().\-/]{3,30}")
#: The country code of an address without a country.
_NO_COUNTRY: Final = "ZZ"


class AddressKind(Enum):
    """The kinds of address."""

    NUMBER = "phone number"
    SHORT_CODE = "short code"
    ALPHA = "alphanumeric sender"
    CHANNEL = "channel address"
    SIM = "wireless SIM"


@cached(4096)
def channel_of(address: str) -> str | None:
    """Return the channel that an address names, such as ``"whatsapp"``; None for SMS."""
    prefix, colon, _ = address.partition(":")
    return prefix if colon and prefix in CHANNELS else None


def address_kind(address: str) -> AddressKind | None:
    """Return the kind of a normalised address; None if it cannot be a message's sender."""
    if address.startswith("+"):
        return AddressKind.NUMBER
    if channel_of(address):
        return AddressKind.CHANNEL
    if _SIM.fullmatch(address):
        return AddressKind.SIM
    if SHORT_CODE.fullmatch(address):
        return AddressKind.SHORT_CODE
    if _ALPHA.fullmatch(address):
        return AddressKind.ALPHA
    return None


def phone_number(text: str, rule: str = "possible") -> str | None:
    """Return a phone number in E.164, whatever its spelling; None if the text is not a phone number.

    Like the vendor, it reads ten digits without a country code as a North American number. ``rule`` is
    ``"possible"`` (the length is right; fictional +1 555 numbers pass) or ``"valid"`` (in a real numbering plan).
    """
    number = _possible_number(text)
    return number if number is None or rule == "possible" or is_assigned(number) else None


def _possible_number(text: str) -> str | None:
    if _PLAIN_NANP.fullmatch(text):
        return text
    text = text.strip()
    if not _TYPED.fullmatch(text):
        return None
    import phonenumbers  # 50 ms: only for numbers that need it

    try:
        parsed = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != phonenumbers.ValidationResult.IS_POSSIBLE:  # "possible locally only" is not enough to dial
        return None
    number: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    # Without a country code, only a complete North American number counts.
    return number if text.startswith("+") or _PLAIN_NANP.fullmatch(number) else None


@cached(1024)
def is_assigned(address: str) -> bool:
    """True if an address's phone number is in a real numbering plan, or if the address has no phone number."""
    channel, colon, number = address.rpartition(":")
    if not number.startswith("+") or (colon and not CHANNELS[channel].has_numbers):
        return True
    import phonenumbers

    return phonenumbers.is_valid_number(phonenumbers.parse(number))


@cached(4096)
def normalize_address(text: str) -> str | None:
    """Return an address in its standard spelling: E.164 for phone numbers, also after ``whatsapp:``.

    Returns None for other texts. These include short codes and alphanumeric senders, which have only one spelling.
    """
    text = text.strip()
    channel, colon, rest = text.partition(":")
    if colon:
        if _SIM.fullmatch(text):
            return text
        return _channel_address(channel.strip().lower(), rest.strip())
    return _possible_number(text)


def parse_address(given: object) -> str | None:
    """Return an address that a test passes, as :func:`normalize_address` does; None for anything but a text."""
    return normalize_address(given) if isinstance(given, str) else None


def _channel_address(name: str, address: str) -> str | None:
    channel = CHANNELS.get(name)
    if channel is None:
        return None
    if channel.identifier is None or not channel.identifier.fullmatch(address):
        number = _possible_number(address) if channel.has_numbers else None
        return f"{name}:{number}" if number else None
    return f"{name}:{address}"


def same_address(one: str, other: str) -> bool:
    """True if two texts are spellings of the same address."""
    return one == other or (normalize_address(one) or one) == (normalize_address(other) or other)


def phone_of(address: str) -> str:
    """Return the phone number behind an address: ``+1...`` for ``rcs:+1...``. Other addresses are returned as is."""
    channel, colon, number = address.partition(":")
    is_phone = colon and number.startswith("+") and channel in CHANNELS and CHANNELS[channel].reaches_numbers
    return number if is_phone else address


def address_towards(sender: str, person: str) -> str:
    """Return the address that a sender sees for a person: ``rcs:+1...`` if a phone number writes to an RCS sender."""
    channel = channel_of(sender)
    is_phone = channel and person.startswith("+") and CHANNELS[channel].reaches_numbers
    return f"{channel}:{person}" if is_phone else person


def mask_address(address: str) -> str:
    """Return an address with its last four characters hidden, as the vendor's error texts show recipients."""
    return address[:-4] + "XXXX"


#: The types of phone number. The vendor sells and prices each separately.
LOCAL, MOBILE, TOLL_FREE = "local", "mobile", "toll-free"
_TOLL_FREE_NANP: Final = re.compile(r"\+18(?:00|33|44|55|66|77|88)")


def is_toll_free(number: str) -> bool:
    """True if a number is a North American toll-free number."""
    return _TOLL_FREE_NANP.match(number) is not None


@cached(1024)
def number_type(number: str) -> str:
    """Return the type of a number in E.164. North American mobile numbers look like local ones and count as local."""
    if number.startswith("+1"):
        return TOLL_FREE if is_toll_free(number) else LOCAL
    import phonenumbers

    kind = phonenumbers.number_type(phonenumbers.parse(number))
    known = {phonenumbers.PhoneNumberType.MOBILE: MOBILE, phonenumbers.PhoneNumberType.TOLL_FREE: TOLL_FREE}
    return known.get(kind, LOCAL)


def national_format(number: str) -> str:
    """Return a number in E.164 as people in its country write it: ``(808) 925-5327``."""
    if nanp := re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number):
        return "({}) {}-{}".format(*nanp.groups())
    import phonenumbers

    national = phonenumbers.PhoneNumberFormat.NATIONAL
    return str(phonenumbers.format_number(phonenumbers.parse(number), national))


def calling_area(number: str) -> str:
    """Return the start of an E.164 number that determines its country: with the area code in North America."""
    return number[:5] if number.startswith("+1") else number[:4]


@cached(1024)
def country_of(number: str) -> str:
    """Return the ISO code of a number's country: ``"US"`` for a fictional North American number, ``"ZZ"`` if none."""
    _, _, number = number.rpartition(":")
    return _country_of_area(calling_area(number)) if number.startswith("+") else _NO_COUNTRY


@lru_cache(maxsize=1024)
def _country_of_area(area: str) -> str:
    import phonenumbers

    if area.startswith("+1"):
        # The area code determines the country. phonenumbers needs a whole number, so seven digits are added.
        parsed = phonenumbers.parse(area + "2345678"[: 12 - len(area)], "US")
        return phonenumbers.region_code_for_number(parsed) or "US"
    for digits in (2, 3, 4):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(area[1:digits] or 0))
        if regions:
            return str(regions[0])
    return _NO_COUNTRY
