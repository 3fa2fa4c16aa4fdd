"""Realistic throughput: the limit on an account's concurrent API calls."""

import asyncio
from base64 import b64encode
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import aiohttp
import httpx
import pytest
import requests
from twilio.base.exceptions import TwilioRestException
from twilio.http.async_http_client import AsyncTwilioHttpClient
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError

FORM = {"To": "+15558675310", "From": "12345", "Body": "Hi"}
#: The result of a call: its HTTP status, and the number of calls under way.
Answer = tuple[int, int]
#: Calls once.
Call = Callable[[], Awaitable[Answer]]


@pytest.fixture
def whoosh() -> Iterator[Whoosh]:
    with Whoosh(throughput="realistic", clock="virtual") as whoosh:
        yield whoosh


def url(whoosh: Whoosh, account_sid: str | None = None) -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{account_sid or whoosh.account_sid}/Messages.json"


def headers(whoosh: Whoosh) -> dict[str, str]:
    return {"Authorization": "Basic " + b64encode(f"{whoosh.api_key}:{whoosh.api_secret}".encode()).decode()}


def answer(status: int, headers: Any) -> Answer:
    return status, int(headers["Twilio-Concurrent-Requests"])


async def over_httpx(whoosh: Whoosh, run: Callable[[Call], Awaitable[Any]]) -> Any:
    async with httpx.AsyncClient(headers=headers(whoosh)) as client:

        async def call() -> Answer:
            response = await client.post(url(whoosh), data=FORM)
            return answer(response.status_code, response.headers)

        return await run(call)


async def over_aiohttp(whoosh: Whoosh, run: Callable[[Call], Awaitable[Any]]) -> Any:
    async with aiohttp.ClientSession(headers=headers(whoosh)) as session:

        async def call() -> Answer:
            async with session.post(url(whoosh), data=FORM) as response:
                return answer(response.status, response.headers)

        return await run(call)


@pytest.fixture(params=[over_httpx, over_aiohttp], ids=["httpx", "aiohttp"])
def over(request: pytest.FixtureRequest) -> Any:
    return request.param


def test_calls_of_several_tasks_are_under_way_at_once(whoosh: Whoosh, over: Any) -> None:
    async def all_at_once(call: Call) -> list[Answer]:
        return await asyncio.gather(*[call() for _ in range(4)])

    assert asyncio.run(over(whoosh, all_at_once)) == [(201, 1), (201, 2), (201, 3), (201, 4)]


def test_a_call_over_the_limit_is_refused_and_has_no_effect(whoosh: Whoosh, over: Any) -> None:
    whoosh.set_concurrency(3)

    async def all_at_once(call: Call) -> list[Answer]:
        return await asyncio.gather(*[call() for _ in range(5)])

    assert asyncio.run(over(whoosh, all_at_once)) == [(201, 1), (201, 2), (201, 3), (429, 4), (429, 4)]
    assert len(whoosh.outbox) == 3
    assert asyncio.run(over(whoosh, all_at_once)) == [(201, 1), (201, 2), (201, 3), (429, 4), (429, 4)]


def test_a_refused_call_can_be_made_again(whoosh: Whoosh, over: Any) -> None:
    whoosh.set_concurrency(3)

    async def until_taken(call: Call) -> int:
        for tries in range(1, 20):
            if (await call())[0] == 201:
                return tries
            await asyncio.sleep(0)
        pytest.fail("refused again and again")

    async def all_at_once(call: Call) -> list[int]:
        return await asyncio.gather(*[until_taken(call) for _ in range(9)])

    tries = asyncio.run(over(whoosh, all_at_once))

    assert tries[:4] == [1, 1, 1, 2]
    assert len(whoosh.outbox) == 9


def test_sequential_calls_never_exceed_the_limit(whoosh: Whoosh, over: Any) -> None:
    whoosh.set_concurrency(1)

    async def in_turn(call: Call) -> list[Answer]:
        return [await call() for _ in range(5)]

    assert asyncio.run(over(whoosh, in_turn)) == [(201, 1)] * 5


def test_an_app_that_keeps_to_the_limit_is_never_refused(whoosh: Whoosh, over: Any) -> None:
    whoosh.set_concurrency(5)

    async def at_most_five(call: Call) -> list[Answer]:
        limit = asyncio.Semaphore(5)

        async def limited() -> Answer:
            async with limit:
                return await call()

        return await asyncio.gather(*[limited() for _ in range(50)])

    assert {status for status, _ in asyncio.run(over(whoosh, at_most_five))} == {201}


def test_an_account_begins_with_a_hundred(whoosh: Whoosh) -> None:
    async def all_at_once() -> Counter[int]:
        async with httpx.AsyncClient(headers=headers(whoosh), limits=httpx.Limits(max_connections=None)) as client:
            responses = await asyncio.gather(*[client.post(url(whoosh), data=FORM) for _ in range(150)])
        return Counter(response.status_code for response in responses)

    assert asyncio.run(all_at_once()) == {201: 100, 429: 50}


def test_a_client_has_no_more_calls_under_way_than_connections(whoosh: Whoosh) -> None:
    async def all_at_once() -> list[Answer]:
        async with httpx.AsyncClient(headers=headers(whoosh), limits=httpx.Limits(max_connections=2)) as client:
            responses = await asyncio.gather(*[client.post(url(whoosh), data=FORM) for _ in range(5)])
        return [answer(response.status_code, response.headers) for response in responses]

    assert [load for _, load in asyncio.run(all_at_once())] == [1, 2, 1, 2, 1]


def test_a_double_within_another_takes_the_calls_and_counts_them(whoosh: Whoosh) -> None:
    async def all_at_once() -> list[Answer]:
        async with httpx.AsyncClient(headers=headers(whoosh), limits=httpx.Limits(max_connections=3)) as client:
            responses = await asyncio.gather(*[client.post(url(whoosh), data=FORM) for _ in range(4)])
        return [answer(response.status_code, response.headers) for response in responses]

    with Whoosh(throughput="realistic", clock="virtual") as inner:
        inner.set_concurrency(2)

        assert asyncio.run(all_at_once()) == [(201, 1), (201, 2), (429, 3), (201, 1)]
        assert (len(inner.outbox), len(whoosh.outbox)) == (3, 0)


def test_two_clients_of_one_account_share_its_limit(whoosh: Whoosh) -> None:
    whoosh.set_concurrency(2)

    async def all_at_once() -> list[int]:
        async with (
            httpx.AsyncClient(headers=headers(whoosh)) as one,
            httpx.AsyncClient(headers=headers(whoosh)) as other,
        ):
            calls = [client.post(url(whoosh), data=FORM) for client in (one, other, one, other)]
            return [response.status_code for response in await asyncio.gather(*calls)]

    assert asyncio.run(all_at_once()) == [201, 201, 429, 429]


def test_every_account_has_its_own_limit(whoosh: Whoosh, client: Client) -> None:
    whoosh.set_concurrency(1)
    below = client.api.accounts.create(friendly_name="Shop")

    async def all_at_once() -> list[int]:
        async with httpx.AsyncClient(headers=headers(whoosh)) as http:
            calls = [http.post(url(whoosh, sid), data=FORM) for sid in (None, below.sid, None, below.sid)]
            return [response.status_code for response in await asyncio.gather(*calls)]

    assert asyncio.run(all_at_once()) == [201, 201, 429, 429]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the SDK uses what aiohttp is about to drop
def test_the_sdk_raises_what_the_vendor_answers(whoosh: Whoosh) -> None:
    whoosh.set_concurrency(2)

    async def all_at_once() -> list[object]:
        async with AsyncTwilioHttpClient() as http:
            messages = Client(http_client=http).messages
            sends = [messages.create_async(to=FORM["To"], from_=FORM["From"], body="Hi") for _ in range(3)]
            return await asyncio.gather(*sends, return_exceptions=True)

    *_, refusal = asyncio.run(all_at_once())

    assert isinstance(refusal, TwilioRestException)
    assert (refusal.status, refusal.code, refusal.msg) == (429, 20429, "Unable to create record: Too Many Requests")


def test_a_call_that_times_out_is_over(whoosh: Whoosh) -> None:
    whoosh.set_concurrency(1)
    whoosh.when().timeout().times(1)

    async def twice() -> int:
        async with httpx.AsyncClient(headers=headers(whoosh)) as client:
            with pytest.raises(httpx.ReadTimeout):
                await client.post(url(whoosh), data=FORM)
            return (await client.post(url(whoosh), data=FORM)).status_code

    assert asyncio.run(twice()) == 201


def test_calls_from_threads_are_counted_alone(whoosh: Whoosh) -> None:
    whoosh.set_concurrency(1)

    def call(_: int) -> Answer:
        response = requests.post(url(whoosh), data=FORM, headers=headers(whoosh), timeout=5)
        return answer(response.status_code, response.headers)

    with ThreadPoolExecutor(8) as pool:
        assert list(pool.map(call, range(40))) == [(201, 1)] * 40


def test_a_call_that_blocks_the_loop_is_over_when_it_returns(whoosh: Whoosh) -> None:
    whoosh.set_concurrency(1)

    async def block() -> list[int]:
        return [requests.post(url(whoosh), data=FORM, headers=headers(whoosh), timeout=5).status_code for _ in "abc"]

    assert asyncio.run(block()) == [201, 201, 201]


def test_a_call_that_the_account_cannot_make_is_refused_first(whoosh: Whoosh) -> None:
    whoosh.set_concurrency(1)

    async def all_at_once() -> list[int]:
        async with httpx.AsyncClient() as client:
            responses = await asyncio.gather(*[client.post(url(whoosh), data=FORM) for _ in range(3)])
        return [response.status_code for response in responses]

    assert asyncio.run(all_at_once()) == [401, 401, 401]


def test_without_the_setting_any_number_of_calls_is_answered() -> None:
    with Whoosh() as whoosh:

        async def all_at_once(call: Call) -> list[Answer]:
            return await asyncio.gather(*[call() for _ in range(150)])

        assert asyncio.run(over_httpx(whoosh, all_at_once)) == [(201, 1)] * 150


def test_without_the_setting_there_is_no_limit_to_set() -> None:
    with Whoosh() as whoosh, pytest.raises(WhooshError) as error:
        whoosh.set_concurrency(5)

    assert str(error.value) == (
        'API calls are not counted while throughput is "unlimited". Mark the test with '
        '@pytest.mark.whoosh(throughput="realistic"), or write Whoosh(throughput="realistic").'
    )


@pytest.mark.parametrize("calls", [0, -1, 1.5, True, "5"])
def test_a_limit_is_a_number_of_calls(whoosh: Whoosh, calls: Any) -> None:
    with pytest.raises(ValueError) as error:
        whoosh.set_concurrency(calls)

    assert str(error.value) == f"set_concurrency() takes a whole number of calls, at least 1, not {calls!r}."
