"""Scripts the delivery of a message's status callbacks: lost, repeated, reordered or forged."""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Final

from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.messages.lifecycle import REPORTED, Status
from pytest_whoosh.engine.misuse import is_usage_error

__tracebackhide__ = is_usage_error

_SIGNATURES: Final = ("right", "wrong")


@dataclass(frozen=True, slots=True)
class WebhookScript:
    """A script for a message's status callbacks.

    The network loses callbacks about statuses in ``drop`` and repeats those in ``duplicate``. A callback about a status
    in ``order`` waits until the ones before it were sent. If ``forged``, the signatures are invalid.
    """

    drop: frozenset[Status] = frozenset()
    duplicate: frozenset[Status] = frozenset()
    order: tuple[Status, ...] = ()
    forged: bool = False

    def order_allows(self, status: Status, gone: Collection[Status]) -> bool:
        """True if all callbacks that must precede the callback about a status have been sent."""
        if status not in self.order:
            return True
        return all(earlier in gone for earlier in self.order[: self.order.index(status)])

    @property
    def given(self) -> dict[str, object]:
        """The parameters with which the test wrote the script."""
        lists = {"drop": _sorted(self.drop), "duplicate": _sorted(self.duplicate), "order": self.order}
        given: dict[str, object] = {
            name: tuple(status.value for status in statuses) for name, statuses in lists.items() if statuses
        }
        return {**given, "signature": "wrong"} if self.forged else given


def webhook_script(
    drop: Iterable[str], duplicate: Iterable[str], order: Iterable[str], signature: str
) -> WebhookScript:
    """Return the script for the arguments of ``webhooks()``."""
    if signature not in _SIGNATURES:
        raise ValueError(unknown_name("signature", signature, _SIGNATURES))
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
    if not isinstance(statuses, Iterable):  # such as True
        raise TypeError(
            f'{name}= takes the statuses of callbacks, not {statuses!r}: write {name}=("sent",), '
            f"or {name}={tuple(valid)!r} for all of them."
        )
    listed = list(statuses)
    for status in listed:
        if status not in valid:
            raise ValueError(unknown_name(f"callback to {name}", status, valid))
    return [Status(status) for status in listed]


def _sorted(statuses: Collection[Status]) -> tuple[Status, ...]:
    return tuple(status for status in Status if status in statuses)
