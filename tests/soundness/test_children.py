"""Processes that a test starts are guarded like the test, and servers of this package answer them."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_whoosh import Server
from pytest_whoosh.interception import children

CHILD = str(Path(children.__file__).parent / "child")

CHILDREN = """
    import subprocess, sys, multiprocessing, pytest
    from concurrent.futures import ProcessPoolExecutor

    CALL = "import urllib.request; urllib.request.urlopen('https://api.twilio.com/')"

    def call():
        exec(CALL)

    @pytest.mark.parametrize("method", ["spawn", "forkserver", "fork"])
    def test_pool(method):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context(method)) as pool:
            pool.submit(call).result()

    def test_subprocess():
        subprocess.run([sys.executable, "-c", CALL], check=False, capture_output=True)

    def test_swallowed():
        swallowing = f"import contextlib\\nwith contextlib.suppress(Exception):\\n    exec({CALL!r})"
        subprocess.run([sys.executable, "-c", swallowing], check=True)

    def test_other():
        subprocess.run([sys.executable, "-c", "import socket; socket.create_server(('127.0.0.1', 0))"], check=True)
"""


def test_a_refusal_in_a_child_fails_the_test_that_started_it_and_no_other(pytester, run_alone):
    pytester.makepyfile(CHILDREN)

    result = run_alone()

    assert result.parseoutcomes() == {"failed": 5, "passed": 1}
    started = "a process that this test started (*python* called api.twilio.com, and pytest-whoosh stopped *"
    result.stdout.fnmatch_lines([f"E*WhooshGuardError: {started}", f"The app swallowed this refusal: {started}"])


def test_a_child_finds_nothing_of_ours_loaded_and_catches_the_public_error(pytester, run_alone):
    pytester.makepyfile(
        child="""
        import sys, urllib.request
        print([name for name in sys.modules if name.partition(".")[0] == "pytest_whoosh"])
        import pytest_whoosh
        try:
            urllib.request.urlopen("https://api.twilio.com/")
        except pytest_whoosh.WhooshGuardError:
            print("refused")
        """,
        test_parent="""
        import subprocess, sys
        def test():
            subprocess.run([sys.executable, "child.py"], check=True)
        """,
    )

    result = run_alone()

    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(["[[]]", "refused"])


def test_a_child_that_runs_pytest_within_pytest_is_guarded_by_the_run_alone(pytester, run_alone):
    pytester.makepyfile(
        inner="""
        import pytest, ssl

        LIVE = pytest.mark.whoosh(guard=False)

        @LIVE
        def test_pytest_in_this_process(tmp_path):
            path = tmp_path / "test_innermost.py"
            path.write_text("def test(): pass")
            assert pytest.main([str(path), "-p", "whoosh", "-p", "no:cacheprovider"]) == 0

        @LIVE
        def test_live():
            bios = ssl.MemoryBIO(), ssl.MemoryBIO()  # in memory, so nothing leaves
            tls = ssl.create_default_context().wrap_bio(*bios, server_hostname="api.twilio.com")
            with pytest.raises(ssl.SSLWantReadError):
                tls.do_handshake()
        """,
        test_parent="""
        import subprocess, sys
        def test():
            worker = "import pytest, sys; sys.exit(pytest.main(['-p', 'whoosh', 'inner.py']))"
            subprocess.run([sys.executable, "-c", worker], check=True)
        """,
    )

    run_alone().assert_outcomes(passed=1)


@pytest.mark.parametrize("end", ["signal.raise_signal(signal.SIGTERM)", "os._exit(1)", "pass"])
def test_a_run_leaves_no_folder_even_if_it_is_killed(pytester, run_alone, monkeypatch, tmp_path, end):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    pytester.makepyfile(f"import os, signal\ndef test(whoosh):\n    {end}")

    run_alone("--basetemp", str(pytester.path / "base"))

    assert list(tmp_path.iterdir()) == []


def test_a_child_that_outlives_its_run_leaves_no_folder(tmp_path):
    ended = subprocess.run([sys.executable, "-c", "import os; print(os.getpid())"], capture_output=True, check=True)
    folder = tmp_path / f"pytest-whoosh-0-{int(ended.stdout)}"
    environment = {**os.environ, "PYTEST_WHOOSH_RUN": str(folder), "PYTHONPATH": CHILD}

    child = subprocess.run(
        [sys.executable, "-c", "import urllib.request; urllib.request.urlopen('https://api.twilio.com/')"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )

    assert "WhooshGuardError: a process that this test started" in child.stderr
    assert not folder.exists()


def test_the_environments_own_sitecustomize_runs_as_well(pytester, run_alone, monkeypatch):
    pytester.mkpydir("own").joinpath("sitecustomize.py").write_text("print('own sitecustomize')")
    monkeypatch.setenv("PYTHONPATH", str(pytester.path / "own"))
    pytester.makepyfile(
        """
        import subprocess, sys
        def test():
            shown = subprocess.run([sys.executable, "-c", ""], check=True, capture_output=True, text=True).stdout
            assert shown == "own sitecustomize\\n"
        """
    )

    run_alone().assert_outcomes(passed=1)


ONE_FORK_SERVER = """
    import multiprocessing, subprocess, sys
    from concurrent.futures import ProcessPoolExecutor

    CALL = "import urllib.request; urllib.request.urlopen('https://api.twilio.com/')"

    def call():
        exec(CALL)

    def start():
        subprocess.run([sys.executable, "-c", CALL], check=False, capture_output=True)

    def run(function):
        with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("forkserver")) as pool:
            pool.submit(function).exception()

    def test_first():
        run(int)

    def test_calling():
        run(call)

    def test_starting():
        run(start)

    def test_last():
        run(int)
"""


def test_a_refusal_below_a_fork_server_fails_the_test_that_started_the_process_and_not_the_server(pytester, run_alone):
    pytester.makepyfile(ONE_FORK_SERVER)

    result = run_alone("-v")

    result.stdout.fnmatch_lines(
        ["*::test_first PASSED*", "*::test_calling FAILED*", "*::test_starting FAILED*", "*::test_last PASSED*"]
    )


CHANGED_ENVIRONMENTS = """
    import multiprocessing, os, subprocess, sys, pytest

    CALL = "import urllib.request; urllib.request.urlopen('https://api.twilio.com/')"
    COMMAND = [sys.executable, "-c", CALL]
    PATHS = {"PYTHONPATH": os.path.abspath("own")}  # its sitecustomize does not run another one

    def call():
        exec(CALL)

    def run(**options):
        subprocess.run(COMMAND, check=False, capture_output=True, **options)

    def test_another_path():
        run(env={**os.environ, **PATHS})

    def test_a_path_in_front():
        run(env={**os.environ, "PYTHONPATH": os.pathsep.join([PATHS["PYTHONPATH"], os.environ["PYTHONPATH"]])})

    def test_bytes():
        run(env={**os.environb, b"PYTHONPATH": b"own"})

    @pytest.mark.parametrize("name", ["posix_spawn", "posix_spawnp"])
    def test_posix_spawn(name):
        os.waitpid(getattr(os, name)(sys.executable, COMMAND, {**os.environ, **PATHS}), 0)

    def test_execve():
        child = os.fork()
        if not child:
            os.execve(sys.executable, COMMAND, {**os.environ, **PATHS})
        os.waitpid(child, 0)

    def test_grandchild():
        program = f"import os, subprocess; subprocess.run({COMMAND!r}, env={{**os.environ, **{PATHS!r}}})"
        subprocess.run([sys.executable, "-c", program], check=True)

    @pytest.fixture(params=["setenv", "delenv", "clear"])
    def changed(request, monkeypatch):
        if request.param == "clear":
            monkeypatch.delenv("PYTEST_WHOOSH_RUN", raising=False)
        monkeypatch.delenv("PYTHONPATH")
        if request.param == "setenv":
            monkeypatch.setenv("PYTHONPATH", "own")

    def test_subprocess(changed):
        run()

    def test_the_same_object(changed):
        run(env=os.environ)

    def test_system(changed):
        before = dict(os.environ)
        os.system(f'{sys.executable} -c "{CALL}"')
        assert dict(os.environ) == before

    def test_execv(changed):
        child = os.fork()
        if not child:
            os.execvp(sys.executable, COMMAND)
        os.waitpid(child, 0)

    @pytest.mark.parametrize("method", ["spawn", "forkserver"])
    def test_multiprocessing(changed, method):
        process = multiprocessing.get_context(method).Process(target=call)
        process.start()
        process.join()
        if method == "forkserver":
            from multiprocessing import forkserver
            forkserver._forkserver._stop()

    @pytest.mark.whoosh(guard=False)
    def test_live(changed):
        shows = "import os; print(os.environ.get('PYTEST_WHOOSH_RUN'))"
        assert subprocess.check_output([sys.executable, "-c", shows], text=True) == "None\\n"
"""


def test_a_child_is_guarded_although_its_path_has_changed(pytester, run_alone):
    own = pytester.mkdir("own")
    own.joinpath("sitecustomize.py").touch()
    own.joinpath("pytest_whoosh.py").touch()  # like a release without this guard
    pytester.makepyfile(CHANGED_ENVIRONMENTS)

    result = run_alone()

    assert result.parseoutcomes() == {"failed": 25, "passed": 3}
    refused = re.findall("^The app swallowed this refusal: a process that this test", result.stdout.str(), re.MULTILINE)
    assert len(refused) == 25


CLIENTS = {
    "urllib": """
        import urllib.error, urllib.request
        try:
            urllib.request.urlopen(url)
        except urllib.error.HTTPError as refused:
            print(refused.code)
    """,
    "requests": """
        import requests
        print(requests.get(url).status_code)
    """,
    "httpx": """
        import httpx
        print(httpx.get(url).status_code)
    """,
    "aiohttp": """
        import aiohttp, asyncio
        async def main():
            async with aiohttp.ClientSession(trust_env=True) as session, session.get(url) as answer:
                print(answer.status)
        asyncio.run(main())
    """,
}


@pytest.mark.parametrize("client", CLIENTS)
def test_a_child_reaches_the_vendor_of_our_own_proxy(whoosh, client):
    program = f"if True:\n    url = 'https://api.twilio.com/2010-04-01/Accounts.json'\n{CLIENTS[client]}"

    with Server(whoosh, tls=True, proxy=True) as server:
        shown = subprocess.run(
            [sys.executable, "-c", program.replace("\n        ", "\n    ")],
            env={**os.environ, **server.environment},
            capture_output=True,
            text=True,
            check=True,
            timeout=30,
        ).stdout

    assert shown == "401\n"
