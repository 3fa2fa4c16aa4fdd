"""The plugin is imported in every run of every project that has it installed, so it costs little if it is not used."""

import os
import subprocess
import sys

import pytest

#: The libraries that are only imported when a test or the app needs them.
HEAVY = [
    "aiohttp", "asyncio", "email", "freezegun", "http.client", "httpx", "json", "phonenumbers", "regex", "requests",
    "responses", "ssl", "time_machine", "twilio", "urllib3",
]  # fmt: skip

REPORT = """
    import sys
    import pytest

    def pytest_unconfigure():
        print("\\nLOADED", *sorted(sys.modules))
"""


def loaded(pytester: pytest.Pytester, *arguments: str) -> set[str]:
    """Return the modules that a run with only our plugin has loaded."""
    pytester.makeconftest(REPORT)
    result = subprocess.run(
        [sys.executable, "-m", "pytest", "-s", *arguments],
        cwd=pytester.path,
        env={**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    line = next(line for line in result.stdout.splitlines() if line.startswith("LOADED"))
    return set(line.split()[1:])


def test_an_unused_plugin_loads_no_library(pytester):
    pytester.makepyfile("def test(): pass")

    ours = loaded(pytester, "-p", "pytest_whoosh.plugin") - loaded(pytester)

    assert sorted(ours & set(HEAVY)) == []
    assert {name.partition(".")[0] for name in ours} == {"pytest_whoosh"}


def test_an_unused_plugin_loads_few_modules_of_ours(pytester):
    pytester.makepyfile("def test(): pass")

    ours = {name for name in loaded(pytester, "-p", "pytest_whoosh.plugin") if name.startswith("pytest_whoosh")}

    assert ours == {
        "pytest_whoosh",
        "pytest_whoosh.engine",
        "pytest_whoosh.engine.hosts",
        "pytest_whoosh.engine.misuse",
        "pytest_whoosh.guarding",
        "pytest_whoosh.plugin",
        "pytest_whoosh.interception",
        "pytest_whoosh.interception.children",
        "pytest_whoosh.interception.expectations",
        "pytest_whoosh.interception.guard",
        "pytest_whoosh.interception.guarded",
        "pytest_whoosh.interception.importing",
        "pytest_whoosh.interception.patching",
        "pytest_whoosh.interception.processes",
        "pytest_whoosh.interception.threads",
    }


def test_the_fixture_loads_no_client_library_that_the_app_does_not(pytester):
    pytester.makepyfile("def test(whoosh): assert whoosh.now")

    ours = loaded(pytester, "-p", "pytest_whoosh.plugin")

    assert sorted(ours & {"aiohttp", "httpx", "requests", "responses", "twilio", "urllib3"}) == []


@pytest.mark.parametrize("name", ["freezegun", "time_machine"])
def test_a_test_that_does_not_travel_loads_no_freezer(pytester, name):
    pytester.makepyfile(
        """
        import requests

        def test(whoosh):
            url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
            form = {"To": "+15558675310", "From": "+15557122661", "Body": "Hi"}
            requests.post(url, data=form, auth=(whoosh.api_key, whoosh.api_secret))
            assert whoosh.outbox.one().status == "queued"
            whoosh.assert_sent(body="Hi")
            assert whoosh.now
        """
    )

    assert name not in loaded(pytester, "-p", "pytest_whoosh.plugin")


def test_the_package_is_imported_as_it_was_compiled_at_its_installation(pytester: pytest.Pytester) -> None:
    # An editable installation has no list of its packages, by which pytest finds what to rewrite.
    pytester.makepyfile(
        early="import pytest; pytest.register_assert_rewrite('pytest_whoosh')",
        test_loader="""
        import sys

        def test_one(whoosh):
            loader = sys.modules["pytest_whoosh.whoosh"].__loader__
            assert "Rewriting" not in type(loader).__name__
        """,
    )

    pytester.runpytest_subprocess("-p", "early").assert_outcomes(passed=1)
