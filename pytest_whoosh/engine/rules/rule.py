"""Rules about messages: ``whoosh.when(to=...).undeliver(30003)``."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import timedelta
from types import MappingProxyType
from typing import Final, Literal, Self

from pytest_whoosh.engine.addresses import channel_of
from pytest_whoosh.engine.dialect import Step, dialect
from pytest_whoosh.engine.errors import require_known, unknown_name
from pytest_whoosh.engine.messages.fields import AT_CREATION, FIELDS
from pytest_whoosh.engine.messages.lifecycle import (
    DEFAULT_JOURNEY,
    PATHS,
    READ_ON,
    UNCHANGED,
    Journey,
    Status,
    make_journey,
)
from pytest_whoosh.engine.messages.matching import Matcher
from pytest_whoosh.engine.messages.record import Message
from pytest_whoosh.engine.misuse import Live, WhooshError, is_usage_error, shown_as
from pytest_whoosh.engine.settings import duration

from . import answers
from .answers import Document, ScriptedAnswer
from .webhooks import WebhookScript, webhook_script

__tracebackhide__ = is_usage_error

#: The statuses at which a message can stop.
_STALLS: Final = tuple(status.value for status in (Status.QUEUED, Status.SENDING, Status.SENT, Status.DELIVERED))


@shown_as("Rule")
class BaseRule(Live):
    """The base of ``whoosh.when`` and ``whoosh.when_called`` rules: how often they apply, and scripted answers."""

    _SYNONYMS = MappingProxyType(
        {
            "once": "times(1)",
            "twice": "times(2)",
            "error": "reject(...)",
            "refuse": "reject(...)",
            "raises": "timeout()",
            "side_effect": "timeout()",
            "returns": "respond(...)",
            "then_return": "respond(...)",
            "return_value": "respond(...)",
            "reply": "respond(...)",
            "respond_with": "respond(...)",
            "json": "respond(200, {...})",
            "status": "respond(...)",
            "throttle": "rate_limit()",
            "delay": "deliver(after=...)",
            "after": "deliver(after=...)",
            "block": "fail(...)",
            "bounce": "undeliver(...)",
            "lose": 'stall("sent")',
            "drop": "webhooks(drop=...)",
            "duplicate": "webhooks(duplicate=...)",
            "reorder": "webhooks(order=...)",
            "count": "matched",
            "call_count": "matched",
            "called": "matched",
            "hits": "matched",
            "times_called": "matched",
            "used": "matched",
            "criteria": "match",
            "cancel": "remove()",
            "clear": "remove()",
            "delete": "remove()",
            "end": "remove()",
            "reset": "remove()",
            "stop": "remove()",
            "undo": "remove()",
        }
    )

    #: The things that ``times()`` counts.
    _counted = "messages"

    def __init__(self, match: Mapping[str, object]) -> None:
        #: The criteria, by name.
        self.match: Mapping[str, object] = MappingProxyType(dict(match))
        self._matched = 0
        self._left: int | None = None
        self._times: int | None = None
        self._answer: ScriptedAnswer | None = None
        #: The rule's number among all rules of the double, in the order in which the test added them.
        self._serial = 0
        #: Removes the rule from the double. None until the rule is added.
        self._on_remove: Callable[[BaseRule], None] | None = None

    def __repr__(self) -> str:
        outcome = self.outcome
        written = dialect().scripted(self._written, outcome, self._times)
        left = "" if self._left is None else f", {self._left} left"
        nothing = "" if outcome else "no outcome, "
        return f"<{written}: {nothing}matched {self._matched}{left}>"

    @property
    def _written(self) -> str:
        """The rule as the test wrote it, without its outcome."""
        raise NotImplementedError

    @property
    def outcome(self) -> str | None:
        """The outcome as the test wrote it, such as ``"undeliver(30003)"``. None if the rule has none yet."""
        steps = list(self._steps())
        return dialect().outcome(steps) if steps else None

    def _steps(self) -> Iterator[Step]:
        """Yield the parts of the outcome."""
        if self._answer:
            yield self._answer.step

    @property
    def matched(self) -> int:
        """The number of times that the rule has applied."""
        return self._matched

    @property
    def left(self) -> int | None:
        """The number of times that the rule can still apply. None if ``times()`` does not limit it."""
        return self._left

    def times(self, n: int) -> Self:
        """Limit the rule to its next ``n`` matches. Older rules apply after that.

        Args:
            n: The number of matches, from 1.

        Raises:
            ValueError: ``n`` is not a whole number from 1.
        """
        if isinstance(n, bool) or not isinstance(n, int) or n < 1:
            raise ValueError(
                f"{dialect().method('times')} takes a whole number of {self._counted}, at least 1, not {n!r}."
            )
        self._left = self._times = n
        return self

    def remove(self) -> None:
        """End the rule. Removing it again changes nothing."""
        if self._on_remove:
            self._on_remove(self)

    # The API's answer

    def reject(self, code: int, status: int | None = None, *, message: str | None = None) -> Self:
        """Refuse the request with an error code.

        Args:
            code: The vendor's error code.
            status: The HTTP status. The default is the vendor's status for this code, else 400.
            message: The error's text. The default is the vendor's. A code that the catalogue lacks needs a text.

        Raises:
            ValueError: The catalogue has no such code, and there is no text.
        """
        return self._set_answer(answers.reject(code, status, message))

    def rate_limit(self, retry_after: int = 1) -> Self:
        """Refuse the request with 429 and error 20429.

        Args:
            retry_after: The seconds in the header ``Retry-After``.
        """
        return self._set_answer(answers.rate_limit(retry_after))

    def respond(
        self,
        status: int,
        json: Document = None,
        *,
        text: str | None = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Self:
        """Answer with any HTTP status and body, such as a 503 with a proxy's page.

        Args:
            status: The HTTP status.
            json: A document that JSON can represent, or a function that takes an ``ApiRequest`` and returns one.
            text: The body as text. It counts as HTML if it begins with ``<``.
            content: The body as bytes.
            headers: More headers.

        Raises:
            ValueError: There is more than one body, or ``status`` is not an HTTP status.
        """
        return self._set_answer(answers.respond(status, json, text, content, headers))

    def timeout(self, *, connecting: bool = False, sent: bool = False) -> Self:
        """Raise the HTTP library's own timeout error while the app reads the response.

        Args:
            connecting: True to raise it while the app connects.
            sent: True to carry out the call and lose only the response.
        """
        return self._set_answer(answers.network_fault("timeout", connecting=connecting, sent=sent))

    def disconnect(self, *, connecting: bool = False, sent: bool = False) -> Self:
        """Raise the HTTP library's own connection error while the app waits for the response.

        Args:
            connecting: True to raise it while the app connects.
            sent: True to carry out the call and lose only the response.
        """
        return self._set_answer(answers.network_fault("disconnect", connecting=connecting, sent=sent))

    def _set_answer(self, answer: ScriptedAnswer) -> Self:
        self._require_free(answer.step)
        self._answer = answer
        return self

    def _require_free(self, step: Step) -> None:
        if self.outcome:
            raise WhooshError(
                f"{self._written} already has an outcome, {self.outcome}, and a rule can only have one. "
                f"Write a second rule: {self._written}.{dialect().outcome([step])}. Limit either with .times(n)."
            )

    # For the engine

    def _use(self) -> None:
        """Count a message or call that the rule affected."""
        self._matched += 1
        if self._left is not None:
            self._left -= 1


class Rule(BaseRule):
    """A rule of ``whoosh.when`` for matching messages. The newest matching rule wins.

    A rule has one outcome: either the message's journey (``deliver``, ``undeliver``, ``fail``, ``read``, ``stall``) or
    the API's answer (``reject``, ``rate_limit``, ``respond``, ``timeout``, ``disconnect``). It can also script the
    message's ``webhooks``. Answers apply to API calls only, never to messages that TwiML sends.

    Attributes:
        match: The criteria of the rule, by name.
    """

    def __init__(self, criteria: Mapping[str, object]) -> None:
        keyword = dialect().keyword
        for name in criteria:
            if name in FIELDS and name not in AT_CREATION:
                raise TypeError(
                    f"A rule is matched when a message is created, and {name!r} is not known then. "
                    f"Match by what the app posts, such as {keyword('to')}, {keyword('from_')} or {keyword('body')}."
                )
        super().__init__(criteria)
        self._matcher = Matcher(criteria, AT_CREATION)
        self._journey: Journey | None = None
        self._journey_step: Step | None = None
        self._script: WebhookScript | None = None

    @property
    def _written(self) -> str:
        """The rule as the test wrote it, without its outcome."""
        return dialect().when(self.match)

    def _steps(self) -> Iterator[Step]:
        yield from super()._steps()
        if self._journey_step:
            yield self._journey_step
        if self._script:
            yield "webhooks", self._script.given

    # The message's journey

    def deliver(self, after: timedelta | float | None = None) -> Self:
        """Deliver the message.

        Args:
            after: The time from ``sent`` to the delivery receipt: a timedelta or seconds.
        """
        step = ("deliver", _given(after=after))
        return self._set_journey(step, Status.DELIVERED, delays=_before(Status.DELIVERED, after=after))

    def undeliver(self, code: int = 30003, *, message: str | None = None) -> Self:
        """Report the message undelivered with an error code, after the carrier has accepted it.

        Args:
            code: The error code.
            message: The error's text. The default is the vendor's. A code that the catalogue lacks needs a text.

        Raises:
            ValueError: The catalogue has no such code, and there is no text.
        """
        require_known(code, message, "undeliver")
        return self._set_journey(("undeliver", _given(code=code, message=message)), Status.UNDELIVERED, code, message)

    def fail(self, code: int = 30008, *, message: str | None = None) -> Self:
        """Fail the message with an error code before the carrier accepts it.

        Args:
            code: The error code.
            message: The error's text. The default is the vendor's. A code that the catalogue lacks needs a text.

        Raises:
            ValueError: The catalogue has no such code, and there is no text.
        """
        require_known(code, message, "fail")
        return self._set_journey(("fail", _given(code=code, message=message)), Status.FAILED, code, message)

    def read(self, after: timedelta | float | None = None) -> Self:
        """Deliver the message to a person who reads it. Only WhatsApp reports ``read``; other messages stay delivered.

        Args:
            after: The time from ``delivered`` to ``read``: a timedelta or seconds.
        """
        step = ("read", _given(after=after))
        return self._set_journey(step, Status.READ, delays=_before(Status.READ, after=after))

    def stall(self, at: Literal["queued", "sending", "sent", "delivered"] = "sent") -> Self:
        """Stop the message at a status. The delivery receipt never arrives.

        Args:
            at: The status: ``"queued"``, ``"sending"``, ``"sent"`` or ``"delivered"``.

        Raises:
            ValueError: A message cannot stop at this status.
        """
        if at not in _STALLS:
            raise ValueError(unknown_name("status to stall at", at, _STALLS))
        return self._set_journey(("stall", {"at": at}), Status(at))

    def _set_journey(
        self,
        step: Step,
        end: Status,
        code: int | None = None,
        message: str | None = None,
        *,
        delays: Mapping[Status, timedelta] = UNCHANGED,
    ) -> Self:
        self._require_free(step)
        self._journey = make_journey(*PATHS[end], error_code=code, delays=delays, error_text=message)
        self._journey_step = step
        return self

    def _require_free(self, step: Step) -> None:
        if self._journey or self._answer:
            super()._require_free(step)

    # Its webhooks

    def webhooks(
        self,
        *,
        drop: Iterable[str] = (),
        duplicate: Iterable[str] = (),
        order: Iterable[str] = (),
        signature: Literal["right", "wrong"] = "right",
    ) -> Self:
        """Lose, repeat, reorder or forge the message's status callbacks.

        Args:
            drop: Lose the callbacks about these statuses.
            duplicate: Deliver the callbacks about these statuses twice.
            order: Deliver the callbacks about these statuses in this order.
            signature: ``"wrong"`` to sign callbacks with a signature that validators refuse.

        Raises:
            ValueError: A status is never reported.
        """
        self._script = webhook_script(drop, duplicate, order, signature)
        return self

    # For the engine

    def _journey_of(self, message: Message) -> Journey:
        """Return the journey for one message. It includes ``read`` only if the channel reports it."""
        way = self._journey or DEFAULT_JOURNEY
        return DEFAULT_JOURNEY if way.last is Status.READ and channel_of(message.to) not in READ_ON else way

    def _applies_to(self, message: Message) -> bool:
        """True if the rule applies to a message that is about to be created."""
        return self._left != 0 and self._matcher.matches(message)


def _given(**parameters: object) -> dict[str, object]:
    """Return the parameters that the test gave."""
    return {name: value for name, value in parameters.items() if value is not None}


def _before(status: Status, **span: object) -> Mapping[Status, timedelta]:
    """Return the delay before a status, from the argument that the test wrote."""
    [(name, given)] = span.items()
    if given is None:
        return UNCHANGED
    try:
        return {status: duration(given)}
    except ValueError as expected:
        raise ValueError(f"{dialect().keyword(name)} takes {expected}; not {given!r}.") from None
