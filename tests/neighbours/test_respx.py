"""``respx`` beside the fake."""

import pytest

from pytest_whoosh import Whoosh

from . import app

respx = pytest.importorskip("respx")
httpx = pytest.importorskip("httpx")

SENDS = {name: app.SENDS[name] for name in ("httpx", "httpx, async", "sdk")}


def inventory() -> object:
    return httpx.get(app.INVENTORY).json()


@pytest.fixture(params=SENDS)
def send(request):
    return SENDS[request.param]


@pytest.fixture(params=["httpcore", "httpx"])
def using(request):
    """The two levels at which respx can mock."""
    return request.param


def test_a_mock_works_inside_the_double(whoosh, send, using):
    with respx.mock(using=using) as mock:
        mock.get(app.INVENTORY).respond(json=["theirs"])

        sid = send()

        assert inventory() == ["theirs"]
        assert [str(call.request.url) for call in mock.calls] == [app.INVENTORY]
    assert whoosh.outbox.one().sid == sid


def test_a_mock_works_around_the_double(send, using):
    with respx.mock(using=using) as mock, Whoosh() as whoosh:
        mock.get(app.INVENTORY).respond(json=["theirs"])

        sid = send()

        assert inventory() == ["theirs"]
        assert [str(call.request.url) for call in mock.calls] == [app.INVENTORY]
        assert whoosh.outbox.one().sid == sid


@respx.mock
def test_their_decorator_works_on_the_test(whoosh, send):
    respx.get(app.INVENTORY).respond(json=["theirs"])

    sid = send()

    assert inventory() == ["theirs"]
    assert whoosh.outbox.one().sid == sid


def test_our_decorator_works_inside_theirs(send):
    @respx.mock
    @Whoosh()
    def test(whoosh):
        respx.get(app.INVENTORY).respond(json=["theirs"])
        sid = send()
        assert inventory() == ["theirs"]
        assert whoosh.outbox.one().sid == sid

    test()


def test_our_decorator_works_around_theirs(send):
    @Whoosh()
    @respx.mock
    def test(whoosh):
        respx.get(app.INVENTORY).respond(json=["theirs"])
        sid = send()
        assert inventory() == ["theirs"]
        assert whoosh.outbox.one().sid == sid

    test()


def test_their_fixture_works_before_ours(respx_mock, whoosh, send):
    respx_mock.get(app.INVENTORY).respond(json=["theirs"])

    sid = send()

    assert inventory() == ["theirs"]
    assert whoosh.outbox.one().sid == sid


def test_their_fixture_works_after_ours(whoosh, respx_mock, send):
    respx_mock.get(app.INVENTORY).respond(json=["theirs"])

    sid = send()

    assert inventory() == ["theirs"]
    assert whoosh.outbox.one().sid == sid


def test_a_route_for_everything_does_not_answer_vendor_calls(whoosh, send, using):
    with respx.mock(using=using, assert_all_called=False) as mock:
        everything = mock.route().respond(500)

        sid = send()

        assert not everything.called
    assert whoosh.outbox.one().sid == sid


def test_the_mock_still_refuses_urls_that_nobody_mocked(whoosh, using):
    with respx.mock(using=using), pytest.raises(AssertionError, match="not mocked"):
        inventory()


def test_the_mock_still_insists_that_its_routes_are_called(whoosh, send, using):
    mock = respx.mock(using=using)
    mock.get(app.INVENTORY)

    with pytest.raises(AssertionError, match="some routes were not called"), mock:
        send()

    whoosh.assert_sent(to=app.PERSON)


@pytest.mark.parametrize("first_to_leave", ["ours", "theirs"])
@pytest.mark.parametrize("first_to_come", ["ours", "theirs"])
def test_the_mock_and_the_double_stop_in_any_order(first_to_come, first_to_leave, send, using):
    theirs, ours = respx.mock(using=using, assert_all_called=False), Whoosh()
    starts = [ours.__enter__, theirs.start]
    for start in starts if first_to_come == "ours" else reversed(starts):
        start()
    theirs.get(app.INVENTORY).respond(json=["theirs"])

    if first_to_leave == "ours":
        ours.__exit__(None, None, None)
        assert inventory() == ["theirs"]
        theirs.stop()
    else:
        theirs.stop()
        send()
        ours.assert_sent(to=app.PERSON)
        ours.__exit__(None, None, None)
