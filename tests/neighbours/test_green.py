"""gevent and eventlet, which replace the standard library's sockets, even those that the guard had patched."""

import pytest

from .conftest import needs

PATCHES = {"gevent": "gevent.monkey.patch_all()", "eventlet": "eventlet.monkey_patch()"}

TESTS = """
    import socket, warnings
    import pytest
    warnings.simplefilter("ignore")
    {at_import}

    DOORS = [
        lambda: socket.getaddrinfo("api.twilio.com", 443),
        lambda: socket.gethostbyname("api.twilio.com"),
        lambda: socket.create_connection(("api.twilio.com", 443)),
        lambda: socket.socket().connect(("api.twilio.com", 443)),
    ]

    @pytest.mark.parametrize("door", DOORS)
    def test_guarded(door):
        {in_test}
        from pytest_whoosh import WhooshGuardError
        with pytest.raises(WhooshGuardError):
            door()

    def test_answered(whoosh):
        {in_test}
        import urllib3
        assert urllib3.PoolManager().request("GET", "https://api.twilio.com/2010-04-01/Accounts.json").status == 401
"""


@pytest.mark.parametrize("when", ["at_import", "in_test"])
@pytest.mark.parametrize("library", [pytest.param(name, marks=needs(name)) for name in PATCHES])
def test_sockets_that_are_replaced_are_guarded_and_answered(pytester, monkeypatch, library, when):
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.setenv("EVENTLET_NO_GREENDNS", "yes")  # which cannot be imported beside dnspython with trio
    module = "gevent.monkey" if library == "gevent" else library
    texts = dict.fromkeys(("at_import", "in_test"), "pass") | {when: f"import {module}; {PATCHES[library]}"}
    pytester.makepyfile(TESTS.format(**texts))

    result = pytester.runpytest_subprocess("-p", "whoosh", "-W", "ignore")

    result.assert_outcomes(passed=5)
