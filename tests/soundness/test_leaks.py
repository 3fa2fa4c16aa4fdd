"""Nothing reaches the vendor while a double is active, and nothing of a double is left after its end."""

import asyncio
import datetime as dt
import gc
import http.client
import os
import select
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time
import urllib.request
import warnings
from collections.abc import Callable, Iterator
from contextlib import ExitStack, suppress
from pathlib import Path
from types import FrameType, ModuleType

import aiohttp
import httpx
import pytest
import requests
import urllib3
from freezegun import freeze_time
from twilio.rest import Client

import pytest_whoosh
from pytest_whoosh import Whoosh
from pytest_whoosh.interception.patching import tidy
from pytest_whoosh.time.freezers import innermost
from tests.neighbours import app

PACKAGE = str(Path(pytest_whoosh.__file__).parent)
ROOT = Path(__file__).parents[2]
HOSTS = [
    "api.twilio.com",
    "messaging.ashburn.us1.twilio.com",
    "api.whoosh.totogi.solutions",
    "api.whoosh.totogidemos.com",
]


# Nothing reaches the vendor


class RecordingProxy(socketserver.ThreadingTCPServer):
    """A real proxy that records the target of each request, and forwards none."""

    allow_reuse_address = True
    daemon_threads = True

    def __init__(self) -> None:
        self.asked: list[str] = []
        super().__init__(("127.0.0.1", 0), _ProxyHandler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"


class _ProxyHandler(socketserver.StreamRequestHandler):
    server: RecordingProxy

    def handle(self) -> None:
        if line := self.rfile.readline():
            self.server.asked.append(line.decode("latin-1").strip())
            self.wfile.write(b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")


@pytest.fixture
def proxy(monkeypatch: pytest.MonkeyPatch) -> Iterator[RecordingProxy]:
    with RecordingProxy() as proxy:
        thread = threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield proxy
        proxy.shutdown()
        thread.join()


@pytest.fixture
def in_environment(proxy: RecordingProxy, monkeypatch: pytest.MonkeyPatch) -> RecordingProxy:
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv(name.lower(), proxy.url)
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(urllib.request, "_opener", None)  # which keeps the proxies of its first call
    return proxy


@pytest.fixture
def looked_up(monkeypatch: pytest.MonkeyPatch) -> list[object]:
    """The names that are resolved, and the addresses that sockets connect to."""
    seen: list[object] = []

    def watch(owner: object, name: str, place: int) -> None:
        usual = getattr(owner, name)

        def watched(*args: object, **kwargs: object) -> object:
            seen.append(args[place])
            return usual(*args, **kwargs)

        monkeypatch.setattr(owner, name, watched)

    for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex"):
        watch(socket, name, 0)
    watch(socket.socket, "connect", 1)
    watch(socket.socket, "connect_ex", 1)
    return seen


pytestmark = [
    pytest.mark.filterwarnings("ignore:BasicAuth is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:The 'auth' parameter is deprecated:DeprecationWarning"),
]


async def asend_with_sdk() -> str:
    from twilio.http.async_http_client import AsyncTwilioHttpClient

    async with AsyncTwilioHttpClient() as http_client:
        client = Client(http_client=http_client)
        return (await client.messages.create_async(to=app.PERSON, from_=app.FORM["From"], body="Hi")).sid


SENDS = {**app.SENDS, "sdk, async": lambda: asyncio.run(asend_with_sdk())}


@pytest.mark.parametrize("library", SENDS)
def test_nothing_reaches_a_proxy_of_the_environment(in_environment, looked_up, whoosh, library):
    sid = SENDS[library]()

    assert whoosh.outbox.one().sid == sid
    assert in_environment.asked == []
    assert looked_up == []


def test_the_proxy_of_the_environment_is_asked_for_all_else(in_environment, whoosh):
    for get in (
        lambda: requests.get("http://shop.example/requests", timeout=10),
        lambda: httpx.get("http://shop.example/httpx"),
        lambda: urllib.request.build_opener().open("http://shop.example/urllib", timeout=10),
    ):
        with suppress(OSError):
            get()

    assert [line.split(" ")[1] for line in in_environment.asked] == [
        "http://shop.example/requests",
        "http://shop.example/httpx",
        "http://shop.example/urllib",
    ]


def aiohttp_get(url: str, proxy: str) -> None:
    async def get() -> int:
        async with aiohttp.ClientSession() as session, session.get(url, proxy=proxy, headers=app.HEADERS) as answer:
            return answer.status

    assert asyncio.run(get()) == 200


def async_httpx_get(url: str, proxy: str) -> None:
    async def get() -> int:
        async with httpx.AsyncClient(proxy=proxy) as client:
            return (await client.get(url, headers=app.HEADERS)).status_code

    assert asyncio.run(get()) == 200


def http_client_get(url: str, proxy: str) -> None:
    host, _, path = url.removeprefix("https://").partition("/")
    connection = http.client.HTTPSConnection("127.0.0.1", int(proxy.rpartition(":")[2]))
    connection.set_tunnel(host, 443)
    connection.request("GET", f"/{path}", headers=app.HEADERS)
    assert connection.getresponse().status == 200
    connection.close()


def urllib_get(url: str, proxy: str) -> None:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({"https": proxy}))
    with opener.open(urllib.request.Request(url, headers=app.HEADERS)) as answer:
        assert answer.status == 200


def sdk_get(url: str, proxy: str) -> None:
    from twilio.http.http_client import TwilioHttpClient

    client = Client(http_client=TwilioHttpClient(proxy={"https": proxy}))
    assert client.messages.list() == []


def requests_get(url: str, proxy: str) -> None:
    assert requests.get(url, headers=app.HEADERS, proxies={"https": proxy}, timeout=10).status_code == 200


def httpx_get(url: str, proxy: str) -> None:
    with httpx.Client(proxy=proxy) as client:
        assert client.get(url, headers=app.HEADERS).status_code == 200


def urllib3_get(url: str, proxy: str) -> None:
    with urllib3.ProxyManager(proxy) as manager:
        assert manager.request("GET", url, headers=app.HEADERS, retries=False).status == 200


THROUGH_PROXY = {
    "requests": requests_get,
    "sdk": sdk_get,
    "httpx": httpx_get,
    "httpx, async": async_httpx_get,
    "aiohttp": aiohttp_get,
    "urllib3": urllib3_get,
    "http.client": http_client_get,
    "urllib": urllib_get,
}


@pytest.mark.parametrize("library", THROUGH_PROXY)
@pytest.mark.parametrize("host", HOSTS)
def test_nothing_reaches_a_proxy_that_the_app_names(proxy, whoosh, library, host):
    url = f"https://{host}/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"

    THROUGH_PROXY[library](url, proxy.url)

    assert proxy.asked == []
    assert "GET https://" in whoosh.traffic()


# Nothing is left

#: The modules that the double, or the library that freezes time, patches.
OWNERS: dict[str, Callable[[], list[object]]] = {
    "requests": lambda: [requests, requests.Session, requests.adapters, requests.adapters.HTTPAdapter],
    "httpx": lambda: [httpx, httpx.Client, httpx.AsyncClient, httpx.HTTPTransport, httpx.AsyncHTTPTransport],
    "aiohttp": lambda: [
        aiohttp,
        aiohttp.ClientSession,
        aiohttp.connector.TCPConnector,
        aiohttp.connector.BaseConnector,
    ],
    "urllib3": lambda: [
        urllib3,
        urllib3.connection,
        urllib3.connection.HTTPSConnection,
        urllib3.connection.HTTPConnection,
        urllib3.connectionpool,
    ],
    "http.client": lambda: [http.client, http.client.HTTPConnection, http.client.HTTPSConnection, urllib.request],
    "socket": lambda: [socket, socket.socket, select, ssl.SSLSocket, ssl.SSLObject],
    "asyncio": lambda: [asyncio, asyncio.BaseEventLoop, asyncio.events, asyncio.SelectorEventLoop],
    "time": lambda: [time, dt, sys.modules[__name__]],
}


def what_stands() -> dict[str, object]:
    """Return every attribute that may have been replaced."""
    return {
        f"{library}: {getattr(owner, '__name__', owner)}.{name}": value
        for library, owners in OWNERS.items()
        for owner in owners()
        for name, value in list(vars(owner).items())
        if not name.startswith("__") and not isinstance(value, ModuleType)
    }


def everything() -> dict[str, object]:
    return {
        **what_stands(),
        **{f"environment: {name}": value for name, value in os.environ.items() if name != "PYTEST_CURRENT_TEST"},
        "import hooks": list(sys.meta_path),
        "threads": threading.enumerate(),
        "switch interval": sys.getswitchinterval(),
        "excepthooks": [hook for hook in (sys.excepthook, threading.excepthook) if not is_of_pytest(hook)],
        "warnings": list(warnings.filters),
        "frozen time": innermost(),
    }


def is_of_pytest(hook: object) -> bool:
    """True if a hook is of an older pytest, which has one for the set-up of a test, and another for the test itself."""
    return str(getattr(hook, "__module__", "")).startswith("_pytest.")


def changed(before: dict[str, object], after: dict[str, object]) -> list[str]:
    return [
        name
        for name in before | after
        if name not in before or name not in after or (before[name] is not after[name] and before[name] != after[name])
    ]


@pytest.fixture
def before() -> dict[str, object]:
    with Whoosh() as whoosh:  # what is imported on the first use stays imported, and what is made stays made
        use(whoosh)
    tidy()
    return everything()


def use(whoosh: Whoosh) -> None:
    """Put every part of a double to work."""
    whoosh.mount("https://app.example", app.asgi_app)
    whoosh.add_number(app.FORM["From"], sms_url="https://app.example/sms")
    for send in app.SENDS.values():
        send()
    Client().messages.create(
        to=app.PERSON, from_=app.FORM["From"], body="Hi", status_callback="https://app.example/status"
    )
    whoosh.receive("Hello", from_=app.PERSON, to=app.FORM["From"])
    whoosh.settle()
    whoosh.travel(days=1)
    assert {callback.response_status for callback in whoosh.callbacks} == {200}


@pytest.mark.parametrize("clock", ["auto", "virtual"])
def test_everything_is_as_it_was_after_the_double_has_ended(before, clock):
    with Whoosh(clock=clock) as whoosh:
        use(whoosh)

    assert changed(before, everything()) == []


def test_the_comparison_finds_changes(before):
    with Whoosh() as whoosh:
        whoosh.travel(days=1)
        differences = changed(before, everything())

    assert {
        "requests: Session.send",
        "httpx: Client._transport_for_url",
        "aiohttp: TCPConnector._create_connection",
        "urllib3: HTTPSConnection.connect",
        "http.client: HTTPSConnection.connect",
        "socket: socket.getaddrinfo",
        "asyncio: BaseEventLoop.time",
        "time: datetime.datetime",
        "environment: TWILIO_AUTH_TOKEN",
        "import hooks",
    } - set(differences) <= {
        "import hooks",
        "socket: socket.getaddrinfo",
        "asyncio: BaseEventLoop.time",
        "time: datetime.datetime",
    }


@pytest.mark.parametrize("order", ["inside out", "first come, first gone"])
@pytest.mark.parametrize("freezes", ["the first", "the second"])
def test_a_double_keeps_its_time_when_the_double_that_froze_it_ends(order, freezes):
    first, second = Whoosh(), Whoosh()
    stays, leaves = (first, second) if order == "inside out" else (second, first)
    first.__enter__()
    second.__enter__()
    try:
        (first if freezes == "the first" else second).travel(days=1)
        stays.travel(days=1)
        before = stays.now
        leaves.__exit__(None, None, None)

        assert stays.now == before
        stays.travel(seconds=1)
        assert stays.now == before + dt.timedelta(seconds=1)
    finally:
        stays.__exit__(None, None, None)


@pytest.mark.parametrize("order", ["inside out", "first come, first gone"])
@pytest.mark.parametrize("frozen_by", ["nobody", "the first", "the second", "both"])
def test_either_of_two_doubles_may_end_first(before, order, frozen_by):
    first, second = Whoosh(seed=1), Whoosh(seed=2)
    with ExitStack() as leaving:
        first.__enter__()
        second.__enter__()
        leaving.callback((first if order == "inside out" else second).__exit__, None, None, None)
        with ExitStack() as leaving_first:
            leaving_first.callback((second if order == "inside out" else first).__exit__, None, None, None)
            if frozen_by in ("the first", "both"):
                first.travel(days=1)
            if frozen_by in ("the second", "both"):
                second.travel(days=2)
        left = first if order == "inside out" else second
        now = left.now
        app.send()
        assert len(left.outbox) == 1
        assert os.environ["TWILIO_AUTH_TOKEN"] == left.auth_token
        left.settle()
        assert left.outbox[0].status == "delivered"
        assert left.now >= now

    tidy()
    assert changed(before, everything()) == []


def test_doubles_that_threads_start_and_end_at_once_leave_nothing(before):
    usual = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)

    def come_and_go() -> None:
        for _ in range(10):
            with Whoosh():
                app.send()

    threads = [threading.Thread(target=come_and_go) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    sys.setswitchinterval(usual)

    tidy()
    assert changed(before, everything()) == []


class Interruption(BaseException):
    """Raise KeyboardInterrupt at the worst moment."""


def interrupted_at(call: int, function: Callable[[], object]) -> bool:
    """Call a function, and raise at the n-th call of the package's code. Return True if there were so many calls."""
    left = call

    def interrupt(frame: FrameType, event: str, _: object) -> None:
        nonlocal left
        if event == "call" and frame.f_code.co_filename.startswith(PACKAGE):
            left -= 1
            if left == 0:
                raise Interruption

    usual = sys.gettrace()
    sys.settrace(interrupt)
    try:
        function()
    except Interruption:
        return True
    finally:
        sys.settrace(usual)
    return False


def test_an_interrupt_at_any_point_of_the_start_leaves_nothing(before):
    left, call = {}, 0

    while True:
        call += 1
        double = Whoosh()
        interrupted = interrupted_at(call, double.__enter__)
        if not interrupted:
            double.__exit__(None, None, None)
            break
        tidy()
        left[call] = changed(before, everything())

    assert call > 50
    assert {call: names for call, names in left.items() if names} == {}


@pytest.mark.parametrize("problem", [AttributeError("no such door"), KeyboardInterrupt()])
def test_a_library_that_cannot_be_intercepted_leaves_nothing_behind(before, monkeypatch, problem):
    class Unpatchable(type):
        def __setattr__(cls, name: str, value: object) -> None:
            if name == "_transport_for_url":
                raise problem
            super().__setattr__(name, value)

    class Client(httpx.Client, metaclass=Unpatchable):
        pass

    with monkeypatch.context() as patched:
        patched.setattr(httpx, "Client", Client)
        with pytest.raises(type(problem)):
            Whoosh().__enter__()

    assert changed(before, everything()) == []
    with Whoosh() as whoosh:
        app.send()
    assert len(whoosh.outbox) == 1


def test_sockets_loops_and_threads_are_closed(before):
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        with Whoosh() as whoosh:
            use(whoosh)
            for _ in range(3):  # an app that another mount replaces is shut down too
                whoosh.mount("https://app.example", app.asgi_app)
                whoosh.receive("Hello", from_=app.PERSON, to=app.FORM["From"])
        del whoosh
        gc.collect()

    assert [str(warning.message) for warning in caught if issubclass(warning.category, ResourceWarning)] == []
    assert [each for each in gc.get_objects() if isinstance(each, asyncio.BaseEventLoop) and not each.is_closed()] == []
    assert [thread for thread in threading.enumerate() if not thread.daemon] == [threading.current_thread()]


def test_a_double_that_has_ended_is_not_kept_in_memory():
    code = """
import gc, weakref
from pytest_whoosh import Whoosh
from tests.soundness.test_leaks import use

def gone():
    with Whoosh() as whoosh:
        use(whoosh)
    return weakref.ref(whoosh)

double = gone()
gc.collect()
print(double())
"""

    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert result.stdout.strip() == "None"


def test_an_exception_of_an_app_at_its_shutdown_leaves_nothing_active(before):
    async def raising(scope, receive, send):
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            raise KeyboardInterrupt
        await app.asgi_app({**scope, "state": {"started": True}}, receive, send)

    def leave() -> None:
        with Whoosh() as whoosh:
            whoosh.mount("https://app.example", raising)
            whoosh.add_number(app.FORM["From"], sms_url="https://app.example/sms")
            whoosh.receive("Hello", from_=app.PERSON, to=app.FORM["From"])

    with pytest.raises(KeyboardInterrupt):
        leave()
    gc.collect()

    assert changed(before, everything()) == []


def test_time_frozen_by_the_test_stays_frozen():
    with freeze_time("2030-06-01 09:00:00"):
        with Whoosh() as whoosh:
            whoosh.travel(hours=1)

        assert dt.datetime.now(dt.UTC).isoformat() == "2030-06-01T10:00:00+00:00"


def test_no_library_is_imported_before_the_app_imports_it():
    code = """
import sys
from pytest_whoosh import Whoosh
with Whoosh() as whoosh:
    whoosh.travel(days=1)
print(sorted({"httpx", "aiohttp", "aiohttp.web", "jinja2", "trustme", "twilio"} & set(sys.modules)))
"""

    result = subprocess.run([sys.executable, "-W", "error", "-c", code], capture_output=True, text=True, check=True)

    assert (result.stdout.strip(), result.stderr) == ("[]", "")
