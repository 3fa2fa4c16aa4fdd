"""Standing in for an attribute of somebody else's module, so that neighbours may do the same in any order."""

from collections.abc import Callable
from functools import update_wrapper
from typing import Any, Final

_DOOR: Final = "__whoosh_door__"


class Patch:
    """One attribute replaced until :meth:`stop`.

    ``build(previous)`` makes the stand-in, given what stood there before. Where a neighbour has patched over ours in
    the meantime, its patch stays, and our stand-in, still in its chain, steps aside: it hands every call to
    ``previous``. So both sides restore in any order, and nothing of either is lost.
    """

    __slots__ = ("_name", "_owner", "_stand_in", "_standing", "previous")

    def __init__(self, owner: object, name: str, build: Callable[[Any], Callable[..., Any]]) -> None:
        self._owner = owner
        self._name = name
        self._standing = True
        self.previous = getattr(owner, name)
        stand_in = build(self.previous)

        def door(*args: Any, **kwargs: Any) -> Any:
            return stand_in(*args, **kwargs) if self._standing else self.previous(*args, **kwargs)

        self._stand_in = update_wrapper(door, self.previous)
        setattr(door, _DOOR, self)
        setattr(owner, name, door)

    def stop(self) -> None:
        """Take the stand-in away."""
        self._standing = False
        if getattr(self._owner, self._name) is self._stand_in:
            setattr(self._owner, self._name, _open(self.previous))


def _open(function: Any) -> Any:
    """What stood before, past every stand-in of ours that has stepped aside."""
    while (patch := getattr(function, _DOOR, None)) is not None and not patch._standing:
        function = patch.previous
    return function
