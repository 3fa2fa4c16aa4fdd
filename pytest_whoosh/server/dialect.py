"""Words the errors of the double for clients of the control API, which are not written in Python."""

import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from pytest_whoosh.engine.dialect import Dialect, GivenParameters, Step
from pytest_whoosh.engine.messages.matching import is_pattern
from pytest_whoosh.engine.timeline import show_moment

from .addressing import CONTROL


class ControlDialect(Dialect):
    """Writes calls as requests, and values as JSON. ``methods`` has the HTTP method of each operation."""

    def __init__(self, methods: Mapping[str, str]) -> None:
        self._methods = methods

    def call(self, name: str, given: GivenParameters = ...) -> str:
        """Return an operation's request line, with the body if the parameters are known."""
        line = f"{self._methods[name]} {CONTROL}/{name}"
        return line if given is ... or not given else f"{line} {self.match(given)}"

    def when(self, given: Mapping[str, object]) -> str:
        """Return the request that adds a rule about messages, without its outcome."""
        return f'{self.call("when")} {{"match": {self.match(given)}}}'

    def when_called(self, method: str, url: object, given: Mapping[str, object]) -> str:
        """Return the request that adds a rule about API calls, without its outcome."""
        params = f', "params": {self.match(given)}' if given else ""
        return f'{self.call("when_called")} {{"method": {self.value(method)}, "url": {self.value(url)}{params}}}'

    def rule(self, outcome: str, given: Mapping[str, object] | None = None) -> str:
        """Return the request that scripts an outcome."""
        said = self.match(given) if given else "true"
        return f'{self.call("when")} {{"{outcome}": {said}}}'

    def outcome(self, steps: Iterable[Step]) -> str:
        """Return the steps of a rule as a JSON object; a step without parameters is ``true``."""
        said = (f'"{name}": {self.match(given) if given else "true"}' for name, given in steps)
        return f"{{{', '.join(said)}}}"

    def scripted(self, rule: str, outcome: str | None, times: int | None) -> str:
        """Return the request that adds a rule with its outcome and its limit."""
        line, brace, first = rule.partition("{")
        members = [first[:-1], (outcome or "")[1:-1], "" if times is None else f'"times": {times}']
        return f"{line}{brace}{', '.join(filter(None, members))}}}"

    def method(self, name: str) -> str:
        """Return the name of an operation."""
        return name

    def parameter(self, name: str) -> str:
        """Return the name of a parameter: ``from`` has no underscore in JSON."""
        return "from" if name == "from_" else name

    def keyword(self, name: str) -> str:
        """Return a parameter that is passed by its name."""
        return f'"{self.parameter(name)}"'

    def argument(self, name: str, value: object = ...) -> str:
        """Return a member of a JSON object; a pattern has a tilde after its name."""
        tilde = "~" if is_pattern(value) else ""
        return f'"{self.parameter(name)}{tilde}": {self.value(value)}'

    def match(self, given: Mapping[str, object]) -> str:
        """Return match criteria as a JSON object."""
        return f"{{{self.criteria(given)}}}"

    def message_parameter(self, name: str) -> str:
        """Return the vendor's own name of a parameter: ``StatusCallback``."""
        return "a " + "".join(word.title() for word in name.split("_"))

    def value(self, value: object) -> str:
        """Return a value as JSON. A value of another type becomes a string."""
        if value is ...:
            return "..."
        if isinstance(value, dict) and ... in value:
            return "{...}"
        if isinstance(value, list | tuple):
            return f"[{', '.join(map(self.value, value))}]"
        return json.dumps(value, ensure_ascii=False, default=_as_json)

    def queue_listing(self) -> str:
        """Return the request for the queues of a Messaging Service."""
        return f"{self.call('queue')}?sender=... for each of its senders"

    def click_targets(self) -> str:
        """Return the two ways to click a short link."""
        return f"{self.call('click')} with its SID, or with the link"

    def setting(self, name: str, value: str) -> str:
        """Return the sentence that says how to choose a setting."""
        return f'Serve with --{name} {value}, or mark the test with @pytest.mark.whoosh({name}="{value}").'

    def start_earlier(self) -> str:
        """Return an empty text: a server starts together with its process."""
        return ""


def _as_json(value: object) -> str | float:
    if isinstance(value, datetime):
        return show_moment(value)
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        return int(seconds) if seconds.is_integer() else seconds
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return str(value.pattern if is_pattern(value) else value)
