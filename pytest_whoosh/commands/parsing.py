"""What the command line takes, and which module does it."""

import argparse
from collections.abc import Sequence
from typing import Final

from . import guide, segments, serve

_COMMANDS: Final = (serve, segments, guide)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pytest_whoosh",
        description="A fake of the Messages API of Whoosh and Twilio, for the tests of apps that send text messages.",
    )
    commands = parser.add_subparsers(metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    given, unknown = parser.parse_known_args(arguments)
    if "run" not in given:
        parser.error(f"name a command: {' or '.join(commands.choices)}; --help says what they do")
    if unknown:
        given.parser.error(f"unrecognized arguments: {' '.join(unknown)}")
    status: int = given.run(given)
    return status
