"""Changes environment variables and Django settings while a double is active."""

import os
from collections.abc import Iterable, Iterator, Mapping
from functools import cache, lru_cache
from types import ModuleType
from typing import Any, Final


class Environment:
    """Environment variables that are changed until :meth:`stop`. A value of None unsets a variable.

    Doubles may end in any order. Each one restores the values that it found, or passes them to the next newer one.
    """

    def __init__(self, values: Mapping[str, str | None]) -> None:
        self._values = values
        #: The variables' previous values.
        self.before: dict[str, str | None] = {}

    def start(self) -> None:
        """Set the variables."""
        self.before = _variables(self._values)
        _ACTIVE_ENVIRONMENTS.append(self)
        _set_variables(self._values)

    def stop(self) -> None:
        """Restore the previous values. Does nothing if the variables are not set."""
        if self not in _ACTIVE_ENVIRONMENTS:
            return
        place = _ACTIVE_ENVIRONMENTS.index(self)
        del _ACTIVE_ENVIRONMENTS[place]
        if place < len(_ACTIVE_ENVIRONMENTS):
            _ACTIVE_ENVIRONMENTS[place].before |= self.before
        else:
            _set_variables(self.before)


class DjangoSettings:
    """Django settings that are overridden until :meth:`stop`.

    Django keeps settings in a chain of objects, with one more for each override. Each value is restored in the same
    object. So other overrides, such as those of pytest-django's ``settings``, may start and end in any order.
    """

    def __init__(self) -> None:
        #: The variables of each object in the chain, the name of the setting, and its previous value.
        self._before: list[tuple[dict[str, object], str, object]] = []

    def set(self, settings: Any, values: Mapping[str, object]) -> None:
        """Override settings of ``django.conf.settings``."""
        for name, value in values.items():
            getattr(settings, name, None)  # loads the settings if they are not loaded yet
            for variables in _holders(settings):
                self._before.append((variables, name, variables.get(name, _MISSING)))
                variables[name] = value
            _send_setting_changed(settings, name, entering=True)

    def stop(self) -> None:
        """Restore every value, in reverse order."""
        if not self._before:
            return

        from django.conf import settings

        names = {name: None for _, name, _ in self._before}
        while self._before:
            variables, name, value = self._before.pop()
            if value is _MISSING:
                variables.pop(name, None)
            else:
                variables[name] = value
        for name in names:
            _send_setting_changed(settings, name, entering=False)


_MISSING: Final = object()


def _holders(settings: Any) -> Iterator[dict[str, object]]:
    holder = settings._wrapped
    while True:
        yield vars(holder)
        if "default_settings" not in vars(holder):
            return
        holder = holder.default_settings
        if isinstance(holder, ModuleType):  # Django's own defaults, after settings.configure()
            return


def _send_setting_changed(settings: Any, name: str, *, entering: bool) -> None:
    from django.core.signals import setting_changed

    vars(settings).pop(name, None)  # Django caches looked-up values here
    value = getattr(settings, name, None)
    setting_changed.send(sender=type(settings._wrapped), setting=name, value=value, enter=entering)


#: The active instances, oldest first.
_ACTIVE_ENVIRONMENTS: Final[list[Environment]] = []


def _variables(names: Iterable[str]) -> dict[str, str | None]:
    environ, held = os.environ, _held()
    if held is None:
        return {name: environ.get(name) for name in names}
    return {name: environ[name] if _encoded_name(name) in held else None for name in names}


def _set_variables(values: Mapping[str, str | None]) -> None:
    held = _held()
    if held is None:
        for name, value in values.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
        return
    putenv, unsetenv = os.putenv, os.unsetenv
    for name, value in values.items():
        key = _encoded_name(name)
        if value is not None:
            encoded = _encoded_value(value)
            if held.get(key) != encoded:
                putenv(key, encoded)
                held[key] = encoded
        elif key in held:
            unsetenv(key)
            held.pop(key, None)


def _held() -> dict[Any, Any] | None:
    """Return the dict behind ``os.environ``, with encoded names and values. None if a test has replaced ``os.environ``.

    Every double sets and unsets several variables. With this dict, that takes a third of the time. ``os.environ``
    encodes each name each time, and handles an error for each variable that is not set.
    """
    return getattr(os.environ, "_data", None)


@cache
def _encoded_name(name: str) -> Any:
    return os.environ.encodekey(name)


@lru_cache(maxsize=64)  # every test of a run has the same account
def _encoded_value(value: str) -> Any:
    return os.environ.encodevalue(value)
