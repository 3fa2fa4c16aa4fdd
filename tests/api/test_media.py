"""A message's media over REST: lists, descriptions, files and deletion."""

import asyncio
import re
import struct
import urllib.request
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import aiohttp
import httpx
import pytest
import requests
import urllib3
from twilio.base.exceptions import TwilioRestException
from twilio.rest import Client
from twilio.rest.api.v2010.account.message import MessageInstance

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

API = "https://api.whoosh.totogi.solutions"
AUTH = ("SK" + "0" * 32, "secret")
BASIC = urllib3.make_headers(basic_auth=":".join(AUTH))
CAT = "https://app.example/cat.png"
DOG = "https://app.example/dog.jpg"
UNKNOWN = "ME" + "0" * 32


def send(client: Client, *media_urls: str, **parameters: object) -> MessageInstance:
    return client.messages.create(to=PERSON, from_=SENDER, body="Look", media_url=list(media_urls), **parameters)


def path_of(message: MessageInstance, tail: str = "") -> str:
    return f"{API}/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}/Media{tail}"


def get(url: str, **query: str) -> requests.Response:
    return requests.get(url, params=query, auth=AUTH, timeout=5)


# List and fetch


def test_every_media_url_of_a_message_becomes_a_media_resource(client: Client) -> None:
    message = send(client, CAT, DOG)

    media = client.messages(message.sid).media.list()

    assert [(each.content_type, each.parent_sid) for each in media] == [
        ("image/png", message.sid),
        ("image/jpeg", message.sid),
    ]
    assert message.num_media == "2"


@pytest.mark.whoosh(clock="frozen")
def test_a_media_resource_shows_the_documented_properties(client: Client, whoosh: Whoosh) -> None:
    message = send(client, CAT)
    [listed] = client.messages(message.sid).media.list()

    document = get(path_of(message, f"/{listed.sid}.json")).json()

    created = whoosh.now.strftime("%a, %d %b %Y %H:%M:%S +0000")
    assert re.fullmatch("ME[0-9a-f]{32}", listed.sid)
    assert document == {
        "account_sid": whoosh.account_sid,
        "content_type": "image/png",
        "date_created": created,
        "date_updated": created,
        "parent_sid": message.sid,
        "sid": listed.sid,
        "uri": f"/2010-04-01/Accounts/{whoosh.account_sid}/Messages/{message.sid}/Media/{listed.sid}.json",
    }


def test_a_message_of_text_alone_has_an_empty_list(client: Client) -> None:
    message = client.messages.create(to=PERSON, from_=SENDER, body="No picture")

    response = get(path_of(message, ".json"))

    here = f"/2010-04-01/Accounts/{message.account_sid}/Messages/{message.sid}/Media.json?PageSize=50&Page=0"
    assert response.status_code == 200
    assert response.json() == {
        "first_page_uri": here,
        "end": 0,
        "previous_page_uri": None,
        "media_list": [],
        "uri": here,
        "page_size": 50,
        "start": 0,
        "next_page_uri": None,
        "page": 0,
    }


def test_a_list_is_paged_in_the_order_of_the_media(client: Client) -> None:
    message = send(client, *(f"https://app.example/{number}.gif" for number in range(5)))
    everything = [each.sid for each in client.messages(message.sid).media.list()]

    streamed = [each.sid for each in client.messages(message.sid).media.stream(page_size=2)]
    first = client.messages(message.sid).media.page(page_size=2)
    second = first.next_page()

    assert streamed == everything
    assert [each.sid for each in second] == everything[2:4]
    assert [each.sid for each in second.previous_page()] == everything[:2]


@pytest.mark.freeze_time("2026-03-01 12:00:00")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        pytest.param({"DateCreated": "2026-03-01"}, True, id="on its day"),
        pytest.param({"DateCreated": "2026-03-02"}, False, id="on another day"),
        pytest.param({"DateCreated>": "2026-03-01"}, True, id="since the midnight before it"),
        pytest.param({"DateCreated>": "2026-03-02"}, False, id="since the midnight after it"),
        pytest.param({"DateCreated<": "2026-03-01"}, False, id="up to the midnight before it"),
        pytest.param({"DateCreated<": "2026-03-02"}, True, id="up to the midnight after it"),
        pytest.param({"DateCreated>": "2026-03-01T12:00:00Z"}, True, id="since its moment"),
        pytest.param({"DateCreated>": "2026-03-01T12:00:01Z"}, False, id="since a second later"),
        pytest.param({"DateCreated<": "2026-03-01T12:00:00Z"}, True, id="up to its moment"),
        pytest.param({"DateCreated<": "2026-03-01T11:59:59Z"}, False, id="up to a second earlier"),
    ],
)
def test_a_list_can_be_limited_to_dates(client: Client, query: dict[str, str], *, found: bool) -> None:
    message = send(client, CAT)

    listed = get(path_of(message, ".json"), **query).json()["media_list"]

    assert bool(listed) is found


def test_the_sdk_limits_a_list_to_dates(client: Client, whoosh: Whoosh) -> None:
    message = send(client, CAT)
    media = client.messages(message.sid).media

    assert len(media.list(date_created_after=whoosh.now - timedelta(hours=1))) == 1
    assert media.list(date_created_before=whoosh.now - timedelta(hours=1)) == []


def test_media_is_listed_in_xml_if_the_path_asks_for_it(client: Client) -> None:
    message = send(client, CAT)
    [media] = client.messages(message.sid).media.list()

    response = get(path_of(message, ".xml"))

    assert response.headers["Content-Type"] == "application/xml"
    assert f"<Media><AccountSid>{media.account_sid}</AccountSid><ContentType>image/png</ContentType>" in response.text


# The files


@pytest.mark.parametrize(
    ("url", "content_type", "starts"),
    [
        pytest.param("https://app.example/a.jpg", "image/jpeg", b"\xff\xd8\xff", id="jpg"),
        pytest.param("https://app.example/a.JPEG?size=2", "image/jpeg", b"\xff\xd8\xff", id="jpeg"),
        pytest.param("https://app.example/a.png", "image/png", b"\x89PNG\r\n\x1a\n", id="png"),
        pytest.param("https://app.example/a.gif", "image/gif", b"GIF8", id="gif"),
        pytest.param("https://app.example/a.webp", "image/webp", b"RIFF", id="webp"),
        pytest.param("https://app.example/a.pdf", "application/pdf", b"%PDF-", id="pdf"),
        pytest.param("https://app.example/a.vcf", "text/vcard", b"BEGIN:VCARD", id="vcf"),
        pytest.param("https://app.example/a.txt", "text/plain", b"", id="txt"),
        pytest.param("https://app.example/a.min.png", "image/png", b"\x89PNG\r\n\x1a\n", id="two dots"),
        pytest.param("https://app.example/a.xyz", "image/jpeg", b"\xff\xd8\xff", id="unknown extension"),
        pytest.param("https://app.example/pictures/17", "image/jpeg", b"\xff\xd8\xff", id="no extension"),
        pytest.param("https://app.example/png", "image/jpeg", b"\xff\xd8\xff", id="an extension's name"),
        pytest.param("https://app.example/v1.2/photo", "image/jpeg", b"\xff\xd8\xff", id="a dot elsewhere"),
    ],
)
def test_a_file_is_served_of_the_type_that_its_url_names(
    client: Client, url: str, content_type: str, starts: bytes
) -> None:
    message = send(client, url)
    [media] = client.messages(message.sid).media.list()

    response = get(path_of(message, f"/{media.sid}"))

    assert response.status_code == 200
    assert response.headers["Content-Type"] == content_type
    assert response.content.startswith(starts)


def test_a_generated_text_is_empty(client: Client, whoosh: Whoosh) -> None:
    message = send(client, "https://app.example/a.txt")
    [media] = client.messages(message.sid).media.list()
    whoosh.settle()

    assert get(path_of(message, f"/{media.sid}")).content == b""


def test_a_generated_image_has_one_pixel(client: Client) -> None:
    message = send(client, CAT)
    [media] = client.messages(message.sid).media.list()

    content = get(path_of(message, f"/{media.sid}")).content

    assert struct.unpack(">II", content[16:24]) == (1, 1)


def test_a_test_sets_its_own_file(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_media("https://app.example/invoice", content=b"%PDF-1.7 ...", content_type="application/pdf")
    message = send(client, "https://app.example/invoice")
    [media] = client.messages(message.sid).media.list()

    response = get(path_of(message, f"/{media.sid}"))

    assert media.content_type == "application/pdf"
    assert (response.headers["Content-Type"], response.content) == ("application/pdf", b"%PDF-1.7 ...")


def test_a_file_without_content_is_the_smallest_of_its_type(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_media("https://app.example/logo", content_type="image/gif")
    message = send(client, "https://app.example/logo")
    [media] = client.messages(message.sid).media.list()

    response = get(path_of(message, f"/{media.sid}"))

    assert (response.headers["Content-Type"], response.content[:4]) == ("image/gif", b"GIF8")


def test_a_file_that_is_set_later_changes_no_earlier_message(client: Client, whoosh: Whoosh) -> None:
    message = send(client, CAT)

    whoosh.add_media(CAT, content=b"another cat", content_type="image/webp")

    assert [each.content_type for each in client.messages(message.sid).media.list()] == ["image/png"]


@pytest.mark.parametrize(
    ("arguments", "error", "text"),
    [
        pytest.param(
            {"url": "cat.png"},
            ValueError,
            "add_media() takes a URL such as \"https://app.example/cat.jpg\", not 'cat.png'.",
            id="no URL",
        ),
        pytest.param(
            {"url": CAT, "content": "meow"},
            TypeError,
            "The content of a file must be bytes, not str.",
            id="text for bytes",
        ),
    ],
)
def test_an_impossible_file_is_refused(
    whoosh: Whoosh, arguments: dict[str, object], error: type[Exception], text: str
) -> None:
    with pytest.raises(error) as refused:
        whoosh.add_media(**arguments)

    assert str(refused.value) == text


def test_a_file_is_served_to_those_with_credentials_only(client: Client) -> None:
    message = send(client, CAT)
    [media] = client.messages(message.sid).media.list()

    response = requests.get(path_of(message, f"/{media.sid}"), timeout=5)

    assert response.status_code == 401


@pytest.mark.parametrize(
    ("content_type", "size", "status"),
    [
        pytest.param("image/jpeg", 5 * 1024 * 1024, "delivered", id="an image of 5 MB"),
        pytest.param("image/jpeg", 5 * 1024 * 1024 + 1, "failed", id="an image of more"),
        pytest.param("application/pdf", 500 * 1024, "delivered", id="a PDF of 500 KB"),
        pytest.param("application/pdf", 500 * 1024 + 1, "failed", id="a PDF of more"),
    ],
)
def test_a_message_with_too_large_a_file_fails(
    client: Client, whoosh: Whoosh, content_type: str, size: int, status: str
) -> None:
    whoosh.add_media(CAT, content=bytes(size), content_type=content_type)
    send(client, CAT)

    whoosh.settle()

    assert whoosh.outbox[0].status == status
    assert whoosh.outbox[0].error_code == (11751 if status == "failed" else None)


@pytest.mark.parametrize(("size", "status"), [(16 * 1024 * 1024, "delivered"), (16 * 1024 * 1024 + 1, "failed")])
def test_whatsapp_takes_larger_files(client: Client, whoosh: Whoosh, size: int, status: str) -> None:
    whoosh.add_media(CAT, content=bytes(size), content_type="application/pdf")
    template = whoosh.add_template(media=[CAT])

    client.messages.create(to=f"whatsapp:{PERSON}", from_=f"whatsapp:{SENDER}", content_sid=template.sid)
    whoosh.settle()

    assert whoosh.outbox[0].status == status


def test_the_sizes_of_a_messages_files_are_added_up(client: Client, whoosh: Whoosh) -> None:
    for url in (CAT, DOG):
        whoosh.add_media(url, content=bytes(3 * 1024 * 1024), content_type="image/jpeg")
    send(client, CAT, DOG)

    whoosh.settle()

    assert (whoosh.outbox[0].status, whoosh.outbox[0].error_code) == ("failed", 11751)


# Redirects to signed URLs (recorded.md, row 1)


def file_url(whoosh: Whoosh) -> str:
    """Receive a picture, and return the URL in the webhook's parameters."""
    whoosh.add_number(SENDER, sms_url="https://app.example/sms")
    whoosh.receive("Look", from_=PERSON, to=SENDER, media=[CAT])
    return whoosh.callbacks[-1].params["MediaUrl0"]


def redirect_of(client: Client, url: str = CAT) -> str:
    message = send(client, url)
    [media] = client.messages(message.sid).media.list()
    response = requests.get(path_of(message, f"/{media.sid}"), auth=AUTH, timeout=5, allow_redirects=False)
    assert (response.status_code, response.content) == (307, b"")
    return response.headers["Location"]


def test_a_file_is_behind_a_redirect_to_a_signed_url(client: Client) -> None:
    location = urlsplit(redirect_of(client))

    assert (location.scheme, location.netloc) == ("https", "mms.twiliocdn.com")
    assert list(parse_qs(location.query)) == ["Expires", "Signature", "Key-Pair-Id"]


def test_a_signed_url_needs_no_credentials_and_ignores_wrong_ones(client: Client) -> None:
    location = redirect_of(client)

    without, wrong = requests.get(location, timeout=5), requests.get(location, auth=("SK1", "wrong"), timeout=5)

    assert without.status_code == wrong.status_code == 200
    assert without.content == wrong.content
    assert (without.headers["Content-Type"], without.content[:4]) == ("image/png", b"\x89PNG")


def with_requests(method: str, url: str, *, follow: bool) -> tuple[int, str | None]:
    answer = requests.request(method, url, auth=AUTH, timeout=5, allow_redirects=follow)
    return answer.status_code, answer.headers.get("Content-Type")


def with_httpx(method: str, url: str, *, follow: bool) -> tuple[int, str | None]:
    answer = httpx.request(method, url, auth=AUTH, follow_redirects=follow)
    return answer.status_code, answer.headers.get("Content-Type")


def with_async_httpx(method: str, url: str, *, follow: bool) -> tuple[int, str | None]:
    async def fetch() -> tuple[int, str | None]:
        async with httpx.AsyncClient(auth=AUTH, follow_redirects=follow) as client:
            answer = await client.request(method, url)
            return answer.status_code, answer.headers.get("Content-Type")

    return asyncio.run(fetch())


def with_aiohttp(method: str, url: str, *, follow: bool) -> tuple[int, str | None]:
    async def fetch() -> tuple[int, str | None]:
        async with (
            aiohttp.ClientSession(headers=BASIC) as session,
            session.request(method, url, allow_redirects=follow) as answer,
        ):
            await answer.read()
            return answer.status, answer.headers.get("Content-Type")

    return asyncio.run(fetch())


def with_urllib3(method: str, url: str, *, follow: bool) -> tuple[int, str | None]:
    answer = urllib3.PoolManager().request(method, url, headers=BASIC, redirect=follow)
    return answer.status, answer.headers.get("Content-Type")


def with_urllib(method: str, url: str, *, follow: bool) -> tuple[int, str | None]:
    assert follow, "urllib.request always follows"
    with urllib.request.urlopen(urllib.request.Request(url, method=method, headers=BASIC), timeout=5) as answer:
        return answer.status, answer.headers.get("Content-Type")


FETCHERS = [with_requests, with_httpx, with_async_httpx, with_aiohttp, with_urllib3, with_urllib]


@pytest.mark.parametrize("fetch", FETCHERS)
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_every_library_reaches_the_file(
    whoosh: Whoosh, fetch: Callable[..., tuple[int, str | None]], method: str
) -> None:
    assert fetch(method, file_url(whoosh), follow=True) == (200, "image/png")


@pytest.mark.parametrize("fetch", FETCHERS[:-1])
@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_a_library_that_does_not_follow_redirects_stops_at_the_redirect(
    whoosh: Whoosh, fetch: Callable[..., tuple[int, str | None]], method: str
) -> None:
    assert fetch(method, file_url(whoosh), follow=False)[0] == 307


def test_head_returns_the_size_of_the_file(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_media(CAT, content=b"x" * 1234)

    response = requests.head(redirect_of(client), timeout=5)

    assert (response.headers["Content-Length"], response.content) == ("1234", b"")


def test_a_signed_url_is_valid_for_four_hours(client: Client, whoosh: Whoosh) -> None:
    location = redirect_of(client)

    whoosh.travel(hours=3, minutes=59)
    in_time = requests.get(location, timeout=5)
    whoosh.travel(minutes=2)
    late = requests.get(location, timeout=5)

    assert (in_time.status_code, late.status_code) == (200, 403)
    assert late.headers["Content-Type"] == "text/xml"
    assert "<Code>AccessDenied</Code>" in late.text


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("Signature=", "Signature=A", id="another signature"),
        pytest.param("Expires=", "Expires=9", id="another expiry"),
        pytest.param("Expires=", "Expires=x", id="an expiry that is no number"),
        pytest.param("Key-Pair-Id=", "Key-Pair-Id=A", id="another key"),
        pytest.param("mms.twiliocdn.com/AC", "mms.twiliocdn.com/AC0", id="another path"),
        pytest.param("?", "?_=", id="no expiry"),
    ],
)
def test_a_url_with_a_wrong_signature_is_refused(client: Client, old: str, new: str) -> None:
    location = redirect_of(client)

    assert requests.get(location.replace(old, new), timeout=5).status_code == 403


def test_a_signed_url_can_only_be_read(client: Client) -> None:
    assert requests.post(redirect_of(client), timeout=5).status_code == 403


def test_deleted_media_is_gone_from_its_signed_url_too(client: Client) -> None:
    message = send(client, CAT)
    [media] = client.messages(message.sid).media.list()
    location = requests.get(path_of(message, f"/{media.sid}"), auth=AUTH, timeout=5, allow_redirects=False).headers[
        "Location"
    ]

    media.delete()

    assert requests.get(location, timeout=5).status_code == 403


def test_the_traffic_names_the_option_for_a_client_that_did_not_follow_the_redirect(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import httpx

        def test_picture(whoosh):
            whoosh.add_number("+15557122661", sms_url="https://app.example/sms")
            whoosh.receive(from_="+15558675310", to="+15557122661", media=["https://app.example/cat.png"])
            url = whoosh.callbacks[0].params["MediaUrl0"]
            auth = (whoosh.api_key, whoosh.api_secret)
            httpx.get(url, auth=auth, follow_redirects=True)
            assert httpx.get(url, auth=auth).status_code == 200
        """
    )

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(
        ["*-> 307", "*-> 200", "*-> 307: the client did not follow the redirect to the file. Write follow_redirects=*"]
    )


# Media that cannot be sent (recorded.md, row 30)


@pytest.mark.parametrize(
    ("given", "code"),
    [
        pytest.param({"status": 404}, 11200, id="not found"),
        pytest.param({"status": 500}, 11200, id="a server's error"),
        pytest.param({"status": 200}, None, id="found"),
        pytest.param({"content_type": "application/zip"}, 12300, id="a type that is not accepted"),
        pytest.param({"content_type": "text/html; charset=utf-8"}, 12300, id="a page"),
        pytest.param({"content_type": "IMAGE/PNG; q=1"}, None, id="an accepted type in other letters"),
    ],
)
def test_media_that_cannot_be_fetched_or_sent_fails_its_message(
    client: Client, whoosh: Whoosh, given: dict[str, Any], code: int | None
) -> None:
    whoosh.add_media(CAT, **given)
    send(client, CAT)

    whoosh.settle()

    assert whoosh.outbox[0].error_code == code
    assert whoosh.outbox[0].status == ("failed" if code else "delivered")


@pytest.mark.parametrize("status", [99, 600, True, "404"])
def test_an_invalid_status_of_a_media_url_is_refused(whoosh: Whoosh, status: Any) -> None:
    with pytest.raises(
        ValueError, match=re.escape(f"The status of a media URL must be an HTTP status such as 404, not {status!r}.")
    ):
        whoosh.add_media(CAT, status=status)


# Delete


def test_deleted_media_is_gone_and_its_message_stays(client: Client) -> None:
    message = send(client, CAT, DOG)
    first, second = client.messages(message.sid).media.list()

    assert client.messages(message.sid).media(first.sid).delete()

    assert [each.sid for each in client.messages(message.sid).media.list()] == [second.sid]
    assert get(path_of(message, f"/{first.sid}")).status_code == 404
    assert client.messages(message.sid).fetch().num_media == "2"


def test_deleting_media_answers_204_without_a_body(client: Client) -> None:
    message = send(client, CAT)
    [media] = client.messages(message.sid).media.list()

    response = requests.delete(path_of(message, f"/{media.sid}.json"), auth=AUTH, timeout=5)

    assert (response.status_code, response.content) == (204, b"")


def test_the_media_of_a_deleted_message_is_gone_too(client: Client, whoosh: Whoosh) -> None:
    message = send(client, CAT)
    [media] = client.messages(message.sid).media.list()
    whoosh.settle()

    client.messages(message.sid).delete()

    assert get(path_of(message, ".json")).status_code == 404
    assert get(path_of(message, f"/{media.sid}")).status_code == 404


def test_a_file_that_two_messages_share_stays_with_the_other(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_media(CAT, content=b"the cat", content_type="image/png")
    one, other = send(client, CAT), send(client, CAT)
    [media] = client.messages(other.sid).media.list()
    whoosh.settle()

    client.messages(one.sid).delete()

    assert get(path_of(other, f"/{media.sid}")).content == b"the cat"


# Unknown media


@pytest.mark.parametrize("tail", [f"/{UNKNOWN}.json", f"/{UNKNOWN}", "/nonsense.json"])
def test_unknown_media_is_not_found(client: Client, tail: str) -> None:
    message = send(client, CAT)

    response = get(path_of(message, tail))

    path = path_of(message, tail).removeprefix(API)
    assert response.status_code == 404
    if response.headers["Content-Type"] == "application/json;charset=utf-8":
        assert response.json() == {
            "code": 20404,
            "message": f"The requested resource {path} was not found",
            "more_info": "https://www.twilio.com/docs/errors/20404",
            "status": 404,
        }


def test_media_of_another_message_is_not_found(client: Client) -> None:
    message, other = send(client, CAT), send(client, DOG)
    [media] = client.messages(other.sid).media.list()

    with pytest.raises(TwilioRestException) as refused:
        client.messages(message.sid).media(media.sid).fetch()

    assert (refused.value.status, refused.value.code) == (404, 20404)


def test_a_page_of_more_than_a_thousand_is_refused(client: Client) -> None:
    message = send(client, CAT)

    response = get(path_of(message, ".json"), PageSize="1001")

    assert (response.status_code, response.json()["code"]) == (400, 20007)


def test_an_invalid_date_is_refused(client: Client) -> None:
    message = send(client, CAT)

    response = get(path_of(message, ".json"), **{"DateCreated>": "yesterday"})

    assert (response.status_code, response.json()["code"]) == (400, 20422)


# The host in media URLs (recorded.md 25)


@pytest.mark.parametrize(
    ("called", "host"),
    [
        pytest.param("api.twilio.com", "api.twilio.com", id="Twilio's"),
        pytest.param("api.whoosh.totogi.solutions", "api.whoosh.totogi.solutions", id="Whoosh's"),
        pytest.param("api.whoosh.totogidemos.com", "api.whoosh.totogidemos.com", id="the vendor's SDK's"),
        pytest.param("api.dublin.ie1.twilio.com", "api.dublin.ie1.twilio.com", id="with a region"),
        pytest.param("Messaging.Dublin.ie1.Twilio.com.", "api.dublin.ie1.twilio.com", id="another product's"),
    ],
)
def test_webhooks_name_the_host_that_the_app_called_last(whoosh: Whoosh, called: str, host: str) -> None:
    requests.get(f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}.json", auth=AUTH, timeout=5)
    requests.get(f"https://{called}/nowhere", auth=AUTH, timeout=5)

    url = file_url(whoosh)

    assert urlsplit(url).netloc == host
    assert requests.get(url, auth=AUTH, timeout=5).status_code == 200


def test_fetching_a_file_does_not_change_the_host_in_webhooks(whoosh: Whoosh) -> None:
    url = file_url(whoosh)

    requests.get(url, auth=AUTH, timeout=5)

    assert urlsplit(url).netloc == urlsplit(file_url(whoosh)).netloc == "api.whoosh.totogi.solutions"


@pytest.mark.parametrize(
    ("chosen", "host"),
    [
        ("twilio", "api.twilio.com"),
        ("whoosh", "api.whoosh.totogi.solutions"),
        ("api.sydney.au1.twilio.com", "api.sydney.au1.twilio.com"),
    ],
)
def test_a_setting_determines_the_host_in_webhooks(chosen: str, host: str) -> None:
    with Whoosh(url_host=chosen) as whoosh:
        whoosh.reset()
        requests.get("https://api.dublin.ie1.twilio.com/nowhere", auth=AUTH, timeout=5)

        url = file_url(whoosh)

        assert urlsplit(url).netloc == host
        assert requests.get(url, auth=AUTH, timeout=5).status_code == 200


NO_CONTENT_TYPES = ["image/png\r\nX: 1", "image/png\n", "image/png\0", "image/png\x85", " ", "x" * 300]


@pytest.mark.parametrize("content_type", NO_CONTENT_TYPES, ids=ascii)
def test_a_content_type_that_no_header_can_hold_is_refused(whoosh: Whoosh, content_type: str) -> None:
    with pytest.raises(ValueError, match='A content type is a text such as "image/png", not '):
        whoosh.add_media(CAT, content_type=content_type)
    with pytest.raises(ValueError, match='A content type is a text such as "image/png", not '):
        whoosh.receive("Hi", from_=PERSON, to=SENDER, media=[(b"...", content_type)])


def test_a_status_that_no_response_ends_with_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError, match="The status of a media URL must be an HTTP status such as 404, not 100"):
        whoosh.add_media(CAT, status=100)
