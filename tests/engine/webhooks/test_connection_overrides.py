"""Connection overrides: the timeouts and retries in the fragment of a webhook's URL."""

import pytest

from pytest_whoosh.engine.webhooks.callbacks import RetryPolicy, retry_policy_of

USUAL = RetryPolicy(retries=1, policies=frozenset({"ct"}), connect=5.0, read=15.0, total=15.0, problem=None)


@pytest.mark.parametrize(
    "fragment",
    [
        pytest.param("", id="no fragment"),
        pytest.param("#", id="an empty one"),
        pytest.param("#section", id="one that says nothing"),
        pytest.param("#rc=6", id="too many retries"),
        pytest.param("#rc=-1", id="less than no retries"),
        pytest.param("#rc=two", id="retries that are no number"),
        pytest.param("#rc=", id="retries left out"),
        pytest.param("#ct=99", id="too short to connect"),
        pytest.param("#ct=10001", id="too long to connect"),
        pytest.param("#rt=99&tt=15001", id="too short to read, too long in all"),
        pytest.param("#sni=n&e=dublin", id="what makes no difference here"),
    ],
)
def test_an_invalid_override_leaves_the_defaults(fragment: str) -> None:
    assert retry_policy_of(f"https://app.example/status{fragment}") == USUAL


@pytest.mark.parametrize(
    ("fragment", "attempts"),
    [
        pytest.param("rc=0", RetryPolicy(retries=0), id="no retries"),
        pytest.param("rc=5", RetryPolicy(retries=5), id="most retries"),
        pytest.param("ct=100", RetryPolicy(connect=0.1), id="shortest to connect"),
        pytest.param("ct=10000", RetryPolicy(connect=10.0), id="longest to connect"),
        pytest.param("rt=100", RetryPolicy(read=0.1), id="shortest to read"),
        pytest.param("rt=15000", RetryPolicy(read=15.0), id="longest to read"),
        pytest.param("tt=100", RetryPolicy(total=0.1), id="shortest in all"),
        pytest.param("tt=15000", RetryPolicy(total=15.0), id="longest in all"),
        pytest.param("rp=5xx", RetryPolicy(policies=frozenset({"5xx"})), id="one policy"),
        pytest.param("rp=4xx,rt,all", RetryPolicy(policies=frozenset({"4xx", "rt", "all"})), id="several policies"),
        pytest.param(
            "rc=2&rp=5xx&ct=2000&rt=3000&tt=9000&sni=y",
            RetryPolicy(retries=2, policies=frozenset({"5xx"}), connect=2.0, read=3.0, total=9.0),
            id="everything",
        ),
        pytest.param(
            "rp=6xx",
            RetryPolicy(problem="retry policy '6xx' is not one of 4xx, 5xx, all, ct, rt"),
            id="a policy that is none",
        ),
        pytest.param(
            "rp=", RetryPolicy(problem="retry policy '' is not one of 4xx, 5xx, all, ct, rt"), id="a policy left out"
        ),
    ],
)
def test_a_fragment_overrides_the_defaults(fragment: str, attempts: RetryPolicy) -> None:
    assert retry_policy_of(f"https://app.example/status?a=1#{fragment}") == attempts


@pytest.mark.parametrize(
    ("policies", "again"),
    [
        ({"ct"}, ["ct"]),
        ({"5xx"}, ["5xx"]),
        ({"4xx", "rt"}, ["rt", "4xx"]),
        ({"all"}, ["ct", "rt", "4xx", "5xx"]),
    ],
    ids=lambda value: ",".join(sorted(value)),
)
def test_a_policy_names_the_failures_that_cause_a_retry(policies: set[str], again: list[str]) -> None:
    attempts = RetryPolicy(policies=frozenset(policies))

    assert [failure for failure in ("ct", "rt", "4xx", "5xx") if attempts.retries_after(failure)] == again
