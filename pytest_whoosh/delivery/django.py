"""Delivers webhooks to a Django project, in-process: its views run in the test's thread, connection and transaction."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from pytest_whoosh.engine.misuse import WhooshError, is_usage_error

from .wsgi import to_wsgi

if TYPE_CHECKING:
    from pytest_whoosh.engine.http import Request
    from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy

    from .apps import AsgiApp, WsgiApp
    from .failures import Answer

__tracebackhide__ = is_usage_error

_NOT_INSTALLED: Final = "{what} needs Django, which is not installed here."
_NOT_CONFIGURED: Final = (
    "{what} found no settings of a Django project. Set DJANGO_SETTINGS_MODULE, as pytest-django does for "
    "`--ds=project.settings`, or call settings.configure() first."
)
_WHY_AWAITED: Final = (
    "A webhook goes to a Django project, and this thread runs an event loop, in which Django refuses to use its "
    "database. Write `await whoosh.{form}`."
)


class DjangoTarget:
    """A Django project, deployed by WSGI or ASGI."""

    def __init__(self, app: WsgiApp | AsgiApp | None, *, asynchronous: bool) -> None:
        self._app: Any = app
        self._is_asynchronous = asynchronous

    def must_be_awaited(self, _: str) -> str:
        """Return why a webhook must be awaited inside an event loop."""
        return _WHY_AWAITED

    def send(self, request: Request, retry_policy: RetryPolicy) -> Answer:
        """Call the project. asgiref runs the synchronous parts of one deployed by ASGI in this very thread."""
        with _connections_kept():
            if not self._is_asynchronous:
                return to_wsgi(self._app, request)

            from asgiref.sync import async_to_sync

            from .asgi import finishing

            answer: Answer = async_to_sync(finishing)(lambda: self._exchange(request, retry_policy.read))
            return answer

    async def asend(self, request: Request, retry_policy: RetryPolicy) -> Answer:
        """Call the project inside an event loop, with the thread for what is synchronous that the test has as well."""
        from asgiref.sync import sync_to_async

        with _connections_kept():
            if self._is_asynchronous:
                return await self._exchange(request, retry_policy.read)
            answer: Answer = await sync_to_async(to_wsgi, thread_sensitive=True)(self._app, request)
            return answer

    async def _exchange(self, request: Request, patience: float) -> Answer:
        from .asgi import exchange, within_patience

        return await within_patience(patience, lambda: exchange(self._app, request, {}))

    def close(self) -> None:
        """Do nothing: a Django project is not shut down."""


def require_django(what: str) -> Any:
    """Return Django's settings, or refuse ``what`` where there are none.

    Raises:
        WhooshError: Django is not installed, or has no settings.
    """
    if find_spec("django") is None:
        raise WhooshError(_NOT_INSTALLED.format(what=what))

    from django.conf import settings

    if not settings.configured and not os.environ.get("DJANGO_SETTINGS_MODULE"):
        raise WhooshError(_NOT_CONFIGURED.format(what=what))
    return settings


def projects_app(settings: Any) -> tuple[Any, bool]:
    """Return the application that a project names in its settings, and True if it is an ASGI one.

    ``ASGI_APPLICATION`` comes first: each new project has a ``WSGI_APPLICATION``, whether it is deployed so or not.
    """
    from django.utils.module_loading import import_string

    for name, asynchronous in (("ASGI_APPLICATION", True), ("WSGI_APPLICATION", False)):
        path = getattr(settings, name, None)
        if path:
            try:
                return import_string(path), asynchronous
            except ImportError as problem:
                raise WhooshError(
                    f"mount_django() cannot import the project's {name}, {path!r}: {problem}. Correct the setting, or "
                    "pass the application: mount_django(base_url, application)."
                ) from problem

    from django.core.wsgi import get_wsgi_application

    return get_wsgi_application(), False


@contextmanager
def _connections_kept() -> Iterator[None]:
    """Keep the test's database connections open at the ends of a request, as Django's own test client does."""
    signals, db = sys.modules["django.core.signals"], sys.modules.get("django.db")
    hear = getattr(db, "close_old_connections", None)
    connected = [
        signal for signal in (signals.request_started, signals.request_finished) if hear and signal.disconnect(hear)
    ]
    try:
        yield
    finally:
        for signal in connected:
            signal.connect(hear)
