"""Plots the fate of 100,000 messages to the United States, and prints it: ``python -m tests.benchmarks.campaign``."""

import argparse
import sys
from base64 import b64encode
from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from pathlib import Path
from urllib.parse import urlencode

from pytest_whoosh import Whoosh
from pytest_whoosh.engine.http import Request

MESSAGES = 100_000
NUMBERS = tuple(f"+1555712266{digit}" for digit in range(7))
TOLL_FREE = tuple(f"+1888555010{digit}" for digit in range(5))
PLOT = Path(__file__).parents[2] / "pytest_whoosh" / "guide" / "campaign.svg"


@dataclass(frozen=True, kw_only=True)
class Campaign:
    """Messages of one segment, sent through a Messaging Service with a pool of senders."""

    what: str
    senders: tuple[str, ...]
    #: The number of messages that the app sends in a second. None if it sends all at once.
    pace: int | None = None
    validity_period: timedelta = timedelta(hours=4)


AT_ONCE = Campaign(what="at once, over five numbers", senders=NUMBERS[:5])
EXPIRING = Campaign(
    what="at once, over five numbers, with a validity period of two hours",
    senders=NUMBERS[:5],
    validity_period=timedelta(hours=2),
)
PACED = Campaign(what="five a second, over five numbers", senders=NUMBERS[:5], pace=5)
CAMPAIGNS = (
    AT_ONCE,
    EXPIRING,
    PACED,
    Campaign(what="at once, over seven numbers", senders=NUMBERS),
    Campaign(what="at once, over five toll-free numbers", senders=TOLL_FREE),
    Campaign(what="at once, from a short code", senders=("12345",)),
)


@dataclass(frozen=True)
class Outcome:
    """The outcomes of a campaign's messages. Moments are seconds from its start."""

    #: The moments when each message joined and left the queue of its sender.
    waits: dict[str, list[tuple[float, float]]]
    sent: list[float]
    #: The moments when messages failed, by error code.
    failed: dict[int, list[float]]

    @property
    def row(self) -> tuple[str, ...]:
        lost = (f"{len(self.failed.get(code, ())):,}" for code in (30036, 30001))
        return f"{len(self.sent):,}", *lost, str(timedelta(seconds=round(max(self.sent))))


@cache
def run(campaign: Campaign) -> Outcome:
    with Whoosh(throughput="realistic", clock="virtual") as whoosh:
        for number, form in enumerate(_forms(whoosh, campaign)):
            if campaign.pace and number and number % campaign.pace == 0:
                whoosh.travel(seconds=1)
            assert whoosh._answer(form).status == 201
        whoosh.settle()
        return _outcome(whoosh)


def _forms(whoosh: Whoosh, campaign: Campaign) -> Iterator[Request]:
    service = whoosh.add_messaging_service(
        "Campaign", senders=campaign.senders, validity_period=int(campaign.validity_period.total_seconds())
    )
    url = f"https://api.twilio.com/2010-04-01/Accounts/{whoosh.account_sid}/Messages.json"
    headers = {"Authorization": "Basic " + b64encode(f"{whoosh.api_key}:{whoosh.api_secret}".encode()).decode()}
    for person in range(MESSAGES):
        form = {"To": f"+1212{2_000_000 + person}", "MessagingServiceSid": service.sid, "Body": "Doors open at nine."}
        yield Request("POST", url, headers, urlencode(form))


def _outcome(whoosh: Whoosh) -> Outcome:
    start = whoosh.outbox[0].date_created
    outcome = Outcome({}, [], {})
    for message in whoosh.outbox:
        moments = {status: (at - start).total_seconds() for status, at in message.history}
        if "queued" in moments:
            left = moments["sending"] if "sending" in moments else moments["failed"]
            outcome.waits.setdefault(str(message.from_), []).append((moments["queued"], left))
        if message.error_code:
            outcome.failed.setdefault(message.error_code, []).append(moments["failed"])
        else:
            outcome.sent.append(moments["sent"])
    return outcome


def row(campaign: Campaign) -> tuple[str, ...]:
    """Return a row of the guide's table."""
    return campaign.what, *run(campaign).row


HEAD = ("100,000 messages", "Sent", "Expired (30036)", "Overflowed (30001)", "The last was sent after")


# The plot

HOURS = 6
SAMPLES = 241
WIDTH, HEIGHT = 1000, 400
PANEL_WIDTH, PANEL_HEIGHT, GAP = 270, 210, 35
LEFT, TOP = 70, 80
WAITING = ("#1b4f8f", "#3a70b0", "#6093c9", "#8fb6dd", "#c2d8ee")
COLOURS = {"sent": "#1a7f4b", "lost": "#c0392b"}
TITLE = "100,000 messages to the United States, over five numbers"
PANELS = (
    (AT_ONCE, "All at once"),
    (EXPIRING, "All at once, valid for two hours"),
    (PACED, "Five a second"),
)


def plot() -> str:
    """Draw the waiting, sent and lost messages of each campaign over six hours, one panel for each."""
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" width="{WIDTH}" height="{HEIGHT}"',
        'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif">',
        f"<title>{TITLE}</title>",
        f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#fff"/>',
        _text(LEFT, 28, TITLE, size=17, weight="600"),
    ]
    for index, (campaign, title) in enumerate(PANELS):
        parts += _panel(LEFT + index * (PANEL_WIDTH + GAP), title, run(campaign), labelled=index == 0)
    return "\n".join([*parts, *_legend(), "</svg>", ""])


def _panel(left: int, title: str, outcome: Outcome, *, labelled: bool) -> Iterator[str]:
    def at(hours: float, messages: float) -> str:
        x, y = left + hours / HOURS * PANEL_WIDTH, TOP + PANEL_HEIGHT * (1 - messages / MESSAGES)
        return f"{x:.1f},{y:.1f}"

    yield _text(left, TOP - 26, title, weight="600")
    for messages in range(0, MESSAGES + 1, 25_000):
        x, y = at(0, messages).split(",")
        yield f'<path d="M{x},{y}h{PANEL_WIDTH}" stroke="#ddd"/>'
        if labelled:
            yield _text(left - 8, float(y) + 4, f"{messages:,}", anchor="end", fill="#666")
    for hours in range(HOURS + 1):
        yield _text(
            float(at(hours, 0).split(",")[0]), TOP + PANEL_HEIGHT + 18, f"{hours} h", anchor="middle", fill="#666"
        )

    hours = [HOURS * sample / (SAMPLES - 1) for sample in range(SAMPLES)]
    below = [0] * SAMPLES
    for colour, (_, waits) in zip(WAITING, sorted(outcome.waits.items()), strict=True):
        joined, left_at = (sorted(moments) for moments in zip(*waits, strict=True))
        above = [under + _count(joined, hour) - _count(left_at, hour) for under, hour in zip(below, hours, strict=True)]
        outline = [at(*point) for point in zip(hours, above, strict=True)]
        outline += [at(*point) for point in reversed(list(zip(hours, below, strict=True)))]
        yield f'<path d="M{" ".join(_corners(outline))}Z" fill="{colour}"/>'
        below = above
    lost = sorted(moment for moments in outcome.failed.values() for moment in moments)
    for name, dashes, moments in (("sent", "none", sorted(outcome.sent)), ("lost", "6 4", lost)):
        if moments:
            line = [at(hour, _count(moments, hour)) for hour in hours]
            yield _line(_corners(line), COLOURS[name], dashes)
            x, y = map(float, line[-1].split(","))
            yield _text(x, y - 7, f"{len(moments):,} {name}", anchor="end", fill=COLOURS[name])


def _line(points: Sequence[str], colour: str, dashes: str) -> str:
    path = " ".join(points)
    return f'<path d="M{path}" fill="none" stroke="{colour}" stroke-width="2.5" stroke-dasharray="{dashes}"/>'


def _count(moments: Sequence[float], hours: float) -> int:
    return bisect_right(moments, hours * 3600)


def _corners(points: Iterable[str]) -> list[str]:
    """Return a line without the points at which its direction stays the same."""
    kept: list[str] = []
    for point in points:
        while len(kept) > 1 and _is_straight(kept[-2], kept[-1], point):
            kept.pop()
        kept.append(point)
    return kept


def _is_straight(*points: str) -> bool:
    (ax, ay), (bx, by), (cx, cy) = (tuple(map(float, point.split(","))) for point in points)
    return abs((bx - ax) * (cy - ay) - (by - ay) * (cx - ax)) < 0.2


def _legend() -> Iterator[str]:
    y = HEIGHT - 40
    for index, colour in enumerate(WAITING):
        yield f'<rect x="{LEFT + index * 18}" y="{y - 11}" width="18" height="14" fill="{colour}"/>'
    yield _text(LEFT + 100, y, "waiting in the queues of the five numbers")
    yield _line([f"{LEFT + 400},{y - 4}", f"{LEFT + 434},{y - 4}"], COLOURS["sent"], "none")
    yield _text(LEFT + 442, y, "sent")
    yield _line([f"{LEFT + 500},{y - 4}", f"{LEFT + 534},{y - 4}"], COLOURS["lost"], "6 4")
    yield _text(LEFT + 542, y, "lost: the queue was full (30001), or the message")
    yield _text(LEFT + 542, y + 18, "older than its validity period (30036)")


def _text(
    x: float, y: float, text: str, *, size: int = 13, weight: str = "400", anchor: str = "start", fill: str = "#222"
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{fill}">{text}</text>'
    )


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.campaign", description=__doc__)
    parser.add_argument("path", nargs="?", type=Path, default=PLOT, help="the file to write")
    parser.parse_args().path.write_text(plot(), encoding="utf-8")
    for cells in (HEAD, *map(row, CAMPAIGNS)):
        print("| " + " | ".join(cells) + " |")


if __name__ == "__main__":
    sys.exit(main())
