"""Measures the costs of the double, part by part: ``python -m tests.benchmarks``.

All parts take minutes, most of them with the largest number of messages.
"""

import argparse
import sys
from collections.abc import Iterable, Iterator

from . import comparisons, imports, peers, scale
from .arguments import at_least, new_file
from .measuring import Result, columns, table
from .plot import plot


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__.replace("``", ""))
    parser.add_argument("--check", action="store_true", help="exit with status 1 where a bound is missed")
    parser.add_argument("--plot", type=new_file, metavar="PATH", help="draw what was measured as an SVG")
    parser.add_argument(
        "--largest",
        type=at_least(2 * scale.SIZES[1]),
        default=scale.SIZES[-1],
        metavar="N",
        help="the most messages, with which everything may take hardly longer than with 1,000 (default: %(default)s)",
    )
    arguments = parser.parse_args()
    sizes = [size for size in scale.SIZES if size < arguments.largest] + [arguments.largest]

    results = list(_printed(_results()))
    curves = list(scale.curves(sizes))
    results += [curve.result for curve in curves]

    print(table(results), columns(scale.rows(curves, sizes)), sep="\n\n")
    if not peers.HAS_MOTO:
        print(peers.WITHOUT_MOTO)
    if arguments.plot:
        arguments.plot.write_text(plot(results, curves, sizes), encoding="utf-8")
    return int(arguments.check and not all(result.holds for result in results))


def _results() -> Iterator[Result]:
    yield from comparisons.sends()
    yield from comparisons.fixtures()
    yield comparisons.start_up()
    yield from imports.imports()
    yield scale.settles()
    yield scale.travels()
    yield from scale.memory()


def _printed(results: Iterable[Result]) -> Iterator[Result]:
    """Yield the results, and print each one at once, because all of them take minutes."""
    for result in results:
        print(f"{result.what}: {result.show(result.value)}", file=sys.stderr)
        yield result


if __name__ == "__main__":
    sys.exit(main())
