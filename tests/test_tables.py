"""The tables that a new part needs a row in. A missing row fails here, with the place where it belongs."""

from importlib import import_module
from pathlib import Path
from pkgutil import walk_packages

import pytest_whoosh.api
import pytest_whoosh.interception
from pytest_whoosh.api import all_routes
from pytest_whoosh.api.routing import Routes
from pytest_whoosh.engine.messages.lifecycle import DELAYS, PATHS, REPORTED, TRANSITIONS, Status
from pytest_whoosh.engine.webhooks.parameters import CHANNEL_PARAMETERS
from pytest_whoosh.interception.clients import CLIENTS

#: Loaded now: a run of pytester in this process forgets the modules that it is the first to import.
ROUTES = all_routes()


def test_the_routes_of_every_module_belong_to_a_product() -> None:
    package = pytest_whoosh.api
    modules = [import_module(name) for _, name, _ in walk_packages(package.__path__, f"{package.__name__}.")]
    declared = {
        f"{module.__name__}.{name}": value
        for module in modules
        for name, value in vars(module).items()
        if isinstance(value, Routes)
    }

    missing = [name for name, routes in declared.items() if routes not in ROUTES]

    assert missing == [], "PRODUCTS in pytest_whoosh/api/__init__.py has no row for these"


def test_every_module_that_intercepts_a_library_is_listed() -> None:
    folder = Path(pytest_whoosh.interception.__path__[0])
    modules = {
        path.relative_to(folder).with_suffix("").as_posix().replace("/", ".")
        for path in folder.rglob("*.py")
        if "\ndef intercept(" in path.read_text(encoding="utf-8")
    }

    assert modules - set(CLIENTS.values()) == set(), "CLIENTS in interception/clients.py has no row for these"


def test_every_status_has_its_rows() -> None:
    ends = {status for status in Status if not TRANSITIONS[status]} - {Status.CANCELED, Status.RECEIVED}
    reached = set().union(*PATHS.values())

    assert ends <= set(PATHS), "PATHS in engine/messages/lifecycle.py lacks a status"
    assert reached <= set(DELAYS), "DELAYS in engine/messages/lifecycle.py lacks a status"
    assert set(CHANNEL_PARAMETERS) == REPORTED, "CHANNEL_PARAMETERS in engine/webhooks/parameters.py lacks a status"
