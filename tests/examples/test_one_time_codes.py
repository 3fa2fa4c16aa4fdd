"""The tests that the authors of the login app have written: everything async, on one event loop."""

from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta

import pytest

from pytest_whoosh import Whoosh

pytest.importorskip("httpx")
pytest.importorskip("fastapi")

import httpx
from one_time_codes import Config, Database, create_app

pytestmark = pytest.mark.anyio

PERSON = "+15558675310"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def config(whoosh: Whoosh) -> Config:
    return Config(
        account_sid=whoosh.account_sid,
        api_key=whoosh.api_key,
        api_secret=whoosh.api_secret,
        auth_token=whoosh.auth_token,
        sender="+15557122661",
        public_url="https://app.example",
    )


@pytest.fixture
def database() -> Iterator[Database]:
    """One session, which the tests and the handlers of webhooks share."""
    with closing(Database()) as database:
        yield database


@pytest.fixture
async def browser(whoosh: Whoosh, config: Config, database: Database) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(config, database)
    whoosh.mount(config.public_url, app)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url=config.public_url) as browser:
        yield browser


async def ask(browser: httpx.AsyncClient, phone: str = PERSON) -> int:
    return int((await browser.post("/logins", json={"phone": phone})).status_code)


async def check(browser: httpx.AsyncClient, code: str) -> int:
    return int((await browser.post("/logins/check", json={"phone": PERSON, "code": code})).status_code)


async def test_a_person_logs_in_with_the_code_of_the_text(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    assert await ask(browser) == 202
    await whoosh.asettle()

    assert await check(browser, whoosh.last_code(PERSON)) == 204


async def test_a_code_is_good_once(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)
    code = whoosh.last_code(PERSON)

    assert [await check(browser, code), await check(browser, code)] == [204, 403]


@pytest.mark.parametrize(("minutes", "status"), [(9, 204), (11, 403)])
async def test_a_code_is_good_for_ten_minutes(
    whoosh: Whoosh, browser: httpx.AsyncClient, minutes: int, status: int
) -> None:
    await ask(browser)
    code = whoosh.last_code(PERSON)

    await whoosh.atravel(minutes=minutes)

    assert await check(browser, code) == status


async def test_nobody_guesses_more_than_three_times(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)
    code = whoosh.last_code(PERSON)

    for _ in range(3):
        assert await check(browser, "a guess") == 403

    assert await check(browser, code) == 403


async def test_the_text_with_the_code_fits_into_one_segment(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)

    whoosh.assert_segments(whoosh.assert_sent(to=PERSON), 1)


async def test_a_number_that_cannot_be_texted_is_refused(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    assert await ask(browser, "+15005550009") == 422

    whoosh.assert_nothing_sent()


async def test_the_app_learns_that_the_code_has_arrived(
    whoosh: Whoosh, browser: httpx.AsyncClient, database: Database
) -> None:
    await ask(browser)
    assert database.one("select state from logins")["state"] == "sent"

    await whoosh.asettle()

    assert database.one("select state from logins")["state"] == "delivered"


async def test_the_handler_waits_for_its_turn_in_the_session_of_the_test(
    whoosh: Whoosh, browser: httpx.AsyncClient, database: Database
) -> None:
    await ask(browser)
    async with database.transaction():
        database.one("update logins set tries_left = 1")

    await whoosh.asettle()

    assert tuple(database.one("select tries_left, state from logins")) == (1, "delivered")


async def test_a_code_that_is_not_delivered_is_sent_once_more(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    whoosh.when(to=PERSON).undeliver(30003).times(1)
    await ask(browser)

    await whoosh.asettle()

    first, second = whoosh.outbox
    assert (first.status, second.status) == ("undelivered", "delivered")
    assert second.body == first.body
    assert second.date_created == first.history[-1][1]
    assert (await browser.get(f"/logins/{PERSON}")).json() == {"state": "delivered", "texts": 2}


async def test_a_phone_that_stays_off_is_given_up(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    whoosh.when(to=PERSON).undeliver(30003)
    await ask(browser)

    await whoosh.atravel(timedelta(hours=1))

    whoosh.assert_sent(count=2, status="undelivered")
    assert (await browser.get(f"/logins/{PERSON}")).json() == {"state": "unreachable", "texts": 2}


async def test_every_callback_is_answered(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)

    await whoosh.asettle()

    whoosh.assert_callbacks(whoosh.assert_sent(), "sent", "delivered")
    assert [callback.response_status for callback in whoosh.callbacks] == [204, 204]


async def test_a_forged_callback_is_refused(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)
    lie = {"MessageSid": whoosh.outbox[0].sid, "MessageStatus": "undelivered"}

    response = await browser.post("/sms/status", data=lie, headers={"X-Twilio-Signature": "a guess"})

    assert response.status_code == 403
    whoosh.assert_sent(count=1)
