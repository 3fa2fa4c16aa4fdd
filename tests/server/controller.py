"""A client of the control API. It checks every response against the server's own description."""

import json
from dataclasses import dataclass
from typing import Any

import requests
from jsonschema import Draft202012Validator

from pytest_whoosh.server.description import describe

DESCRIPTION: dict[str, Any] = json.loads(json.dumps(describe("http://127.0.0.1")))


def check(value: object, schema: dict[str, Any]) -> None:
    """Refuse a value that is not as the description's schema says."""
    whole = {**schema, "components": DESCRIPTION["components"]}
    Draft202012Validator(whole, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(value)


def response_schema(path: str, status: int) -> dict[str, Any]:
    """Check a response against the API's description."""
    described: dict[str, Any] = DESCRIPTION["paths"].get(path)
    if described is None:
        return {"$ref": "#/components/schemas/Error"}
    (operation,) = described.values()
    responses = operation["responses"]
    schema: dict[str, Any] = responses.get(str(status), responses["default"])["content"]["application/json"]["schema"]
    return schema


@dataclass(frozen=True)
class Controller:
    """Calls operations by name: ``control.get("outbox", status="sent")``, ``control.post("travel", days=1)``."""

    url: str

    def get(self, operation: str, **query: object) -> Any:
        """Return the JSON of an operation that reads."""
        return self._done(self.request("GET", operation, params=query))

    def post(self, operation: str, given: dict[str, object] | None = None, **json: object) -> Any:
        """Return the JSON of an operation that changes something."""
        return self._done(self.request("POST", operation, json={**(given or {}), **json}))

    def refusal(self, method: str, operation: str, **how: Any) -> tuple[int, str]:
        """Return the status and text of a refusal."""
        response = self.request(method, operation, **how)
        assert list(response.json()) == ["error"]
        return response.status_code, response.json()["error"]

    def request(self, method: str, operation: str, **how: Any) -> requests.Response:
        """Send one request."""
        response = requests.request(method, f"{self.url}/_whoosh/{operation}", **how)
        path = f"/_whoosh/{operation.partition('?')[0]}"
        assert response.headers["Content-Type"] == "application/json; charset=utf-8"
        if operation != "openapi.json" and method != "HEAD":
            check(response.json(), response_schema(path, response.status_code))
        return response

    @staticmethod
    def _done(response: requests.Response) -> Any:
        assert response.status_code == 200, response.text
        return response.json()
