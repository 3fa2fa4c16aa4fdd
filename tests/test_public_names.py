"""The names that users import from the package."""

import ast
import inspect
import re
import subprocess
import sys
from pathlib import Path
from textwrap import dedent

import pytest

import pytest_whoosh
from pytest_whoosh import Whoosh

#: The types that helpers annotate, as documented; the package may offer more.
DOCUMENTED = {
    "AsyncWhooshHttpClient",
    "Callback",
    "Message",
    "Messages",
    "Phone",
    "Queue",
    "Reply",
    "Rule",
    "Server",
    "Whoosh",
    "WhooshError",
    "WhooshGuardError",
    "WhooshHttpClient",
}
NAMES = sorted(pytest_whoosh.__all__)


def run(program: str) -> str:
    """Run a program in a process of its own and return what it prints."""
    return subprocess.run(
        [sys.executable, "-c", dedent(program)], check=True, capture_output=True, text=True
    ).stdout.strip()


def test_every_public_name_is_in_all_and_in_dir() -> None:
    assert set(NAMES) >= DOCUMENTED
    assert [name for name in dir(pytest_whoosh) if name in NAMES] == NAMES


def test_completion_lists_nothing_else() -> None:
    assert [name for name in dir(pytest_whoosh) if not name.startswith("__")] == NAMES


def test_every_public_name_can_be_imported() -> None:
    assert [getattr(pytest_whoosh, name).__name__ for name in NAMES] == NAMES


def test_what_public_methods_return_and_take_as_keywords_can_be_imported_too() -> None:
    source = "".join(Path(inspect.getfile(owner)).read_text(encoding="utf-8") for owner in Whoosh.__mro__[:-1])
    public = re.findall(r"\n    def [a-z]\w*\((?:.|\n)*?\) -> (.*):\n", source)
    named = {name for text in public for name in re.findall(r"[A-Z]\w+", text)}
    keywords = set(re.findall(r"Unpack\[(\w+)\]", source))
    foreign = {"Any", "Callable", "Iterable", "Literal", "Mapping", "NoReturn", "None", "Self", "R", "Records"}

    missing = [name for name in sorted((named | keywords) - foreign) if not hasattr(pytest_whoosh, name)]

    assert missing == []
    assert pytest_whoosh.PhoneNumber.__module__ == "pytest_whoosh.engine.account.resources"
    assert "PhoneNumber" not in dir(pytest_whoosh)


def test_type_checkers_see_the_same_names() -> None:
    tree = ast.parse(Path(pytest_whoosh.__file__).read_text(encoding="utf-8"))
    listed = [
        ast.literal_eval(node.value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__"
    ]

    assert [sorted(names) for names in listed] == [NAMES]


def test_import_star_works_without_the_libraries_of_extras() -> None:
    printed = run(
        """
        import sys
        for name in ("aiohttp", "jinja2", "trustme", "twilio"):
            sys.modules[name] = None
        from pytest_whoosh import *
        print(sorted(name for name in dir() if name[0].isupper()))
        """
    )

    without = {"AsyncWhooshHttpClient", "Server", "WhooshHttpClient"}
    assert printed == str([name for name in NAMES if name not in without])


def test_importing_the_package_imports_none_of_its_modules() -> None:
    printed = run(
        """
        import sys
        import pytest_whoosh
        dir(pytest_whoosh)
        print(sorted(name for name in sys.modules if name.startswith("pytest_whoosh.")))
        """
    )

    assert printed == "[]"


def test_freezing_time_imports_none_of_the_packages_modules() -> None:
    printed = run(
        """
        import sys
        import freezegun
        import pytest_whoosh
        with freezegun.freeze_time("2030-01-01"):
            print(sorted(name for name in sys.modules if name.startswith("pytest_whoosh.")))
        """
    )

    assert printed == "[]"


def test_the_error_of_a_misspelt_name_suggests_the_right_one() -> None:
    with pytest.raises(AttributeError) as refusal:
        _ = pytest_whoosh.Mesages  # type: ignore[attr-defined]

    assert str(refusal.value) == "pytest_whoosh has no name 'Mesages'. Did you mean 'Messages'?"
