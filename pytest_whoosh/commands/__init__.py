"""The command line: ``python -m pytest_whoosh serve`` and ``python -m pytest_whoosh segments``."""
