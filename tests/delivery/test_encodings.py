"""Compressed responses of an app are decoded, although webhooks do not ask for compression."""

import gzip
import zlib
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import FastAPI, Request, Response
from starlette.middleware.gzip import GZipMiddleware
from twilio.rest import Client

from pytest_whoosh import Callback, Reply, Whoosh
from tests.conftest import PERSON, SENDER

TWIML = "<Response><Message>" + "Hello, and welcome. " * 30 + "</Message></Response>"
HOOK = "https://app.example/sms"
LIMIT = 128 * 1024


def raw_deflate(body: bytes) -> bytes:
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return compressor.compress(body) + compressor.flush()


def two_files(body: bytes) -> bytes:
    return gzip.compress(body[:50]) + gzip.compress(body[50:])


ENCODED: list[tuple[str, Callable[[bytes], bytes]]] = [
    ("gzip", gzip.compress),
    ("X-GZIP", gzip.compress),
    ("gzip", two_files),
    ("deflate", zlib.compress),
    ("deflate", raw_deflate),
    ("deflate, gzip", lambda body: gzip.compress(zlib.compress(body))),
    ("identity", bytes),
    (" , gzip", gzip.compress),
]


def wsgi(body: bytes, encoding: str) -> Any:
    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        start_response("200 OK", [("Content-Type", "text/xml"), ("Content-Encoding", encoding)])
        return [body]

    return app


def asgi(body: bytes, encoding: str) -> Any:
    app = FastAPI()

    @app.post("/sms")
    def sms() -> Response:
        return Response(body, media_type="text/xml", headers={"Content-Encoding": encoding})

    return app


def write(whoosh: Whoosh, url: str = HOOK) -> Reply:
    whoosh.add_number(SENDER, sms_url=url)
    return whoosh.receive("Hi", from_=PERSON, to=SENDER)


def refused(whoosh: Whoosh, body: bytes, encoding: str) -> Callback:
    whoosh.mount("https://app.example", wsgi(body, encoding))
    webhook = write(whoosh).webhook
    assert webhook is not None
    return webhook


@pytest.mark.parametrize("app", [wsgi, asgi])
@pytest.mark.parametrize(("encoding", "encode"), ENCODED)
def test_a_compressed_answer_of_an_app_is_read(whoosh: Whoosh, app: Any, encoding: str, encode: Any) -> None:
    whoosh.mount("https://app.example", app(encode(TWIML.encode()), encoding))

    reply = write(whoosh)

    assert reply.twiml == TWIML
    assert len(reply.replies) == 1


@pytest.mark.parametrize(("encoding", "encode"), ENCODED)
def test_a_compressed_answer_of_a_server_is_read(whoosh: Whoosh, server: Any, encoding: str, encode: Any) -> None:
    headers = {"Content-Type": "text/xml", "Content-Encoding": encoding}
    server.answer = lambda heard: (200, headers, encode(TWIML.encode()))
    whoosh.mount(server.url)

    assert write(whoosh, f"{server.url}/sms").twiml == TWIML


def test_the_middleware_of_starlette_may_compress_whatever_was_asked_for(whoosh: Whoosh) -> None:
    app = FastAPI()
    asked: list[str | None] = []

    @app.post("/sms")
    def sms(request: Request) -> Response:
        asked.append(request.headers.get("accept-encoding"))
        return Response(TWIML, media_type="text/xml")

    compressing = GZipMiddleware(app, minimum_size=10)

    async def behind_a_proxy_that_asks(scope: dict[str, Any], receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope = {**scope, "headers": [*scope["headers"], (b"accept-encoding", b"gzip")]}
        await compressing(scope, receive, send)

    whoosh.mount("https://app.example", behind_a_proxy_that_asks)

    assert write(whoosh).twiml == TWIML


def test_webhooks_do_not_ask_for_a_compressed_response(whoosh: Whoosh, server: Any) -> None:
    whoosh.mount(server.url)
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"{server.url}/status")

    whoosh.settle()

    assert "Accept-Encoding" not in whoosh.callbacks[0].headers
    assert all("accept-encoding" not in {name.lower() for name in heard.headers} for heard in server.heard)


def test_brotli_is_decoded_if_its_library_is_installed(whoosh: Whoosh) -> None:
    brotli = pytest.importorskip("brotli")
    whoosh.mount("https://app.example", wsgi(brotli.compress(TWIML.encode()), "br"))

    assert write(whoosh).twiml == TWIML


# Wrong and hostile ones


@pytest.mark.parametrize(
    ("body", "encoding", "why"),
    [
        (
            b"<Response/>",
            "gzip",
            "the app's response has the Content-Encoding 'gzip' but cannot be decoded: Error -3 while ",
        ),
        (
            b"<Response/>",
            "deflate",
            "the app's response has the Content-Encoding 'deflate' but cannot be decoded: Error -3 while ",
        ),
        (b"?", "zstd", "the app's response has the Content-Encoding 'zstd', and only gzip, deflate and br are decoded"),
        (b"?", "gzip, " * 5, "the app's response combines 5 encodings, and 4 are allowed"),
    ],
)
def test_a_response_with_a_wrong_encoding_is_refused(whoosh: Whoosh, body: bytes, encoding: str, why: str) -> None:
    webhook = refused(whoosh, body, encoding)

    assert webhook.error.startswith(f"11206 HTTP protocol violation: {why}")
    assert webhook.response_status is None


@pytest.mark.parametrize("encode", [gzip.compress, zlib.compress, lambda body: gzip.compress(gzip.compress(body))])
def test_a_bomb_is_cut_off(whoosh: Whoosh, encode: Any) -> None:
    encoding = {zlib.compress: "deflate", gzip.compress: "gzip"}.get(encode, "gzip, gzip")

    webhook = refused(whoosh, encode(bytes(50_000_000)), encoding)

    assert len(webhook.response_body or "") == LIMIT


def test_a_bomb_of_brotli_is_cut_off(whoosh: Whoosh) -> None:
    brotli = pytest.importorskip("brotli")

    webhook = refused(whoosh, brotli.compress(bytes(50_000_000)), "br")

    assert len(webhook.response_body or "") == LIMIT
