"""Draws the measurements: the times of operations and suites by size, and how much of each bound is used."""

from collections.abc import Iterator, Mapping, Sequence
from html import escape
from itertools import pairwise
from math import ceil, floor, log10

from .measuring import Result
from .scale import Curve

WIDTH = 1260
MARGIN, TOP = 30, 90
PANEL_LEFT, PANEL_WIDTH, PANEL_HEIGHT = 80, 350, 360
BARS_LEFT, BARS_WIDTH, ROW = 1040, 160, 28
INK, FAINT, GRID = "#222", "#666", "#ddd"
HELD, MISSED, PLAIN = "#3a70b0", "#c0392b", "#8fb6dd"
COLOURS = ("#1b4f8f", "#1a7f4b", "#c0392b", "#8e5bb0", "#c77700", "#0b8a8f", "#6b6b6b", "#a8325e")


def plot(results: Sequence[Result], curves: Sequence[Curve], sizes: Sequence[int]) -> str:
    """Return an SVG that refers to no other file."""
    bounded = [result for result in results if result.bound is not None]
    others = [result for result in results if result.bound is None]
    height = TOP + max(PANEL_HEIGHT + 60, ROW * (len(bounded) + len(others) + 3)) + 20
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}" height="{height}"',
            'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="12">',
            "<title>What the double costs</title>",
            f'<rect width="{WIDTH}" height="{height}" fill="#fff"/>',
            _text(MARGIN, 34, "What the double costs", size=18, weight="600"),
            *_curves(curves, sizes),
            *_bars(bounded, others),
            "</svg>",
            "",
        ]
    )


def plot_suites(seconds: Mapping[str, Sequence[float]], sizes: Sequence[int]) -> str:
    """Return an SVG of the times of suites by size, with a line for each way of mocking. Both scales are linear."""
    width, highest = 760, max(map(max, seconds.values()))
    step = 10 ** floor(log10(highest)) / (2 if highest < 5 * 10 ** floor(log10(highest)) else 1)
    top = ceil(highest / step) * step

    def x(size: float) -> float:
        return PANEL_LEFT + PANEL_WIDTH * size / sizes[-1]

    def y(value: float) -> float:
        return TOP + PANEL_HEIGHT * (1 - value / top)

    levels = [step * number for number in range(round(top / step) + 1)]
    labels = _apart([y(values[-1]) for values in seconds.values()], 15)
    lines = zip(seconds.items(), COLOURS, labels, strict=False)
    height = TOP + PANEL_HEIGHT + 60
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}"',
            'font-family="system-ui, -apple-system, Segoe UI, Helvetica, Arial, sans-serif" font-size="12">',
            "<title>What a suite costs</title>",
            f'<rect width="{width}" height="{height}" fill="#fff"/>',
            _text(MARGIN, 34, "What a suite costs", size=18, weight="600"),
            _text(MARGIN, TOP - 24, "CPU seconds of the whole process, by the number of tests", weight="600"),
            *(f'<path d="M{PANEL_LEFT},{y(level):.1f}h{PANEL_WIDTH}" stroke="{GRID}"/>' for level in levels),
            *(_text(PANEL_LEFT - 8, y(level) + 4, f"{level:g} s", anchor="end", fill=FAINT) for level in levels),
            *(_text(x(size), TOP + PANEL_HEIGHT + 20, f"{size:,}", anchor="middle", fill=FAINT) for size in sizes),
            *(
                f'<polyline points="{" ".join(f"{x(a):.1f},{y(b):.1f}" for a, b in zip(sizes, values, strict=True))}" '
                f'fill="none" stroke="{colour}" stroke-width="2"/>'
                + _text(PANEL_LEFT + PANEL_WIDTH + 12, label + 4, f"{name}  {values[-1]:.1f} s", fill=colour)
                for (name, values), colour, label in lines
            ),
            "</svg>",
            "",
        ]
    )


# The curves. Both scales are logarithmic.


def _curves(curves: Sequence[Curve], sizes: Sequence[int]) -> Iterator[str]:
    micro = [[seconds * 1e6 for seconds in curve.medians] for curve in curves]
    lowest = floor(log10(min(map(min, micro))))
    highest = ceil(log10(max(map(max, micro))))

    def x(size: float) -> float:
        return PANEL_LEFT + PANEL_WIDTH * log10(size / sizes[0]) / log10(sizes[-1] / sizes[0])

    def y(value: float) -> float:
        return TOP + PANEL_HEIGHT * (highest - log10(value)) / (highest - lowest)

    yield _text(MARGIN, TOP - 24, "An operation, by how many messages there are", weight="600")
    for power in range(lowest, highest + 1):
        level = y(10**power)
        yield f'<path d="M{PANEL_LEFT},{level:.1f}h{PANEL_WIDTH}" stroke="{GRID}"/>'
        yield _text(PANEL_LEFT - 8, level + 4, f"{10**power:,} µs", anchor="end", fill=FAINT)
    for size in sizes:
        yield _text(x(size), TOP + PANEL_HEIGHT + 20, f"{size:,}", anchor="middle", fill=FAINT)

    labels = _apart([y(values[-1]) for values in micro], 15)
    for curve, values, colour, label in zip(curves, micro, COLOURS, labels, strict=False):
        points = [(x(size), y(value)) for size, value in zip(sizes, values, strict=True)]
        line = " ".join(f"{left:.1f},{level:.1f}" for left, level in points)
        yield f'<polyline points="{line}" fill="none" stroke="{colour}" stroke-width="2"/>'
        yield from (f'<circle cx="{left:.1f}" cy="{level:.1f}" r="3" fill="{colour}"/>' for left, level in points)
        end = points[-1]
        yield f'<path d="M{end[0] + 5:.1f},{end[1]:.1f}L{end[0] + 16:.1f},{label:.1f}" stroke="{colour}" fill="none"/>'
        yield _text(end[0] + 20, label + 4, f"{curve.what}  {values[-1]:,.0f} µs", fill=colour)


def _apart(wanted: Sequence[float], gap: float) -> list[float]:
    """Return positions for labels: near the wanted ones, but at least ``gap`` apart."""
    places = list(wanted)
    order = sorted(range(len(places)), key=places.__getitem__)
    for upper, lower in pairwise(order):
        places[lower] = max(places[lower], places[upper] + gap)
    return places


# The bars


def _bars(bounded: Sequence[Result], others: Sequence[Result]) -> Iterator[str]:
    """Draw how much of each bound is used, and the measurements without a bound."""
    right = BARS_LEFT + BARS_WIDTH
    yield _text(BARS_LEFT - 8, TOP - 24, "What was measured, as a part of what is allowed", anchor="end", weight="600")
    yield _text(right, TOP - 24, "100%", anchor="middle", fill=FAINT)
    yield f'<path d="M{right},{TOP - 16}V{TOP + ROW * len(bounded)}" stroke="{FAINT}" stroke-dasharray="3 3"/>'
    for number, result in enumerate(bounded):
        middle = TOP + ROW * number + ROW / 2
        used = result.value / result.bound if result.bound else 0.0
        length = BARS_WIDTH * max(0.0, min(used, 1.25))
        yield _text(BARS_LEFT - 8, middle - 2, result.what, anchor="end", size=11)
        yield _text(BARS_LEFT - 8, middle + 11, _value(result), anchor="end", size=11, fill=FAINT)
        colour = HELD if result.holds else MISSED
        yield f'<rect x="{BARS_LEFT}" y="{middle - 8:.1f}" width="{length:.1f}" height="16" fill="{colour}"/>'
        # Inside the bar if it is long enough, because the line of the bound may be beside it.
        inside = length > BARS_WIDTH / 4
        place = BARS_LEFT + length + (-5 if inside else 5)
        yield _text(
            place,
            middle + 4,
            f"{used:.0%}",
            size=11,
            anchor="end" if inside else "start",
            fill="#fff" if inside else INK,
        )
    for number, result in enumerate(others, start=len(bounded) + 1):
        middle = TOP + ROW * number + ROW / 2
        yield _text(BARS_LEFT - 8, middle + 4, result.what, anchor="end", size=11)
        yield _text(BARS_LEFT, middle + 4, result.show(result.value), weight="600", fill=HELD)


def _value(result: Result) -> str:
    bound = "" if result.bound is None else f", at most {result.show(result.bound)}"
    return result.show(result.value) + bound


def _text(
    x: float, y: float, text: str, *, size: int = 12, weight: str = "400", anchor: str = "start", fill: str = INK
) -> str:
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{fill}">{escape(text)}</text>'
    )
