"""A sweep in a process of its own, for a screen that looks on: it ends when whoever began it lets go of its stdin."""

from __future__ import annotations

import os
import signal
import sys
import threading

from tunelab.errors import BadInput, CutOff
from tunelab.sweeps import find
from tunelab.sweeps.executors import local_workers
from tunelab.sweeps.scheduler import sweep


def main(name: str) -> int:
    """Train what is left of a study; talk goes to stderr. 130 where it was stopped."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: stop.set())

    def listen() -> None:
        while os.read(0, 1):  # not sys.stdin, whose lock a thread that waits would hold at the end
            pass
        stop.set()

    threading.Thread(target=listen, daemon=True).start()
    try:
        record = find(name)
        workers = local_workers(record.plan, polite=True)
        for _ in sweep(record, workers, stop=stop, notice=lambda text: print(text, file=sys.stderr, flush=True)):
            pass
        workers.close(now=stop.is_set())
    except (BadInput, CutOff) as problem:
        print(problem, file=sys.stderr)
        return 2
    return 130 if stop.is_set() else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
