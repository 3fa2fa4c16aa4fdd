"""Keeps the guard in the environment of the processes that a guarded process starts.

Tests and apps change ``PYTHONPATH``, or give a process an environment of its own. The guard of a child process needs
its folder there, before every other folder: another ``sitecustomize`` might hide the guard's.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Final

#: The folder with the ``sitecustomize`` that guards a child process.
SITE: Final = os.path.join(os.path.dirname(__file__), "child")  # noqa: PTH118, PTH120  # children do without pathlib
#: The environment variable that names the directory shared by a guarded run and its children; see ``children``.
SHARED: Final = "PYTEST_WHOOSH_RUN"
PATHS: Final = "PYTHONPATH"
CURRENT_TEST: Final = "PYTEST_CURRENT_TEST"


def complete(environment: Any, run: str | None) -> Any:
    """Return an environment for a child process that guards it.

    Args:
        environment: The environment that the app chose. None if the child inherits ``os.environ``.
        run: The folder shared by a guarded run and its children. None if children that inherit the environment are not
            guarded, as in a live test.

    Returns:
        The same object if nothing has to be changed. An environment that the app has built without our variable stays
        as it is.
    """
    is_inherited = environment is None or environment is os.environ or environment is getattr(os, "environb", None)
    given = os.environ if is_inherited else environment
    shared = _value(given, SHARED) or (run if is_inherited else None)
    if not shared:
        return environment
    paths = _value(given, PATHS)
    if _value(given, SHARED) == shared and paths is not None and paths.split(os.pathsep)[0] == SITE:
        return environment
    kept = {name: value for name, value in given.items() if os.fsdecode(name) not in (PATHS, SHARED)}
    return {**kept, PATHS: first_in(paths), SHARED: shared}


def first_in(paths: str | None) -> str:
    """Return a value of ``PYTHONPATH`` that begins with the guard's folder."""
    others = [path for path in paths.split(os.pathsep) if path != SITE] if paths else []
    return os.pathsep.join([SITE, *others])


def _value(environment: Mapping[Any, Any], name: str) -> str | None:
    value = environment.get(name)
    if value is None and environment is not os.environ:  # os.environ refuses bytes
        value = environment.get(os.fsencode(name))
    return None if value is None else os.fsdecode(value)


def _is_mapping(environment: object) -> bool:
    return environment is None or (hasattr(environment, "get") and hasattr(environment, "items"))


def with_argument(position: int, keyword: str = "env") -> Any:
    """Return a starter for functions that take the environment as an argument, by position or keyword."""

    def start(function: Any, run: str | None, *args: Any, **kwargs: Any) -> Any:
        is_positional = len(args) > position
        given = args[position] if is_positional else kwargs.get(keyword)
        if _is_mapping(given) and (completed := complete(given, run)) is not given:
            if is_positional:
                args = (*args[:position], completed, *args[position + 1 :])
            else:
                kwargs[keyword] = completed
        return function(*args, **kwargs)

    return start


def exec_inherited(function: Any, run: str | None, path: Any, arguments: Any, /) -> Any:
    """Start ``os.execv``, which has no argument for the environment."""
    completed = complete(None, run)
    return function(path, arguments) if completed is None else os.execve(path, arguments, completed)


def inherited(function: Any, run: str | None, *args: Any, **kwargs: Any) -> Any:
    """Start a process by a function that hands the environment of this process to the child."""
    completed = complete(None, run)
    if completed is None:
        return function(*args, **kwargs)
    with _environment({name: completed[name] for name in (PATHS, SHARED)}):
        return function(*args, **kwargs)


def note_test(function: Any, _: str | None, process: Any) -> Any:
    """Start a process of multiprocessing. The current test travels with it: a fork server may be an earlier test's."""
    process._config[CURRENT_TEST] = os.environ.get(CURRENT_TEST)
    return function(process)


def restore_test(function: Any, _: str | None, process: Any, *args: Any, **kwargs: Any) -> Any:
    """Run a process of multiprocessing, for the test that started it."""
    if test := process._config.get(CURRENT_TEST):
        os.environ[CURRENT_TEST] = test
    return function(process, *args, **kwargs)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            set_variable(name, value)


def set_variable(name: str, value: str | None) -> None:
    """Set a variable of this process's environment, or remove it."""
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value
