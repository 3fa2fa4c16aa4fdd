"""A script for the status callbacks of a message: which the network loses, repeats or reorders."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.errors import choose_from
from pytest_whoosh.engine.messages.lifecycle import REPORTED, Status
from pytest_whoosh.engine.misuse import is_usage_error

__tracebackhide__ = is_usage_error

_SIGNATURES: Final = ("right", "wrong")


@dataclass(frozen=True, slots=True)
class WebhookScript:
    """The script for a message's status callbacks.

    The network loses those in ``drop`` and repeats those in ``duplicate``; ``order`` holds a callback back until those
    before it have left; with ``forged``, no signature validates.
    """

    drop: frozenset[Status] = frozenset()
    duplicate: frozenset[Status] = frozenset()
    order: tuple[Status, ...] = ()
    forged: bool = False

    def order_allows(self, status: Status, gone: Collection[Status]) -> bool:
        """True if everything that must leave before the callback of a status has left."""
        if status not in self.order:
            return True
        return all(earlier in gone for earlier in self.order[: self.order.index(status)])

    @property
    def written(self) -> str:
        """The script as the test wrote it."""
        given = [
            f"{name}={_tuple(statuses)}"
            for name, statuses in (
                ("drop", _sorted(self.drop)),
                ("duplicate", _sorted(self.duplicate)),
                ("order", self.order),
            )
            if statuses
        ]
        if self.forged:
            given.append("signature='wrong'")
        return f"webhooks({', '.join(given)})"


def webhook_script(
    drop: Iterable[str], duplicate: Iterable[str], order: Iterable[str], signature: str
) -> WebhookScript:
    """Read the arguments of ``webhooks()``."""
    if signature not in _SIGNATURES:
        raise ValueError(choose_from("signature", signature, _SIGNATURES))
    return WebhookScript(
        frozenset(_reported("drop", drop)),
        frozenset(_reported("duplicate", duplicate)),
        tuple(_reported("order", order)),
        signature == "wrong",
    )


def _reported(name: str, statuses: Iterable[str]) -> list[Status]:
    valid = [status.value for status in Status if status in REPORTED]
    if isinstance(statuses, str):
        raise TypeError(f"{name} takes several statuses: write {name}=({statuses!r},).")
    if not isinstance(statuses, Iterable):  # True, say
        raise TypeError(
            f'{name}= takes the statuses of callbacks, not {statuses!r}: write {name}=("sent",), '
            f"or {name}={tuple(valid)!r} for all of them."
        )
    listed = list(statuses)
    for status in listed:
        if status not in valid:
            raise ValueError(choose_from(f"callback to {name}", status, valid))
    return [Status(status) for status in listed]


def _sorted(statuses: Collection[Status]) -> tuple[Status, ...]:
    return tuple(status for status in Status if status in statuses)


def _tuple(statuses: Iterable[Status]) -> str:
    return repr(tuple(status.value for status in statuses))
