"""Modules that are loaded a second time: the new functions are guarded like the first ones."""

import importlib.util

import pytest

BY_ADDRESS = """
import importlib, sys, ssl, socket
import pytest
from pytest_whoosh import WhooshGuardError

def shake_hands():
    tls = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), ssl.MemoryBIO(), server_hostname="api.twilio.com")
    with pytest.raises(WhooshGuardError):
        tls.do_handshake()

def connect():
    with pytest.raises(WhooshGuardError):
        socket.create_connection(("api.twilio.com", 443))
    with socket.socket() as opened, pytest.raises(WhooshGuardError):
        opened.connect(("api.twilio.com", 443))
    with socket.socket(type=socket.SOCK_DGRAM) as opened, pytest.raises(WhooshGuardError):
        opened.sendto(b"Hi", ("api.twilio.com", 443))
"""

RELOADED = {
    "socket, reloaded": "importlib.reload(socket)\n    connect()",
    "socket, a second copy": "del sys.modules['socket']\n    global socket\n    import socket\n    connect()",
    "ssl, reloaded": "importlib.reload(ssl)\n    shake_hands()",
    "ssl, a second copy": "del sys.modules['ssl']\n    global ssl\n    import ssl\n    shake_hands()",
    "_socket, a second copy": """
    del sys.modules['_socket'], sys.modules['socket']
    global socket
    import socket
    connect()
    """,
}


@pytest.mark.parametrize("code", RELOADED.values(), ids=RELOADED)
def test_a_module_that_is_loaded_again_is_guarded(pytester, run_alone, code):
    pytester.makepyfile(f"{BY_ADDRESS}\ndef test_alone():\n    {code}\ndef test_with_a_double(whoosh):\n    {code}")

    run_alone().assert_outcomes(passed=2)


@pytest.mark.skipif(not importlib.util.find_spec("eventlet"), reason="eventlet makes a second copy of dnspython")
@pytest.mark.parametrize("patches", ["", "eventlet.monkey_patch()"])
def test_the_copy_of_dnspython_that_eventlet_makes_is_guarded(pytester, run_alone, patches):
    pytester.makepyfile(
        f"""
        import pytest, sys
        from pytest_whoosh import WhooshGuardError

        def test():
            import dns.resolver
            first = dns.resolver
            import eventlet
            {patches}
            from eventlet.support import greendns
            for module in (first, greendns.dns.resolver):
                resolver = module.Resolver(configure=False)
                resolver.nameservers, resolver.lifetime = ["127.0.0.1"], 0.1
                with pytest.raises(WhooshGuardError):
                    resolver.resolve("api.twilio.com", tcp=True)
        """
    )

    run_alone("-W", "ignore").assert_outcomes(passed=1)
