"""Prices by country, which are also the prices that messages cost."""

from decimal import Decimal
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh

OURS = "+15557122661"
HOSTS = ["pricing.whoosh.totogi.solutions", "pricing.twilio.com", "api.whoosh.totogi.solutions"]
AUTH = ("SK" + "0" * 32, "secret")


def prices(amount: str, *types: str) -> list[dict[str, str]]:
    return [{"number_type": kind, "base_price": amount, "current_price": amount} for kind in types]


@pytest.mark.parametrize("host", HOSTS)
def test_the_root_links_to_the_countries(whoosh: Whoosh, host: str) -> None:
    assert requests.get(f"https://{host}/v1/Messaging", auth=AUTH).json() == {
        "name": "Messaging",
        "url": f"https://{host}/v1/Messaging",
        "links": {"countries": f"https://{host}/v1/Messaging/Countries"},
    }


@pytest.mark.parametrize("host", HOSTS)
def test_a_country_shows_a_row_for_each_carrier(whoosh: Whoosh, host: str) -> None:
    outbound = prices("0.0420", "mobile", "local", "shortcode", "toll free")

    answer = requests.get(f"https://{host}/v1/Messaging/Countries/GB", auth=AUTH)

    assert answer.status_code == 200
    assert answer.json() == {
        "country": "United Kingdom",
        "iso_country": "GB",
        "url": f"https://{host}/v1/Messaging/Countries/GB",
        "price_unit": "USD",
        "outbound_sms_prices": [
            {"carrier": "O2", "mcc": "234", "mnc": "10", "prices": outbound},
            {"carrier": "Vodafone", "mcc": "234", "mnc": "15", "prices": outbound},
            {"carrier": "EE", "mcc": "234", "mnc": "30", "prices": outbound},
            {"carrier": "Other", "mcc": "", "mnc": "", "prices": outbound},
        ],
        "inbound_sms_prices": prices("0.0075", "local", "mobile", "shortcode", "toll free"),
    }


def test_a_country_without_its_own_price_has_the_default_price(client: Client) -> None:
    iceland = client.pricing.v1.messaging.countries("IS").fetch()

    assert iceland.country == "Iceland"
    assert iceland.outbound_sms_prices == [
        {
            "carrier": "Other",
            "mcc": "",
            "mnc": "",
            "prices": prices("0.0650", "mobile", "local", "shortcode", "toll free"),
        }
    ]


@pytest.mark.parametrize("spelling", ["us", "Us", "US"])
def test_a_country_is_found_in_any_case(client: Client, spelling: str) -> None:
    country = client.pricing.v1.messaging.countries(spelling).fetch()

    assert (country.iso_country, country.country) == ("US", "United States")
    assert country.url == "https://pricing.twilio.com/v1/Messaging/Countries/US"


@pytest.mark.parametrize("code", ["XX", "USA", "001"])
def test_an_invalid_country_is_not_found(whoosh: Whoosh, code: str) -> None:
    answer = requests.get(f"https://{HOSTS[0]}/v1/Messaging/Countries/{code}", auth=AUTH)

    assert answer.status_code == 404
    assert answer.json() == {
        "code": 20404,
        "message": f"The requested resource /Messaging/Countries/{code} was not found",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }


@pytest.mark.parametrize(
    ("code", "to", "segments"),
    [("US", "+15558675310", 1), ("GB", "+447400123456", 2), ("IS", "+3546112345", 3)],
    ids=["United States", "United Kingdom", "Iceland"],
)
def test_a_message_costs_the_price_of_its_country(
    whoosh: Whoosh, client: Client, code: str, to: str, segments: int
) -> None:
    country = client.pricing.v1.messaging.countries(code).fetch()
    client.messages.create(from_=OURS, to=to, body="x" * 153 * segments if segments > 1 else "x")

    whoosh.settle()

    row = country.outbound_sms_prices[0]["prices"][0]
    assert whoosh.assert_sent(to=to).price == -segments * Decimal(row["current_price"])


def test_a_price_that_the_test_sets_is_shown_and_charged(whoosh: Whoosh, client: Client) -> None:
    whoosh.set_price("gb", "0.1")
    client.messages.create(from_=OURS, to="+447400123456", body="Hi")

    whoosh.settle()

    country = client.pricing.v1.messaging.countries("GB").fetch()
    assert {price["current_price"] for row in country.outbound_sms_prices for price in row["prices"]} == {"0.1"}
    assert whoosh.assert_sent(to="+447400123456").price == Decimal("-0.1")


def test_messages_may_be_free(whoosh: Whoosh, client: Client) -> None:
    whoosh.set_price("US", 0)
    client.messages.create(from_=OURS, to="+15558675310", body="Hi")

    whoosh.settle()

    assert whoosh.assert_sent(to="+15558675310").price == 0


@pytest.mark.parametrize("country", ["USA", "U", "1", "", 44, None])
def test_a_price_is_set_for_a_country(whoosh: Whoosh, country: Any) -> None:
    with pytest.raises(ValueError) as refusal:
        whoosh.set_price(country, "0.0079")

    assert str(refusal.value) == f'A country is an ISO code of two letters such as "US", not {country!r}.'


@pytest.mark.parametrize("price", ["x", "", "-0.0001", -1, "NaN", "Infinity", "-Infinity", None, True])
def test_a_price_is_an_amount(whoosh: Whoosh, price: object) -> None:
    with pytest.raises(ValueError) as refusal:
        whoosh.set_price("US", price)

    assert str(refusal.value) == f'A price is an amount in US dollars such as "0.0079", not {price!r}.'


def test_a_message_may_cost_exactly_the_price_shown_and_no_less(whoosh: Whoosh, client: Client) -> None:
    country = client.pricing.v1.messaging.countries("US").fetch()
    price = country.outbound_sms_prices[0]["prices"][0]["current_price"]

    for most in (price, str(Decimal(price) - Decimal("0.0001"))):
        client.messages.create(from_=OURS, to="+15558675310", body="Hi", max_price=most)
    whoosh.settle()

    assert [(message.status, message.error_code) for message in whoosh.outbox] == [
        ("delivered", None),
        ("failed", 30010),
    ]


# Lists


def test_countries_are_listed_by_name_across_page_boundaries(client: Client) -> None:
    countries = client.pricing.v1.messaging.countries.list()

    names = [each.country for each in countries]
    assert names == sorted(names)
    assert len(names) == len({each.iso_country for each in countries}) > 200
    assert {"United States", "United Kingdom", "Kosovo"} <= set(names)


def test_a_page_of_countries_links_to_its_neighbours_on_the_requested_host(whoosh: Whoosh) -> None:
    url = f"https://{HOSTS[0]}/v1/Messaging/Countries"
    first = requests.get(f"{url}?PageSize=2", auth=AUTH).json()

    second = requests.get(first["meta"]["next_page_url"], auth=AUTH).json()

    assert [each["country"] for each in first["countries"]] == ["Afghanistan", "Albania"]
    assert second == {
        "meta": {
            "page": 1,
            "page_size": 2,
            "first_page_url": f"{url}?PageSize=2&Page=0",
            "previous_page_url": f"{url}?PageSize=2&Page=0&PageToken=PBDZ",
            "url": f"{url}?PageSize=2&Page=1&PageToken=PAAL",
            "next_page_url": f"{url}?PageSize=2&Page=2&PageToken=PAAS",
            "key": "countries",
        },
        "countries": [
            {"country": "Algeria", "iso_country": "DZ", "url": f"{url}/DZ"},
            {"country": "American Samoa", "iso_country": "AS", "url": f"{url}/AS"},
        ],
    }


def test_the_sdk_pages_forth_and_back(client: Client) -> None:
    first = client.pricing.v1.messaging.countries.page(page_size=100)
    last = first.next_page().next_page()

    assert last.next_page() is None
    assert [each.iso_country for each in last.previous_page().previous_page()] == [each.iso_country for each in first]


def test_a_single_page_links_to_no_others(whoosh: Whoosh) -> None:
    url = f"https://{HOSTS[0]}/v1/Messaging/Countries"

    assert requests.get(f"{url}?PageSize=1000", auth=AUTH).json()["meta"] == {
        "page": 0,
        "page_size": 1000,
        "first_page_url": f"{url}?PageSize=1000&Page=0",
        "previous_page_url": None,
        "url": f"{url}?PageSize=1000&Page=0",
        "next_page_url": None,
        "key": "countries",
    }


@pytest.mark.parametrize(
    ("query", "code"),
    [("PageSize=1001", 20007), ("PageToken=XX", 20422), ("PageToken=PAXX", 20422)],
    ids=["too large a page", "a token of another kind", "a token of no country"],
)
def test_invalid_pages_are_refused(whoosh: Whoosh, query: str, code: int) -> None:
    answer = requests.get(f"https://{HOSTS[0]}/v1/Messaging/Countries?{query}", auth=AUTH)

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_prices_cannot_be_changed_over_the_api(whoosh: Whoosh) -> None:
    answer = requests.post(f"https://{HOSTS[0]}/v1/Messaging/Countries/US", auth=AUTH)

    assert (answer.status_code, answer.json()["code"]) == (405, 20004)


def test_the_sdk_raises_what_the_api_refuses(client: Client) -> None:
    with pytest.raises(TwilioRestException) as refusal:
        client.pricing.v1.messaging.countries("XX").fetch()

    assert (refusal.value.status, refusal.value.code) == (404, 20404)
