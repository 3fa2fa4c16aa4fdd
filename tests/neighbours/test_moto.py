"""``moto`` beside the fake: an app that publishes on SNS and sends a message."""

import pytest

from pytest_whoosh import Whoosh

from . import app

moto = pytest.importorskip("moto")
boto3 = pytest.importorskip("boto3")

# botocore and cryptography use what newer releases of Python and of themselves deprecate.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning")


@pytest.fixture(params=app.SENDS)
def send(request):
    return app.SENDS[request.param]


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")


def publish(body: str) -> list[tuple[str, str]]:
    """Publish to a person on SNS, and return the messages that moto has for them."""
    boto3.client("sns").publish(PhoneNumber=app.PERSON, Message=body)
    messages = moto.backends.get_backend("sns")[moto.core.DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
    return list(messages.values())


def test_a_mock_of_aws_works_inside_the_double(whoosh, send):
    with moto.mock_aws():
        sid = send()

        assert publish("from SNS") == [(app.PERSON, "from SNS")]
    assert whoosh.outbox.one(body="Hi").sid == sid


def test_a_mock_of_aws_works_around_the_double(send):
    with moto.mock_aws(), Whoosh() as whoosh:
        sid = send()

        assert publish("from SNS") == [(app.PERSON, "from SNS")]
        assert whoosh.outbox.one(body="Hi").sid == sid


@moto.mock_aws
def test_their_decorator_works_on_the_test(whoosh, send):
    sid = send()

    assert publish("from SNS") == [(app.PERSON, "from SNS")]
    assert whoosh.outbox.one(body="Hi").sid == sid


def test_a_client_of_aws_may_be_made_before_either_mock(whoosh):
    sns = boto3.client("sns")

    with moto.mock_aws():
        sid = app.send()
        sns.publish(PhoneNumber=app.PERSON, Message="from SNS")

    assert whoosh.outbox.one(body="Hi").sid == sid


@pytest.mark.parametrize("first_to_leave", ["ours", "theirs"])
@pytest.mark.parametrize("first_to_come", ["ours", "theirs"])
def test_the_mock_and_the_double_stop_in_any_order(first_to_come, first_to_leave):
    theirs, ours = moto.mock_aws(), Whoosh()
    starts = [ours.__enter__, theirs.start]
    for start in starts if first_to_come == "ours" else reversed(starts):
        start()

    if first_to_leave == "ours":
        ours.__exit__(None, None, None)
        assert publish("from SNS") == [(app.PERSON, "from SNS")]
        theirs.stop()
    else:
        theirs.stop()
        app.send()
        ours.assert_sent(to=app.PERSON)
        ours.__exit__(None, None, None)
