"""What the command line takes, and which module does it."""

import argparse
from collections.abc import Sequence
from typing import Final

from . import segments, serve

_COMMANDS: Final = (serve, segments)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m pytest_whoosh",
        description="A fake of the Messages API of Whoosh and Twilio, for the tests of apps that send text messages.",
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in _COMMANDS:
        command.add_to(commands)
    given = parser.parse_args(arguments)
    status: int = given.run(given)
    return status
