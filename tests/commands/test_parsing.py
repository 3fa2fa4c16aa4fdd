"""The command line around the commands."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from pytest_whoosh.commands.parsing import main


@pytest.mark.parametrize("option", ["--version", "-V"])
def test_version_is_that_of_the_package(capsys: pytest.CaptureFixture[str], option: str) -> None:
    with pytest.raises(SystemExit) as end:
        main([option])

    assert (end.value.code, capsys.readouterr().out) == (0, f"pytest-whoosh {version('pytest-whoosh')}\n")


def test_a_text_without_quotes_is_shown_with_them(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["segments", "It's", "hello", "world"])

    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == (
        "python -m pytest_whoosh segments: error: unrecognized arguments: hello world. "
        """Write the text in quotes: segments 'It'"'"'s hello world'"""
    )


@pytest.mark.parametrize(
    ("arguments", "explained"),
    [
        (["serv"], ": error: unknown command 'serv'. Did you mean 'serve'?"),
        (["segment", "Hi"], ": error: unknown command 'segment'. Did you mean 'segments'?"),
        (["segments", "--smrt", "Hi"], " segments: error: unrecognized arguments: --smrt. Did you mean '--smart'?"),
        (["serve", "--prt=80"], " serve: error: unrecognized arguments: --prt=80. Did you mean '--port'?"),
    ],
)
def test_a_misspelt_command_or_option_is_answered_with_the_right_one(
    capsys: pytest.CaptureFixture[str], arguments: list[str], explained: str
) -> None:
    with pytest.raises(SystemExit) as end:
        main(arguments)

    assert end.value.code == 2
    assert capsys.readouterr().err.splitlines()[-1] == f"python -m pytest_whoosh{explained}"


@pytest.mark.parametrize("arguments", [["segments", "Hello"], ["guide"]], ids=" ".join)
@pytest.mark.parametrize("output", ["| true", ">&-"], ids=["a reader that has left", "closed"])
def test_no_traceback_is_printed_to_a_closed_output(arguments: list[str], output: str) -> None:
    command = f'"$0" -m pytest_whoosh {" ".join(arguments)} {output}'

    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, text=True, check=False)

    assert (done.stdout, done.stderr) == ("", "")


@pytest.mark.parametrize("arguments", [["segments", "a", "\x1b[31m"], ["serve", "--host", "\x1b[31m"]], ids=ascii)
def test_control_characters_are_escaped_in_errors(arguments: list[str]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "pytest_whoosh", *arguments], capture_output=True, text=True, check=False
    )

    assert r"\x1b[31m" in done.stderr
    assert "\x1b" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this machine has no full disk to write to")
@pytest.mark.parametrize("arguments", [["segments", "Hello"], ["guide"], ["guide", "start"], ["serve"]], ids=" ".join)
def test_an_output_that_cannot_be_written_is_one_line(arguments: list[str]) -> None:
    command = f'"$0" -m pytest_whoosh {" ".join(arguments)} > /dev/full'

    done = subprocess.run(["sh", "-c", command, sys.executable], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == "pytest-whoosh: cannot read the input or write the output: No space left on device.\n"


def test_a_server_ends_quietly_if_nobody_reads_its_line() -> None:
    done = subprocess.run(
        ["sh", "-c", '"$0" -m pytest_whoosh serve | true', sys.executable], capture_output=True, text=True, check=False
    )

    assert (done.stdout, done.stderr) == ("", "")
