"""The operation that mounts a server that receives webhooks."""

from collections.abc import Mapping
from typing import Final
from urllib.parse import urlsplit

from pytest_whoosh.server.documents import schema_of
from pytest_whoosh.server.json_types import TEXT, or_null
from pytest_whoosh.server.parameters import Parameter

from .operation import Arguments, Forbidden, Operation, ServerHandle


def _mount(server: ServerHandle, arguments: Arguments) -> Mapping[str, object]:
    base, target = arguments.parameters["base_url"], arguments.parameters.get("server")
    host = urlsplit(target or base).hostname
    if host and not server.whoosh._reaches(target or base):
        raise Forbidden(
            f'Webhooks to {host} are not allowed. Set "server" to a server on this machine that answers for it, or '
            f"start the server with --allow-webhooks {host}."
        )
    server.whoosh.mount(base, server=target)
    return {"base_url": base, "server": target}


OPERATIONS: Final = (
    Operation(
        name="mount",
        method="POST",
        about="Post the webhooks below a base URL to the server there, or to a server that answers for it",
        do=_mount,
        returns=schema_of({"base_url": TEXT.schema, "server": or_null(TEXT).full_schema}),
        parameters=(
            Parameter("base_url", TEXT, "the start of the webhooks' URLs", required=True),
            Parameter("server", TEXT, "the server that answers for it"),
        ),
        example='{"base_url": "https://app.example", "server": "http://127.0.0.1:8000"}',
    ),
)
