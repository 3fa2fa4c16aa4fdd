"""``pytest-asyncio`` beside the fake, in a process of its own: async tests, on loops of every scope."""

import pytest

from .conftest import needs

pytestmark = needs("pytest_asyncio", "httpx", "aiohttp")

TESTS = """
import asyncio

import pytest
import pytest_asyncio

import app
from pytest_whoosh import Whoosh

async def send_in_a_thread():
    return await asyncio.to_thread(app.send)

SENDS = [app.asend_with_httpx, app.asend_with_aiohttp, send_in_a_thread]

@pytest_asyncio.fixture
async def service(whoosh):
    return whoosh.add_messaging_service("Reminders", senders=["+15557122661"])

@MARK
@pytest.mark.parametrize("send", SENDS)
async def test_sent(whoosh, send):
    sid = await send()
    assert whoosh.outbox.one().sid == sid

@MARK
async def test_webhooks_run_on_the_tests_own_loop(whoosh, service):
    loops = []

    async def api(scope, receive, send):
        loops.append(asyncio.get_running_loop())
        await app.asgi_app(scope, receive, send)

    whoosh.mount("https://app.example", api)
    await asyncio.to_thread(
        app.Client().messages.create,
        to=app.PERSON, messaging_service_sid=service.sid, body="Hi", status_callback="https://app.example/status",
    )
    await whoosh.atravel(seconds=1)
    await whoosh.asettle()
    whoosh.assert_callbacks(whoosh.outbox.one(), "sent", "delivered")
    assert set(loops) == {asyncio.get_running_loop()}

@MARK
async def test_tasks_lose_nothing(whoosh):
    sids = await asyncio.gather(*(send() for send in SENDS * 5))
    assert sorted(message.sid for message in whoosh.outbox) == sorted(sids)

@MARK
async def test_time_moves_for_the_app_and_not_for_the_loop(whoosh):
    before = whoosh.now
    await whoosh.atravel(days=1)
    await asyncio.wait_for(asyncio.sleep(0.001), 5)
    assert (whoosh.now - before).days == 1

@MARK
@Whoosh(senders="owned")
async def test_a_decorated_test_has_a_double(whoosh):
    whoosh.add_number("+15557122661")
    assert await app.asend_with_httpx() == whoosh.outbox.one().sid

def test_without_a_loop(whoosh):
    assert app.send_with_async_httpx() == whoosh.outbox.one().sid
"""


@pytest.mark.parametrize("scope", ["function", "session"])
@pytest.mark.parametrize(("mode", "mark"), [("auto", ""), ("strict", "@pytest.mark.asyncio")], ids=["auto", "strict"])
def test_async_tests_use_the_fixture(run, mode, mark, scope):
    options = ("-o", f"asyncio_default_fixture_loop_scope={scope}", "-o", f"asyncio_default_test_loop_scope={scope}")

    result = run(TESTS.replace("@MARK", mark), f"--asyncio-mode={mode}", *options, plugins=("pytest_asyncio.plugin",))

    result.assert_outcomes(passed=8)


def test_a_test_without_the_fixture_is_guarded(run):
    tests = """
import httpx
import pytest

@pytest.mark.asyncio
async def test():
    async with httpx.AsyncClient() as client:
        await client.get("https://api.twilio.com/")
"""

    result = run(tests, "-o", "asyncio_default_fixture_loop_scope=function", plugins=("pytest_asyncio.plugin",))

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E *WhooshGuardError: this test called api.twilio.com *"])
