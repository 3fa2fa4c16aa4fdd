"""``uvloop``, which resolves names and connects by itself, and ``aiodns``, which resolves them without the system."""

import asyncio
import socket

import pytest

from pytest_whoosh.interception.guard import WhooshGuardError

from . import app

VENDOR = "api.twilio.com"


@pytest.fixture
def run():
    uvloop = pytest.importorskip("uvloop")
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        yield runner.run


@pytest.mark.parametrize("send", [app.asend_with_httpx, app.asend_with_aiohttp])
def test_a_message_is_sent(whoosh, run, send):
    sid = run(send())

    assert whoosh.outbox.one().sid == sid


def test_webhooks_are_delivered(whoosh, run):
    whoosh.mount("https://app.example", app.asgi_app)
    whoosh.add_number("+15557122661", sms_url="https://app.example/sms")

    reply = run(whoosh.areceive("Hello", from_=app.PERSON, to="+15557122661"))

    assert reply.webhook.response_status == 200


async def resolve() -> None:
    await asyncio.get_running_loop().getaddrinfo(VENDOR, 443)


async def connect() -> None:
    await asyncio.open_connection(VENDOR, 443)


async def connect_by_name() -> None:
    await asyncio.get_running_loop().create_connection(asyncio.Protocol, host=VENDOR, port=443)


async def connect_a_socket() -> None:
    with socket.socket() as ready:
        ready.setblocking(False)
        await asyncio.get_running_loop().sock_connect(ready, (VENDOR, 443))


@pytest.mark.parametrize("reach", [resolve, connect, connect_by_name, connect_a_socket])
def test_without_the_fixture_the_guard_refuses(run, reach):
    with pytest.raises(WhooshGuardError, match="without the whoosh fixture"):
        run(reach())


def test_other_hosts_are_still_reached(run, server):
    async def ask() -> bytes:
        reader, writer = await asyncio.open_connection("127.0.0.1", server.port)
        writer.write(b"GET / HTTP/1.0\r\n\r\n")
        answer = await reader.read()
        writer.close()
        return answer

    assert run(ask()).endswith(b"from the real server")


@pytest.mark.filterwarnings("ignore:gethostbyname:DeprecationWarning")
@pytest.mark.parametrize("call", ["getaddrinfo", "gethostbyname"])
def test_aiodns_is_guarded(call):
    aiodns = pytest.importorskip("aiodns")

    async def resolve() -> None:
        async with aiodns.DNSResolver() as resolver:
            await getattr(resolver, call)(VENDOR, family=socket.AF_INET)

    with pytest.raises(WhooshGuardError, match="without the whoosh fixture"):
        asyncio.run(resolve())
