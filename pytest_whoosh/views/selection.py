"""The class Messages: a sequence of messages that can be filtered."""

from collections.abc import Callable, Iterator, Sequence
from types import MappingProxyType
from typing import Unpack, overload

from pytest_whoosh.engine.limits import LONGEST_BODY
from pytest_whoosh.engine.messages.fields import FIELDS, Match
from pytest_whoosh.engine.messages.matching import Matcher
from pytest_whoosh.engine.messages.record import Message as Record
from pytest_whoosh.engine.misuse import Suggesting, is_usage_error
from pytest_whoosh.engine.sids import Prefix
from pytest_whoosh.wording.assertions import explain_count, explain_none
from pytest_whoosh.wording.texts import describe

from .messages import Message

__tracebackhide__ = is_usage_error


class Messages(Suggesting, Sequence[Message]):
    """A sequence of messages, oldest first, with ``len()``, indexes and slices. Always current."""

    _SYNONYMS = MappingProxyType(
        {
            "first": "[0], as in whoosh.outbox[0]",
            "latest": "last(...)",
            "newest": "last(...)",
            "oldest": "[0], as in whoosh.outbox[0]",
            "get": "one(...)",
            "find": "one(...)",
            "single": "one(...)",
            "where": "filter(...)",
            "find_all": "filter(...)",
            "size": "len(...)",
            "length": "len(...)",
            "all": "filter()",
            "one_or_none": "filter(...)",
            "to_list": "list(...)",
            "pop": "whoosh.reset(), which forgets all",
            "clear": "whoosh.reset(), which forgets all",
            "bodies": "[message.body for message in whoosh.outbox]",
            "texts": "[message.body for message in whoosh.outbox]",
            "assert_sent": "whoosh.assert_sent(...)",
            **{name: f"last().{name}, or [0].{name}" for name in FIELDS},
        }
    )

    def __init__(
        self,
        records: Callable[[], list[Record]],
        catch_up: Callable[[], None],
        name: str,
        matcher: Matcher | None = None,
    ) -> None:
        self._records = records
        self._catch_up = catch_up
        self._name = name
        self._matcher = matcher

    def __len__(self) -> int:
        return len(self._found())

    def __iter__(self) -> Iterator[Message]:
        # A copy of the list, because an app may send more messages during the iteration.
        return (Message(record, self._catch_up) for record in list(self._found()))

    @overload
    def __getitem__(self, index: int) -> Message: ...
    @overload
    def __getitem__(self, index: slice) -> list[Message]: ...
    def __getitem__(self, index: int | slice | str) -> Message | list[Message]:
        found = self._found()
        if isinstance(index, slice):
            return [Message(record, self._catch_up) for record in found[index]]
        if isinstance(index, str):
            raise TypeError(f"The {self._name} takes a position such as [0], not {index!r}.{_search_for(index)}")
        try:
            return Message(found[index], self._catch_up)
        except IndexError:
            held = "1 message" if len(found) == 1 else f"{len(found)} messages"
            raise IndexError(f"The {self._name} has {held}, so index {index} is out of range.") from None

    def __eq__(self, other: object) -> bool:
        return list(self) == list(other) if isinstance(other, Messages | list | tuple) else NotImplemented

    def __reduce__(self) -> tuple[type[list[Message]], tuple[list[Message]]]:
        return list, (list(self),)  # a copy is a list of copies of the current messages

    __hash__ = None  # type: ignore[assignment]  # its content changes

    def __repr__(self) -> str:
        return f"<{self._name}: {[describe(record, longest=LONGEST_BODY) for record in self._found()]}>"

    def filter(self, **match: Unpack[Match]) -> "Messages":
        """Return the messages that match.

        Args:
            match: The criteria, by the names of message properties.

        Raises:
            TypeError: A message has no such property.
        """
        matcher = Matcher(match)
        return Messages(self._found, self._catch_up, f"{self._name} with {matcher}" if match else self._name, matcher)

    def one(self, **match: Unpack[Match]) -> Message:
        """Return the only message that matches.

        Args:
            match: The criteria, by the names of message properties.

        Raises:
            AssertionError: No message matches, or several do.
            TypeError: A message has no such property.
        """
        __tracebackhide__ = True
        matcher = Matcher(match)
        records = self._found()
        found = [record for record in records if matcher.matches(record)]
        if len(found) != 1:
            raise AssertionError(explain_count(matcher, found, records, 1, self._name))
        return Message(found[0], self._catch_up)

    def last(self, **match: Unpack[Match]) -> Message:
        """Return the newest message that matches.

        Args:
            match: The criteria, by the names of message properties.

        Raises:
            AssertionError: No message matches.
            TypeError: A message has no such property.
        """
        __tracebackhide__ = True
        matcher = Matcher(match)
        records = self._found()
        for record in reversed(records):
            if matcher.matches(record):
                return Message(record, self._catch_up)
        raise AssertionError(explain_none(matcher, records, self._name))

    def _found(self) -> list[Record]:
        self._catch_up()
        records = self._records()
        if self._matcher is None:
            return records
        return [record for record in records if self._matcher.matches(record)]


def _search_for(text: str) -> str:
    """Return the advice to search for a text that was taken for a position: a SID, else an address."""
    key = "sid" if text.startswith((Prefix.SMS, Prefix.MMS)) else "to"
    return f" To search: .one({key}={text!r})."
