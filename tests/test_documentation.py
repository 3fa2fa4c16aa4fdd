"""README and guide: snippets run, links lead somewhere, tables are made from code.

``python -m tests.test_documentation`` writes the tables and the API reference anew.
"""

import ast
import configparser
import os
import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from datetime import timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import NamedTuple

import pytest

from pytest_whoosh.api import all_routes
from pytest_whoosh.engine.carrier.senders import MMS_COUNTRIES
from pytest_whoosh.engine.carrier.throughput import (
    CHANNEL_RATE,
    LONGEST_DRAIN,
    MMS_RATES,
    SMS_RATE_ELSEWHERE,
    SMS_RATES,
    SenderType,
)
from pytest_whoosh.engine.messages.lifecycle import REPORTED, TRANSITIONS, Status
from pytest_whoosh.engine.settings import ABOUT, NAMES, Settings
from pytest_whoosh.server.operations import OPERATIONS
from pytest_whoosh.server.operations.operation import Operation
from pytest_whoosh.views import Message, Queue

from . import reference
from .benchmarks import campaign

ROOT = Path(__file__).parents[1]
README = ROOT / "README.md"
GUIDE = ROOT / "pytest_whoosh" / "guide"
PAGES = (README, *sorted(GUIDE.glob("*.md")))


class Block(NamedTuple):
    """A fenced block: its page, its language, its line in the page, and its text."""

    page: str
    language: str
    line: int
    text: str


def blocks(language: str, *, page: Path | None = None) -> list[Block]:
    """Return the fenced blocks of a language, in one page or in all pages."""
    return [block for path in ([page] if page else PAGES) for block in _blocks(path) if block.language == language]


def _blocks(path: Path) -> Iterator[Block]:
    text = path.read_text(encoding="utf-8")
    for match in re.finditer(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        yield Block(path.stem, match[1], text[: match.start()].count("\n") + 2, match[2])


def is_conftest(block: Block) -> bool:
    return block.text.startswith("# conftest.py\n")


def has_tests(block: Block) -> bool:
    return "def test_" in block.text


def name(block: Block) -> str:
    return f"{block.page}:{block.line}"


PYTHON = blocks("python")


#: Libraries that snippets import and not every environment has. These snippets run in a process of their own.
NEIGHBOURS = {"django": "pytest_django", "celery": None, "pytest_asyncio": "pytest_asyncio"}
#: The Django project that a snippet of the guide tests.
PROJECT = {
    "project_settings": """
        SECRET_KEY = "secret"
        ROOT_URLCONF = "project_urls"
        USE_TZ = True
        INSTALLED_APPS = ["django.contrib.contenttypes", "django.contrib.auth"]
        DATABASES = {"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}
    """,
    "project_urls": """
        from django.contrib.auth.models import User
        from django.http import HttpResponse
        from django.urls import path

        def status(request):
            User.objects.create(username=request.POST["MessageStatus"])
            return HttpResponse()

        urlpatterns = [path("status", status)]
    """,
}


def with_tests() -> list[object]:
    """Return the snippets that have tests. Each is skipped if a library that it uses is missing."""
    params: list[object] = []
    for block in filter(has_tests, PYTHON):
        missing = [each for each in neighbours(block) if find_spec(each) is None]
        marks = [pytest.mark.skip(f"needs {', '.join(missing)}")] if missing else []
        params.append(pytest.param(block, id=name(block), marks=marks))
    return params


def neighbours(block: Block) -> list[str]:
    shown = [each for each in NEIGHBOURS if re.search(rf"^(from|import) {each}\b", block.text, re.MULTILINE)]
    return [*shown, *(plugin for each in shown if (plugin := NEIGHBOURS[each]) and plugin != each)]


@pytest.mark.parametrize("block", with_tests())
def test_a_snippet_with_tests_passes(block: Block, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    shared = [each.text for each in PYTHON if is_conftest(each) and each.page in ("start", block.page)]
    pytester.makeconftest("\n".join(shared))
    pytester.makepyfile(block.text)
    kinds = (ast.FunctionDef, ast.AsyncFunctionDef)
    functions = [node.name for node in ast.walk(ast.parse(block.text)) if isinstance(node, kinds)]
    # pytest-asyncio, where it is installed, warns of a setting that it will have another default for.
    options = ["-p", "no:randomly", "-W", "error", "-W", "ignore:The configuration option"]

    if needed := neighbours(block):
        pytester.makepyfile(**PROJECT)
        monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
        options += ["-p", "whoosh", *(f"-p{plugin}.plugin" for plugin in NEIGHBOURS.values() if plugin in needed)]
        options += ["--ds=project_settings"] if "django" in needed else []
        result = pytester.runpytest_subprocess(*options)
    else:
        result = pytester.runpytest_inprocess(*options)

    result.assert_outcomes(passed=sum(function.startswith("test_") for function in functions))


@pytest.mark.parametrize("block", [each for each in PYTHON if not has_tests(each) and not is_conftest(each)], ids=name)
def test_another_snippet_runs(block: Block) -> None:
    exec(compile(block.text, name(block), "exec"), {"__name__": "snippet"})


@pytest.mark.parametrize("block", blocks("ini"), ids=name)
def test_an_ini_file_is_taken(block: Block, pytester: pytest.Pytester) -> None:
    pytester.makeini(block.text)
    options = configparser.ConfigParser()
    options.read_string(block.text)
    pytester.makepyfile("def test(whoosh): pass")

    pytester.runpytest_inprocess("--strict-config").assert_outcomes(passed=1)
    assert options.options("pytest") != []


def test_every_block_is_of_a_kind_that_is_checked_or_marked_as_not_running() -> None:
    languages = {block.language for page in PAGES for block in _blocks(page)}

    assert languages <= {"python", "ini", "sh", "text"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_every_link_leads_to_a_file_and_a_heading(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    links = re.findall(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)", text)

    missing = [link for link, _ in links if not (page.parent / link).exists()]
    lost = [f"{link}#{anchor}" for link, anchor in links if anchor and anchor not in _anchors(page.parent / link, page)]

    assert missing + lost == []


@pytest.mark.parametrize("page", PAGES[1:], ids=lambda page: page.stem)
def test_a_page_of_the_guide_links_only_to_what_is_installed_with_it(page: Path) -> None:
    links = re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text(encoding="utf-8"))

    assert [link for link in links if Path(link).name != link] == []


def _anchors(target: Path, page: Path) -> set[str]:
    text = (page if target.is_dir() else target).read_text(encoding="utf-8")
    return {_anchor(heading) for heading in re.findall(r"^#+ (.*)$", text, re.MULTILINE)}


def test_the_readme_lists_every_page_of_the_guide() -> None:
    listed = re.findall(r"pytest_whoosh/guide/(\w+)\.md", README.read_text(encoding="utf-8"))

    assert set(listed) == {page.stem for page in PAGES[1:]}


def test_every_module_is_in_the_tree() -> None:
    tree = next(block.text for block in blocks("text") if block.text.startswith("pytest_whoosh/"))
    listed = re.findall(r"^[├└]── (\S+)", tree, re.MULTILINE)
    package = ROOT / "pytest_whoosh"
    there = [path.name + "/" * path.is_dir() for path in package.iterdir() if not path.name.startswith("__pycache__")]

    assert sorted(listed) == sorted(set(there) - {"py.typed"})


def test_the_arrows_are_those_of_the_import_contracts() -> None:
    arrows = next(block.text for block in blocks("text") if block.text.startswith("__main__\n"))
    layers = [set(re.findall(r"\w+", re.split(r" {4,}", layer)[0])) for layer in arrows.split("↓")]
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"][
        "contracts"
    ]

    contract = next(each for each in contracts if each["type"] == "layers")

    assert layers == [set(re.findall(r"\w+", layer)) for layer in contract["layers"]]


# Tables


def settings() -> Iterator[tuple[str, ...]]:
    yield "Setting", "Default", "Meaning"
    defaults = Settings()
    for setting in NAMES:
        yield f"`{setting}`", _default(getattr(defaults, setting)), ABOUT[setting]


def _default(value: object) -> str:
    if isinstance(value, timedelta):
        return f"{value // timedelta(minutes=1)} minutes"
    if isinstance(value, bool):
        return f"`{str(value).lower()}`"
    if value is None:
        return "none"
    if isinstance(value, str) and len(value) > 30:
        return "fixed"
    if value == {}:
        return "none"
    return f"`{value}`" if isinstance(value, str | int) else "see [life of a message](lifecycle.md)"


def message() -> Iterator[tuple[str, ...]]:
    return _properties(Message)


def queue() -> Iterator[tuple[str, ...]]:
    return _properties(Queue)


def _properties(view: type) -> Iterator[tuple[str, ...]]:
    yield "Property", "Meaning"
    for key, member in vars(view).items():
        if isinstance(member, property) and not key.startswith("_"):
            yield f"`{key}`", (member.__doc__ or "").replace("``", "`").rstrip(".")


def rates() -> Iterator[tuple[str, ...]]:
    yield "From", "To", "Segments a second", "A full queue"
    for sort, rates in SMS_RATES.items():
        for rate in dict.fromkeys(rates.values()):
            yield f"a {sort.value}", ", ".join(each for each in rates if rates[each] == rate), *_pace(rate)
    yield "any of these, or an alphanumeric sender", "elsewhere", *_pace(SMS_RATE_ELSEWHERE)
    yield "a sender on a channel such as WhatsApp", "anywhere", *_pace(CHANNEL_RATE, "messages")
    for sort, rate in MMS_RATES.items():
        sender = f"a {sort.value}" if sort is SenderType.SHORT_CODE else f"all {sort.value}s of an account"
        yield sender, ", ".join(sorted(MMS_COUNTRIES, reverse=True)), *_pace(rate, "MMS")


def _pace(rate: int, what: str = "") -> tuple[str, str]:
    return f"{rate} {what}".strip(), f"{rate * LONGEST_DRAIN:,}"


def lifecycle() -> Iterator[tuple[str, ...]]:
    yield "Status", "May become", "Reported to the status callback"
    for status, following in TRANSITIONS.items():
        after = [f"`{each}`" for each in Status if each in following]
        yield f"`{status}`", ", ".join(after) or "-", "yes" if status in REPORTED else "no"


def endpoints() -> Iterator[tuple[str, ...]]:
    yield "Path", "Methods"
    methods: dict[str, list[str]] = {}
    for routes in all_routes():
        for route in routes:
            if not route.handler.__name__.startswith("refuse_"):
                methods.setdefault(route.path, []).append(route.method)
    for path, allowed in methods.items():
        yield f"`{path}`", ", ".join(sorted(allowed))


def control() -> Iterator[tuple[str, ...]]:
    yield "Operation", "What it does", "Parameters"
    for operation in OPERATIONS:
        yield f"`{operation.method} {operation.path}`", operation.about, ", ".join(_parameters(operation)) or "-"


def _parameters(operation: Operation) -> Iterator[str]:
    own = [each for each in operation.parameters if not each.is_property]
    for parameter in own:
        yield f"**`{parameter.name}`**" if parameter.required else f"`{parameter.name}`"
    if len(own) < len(operation.parameters):
        yield "the properties of the resource"
    if operation.matches:
        yield "match keys"


TABLES: dict[str, Callable[[], Iterator[tuple[str, ...]]]] = {
    table.__name__: table for table in (settings, message, lifecycle, rates, queue, control, endpoints)
}


def rendered(table: str) -> str:
    head, *rows = map(_row, TABLES[table]())
    return "\n".join([head, re.sub(r"[^|]+", " --- ", head), *rows])


def _row(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"


def with_tables(text: str) -> str:
    for table in TABLES:
        text = re.sub(
            rf"(<!-- {table} -->\n).*?(<!-- /{table} -->)",
            lambda match, table=table: f"{match[1]}{rendered(table)}\n{match[2]}",
            text,
            flags=re.DOTALL,
        )
    return text


@pytest.mark.parametrize("table", TABLES)
def test_a_table_says_what_the_code_says(table: str) -> None:
    wanted = f"<!-- {table} -->\n{rendered(table)}\n<!-- /{table} -->"

    assert any(wanted in page.read_text(encoding="utf-8") for page in PAGES), (
        "python -m tests.test_documentation writes it"
    )


# The API reference, made from the docstrings

REFERENCE = GUIDE / "reference.md"
CLASSES = reference.classes()
METHODS = [
    pytest.param(member.function, id=f"{owner.__name__}.{member.name}")
    for owner in CLASSES
    for member in reference.members(owner)
    if member.is_method
]


def test_the_reference_says_what_the_docstrings_say() -> None:
    assert REFERENCE.read_text(encoding="utf-8") == reference.page(), "python -m tests.test_documentation writes it"


def test_the_reference_has_every_public_name() -> None:
    page = reference.page()

    for owner in CLASSES:
        assert f"\n## {owner.__name__}\n" in page
        for member in reference.members(owner):
            assert re.search(rf"\b{member.name}[`(]", page.partition(f"\n## {owner.__name__}\n")[2]), member.name


@pytest.mark.parametrize("function", METHODS)
def test_a_docstring_describes_all_parameters_and_what_is_returned(function: Callable[..., object]) -> None:
    documented = reference.parse(function)
    says_what_is_returned = documented.text.startswith("Return ") or "Returns" in documented.sections

    if not documented.text.startswith("Await this instead of "):  # the twin says it
        assert set(documented.items("Args")) == {each.name for each in reference.parameters(function)}
        assert says_what_is_returned or not reference.returns_a_value(function)


@pytest.mark.parametrize("owner", CLASSES, ids=lambda owner: owner.__name__)
def test_a_docstring_describes_all_attributes(owner: type) -> None:
    assert reference.attributes(owner) == reference.described_attributes(owner)


@pytest.mark.parametrize("owner", CLASSES, ids=lambda owner: owner.__name__)
def test_every_property_has_a_docstring(owner: type) -> None:
    assert [each.name for each in reference.members(owner) if not each.value.__doc__] == []


# The campaigns take seconds each, so they run only if an environment variable asks for it.

every_campaign = pytest.mark.skipif("WHOOSH_CAMPAIGNS" not in os.environ, reason="WHOOSH_CAMPAIGNS is not set")


def test_the_campaigns_are_those_of_the_table() -> None:
    text = (GUIDE / "throughput.md").read_text(encoding="utf-8")
    table = text.partition("<!-- campaign -->\n")[2].partition("<!-- /campaign -->")[0]

    head, _, *rows = table.splitlines()

    assert head == _row(campaign.HEAD)
    assert [row.split(" | ")[0] for row in rows] == [f"| {each.what}" for each in campaign.CAMPAIGNS]


@pytest.mark.parametrize(
    "planned",
    [campaign.CAMPAIGNS[0], *(pytest.param(each, marks=every_campaign) for each in campaign.CAMPAIGNS[1:])],
    ids=lambda planned: planned.what,
)
def test_a_campaign_has_the_outcome_in_its_table(planned: campaign.Campaign) -> None:
    assert _row(campaign.row(planned)) in (GUIDE / "throughput.md").read_text(encoding="utf-8"), (
        "python -m tests.benchmarks.campaign"
    )


@every_campaign
def test_the_plot_shows_what_the_campaigns_do() -> None:
    assert campaign.plot() == campaign.PLOT.read_text(encoding="utf-8"), "python -m tests.benchmarks.campaign draws it"


def _anchor(heading: str) -> str:
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")


if __name__ == "__main__":
    for path in PAGES:
        path.write_text(with_tables(path.read_text(encoding="utf-8")), encoding="utf-8")
    REFERENCE.write_text(reference.page(), encoding="utf-8")
    sys.exit()
