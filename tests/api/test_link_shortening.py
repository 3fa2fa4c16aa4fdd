"""Link shortening: domains and their configuration over REST, links in messages, and clicks on them."""

import asyncio
import json
import re
from datetime import timedelta
from typing import Any

import pytest
import requests
from flask import Flask, request
from hypothesis import given
from hypothesis import strategies as st
from twilio.base.exceptions import TwilioRestException
from twilio.request_validator import RequestValidator
from twilio.rest import Client

from pytest_whoosh import Message, Whoosh, WhooshError
from tests.conftest import PERSON, SENDER

API = "https://messaging.whoosh.totogi.solutions/v1/LinkShortening"
AUTH = ("SK" + "0" * 32, "secret")
DOMAIN = "go.example"
TARGET = "https://app.example/appointments/17?from=sms#map"
UNKNOWN_DOMAIN = "DN" + "0" * 32
UNKNOWN_SERVICE = "MG" + "0" * 32
LINK = re.compile(r"https://go\.example/[0-9A-Za-z]{10}")


@pytest.fixture
def service_sid(whoosh: Whoosh) -> str:
    """Return the SID of a service that shortens links."""
    return whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN).sid


@pytest.fixture
def domain_sid(whoosh: Whoosh) -> str:
    """Return the SID of a domain that no service uses yet."""
    return whoosh.add_link_domain("sms.example").sid


def send(client: Client, service_sid: str, body: str = f"See {TARGET}", **parameters: Any) -> str:
    sid = client.messages.create(
        to=PERSON, messaging_service_sid=service_sid, body=body, shorten_urls=True, **parameters
    ).sid
    assert sid
    return sid


def sent(client: Client, whoosh: Whoosh, service_sid: str, body: str = f"See {TARGET}") -> Message:
    send(client, service_sid, body)
    whoosh.settle()
    return whoosh.outbox.last()


def call(method: str, path: str, **form: str) -> tuple[int, Any]:
    response = requests.request(method, API + path, data=form, auth=AUTH, timeout=5)
    return response.status_code, response.json() if response.content else None


# In messages


def test_a_url_becomes_a_short_link_when_the_message_is_sent(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    sid = send(client, service_sid)
    bodies = []

    for _ in range(4):
        message = client.messages(sid).fetch()
        bodies.append((message.status, LINK.sub("(short)", message.body)))
        whoosh.travel(seconds=1)

    assert bodies == [
        ("accepted", f"See {TARGET}"),
        ("queued", f"See {TARGET}"),
        ("sending", f"See {TARGET}"),
        ("sent", "See (short)"),
    ]


def test_the_same_test_makes_the_same_links() -> None:
    links = []

    for _ in range(2):
        with Whoosh() as whoosh:
            client = Client(whoosh.account_sid, whoosh.auth_token)
            service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)
            links.append(sent(client, whoosh, service.sid).body)

    assert links[0] == links[1]


def test_every_message_has_its_own_links(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    assert sent(client, whoosh, service_sid).body != sent(client, whoosh, service_sid).body


def test_one_url_has_one_link_however_often_a_message_names_it(
    client: Client, whoosh: Whoosh, service_sid: str
) -> None:
    message = sent(client, whoosh, service_sid, "https://a.example/1 https://a.example/2 https://a.example/1")

    first, second, third = LINK.findall(message.body)
    assert first == third != second


@pytest.mark.parametrize(
    ("body", "shown"),
    [
        pytest.param("Go to https://a.example/x.", "Go to (short).", id="at the end of a sentence"),
        pytest.param("Go (https://a.example/x), now", "Go ((short)), now", id="in brackets"),
        pytest.param("https://a.example/x_(y)", "(short)", id="with brackets of its own"),
        pytest.param("https://a.example/?a=b&c=%20#d!", "(short)!", id="with a query"),
        pytest.param("http://a.example", "(short)", id="over http"),
        pytest.param("HTTPS://A.EXAMPLE/x", "(short)", id="in capitals"),
        pytest.param("See a.example/x", "See a.example/x", id="no scheme"),
        pytest.param("See https://...", "See https://...", id="no host"),
        pytest.param("See https://[abc", "See https://[abc", id="a broken host"),
        pytest.param("https://go.example/abc", "https://go.example/abc", id="short already"),
        pytest.param("No link", "No link", id="none"),
    ],
)
def test_http_urls_become_links(client: Client, whoosh: Whoosh, service_sid: str, body: str, shown: str) -> None:
    message = sent(client, whoosh, service_sid, body)

    assert (LINK.sub("(short)", message.body) if shown != body else message.body) == shown


@given(
    st.lists(st.sampled_from(["https://a.example/1", "http://b.example/?q=2#x", " ", ".", "(", ")", "é", "\n", "word"]))
)
def test_clicking_every_link_gives_the_text_back(parts: list[str]) -> None:
    body = "Hi " + "".join(parts)
    with Whoosh(clock="virtual") as whoosh:
        client = Client(whoosh.account_sid, whoosh.auth_token)
        service = whoosh.add_messaging_service(
            "Reminders", senders=[SENDER], link_shortening_domain=DOMAIN, smart_encoding=False
        )

        message = sent(client, whoosh, service.sid, body)

        assert LINK.sub(lambda link: whoosh.click(link[0]), message.body) == body


def test_segments_and_price_are_those_of_the_short_text(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    message = sent(client, whoosh, service_sid, "https://a.example/" + "x" * 200)

    assert (message.num_segments, str(message.price)) == (1, "-0.0079")
    assert len(message.segments) == 1


def test_links_omit_https_if_the_domain_says_so(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_link_domain(DOMAIN, disable_https=True)
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)

    message = sent(client, whoosh, service.sid)

    assert re.fullmatch(r"See go\.example/[0-9A-Za-z]{10}", message.body)
    assert whoosh.click(message.body.removeprefix("See ")) == TARGET


def test_urls_stay_without_shorten_urls(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    client.messages.create(to=PERSON, messaging_service_sid=service_sid, body=f"See {TARGET}")
    whoosh.settle()

    assert whoosh.outbox[0].body == f"See {TARGET}"


def test_urls_of_a_template_become_links(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    template = whoosh.add_template("See {{1}}")

    client.messages.create(
        to=PERSON,
        messaging_service_sid=service_sid,
        content_sid=template.sid,
        content_variables=json.dumps({"1": TARGET}),
        shorten_urls=True,
    )
    whoosh.settle()

    assert whoosh.click(whoosh.outbox[0]) == TARGET


# Refusals


def test_shorten_urls_needs_a_service(client: Client, whoosh: Whoosh) -> None:
    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to=PERSON, from_=SENDER, body=f"See {TARGET}", shorten_urls=True)

    assert (refused.value.status, refused.value.code) == (400, 30124)
    assert refused.value.msg == "Unable to create record: MessagingServiceSID cannot be empty or null"
    whoosh.assert_nothing_sent()


def test_shorten_urls_needs_a_domain(client: Client, whoosh: Whoosh) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])

    with pytest.raises(TwilioRestException) as refused:
        send(client, service.sid)

    assert (refused.value.status, refused.value.code) == (400, 30106)
    assert refused.value.msg == "Unable to create record: Domain has not been set up for this account"
    whoosh.assert_nothing_sent()


def test_a_message_fails_if_its_service_lost_its_domain(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    domain = client.messaging.v1.linkshortening_messaging_service_domain_association(service_sid).fetch()
    send(client, service_sid)

    client.messaging.v1.linkshortening_messaging_service(domain.domain_sid, service_sid).delete()
    whoosh.settle()

    assert (whoosh.outbox[0].status, whoosh.outbox[0].error_code) == ("failed", 30106)


def test_a_message_fails_when_the_shortener_does(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    whoosh.when(to=PERSON).fail(30103)

    message = sent(client, whoosh, service_sid)

    assert (message.status, message.error_code) == ("failed", 30103)


def test_a_message_without_links_fails_too_if_a_test_scripts_it(client: Client, whoosh: Whoosh) -> None:
    whoosh.when(to=PERSON).fail(30103)
    client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    whoosh.settle()

    assert (whoosh.outbox[0].status, whoosh.outbox[0].error_code) == ("failed", 30103)


def test_a_domain_can_send_long_links_instead_of_failing(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    whoosh.add_link_domain(DOMAIN, continue_on_failure=True)
    whoosh.when(to=PERSON).fail(30103)

    message = sent(client, whoosh, service_sid)

    assert (message.status, message.error_code, message.body) == ("delivered", None, f"See {TARGET}")


# Clicks


def test_a_click_leads_to_the_url(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    message = sent(client, whoosh, service_sid)

    assert whoosh.click(message) == TARGET
    assert whoosh.click(message.body.removeprefix("See ")) == TARGET


def test_a_click_is_reported_in_signed_json(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_link_domain(DOMAIN, callback_url="https://app.example/clicks?app=desk")
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)
    heard: list[dict[str, str]] = []
    app = Flask(__name__)

    @app.post("/clicks")
    def clicked() -> str:
        heard.append(request.get_json())
        signature = request.headers["X-Twilio-Signature"]
        genuine = RequestValidator(whoosh.auth_token).validate(request.url, request.get_data(as_text=True), signature)
        return "genuine" if genuine else "forged"

    whoosh.mount("https://app.example", app)
    message = sent(client, whoosh, service.sid)

    whoosh.click(message, user_agent="Handset/1.0")

    [callback] = whoosh.callbacks
    assert heard == [
        {
            "event_type": "click",
            "sms_sid": message.sid,
            "to": PERSON,
            "from": SENDER,
            "link": TARGET,
            "click_time": f"{whoosh.now:%Y-%m-%dT%H:%M:%S}.{whoosh.now.microsecond // 1000:03}Z",
            "messaging_service_sid": service.sid,
            "account_sid": whoosh.account_sid,
            "user_agent": "Handset/1.0",
        }
    ]
    assert (callback.response_body, callback.params, json.loads(callback.body)) == ("genuine", heard[0], heard[0])
    assert (callback.message, callback.headers["Content-Type"]) == (message, "application/json")
    assert re.fullmatch(r"https://app\.example/clicks\?app=desk&bodySHA256=[0-9a-f]{64}", callback.url)


def test_a_click_is_dated_to_the_millisecond(client: Client, whoosh: Whoosh) -> None:
    whoosh.travel(to=whoosh.now.replace(microsecond=0) + timedelta(seconds=1, microseconds=500_000))
    whoosh.add_link_domain(DOMAIN, callback_url="https://app.example/clicks")
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)

    whoosh.click(sent(client, whoosh, service.sid))

    assert whoosh.callbacks[0].params["click_time"].endswith(".500Z")


def test_a_click_is_reported_to_an_asgi_app_in_the_same_loop(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_link_domain(DOMAIN, callback_url="https://app.example/clicks")
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)
    heard: list[str] = []

    async def app(scope: dict[str, Any], receive: Any, respond: Any) -> None:
        heard.append(json.loads((await receive())["body"])["event_type"])
        await respond({"type": "http.response.start", "status": 204, "headers": []})
        await respond({"type": "http.response.body", "body": b""})

    async def click() -> str:
        return await whoosh.aclick(message)

    whoosh.mount("https://app.example", app)
    message = sent(client, whoosh, service.sid)

    assert (asyncio.run(click()), heard) == (TARGET, ["click"])


def test_every_click_is_reported(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_link_domain(DOMAIN, callback_url="https://app.example/clicks")
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)
    message = sent(client, whoosh, service.sid)

    whoosh.click(message)
    whoosh.click(message)

    first, second = whoosh.callbacks
    assert first.params["event_type"] == second.params["event_type"] == "click"
    assert first.headers["I-Twilio-Idempotency-Token"] != second.headers["I-Twilio-Idempotency-Token"]


def test_connection_overrides_of_the_callback_url_are_not_signed(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_link_domain(DOMAIN, callback_url="https://app.example/clicks#rc=2&rp=5xx")
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)
    app = Flask(__name__)

    @app.post("/clicks")
    def clicked() -> tuple[str, int]:
        return "", 500

    whoosh.mount("https://app.example", app)

    whoosh.click(sent(client, whoosh, service.sid))

    [callback] = whoosh.callbacks
    assert callback.attempts == 3
    assert callback.url.endswith("#rc=2&rp=5xx")


def test_a_click_without_a_callback_url_is_not_reported(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    whoosh.click(sent(client, whoosh, service_sid))

    assert whoosh.callbacks == []


def test_a_link_leads_to_the_fallback_url_after_90_days(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_link_domain(
        DOMAIN, fallback_url="https://app.example/expired", callback_url="https://app.example/clicks"
    )
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)
    send(client, service.sid)
    whoosh.travel(seconds=3)
    [message] = whoosh.outbox

    whoosh.travel(days=90)
    on_the_last_day = whoosh.click(message)
    whoosh.travel(seconds=1)
    after = whoosh.click(message)

    assert (message.status, on_the_last_day, after) == ("delivered", TARGET, "https://app.example/expired")
    assert [callback.params["event_type"] for callback in whoosh.callbacks] == ["click"]


def test_a_link_that_was_never_made_leads_to_the_fallback_url(whoosh: Whoosh) -> None:
    whoosh.add_link_domain(DOMAIN, fallback_url="https://app.example/lost")

    assert whoosh.click("https://go.example/0000000000") == "https://app.example/lost"


def test_a_link_of_a_deleted_message_still_leads_on_and_reports_nothing(client: Client, whoosh: Whoosh) -> None:
    whoosh.add_link_domain(DOMAIN, callback_url="https://app.example/clicks")
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER], link_shortening_domain=DOMAIN)
    message = sent(client, whoosh, service.sid)

    client.messages(message.sid).delete()

    assert whoosh.click(message) == TARGET
    assert whoosh.callbacks == []


def test_a_message_with_several_links_asks_which_one(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    message = sent(client, whoosh, service_sid, "https://a.example/1 https://a.example/2")

    with pytest.raises(WhooshError) as refused:
        whoosh.click(message)

    first, second = LINK.findall(message.body)
    assert str(refused.value) == (
        f"{message.sid} has 2 short links; click one of them by its text:\n"
        f"  {first} -> https://a.example/1\n"
        f"  {second} -> https://a.example/2"
    )


def test_a_message_that_was_not_sent_yet_has_no_link(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    send(client, service_sid)
    [message] = whoosh.outbox

    with pytest.raises(WhooshError) as refused:
        whoosh.click(message)

    assert str(refused.value) == (
        f"{message.sid} has no short link: it is accepted, and links are created when it is sent: "
        "whoosh.settle() before the click."
    )


def test_a_message_that_failed_has_no_link(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    whoosh.when(to=PERSON).fail()
    message = sent(client, whoosh, service_sid)

    with pytest.raises(WhooshError) as refused:
        whoosh.click(message)

    assert str(refused.value) == f"{message.sid} has no short link: it is failed, and was never sent."


def test_a_message_without_a_url_has_no_link(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    message = sent(client, whoosh, service_sid, "Hello")

    with pytest.raises(WhooshError) as refused:
        whoosh.click(message)

    assert str(refused.value) == f"{message.sid} has no short link: its text has no URL."


def test_a_message_without_shorten_urls_has_no_link(client: Client, whoosh: Whoosh) -> None:
    client.messages.create(to=PERSON, from_=SENDER, body=f"See {TARGET}")
    whoosh.settle()
    [message] = whoosh.outbox

    with pytest.raises(WhooshError) as refused:
        whoosh.click(message)

    assert str(refused.value) == f"{message.sid} has no short link: it was created without ShortenUrls=true."


@pytest.mark.parametrize("text", ["https://elsewhere.example/0000000000", "elsewhere.example"])
def test_a_text_that_is_not_a_short_link_is_refused(whoosh: Whoosh, text: str) -> None:
    with pytest.raises(WhooshError) as refused:
        whoosh.click(text)

    assert str(refused.value) == (
        f"{text!r} is not a short link: this double has no link domain 'elsewhere.example'. "
        "Click a link in a message that was sent: whoosh.click(message), or a link in message.body."
    )


def test_an_expired_link_without_a_fallback_is_refused(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    message = sent(client, whoosh, service_sid)
    link = message.body.removeprefix("See ")
    whoosh.travel(days=91)

    with pytest.raises(WhooshError) as expired:
        whoosh.click(message)
    with pytest.raises(WhooshError) as unknown:
        whoosh.click("https://go.example/0000000000")

    nowhere = "and go.example has no fallback URL: 30105 Shortened link not found and no fallback URL found."
    assert str(expired.value) == f"'{link}' is older than 90 days, {nowhere}"
    assert str(unknown.value) == f"'https://go.example/0000000000' was never made, {nowhere}"


# Domains of a test


def test_a_domain_is_shared_by_the_services_that_name_it(client: Client, whoosh: Whoosh) -> None:
    one = whoosh.add_messaging_service("One", link_shortening_domain=DOMAIN)
    other = whoosh.add_messaging_service("Other", link_shortening_domain=whoosh.add_link_domain("GO.example"))

    sids = {
        client.messaging.v1.linkshortening_messaging_service_domain_association(service.sid).fetch().domain_sid
        for service in (one, other)
    }

    assert len(sids) == 1


@pytest.mark.parametrize("domain", ["https://go.example", "go", "go.example/x", "go_on.example", "", None])
def test_an_invalid_domain_is_refused(whoosh: Whoosh, domain: Any) -> None:
    with pytest.raises(ValueError) as refused:
        whoosh.add_link_domain(domain)

    assert str(refused.value) == f'A domain for short links must be a hostname such as "go.example", not {domain!r}.'


def test_a_service_takes_a_domain_or_its_name(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.add_messaging_service("Reminders", link_shortening_domain=7)

    assert str(refused.value) == 'link_shortening_domain takes a domain such as "go.example", not 7.'


def test_an_unknown_property_of_a_domain_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.add_link_domain(DOMAIN, callback="https://app.example/clicks")

    assert str(refused.value) == (
        "Unknown property of LinkDomain 'callback'. Did you mean 'callback_url'? "
        "Valid: fallback_url, callback_url, continue_on_failure, disable_https."
    )


# Services over REST


def test_a_domain_is_assigned_to_a_service_and_removed(client: Client, whoosh: Whoosh, domain_sid: str) -> None:
    service = whoosh.add_messaging_service("Reminders", senders=[SENDER])
    association = client.messaging.v1.linkshortening_messaging_service(domain_sid, service.sid)

    created = association.create()
    send(client, service.sid)
    association.delete()

    assert (created.domain_sid, created.messaging_service_sid) == (domain_sid, service.sid)
    with pytest.raises(TwilioRestException) as refused:
        send(client, service.sid)
    assert refused.value.code == 30106


def test_an_association_shows_the_documented_properties(whoosh: Whoosh, domain_sid: str) -> None:
    service = whoosh.add_messaging_service("Reminders")
    path = f"/Domains/{domain_sid}/MessagingServices/{service.sid}"

    created = call("POST", path)
    fetched = call("GET", f"/MessagingServices/{service.sid}/Domain")
    deleted = call("DELETE", path)

    shown = {"domain_sid": domain_sid, "messaging_service_sid": service.sid}
    assert created == (201, {**shown, "url": API + path})
    assert fetched == (200, {**shown, "url": f"{API}/MessagingServices/{service.sid}/Domain"})
    assert deleted == (204, None)


def test_a_service_of_another_domain_is_refused(whoosh: Whoosh, service_sid: str, domain_sid: str) -> None:
    status, refusal = call("POST", f"/Domains/{domain_sid}/MessagingServices/{service_sid}")

    assert (status, refusal["code"]) == (400, 30130)
    assert refusal["message"] == "Messaging Service SID already belongs in another domain configuration."


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/Domains/{unknown_domain}/MessagingServices/{service}"),
        ("POST", "/Domains/{domain}/MessagingServices/{unknown_service}"),
        ("DELETE", "/Domains/{unknown_domain}/MessagingServices/{service}"),
        ("DELETE", "/Domains/{domain}/MessagingServices/{plain_service}"),
        ("GET", "/MessagingServices/{unknown_service}/Domain"),
        ("GET", "/MessagingServices/{plain_service}/Domain"),
        ("GET", "/Domains/{unknown_domain}/Config"),
        ("POST", "/Domains/{unknown_domain}/Config"),
        ("GET", "/MessagingService/{unknown_service}/DomainConfig"),
        ("GET", "/MessagingService/{plain_service}/DomainConfig"),
    ],
)
def test_an_unknown_resource_is_not_found(
    whoosh: Whoosh, service_sid: str, domain_sid: str, method: str, path: str
) -> None:
    sids = {
        "domain": domain_sid,
        "service": service_sid,
        "unknown_domain": UNKNOWN_DOMAIN,
        "unknown_service": UNKNOWN_SERVICE,
        "plain_service": whoosh.add_messaging_service("Plain").sid,
    }

    status, refusal = call(method, path.format(**sids))

    assert (status, refusal["code"]) == (404, 20404)
    assert refusal["message"] == f"The requested resource /LinkShortening{path.format(**sids)} was not found"


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("GET", "/Domains/DN17/Config", 30100),
        ("POST", "/Domains/DN17/MessagingServices/" + UNKNOWN_SERVICE, 30100),
        ("GET", "/MessagingServices/MG17/Domain", 30127),
        ("GET", "/MessagingService/MG17/DomainConfig", 30127),
    ],
)
def test_a_malformed_sid_is_refused(whoosh: Whoosh, method: str, path: str, code: int) -> None:
    status, refusal = call(method, path)

    assert (status, refusal["code"]) == (400, code)


# Configuration


@pytest.mark.whoosh(clock="frozen")
def test_a_new_domain_has_an_empty_configuration(whoosh: Whoosh, domain_sid: str) -> None:
    status, document = call("GET", f"/Domains/{domain_sid}/Config")

    created = whoosh.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert status == 200
    assert re.fullmatch("ZK[0-9a-f]{32}", document["config_sid"])
    assert document == {
        "domain_sid": domain_sid,
        "config_sid": document["config_sid"],
        "fallback_url": None,
        "callback_url": None,
        "continue_on_failure": False,
        "disable_https": False,
        "date_created": created,
        "date_updated": created,
        "url": f"{API}/Domains/{domain_sid}/Config",
    }


def test_a_configuration_is_updated(client: Client, whoosh: Whoosh, domain_sid: str) -> None:
    whoosh.travel(hours=1)

    updated = client.messaging.v1.domain_config(domain_sid).update(
        fallback_url="https://app.example/expired",
        callback_url="https://app.example/clicks",
        continue_on_failure=True,
        disable_https=True,
    )

    assert updated.fallback_url == "https://app.example/expired"
    assert updated.callback_url == "https://app.example/clicks"
    assert (updated.continue_on_failure, updated.disable_https) == (True, True)
    assert (updated.date_updated - updated.date_created).total_seconds() == 3600


def test_an_update_keeps_other_properties_and_clears_empty_urls(whoosh: Whoosh) -> None:
    domain = whoosh.add_link_domain(
        DOMAIN, fallback_url="https://app.example/expired", callback_url="https://app.example/clicks"
    )

    call("POST", f"/Domains/{domain.sid}/Config", CallbackUrl="", ContinueOnFailure="")

    _, document = call("GET", f"/Domains/{domain.sid}/Config")
    assert (document["fallback_url"], document["callback_url"]) == ("https://app.example/expired", None)
    assert document["continue_on_failure"] is False


@pytest.mark.whoosh(clock="frozen")
def test_a_configuration_is_found_by_the_service_that_uses_it(client: Client, whoosh: Whoosh, service_sid: str) -> None:
    domain = whoosh.add_link_domain(DOMAIN, callback_url="https://app.example/clicks")

    status, document = call("GET", f"/MessagingService/{service_sid}/DomainConfig")

    created = whoosh.now.strftime("%Y-%m-%dT%H:%M:%SZ")
    assert status == 200
    assert document == {
        "domain_sid": domain.sid,
        "config_sid": domain.config_sid,
        "messaging_service_sid": service_sid,
        "fallback_url": None,
        "callback_url": "https://app.example/clicks",
        "continue_on_failure": False,
        "date_created": created,
        "date_updated": created,
        "url": f"{API}/MessagingService/{service_sid}/DomainConfig",
    }
    assert client.messaging.v1.domain_config_messaging_service(service_sid).fetch().config_sid == domain.config_sid


@pytest.mark.parametrize(
    ("parameter", "code", "text"),
    [
        pytest.param("CallbackUrl", 30109, "Callback URL is invalid", id="callback"),
        pytest.param("FallbackUrl", 30122, "Fallback URL is invalid", id="fallback"),
    ],
)
def test_an_invalid_url_is_refused(whoosh: Whoosh, domain_sid: str, parameter: str, code: int, text: str) -> None:
    status, refusal = call("POST", f"/Domains/{domain_sid}/Config", **{parameter: "app.example"})

    assert (status, refusal["code"], refusal["message"]) == (400, code, text)


# Out of scope


@pytest.mark.parametrize(
    ("method", "tail"),
    [
        ("GET", "Certificate"),
        ("POST", "Certificate"),
        ("DELETE", "Certificate"),
        ("POST", "RequestManagedCert"),
        ("GET", "ValidateDns"),
    ],
)
def test_certificates_and_dns_are_refused_as_out_of_scope(
    whoosh: Whoosh, domain_sid: str, method: str, tail: str
) -> None:
    status, refusal = call(method, f"/Domains/{domain_sid}/{tail}")

    assert status == 404
    assert refusal == {
        "code": 20404,
        "message": f"The requested resource /LinkShortening/Domains/{domain_sid}/{tail} was not found: pytest-whoosh "
        "does not fake certificates or DNS for link-shortening domains. "
        "The double's domains are already verified.",
        "more_info": "https://www.twilio.com/docs/errors/20404",
        "status": 404,
    }
