"""Long trainings of a stage as a recorded run inside the strategy's directory: on all cores, and taken up again.

What a killed process had trained goes on from its checkpoint, and the same run asked for twice is trained once.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from pathlib import Path

import numpy as np
from tunelab import engine
from tunelab.engine import Job
from tunelab.errors import BadInput
from tunelab.experiment import Experiment, Preset
from tunelab.experiment.preset import resolved
from tunelab.kernel import COMPILED, current_engine
from tunelab.network import Network
from tunelab.records import Run
from tunelab.strategy.evaluation import Evaluation, contributions, evaluation_of
from tunelab.strategy.journal import Event
from tunelab.strategy.local_trainer import LocalTrainer
from tunelab.strategy.runtime_estimate import modelled
from tunelab.strategy.trial_runner import Interrupted, OutOfTime, TrialRunner

__all__ = ["RecordingTrainer", "cores", "network_of", "record", "run_directory"]

_WORTH = 6.0  # seconds of training below which starting processes costs more than it brings


def cores() -> int:
    """How many processors a stage may use."""
    return engine.usable_cores()


def run_directory(directory: Path, stage: str, tried: Mapping[str, Experiment]) -> Path:
    """Where the run of these experiments lies: the same for the same ones."""
    content = "".join(f"{label}\n{experiment.model_dump_json()}\n" for label, experiment in tried.items())
    return directory / "runs" / f"{stage}-{hashlib.sha256(content.encode()).hexdigest()[:10]}"


def record(trials: TrialRunner, tried: Mapping[str, Experiment]) -> dict[str, list[Event]]:
    """Train these as a recorded run; the measure events of each, which are in the journal too.

    When the stage's time is up the training is stopped where it stands, and what was measured counts. Raises
    :class:`Interrupted` where somebody says stop, and :class:`OutOfTime` where nothing was measured once.
    """
    place = run_directory(trials.journal.directory, trials.stage, tried)
    expected = modelled(list(tried.values()), trials.context.data)
    events_by_arm: dict[str, list[Event]] = {label: [] for label in tried}

    def take(events: list[Event]) -> None:
        for event in events:
            if event["event"] == "measure":
                fields = {key: value for key, value in event.items() if key not in ("event", "run", "arm", "time")}
                events_by_arm[event["arm"]].append(trials.measured(event["arm"], fields))

    with _executor(expected * trials.context.pace, len(tried)) as executor:
        job = _begun(place, tried, executor)
        if job is None:
            take([event for arm in Run(place).arms for event in arm.events()])
            return events_by_arm
        began, fresh = time.monotonic(), not job.before
        take(job.before)
        stop: type[Exception] | None = None
        try:
            for events in job.follow():
                take(events)
                if stop is None and (stop := _due(trials)) is not None:
                    job.stop()
        except BaseException:
            job.stop()
            raise
        if stop is Interrupted:
            raise Interrupted
        if fresh and stop is None:
            trials.took((time.monotonic() - began) * min(cores(), len(tried)), expected)
    if not any(events_by_arm.values()):
        raise OutOfTime
    return events_by_arm


def _due(trials: TrialRunner) -> type[Exception] | None:
    try:
        trials.pulse()
    except (Interrupted, OutOfTime) as reason:
        return type(reason)
    return None


def _executor(seconds: float, arms: int) -> Executor:
    """Threads where the kernel trains, worker processes where they pay, else a thread of this one."""
    if current_engine() == COMPILED:
        return ThreadPoolExecutor(min(arms, cores()))
    if seconds > _WORTH and arms > 1 and cores() > 1:
        return engine.process_pool(min(arms, cores()))
    return ThreadPoolExecutor(1)


def _begun(place: Path, tried: Mapping[str, Experiment], executor: Executor) -> Job | None:
    """The run begun, or taken up where it was cut off; None where it has ended already."""
    workers = min(len(tried), cores())
    if not (place / "run.json").exists():
        return engine.start(_preset(place.name, tried), executor, out=place, workers=workers)
    run = Run(place)
    try:
        return engine.resume(run, executor, workers=workers)
    except BadInput:
        if run.is_running():
            raise
        return None


def _preset(name: str, tried: Mapping[str, Experiment]) -> Preset:
    arms = [{"name": label} | experiment.to_dict() for label, experiment in tried.items()]
    first = next(iter(tried.values())).to_dict()
    return resolved(name, {"title": f"The broad strategy: {name}"} | first | {"arm": arms}, name)


def network_of(run: Run, arms: Sequence[str]) -> Network:
    """Return the networks of some of a run's arms, which have one shape, as training left them: replicates in a row."""
    networks = [run[name].network() for name in arms]
    layers = range(len(networks[0].weights))
    weights = [np.concatenate([network.weights[layer] for network in networks]) for layer in layers]
    biases = [np.concatenate([network.biases[layer] for network in networks]) for layer in layers]
    return Network(weights, biases, **networks[0].names)


class RecordingTrainer(LocalTrainer):
    """A :class:`tunelab.strategy.trainer.StageTrainer` for one stage: its records lie in the strategy's directory."""

    def __init__(self, runner: TrialRunner) -> None:
        data, context = runner.context.data, runner.context

        def seconds(experiments: Sequence[Experiment]) -> float:
            return context.pace * modelled(experiments, data)

        super().__init__(
            runner.report,
            runner.pulse,
            metric=data.metric,
            folds=data.folds,
            seconds=seconds,
            left=lambda: runner.left,
        )
        self._runner, self._metric_name = runner, data.metric

    def record(self, tried: Mapping[str, Experiment]) -> str:
        """Train these as a run in the strategy's directory; return where it lies there."""
        record(self._runner, tried)
        directory = self._runner.journal.directory
        return str(run_directory(directory, self._runner.stage, tried).relative_to(directory))

    def judge_record(self, record: str, labels: Sequence[str], *, test: bool = False) -> Evaluation | None:
        """Judge the networks of some arms of a run, of those that have left any; None where none has."""
        run = Run(self._runner.journal.directory / record)
        dataset = self.dataset(self._runner.context.own)
        examples = dataset.test if test else dataset.validation
        trained = [label for label in labels if _is_trained(run, label)]
        if len(examples) == 0 or not trained:
            return None
        each, hits = contributions(network_of(run, trained), examples, dataset, self._metric_name)
        return evaluation_of(each, hits, examples, dataset, self._metric_name)


def _is_trained(run: Run, label: str) -> bool:
    """Whether an arm was measured at least once and left its parameters: it may have been stopped before."""
    arm = run[label]
    measured = any(event["event"] == "measure" for event in arm.events())
    return measured and (arm.directory / "parameters.npz").is_file()
