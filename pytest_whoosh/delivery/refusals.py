"""Refuses objects that cannot be mounted, and says what to write instead."""

import inspect
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType, ModuleType
from typing import Final

from pytest_whoosh.engine.misuse import is_usage_error

__tracebackhide__ = is_usage_error

#: Applications that support neither WSGI nor ASGI, by their class, and how to start a server for them.
_SERVERS_ONLY: Final[Mapping[tuple[str, str], tuple[str, str]]] = MappingProxyType(
    {
        ("aiohttp", "Application"): ("an aiohttp", "with aiohttp's TestServer(app)"),
        ("tornado", "Application"): ("a Tornado", "with app.listen(8000)"),
    }
)


#: An application's place as servers take it on their command line.
_IMPORT_PATH: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")
#: Parts of an application that people mount instead of it, by their class, and the name of the application.
_PARTS: Final[Mapping[tuple[str, str], str]] = MappingProxyType(
    {("fastapi", "APIRouter"): "FastAPI", ("flask", "Blueprint"): "Flask", ("quart", "Blueprint"): "Quart"}
)


def require_app(base_url: str, app: object) -> None:
    """Raise an error unless ``app`` is a WSGI or ASGI application.

    Raises:
        TypeError: ``app`` cannot be called as an application.
    """
    for kind in type(app).__mro__:
        made_by = kind.__module__.partition(".")[0], kind.__name__
        if made_by in _PARTS:
            raise TypeError(
                f"mount() takes the {_PARTS[made_by]} app, not its {kind.__name__}. "
                f'Mount the app that includes it: whoosh.mount("{base_url}", app).'
            )
        if made_by in _SERVERS_ONLY:
            what, start = _SERVERS_ONLY[made_by]
            raise TypeError(
                f"mount() cannot call {what} application: it supports neither WSGI nor ASGI. Start it {start}, "
                f'and mount the server: whoosh.mount("{base_url}", server="http://127.0.0.1:8000").'
            )
    if not callable(app):
        if isinstance(app, ModuleType):
            raise TypeError(
                f"mount() takes an application, not the module {app.__name__} that defines it: "
                f'whoosh.mount("{base_url}", {app.__name__.rpartition(".")[2]}.{_application_in(app)}).'
            )
        for attribute in ("app", "application"):  # of a test client
            if callable(getattr(app, attribute, None)):
                raise TypeError(
                    f"mount() takes an application, and {type(app).__name__} is a client of one. "
                    f'Mount its application: whoosh.mount("{base_url}", client.{attribute}).'
                )
        if isinstance(app, str) and "://" in app:
            raise TypeError(f'mount() takes a server by its name: whoosh.mount("{base_url}", server="{app}").')
        if isinstance(app, str) and _IMPORT_PATH.fullmatch(app):
            module, _, name = app.partition(":")
            raise TypeError(f"mount() takes the application itself, not {app!r}: from {module} import {name}.")
        raise TypeError(f"mount() takes a WSGI or ASGI application. {app!r} cannot be called.")
    name = getattr(app, "__name__", type(app).__name__)
    makes_apps = isinstance(app, type) and any("__call__" in vars(kind) for kind in app.__mro__)
    if _takes_arguments(app) and not makes_apps:
        return
    if isinstance(app, type):
        raise TypeError(f"mount() takes an application, not its class {name}: pass the object, such as app = {name}().")
    if name == "<lambda>":
        raise TypeError("mount() takes an application, and this lambda is none. Mount what it returns, such as app.")
    raise TypeError(
        f'mount() takes an application, not a factory. Call the factory: whoosh.mount("{base_url}", {name}()).'
    )


def _application_in(module: ModuleType) -> str:
    """Return the name of a module's application: the usual name that it defines."""
    return next((name for name in ("app", "application") if callable(getattr(module, name, None))), "app")


def _takes_arguments(app: Callable[..., object]) -> bool:
    """True if an object can be called with the arguments of an application. A factory cannot."""
    try:
        parameters = inspect.signature(app).parameters.values()
    except (TypeError, ValueError):  # some objects written in C have no signature
        return True
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return True
    places = [each for each in parameters if each.kind in (each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD)]
    return len(places) >= 2 and any(each.default is each.empty for each in places)
