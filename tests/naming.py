"""Names for the cases of a table."""

import re


def readable(value: object) -> str:
    """A value as its case is called: alike in every process, so that tests can be handed to several."""
    return re.sub(r" at 0x[0-9a-f]+", "", str(value))
