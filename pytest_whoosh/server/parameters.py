"""Reads the parameters of the control API's operations, and explains invalid ones."""

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from pytest_whoosh.engine.errors import unknown_name
from pytest_whoosh.engine.http import Form
from pytest_whoosh.engine.messages.fields import SYNONYMS
from pytest_whoosh.wording.texts import cut, printable

from .documents import PROPERTIES, in_python
from .json_types import PATTERN, InvalidValue, JsonType

#: A space in a query string that was a plus sign of an address, not written as %2B.
_LOST_PLUS: Final = re.compile(r"(?<![^:]) (?=\d)")
#: The match keys. A name with a tilde takes a pattern.
MATCHED: Final[Mapping[str, JsonType]] = {
    name: json_type for name, json_type in PROPERTIES.items() if name != "callbacks"
}
#: Other names that people may use for match keys, without ``from``, which is a match key here.
_SYNONYMS: Final = {name: key for name, key in SYNONYMS.items() if name not in MATCHED}


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of an operation."""

    name: str
    type: JsonType
    about: str
    required: bool = False
    #: True for one of the many properties of a resource.
    is_property: bool = False


#: Every match key, as a parameter.
MATCH_KEYS: Final = (
    *(Parameter(name, json_type, f"{name} equals this value") for name, json_type in MATCHED.items()),
    *(Parameter(f"{name}~", PATTERN, f"{name} contains a match of this pattern") for name in MATCHED),
)


def read_parameters(owner: str, parameters: Sequence[Parameter], given: Mapping[str, Any]) -> dict[str, Any]:
    """Read an operation's parameters, by their names in Python. Null counts as not given.

    Raises:
        ValueError: A parameter is unknown, missing, or has another type.
    """
    known = {parameter.name: parameter for parameter in parameters}
    read: dict[str, Any] = {}
    for name, value in given.items():
        parameter = known.get(_written(name))
        if parameter is None:
            raise ValueError(_unknown_parameter(owner, name, value, known) if known else _takes_none(owner, name))
        if value is not None:
            read[in_python(parameter.name)] = _fit(owner, parameter.name, parameter.type, value)
    for parameter in parameters:
        if parameter.required and in_python(parameter.name) not in read:
            raise ValueError(f"{owner} needs {parameter.name}: {parameter.about}.")
    return read


def _unknown_parameter(owner: str, name: str, value: Any, known: Mapping[str, Parameter]) -> str:
    """Return the text that refuses an unknown parameter. It suggests where to write a match key."""
    is_key = "match" in known and _written(name.removesuffix("~")) in MATCHED
    nested = {name: cut(json.dumps({"match": {name: value}}))} if is_key else {}
    return unknown_name(f"parameter of {owner}", name, known, nested)


def read_criteria(owner: str, given: Mapping[str, Any], besides: Iterable[str] = ()) -> dict[str, Any]:
    """Read match criteria, by their names in Python. ``besides`` are the other names that the operation takes.

    Raises:
        ValueError: A name is unknown, or a value has another type.
    """
    read: dict[str, Any] = {}
    for key, value in given.items():
        name = _written(key.removesuffix("~"))
        json_type = MATCHED.get(name)
        if json_type is None:
            raise ValueError(unknown_name("match key", key, [*MATCHED, *besides], _SYNONYMS))
        if in_python(name) in read:
            raise ValueError(f"{owner} takes {name} once: as a value, or with {name}~ as a pattern.")
        if key.endswith("~"):
            read[in_python(name)] = _fit(owner, key, PATTERN, value)
        else:
            read[in_python(name)] = None if value is None else _fit(owner, name, json_type, value)
    return read


def read_query(owner: str, query: Form, parameters: Sequence[Parameter]) -> dict[str, Any]:
    """Convert a query to the equivalent JSON values.

    Raises:
        ValueError: A parameter with one value is repeated.
    """
    types = {**MATCHED, **{parameter.name: parameter.type for parameter in parameters}}
    return {key: _of_texts(owner, key, types.get(_written(key)), texts) for key, texts in query.items()}


def _of_texts(owner: str, key: str, json_type: JsonType | None, texts: list[str]) -> object:
    if json_type and json_type.many:
        return texts
    if len(texts) > 1:
        raise ValueError(f"{owner} takes {key} once, but it was given {len(texts)} times.")
    text = texts[0]
    if _written(key) in ("to", "from"):
        text = _LOST_PLUS.sub("+", text)
    if json_type and json_type.nullable and text == "null":
        return None
    return json_type.parse(text) if json_type else text


def _fit(owner: str, name: str, json_type: JsonType, value: Any) -> object:
    try:
        return json_type.read(value)
    except InvalidValue:
        raise ValueError(f"{owner} takes {name} as {json_type.expected}, not {show(value)}.") from None


def show(value: object) -> str:
    """Return a JSON value as it was sent, shortened to one line."""
    return printable(cut(json.dumps(value, ensure_ascii=False)))


def _written(name: str) -> str:
    """Return a name in the control API's spelling: ``from_`` becomes ``from``."""
    return "from" if name == "from_" else name


def _takes_none(owner: str, name: str) -> str:
    return f"{owner} takes no parameters, but {show(name)} was given."
