"""The five kinds of sender in the pool of a Messaging Service, over REST."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh

SERVICES = "https://messaging.whoosh.totogi.solutions/v1/Services"
AUTH = ("SK" + "0" * 32, "secret")
ALREADY_HERE = (409, 21710, "Phone Number or Short Code is already in the Messaging Service.")
ALREADY_THERE = (409, 21712, "Phone Number or Short Code is associated with another Messaging Service.")
SECOND_ALPHA = (409, 21710, "An Alpha Sender is already in the Messaging Service; delete it first.")


@dataclass
class Kind:
    """One kind of sender, as a client sees it."""

    path: str
    key: str
    parameter: str
    #: Adds a sender to the account, and returns the parameter's value.
    provide: Callable[[Whoosh, int], str]
    resource: Callable[[Any], Any]


KINDS = {
    "phone numbers": Kind(
        "PhoneNumbers",
        "phone_numbers",
        "PhoneNumberSid",
        lambda whoosh, number: whoosh.add_number(f"+1555712266{number}").sid,
        lambda service: service.phone_numbers,
    ),
    "short codes": Kind(
        "ShortCodes",
        "short_codes",
        "ShortCodeSid",
        lambda whoosh, number: whoosh.add_short_code(f"1234{number}").sid,
        lambda service: service.short_codes,
    ),
    "alpha senders": Kind(
        "AlphaSenders",
        "alpha_senders",
        "AlphaSender",
        lambda whoosh, number: f"ACME {number}",
        lambda service: service.alpha_senders,
    ),
    "destination alpha senders": Kind(
        "DestinationAlphaSenders",
        "alpha_senders",
        "AlphaSender",
        lambda whoosh, number: f"ACME {number}",
        lambda service: service.destination_alpha_senders,
    ),
    "channel senders": Kind(
        "ChannelSenders",
        "senders",
        "Sid",
        lambda whoosh, number: whoosh.add_channel_sender(f"whatsapp:+1555712266{number}").sid,
        lambda service: service.channel_senders,
    ),
}
ALL = [pytest.param(kind, id=name) for name, kind in KINDS.items()]
#: The kinds of sender that can be in one pool only.
OWNED = [pytest.param(KINDS[name], id=name) for name in ("phone numbers", "short codes", "channel senders")]
ALPHA = [pytest.param(KINDS[name], id=name) for name in ("alpha senders", "destination alpha senders")]


def add(kind: Kind, service_sid: str, value: str, **more: str) -> requests.Response:
    form = {kind.parameter: value, **more}
    return requests.post(f"{SERVICES}/{service_sid}/{kind.path}", data=form, auth=AUTH, timeout=5)


def refusal(response: requests.Response) -> tuple[int, int, str]:
    document = response.json()
    assert set(document) == {"code", "message", "more_info", "status"}
    return response.status_code, document["code"], document["message"]


# Rendering


@pytest.mark.whoosh(clock="frozen")
@pytest.mark.parametrize(
    ("path", "form", "own"),
    [
        pytest.param(
            "PhoneNumbers",
            {"PhoneNumberSid": "{number}"},
            {"phone_number": "+447700900123", "country_code": "GB", "capabilities": ["MMS", "SMS", "Voice"]},
            id="phone number",
        ),
        pytest.param(
            "ShortCodes",
            {"ShortCodeSid": "{code}"},
            {"short_code": "12345", "country_code": "CA", "capabilities": ["MMS", "SMS"]},
            id="short code",
        ),
        pytest.param(
            "AlphaSenders",
            {"AlphaSender": "ACME"},
            {"alpha_sender": "ACME", "capabilities": ["SMS"]},
            id="alpha sender",
        ),
        pytest.param(
            "DestinationAlphaSenders",
            {"AlphaSender": "ACME", "IsoCountryCode": "de"},
            {"alpha_sender": "ACME", "capabilities": ["SMS"], "iso_country_code": "DE"},
            id="alpha sender for one country",
        ),
        pytest.param(
            "DestinationAlphaSenders",
            {"AlphaSender": "ACME"},
            {"alpha_sender": "ACME", "capabilities": ["SMS"], "iso_country_code": ""},
            id="alpha sender for all others",
        ),
    ],
)
def test_a_sender_is_shown_as_documented(
    whoosh: Whoosh, path: str, form: dict[str, str], own: dict[str, object]
) -> None:
    service = whoosh.add_messaging_service("Reminders")
    sids = {"number": whoosh.add_number("+447700900123").sid, "code": whoosh.add_short_code("12345", country="CA").sid}
    form = {name: value.format_map(sids) for name, value in form.items()}

    response = requests.post(f"{SERVICES}/{service.sid}/{path}", data=form, auth=AUTH, timeout=5)

    [sender] = service.pool
    created = whoosh.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert response.status_code == 201
    assert response.json() == {
        "sid": sender.sid,
        "account_sid": whoosh.account_sid,
        "service_sid": service.sid,
        **own,
        "date_created": created,
        "date_updated": created,
        "url": f"{SERVICES}/{service.sid}/{path}/{sender.sid}",
    }


@pytest.mark.whoosh(clock="frozen")
@pytest.mark.parametrize(
    ("address", "sender_type", "country"),
    [
        pytest.param("whatsapp:+447700900123", "WhatsApp", "GB", id="WhatsApp"),
        pytest.param("messenger:108123456789", "Messenger", None, id="Messenger"),
        pytest.param("rcs:acme_agent", "RCS", None, id="RCS"),
    ],
)
def test_a_channel_sender_is_shown_as_documented(
    whoosh: Whoosh, address: str, sender_type: str, country: str | None
) -> None:
    service = whoosh.add_messaging_service("Reminders")
    sender = whoosh.add_channel_sender(address)

    response = add(KINDS["channel senders"], service.sid, sender.sid)

    created = whoosh.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert response.status_code == 201
    assert response.json() == {
        "sid": sender.sid,
        "account_sid": whoosh.account_sid,
        "messaging_service_sid": service.sid,
        "sender": address,
        "sender_type": sender_type,
        "country_code": country,
        "date_created": created,
        "date_updated": created,
        "url": f"{SERVICES}/{service.sid}/ChannelSenders/{sender.sid}",
    }


@pytest.mark.parametrize(
    ("capable", "capabilities"),
    [
        pytest.param({"mms_capable": False}, ["SMS", "Voice"], id="no MMS"),
        pytest.param({"sms_capable": False}, ["MMS", "Voice"], id="no SMS"),
    ],
)
def test_a_number_shows_its_capabilities(
    whoosh: Whoosh, client: Client, capable: dict[str, bool], capabilities: list[str]
) -> None:
    service = client.messaging.v1.services.create("Reminders")
    number = whoosh.add_number("+15557122661", **capable)

    sender = service.phone_numbers.create(phone_number_sid=number.sid)

    assert sender.capabilities == capabilities


# The life of a sender in a pool


@pytest.mark.parametrize("kind", ALL)
def test_a_sender_is_added_fetched_and_deleted(whoosh: Whoosh, client: Client, kind: Kind) -> None:
    service = client.messaging.v1.services.create("Reminders")
    resource = kind.resource(service)

    created = resource.create(kind.provide(whoosh, 1))
    fetched = resource(created.sid).fetch()
    deleted = resource(created.sid).delete()

    assert (fetched.sid, deleted) == (created.sid, True)
    assert resource.list() == []
    with pytest.raises(TwilioRestException) as refused:
        resource(created.sid).fetch()
    path = f"/Services/{service.sid}/{kind.path}/{created.sid}"
    assert (refused.value.status, refused.value.code, refused.value.msg) == (
        404,
        20404,
        f"Unable to fetch record: The requested resource {path} was not found",
    )


@pytest.mark.parametrize(
    "kind", [pytest.param(KINDS[name], id=name) for name in ("phone numbers", "short codes", "channel senders")]
)
def test_a_pool_is_listed_newest_first_across_pages(whoosh: Whoosh, client: Client, kind: Kind) -> None:
    resource = kind.resource(client.messaging.v1.services.create("Reminders"))
    sids = [resource.create(kind.provide(whoosh, number)).sid for number in range(5)]

    listed = [sender.sid for sender in resource.list(page_size=2)]
    limited = [sender.sid for sender in resource.stream(limit=3, page_size=2)]
    second = [sender.sid for sender in resource.page(page_size=2).next_page()]

    assert listed == sids[::-1]
    assert limited == sids[:1:-1]
    assert second == [sids[2], sids[1]]


@pytest.mark.parametrize("kind", ALL)
def test_a_list_has_the_key_of_its_kind(whoosh: Whoosh, kind: Kind) -> None:
    service = whoosh.add_messaging_service("Reminders")
    created = add(kind, service.sid, kind.provide(whoosh, 1)).json()

    document = requests.get(f"{SERVICES}/{service.sid}/{kind.path}", auth=AUTH, timeout=5).json()

    assert set(document) == {kind.key, "meta"}
    assert document[kind.key] == [created]
    assert document["meta"]["key"] == kind.key


@pytest.mark.parametrize("kind", ALL)
def test_a_page_of_more_than_1000_senders_is_refused(whoosh: Whoosh, kind: Kind) -> None:
    service = whoosh.add_messaging_service("Reminders")

    response = requests.get(f"{SERVICES}/{service.sid}/{kind.path}", params={"PageSize": "1001"}, auth=AUTH, timeout=5)

    assert refusal(response) == (400, 20007, "Page size too large")


@pytest.mark.parametrize("kind", ALL)
def test_a_sender_cannot_be_updated(whoosh: Whoosh, kind: Kind) -> None:
    service = whoosh.add_messaging_service("Reminders")
    sid = add(kind, service.sid, kind.provide(whoosh, 1)).json()["sid"]

    response = requests.post(f"{SERVICES}/{service.sid}/{kind.path}/{sid}", auth=AUTH, timeout=5)

    assert refusal(response)[:2] == (405, 20004)


@pytest.mark.parametrize("kind", ALL)
@pytest.mark.parametrize("method", ["GET", "POST"])
def test_the_pool_of_an_unknown_service_is_not_found(whoosh: Whoosh, kind: Kind, method: str) -> None:
    path = f"{'MG' + '0' * 32}/{kind.path}"

    response = requests.request(method, f"{SERVICES}/{path}", auth=AUTH, timeout=5)

    assert refusal(response) == (404, 20404, f"The requested resource /Services/{path} was not found")


def test_a_sender_is_found_among_its_own_kind_only(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    [sender] = service.pool

    response = requests.get(f"{SERVICES}/{service.sid}/ShortCodes/{sender.sid}", auth=AUTH, timeout=5)

    assert refusal(response)[:2] == (404, 20404)


def test_a_number_removed_from_a_pool_stays_with_the_account(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    [sender] = service.pool

    client.messaging.v1.services(service.sid).phone_numbers(sender.sid).delete()

    assert service.senders == []
    assert whoosh.add_number("+15557122661").sid == sender.sid


# Senders added by the test and over REST


def test_the_senders_that_the_test_gives_are_shown_by_kind(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service(
        "Reminders", senders=["+1 555 712 2661", "12345", "ACME", "whatsapp:+15557122661"]
    )
    pool = client.messaging.v1.services(service.sid)

    shown = (
        [sender.phone_number for sender in pool.phone_numbers.list()],
        [sender.short_code for sender in pool.short_codes.list()],
        [sender.alpha_sender for sender in pool.alpha_senders.list()],
        [(sender.alpha_sender, sender.iso_country_code) for sender in pool.destination_alpha_senders.list()],
        [sender.sender for sender in pool.channel_senders.list()],
    )

    assert shown == (["+15557122661"], ["12345"], ["ACME"], [("ACME", "")], ["whatsapp:+15557122661"])


def test_senders_added_over_rest_are_in_the_double(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661"])
    pool = client.messaging.v1.services(service.sid)

    pool.short_codes.create(short_code_sid=whoosh.add_short_code("12345").sid)
    pool.alpha_senders.create("ACME")
    pool.destination_alpha_senders.create("ACME DE", iso_country_code="DE")

    assert service.senders == ["+15557122661", "12345", "ACME", "ACME DE"]


def test_a_sender_given_twice_is_in_the_pool_once(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["+15557122661", "+1 (555) 712-2661"])

    assert service.senders == ["+15557122661"]


@pytest.mark.parametrize("sender", [None, 12345, "", "a sender too long"])
def test_an_invalid_sender_in_a_pool_is_refused(whoosh: Whoosh, sender: Any) -> None:
    with pytest.raises(ValueError, match="A sender must be") as error:
        whoosh.add_messaging_service("Reminders", senders=["+15557122661", sender])

    assert str(error.value) == (
        'A sender must be a phone number such as "+15557122661", a short code, an alphanumeric sender of at most 11 '
        f"characters, or a channel address; not {sender!r}."
    )
    assert len(whoosh._vendor.resources.services) == 0


@pytest.mark.parametrize(
    "address",
    [
        pytest.param("+15557122661", id="a number"),
        pytest.param("whatsapp:", id="no number"),
        pytest.param("telegram:acme", id="no such channel"),
        pytest.param(None, id="nothing"),
    ],
)
def test_an_invalid_channel_address_is_refused(whoosh: Whoosh, address: Any) -> None:
    with pytest.raises(ValueError, match="channel address") as error:
        whoosh.add_channel_sender(address)

    assert str(error.value) == (
        f'add_channel_sender() takes a channel address such as "whatsapp:+15557122661", not {address!r}.'
    )


def test_a_channel_sender_added_twice_is_one(whoosh: Whoosh) -> None:
    first = whoosh.add_channel_sender("whatsapp:+15557122661")
    again = whoosh.add_channel_sender("WhatsApp:+1 555 712 2661")

    assert again is first


# Conflicts


@pytest.mark.parametrize("kind", OWNED)
def test_a_sender_cannot_join_a_pool_twice(whoosh: Whoosh, kind: Kind) -> None:
    service = whoosh.add_messaging_service("Reminders")
    value = kind.provide(whoosh, 1)
    add(kind, service.sid, value)

    assert refusal(add(kind, service.sid, value)) == ALREADY_HERE
    assert len(service.senders) == 1


@pytest.mark.parametrize("kind", OWNED)
def test_a_sender_cannot_join_two_pools(whoosh: Whoosh, kind: Kind) -> None:
    service, other = whoosh.add_messaging_service("Reminders"), whoosh.add_messaging_service("Other")
    value = kind.provide(whoosh, 1)
    add(kind, other.sid, value)

    assert refusal(add(kind, service.sid, value)) == ALREADY_THERE
    assert service.senders == []


@pytest.mark.parametrize("kind", OWNED)
def test_a_sender_moves_to_another_pool_by_leaving_the_first(whoosh: Whoosh, kind: Kind) -> None:
    service, other = whoosh.add_messaging_service("Reminders"), whoosh.add_messaging_service("Other")
    value = kind.provide(whoosh, 1)
    sid = add(kind, other.sid, value).json()["sid"]

    requests.delete(f"{SERVICES}/{other.sid}/{kind.path}/{sid}", auth=AUTH, timeout=5)
    response = add(kind, service.sid, value)

    assert (response.status_code, len(service.senders), other.senders) == (201, 1, [])


@pytest.mark.parametrize("kind", ALPHA)
def test_a_pool_accepts_one_alpha_sender(whoosh: Whoosh, kind: Kind) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["ACME"])

    assert refusal(add(kind, service.sid, "Other")) == SECOND_ALPHA


def test_a_pool_accepts_one_alpha_sender_for_each_country(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["ACME"])
    kind = KINDS["destination alpha senders"]

    taken = [add(kind, service.sid, "ACME", IsoCountryCode=country).status_code for country in ("DE", "FR")]

    assert taken == [201, 201]
    assert refusal(add(kind, service.sid, "Other", IsoCountryCode="de")) == SECOND_ALPHA


@pytest.mark.parametrize("kind", ALPHA)
def test_two_pools_can_share_an_alpha_sender(whoosh: Whoosh, kind: Kind) -> None:
    whoosh.add_messaging_service("Other", senders=["ACME"])
    service = whoosh.add_messaging_service("Reminders")

    assert add(kind, service.sid, "ACME").status_code == 201


def test_a_pool_accepts_400_numbers(whoosh: Whoosh, client: Client) -> None:
    senders = [f"+1555712{number:04d}" for number in range(399)]
    service = whoosh.add_messaging_service("Reminders", senders=senders)
    kind = KINDS["phone numbers"]

    last = add(kind, service.sid, whoosh.add_number("+15558120000").sid)
    beyond = add(kind, service.sid, whoosh.add_number("+15558120001").sid)

    assert last.status_code == 201
    assert refusal(beyond) == (412, 21714, "Number Pool size limit reached")
    assert len(client.messaging.v1.services(service.sid).phone_numbers.list()) == 400


# Wrong parameters


@pytest.mark.parametrize(
    ("path", "form", "expected"),
    [
        pytest.param(
            "PhoneNumbers",
            {},
            (400, 20001, "Missing required parameter PhoneNumberSid in the post body"),
            id="no number",
        ),
        pytest.param(
            "PhoneNumbers",
            {"PhoneNumberSid": "PN" + "0" * 32},
            (400, 21421, "Phone Number is invalid"),
            id="unknown number",
        ),
        pytest.param(
            "PhoneNumbers",
            {"PhoneNumberSid": "+15557122661"},
            (400, 21421, "Phone Number is invalid"),
            id="a number, and no SID",
        ),
        pytest.param(
            "ShortCodes",
            {},
            (400, 20001, "Missing required parameter ShortCodeSid in the post body"),
            id="no short code",
        ),
        pytest.param(
            "ShortCodes",
            {"ShortCodeSid": "SC" + "0" * 32},
            (400, 21421, "Phone Number is invalid"),
            id="unknown short code",
        ),
        pytest.param("AlphaSenders", {}, (400, 21708, "Alpha Sender ID Missing from the request"), id="no alpha"),
        pytest.param(
            "AlphaSenders",
            {"AlphaSender": " "},
            (400, 21708, "Alpha Sender ID Missing from the request"),
            id="blank alpha",
        ),
        pytest.param(
            "AlphaSenders",
            {"AlphaSender": "TwelveLetter"},
            (400, 21709, "Alpha Sender ID is Invalid or Not Authorized for this Messaging Service"),
            id="12 letters",
        ),
        pytest.param(
            "AlphaSenders",
            {"AlphaSender": "123456789"},
            (400, 21709, "Alpha Sender ID is Invalid or Not Authorized for this Messaging Service"),
            id="digits alone",
        ),
        pytest.param(
            "AlphaSenders",
            {"AlphaSender": "Ümlaut"},
            (400, 21709, "Alpha Sender ID is Invalid or Not Authorized for this Messaging Service"),
            id="other letters",
        ),
        pytest.param(
            "DestinationAlphaSenders",
            {"IsoCountryCode": "DE"},
            (400, 21708, "Alpha Sender ID Missing from the request"),
            id="a country alone",
        ),
        pytest.param(
            "DestinationAlphaSenders",
            {"AlphaSender": "ACME", "IsoCountryCode": "Germany"},
            (400, 20422, "Invalid Parameter"),
            id="no ISO country",
        ),
        pytest.param(
            "ChannelSenders",
            {},
            (400, 20001, "Missing required parameter Sid in the post body"),
            id="no channel sender",
        ),
        pytest.param(
            "ChannelSenders",
            {"Sid": "whatsapp:+15557122661"},
            (400, 63007, "Twilio could not find a Channel with the specified From address"),
            id="an address, and no SID",
        ),
    ],
)
def test_an_invalid_sender_is_refused(
    whoosh: Whoosh, path: str, form: dict[str, str], expected: tuple[int, int, str]
) -> None:
    service = whoosh.add_messaging_service("Reminders")

    response = requests.post(f"{SERVICES}/{service.sid}/{path}", data=form, auth=AUTH, timeout=5)

    assert refusal(response) == expected
    assert service.senders == []


def test_a_number_for_calls_only_cannot_join(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders")
    number = whoosh.add_number("+15557122661", sms_capable=False, mms_capable=False)

    response = add(KINDS["phone numbers"], service.sid, number.sid)

    assert refusal(response) == (
        400,
        21715,
        "Phone Number Does Not Have Correct Messaging Service Capabilities",
    )


@pytest.mark.parametrize("alpha", ["A", "ACME", "Eleven Char", "a1+-_& "])
def test_an_alpha_sender_of_the_documented_characters_is_accepted(whoosh: Whoosh, alpha: str) -> None:
    service = whoosh.add_messaging_service("Reminders")

    document = add(KINDS["alpha senders"], service.sid, alpha).json()

    assert document["alpha_sender"] == alpha.strip()


def test_alpha_senders_are_filtered_by_country(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["ACME"])
    resource = client.messaging.v1.services(service.sid).destination_alpha_senders
    for country in ("DE", "FR"):
        resource.create(f"ACME {country}", iso_country_code=country)

    german = [sender.alpha_sender for sender in resource.list(iso_country_code="DE")]
    every = [sender.alpha_sender for sender in resource.list()]

    assert german == ["ACME DE"]
    assert every == ["ACME FR", "ACME DE", "ACME"]


def test_an_alpha_sender_for_one_country_is_not_one_for_all(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=["ACME"])
    pool = client.messaging.v1.services(service.sid)
    pool.destination_alpha_senders.create("ACME DE", iso_country_code="DE")

    listed = [sender.alpha_sender for sender in pool.alpha_senders.list()]

    assert listed == ["ACME"]


# Ownership


def test_if_any_sender_is_owned_so_is_any_channel_sender(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders")
    sid = "XE" + "a" * 32

    document = add(KINDS["channel senders"], service.sid, sid).json()

    assert (document["sid"], service.senders) == (sid, [document["sender"]])


@pytest.mark.whoosh(senders="owned")
def test_an_account_that_owns_senders_has_no_other_channel_sender(whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders")

    response = add(KINDS["channel senders"], service.sid, "XE" + "a" * 32)

    assert refusal(response) == (400, 63007, "Twilio could not find a Channel with the specified From address")


def test_a_sender_that_rejoins_its_pool_is_the_newest(whoosh: Whoosh, client: Client) -> None:
    first, second = (whoosh.add_number(f"+1555712266{number}").sid for number in (1, 2))
    senders = client.messaging.v1.services.create(friendly_name="Reminders").fetch().phone_numbers
    for sid in (first, second):
        senders.create(phone_number_sid=sid)
    senders(first).delete()

    senders.create(phone_number_sid=first)

    assert [sender.sid for sender in senders.list()] == [first, second]
