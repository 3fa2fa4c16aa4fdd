"""The guards of doubles that follow one another, without the guard of a test run."""

import os
import subprocess
import sys
from textwrap import dedent

import pytest

from pytest_whoosh.interception.processes import SHARED

_PRELUDE = """
    import socket
    from pytest_whoosh import Whoosh, WhooshGuardError

    before = socket.getaddrinfo

    def assert_guarded(name="socket", module=None):
        module = module or __import__(name)
        with Whoosh():
            try:
                module.getaddrinfo("api.twilio.com", 443)
            except WhooshGuardError:
                return
            raise AssertionError("the door is open")
"""

STORIES = {
    "nobody else": """
        for _ in range(3):
            assert_guarded()
            assert socket.getaddrinfo is before
    """,
    "a neighbour that comes between two": """
        assert_guarded()
        neighbour = socket.getaddrinfo = lambda *args: before(*args)
        assert_guarded()
        assert socket.getaddrinfo is neighbour
        socket.getaddrinfo = before
        assert_guarded()
        assert socket.getaddrinfo is before
    """,
    "a neighbour that stays": """
        assert_guarded()
        with Whoosh():
            ours = socket.getaddrinfo
            neighbour = socket.getaddrinfo = lambda *args: ours(*args)
        assert_guarded()
        assert socket.getaddrinfo is neighbour
        socket.getaddrinfo = ours  # which it had found
        assert_guarded()
        assert socket.getaddrinfo is before
        assert_guarded()
    """,
    "a neighbour that comes during one double and goes during the next": """
        import _socket
        original = _socket.getaddrinfo
        first, second = Whoosh(), Whoosh()
        first.__enter__()
        ours = _socket.getaddrinfo
        _socket.getaddrinfo = lambda *args: ours(*args)
        assert_guarded()
        second.__enter__()
        _socket.getaddrinfo = ours  # which it had found
        first.__exit__(None, None, None)
        second.__exit__(None, None, None)
        assert_guarded("_socket")
        assert _socket.getaddrinfo is original
    """,
    "a neighbour that goes after its double": """
        with Whoosh():
            ours = socket.getaddrinfo
            socket.getaddrinfo = lambda *args: ours(*args)
        socket.getaddrinfo = ours
        assert_guarded()
        assert socket.getaddrinfo is before
    """,
    "a neighbour that wraps": """
        import _socket, functools
        with Whoosh():
            ours = _socket.getaddrinfo
            neighbour = _socket.getaddrinfo = functools.wraps(ours)(lambda *args: ours(*args))
        for _ in range(3):
            assert_guarded("_socket")
            assert _socket.getaddrinfo is neighbour
    """,
    "a neighbour that deletes": """
        with Whoosh():
            del socket.gethostbyaddr
        assert_guarded()
        assert not hasattr(socket, "gethostbyaddr")
    """,
    "a class of a neighbour": """
        import _socket
        original = _socket.socket

        class Neighbour(original):
            __slots__ = ()

        for _ in range(2):
            with Whoosh():
                _socket.socket = Neighbour
            for _ in range(3):
                with Whoosh():
                    try:
                        _socket.socket().connect(("api.twilio.com", 443))
                    except WhooshGuardError:
                        continue
                    raise AssertionError("the door is open")
            assert _socket.socket is Neighbour
            _socket.socket = original
            assert_guarded()
            assert _socket.socket is original
    """,
    "a module that is loaded again between two": """
        import importlib, ssl
        assert_guarded()
        importlib.reload(ssl)
        for _ in range(2):
            with Whoosh():
                context = ssl.create_default_context()
                tls = context.wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="api.twilio.com")
                try:
                    tls.do_handshake()
                except WhooshGuardError:
                    continue
                raise AssertionError("the door is open")
    """,
    "a module that copies another while it is loaded again": """
        import importlib
        originals = socket.gethostbyname, socket.SocketType
        with Whoosh():
            importlib.reload(socket)
        assert_guarded()
        assert (socket.gethostbyname, socket.SocketType) == originals
    """,
    "a module that is there twice": """
        import importlib, sys
        assert_guarded()
        old = sys.modules.pop("socket")
        new = importlib.import_module("socket")
        for _ in range(3):
            assert_guarded("socket", old)
            assert_guarded("socket", new)
        sys.modules["socket"] = old
        for _ in range(3):
            assert_guarded("socket", old)
            assert_guarded("socket", new)
    """,
    "a module that is imported anew": """
        import http.client, sys
        assert_guarded()
        del sys.modules["http.client"]
        import http.client
        connection = http.client.HTTPConnection("proxy.example")
        connection.sock = object()
        with Whoosh():
            try:
                connection.request("GET", "http://api.twilio.com/")
            except WhooshGuardError:
                sys.exit()
        raise AssertionError("the door is open")
    """,
}


@pytest.mark.parametrize("story", STORIES)
def test_every_double_is_guarded_and_restores_everything(story):
    script = dedent(_PRELUDE) + dedent(STORIES[story])

    unguarded = {name: value for name, value in os.environ.items() if name != SHARED}
    ran = subprocess.run(  # with no guard but those of the doubles
        [sys.executable, "-c", script], env=unguarded, capture_output=True, text=True, check=False
    )

    assert (ran.returncode, ran.stderr) == (0, "")
