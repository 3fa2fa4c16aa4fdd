"""Beside inline-snapshot: a snapshot holds a message by the line that describes it."""

import pytest

pytest.importorskip("inline_snapshot")


def test_inline_snapshots_hold_messages(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTEST_XDIST_WORKER", "PYTEST_XDIST_WORKER_COUNT", "PYTEST_XDIST_TESTRUNUID"):
        monkeypatch.delenv(name, raising=False)  # inline-snapshot writes nothing in a worker
    path = pytester.makepyfile(
        """
        from inline_snapshot import snapshot
        from twilio.rest import Client

        def test_it(whoosh):
            Client().messages.create(to="+15558675310", from_="+15557122661", body="Hi")
            whoosh.settle()
            assert whoosh.outbox[0] == snapshot()
        """
    )

    pytester.runpytest_subprocess("--inline-snapshot=create")
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
    assert "HasRepr(Message, \"<Message SM…0001 +15557122661 -> +15558675310 delivered: 'Hi'>\")" in path.read_text()
