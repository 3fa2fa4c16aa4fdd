"""Defines an operation of the control API."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pytest_whoosh.server.addressing import CONTROL
from pytest_whoosh.server.documents import Schema
from pytest_whoosh.server.parameters import Parameter
from pytest_whoosh.whoosh import Whoosh


class ServerHandle(Protocol):
    """The properties of a server that operations use."""

    @property
    def whoosh(self) -> Whoosh:
        """The double behind the server."""

    @property
    def url(self) -> str:
        """The URL of the server."""

    @property
    def ca_file(self) -> Path | None:
        """The certificate of the authority that clients must trust, in PEM. None if the server speaks HTTP."""


class Forbidden(Exception):
    """Raised if a request asks for something that only the server's command line may allow."""


class Arguments(NamedTuple):
    """The arguments of a request: parameters and criteria by their names in Python, and ``raw`` values as sent."""

    path: str
    parameters: dict[str, Any]
    criteria: dict[str, Any]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """An operation of the control API."""

    name: str
    method: str
    about: str
    do: Callable[[ServerHandle, Arguments], Mapping[str, object]]
    #: The schema of the response.
    returns: Schema
    #: An example of a body or query.
    example: str
    parameters: Sequence[Parameter] = ()
    #: True if the operation takes match keys besides its parameters.
    matches: bool = False

    @property
    def path(self) -> str:
        """The operation's path."""
        return f"{CONTROL}/" if self.name == "status" else f"{CONTROL}/{self.name}"
