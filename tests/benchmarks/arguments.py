"""Checks the arguments of the benchmarks before they start, because they run for minutes."""

import argparse
from collections.abc import Callable
from pathlib import Path


def at_least(least: int) -> Callable[[str], int]:
    """Return the type of an argument that is a number with a lower bound."""

    def read(text: str) -> int:
        if not text.isdecimal() or int(text) < least:
            raise argparse.ArgumentTypeError(f"use a whole number, {least} or more, not {text!r}")
        return int(text)

    return read


def new_file(text: str) -> Path:
    """Return the path of a file that can be written."""
    path = Path(text)
    if path.is_dir() or not path.parent.is_dir():
        problem = "is a folder" if path.is_dir() else f"is in a folder that does not exist: {path.parent}"
        raise argparse.ArgumentTypeError(f"{text} {problem}")
    return path
