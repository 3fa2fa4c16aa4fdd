"""Writes documents of the 2010 API as XML.

See https://www.twilio.com/docs/usage/twilios-response
"""

from collections.abc import Mapping
from html import escape

_HEAD = "<?xml version='1.0' encoding='UTF-8'?>\n"
#: The element with the paths of a resource's subresources.
_LINKS = "SubresourceUris"
#: The attributes of a list's element, and the keys of the envelope with their values.
_ATTRIBUTES = {
    "page": "page",
    "pagesize": "page_size",
    "uri": "uri",
    "firstpageuri": "first_page_uri",
    "previouspageuri": "previous_page_uri",
    "nextpageuri": "next_page_uri",
    "start": "start",
    "end": "end",
}


def document(element: str, content: Mapping[str, object]) -> str:
    """Return a whole XML document for a resource, an error, or a page of a list. ``element`` names each item."""
    listed = next(((key, value) for key, value in content.items() if isinstance(value, list)), None)
    paged = listed is not None and "page_size" in content
    inner = _page(element, *listed, content) if listed and paged else _element(element, content)
    return f"{_HEAD}<TwilioResponse>{inner}</TwilioResponse>"


def _page(element: str, key: str, items: list[object], envelope: Mapping[str, object]) -> str:
    shown = {name: envelope[known] for name, known in _ATTRIBUTES.items()}
    attributes = "".join(f" {name}={_quoted('' if value is None else str(value))}" for name, value in shown.items())
    tag = _camel(key)
    return f"<{tag}{attributes}>{''.join(_element(element, item) for item in items)}</{tag}>"


def _element(tag: str, value: object) -> str:
    if isinstance(value, Mapping):
        # In XML, the API's paths have no extension.
        shown = {key: _path(inner) if key == "uri" or tag == _LINKS else inner for key, inner in value.items()}
        content = "".join(_element(_camel(key), inner) for key, inner in shown.items())
    elif isinstance(value, list):
        content = "".join(_element("Item", inner) for inner in value)
    elif isinstance(value, bool):
        content = str(value).lower()
    else:
        # Drop characters that XML 1.0 cannot represent.
        content = escape("".join(filter(_allowed, "" if value is None else str(value))), quote=False)
    return f"<{tag}>{content}</{tag}>" if content else f"<{tag}/>"


def _path(value: object) -> object:
    return value.removesuffix(".json") if isinstance(value, str) else value


def _quoted(value: str) -> str:
    return f'"{escape(value)}"'


def _allowed(character: str) -> bool:
    return (
        character in "\t\n\r"
        or " " <= character <= "\ud7ff"
        or "\ue000" <= character <= "\ufffd"
        or character > "\uffff"
    )


def _camel(key: str) -> str:
    return "".join(part.capitalize() for part in key.split("_"))
