"""What an operation of the control API is."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from pytest_whoosh.server.documents import Schema
from pytest_whoosh.server.parameters import Parameter
from pytest_whoosh.whoosh import Whoosh


class ServerHandle(Protocol):
    """Where the control API is served."""

    @property
    def whoosh(self) -> Whoosh:
        """The double that is controlled."""

    @property
    def url(self) -> str:
        """The URL of the server."""

    @property
    def ca_file(self) -> Path | None:
        """The certificate of the authority that clients trust, in PEM; None if the server speaks HTTP."""


class Forbidden(Exception):
    """Somebody asks for what only the one who started the server may allow."""


class Arguments(NamedTuple):
    """What an operation was given: its parameters and criteria by their names in Python, and all as it came."""

    path: str
    parameters: dict[str, Any]
    criteria: dict[str, Any]
    raw: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation."""

    name: str
    method: str
    about: str
    do: Callable[[ServerHandle, Arguments], Mapping[str, object]]
    #: The schema of what it returns.
    returns: Schema
    #: A body, or a query, as an example.
    example: str
    parameters: Sequence[Parameter] = ()
    #: Whether it takes what messages are matched by, besides its parameters.
    matches: bool = False

    @property
    def path(self) -> str:
        """Its path."""
        return "/_whoosh/" if self.name == "status" else f"/_whoosh/{self.name}"
