"""What a test scripts to happen to messages: ``whoosh.when(to=...).undeliver(30003)``."""

import json as json_module
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Self, TypeAlias

from pytest_whoosh.engine.addresses import channel_of
from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.errors import ApiError, choose_from, require_known
from pytest_whoosh.engine.http import NetworkFault, Response
from pytest_whoosh.engine.messages.fields import AT_CREATION, FIELDS
from pytest_whoosh.engine.messages.lifecycle import PATHS, READ_ON, REPORTED, Outcome, Status, journey
from pytest_whoosh.engine.messages.matching import Matcher
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.misuse import WhooshError, is_usage_error
from pytest_whoosh.engine.settings import duration

__tracebackhide__ = is_usage_error

#: The statuses at which a message can be left standing.
_STALLS: Final = tuple(status.value for status in (Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED))


@dataclass(frozen=True, slots=True)
class WebhookScript:
    """What networks do to the status callbacks of a message: lose some, repeat some, change their order."""

    drop: frozenset[Status] = frozenset()
    duplicate: frozenset[Status] = frozenset()
    order: tuple[Status, ...] = ()

    def order_allows(self, status: Status, gone: Collection[Status]) -> bool:
        """Whether everything that is to leave before the callback of a status has gone."""
        if status not in self.order:
            return True
        return all(earlier in gone for earlier in self.order[: self.order.index(status)])


#: Makes what fills the placeholders of a refusal's text, where there is one.
Texts: TypeAlias = Callable[[], Mapping[str, object]]
#: What the API itself does with a request, instead of taking the message: answers, or raises.
Interruption = Callable[[Mapping[str, object]], Response]


class Rule:
    """What happens to the messages that match; the newest rule that matches wins.

    A rule says one thing about the message's way (``deliver``, ``undeliver``, ``fail``, ``read``, ``stall``) or about
    the API's answer (``reject``, ``rate_limit``, ``respond``, ``timeout``, ``disconnect``), and may say one about its
    ``webhooks``. Until it says anything it changes nothing.
    """

    def __init__(self, criteria: Mapping[str, object]) -> None:
        for name in criteria:
            if name in FIELDS and name not in AT_CREATION:
                raise TypeError(
                    f"A rule decides when a message is created, and {name!r} comes later. "
                    f"Valid: {', '.join(map(dialect().parameter, AT_CREATION))}."
                )
        self._matcher = Matcher(criteria, AT_CREATION)
        self._left: int | None = None
        self.outcome: Outcome | None = None
        self.interruption: Interruption | None = None
        self.script: WebhookScript | None = None

    def __repr__(self) -> str:
        return f"<whoosh.when({self._matcher})>"

    # How often

    def times(self, n: int) -> Self:
        """Let the rule apply to its next ``n`` matches only; older rules apply after that."""
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            method = dialect().method("times")
            raise ValueError(f"{method} takes a whole number of messages from 1 on, not {n!r}.")
        self._left = n
        return self

    # What the carrier does

    def deliver(self, after: timedelta | float | None = None) -> Self:
        """Deliver; ``after`` (a timedelta, or seconds) is how long the receipt takes once the message was sent."""
        return self._goes(Status.DELIVERED, after=after)

    def undeliver(self, code: int = 30003) -> Self:
        """Let the carrier accept the message and report it undelivered, with a documented error code."""
        return self._goes(Status.UNDELIVERED, code=code)

    def fail(self, code: int = 30008) -> Self:
        """Let the message fail before the carrier takes it, with a documented error code."""
        return self._goes(Status.FAILED, code=code)

    def read(self, after: timedelta | float | None = None) -> Self:
        """Deliver to a person who opens the message, ``after`` this long once it was delivered.

        Only WhatsApp tells: any other message stays delivered.
        """
        return self._goes(Status.READ, after=after)

    def stall(self, at: str = "sent") -> Self:
        """Let the message stand still at a status: the receipt never comes."""
        if at not in _STALLS:
            raise ValueError(choose_from("status to stall at", at, _STALLS))
        return self._goes(Status(at))

    # What the API does

    def reject(self, code: int, status: int = 400) -> Self:
        """Refuse the request with a documented error code, its text, and an HTTP status."""
        require_known(code)
        _require_http_status(status)

        def refuse(texts: Mapping[str, object]) -> Response:
            raise ApiError(code, texts, status=status)

        return self._answers(refuse)

    def rate_limit(self, retry_after: int = 1) -> Self:
        """Refuse the request with 429 and error 20429; ``retry_after`` seconds stand in the Retry-After header."""
        if isinstance(retry_after, bool) or not isinstance(retry_after, int) or retry_after < 0:
            method = dialect().method("rate_limit")
            raise ValueError(f"{method} takes a whole number of seconds to wait, not {retry_after!r}.")

        def refuse(_: Mapping[str, object]) -> Response:
            raise ApiError(20429, headers={"Retry-After": str(retry_after)})

        return self._answers(refuse)

    def respond(self, status: int, json: object = None, *, headers: Mapping[str, str] | None = None) -> Self:
        """Answer with any HTTP status and JSON document, such as a 503 from a proxy in between."""
        _require_http_status(status)
        try:
            body = "" if json is None else json_module.dumps(json)
        except TypeError as problem:
            raise TypeError(f"respond() takes a document that JSON can hold: {problem}.") from None
        given = dict(headers or {})
        if "content-type" not in map(str.lower, given):
            given["Content-Type"] = "application/json"
        return self._answers(lambda texts: Response(status, given, body))

    def timeout(self, *, connecting: bool = False) -> Self:
        """Raise the HTTP library's own time-out: while reading the answer, or while ``connecting``."""
        return self._breaks("timeout", connecting=connecting)

    def disconnect(self, *, connecting: bool = False) -> Self:
        """Raise the HTTP library's own connection error: while waiting for the answer, or while ``connecting``."""
        return self._breaks("disconnect", connecting=connecting)

    # What networks do to status callbacks

    def webhooks(self, *, drop: Iterable[str] = (), duplicate: Iterable[str] = (), order: Iterable[str] = ()) -> Self:
        """Lose, repeat or reorder status callbacks, each named by its status.

        ``order`` holds a callback back until those named before it have left.
        """
        self.script = WebhookScript(
            frozenset(_reported("drop", drop)),
            frozenset(_reported("duplicate", duplicate)),
            tuple(_reported("order", order)),
        )
        return self

    # For the engine

    def takes(self, message: Message) -> bool:
        """Whether the rule applies to a message about to be created."""
        return self._left != 0 and self._matcher.matches(message)

    def use_up(self) -> None:
        """Count one message that the rule has applied to."""
        if self._left is not None:
            self._left -= 1

    def _goes(self, end: Status, code: int | None = None, after: timedelta | float | None = None) -> Self:
        self._require_free()
        self.outcome = journey(
            *PATHS[end],
            error_code=None if code is None else require_known(code),
            after=None if after is None else _duration(after),
        )
        return self

    def _answers(self, interruption: Interruption) -> Self:
        self._require_free()
        self.interruption = interruption
        return self

    def _breaks(self, kind: str, *, connecting: bool) -> Self:
        def fault(_: Mapping[str, object]) -> Response:
            raise NetworkFault(kind, connecting=connecting)

        return self._answers(fault)

    def _require_free(self) -> None:
        if self.outcome or self.interruption:
            raise WhooshError(
                f"whoosh.when({self._matcher}) already says what happens to its messages, and each goes one way only. "
                "Write a second whoosh.when(...) for the other outcome; limit this one with .times(n)."
            )


class Rules:
    """The rules of a double, and which of them a message meets."""

    __slots__ = ("_rules",)

    def __init__(self) -> None:
        self._rules: list[Rule] = []

    def add(self, rule: Rule) -> Rule:
        """Put a rule above all others."""
        self._rules.append(rule)
        return rule

    def apply(self, message: Message, texts: Texts) -> Response | None:
        """Let the newest rules that match decide on a message about to be created.

        Gives the message its outcome and the script of its webhooks. Returns, or raises, what the API does instead of
        taking the message; None where it takes it.
        """
        if not self._rules:
            return None
        matching = [rule for rule in reversed(self._rules) if rule.takes(message)]
        way = next((rule for rule in matching if rule.outcome or rule.interruption), None)
        scripted = next((rule for rule in matching if rule.script), None)
        if way and way.interruption:
            way.use_up()
            return way.interruption(texts())
        if way and way.outcome and (way.outcome.last is not Status.READ or channel_of(message.to) in READ_ON):
            message.outcome = way.outcome
        if scripted:
            message.script = scripted.script
        for rule in matching:
            if rule is way or rule is scripted:
                rule.use_up()
        return None


def _reported(name: str, statuses: Iterable[str]) -> list[Status]:
    if isinstance(statuses, str):
        raise TypeError(f"{name} takes several statuses: write {name}=({statuses!r},).")
    valid = [status.value for status in Status if status in REPORTED]
    for status in statuses:
        if status not in valid:
            raise ValueError(choose_from(f"callback to {name}", status, valid))
    return [Status(status) for status in statuses]


def _duration(after: object) -> timedelta:
    try:
        return duration(after)
    except ValueError as wanted:
        raise ValueError(f"after= takes {wanted}; not {after!r}.") from None


def _require_http_status(status: Any) -> None:
    if isinstance(status, bool) or not isinstance(status, int) or not 100 <= status <= 599:
        raise ValueError(f"An HTTP status is a number from 100 to 599, not {status!r}.")
