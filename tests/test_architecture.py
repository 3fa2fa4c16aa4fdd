"""The architecture: who may import whom, and what the engine does without."""

import ast
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).parents[1]
ENGINE = ROOT / "pytest_whoosh" / "engine"

#: What a deterministic engine never asks: the wall clock, and chance.
FORBIDDEN_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.monotonic",
    "time.monotonic_ns", "time.perf_counter", "time.sleep", "uuid1", "uuid4", "uuid.uuid1", "uuid.uuid4",
}  # fmt: skip
FORBIDDEN_MODULES = {"random", "secrets", "time", "socket", "threading"}


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
def test_a_module_opens_with_a_sentence_that_says_what_is_in_it(path: Path) -> None:
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
def test_the_check_sees_what_it_looks_for(source: str, found: set[str]) -> None:
    tree = ast.parse(source)

    assert (_called(tree) & FORBIDDEN_CALLS) | (_imported(tree) & FORBIDDEN_MODULES) == found


def _called(tree: ast.AST) -> set[str]:
    """What is called, by the last two parts of its name."""
    calls = (node.func for node in ast.walk(tree) if isinstance(node, ast.Call))
    return {".".join(ast.unparse(function).split(".")[-2:]) for function in calls}


def _imported(tree: ast.AST) -> set[str]:
    """The modules that are imported, by the first part of their names."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            names.add(node.module.partition(".")[0])
    return names
