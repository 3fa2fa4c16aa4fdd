"""Lookup, versions 1 and 2: validity, line type and other facts about phone numbers.

Packages without data in ``phonenumbers`` are null unless a test sets their data with ``add_lookup()``.

See https://www.twilio.com/docs/lookup/v1-api and https://www.twilio.com/docs/lookup/v2-api. The fields are from
``twilio/rest/lookups`` in the Twilio SDK, and from https://github.com/twilio/twilio-oai (``twilio_lookups_v1.json``,
``twilio_lookups_v2.json``).
"""

from dataclasses import dataclass
from urllib.parse import quote, unquote

from pytest_whoosh.engine.errors import ApiError
from pytest_whoosh.engine.geography import is_country_code
from pytest_whoosh.engine.lookup import PACKAGES, NumberFacts
from pytest_whoosh.engine.parameters import one_of, param, text

from .forms import read_form
from .routing import ApiResult, Call, Routes

v1 = Routes("/v1")
v2 = Routes("/v2")


def _country(value: str) -> str:
    if not is_country_code(value):
        raise ValueError('the ISO code of a country, such as "US"')
    return value.upper()


@dataclass(frozen=True, slots=True)
class FetchPhoneNumberV1:
    """The parameters of version 1."""

    country_code: str = param("CountryCode", _country, default="US")
    types: tuple[str, ...] = param("Type", one_of("carrier", "caller-name"), many=True)


@dataclass(frozen=True, slots=True)
class FetchPhoneNumberV2:
    """The parameters of version 2. Those about a person are ignored, because a test sets the result of a comparison."""

    country_code: str = param("CountryCode", _country, default="US")
    fields: str = param("Fields", text, default="")


@v1.get("/PhoneNumbers/{number}")
def fetch_phone_number_v1(call: Call, number: str) -> ApiResult:
    """Fetch a number's facts in version 1. An invalid number is not found."""
    given = read_form(FetchPhoneNumberV1, call.request.query)
    facts = call.vendor.lookups.find(unquote(number), given.country_code)
    if not facts.valid:
        raise call.not_found()
    return ApiResult(
        {
            "caller_name": facts.caller() if "caller-name" in given.types else None,
            "country_code": facts.country,
            "phone_number": facts.number,
            "national_format": facts.national,
            "carrier": facts.carrier_of_v1() if "carrier" in given.types else None,
            "add_ons": None,
            "url": _url(call, "v1", facts),
        }
    )


@v2.get("/PhoneNumbers/{number}")
def fetch_phone_number_v2(call: Call, number: str) -> ApiResult:
    """Fetch a number's facts in version 2: its validity, and the packages in ``Fields``. Other packages are null."""
    given = read_form(FetchPhoneNumberV2, call.request.query)
    asked = {name.strip() for name in given.fields.split(",") if name.strip()}
    if unknown := sorted(asked - PACKAGES.keys() - {"validation"}):
        raise ApiError(20422, message=f"Invalid Parameter: Fields has no {unknown[0]!r}")
    facts = call.vendor.lookups.find(unquote(number), given.country_code)
    return ApiResult(
        {
            "calling_country_code": facts.calling_code,
            "country_code": facts.country,
            "phone_number": facts.number,
            "national_format": facts.national,
            "valid": facts.valid,
            "validation_errors": list(facts.errors),
            **{name: _package(call, name, facts) if name in asked and facts.valid else None for name in PACKAGES},
            "url": _url(call, "v2", facts),
        }
    )


def _package(call: Call, name: str, facts: NumberFacts) -> dict[str, object] | None:
    given = call.vendor.lookups.override(facts.number)
    if given and name in given.packages:
        return given.packages[name]
    if name == "line_type_intelligence":
        return facts.line_type_intelligence()
    if name == "caller_name":
        return facts.caller()
    if facts.error_code is not None:
        return {**dict.fromkeys(PACKAGES[name]), "error_code": facts.error_code}
    return None


def _url(call: Call, version: str, facts: NumberFacts) -> str:
    return f"{call.request.origin}/{version}/PhoneNumbers/{quote(facts.number, safe='+')}"
