"""``python -m pytest_whoosh serve``: its output, its options, and its end."""

import http.client
import io
import os
import re
import shlex
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import requests

from pytest_whoosh import Whoosh
from pytest_whoosh.commands.parsing import main
from pytest_whoosh.commands.progress import Progress
from tests.conftest import PERSON, SENDER
from tests.interception.conftest import Server as App

WAIT = 60


class Process:
    """The command, running."""

    def __init__(self, *arguments: str) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-W", "error", "-m", "pytest_whoosh", "serve", *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdout is not None
        self.line = self.process.stdout.readline()
        self.environment = dict(pair.split("=", 1) for pair in shlex.split(self.line))

    def post(self, path: str, data: dict[str, str] | None = None, **options: object) -> requests.Response:
        environment = self.environment
        return requests.post(
            environment["WHOOSH_URL"] + path,
            data,
            auth=(environment["WHOOSH_API_KEY"], environment["WHOOSH_API_SECRET"]),
            verify=environment.get("SSL_CERT_FILE"),
            timeout=WAIT,
            **options,
        )

    def send(self, **parameters: str) -> requests.Response:
        path = f"/2010-04-01/Accounts/{self.environment['WHOOSH_ACCOUNT_SID']}/Messages.json"
        return self.post(path, {"To": PERSON, "From": SENDER, "Body": "Hi", **parameters})

    def end(self, number: int = signal.SIGTERM) -> tuple[int, str, str]:
        """Wait for the end. Return the exit status and the rest of the output."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=WAIT)
        return self.process.returncode, out, err


@pytest.fixture
def serve() -> Iterator[Callable[..., Process]]:
    processes: list[Process] = []

    def serve(*arguments: str) -> Process:
        processes.append(Process(*arguments))
        return processes[-1]

    yield serve
    for each in processes:
        each.process.kill()
        each.process.communicate()


# Output


def test_the_command_prints_one_line_of_variables_that_lead_an_app_to_the_server(serve: Callable[..., Process]) -> None:
    process = serve()
    sent = process.send()
    end = process.end()

    with Whoosh() as whoosh:
        credentials = whoosh.environment
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", process.environment["WHOOSH_URL"])
    assert process.environment == {"WHOOSH_URL": process.environment["WHOOSH_URL"], **credentials}
    assert sent.status_code == 201
    assert end == (0, "", "")


def test_with_tls_the_line_names_the_certificate_of_the_authority(serve: Callable[..., Process]) -> None:
    process = serve("--tls")
    ca_file = Path(process.environment["SSL_CERT_FILE"])

    assert process.send().status_code == 201
    assert process.environment["WHOOSH_URL"].startswith("https://127.0.0.1:")
    assert process.environment["REQUESTS_CA_BUNDLE"] == process.environment["NODE_EXTRA_CA_CERTS"] == str(ca_file)
    assert process.end() == (0, "", "")
    assert not ca_file.parent.exists()


# The end


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_stops_the_server_and_leaves_nothing(serve: Callable[..., Process], number: int) -> None:
    process = serve()
    address = urlsplit(process.environment["WHOOSH_URL"])
    idle = socket.create_connection((address.hostname or "", address.port or 0), timeout=WAIT)

    assert process.end(number) == (0, "", "")

    assert idle.recv(1) == b""
    idle.close()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection((address.hostname or "", address.port or 0), timeout=WAIT)


def test_a_signal_stops_the_server_while_it_holds_a_client(serve: Callable[..., Process]) -> None:
    process = serve()
    process.post("/_whoosh/when", json={"match": {"to": PERSON}, "timeout": True})
    address = urlsplit(process.environment["WHOOSH_URL"])
    held = http.client.HTTPConnection(address.hostname or "", address.port, timeout=WAIT)
    form = f"To=%2B{PERSON[1:]}&From=%2B{SENDER[1:]}&Body=Hi"
    held.request("POST", "/2010-04-01/Accounts/AC" + "0" * 32 + "/Messages", form, {"Authorization": "Basic YTpi"})
    assert process.post("/v1/Services", {"FriendlyName": "Reminders"}).status_code == 201  # so the other has arrived

    assert process.end() == (0, "", "")

    with pytest.raises((http.client.RemoteDisconnected, ConnectionResetError)):
        held.getresponse()


def test_a_signal_stops_the_server_while_time_is_moving(
    serve: Callable[..., Process],
    app_server: App,
) -> None:
    process = serve()
    arrived, go_on = threading.Event(), threading.Event()

    def keep_waiting(heard: object) -> tuple[int, dict[str, str], bytes]:
        arrived.set()
        go_on.wait(WAIT)
        return 204, {}, b""

    app_server.answer = keep_waiting
    process.send(StatusCallback=f"{app_server.url}/status")
    cut_off: list[Exception] = []

    def settle() -> None:
        try:
            process.post("/_whoosh/settle")
        except requests.RequestException as error:
            cut_off.append(error)

    settling = threading.Thread(target=settle)
    settling.start()
    assert arrived.wait(WAIT)

    assert process.end() == (0, "", "")

    settling.join(WAIT)
    go_on.set()
    assert len(cut_off) == 1


def test_a_port_that_is_in_use_is_refused_with_an_explanation(serve: Callable[..., Process]) -> None:
    port = urlsplit(serve().environment["WHOOSH_URL"]).port

    second = serve("--port", str(port))
    out, err = second.process.communicate(timeout=WAIT)

    assert (second.process.returncode, second.line, out) == (1, "", "")
    assert err == (
        f"pytest-whoosh: port {port} of 127.0.0.1 is already in use. Choose another one with --port, or omit --port "
        "for a free one.\n"
    )


def test_a_port_is_free_again_once_it_has_stopped(serve: Callable[..., Process]) -> None:
    first = serve()
    port = urlsplit(first.environment["WHOOSH_URL"]).port
    first.send()
    first.end()

    assert urlsplit(serve("--port", str(port)).environment["WHOOSH_URL"]).port == port


# Options


def test_settings_are_options(serve: Callable[..., Process]) -> None:
    process = serve("--credentials", "exact", "--senders", "owned", "--seed", "7", "--api-secret", "it's secret")
    refused = process.send()
    process.post("/_whoosh/add_number", json={"number": SENDER})
    stranger = requests.get(process.environment["WHOOSH_URL"] + "/v1/Services", auth=("a", "b"), timeout=WAIT)

    assert process.environment["WHOOSH_API_SECRET"] == "it's secret"
    assert (refused.status_code, refused.json()["code"]) == (400, 21659)
    assert stranger.status_code == 401
    with Whoosh(seed=7) as whoosh:
        whoosh.add_number(SENDER)
        expected = requests.post(
            f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json",
            {"To": PERSON, "From": SENDER, "Body": "Hi"},
            auth=("any", "thing"),
        )
    assert process.send().json()["sid"] == expected.json()["sid"]


def test_every_setting_is_an_option_but_those_of_tests(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["serve", "--help"])

    assert end.value.code == 0
    assert re.findall(r"^  (--[a-z-]+)", capsys.readouterr().out, re.MULTILINE) == [
        "--host", "--port", "--tls", "--proxy", "--proxy-port", "--allow-webhooks",
        "--account-sid", "--api-key", "--api-secret", "--auth-token", "--credentials", "--senders", "--numbers",
        "--callback-hosts", "--delays", "--throughput", "--schedule-minimum", "--unfaked", "--url-host", "--seed",
    ]  # fmt: skip


@pytest.mark.parametrize("arguments", [[], ["--tls"]], ids=["nothing", "options only"])
def test_the_command_line_lists_its_commands(capsys: pytest.CaptureFixture[str], arguments: list[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)

    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines() == [
        "usage: python -m pytest_whoosh [-h] [--version] COMMAND ...",
        "python -m pytest_whoosh: error: name a command: serve or segments or guide. --help describes them",
    ]


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (
            ["--senders", "all"],
            "argument --senders: Setting 'senders' cannot be 'all': it takes one of 'any', 'owned'.",
        ),
        (["--port", "65536"], "argument --port: '65536' is not a port. Use a number from 0 to 65535"),
        (["--port", "http"], "argument --port: 'http' is not a port. Use a number from 0 to 65535"),
        (
            ["--host", ""],
            "argument --host: '' is not a host. Use an address of this machine, or 0.0.0.0 for all",
        ),
        (["--clock", "virtual"], "unrecognized arguments: --clock virtual"),
    ],
    ids=["setting", "port too great", "no port", "no host", "not an option here"],
)
def test_an_invalid_value_is_a_usage_error(
    capsys: pytest.CaptureFixture[str], arguments: list[str], explained: str
) -> None:
    with pytest.raises(SystemExit) as end:
        main(["serve", *arguments])

    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"python -m pytest_whoosh serve: error: {explained}"


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (
            ["--host", "203.0.113.7"],
            "203.0.113.7 is not an address of this machine. Choose one with --host, or 0.0.0.0 for all.",
        ),
        (
            ["--allow-webhooks", "https://app.example"],
            "allow_webhooks takes hosts such as 'app.example' or '*.example', not 'https://app.example'.",
        ),
    ],
    ids=["host", "webhooks"],
)
def test_a_failure_is_explained(capsys: pytest.CaptureFixture[str], arguments: list[str], explained: str) -> None:
    assert main(["serve", *arguments]) == 1
    assert capsys.readouterr().err == f"pytest-whoosh: {explained}\n"


def test_without_the_extra_the_command_says_how_to_install_it(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "aiohttp", None)

    assert main(["serve"]) == 1
    assert capsys.readouterr() == (
        "",
        'pytest-whoosh: The server needs aiohttp. Install the extra: pip install "pytest-whoosh[server]".\n',
    )


def test_signal_handlers_are_restored(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    before = [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)]
    monkeypatch.setattr("pytest_whoosh.commands.serve._INTERVAL", 0)
    monkeypatch.setattr(Progress, "show", lambda progress: os.kill(os.getpid(), signal.SIGTERM))

    assert main(["serve"]) == 0

    assert [signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)] == before
    assert capsys.readouterr().out.startswith("WHOOSH_URL=http://127.0.0.1:")


# A long travel


class Terminal(io.StringIO):
    """A terminal."""

    def __init__(self, *, watched: bool) -> None:
        super().__init__()
        self._watched = watched

    def isatty(self) -> bool:
        return self._watched


@pytest.fixture
def look_thrice_while_time_moves(whoosh: Whoosh, client) -> Callable[[Terminal], None]:
    def look(terminal: Terminal) -> None:
        progress = Progress(whoosh, terminal)

        def app(environ: dict[str, object], start_response: Callable[..., object]) -> list[bytes]:
            for _ in range(3):
                progress.show()
            start_response("204 No Content", [])
            return []

        whoosh.mount("https://app.example", app)
        whoosh.when(to=PERSON).webhooks(drop=["delivered"])
        client.messages.create(to=PERSON, from_=SENDER, body="Hi", status_callback="https://app.example/")
        progress.show()
        whoosh.settle()
        progress.show()
        progress.show()

    return look


@pytest.mark.whoosh(clock="virtual")
def test_a_terminal_shows_the_progress_of_a_long_travel(
    look_thrice_while_time_moves: Callable[[Terminal], None], whoosh: Whoosh
) -> None:
    terminal = Terminal(watched=True)
    sent_at = whoosh.now

    look_thrice_while_time_moves(terminal)

    erase = "\r\x1b[K"
    line = re.escape(erase) + r"It is [\d-]+ [\d:]+ UTC; messages in flight: 1"
    assert re.fullmatch(f"(?:{line}){{2}}{re.escape(erase)}", terminal.getvalue()), terminal.getvalue()
    assert f"{sent_at:%Y-%m-%d}" in terminal.getvalue()


def test_without_a_terminal_nothing_is_shown(look_thrice_while_time_moves: Callable[[Terminal], None]) -> None:
    log = Terminal(watched=False)

    look_thrice_while_time_moves(log)

    assert log.getvalue() == ""
