"""The guard: a test that calls the vendor without the fixture fails before anything leaves the machine."""

import socket
import textwrap

import pytest

REFUSAL = (
    "this test called {host} without the whoosh fixture, and pytest-whoosh stopped the call before it left this "
    "machine. Use the fixture, and the fake answers: def test_...(whoosh). "
    "For a live test: @pytest.mark.whoosh(guard=False), or whoosh_guard = false in the ini file for all tests."
)

#: A replacement for the network, which records the names that were looked up.
NO_NETWORK = """
    import socket

    looked_up = []
    look_up = socket.getaddrinfo

    def stub(host, *args, **kwargs):
        if host in ("127.0.0.1", b"127.0.0.1"):
            return look_up(host, *args, **kwargs)
        looked_up.append(host)
        raise socket.gaierror(-2, f"stub: {host} looked up")

    socket.getaddrinfo = stub
"""

#: A call to the vendor with every library.
STACKS = {
    "sdk": """
        from twilio.rest import Client
        Client("AC" + "0" * 32, "secret").messages.create(to="+15558675310", from_="+15557122661", body="Hi")
    """,
    "requests": """
        import requests
        requests.get("https://api.whoosh.totogi.solutions/")
    """,
    "urllib3": """
        import urllib3
        urllib3.PoolManager(retries=False).request("GET", "https://api.twilio.com/")
    """,
    "http_client": """
        import http.client
        http.client.HTTPSConnection("api.twilio.com").request("GET", "/")
    """,
    "urllib": """
        import urllib.request
        urllib.request.urlopen("https://messaging.whoosh.totogidemos.com/")
    """,
    "plain_http": """
        import urllib.request
        urllib.request.urlopen("http://api.twilio.com/")
    """,
    "socket": """
        import socket
        socket.create_connection(("api.twilio.com", 443))
    """,
    "socket_connect": """
        import socket
        socket.socket().connect(("api.twilio.com", 443))
    """,
    "socket_connect_ex": """
        import socket
        socket.socket().connect_ex(("api.twilio.com", 443))
    """,
    "gethostbyname": """
        import socket
        socket.gethostbyname("API.TWILIO.COM.")
    """,
    "bytes": """
        import socket
        socket.getaddrinfo(b"api.twilio.com", 443)
    """,
    "asyncio": """
        import asyncio
        asyncio.run(asyncio.open_connection("api.twilio.com", 443, ssl=True))
    """,
    "httpx": """
        httpx = pytest.importorskip("httpx")
        httpx.get("https://api.twilio.com/")
    """,
    "httpx_async": """
        import asyncio
        httpx = pytest.importorskip("httpx")
        async def main():
            async with httpx.AsyncClient() as client:
                await client.get("https://api.twilio.com/")
        asyncio.run(main())
    """,
    "aiohttp": """
        import asyncio
        aiohttp = pytest.importorskip("aiohttp")
        async def main():
            async with aiohttp.ClientSession() as session:
                await session.get("https://api.twilio.com/")
        asyncio.run(main())
    """,
    "aiodns": """
        import asyncio
        aiodns = pytest.importorskip("aiodns")
        async def main():
            await aiodns.DNSResolver().getaddrinfo("api.twilio.com", port=443)
        asyncio.run(main())
    """,
    "uvloop": """
        import asyncio
        uvloop = pytest.importorskip("uvloop")
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(asyncio.open_connection("api.twilio.com", 443))
    """,
}


def as_test(name: str, body: str) -> str:
    return f"def test_{name}():\n" + textwrap.indent(textwrap.dedent(body), "    ")


def as_tests(stacks: dict[str, str]) -> str:
    return "import pytest\n" + "\n".join(as_test(name, body) for name, body in stacks.items())


NOTHING_LEFT = as_test("nothing_left", "from conftest import looked_up\nassert looked_up == []")


def failures(result: pytest.RunResult) -> int:
    outcomes = result.parseoutcomes()
    return outcomes["failed"] + outcomes.get("skipped", 0)


def test_every_stack_is_refused_with_what_to_write(pytester):
    pytester.makeconftest(NO_NETWORK)
    pytester.makepyfile(as_tests(STACKS), test_z_last=NOTHING_LEFT)

    result = pytester.runpytest_subprocess("-p", "no:randomly")

    assert failures(result) == len(STACKS)
    assert result.parseoutcomes()["passed"] == 1
    hosts = ["api.twilio.com", "api.whoosh.totogi.solutions", "messaging.whoosh.totogidemos.com", "API.TWILIO.COM."]
    refusals = [line for line in result.outlines if line.startswith("E ") and "WhooshGuardError" in line]
    expected = [f"E           pytest_whoosh.WhooshGuardError: {REFUSAL.format(host=h)}" for h in hosts]
    assert len(refusals) == result.parseoutcomes()["failed"]
    assert {" ".join(line.split(" (in thread")[0].split()) for line in refusals} == {
        " ".join(line.split()) for line in expected
    }


@pytest.fixture
def proxy(monkeypatch):
    """A proxy that accepts connections, and keeps the bytes that it receives."""
    with socket.create_server(("127.0.0.1", 0), backlog=100) as listener:
        listener.settimeout(0)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"):
            monkeypatch.setenv(name, url)
        yield listener


def heard_by(listener: socket.socket) -> list[bytes]:
    heard = []
    while True:
        try:
            connection, _ = listener.accept()
        except BlockingIOError:
            return heard
        with connection:
            heard.append(connection.recv(1000))


def test_a_proxy_gets_no_request_to_the_vendor(pytester, proxy):
    stacks = STACKS | {
        "urllib3": """
            import os, urllib3
            urllib3.ProxyManager(os.environ["HTTPS_PROXY"], retries=False).request("GET", "https://api.twilio.com/")
        """,
        "aiohttp": STACKS["aiohttp"].replace("ClientSession()", "ClientSession(trust_env=True)"),
        "aiohttp_plain": STACKS["aiohttp"]
        .replace("ClientSession()", "ClientSession(trust_env=True)")
        .replace("https://", "http://"),
        "httpx_plain": STACKS["httpx"].replace("https://", "http://"),
    }
    over_http = [
        "sdk", "requests", "urllib", "plain_http", "urllib3", "httpx", "httpx_async", "httpx_plain", "aiohttp",
        "aiohttp_plain",
    ]  # fmt: skip
    pytester.makeconftest(NO_NETWORK)
    pytester.makepyfile(as_tests({name: stacks[name] for name in over_http}), test_z_last=NOTHING_LEFT)

    result = pytester.runpytest_subprocess()

    assert (failures(result), result.parseoutcomes()["passed"]) == (len(over_http), 1)
    assert result.stdout.str().count("E   ") >= len(over_http)
    result.stdout.fnmatch_lines(["E*WhooshGuardError: this test called *"])
    assert [heard for heard in heard_by(proxy) if heard] == []


SWALLOWING = """
    import requests

    def notify():
        try:
            requests.post("https://api.twilio.com/")
        except Exception:
            pass
"""


def test_an_app_that_swallows_the_refusal_does_not_pass(pytester):
    pytester.makepyfile(app=SWALLOWING)
    pytester.makepyfile(
        """
        import app

        def test_booking():
            app.notify()
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["The app swallowed this refusal: " + REFUSAL.format(host="api.twilio.com"), "Called at app.py:5."]
    )
    assert "Traceback" not in result.stdout.str()


@pytest.mark.parametrize(
    ("where", "outcome"),
    [
        ("class TestBooking(unittest.TestCase):\n    def test(self):\n        app.notify()", {"failed": 1}),
        ("@pytest.fixture\ndef booking():\n    app.notify()\ndef test(booking):\n    pass", {"failed": 1}),
        (
            "@pytest.fixture\ndef booking():\n    yield\n    app.notify()\ndef test(booking):\n    pass",
            {"passed": 1, "errors": 1},
        ),
        (
            "def test():\n    thread = threading.Thread(target=app.notify)\n    thread.start()\n    thread.join()",
            {"failed": 1},
        ),
    ],
    ids=["unittest", "set-up of a fixture", "tear-down of a fixture", "thread"],
)
def test_a_refusal_is_not_lost_wherever_it_was_swallowed(pytester, where, outcome):
    pytester.makepyfile(app=SWALLOWING)
    pytester.makepyfile(f"import threading, unittest, app, pytest\n\n{where}")

    result = pytester.runpytest()

    result.assert_outcomes(**outcome)
    result.stdout.fnmatch_lines(
        ["*he app swallowed this refusal: this test called api.twilio.com *", "Called at app.py:*."]
    )


def test_a_refusal_in_a_thread_names_the_thread(pytester):
    pytester.makepyfile(app=SWALLOWING)
    pytester.makepyfile(
        """
        import threading, app

        def test_booking():
            thread = threading.Thread(target=app.notify, name="mailer")
            thread.start()
            thread.join()
        """
    )

    result = pytester.runpytest()

    result.stdout.fnmatch_lines(["In thread 'mailer', the app swallowed this refusal: this test called *"])


def test_a_refusal_that_ended_a_thread_says_so(pytester):
    pytester.makepyfile(
        """
        import threading, requests

        def notify():
            requests.get("https://api.twilio.com/")

        def test_booking():
            thread = threading.Thread(target=notify, name="mailer")
            thread.start()
            thread.join()
        """
    )

    result = pytester.runpytest("-W", "ignore")

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        [
            "Thread 'mailer' ended with this refusal: " + REFUSAL.format(host="api.twilio.com"),
            "Called at test_a_refusal_that_ended_a_thread_says_so.py:4.",
        ]
    )
    result.stdout.no_fnmatch_line("*- whoosh guard -*")


def test_a_refusal_that_became_another_failure_is_shown_below_it(pytester):
    pytester.makepyfile(app=SWALLOWING)
    pytester.makepyfile(
        """
        import app

        def test_booking():
            app.notify()
            assert "sent" == "failed"
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["*- whoosh guard -*", REFUSAL.format(host="api.twilio.com")])


def test_a_refusal_concerns_its_own_test_only(pytester):
    pytester.makepyfile(app=SWALLOWING)
    pytester.makepyfile(
        """
        import app

        def test_booking():
            app.notify()

        def test_other():
            pass
        """
    )

    pytester.runpytest().assert_outcomes(failed=1, passed=1)


def test_a_thread_that_outlives_the_fixture_is_refused(pytester):
    pytester.makepyfile(
        """
        import threading

        import requests

        URL = "https://api.twilio.com/"
        go_on, answers = threading.Event(), []

        def work():
            answers.append(requests.get(URL).status_code)
            go_on.wait()
            try:
                requests.get(URL)
            except Exception as error:
                answers.append(type(error).__name__)

        thread = threading.Thread(target=work, name="worker")

        def test_one(whoosh):
            thread.start()
            while not answers:
                pass

        def test_two():
            go_on.set()
            thread.join()
            assert answers == [401, "WhooshGuardError"]
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(
        [
            "*ERROR at teardown of test_one*",
            (
                "A thread or process that this test started was refused later, while "
                "test_a_thread_that_outlives_the_fixture_is_refused.py::test_two was running: "
                "this test called api.twilio.com * (in thread 'worker')"
            ),
        ]
    )


LEFT_OVER = """
    import threading
    from concurrent.futures import ThreadPoolExecutor

    import pytest
    import requests

    SID = "AC" + "f00d" * 8
    URL = f"https://api.twilio.com/2010-04-01/Accounts/{SID}/Messages.json"
    FORM = {"To": "+15558675310", "From": "+15557122661", "Body": "Hi"}
    POOL = ThreadPoolExecutor(1)
    go_on, done = threading.Event(), threading.Event()

    def send():
        requests.post(URL, data=FORM, auth=(SID, "secret"))

    def wait_and_send():
        go_on.wait()
        try:
            send()
        except Exception:
            pass
        done.set()
"""


@pytest.mark.parametrize("start", ["threading.Thread(target=wait_and_send).start()", "POOL.submit(wait_and_send)"])
def test_a_message_of_a_thread_that_an_earlier_test_started_is_shown_as_such(pytester, start):
    pytester.makepyfile(
        f"""{LEFT_OVER}
    def test_a(whoosh):
        {start}

    def test_b(whoosh):
        go_on.set()
        assert done.wait(5)
        POOL.submit(send).result()
        whoosh.assert_nothing_sent()
    """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    path = "test_a_message_of_a_thread_that_an_earlier_test_started_is_shown_as_such.py"
    said = f"sent by a thread that {path}::test_a started"
    result.stdout.fnmatch_lines(
        [
            f"E * SM*0001 * 'Hi' ({said})",
            "E * SM*0002 * 'Hi'",
            f"* POST *Messages.json -> 201 SM*: {said}",
            "* POST *Messages.json -> 201 SM*[0-9]",
            f"*SM* -> *: 'Hi' ({said})",
        ]
    )
    assert result.stdout.str().count(said) == 3


@pytest.mark.parametrize("start", ["threading.Thread(target=wait_and_send).start()", "POOL.submit(wait_and_send)"])
def test_a_refusal_in_a_thread_fails_the_test_that_started_it(pytester, start):
    pytester.makepyfile(
        f"""{LEFT_OVER}
    def test_a():
        {start}

    def test_b():
        go_on.set()
        assert done.wait(5)
    """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=2, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_a*", "*was refused later, while *::test_b was running: *"])


UNUSUAL_THREADS = {
    "callback": "POOL.submit(go_on.wait, 5).add_done_callback(lambda _: wait_and_send())",
    "_thread": "import _thread\n        _thread.start_new_thread(wait_and_send, ())",
}


@pytest.mark.parametrize("start", UNUSUAL_THREADS.values(), ids=UNUSUAL_THREADS)
def test_a_refusal_in_a_callback_or_a_thread_of_its_own_fails_the_test_that_started_it(pytester, start):
    pytester.makepyfile(
        f"""{LEFT_OVER}
    def test_first():
        POOL.submit(int).result()

    def test_a():
        {start}

    def test_b():
        go_on.set()
        assert done.wait(5)
    """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=3, errors=1)
    result.stdout.fnmatch_lines(["*ERROR at teardown of test_a*", "*was refused later, while *::test_b was running: *"])


SHARED_THREADS = {
    "a pool": """
    def test_a():
        POOL.submit(int).result()

    def test_b():
        go_on.set()
        POOL.submit(wait_and_send).result()
    """,
    "a thread of a wider fixture": """
    @pytest.fixture(scope="module", autouse=True)
    def shared():
        threading.Thread(target=wait_and_send).start()

    def test_a():
        pass

    def test_b():
        go_on.set()
        assert done.wait(5)
    """,
}


@pytest.mark.parametrize("tests", SHARED_THREADS.values(), ids=SHARED_THREADS)
def test_a_thread_that_serves_several_tests_does_not_fail_the_first(pytester, tests):
    pytester.makepyfile(LEFT_OVER + tests)

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*_ test_b _*", "*this test called api.twilio.com without *"])


LIVE = as_test(
    "live",
    """
    import socket
    from conftest import looked_up
    with pytest.raises(socket.gaierror, match="stub: api.twilio.com looked up"):
        socket.create_connection(("api.twilio.com", 443))
    assert looked_up == ["api.twilio.com"]
    """,
)


def test_the_ini_file_switches_the_guard_off(pytester):
    pytester.makeconftest(NO_NETWORK)
    pytester.makeini("[pytest]\nwhoosh_guard = false")
    pytester.makepyfile("import pytest\n" + LIVE)

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_the_ini_file_switches_the_guard_off_during_collection_too(pytester):
    pytester.makeconftest(NO_NETWORK)
    pytester.makeini("[pytest]\nwhoosh_guard = false")
    pytester.makepyfile(
        """
        import socket, pytest

        with pytest.raises(socket.gaierror):
            socket.create_connection(("api.twilio.com", 443))

        def test():
            pass
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=1)


def test_a_test_module_that_calls_the_vendor_when_imported_is_refused(pytester):
    pytester.makepyfile("import socket\nsocket.create_connection(('api.twilio.com', 443))")

    result = pytester.runpytest()

    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["E*WhooshGuardError: this test called api.twilio.com *"])


def test_a_marker_switches_the_guard_off_for_its_tests(pytester):
    pytester.makeconftest(NO_NETWORK)
    pytester.makepyfile("import pytest\n@pytest.mark.whoosh(guard=False)\n" + LIVE)
    pytester.makepyfile(test_other=as_tests({"socket": STACKS["socket"]}))

    pytester.runpytest_subprocess().assert_outcomes(passed=1, failed=1)


def test_a_marker_switches_the_guard_on_if_the_ini_file_switched_it_off(pytester):
    pytester.makeini("[pytest]\nwhoosh_guard = false")
    pytester.makepyfile(
        as_tests({"socket": STACKS["socket"]}).replace("def test", "@pytest.mark.whoosh(guard=True)\ndef test")
    )

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*WhooshGuardError: this test called api.twilio.com *"])


def test_the_fixture_stops_every_call_even_if_the_guard_is_off(pytester):
    pytester.makeini("[pytest]\nwhoosh_guard = false")
    pytester.makepyfile(as_tests({"socket": STACKS["socket"]}).replace("test_socket()", "test_socket(whoosh)"))

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["E*WhooshGuardError: *"])


def test_a_connection_that_the_fixture_does_not_intercept_is_refused_with_its_own_text(pytester):
    pytester.makepyfile(as_tests({"socket": STACKS["socket"]}).replace("test_socket()", "test_socket(whoosh)"))

    result = pytester.runpytest()

    result.assert_outcomes(failed=1)
    refusal = (
        "pytest-whoosh stopped a call to api.twilio.com before it left this machine: the whoosh fixture does not "
        "intercept the library that made it. "
        "Make the call with requests, httpx, httpx2, aiohttp, urllib3, http.client or urllib.request."
    )
    result.stdout.fnmatch_lines([f"E*WhooshGuardError: {refusal}", "*- whoosh traffic -*"])


def test_other_hosts_are_not_guarded(pytester):
    pytester.makeconftest(NO_NETWORK)
    pytester.makepyfile(
        """
        import socket, pytest
        from conftest import looked_up

        @pytest.mark.parametrize("host", ["example.com", "nottwilio.com", "api.twilio.com.evil.example", ""])
        def test(host):
            looked_up.clear()
            with pytest.raises(socket.gaierror):
                socket.getaddrinfo(host, 443)
            assert looked_up == [host]
        """
    )

    pytester.runpytest_subprocess().assert_outcomes(passed=4)


def test_a_users_own_mock_of_the_vendor_needs_no_fixture(pytester):
    pytester.makepyfile(
        """
        import requests, responses

        @responses.activate
        def test():
            responses.get("https://api.twilio.com/", json={})
            assert requests.get("https://api.twilio.com/").json() == {}
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_without_the_plugin_there_is_no_guard(pytester):
    pytester.makeconftest(NO_NETWORK)
    pytester.makepyfile("import pytest\n" + LIVE)

    pytester.runpytest_subprocess("-p", "no:whoosh").assert_outcomes(passed=1)


def test_the_guard_leaves_the_sockets_as_they_were(pytester):
    pytester.makepyfile(
        test_guarded="def test(): pass",
        run="""
        import socket, sys, pytest

        def state():
            finders = [finder for finder in sys.meta_path if "pytest_whoosh" in str(type(finder))]
            return socket.getaddrinfo, socket.gethostbyname, vars(socket.socket).get("connect"), finders

        before = state()
        assert pytest.main(["test_guarded.py", "-p", "no:socket"]) == 0
        assert state() == before, (state(), before)
        """,
    )

    assert pytester.runpython(pytester.path / "run.py").ret == 0
