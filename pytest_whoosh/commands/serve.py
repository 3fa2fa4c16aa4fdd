"""The command ``serve``: serves the fake until a signal stops it."""

import argparse
import errno
import shlex
import sys
from collections.abc import Callable
from typing import Any, Final

from pytest_whoosh.engine.hosts import LAST_PORT
from pytest_whoosh.engine.settings import ABOUT, read_setting
from pytest_whoosh.server import require_extra
from pytest_whoosh.whoosh import Whoosh
from pytest_whoosh.wording.texts import printable

from .progress import Progress
from .stopping import StopSignals

#: Settings without an option. A server's time is virtual, and ``--allow-webhooks`` configures webhooks. This process
#: has no test to guard, and no app that raises errors or reads its configuration.
_NOT_HERE: Final = frozenset({"clock", "callbacks", "app_errors", "env", "django_settings", "guard"})
_PREFIX: Final = "setting_"

#: The seconds between two checks whether time is moving.
_INTERVAL: Final = 1.0

_DESCRIPTION: Final = (
    "Serve the fake to other processes and other languages. Prints one line with the environment variables that an app "
    "needs, and serves until SIGINT (Ctrl-C), SIGTERM or SIGHUP."
)
#: Why the server cannot listen, and what to do about it.
_PROBLEMS: Final = {
    errno.EADDRINUSE: (
        "port {port} of {host} is already in use. Choose another one with --port, or omit --port for a free one."
    ),
    errno.EACCES: "port {port} of {host} may not be used. Choose one from 1024 on, or omit --port for a free one.",
    errno.EADDRNOTAVAIL: "{host} is not an address of this machine. Choose one with --host, or 0.0.0.0 for all.",
}


def add_to(commands: Any) -> None:
    """Add the command to the command line."""
    parser: argparse.ArgumentParser = commands.add_parser(
        "serve", help="serve the fake to other processes and other languages", description=_DESCRIPTION
    )
    parser.add_argument(
        "--host", type=_host, default="127.0.0.1", help="the address to listen at (default: %(default)s)"
    )
    parser.add_argument("--port", type=_port, default=0, help="the port to listen at (default: a free one)")
    parser.add_argument("--tls", action="store_true", help="speak HTTPS, with a throw-away certificate")
    parser.add_argument(
        "--proxy",
        action="store_true",
        help="start an HTTPS proxy at a second port too, for apps with hard-coded hosts; needs --tls",
    )
    parser.add_argument(
        "--proxy-port", type=_port, default=0, metavar="PORT", help="the port of the proxy (default: a free one)"
    )
    parser.add_argument(
        "--allow-webhooks",
        metavar="HOST",
        action="append",
        default=[],
        help="post webhooks to this host too, besides this machine; may contain *, may be repeated",
    )
    settings = parser.add_argument_group("settings of the fake")
    for name, about in ABOUT.items():
        if name not in _NOT_HERE:
            settings.add_argument(
                f"--{name.replace('_', '-')}",
                dest=_PREFIX + name,
                metavar=name.upper(),
                type=_setting(name),
                default=argparse.SUPPRESS,
                help=about,
            )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Serve until a signal arrives, and return the exit status."""
    try:
        require_extra()
    except ImportError as missing:
        return _complain(str(missing))

    from pytest_whoosh.server.serving import Server

    settings = {name.removeprefix(_PREFIX): value for name, value in vars(given).items() if name.startswith(_PREFIX)}
    with StopSignals() as signals, Whoosh(**settings, clock="virtual") as whoosh:
        try:
            server = Server(
                whoosh,
                host=given.host,
                port=given.port,
                tls=given.tls,
                proxy=given.proxy,
                proxy_port=given.proxy_port,
                allow_webhooks=given.allow_webhooks,
            )
            server.start()
        except ValueError as wrong:
            return _complain(str(wrong))
        except OSError as problem:
            return _complain(_explain(problem, given))
        try:
            print(" ".join(f"{name}={shlex.quote(value)}" for name, value in server.environment.items()), flush=True)  # noqa: T201
            progress = Progress(whoosh, sys.stderr)
            while not signals.wait(_INTERVAL):
                progress.show()
        finally:
            server.stop()
    return 0


def _host(text: str) -> str:
    if text:
        return text
    raise argparse.ArgumentTypeError("'' is not a host. Use an address of this machine, or 0.0.0.0 for all")


def _port(text: str) -> int:
    if text.isascii() and text.isdecimal() and int(text) <= LAST_PORT:
        return int(text)
    raise argparse.ArgumentTypeError(f"{text!r} is not a port. Use a number from 0 to {LAST_PORT}")


def _setting(name: str) -> Callable[[str], object]:
    def read(text: str) -> object:
        try:
            return read_setting(name, text)
        except ValueError as problem:
            raise argparse.ArgumentTypeError(str(problem)) from None

    return read


def _explain(problem: OSError, given: argparse.Namespace) -> str:
    known = _PROBLEMS.get(problem.errno or 0, "the server cannot listen at {host}: {reason}.")
    return known.format(host=given.host, port=given.port, reason=problem.strerror or problem)


def _complain(text: str) -> int:
    print(printable(f"pytest-whoosh: {text}"), file=sys.stderr)  # noqa: T201
    return 1
