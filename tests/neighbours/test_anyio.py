"""The plugin of ``anyio`` beside the fake: async tests on asyncio and on trio."""

import pytest

from pytest_whoosh import Whoosh, WhooshError
from pytest_whoosh.interception.guard import WhooshGuardError

from . import app

anyio = pytest.importorskip("anyio")
httpx = pytest.importorskip("httpx")

pytestmark = pytest.mark.anyio


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request):
    pytest.importorskip(request.param)
    return request.param


@pytest.fixture
async def service(whoosh):
    return whoosh.add_messaging_service("Reminders", senders=["+15557122661"])


async def test_a_message_is_sent(whoosh):
    sid = await app.asend_with_httpx()

    assert whoosh.outbox.one().sid == sid


async def test_a_message_is_sent_from_a_worker_thread(whoosh):
    sid = await anyio.to_thread.run_sync(app.send)

    assert whoosh.outbox.one().sid == sid


async def test_tasks_lose_nothing(whoosh):
    async with anyio.create_task_group() as tasks:
        for _ in range(10):
            tasks.start_soon(app.asend_with_httpx)

    assert len(whoosh.outbox) == 10


@pytest.mark.whoosh(throughput="realistic")
async def test_calls_of_several_tasks_are_under_way_at_once(whoosh):
    whoosh.set_concurrency(3)
    statuses = []

    async def call():
        async with httpx.AsyncClient() as client:
            response = await client.post(app.messages_url(), data=app.FORM, headers=app.HEADERS)
        statuses.append(response.status_code)

    async with anyio.create_task_group() as tasks:
        for _ in range(5):
            tasks.start_soon(call)

    assert sorted(statuses) == [201, 201, 201, 429, 429]


async def test_scripted_faults_are_the_librarys_own(whoosh):
    whoosh.when().timeout()

    with pytest.raises(httpx.ReadTimeout):
        await app.asend_with_httpx()


@pytest.mark.parametrize("target", [app.wsgi_app, app.asgi_app], ids=["wsgi", "asgi"])
async def test_webhooks_are_delivered(whoosh, service, target):
    whoosh.mount("https://app.example", target)
    callback = {"StatusCallback": "https://app.example/status", "MessagingServiceSid": service.sid}
    async with httpx.AsyncClient() as client:
        await client.post(app.messages_url(), data={**app.FORM, **callback}, headers=app.HEADERS)

    await whoosh.atravel(seconds=1)
    await whoosh.asettle()

    whoosh.assert_callbacks(whoosh.outbox.one(), "sent", "delivered")
    assert [call.response_status for call in whoosh.callbacks] == [200, 200]


async def test_a_person_texts_in(whoosh):
    whoosh.mount("https://app.example", app.asgi_app)
    whoosh.add_number("+15557122661", sms_url="https://app.example/sms")

    reply = await whoosh.areceive("Hello", from_=app.PERSON, to="+15557122661")

    assert reply.webhook.response_status == 200


@Whoosh(senders="owned")
async def test_a_decorated_test_has_a_double(whoosh):
    whoosh.add_number("+15557122661")

    assert await app.asend_with_httpx() == whoosh.outbox.one().sid


async def test_without_the_fixture_the_guard_refuses():
    with pytest.raises(WhooshGuardError, match="without the whoosh fixture"):
        async with httpx.AsyncClient() as client:
            await client.get("https://api.twilio.com/")


async def test_webhooks_of_an_asgi_app_have_to_be_awaited(whoosh):
    whoosh.mount("https://app.example", app.asgi_app)
    whoosh.add_number("+15557122661", sms_url="https://app.example/sms")

    with pytest.raises(WhooshError, match="Write `await whoosh"):
        whoosh.receive("Hello", from_=app.PERSON, to="+15557122661")


async def test_webhooks_reach_a_real_server(whoosh, server):
    whoosh.mount(server.url)
    whoosh.add_number("+15557122661", sms_url=f"{server.url}/sms")

    reply = await whoosh.areceive("Hello", from_=app.PERSON, to="+15557122661")

    assert reply.webhook.response_body == "from the real server"
