"""Lookup: responses of both versions, compared with the SDK's instances, and ``add_lookup()``."""

from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON

#: The types of each field, except None.
V1: dict[str, type] = {
    "caller_name": dict,
    "country_code": str,
    "phone_number": str,
    "national_format": str,
    "carrier": dict,
    "add_ons": dict,
    "url": str,
}
#: The packages of version 2, with data from the vendor's documentation.
PACKAGES: dict[str, dict[str, object]] = {
    "caller_name": {"caller_name": "Sergio Suarez", "caller_type": "CONSUMER", "error_code": None},
    "sim_swap": {
        "last_sim_swap": {
            "last_sim_swap_date": "2020-04-27T10:18:50Z",
            "swapped_period": "PT48H",
            "swapped_in_period": True,
        },
        "carrier_name": "Vodafone UK",
        "mobile_country_code": "276",
        "mobile_network_code": "02",
        "error_code": None,
    },
    "call_forwarding": {"call_forwarding_enabled": True, "error_code": None},
    "line_status": {"status": "active", "error_code": None},
    "line_type_intelligence": {
        "mobile_country_code": "240",
        "mobile_network_code": "38",
        "carrier_name": "Twilio - SMS/MMS-SVR",
        "type": "nonFixedVoip",
        "error_code": None,
    },
    "identity_match": {
        "first_name_match": "exact_match",
        "last_name_match": "high_partial_match",
        "address_lines_match": "no_match",
        "city_match": "no_match",
        "state_match": "high_partial_match",
        "postal_code_match": "no_data_available",
        "address_country_match": "exact_match",
        "national_id_match": "exact_match",
        "date_of_birth_match": "exact_match",
        "summary_score": 90,
        "error_code": None,
        "error_message": None,
    },
    "reassigned_number": {"last_verified_date": "2020-12-27", "is_number_reassigned": "yes", "error_code": None},
    "sms_pumping_risk": {
        "carrier_risk_category": "moderate",
        "number_blocked": False,
        "number_blocked_date": None,
        "number_blocked_last_3_months": None,
        "sms_pumping_risk_score": 61,
        "error_code": None,
    },
    "phone_number_quality_score": {"quality_score": 80, "error_code": None},
    "pre_fill": {
        "first_name": "Ada",
        "last_name": "Lovelace",
        "address_line": "12 St James's Square",
        "city": "London",
        "state": None,
        "postal_code": "SW1Y 4JH",
        "country_code": "GB",
        "error_code": None,
    },
}
V2: dict[str, type] = {
    "calling_country_code": str,
    "country_code": str,
    "phone_number": str,
    "national_format": str,
    "valid": bool,
    "validation_errors": list,
    **dict.fromkeys(PACKAGES, dict),
    "url": str,
}


def shown(instance: object) -> dict[str, Any]:
    """Return the public properties of an SDK instance."""
    return {name: value for name, value in vars(instance).items() if not name.startswith("_")}


def look_up_everything(whoosh: Whoosh) -> None:
    whoosh.add_lookup(
        PERSON,
        line_type="nonFixedVoip",
        carrier="Twilio - SMS/MMS-SVR",
        mobile_country_code="240",
        mobile_network_code="38",
        caller_name="Sergio Suarez",
        **{name: data for name, data in PACKAGES.items() if name not in ("caller_name", "line_type_intelligence")},  # type: ignore[arg-type]  # the names are those of the parameters
    )


@pytest.mark.parametrize("types", [[], ["carrier"], ["caller-name"], ["carrier", "caller-name"]], ids=str)
def test_version_1_answers_with_the_properties_of_the_sdk(whoosh: Whoosh, client: Client, types: list[str]) -> None:
    look_up_everything(whoosh)
    url = f"https://lookups.twilio.com/v1/PhoneNumbers/{PERSON}"

    document = requests.get(url, params={"Type": types}, auth=client.auth).json()
    instance = client.lookups.v1.phone_numbers(PERSON).fetch(type=types)

    assert document == shown(instance)
    assert document.keys() == V1.keys()
    assert all(value is None or isinstance(value, V1[name]) for name, value in document.items())
    asked = {name.replace("-", "_") for name in types}
    assert {name for name in ("carrier", "caller_name") if document[name]} == asked


@pytest.mark.parametrize("asked", [[], ["validation"], *([name] for name in PACKAGES), list(PACKAGES)], ids=str)
def test_version_2_answers_with_the_properties_of_the_sdk(whoosh: Whoosh, client: Client, asked: list[str]) -> None:
    look_up_everything(whoosh)
    url = f"https://lookups.twilio.com/v2/PhoneNumbers/{PERSON}"

    document = requests.get(url, params={"Fields": ",".join(asked)}, auth=client.auth).json()
    instance = client.lookups.v2.phone_numbers(PERSON).fetch(fields=",".join(asked))

    assert document == shown(instance)
    assert document.keys() == V2.keys()
    assert all(value is None or isinstance(value, V2[name]) for name, value in document.items())
    assert {name: document[name] for name in PACKAGES} == {
        name: data if name in asked else None for name, data in PACKAGES.items()
    }


def test_a_number_has_its_national_format_country_and_line_type(client: Client) -> None:
    found = client.lookups.v2.phone_numbers("+447911123456").fetch(fields="line_type_intelligence")

    assert (found.valid, found.country_code, found.calling_country_code) == (True, "GB", "44")
    assert (found.phone_number, found.national_format) == ("+447911123456", "07911 123456")
    assert found.line_type_intelligence["type"] == "mobile"


@pytest.mark.parametrize(
    ("number", "country", "found"),
    [
        ("020 7183 8750", "GB", "+442071838750"),
        ("020 7183 8750", "gb", "+442071838750"),
        ("(415) 992-9960", None, "+14159929960"),
        ("+442071838750", "US", "+442071838750"),
    ],
)
def test_a_national_number_is_read_in_its_country(client: Client, number: str, country: Any, found: str) -> None:
    options = {"country_code": country} if country else {}

    assert client.lookups.v2.phone_numbers(number).fetch(**options).phone_number == found
    assert client.lookups.v1.phone_numbers(number).fetch(**options).phone_number == found


@pytest.mark.parametrize(
    ("number", "error"),
    [
        ("+141599299600", "TOO_LONG"),
        ("+1415", "TOO_SHORT"),
        ("+999123456789", "INVALID_COUNTRY_CODE"),
        ("hello", "NOT_A_NUMBER"),
    ],
)
def test_an_invalid_number_says_why_in_version_2_and_is_not_found_in_version_1(
    client: Client, number: str, error: str
) -> None:
    found = client.lookups.v2.phone_numbers(number).fetch(fields="line_type_intelligence,caller_name")
    with pytest.raises(TwilioRestException) as refused:
        client.lookups.v1.phone_numbers(number).fetch()

    assert (found.valid, found.validation_errors) == (False, [error])
    nothing = (found.country_code, found.national_format, found.calling_country_code, found.line_type_intelligence)
    assert nothing == (None, None, None, None)
    assert (refused.value.status, refused.value.code) == (404, 20404)
    assert f"The requested resource /PhoneNumbers/{number} was not found" in refused.value.msg


@pytest.mark.parametrize(("numbers", "valid"), [("possible", True), ("valid", False)])
def test_the_setting_numbers_decides_whether_a_fictional_number_is_valid(numbers: str, valid: bool) -> None:
    with Whoosh(numbers=numbers) as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        found = client.lookups.v2.phone_numbers(PERSON).fetch()

    assert found.valid is valid
    assert found.validation_errors == ([] if valid else ["INVALID_BUT_POSSIBLE"])


def test_a_test_sets_the_facts_about_a_number(whoosh: Whoosh, client: Client) -> None:
    record = whoosh.add_lookup(PERSON, line_type="landline", carrier="Ma Bell", caller_name="Ada")

    found = client.lookups.v2.phone_numbers(PERSON).fetch(fields="line_type_intelligence,caller_name")
    older = client.lookups.v1.phone_numbers(PERSON).fetch(type=["carrier"])

    assert record.sid.startswith("LU")
    assert (found.line_type_intelligence["type"], found.line_type_intelligence["carrier_name"]) == (
        "landline",
        "Ma Bell",
    )
    assert found.caller_name == {"caller_name": "Ada", "caller_type": "CONSUMER", "error_code": None}
    assert (older.carrier["type"], older.carrier["name"]) == ("landline", "Ma Bell")


def test_a_test_makes_a_number_invalid_or_valid(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_lookup(PERSON, valid=False)
    whoosh.add_lookup("+442071838750", valid=False, validation_errors=["TOO_LONG"])

    assert client.lookups.v2.phone_numbers(PERSON).fetch().validation_errors == ["INVALID_BUT_POSSIBLE"]
    assert client.lookups.v2.phone_numbers("+442071838750").fetch().validation_errors == ["TOO_LONG"]
    with pytest.raises(TwilioRestException):
        client.lookups.v1.phone_numbers(PERSON).fetch()

    whoosh.add_lookup(PERSON, valid=True)

    assert client.lookups.v2.phone_numbers(PERSON).fetch().valid


def test_an_error_code_replaces_the_data_of_every_package(whoosh: Whoosh, client: Client) -> None:
    whoosh.add_lookup(PERSON, error_code=60600, carrier="Ma Bell")

    found = client.lookups.v2.phone_numbers(PERSON).fetch(fields="line_type_intelligence,caller_name,sim_swap")

    assert set(found.line_type_intelligence.items()) == {
        ("type", None), ("carrier_name", None), ("mobile_country_code", None), ("mobile_network_code", None),
        ("error_code", 60600),
    }  # fmt: skip
    assert found.caller_name == {"caller_name": None, "caller_type": None, "error_code": 60600}
    assert found.sim_swap["error_code"] == 60600


def test_an_unknown_field_is_refused(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.lookups.v2.phone_numbers(PERSON).fetch(fields="line_typ")

    assert (refused.value.status, refused.value.code) == (400, 20422)


@pytest.mark.parametrize(
    ("given", "error", "text"),
    [
        ({"line_type": "moblie"}, ValueError, "Unknown line_type 'moblie'. Did you mean 'mobile'?"),
        ({"carrier": 5}, TypeError, "carrier=5: carrier takes a text."),
        ({"valid": "no"}, TypeError, "valid='no': valid takes True or False."),
        ({"line_stat": {}}, TypeError, "Unknown fact about a number 'line_stat'. Did you mean 'line_status'?"),
        ({"line_status": {"state": "active"}}, TypeError, "Unknown key of line_status 'state'."),
        ({"sim_swap": "yes"}, TypeError, "sim_swap='yes': sim_swap takes a dictionary."),
        ({"validation_errors": ["SHORT"]}, ValueError, "Unknown validation_errors 'SHORT'."),
    ],
    ids=str,
)
def test_a_wrong_fact_about_a_number_is_refused(whoosh: Whoosh, given: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error) as refused:
        whoosh.add_lookup(PERSON, **given)

    assert str(refused.value).startswith(text)


def test_add_lookup_takes_a_number(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError, match="add_lookup") as refused:
        whoosh.add_lookup("hello", line_type="mobile")

    assert str(refused.value) == "add_lookup() takes a phone number such as \"+15558675310\", not 'hello'."


@pytest.mark.parametrize(
    "host", ["lookups.twilio.com", "lookups.dublin.ie1.twilio.com", "lookups.whoosh.totogi.solutions"]
)
def test_lookup_answers_on_every_family_of_hosts(client: Client, host: str) -> None:
    url = f"https://{host}/v2/PhoneNumbers/{PERSON}"

    answer = requests.get(url, auth=client.auth)

    assert (answer.status_code, answer.json()["url"]) == (200, url)


def test_lookup_needs_credentials(whoosh: Whoosh) -> None:
    answer = requests.get(f"https://lookups.twilio.com/v2/PhoneNumbers/{PERSON}")

    assert (answer.status_code, answer.json()["code"]) == (401, 20003)


@pytest.mark.parametrize("balance", ["0", "12.50", -3, "100.00"])
def test_a_test_sets_the_balance(whoosh: Whoosh, client: Client, balance: Any) -> None:
    client.messages.create(to=PERSON, from_="+15557122661", body="Hi")
    whoosh.settle()

    record = whoosh.set_balance(balance)

    assert client.balance.fetch().balance == str(balance)
    assert record.sid.startswith("BA")


def test_messages_cost_money_after_the_balance_was_set(whoosh: Whoosh, client: Client) -> None:
    whoosh.set_price("US", "0.0100")
    whoosh.set_balance("1")
    client.messages.create(to=PERSON, from_="+15557122661", body="Hi")

    whoosh.settle()

    assert client.balance.fetch().balance == "0.9900"


@pytest.mark.parametrize("wrong", ["much", None, True, "NaN"])
def test_the_balance_is_an_amount(whoosh: Whoosh, wrong: Any) -> None:
    with pytest.raises(ValueError, match="set_balance"):
        whoosh.set_balance(wrong)
