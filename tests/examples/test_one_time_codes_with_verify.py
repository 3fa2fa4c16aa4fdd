"""The tests of the login app on its second backend: Verify makes, sends and checks the codes."""

from collections.abc import AsyncIterator

import pytest

from pytest_whoosh import Whoosh

pytest.importorskip("httpx")
pytest.importorskip("fastapi")

import httpx
from one_time_codes.verifying import VerifyConfig, create_verify_app

pytestmark = pytest.mark.anyio

PERSON = "+15558675310"


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
async def browser(whoosh: Whoosh) -> AsyncIterator[httpx.AsyncClient]:
    service = whoosh.add_verify_service("Elm Street Dental", code_length=6)
    config = VerifyConfig(api_key=whoosh.api_key, api_secret=whoosh.api_secret, service=service.sid)
    app = create_verify_app(config)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="https://app.example") as browser:
        yield browser


async def ask(browser: httpx.AsyncClient, **how: str) -> httpx.Response:
    return await browser.post("/logins", json={"phone": PERSON, **how})


async def check(browser: httpx.AsyncClient, code: str) -> tuple[int, str]:
    response = await browser.post("/logins/check", json={"phone": PERSON, "code": code})
    return response.status_code, response.json()["detail"] if response.content else ""


async def test_the_right_code_logs_in(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)
    await whoosh.asettle()

    (text,) = whoosh.phone(PERSON).received

    assert text.body == f"Your Elm Street Dental verification code is: {whoosh.last_code(PERSON)}"
    assert await check(browser, whoosh.last_code(PERSON)) == (204, "")
    assert whoosh.verifications[0].status == "approved"


async def test_a_wrong_code_does_not(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)

    assert await check(browser, "000000") == (403, "This code is wrong.")
    assert await check(browser, whoosh.last_code(PERSON)) == (204, "")


async def test_a_code_is_good_once(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)
    code = whoosh.last_code(PERSON)
    await check(browser, code)

    assert await check(browser, code) == (403, "This code is too old, or was used already.")


async def test_an_expired_code_is_distinguished_from_a_wrong_one(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)
    code = whoosh.last_code(PERSON)

    await whoosh.atravel(minutes=10)

    assert await check(browser, code) == (403, "This code is too old, or was used already.")


async def test_the_sixth_try_is_refused(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    await ask(browser)

    tries = [(await check(browser, "000000"))[0] for _ in range(5)]

    assert tries == [403] * 5
    assert await check(browser, whoosh.last_code(PERSON)) == (422, "You have tried too often. Wait ten minutes.")


async def test_a_sixth_text_is_refused(browser: httpx.AsyncClient) -> None:
    statuses = [(await ask(browser)).status_code for _ in range(6)]

    assert statuses == [202, 202, 202, 202, 202, 422]


async def test_a_landline_is_called_instead(whoosh: Whoosh, browser: httpx.AsyncClient) -> None:
    whoosh.add_lookup(PERSON, line_type="landline")

    refused = await ask(browser)
    called = await ask(browser, channel="call")

    assert refused.json()["detail"] == "A landline cannot receive text messages. Ask for a call instead."
    assert called.status_code == 202
    assert await check(browser, whoosh.last_code(PERSON)) == (204, "")
