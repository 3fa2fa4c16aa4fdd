"""``aioresponses`` beside the fake."""

import asyncio

import pytest
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from pytest_whoosh import Whoosh

from . import app

aiohttp = pytest.importorskip("aiohttp")
aioresponses = pytest.importorskip("aioresponses").aioresponses

# The SDK's own use of aiohttp.
pytestmark = [
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated"),
]


async def send_with_the_sdk() -> str:
    async with AsyncTwilioHttpClient() as http_client:
        client = Client(http_client=http_client)
        return (await client.messages.create_async(to=app.PERSON, from_=app.FORM["From"], body="Hi")).sid


async def send_to_a_base_url() -> str:
    async with (
        aiohttp.ClientSession("https://api.twilio.com") as session,
        session.post(app.messages_url()[len("https://api.twilio.com") :], data=app.FORM, headers=app.HEADERS) as answer,
    ):
        return (await answer.json())["sid"]


@pytest.fixture(params=[app.asend_with_aiohttp, send_with_the_sdk, send_to_a_base_url])
def send(request):
    return lambda: asyncio.run(request.param())


def inventory() -> str:
    """Raise an exception in place of the mock's response: some releases cannot create one for current aiohttp."""

    async def ask() -> str:
        async with aiohttp.ClientSession() as session:
            with pytest.raises(aiohttp.ClientConnectionError) as raised:
                await session.get(app.INVENTORY)
            return str(raised.value)

    return asyncio.run(ask())


THEIRS = {"exception": aiohttp.ClientConnectionError("theirs")}


def urls_seen_by(mock) -> list[str]:
    return [str(url) for _, url in mock.requests]


def test_a_mock_works_inside_the_double(whoosh, send):
    with aioresponses() as mock:
        mock.get(app.INVENTORY, **THEIRS)

        sid = send()

        assert inventory() == "theirs"
        assert urls_seen_by(mock) == [app.INVENTORY]
    assert whoosh.outbox.one().sid == sid


def test_a_mock_works_around_the_double(send):
    with aioresponses() as mock, Whoosh() as whoosh:
        mock.get(app.INVENTORY, **THEIRS)

        sid = send()

        assert inventory() == "theirs"
        assert urls_seen_by(mock) == [app.INVENTORY]
        assert whoosh.outbox.one().sid == sid


def test_their_decorator_works_beside_the_fixture(send):
    @Whoosh()
    @aioresponses()
    def test(mock, whoosh):
        mock.get(app.INVENTORY, **THEIRS)
        sid = send()
        assert inventory() == "theirs"
        assert whoosh.outbox.one().sid == sid

    test()


def test_a_mock_works_between_two_doubles(send):
    with Whoosh() as outer, aioresponses() as mock, Whoosh() as inner:
        mock.get(app.INVENTORY, **THEIRS)

        sid = send()

        assert inventory() == "theirs"
        assert inner.outbox.one().sid == sid
        outer.assert_nothing_sent()


def test_the_mock_still_refuses_urls_that_nobody_mocked(whoosh):
    with aioresponses():
        assert inventory() == f"Connection refused: GET {app.INVENTORY}"


@pytest.mark.parametrize("first_to_leave", ["ours", "theirs"])
@pytest.mark.parametrize("first_to_come", ["ours", "theirs"])
def test_the_mock_and_the_double_stop_in_any_order(first_to_come, first_to_leave, send):
    theirs, ours = aioresponses(), Whoosh()
    starts = [ours.__enter__, theirs.start]
    for start in starts if first_to_come == "ours" else reversed(starts):
        start()
    theirs.get(app.INVENTORY, **THEIRS)

    if first_to_leave == "ours":
        ours.__exit__(None, None, None)
        assert inventory() == "theirs"
        theirs.stop()
    else:
        theirs.stop()
        send()
        ours.assert_sent(to=app.PERSON)
        ours.__exit__(None, None, None)
