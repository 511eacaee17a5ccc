"""Stacks of trials on all processors: in threads where the compiled kernel trains, which lets go of the interpreter."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from queue import SimpleQueue
from typing import Any

from threadpoolctl import threadpool_limits
from tunelab.data import Dataset
from tunelab.experiment import Experiment, StackedTraining
from tunelab.kernel import COMPILED
from tunelab.records.measure_events import measure_fields
from tunelab.search.curve import Curve, curve_of
from tunelab.search.trainer import OutOfTime
from tunelab.training import Measurement

__all__ = ["Pulse", "TrialStack", "train_stacks"]

Pulse = Callable[[], None]
Fields = dict[str, Any]

_WAIT = 0.02  # seconds between looks at the clock while threads train


class TrialStack:
    """Experiments of one shape that train in one program, by their labels, on one data set.

    ``threads`` processors train its networks, where the kernel does. Raises :class:`tunelab.errors.BadInput` where an
    experiment can't be trained.
    """

    def __init__(self, tried: Mapping[str, Experiment], dataset: Dataset, threads: int = 1) -> None:
        self._labels = list(tried)
        self._training = StackedTraining(list(tried.values()), dataset, threads=threads)

    @property
    def is_compiled(self) -> bool:
        """Whether the compiled kernel trains it."""
        return self._training.engine == COMPILED

    def train(self, report: Callable[[str, Fields], None], pulse: Pulse | None = None) -> list[Curve]:
        """Train to the end and return a curve for every label."""
        training, members = self._training, self._training.members
        first = training.measure()
        measurements: list[tuple[Measurement, float]] = []
        for measurement in training.run(pulse):
            measurements.append((measurement, training.seconds / len(members)))
            for label, member in zip(self._labels, members, strict=True):
                report(label, measure_fields(measurement, member.replicates))
        return [
            curve_of(label, member, first, measurements, training.network(member))
            for label, member in zip(self._labels, members, strict=True)
        ]


def train_stacks(
    stacks: Sequence[TrialStack], report: Callable[[int, str, Fields], None], pulse: Pulse | None, workers: int
) -> list[list[Curve] | None]:
    """Train stacks; for each its curves, or None where ``pulse`` raised :class:`OutOfTime` before it was trained.

    ``report`` hears of every measurement, with the stack's position, in this thread. Raises :class:`OutOfTime` where no
    stack was trained in time, and whatever else ``pulse`` raises.
    """
    if workers > 1 and len(stacks) > 1 and any(stack.is_compiled for stack in stacks):
        return _in_threads(stacks, report, pulse, workers)
    results: list[list[Curve] | None] = [None] * len(stacks)
    for i, stack in enumerate(stacks):
        try:
            results[i] = stack.train(lambda label, fields, i=i: report(i, label, fields), pulse)  # type: ignore[misc]
        except OutOfTime:
            if i == 0:
                raise
            break
    return results


class _Stopped(Exception):
    """The thread that asked has no more time for it."""


def _in_threads(
    stacks: Sequence[TrialStack], report: Callable[[int, str, Fields], None], pulse: Pulse | None, workers: int
) -> list[list[Curve] | None]:
    events: SimpleQueue[tuple[int, str, Fields]] = SimpleQueue()
    stopping = threading.Event()

    def stop_if_asked() -> None:
        if stopping.is_set():
            raise _Stopped

    def train(i: int) -> list[Curve]:
        return stacks[i].train(lambda label, fields: events.put((i, label, fields)), stop_if_asked)

    def report_all() -> None:
        while not events.empty():
            report(*events.get())

    with threadpool_limits(limits=1), ThreadPoolExecutor(workers) as executor:
        futures = [executor.submit(train, i) for i in range(len(stacks))]
        waiting: set[Future[list[Curve]]] = set(futures)
        try:
            while waiting:
                _, waiting = wait(waiting, _WAIT)
                report_all()
                if pulse is not None and waiting:
                    pulse()
        except BaseException as reason:
            stopping.set()
            for future in waiting:
                future.cancel()
            wait(future for future in futures if not future.cancelled())
            report_all()
            trained = [future.done() and not future.cancelled() and not future.exception() for future in futures]
            if not isinstance(reason, OutOfTime) or not any(trained):
                raise
            return [future.result() if done else None for future, done in zip(futures, trained, strict=True)]
    return [future.result() for future in futures]
