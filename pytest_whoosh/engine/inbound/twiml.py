"""Parses TwiML: an app's response to a message from a person.

See https://www.twilio.com/docs/messaging/twiml
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final, TypeAlias
from xml.parsers import expat

#: The content types of TwiML. Plain text is a reply by itself.
TWIML_TYPES: Final = frozenset({"text/xml", "application/xml", "text/html"})
PLAIN_TYPE: Final = "text/plain"
#: The most bytes of a response that the vendor reads.
LONGEST_DOCUMENT: Final = 64 * 1024


#: The attributes of each verb.
_MESSAGE_ATTRIBUTES: Final = frozenset({"to", "from", "action", "method", "statusCallback"})
ATTRIBUTES: Final[Mapping[str, frozenset[str]]] = MappingProxyType(
    {"Message": _MESSAGE_ATTRIBUTES, "Sms": _MESSAGE_ATTRIBUTES, "Redirect": frozenset({"method"})}
)


class TwimlError(Exception):
    """A response is not valid TwiML. It has the documented error code and a description."""

    def __init__(self, code: int, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


@dataclass(frozen=True, slots=True)
class MessageVerb:
    """``<Message>``: a message to send."""

    body: str
    media: tuple[str, ...] = ()
    to: str | None = None
    from_: str | None = None
    action: str | None = None
    method: str = "POST"
    status_callback: str | None = None


@dataclass(frozen=True, slots=True)
class RedirectVerb:
    """``<Redirect>``: the document continues at another URL."""

    url: str
    method: str = "POST"


Verb: TypeAlias = MessageVerb | RedirectVerb


@dataclass(slots=True)
class Document:
    """The verbs of a response in order, and warnings about unknown parts."""

    verbs: list[Verb] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)


@dataclass(slots=True)
class _Element:
    name: str
    attributes: Mapping[str, str]
    text: str = ""
    children: "list[_Element]" = field(default_factory=list)


def parse_response(body: str, content_type: str | None) -> Document:
    """Parse an app's response. An empty response has no verbs.

    Raises:
        TwimlError: the response has another type (12300), is too long (11750), or is not TwiML (12100, 12102).
    """
    if not body.strip():
        return Document()
    if len(body.encode("utf-8", "replace")) > LONGEST_DOCUMENT:
        raise TwimlError(11750, f"the response is longer than {LONGEST_DOCUMENT} bytes")
    kind = (content_type or "").partition(";")[0].strip().lower()
    if kind == PLAIN_TYPE:
        return Document([MessageVerb(body)])
    if kind not in TWIML_TYPES:
        raise TwimlError(12300, f"the content type is {content_type!r}" if kind else "the response has no content type")
    root = _parse(body)
    if root.name != "Response":
        raise TwimlError(12102, f"the root element is <{root.name}>")
    document = Document()
    if root.text.strip():
        document.warnings.append(f"the text {root.text.strip()!r} is outside of <Message>")
    for element in root.children:
        known = ATTRIBUTES.get(element.name, element.attributes)
        document.warnings += [
            f"{name!r} is not an attribute of <{element.name}>" for name in element.attributes if name not in known
        ]
        if element.name in ("Message", "Sms"):
            document.verbs.append(_message(element, document.warnings))
        elif element.name == "Redirect":
            document.verbs.append(RedirectVerb(element.text.strip(), _method(element)))
        else:
            document.warnings.append(f"<{element.name}> is not a messaging verb")
    return document


def _message(element: _Element, warnings: list[str]) -> MessageVerb:
    texts, media = [element.text.strip()], []
    for child in element.children:
        if child.name == "Body":
            texts.append(child.text)
        elif child.name == "Media":
            media.append(child.text.strip())
        else:
            warnings.append(f"<{child.name}> is not allowed in <{element.name}>")
    given = element.attributes
    return MessageVerb(
        "".join(texts),
        tuple(media),
        given.get("to"),
        given.get("from"),
        given.get("action"),
        _method(element),
        given.get("statusCallback"),
    )


def _method(element: _Element) -> str:
    method = element.attributes.get("method", "POST").upper()
    if method not in ("GET", "POST"):
        raise TwimlError(14104, f"the method {method!r} of <{element.name}> is neither GET nor POST")
    return method


def _parse(text: str) -> _Element:
    """Parse XML with expat. A DTD is refused, because its entities could read files or expand without limit."""
    parser = expat.ParserCreate()
    top = _Element("", {})
    open_elements = [top]

    def start(name: str, attributes: dict[str, str]) -> None:
        element = _Element(name, attributes)
        open_elements[-1].children.append(element)
        open_elements.append(element)

    def end(_: str) -> None:
        open_elements.pop()

    def data(characters: str) -> None:
        open_elements[-1].text += characters

    def refuse(*_: object) -> None:
        raise TwimlError(12100, "a document type declaration is not allowed")

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = data
    parser.StartDoctypeDeclHandler = refuse
    try:
        parser.Parse(text, True)
    except expat.ExpatError as error:
        raise TwimlError(12100, str(error)) from None
    return top.children[0]
