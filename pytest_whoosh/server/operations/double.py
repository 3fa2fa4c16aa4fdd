"""The double as a whole: its account and state, and how it starts again."""

from collections.abc import Mapping
from typing import Final

from pytest_whoosh.server.documents import schema_of
from pytest_whoosh.server.kinds import FLAG, MOMENT, TEXT, WHOLE, or_null, show_moment

from .operation import Given, Operation, Place
from .travel import NOW, now


def _status(place: Place, _: Given) -> Mapping[str, object]:
    whoosh = place.whoosh
    return {
        "url": place.url,
        "account_sid": whoosh.account_sid,
        "api_key": whoosh.api_key,
        "api_secret": whoosh.api_secret,
        "auth_token": whoosh.auth_token,
        "ca_file": place.ca_file and str(place.ca_file),
        "now": show_moment(whoosh.now),
        "is_moving": whoosh.is_moving,
        "outbox": len(whoosh.outbox),
        "inbox": len(whoosh.inbox),
        "callbacks": len(whoosh.callbacks),
    }


def _reset(place: Place, _: Given) -> Mapping[str, object]:
    place.whoosh.reset()
    return now(place)


STATUS: Final = Operation(
    name="status",
    method="GET",
    about="The server's URL, the account's credentials, what time it is, and how much there is",
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
    about="Forget all messages, rules, provisions and webhooks; settings, mounts and the present time stay",
    do=_reset,
    returns=NOW,
    example="",
)
