"""The account's phone numbers over REST: buying, listing, changing and releasing."""

import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError
from tests.conftest import PERSON

OURS = "+15557122661"


def numbers_url(whoosh: Whoosh, tail: str = "") -> str:
    return (
        f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/IncomingPhoneNumbers{tail}.json"
    )


def auth(whoosh: Whoosh) -> tuple[str, str]:
    return whoosh.account_sid, whoosh.auth_token


@pytest.fixture
def frozen(freezer):
    freezer.move_to("2030-05-06 07:08:09")
    return freezer


# Buying


def test_a_new_number_shows_every_property_with_its_default(frozen, whoosh: Whoosh) -> None:
    answer = requests.post(numbers_url(whoosh), data={"PhoneNumber": OURS}, auth=auth(whoosh))

    sid = answer.json()["sid"]
    assert answer.status_code == 201
    assert answer.json() == {
        "account_sid": whoosh.account_sid,
        "address_requirements": "none",
        "address_sid": None,
        "api_version": "2010-04-01",
        "beta": False,
        "capabilities": {"voice": True, "sms": True, "mms": True, "fax": False},
        "date_created": "Mon, 06 May 2030 07:08:09 +0000",
        "date_updated": "Mon, 06 May 2030 07:08:09 +0000",
        "emergency_status": "Inactive",
        "emergency_address_sid": None,
        "emergency_address_status": "unregistered",
        "friendly_name": "(555) 712-2661",
        "identity_sid": None,
        "origin": "twilio",
        "phone_number": OURS,
        "sid": sid,
        "sms_application_sid": "",
        "sms_fallback_method": "POST",
        "sms_fallback_url": "",
        "sms_method": "POST",
        "sms_url": "",
        "status_callback": "",
        "status_callback_method": "POST",
        "trunk_sid": None,
        "uri": f"/2010-04-01/Accounts/{whoosh.account_sid}/IncomingPhoneNumbers/{sid}.json",
        "voice_application_sid": "",
        "voice_caller_id_lookup": False,
        "voice_fallback_method": "POST",
        "voice_fallback_url": "",
        "voice_method": "POST",
        "voice_url": "https://demo.twilio.com/welcome/voice/",
        "bundle_sid": None,
        "voice_receive_mode": "voice",
        "status": "in-use",
        "type": "local",
    }


def test_a_bought_number_can_send_if_only_owned_numbers_can() -> None:
    with Whoosh(senders="owned") as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        number = client.incoming_phone_numbers.create(phone_number=OURS)

        message = client.messages.create(from_=number.phone_number, to=PERSON, body="Hi")

        assert message.status == "queued"


def test_every_property_that_an_app_sets_shows_when_the_number_is_fetched(whoosh: Whoosh, client: Client) -> None:
    application = client.applications.create(friendly_name="Inbound")
    bought = client.incoming_phone_numbers.create(
        phone_number=OURS,
        friendly_name="Front desk",
        api_version="2008-08-01",
        sms_url="https://app.example/sms",
        sms_method="GET",
        sms_fallback_url="https://app.example/fallback",
        sms_fallback_method="GET",
        sms_application_sid=application.sid,
        status_callback="https://app.example/calls",
        status_callback_method="GET",
        voice_url="https://app.example/voice",
        voice_method="GET",
        voice_fallback_url="https://app.example/voice-fallback",
        voice_fallback_method="GET",
        voice_caller_id_lookup=True,
        voice_receive_mode="fax",
        trunk_sid="TK" + "1" * 32,
        address_sid="AD" + "2" * 32,
        identity_sid="RI" + "3" * 32,
        bundle_sid="BU" + "4" * 32,
        emergency_status="Active",
        emergency_address_sid="AD" + "5" * 32,
    )

    number = client.incoming_phone_numbers(bought.sid).fetch()

    assert {
        name: getattr(number, name)
        for name in vars(number)
        if name.startswith(("sms_", "voice_", "status_c", "friendly", "api", "trunk", "address_sid", "emergency"))
        or name in ("identity_sid", "bundle_sid")
    } == {
        "friendly_name": "Front desk",
        "api_version": "2008-08-01",
        "sms_url": "https://app.example/sms",
        "sms_method": "GET",
        "sms_fallback_url": "https://app.example/fallback",
        "sms_fallback_method": "GET",
        "sms_application_sid": application.sid,
        "status_callback": "https://app.example/calls",
        "status_callback_method": "GET",
        "voice_url": "https://app.example/voice",
        "voice_method": "GET",
        "voice_fallback_url": "https://app.example/voice-fallback",
        "voice_fallback_method": "GET",
        "voice_application_sid": "",
        "voice_caller_id_lookup": True,
        "voice_receive_mode": "fax",
        "trunk_sid": "TK" + "1" * 32,
        "address_sid": "AD" + "2" * 32,
        "identity_sid": "RI" + "3" * 32,
        "bundle_sid": "BU" + "4" * 32,
        "emergency_status": "Active",
        "emergency_address_sid": "AD" + "5" * 32,
        "emergency_address_status": "registered",
    }


@pytest.mark.parametrize(
    ("spelling", "number", "name"),
    [
        ("(555) 712-2661", "+15557122661", "(555) 712-2661"),
        ("+44 7400 123456", "+447400123456", "07400 123456"),
    ],
    ids=["as North Americans write it", "in another country"],
)
def test_a_number_is_named_after_its_national_format(client: Client, spelling: str, number: str, name: str) -> None:
    bought = client.incoming_phone_numbers.create(phone_number=spelling)

    assert (bought.phone_number, bought.friendly_name) == (number, name)


def test_an_area_code_gives_the_next_free_number_in_it(client: Client) -> None:
    bought = [client.incoming_phone_numbers.create(area_code="415").phone_number for _ in range(3)]

    assert bought == ["+14155550100", "+14155550101", "+14155550102"]


def test_an_area_code_runs_out_of_numbers(client: Client) -> None:
    for _ in range(100):
        client.incoming_phone_numbers.create(area_code="415")

    with pytest.raises(TwilioRestException) as refusal:
        client.incoming_phone_numbers.create(area_code="415")

    assert (refusal.value.status, refusal.value.code) == (400, 21452)


def test_the_magic_area_code_has_the_magic_number(client: Client) -> None:
    assert client.incoming_phone_numbers.create(area_code="500").phone_number == "+15005550006"


def test_the_magic_number_can_be_bought_even_if_numbers_must_be_valid() -> None:
    with Whoosh(numbers="valid") as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)

        assert client.incoming_phone_numbers.create(phone_number="+15005550006").phone_number == "+15005550006"


@pytest.mark.parametrize(
    ("path", "form", "code", "text"),
    [
        ("", {}, 21421, "Phone Number is invalid"),
        ("", {"PhoneNumber": "12"}, 21421, "Phone Number is invalid"),
        ("", {"PhoneNumber": "+15005550001"}, 21421, "Phone Number is invalid"),
        ("", {"PhoneNumber": "+15005550000"}, 21422, "PhoneNumber is not available"),
        ("", {"AreaCode": "533"}, 21452, "No phone numbers found in area code"),
        ("", {"AreaCode": "12"}, 21451, "Invalid area code"),
        ("", {"AreaCode": "015"}, 21451, "Invalid area code"),
        ("", {"AreaCode": "4١٥"}, 21451, "Invalid area code"),
        ("/Mobile", {"AreaCode": "415"}, 21457, "AreaCode Parameter not Supported"),
        ("/TollFree", {"PhoneNumber": OURS}, 21458, "PhoneNumber Provisioning Type Mismatch"),
        ("/Local", {"PhoneNumber": "+18005550100"}, 21458, "PhoneNumber Provisioning Type Mismatch"),
        ("", {"PhoneNumber": OURS, "SmsUrl": "nowhere"}, 21402, "Invalid Url"),
        ("", {"PhoneNumber": OURS, "StatusCallback": "nowhere"}, 21402, "Invalid Url"),
        ("", {"PhoneNumber": OURS, "SmsMethod": "PUT"}, 21403, "Invalid Method"),
        (
            "",
            {"PhoneNumber": OURS, "SmsFallbackUrl": "https://app.example"},
            21406,
            "Cannot set SmsFallbackUrl without setting SmsUrl",
        ),
        (
            "",
            {"PhoneNumber": OURS, "VoiceFallbackUrl": "https://app.example", "VoiceUrl": ""},
            21405,
            "Cannot set VoiceFallbackUrl without setting Url",
        ),
        ("", {"PhoneNumber": OURS, "FriendlyName": "x" * 65}, 20002, "Invalid FriendlyName"),
        ("", {"PhoneNumber": OURS, "SmsApplicationSid": "AP12"}, 21420, "ApplicationSid is not accessible"),
        ("", {"PhoneNumber": OURS, "SmsApplicationSid": "AP" + "0" * 32}, 21420, "ApplicationSid is not accessible"),
        ("", {"PhoneNumber": OURS, "VoiceApplicationSid": "AP" + "0" * 32}, 21420, "ApplicationSid is not accessible"),
        ("", {"PhoneNumber": OURS, "ApiVersion": "1999-01-01"}, 20422, "Invalid Parameter"),
    ],
    ids=lambda value: (
        ",".join(f"{k}={v}"[:40] for k, v in value.items()) or "nothing" if isinstance(value, dict) else ""
    ),
)
def test_an_unavailable_number_is_refused_and_not_bought(
    whoosh: Whoosh, client: Client, path: str, form: dict[str, str], code: int, text: str
) -> None:
    answer = requests.post(numbers_url(whoosh, path), data=form, auth=auth(whoosh))

    assert answer.status_code == 400
    assert answer.json() == {
        "code": code,
        "message": text,
        "more_info": f"https://www.twilio.com/docs/errors/{code}",
        "status": 400,
    }
    assert client.incoming_phone_numbers.list() == []


def test_buying_a_number_again_updates_it(client: Client) -> None:
    first = client.incoming_phone_numbers.create(phone_number=OURS, sms_url="https://app.example/old")

    again = client.incoming_phone_numbers.create(phone_number=OURS, sms_url="https://app.example/new")

    assert (again.sid, again.sms_url) == (first.sid, "https://app.example/new")
    assert len(client.incoming_phone_numbers.list()) == 1


def test_a_number_that_another_account_has_is_not_available(client: Client) -> None:
    other = client.api.accounts.create(friendly_name="Other")
    client.api.accounts(other.sid).incoming_phone_numbers.create(phone_number=OURS)

    with pytest.raises(TwilioRestException) as refusal:
        client.incoming_phone_numbers.create(phone_number=OURS)

    assert (refusal.value.status, refusal.value.code) == (400, 21422)


# Provisioning by the test


def test_a_number_that_the_test_adds_is_the_record_that_the_api_shows(whoosh: Whoosh, client: Client) -> None:
    added = whoosh.add_number(
        "(555) 712-2661", sms_url="https://app.example/sms", status_callback="https://app.example/c"
    )

    shown = client.incoming_phone_numbers(added.sid).fetch()

    assert (shown.phone_number, shown.friendly_name, shown.sms_url, shown.status_callback) == (
        OURS,
        "(555) 712-2661",
        "https://app.example/sms",
        "https://app.example/c",
    )


def test_what_the_api_changes_shows_in_the_record_that_the_test_holds(whoosh: Whoosh, client: Client) -> None:
    added = whoosh.add_number(OURS)

    client.incoming_phone_numbers(added.sid).update(sms_url="https://app.example/sms", friendly_name="Desk")

    assert (added.sms_url, added.friendly_name) == ("https://app.example/sms", "Desk")


@pytest.mark.parametrize(
    ("capability", "media", "code"),
    [("sms_capable", None, 21661), ("mms_capable", ["https://app.example/a.png"], 21621)],
)
def test_a_number_cannot_send_beyond_its_capabilities(
    whoosh: Whoosh, client: Client, capability: str, media: list[str] | None, code: int
) -> None:
    number = whoosh.add_number(OURS, **{capability: False})

    with pytest.raises(TwilioRestException) as refusal:
        client.messages.create(from_=OURS, to=PERSON, body="Hi", media_url=media)

    assert (refusal.value.status, refusal.value.code) == (400, code)
    assert client.incoming_phone_numbers(number.sid).fetch().capabilities == {
        "voice": True,
        "sms": capability != "sms_capable",
        "mms": capability != "mms_capable",
        "fax": False,
    }


# Changing and releasing


def test_an_update_changes_only_posted_properties(frozen, whoosh: Whoosh, client: Client) -> None:
    number = whoosh.add_number(OURS, sms_url="https://app.example/sms", sms_method="GET")
    whoosh.travel(hours=1)

    answer = requests.post(numbers_url(whoosh, f"/{number.sid}"), data={"FriendlyName": "Desk"}, auth=auth(whoosh))

    shown = answer.json()
    assert answer.status_code == 200
    assert (shown["friendly_name"], shown["sms_url"], shown["sms_method"]) == ("Desk", "https://app.example/sms", "GET")
    assert shown["date_created"] == "Mon, 06 May 2030 07:08:09 +0000"
    assert shown["date_updated"] == "Mon, 06 May 2030 08:08:09 +0000"


def test_an_empty_parameter_clears_a_property(whoosh: Whoosh, client: Client) -> None:
    application = client.applications.create()
    number = whoosh.add_number(
        OURS, sms_url="https://app.example/sms", sms_method="GET", sms_application_sid=application.sid
    )

    cleared = client.incoming_phone_numbers(number.sid).update(sms_url="", sms_method="", sms_application_sid="")

    assert (cleared.sms_url, cleared.sms_method, cleared.sms_application_sid) == ("", "POST", "")


def test_a_fallback_url_is_refused_if_the_update_clears_the_main_one(whoosh: Whoosh, client: Client) -> None:
    number = whoosh.add_number(OURS, sms_url="https://app.example/sms")

    with pytest.raises(TwilioRestException) as refusal:
        client.incoming_phone_numbers(number.sid).update(sms_url="", sms_fallback_url="https://app.example/fallback")

    assert (refusal.value.status, refusal.value.code) == (400, 21406)
    assert number.sms_url == "https://app.example/sms"


def test_a_fallback_url_goes_with_the_main_one_that_is_set_already(whoosh: Whoosh, client: Client) -> None:
    number = whoosh.add_number(OURS, sms_url="https://app.example/sms")

    updated = client.incoming_phone_numbers(number.sid).update(sms_fallback_url="https://app.example/fallback")

    assert updated.sms_fallback_url == "https://app.example/fallback"


def test_a_number_can_move_to_a_sub_account(whoosh: Whoosh, client: Client) -> None:
    number = whoosh.add_number(OURS)
    other = client.api.accounts.create(friendly_name="Other")

    moved = client.incoming_phone_numbers(number.sid).update(account_sid=other.sid)

    assert moved.account_sid == other.sid
    assert client.incoming_phone_numbers.list() == []
    assert [each.sid for each in client.api.accounts(other.sid).incoming_phone_numbers.list()] == [number.sid]


def test_a_number_that_moves_to_its_own_account_stays_in_its_sender_pool(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[OURS])
    number = whoosh.add_number(OURS)

    client.incoming_phone_numbers(number.sid).update(account_sid=whoosh.account_sid)

    assert [each.sid for each in client.messaging.v1.services(service.sid).phone_numbers.list()] == [number.sid]


@pytest.mark.parametrize("wanted", [{"phone_number": "+15005550006"}, {"area_code": "500"}], ids=["number", "area"])
def test_a_number_of_one_account_cannot_be_bought_by_another(client: Client, wanted: dict[str, str]) -> None:
    other = client.api.accounts.create(friendly_name="Other")
    client.api.accounts(other.sid).incoming_phone_numbers.create(phone_number="+15005550006")

    with pytest.raises(TwilioRestException) as refusal:
        client.incoming_phone_numbers.create(**wanted)

    assert (refusal.value.status, refusal.value.code) == (400, 21422)


def test_a_test_cannot_give_the_account_a_number_of_a_sub_account(whoosh: Whoosh, client: Client) -> None:
    other = client.api.accounts.create(friendly_name="Other")
    client.api.accounts(other.sid).incoming_phone_numbers.create(phone_number=OURS)

    with pytest.raises(WhooshError) as misuse:
        whoosh.add_number(OURS)

    assert str(misuse.value) == (
        f"{OURS} belongs to a sub-account already, and a number belongs to one account only. Add another number, "
        "or release this one from the sub-account first."
    )


def test_a_number_cannot_move_to_an_unknown_account(whoosh: Whoosh, client: Client) -> None:
    number = whoosh.add_number(OURS)

    with pytest.raises(TwilioRestException) as refusal:
        client.incoming_phone_numbers(number.sid).update(account_sid="AC" + "0" * 32, friendly_name="Desk")

    assert (refusal.value.status, refusal.value.code) == (400, 20422)
    assert number.friendly_name == "(555) 712-2661"


def test_a_released_number_is_gone(client: Client) -> None:
    number = client.incoming_phone_numbers.create(phone_number=OURS)

    assert number.delete() is True

    assert client.incoming_phone_numbers.list() == []
    with pytest.raises(TwilioRestException) as refusal:
        number.fetch()
    assert (refusal.value.status, refusal.value.code) == (404, 20404)


def test_a_released_number_leaves_the_sender_pools(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[OURS, "+15557122662"])
    (number,) = client.incoming_phone_numbers.list(phone_number=OURS)

    number.delete()

    assert service.senders == ["+15557122662"]


def test_a_released_number_can_be_bought_again(client: Client) -> None:
    first = client.incoming_phone_numbers.create(phone_number=OURS)
    first.delete()

    again = client.incoming_phone_numbers.create(phone_number=OURS)

    assert again.sid != first.sid


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
@pytest.mark.parametrize("sid", ["PN" + "0" * 32, "12"], ids=["unknown", "malformed"])
def test_an_unknown_number_is_not_found(whoosh: Whoosh, method: str, sid: str) -> None:
    url = numbers_url(whoosh, f"/{sid}")

    answer = requests.request(method, url, auth=auth(whoosh))

    path = url.removeprefix("https://api.whoosh.totogi.solutions")
    assert answer.status_code == 404
    assert answer.json()["message"] == f"The requested resource {path} was not found"


# Lists


def test_lists_show_the_newest_number_first(whoosh: Whoosh, client: Client) -> None:
    for number in ("+15557122661", "+15557122662", "+15557122663"):
        whoosh.add_number(number)

    assert [each.phone_number for each in client.incoming_phone_numbers.list()] == [
        "+15557122663",
        "+15557122662",
        "+15557122661",
    ]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"phone_number": "+15557122661"}, ["+15557122661"]),
        ({"phone_number": "712*661"}, ["+15557122661"]),
        ({"phone_number": "555"}, ["+18005550100", "+15557122662", "+15557122661"]),
        ({"phone_number": "+1800"}, ["+18005550100"]),
        ({"friendly_name": "Desk"}, ["+15557122662"]),
        ({"friendly_name": "desk"}, []),
        ({"beta": False}, ["+447400123456", "+18005550100", "+15557122662", "+15557122661"]),
        ({"origin": "twilio"}, ["+447400123456", "+18005550100", "+15557122662", "+15557122661"]),
        ({"origin": "hosted"}, []),
    ],
    ids=str,
)
def test_lists_are_filtered(whoosh: Whoosh, client: Client, filters: dict[str, object], found: list[str]) -> None:
    whoosh.add_number("+15557122661")
    whoosh.add_number("+15557122662", friendly_name="Desk")
    whoosh.add_number("+18005550100")
    whoosh.add_number("+447400123456")

    assert [each.phone_number for each in client.incoming_phone_numbers.list(**filters)] == found


@pytest.mark.parametrize(
    ("kind", "found", "shown"),
    [
        ("local", ["+442079460123", "+15557122661"], "local"),
        ("mobile", ["+447400123456"], "mobile"),
        ("toll_free", ["+448081570123", "+18005550100"], "toll-free"),
    ],
    ids=["local", "mobile", "toll-free"],
)
def test_each_type_of_number_has_its_list(
    whoosh: Whoosh, client: Client, kind: str, found: list[str], shown: str
) -> None:
    for number in ("+15557122661", "+18005550100", "+447400123456", "+442079460123", "+448081570123"):
        whoosh.add_number(number)

    listed = getattr(client.incoming_phone_numbers, kind).list()

    assert [each.phone_number for each in listed] == found
    assert {client.incoming_phone_numbers(each.sid).fetch().type for each in listed} == {shown}


@pytest.mark.parametrize(
    ("kind", "number"), [("local", OURS), ("mobile", "+447400123456"), ("toll_free", "+18005550100")]
)
def test_each_type_of_number_can_be_bought_by_its_type(client: Client, kind: str, number: str) -> None:
    bought = getattr(client.incoming_phone_numbers, kind).create(phone_number=number)

    assert bought.phone_number == number
    assert [each.sid for each in client.incoming_phone_numbers.list()] == [bought.sid]


def test_an_iterator_goes_on_across_page_boundaries(whoosh: Whoosh, client: Client) -> None:
    numbers = [f"+1555712{count:04}" for count in range(7)]
    for number in numbers:
        whoosh.add_number(number)

    assert [each.phone_number for each in client.incoming_phone_numbers.stream(page_size=3)] == numbers[::-1]


def test_pages_link_to_their_neighbours(whoosh: Whoosh, client: Client) -> None:
    sids = [whoosh.add_number(f"+1555712000{count}").sid for count in range(5)][::-1]
    base = f"/2010-04-01/Accounts/{whoosh.account_sid}/IncomingPhoneNumbers.json"

    page = requests.get(
        f"https://api.whoosh.totogi.solutions{base}?PhoneNumber=555&PageSize=2&Page=1&PageToken=PA{sids[1]}",
        auth=auth(whoosh),
    ).json()

    assert [each["sid"] for each in page.pop("incoming_phone_numbers")] == sids[2:4]
    assert page == {
        "first_page_uri": f"{base}?PhoneNumber=555&PageSize=2&Page=0",
        "previous_page_uri": f"{base}?PhoneNumber=555&PageSize=2&Page=0&PageToken=PB{sids[2]}",
        "uri": f"{base}?PhoneNumber=555&PageSize=2&Page=1&PageToken=PA{sids[1]}",
        "next_page_uri": f"{base}?PhoneNumber=555&PageSize=2&Page=2&PageToken=PA{sids[3]}",
        "page": 1,
        "page_size": 2,
        "start": 2,
        "end": 3,
    }


def test_the_sdk_pages_forth_and_back(whoosh: Whoosh, client: Client) -> None:
    sids = [whoosh.add_number(f"+1555712000{count}").sid for count in range(5)][::-1]

    first = client.incoming_phone_numbers.page(page_size=2)
    second = first.next_page()
    third = second.next_page()

    assert [each.sid for each in third] == sids[4:]
    assert third.next_page() is None
    assert [each.sid for each in second.previous_page()] == sids[:2]
    assert [each.sid for each in third.previous_page()] == sids[2:4]


def test_paging_goes_on_from_a_number_that_was_released_meanwhile(whoosh: Whoosh, client: Client) -> None:
    sids = [whoosh.add_number(f"+1555712000{count}").sid for count in range(4)][::-1]
    first = client.incoming_phone_numbers.page(page_size=2)

    client.incoming_phone_numbers(sids[1]).delete()

    assert [each.sid for each in first.next_page()] == sids[2:]


def test_a_page_without_a_token_starts_at_its_number(whoosh: Whoosh) -> None:
    sids = [whoosh.add_number(f"+1555712000{count}").sid for count in range(5)][::-1]

    page = requests.get(numbers_url(whoosh) + "?PageSize=2&Page=1", auth=auth(whoosh)).json()

    assert [each["sid"] for each in page["incoming_phone_numbers"]] == sids[2:4]


@pytest.mark.parametrize(
    ("query", "code"),
    [("PageSize=1001", 20007), ("PageToken=XX", 20422), ("PageToken=PAPN" + "0" * 32, 20422)],
    ids=["too large a page", "a token of another kind", "a token of no number"],
)
def test_invalid_pages_are_refused(whoosh: Whoosh, query: str, code: int) -> None:
    answer = requests.get(f"{numbers_url(whoosh)}?{query}", auth=auth(whoosh))

    assert (answer.status_code, answer.json()["code"]) == (400, code)


def test_an_empty_list_is_a_page_without_links_to_others(whoosh: Whoosh) -> None:
    base = f"/2010-04-01/Accounts/{whoosh.account_sid}/IncomingPhoneNumbers.json"

    assert requests.get(numbers_url(whoosh), auth=auth(whoosh)).json() == {
        "first_page_uri": f"{base}?PageSize=50&Page=0",
        "previous_page_uri": None,
        "incoming_phone_numbers": [],
        "uri": f"{base}?PageSize=50&Page=0",
        "next_page_uri": None,
        "page": 0,
        "page_size": 50,
        "start": 0,
        "end": 0,
    }


def test_numbers_are_available_in_xml(whoosh: Whoosh) -> None:
    number = whoosh.add_number(OURS)
    base = f"https://api.whoosh.totogi.solutions/2010-04-01/Accounts/{whoosh.account_sid}/IncomingPhoneNumbers"

    one = requests.get(f"{base}/{number.sid}", auth=auth(whoosh)).text
    page = requests.get(f"{base}.xml", auth=auth(whoosh)).text

    assert f"<TwilioResponse><IncomingPhoneNumber><AccountSid>{whoosh.account_sid}</AccountSid>" in one
    assert "<IncomingPhoneNumbers page=" in page
    assert f"<Sid>{number.sid}</Sid>" in page
