"""A run that is being worked on: begun or taken up again, followed, stopped."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Executor, Future, wait
from pathlib import Path
from typing import Any

from tunelab.engine.pool import usable_cores
from tunelab.engine.training_worker import train_stack
from tunelab.errors import BadInput, CutOff
from tunelab.experiment import Experiment, Preset, assemble, load_data, stacks
from tunelab.experiment.fitting import fitted_preset
from tunelab.kernel import check_engine
from tunelab.records import Run, create_run
from tunelab.records.locks import Hold
from tunelab.records.run import last_end

__all__ = ["Job", "check", "resume", "start"]


class Job:
    """A run that has been started: its record, and what works on it.

    ``before`` are the events recorded before this job began, in the order of time: those of the run's earlier part
    where it was taken up again.
    """

    def __init__(self, run: Run, hold: Hold) -> None:
        self.run = run
        self._hold = hold
        self._futures: list[Future[None]] = []
        self._follower = run.follower()
        self.before = self.new_events()

    def begin(
        self, executor: Executor, stacked: Sequence[tuple[list[int], int | None]], workers: int | None = None
    ) -> None:
        """Have workers train stacks of arms, (positions, until) each; where they are fewer than ``workers``, each uses
        several cores.
        """
        threads = max(1, (workers or usable_cores()) // len(stacked))
        try:
            for positions, until in stacked:
                self._futures.append(executor.submit(train_stack, str(self.run.directory), positions, until, threads))
        except BrokenExecutor:
            self._hold.release()
            raise self._cut_off() from None
        for future in self._futures:
            future.add_done_callback(self._release_at_end)

    def new_events(self) -> list[dict[str, Any]]:
        """What has been recorded since the last call, in the order of time."""
        return self._follower.new()

    def follow(self, interval: float = 0.05) -> Iterator[list[dict[str, Any]]]:
        """Batches of new events until the run has ended, at least one (perhaps empty) every ``interval`` seconds.

        Raises what a worker raised, after everything recorded has been given, and :class:`tunelab.errors.CutOff`
        where one was killed.
        """
        pending = set(self._futures)
        while pending:
            _, pending = wait(pending, timeout=interval, return_when=FIRST_COMPLETED)
            yield self.new_events()
        yield self.new_events()
        self._hold.release()
        if (error := self._error()) is not None:
            raise error

    def stop(self) -> None:
        """Ask the training to stop at the next mini-batch; what has been measured stays."""
        self.run.send("stop")

    @property
    def ended(self) -> bool:
        """Whether nothing works on the run any more."""
        return all(future.done() for future in self._futures)

    def wait(self) -> None:
        """Return when nothing works on the run any more."""
        wait(self._futures)
        self._hold.release()

    def problem(self) -> str | None:
        """What went wrong in a worker, in a sentence; None where nothing did, or it is still at work."""
        error = self._error()
        if error is None or isinstance(error, BadInput | CutOff):
            return str(error) if error else None
        return f"a worker process failed: {error!r}"

    def _error(self) -> BaseException | None:
        """The first thing that went wrong; that a process has gone counts only where nothing else is known."""
        killed = None
        for future in self._futures:
            if not future.done():
                continue
            error = CancelledError() if future.cancelled() else future.exception()
            if isinstance(error, BrokenExecutor | CancelledError):
                killed = self._cut_off()
            elif error is not None:
                return error
        return killed

    def _cut_off(self) -> CutOff:
        return CutOff(
            f"a process that trained {self.run.name} was ended from outside, or had too little memory; what was "
            f"measured is kept, and `tunelab resume {self.run.argument}` continues it"
        )

    def _release_at_end(self, _future: Future[None]) -> None:
        # The follower may have gone away; the run is free for others as soon as nobody works on it.
        if self.ended:
            self._hold.release()


def start(
    preset: Preset,
    executor: Executor,
    *,
    out: Path | None = None,
    workers: int | None = None,
    until: Sequence[int | None] | None = None,
    engine: str | None = None,
) -> Job:
    """Begin a run of all arms of a preset. ``until`` says for each arm after how many examples to stop it.

    ``engine`` is what is to do the arithmetic (:mod:`tunelab.kernel.library`), what trains here if not given.

    Everything that can be wrong with it is found first, so that a preset that can't be trained leaves no run behind.
    """
    experiments = [arm.experiment for arm in preset.arms]
    for experiment in experiments:
        check(experiment)
    preset, _ = fitted_preset(preset, load_data(experiments[0]))
    run = create_run(preset, out, engine=engine)
    job = Job(run, run.hold())
    limits = list(until or [None] * len(experiments))
    job.begin(executor, [(stack, limits[stack[0]]) for stack in _stacked(experiments, limits, workers)], workers)
    return job


def resume(run: Run, executor: Executor, *, workers: int | None = None) -> Job:
    """Go on with every arm of a run that was stopped or cut off, from its last checkpoint.

    Raises :class:`BadInput` where it is running, has ended, or can't be resumed.
    """
    hold = run.hold()
    try:
        for arm in run.arms:  # whoever worked on it may be saving still
            arm.writer().close()
        left = [p for p, arm in enumerate(run.arms) if not _has_ended(arm.events())]
        if not left:
            raise BadInput(f"{run.name} has ended ({run.state()}); `tunelab replay {run.argument}` trains it again")
        check_engine(run.environment.get("engine"))
        experiments = [run.preset.arms[p].experiment for p in left]
        for experiment in experiments:
            check(experiment)
        saved = [run.arms[p].checkpoint() for p in left]
        run.send("go")  # what was said to the job before isn't meant for this one
        job = Job(run, hold)
    except BaseException:
        hold.release()
        raise
    points = [checkpoint.point if checkpoint else None for checkpoint in saved]
    job.begin(executor, [([left[i] for i in stack], None) for stack in _stacked(experiments, points, workers)], workers)
    return job


def check(experiment: Experiment) -> None:
    """Raise :class:`tunelab.errors.BadInput` where the experiment can't be trained."""
    assemble([experiment], load_data(experiment))


def _has_ended(events: Sequence[dict[str, Any]]) -> bool:
    end = last_end(events)
    return end is not None and end["reason"] not in ("stopped", "budget")


def _stacked(experiments: Sequence[Experiment], alike: Sequence[Hashable], workers: int | None) -> list[list[int]]:
    """Which experiments train stacked: positions, a list a stack. Those of one stack are equal in ``alike``."""
    groups: dict[Hashable, list[int]] = {}
    for position, key in enumerate(alike):
        groups.setdefault(key, []).append(position)
    wanted = max(1, (workers or usable_cores()) // len(groups))
    return [
        [group[i] for i in stack]
        for group in groups.values()
        for stack in stacks([experiments[position] for position in group], wanted)
    ]
