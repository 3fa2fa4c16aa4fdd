"""Stores a double's rules, and selects the one that applies to an API call or a message."""

from collections.abc import Iterator
from operator import attrgetter
from typing import TypeVar

from pytest_whoosh.engine.http import Request
from pytest_whoosh.engine.messages.record import Message

from .answers import ScriptedAnswer
from .calls import CallRule
from .rule import BaseRule, Rule

R = TypeVar("R", bound=BaseRule)


class Rules:
    """A double's rules, oldest first. The newest matching rule wins.

    Only what a rule affects counts for ``times()``: API calls for a scripted answer, messages for a journey or a
    webhook script.
    """

    __slots__ = ("_added", "calls", "messages")

    def __init__(self) -> None:
        #: The rules of ``whoosh.when``.
        self.messages: list[Rule] = []
        #: The rules of ``whoosh.when_called``.
        self.calls: list[CallRule] = []
        self._added = 0

    def __iter__(self) -> Iterator[Rule | CallRule]:
        return iter(sorted((*self.messages, *self.calls), key=attrgetter("_serial")))

    def add(self, rule: R) -> R:
        """Add a rule. It takes precedence over all older rules."""
        self._added += 1
        rule._serial = self._added
        rule._on_remove = self._remove
        if isinstance(rule, Rule):
            self.messages.append(rule)
        elif isinstance(rule, CallRule):
            self.calls.append(rule)
        return rule

    def _remove(self, rule: BaseRule) -> None:
        if rule in self.messages:
            self.messages.remove(rule)
        elif rule in self.calls:
            self.calls.remove(rule)

    def rule_for(self, request: Request) -> CallRule | None:
        """Return the newest rule of ``whoosh.when_called`` that answers a request, or None."""
        return next((rule for rule in reversed(self.calls) if rule._applies_to(request)), None)

    def has_newer_message_rule(self, rule: CallRule) -> bool:
        """True if the test added a rule about messages after this rule."""
        return bool(self.messages) and self.messages[-1]._serial > rule._serial

    def newer_rule_decides(self, rule: CallRule, message: Message) -> bool:
        """True if a rule about messages that is newer than ``rule`` decides the outcome of a message."""
        return any(
            each._serial > rule._serial and (each._answer or each._journey) and each._applies_to(message)
            for each in self.messages
        )

    def decide(self, message: Message) -> ScriptedAnswer | None:
        """Return the scripted answer to the API call that creates ``message``; None if the API answers as usual.

        The rules also set the message's journey, unless the answer means that no message is created.
        """
        if not self.messages:
            return None
        matching = self._matching(message)
        decisive = next((rule for rule in matching if rule._answer or rule._journey), None)
        answer = decisive._answer if decisive else None
        if decisive is None or answer is None:
            _plan(message, matching)
            return None
        if answer.carried_out:
            _plan(message, matching, used=decisive)
        decisive._use()
        return answer

    def plan(self, message: Message) -> None:
        """Set the scripted journey and webhooks of a message that no API call created."""
        if self.messages:
            _plan(message, self._matching(message))

    def _matching(self, message: Message) -> list[Rule]:
        return [rule for rule in reversed(self.messages) if rule._applies_to(message)]


def _plan(message: Message, matching: list[Rule], used: Rule | None = None) -> None:
    """Set a message's journey and webhook script from the newest rules, and count these, except ``used``."""
    way = next((rule for rule in matching if rule._journey), None)
    scripted = next((rule for rule in matching if rule._script), None)
    if way and way._journey:
        message.journey = way._journey_of(message)
    if scripted:
        message.script = scripted._script
    for rule in matching:
        if rule is not used and (rule is way or rule is scripted):
            rule._use()
