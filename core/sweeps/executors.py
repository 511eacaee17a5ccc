"""Who trains in a sweep on this machine: worker processes, each apart from the others.

One process pool for all would end all its workers when one is killed. Here only the stack that one worker had in hand
is cut off, and is trained again by a new one.
"""

from __future__ import annotations

from concurrent.futures import BrokenExecutor, CancelledError, Executor, Future
from typing import Protocol

from tunelab import engine
from tunelab.sweeps.worker import StackRequest, TrialOutcome, train_trials, versions

__all__ = ["LocalWorkers", "Workers"]


class Workers(Protocol):
    """Workers that train stacks of trials."""

    @property
    def count(self) -> int:
        """How many stacks can be trained at the same time; 0 while nobody is there."""

    def submit(self, job: StackRequest) -> Future[list[TrialOutcome]]:
        """Have a stack trained; never more at a time than ``count``."""

    def cut_off(self, error: BaseException) -> bool:
        """Whether a stack failed because its worker has gone, and so can be trained again."""

    def close(self, *, now: bool) -> None:
        """Let the workers go; ``now`` without waiting for what they have in hand."""


class LocalWorkers:
    """Worker processes on this machine."""

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

    def close(self, *, now: bool) -> None:
        """End the worker processes, at once or when they are done."""
        for pool in self._pools:
            if now:
                pool.__exit__(KeyboardInterrupt, None, None)
            else:
                pool.shutdown()
