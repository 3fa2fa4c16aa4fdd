"""Fetching a message, and listing messages: order, filters and pages."""

import sys
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import pytest
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

from .conftest import HOST, SEND, Api, refusal

OTHER_PERSON = "+15558675311"
OTHER_SENDER = "+15557122662"


def send(client: Client, count: int, to: str = PERSON, from_: str = SENDER) -> list[str]:
    """Send some messages. Return their SIDs, oldest first."""
    return [client.messages.create(to=to, from_=from_, body=str(number)).sid for number in range(count)]


def sids(messages: object) -> list[str]:
    return [message.sid for message in messages]


# One message


def test_a_message_can_be_fetched_as_it_is_now(noon: None, whoosh: Whoosh, client: Client, api: Api) -> None:
    created = api.create(SEND).json()

    whoosh.settle()

    fetched = api.get(f"/{created['sid']}")
    assert fetched.status_code == 200
    assert fetched.json() == {
        **created,
        "subresource_uris": {
            name: created["uri"].replace(".json", f"/{name.title()}.json") for name in ("media", "feedback")
        },
        "status": "delivered",
        "date_sent": "Sat, 15 Jun 2030 12:00:02 +0000",
        "date_updated": "Sat, 15 Jun 2030 12:00:04 +0000",
        "price": f"{whoosh.outbox[0].price:.5f}",
        "price_unit": "USD",
    }
    assert client.messages(created["sid"]).fetch().date_sent == datetime(2030, 6, 15, 12, 0, 2, tzinfo=UTC)


@pytest.mark.parametrize("sid", ["SM" + "0" * 32, "SM123", "AC" + "0" * 32, "%20"])
def test_a_message_that_nobody_sent_is_not_found(api: Api, sid: str) -> None:
    response = api.get(f"/{sid}")

    assert (response.status_code, response.json()) == (
        404,
        refusal(20404, f"The requested resource {api.path(f'/{sid}')}.json was not found", 404),
    )


def test_a_message_of_another_account_is_not_found(whoosh: Whoosh, client: Client) -> None:
    [sid] = send(client, 1)
    stranger = Client(whoosh.api_key, whoosh.api_secret, "AC" + "0" * 32)

    with pytest.raises(TwilioRestException) as caught:
        stranger.messages(sid).fetch()

    assert (caught.value.status, caught.value.code) == (404, 20404)


# The order of a list


def test_a_list_shows_the_newest_first(client: Client) -> None:
    sent = send(client, 3)

    assert sids(client.messages.list()) == sent[::-1]


def test_messages_of_one_moment_are_listed_by_creation(noon: None, client: Client) -> None:
    sent = send(client, 5)

    assert sids(client.messages.list()) == sent[::-1]


def test_a_sent_message_is_sorted_by_when_it_was_sent(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    scheduled = client.messages.create(
        to=PERSON,
        messaging_service_sid=service.sid,
        body="later",
        schedule_type="fixed",
        send_at=whoosh.now + timedelta(hours=2),
    ).sid
    [sent] = send(client, 1)
    before = sids(client.messages.list())

    whoosh.travel(hours=3)

    assert (before, sids(client.messages.list())) == ([sent, scheduled], [scheduled, sent])


def test_an_empty_list_has_its_envelope(api: Api) -> None:
    response = api.get()

    assert response.status_code == 200
    assert list(response.json().items()) == [
        ("first_page_uri", f"{api.path()}.json?PageSize=50&Page=0"),
        ("end", 0),
        ("previous_page_uri", None),
        ("messages", []),
        ("uri", f"{api.path()}.json?PageSize=50&Page=0"),
        ("page_size", 50),
        ("start", 0),
        ("next_page_uri", None),
        ("page", 0),
    ]


def test_a_list_shows_messages_as_fetching_does(api: Api) -> None:
    sid = api.create(SEND).json()["sid"]

    assert api.get().json()["messages"] == [api.get(f"/{sid}").json()]


def test_inbound_messages_are_listed_among_the_others(noon: None, whoosh: Whoosh, client: Client) -> None:
    [sent] = send(client, 1)
    whoosh.settle()
    received = whoosh.receive("Hello", from_=PERSON, to=SENDER).message.sid

    listed = client.messages.list()

    assert sids(listed) == [received, sent]
    assert (listed[0].direction, listed[0].status, listed[0].from_, listed[0].to) == (
        "inbound",
        "received",
        PERSON,
        SENDER,
    )
    assert sids(client.messages.list(from_=PERSON)) == [received]


# Filters


@pytest.mark.parametrize(
    "spelling", ["+15558675310", "15558675310", "(555) 867-5310", " 5558675310", "+1 555.867.5310"]
)
def test_a_list_is_filtered_by_recipient_in_any_spelling(client: Client, spelling: str) -> None:
    [wanted] = send(client, 1)
    send(client, 1, to=OTHER_PERSON)

    assert sids(client.messages.list(to=spelling)) == [wanted]


def test_a_list_is_filtered_by_sender(client: Client) -> None:
    send(client, 1)
    [wanted] = send(client, 1, from_=OTHER_SENDER)
    [short] = send(client, 1, from_="12345")

    assert sids(client.messages.list(from_=OTHER_SENDER)) == [wanted]
    assert sids(client.messages.list(from_="12345")) == [short]


def test_filters_are_exact(client: Client) -> None:
    send(client, 1)
    [channel] = sids([client.messages.create(to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}", body="Hi")])

    assert sids(client.messages.list(to=f"whatsapp:{PERSON}")) == [channel]
    assert client.messages.list(to="+1555867531") == []
    assert client.messages.list(from_="+1555") == []


@pytest.mark.parametrize(("to_the_person", "from_the_sender"), [(2, 4), (4, 2)])
def test_filters_combine(client: Client, to_the_person: int, from_the_sender: int) -> None:
    [wanted] = send(client, 1, to=OTHER_PERSON, from_=OTHER_SENDER)
    send(client, to_the_person, to=OTHER_PERSON)
    send(client, from_the_sender, from_=OTHER_SENDER)

    assert sids(client.messages.list(to=OTHER_PERSON, from_=OTHER_SENDER)) == [wanted]


def test_an_empty_filter_filters_nothing(client: Client, api: Api) -> None:
    send(client, 2)

    response = api.get(**{"To": "", "From": "", "DateSent": "", "DateSent<": "", "DateSent>": ""})

    assert len(response.json()["messages"]) == 2


def test_there_is_no_filter_by_status(client: Client, api: Api) -> None:
    send(client, 1)

    assert len(api.get(Status="failed", MessagingServiceSid="MG123").json()["messages"]) == 1


def test_a_services_message_is_listed_under_its_sender_once_it_has_one(whoosh: Whoosh, client: Client) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    sid = client.messages.create(to=PERSON, messaging_service_sid=service.sid, body="Hi").sid
    before = client.messages.list(from_=SENDER)

    whoosh.settle()

    assert (before, sids(client.messages.list(from_=SENDER))) == ([], [sid])


@pytest.fixture
def three_days(noon: None, whoosh: Whoosh, client: Client) -> dict[str, str]:
    """Send messages at 12:00:02 on 15, 16 and 17 June 2030, and create one that is not sent."""
    names = {}
    for day in ("15th", "16th", "17th"):
        names[send(client, 1)[0]] = day
        whoosh.travel(days=1)
    names[send(client, 1)[0]] = "unsent"
    return names


@pytest.mark.parametrize(
    ("query", "found"),
    [
        # On a day
        ("DateSent=2030-06-16", ["16th"]),
        ("DateSent=20300616", ["16th"]),
        ("DateSent=2030-06-16T23:00:00Z", ["16th"]),
        ("DateSent=2030-06-16T23:00:00-05:00", ["17th"]),
        ("DateSent=Sun, 16 Jun 2030 00:00:00 %2B0000", ["16th"]),
        ("DateSent=2030-06-18", []),
        # From a day or moment on
        ("DateSent>=2030-06-16", ["17th", "16th"]),
        ("DateSent%3E=2030-06-16", ["17th", "16th"]),
        ("DateSent>=2030-06-16T12:00:02Z", ["17th", "16th"]),
        ("DateSent>=2030-06-16T12:00:02.999Z", ["17th", "16th"]),
        ("DateSent>=2030-06-16T12:00:03Z", ["17th"]),
        ("DateSent>=2030-06-16T14:00:02%2B02:00", ["17th", "16th"]),
        ("DateSent>=2030-06-16 12:00:02.000", ["17th", "16th"]),
        ("DateSent>=06/16/2030 05:00:02 MST", ["17th", "16th"]),
        ("DateSent>=06/16/2030 05:00:03 MST", ["17th"]),
        ("DateSent>=06/16/2030", ["17th", "16th"]),
        ("DateSent>=Sun, 16 Jun 2030 12:00:02 -0000", ["17th", "16th"]),
        ("DateSent>=Sun, 16 Jun 2030 12:00:03 GMT", ["17th"]),
        ("DateSent>=1970-01-01", ["17th", "16th", "15th"]),
        # Up to a day or moment
        ("DateSent<=2030-06-16", ["16th", "15th"]),
        ("DateSent%3C=2030-06-16", ["16th", "15th"]),
        ("DateSent<=2030-06-16T12:00:02Z", ["16th", "15th"]),
        ("DateSent<=2030-06-16T12:00:01Z", ["15th"]),
        ("DateSent<=06/16/2030 05:00:02 MST", ["16th", "15th"]),
        ("DateSent<=06/15/2030", ["15th"]),
        ("DateSent<=9999-12-31", ["17th", "16th", "15th"]),
        # Both
        ("DateSent>=2030-06-16&DateSent<=2030-06-16", ["16th"]),
        ("DateSent>=2030-06-15T12:00:03Z&DateSent<=2030-06-17T12:00:01Z", ["16th"]),
        ("DateSent>=2030-06-17&DateSent<=2030-06-15", []),
        ("DateSent=2030-06-16&DateSent>=2030-06-16T12:00:03Z", []),
        ("DateSent=2030-06-16&DateSent<=2030-06-16T12:00:02Z", ["16th"]),
        ("DateSent>=2030-06-16&To=%2B15558675310&From=%2B15557122661", ["17th", "16th"]),
        ("DateSent>=2030-06-16&To=%2B15558675311", []),
    ],
)
def test_a_list_is_filtered_by_when_messages_were_sent(
    three_days: dict[str, str], api: Api, query: str, found: list[str]
) -> None:
    response = api.call("GET", f"{api.path()}.json?{query}")

    assert [three_days[message["sid"]] for message in response.json()["messages"]] == found


@pytest.mark.parametrize(
    ("dates", "token", "found"),
    [
        ("DateSent<=2030-06-16", "PA<17th>", ["16th", "15th"]),
        ("DateSent<=2030-06-15", "PA<17th>", ["15th"]),
        ("DateSent<=2030-06-16", "PA<16th>", ["15th"]),
        ("DateSent>=2030-06-16", "PB<15th>", ["17th", "16th"]),
        ("DateSent>=2030-06-17", "PB<15th>", ["17th"]),
        ("DateSent>=2030-06-16", "PB<16th>", ["17th"]),
        ("DateSent>=2030-06-16", "PA<16th>", []),
        ("DateSent<=2030-06-16", "PB<17th>", []),
    ],
)
def test_a_token_leads_no_further_than_the_dates(
    three_days: dict[str, str], api: Api, dates: str, token: str, found: list[str]
) -> None:
    sid = next(sid for sid, day in three_days.items() if f"<{day}>" in token)

    response = api.call("GET", f"{api.path()}.json?{dates}&PageToken={token[:2]}{sid}")

    assert [three_days[message["sid"]] for message in response.json()["messages"]] == found


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        ({"date_sent": date(2030, 6, 16)}, ["16th"]),
        ({"date_sent": datetime(2030, 6, 16, 3, tzinfo=UTC)}, ["16th"]),
        ({"date_sent_after": date(2030, 6, 16)}, ["17th", "16th"]),
        ({"date_sent_before": date(2030, 6, 16)}, ["15th"]),  # the SDK makes midnight of it, when the day begins
        ({"date_sent_after": datetime(2030, 6, 16, 12, 0, 3, tzinfo=UTC)}, ["17th"]),
        ({"date_sent_before": datetime(2030, 6, 16, 12, 0, 2, tzinfo=UTC)}, ["16th", "15th"]),
        ({"date_sent_after": date(2030, 6, 16), "date_sent_before": date(2030, 6, 17)}, ["16th"]),
    ],
    ids=str,
)
def test_the_sdk_filters_by_dates_and_moments(
    three_days: dict[str, str], client: Client, filters: dict[str, date], found: list[str]
) -> None:
    assert [three_days[sid] for sid in sids(client.messages.list(**filters))] == found


def test_a_message_is_found_by_the_second_that_it_shows(noon: None, whoosh: Whoosh, client: Client) -> None:
    whoosh.travel(seconds=0.5)
    [sid] = send(client, 1)
    whoosh.settle()
    shown = client.messages(sid).fetch().date_sent

    assert sids(client.messages.list(date_sent_before=shown)) == [sid]
    assert sids(client.messages.list(date_sent_after=shown)) == [sid]


@pytest.mark.parametrize("name", ["DateSent", "DateSent<", "DateSent>"])
@pytest.mark.parametrize("value", ["yesterday", "2030-13-01", "13/45/2030", "2030-06-16T25:00:00Z", "\x00", "9" * 5000])
def test_an_invalid_date_is_refused(api: Api, name: str, value: str) -> None:
    response = api.get(**{name: value})

    assert (response.status_code, response.json()) == (400, refusal(20422, "Invalid Parameter"))


# Pages


def test_pages_are_linked_as_documented(client: Client, api: Api) -> None:
    oldest, middle, newest = send(client, 3)
    base = f"{api.path()}.json?From=%2B15557122661&PageSize=1"

    first = api.get(From=SENDER, PageSize="1").json()
    second = api.call("GET", first["next_page_uri"]).json()
    third = api.call("GET", second["next_page_uri"]).json()

    assert [{name: value for name, value in page.items() if name != "messages"} for page in (first, second, third)] == [
        {
            "first_page_uri": f"{base}&Page=0",
            "end": 0,
            "previous_page_uri": None,
            "uri": f"{base}&Page=0",
            "page_size": 1,
            "start": 0,
            "next_page_uri": f"{base}&Page=1&PageToken=PA{newest}",
            "page": 0,
        },
        {
            "first_page_uri": f"{base}&Page=0",
            "end": 1,
            "previous_page_uri": f"{base}&Page=0&PageToken=PB{middle}",
            "uri": f"{base}&Page=1&PageToken=PA{newest}",
            "page_size": 1,
            "start": 1,
            "next_page_uri": f"{base}&Page=2&PageToken=PA{middle}",
            "page": 1,
        },
        {
            "first_page_uri": f"{base}&Page=0",
            "end": 2,
            "previous_page_uri": f"{base}&Page=1&PageToken=PB{oldest}",
            "uri": f"{base}&Page=2&PageToken=PA{middle}",
            "page_size": 1,
            "start": 2,
            "next_page_uri": None,
            "page": 2,
        },
    ]
    assert [page["messages"][0]["sid"] for page in (first, second, third)] == [newest, middle, oldest]


def test_a_link_keeps_every_filter_in_the_order_of_the_request(client: Client, api: Api) -> None:
    send(client, 2)

    query = "DateSent%3E=&To=%2B15558675310&From=%2B15557122661"
    page = api.call("GET", f"{api.path()}.json?{query}&PageSize=1&Page=0").json()

    assert parse_qsl(urlsplit(page["next_page_uri"]).query, keep_blank_values=True)[:5] == [
        ("DateSent>", ""),
        ("To", PERSON),
        ("From", SENDER),
        ("PageSize", "1"),
        ("Page", "1"),
    ]


def test_links_also_lead_back(client: Client) -> None:
    sent = send(client, 5)[::-1]
    first = client.messages.page(page_size=2)

    second = first.next_page()
    third = second.next_page()
    back = third.previous_page()
    front = back.previous_page()

    assert [sids(page) for page in (first, second, third, back, front)] == [
        sent[:2],
        sent[2:4],
        sent[4:],
        sent[2:4],
        sent[:2],
    ]
    assert (third.next_page(), front.previous_page()) == (None, None)


def test_a_page_can_be_fetched_by_its_url(client: Client) -> None:
    sent = send(client, 3)[::-1]
    first = client.messages.page(page_size=2)

    second = client.messages.get_page(first.next_page_url)

    assert sids(second) == sent[2:]
    assert first.next_page_url.startswith("https://api.twilio.com/2010-04-01/Accounts/")


@pytest.mark.parametrize("count", [0, 1, 2, 3, 4, 5])
def test_the_sdk_reads_over_the_ends_of_pages(client: Client, count: int) -> None:
    sent = send(client, count)[::-1]

    assert sids(client.messages.list(page_size=2)) == sent
    assert sids(client.messages.stream(page_size=2)) == sent
    assert sids(client.messages.list(limit=3)) == sent[:3]
    assert sids(client.messages.stream(limit=3, page_size=2)) == sent[:3]


@pytest.mark.parametrize(("count", "more"), [(49, False), (50, False), (51, True)])
def test_a_page_holds_50_unless_asked_otherwise(client: Client, api: Api, count: int, more: bool) -> None:
    send(client, count)

    page = api.get().json()

    assert (len(page["messages"]), page["page_size"]) == (min(count, 50), 50)
    assert (page["next_page_uri"] is not None) is more


@pytest.mark.parametrize("size", ["0", "-1", "-50", "many", "", "1.5", "0x10", "٤٢"])
def test_an_invalid_page_size_counts_as_not_given(client: Client, api: Api, size: str) -> None:
    send(client, 51)

    page = api.get(PageSize=size).json()

    assert (len(page["messages"]), page["page_size"]) == (50, 50)


def test_a_page_holds_at_most_a_thousand(api: Api) -> None:
    assert api.get(PageSize="1000").json()["page_size"] == 1000


@pytest.mark.parametrize("size", ["1001", "1000000", "9" * 100])
def test_a_larger_page_is_refused(api: Api, size: str) -> None:
    response = api.get(PageSize=size)

    assert (response.status_code, response.json()) == (400, refusal(20007, "Page size too large"))


def test_a_page_without_a_token_counts_from_the_start(client: Client, api: Api) -> None:
    sent = send(client, 5)[::-1]
    send(client, 3, to=OTHER_PERSON)

    page = api.get(To=PERSON, PageSize="2", Page="1").json()

    assert [message["sid"] for message in page["messages"]] == sent[2:4]
    assert (page["start"], page["end"], page["page"]) == (2, 3, 1)


@pytest.mark.parametrize("page", ["1", "7", "9" * 30])
def test_a_page_past_the_end_is_empty(client: Client, api: Api, page: str) -> None:
    send(client, 2)

    shown = api.get(PageSize="2", Page=page).json()

    assert (shown["messages"], shown["start"], shown["end"], shown["next_page_uri"]) == ([], 0, 0, None)


def test_no_page_precedes_the_newest_message(client: Client, api: Api) -> None:
    [sid] = send(client, 1)

    page = api.get(PageToken=f"PB{sid}").json()

    assert (page["messages"], page["next_page_uri"], page["previous_page_uri"]) == ([], None, None)


def test_a_list_goes_on_from_a_message_that_was_deleted_meanwhile(whoosh: Whoosh, client: Client) -> None:
    sent = send(client, 4)[::-1]
    whoosh.settle()
    page = client.messages.page(page_size=2)
    client.messages(sent[1]).delete()

    following = page.next_page()
    back = following.previous_page()

    assert (sids(following), sids(back)) == (sent[2:], sent[:1])


def test_messages_that_arrive_meanwhile_do_not_shift_the_pages(whoosh: Whoosh, client: Client) -> None:
    sent = send(client, 4)[::-1]
    page = client.messages.page(page_size=2)
    send(client, 3)

    assert sids(page.next_page()) == sent[2:]


@pytest.mark.parametrize(
    "token",
    ["PA", "PB", "SM", "x", "PASM" + "0" * 32, "PBSM" + "0" * 32, "PXSM" + "0" * 32, "PAMG" + "0" * 32, "\x00" * 36],
)
def test_an_unknown_token_is_refused(client: Client, api: Api, token: str) -> None:
    send(client, 1)

    response = api.get(PageToken=token)

    assert (response.status_code, response.json()) == (400, refusal(20422, "Invalid Parameter"))


def test_a_token_of_another_account_is_refused(whoosh: Whoosh, client: Client, api: Api) -> None:
    stranger = Client(whoosh.api_key, whoosh.api_secret, "AC" + "0" * 32)
    [sid] = send(stranger, 1)

    assert api.get(PageToken=f"PA{sid}").json()["code"] == 20422


def test_a_region_of_the_client_reads_pages_as_well(whoosh: Whoosh) -> None:
    client = Client(whoosh.account_sid, whoosh.auth_token, region="ie1", edge="dublin")
    sent = send(client, 3)[::-1]

    assert sids(client.messages.list(page_size=1)) == sent


def test_links_are_relative_to_the_requested_host(client: Client, api: Api) -> None:
    send(client, 2)

    uri = api.get(PageSize="1").json()["next_page_uri"]

    assert uri.startswith("/2010-04-01/")
    assert api.call("GET", uri).url == HOST + uri


# Cost


def steps(work: Callable[[], object]) -> int:
    """Return the number of Python functions that some work calls. It is the same on every machine."""
    count = 0

    def note(_: object, event: str, __: object) -> None:
        nonlocal count
        count += event == "call"

    sys.setprofile(note)
    try:
        work()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.parametrize(
    "query",
    [
        {},
        {"To": PERSON},
        {"To": PERSON, "From": SENDER},
        {"DateSent>": "2000-01-01"},
        {"DateSent<": "2100-01-01", "From": SENDER},
        {"PageToken": "PA"},
        {"PageToken": "PB"},
    ],
    ids=str,
)
@pytest.mark.whoosh(clock="virtual")
def test_a_page_costs_the_same_however_many_messages_there_are(
    whoosh: Whoosh, client: Client, api: Api, query: dict[str, str]
) -> None:
    costs = []
    for count in (60, 300):
        sent = send(client, count)
        whoosh.settle()
        token = {"PageToken": query["PageToken"] + sent[count // 2]} if "PageToken" in query else {}
        costs.append(steps(lambda token=token: api.get(**{**query, **token, "PageSize": "10"})))

    assert costs[1] < costs[0] * 1.2


@pytest.mark.whoosh(clock="virtual")
def test_sending_a_message_costs_the_same_however_many_messages_there_are(whoosh: Whoosh, client: Client) -> None:
    send(client, 20)
    few = steps(lambda: send(client, 1))
    send(client, 300)

    many = steps(lambda: send(client, 1))

    assert many < few * 1.2
