"""Replaces attributes of other libraries for a time. Other libraries may patch the same attributes in any order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from pytest_whoosh.engine.misuse import is_usage_error

__tracebackhide__ = is_usage_error

_PATCH: Final = "__whoosh_patch__"

#: The patches that were stopped while a neighbour's patch (one of another library) covered them. One list per process.
_COVERED: Final[list[Patch]] = []


class Patch:
    """Replaces one attribute from :meth:`start` until :meth:`stop`.

    ``build(previous)`` creates the replacement of the previous value. If a neighbour has patched the same attribute in
    the meantime, its patch stays. Our replacement, which the neighbour still calls, then passes every call to
    ``previous``. So both sides can restore in any order. If a neighbour restores our replacement, :func:`tidy` removes
    it.

    An interrupt may come at any moment. Call :meth:`stop` again after an interrupt, and it finishes.

    Args:
        owner: The class or module that has the attribute.
        name: The attribute.
        build: Creates the replacement.
        shown_by: The module in which apps find the owner, if it is a class.
    """

    __slots__ = (
        "_active",
        "_build",
        "_held",
        "_inherited",
        "_replacement",
        "_shown",
        "is_lowest",
        "name",
        "owner",
        "previous",
    )

    def __init__(
        self, owner: Any, name: str, build: Callable[[Any], Callable[..., Any]], *, shown_by: Any = None
    ) -> None:
        self.owner = owner
        self.name = name
        self._build = build
        self._shown = (vars(shown_by), owner.__name__) if shown_by is not None else None
        #: The owner's own attributes. After each change of a class Python forgets where its attributes are, and
        #: ``getattr`` looks through all base classes.
        self._held: Mapping[str, Any] = vars(owner)
        self._active = False
        self.previous: Any = None
        self._replacement: Any = None

    def start(self) -> None:
        """Replace the attribute."""
        owner, name = self.owner, self.name
        self.previous = getattr(owner, name)
        function = self._build(self.previous)

        def replacement(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs) if self._active else self.previous(*args, **kwargs)

        # Only the attributes that inspect needs: functools.update_wrapper takes as long as the rest of a set-up.
        marks = replacement.__dict__
        marks["__wrapped__"], marks[_PATCH] = self.previous, self
        earlier = _patch_behind(self.previous)
        #: True if the previous value is not a replacement of an earlier patch.
        self.is_lowest = earlier is None
        self._inherited: bool = (
            earlier._inherited if earlier else isinstance(owner, type) and name not in owner.__dict__
        )
        self._replacement = replacement
        self._active = True
        setattr(owner, name, replacement)

    def renew(self) -> bool:
        """Replace the attribute again if it has its previous value: a neighbour or :meth:`stop` has restored it.

        Returns:
            True if the attribute is replaced.
        """
        owner, name = self.owner, self.name
        if self._held.get(name) is not self.previous and getattr(owner, name, None) is not self.previous:
            return False
        if self._shown is not None and self._shown[0].get(self._shown[1]) is not owner:
            return False  # apps find another class there
        self._active = True
        setattr(owner, name, self._replacement)
        return True

    def is_standing(self, function: object) -> bool:
        """True if a function is this patch's replacement, and the patch is active."""
        return function is self._replacement and self._active

    def abandon(self) -> None:
        """Stop the patch without changing the attribute, because another library has replaced it permanently."""
        self._active = False

    def stop(self) -> bool:
        """Restore the previous value. Does nothing if the patch has not been started.

        Returns:
            True if the patch is removed completely, because no neighbour has patched the attribute after it.
        """
        if self._replacement is None:
            return False
        if self._held.get(self.name) is self._replacement:
            self._set_back()
            return True
        self._active = False
        standing = getattr(self.owner, self.name, None)  # a neighbour may have deleted it
        if standing is self.previous:  # restored before an interrupt
            return True
        if self not in _COVERED:
            _restore_in_neighbour(standing, self._replacement, _active(self.previous))
            _COVERED.append(self)
        return False

    def _restore(self) -> bool:
        """Restore the previous value, unless another library has changed the attribute since."""
        if self._held.get(self.name) is not self._replacement:
            return False
        self._set_back()
        return True

    def _set_back(self) -> None:
        self._active = False
        before = self.previous if self.is_lowest else _active(self.previous)
        if self._inherited and (self.is_lowest or _patch_behind(before) is None):
            delattr(self.owner, self.name)
        else:
            setattr(self.owner, self.name, before)


def put_back(patches: Iterable[Patch]) -> None:
    """Put patches in place again. The caller knows that all attributes are as the patches left them."""
    for patch in patches:
        patch._active = True
        setattr(patch.owner, patch.name, patch._replacement)


def take_out(patches: Iterable[Patch]) -> None:
    """Remove patches. The caller knows that no other library has changed any of the attributes."""
    for patch in patches:
        if patch.is_lowest and not patch._inherited:
            patch._active = False
            setattr(patch.owner, patch.name, patch.previous)
        else:
            patch._set_back()


def patch_of(function: object) -> Patch | None:
    """Return the active patch of a replacement, or None for any other function."""
    patch = _patch_behind(function)
    # The guard of a child process has its own Patch.
    return patch if isinstance(patch, Patch) and patch.is_standing(function) else None


def original_below(function: Any, owner: object) -> Any:
    """Return the function below the replacements that patches of other owners made."""
    while (patch := _patch_behind(function)) is not None and patch.owner is not owner:
        function = patch.previous
    return function


def tidy() -> None:
    """Remove replacements of stopped patches that neighbours have restored when they were stopped themselves."""
    if _COVERED:
        _COVERED[:] = [patch for patch in _COVERED if not patch._restore()]


def _restore_in_neighbour(neighbour: Any, ours: object, before: object) -> None:
    """Replace our function by the original in a neighbour's state. The neighbour then restores the original."""
    import inspect  # imported late, because the guard of every child process imports this module

    for keeper in inspect.getclosurevars(neighbour).nonlocals.values() if inspect.isfunction(neighbour) else ():
        for name, value in list(getattr(keeper, "__dict__", {}).items()):
            if value is ours:
                setattr(keeper, name, before)


def _active(function: Any) -> Any:
    """Return the function below those of our replacements that are no longer active."""
    while (patch := _patch_behind(function)) is not None and not patch._active:
        function = patch.previous
    return function


def _patch_behind(function: object) -> Any:
    """Return the patch that made a replacement, or None for any other function."""
    patch = getattr(function, _PATCH, None)
    # functools.wraps copies the mark to a neighbour's function.
    return patch if patch is not None and patch._replacement is function else None
