"""Whatever is posted, the API answers with a document of its own: it never breaks, and never by a server's error."""

from urllib.parse import urlencode

from hypothesis import given
from hypothesis import strategies as st
from twilio.rest import Client

from pytest_whoosh import Whoosh

from .conftest import PERSON, SEND, SENDER, Api

DOCUMENTED = {200, 201, 204, 400, 401, 404, 405, 409, 429}
CREATE = [
    "To", "From", "MessagingServiceSid", "Body", "MediaUrl", "ContentSid", "ContentVariables", "StatusCallback",
    "ApplicationSid", "MaxPrice", "ProvideFeedback", "Attempt", "ValidityPeriod", "ContentRetention",
    "AddressRetention", "SmartEncoded", "PersistentAction", "ShortenUrls", "ScheduleType", "SendAt", "SendAsMms",
]  # fmt: skip
LIST = ["To", "From", "DateSent", "DateSent<", "DateSent>", "PageSize", "Page", "PageToken"]
UPDATE = ["Body", "Status", "Outcome"]

#: Texts that are nearly what some parameter asks for, besides any text at all.
TELLING = st.sampled_from(
    [
        "", " ", "true", "fixed", "canceled", "confirmed", "0", "-1", "1", "50", "1000", "14400", "1e5", "0.01",
        PERSON, SENDER, "+15005550001", "+15005550002", "+15005550008", "12345", "Whoosh", f"whatsapp:{PERSON}",
        "whatsapp:", "messenger:x", "sim:DE" + "0" * 32, "rcs:+1", ":", "+", "+4", "+442079460958", "+999123456789",
        "MG" + "0" * 32, "AP" + "0" * 32, "HX" + "0" * 32, "PASM" + "0" * 32, "PB", "{}", '{"1": 2}', "[]",
        "https://app.example/", "http://[::1]/", "http://[", "https://a:b@c:99999/", "HTTP://Ä.example/", "//x",
        "2030-06-15T12:30:00Z", "2030-06-15", "9999-12-31", "0001-01-01T00:00:00+23:59", "06/11/2019 22:05:25 MST",
        "13/13/2013", "Wed, 19 Jun 2019 22:04:00 -0000", "Wed, 99 Foo 0000", "2030-W01-1", "T", "Z",
    ]
)  # fmt: skip
DATES = st.datetimes().map(lambda moment: moment.isoformat())
VALUES = st.one_of(TELLING, DATES, st.text(max_size=40), st.from_regex(r"\+?[0-9 ()-]{3,18}", fullmatch=True))


def forms(names: list[str]) -> st.SearchStrategy[list[tuple[str, str]]]:
    name = st.one_of(st.sampled_from(names), st.text(max_size=12))
    return st.lists(st.tuples(name, VALUES), max_size=8)


def require_document(api: Api, method: str, path: str, pairs: list[tuple[str, str]]) -> None:
    encoded = urlencode(pairs, errors="surrogatepass")
    given = {"params": encoded} if method == "GET" else {"data": encoded}
    headers = {"Content-Type": "application/x-www-form-urlencoded"}

    response = api.call(method, path, headers=headers, **given)

    assert response.status_code in DOCUMENTED
    if response.status_code >= 400:
        assert list(response.json()) == ["code", "message", "more_info", "status"]
        assert response.json()["status"] == response.status_code
    else:
        assert isinstance(response.json(), dict)


@given(pairs=forms(CREATE), sound=st.booleans())
def test_any_creation_is_answered(pairs: list[tuple[str, str]], sound: bool) -> None:
    """With the required parameters first, the others are looked at too."""
    with Whoosh(clock="virtual") as whoosh:
        whoosh.add_messaging_service("Reminders", senders=[SENDER])
        api = Api(whoosh)

        require_document(api, "POST", f"{api.path()}.json", [*(SEND.items() if sound else ()), *pairs])

        assert len(whoosh.outbox) <= 1
        whoosh.settle()


@given(pairs=forms(LIST))
def test_any_list_is_answered(pairs: list[tuple[str, str]]) -> None:
    with Whoosh(clock="virtual") as whoosh:
        api = Api(whoosh)
        for to in (PERSON, SENDER):
            Client(whoosh.account_sid, whoosh.auth_token).messages.create(to=to, from_="12345", body="Hi")

        require_document(api, "GET", f"{api.path()}.json", pairs)


@given(pairs=forms(UPDATE), below=st.sampled_from(["", "/Feedback"]), settled=st.booleans())
def test_any_update_is_answered(pairs: list[tuple[str, str]], below: str, settled: bool) -> None:
    with Whoosh(clock="virtual") as whoosh:
        api = Api(whoosh)
        sid = api.create({**SEND, "ProvideFeedback": "true"}).json()["sid"]
        if settled:
            whoosh.settle()

        require_document(api, "POST", f"{api.path(f'/{sid}{below}')}.json", pairs)


@given(
    method=st.sampled_from(["GET", "POST", "DELETE", "PUT"]),
    segments=st.lists(st.one_of(st.text(max_size=8), st.just("Messages"), st.just("Messages.json")), max_size=4),
)
def test_any_path_is_answered(method: str, segments: list[str]) -> None:
    with Whoosh(clock="virtual") as whoosh:
        path = "/".join(["/2010-04-01/Accounts", whoosh.account_sid, *segments]).encode("utf-8", "replace").decode()

        response = Api(whoosh).call(method, path)

        assert response.status_code in DOCUMENTED
