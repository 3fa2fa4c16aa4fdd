"""Delivers webhooks to a Django project, in-process. Views run in the test's thread, connection and transaction."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final

from pytest_whoosh.engine.misuse import WhooshError, is_usage_error

from .failures import EndlessResponse, endless_failure
from .watchdog import call_bounded
from .wsgi import to_wsgi

if TYPE_CHECKING:
    from pytest_whoosh.engine.http import Request
    from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy, Webhook

    from .apps import AsgiApp, WsgiApp
    from .failures import AppResponse

__tracebackhide__ = is_usage_error

_NOT_INSTALLED: Final = "{what} needs Django, which is not installed. Run `pip install django`."
_NOT_CONFIGURED: Final = (
    "{what} found no Django settings. Set DJANGO_SETTINGS_MODULE, as pytest-django does for `--ds=project.settings`, "
    "or call settings.configure() first."
)
_WHY_AWAITED: Final = (
    "A webhook goes to a Django project, but Django does not use its database in a thread that runs an event loop. "
    "Write `await whoosh.{form}`."
)


class DjangoTarget:
    """A Django project with a WSGI or an ASGI application."""

    def __init__(self, app: WsgiApp | AsgiApp | None, *, asynchronous: bool) -> None:
        self._app: Any = app
        self._is_asynchronous = asynchronous

    def must_be_awaited(self, _: str) -> str:
        """Return why a webhook must be awaited inside an event loop."""
        return _WHY_AWAITED

    def send(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Call the project. For an ASGI application, asgiref runs the synchronous parts in this thread."""
        with _keep_connections():
            if not self._is_asynchronous:
                return to_wsgi(self._app, request, webhook)

            from asgiref.sync import async_to_sync

            from .asgi import finish_tasks
            from .loops import Tasks

            async def exchange() -> AppResponse:
                return await finish_tasks(lambda: self._exchange(request, retry_policy.read, webhook), Tasks())

            try:
                # Each step of the call has its own timeout. The watchdog is for a project that blocks this thread.
                response: AppResponse = call_bounded(async_to_sync(exchange), beyond=3.0)
            except EndlessResponse as error:
                raise endless_failure(error) from None
            return response

    async def asend(self, request: Request, retry_policy: RetryPolicy, webhook: Webhook) -> AppResponse:
        """Call the project inside an event loop. Its synchronous parts run in the same thread as the test's."""
        from asgiref.sync import sync_to_async

        with _keep_connections():
            if self._is_asynchronous:
                return await self._exchange(request, retry_policy.read, webhook)
            response: AppResponse = await sync_to_async(to_wsgi, thread_sensitive=True)(self._app, request, webhook)
            return response

    async def _exchange(self, request: Request, patience: float, webhook: Webhook) -> AppResponse:
        from .asgi import call_app, within_timeout

        return await within_timeout(patience, lambda: call_app(self._app, request, webhook, {}))

    def close(self) -> None:
        """Do nothing: a Django project is not shut down."""


def require_django(what: str) -> Any:
    """Return Django's settings. ``what`` names the feature that needs them, for the error's text.

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
    """Return the application that the project's settings name, and True if it is an ASGI application.

    ``ASGI_APPLICATION`` takes precedence: every new project has a ``WSGI_APPLICATION``, even if it does not use it.
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
def _keep_connections() -> Iterator[None]:
    """Keep the test's database connections open when a request starts or ends, as Django's own test client does."""
    signals, db = sys.modules["django.core.signals"], sys.modules.get("django.db")
    close = getattr(db, "close_old_connections", None)
    connected = [
        signal for signal in (signals.request_started, signals.request_finished) if close and signal.disconnect(close)
    ]
    try:
        yield
    finally:
        for signal in connected:
            signal.connect(close)
