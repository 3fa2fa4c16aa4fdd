"""The guards of doubles that follow one another, without the guard of a test run."""

import subprocess
import sys
from textwrap import dedent

import pytest

_PRELUDE = """
    import socket
    from pytest_whoosh import Whoosh, WhooshGuardError

    before = socket.getaddrinfo

    def assert_guarded():
        with Whoosh():
            try:
                socket.getaddrinfo("api.twilio.com", 443)
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

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)

    assert (ran.returncode, ran.stderr) == (0, "")
