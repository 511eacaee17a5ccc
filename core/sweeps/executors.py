"""Who trains in a sweep on this machine: threads of this process on shared data, or worker processes.

Threads where the compiled kernel trains every trial, which lets go of the interpreter: then no process starts, and data
are loaded and prepared once. What Python does between two calls of the kernel is about a tenth of a small trial, so
more than a few threads would wait for each other; from there on, and where numpy trains, it is processes.
"""

from __future__ import annotations

import os
import threading
from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future, ThreadPoolExecutor
from typing import Protocol

from tunelab import engine
from tunelab.sweeps.sweep_plan import SweepPlan
from tunelab.sweeps.worker import StackRequest, TrialOutcome, train_trials, versions

__all__ = ["LocalWorkers", "WorkerThreads", "Workers", "local_workers"]

_MOST_THREADS = 4  # that one process's interpreter keeps busy
_POLITE = 10  # by how much workers that let a screen go first are nicer


class Workers(Protocol):
    """Workers that train stacks of trials."""

    @property
    def count(self) -> int:
        """How many stacks can be trained at the same time; 0 while nobody is there."""

    def submit(self, job: StackRequest) -> Future[list[TrialOutcome]]:
        """Have a stack trained; never more at a time than ``count``."""

    def cut_off(self, error: BaseException) -> bool:
        """Whether a stack failed because its worker has gone, and so can be trained again."""

    def returned(self, future: Future[list[TrialOutcome]]) -> bool:
        """Whether a stack came back untrained through nothing that it did, to be submitted again."""

    def close(self, *, now: bool) -> None:
        """Let the workers go; ``now`` without waiting for what they have in hand."""


def local_workers(plan: SweepPlan, workers: int | None = None, *, polite: bool = False) -> Workers:
    """Return as many workers on this machine as asked for, one a core if not; ``polite`` ones let others go first."""
    count = workers or engine.usable_cores()
    if count <= _MOST_THREADS and plan.is_compiled():
        return WorkerThreads(count, polite=polite)
    return LocalWorkers(count, polite=polite)


class _Closed(Exception):
    """The sweep has stopped, and nobody waits for this stack."""


class WorkerThreads:
    """Threads of this process."""

    def __init__(self, workers: int, *, polite: bool = False) -> None:
        self.count = workers
        self._closed = threading.Event()
        # Of a thread alone, on Linux; elsewhere of the process, which only waits
        self._threads = ThreadPoolExecutor(workers, "trial", initializer=os.nice, initargs=(_POLITE if polite else 0,))

    def submit(self, job: StackRequest) -> Future[list[TrialOutcome]]:
        """Have a thread train the stack."""
        return self._threads.submit(train_trials, job, self._pulse)

    def cut_off(self, error: BaseException) -> bool:
        """Whether nobody trains a stack any more; threads end with their process."""
        return isinstance(error, CancelledError)

    def returned(self, future: Future[list[TrialOutcome]]) -> bool:  # noqa: ARG002
        """Never: what comes back untrained here has lost its worker."""
        return False

    def close(self, *, now: bool) -> None:
        """End the threads, at once or when they are done."""
        if now:
            self._closed.set()
        self._threads.shutdown(cancel_futures=now)

    def _pulse(self) -> None:
        if self._closed.is_set():
            raise _Closed


class LocalWorkers:
    """Worker processes on this machine, each apart from the others.

    One process pool for all would end all its workers when one is killed. Here only the stack that one worker had in
    hand is cut off, and is trained again by a new one.
    """

    def __init__(self, workers: int | None = None, *, polite: bool = False) -> None:
        self._polite = polite
        self._pools: list[Executor] = [
            engine.process_pool(1, polite=polite) for _ in range(workers or engine.usable_cores())
        ]
        self._in_hand: dict[int, Future[list[TrialOutcome]]] = {}
        for pool in self._pools:
            pool.submit(versions)  # they load numpy while trials are chosen

    @property
    def count(self) -> int:
        """How many worker processes there are."""
        return len(self._pools)

    def submit(self, job: StackRequest) -> Future[list[TrialOutcome]]:
        """Give the stack to a worker that has none; where it was killed, to a new one in its place."""
        free = next(n for n in range(len(self._pools)) if n not in self._in_hand or self._in_hand[n].done())
        try:
            self._in_hand[free] = self._pools[free].submit(train_trials, job)
        except BrokenExecutor:
            self._pools[free].shutdown(wait=False)
            self._pools[free] = engine.process_pool(1, polite=self._polite)
            self._in_hand[free] = self._pools[free].submit(train_trials, job)
        return self._in_hand[free]

    def cut_off(self, error: BaseException) -> bool:
        """Whether a worker process was killed."""
        return isinstance(error, BrokenExecutor | CancelledError)

    def returned(self, future: Future[list[TrialOutcome]]) -> bool:  # noqa: ARG002
        """Never: what comes back untrained here has lost its worker."""
        return False

    def close(self, *, now: bool) -> None:
        """End the worker processes, at once or when they are done."""
        for pool in self._pools:
            if now:
                pool.__exit__(KeyboardInterrupt, None, None)
            else:
                pool.shutdown()
