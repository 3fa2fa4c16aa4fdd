"""A sender's queue, compared with the simplest model: a list with fractions of seconds."""

import math
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from pytest_whoosh.engine.carrier.throughput import LONGEST_DRAIN, Backlog, Wait

START = datetime(2030, 1, 1, tzinfo=UTC)
LEAST = timedelta(seconds=1)


@dataclass
class Model:
    """The waiting messages, the moment when each is sent or expires, and the moment when the sender is free."""

    free: Fraction = Fraction(0)
    waiting: dict[object, tuple[int, Fraction, Fraction, bool]] = field(default_factory=dict)

    def room(self, rate: int, now: Fraction) -> int:
        expiring = sum(segments / speed for segments, speed, _, is_sent in self.waiting.values() if not is_sent)
        return math.floor((LONGEST_DRAIN - max(self.free - now, 0) - expiring) * rate)

    def join(self, key: object, segments: int, rate: int, now: Fraction, validity: int) -> Fraction | None:
        start = max(self.free, now)
        turn = Fraction(math.ceil(start * 1_000_000), 1_000_000) + 1
        is_sent = turn <= now + validity
        if is_sent:
            self.free = start + Fraction(segments, rate)
        self.waiting[key] = (segments, Fraction(rate), turn if is_sent else now + validity, is_sent)
        return turn if is_sent else None

    def leave(self, now: Fraction) -> list[object]:
        gone = [key for key, (_, _, at, _) in self.waiting.items() if at <= now]
        for key in gone:
            del self.waiting[key]
        return gone


@given(
    st.lists(
        st.tuples(
            st.integers(0, 3000),  # seconds before it
            st.integers(1, 20_000),  # segments, far more than a message has
            st.sampled_from([1, 3, 10, 80, 100]),
            st.integers(1, 14_400),  # validity period
        ),
        max_size=30,
    )
)
def test_a_queue_agrees_with_the_model(arrivals: list[tuple[int, int, int, int]]) -> None:
    queue, model, now = Backlog(), Model(), Fraction(0)

    for pause, segments, rate, validity in arrivals:
        now += pause
        moment = START + timedelta(seconds=int(now))
        for message in model.leave(now):
            queue.leave(message)  # type: ignore[arg-type]
        assert queue.room(rate, moment) == model.room(rate, now)
        if segments > queue.room(rate, moment):
            continue

        message: Any = object()
        turn = queue.join(message, segments, rate, Wait(moment, LEAST, moment + timedelta(seconds=validity)))

        expected = model.join(message, segments, rate, now, validity)
        assert turn == (None if expected is None else START + timedelta(microseconds=int(expected * 1_000_000)))
        assert list(queue.waiting) == list(model.waiting)
        assert queue.segments == sum(segments for segments, *_ in model.waiting.values())
        last = max(at for _, _, at, _ in model.waiting.values())
        assert queue.drained == START + timedelta(microseconds=int(last * 1_000_000))
