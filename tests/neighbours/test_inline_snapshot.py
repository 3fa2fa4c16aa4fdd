"""Beside inline-snapshot: a snapshot holds a message by the line that describes it."""

import pytest

pytest.importorskip("inline_snapshot")


def test_inline_snapshots_hold_messages(pytester: pytest.Pytester) -> None:
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
