"""Operations that advance time."""

from collections.abc import Mapping
from typing import Final

from pytest_whoosh.engine.timeline import show_moment
from pytest_whoosh.server.documents import schema_of
from pytest_whoosh.server.json_types import FLAG, MOMENT, NUMBER
from pytest_whoosh.server.parameters import Parameter

from .operation import Arguments, Operation, ServerHandle

#: The schema of a response with the time.
NOW: Final = schema_of({"now": MOMENT.schema})


def now(server: ServerHandle) -> Mapping[str, object]:
    """Return the time."""
    return {"now": show_moment(server.whoosh.now)}


def _travel(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    if not arguments.parameters:
        raise ValueError(
            'travel takes a moment such as {"to": "2030-01-31T09:00:00Z"}, or an amount such as {"days": 1}.'
        )
    server.whoosh.travel(**arguments.parameters)
    return now(server)


def _settle(server: ServerHandle, _: Arguments) -> Mapping[str, object]:
    server.whoosh.settle()
    return now(server)


def _step(server: ServerHandle, _: Arguments) -> Mapping[str, object]:
    return {"stepped": server.whoosh.step(), **now(server)}


def _amount_of(unit: str) -> Parameter:
    return Parameter(unit, NUMBER, f"the number of {unit}")


OPERATIONS: Final = (
    Operation(
        name="travel",
        method="POST",
        about="Advance time by an amount, or to a moment",
        do=_travel,
        returns=NOW,
        parameters=(
            Parameter("to", MOMENT, "the moment"),
            *map(_amount_of, ("weeks", "days", "hours", "minutes", "seconds")),
        ),
        example='{"days": 1}',
    ),
    Operation(
        name="settle",
        method="POST",
        about="Advance time until no message is in flight",
        do=_settle,
        returns=NOW,
        example="",
    ),
    Operation(
        name="step",
        method="POST",
        about="Advance time to the next moment at which something is due",
        do=_step,
        returns=schema_of({"stepped": FLAG.schema, "now": MOMENT.schema}),
        example="",
    ),
)
