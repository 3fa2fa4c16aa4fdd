"""``pytest-httpserver`` beside the fake: its server is reached as ever, and takes webhooks too."""

import pytest
import requests

from pytest_whoosh import Whoosh

from . import app

pytest.importorskip("pytest_httpserver")


@pytest.fixture(params=app.SENDS)
def send(request):
    return app.SENDS[request.param]


def test_its_fixture_works_before_ours(httpserver, whoosh, send):
    httpserver.expect_request("/items").respond_with_json(["theirs"])

    sid = send()

    assert requests.get(httpserver.url_for("/items")).json() == ["theirs"]
    assert whoosh.outbox.one().sid == sid
    assert [request.path for request, _ in httpserver.log] == ["/items"]


def test_its_fixture_works_after_ours(whoosh, httpserver, send):
    httpserver.expect_request("/items").respond_with_json(["theirs"])

    sid = send()

    assert requests.get(httpserver.url_for("/items")).json() == ["theirs"]
    assert whoosh.outbox.one().sid == sid
    assert [request.path for request, _ in httpserver.log] == ["/items"]


def test_webhooks_reach_a_mounted_server(whoosh, httpserver):
    form = {**app.FORM, "StatusCallback": httpserver.url_for("/status")}
    httpserver.expect_ordered_request("/status", method="POST").respond_with_data("sent noted")
    httpserver.expect_ordered_request("/status", method="POST").respond_with_data("delivered noted")
    whoosh.mount(httpserver.url_for(""))

    requests.post(app.messages_url(), data=form, headers=app.HEADERS)
    whoosh.settle()

    httpserver.check()
    assert [(call.params["MessageStatus"], call.response_body) for call in whoosh.callbacks] == [
        ("sent", "sent noted"),
        ("delivered", "delivered noted"),
    ]
    assert [request.form["MessageStatus"] for request, _ in httpserver.log] == ["sent", "delivered"]


def test_webhooks_reach_the_server_over_http(httpserver):
    form = {**app.FORM, "StatusCallback": httpserver.url_for("/status")}
    httpserver.expect_request("/status").respond_with_data("noted")

    with Whoosh(callbacks="http") as whoosh:
        requests.post(app.messages_url(), data=form, headers=app.HEADERS)
        whoosh.settle()

        assert [call.response_body for call in whoosh.callbacks] == ["noted", "noted"]
