"""Facts about phone numbers for the Lookup product, from ``phonenumbers`` or set by a test.

See https://www.twilio.com/docs/lookup/v2-api and the pages of its packages, https://www.twilio.com/docs/lookup/v1-api,
and https://github.com/twilio/twilio-oai/blob/main/spec/json/twilio_lookups_v2.json
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from types import MappingProxyType
from typing import Any, Final, TypedDict

from .addresses import country_of, national_format
from .caching import LONGEST
from .dialect import dialect
from .errors import unknown_name
from .misuse import is_usage_error

__tracebackhide__ = is_usage_error

#: The line types in https://www.twilio.com/docs/lookup/v2-api/line-type-intelligence, with the type that version 1 of
#: the API reports for each.
LINE_TYPES: Final[Mapping[str, str | None]] = MappingProxyType(
    {
        "mobile": "mobile",
        "landline": "landline",
        "fixedVoip": "voip",
        "nonFixedVoip": "voip",
        "personal": None,
        "tollFree": None,
        "premium": None,
        "sharedCost": None,
        "uan": None,
        "voicemail": None,
        "pager": None,
        "unknown": None,
    }
)
#: The line types with a known carrier.
_WITH_CARRIER: Final = frozenset({"mobile", "landline", "fixedVoip", "nonFixedVoip"})
#: The reasons why a number is invalid.
VALIDATION_ERRORS: Final = (
    "TOO_SHORT", "TOO_LONG", "INVALID_BUT_POSSIBLE", "INVALID_COUNTRY_CODE", "INVALID_LENGTH", "NOT_A_NUMBER",
)  # fmt: skip

#: The packages of version 2, and the keys of each. Values that a test does not set are null.
PACKAGES: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "caller_name": ("caller_name", "caller_type", "error_code"),
        "sim_swap": ("last_sim_swap", "carrier_name", "mobile_country_code", "mobile_network_code", "error_code"),
        "call_forwarding": ("call_forwarding_enabled", "error_code"),
        "line_status": ("status", "error_code"),
        "line_type_intelligence": (
            "mobile_country_code", "mobile_network_code", "carrier_name", "type", "error_code",
        ),
        "identity_match": (
            "first_name_match", "last_name_match", "address_lines_match", "city_match", "state_match",
            "postal_code_match", "address_country_match", "national_id_match", "date_of_birth_match", "summary_score",
            "error_code", "error_message",
        ),
        "reassigned_number": ("last_verified_date", "is_number_reassigned", "error_code"),
        "sms_pumping_risk": (
            "carrier_risk_category", "number_blocked", "number_blocked_date", "number_blocked_last_3_months",
            "sms_pumping_risk_score", "error_code",
        ),
        "phone_number_quality_score": ("quality_score", "error_code"),
        "pre_fill": (
            "first_name", "last_name", "address_line", "city", "state", "postal_code", "country_code", "error_code",
        ),
    }
)  # fmt: skip


@dataclass(slots=True, eq=False, kw_only=True)
class LookupOverride:
    """The facts that a test sets about a number. If a fact is None, ``phonenumbers`` provides it."""

    sid: str
    number: str
    valid: bool | None = None
    validation_errors: tuple[str, ...] = ()
    line_type: str | None = None
    carrier: str | None = None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    caller_name: str | None = None
    caller_type: str | None = None
    #: The error code that all packages report instead of data, such as 60600.
    error_code: int | None = None
    #: The data of other packages, by their names.
    packages: dict[str, dict[str, object]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class NumberFacts:
    """The facts about one number."""

    number: str
    errors: tuple[str, ...]
    calling_code: str | None = None
    country: str | None = None
    national: str | None = None
    line_type: str | None = None
    carrier: str | None = None
    mobile_country_code: str | None = None
    mobile_network_code: str | None = None
    caller_name: str | None = None
    caller_type: str | None = None
    error_code: int | None = None

    @property
    def valid(self) -> bool:
        """True if the number can be called."""
        return not self.errors

    def line_type_intelligence(self) -> dict[str, object]:
        """Return the line type and the carrier, or the error code instead of them."""
        known = self.error_code is None
        with_carrier = known and self.line_type in _WITH_CARRIER
        return {
            "mobile_country_code": self.mobile_country_code if with_carrier else None,
            "mobile_network_code": self.mobile_network_code if with_carrier else None,
            "carrier_name": self.carrier if with_carrier else None,
            "type": self.line_type if known else None,
            "error_code": self.error_code,
        }

    def carrier_of_v1(self) -> dict[str, object]:
        """Return the line type and the carrier as Lookup version 1 and Verify show them."""
        line = self.line_type_intelligence()
        return {
            "mobile_country_code": line["mobile_country_code"],
            "mobile_network_code": line["mobile_network_code"],
            "name": line["carrier_name"],
            "type": LINE_TYPES.get(str(line["type"])),
            "error_code": line["error_code"],
        }

    def caller(self) -> dict[str, object]:
        """Return the caller's name and type, or the error code instead of them."""
        known = self.error_code is None
        return {
            "caller_name": self.caller_name if known else None,
            "caller_type": self.caller_type if known else None,
            "error_code": self.error_code,
        }


class LookupFacts(TypedDict, total=False):
    """The less common facts that ``add_lookup()`` accepts."""

    caller_type: str | None
    mobile_country_code: str | None
    mobile_network_code: str | None
    validation_errors: Sequence[str]
    error_code: int | None
    sim_swap: Mapping[str, object]
    call_forwarding: Mapping[str, object]
    line_status: Mapping[str, object]
    identity_match: Mapping[str, object]
    reassigned_number: Mapping[str, object]
    sms_pumping_risk: Mapping[str, object]
    phone_number_quality_score: Mapping[str, object]
    pre_fill: Mapping[str, object]


#: The packages that a test sets as a dictionary.
DICTIONARY_PACKAGES: Final = tuple(name for name in PACKAGES if name not in ("caller_name", "line_type_intelligence"))
_TEXTS: Final = ("carrier", "caller_name", "caller_type", "mobile_country_code", "mobile_network_code")
_FACTS: Final = (*_TEXTS, "line_type", "valid", "validation_errors", "error_code")


def read_override(sid: str, number: str, given: Mapping[str, Any]) -> LookupOverride:
    """Check the facts that a test sets about a number.

    Raises:
        TypeError: A fact is unknown, or has the wrong type.
        ValueError: A fact has a value that the vendor never reports.
    """
    known: dict[str, Any] = {}
    packages: dict[str, dict[str, object]] = {}
    for name, value in given.items():
        if name in DICTIONARY_PACKAGES:
            packages[name] = _package(name, value)
        elif name in _FACTS:
            known[name] = _fact(name, value)
        else:
            raise TypeError(unknown_name("fact about a number", name, (*_FACTS, *DICTIONARY_PACKAGES)))
    return LookupOverride(sid=sid, number=number, packages=packages, **known)


def _package(name: str, value: Any) -> dict[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{dialect().argument(name, value)}: {name} takes a dictionary.")
    for key in value:
        if key not in PACKAGES[name]:
            raise TypeError(unknown_name(f"key of {name}", key, PACKAGES[name]))
    return {**dict.fromkeys(PACKAGES[name]), **value}


def _fact(name: str, value: Any) -> Any:
    if name == "validation_errors":
        return tuple(_one_of(name, error, VALIDATION_ERRORS) for error in value)
    if value is None:
        return None
    if name == "line_type":
        return _one_of(name, value, LINE_TYPES)
    expected_type = {"valid": bool, "error_code": int}.get(name, str)
    if type(value) is not expected_type:
        takes = {bool: "True or False", int: "a number such as 60600", str: "a text"}[expected_type]
        raise TypeError(f"{dialect().argument(name, value)}: {name} takes {takes}.")
    return value


def _one_of(name: str, value: Any, valid: Iterable[str]) -> Any:
    if value not in valid:
        raise ValueError(unknown_name(name, value, valid))
    return value


class Lookups:
    """The facts about all numbers: those that a test sets, and those from ``phonenumbers``."""

    __slots__ = ("_given", "_rule")

    def __init__(self, rule: str) -> None:
        self._rule = rule
        self._given: dict[str, LookupOverride] = {}

    def add(self, given: LookupOverride) -> LookupOverride:
        """Store the facts that a test sets about a number. They replace its earlier facts."""
        self._given[given.number] = given
        return given

    def override(self, number: str) -> LookupOverride | None:
        """Return the facts that a test set about a number in E.164, or None."""
        return self._given.get(number)

    def find(self, text: str, country: str = "US") -> NumberFacts:
        """Return the facts about a number in E.164, or in a country's national format."""
        read = _facts if len(text) <= LONGEST else _facts.__wrapped__
        facts = read(text, country, self._rule)
        given = self._given.get(facts.number)
        return facts if given is None else _with_override(facts, given)

    def is_landline(self, number: str) -> bool:
        """True if a number is known as a landline."""
        return self.find(number).line_type == "landline"


def _with_override(facts: NumberFacts, given: LookupOverride) -> NumberFacts:
    """Return the facts, changed by those that a test set."""
    if given.valid is False:
        return NumberFacts(facts.number, given.validation_errors or ("INVALID_BUT_POSSIBLE",))
    if given.valid is None and facts.errors:
        return facts
    line_type = given.line_type or facts.line_type or "mobile"
    return NumberFacts(
        facts.number,
        (),
        facts.calling_code or _calling_code(facts.number),
        facts.country or country_of(facts.number),
        facts.national or national_format(facts.number),
        line_type,
        given.carrier if given.carrier is not None else facts.carrier,
        given.mobile_country_code,
        given.mobile_network_code,
        given.caller_name,
        given.caller_type or (None if given.caller_name is None else "CONSUMER"),
        given.error_code,
    )


@lru_cache(maxsize=1024)
def _facts(text: str, country: str, rule: str) -> NumberFacts:
    import phonenumbers

    text = text.strip()
    error = phonenumbers.NumberParseException
    try:
        parsed = phonenumbers.parse(text, country)
    except error as problem:
        reasons = {
            error.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
            error.TOO_SHORT_NSN: "TOO_SHORT",
            error.TOO_SHORT_AFTER_IDD: "TOO_SHORT",
            error.TOO_LONG: "TOO_LONG",
        }
        return NumberFacts(text, (reasons.get(problem.error_type, "NOT_A_NUMBER"),))
    number = str(phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164))
    result = phonenumbers.ValidationResult
    reason = phonenumbers.is_possible_number_with_reason(parsed)
    if reason != result.IS_POSSIBLE:
        reasons = {
            result.TOO_SHORT: "TOO_SHORT",
            result.IS_POSSIBLE_LOCAL_ONLY: "TOO_SHORT",
            result.TOO_LONG: "TOO_LONG",
            result.INVALID_COUNTRY_CODE: "INVALID_COUNTRY_CODE",
        }
        return NumberFacts(number, (reasons.get(reason, "INVALID_LENGTH"),))
    if rule == "valid" and not phonenumbers.is_valid_number(parsed):
        return NumberFacts(number, ("INVALID_BUT_POSSIBLE",))
    line_type = _line_type(parsed)
    return NumberFacts(
        number,
        (),
        str(parsed.country_code),
        country_of(number),
        national_format(number),
        line_type,
        _carrier(parsed) if line_type in _WITH_CARRIER else None,
    )


def _line_type(parsed: Any) -> str:
    import phonenumbers

    types = phonenumbers.PhoneNumberType
    known = {
        types.FIXED_LINE: "landline",
        types.TOLL_FREE: "tollFree",
        types.PREMIUM_RATE: "premium",
        types.SHARED_COST: "sharedCost",
        types.VOIP: "nonFixedVoip",
        types.PERSONAL_NUMBER: "personal",
        types.PAGER: "pager",
        types.UAN: "uan",
        types.VOICEMAIL: "voicemail",
    }
    # Fictional numbers count as mobile, and so do numbers in plans that don't distinguish, such as the North American.
    return known.get(phonenumbers.number_type(parsed), "mobile")


def _carrier(parsed: Any) -> str | None:
    from phonenumbers import carrier  # large tables, for Lookup only

    return carrier.name_for_number(parsed, "en") or None


def _calling_code(number: str) -> str | None:
    import phonenumbers

    for length in (1, 2, 3):
        if number[1 : 1 + length].isdecimal() and int(number[1 : 1 + length]) in (
            phonenumbers.COUNTRY_CODE_TO_REGION_CODE
        ):
            return number[1 : 1 + length]
    return None


#: The form of a number that a test sets facts about.
E164: Final = re.compile(r"\+[1-9][0-9]{3,14}")
