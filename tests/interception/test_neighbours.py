"""Other mocks beside the fake: each sees its own URLs and none of ours, and all restore in any order."""

import importlib
import socket
import sys

import pytest
import requests
import requests_mock
import responses
from requests.adapters import HTTPAdapter
from twilio.rest import Client

from pytest_whoosh import Whoosh
from tests.conftest import PERSON, SENDER

THEIRS = "https://inventory.example/items"


def sid_of_a_message_sent() -> str:
    return Client().messages.create(to=PERSON, from_=SENDER, body="Hi").sid


def theirs_answers() -> object:
    return requests.get(THEIRS).json()


@pytest.fixture(autouse=True)
def everything_is_as_it_was():
    """Check that each test here restores everything."""
    before = what_stands()
    yield
    assert what_stands() == before


def what_stands():
    return {
        "Session.send": requests.Session.send,
        "Session.request": requests.Session.request,
        "Session.get_adapter": requests.Session.get_adapter,
        "HTTPAdapter.send": HTTPAdapter.send,
        "socket.getaddrinfo": socket.getaddrinfo,
        "sys.meta_path": [finder for finder in sys.meta_path if "pytest_whoosh" in str(finder)],
    }


# responses


@pytest.fixture
def mocked_responses():
    """A fixture as in the documentation of ``responses``."""
    with responses.RequestsMock() as mock:
        mock.get(THEIRS, json=["theirs"])
        yield mock


def test_a_responses_mock_works_inside_the_double(whoosh):
    with responses.RequestsMock() as mock:
        mock.get(THEIRS, json=["theirs"])

        sid = sid_of_a_message_sent()

        assert theirs_answers() == ["theirs"]
        assert [call.request.url for call in mock.calls] == [THEIRS]
    assert whoosh.outbox.one().sid == sid


def test_a_responses_mock_works_around_the_double():
    with responses.RequestsMock() as mock, Whoosh() as whoosh:
        mock.get(THEIRS, json=["theirs"])

        sid = sid_of_a_message_sent()

        assert theirs_answers() == ["theirs"]
        assert [call.request.url for call in mock.calls] == [THEIRS]
        assert whoosh.outbox.one().sid == sid


def test_a_fixture_of_responses_works_before_ours(mocked_responses, whoosh):
    sid = sid_of_a_message_sent()

    assert theirs_answers() == ["theirs"]
    assert whoosh.outbox.one().sid == sid


def test_a_fixture_of_responses_works_after_ours(whoosh, mocked_responses):
    sid = sid_of_a_message_sent()

    assert theirs_answers() == ["theirs"]
    assert whoosh.outbox.one().sid == sid


@responses.activate
def test_responses_activate_works_on_the_test(whoosh):
    responses.get(THEIRS, json=["theirs"])

    sid = sid_of_a_message_sent()

    assert theirs_answers() == ["theirs"]
    assert whoosh.outbox.one().sid == sid


def test_our_decorator_works_inside_theirs():
    @responses.activate
    @Whoosh()
    def test(whoosh):
        responses.get(THEIRS, json=["theirs"])
        assert whoosh.outbox == [] or len(whoosh.outbox) == 0
        sid = sid_of_a_message_sent()
        assert theirs_answers() == ["theirs"]
        assert whoosh.outbox.one().sid == sid

    test()


def test_our_decorator_works_around_theirs():
    @Whoosh()
    @responses.activate
    def test(whoosh):
        responses.get(THEIRS, json=["theirs"])
        sid = sid_of_a_message_sent()
        assert theirs_answers() == ["theirs"]
        assert whoosh.outbox.one().sid == sid

    test()


def test_a_responses_mock_still_insists_that_its_urls_are_called(whoosh):
    with pytest.raises(AssertionError, match="Not all requests have been executed"):  # noqa: PT012, SIM117
        with responses.RequestsMock(assert_all_requests_are_fired=True) as mock:
            mock.get(THEIRS, json=["theirs"])
            sid_of_a_message_sent()

    whoosh.assert_sent(to=PERSON)


def test_a_responses_mock_still_refuses_urls_that_nobody_mocked(whoosh):
    with responses.RequestsMock(), pytest.raises(requests.exceptions.ConnectionError, match="Connection refused by"):
        requests.get(THEIRS)


@pytest.mark.parametrize("first_to_leave", ["ours", "theirs"])
def test_responses_and_ours_stop_in_any_order(first_to_leave):
    theirs, ours = responses.RequestsMock(), Whoosh()
    theirs.start()
    ours.__enter__()
    theirs.get(THEIRS, json=["theirs"])

    if first_to_leave == "ours":
        ours.__exit__(None, None, None)
        assert theirs_answers() == ["theirs"]
        theirs.stop()
    else:
        theirs_answers()
        theirs.stop()
        sid_of_a_message_sent()
        ours.assert_sent(to=PERSON)
        ours.__exit__(None, None, None)


# requests-mock


def test_a_requests_mock_works_inside_the_double(whoosh):
    with requests_mock.Mocker() as mock:
        mock.get(THEIRS, json=["theirs"])

        sid = sid_of_a_message_sent()

        assert theirs_answers() == ["theirs"]
        assert [request.url for request in mock.request_history] == [THEIRS]
    assert whoosh.outbox.one().sid == sid


def test_a_requests_mock_works_around_the_double():
    with requests_mock.Mocker() as mock, Whoosh() as whoosh:
        mock.get(THEIRS, json=["theirs"])

        sid = sid_of_a_message_sent()

        assert theirs_answers() == ["theirs"]
        assert [request.url for request in mock.request_history] == [THEIRS]
        assert whoosh.outbox.one().sid == sid


def test_the_fixture_of_requests_mock_works_before_ours(requests_mock, whoosh):
    requests_mock.get(THEIRS, json=["theirs"])

    sid = sid_of_a_message_sent()

    assert theirs_answers() == ["theirs"]
    assert whoosh.outbox.one().sid == sid


def test_the_fixture_of_requests_mock_works_after_ours(whoosh, requests_mock):
    requests_mock.get(THEIRS, json=["theirs"])

    sid = sid_of_a_message_sent()

    assert theirs_answers() == ["theirs"]
    assert whoosh.outbox.one().sid == sid


def test_a_requests_mock_may_pass_other_requests_on(whoosh, server):
    with requests_mock.Mocker(real_http=True) as mock:
        mock.get(THEIRS, json=["theirs"])

        sid = sid_of_a_message_sent()

        assert theirs_answers() == ["theirs"]
        assert requests.get(server.url).text == "from the real server"
    assert whoosh.outbox.one().sid == sid


def test_a_requests_mock_may_belong_to_one_session(whoosh, messages_url, auth, form):
    session = requests.Session()

    with requests_mock.Mocker(session=session) as mock:
        mock.get(THEIRS, json=["theirs"])
        ours = session.post(messages_url, data=form, auth=auth)
        theirs = session.get(THEIRS)

    assert (ours.status_code, theirs.json()) == (201, ["theirs"])
    whoosh.assert_sent(to=PERSON)


def test_requests_mock_may_be_imported_after_the_fixture_started(whoosh, monkeypatch):
    for name in [name for name in sys.modules if name.partition(".")[0] == "requests_mock"]:
        monkeypatch.delitem(sys.modules, name)
    fresh = importlib.import_module("requests_mock")

    with fresh.Mocker() as mock:
        mock.get(THEIRS, json=["theirs"])
        sid = sid_of_a_message_sent()
        assert theirs_answers() == ["theirs"]

    assert whoosh.outbox.one().sid == sid


@pytest.mark.parametrize("first_to_leave", ["ours", "theirs"])
@pytest.mark.parametrize("first_to_come", ["ours", "theirs"])
def test_requests_mock_and_ours_stop_in_any_order(first_to_come, first_to_leave):
    theirs, ours = requests_mock.Mocker(), Whoosh()
    starts = [ours.__enter__, theirs.start]
    for start in starts if first_to_come == "ours" else reversed(starts):
        start()
    theirs.get(THEIRS, json=["theirs"])

    if first_to_leave == "ours":
        ours.__exit__(None, None, None)
        assert theirs_answers() == ["theirs"]
        theirs.stop()
    else:
        theirs.stop()
        sid_of_a_message_sent()
        ours.assert_sent(to=PERSON)
        ours.__exit__(None, None, None)


# moto


@pytest.fixture
def aws(monkeypatch):
    pytest.importorskip("moto")
    boto3 = pytest.importorskip("boto3")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return boto3


def buckets(boto3) -> list[str]:
    s3 = boto3.client("s3")
    s3.create_bucket(Bucket="letters")
    return [bucket["Name"] for bucket in s3.list_buckets()["Buckets"]]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_moto_works_inside_the_double(whoosh, aws):
    from moto import mock_aws

    with mock_aws():
        sid = sid_of_a_message_sent()
        assert buckets(aws) == ["letters"]

    assert whoosh.outbox.one().sid == sid


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_moto_works_around_the_double(aws):
    from moto import mock_aws

    with mock_aws(), Whoosh() as whoosh:
        sid = sid_of_a_message_sent()
        assert buckets(aws) == ["letters"]
        assert whoosh.outbox.one().sid == sid


# Several neighbours, and several of us


def test_all_mocks_work_at_once():
    with Whoosh() as whoosh, responses.RequestsMock() as one, requests_mock.Mocker(real_http=True) as two:
        two.get("https://two.example/", text="two")
        one.get("https://one.example/", body="one")

        sid = sid_of_a_message_sent()

        assert requests.get("https://two.example/").text == "two"
        assert requests.get("https://one.example/").text == "one"
        assert whoosh.outbox.one().sid == sid


def test_the_inner_of_nested_doubles_receives_the_traffic():
    with Whoosh() as outer:
        sid_of_a_message_sent()
        with Whoosh() as inner:
            sid_of_a_message_sent()
            sid_of_a_message_sent()
        sid_of_a_message_sent()

    assert (len(outer.outbox), len(inner.outbox)) == (2, 2)


def test_nested_doubles_show_the_app_the_inner_ones_credentials(monkeypatch):
    inner_sid = "AC" + "1" * 32
    with Whoosh() as outer:
        with Whoosh(account_sid=inner_sid):
            assert Client().username == inner_sid
        assert Client().username == outer.account_sid


def test_doubles_may_end_in_another_order_than_they_started():
    first, second, third = Whoosh(), Whoosh(), Whoosh()
    for double in (first, second, third):
        double.__enter__()

    second.__exit__(None, None, None)
    sid_of_a_message_sent()
    third.__exit__(None, None, None)
    sid_of_a_message_sent()
    first.__exit__(None, None, None)

    assert [len(double.outbox) for double in (first, second, third)] == [1, 0, 1]


def test_a_double_that_has_ended_can_start_again():
    double = Whoosh()
    with double:
        first = sid_of_a_message_sent()

    with double:
        second = sid_of_a_message_sent()
        assert [message.sid for message in double.outbox] == [second]

    assert first == second


def test_an_exception_leaves_nothing_behind(monkeypatch):
    monkeypatch.delenv("TWILIO_ACCOUNT_SID", raising=False)
    before = what_stands()

    with pytest.raises(ZeroDivisionError), responses.RequestsMock(), Whoosh() as whoosh:  # noqa: PT012
        sid_of_a_message_sent()
        whoosh.settle()
        raise ZeroDivisionError

    assert what_stands() == before


def test_a_double_that_cannot_start_leaves_nothing_behind(monkeypatch):
    before = what_stands()

    with pytest.raises(ValueError, match="Setting 'clock' cannot be 'sundial'"), Whoosh(clock="sundial"):
        pass

    assert what_stands() == before


# The environment

NAMES = ["WHOOSH_ACCOUNT_SID", "WHOOSH_API_KEY", "WHOOSH_API_SECRET", "TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN"]


def environment() -> dict[str, str | None]:
    import os

    return {name: os.environ.get(name) for name in NAMES}


@pytest.mark.parametrize("before", [None, "", "AC-of-the-live-account"], ids=["unset", "empty", "set"])
def test_the_environment_holds_the_fake_account_and_is_restored(monkeypatch, before):
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        if before is not None:
            monkeypatch.setenv(name, before)

    with pytest.raises(ZeroDivisionError), Whoosh() as whoosh:  # noqa: PT012
        assert environment() == {
            "WHOOSH_ACCOUNT_SID": whoosh.account_sid,
            "WHOOSH_API_KEY": whoosh.api_key,
            "WHOOSH_API_SECRET": whoosh.api_secret,
            "TWILIO_ACCOUNT_SID": whoosh.account_sid,
            "TWILIO_AUTH_TOKEN": whoosh.auth_token,
        }
        raise ZeroDivisionError

    assert environment() == dict.fromkeys(NAMES, before)
