"""Trains for the stages with tunelab's own engine: on all processors where that pays, in folds where data are few."""

from __future__ import annotations

import math
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset
from tunelab.engine import process_pool, usable_cores
from tunelab.experiment import Experiment, load_data, stacks
from tunelab.experiment.assembly import data_key
from tunelab.experiment.dotted_keys import changed
from tunelab.search import Curve, OutOfTime, Trials
from tunelab.search.trials import Report
from tunelab.strategy.evaluation import Evaluation, contributions, evaluation_of
from tunelab.strategy.folds import merged_curve, merged_measures, pool_of, stratified_folds
from tunelab.training.metrics import MetricName

__all__ = ["LocalTrainer", "is_drawing", "start_drawing"]

Array = NDArray[Any]
Measures = list[tuple[str, dict[str, Any]]]

_WORTH = 0.5  # seconds of training below which asking a worker process costs more than it brings
_WORTH_STARTING = 3.0  # … below which starting worker processes does
_WAIT = 0.05  # seconds between looks at the clock while workers train
_CARRIED = 32 * 1024 * 1024  # bytes of data that are sent to a worker; it loads more by itself

_pool: ProcessPoolExecutor | None = None


def _start_workers() -> None:
    """Start the worker processes, if they aren't there: they load their modules while something else is done."""
    global _pool
    if _pool is None and usable_cores() > 1:
        _pool = process_pool(usable_cores())
        for _ in range(usable_cores()):
            _pool.submit(_ready)


def _ready() -> None:
    time.sleep(0.01)  # a worker that has finished would take the next one's start as well


_drawing: Future[None] | None = None


def start_drawing(experiment: Experiment) -> None:
    """Draw all digits in a worker process while the first stages work on those that are drawn on the spot."""
    global _drawing
    if _drawing is None and usable_cores() > 1:
        _start_workers()
        assert _pool is not None  # _start_workers() has seen to it
        _drawing = _pool.submit(_draw, experiment)


def is_drawing() -> bool:
    """Return whether a worker process is drawing all digits."""
    return _drawing is not None and not _drawing.done()


def _draw(experiment: Experiment) -> None:
    load_data(experiment)


class _Stop(Exception):
    """The process that asked has no more time for it."""


def _train(tried: Mapping[str, Experiment], dataset: Dataset | None, stop_file: str) -> tuple[list[Curve], Measures]:
    """Train in a worker; the curves and every measurement."""
    measures: Measures = []
    looked = 0.0

    def pulse() -> None:
        nonlocal looked
        now = time.monotonic()
        if now - looked > _WAIT:
            looked = now
            if Path(stop_file).exists():
                raise _Stop

    trials = Trials(lambda label, fields: measures.append((label, fields)), pulse, workers=1)
    return trials.run(tried, dataset), measures


class LocalTrainer:
    """A :class:`tunelab.strategy.trainer.StageTrainer` over :class:`tunelab.search.Trials`.

    Args:
        report: hears of every measurement.
        pulse: called every few mini-batches; it may raise to stop.
        metric: what networks are judged by.
        folds: how many folds of training plus validation examples judge a setting; 0 for the validation examples.
        seconds: how long experiments would take on one processor.
        left: how many seconds there are.
    """

    def __init__(
        self,
        report: Report,
        pulse: Callable[[], None],
        *,
        metric: MetricName = "accuracy",
        folds: int = 0,
        seconds: Callable[[Sequence[Experiment]], float] = lambda _: 0.0,
        left: Callable[[], float] = lambda: math.inf,
    ) -> None:
        self._report, self._pulse, self._seconds, self._left = report, pulse, seconds, left
        self._metric, self._folds = metric, folds
        self._trials = Trials(report, pulse)
        self._split: dict[str, list[tuple[Dataset, Array]]] = {}
        self._judged: dict[int, tuple[Curve, list[Curve], Dataset]] = {}

    def dataset(self, experiment: Experiment) -> Dataset:
        """Return the data that an experiment asks for."""
        return self._trials.dataset(experiment)

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        """Train experiments by their labels; the curves in the same order, with a column for every fold and seed.

        See :class:`tunelab.search.Trainer`: where the time is up, what has been trained is returned.
        """
        if not tried:
            return []
        if self._folds and dataset is None:
            return self._run_folds(tried)
        groups: dict[str, dict[str, Experiment]] = {}
        for label, experiment in tried.items():
            groups.setdefault(data_key(experiment) if dataset is None else "", {})[label] = experiment
        tasks = [(group, dataset or self.dataset(next(iter(group.values())))) for group in groups.values()]
        trained = self._train(tasks, [self._report] * len(tasks))
        data = {label: learnt for group, learnt in tasks for label in group}
        by_label = {label: curve for curves in trained for label, curve in curves.items()}
        for label, curve in by_label.items():
            self._judged[id(curve)] = (curve, [curve], data[label])
        return [by_label[label] for label in tried if label in by_label]

    def evaluate(self, curve: Curve) -> Evaluation:
        """Judge a curve's networks."""
        _, parts, dataset = self._judged[id(curve)]
        if len(parts) == 1:
            judged = dataset.validation
            each, hits = contributions(curve.network, judged, dataset, self._metric)
        else:
            judged = pool_of(dataset)
            each = np.zeros((parts[0].seeds, len(judged)))
            hits = np.zeros(each.shape, bool)
            for part, (fold, rows) in zip(parts, self._split[data_key(curve.experiment)], strict=True):
                each[:, rows], hits[:, rows] = contributions(part.network, fold.validation, fold, self._metric)
        return evaluation_of(each, hits, judged, dataset, self._metric)

    # -- folds ------------------------------------------------------------------------------------------------

    def _run_folds(self, tried: Mapping[str, Experiment]) -> list[Curve]:
        first = next(iter(tried.values()))
        dataset, key = self.dataset(first), data_key(first)
        if key not in self._split:
            self._split[key] = stratified_folds(dataset, self._folds)
        n = len(dataset.training)

        def folded(experiment: Experiment, few: int) -> Experiment:
            """A fold learns from another number of examples: λ/n and l1/n stay put."""
            training = experiment.training
            penalties = {"training.lambda": training.lmbda * few / n, "training.l1": training.l1 * few / n}
            return changed(experiment, penalties | {"training.mini_batch": min(training.mini_batch, few)})

        tasks = [
            ({label: folded(e, len(fold.training)) for label, e in tried.items()}, fold) for fold, _ in self._split[key]
        ]
        measures: list[dict[str, list[dict[str, Any]]]] = [{label: [] for label in tried} for _ in tasks]
        reports = [_kept_in(own) for own in measures]
        trained = self._train(tasks, reports)
        curves = []
        for label, experiment in tried.items():
            parts = [fold[label] for fold in trained if label in fold]
            if len(parts) < len(tasks):
                continue  # the time was up before all folds had judged it
            for fields in merged_measures([fold[label] for fold in measures]):
                self._report(label, fields)
            curve = replace(merged_curve(parts), label=label, experiment=experiment)
            self._judged[id(curve)] = (curve, parts, dataset)
            curves.append(curve)
        if not curves:
            raise OutOfTime
        return curves

    # -- processes --------------------------------------------------------------------------------------------

    def _train(
        self, tasks: Sequence[tuple[Mapping[str, Experiment], Dataset]], reports: Sequence[Report]
    ) -> list[dict[str, Curve]]:
        """Train tasks; for each its curves by label, in threads or, where numpy trains, in worker processes."""
        prepared = self._trials.prepare(tasks)
        experiments = [experiment for tried, _ in tasks for experiment in tried.values()]
        seconds = self._seconds(experiments)
        networks = sum(experiment.initialization.seeds for experiment in experiments)
        pays = seconds > (_WORTH if _pool else _WORTH_STARTING) and networks > 3 and usable_cores() > 1
        if pays and not prepared.is_compiled:
            _start_workers()
            try:
                return self._in_workers(tasks, reports, singly=seconds > usable_cores() * self._left())
            except BrokenProcessPool:
                _forget_workers()
        return self._trials.train(prepared, reports)

    def _in_workers(
        self, tasks: Sequence[tuple[Mapping[str, Experiment], Dataset]], reports: Sequence[Report], *, singly: bool
    ) -> list[dict[str, Curve]]:
        """Train in worker processes; ``singly`` one experiment after another, so that some are trained in time."""
        assert _pool is not None  # _start_workers() has seen to it
        workers = usable_cores()
        pieces: list[tuple[int, int, dict[str, Experiment]]] = []
        for t, (tried, _) in enumerate(tasks):
            labels, experiments = list(tried), list(tried.values())
            split = 1 if len(tasks) >= workers else workers
            pieces += [
                (stack[0], t, {labels[i]: experiments[i] for i in stack})
                for stack in stacks(experiments, len(experiments) if singly else split)
            ]
        carried = [_carried(dataset) for _, dataset in tasks]
        curves: list[dict[str, Curve]] = [{} for _ in tasks]
        with tempfile.TemporaryDirectory(prefix="tunelab-") as place:
            stop = Path(place) / "stop"
            task_of = {
                _pool.submit(_train, part, carried[t], str(stop)): t
                for _, t, part in sorted(pieces, key=lambda piece: piece[:2])
            }
            waiting = set(task_of)
            try:
                while waiting:
                    done, waiting = wait(waiting, _WAIT)
                    for future in done:
                        trained, measures = future.result()
                        curves[task_of[future]] |= {curve.label: curve for curve in trained}
                        for label, fields in measures:
                            reports[task_of[future]](label, fields)
                    self._pulse()
            except BaseException as reason:
                stop.touch()
                for future in waiting:
                    future.cancel()
                wait(waiting)
                if not isinstance(reason, OutOfTime) or not any(curves):
                    raise
        return curves


def _kept_in(measures: dict[str, list[dict[str, Any]]]) -> Report:
    return lambda label, fields: measures[label].append(fields)


def _carried(dataset: Dataset) -> Dataset | None:
    """The data as they are sent to a worker, without the test part; None where it had better load them itself."""
    size = sum(part.inputs.nbytes for part in (dataset.training, dataset.validation))
    return replace(dataset, test=dataset.validation.first(0)) if size <= _CARRIED else None


def _forget_workers() -> None:
    """A worker has died: the next one to ask starts new ones."""
    global _pool
    if _pool is not None:
        _pool.shutdown(wait=False, cancel_futures=True)
    _pool = None
