"""Settings under pytest: from the ini file and from markers (the nearest wins), and the errors about invalid ones."""

import pytest

from pytest_whoosh.engine.settings import ABOUT

VALID = (
    "account_sid, api_key, api_secret, auth_token, credentials, senders, numbers, callback_hosts, clock, delays, "
    "throughput, callbacks, schedule_minimum, app_errors, unfaked, env, django_settings, guard, url_host, seed"
)

# Every setting: its value in the ini file, in the marker and the constructor, and the resulting value.
SPELLINGS = [
    ("account_sid", "AC" + "0" * 32, repr("AC" + "0" * 32), repr("AC" + "0" * 32)),
    ("api_key", "SK" + "a" * 32, repr("SK" + "a" * 32), repr("SK" + "a" * 32)),
    ("api_secret", "hush", "'hush'", "'hush'"),
    ("auth_token", "12345", "'12345'", "'12345'"),
    ("credentials", "exact", "'exact'", "'exact'"),
    ("credentials", "any", "'any'", "'any'"),
    ("senders", "owned", "'owned'", "'owned'"),
    ("senders", "any", "'any'", "'any'"),
    ("numbers", "valid", "'valid'", "'valid'"),
    ("numbers", "possible", "'possible'", "'possible'"),
    ("callback_hosts", "public", "'public'", "'public'"),
    ("callback_hosts", "any", "'any'", "'any'"),
    ("clock", "virtual", "'virtual'", "'virtual'"),
    ("clock", "auto", "'auto'", "'auto'"),
    (
        "delays",
        "delivered=5, sent=0.5",
        "{'delivered': timedelta(seconds=5), 'sent': 0.5}",
        "changed(delivered=5, sent=.5)",
    ),
    (
        "delays",
        "\n    delivered = 5 minutes\n    read = 1h",
        "{'delivered': 300, 'read': 3600}",
        "changed(delivered=300, read=3600)",
    ),
    ("throughput", "realistic", "'realistic'", "'realistic'"),
    ("throughput", "unlimited", "'unlimited'", "'unlimited'"),
    ("callbacks", "http", "'http'", "'http'"),
    ("callbacks", "mounted", "'mounted'", "'mounted'"),
    ("schedule_minimum", "5 minutes", "timedelta(minutes=5)", "timedelta(minutes=5)"),
    ("schedule_minimum", "300", "300", "timedelta(minutes=5)"),
    ("schedule_minimum", "0.5h", "timedelta(hours=0.5)", "timedelta(minutes=30)"),
    ("app_errors", "raise", "'raise'", "'raise'"),
    ("app_errors", "record", "'record'", "'record'"),
    ("env", "SMS_ACCOUNT = account_sid", "{'SMS_ACCOUNT': 'account_sid'}", "{'SMS_ACCOUNT': 'account_sid'}"),
    (
        "env",
        "\n    SMS_ACCOUNT = account_sid\n    SMS_TOKEN=auth_token",
        "'SMS_ACCOUNT=account_sid\\nSMS_TOKEN = auth_token'",
        "{'SMS_ACCOUNT': 'account_sid', 'SMS_TOKEN': 'auth_token'}",
    ),
    ("guard", "false", "False", "False"),
    ("guard", "on", "True", "True"),
    ("url_host", "twilio", "'twilio'", "'api.twilio.com'"),
    ("url_host", "api.example", "'api.example'", "'api.example'"),
    ("seed", "7", "7", "7"),
    ("seed", "-7", "-7", "-7"),
]
IDS = [f"{name}={' '.join(ini.split())}" for name, ini, _, _ in SPELLINGS]

MODULE = """
from datetime import timedelta
import pytest
from pytest_whoosh import Whoosh

def changed(**steps):
    given = {name: timedelta(seconds=seconds) for name, seconds in steps.items()}
    given.setdefault("undelivered", given.get("delivered", timedelta(seconds=2)))
    given.setdefault("failed", given.get("sent", timedelta(seconds=1)))
    return {**Whoosh().settings.delays, **given}

"""


@pytest.mark.parametrize(("name", "ini", "value", "shown"), SPELLINGS, ids=IDS)
def test_a_setting_means_the_same_wherever_it_is_written(pytester, name, ini, value, shown):
    pytester.makepyfile(
        test_ini=f"{MODULE}def test(whoosh): assert whoosh.settings.{name} == {shown}",
        test_other=f"""{MODULE}
@pytest.mark.whoosh({name}={value})
def test_marker(whoosh):
    assert whoosh.settings.{name} == {shown}

def test_constructor():
    assert Whoosh({name}={value}).settings.{name} == {shown}
""",
    )

    pytester.runpytest("test_other.py").assert_outcomes(passed=2)
    pytester.makeini(f"[pytest]\nwhoosh_{name} = {ini}")
    pytester.runpytest("test_ini.py").assert_outcomes(passed=1)


def test_the_defaults_are_those_of_the_documentation(pytester):
    pytester.makepyfile(
        """
        from datetime import timedelta

        def test(whoosh):
            settings = whoosh.settings
            names = ["credentials", "senders", "numbers", "clock", "throughput", "callbacks", "app_errors"]
            assert [getattr(settings, name) for name in names] == [
                "any", "any", "possible", "auto", "unlimited", "mounted", "record"
            ]
            assert (settings.schedule_minimum, settings.guard, settings.seed) == (timedelta(minutes=15), True, 0)
            assert {str(step): delay.total_seconds() for step, delay in settings.delays.items()} == {
                "queued": 1, "sending": 1, "sent": 1, "delivered": 2, "undelivered": 2, "failed": 1, "read": 2
            }
            assert [sid[:2] for sid in (whoosh.account_sid, whoosh.api_key)] == ["AC", "SK"]
            fixed = [whoosh.account_sid, whoosh.api_key, whoosh.api_secret, whoosh.auth_token]
            assert [len(each) for each in fixed] == [34, 34, 32, 32]
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_native_toml_values_are_understood(pytester):
    pytest.importorskip("pytest", minversion="9", reason="pytest 9 introduced them")
    pytester.makepyprojecttoml(
        """
        [tool.pytest]
        whoosh_guard = false
        whoosh_seed = 7
        whoosh_delays = { delivered = 5 }
        whoosh_senders = "owned"
        """
    )
    pytester.makepyfile(
        """
        def test(whoosh):
            settings = whoosh.settings
            assert (settings.guard, settings.seed, settings.senders) == (False, 7, "owned")
            assert settings.delays["delivered"].total_seconds() == 5
        """
    )

    pytester.runpytest().assert_outcomes(passed=1)


def test_the_command_line_overrides_the_ini_file(pytester):
    pytester.makeini("[pytest]\nwhoosh_seed = 1")
    pytester.makepyfile("def test(whoosh): assert whoosh.settings.seed == 2")

    pytester.runpytest("-o", "whoosh_seed=2").assert_outcomes(passed=1)


def test_markers_add_up_and_the_nearest_wins(pytester):
    pytester.makeini("[pytest]\nwhoosh_seed = 1\nwhoosh_credentials = exact")
    pytester.makepyfile(
        """
        import pytest

        pytestmark = [pytest.mark.whoosh(seed=2, senders="owned")]

        def settings(whoosh):
            settings = whoosh.settings
            return settings.credentials, settings.seed, settings.senders, settings.numbers, settings.clock

        def test_module(whoosh):
            assert settings(whoosh) == ("exact", 2, "owned", "possible", "auto")

        @pytest.mark.whoosh(seed=3, numbers="valid")
        class TestClass:
            def test_class(self, whoosh):
                assert settings(whoosh) == ("exact", 3, "owned", "valid", "auto")

            @pytest.mark.whoosh(seed=4, clock="virtual")
            def test_function(self, whoosh):
                assert settings(whoosh) == ("exact", 4, "owned", "valid", "virtual")

            @pytest.mark.whoosh(seed=5, clock="virtual")
            @pytest.mark.parametrize("seed", [5, pytest.param(6, marks=pytest.mark.whoosh(seed=6))])
            def test_parameter(self, whoosh, seed):
                assert settings(whoosh) == ("exact", seed, "owned", "valid", "virtual")
        """
    )

    pytester.runpytest("--strict-markers").assert_outcomes(passed=5)


DURATION = 'a timedelta, a number of seconds, or a text such as "15 minutes"'
NAMES = 'a mapping such as {"TWILIO_ACCOUNT": "account_sid"}, or lines such as "TWILIO_ACCOUNT = account_sid"'
URL_HOST = "'twilio', 'whoosh', or a host such as 'api.dublin.ie1.twilio.com'"
WRONG = [
    ("account_sid", "SK" + "0" * 32, "'AC' followed by 32 hexadecimal digits"),
    ("api_key", "key", "'SK' followed by 32 hexadecimal digits"),
    ("api_secret", "", "a text that is not empty"),
    ("auth_token", "", "a text that is not empty"),
    ("credentials", "exactly", "one of 'any', 'exact'"),
    ("senders", "mine", "one of 'any', 'owned'"),
    ("numbers", "real", "one of 'possible', 'valid'"),
    ("callback_hosts", "private", "one of 'any', 'public'"),
    ("url_host", "https://api.twilio.com", URL_HOST),
    ("url_host", "a b", URL_HOST),
    ("clock", "sundial", "one of 'auto', 'frozen', 'virtual'"),
    ("throughput", "fast", "one of 'unlimited', 'realistic'"),
    ("callbacks", "https", "one of 'mounted', 'http'"),
    ("schedule_minimum", "a while", DURATION),
    ("schedule_minimum", "-5", DURATION),
    ("app_errors", "ignore", "one of 'record', 'raise'"),
    ("env", "SMS_ACCOUNT", NAMES),
    ("env", "SMS-ACCOUNT = account_sid", f"{NAMES}; 'SMS-ACCOUNT' is not the name of a variable"),
    (
        "env",
        "SMS_ACCOUNT = acount_sid",
        (
            "values of the account. Unknown value 'acount_sid'. Did you mean 'account_sid'? Valid: account_sid, "
            "api_key, api_secret, auth_token"
        ),
    ),
    ("django_settings", "SMS_ACCOUNT", NAMES),
    ("guard", "maybe", "true or false"),
    ("seed", "random", "a whole number"),
    ("seed", "1.5", "a whole number"),
]


@pytest.mark.parametrize(("name", "value", "wanted"), WRONG, ids=[f"{name}={value}" for name, value, _ in WRONG])
def test_a_wrong_value_in_the_ini_file_is_a_usage_error_with_the_allowed_values(pytester, name, value, wanted):
    pytester.makeini(f"[pytest]\nwhoosh_{name} = {value}")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    place = f"ERROR: pytest-whoosh, whoosh_{name} in the ini file"
    assert result.errlines == [f"{place}: Setting {name!r} cannot be {value!r}: it takes {wanted}.", ""]


@pytest.mark.parametrize(
    ("name", "advice"),
    [("sedn", "Did you mean 'seed'?"), ("foo", f"Valid: {VALID}."), ("Clock", "Did you mean 'clock'?")],
)
def test_an_unknown_name_in_the_ini_file_is_a_usage_error_with_the_near_name_or_all_names(pytester, name, advice):
    pytester.makeini(f"[pytest]\nwhoosh_{name} = 1")

    result = pytester.runpytest()

    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert result.errlines == [
        f"ERROR: pytest-whoosh, whoosh_{name} in the ini file: Unknown setting {name!r}. {advice}",
        "",
    ]


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ("clock='sundial'", "Setting 'clock' cannot be 'sundial': it takes one of 'auto', 'frozen', 'virtual'."),
        ("sedn=1", "Unknown setting 'sedn'. Did you mean 'seed'?"),
        ("'virtual'", "@pytest.mark.whoosh takes settings by name, not ('virtual',)."),
    ],
    ids=["wrong value", "unknown name", "no name"],
)
def test_a_wrong_marker_fails_its_test_and_no_other(pytester, arguments, problem):
    pytester.makepyfile(
        f"""
        import pytest

        def test_before():
            pass

        @pytest.mark.whoosh({arguments})
        def test_marked():
            pass
        """
    )

    result = pytester.runpytest()

    result.assert_outcomes(passed=1, errors=1)
    module = "test_a_wrong_marker_fails_its_test_and_no_other.py"
    assert f"pytest-whoosh, for {module}::test_marked: {problem}" in result.outlines


def test_a_wrong_marker_fails_its_test_in_a_worker_of_xdist(pytester):
    pytester.makepyfile(
        """
        import pytest

        def test_before():
            pass

        @pytest.mark.whoosh(sedn=1)
        def test_marked():
            pass
        """
    )

    result = pytester.runpytest("-n", "1")

    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines(["pytest-whoosh, for *::test_marked: Unknown setting 'sedn'. *"])


def test_the_constructor_refuses_the_same():
    from pytest_whoosh import Whoosh

    with pytest.raises(TypeError) as unknown:
        Whoosh(sedn=1)
    with pytest.raises(ValueError) as wrong:
        Whoosh(clock="sundial")

    assert str(unknown.value) == "Unknown setting 'sedn'. Did you mean 'seed'?"
    assert str(wrong.value) == "Setting 'clock' cannot be 'sundial': it takes one of 'auto', 'frozen', 'virtual'."


def test_the_options_are_listed_in_the_help(pytester):
    shown = " ".join(pytester.runpytest("--help").stdout.str().split())

    for name, about in ABOUT.items():
        assert f"whoosh_{name} (string): pytest-whoosh: {about}" in shown


def test_the_marker_is_listed(pytester):
    markers = pytester.runpytest("--markers")

    markers.stdout.fnmatch_lines(["@pytest.mark.whoosh(**settings): settings of a test; *"])


def test_the_header_names_the_freezer_and_the_settings_of_the_ini_file(pytester):
    pytester.makeini("[pytest]\nwhoosh_senders = owned\nwhoosh_auth_token = secret\n")

    pytester.runpytest().stdout.fnmatch_lines(
        ["whoosh: freezes time with time-machine, auth_token = [[]hidden[]], senders = owned"]
    )


def test_the_header_shows_the_delays_that_are_changed(pytester):
    pytester.makeini("[pytest]\nwhoosh_delays = sent=1m, read=0.5\n")

    pytester.runpytest().stdout.fnmatch_lines(["whoosh: freezes time with *, delays = sent=60s, failed=60s, read=0.5s"])


def test_delays_may_be_a_list_in_a_toml_file(pytester):
    pytester.makepyprojecttoml('[tool.pytest.ini_options]\nwhoosh_delays = ["delivered=5", "sent=1m"]\n')
    pytester.makepyfile("def test(whoosh): assert whoosh.settings.delays['sent'].total_seconds() == 60")

    pytester.runpytest().assert_outcomes(passed=1)
