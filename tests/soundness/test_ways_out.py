"""No call leaves, whatever way it takes: it is refused without a double, and refused or answered with one."""

import gc
import socket
import warnings
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from pytest_whoosh import Whoosh, WhooshGuardError
from pytest_whoosh.interception.guard import Guard

from .sink import Listener
from .ways import all_ways

pytestmark = pytest.mark.whoosh(guard=False)


class Port(Listener):
    """Accepts everything, and answers like a proxy that refuses all requests."""

    def __init__(self) -> None:
        super().__init__()
        self.received = b""

    def take(self, connection: socket.socket) -> None:
        """Read, and greet clients of SOCKS."""
        with connection, suppress(OSError):
            connection.settimeout(5)
            while data := connection.recv(65536):
                self.received += data
                if data[:1] == b"\x05":  # SOCKS: no authentication; then the host comes
                    connection.sendall(b"\x05\x00")
                else:
                    return


@pytest.fixture(scope="module", autouse=True)
def quick_collections() -> Iterator[None]:
    """Freeze all objects, so a garbage collection after each way only checks the objects of that way."""
    gc.collect()
    gc.freeze()
    yield
    gc.unfreeze()


@pytest.fixture
def port() -> Iterator[Port]:
    with Port().running() as port:
        yield port


@pytest.fixture
def refused() -> Iterator[list[WhooshGuardError]]:
    """The refusals during the test. This guard is below doubles, and records their refusals too."""
    refusals: list[WhooshGuardError] = []
    guard = Guard(lambda host: f"stopped {host}", record=lambda refusal, _: refusals.append(refusal))
    guard.start()
    yield refusals
    guard.stop()


def attempt(way: Any, port: Port) -> Any:
    """Return what a way leads to, or the error that it ends with."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # warnings about connections that were never closed
        try:
            return way(port.address[1])
        except Exception as error:
            return error
        finally:
            gc.collect()


@pytest.mark.parametrize("way", all_ways())
def test_a_guard_refuses_every_way(way, port, refused):
    found = attempt(way, port)

    assert refused, found
    assert isinstance(found, Exception)
    assert b"twilio" not in port.received


def says_the_double(error: Exception) -> bool:
    """True if an error is a response of the double: a 401, or the refusal of plain HTTP."""
    return getattr(error, "code", None) == 401 or "served over HTTPS only" in str(error)


@pytest.mark.parametrize("way", all_ways())
def test_a_double_answers_or_refuses_on_every_way(way, port, refused):
    with Whoosh():
        found = attempt(way, port)

    assert refused or not isinstance(found, Exception) or says_the_double(found), found
    assert b"twilio" not in port.received
