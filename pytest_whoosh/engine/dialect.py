"""Words the parts of an error text that differ between Python and the control API."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import datetime
from types import EllipsisType, MappingProxyType
from typing import Final, TypeAlias

#: Parameters by name, or ``...`` for any parameters.
GivenParameters: TypeAlias = Mapping[str, object] | EllipsisType
#: One step of a rule: the name of its outcome, and the parameters.
Step: TypeAlias = tuple[str, Mapping[str, object]]

#: The parameters of outcomes that are written without their names if they come first: ``reject(21610)``.
_POSITIONAL: Final = frozenset({"at", "code", "retry_after", "status"})
_LONGEST_VALUE: Final = 60


class Dialect:
    """Writes calls, parameters and values for the caller who reads the error. This one writes Python."""

    def call(self, name: str, given: GivenParameters = MappingProxyType({})) -> str:
        """Return a call to the double: ``whoosh.travel(seconds=...)``. ``...`` stands for any parameters."""
        return f"whoosh.{name}({'...' if given is ... else self.criteria(given)})"

    def when(self, given: Mapping[str, object]) -> str:
        """Return a rule about messages, without its outcome: ``whoosh.when(to='+15558675310')``."""
        return self.call("when", given)

    def when_called(self, method: str, url: object, given: Mapping[str, object]) -> str:
        """Return a rule about API calls, without its outcome: ``whoosh.when_called('GET', '/Messages/*.json')``."""
        params = [self.argument(name, value) for name, value in given.items()]
        return f"whoosh.when_called({', '.join([self.value(method), self.value(url), *params])})"

    def rule(self, outcome: str, given: Mapping[str, object] = MappingProxyType({})) -> str:
        """Return a rule that scripts an outcome: ``whoosh.when(...).stall()``."""
        return f"whoosh.when(...).{outcome}({self.criteria(given)})"

    def outcome(self, steps: Iterable[Step]) -> str:
        """Return the steps of a rule as the test wrote them: ``undeliver(30003).webhooks(drop=('sent',))``."""
        return ".".join(f"{name}({', '.join(self._arguments(given))})" for name, given in steps)

    def scripted(self, rule: str, outcome: str | None, times: int | None) -> str:
        """Return a rule with its outcome and its limit: ``whoosh.when(...).reject(21610).times(2)``."""
        parts = [rule, outcome, None if times is None else f"times({times})"]
        return ".".join(part for part in parts if part)

    def _arguments(self, given: Mapping[str, object]) -> Iterator[str]:
        for place, (name, value) in enumerate(given.items()):
            said = _shortened(self.value(value))
            yield said if place == 0 and name in _POSITIONAL else f"{name}={said}"

    def method(self, name: str) -> str:
        """Return the name of a method, as the subject of a sentence: ``add_number()``."""
        return f"{name}()"

    def parameter(self, name: str) -> str:
        """Return the name of a parameter: ``from_``."""
        return name

    def keyword(self, name: str) -> str:
        """Return a parameter as a keyword: ``server=``."""
        return f"{name}="

    def argument(self, name: str, value: object = ...) -> str:
        """Return a parameter with a value: ``senders=['+15557122661']``."""
        return f"{name}={self.value(value)}"

    def message_parameter(self, name: str) -> str:
        """Return a parameter of the app's call that creates a message: ``status_callback=...``."""
        return f"{name}=..."

    def match(self, given: Mapping[str, object]) -> str:
        """Return the criteria that messages are matched by."""
        return self.criteria(given)

    def criteria(self, given: Mapping[str, object]) -> str:
        """Return several parameters with their values."""
        return ", ".join(self.argument(name, value) for name, value in given.items())

    def value(self, value: object) -> str:
        """Return a value as a test's author writes it. ``...`` stands for any value."""
        if value is ...:
            return "..."
        if isinstance(value, datetime):
            return str(value)
        if callable(value) and hasattr(value, "__name__"):
            return str(value.__name__)
        if type(value) is list:
            return f"[{', '.join(map(self.value, value))}]"
        if value == {...: ...}:
            return "{...}"
        if type(value) is tuple and len(value) > 1:
            return f"({', '.join(map(self.value, value))})"
        return repr(value)

    def queue_listing(self) -> str:
        """Return code that reads the queues of a Messaging Service."""
        return "[whoosh.queue(sender) for sender in service.senders]"

    def click_targets(self) -> str:
        """Return the two ways to follow a short link."""
        return "whoosh.click(message), or a link in message.body"

    def setting(self, name: str, value: str) -> str:
        """Return the sentence that says how to choose a setting."""
        return f'Mark the test with @pytest.mark.whoosh({name}="{value}"), or write Whoosh({name}="{value}").'

    def start_earlier(self) -> str:
        """Return the sentence that says how to start a double at an earlier moment."""
        return " Start earlier instead: freeze time there before the whoosh fixture starts."


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[: _LONGEST_VALUE - 3]}..."


_current: ContextVar[Dialect] = ContextVar("dialect", default=Dialect())  # noqa: B039  # it holds nothing


def dialect() -> Dialect:
    """Return the dialect for errors raised in this context."""
    return _current.get()


@contextmanager
def using_dialect(other: Dialect) -> Iterator[None]:
    """Write the errors raised in this context in another dialect."""
    token = _current.set(other)
    try:
        yield
    finally:
        _current.reset(token)
