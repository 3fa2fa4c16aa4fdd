"""An app that texts a customer with any client library, and calls another company's inventory."""

import asyncio
import json
import os
import urllib.parse
import urllib.request
from base64 import b64encode

import pytest
import requests
import urllib3
from twilio.rest import Client

INVENTORY = "https://inventory.example/items"
PERSON = "+15558675310"
FORM = {"To": PERSON, "From": "+15557122661", "Body": "Hi"}
HEADERS = {"Authorization": "Basic " + b64encode(b"SK1:secret").decode()}


def messages_url() -> str:
    return f"https://api.twilio.com/2010-04-01/Accounts/{os.environ['TWILIO_ACCOUNT_SID']}/Messages.json"


def send() -> str:
    return Client().messages.create(to=PERSON, from_=FORM["From"], body="Hi").sid


def send_with_requests() -> str:
    return requests.post(messages_url(), data=FORM, headers=HEADERS).json()["sid"]


def send_with_httpx() -> str:
    httpx = pytest.importorskip("httpx")
    return httpx.post(messages_url(), data=FORM, headers=HEADERS).json()["sid"]


async def asend_with_httpx() -> str:
    httpx = pytest.importorskip("httpx")
    async with httpx.AsyncClient() as client:
        return (await client.post(messages_url(), data=FORM, headers=HEADERS)).json()["sid"]


async def asend_with_aiohttp() -> str:
    aiohttp = pytest.importorskip("aiohttp")
    async with aiohttp.ClientSession() as session, session.post(messages_url(), data=FORM, headers=HEADERS) as answer:
        return (await answer.json())["sid"]


def send_with_async_httpx() -> str:
    return asyncio.run(asend_with_httpx())


def send_with_aiohttp() -> str:
    return asyncio.run(asend_with_aiohttp())


def send_with_urllib3() -> str:
    body = urllib.parse.urlencode(FORM)
    headers = {**HEADERS, "Content-Type": "application/x-www-form-urlencoded"}
    answer = urllib3.PoolManager().request("POST", messages_url(), body=body, headers=headers, retries=False)
    return json.loads(answer.data)["sid"]


def send_with_urllib() -> str:
    request = urllib.request.Request(messages_url(), data=urllib.parse.urlencode(FORM).encode(), headers=HEADERS)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)["sid"]


#: Every way in which the app sends.
SENDS = {
    "sdk": send,
    "requests": send_with_requests,
    "httpx": send_with_httpx,
    "httpx, async": send_with_async_httpx,
    "aiohttp": send_with_aiohttp,
    "urllib3": send_with_urllib3,
    "urllib": send_with_urllib,
}


def wsgi_app(environ: dict, start_response: object) -> list[bytes]:
    """Confirm every webhook."""
    start_response("200 OK", [("Content-Type", "text/xml")])
    return [b"<Response/>"]


async def asgi_app(scope: dict, receive: object, send: object) -> None:
    """Confirm every webhook as an ASGI app, which must have started before."""
    if scope["type"] == "lifespan":
        await receive()
        scope["state"]["started"] = True
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await send({"type": "lifespan.shutdown.complete"})
        return
    assert scope["state"]["started"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"<Response/>"})
