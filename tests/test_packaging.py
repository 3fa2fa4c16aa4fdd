"""The installed package has its licence, its types and its entry point, and the suite runs on it."""

import json
import re
from importlib.metadata import Distribution, distribution
from pathlib import Path

import pytest

import pytest_whoosh
import pytest_whoosh.plugin


@pytest.fixture
def installed() -> Distribution:
    return distribution("pytest-whoosh")


def test_the_suite_tests_what_is_installed(installed: Distribution) -> None:
    """Run as ``pytest``: with ``python -m pytest`` the tree comes first, and hides what is installed."""
    origin = json.loads(installed.read_text("direct_url.json") or "{}")
    if origin.get("dir_info", {}).get("editable"):
        pytest.skip("an editable installation is the tree")

    home = Path(str(installed.locate_file("pytest_whoosh")))

    assert Path(pytest_whoosh.__file__).parent == home
    assert Path(pytest_whoosh.plugin.__file__).parent == home


def test_pytest_finds_the_plugin_and_a_shell_the_command(installed: Distribution) -> None:
    entry_points = [(each.group, each.name, each.value) for each in installed.entry_points]

    assert sorted(entry_points) == [
        ("console_scripts", "pytest-whoosh", "pytest_whoosh.commands.parsing:main"),
        ("pytest11", "whoosh", "pytest_whoosh.plugin"),
    ]


def test_the_types_are_shipped() -> None:
    assert Path(pytest_whoosh.__file__).with_name("py.typed").is_file()


def test_the_licence_is_shipped(installed: Distribution) -> None:
    licence = installed.read_text("licenses/LICENSE") or ""

    assert licence.startswith("MIT License")
    assert installed.metadata["License-Expression"] == "MIT"


def test_nothing_but_the_package_is_shipped(installed: Distribution) -> None:
    top = {path.parts[0] for path in installed.files or [] if ".." not in path.parts}

    assert {name for name in top if name not in ("__pycache__",) and not name.endswith((".pth", ".dist-info"))} <= {
        "pytest_whoosh"
    }


def test_the_readme_is_the_description(installed: Distribution) -> None:
    assert installed.metadata["Description-Content-Type"] == "text/markdown"
    assert str(installed.metadata.get_payload()).startswith("# pytest-whoosh\n")


def test_the_description_has_no_link_that_the_package_index_cannot_follow(installed: Distribution) -> None:
    description = str(installed.metadata.get_payload())

    assert re.findall(r"\]\((?!https?:)[^)]*\)", description) == []
    assert "Start here (`guide start`)" in description


def test_an_app_needs_no_optional_library(installed: Distribution) -> None:
    needed = {requirement for requirement in installed.requires or [] if "extra ==" not in requirement}

    assert {requirement.partition(">")[0] for requirement in needed} == {
        "freezegun",
        "phonenumbers",
        "pytest",
        "responses",
    }
