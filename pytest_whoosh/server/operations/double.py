"""Operations on the whole double: its status, and its reset."""

from collections.abc import Mapping
from typing import Final

from pytest_whoosh.engine.timeline import show_moment
from pytest_whoosh.server.documents import schema_of
from pytest_whoosh.server.json_types import FLAG, MOMENT, TEXT, WHOLE, or_null

from .operation import Arguments, Operation, ServerHandle
from .travel import NOW, now


def _status(server: ServerHandle, _: Arguments) -> Mapping[str, object]:
    whoosh = server.whoosh
    return {
        "url": server.url,
        "account_sid": whoosh.account_sid,
        "api_key": whoosh.api_key,
        "api_secret": whoosh.api_secret,
        "auth_token": whoosh.auth_token,
        "ca_file": server.ca_file and str(server.ca_file),
        "now": show_moment(whoosh.now),
        "is_moving": whoosh.is_moving,
        "outbox": len(whoosh.outbox),
        "inbox": len(whoosh.inbox),
        "callbacks": len(whoosh.callbacks),
    }


def _reset(server: ServerHandle, _: Arguments) -> Mapping[str, object]:
    server.whoosh.reset()
    return now(server)


STATUS: Final = Operation(
    name="status",
    method="GET",
    about="Return the server's URL, the account's credentials, the time, and the numbers of messages and webhooks",
    do=_status,
    returns=schema_of(
        {
            "url": TEXT.schema,
            "account_sid": TEXT.schema,
            "api_key": TEXT.schema,
            "api_secret": TEXT.schema,
            "auth_token": TEXT.schema,
            "ca_file": or_null(TEXT).full_schema,
            "now": MOMENT.schema,
            "is_moving": FLAG.schema,
            "outbox": WHOLE.schema,
            "inbox": WHOLE.schema,
            "callbacks": WHOLE.schema,
        }
    ),
    example="",
)
RESET: Final = Operation(
    name="reset",
    method="POST",
    about="Delete all messages, rules, resources and webhooks. Settings, mounts and the current time stay",
    do=_reset,
    returns=NOW,
    example="",
)
