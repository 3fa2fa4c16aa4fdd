"""The private names of other libraries: each exists where the table says, and the table has all of them."""

import ast
import os
import re
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from functools import reduce
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

import pytest_whoosh
from pytest_whoosh.interception.guarded import GUARDED
from pytest_whoosh.interception.internals import INTERNALS, Internal

ROOT = Path(pytest_whoosh.__file__).parent

#: Names with an underscore that are public: Python documents them.
DOCUMENTED = {"_getframe", "_current_frames", "_asdict", "_replace", "_fields"}

#: The names that some supported releases do not have, and why the guard is complete without them.
NOT_IN_EVERY_RELEASE = {
    "os:posix_spawn": "Windows has none",
    "os:posix_spawnp": "Windows has none",
    "eventlet.greenio.base:GreenSocket.sendmsg": "eventlet has none, and its sockets cannot send so",
}


#: Python's own names that came or went with a release. Each release has one set of them.
ENDS_AWAITING = {
    (3, 11): ("threading:_shutdown_locks", "threading:Thread()._tstate_lock"),
    (3, 13): ("threading:_thread_shutdown",),
}
OF_OTHER_RELEASES = {name for names in ENDS_AWAITING.values() for name in names} - set(
    ENDS_AWAITING[max(since for since in ENDS_AWAITING if since <= sys.version_info[:2])]
)


def installed(library: str) -> bool:
    """True if a module is installed. Only the environment ``neighbours`` has all of them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # eventlet's, of itself
        try:
            import_module(library)
        except ImportError:
            return False
    return True


def closed(made: Any) -> Any:
    made.close()
    return made


def a_connector(module: Any) -> Any:
    import asyncio

    async def make() -> Any:
        return module.TCPConnector()

    return asyncio.run(make())


def a_protocol(module: Any) -> Any:
    import asyncio
    import ssl

    loop = asyncio.new_event_loop()
    try:
        protocol = module.SSLProtocol(loop, asyncio.Protocol(), ssl.create_default_context(), None)
        protocol._get_app_transport()._closed = True  # it was never open
        return protocol
    finally:
        loop.close()


def a_task(module: Any) -> Any:
    async def make() -> Any:
        return module.current_task()

    return module.run(make())


def a_traveller(module: Any) -> Any:
    with module.travel(0) as traveller:
        return traveller


def a_tls_transport(module: Any) -> Any:
    return a_protocol(module)._get_app_transport()


#: Functions that make an instance of each class that the table names with ``()``.
MAKERS: dict[str, Callable[[Any], Any]] = {
    "argparse:ArgumentParser": lambda module: module.ArgumentParser(),
    "asyncio:Task": a_task,
    "aiohttp.connector:TCPConnector": a_connector,
    "aioresponses:aioresponses": lambda module: module.aioresponses(),
    "asyncio:SelectorEventLoop": lambda module: module.SelectorEventLoop(),
    "asyncio.sslproto:SSLProtocol": a_protocol,
    "asyncio.sslproto:_SSLProtocolTransport": a_tls_transport,
    "http.client:HTTPConnection": lambda module: module.HTTPConnection("example.com"),
    "concurrent.futures.thread:ThreadPoolExecutor": lambda module: module.ThreadPoolExecutor(),
    "httpcore:AsyncConnectionPool": lambda module: module.AsyncConnectionPool(),
    "httpx:AsyncHTTPTransport": lambda module: module.AsyncHTTPTransport(),
    "python_socks.sync:Proxy": lambda module: module.Proxy.from_url("socks5://127.0.0.1:1"),
    "pytest_httpx:HTTPXMock": lambda module: module.HTTPXMock(module._HTTPXMockOptions()),
    "requests_mock:Mocker": lambda module: module.Mocker(),
    "requests_mock.adapter:Adapter": lambda module: module.Adapter(),
    "requests_mock.adapter:_Matcher": lambda module: module.Adapter().register_uri("GET", "https://a.example"),
    "requests:Response": lambda module: module.Response(),
    "threading:RLock": lambda module: module.RLock(),
    "threading:Thread": lambda module: module.Thread(),
    "trio._core._io_epoll:EpollIOManager": lambda module: closed(module.EpollIOManager()),
    "time_machine:Traveller": a_traveller,
    "multiprocessing:Process": lambda module: module.Process(),
    "urllib3:HTTPResponse": lambda module: module.HTTPResponse(),
    **{
        f"{package}.{kind}": lambda module: next(
            getattr(module, name) for name in ("HTTP11Connection", "AsyncHTTP11Connection") if hasattr(module, name)
        )(None, None)
        for package in ("httpcore", "httpcore2")
        for kind in ("_sync.http11:HTTP11Connection", "_async.http11:AsyncHTTP11Connection")
    },
}


@pytest.mark.parametrize(
    "internal",
    [row for row in INTERNALS if installed(row.name.partition(":")[0]) and row.name not in OF_OTHER_RELEASES],
    ids=lambda row: row.name,
)
def test_a_private_name_is_where_the_table_says(internal: Internal):
    module_name, _, path = internal.name.partition(":")
    module = import_module(module_name)
    kind, is_instance, attribute = path.partition("().")

    if is_instance:
        made = MAKERS[f"{module_name}:{kind}"](module)
        try:
            assert hasattr(made, attribute)
        finally:
            if kind == "SelectorEventLoop":
                made.close()
    elif path and internal.name not in NOT_IN_EVERY_RELEASE:
        assert reduce(getattr, path.split("."), module) is not None


def test_the_table_says_why_and_since_when():
    wrong = [row for row in INTERNALS if not row.why or not re.fullmatch(r"[\d.]+ [\d.]+", f"{row.since} {row.seen}")]

    assert wrong == []
    assert len({row.name for row in INTERNALS}) == len(INTERNALS)


#: These change other modules as they are imported, or pytest itself.
APART = ("eventlet", "gevent", "pytest_recording")
TOGETHER = [row for row in GUARDED if not row.module.startswith(APART) and installed(row.module)]


@pytest.mark.parametrize("row", TOGETHER, ids=lambda row: f"{row.module}:{row.name}")
def test_a_guarded_function_exists_wherever_its_library_does(row):
    if f"{row.module}:{row.name}" not in NOT_IN_EVERY_RELEASE:
        reduce(getattr, row.name.split("."), import_module(row.module))


@pytest.mark.parametrize("library", APART)
def test_a_guarded_function_exists_in_a_process_of_its_own(library):
    if find_spec(library) is None:
        pytest.skip(f"needs {library}")
    rows = [row for row in GUARDED if row.module.startswith(library)]
    present = [row for row in rows if f"{row.module}:{row.name}" not in NOT_IN_EVERY_RELEASE]
    lookups = [f"reduce(getattr, {row.name.split('.')!r}, import_module({row.module!r}))" for row in present]
    script = "\n".join(["from functools import reduce", "from importlib import import_module", *lookups])

    environment = os.environ | {"EVENTLET_NO_GREENDNS": "yes"}  # which cannot be imported beside dnspython with trio

    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False, env=environment)

    assert (ran.returncode, len(rows) > 0) == (0, True), ran.stderr


def test_every_private_name_in_use_is_in_the_table():
    listed = {part for row in INTERNALS for part in re.findall(r"\b_[a-z]\w*", row.name)}
    listed |= {row.name.rpartition(".")[2].rpartition(":")[2] for row in INTERNALS}

    used = {name: path for path in ROOT.rglob("*.py") if path.name != "internals.py" for name in foreign(path)}

    assert {name: path for name, path in used.items() if name not in listed | DOCUMENTED} == {}


def foreign(path: Path) -> Iterator[str]:
    """Return the names with an underscore in a module that no module of this package defines."""
    for node in ast.walk(TREES[path]):
        if isinstance(node, ast.Attribute):
            names = [node.attr]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [*str(node.module).split("."), *(alias.name for alias in node.names)]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and path.parent.name in IN_TEXTS:
            names = node.value.split(".") if re.fullmatch(r"[\w.]+", node.value) else []
        else:
            continue
        yield from (name for name in names if re.fullmatch(r"_[A-Za-z]\w*[a-z]", name) and name not in OWN)


#: The folders in which texts are names of other libraries.
IN_TEXTS = {"interception", "neighbours", "delivery", "time"}
TREES = {path: ast.parse(path.read_text(encoding="utf-8")) for path in ROOT.rglob("*.py")}


def defined(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store) and is_self(node.value):
            yield node.attr


def is_self(node: ast.AST) -> bool:
    return isinstance(node, ast.Name) and node.id in {"self", "cls"}


OWN = {name for tree in TREES.values() for name in defined(tree)} | {
    "_whoosh",
    "_whoosh_started_by",
    "_pytest_whoosh_child",
    "_pydevd_bundle",  # a debugger's package, which is only looked up among the loaded modules
}
