"""The output of ``python -m pytest_whoosh segments``."""

import io
import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from pytest_whoosh.commands.parsing import main

DEAR = "It’s time to book your yearly check-up. Reply YES and we will call you."
USAGE = """\
usage: python -m pytest_whoosh segments [-h] [--json] [--to TO] [--smart]
                                        [text]
python -m pytest_whoosh segments: error: """


@pytest.fixture(autouse=True)
def wide(monkeypatch):
    """A terminal of the usual width, without a setting for colours."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setenv("PYTHON_COLORS", "0")


@pytest.fixture
def segments(capsys):
    """Runs the command, and returns the lines that it prints."""

    def run(*arguments):
        assert main(["segments", *arguments]) == 0
        out, err = capsys.readouterr()
        assert err == ""
        return out.splitlines()

    return run


@pytest.fixture
def refused(capsys):
    """Runs the command with invalid arguments, and returns the error."""

    def run(*arguments):
        with pytest.raises(SystemExit) as leaving:
            main(["segments", *arguments])
        out, err = capsys.readouterr()
        assert (leaving.value.code, out) == (2, "")
        return err

    return run


@pytest.fixture
def stdin(monkeypatch):
    """The standard input."""

    def give(data, *, terminal=False):
        stream = io.TextIOWrapper(io.BytesIO(data), encoding="utf-8")
        stream.isatty = lambda: terminal
        monkeypatch.setattr("sys.stdin", stream)

    return give


def test_a_short_text_takes_one_segment(segments):
    assert segments("Your code is 4096.") == [
        "Encoding  GSM-7",
        "Segments  1",
        "Cost      0.0079 USD (0.0079 for each segment to US)",
        "",
        "Segment  Length  Text",
        "1        18/160  'Your code is 4096.'",
    ]


def test_characters_that_force_ucs_2_are_named_with_their_look_alikes(segments):
    assert segments("“Zoë’s” \N{GRINNING FACE}’ " + "e\u0301" * 31) == [
        "Encoding  UCS-2",
        "Segments  2",
        "Cost      0.0158 USD (0.0079 for each segment to US)",
        "",
        "Segment  Length  Text",
        "1        66/67   '“Zoë’s” 😀’ " + "e\u0301" * 27 + "'",
        "2        8/67    '" + "e\u0301" * 4 + "'",
        "",
        "Forces UCS-2  Code points                                                  Look-alike  Position",
        "'“'           U+201C LEFT DOUBLE QUOTATION MARK                            '\"'         1",
        "'ë'           U+00EB LATIN SMALL LETTER E WITH DIAERESIS                   -           4",
        "'’'           U+2019 RIGHT SINGLE QUOTATION MARK                           \"'\"         5, 10",
        "'”'           U+201D RIGHT DOUBLE QUOTATION MARK                           '\"'         7",
        "'😀'          U+1F600 GRINNING FACE                                        -           9",
        (
            "'e\u0301'           U+0065 LATIN SMALL LETTER E + U+0301 COMBINING ACUTE ACCENT  -           "
            "12, 14, 16, 18, 20, 22, 24, 26 ... (31 in all)"
        ),
    ]


def test_a_character_of_the_extension_table_takes_two_septets(segments):
    assert segments("€" * 81) == [
        "Encoding  GSM-7",
        "Segments  2",
        "Cost      0.0158 USD (0.0079 for each segment to US)",
        "",
        "Segment  Length   Text",
        "1        152/153  '" + "€" * 76 + "'",
        "2        10/153   '€€€€€'",
    ]


def test_smart_encoding_shows_its_savings(segments):
    assert segments("--smart", DEAR)[-3:] == [
        "",
        "Smart encoding  GSM-7, 1 segment: saves 1 segment and 0.0079 USD",
        '  "It\'s time to book your yearly check-up. Reply YES and we will call you."',
    ]


@pytest.mark.parametrize(
    ("text", "lines"),
    [
        ("Hi", ["Smart encoding  changes nothing"]),
        ("Hi 😀", ["Smart encoding  changes nothing"]),
        ("It’s", ["Smart encoding  GSM-7, 1 segment: saves nothing", '  "It\'s"']),
        ("It’s 😀", ["Smart encoding  UCS-2, 1 segment: saves nothing", '  "It\'s 😀"']),
    ],
    ids=["GSM-7", "no look-alike", "one segment", "UCS-2 all the same"],
)
def test_smart_encoding_says_when_it_would_save_nothing(segments, text, lines):
    assert segments("--smart", text)[-len(lines) - 1 :] == ["", *lines]


@pytest.mark.parametrize(
    ("to", "cost"),
    [
        ("de", "0.1800 USD (0.0900 for each segment to DE)"),
        ("+49 151 12345678", "0.1800 USD (0.0900 for each segment to DE)"),
        ("+15558675310", "0.0158 USD (0.0079 for each segment to US)"),
        ("CH", "0.1300 USD (0.0650 for each segment to CH)"),
    ],
)
def test_the_cost_is_that_to_a_country(segments, to, cost):
    assert segments("--to", to, DEAR)[2] == f"Cost      {cost}"


def test_a_text_that_the_api_refuses_says_so(segments):
    assert segments("x" * 1601)[:5] == [
        "Encoding  GSM-7",
        "Segments  11",
        "Cost      0.0869 USD (0.0079 for each segment to US)",
        "Refused   21617: longer than 1600 characters, by 1",
        "",
    ]


def test_control_characters_are_escaped(segments):
    lines = segments("\x1b[31mred\x07\r\nnew line\u202egnp.exe\u2028\x9b")

    assert lines[4:] == [
        "Segment  Length  Text",
        r"1        29/70   '\x1b[31mred\x07\r\nnew line\u202egnp.exe\u2028\x9b'",
        "",
        "Forces UCS-2  Code points                    Look-alike  Position",
        r"'\x1b'        U+001B <control>               -           1",
        r"'\x07'        U+0007 <control>               -           9",
        r"'\u202e'      U+202E RIGHT-TO-LEFT OVERRIDE  -           20",
        r"'\u2028'      U+2028 LINE SEPARATOR          ' '         28",
        r"'\x9b'        U+009B <control>               '  '        29",
    ]
    assert not set("\x1b\x07\r\u202e\u2028\x9b") & set("".join(lines))


def test_at_most_twenty_characters_are_listed(segments):
    letters = "".join(map(chr, range(0x430, 0x450)))

    assert len(segments(letters)) == 6 + 2 + 20 + 1
    assert segments(letters)[-1] == "... 12 more"


def test_json_has_the_whole_analysis(segments):
    shown = json.loads("\n".join(segments("--json", "--smart", "--to", "DE", DEAR + " 👍🏽")))

    plain = {
        "text": DEAR + " 👍🏽",
        "encoding": "UCS-2",
        "num_segments": 2,
        "segments": [
            {"text": DEAR[:67], "length": 67, "limit": 67},
            {"text": DEAR[67:] + " 👍🏽", "length": 9, "limit": 67},
        ],
        "forces_ucs2": [
            {
                "character": "’",
                "code_points": ["U+2019 RIGHT SINGLE QUOTATION MARK"],
                "look_alike": "'",
                "offsets": [2],
            },
            {
                "character": "👍🏽",
                "code_points": ["U+1F44D THUMBS UP SIGN", "U+1F3FD EMOJI MODIFIER FITZPATRICK TYPE-4"],
                "look_alike": None,
                "offsets": [72],
            },
        ],
        "cost": {"to": "DE", "each": "0.0900", "total": "0.1800", "unit": "USD"},
    }
    smart = plain | {
        "text": plain["text"].replace("’", "'"),
        "segments": [plain["segments"][0] | {"text": DEAR[:67].replace("’", "'")}, plain["segments"][1]],
        "forces_ucs2": plain["forces_ucs2"][1:],
    }
    assert shown == plain | {"smart": smart}


def test_json_is_ascii(segments):
    assert "".join(segments("--json", "’😀\x1b")).isascii()


def test_the_readme_shows_what_it_prints(segments):
    readme = (Path(__file__).parents[2] / "pytest_whoosh" / "guide" / "report.md").read_text(encoding="utf-8")
    command, printed = re.findall(r"```sh\n(python -m pytest_whoosh segments .*)\n```\n\n```text\n([^`]*)```", readme)[
        0
    ]

    assert segments(*shlex.split(command)[4:]) == printed.splitlines()


# Standard input


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ("It’s".encode(), "'It’s'"),
        ("It’s\n".encode(), "'It’s'"),
        ("It’s\r\n".encode(), "'It’s'"),
        (b"a\nb\n\n", r"'a\nb\n'"),
        (b"\n\n", r"'\n'"),
        (b"a\r", r"'a\r'"),
    ],
)
def test_the_text_comes_from_standard_input_without_the_line_end_at_its_end(segments, stdin, data, text):
    stdin(data)

    assert segments()[5].endswith(f"  {text}")


def test_a_terminal_gets_a_prompt(stdin, capsys):
    stdin(b"Hi\n", terminal=True)

    assert main(["segments"]) == 0

    assert capsys.readouterr().err == "Type the text, then press Ctrl-D on an empty line.\n"


# Refused


def test_no_text_is_refused(refused, stdin):
    stdin(b"\n")

    said = USAGE + "the text is empty, and a message without media needs a text\n"
    assert refused() == said
    assert refused("") == said


@pytest.mark.parametrize(
    ("data", "what"),
    [
        (b"caf\xe9", "its character 4 is the byte 0xE9, not UTF-8"),
        (b"\xff\xfeH\x00", "its character 1 is the byte 0xFF, not UTF-8"),
        (b"\xed\xa0\xbd", "its character 1 is the byte 0xED, not UTF-8"),
    ],
    ids=["Latin-1", "UTF-16", "a surrogate"],
)
def test_input_that_is_not_utf_8_is_refused(refused, stdin, data, what):
    stdin(data)

    assert refused() == f"{USAGE}the text cannot be sent: {what}\n"


def test_half_a_surrogate_pair_is_refused(refused):
    assert refused("a\ud83d") == f"{USAGE}the text cannot be sent: its character 2 is U+D83D, half of a pair\n"


@pytest.mark.parametrize("to", ["XX", "Germany", "", "+0", "+999123"])
def test_an_invalid_country_is_refused(refused, to):
    assert refused("--to", to, "Hi") == (
        f'{USAGE}argument --to: {to!r} is not a country. Use an ISO code such as "US", '
        'or a phone number such as "+15558675310"\n'
    )


def test_wrong_use_shows_the_usage(refused):
    assert refused("--sms", "Hi").endswith("error: unrecognized arguments: --sms\n")
    assert (
        refused("two", "texts")
        == f"{USAGE}unrecognized arguments: texts. Write the text in quotes: segments 'two texts'\n"
    )


# The terminal


class Terminal(io.StringIO):
    """A terminal, which can show colours."""

    encoding = "utf-8"

    def isatty(self):
        return True


def test_headings_are_bold_on_a_terminal(monkeypatch):
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")

    main(["segments", "--smart", "’"])

    assert terminal.getvalue().splitlines() == [
        "\x1b[1mEncoding\x1b[0m  UCS-2",
        "\x1b[1mSegments\x1b[0m  1",
        "\x1b[1mCost\x1b[0m      0.0079 USD (0.0079 for each segment to US)",
        "",
        "\x1b[1mSegment  Length  Text\x1b[0m",
        "1        1/70    '’'",
        "",
        "\x1b[1mForces UCS-2  Code points                         Look-alike  Position\x1b[0m",
        "'’'           U+2019 RIGHT SINGLE QUOTATION MARK  \"'\"         1",
        "",
        "\x1b[1mSmart encoding\x1b[0m  GSM-7, 1 segment: saves nothing",
        '  "\'"',
    ]


@pytest.mark.parametrize(("name", "value"), [("NO_COLOR", "1"), ("TERM", "dumb")])
def test_nothing_is_bold_if_it_is_not_wanted(monkeypatch, name, value):
    monkeypatch.setattr("sys.stdout", terminal := Terminal())
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv(name, value)

    main(["segments", "’"])

    assert "\x1b" not in terminal.getvalue()


def test_a_terminal_that_cannot_show_a_character_shows_its_escape():
    result = subprocess.run(
        [sys.executable, "-m", "pytest_whoosh", "segments"],
        input="’".encode(),
        env={**os.environ, "PYTHONIOENCODING": "ascii"},
        capture_output=True,
        check=True,
    )

    assert result.stdout.decode("ascii").splitlines()[5] == r"1        1/70    '\u2019'"


def test_the_command_needs_no_extra():
    without = "import sys; sys.modules.update(dict.fromkeys(['aiohttp', 'jinja2', 'trustme']))"
    command = f"{without}; from pytest_whoosh.commands.parsing import main; main(['segments', 'Hi'])"

    result = subprocess.run([sys.executable, "-c", command], capture_output=True, text=True, check=True)

    assert result.stdout.splitlines()[0] == "Encoding  GSM-7"
