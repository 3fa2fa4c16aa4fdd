"""Parses the command line and runs its commands."""

import argparse
import os
import shlex
import sys
from collections.abc import Sequence
from importlib.metadata import version
from typing import Final

from pytest_whoosh.engine.misuse import did_you_mean
from pytest_whoosh.wording.texts import printable

from . import guide, segments, serve

_COMMANDS: Final = (serve, segments, guide)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit status."""
    _open_closed_streams()
    parser = argparse.ArgumentParser(
        prog="python -m pytest_whoosh",
        description="A fake of the Messages API of Whoosh and Twilio, for the tests of apps that send text messages.",
    )
    parser.add_argument("--version", "-V", action="version", version=f"pytest-whoosh {version('pytest-whoosh')}")
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    first = next(iter(sys.argv[1:] if arguments is None else arguments), "")
    if first not in commands.choices and (meant := did_you_mean(first, commands.choices)):
        parser.error(printable(f"unknown command {first!r}.{meant}"))
    given, unknown = parser.parse_known_args(arguments)
    if "run" not in given:
        parser.error(f"name a command: {' or '.join(commands.choices)}. --help describes them")
    if unknown:
        given.parser.error(printable(f"unrecognized arguments: {' '.join(unknown)}{_hint(given, unknown)}"))
    try:
        status: int = given.run(given)
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of the output, such as `head`, has closed it
        _discard_output()
        return 1
    except OSError as problem:  # such as a full disk
        _discard_output()
        why = problem.strerror or problem
        print(f"pytest-whoosh: cannot read the input or write the output: {why}.", file=sys.stderr)  # noqa: T201
        return 1
    return status


def _hint(given: argparse.Namespace, unknown: Sequence[str]) -> str:
    """Return the option that was probably meant, or a suggestion to quote a text of several words."""
    text = getattr(given, "text", None)
    for word in unknown:
        if word.startswith("--"):
            return f".{meant}" if (meant := did_you_mean(word.partition("=")[0], _options(given.parser))) else ""
    if text is None or any(word.startswith("-") for word in unknown):
        return ""
    return f". Write the text in quotes: segments {shlex.quote(' '.join((text, *unknown)))}"


def _options(parser: argparse.ArgumentParser) -> list[str]:
    return [name for action in parser._actions for name in action.option_strings if name.startswith("--")]


def _open_closed_streams() -> None:
    """Replace streams that the caller closed (None) with streams to the null device."""
    sys.stdin = sys.stdin or open(os.devnull, encoding="utf-8")  # noqa: SIM115, PTH123
    sys.stdout = sys.stdout or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123
    sys.stderr = sys.stderr or open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def _discard_output() -> None:
    """Discard the rest of the output. Otherwise Python's flush at exit fails with a traceback."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
