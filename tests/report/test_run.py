"""A run: the outcomes of its tests, their order, and their data in the page."""

import base64
import hashlib
import html
import json
import re

import pytest

from pytest_whoosh.report.pages import render_report
from pytest_whoosh.report.run import LONGEST_FAILURE, OUTCOMES, Run, write

from .reading import run_in

DOUBLE = '{"account":"AC1"}'


@pytest.fixture
def run():
    return Run("shop")


def add(run, name, outcome="passed", place=None, doubles=(DOUBLE,), failure=""):
    """Add a test with one phase to a run."""
    run.start(name, name, place)
    run.add(name, name, outcome, failure)
    run.finish(name, doubles)


def document(run):
    return json.loads("".join(run.document()))


def test_a_run_without_tests_is_empty(run):
    assert document(run) == {"project": "shop", "others": 0, "tests": []}


def test_a_test_holds_its_outcome_its_failure_and_its_doubles(run):
    add(run, "test_a", "failed", doubles=[DOUBLE, DOUBLE], failure="assert 0")

    assert document(run) == {
        "project": "shop",
        "others": 0,
        "tests": [
            {
                "id": "test_a",
                "outcome": "failed",
                "failure": "assert 0",
                "doubles": [{"account": "AC1"}, {"account": "AC1"}],
            }
        ],
    }


def test_tests_that_used_no_double_are_counted(run):
    add(run, "test_a")
    add(run, "test_b", doubles=())
    add(run, "test_c", "failed", doubles=(), failure="assert 0")

    shown = document(run)

    assert ([test["id"] for test in shown["tests"]], shown["others"]) == (["test_a"], 2)


def test_failures_come_first_and_all_as_they_were_collected(run):
    for place, (name, outcome) in enumerate(
        [("z", "passed"), ("b", "error"), ("a", "skipped"), ("y", "failed"), ("c", "xfailed"), ("x", "xpassed")]
    ):
        add(run, name, outcome, place)
    add(run, "unknown 2", "failed")
    add(run, "unknown 1", "failed")

    assert [test["id"] for test in document(run)["tests"]] == [
        "b", "y", "unknown 1", "unknown 2", "z", "a", "c", "x",
    ]  # fmt: skip


def test_the_order_of_arrival_of_tests_does_not_matter(run):
    other = Run("shop")
    for place in range(20):
        add(run, f"test_{place}", OUTCOMES[place % 6], place)
    for place in reversed(range(20)):
        add(other, f"test_{place}", OUTCOMES[place % 6], place)

    assert render_report(run) == render_report(other)


@pytest.mark.parametrize(
    ("parts", "outcome"),
    [
        (["passed"], "passed"),
        ([], "skipped"),
        (["skipped"], "skipped"),
        (["xfailed"], "xfailed"),
        (["xpassed"], "xpassed"),
        (["passed", "error"], "error"),
        (["failed", "error"], "failed"),
        (["xfailed", "error"], "error"),
        (["failed", "passed"], "failed"),
    ],
    ids=lambda parts: " then ".join(parts) if isinstance(parts, list) else "",
)
def test_the_worst_phase_decides_the_outcome_of_a_test(run, parts, outcome):
    run.start("a", "test_a", 0)
    for part in parts:
        run.add("a", "test_a", part)
    run.finish("a", [DOUBLE])

    assert [test["outcome"] for test in document(run)["tests"]] == [outcome]


def test_every_failure_of_a_test_is_shown(run):
    run.start("a", "test_a", 0)
    run.add("a", "test_a", "failed", "assert 1 == 2")
    run.add("a", "test_a", "error", "the database is gone")
    run.finish("a", [DOUBLE])

    assert document(run)["tests"][0]["failure"] == "assert 1 == 2\n\nthe database is gone"


def test_memory_addresses_are_hidden_because_they_differ_in_each_run(run):
    add(run, "test_a", "failed", failure="app = <app.App object at 0x7f2fa02d7150>, sent to 0xCAFE")

    assert document(run)["tests"][0]["failure"] == "app = <app.App object at 0x…>, sent to 0xCAFE"


def test_another_attempt_replaces_the_one_before(run):
    add(run, "test_a", "failed", failure="assert 0", doubles=[DOUBLE, DOUBLE])
    add(run, "test_a")

    assert document(run)["tests"] == [{"id": "test_a", "outcome": "passed", "doubles": [{"account": "AC1"}]}]


def test_a_failure_that_never_came_to_its_end_is_shown_without_doubles(run):
    run.start("a", "test_a", 0)
    run.add("a", "test_a", "failed", "the process crashed")
    run.start("b", "test_b", 1)  # interrupted

    assert document(run) == {
        "project": "shop",
        "others": 0,
        "tests": [{"id": "test_a", "outcome": "failed", "failure": "the process crashed", "doubles": []}],
    }


def test_a_long_failure_keeps_its_beginning_and_most_of_its_end(run):
    add(run, "short", "failed", place=0, failure="x" * LONGEST_FAILURE)
    add(run, "long", "failed", place=1, failure="a" * 6_000 + "b" * 1_000 + "c" * 16_000)

    short, long = (test["failure"] for test in document(run)["tests"])

    assert short == "x" * 20_000
    assert long == "a" * 5_000 + "\n[... 3000 characters left out ...]\n" + "c" * 15_000


def test_the_page_holds_the_run(run):
    add(run, "test_<b>[</script>\ud83d]", "failed", failure="</script><script>alert(1)</script>")

    page = render_report(run)

    assert run_in(page) == document(run)
    assert r"\u003c/script>\u003cscript>alert(1)\u003c/script>" in page
    assert "<script>alert" not in page


def test_a_long_run_is_compressed_and_a_short_one_can_be_searched_in_the_file(run):
    add(run, "test_short", "failed", failure="It was not delivered.")
    short = render_report(run)
    for number in range(60):
        add(run, f"test_{number}", "failed", failure="x" * 20_000)
    long = render_report(run)

    assert "It was not delivered." in short
    assert "It was not delivered." not in long
    assert len(long) < len(short) + 100_000
    assert run_in(long) == document(run)


def test_the_title_is_that_of_the_project_and_no_markup():
    assert "<title>&lt;b&gt;shop&lt;/b&gt;</title>" in render_report(Run("<b>shop</b>"))


def test_a_page_allows_its_own_style_and_scripts_and_nothing_else():
    page = render_report(Run("shop"))

    (policy,) = re.findall(r'<meta http-equiv="Content-Security-Policy" content="([^"]*)">', page)
    styles, scripts = (re.findall(rf"<{tag}>(.*?)</{tag}>", page, re.DOTALL) for tag in ("style", "script"))

    assert html.unescape(policy) == (
        f"default-src 'none'; style-src {hashes(styles)}; script-src {hashes(scripts)}; connect-src 'none'; "
        "base-uri 'none'; form-action 'none'"
    )
    assert re.findall(r"\b(?:src|href)=", page) == []


def hashes(texts):
    digests = (base64.b64encode(hashlib.sha256(text.encode()).digest()).decode() for text in texts)
    return " ".join(f"'sha256-{digest}'" for digest in digests)


def test_a_file_is_written_whole_and_replaces_the_one_before(tmp_path):
    path = tmp_path / "new" / "folder" / "page.html"

    write(path, "first, long")
    write(path, "é\n")

    assert path.read_bytes() == "é\n".encode()
    assert [each.name for each in path.parent.iterdir()] == ["page.html"]


def test_a_page_that_cannot_be_written_leaves_nothing_behind(tmp_path):
    path = tmp_path / "page.html"
    path.mkdir()

    with pytest.raises(OSError, match="directory"):
        write(path, "text")

    assert [each.name for each in tmp_path.iterdir()] == ["page.html"]
