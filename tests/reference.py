"""Makes the guide's API reference from the docstrings of the public names."""

import ast
import inspect
import re
import textwrap
import typing
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import pytest_whoosh
from pytest_whoosh import plugin

#: The methods and properties of ``Whoosh`` by task. Names that are in no group come last.
GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "Reading": ("outbox", "inbox", "messages", "callbacks", "verifications", "last_code", "in_flight", "traffic"),
    "Asserting": ("assert_sent", "assert_not_sent", "assert_nothing_sent", "assert_callbacks", "assert_segments"),
    "Scripting": ("when", "when_called", "rules"),
    "Time": ("now", "travel", "settle", "step", "is_moving"),
    "Webhooks": ("mount", "mount_django"),
    "People": ("receive", "phone", "click", "call_document"),
    "Provisioning": (
        "add_number",
        "add_short_code",
        "add_messaging_service",
        "add_channel_sender",
        "add_application",
        "add_link_domain",
        "add_template",
        "set_approval",
        "add_media",
        "add_lookup",
        "add_verify_service",
        "opt_out",
        "deactivate",
        "set_price",
        "set_balance",
    ),
    "Throughput": ("queue", "set_concurrency"),
    "The account and the double": (
        "account_sid",
        "api_key",
        "api_secret",
        "auth_token",
        "environment",
        "reset",
        "snapshot",
    ),
}

#: Names without an underscore that the package's own modules use, and tests do not.
INTERNAL: Final = {
    "CallRule": {"answer", "on_remove", "serial", "respond_to", "applies_to", "use", "written"},
    "Rule": {"answer", "journey", "journey_of", "on_remove", "serial", "script", "applies_to", "use", "written"},
    "AsyncWhooshHttpClient": {"request"},
    "WhooshHttpClient": {"request"},
}

#: The order of the classes on the page. Those that are not named come last.
ORDER: Final = ("Whoosh", "Messages", "Message", "Callback", "Rule", "CallRule", "ApiRequest", "Phone", "Reply")

FIXTURES: Final = ("whoosh", "whoosh_server", "whoosh_tls_server")

_SECTION: Final = re.compile(r"^(Args|Attributes|Returns|Raises|Example):$", re.MULTILINE)
_ITEM: Final = re.compile(r"^(\w+): (.*?)(?=^\w+: |\Z)", re.MULTILINE | re.DOTALL)
_INTRO: Final = """\
# API reference

Every public name of `pytest_whoosh`, made from the docstrings. [Start here](start.md) has the settings, and the other
pages show the names at work. The examples use the fixtures `client` and `send` of [the first page](start.md).
"""
_FOR_PYTEST: Final = """\
The marker `@pytest.mark.whoosh(...)` takes [the settings](settings.md) for one test or class. The ini file takes each
with the prefix `whoosh_`. `--whoosh-report=PATH.html` writes [a page of the run](report.md). `-p no:whoosh` switches
the plugin off.
"""


class Docstring(NamedTuple):
    """A docstring in parts."""

    text: str
    sections: dict[str, str]

    def items(self, section: str) -> dict[str, str]:
        """Return the entries of a section by name."""
        return {name: " ".join(about.split()) for name, about in _ITEM.findall(self.sections.get(section, ""))}


class Member(NamedTuple):
    """A method or property of a class."""

    name: str
    value: Any

    @property
    def is_method(self) -> bool:
        """True if the member is called."""
        return not isinstance(self.value, property)

    @property
    def function(self) -> Callable[..., Any]:
        """The function itself."""
        return inspect.unwrap(self.value.fget if isinstance(self.value, property) else self.value)


def classes() -> list[type]:
    """Return the public classes in the order of the page."""
    found = {name: getattr(pytest_whoosh, name) for name in pytest_whoosh.__all__}
    first = [name for name in ORDER if name in found]
    return [found[name] for name in (*first, *(name for name in sorted(found) if name not in first))]


def members(owner: type) -> list[Member]:
    """Return the public methods and properties of a class, without those of other libraries."""
    ours = [base for base in reversed(owner.__mro__) if base.__module__.partition(".")[0] == "pytest_whoosh"]
    found = {name: value for base in ours for name, value in vars(base).items() if not name.startswith("_")}
    return [
        Member(name, value)
        for name, value in found.items()
        if (inspect.isfunction(value) or isinstance(value, property)) and name not in INTERNAL.get(owner.__name__, ())
    ]


def attributes(owner: type) -> set[str]:
    """Return the public attributes of a class that are neither methods nor properties."""
    ours = [base for base in owner.__mro__ if base.__module__.partition(".")[0] == "pytest_whoosh"]
    slots = {name for base in ours for name in vars(base).get("__slots__", ())}
    declared = {name for base in ours for name, value in vars(base).items() if _is_plain(value)}
    assigned = {name for base in ours if "__init__" in vars(base) for name in _assigned(base.__init__)}
    found = {name for name in slots | declared | assigned if not name.startswith("_")}
    return found - INTERNAL.get(owner.__name__, set())


def _is_plain(value: object) -> bool:
    """True if an attribute of a class is a value, such as the default of an instance's attribute."""
    return value is None or isinstance(value, bool | int | str)


def _assigned(method: Callable[..., Any]) -> Iterator[str]:
    """Return the attributes that a method sets on ``self``."""
    for node in ast.walk(ast.parse(textwrap.dedent(inspect.getsource(method)))):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and ast.unparse(node.value) == "self":
            yield node.attr


def described_attributes(owner: type) -> set[str]:
    """Return the attributes that the docstrings of a class and of its bases describe."""
    return {name for base in owner.__mro__ for name in parse(base).items("Attributes")}


def parse(documented: object) -> Docstring:
    """Split the docstring of a class or function into its parts."""
    text, *rest = _SECTION.split(inspect.getdoc(documented) or "")
    sections = {name: textwrap.dedent(body.strip("\n")) for name, body in zip(rest[::2], rest[1::2], strict=True)}
    return Docstring(text.strip(), sections)


def parameters(function: Callable[..., Any]) -> list[inspect.Parameter]:
    """Return the parameters of a method, without ``self``."""
    return [each for each in inspect.signature(function).parameters.values() if each.name != "self"]


def returns_a_value(function: Callable[..., Any]) -> bool:
    """True if the caller of a function may want what it returns: neither nothing, nor the object itself."""
    return inspect.signature(function).return_annotation not in (None, "None", typing.Self, inspect.Signature.empty)


def page() -> str:
    """Return the page."""
    return "\n".join([_INTRO, *_contents(), *(line for owner in classes() for line in _class(owner)), *_fixtures()])


def _contents() -> Iterator[str]:
    for owner in classes():
        yield f"* [`{owner.__name__}`](#{owner.__name__.lower()}): {_summary(owner)}"
    yield "* [Fixtures, marker and options](#fixtures-marker-and-options)"
    yield ""


def _summary(documented: object) -> str:
    return _markdown(parse(documented).text.partition("\n\n")[0])


def _class(owner: type) -> Iterator[str]:
    yield f"## {owner.__name__}"
    yield ""
    if owner.__init__ is not object.__init__ and parse(owner).sections.get("Args"):
        yield from _fence("text", f"{owner.__name__}{_signature(owner.__init__)}".replace(" -> None", ""))
    if (base := owner.__bases__[0]) in classes():
        yield from (f"A subclass of [`{base.__name__}`](#{base.__name__.lower()}).", "")
    yield from _parts(owner)
    all_members = members(owner)
    grouped = owner is pytest_whoosh.Whoosh
    if owner is pytest_whoosh.CallRule:
        of_rule = {each.name: each.function for each in members(pytest_whoosh.Rule)}
        shared = [each for each in all_members if of_rule.get(each.name) is each.function]
        all_members = [each for each in all_members if each not in shared]
        yield f"Has these of [`Rule`](#rule): {', '.join(f'`{each.name}`' for each in shared)}."
        yield ""
    if not grouped:
        yield from _properties([each for each in all_members if not each.is_method])
    for title, names in (_groups(all_members) if grouped else {"": [each.name for each in all_members]}).items():
        here = [each for name in names for each in all_members if each.name == name]
        if title:
            yield from (f"### {title}", "")
            yield from _properties([each for each in here if not each.is_method])
        for member in here:
            if member.is_method and not _twin(member, all_members):
                yield from _method(owner, member, all_members, level=4 if title else 3)


def _groups(all_members: list[Member]) -> dict[str, list[str]]:
    known = {name for names in GROUPS.values() for name in names}
    others = [each.name for each in all_members if each.name not in known and not _twin(each, all_members)]
    return {title: list(names) for title, names in GROUPS.items()} | ({"Others": others} if others else {})


def _twin(member: Member, all_members: list[Member]) -> str | None:
    """Return the name of the method that an asynchronous one stands beside: ``travel`` for ``atravel``."""
    name = member.name[1:]
    return name if member.name[0] == "a" and any(each.name == name for each in all_members) else None


def _properties(properties: list[Member]) -> Iterator[str]:
    if not properties:
        return
    yield from ("| Property | Type | Meaning |", "| --- | --- | --- |")
    for each in properties:
        kind = _annotation(each.function).get("return", "")
        escaped = kind.replace("|", "\\|")
        about = parse(each.value).text.replace("\n\n", " ").replace("|", "\\|")
        yield f"| `{each.name}` | `{escaped}` | {_markdown(about)} |"
    yield ""


def _method(owner: type, member: Member, all_members: list[Member], *, level: int) -> Iterator[str]:
    yield from (f"{'#' * level} {owner.__name__}.{member.name}", "")
    twin = next((each for each in all_members if _twin(each, all_members) == member.name), None)
    lines = [f"{member.name}{_signature(member.function)}"]
    if twin:
        lines.append(f"await {twin.name}(...)  # inside a running event loop: ASGI handlers run in that loop")
    yield from _fence("text", "\n".join(lines))
    yield from _parts(member.value)


def _parts(documented: object) -> Iterator[str]:
    parts = parse(documented)
    yield from (_markdown(parts.text), "")
    for section, title in (("Args", "Arguments"), ("Attributes", "Attributes"), ("Raises", "Raises")):
        if section == "Raises" and "Returns" in parts.sections:
            yield from (f"**Returns:** {_markdown(parts.sections['Returns'])}", "")
        if items := parts.items(section):
            yield from (f"**{title}:**", "")
            yield from (
                f"* `{name}`: {_markdown(about)}{_names(documented, name, about)}" for name, about in items.items()
            )
            yield ""
    if example := parts.sections.get("Example"):
        yield from ("**Example:**", "")
        yield from _fence("python", example)


def _names(documented: object, parameter: str, about: str) -> str:
    """Name the keywords that a parameter such as ``**properties`` takes, where its text does not name them all."""
    function = documented.__init__ if isinstance(documented, type) else inspect.unwrap(documented)
    hint = inspect.get_annotations(function).get(parameter) if inspect.isfunction(function) else None
    if typing.get_origin(hint) is not typing.Unpack:
        return ""
    keywords = typing.get_args(hint)[0].__annotations__
    if all(f"``{name}``" in about for name in keywords):
        return ""
    return f" Names: {', '.join(f'`{name}`' for name in sorted(keywords))}."


def _fence(language: str, text: str) -> Iterator[str]:
    yield from (f"```{language}", text.rstrip(), "```", "")


def _fixtures() -> Iterator[str]:
    yield from ("## Fixtures, marker and options", "", "| Fixture | Type | Meaning |", "| --- | --- | --- |")
    for name in FIXTURES:
        kind = "Whoosh" if name == "whoosh" else "Server"
        yield f"| `{name}` | [`{kind}`](#{kind.lower()}) | {_summary(getattr(plugin, name))} |"
    yield ""
    yield _FOR_PYTEST


def _markdown(text: str) -> str:
    text = re.sub(r":meth:`([\w.]+)`", r"`\1()`", text)
    text = re.sub(r":class:`(\w+)`", lambda match: f"[`{match[1]}`](#{match[1].lower()})", text)
    text = re.sub(r":attr:`(\w+)`", r"`\1`", text)
    return "\n\n".join(" ".join(part.split()) for part in text.replace("``", "`").split("\n\n"))


def _signature(function: Callable[..., Any]) -> str:
    signature = inspect.signature(function)
    written = _annotation(function)
    shown, keyword_only = [], False
    for each in parameters(function):
        if each.kind is each.KEYWORD_ONLY and not keyword_only:
            keyword_only = True
            if not any(other.kind is other.VAR_POSITIONAL for other in signature.parameters.values()):
                shown.append("*")
        shown.append(_parameter(each, written.get(each.name, "")))
    line = f"({', '.join(shown)}) -> {written.get('return', 'None')}"
    if len(line) < 90:
        return line
    inside = "".join(f"    {each},\n" for each in shown)
    return f"(\n{inside}) -> {written.get('return', 'None')}"


def _parameter(parameter: inspect.Parameter, annotation: str) -> str:
    if parameter.kind is parameter.VAR_KEYWORD:
        return f"**{parameter.name}"
    stars = "*" if parameter.kind is parameter.VAR_POSITIONAL else ""
    default = "" if parameter.default is parameter.empty else f" = {parameter.default!r}"
    return f"{stars}{parameter.name}: {annotation}{default}"


def _annotation(function: Callable[..., Any]) -> dict[str, str]:
    """Return the annotations of a function as its source has them, by parameter, and of ``return``."""
    node = ast.parse(textwrap.dedent(inspect.getsource(inspect.unwrap(function)))).body[0]
    assert isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    arguments: Iterable[ast.arg | None] = (
        *node.args.posonlyargs,
        *node.args.args,
        node.args.vararg,
        *node.args.kwonlyargs,
        node.args.kwarg,
    )
    found = {each.arg: each.annotation for each in arguments if each and each.annotation}
    return {name: _plain(value) for name, value in ({**found, "return": node.returns}).items() if value}


def _plain(annotation: ast.expr) -> str:
    if isinstance(annotation, ast.Constant) and isinstance(annotation.value, str):
        return annotation.value
    return ast.unparse(annotation)
