"""The command ``guide``: lists the pages of the installed guide, or prints one."""

import argparse
import sys
from difflib import get_close_matches
from importlib.resources import files
from importlib.resources.abc import Traversable

from pytest_whoosh.wording.texts import columns


def add_to(commands: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("guide", help="show the guide of the installed version")
    parser.add_argument("page", nargs="?", help="the page to print; without it, list the pages")
    parser.set_defaults(run=_run, parser=parser)


def pages() -> dict[str, Traversable]:
    """Return the pages of the guide by name, sorted."""
    found = (files("pytest_whoosh") / "guide").iterdir()
    return {path.name.removesuffix(".md"): path for path in sorted(found, key=str) if path.name.endswith(".md")}


def title_of(page: Traversable) -> str:
    """Return the heading of a page."""
    return page.read_text(encoding="utf-8").partition("\n")[0].removeprefix("# ")


def _run(given: argparse.Namespace) -> int:
    known = pages()
    if given.page is None:
        for line in columns([(name, title_of(page)) for name, page in known.items()]):
            sys.stdout.write(f"{line}\n")
        return 0
    name = given.page.removesuffix(".md")
    if name not in known:
        near = get_close_matches(name, known, 1)
        hint = f"did you mean {near[0]}?" if near else f"the pages are {', '.join(known)}"
        given.parser.error(f"the guide has no page {name!r}: {hint}")
    sys.stdout.write(known[name].read_text(encoding="utf-8"))
    return 0
