"""The command ``serve``."""

import argparse
from typing import Any


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parser = commands.add_parser("serve")
    parser.set_defaults(run=run)


def run(given: argparse.Namespace) -> int:
    """Run the command; its exit status."""
    raise NotImplementedError(given)
