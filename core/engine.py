"""Where trainings run: worker processes that write records, and the following of what they write.

A worker gets the run's directory and the numbers of the arms it is to train, nothing else: what to do stands in
the record, and what it finds goes there. So a screen, a script and another terminal all see the same thing.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from threadpoolctl import threadpool_limits

from core.data import Dataset
from core.errors import BadInput
from core.experiment import Experiment, Preset, assemble, load_data, stacks
from core.records import ArmWriter, Follower, Run, create, measure_fields
from core.records.events import arm_reason, better, parameter_count, weights_sha256
from core.records.run import find
from core.training import Measurement, Training

__all__ = ["Job", "process_pool", "start", "train_stack", "usable_cores"]

_LOOK_EVERY = 0.05  # seconds between looks at the control file
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")


def usable_cores() -> int:
    """How many processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0)) or 1
    return os.cpu_count() or 1


def process_pool(workers: int | None = None) -> ProcessPoolExecutor:
    """Worker processes with one BLAS thread each: small matrices gain nothing from more, and arms run side by side."""
    # Numpy reads these when it is loaded, and the workers inherit them.
    for variable in _THREAD_VARIABLES:
        os.environ[variable] = "1"
    # A fresh interpreter each, since forking a process that has threads (a screen) can deadlock.
    return ProcessPoolExecutor(
        workers or usable_cores(), mp_context=multiprocessing.get_context("spawn"), initializer=_quietly
    )


def _quietly() -> None:
    # ctrl+c reaches every process of the terminal; the one that follows tells the workers to stop in good order.
    signal.signal(signal.SIGINT, signal.SIG_IGN)


class Job:
    """A run that has been started: its record, and what works on it."""

    def __init__(self, run: Run, futures: Sequence[Future[None]]) -> None:
        self.run = run
        self._futures = list(futures)
        self._followers = [Follower(arm.events_path) for arm in run.arms]

    def new_events(self) -> list[dict[str, Any]]:
        """What has been recorded since the last call, in the order of time."""
        events = [event for follower in self._followers for event in follower.new()]
        return sorted(events, key=lambda event: event["time"])

    def follow(self, interval: float = 0.05) -> Iterator[list[dict[str, Any]]]:
        """Batches of new events until the run has ended, at least one (perhaps empty) every ``interval`` seconds.

        Raises what a worker raised, after everything recorded has been given.
        """
        pending = set(self._futures)
        while pending:
            _, pending = wait(pending, timeout=interval, return_when=FIRST_COMPLETED)
            yield self.new_events()
        yield self.new_events()
        for future in self._futures:
            future.result()

    def stop(self) -> None:
        """Ask the training to stop at the next mini-batch; what has been measured stays."""
        self.run.tell("stop")

    @property
    def ended(self) -> bool:
        """Whether nothing works on the run any more."""
        return all(future.done() for future in self._futures)

    def wait(self) -> None:
        """Return when nothing works on the run any more."""
        wait(self._futures)

    def problem(self) -> str | None:
        """What went wrong in a worker, in a sentence; None where nothing did, or it is still at work."""
        for future in self._futures:
            if future.done() and (error := future.exception()) is not None:
                return str(error) if isinstance(error, BadInput) else f"a worker process failed: {error!r}"
        return None


def start(preset: Preset, executor: Executor, *, out: Path | None = None, workers: int | None = None) -> Job:
    """Begin a run of all arms of a preset.

    Everything that can be wrong with it is found first, so that a preset that can't be trained leaves no run behind.
    """
    experiments = [arm.experiment for arm in preset.arms]
    for experiment in experiments:
        check(experiment)
    run = create(preset, out)
    pieces = stacks(experiments, workers or usable_cores())
    return Job(run, [executor.submit(train_stack, str(run.directory), piece) for piece in pieces])


def check(experiment: Experiment) -> None:
    """Raise :class:`core.errors.BadInput` where the experiment can't be trained."""
    assemble([experiment], load_data(experiment))


class _Stopped(Exception):
    """Somebody asked the training to stop."""


def train_stack(directory: str, positions: Sequence[int]) -> None:
    """Train some arms of a run, stacked, writing each one's record. This is what a worker does."""
    run = find(directory)
    arms = [run.preset.arms[position] for position in positions]
    dataset = load_data(arms[0].experiment)
    with threadpool_limits(limits=1), ExitStack() as stack:
        writers = [stack.enter_context(run.arms[position].writer()) for position in positions]
        training = assemble([arm.experiment for arm in arms], dataset)
        logs = _logs(writers, [arm.experiment for arm in arms])
        for log in logs:
            log.start(training, dataset)
        try:
            for measurement in training.run(_control(run)):
                for log in logs:
                    log.measure(measurement)
        except _Stopped:
            pass
        for log in logs:
            log.done(training)


class _Log:
    """One arm's share of a stack, and its record."""

    def __init__(self, writer: ArmWriter, experiment: Experiment, replicates: slice) -> None:
        self.replicates = replicates
        self._writer, self._experiment = writer, experiment
        self._final: dict[str, Any] | None = None
        self._best: dict[str, Any] | None = None
        self._ended = False
        self._began = time.perf_counter()

    def start(self, training: Training, dataset: Dataset) -> None:
        """Say what is trained, and measure it untrained."""
        about = {
            "experiment": self._experiment.to_dict(),
            "parameters": parameter_count(training.network),
            "seeds": self._experiment.seeds,
            "sizes": list(training.network.sizes),
            "data": {
                "title": dataset.title,
                "classes": list(dataset.classes) if dataset.classes is not None else None,
                "training": len(dataset.training),
                "evaluation": len(dataset.validation),
            },
        }
        self._writer.write("start", about)
        self._writer.write("initial", measure_fields(training.measure(), self.replicates))

    def measure(self, measurement: Measurement) -> None:
        """Record a measurement, unless every replicate of this arm had stopped before it."""
        if self._ended:
            return
        fields = measure_fields(measurement, self.replicates)
        self._writer.write("measure", fields)
        self._final = fields
        if better(fields, self._best):
            self._best = fields
        self._ended = all(measurement.reasons[self.replicates])

    def done(self, training: Training) -> None:
        """Save the parameters and say how it ended."""
        reasons = tuple(training.reasons[self.replicates])
        network = training.parameters(self.replicates)
        self._writer.save_parameters(network)
        self._writer.write(
            "done",
            {
                "reason": arm_reason(reasons) if all(reasons) else "stopped",
                "reasons": [reason or "stopped" for reason in reasons],
                "final": self._final,
                "best": self._best,
                "weights_sha256": weights_sha256(network),
                "seconds": round(time.perf_counter() - self._began, 6),
            },
        )


def _logs(writers: Sequence[ArmWriter], experiments: Sequence[Experiment]) -> list[_Log]:
    """Each arm with its share of the stack's replicates."""
    logs, first = [], 0
    for writer, experiment in zip(writers, experiments, strict=True):
        count = len(experiment.seeds)
        logs.append(_Log(writer, experiment, slice(first, first + count)))
        first += count
    return logs


def _control(run: Run) -> Callable[[], None]:
    """What to do every few mini-batches: look, not too often, whether somebody said pause or stop."""
    looked = 0.0

    def pulse() -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked < _LOOK_EVERY:
            return
        looked = now
        while word := _word(run.control):
            if word == "stop":
                raise _Stopped
            time.sleep(_LOOK_EVERY)

    return pulse


def _word(control: Path) -> str:
    with contextlib.suppress(OSError):
        return control.read_text("utf-8").strip()
    return ""
