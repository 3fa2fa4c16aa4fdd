"""Shared fixtures: pytest in a separate process, with no other plugins than ours."""

from collections.abc import Callable

import pytest


@pytest.fixture
def run_alone(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Callable[..., pytest.RunResult]:
    """Run pytest on the files of ``pytester``, without the influence of other installed plugins."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")

    def run(*options: str) -> pytest.RunResult:
        return pytester.runpytest_subprocess("-p", "whoosh", *options)

    return run
