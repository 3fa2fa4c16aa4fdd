"""The timeline: events run in order, each at its own moment."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from freezegun import freeze_time
from hypothesis import given
from hypothesis import strategies as st

from pytest_whoosh.engine.timeline import Timeline, to_utc

START = datetime(2030, 1, 1, tzinfo=UTC)

#: Events as (seconds from the start, rank).
EVENTS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 3)), max_size=30)


def seconds_on(timeline: Timeline) -> float:
    return (timeline.now - START).total_seconds()


@given(EVENTS)
def test_events_run_by_moment_then_rank_then_order_of_scheduling(events: list[tuple[int, int]]) -> None:
    timeline = Timeline(START)
    happened: list[tuple[float, object]] = []
    for number, (second, rank) in enumerate(events):
        due = START + timedelta(seconds=second)
        timeline.schedule(due, rank, lambda subject: happened.append((seconds_on(timeline), subject)), number)

    while timeline.step():
        pass

    ordered = sorted(range(len(events)), key=lambda number: (*events[number], number))
    assert happened == [(events[number][0], number) for number in ordered]


@given(EVENTS, st.integers(0, 5))
def test_a_step_goes_no_further_than_asked(events: list[tuple[int, int]], until: int) -> None:
    timeline = Timeline(START)
    happened: list[object] = []
    for second, rank in events:
        timeline.schedule(START + timedelta(seconds=second), rank, happened.append, second)

    while timeline.step(START + timedelta(seconds=until)):
        pass

    assert sorted(happened) == sorted(second for second, _ in events if second <= until)  # type: ignore[type-var]
    assert seconds_on(timeline) <= until


def test_an_event_scheduled_for_the_current_moment_runs_in_it() -> None:
    timeline = Timeline(START)
    happened: list[object] = []

    def first(subject: object) -> None:
        happened.append(subject)
        timeline.schedule_after(timedelta(), 0, happened.append, "second")

    timeline.schedule_after(timedelta(seconds=1), 0, first, "first")
    timeline.schedule_after(timedelta(seconds=2), 0, happened.append, "third")

    while timeline.step(START + timedelta(seconds=1)):
        pass

    assert (happened, seconds_on(timeline)) == (["first", "second"], 1)


def test_planned_events_are_not_in_flight() -> None:
    timeline = Timeline(START)
    timeline.schedule(START, 0, lambda subject: None, None, planned=True)
    timeline.schedule(START, 0, lambda subject: None, None)

    counts = [timeline.in_flight]
    while timeline.step():
        counts.append(timeline.in_flight)

    assert counts == [1, 1, 0]


def test_an_overdue_event_does_not_turn_the_clock_back() -> None:
    timeline = Timeline(START)
    timeline.schedule(START - timedelta(hours=1), 0, lambda subject: None, None)

    assert timeline.step()
    assert timeline.now == START


@pytest.mark.parametrize(
    "when",
    [
        pytest.param(datetime(2030, 1, 1), id="naive"),
        pytest.param(datetime(2030, 1, 1, 2, tzinfo=timezone(timedelta(hours=2))), id="in another zone"),
        pytest.param(datetime(2030, 1, 1, tzinfo=UTC), id="in UTC"),
    ],
)
def test_every_moment_is_kept_in_utc(when: datetime) -> None:
    assert (to_utc(when), to_utc(when).tzinfo) == (START, UTC)


def test_no_class_of_a_frozen_clock_leaks_out() -> None:
    with freeze_time("2030-01-01"):
        frozen = datetime.now(UTC)

        assert type(frozen).__name__ == "FakeDatetime"
        assert (to_utc(frozen), type(to_utc(frozen))) == (START, type(START))
