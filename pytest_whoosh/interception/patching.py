"""Standing in for an attribute of somebody else's module, so that neighbours may do the same in any order."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

_DOOR: Final = "__whoosh_door__"

#: The patches that had stopped when a neighbour's still lay over them. What stands is the process's, and so is this.
_BURIED: Final[list[Patch]] = []


class Patch:
    """One attribute replaced from :meth:`start` until :meth:`stop`.

    ``build(previous)`` makes the stand-in, given what stood there before. Where a neighbour has patched over ours in
    the meantime, its patch stays, and our stand-in, still in its chain, steps aside: it hands every call to
    ``previous``. So both sides restore in any order, and nothing of either is lost; :func:`tidy` takes away what a
    neighbour has put back of ours.
    """

    __slots__ = ("_build", "_inherited", "_name", "_stand_in", "_standing", "owner", "previous")

    def __init__(self, owner: object, name: str, build: Callable[[Any], Callable[..., Any]]) -> None:
        self.owner = owner
        self._name = name
        self._build = build
        self._standing = False
        self.previous: Any = None
        self._stand_in: Any = None

    def start(self) -> None:
        """Let the stand-in take its place."""
        owner, name = self.owner, self._name
        self.previous = getattr(owner, name)
        stand_in = self._build(self.previous)

        def door(*args: Any, **kwargs: Any) -> Any:
            return stand_in(*args, **kwargs) if self._standing else self.previous(*args, **kwargs)

        # All that inspect needs; functools.update_wrapper would take as long as the rest of setting up a double.
        marks = door.__dict__
        marks["__wrapped__"], marks[_DOOR] = self.previous, self
        earlier = getattr(self.previous, _DOOR, None)
        self._inherited: bool = (
            earlier._inherited if earlier else isinstance(owner, type) and name not in owner.__dict__
        )
        self._stand_in = door
        self._standing = True
        setattr(owner, name, door)

    def renew(self) -> bool:
        """Stand in again, if what stood before us stands there: a neighbour has put it back, or :meth:`stop` has.

        Returns:
            Whether it does.
        """
        if getattr(self.owner, self._name) is not self.previous:
            return False
        self._standing = True
        setattr(self.owner, self._name, self._stand_in)
        return True

    def stop(self) -> bool:
        """Take the stand-in away; do nothing where it never came.

        Returns:
            Whether it has gone for good, with no patch of a neighbour's over it.
        """
        if not self._standing:
            return False
        self._standing = False
        if self._leave():
            return True
        _hand_over(getattr(self.owner, self._name), self._stand_in, _open(self.previous))
        _BURIED.append(self)
        return False

    def _leave(self) -> bool:
        """Put back what stood before, where nobody else has changed that since."""
        if getattr(self.owner, self._name) is not self._stand_in:
            return False
        before = _open(self.previous)
        if self._inherited and not hasattr(before, _DOOR):
            delattr(self.owner, self._name)
        else:
            setattr(self.owner, self._name, before)
        return True


def tidy() -> None:
    """Put back what neighbours left of ours: the stand-in that they found, and set again when they left in turn."""
    _BURIED[:] = [patch for patch in _BURIED if not patch._leave()]


def _hand_over(neighbour: Any, ours: object, before: object) -> None:
    """Let a neighbour that remembers our stand-in, to set it back one day, remember what stood before it instead."""
    for keeper in inspect.getclosurevars(neighbour).nonlocals.values() if inspect.isfunction(neighbour) else ():
        for name, value in list(getattr(keeper, "__dict__", {}).items()):
            if value is ours:
                setattr(keeper, name, before)


def _open(function: Any) -> Any:
    """What stood before, past every stand-in of ours that has stepped aside."""
    while (patch := getattr(function, _DOOR, None)) is not None and not patch._standing:
        function = patch.previous
    return function
