"""The API answers every request with a document of its own, and never breaks.

Every endpoint is called with every one of its parameters turned into whatever a broken app may send.
"""

import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from html import escape
from io import BytesIO
from typing import Any
from urllib.parse import quote, urlencode

import httpx
import pytest
import requests
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from pytest_whoosh import Whoosh
from pytest_whoosh.engine.http import Request, Response

from .documents import require_documented
from .endpoints import ENDPOINTS, PAGING, PERSON, SENDER, Endpoint, House, furnish, furnished

#: Endpoints that are refused as such, whatever their parameters are.
ANSWERING = [endpoint for endpoint in ENDPOINTS if endpoint.module != "registration"]
#: One endpoint of each group that reads its parameters in the same way.
READING = [
    endpoint
    for endpoint in ANSWERING
    if {*endpoint.parameters} - {*PAGING} and not re.search("/(Local|Mobile|TollFree|SigningKeys)", endpoint.route.path)
]
LISTING = [endpoint for endpoint in ANSWERING if endpoint.name.startswith("list_")]

#: Texts that are almost valid for some parameter, and texts that are valid for none.
TEXTS = [
    "", " ", "\n", "\t\r\n", "\x00", "a\x00b", "\x1b[2J", "\x7f", "\x85", "\xa0", "\u2028", "\ufeff", "\ufffe",
    "\U0010ffff", "\ud800", "\udfff", "\u202egnp", "e\u0301" * 9, "👩‍👩‍👧‍👦", "🇮🇹",
    "İ", "ß", "ﬀ", "٣", "１２", "²", "Ⅷ",
    "¼", "א", "%", "%zz", "%00", "%ff", "%ud800", "+", "&", "=", ";", "?", "#", "/", "//", "..", "../..", "\\", "'",
    '"', "<b>", "]]>", "&amp;", "{", "{}", "{to}", "{0}", "{__class__}", "%s", "${x}", "{{1}}", "{{", "null", "None",
    "undefined", "NaN", "nan", "inf", "-inf", "Infinity", "1e999", "1e5", "0x10", "0", "-0", "-1", "+1", "1", "1.5",
    ".5", "1.", "0.00001", "00000000000000000000000000001", "1_000", "1,000", "9" * 5000, "true", "TRUE", "false",
    "yes", "on", "fixed", "canceled", "confirmed", "GET", "get", "retain", PERSON, "5558675310", "+1 (555) 867-5310",
    "+15005550001", "+15005550002", "+15005550003", "+15005550004", "+15005550008", "+15005550009", "+", "+0", "+4",
    "+442079460958", "+999123456789", "+٣٣٣٣٣٣٣٣٣", "12345", "123456", "1234567", "Whoosh", "Wh\u00f6\u00f6sh",
    "a" * 12, f"whatsapp:{PERSON}", "whatsapp:", "whatsapp: :", "messenger:x", "messenger:\x00", "rcs:+1", ":",
    "sim:DE" + "0" * 32, "AC" + "0" * 32, "MG" + "0" * 32, "MG" + "g" * 32, "AP" + "0" * 32, "HX" + "0" * 32,
    "XE" + "F" * 32, "SM", "PA", "PB", "PASM" + "0" * 32, "PB\x00", "PAAL", "[]", "[[[", '{"1": 2}',
    '{"1": "\\ud800"}', '{"1": null}', '{"": "x"}', '{"1": "x", "1": "y"}', "[" * 2000, '{"a":' * 2000,
    "https://app.example/", "http://[::1]/", "http://[", "http://]", "https://", "https://a:b@c:99999/",
    "https://a:-1/", "https://a:٣/", "HTTP://Ä.example/", "https://app.example/\x00", "https://ℂ.example/",
    "https://app.example/ä?ö#ü", "https://app.example/#rc=٣&rp=%ff", "https://app.example/\ud800", "https://a..b/",
    "https://-a/", "https://a/" + "b" * 4000, "javascript:alert(1)", "//x", "file:///etc/passwd", "2030-06-15",
    "2030-06-15T12:30:00Z", "9999-12-31", "9999-12-31T23:59:59-23:59", "0001-01-01T00:00:00+23:59", "0000-00-00",
    "2030-02-30", "2030-W01-1", "20300615", "2030-06-15T24:00:00", "2030-06-15T12:30:60Z", "2030-06-15\ud80012:00",
    "٢٠٣٠-٠٦-١٥", "06/11/2019 22:05:25 MST", "13/13/2013", "06/11/2019 22:05:25 XYZ",
    "Wed, 19 Jun 2019 22:04:00 -0000", "Wed, 19 Jun 2019 22:04:00 +9999", "Wed, 99 Foo 0000", "T", "Z",
    "Mon, 1 Jan 99999 00:00:00 GMT",
]  # fmt: skip
#: What a member of a JSON document can be, besides these texts.
JSON = [
    None, True, False, 0, -1, 1.5, 10**400, float("nan"), float("inf"), [], {}, [None], [[]], {"": ""}, {"a": None},
    {"1": "x"}, {"1": {}}, {"twilio/text": None}, {"twilio/text": {}}, {"twilio/text": []},
    {"twilio/text": {"body": 1}}, {"twilio/text": {"body": "{{"}}, {"twilio/text": {"body": "\ud800"}},
    {"twilio/text": {"body": "Hi", "other": 1}}, {"twilio/nothing": {"body": "Hi"}}, {"twilio/media": {"media": "x"}},
    {"twilio/media": {"media": [1]}}, {"twilio/media": {"media": []}},
    {"twilio/location": {"latitude": float("nan"), "longitude": float("inf")}},
    {"twilio/location": {"latitude": 10**400, "longitude": True}},
    {"twilio/list-picker": {"body": "", "button": "", "items": [{}]}},
    {"twilio/card": {"title": "x", "actions": [{"type": []}]}},
    {"whatsapp/authentication": {"actions": [{"type": {}}]}},
    {"twilio/schedule": {"id": "x", "title": "x", "timeSlots": "x", "time_slots": "y"}},
]  # fmt: skip
#: Bodies that are no form, and no JSON either, or the wrong one of the two.
BODIES = {
    "nothing": b"",
    "zeroes": b"\x00" * 64,
    "not UTF-8": bytes(range(256)),
    "half a character": "To=é".encode()[:-1],
    "UTF-16": "To=+15558675310".encode("utf-16"),
    "a form that is escaped wrongly": b"To=%&%zz=%ff%fe&=&&==&%00=%00&a%3db=c;d",
    "only separators": b"&=&=&;" * 1000,
    "JSON": json.dumps({"To": PERSON, "From": SENDER, "Body": "Hi"}).encode(),
    "JSON with half a surrogate": rb'{"language": "\ud800", "types": {"twilio/text": {"body": "\udfff"}}}',
    "deep JSON": b'{"types":' * 50_000,
    "JSON of another kind": b"[1, 2, 3]",
    "JSON that is no JSON": b'{"types": NaN, "language": Infinity}',
    "multipart": b'--x\r\nContent-Disposition: form-data; name="To"\r\n\r\n+15558675310\r\n--x--\r\n',
    "XML": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY y SYSTEM "file:///etc/passwd">]><To>&y;</To>',
    "a megabyte": b"x" * 1_000_000,
    "a megabyte of escapes": b"Body=" + b"%F0%9F%98%80" * 83_333,
    "a long name": b"x" * 100_000 + b"=1",
    "ten thousand parameters": urlencode([(f"Parameter{number}", number) for number in range(10_000)]).encode(),
    "one parameter ten thousand times": urlencode([("MediaUrl", "https://app.example/")] * 10_000).encode(),
    "each parameter of messages twice": urlencode([("To", PERSON), ("From", SENDER), ("Body", "Hi")] * 2).encode(),
}
CONTENT_TYPES = [
    None, "", "application/x-www-form-urlencoded", "application/x-www-form-urlencoded; charset=utf-16",
    "application/x-www-form-urlencoded;charset=nothing", "application/json", "text/plain; charset=\xff",
    "multipart/form-data", "multipart/form-data; boundary=x", ";;;", "application/xml",
]  # fmt: skip
AUTHORIZATIONS = [
    None, "", "Basic", "Basic ", "Basic x", "Basic ====", "Basic Og==", "Basic YQ==", "Basic OmE=", "Basic \xff",
    "Basic ٣", "basic YTpi", "Bearer x", "Digest username=x", "\x00", "Basic " + "QQ" * 100_000, "Basic /////w==",
    b"Basic YTpi", b"\xff\xfe",
]  # fmt: skip
METHODS = [
    "GET",
    "POST",
    "PUT",
    "DELETE",
    "PATCH",
    "HEAD",
    "OPTIONS",
    "TRACE",
    "CONNECT",
    "get",
    "FOO",
    "",
    "PO ST",
    "\xc9",
]
#: The values for a segment of a path.
SEGMENTS = [
    "", ".", "..", "%2e%2e", "%2F", "%252F", "%", "%zz", "%00", "%ff", "\x00", "é", "\ud800", "😀", " ", "+", ";",
    "a;b=c", ".json", "x.json", "x.xml", "x.csv", "x.json.json", "json", "{sid}", "null", "*", "a" * 10_000,
    "SM" + "0" * 32, "SM" + "٣" * 32, "DN" + "0" * 32, "9999-12-31.txt", "-", "~", "@", ":", "AC" + "0" * 32,
    "ac" + "0" * 32,
]  # fmt: skip


def require_sound(house: House) -> None:
    """Require that the account still accepts a message, and lists all its resources."""
    sent = house.call(next(each for each in ENDPOINTS if each.name == "create_message"))
    assert sent.status == 201, sent.body
    sid = sent.json()["sid"]
    for endpoint in LISTING:
        answer = house.call(endpoint)
        require_documented(endpoint, answer.status, answer.header("content-type"), answer.body)
        # The listed resource may have been deleted with its owner.
        assert answer.status == 200 or (answer.status == 404 and endpoint.is_below_another), answer.body
        if endpoint.name == "list_message":
            assert answer.json()["messages"][0]["sid"] == sid
    house.whoosh.settle()
    assert house.whoosh.outbox[-1].status == "delivered"
    assert house.whoosh.traffic()


def answered(house: House, request: Request, endpoint: Endpoint | None) -> Response:
    """Call the double directly, and require a documented response."""
    answer = house.whoosh._answer(request)
    require_documented(endpoint, answer.status, answer.header("content-type"), answer.body)
    return answer


@pytest.mark.parametrize("endpoint", READING, ids=str)
def test_every_parameter_of_every_endpoint_may_be_anything(endpoint: Endpoint) -> None:
    values = [*TEXTS, *JSON] if endpoint.takes_json else TEXTS
    for parameter in [each for each in endpoint.parameters if each not in PAGING]:
        with furnished() as house:
            sound = house.parameters(endpoint)
            for value in values:
                answered(house, house.request(endpoint, {**sound, parameter: value}), endpoint)

            require_sound(house)


@pytest.mark.parametrize("endpoint", READING, ids=str)
def test_parameters_may_be_repeated_and_missing(endpoint: Endpoint) -> None:
    with furnished() as house:
        sound = house.parameters(endpoint)
        for parameter in endpoint.parameters:
            others = {name: value for name, value in sound.items() if name != parameter}
            for value in (
                [],
                ["", ""],
                ["", sound.get(parameter, "1")],
                [sound.get(parameter, "x"), "\x00"],
                ["x"] * 1000,
            ):
                answered(house, house.request(endpoint, {**others, parameter: value}), endpoint)

        require_sound(house)


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
def test_every_endpoint_may_be_sent_any_body(body: bytes) -> None:
    with furnished() as house:
        for endpoint in ANSWERING:
            sound = house.request(endpoint)
            answered(house, Request(sound.method, sound.url, sound.headers, body), endpoint)

        require_sound(house)


@pytest.mark.parametrize("nested", ['{"a": %s}', "[%s]"])
@pytest.mark.parametrize("template", ["%s", '{"twilio/text": %s}', '{"twilio/text": {"body": %s}}'])
def test_a_document_may_be_nested_as_deeply_as_python_can_bear(template: str, nested: str) -> None:
    opening, closing = nested.split("%s")
    creating = next(each for each in ENDPOINTS if each.name == "create_content")
    with furnished() as house:
        sound = house.request(creating)
        for depth in range(700, 1010, 3):
            types = template % (opening * depth + "1" + closing * depth)
            body = f'{{"language": "en", "types": {types}}}'
            assert answered(house, Request("POST", sound.url, sound.headers, body), creating).status == 400


@pytest.mark.parametrize("content_type", CONTENT_TYPES)
def test_every_endpoint_handles_any_content_type(content_type: str | None) -> None:
    with furnished() as house:
        for endpoint in ANSWERING:
            sound = house.request(endpoint)
            headers = {**sound.headers, "Content-Type": content_type} if content_type is not None else {}
            answered(
                house,
                Request(sound.method, sound.url, headers | {"Authorization": house.authorization}, sound.body),
                endpoint,
            )

        require_sound(house)


@pytest.mark.parametrize("credentials", ["any", "exact"])
@pytest.mark.parametrize("authorization", AUTHORIZATIONS, ids=lambda value: str(value)[:20])
def test_every_endpoint_may_be_shown_any_credentials(authorization: str | bytes | None, credentials: str) -> None:
    with Whoosh(clock="virtual", credentials=credentials) as whoosh:
        house = furnish(whoosh)
        for endpoint in ANSWERING:
            sound = house.request(endpoint)
            headers = {} if authorization is None else {"AUTHORIZATION": authorization}
            answer = answered(house, Request(sound.method, sound.url, headers, sound.body), endpoint)
            assert answer.status != 401 or answer.header("www-authenticate") == 'Basic realm="Twilio API"'

        if credentials == "exact":
            require_sound(house)


@pytest.mark.parametrize("method", METHODS)
def test_every_path_may_be_called_by_any_method(method: str) -> None:
    with furnished() as house:
        for endpoint in ENDPOINTS:
            sound = house.request(endpoint)
            answer = answered(house, Request(method, sound.url, sound.headers, sound.body), None)
            if method not in ("GET", "POST", "PUT", "DELETE", "get"):
                assert answer.status == 405


@pytest.mark.parametrize(
    "extension", ["", ".json", ".xml", ".csv", ".JSON", "/", ".json/", ".json?", "?", "#x", ";a=b"]
)
def test_every_endpoint_may_be_asked_for_any_format(extension: str) -> None:
    with furnished() as house:
        for endpoint in sorted(ANSWERING, key=lambda each: each.route.method == "DELETE"):  # these last
            sound = house.request(endpoint, extension=extension)
            answer = answered(house, sound, endpoint)

            if answer.status >= 400 and sound.path.startswith("/2010") and not sound.path.endswith(".json"):
                assert answer.header("content-type") == "application/xml"


@pytest.mark.parametrize("segment", SEGMENTS, ids=lambda segment: ascii(segment)[:40])
def test_every_segment_of_every_path_may_be_anything(segment: str) -> None:
    with furnished() as house:
        for endpoint in ENDPOINTS:
            sound = house.request(endpoint)
            origin, path = sound.origin, sound.path
            segments = path.split("/")[1:]
            for place in range(len(segments) + 1):
                broken = "/".join(["", *segments[:place], segment, *segments[place + 1 :]])
                answered(house, Request(sound.method, origin + broken, sound.headers, sound.body), None)


@pytest.mark.parametrize("endpoint", LISTING, ids=str)
def test_every_list_may_be_asked_for_any_page(endpoint: Endpoint) -> None:
    numbers = ["-1", "0", "1", "1000", "1001", "1e9", "999999999999", "9" * 30, "٣", "x", "", " 1", "1 "]
    tokens = ["", "x", "PA", "PB", "PA\x00", "PASM", "PA" + "x" * 10_000, "PB\ud800", "PAPB", "pa" + "0" * 34]
    with furnished() as house:
        for size in numbers:
            for page in numbers:
                for token in tokens if page == size else ["", "PAAL"]:
                    paging = {"PageSize": size, "Page": page, "PageToken": token}
                    answered(house, house.request(endpoint, paging), endpoint)


# Texts of people, and responses of apps


#: The places of a text in a response to a person's message.
ANSWERS = [
    "%s", "<%s/>", "<Response>%s</Response>", "<Response><Message>%s</Message></Response>",
    "<Response><Redirect>%s</Redirect></Response>", "<Response><Message><Body>%s</Body></Message></Response>",
    "<Response><Message><Media>%s</Media></Message></Response>",
    *(
        f'<Response><Message {name}="%s">Hi</Message></Response>'
        for name in ("to", "from", "action", "method", "statusCallback")
    ),
]  # fmt: skip


def answering(status: str, headers: list[tuple[str, str]], body: bytes) -> Callable[..., list[bytes]]:
    """Return an app that gives this response once, and empty responses afterwards."""
    answers = [(status, headers, body)]

    def app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
        environ["wsgi.input"].read()
        status, headers, body = answers.pop() if answers else ("204 No Content", [], b"")
        start_response(status, headers)
        return [body]

    return app


@pytest.mark.parametrize("method", ["POST", "GET"])
def test_people_may_write_anything(method: str) -> None:
    with Whoosh(clock="virtual") as whoosh:
        whoosh.mount("https://app.example", answering("204 No Content", [], b""))
        whoosh.add_number(SENDER, sms_url="https://app.example/sms", sms_method=method)
        for text in TEXTS:
            for written in ({"body": text}, {"ButtonPayload": text}):
                reply = whoosh.receive(from_=PERSON, to=SENDER, **written)

                assert (reply.message.status, reply.webhook.response_status) == ("received", 204)


def test_people_may_send_a_file_of_any_type_that_can_be_a_header() -> None:
    with Whoosh(clock="virtual") as whoosh:
        whoosh.add_number(SENDER)
        for text in TEXTS:
            sent = partial(whoosh.receive, from_=PERSON, to=SENDER, media=[(b"", text)])
            if text[:1].strip() and len(text) <= 256 and not re.search(r"[\x00-\x1f\x7f-\x9f]", text):
                assert sent().message.num_media == 1
            else:
                with pytest.raises(ValueError, match="A content type is a text such as"):
                    sent()


@pytest.mark.parametrize("answer", ANSWERS)
def test_an_app_may_answer_anything(answer: str) -> None:
    with Whoosh(clock="virtual") as whoosh:
        fallback = "https://app.example/fallback"
        whoosh.add_number(SENDER, sms_url="https://app.example/sms", sms_fallback_url=fallback)
        for text in TEXTS:
            for written in {text, escape(text)}:
                body = (answer % written).encode("utf-8", "surrogatepass")
                whoosh.mount("https://app.example", answering("200 OK", [("Content-Type", "text/xml")], body))

                reply = whoosh.receive("Hi", from_=PERSON, to=SENDER)

                assert reply.message.status == "received"
                whoosh.settle()


def test_an_app_may_redirect_to_anything() -> None:
    with Whoosh(clock="virtual") as whoosh:
        whoosh.add_number(SENDER, sms_url="https://app.example/sms")
        for text in TEXTS:
            whoosh.mount("https://app.example", answering("302 Found", [("Location", text)], b""))

            reply = whoosh.receive("Hi", from_=PERSON, to=SENDER)

            assert reply.message.status == "received"


# Whole requests

#: The number of examples of a longer run.
DEEP = int(os.environ.get("WHOOSH_DEEP", "0"))

ODD_TEXT = st.one_of(
    st.sampled_from(TEXTS),
    st.text(st.characters(codec=None, exclude_categories=()), max_size=30),
    st.from_regex(r"\+?[0-9 ()-]{3,18}", fullmatch=True),
    st.datetimes().map(lambda moment: moment.isoformat()),
)
PAIRS = st.lists(st.tuples(ODD_TEXT, ODD_TEXT), max_size=4)
QUERIES = st.one_of(ODD_TEXT, PAIRS.map(lambda pairs: urlencode(pairs, errors="surrogatepass")))
HEADERS = st.dictionaries(
    st.sampled_from(
        ["Content-Type", "Origin", "Accept", "Host", "Content-Encoding", "Transfer-Encoding", "X-HTTP-Method"]
    ),
    ODD_TEXT,
    max_size=3,
)


@dataclass(frozen=True)
class Odd:
    """A request in which every part may be unusual."""

    endpoint: Endpoint
    extension: str
    query: str
    headers: dict[str, str]
    #: The parameters before or instead of those that the endpoint needs.
    posted: list[tuple[str, str]] | dict[str, object] | bytes

    def body(self, house: House) -> bytes:
        """Return the posted form."""
        if isinstance(self.posted, bytes):
            return self.posted
        sound = house.parameters(self.endpoint)
        if isinstance(self.posted, dict):
            return json.dumps({**sound, **self.posted}).encode()
        return urlencode([*self.posted, *sound.items()], errors="surrogatepass").encode()


@st.composite
def odd_requests(draw: st.DrawFn) -> Odd:
    """Return a request to any endpoint, with anything in it."""
    endpoint = draw(st.sampled_from(ENDPOINTS))
    names = st.one_of(st.sampled_from(endpoint.parameters), ODD_TEXT)
    posted = st.one_of(
        st.lists(st.tuples(names, ODD_TEXT), max_size=6),
        st.dictionaries(names, st.one_of(st.sampled_from(JSON), ODD_TEXT), max_size=4),
        st.binary(max_size=200),
        st.sampled_from(list(BODIES.values())),
    )
    extension = draw(st.sampled_from(["", ".json", ".xml"]))
    return Odd(endpoint, extension, draw(QUERIES), draw(HEADERS), draw(posted))


@given(odd=odd_requests())
@settings(max_examples=DEEP or 150)
def test_any_request_is_answered(odd: Odd) -> None:
    with furnished() as house:
        url = f"{house.url(odd.endpoint, odd.extension)}?{odd.query}"
        headers = {**odd.headers, "Authorization": house.authorization}

        answered(house, Request(odd.endpoint.route.method, url, headers, odd.body(house)), odd.endpoint)

        require_sound(house)


@given(odd=odd_requests(), shown=st.sampled_from(["bytes", "parts", "file"]))
@settings(max_examples=DEEP or 40)
def test_any_request_over_requests_is_answered(odd: Odd, shown: str) -> None:
    with furnished() as house, requests.Session() as session:
        session.trust_env = False
        body = odd.body(house)
        request = requests.Request(
            odd.endpoint.route.method,
            f"{house.url(odd.endpoint, odd.extension)}?{odd.query}",
            headers={**odd.headers, "Authorization": house.authorization},
            data={"bytes": body, "parts": iter([body[:9], body[9:]]), "file": BytesIO(body)}[shown],
        )
        try:
            prepared = session.prepare_request(request)
        except (requests.RequestException, UnicodeError):  # requests itself does not have it
            reject()

        response = session.send(prepared, allow_redirects=False)

        require_documented(odd.endpoint, response.status_code, response.headers.get("Content-Type"), response.content)
        require_sound(house)


@given(odd=odd_requests())
@settings(max_examples=DEEP or 40)
def test_any_request_over_httpx_is_answered(odd: Odd) -> None:
    with furnished() as house, httpx.Client(trust_env=False) as client:
        try:
            request = client.build_request(
                odd.endpoint.route.method,
                f"{house.url(odd.endpoint, odd.extension)}?{quote(odd.query, errors='replace')}",
                headers={**odd.headers, "Authorization": house.authorization},
                content=odd.body(house),
            )
        except (httpx.InvalidURL, UnicodeError):  # httpx itself does not have it
            reject()

        response = client.send(request)

        require_documented(odd.endpoint, response.status_code, response.headers.get("Content-Type"), response.content)
        require_sound(house)
