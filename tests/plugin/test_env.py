"""The settings ``env`` and ``django_settings``: the account's values under the app's own names for them."""

import os
import subprocess
import sys

import pytest

from pytest_whoosh import Whoosh


def test_a_double_sets_the_apps_own_variables_and_puts_them_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SMS_TOKEN", "real")
    monkeypatch.delenv("SMS_ACCOUNT", raising=False)

    with Whoosh(
        env={"SMS_ACCOUNT": "account_sid", "SMS_TOKEN": "auth_token", "TWILIO_ACCOUNT_SID": "api_key"}
    ) as whoosh:
        assert (os.environ["SMS_ACCOUNT"], os.environ["SMS_TOKEN"]) == (whoosh.account_sid, whoosh.auth_token)
        assert os.environ["TWILIO_ACCOUNT_SID"] == whoosh.api_key
        assert whoosh.environment["SMS_TOKEN"] == whoosh.auth_token

    assert os.environ["SMS_TOKEN"] == "real"
    assert "SMS_ACCOUNT" not in os.environ


@pytest.mark.parametrize("name", ["env", "django_settings"])
@pytest.mark.parametrize(
    ("given", "wanted"),
    [
        ("SMS", "or lines such as"),
        (["SMS"], "or lines such as"),
        (5, "or lines such as"),
        ({5: "account_sid"}, "5 is not the name of a variable"),
        ({"A=B": "account_sid"}, "'A=B' is not the name of a variable"),
        ({"SMS": "sid"}, "Unknown value 'sid'."),
        ({"SMS": ["account_sid"]}, "Unknown value ['account_sid']."),
    ],
)
def test_an_unknown_value_name_is_refused(name: str, given: object, wanted: str) -> None:
    with pytest.raises(ValueError, match="Setting") as refused:
        Whoosh(**{name: given})

    assert wanted in str(refused.value)


def test_the_names_of_every_level_add_up_and_the_nearest_wins(pytester: pytest.Pytester) -> None:
    pytester.makeini("[pytest]\nwhoosh_env =\n    A = account_sid\n    B = account_sid")
    pytester.makepyfile(
        """
        import os
        import pytest

        pytestmark = pytest.mark.whoosh(env={"B": "api_key", "C": "api_key"})

        def names(*names):
            return [os.environ.get(name) for name in names]

        @pytest.mark.whoosh(env="C = auth_token")
        @pytest.mark.whoosh(senders="owned")
        def test_all(whoosh):
            assert names("A", "B", "C") == [whoosh.account_sid, whoosh.api_key, whoosh.auth_token]

        def test_module(whoosh):
            assert names("A", "B", "C") == [whoosh.account_sid, whoosh.api_key, whoosh.api_key]

        def test_none():
            assert names("A", "B", "C") == [None, None, None]
        """
    )

    pytester.runpytest().assert_outcomes(passed=3)


def test_an_inline_table_of_ini_options_is_understood(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import os

        def test_it(whoosh):
            assert os.environ["A"] == whoosh.account_sid
            assert whoosh.settings.delays["sent"].seconds == 5
        """
    )
    pytester.makepyprojecttoml(
        """
        [tool.pytest.ini_options]
        whoosh_env = {A = "account_sid"}
        whoosh_delays = {sent = "5s"}
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_a_toml_table_is_understood(pytester: pytest.Pytester) -> None:
    pytest.importorskip("pytest", minversion="9", reason="pytest 9 introduced them")
    pytester.makepyprojecttoml('[tool.pytest]\nwhoosh_env = ["A = account_sid", "B = auth_token"]')
    pytester.makepyfile(
        """
        import os

        def test(whoosh):
            assert [os.environ["A"], os.environ["B"]] == [whoosh.account_sid, whoosh.auth_token]
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_processes_that_start_during_a_double_get_its_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_AUTH_TOKEN", "mine-ü")
    monkeypatch.setenv("WHOOSH_URL", "http://127.0.0.1:1")
    command = [
        sys.executable,
        "-c",
        "import os; print([os.environ.get(n) for n in ('TWILIO_AUTH_TOKEN', 'WHOOSH_URL')])",
    ]

    with Whoosh() as whoosh:
        inside = subprocess.check_output(command, text=True)
    assert inside.strip() == str([whoosh.auth_token, None])
    assert subprocess.check_output(command, text=True).strip() == str(["mine-ü", "http://127.0.0.1:1"])


def test_a_mapping_in_the_place_of_os_environ_gets_the_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    variables = {"WHOOSH_URL": "http://127.0.0.1:1"}
    monkeypatch.setattr(os, "environ", variables)

    with Whoosh() as whoosh:
        assert variables == whoosh.environment
    assert variables == {"WHOOSH_URL": "http://127.0.0.1:1"}
