"""The assertions of a double, and the codes that a person got."""

import re
from typing import Any, Final, Literal, TypeAlias, Unpack, overload

from pytest_whoosh.engine.dialect import dialect
from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.messages.fields import Match
from pytest_whoosh.engine.messages.lifecycle import Status
from pytest_whoosh.engine.messages.matching import Matcher
from pytest_whoosh.engine.misuse import is_usage_error, shown_as
from pytest_whoosh.views import HasSid, Message
from pytest_whoosh.wording import assertions

from .base import Double

__tracebackhide__ = is_usage_error

#: Numbers other than 1 that a type checker recognises as such. No type covers all of them.
_Several: TypeAlias = Literal[0, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 50, 100, 1000]

#: Finds a one-time code in a text.
_CODE: Final = r"\b\d{4,8}\b"


@shown_as("Whoosh")
class Asserting(Double):
    """The methods of a double that assert what the app sent."""

    @overload
    def assert_sent(self, count: Literal[1] = ..., **match: Unpack[Match]) -> Message: ...
    @overload
    def assert_sent(self, count: _Several, **match: Unpack[Match]) -> list[Message]: ...
    @overload
    def assert_sent(self, count: int, **match: Unpack[Match]) -> Message | list[Message]: ...
    def assert_sent(self, count: int = 1, **match: Unpack[Match]) -> Message | list[Message]:
        r"""Assert that exactly ``count`` messages that match were sent.

        A failure lists the outbox and shows how the nearest message differs.

        Args:
            count: The number of messages.
            match: The criteria, by the names of message properties.

        Returns:
            The message. If ``count`` is not 1: a list of the messages.

        Raises:
            AssertionError: Another number of messages matches.
            TypeError: A message has no such property.

        Example:
            import re


            def test_the_code_is_sent(whoosh, send):
                send("Your code is 4096.")

                message = whoosh.assert_sent(to="+15558675310", body=re.compile(r"code is \d{4}"))

                assert message.num_segments == 1
        """
        __tracebackhide__ = True
        if isinstance(count, bool) or not isinstance(count, int) or count < 0:
            raise TypeError(_wrong_count(count))
        matcher = Matcher(match, counted=True)
        records = self._sent()
        found = [record for record in records if matcher.matches(record)]
        if len(found) != count:
            journal = self._vendor.journal
            raise AssertionError(assertions.explain_count(matcher, found, records, count, "outbox", journal))
        views = [Message(record, self._catch_up) for record in found]
        return views[0] if count == 1 else views

    def assert_not_sent(self, **match: Unpack[Match]) -> None:
        """Assert that no message that matches was sent.

        Args:
            match: The criteria, by the names of message properties.

        Raises:
            AssertionError: A message matches.
        """
        __tracebackhide__ = True
        matcher = Matcher(match)
        found = [record for record in self._sent() if matcher.matches(record)]
        if found:
            raise AssertionError(assertions.explain_sent(matcher, found, "outbox"))

    def assert_nothing_sent(self) -> None:
        """Assert that no message was sent.

        Raises:
            AssertionError: A message was sent.
        """
        __tracebackhide__ = True
        self.assert_not_sent()

    def assert_callbacks(self, message: Message | str | HasSid, *statuses: str, answered: object = None) -> None:
        """Assert that status callbacks for these statuses were sent in this order. Others may occur in between.

        A callback that was delivered counts only if the last attempt got a 2xx or 3xx response, and the app raised no
        exception. A callback to a URL where nothing is mounted counts. It does not if you pass
        ``answered`` and another URL is mounted.

        Args:
            message: The message, its SID, or the SDK's result.
            statuses: The statuses, such as ``"sent", "delivered"``.
            answered: The expected HTTP status of each response: a number, or a value that compares equal to it.
                ``mock.ANY`` accepts everything, even an exception or a server that is down.

        Raises:
            AssertionError: A callback is missing, out of order, or got another response.
            TypeError: No status is given, or the message is missing.
        """
        __tracebackhide__ = True
        known = [status.value for status in Status]
        if isinstance(message, str) and message in known:
            written = ", ".join(map(repr, (message, *statuses)))
            raise TypeError(f"The message comes first: whoosh.assert_callbacks(message, {written}).")
        if not statuses:
            raise TypeError('Name the statuses: whoosh.assert_callbacks(message, "sent", "delivered").')
        for status in statuses:
            if status not in known:
                _require_one_status(status)
                raise ValueError(unknown_name("status", status, known))
        self._catch_up()
        record = self._record(message, "assert_callbacks")
        has_mounts = self._courier.has_mounts
        explanation = assertions.explain_callbacks(record, statuses, answered, has_mounts=has_mounts)
        if explanation:
            raise AssertionError(explanation)

    def assert_segments(self, message: Message | str | HasSid, n: int) -> None:
        """Assert that a message takes ``n`` segments.

        Args:
            message: The message, its SID, or the SDK's result.
            n: The number of segments.

        Raises:
            AssertionError: The number differs. The failure shows the text of each segment.
            TypeError: ``n`` is not a number of segments.
        """
        __tracebackhide__ = True
        if isinstance(n, bool) or not isinstance(n, int) or n < 0:
            raise TypeError(f"{dialect().method('assert_segments')} takes a whole number of segments, not {n!r}.")
        explanation = assertions.explain_segments(self._record(message, "assert_segments"), n)
        if explanation:
            raise AssertionError(explanation)

    def last_code(self, to: str, pattern: "str | re.Pattern[str]" = _CODE) -> str:
        """Return the newest one-time code that a person got, in a message or from Verify.

        Args:
            to: The person's phone number or address.
            pattern: The regular expression that finds the code in a message. A code from Verify needs none.

        Returns:
            The text of the pattern's first group, or of the whole match if the pattern has no group.

        Raises:
            AssertionError: No message to this person has such a code.
        """
        from pytest_whoosh.engine.verify import last_attempt

        __tracebackhide__ = True
        compiled = re.compile(pattern) if isinstance(pattern, str) else pattern
        records = self._sent()
        matcher = Matcher({"to": to})
        sent = next(
            (
                (record.serial, str(found[1] if compiled.groups else found[0]))
                for record in reversed(records)
                if matcher.matches(record) and (found := compiled.search(record.sent_body))
            ),
            None,
        )
        verified = last_attempt(self._vendor.verifications, to, matcher)
        if verified and (sent is None or verified.serial > sent[0]):
            code = verified.verification.code
            if compiled.pattern == _CODE:
                return code
            if verified.message and (found := compiled.search(verified.message.sent_body)):
                return str(found[1] if compiled.groups else found[0])
        if sent:
            return sent[1]
        raise AssertionError(assertions.explain_code(records, to, compiled, "outbox"))

    def _sent(self) -> list[Any]:
        self._catch_up()
        return self._vendor.outbound


def _wrong_count(count: object) -> str:
    if callable(count):
        return "A function tests one property, so name the property: whoosh.assert_sent(body=lambda body: ...)."
    text = f"count must be a number of messages, not {count!r}."
    if not isinstance(count, str) or count.isdigit():
        return text
    key = "to" if count.startswith("+") else "body"
    return f"{text} Write criteria by name: whoosh.assert_sent({key}={count!r})."


def _require_one_status(status: object) -> None:
    if isinstance(status, list | tuple):
        written = ", ".join(map(repr, status))
        raise TypeError(f"assert_callbacks() takes each status by itself: whoosh.assert_callbacks(message, {written}).")
