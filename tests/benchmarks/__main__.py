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
    parser.add_argument("--quick", action="store_true", help="4,000 examples and few rounds: about a minute")
    parser.add_argument("--only", choices=("race", "growth", "jobs"), help="one of the three parts")
    options = parser.parse_args()
    cores = _one_core()  # before numpy and the libraries are loaded, which look then

    import numpy as np
    from tunelab.data import load
    from tunelab.errors import BadInput

    from .growth import growth
    from .headline import headline
    from .jobs import jobs

    begin = time.perf_counter()
    _say("Loading data")
    counts = (4_000, 1_000) if options.quick else (50_000, 10_000)
    try:
        dataset = load(options.data, training=counts[0], evaluation=counts[1])
    except BadInput as problem:
        sys.exit(str(problem))
    software = f"Python {platform.python_version()}, numpy {np.__version__}"
    print(f"{dataset.title}, {platform.machine()}, {software}, one core\n")
    if options.only in (None, "race"):
        print(headline(dataset.training, dataset.validation, rounds_of=3 if options.quick else 11, say=_say))
    if options.only in (None, "growth"):
        _say("Growing")
        for grown in growth(dataset.training):
            print(f"\n{grown}", flush=True)
    if options.only in (None, "jobs"):
        _say("Whole jobs")
        if cores:
            os.sched_setaffinity(0, cores)
        print(f"\n{jobs(options.data, rounds_of=1 if options.quick else 3)}")
    _say(f"Done in {time.perf_counter() - begin:.0f} s")


def _one_core() -> set[int]:
    """Hold this process, and the threads of every library, to one core; return those that it had, if known."""
    os.environ.update(dict.fromkeys(THREADS, "1"))
    os.environ["XLA_FLAGS"] = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
    os.environ["JAX_PLATFORMS"] = "cpu"
    if not hasattr(os, "sched_setaffinity"):
        return set()
    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(cores)})
    return cores


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
