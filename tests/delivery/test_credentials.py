"""User and password in a webhook's URL are sent after a 401, with the scheme of the app's challenge."""

import re
import urllib.request
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

URL = "https://me:p%40ss%22w@app.example/status?shop=1"
NONCE = "dcd98b7102dd2f0e8b11d0f600bfb0c093"


class Guarded:
    """An app that refuses every request with a challenge, until one comes with credentials."""

    def __init__(self, challenge: str | None) -> None:
        self.challenge = challenge
        self.shown: list[str | None] = []

    def __call__(self, environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        self.shown.append(environ.get("HTTP_AUTHORIZATION"))
        if self.shown[-1]:
            start_response("204 No Content", [])
        else:
            headers = [("WWW-Authenticate", self.challenge)] if self.challenge else []
            start_response("401 Unauthorized", headers)
        return []


def shown(whoosh: Whoosh, challenge: str | None, url: str = URL) -> str | None:
    app = Guarded(challenge)
    whoosh.mount("https://app.example", app)
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=url)
    whoosh.travel(seconds=2)
    assert app.shown[0] is None
    return app.shown[1] if len(app.shown) > 1 else None


def fields(header: str) -> dict[str, str]:
    return {
        name: quoted or bare for name, quoted, bare in re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,]+))', header)
    }


@pytest.mark.parametrize("algorithm", [None, "MD5"])
@pytest.mark.parametrize("qop", [None, "auth"])
def test_digest_equals_that_of_the_standard_library(whoosh: Whoosh, algorithm: str | None, qop: str | None) -> None:
    challenge = f'Digest realm="shop, \\"sms\\"", nonce="{NONCE}", opaque="5ccc"'
    challenge += f", algorithm={algorithm}" if algorithm else ""
    challenge += f', qop="{qop}"' if qop else ""

    header = shown(whoosh, challenge)

    assert header is not None
    ours = fields(header.removeprefix("Digest "))
    passwords = urllib.request.HTTPPasswordMgrWithDefaultRealm()
    passwords.add_password(None, "https://app.example/", "me", 'p@ss"w')
    handler = urllib.request.HTTPDigestAuthHandler(passwords)
    handler.get_cnonce = lambda nonce: ours["cnonce"]  # type: ignore[method-assign]
    request = urllib.request.Request("https://app.example/status?shop=1", data=b"")
    asked = {"realm": 'shop, "sms"', "nonce": NONCE, "opaque": "5ccc", "algorithm": algorithm or "MD5"}
    theirs = fields(handler.get_authorization(request, asked | ({"qop": qop} if qop else {})))
    assert ours["response"] == theirs["response"]
    assert (ours["uri"], ours["nonce"], ours["opaque"]) == ("/status?shop=1", NONCE, "5ccc")
    assert ours["username"] == "me"
    assert header.startswith(r'Digest username="me", realm="shop, \"sms\"", nonce=')


@pytest.mark.parametrize("algorithm", ["MD5-SESS", "SHA-256", "SHA-256-SESS"])
def test_digest_with_other_algorithms_equals_that_of_httpx(whoosh: Whoosh, algorithm: str) -> None:
    challenge = f'Digest realm="shop", nonce="{NONCE}", algorithm={algorithm}, qop="auth"'

    header = shown(whoosh, challenge)

    assert header is not None
    ours = fields(header.removeprefix("Digest "))
    auth = httpx.DigestAuth("me", 'p@ss"w')
    auth._get_client_nonce = lambda nonce_count, nonce: ours["cnonce"].encode()  # type: ignore[method-assign]
    flow = auth.sync_auth_flow(httpx.Request("POST", "https://app.example/status?shop=1"))
    request = next(flow)
    again = flow.send(httpx.Response(401, headers={"WWW-Authenticate": challenge}, request=request))
    assert ours["response"] == fields(again.headers["Authorization"])["response"]


@pytest.mark.parametrize(
    ("challenge", "scheme"),
    [
        (None, "Basic"),
        ('Basic realm="shop"', "Basic"),
        ('basic realm="a digest of it"', "Basic"),
        (f'Basic realm="shop", Digest realm="shop", nonce="{NONCE}", qop="auth,auth-int"', "Digest"),
        (f'DIGEST realm="shop", nonce="{NONCE}", algorithm=md5-sess, qop=auth-int', "Digest"),
        (f'Digest realm="shop", nonce="{NONCE}", algorithm=none, Basic realm="shop"', "Basic"),
        ('Digest realm="shop"', None),
        (f'Digest realm="shop", nonce="{NONCE}", qop="other"', None),
        ('Bearer realm="shop"', None),
    ],
)
def test_the_challenge_names_the_scheme(whoosh: Whoosh, challenge: str | None, scheme: str | None) -> None:
    header = shown(whoosh, challenge)

    assert (header.partition(" ")[0] if header else None) == scheme


def test_without_a_user_in_the_url_nothing_is_shown(whoosh: Whoosh) -> None:
    assert shown(whoosh, f'Digest realm="shop", nonce="{NONCE}"', "https://app.example/status") is None


def test_each_webhook_has_its_own_digest_and_the_same_one_in_every_run() -> None:
    def headers() -> list[str | None]:
        with Whoosh() as whoosh:
            app = Guarded(f'Digest realm="shop", nonce="{NONCE}", qop="auth"')
            whoosh.mount("https://app.example", app)
            Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=URL)
            whoosh.settle()
            return app.shown

    first, again = headers(), headers()

    assert first == again
    assert len({*first}) == 3
