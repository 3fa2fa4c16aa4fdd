"""Reads content templates by their content types, and renders messages from them.

See https://www.twilio.com/docs/content/content-types-overview and
https://www.twilio.com/docs/content/using-variables-with-content-api
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, NamedTuple, TypeAlias

from pytest_whoosh.engine.errors import ApiError, unknown_name
from pytest_whoosh.engine.http import read_json
from pytest_whoosh.engine.limits import LONGEST_BODY

from .resources import ContentTemplate

#: The limits for a template's variables: their number, and the length of a name and of a value, in characters.
MOST_VARIABLES: Final = 100
LONGEST_NAME: Final = 16
LONGEST_VALUE: Final = LONGEST_BODY
LONGEST_TEXT: Final = LONGEST_BODY

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
_NO_VARIABLES: Final = 'ContentVariables takes a JSON object such as {"1": "Ann"}'
#: Text that a value cannot contain: a newline, a tab, more than four spaces in a row, or a placeholder.
_UNUSABLE: Final = re.compile(r"[\n\r\t]| {5}|\{\{|\}\}")

#: Reads one value of a content type. Raises ValueError if the value is invalid. The first argument is the value's path.
ValueReader: TypeAlias = Callable[[str, object], object]


# Readers


def _text(where: str, value: object) -> str:
    if not isinstance(value, str):
        raise ValueError(f"{where} is a text, not {json.dumps(value)}")
    return value


def _short_text(where: str, value: object) -> str:
    text = _text(where, value)
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"{where} has at most {LONGEST_TEXT} characters")
    return text


def _number(where: str, value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{where} is a number, not {json.dumps(value)}")
    return value


def _flag(where: str, value: object) -> bool:
    if not isinstance(value, bool):
        raise ValueError(f"{where} is true or false, not {json.dumps(value)}")
    return value


def _one_of(*words: str) -> ValueReader:
    def read(where: str, value: object) -> object:
        if value not in words:
            raise ValueError(f"{where} is one of {', '.join(words)}, not {json.dumps(value)}")
        return value

    return read


@dataclass(frozen=True, slots=True)
class _ListReader:
    """Reads a list, each item with the same reader."""

    read: ValueReader

    def __call__(self, where: str, value: object) -> list[object]:
        if not isinstance(value, list):
            raise ValueError(f"{where} is a list, not {json.dumps(value)}")
        return [self.read(f"{where}[{place}]", item) for place, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class _ObjectReader:
    """Reads an object with its own fields. The API shows a missing field as null or an empty list."""

    required: Mapping[str, ValueReader]
    optional: Mapping[str, ValueReader] = field(default_factory=dict)
    #: The names of fields that an SDK spells differently, by the SDK's spelling.
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, where: str, value: object) -> dict[str, object]:
        if not isinstance(value, dict):
            raise ValueError(f"{where} is an object, not {json.dumps(value)}")
        fields = {**self.required, **self.optional}
        given = {self.aliases.get(name, name): content for name, content in value.items() if content is not None}
        for name in given:
            if name not in fields:
                raise ValueError(unknown_name(f"field of {where}", name, fields).removesuffix("."))
        for name in self.required:
            if name not in given:
                raise ValueError(f"{where} needs {name}")
        return {
            name: read(f"{where}.{name}", given[name])
            if name in given
            else []
            if isinstance(read, _ListReader)
            else None
            for name, read in fields.items()
        }


_URLS: Final = _ListReader(_text)
_CARD_ACTIONS: Final = _ListReader(
    _ObjectReader(
        {"type": _one_of("URL", "PHONE_NUMBER", "QUICK_REPLY", "COPY_CODE", "VOICE_CALL"), "title": _text},
        {
            "url": _text,
            "phone": _text,
            "id": _text,
            "code": _text,
            "webview_size": _one_of("TALL", "FULL", "HALF", "NONE"),
        },
    )
)
_CALL_ACTIONS: Final = _ListReader(
    _ObjectReader(
        {"type": _one_of("URL", "PHONE_NUMBER", "COPY_CODE", "VOICE_CALL", "VOICE_CALL_REQUEST"), "title": _text},
        {"url": _text, "phone": _text, "code": _text, "id": _text},
    )
)
_CAROUSEL_ACTIONS: Final = _ListReader(
    _ObjectReader(
        {"type": _one_of("URL", "PHONE_NUMBER", "QUICK_REPLY"), "title": _text},
        {"url": _text, "phone": _text, "id": _text},
    )
)


class ContentType(NamedTuple):
    """One content type: its fields, and the ones that a plain text message shows."""

    read: _ObjectReader
    #: The name of the field with the text; empty if the channel prescribes the text.
    text: str
    #: The name of the field with the media URLs.
    media: str | None = None
    #: True if the type can only be sent within the conversation window. WhatsApp never approves such types.
    in_window_only: bool = False


#: The content types, the least complex first. A channel sends the most complex one that it supports.
CONTENT_TYPES: Final[Mapping[str, ContentType]] = MappingProxyType(
    {
        "twilio/text": ContentType(_ObjectReader({"body": _short_text}), "body"),
        "twilio/media": ContentType(_ObjectReader({"media": _URLS}, {"body": _text}), "body", "media"),
        "twilio/location": ContentType(
            _ObjectReader({"latitude": _number, "longitude": _number}, {"label": _text, "id": _text, "address": _text}),
            "label",
            in_window_only=True,
        ),
        "twilio/quick-reply": ContentType(
            _ObjectReader(
                {
                    "body": _text,
                    "actions": _ListReader(
                        _ObjectReader({"title": _text}, {"type": _one_of("QUICK_REPLY"), "id": _text})
                    ),
                }
            ),
            "body",
        ),
        "twilio/call-to-action": ContentType(_ObjectReader({"body": _text, "actions": _CALL_ACTIONS}), "body"),
        "twilio/list-picker": ContentType(
            _ObjectReader(
                {
                    "body": _text,
                    "button": _text,
                    "items": _ListReader(_ObjectReader({"id": _text, "item": _text}, {"description": _text})),
                }
            ),
            "body",
            in_window_only=True,
        ),
        "twilio/card": ContentType(
            _ObjectReader({"title": _text}, {"subtitle": _text, "media": _URLS, "actions": _CARD_ACTIONS}),
            "title",
            "media",
        ),
        "twilio/schedule": ContentType(
            _ObjectReader({"id": _text, "title": _text, "timeSlots": _text}, aliases={"time_slots": "timeSlots"}),
            "title",
        ),
        "twilio/carousel": ContentType(
            _ObjectReader(
                {
                    "body": _text,
                    "cards": _ListReader(
                        _ObjectReader({"body": _text, "media": _text, "actions": _CAROUSEL_ACTIONS}, {"title": _text}),
                    ),
                }
            ),
            "body",
        ),
        "twilio/catalog": ContentType(
            _ObjectReader(
                {"body": _text},
                {
                    "title": _text,
                    "subtitle": _text,
                    "id": _text,
                    "items": _ListReader(
                        _ObjectReader(
                            {},
                            {
                                "id": _text,
                                "section_title": _text,
                                "name": _text,
                                "media_url": _text,
                                "price": _number,
                                "description": _text,
                            },
                        )
                    ),
                    "dynamic_items": _text,
                },
            ),
            "body",
        ),
        "twilio/flows": ContentType(
            _ObjectReader(
                {
                    "body": _text,
                    "button_text": _text,
                    "type": _text,
                    "pages": _ListReader(
                        _ObjectReader(
                            {
                                "id": _text,
                                "title": _text,
                                "layout": _ListReader(_ObjectReader({"type": _text}, {"label": _text})),
                            },
                            {"next_page_id": _text, "subtitle": _text},
                        )
                    ),
                },
                {"subtitle": _text, "media_url": _text},
            ),
            "body",
            "media_url",
        ),
        "whatsapp/card": ContentType(
            _ObjectReader(
                {"body": _text}, {"footer": _text, "media": _URLS, "header_text": _text, "actions": _CARD_ACTIONS}
            ),
            "body",
            "media",
        ),
        "whatsapp/flows": ContentType(
            _ObjectReader(
                {"body": _text, "button_text": _text, "flow_id": _text},
                {
                    "subtitle": _text,
                    "media_url": _text,
                    "flow_token": _text,
                    "flow_first_page_id": _text,
                    "is_flow_first_page_endpoint": _flag,
                },
            ),
            "body",
            "media_url",
        ),
        "whatsapp/authentication": ContentType(
            _ObjectReader(
                {"actions": _ListReader(_ObjectReader({"type": _one_of("COPY_CODE"), "copy_code_text": _text}))},
                {"add_security_recommendation": _flag, "code_expiration_minutes": _number},
            ),
            "",
        ),
    }
)


def read_types(value: object) -> dict[str, dict[str, object]]:
    """Return the content types of a new template, with every field.

    Raises:
        ValueError: a field is missing or invalid; the text names it.
    """
    if not isinstance(value, dict):
        raise ValueError("types is an object that names at least one content type")
    given = {name: content for name, content in value.items() if content is not None}
    if not given:
        raise ValueError("types names at least one content type")
    for name in given:
        if name not in CONTENT_TYPES:
            raise ValueError(unknown_name("content type", name, CONTENT_TYPES).removesuffix("."))
    types = {name: CONTENT_TYPES[name].read(name, content) for name, content in given.items()}
    for broken in filter(_is_broken, _texts_in(types)):
        raise ValueError(f"{broken!r} has a broken placeholder; write {{{{1}}}} or {{{{name}}}}")
    return types


def read_defaults(value: object) -> dict[str, str]:
    """Return the default values of a new template's placeholders.

    Raises:
        ValueError: a name or value is invalid; the text names it.
    """
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in (*value, *value.values())):
        raise ValueError('variables is an object with texts for values, such as {"1": "there"}')
    if len(value) > MOST_VARIABLES:
        raise ValueError(f"variables has at most {MOST_VARIABLES} names")
    for name, text in value.items():
        if not _is_name(name):
            raise ValueError(f"the variable {name!r} has a name of at most {LONGEST_NAME} characters without spaces")
        if len(text) > LONGEST_VALUE:
            raise ValueError(f"the variable {name!r} has a value of at most {LONGEST_VALUE} characters")
    return value


# Sending


class Rendered(NamedTuple):
    """The content of a message from a template: the filled-in fields of one content type, and their summary."""

    content_type: str
    fields: Mapping[str, object]
    body: str
    media_urls: tuple[str, ...]

    @property
    def content(self) -> dict[str, object]:
        """The filled-in fields as a test reads them, with the name of their content type."""
        return {"content_type": self.content_type, **self.fields}


def read_variables(text: str | None) -> dict[str, str]:
    """Parse a message's ContentVariables.

    Raises:
        ApiError: the variables are not a JSON object of valid texts (21656), or one is too long (21658).
    """
    if not text:
        return {}
    try:
        variables = read_json(text)
    except ValueError:
        raise ApiError(21656, why=_NO_VARIABLES) from None
    if not isinstance(variables, dict):
        raise ApiError(21656, why=_NO_VARIABLES)
    if len(variables) > MOST_VARIABLES:
        raise ApiError(21656, why=f"{len(variables)} variables, of at most {MOST_VARIABLES}")
    for name, value in variables.items():
        if problem := _problem(name, value):
            raise ApiError(21656, why=problem)
        if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
            raise ApiError(21658)
    return variables


def _problem(name: str, value: object) -> str | None:
    """Say what is wrong with a variable, or return None."""
    if not name or " " in name:
        return f"a variable has a name without spaces, such as 1, not {name!r}"
    if not isinstance(value, str):
        return f"{{{{{name}}}}} takes a text, not {value!r}"
    if not value:
        return f"{{{{{name}}}}} is empty"
    if _UNUSABLE.search(value):
        return f"{{{{{name}}}}} has a line break, a tab, five spaces in a row or braces"
    return None


def render(template: ContentTemplate, given: Mapping[str, str], channel: str | None) -> Rendered:
    """Fill in the content type that a channel sends: the most complex one, or the simplest one for SMS.

    Raises:
        ApiError: a placeholder has neither a value nor a default (21656).
    """
    name = _choose_type(template, channel)
    content = template.types[name]
    text, media = CONTENT_TYPES[name].text, CONTENT_TYPES[name].media
    values = {**template.variables, **given}
    body = content[text] if text else _authentication_text(content)
    missing = _placeholders_without_value(values, body, content)
    if missing:
        raise ApiError(21656, why=f"no value for {', '.join(f'{{{{{each}}}}}' for each in missing)}")
    fields = {field: _fill_in(value, values) for field, value in content.items() if value not in (None, [])}
    urls = fields.get(media or "", [])
    listed = urls if isinstance(urls, list) else [urls]
    return Rendered(name, fields, _fill_text(str(body or ""), values), tuple(map(str, listed)))


def _choose_type(template: ContentTemplate, channel: str | None) -> str:
    names = [name for name in CONTENT_TYPES if name in template.types]
    if channel is None:
        return names[0]
    # The types of another channel come last.
    return max(names, key=lambda name: (name.partition("/")[0] in ("twilio", channel), names.index(name)))


def _authentication_text(content: Mapping[str, object]) -> str:
    """Return the text that WhatsApp prescribes for a one-time password."""
    text = "{{1}} is your verification code."
    if content["add_security_recommendation"]:
        text += " For your security, do not share this code."
    if minutes := content["code_expiration_minutes"]:
        text += f" This code expires in {minutes} minutes."
    return text


def _placeholders_without_value(values: Mapping[str, str], *contents: object) -> list[str]:
    """Return the placeholders without a value, in order of appearance."""
    placeholders = (name for text in _texts_in(contents) for name in _PLACEHOLDER.findall(text))
    return [name for name in dict.fromkeys(placeholders) if name not in values]


def _fill_in(content: object, values: Mapping[str, str]) -> object:
    """Fill in the placeholders in all texts of a content."""
    if isinstance(content, str):
        return _fill_text(content, values)
    if isinstance(content, Mapping):
        return {name: _fill_in(value, values) for name, value in content.items() if value is not None}
    return [_fill_in(each, values) for each in content] if isinstance(content, list) else content


def _fill_text(text: str, values: Mapping[str, str]) -> str:
    return _PLACEHOLDER.sub(lambda placeholder: values[placeholder[1]], text) if "{{" in text else text


def _is_broken(text: str) -> bool:
    rest = _PLACEHOLDER.sub("", text)
    return "{{" in rest or "}}" in rest or not all(map(_is_name, _PLACEHOLDER.findall(text)))


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and not re.search(r"\s", name)


def _texts_in(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    inner = content.values() if isinstance(content, Mapping) else content if isinstance(content, list | tuple) else ()
    return [text for each in inner for text in _texts_in(each)]
