"""Replaces an attribute of somebody else's module for a time, so that neighbours may do the same in any order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

_PATCH: Final = "__whoosh_patch__"

#: The patches that were stopped while a neighbour's patch lay over them. There is one list, as for what is patched.
_COVERED: Final[list[Patch]] = []


class Patch:
    """Replaces one attribute from :meth:`start` until :meth:`stop`.

    ``build(previous)`` makes the replacement, given what was there before. If a neighbour has patched the same
    attribute in the meantime, its patch stays, and our replacement, which is still in its chain, hands every call to
    ``previous``. So both sides restore in any order, and nothing of either is lost; :func:`tidy` takes away what a
    neighbour has put back of ours.

    An interrupt may come at any moment. :meth:`stop` can be called again after one, and finishes.

    Args:
        owner: the class or module that has the attribute.
        name: the attribute.
        build: makes the replacement.
        shown_by: the module in which apps find the owner, if it is a class.
    """

    __slots__ = ("_active", "_build", "_held", "_inherited", "_name", "_replacement", "_shown", "owner", "previous")

    def __init__(
        self, owner: Any, name: str, build: Callable[[Any], Callable[..., Any]], *, shown_by: Any = None
    ) -> None:
        self.owner = owner
        self._name = name
        self._build = build
        self._shown = (vars(shown_by), owner.__name__) if shown_by is not None else None
        #: The owner's own attributes. Each change of a class has Python forget where its attributes are, so that
        #: ``getattr`` then looks through all base classes.
        self._held: Mapping[str, Any] = vars(owner)
        self._active = False
        self.previous: Any = None
        self._replacement: Any = None

    def start(self) -> None:
        """Replace the attribute."""
        owner, name = self.owner, self._name
        self.previous = getattr(owner, name)
        function = self._build(self.previous)

        def replacement(*args: Any, **kwargs: Any) -> Any:
            return function(*args, **kwargs) if self._active else self.previous(*args, **kwargs)

        # All that inspect needs; functools.update_wrapper would take as long as the rest of setting up a double.
        marks = replacement.__dict__
        marks["__wrapped__"], marks[_PATCH] = self.previous, self
        earlier = getattr(self.previous, _PATCH, None)
        self._inherited: bool = (
            earlier._inherited if earlier else isinstance(owner, type) and name not in owner.__dict__
        )
        self._replacement = replacement
        self._active = True
        setattr(owner, name, replacement)

    def renew(self) -> bool:
        """Replace the attribute again if it is what it was before: a neighbour has put it back, or :meth:`stop` has.

        Returns:
            True if it is replaced.
        """
        owner, name = self.owner, self._name
        if self._held.get(name) is not self.previous and getattr(owner, name) is not self.previous:
            return False
        if self._shown is not None and self._shown[0].get(self._shown[1]) is not owner:
            return False  # apps find another class there
        self._active = True
        setattr(owner, name, self._replacement)
        return True

    def is_standing(self, function: object) -> bool:
        """True if a function is this patch's replacement, and guards or intercepts as it should."""
        return function is self._replacement and self._active

    def abandon(self) -> None:
        """Stop intercepting without touching the attribute, because somebody has replaced it for good."""
        self._active = False

    def stop(self) -> bool:
        """Put back what was there before. Does nothing if the patch has not been started.

        Returns:
            True if nothing of the patch is left, since no neighbour has patched the attribute after it.
        """
        if self._replacement is None:
            return False
        self._active = False
        if self._restore() or getattr(self.owner, self._name) is self.previous:  # which an interrupt let it do before
            return True
        if self not in _COVERED:
            _restore_in_neighbour(getattr(self.owner, self._name), self._replacement, _active(self.previous))
            _COVERED.append(self)
        return False

    def _restore(self) -> bool:
        """Put back what was there before, if nobody else has changed that since."""
        owner, name = self.owner, self._name
        if self._held.get(name) is not self._replacement:
            return False
        before = _active(self.previous)
        if self._inherited and not hasattr(before, _PATCH):
            delattr(owner, name)
        else:
            setattr(owner, name, before)
        return True


def patch_of(function: object) -> Patch | None:
    """Return the active patch whose replacement a function is, or None for anybody else's function."""
    patch = getattr(function, _PATCH, None)
    # functools.wraps copies the mark to a neighbour's function; and the guard of a child process is a copy of ours.
    return patch if isinstance(patch, Patch) and patch.is_standing(function) else None


def tidy() -> None:
    """Put back what neighbours left of ours: the replacement that they found, and set again when they were stopped."""
    if _COVERED:
        _COVERED[:] = [patch for patch in _COVERED if not patch._restore()]


def _restore_in_neighbour(neighbour: Any, ours: object, before: object) -> None:
    """Replace our function in a neighbour's memory by the original, which the neighbour will put back one day."""
    import inspect  # here, because the guard of every child process reads this module

    for keeper in inspect.getclosurevars(neighbour).nonlocals.values() if inspect.isfunction(neighbour) else ():
        for name, value in list(getattr(keeper, "__dict__", {}).items()):
            if value is ours:
                setattr(keeper, name, before)


def _active(function: Any) -> Any:
    """Return what was there before all of our replacements that are no longer active."""
    while (patch := getattr(function, _PATCH, None)) is not None and not patch._active:
        function = patch.previous
    return function
