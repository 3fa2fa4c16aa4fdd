"""What the fake costs: ``python -m tests.benchmarks``, and with ``--check`` exit status 1 where a bound is missed."""

import argparse
import sys

from . import comparisons
from .measuring import table


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--check", action="store_true", help="exit with status 1 where a bound is missed")
    arguments = parser.parse_args()

    results = [
        comparisons.send_through_the_sdk(),
        comparisons.send_with_requests(),
        comparisons.set_up_and_tear_down(),
        comparisons.start_up(),
        comparisons.own_share_of_a_send(),
        *comparisons.many_messages(),
    ]

    print(table(results))
    return int(arguments.check and not all(result.holds for result in results))


if __name__ == "__main__":
    sys.exit(main())
