"""The error of a test that uses the double wrongly. It stands alone, for the guard is loaded in every run."""


class WhooshError(Exception):
    """The test asked something of the double that it cannot do; the text says what to write instead."""
