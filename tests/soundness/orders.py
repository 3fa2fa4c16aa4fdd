"""Doubles and neighbours that come and go in every order: run as a script, where no test run guards the process.

After each story, every guarded name is as it was. In each new double, every way out is refused.
"""

import _socket
import functools
import http.client
import importlib
import socket
import ssl
import sys
import unittest.mock
from collections.abc import Callable
from random import Random  # noqa: TID251  # seeded: the same stories in every run
from typing import Any

import requests

from pytest_whoosh import Whoosh, WhooshGuardError
from pytest_whoosh.interception.guarded import GUARDED, GUARDED_CLASSES

#: What neighbours patch.
PATCHED = (
    (_socket, "getaddrinfo"),
    (_socket, "socket"),
    (socket, "getaddrinfo"),
    (socket, "create_connection"),
    (socket.socket, "connect"),
    (socket.socket, "send"),
    (ssl.SSLObject, "do_handshake"),
    (http.client.HTTPConnection, "putrequest"),
    (requests.Session, "send"),
)
RELOADED = (ssl, http.client)


def names() -> dict[str, object]:
    """Return the value of each guarded name, as its module or class holds it."""
    found: dict[str, object] = {}
    for module, path in [(row.module, row.name) for row in GUARDED] + [row[:2] for row in GUARDED_CLASSES]:
        *owners, name = path.split(".")
        try:
            owner = functools.reduce(getattr, owners, sys.modules[module])
        except (AttributeError, KeyError):
            continue
        found[f"{module}:{path}"] = vars(owner).get(name)
    return found


def connect(kind: Any) -> None:
    with kind() as client:
        client.connect(("api.twilio.com", 443))


def shake_hands() -> None:
    context = ssl.create_default_context()
    context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="api.twilio.com").do_handshake()


def ask_a_proxy() -> None:
    connection = http.client.HTTPConnection("proxy.example")
    connection.sock = unittest.mock.Mock()
    connection.request("GET", "http://api.twilio.com/")


WAYS: tuple[Callable[[], object], ...] = (
    lambda: socket.getaddrinfo("api.twilio.com", 443),
    lambda: _socket.getaddrinfo("api.twilio.com", 443),
    lambda: connect(socket.socket),
    lambda: _socket.socket().connect(("api.twilio.com", 443)),
    shake_hands,
    ask_a_proxy,
)


def check_a_double(story: list[str]) -> None:
    with Whoosh():
        for way in WAYS:
            try:
                way()
            except WhooshGuardError:
                continue
            raise AssertionError(f"a way is open after {story}")


def replacement(chance: Random, function: Any) -> Any:
    if isinstance(function, type):
        return type("Neighbour", (function,), {"__slots__": ()})

    def neighbour(*args: Any, **kwargs: Any) -> Any:
        return function(*args, **kwargs)

    return functools.wraps(function)(neighbour) if chance.random() < 0.5 else neighbour


def tell(seed: int) -> None:
    chance, story = Random(seed), [str(seed)]
    doubles: list[Whoosh] = []
    neighbours: list[Any] = []
    before, is_reloaded = names(), False

    def end_something(kind: str) -> None:
        if kind == "end" and doubles:
            doubles.pop(chance.randrange(len(doubles))).__exit__(None, None, None)
        elif kind == "undo" and neighbours:
            neighbours.pop().stop()

    for _ in range(chance.randint(4, 12)):
        step = chance.choice(["start", "start", "end", "end", "patch", "patch", "undo", "undo", "check", "reload"])
        story.append(step)
        if step == "start":
            doubles.append(Whoosh().__enter__())
        elif step == "patch":
            owner, name = chance.choice(PATCHED)
            story.append(name)
            neighbours.append(unittest.mock.patch.object(owner, name, replacement(chance, getattr(owner, name))))
            neighbours[-1].start()
        elif step == "check":
            check_a_double(story)
        elif step == "reload" and seed % 4 == 0:
            importlib.reload(chance.choice(RELOADED))
            is_reloaded = True
        else:
            end_something(step)
    while doubles or neighbours:
        end_something(chance.choice(["end", "undo"]))
    check_a_double(story)
    check_a_double(story)  # the first one swept what neighbours put back

    after = names()
    ours = {name for name, held in after.items() if getattr(held, "__whoosh_patch__", None)}
    changed = {name for name in before if after[name] is not before[name] and not is_reloaded}
    assert not ours | changed, f"{ours | changed} after {story}"


if __name__ == "__main__":
    for number in range(int(sys.argv[1])):
        tell(number)
