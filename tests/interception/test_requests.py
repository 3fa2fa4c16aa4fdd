"""The fake intercepts ``requests``: everything that an app does with a session keeps working."""

import io
import json
import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
import requests
from requests.adapters import BaseAdapter, HTTPAdapter
from requests.auth import HTTPBasicAuth
from twilio.base.exceptions import TwilioRestException
from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client
from urllib3 import Timeout
from urllib3.connection import HTTPSConnection
from urllib3.util.retry import Retry

from pytest_whoosh import Whoosh, WhooshHttpClient
from tests.conftest import PERSON, SENDER

from .conftest import Heard, Server

SESSION_MADE_BEFORE_ANY_TEST = requests.Session()


def session_with(adapter: BaseAdapter) -> requests.Session:
    session = requests.Session()
    session.mount("https://", adapter)
    return session


# Callers


def test_a_plain_call_is_answered(whoosh, messages_url, auth, form):
    response = requests.post(messages_url, data=form, auth=auth)

    message = whoosh.assert_sent(to=PERSON, body="Hi")
    assert (response.status_code, response.reason, response.ok) == (201, "Created", True)
    assert response.json()["sid"] == message.sid
    assert response.url == messages_url
    assert response.headers["Content-Type"] == "application/json;charset=utf-8"
    assert response.request.method == "POST"
    assert (response.raw.closed, response.raw.read()) == (True, b"")


def test_a_session_made_before_the_fixture_is_answered(whoosh, messages_url, auth, form):
    response = SESSION_MADE_BEFORE_ANY_TEST.post(messages_url, data=form, auth=auth)

    assert response.status_code == 201


@pytest.mark.parametrize(
    "options", [{}, {"pool_connections": False}, {"timeout": 5}, {"max_retries": 3}], ids=lambda options: str(options)
)
def test_the_sdk_is_answered(whoosh, options):
    client = Client(whoosh.account_sid, whoosh.auth_token, http_client=TwilioHttpClient(**options))

    message = client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert whoosh.outbox.one().sid == message.sid
    assert client.messages(message.sid).fetch().status == "queued"


def test_the_sdk_finds_its_credentials_in_the_environment(whoosh):
    message = Client().messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert message.account_sid == whoosh.account_sid


def test_the_sdk_calls_the_vendors_own_host_through_its_client(whoosh):
    client = Client(whoosh.api_key, whoosh.api_secret, whoosh.account_sid, http_client=WhooshHttpClient())

    message = client.messages.create(to=PERSON, from_=SENDER, body="Hi")

    assert whoosh.outbox.one().sid == message.sid
    assert "POST https://api.whoosh.totogi.solutions/2010-04-01/" in whoosh.traffic()


@pytest.mark.parametrize(
    ("region", "edge"), [(None, None), ("ie1", None), ("ie1", "dublin"), (None, "sydney")], ids=lambda part: str(part)
)
def test_the_sdk_is_answered_in_every_region(whoosh, region, edge):
    client = Client(whoosh.account_sid, whoosh.auth_token, region=region, edge=edge)

    assert client.messages.create(to=PERSON, from_=SENDER, body="Hi").status == "queued"


def test_an_error_of_the_api_is_the_sdks_own_exception(whoosh):
    client = Client(whoosh.account_sid, whoosh.auth_token)

    with pytest.raises(TwilioRestException) as refused:
        client.messages.create(to="nobody", from_=SENDER, body="Hi")

    assert (refused.value.status, refused.value.code) == (400, 21211)


def test_an_adapters_own_send_still_runs(whoosh, messages_url, auth, form):
    seen = []

    class TimeoutAdapter(HTTPAdapter):
        def send(self, request, **kwargs):
            kwargs["timeout"] = kwargs.get("timeout") or 7
            seen.append((self, kwargs["timeout"]))
            request.headers["X-Tenant"] = "elm-street"
            return super().send(request, **kwargs)

    adapter = TimeoutAdapter()
    response = session_with(adapter).post(messages_url, data=form, auth=auth)

    assert response.status_code == 201
    assert [timeout for _, timeout in seen] == [7]
    assert isinstance(seen[0][0], TimeoutAdapter)
    assert response.request.headers["X-Tenant"] == "elm-street"


def test_an_adapter_keeps_the_state_that_its_send_sets(whoosh, messages_url, auth, form):
    class CountingAdapter(HTTPAdapter):
        def __init__(self):
            super().__init__()
            self.calls = 0

        def send(self, request, *args, **kwargs):
            self.calls += 1
            return super().send(request, *args, **kwargs)

    adapter = CountingAdapter()
    session = session_with(adapter)
    session.post(messages_url, data=form, auth=auth)
    session.post(messages_url, data=form, auth=auth)

    assert adapter.calls == 2


def test_an_adapter_that_adds_to_its_responses_still_does(whoosh, messages_url, auth, form):
    class LabellingAdapter(HTTPAdapter):
        def build_response(self, req, resp):
            response = super().build_response(req, resp)
            response.label = "through the app's adapter"
            return response

    response = session_with(LabellingAdapter()).post(messages_url, data=form, auth=auth)

    assert response.label == "through the app's adapter"


def test_an_adapter_of_another_kind_does_not_get_past_the_fake(whoosh, messages_url, auth, form):
    class CarrierPigeon(BaseAdapter):
        def send(self, request, **kwargs):
            raise AssertionError("left the process")

        def close(self):
            pass

    response = session_with(CarrierPigeon()).post(messages_url, data=form, auth=auth)

    assert response.status_code == 201


def test_a_session_class_of_the_apps_own_is_answered(whoosh, messages_url, auth, form):
    class ApiSession(requests.Session):
        def send(self, request, **kwargs):
            request.headers["X-Tenant"] = "elm-street"
            return super().send(request, **kwargs)

    response = ApiSession().post(messages_url, data=form, auth=auth)

    assert (response.status_code, response.request.headers["X-Tenant"]) == (201, "elm-street")


def test_a_session_without_an_adapter_for_https_still_fails(whoosh, messages_url):
    session = requests.Session()
    session.adapters.clear()

    with pytest.raises(requests.exceptions.InvalidSchema):
        session.get(messages_url)


# Features of a session around a call


def test_response_hooks_run(whoosh, messages_url, auth, form):
    statuses = []
    session = requests.Session()
    session.hooks["response"].append(lambda response, **kwargs: statuses.append(response.status_code))

    session.post(messages_url, data=form, auth=auth)

    assert statuses == [201]


def test_a_hook_may_send_again_over_the_responses_connection(whoosh, messages_url, auth, form):
    whoosh.when(to=PERSON).respond(401, {"message": "who are you?"}).times(1)

    def authenticate(response, **kwargs):
        if response.status_code != 401:
            return response
        again = response.request.copy()
        HTTPBasicAuth(*auth)(again)
        return response.connection.send(again, **kwargs)

    response = requests.post(messages_url, data=form, auth=auth, hooks={"response": authenticate})

    assert response.status_code == 201
    whoosh.assert_sent(to=PERSON)


def test_elapsed_is_measured(whoosh, messages_url, auth):
    response = requests.get(messages_url, auth=auth)

    assert timedelta(0) <= response.elapsed < timedelta(seconds=5)


def test_a_response_with_a_wrong_encoding_is_an_error(whoosh, messages_url, auth, form):
    whoosh.when(to=PERSON).respond(200, {}, headers={"Content-Encoding": "gzip"})

    with pytest.raises(requests.exceptions.ContentDecodingError):
        requests.post(messages_url, data=form, auth=auth)


def test_cookies_are_kept_and_sent(whoosh, messages_url, auth, form):
    whoosh.when(to=PERSON).respond(503, {}, headers={"Set-Cookie": "lb=7; Path=/"}).times(1)
    session = requests.Session()
    session.auth = auth

    first = session.post(messages_url, data=form)
    second = session.post(messages_url, data=form)

    assert dict(first.cookies) == {"lb": "7"}
    assert session.cookies.get_dict() == {"lb": "7"}
    assert second.request.headers["Cookie"] == "lb=7"


def test_an_answer_can_be_streamed(whoosh, messages_url, auth, form):
    with requests.post(messages_url, data=form, auth=auth, stream=True) as response:
        document = json.loads(b"".join(response.iter_content(chunk_size=10)))

    assert document["body"] == "Hi"


def test_an_answer_can_be_read_raw(whoosh, messages_url, auth, form):
    with requests.post(messages_url, data=form, auth=auth, stream=True) as response:
        document = json.loads(response.raw.read())

    assert document["body"] == "Hi"


ENCODED = "To=%2B15558675310&From=%2B15557122661&Body=Caf%C3%A9"


def in_parts() -> Iterator[bytes]:
    yield ENCODED[:20].encode()
    yield ENCODED[20:].encode()


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(ENCODED, id="text"),
        pytest.param(ENCODED.encode(), id="bytes"),
        pytest.param(bytearray(ENCODED.encode()), id="bytearray"),
        pytest.param(in_parts, id="generator"),
        pytest.param(lambda: io.BytesIO(ENCODED.encode()), id="binary file"),
        pytest.param(lambda: io.StringIO(ENCODED), id="text file"),
        pytest.param(lambda: iter([ENCODED]), id="iterator of texts"),
    ],
)
def test_a_body_of_any_kind_is_read(whoosh, messages_url, auth, body):
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    response = requests.post(messages_url, data=body() if callable(body) else body, headers=headers, auth=auth)

    assert response.status_code == 201
    whoosh.assert_sent(to=PERSON, body="Café")


def test_a_file_as_body_is_read_from_its_position(whoosh, messages_url, auth):
    file = io.BytesIO(b"skip this" + ENCODED.encode())
    file.seek(len(b"skip this"))

    response = requests.post(messages_url, data=file, auth=auth)

    assert response.status_code == 201
    whoosh.assert_sent(body="Café")


# Redirects


def test_a_redirect_to_another_host_is_followed_there(whoosh, messages_url, auth, form, server):
    whoosh.when(to=PERSON).respond(307, {}, headers={"Location": f"{server.url}/elsewhere"})

    response = requests.post(messages_url, data=form, auth=auth)

    assert response.text == "from the real server"
    assert [each.status_code for each in response.history] == [307]
    assert [(heard.method, heard.path) for heard in server.heard] == [("POST", "/elsewhere")]


def test_a_redirect_from_another_host_arrives_without_the_credentials_meant_for_that(
    whoosh, messages_url, auth, form, server
):
    server.answer = lambda heard: (307, {"Location": messages_url}, b"")

    response = requests.post(server.url, data=form, auth=auth)

    assert (response.url, [each.status_code for each in response.history]) == (messages_url, [307])
    assert (response.status_code, response.json()["code"]) == (401, 20003)


def test_a_redirect_stays_unfollowed_when_the_app_says_so(whoosh, messages_url, auth, form):
    whoosh.when(to=PERSON).respond(302, {}, headers={"Location": "https://elsewhere.example/"})

    response = requests.post(messages_url, data=form, auth=auth, allow_redirects=False)

    assert (response.status_code, response.is_redirect, response.next.url) == (302, True, "https://elsewhere.example/")


# Hosts


PRODUCTS = ["api", "messaging", "pricing", "content"]
DOMAINS = ["whoosh.totogi.solutions", "whoosh.totogidemos.com", "twilio.com"]


@pytest.mark.parametrize(
    "host",
    [f"{product}.{domain}" for product in PRODUCTS for domain in DOMAINS]
    + [f"{product}{place}.twilio.com" for product in PRODUCTS for place in (".ie1", ".dublin.ie1", ".us1", ".de1")]
    + ["API.Whoosh.Totogi.Solutions", "api.twilio.com.", "api.twilio.com:443"],
)
def test_every_host_of_the_vendor_is_answered(whoosh, auth, host):
    response = requests.get(f"https://{host}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json", auth=auth)

    assert (response.status_code, response.json()["messages"]) == (200, [])


@pytest.mark.parametrize(
    "host",
    [
        "twilio.com.evil.example",
        "api.twilio.com.evil.example",
        "nottwilio.com",
        "api-twilio.com",
        "whoosh.totogi.solutions.example",
        "totogidemos.com.example",
        "example.com",
    ],
)
def test_a_host_that_only_looks_like_the_vendors_is_not_intercepted(whoosh, server, host):
    # A proxy that represents the Internet. Requests that are not intercepted arrive there.
    response = requests.get(f"http://{host}/", proxies={"http": server.url})

    assert response.text == "from the real server"
    assert whoosh.traffic().splitlines()[1:] == ["The app made no API call and received no message."]


def test_other_hosts_are_reached_by_the_proxy_that_the_environment_names(whoosh, server, monkeypatch):
    monkeypatch.setenv("http_proxy", server.url)

    assert requests.get("http://other.example/").text == "from the real server"


def test_proxies_and_certificates_of_a_session_reach_its_adapter(whoosh, messages_url, auth, form):
    class Adapter(HTTPAdapter):
        def send(self, request, **kwargs):
            given.append((kwargs["proxies"], kwargs["verify"], kwargs["cert"]))
            return super().send(request, **kwargs)

    given: list[object] = []
    session = session_with(Adapter())
    session.proxies, session.verify, session.cert = {"https": "http://proxy.example"}, "ca.pem", "client.pem"

    session.post(messages_url, data=form, auth=auth)
    session.post(messages_url, data=form, auth=auth, verify=False)

    assert given == [
        ({"https": "http://proxy.example"}, "ca.pem", "client.pem"),
        ({"https": "http://proxy.example"}, False, "client.pem"),
    ]


def test_other_hosts_are_reached_as_if_the_fixture_were_absent(whoosh, server):
    response = requests.post(f"{server.url}/path?a=1", data={"b": "2"}, headers={"X-Own": "3"}, auth=("user", "pass"))

    assert (response.status_code, response.text) == (200, "from the real server")
    (heard,) = server.heard
    assert (heard.method, heard.path, heard.body) == ("POST", "/path?a=1", b"b=2")
    assert (heard.headers["X-Own"], heard.headers["Authorization"]) == ("3", "Basic dXNlcjpwYXNz")


@pytest.mark.parametrize("host", ["api.whoosh.totogi.solutions", "api.twilio.com"])
def test_unencrypted_http_is_refused(whoosh, auth, form, host):
    with pytest.raises(requests.exceptions.ConnectionError) as refused:
        requests.post(f"http://{host}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json", data=form, auth=auth)

    assert str(refused.value) == (
        f"The API is served over HTTPS only; unencrypted HTTP is not supported. Call https://{host} instead."
    )
    whoosh.assert_nothing_sent()


def test_unencrypted_http_is_shown_in_the_traffic(whoosh, auth):
    url = "http://api.twilio.com/2010-04-01/Accounts.json"
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get(url, auth=auth)

    assert f"GET {url} -> no response: The API is served over HTTPS only" in whoosh.traffic()


# Faults, and the adapter's retry policy


def the_error_of_a_real_refused_connection(path: str) -> requests.exceptions.ConnectionError:
    with pytest.raises(requests.exceptions.ConnectionError) as refused:
        requests.post(f"https://127.0.0.1:9{path}")
    return refused.value


FAULTS = {
    "reading times out": (lambda rule: rule.timeout(), requests.exceptions.ReadTimeout),
    "connecting times out": (lambda rule: rule.timeout(connecting=True), requests.exceptions.ConnectTimeout),
    "the connection breaks": (lambda rule: rule.disconnect(), requests.exceptions.ConnectionError),
    "no connection": (lambda rule: rule.disconnect(connecting=True), requests.exceptions.ConnectionError),
}


@pytest.mark.parametrize(("script", "error"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_the_exception_of_requests(whoosh, messages_url, auth, form, script, error):
    script(whoosh.when(to=PERSON))

    with pytest.raises(requests.exceptions.RequestException) as raised:
        requests.post(messages_url, data=form, auth=auth, timeout=5)

    assert raised.type is error
    assert raised.value.request.url == messages_url
    assert raised.value.response is None
    whoosh.assert_nothing_sent()


@pytest.mark.parametrize(("script", "error"), FAULTS.values(), ids=FAULTS)
def test_a_fault_reaches_the_caller_of_the_sdk(whoosh, script, error):
    script(whoosh.when(to=PERSON))

    with pytest.raises(error):
        Client().messages.create(to=PERSON, from_=SENDER, body="Hi")


TIMEOUTS = {"seconds": 5, "a pair": (3, 5), "urllib3's": Timeout(connect=3, read=5), "none": None}


@pytest.mark.parametrize(("timeout", "shown"), [*zip(TIMEOUTS.values(), [5, 5, 5, None], strict=True)], ids=TIMEOUTS)
def test_a_timeout_while_reading_says_how_long_it_waited(whoosh, messages_url, auth, form, timeout, shown):
    whoosh.when(to=PERSON).timeout()

    with pytest.raises(requests.exceptions.ReadTimeout) as raised:
        requests.post(messages_url, data=form, auth=auth, timeout=timeout)

    assert str(raised.value) == (
        f"HTTPSConnectionPool(host='api.whoosh.totogi.solutions', port=443): Read timed out. (read timeout={shown})"
    )


#: The repr of urllib3's connections, which is shorter since 2.0.
CONNECTION = re.sub(r" at 0x\w+", "", repr(HTTPSConnection("api.whoosh.totogi.solutions", 443)))


@pytest.mark.parametrize(("timeout", "shown"), [*zip(TIMEOUTS.values(), [5, 3, 3, None], strict=True)], ids=TIMEOUTS)
def test_a_timeout_while_connecting_says_how_long_it_waited(whoosh, messages_url, auth, form, timeout, shown):
    whoosh.when(to=PERSON).timeout(connecting=True)

    with pytest.raises(requests.exceptions.ConnectTimeout) as raised:
        requests.post(messages_url, data=form, auth=auth, timeout=timeout)

    path = messages_url.removeprefix("https://api.whoosh.totogi.solutions")
    assert re.sub(r" at 0x\w+", "", str(raised.value)) == (
        f"HTTPSConnectionPool(host='api.whoosh.totogi.solutions', port=443): Max retries exceeded with url: {path} "
        f"(Caused by ConnectTimeoutError({CONNECTION}, "
        f"'Connection to api.whoosh.totogi.solutions timed out. (connect timeout={shown})'))"
    )


def test_a_refused_connection_reads_like_a_real_one(whoosh, messages_url, auth, form):
    whoosh.when(to=PERSON).disconnect(connecting=True)

    with pytest.raises(requests.exceptions.ConnectionError) as raised:
        requests.post(messages_url, data=form, auth=auth)

    path = messages_url.removeprefix("https://api.whoosh.totogi.solutions")
    real = str(the_error_of_a_real_refused_connection(path))
    real = real.replace("127.0.0.1", "api.whoosh.totogi.solutions").replace("port=9)", "port=443)")
    assert re.sub(r" at 0x\w+", "", str(raised.value)) == re.sub(r" at 0x\w+", "", real)


def test_a_broken_connection_says_so(whoosh, messages_url, auth, form):
    whoosh.when(to=PERSON).disconnect()

    with pytest.raises(requests.exceptions.ConnectionError) as raised:
        requests.post(messages_url, data=form, auth=auth)

    assert str(raised.value) == (
        "('Connection aborted.', RemoteDisconnected('Remote end closed connection without response'))"
    )


def attempts(whoosh: Whoosh) -> int:
    return whoosh.traffic().count("POST https://")


def send(whoosh: Whoosh, url: str, form: dict[str, str], retries: Retry | int) -> requests.Response:
    session = session_with(HTTPAdapter(max_retries=retries))
    return session.post(url, data=form, auth=(whoosh.api_key, whoosh.api_secret), timeout=5)


SLOW = 3600  # a real pause of this length would be noticed


@pytest.mark.parametrize(
    "script",
    [lambda rule: rule.reject(20503, status=503), lambda rule: rule.respond(503), lambda rule: rule.rate_limit(SLOW)],
    ids=["rejected", "answered", "rate limited"],
)
def test_a_status_in_the_retry_policy_is_tried_again_without_a_pause(whoosh, messages_url, form, script):
    script(whoosh.when(to=PERSON)).times(2)
    policy = Retry(3, status_forcelist=[429, 503], allowed_methods=None, backoff_factor=SLOW)

    response = send(whoosh, messages_url, form, policy)

    assert response.status_code == 201
    assert attempts(whoosh) == 3
    whoosh.assert_sent(to=PERSON)


def test_a_retry_after_header_is_heeded_for_the_statuses_of_urllib3(whoosh, messages_url, form):
    whoosh.when(to=PERSON).rate_limit(SLOW).times(1)

    response = send(whoosh, messages_url, form, Retry(3, allowed_methods=None))

    assert (response.status_code, attempts(whoosh)) == (201, 2)


def test_a_method_outside_the_retry_policy_is_tried_once(whoosh, messages_url, form):
    whoosh.when(to=PERSON).respond(503)

    response = send(whoosh, messages_url, form, Retry(3, status_forcelist=[503]))

    assert (response.status_code, attempts(whoosh)) == (503, 1)


def test_retries_that_run_out_are_a_retry_error(whoosh, messages_url, form):
    whoosh.when(to=PERSON).respond(503)

    with pytest.raises(requests.exceptions.RetryError) as raised:
        send(whoosh, messages_url, form, Retry(2, status_forcelist=[503], allowed_methods=None))

    path = messages_url.removeprefix("https://api.whoosh.totogi.solutions")
    assert str(raised.value) == (
        f"HTTPSConnectionPool(host='api.whoosh.totogi.solutions', port=443): Max retries exceeded with url: {path} "
        "(Caused by ResponseError('too many 503 error responses'))"
    )
    assert attempts(whoosh) == 3
    whoosh.assert_nothing_sent()


def test_exhausted_retries_return_the_last_response_if_configured(whoosh, messages_url, form):
    whoosh.when(to=PERSON).respond(503, {"message": "down"})
    policy = Retry(2, status_forcelist=[503], allowed_methods=None, raise_on_status=False)

    response = send(whoosh, messages_url, form, policy)

    assert (response.status_code, response.json(), attempts(whoosh)) == (503, {"message": "down"}, 3)
    assert len(response.raw.retries.history) == 2


@pytest.mark.parametrize(
    ("script", "retries", "tries"),
    [
        (lambda rule: rule.timeout(connecting=True), 2, 3),
        (lambda rule: rule.disconnect(connecting=True), 2, 3),
        (lambda rule: rule.disconnect(connecting=True), Retry(connect=2, read=0), 3),
        (lambda rule: rule.timeout(), Retry(2, allowed_methods=None), 3),
        (lambda rule: rule.disconnect(), Retry(2, allowed_methods=None), 3),
        (lambda rule: rule.timeout(), 2, 1),
        (lambda rule: rule.disconnect(), 2, 1),
        (lambda rule: rule.timeout(), Retry(total=9, read=1, allowed_methods=None), 2),
    ],
    ids=[
        "connecting times out: any method",
        "no connection: any method",
        "no connection: its own number",
        "reading times out: allowed",
        "broken: allowed",
        "reading times out: POST is not retried by default",
        "broken: POST is not retried by default",
        "reading times out: its own number",
    ],
)
def test_a_fault_is_retried_as_the_policy_says(whoosh, messages_url, form, script, retries, tries):
    script(whoosh.when(to=PERSON))

    with pytest.raises(requests.exceptions.ConnectionError if tries > 1 else requests.exceptions.RequestException):
        send(whoosh, messages_url, form, retries)

    assert attempts(whoosh) == tries


def test_a_retried_fault_that_passes_leaves_one_message(whoosh, messages_url, form):
    whoosh.when(to=PERSON).disconnect(connecting=True).times(2)

    response = send(whoosh, messages_url, form, 3)

    assert (response.status_code, attempts(whoosh)) == (201, 3)
    whoosh.assert_sent(to=PERSON)


def test_the_retry_policy_of_an_adapter_with_its_own_send_holds(whoosh, messages_url, auth, form):
    class TimeoutAdapter(HTTPAdapter):
        def send(self, request, **kwargs):
            return super().send(request, **{**kwargs, "timeout": 7})

    whoosh.when(to=PERSON).respond(503).times(1)
    policy = Retry(1, status_forcelist=[503], allowed_methods=None)

    response = session_with(TimeoutAdapter(max_retries=policy)).post(messages_url, data=form, auth=auth)

    assert (response.status_code, attempts(whoosh)) == (201, 2)


def test_the_fake_answers_and_the_server_gets_no_request(whoosh, messages_url, auth, form, server):
    heard: list[Heard] = server.heard

    requests.post(messages_url, data=form, auth=auth, proxies={"https": server.url})

    assert heard == []
    assert isinstance(server, Server)
    whoosh.assert_sent(to=PERSON)
