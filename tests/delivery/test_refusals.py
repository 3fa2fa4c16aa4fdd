"""Mounting something else than a WSGI or ASGI application is refused, with what to write instead."""

from collections.abc import Callable
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import pytest
from aiohttp import web
from fastapi import APIRouter, FastAPI
from flask import Blueprint, Flask

from pytest_whoosh import Whoosh

BASE = "https://app.example"


def create_app() -> Flask:
    return Flask(__name__)


def create_configured_app(config: str | None = None, testing: bool = False) -> Flask:
    return Flask(__name__)


async def create_async_app() -> FastAPI:
    return FastAPI()


def test_an_aiohttp_application_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.mount(BASE, web.Application())

    assert str(refused.value) == (
        "mount() cannot call an aiohttp application: it supports neither WSGI nor ASGI. Start it with aiohttp's "
        'TestServer(app), and mount the server: whoosh.mount("https://app.example", server="http://127.0.0.1:8000").'
    )


def test_a_tornado_application_is_refused(whoosh: Whoosh) -> None:
    class Application:
        """Looks like Tornado's."""

        __module__ = "tornado.web"

        def __call__(self, request: object) -> None: ...

    with pytest.raises(TypeError) as refused:
        whoosh.mount(BASE, Application())

    assert str(refused.value) == (
        "mount() cannot call a Tornado application: it supports neither WSGI nor ASGI. Start it with "
        'app.listen(8000), and mount the server: whoosh.mount("https://app.example", server="http://127.0.0.1:8000").'
    )


@pytest.mark.parametrize(
    ("part", "framework"), [(APIRouter(), "FastAPI"), (Blueprint("hooks", __name__), "Flask")], ids=["FastAPI", "Flask"]
)
def test_a_part_of_an_application_is_refused(whoosh: Whoosh, part: Any, framework: str) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.mount(BASE, part)

    assert str(refused.value) == (
        f"mount() takes the {framework} app, not its {type(part).__name__}. "
        'Mount the app that includes it: whoosh.mount("https://app.example", app).'
    )


@pytest.mark.parametrize("factory", [create_app, create_configured_app, create_async_app])
def test_a_factory_is_refused(whoosh: Whoosh, factory: Callable[[], object]) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.mount(BASE, factory)

    assert str(refused.value) == (
        "mount() takes an application, not a factory. Call the factory: "
        f'whoosh.mount("https://app.example", {factory.__name__}()).'
    )


def test_a_class_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.mount(BASE, FastAPI)

    assert str(refused.value) == (
        "mount() takes an application, not its class FastAPI: pass the object, such as app = FastAPI()."
    )


class WsgiByClass:
    """PEP 3333 allows an application that is a class."""

    def __init__(self, environ: object, start_response: object) -> None: ...


@pytest.mark.parametrize(
    "app", [Mock(), lambda environ, start_response: [], lambda *args: [], WsgiByClass, Flask(__name__), FastAPI()]
)
def test_an_object_that_takes_the_arguments_of_an_application_is_mounted(whoosh: Whoosh, app: object) -> None:
    whoosh.mount(BASE, app)


def test_a_class_of_applications_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refusal:
        whoosh.mount(BASE, Flask)

    assert str(refusal.value) == (
        "mount() takes an application, not its class Flask: pass the object, such as app = Flask()."
    )


def test_a_lambda_that_makes_an_application_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refusal:
        whoosh.mount(BASE, lambda: Flask("app"))

    assert str(refusal.value) == (
        "mount() takes an application, and this lambda is none. Mount what it returns, such as app."
    )


def test_a_test_client_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refusal:
        whoosh.mount(BASE, Flask("app").test_client())

    assert str(refusal.value) == (
        "mount() takes an application, and FlaskClient is a client of one. "
        'Mount its application: whoosh.mount("https://app.example", client.application).'
    )


def test_a_server_in_place_of_an_application_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refusal:
        whoosh.mount(BASE, "http://127.0.0.1:8000")

    assert str(refusal.value) == (
        'mount() takes a server by its name: whoosh.mount("https://app.example", server="http://127.0.0.1:8000").'
    )


def test_a_path_to_import_is_refused(whoosh: Whoosh) -> None:
    with pytest.raises(TypeError) as refused:
        whoosh.mount(BASE, "shop.main:app")  # type: ignore[arg-type]

    assert str(refused.value) == (
        "mount() takes the application itself, not 'shop.main:app': from shop.main import app."
    )


@pytest.mark.parametrize("name", ["app", "application"])
def test_a_module_is_refused(whoosh: Whoosh, name: str) -> None:
    module = ModuleType("shop.main")
    setattr(module, name, Flask(__name__))

    with pytest.raises(TypeError) as refused:
        whoosh.mount(BASE, module)  # type: ignore[arg-type]

    assert str(refused.value) == (
        "mount() takes an application, not the module shop.main that defines it: "
        f'whoosh.mount("https://app.example", main.{name}).'
    )


def test_a_host_without_a_scheme_is_refused_with_the_url(whoosh: Whoosh) -> None:
    with pytest.raises(ValueError) as refused:
        whoosh.mount("shop.test", Flask(__name__))

    assert str(refused.value) == (
        "mount() takes a base URL such as \"https://app.example\", not 'shop.test'. Write 'https://shop.test'."
    )
