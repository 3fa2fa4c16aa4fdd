"""The reason of an undelivered or refused webhook: the nearest mount, how it differs, and the URL that was signed."""

import asyncio
from collections.abc import Callable, Iterable
from typing import Any, NoReturn

import pytest
from aiohttp import web
from twilio.rest import Client

from pytest_whoosh import Whoosh, WhooshError
from tests.conftest import PERSON, SENDER

NOTHING = "not delivered: nothing is mounted there"


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("204 No Content", [])
    return []


def refusing(environ: dict[str, Any], start_response: Callable[..., object]) -> Iterable[bytes]:
    start_response("403 Forbidden", [])
    return []


async def asgi_app(scope: dict[str, Any], receive: object, send: Callable[..., Any]) -> None:
    assert scope["type"] == "http"
    await send({"type": "http.response.start", "status": 204, "headers": []})
    await send({"type": "http.response.body"})


@pytest.mark.parametrize(
    ("bases", "url", "differs"),
    [
        (["http://a.example"], "https://a.example/s", "http://a.example, differs in its scheme (http, not https)"),
        (
            ["https://a.example:8443"],
            "https://a.example/s",
            "https://a.example:8443, differs in its port (8443, not 443)",
        ),
        (["https://a.example/api"], "https://a.example/s", "https://a.example/api, differs in its path (/api, not /s)"),
        (["https://a.example/api"], "https://a.example", "https://a.example/api, differs in its path (/api, not /)"),
        (
            ["https://a.example/API/"],
            "http://a.example:80/api/s",
            "https://a.example/API/, differs in its scheme (https, not http) and path (/API/, not /api/s)",
        ),
        (
            ["https://a.example"],
            "https://b.example/s",
            "https://a.example, differs in its host (a.example, not b.example)",
        ),
        (
            ["https://other.example", "https://a.example/api", "https://a.example/sms"],
            "https://a.example/s",
            "https://a.example/sms, differs in its path (/sms, not /s)",
        ),
        (
            ["https://me:secret@a.example/api"],
            "https://a.example/s",
            "https://a.example/api, differs in its path (/api, not /s)",
        ),
    ],
)
def test_an_undelivered_webhook_names_the_nearest_mount_and_how_it_differs(
    whoosh: Whoosh, bases: list[str], url: str, differs: str
) -> None:
    for base in bases:
        whoosh.mount(base, wsgi_app)

    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=url)
    whoosh.travel(seconds=2)

    assert f"SM…0001 POST {url}  {NOTHING}. The nearest mount, {differs}\n" in whoosh.traffic() + "\n"


def test_without_any_mount_the_reason_is_short(whoosh: Whoosh) -> None:
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
    whoosh.travel(seconds=2)

    assert repr(whoosh.callbacks[0]).endswith(f"POST https://app.example/status  {NOTHING}>")


def test_a_webhook_that_has_to_be_awaited_says_so_until_it_is(whoosh: Whoosh) -> None:
    whoosh.mount("https://app.example", asgi_app)
    app_calls = Client()

    async def main() -> tuple[str, str]:
        app_calls.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
        with pytest.raises(Exception, match=r"Write `await whoosh\.asettle"):
            whoosh.settle()
        before = repr(whoosh.callbacks[0])
        await whoosh.asettle()
        return before, repr(whoosh.callbacks[0])

    before, after = asyncio.run(main())

    assert "mounted" not in before
    assert before.endswith("not delivered yet: webhooks leave when time moves>")
    assert after.endswith("answered 204>")


@pytest.mark.whoosh(clock="auto")
def test_a_webhook_that_fell_due_on_a_frozen_clock_inside_a_loop_says_that_it_waits(whoosh: Whoosh, freezer) -> None:
    whoosh.mount("https://app.example", asgi_app)

    async def main() -> str:
        Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
        freezer.tick(2)
        return repr(whoosh.callbacks[0])

    assert asyncio.run(main()).endswith(
        "not delivered yet: in an event loop it must be awaited. Write `await whoosh.asettle()`>"
    )


# A refused signature


def test_a_403_says_which_url_was_signed(whoosh: Whoosh) -> None:
    whoosh.mount("https://app.example", refusing)
    url = "https://me:secret@app.example/status?tenant=1#rc=0"
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=url)
    whoosh.travel(seconds=2)

    assert whoosh.callbacks[0].error == (
        "11200 HTTP retrieval failure: the app answered 403. If it refused the signature: "
        "https://app.example/status?tenant=1 was signed, with the account's auth token"
    )
    assert whoosh.callbacks[0].error in whoosh.traffic()


def test_a_403_to_a_get_says_the_url_with_its_parameters(whoosh: Whoosh) -> None:
    whoosh.mount("https://app.example", refusing)
    whoosh.add_number(SENDER, sms_url="https://app.example/sms", sms_method="GET")

    reply = whoosh.receive("Hi", from_=PERSON, to=SENDER)

    assert "https://app.example/sms?ToCountry=US&" in reply.webhook.error
    assert reply.webhook.error.endswith(" was signed, with the account's auth token")


def test_a_403_to_a_signature_that_was_scripted_to_be_wrong_says_so(whoosh: Whoosh) -> None:
    whoosh.mount("https://app.example", refusing)
    whoosh.when().webhooks(signature="wrong")
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
    whoosh.travel(seconds=2)

    assert whoosh.callbacks[0].error.detail == "the app answered 403: the signature is wrong, as scripted"


# A server in the loop of the test


@pytest.mark.parametrize("mounted", ["stands for it", "at its own URL", "by the setting"])
def test_settle_is_refused_if_the_server_runs_in_the_same_loop(mounted: str) -> None:
    async def main(whoosh: Whoosh) -> tuple[str, list[int | None]]:
        app = web.Application()
        app.router.add_post("/status", answer)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        if mounted == "stands for it":
            whoosh.mount("https://app.example", server=url)
            url = "https://app.example"
        elif mounted == "at its own URL":
            whoosh.mount(url)
        Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{url}/status")
        with pytest.raises(WhooshError) as refused:
            whoosh.settle()
        await whoosh.asettle()
        await runner.cleanup()
        return str(refused.value), [callback.response_status for callback in whoosh.callbacks]

    async def answer(request: web.Request) -> web.Response:
        return web.Response(status=204)

    with Whoosh(callbacks="http" if mounted == "by the setting" else "mounted") as whoosh:
        refused, statuses = asyncio.run(main(whoosh))

    assert refused == (
        "A webhook goes to a server in the event loop that this thread runs, which cannot answer until the call "
        "returns. Write `await whoosh.asettle()`."
    )
    assert statuses == [204, 204]


def test_a_synchronous_travel_inside_a_loop_reaches_a_server_elsewhere(whoosh: Whoosh, server) -> None:
    async def main() -> None:
        listening = await asyncio.start_server(lambda reader, writer: None, "127.0.0.1", 0)
        whoosh.mount("https://app.example", server=server.url)
        Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
        whoosh.settle()
        listening.close()

    asyncio.run(main())

    assert [callback.response_status for callback in whoosh.callbacks] == [200, 200]


def test_a_long_text_of_an_exception_is_shortened(whoosh: Whoosh, client: Client) -> None:
    def app(environ: object, start_response: object) -> NoReturn:
        raise ValueError("x" * 2_000)

    whoosh.mount("https://app.example", app)
    client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/status")
    whoosh.settle()

    callback = whoosh.callbacks[0]
    assert f"the app raised ValueError: {'x' * 200}… (test_explanations.py:" in str(callback.error)
    assert str(callback.exception) == "x" * 2_000
