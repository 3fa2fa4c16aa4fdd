"""The architecture: the order of imports, the calls that the engine must not make, and the form of docstrings."""

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "pytest_whoosh" / "engine"

#: The calls that a deterministic engine must not make: to the wall clock, and to random numbers.
FORBIDDEN_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.monotonic",
    "time.monotonic_ns", "time.perf_counter", "time.sleep", "uuid1", "uuid4", "uuid.uuid1", "uuid.uuid4",
}  # fmt: skip
FORBIDDEN_MODULES = {"random", "secrets", "time", "socket", "threading"}

#: The files with docstrings and comments in plain English: the package, and the tests except this file.
ENGLISH_FILES = sorted({*ENGINE.parent.rglob("*.py"), *Path(__file__).parent.rglob("*.py")} - {Path(__file__)})
#: Old words, and the openings of riddles.
BANNED = re.compile(
    r"\b(whom|whose|wherein|lest|in force|(?:is|are) to be|(?:stands?|stood) in\b(?! the)|to and fro|so that)\b",
    re.IGNORECASE,
)
RIDDLE = re.compile(r"(What|Let|Whether|How|Where|Who|Whom|Whose|Which)\b")
#: A function's docstring says what the function does, so it does not start with a noun or an article.
NOUN = re.compile(r"(A|An|The|All|Any|Each|Every|No|One|It|Its|This|That|Those|These)\b")
MOST_WORDS = 25
#: Names in a row count as one word, and a drawing or an example as none.
LISTED = re.compile(r"(?:``[^`]+``(?:,| and| or)?\s+){2,}")
DRAWING = re.compile(r"::\n\n(?: {4}.*\n|\n)+")


def test_imports_go_the_way_that_the_contracts_say(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(ROOT)

    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)

    assert code == 0, capsys.readouterr().out


@pytest.mark.parametrize("path", sorted(ENGINE.rglob("*.py")), ids=lambda path: str(path.relative_to(ENGINE)))
def test_the_engine_asks_neither_the_wall_clock_nor_chance(path: Path) -> None:
    tree = ast.parse(path.read_text(encoding="utf-8"))

    assert sorted(_called(tree) & FORBIDDEN_CALLS) == []
    assert sorted(_imported(tree) & FORBIDDEN_MODULES) == []


@pytest.mark.parametrize("path", sorted(ENGINE.parent.rglob("*.py")), ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_starts_with_a_sentence_about_its_content(path: Path) -> None:
    docstring = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""

    assert docstring.split("\n\n")[0].rstrip().endswith((".", ":"))


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("from datetime import datetime\nnow = datetime.now()", {"datetime.now"}),
        ("import datetime\nnow = datetime.datetime.now(datetime.UTC)", {"datetime.now"}),
        ("import time as t\nimport time\ntime.time()", {"time.time", "time"}),
        ("from uuid import uuid4\nuuid4()", {"uuid4"}),
        ("from random import choice", {"random"}),
        ("import random.anything", {"random"}),
        ("now = clock.now()", set()),
    ],
)
def test_the_check_finds_violations(source: str, found: set[str]) -> None:
    tree = ast.parse(source)

    assert (_called(tree) & FORBIDDEN_CALLS) | (_imported(tree) & FORBIDDEN_MODULES) == found


@pytest.mark.parametrize("path", ENGLISH_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_docstrings_and_comments_are_plain_english(path: Path) -> None:
    assert list(_faults(path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("source", "faults"),
    [
        ('def f():\n    """Return the sender."""', []),
        ('def f() -> bool:\n    """True if it is."""', []),
        ('def f() -> bool:\n    """Run one event. Return False if none is due."""', []),
        ('@property\ndef f():\n    """The sender."""', []),
        ('@pytest.fixture(scope="module")\ndef f():\n    """The sender."""', []),
        ('def test_f():\n    """The vendor does so too."""', []),
        ('def f():\n    """What was sent."""', ["opens with 'What'"]),
        ('class C:\n    """Whether it was sent."""', ["opens with 'Whether'"]),
        ('def f():\n    """The sender."""', ["opens with 'The'"]),
        ('def f() -> bool:\n    """Return True if it is."""', ["does not open with 'True if'"]),
        ('@property\ndef f() -> bool:\n    """True until it is."""', ["does not open with 'True if'"]),
        ("x = 1  # whose sender it is", ["says 'whose'"]),
        ("#: Kept short, so\n#: that it fits.\nx = 1", ["says 'so that'"]),
        (f'"""{"word " * 26}."""', ["has a sentence of 26 words"]),
    ],
)
def test_the_check_of_english_finds_violations(source: str, faults: list[str]) -> None:
    assert [fault.partition(": ")[2] for fault in _faults(source)] == faults


def _faults(source: str) -> Iterator[str]:
    """Yield the faults of a module's docstrings and comments, each with its line."""
    tree = ast.parse(source)
    texts = list(_comments(source))
    for node in ast.walk(tree):
        if not isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            continue
        if docstring := ast.get_docstring(node):
            line = 1 if isinstance(node, ast.Module) else node.lineno
            texts.append((line, docstring))
            if fault := _opening(node, docstring):
                yield f"{line}: {fault}"
    for line, raw in texts:
        text = LISTED.sub("code ", DRAWING.sub(".\n", raw))
        joined = " ".join(text.split())
        yield from (f"{line}: says {found[0]!r}" for found in BANNED.finditer(joined))
        for sentence in re.split(r"(?<=[.!?])\s+|\n\s*\n|:\n", text):
            words = len(re.findall(r"\S*\w\S*", sentence))
            if words > MOST_WORDS:
                yield f"{line}: has a sentence of {words} words"


def _opening(node: ast.AST, docstring: str) -> str | None:
    """Return what is wrong with a docstring's first words."""
    if riddle := RIDDLE.match(docstring):
        return f"opens with {riddle[0]!r}"
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return None
    decorators = [ast.unparse(decorator) for decorator in node.decorator_list]
    is_property = any("property" in decorator for decorator in decorators)
    is_bool = node.returns is not None and re.match(r"(bool|TypeGuard)\b", ast.unparse(node.returns))
    if is_bool and (is_property or docstring.startswith(("True", "Return True"))):
        return None if docstring.startswith(("True if ", "True while ")) else "does not open with 'True if'"
    is_remark = node.name.startswith("test_") or any(each.startswith("pytest.fixture") for each in decorators)
    noun = None if is_property or is_remark else NOUN.match(docstring)
    return f"opens with {noun[0]!r}" if noun else None


def _comments(source: str) -> Iterator[tuple[int, str]]:
    """Yield the comments of a module, those on consecutive lines as one, each with its first line."""
    first, last, parts = 0, -1, [""]
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type != tokenize.COMMENT:
            continue
        text = token.string.lstrip("#: ")
        if token.start[0] == last + 1 and token.line.lstrip().startswith("#"):
            parts.append(text)
        else:
            yield first, " ".join(parts)
            first, parts = token.start[0], [text]
        last = token.start[0]
    yield first, " ".join(parts)


def _called(tree: ast.AST) -> set[str]:
    """Return the names that are called, by the last two parts of each."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {".".join(ast.unparse(function).split(".")[-2:]) for function in calls}


def _imported(tree: ast.AST) -> set[str]:
    """Return the modules that are imported, by the first part of their names."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
