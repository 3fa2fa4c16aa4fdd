"""The rules of one double: which of them decides on an API call or a message."""

from pytest_whoosh.engine.messages.record import Message

from .answers import ScriptedAnswer
from .rule import Rule


class Rules:
    """The rules of one double, oldest first. The newest rule that matches wins.

    A rule is used up by what it affects, and by nothing else: an answer of the API by API calls, a journey and a
    webhook script by messages.
    """

    __slots__ = ("messages",)

    def __init__(self) -> None:
        #: The rules of ``whoosh.when``.
        self.messages: list[Rule] = []

    def add(self, rule: Rule) -> Rule:
        """Add a rule, which takes precedence over all others."""
        self.messages.append(rule)
        rule._remove = self.remove
        return rule

    def remove(self, rule: Rule) -> None:
        """Remove a rule; do nothing if it was removed before."""
        if rule in self.messages:
            self.messages.remove(rule)

    def decide(self, message: Message) -> ScriptedAnswer | None:
        """Return the scripted answer to the API call that creates ``message``; None if the API answers as usual.

        The rules plan the message's journey unless the answer takes its place.
        """
        if not self.messages:
            return None
        matching = self._matching(message)
        decisive = next((rule for rule in matching if rule.answer or rule.journey), None)
        answer = decisive.answer if decisive else None
        if decisive is None or answer is None:
            _plan(message, matching)
            return None
        if answer.carried_out:
            _plan(message, matching, used=decisive)
        decisive.use()
        return answer

    def plan(self, message: Message) -> None:
        """Give a message that no API call creates its scripted journey and webhooks."""
        if self.messages:
            _plan(message, self._matching(message))

    def _matching(self, message: Message) -> list[Rule]:
        return [rule for rule in reversed(self.messages) if rule.takes(message)]


def _plan(message: Message, matching: list[Rule], used: Rule | None = None) -> None:
    """Give a message the journey and the webhook script of the newest rules; ``used`` is counted elsewhere."""
    way = next((rule for rule in matching if rule.journey), None)
    scripted = next((rule for rule in matching if rule.script), None)
    if way and way.journey:
        message.outcome = way.journey_of(message)
    if scripted:
        message.script = scripted.script
    for rule in matching:
        if rule is not used and (rule is way or rule is scripted):
            rule.use()
