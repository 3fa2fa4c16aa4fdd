"""Beside syrupy: a snapshot holds a message by the line that describes it."""

import pytest

pytest.importorskip("syrupy")


def test_snapshots_of_syrupy_hold_messages(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(
        """
        import pytest
        from twilio.rest import Client

        @pytest.mark.whoosh(clock="virtual")
        def test_it(whoosh, snapshot):
            Client().messages.create(
                to="+15558675310", from_="+15557122661", body="Hi", status_callback="https://app.example/status"
            )
            whoosh.settle()
            assert whoosh.outbox[0] == snapshot
            assert whoosh.outbox == snapshot
        """
    )

    pytester.runpytest_subprocess("--snapshot-update").assert_outcomes(passed=1)
    pytester.runpytest_subprocess().assert_outcomes(passed=1)
