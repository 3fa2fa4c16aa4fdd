"""An exception of a handler is recorded with its type, text and place, even if its framework answers 500; or raised."""

import asyncio
import bdb
import sys
from collections.abc import Callable
from typing import Any

import pytest
from fastapi import BackgroundTasks, FastAPI, HTTPException, Request, Response
from flask import Flask, abort, jsonify
from twilio.rest import Client

from pytest_whoosh import Callback, Whoosh
from tests.conftest import PERSON, SENDER

HOOK = "https://app.example/status"


class SignatureMismatch(Exception):
    """An app's own exception."""


def fail() -> None:
    raise SignatureMismatch("expected abc")


def flask_app() -> Flask:
    app = Flask(__name__)
    app.add_url_rule("/status", "status", fail, methods=["POST"])
    return app


def flask_app_that_propagates() -> Flask:
    app = flask_app()
    app.testing = True
    return app


def fastapi_app() -> FastAPI:
    app = FastAPI()
    app.add_api_route("/status", fail, methods=["POST"])
    return app


def fastapi_app_that_awaits() -> FastAPI:
    app = FastAPI()

    @app.post("/status")
    async def status() -> None:
        fail()

    return app


def fastapi_app_with_an_error_page() -> FastAPI:
    app = fastapi_app()

    @app.exception_handler(Exception)
    async def page(request: Request, error: Exception) -> Response:
        return Response("sorry", status_code=503)

    return app


def flask_app_with_an_error_page() -> Flask:
    app = flask_app()
    app.register_error_handler(500, lambda error: (jsonify(sorry=True), 500))
    return app


def wsgi_app(environ: dict[str, Any], start_response: Callable[..., object]) -> list[bytes]:
    fail()
    return []


async def asgi_app(scope: dict[str, Any], receive: object, send: object) -> None:
    assert scope["type"] == "http"
    fail()


APPS = [
    flask_app, flask_app_that_propagates, flask_app_with_an_error_page, fastapi_app, fastapi_app_that_awaits,
    fastapi_app_with_an_error_page,
]  # fmt: skip
PLAIN = [lambda: wsgi_app, lambda: asgi_app]


def first_callback(whoosh: Whoosh, app: object) -> Callback:
    whoosh.mount("https://app.example", app)
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=HOOK)
    whoosh.travel(seconds=2)
    (callback,) = whoosh.callbacks
    return callback


@pytest.mark.parametrize("make_app", [*APPS, *PLAIN])
def test_an_exception_of_a_handler_is_recorded_in_every_framework(
    whoosh: Whoosh, make_app: Callable[[], object]
) -> None:
    callback = first_callback(whoosh, make_app())

    assert type(callback.exception) is SignatureMismatch
    assert callback.response_status in (500, 503)
    line = fail.__code__.co_firstlineno + 1
    assert f"raised SignatureMismatch: expected abc (test_exceptions.py:{line})" in callback.error
    assert callback.error in whoosh.traffic()


def test_an_error_that_the_app_answers_by_itself_is_no_exception(whoosh: Whoosh) -> None:
    flask, fastapi = Flask(__name__), FastAPI()
    flask.add_url_rule("/flask", "refuse", lambda: abort(500, "no"), methods=["POST"])

    @fastapi.post("/fastapi")
    def refuse() -> None:
        raise HTTPException(503, "no")

    whoosh.mount("https://app.example/flask", flask)
    whoosh.mount("https://app.example/fastapi", fastapi)
    for name in ("flask", "fastapi"):
        Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=f"https://app.example/{name}")
    whoosh.travel(seconds=2)

    assert [(each.response_status, each.exception) for each in whoosh.callbacks] == [(500, None), (503, None)]
    assert [each.error.detail for each in whoosh.callbacks] == ["the app answered 500", "the app answered 503"]


def test_a_background_task_that_fails_after_the_answer_is_recorded_and_no_success(whoosh: Whoosh) -> None:
    app = FastAPI()

    @app.post("/status")
    def status(tasks: BackgroundTasks) -> str:
        tasks.add_task(fail)
        return "noted"

    callback = first_callback(whoosh, app)

    assert (callback.response_status, callback.response_body, callback.error) == (200, '"noted"', None)
    assert type(callback.exception) is SignatureMismatch
    line = fail.__code__.co_firstlineno + 1
    said = f"answered 200, and then the app raised SignatureMismatch: expected abc (test_exceptions.py:{line})"
    assert said in whoosh.traffic()
    assert whoosh.snapshot()["webhooks"][0]["raised"] is True
    with pytest.raises(AssertionError, match="and then the app raised SignatureMismatch"):
        whoosh.assert_callbacks(whoosh.outbox.one(), "sent")


def test_a_successful_attempt_clears_the_exception_of_the_last_one(whoosh: Whoosh) -> None:
    app, failures = Flask(__name__), [SignatureMismatch("once")]

    @app.post("/status")
    def status() -> str:
        if failures:
            raise failures.pop()
        return "noted"

    whoosh.mount("https://app.example", app)
    url = f"{HOOK}#rc=1&rp=5xx"
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=url)
    whoosh.travel(seconds=2)

    (callback,) = whoosh.callbacks
    assert (callback.attempts, callback.response_status, callback.exception) == (2, 200, None)


# The setting app_errors


@pytest.mark.whoosh(app_errors="raise")
@pytest.mark.parametrize("make_app", [*APPS, *PLAIN])
def test_settle_raises_the_exception_of_a_handler_and_can_continue(
    whoosh: Whoosh, make_app: Callable[[], object]
) -> None:
    whoosh.mount("https://app.example", make_app())
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=HOOK)

    for _ in ("sent", "delivered"):
        with pytest.raises(SignatureMismatch, match="expected abc") as raised:
            whoosh.settle()
        assert raised.traceback[-1].name == "fail"
    whoosh.settle()

    assert [each.params["MessageStatus"] for each in whoosh.callbacks] == ["sent", "delivered"]
    assert all(each.exception and each.error for each in whoosh.callbacks)


@pytest.mark.whoosh(app_errors="raise")
@pytest.mark.parametrize("make_app", [*APPS, *PLAIN])
def test_an_awaited_settle_raises_it_too(whoosh: Whoosh, make_app: Callable[[], object]) -> None:
    whoosh.mount("https://app.example", make_app())
    Client().messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback=HOOK)

    with pytest.raises(SignatureMismatch):
        asyncio.run(whoosh.asettle())


@pytest.mark.whoosh(app_errors="raise")
def test_receive_raises_it(whoosh: Whoosh) -> None:
    app = Flask(__name__)
    app.add_url_rule("/inbound", "inbound", fail, methods=["POST"])
    whoosh.mount("https://app.example", app)
    whoosh.add_number(SENDER, sms_url="https://app.example/inbound")

    with pytest.raises(SignatureMismatch):
        whoosh.receive("Hi", from_=PERSON, to=SENDER)

    assert whoosh.inbox.one().body == "Hi"
    assert type(whoosh.callbacks[-1].exception) is SignatureMismatch


# Exceptions that end the run


@pytest.mark.parametrize("ending", ['pytest.exit("enough")', "pdb.set_trace(); x = 1"])
@pytest.mark.parametrize("make_app", ["Flask(__name__)", "FastAPI()"])
def test_exceptions_that_end_a_run_end_it_from_a_handler_too(
    pytester: pytest.Pytester, ending: str, make_app: str
) -> None:
    pytester.makepyfile(
        f"""
        import pdb
        import pytest
        from fastapi import FastAPI
        from flask import Flask
        from twilio.rest import Client

        def test_ended(whoosh):
            app = {make_app}

            @app.post("/status")
            def status():
                {ending}

            whoosh.mount("https://app.example", app)
            Client().messages.create(to="{PERSON}", from_="{SENDER}", body="Hi", status_callback="{HOOK}")
            whoosh.settle()

        def test_after():
            pass
        """
    )

    result = pytester.run(sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-p", "no:randomly", stdin=b"q\n")

    reason = "enough" if "exit" in ending else "Quitting debugger"
    result.stdout.fnmatch_lines([f"!* _pytest.outcomes.Exit: {reason} !*", "* no tests ran in *"])


def test_a_debugger_that_is_not_pytests_ends_the_test_from_a_handler(whoosh: Whoosh) -> None:
    app = Flask(__name__)

    @app.post("/status")
    def status() -> None:
        raise bdb.BdbQuit

    with pytest.raises(bdb.BdbQuit):
        first_callback(whoosh, app)
