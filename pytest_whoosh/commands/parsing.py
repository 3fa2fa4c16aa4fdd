"""What the command line takes, and which module does it."""

import argparse
from collections.abc import Sequence

from . import segments, serve


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; its exit status."""
    parser = argparse.ArgumentParser(prog="python -m pytest_whoosh", description="A fake of the Messages API.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for command in (serve, segments):
        command.add_to(commands)
    given = parser.parse_args(arguments)
    status: int = given.run(given)
    return status
