"""``python -m tests.benchmarks``: the speed table of the README, measured side by side on one core."""

from __future__ import annotations

import argparse
import os
import platform
import sys
import time

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def main() -> None:
    """Measure and print Markdown on stdout; what it is doing goes to stderr."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks", description=__doc__)
    parser.add_argument("--data", default="digits", help="a data set's name, or a directory of IDX files")
    parser.add_argument("--quick", action="store_true", help="4,000 examples and few rounds: under a minute")
    options = parser.parse_args()
    os.environ.update(dict.fromkeys(THREADS, "1"))  # before numpy is loaded, which reads them then

    import numpy as np
    from tunelab.data import load
    from tunelab.errors import BadInput

    from .growth import growth
    from .headline import headline

    begin = time.perf_counter()
    _say("Loading data")
    counts = (4_000, 1_000) if options.quick else (50_000, 10_000)
    try:
        dataset = load(options.data, training=counts[0], evaluation=counts[1])
    except BadInput as problem:
        sys.exit(str(problem))
    _say("Racing")
    software = f"Python {platform.python_version()}, numpy {np.__version__}"
    print(f"{dataset.title}, {platform.machine()}, {software}, one core\n")
    print(headline(dataset.training, dataset.validation, rounds_of=5 if options.quick else 21))
    _say("Growing")
    for grown in growth(dataset.training):
        print(f"\n{grown}", flush=True)
    _say(f"Done in {time.perf_counter() - begin:.0f} s")


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
