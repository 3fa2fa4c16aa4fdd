"""Runs the command line: ``python -m pytest_whoosh``."""

import sys

from .commands.parsing import main

if __name__ == "__main__":
    sys.exit(main())
