"""Requests: headers in any case, forms, and JSON that can be serialised again."""

from typing import Any

import pytest

from pytest_whoosh.engine.http import Request, joined_headers, parse_form, read_json


@pytest.mark.parametrize(
    ("headers", "value"),
    [
        ({"X-Name": "Ada"}, "Ada"),
        ({"Host": "api.twilio.com", "x-name": "Ada"}, "Ada"),
        ({"X-NAME": "Ada", "Host": "api.twilio.com"}, "Ada"),
        ({"x-name": b"Ad\xe4"}, "Adä"),
        ({"Host": "api.twilio.com"}, None),
    ],
    ids=["as asked", "lower case", "upper case", "bytes", "absent"],
)
def test_a_header_is_found_in_any_case(headers: dict[str, Any], value: str | None) -> None:
    assert Request("GET", "https://api.twilio.com/", headers).header("X-Name") == value


def test_a_request_without_a_body_has_an_empty_form() -> None:
    request = Request("get", "https://api.twilio.com/Messages?To=1&To=2", {})

    assert (request.method, request.text, request.form, request.query) == ("GET", "", {}, {"To": ["1", "2"]})


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("", {}),
        ("a=1&a=2&b=", {"a": ["1", "2"], "b": [""]}),
        ("a=b=c", {"a": ["b=c"]}),
        ("a&&=b", {"a": [""], "": ["b"]}),
        ("a+b=%2B1%20+", {"a b": ["+1  "]}),
        ("a=%ff", {"a": ["\ufffd"]}),
    ],
    ids=["empty", "repeated", "an equals sign in the value", "halves", "spaces", "no UTF-8"],
)
def test_a_form_keeps_every_value(text: str, form: dict[str, list[str]]) -> None:
    assert parse_form(text) == form


def test_headers_that_come_several_times_in_any_case_keep_every_value() -> None:
    headers = [("Set-Cookie", "a=1"), ("Content-Type", "text/xml"), ("set-cookie", "b=2")]

    assert joined_headers(headers) == {"set-cookie": "a=1\nb=2", "content-type": "text/xml"}


@pytest.mark.parametrize("text", ["{", "NaN", "[Infinity]", r'"\ud800"', "[" * 100_000])
def test_json_that_cannot_be_serialised_again_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        read_json(text)


def test_json_is_read_whole() -> None:
    assert read_json('{"name": "Zoë", "age": 7}') == {"name": "Zoë", "age": 7}
