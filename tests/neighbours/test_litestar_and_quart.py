"""Litestar and Quart beside the fake: what their handlers raise is recorded, though they answer 500 in its place."""

import pytest

from .conftest import needs

HANDLER = """
async def fail() -> None:
    raise ValueError("expected abc")
"""
LITESTAR = f"""
from litestar import Litestar, post
{HANDLER}
app = Litestar([post("/status", status_code=200)(fail)])
"""
QUART = f"""
from quart import Quart
{HANDLER}
app = Quart(__name__)
app.post("/status")(fail)
"""
TESTS = """
import pytest
from app import PERSON
from twilio.rest import Client
from project import app


def send(whoosh):
    whoosh.mount("https://app.example", app)
    Client().messages.create(to=PERSON, from_="+15557122661", body="Hi", status_callback="https://app.example/status")


def test_record(whoosh):
    send(whoosh)
    whoosh.settle()
    for callback in whoosh.callbacks:
        assert (callback.response_status, type(callback.exception)) == (500, ValueError)
        assert callback.error.endswith("the app answered 500: it raised ValueError: expected abc (project.py:LINE)")
        assert callback.error in whoosh.traffic()
    assert len(whoosh.callbacks) == 2


@pytest.mark.whoosh(app_errors="raise")
def test_raise(whoosh):
    send(whoosh)
    with pytest.raises(ValueError, match="expected abc"):
        whoosh.settle()
"""


@pytest.mark.parametrize(
    "project",
    [pytest.param(LITESTAR, marks=needs("litestar")), pytest.param(QUART, marks=needs("quart"))],
    ids=["litestar", "quart"],
)
def test_what_a_handler_raises_is_recorded(run, pytester: pytest.Pytester, project: str) -> None:
    pytester.makepyfile(project=project)
    line = project.strip().splitlines().index('    raise ValueError("expected abc")') + 1

    result = run(TESTS.replace("LINE", str(line)))

    result.assert_outcomes(passed=2)
