"""API requests as a test reads them: in a rule's ``calls``, and in functions that return a scripted answer."""

from collections.abc import Iterator, Mapping
from typing import Any, Final
from urllib.parse import unquote

from pytest_whoosh.engine.http import Form, Request, read_json

_JSON: Final = "json"


class Headers(Mapping[str, str]):
    """A request's headers, by name in any case."""

    __slots__ = ("_values",)

    def __init__(self, headers: Mapping[Any, Any]) -> None:
        self._values = {_text(name).lower(): (_text(name), _text(value)) for name, value in headers.items()}

    def __getitem__(self, name: str) -> str:
        return self._values[name.lower()][1]

    def __iter__(self) -> Iterator[str]:
        return (name for name, _ in self._values.values())

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return repr(dict(self._values.values()))


class ApiRequest:
    """An API request from the app, in ``rule.calls`` and as the argument of functions that return a scripted answer.

    Attributes:
        method: The HTTP method.
        url: The full URL.
        path: The path, decoded.
        query: The parameters of the query string: a list of values for each name.
        form: The fields of the form: a list of values for each name.
        json: The parsed JSON body, or None.
        headers: The headers by name, in any case.
    """

    __slots__ = ("form", "headers", "json", "method", "path", "query", "url")

    def __init__(self, request: Request) -> None:
        self.method = request.method
        self.url = request.url
        self.path = unquote(request.path)
        self.query: Form = request.query
        self.headers = Headers(request.headers)
        self.json: Any = None
        self.form: Form = {}
        if _JSON in (request.header("Content-Type") or ""):
            try:
                self.json = read_json(request.text)
            except ValueError:
                self.json = None
        else:
            self.form = request.form

    def __repr__(self) -> str:
        sent = self.json if self.json is not None else self.form
        return f"<{self.method} {self.url}{f' {sent!r}' if sent else ''}>"


def _text(value: object) -> str:
    return value.decode("latin-1") if isinstance(value, bytes) else str(value)
