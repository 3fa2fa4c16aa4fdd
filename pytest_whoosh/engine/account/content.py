"""Content templates: what each content type holds, and what a message made of one says.

See https://www.twilio.com/docs/content/content-types-overview and
https://www.twilio.com/docs/content/using-variables-with-content-api
"""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final, TypeAlias

from pytest_whoosh.engine.addresses import channel_of
from pytest_whoosh.engine.errors import ApiError, choose_from
from pytest_whoosh.engine.http import read_json
from pytest_whoosh.engine.limits import LONGEST_BODY

from .resources import ContentTemplate

#: The limits of the variables of a template: their number, and the characters of a name and of a value.
MOST_VARIABLES: Final = 100
LONGEST_NAME: Final = 16
LONGEST_VALUE: Final = LONGEST_BODY
LONGEST_TEXT: Final = LONGEST_BODY

_PLACEHOLDER: Final = re.compile(r"\{\{\s*([^{}\s]+)\s*\}\}")
#: What no value may hold: a newline, a tab, more than four spaces in a row, or a placeholder.
_UNUSABLE: Final = re.compile(r"[\n\r\t]| {5}|\{\{|\}\}")

#: Reads one value of a content type, named by where it stands; raises ValueError where it will not do.
Read: TypeAlias = Callable[[str, object], object]


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


def _one_of(*words: str) -> Read:
    def read(where: str, value: object) -> object:
        if value not in words:
            raise ValueError(f"{where} is one of {', '.join(words)}, not {json.dumps(value)}")
        return value

    return read


@dataclass(frozen=True, slots=True)
class _Many:
    """A list, each of its items read alike."""

    read: Read

    def __call__(self, where: str, value: object) -> list[object]:
        if not isinstance(value, list):
            raise ValueError(f"{where} is a list, not {json.dumps(value)}")
        return [self.read(f"{where}[{place}]", item) for place, item in enumerate(value)]


@dataclass(frozen=True, slots=True)
class _Object:
    """An object with fields of its own; the API shows those not given as null, or as an empty list."""

    required: Mapping[str, Read]
    optional: Mapping[str, Read] = field(default_factory=dict)
    #: Fields that an SDK spells otherwise, by its spelling.
    aliases: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, where: str, value: object) -> dict[str, object]:
        if not isinstance(value, dict):
            raise ValueError(f"{where} is an object, not {json.dumps(value)}")
        fields = {**self.required, **self.optional}
        given = {self.aliases.get(name, name): content for name, content in value.items() if content is not None}
        for name in given:
            if name not in fields:
                raise ValueError(choose_from(f"field of {where}", name, fields).removesuffix("."))
        for name in self.required:
            if name not in given:
                raise ValueError(f"{where} needs {name}")
        return {
            name: read(f"{where}.{name}", given[name]) if name in given else [] if isinstance(read, _Many) else None
            for name, read in fields.items()
        }


_URLS: Final = _Many(_text)
_CARD_ACTIONS: Final = _Many(
    _Object(
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
_CALL_ACTIONS: Final = _Many(
    _Object(
        {"type": _one_of("URL", "PHONE_NUMBER", "COPY_CODE", "VOICE_CALL", "VOICE_CALL_REQUEST"), "title": _text},
        {"url": _text, "phone": _text, "code": _text, "id": _text},
    )
)
_CAROUSEL_ACTIONS: Final = _Many(
    _Object(
        {"type": _one_of("URL", "PHONE_NUMBER", "QUICK_REPLY"), "title": _text},
        {"url": _text, "phone": _text, "id": _text},
    )
)

#: The content types and their fields, in the order of the documentation.
TYPES: Final[Mapping[str, _Object]] = MappingProxyType(
    {
        "twilio/text": _Object({"body": _short_text}),
        "twilio/media": _Object({"media": _URLS}, {"body": _text}),
        "twilio/location": _Object(
            {"latitude": _number, "longitude": _number}, {"label": _text, "id": _text, "address": _text}
        ),
        "twilio/list-picker": _Object(
            {
                "body": _text,
                "button": _text,
                "items": _Many(_Object({"id": _text, "item": _text}, {"description": _text})),
            }
        ),
        "twilio/call-to-action": _Object({"body": _text, "actions": _CALL_ACTIONS}),
        "twilio/quick-reply": _Object(
            {"body": _text, "actions": _Many(_Object({"title": _text}, {"type": _one_of("QUICK_REPLY"), "id": _text}))}
        ),
        "twilio/card": _Object({"title": _text}, {"subtitle": _text, "media": _URLS, "actions": _CARD_ACTIONS}),
        "twilio/catalog": _Object(
            {"body": _text},
            {
                "title": _text,
                "subtitle": _text,
                "id": _text,
                "items": _Many(
                    _Object(
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
        "twilio/carousel": _Object(
            {
                "body": _text,
                "cards": _Many(
                    _Object({"body": _text, "media": _text, "actions": _CAROUSEL_ACTIONS}, {"title": _text}),
                ),
            }
        ),
        "twilio/flows": _Object(
            {
                "body": _text,
                "button_text": _text,
                "type": _text,
                "pages": _Many(
                    _Object(
                        {
                            "id": _text,
                            "title": _text,
                            "layout": _Many(_Object({"type": _text}, {"label": _text})),
                        },
                        {"next_page_id": _text, "subtitle": _text},
                    )
                ),
            },
            {"subtitle": _text, "media_url": _text},
        ),
        "twilio/schedule": _Object(
            {"id": _text, "title": _text, "timeSlots": _text}, aliases={"time_slots": "timeSlots"}
        ),
        "whatsapp/card": _Object(
            {"body": _text}, {"footer": _text, "media": _URLS, "header_text": _text, "actions": _CARD_ACTIONS}
        ),
        "whatsapp/authentication": _Object(
            {"actions": _Many(_Object({"type": _one_of("COPY_CODE"), "copy_code_text": _text}))},
            {"add_security_recommendation": _flag, "code_expiration_minutes": _number},
        ),
        "whatsapp/flows": _Object(
            {"body": _text, "button_text": _text, "flow_id": _text},
            {
                "subtitle": _text,
                "media_url": _text,
                "flow_token": _text,
                "flow_first_page_id": _text,
                "is_flow_first_page_endpoint": _flag,
            },
        ),
    }
)

#: What a recipient reads of a content type: the field with the text, and the field with the media. The order is
#: that in which a channel picks them, the richest first; SMS and MMS pick from the other end.
_SHOWN: Final[Mapping[str, tuple[str, str | None]]] = MappingProxyType(
    {
        "whatsapp/authentication": ("", None),
        "whatsapp/flows": ("body", "media_url"),
        "whatsapp/card": ("body", "media"),
        "twilio/flows": ("body", "media_url"),
        "twilio/catalog": ("body", None),
        "twilio/carousel": ("body", None),
        "twilio/schedule": ("title", None),
        "twilio/card": ("title", "media"),
        "twilio/list-picker": ("body", None),
        "twilio/call-to-action": ("body", None),
        "twilio/quick-reply": ("body", None),
        "twilio/location": ("label", None),
        "twilio/media": ("body", "media"),
        "twilio/text": ("body", None),
    }
)


def read_types(value: object) -> dict[str, dict[str, object]]:
    """The content types of a new template, every field of theirs filled in.

    Raises:
        ValueError: something is missing or is not what it should be; the text says what.
    """
    if not isinstance(value, dict):
        raise ValueError("types is an object that names at least one content type")
    given = {name: content for name, content in value.items() if content is not None}
    if not given:
        raise ValueError("types names at least one content type")
    for name in given:
        if name not in TYPES:
            raise ValueError(choose_from("content type", name, TYPES).removesuffix("."))
    types = {name: TYPES[name](name, content) for name, content in given.items()}
    for broken in filter(_is_broken, _texts_in(types)):
        raise ValueError(f"{broken!r} has a broken placeholder; one is written {{{{1}}}} or {{{{name}}}}")
    return types


def read_defaults(value: object) -> dict[str, str]:
    """The values that a new template gives its placeholders.

    Raises:
        ValueError: they are not what they should be; the text says why.
    """
    if value is None:
        return {}
    if not isinstance(value, dict) or not all(isinstance(each, str) for each in (*value, *value.values())):
        raise ValueError('variables is an object with texts for values, such as {"1": "there"}')
    if len(value) > MOST_VARIABLES:
        raise ValueError(f"variables has at most {MOST_VARIABLES} of them")
    for name, text in value.items():
        if not _is_name(name):
            raise ValueError(f"the variable {name!r} has a name of at most {LONGEST_NAME} characters without spaces")
        if len(text) > LONGEST_VALUE:
            raise ValueError(f"the variable {name!r} has a value of at most {LONGEST_VALUE} characters")
    return value


# Sending


@dataclass(frozen=True, slots=True)
class Rendered:
    """What a message made of a template says."""

    body: str
    media_urls: tuple[str, ...]


def read_variables(text: str | None) -> dict[str, str]:
    """The ContentVariables of a message.

    Raises:
        ApiError: they are no JSON object of usable texts (21656), or one is too long (21658).
    """
    if not text:
        return {}
    try:
        variables = read_json(text)
    except ValueError:
        raise ApiError(21656) from None
    if not isinstance(variables, dict) or len(variables) > MOST_VARIABLES:
        raise ApiError(21656)
    for name, value in variables.items():
        if not name or " " in name or not isinstance(value, str) or not value or _UNUSABLE.search(value):
            raise ApiError(21656)
        if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
            raise ApiError(21658)
    return variables


def render(template: ContentTemplate, given: Mapping[str, str], to: str) -> Rendered:
    """What a template says to a recipient: the richest content type that the channel has room for, filled in.

    Raises:
        ApiError: a placeholder has neither a value nor a default (21656).
    """
    order = [name for name in _SHOWN if name in template.types]
    channel = channel_of(to)
    if channel is None:
        order.reverse()
    else:
        # Types of another channel come last, in their order.
        order.sort(key=lambda name: name.partition("/")[0] not in ("twilio", channel))
    name = order[0]
    content = template.types[name]
    values = {**template.variables, **given}
    text, media = _SHOWN[name]
    body = content[text] if text else _authentication_text(content)
    urls = content[media] if media else None
    listed = urls if isinstance(urls, list) else [urls] if urls else []
    return Rendered(_fill(str(body or ""), values), tuple(_fill(str(url), values) for url in listed))


def _authentication_text(content: Mapping[str, object]) -> str:
    """The text of a one-time password on WhatsApp, which the channel prescribes."""
    text = "{{1}} is your verification code."
    if content["add_security_recommendation"]:
        text += " For your security, do not share this code."
    if minutes := content["code_expiration_minutes"]:
        text += f" This code expires in {minutes} minutes."
    return text


def _fill(text: str, values: Mapping[str, str]) -> str:
    def value(placeholder: "re.Match[str]") -> str:
        if placeholder[1] not in values:
            raise ApiError(21656)
        return values[placeholder[1]]

    return _PLACEHOLDER.sub(value, text)


def _is_broken(text: str) -> bool:
    rest = _PLACEHOLDER.sub("", text)
    return "{{" in rest or "}}" in rest or not all(map(_is_name, _PLACEHOLDER.findall(text)))


def _is_name(name: str) -> bool:
    return 0 < len(name) <= LONGEST_NAME and not re.search(r"\s", name)


def _texts_in(content: Any) -> list[str]:
    if isinstance(content, str):
        return [content]
    inner = content.values() if isinstance(content, dict) else content if isinstance(content, list) else ()
    return [text for each in inner for text in _texts_in(each)]
