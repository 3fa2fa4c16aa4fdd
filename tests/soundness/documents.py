"""Checks that apply to every response of the fake."""

import json
from functools import cache
from typing import Any, NoReturn
from xml.etree import ElementTree as ET

from pytest_whoosh.engine.error_codes import TITLES
from pytest_whoosh.engine.errors import MORE_INFO

from .endpoints import Endpoint, furnished

SUCCESSES = {200, 201, 202, 204, 307}
REFUSALS = {400, 401, 403, 404, 405, 409, 412, 429}
DOCUMENT = ["code", "message", "more_info", "status"]
#: The errors of the other hosts about wrong credentials.
DETAIL = "Your AccountSid or AuthToken was incorrect."
#: The elements of an error document in XML.
ELEMENTS = {"Code": "code", "Message": "message", "MoreInfo": "more_info", "Status": "status"}
#: Objects with members that the caller chooses, or that may be missing.
FREE = {"variables", "types", "links", "subresource_uris", "whatsapp", "approval_requests"}


def require_documented(endpoint: Endpoint | None, status: int, kind: str | None, body: str | bytes) -> None:
    """Require that a response is a success of the right shape, or a refusal with a documented error document."""
    assert status in SUCCESSES | REFUSALS, (status, body[:300])
    if status in REFUSALS:
        require_refusal(status, kind, body)
    elif status == 204 or kind is None:
        assert status in (204, 307)  # what redirects to a file need not say more
        assert body in ("", b"")
    elif kind.startswith("application/json"):
        document = read_json(body)
        if endpoint is not None:
            found, usual = members(document), usual_members(endpoint)
            assert found <= usual
            empty = tuple(f"{name}/" for name in found if not any(each.startswith(f"{name}/") for each in found))
            # A list may be empty, and an object null.
            assert [name for name in usual - found if "[]" not in name and not name.startswith(empty)] == []
    elif kind == "application/xml":
        assert ET.fromstring(body).tag == "TwilioResponse"
    else:  # a file
        assert endpoint is None or endpoint.name in ("fetch_media", "look_at_media", "read_deactivations")


def require_refusal(status: int, kind: str | None, body: str | bytes) -> None:
    """Require the whole error document: its four members, and a code of the catalogue."""
    if kind == "application/xml":
        root = ET.fromstring(body)
        (exception,) = root
        assert (root.tag, exception.tag) == ("TwilioResponse", "RestException")
        document: dict[str, Any] = {ELEMENTS[each.tag]: each.text for each in exception}
        document |= {name: int(document[name]) for name in ("code", "status")}
    else:
        assert kind == "application/json;charset=utf-8"
        document = read_json(body)
    if document.get("code") == 20003 and "detail" in document:
        assert document.pop("detail") == DETAIL
    assert list(document) == DOCUMENT
    assert document["status"] == status
    assert document["code"] in TITLES
    assert document["more_info"] == MORE_INFO.format(code=document["code"])
    assert isinstance(document["message"], str)
    assert document["message"]


def read_json(text: str | bytes) -> Any:
    """Parse a document as strict JSON, without NaN and Infinity."""

    def refuse(constant: str) -> NoReturn:
        raise AssertionError(f"{constant} is no JSON")

    return json.loads(text, parse_constant=refuse)


def members(document: Any, at: str = "") -> set[str]:
    """Return the names of all members of a document, including nested ones."""
    if isinstance(document, list):
        return {name for each in document for name in members(each, f"{at}[]/")}
    if not isinstance(document, dict):
        return set()
    inner = {name for key, value in document.items() if key not in FREE for name in members(value, f"{at}{key}/")}
    return inner | {f"{at}{key}" for key in document}


@cache
def usual_members(endpoint: Endpoint) -> frozenset[str]:
    """Return the members of an endpoint's response to a valid call."""
    with furnished() as house:
        return frozenset(members(read_json(house.call(endpoint).body)))
