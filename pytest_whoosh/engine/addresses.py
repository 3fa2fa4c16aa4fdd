"""Who a message is from and to: phone numbers, short codes, alphanumeric senders and channel addresses."""

import re
from enum import Enum
from functools import lru_cache
from typing import Final

#: The channels that an address may name before its colon.
CHANNELS: Final = ("whatsapp", "messenger", "rcs")

# What phonenumbers would call possible without looking further: saves its import and its parsing for the numbers
# that nearly every test uses. It also is the form it would bring them into.
_PLAIN_NANP: Final = re.compile(r"\+1[2-9][0-9]{9}")
SHORT_CODE: Final = re.compile("[0-9]{5,6}")
_SIM: Final = re.compile("sim:DE[0-9a-fA-F]{32}")
#: Letters, digits, space and ``+ - _ &``, at least one letter: https://www.twilio.com/docs/glossary/what-alphanumeric-sender-id
_ALPHA: Final = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 &+_-]{1,11}")
#: A number as people type it: digits with the usual separators. Letters are no part of it, though phonenumbers
#: would read them as the keys of a telephone.
_TYPED: Final = re.compile(r"\+?[\d\s().\-/]{3,30}")
#: What stands for the country of an address that is in none.
_NOWHERE: Final = "ZZ"


class Kind(Enum):
    """What sort of address it is."""

    NUMBER = "phone number"
    SHORT_CODE = "short code"
    ALPHA = "alphanumeric sender"
    CHANNEL = "channel address"
    SIM = "wireless SIM"


@lru_cache(maxsize=4096)
def channel_of(address: str) -> str | None:
    """The channel an address names, such as ``"whatsapp"``; None for SMS."""
    prefix, colon, _ = address.partition(":")
    return prefix if colon and prefix in CHANNELS else None


def kind_of(address: str) -> Kind | None:
    """What a normalised address is; None where it is nothing that a message can come from."""
    if address.startswith("+"):
        return Kind.NUMBER
    if channel_of(address):
        return Kind.CHANNEL
    if _SIM.fullmatch(address):
        return Kind.SIM
    if SHORT_CODE.fullmatch(address):
        return Kind.SHORT_CODE
    if _ALPHA.fullmatch(address):
        return Kind.ALPHA
    return None


@lru_cache(maxsize=4096)
def phone_number(text: str, rule: str = "possible") -> str | None:
    """A phone number in E.164, from any spelling of it; None where it is none.

    Ten digits without a country code are taken as North American, as the vendor takes them. ``rule`` is
    ``"possible"`` (the length is right; fictional +1 555 numbers pass) or ``"valid"`` (in a real numbering plan).
    """
    if rule == "possible" and _PLAIN_NANP.fullmatch(text):
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
    if rule == "valid" and not phonenumbers.is_valid_number(parsed):
        return None
    number: str = phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
    # A code of the country, or the shape of a North American number: ten digits alone are not enough.
    return number if text.startswith("+") or _PLAIN_NANP.fullmatch(number) else None


@lru_cache(maxsize=4096)
def normalize(text: str, rule: str = "possible") -> str | None:
    """An address in its one spelling: E.164 for phone numbers, also behind ``whatsapp:``; None where it is none.

    Short codes and alphanumeric senders have one spelling only, and are nothing that everyone can write to.
    """
    text = text.strip()
    channel, colon, rest = text.partition(":")
    if colon:
        if _SIM.fullmatch(text):
            return text
        channel = channel.strip().lower()
        if channel not in CHANNELS or not rest.strip():
            return None
        if channel == "whatsapp" or (channel == "rcs" and rest.strip().startswith("+")):
            number = phone_number(rest, rule)
            return f"{channel}:{number}" if number else None
        return f"{channel}:{rest.strip()}"
    return phone_number(text, rule)


def same(one: str, other: str) -> bool:
    """Whether two texts are spellings of one address."""
    return one == other or (normalize(one) or one) == (normalize(other) or other)


def mask(address: str) -> str:
    """An address with its last four characters hidden, as the vendor's error texts show recipients."""
    return address[:-4] + "XXXX"


#: The types of phone number that are bought and priced apart.
LOCAL, MOBILE, TOLL_FREE = "local", "mobile", "toll-free"
_TOLL_FREE_NANP: Final = re.compile(r"\+18(?:00|33|44|55|66|77|88)")


def is_toll_free(number: str) -> bool:
    """Whether a number is one of North America's toll-free ones."""
    return _TOLL_FREE_NANP.match(number) is not None


@lru_cache(maxsize=1024)
def number_type(number: str) -> str:
    """Whether a number in E.164 is local, mobile or toll-free; North American ones look the same as mobile or local."""
    if number.startswith("+1"):
        return TOLL_FREE if is_toll_free(number) else LOCAL
    import phonenumbers

    kind = phonenumbers.number_type(phonenumbers.parse(number))
    known = {phonenumbers.PhoneNumberType.MOBILE: MOBILE, phonenumbers.PhoneNumberType.TOLL_FREE: TOLL_FREE}
    return known.get(kind, LOCAL)


def national_format(number: str) -> str:
    """A number in E.164 as people of its country write it: ``(808) 925-5327``."""
    if nanp := re.fullmatch(r"\+1(\d{3})(\d{3})(\d{4})", number):
        return "({}) {}-{}".format(*nanp.groups())
    import phonenumbers

    national = phonenumbers.PhoneNumberFormat.NATIONAL
    return str(phonenumbers.format_number(phonenumbers.parse(number), national))


def calling_area(number: str) -> str:
    """As much of an E.164 number as tells its country: the area code too in North America."""
    return number[:5] if number.startswith("+1") else number[:4]


@lru_cache(maxsize=1024)
def country_of(number: str) -> str:
    """The ISO code of a number's country: ``"US"`` for a fictional North American one, ``"ZZ"`` where there is none."""
    _, _, number = number.rpartition(":")
    return _country_of_area(calling_area(number)) if number.startswith("+") else _NOWHERE


@lru_cache(maxsize=1024)
def _country_of_area(area: str) -> str:
    import phonenumbers

    if area.startswith("+1"):
        # Seven digits complete an area code; only the area code decides.
        parsed = phonenumbers.parse(area + "2345678"[: 12 - len(area)], "US")
        return phonenumbers.region_code_for_number(parsed) or "US"
    for digits in (2, 3, 4):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(area[1:digits] or 0))
        if regions:
            return str(regions[0])
    return _NOWHERE
