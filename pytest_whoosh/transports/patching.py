"""Standing in for an attribute of somebody else's module, so that neighbours may do the same in any order."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any, Final

_DOOR: Final = "__whoosh_door__"

#: The patches that had stopped when a neighbour's still lay over them. What stands is the process's, and so is this.
_BURIED: Final[list[Patch]] = []


class Patch:
    """One attribute replaced until :meth:`stop`.

    ``build(previous)`` makes the stand-in, given what stood there before. Where a neighbour has patched over ours in
    the meantime, its patch stays, and our stand-in, still in its chain, steps aside: it hands every call to
    ``previous``. So both sides restore in any order, and nothing of either is lost; :func:`tidy` takes away what a
    neighbour has put back of ours.
    """

    __slots__ = ("_inherited", "_name", "_owner", "_stand_in", "_standing", "previous")

    def __init__(self, owner: object, name: str, build: Callable[[Any], Callable[..., Any]]) -> None:
        self._owner = owner
        self._name = name
        self._standing = True
        self.previous = getattr(owner, name)
        stand_in = build(self.previous)

        def door(*args: Any, **kwargs: Any) -> Any:
            return stand_in(*args, **kwargs) if self._standing else self.previous(*args, **kwargs)

        # All that inspect needs; functools.update_wrapper would take as long as the rest of setting up a double.
        door.__dict__.update({"__wrapped__": self.previous, _DOOR: self})
        earlier = getattr(self.previous, _DOOR, None)
        self._inherited: bool = (
            earlier._inherited if earlier else isinstance(owner, type) and name not in owner.__dict__
        )
        self._stand_in = door
        setattr(owner, name, door)

    def renew(self) -> None:
        """Stand in again, where a neighbour has put back what it found before we came."""
        if getattr(self._owner, self._name) is self.previous:
            setattr(self._owner, self._name, self._stand_in)

    def stop(self) -> None:
        """Take the stand-in away."""
        self._standing = False
        if not self._leave():
            _hand_over(getattr(self._owner, self._name), self._stand_in, _open(self.previous))
            _BURIED.append(self)

    def _leave(self) -> bool:
        """Put back what stood before, where nobody else has changed that since."""
        if getattr(self._owner, self._name) is not self._stand_in:
            return False
        before = _open(self.previous)
        if self._inherited and not hasattr(before, _DOOR):
            delattr(self._owner, self._name)
        else:
            setattr(self._owner, self._name, before)
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
