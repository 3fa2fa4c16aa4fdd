"""``vcrpy`` beside the fake: a cassette neither records our traffic nor has to hold it."""

import pytest
import requests

from pytest_whoosh import Whoosh

from . import app

vcr = pytest.importorskip("vcr")

# vcrpy's own connections warn of what they leave open.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning")

CASSETTE = f"""
version: 1
interactions:
- request: {{method: GET, uri: {app.INVENTORY}, body: null, headers: {{}}}}
  response:
    status: {{code: 200, message: OK}}
    headers: {{Content-Type: [application/json]}}
    body: {{string: '["theirs"]'}}
"""


@pytest.fixture(params=app.SENDS)
def send(request):
    return app.SENDS[request.param]


@pytest.fixture
def cassette(tmp_path):
    path = tmp_path / "inventory.yaml"
    path.write_text(CASSETTE)
    return path


def inventory() -> object:
    return requests.get(app.INVENTORY).json()


def test_a_cassette_works_inside_the_double(whoosh, send, cassette):
    with vcr.use_cassette(cassette, record_mode="none") as played:
        sid = send()

        assert inventory() == ["theirs"]
        assert played.play_count == len(played) == 1
    assert whoosh.outbox.one().sid == sid


def test_a_cassette_works_around_the_double(send, cassette):
    with vcr.use_cassette(cassette, record_mode="none") as played, Whoosh() as whoosh:
        sid = send()

        assert inventory() == ["theirs"]
        assert played.play_count == len(played) == 1
        assert whoosh.outbox.one().sid == sid


def test_their_decorator_works_on_the_test(send, cassette):
    @Whoosh()
    @vcr.use_cassette(cassette, record_mode="none")
    def test(whoosh):
        sid = send()
        assert inventory() == ["theirs"]
        assert whoosh.outbox.one().sid == sid

    test()


def test_our_traffic_is_not_recorded(whoosh, send, cassette):
    with vcr.use_cassette(cassette, record_mode="new_episodes") as recorded:
        send()

        assert not recorded.dirty
    assert cassette.read_text() == CASSETTE


def test_recorded_traffic_is_answered_by_the_fake_and_stays_on_the_cassette(whoosh, cassette, server):
    url = app.messages_url()
    cassette.write_text(CASSETTE.replace("GET", "POST").replace(app.INVENTORY, url))

    with vcr.use_cassette(cassette, record_mode="new_episodes"):
        sid = app.send()
        requests.get(server.url)

    assert whoosh.outbox.one().sid == sid
    recorded = cassette.read_text()
    assert (recorded.count("uri: "), url in recorded, server.url in recorded) == (2, True, True)


def test_the_cassette_still_refuses_requests_that_it_does_not_have(whoosh, cassette):
    with (
        vcr.use_cassette(cassette, record_mode="none"),
        pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException),
    ):
        requests.get("https://inventory.example/other")


@pytest.mark.parametrize("first_to_leave", ["ours", "theirs"])
@pytest.mark.parametrize("first_to_come", ["ours", "theirs"])
def test_the_mock_and_the_double_stop_in_any_order(first_to_come, first_to_leave, send, cassette):
    theirs, ours = vcr.use_cassette(cassette, record_mode="none"), Whoosh()
    starts = [ours.__enter__, theirs.__enter__]
    for start in starts if first_to_come == "ours" else reversed(starts):
        start()

    if first_to_leave == "ours":
        ours.__exit__(None, None, None)
        assert inventory() == ["theirs"]
        theirs.__exit__(None, None, None)
    else:
        theirs.__exit__(None, None, None)
        send()
        ours.assert_sent(to=app.PERSON)
        ours.__exit__(None, None, None)
