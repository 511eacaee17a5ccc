"""Trains for the stages with tunelab's own engine: on all processors where that pays, in folds where data are few."""

from __future__ import annotations

import itertools
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
from tunelab.search import Curve, Trials
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

    trials = Trials(lambda label, fields: measures.append((label, fields)), pulse)
    return trials.run(tried, dataset), measures


class LocalTrainer:
    """A :class:`tunelab.strategy.trainer.StageTrainer` over :class:`tunelab.search.Trials`.

    Args:
        report: hears of every measurement.
        pulse: called every few mini-batches; it may raise to stop.
        metric: what networks are judged by.
        folds: how many folds of training plus validation examples judge a setting; 0 for the validation examples.
        seconds: how long experiments would take on one processor.
    """

    def __init__(
        self,
        report: Report,
        pulse: Callable[[], None],
        *,
        metric: MetricName = "accuracy",
        folds: int = 0,
        seconds: Callable[[Sequence[Experiment]], float] = lambda _: 0.0,
    ) -> None:
        self._report, self._pulse, self._seconds = report, pulse, seconds
        self._metric, self._folds = metric, folds
        self._trials = Trials(report, pulse)
        self._split: dict[str, list[tuple[Dataset, Array]]] = {}
        self._judged: dict[int, tuple[Curve, list[Curve], Dataset]] = {}

    def dataset(self, experiment: Experiment) -> Dataset:
        """Return the data that an experiment asks for."""
        return self._trials.dataset(experiment)

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        """Train every experiment by its label; the curves in the same order, with a column for every fold and seed."""
        if not tried:
            return []
        labels, experiments = list(tried), list(tried.values())
        if self._folds and dataset is None:
            return self._run_folds(labels, experiments)
        groups: dict[str, list[int]] = {}
        for i, experiment in enumerate(experiments):
            groups.setdefault(data_key(experiment), []).append(i)
        together = [list(range(len(labels)))] if dataset is not None else list(groups.values())
        tasks = [
            ({labels[i]: experiments[i] for i in group}, dataset or self.dataset(experiments[group[0]]))
            for group in together
        ]
        of = dict(
            zip(
                [i for group in together for i in group], itertools.chain.from_iterable(self._train(tasks)), strict=True
            )
        )
        curves = [of[i] for i in range(len(labels))]
        for curve, experiment in zip(curves, experiments, strict=True):
            self._judged[id(curve)] = (curve, [curve], dataset or self.dataset(experiment))
        return curves

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

    def _run_folds(self, labels: list[str], experiments: list[Experiment]) -> list[Curve]:
        dataset = self.dataset(experiments[0])
        key = data_key(experiments[0])
        if key not in self._split:
            self._split[key] = stratified_folds(dataset, self._folds)
        split = self._split[key]
        n = len(dataset.training)

        def folded(experiment: Experiment, few: int) -> Experiment:
            """A fold learns from another number of examples: λ/n stays put."""
            training = experiment.training
            values = {"training.lambda": training.lmbda * few / n, "training.mini_batch": min(training.mini_batch, few)}
            return changed(experiment, values)

        tasks = [
            ({label: folded(e, len(fold.training)) for label, e in zip(labels, experiments, strict=True)}, fold)
            for fold, _ in split
        ]
        events: list[Measures] = []
        parts = self._train(tasks, events)
        by_label: list[dict[str, list[dict[str, Any]]]] = []
        for fold_events in events:
            sorted_events: dict[str, list[dict[str, Any]]] = {}
            for label, fields in fold_events:
                sorted_events.setdefault(label, []).append(fields)
            by_label.append(sorted_events)
        curves = []
        for i, (label, experiment) in enumerate(zip(labels, experiments, strict=True)):
            for fields in merged_measures([fold[label] for fold in by_label]):
                self._report(label, fields)
            own = [fold[i] for fold in parts]
            curve = replace(merged_curve(own), label=label, experiment=experiment)
            self._judged[id(curve)] = (curve, own, dataset)
            curves.append(curve)
        return curves

    # -- processes --------------------------------------------------------------------------------------------

    def _train(
        self, tasks: Sequence[tuple[Mapping[str, Experiment], Dataset]], events: list[Measures] | None = None
    ) -> list[list[Curve]]:
        """Train tasks; for each its curves in order. ``events`` takes their measurements instead of the report."""
        experiments = [experiment for tried, _ in tasks for experiment in tried.values()]
        seconds = self._seconds(experiments)
        networks = sum(experiment.initialization.seeds for experiment in experiments)
        if seconds > (_WORTH if _pool else _WORTH_STARTING) and networks > 3 and usable_cores() > 1:
            _start_workers()
            try:
                return self._in_workers(tasks, events)
            except BrokenProcessPool:
                _forget_workers()
        results = []
        for tried, dataset in tasks:
            measures: Measures = []
            trials = self._trials
            if events is not None:
                events.append(measures)
                trials = Trials(lambda label, fields, to=measures: to.append((label, fields)), self._pulse)  # type: ignore[misc]
            results.append(trials.run(tried, dataset))
        return results

    def _in_workers(
        self, tasks: Sequence[tuple[Mapping[str, Experiment], Dataset]], events: list[Measures] | None
    ) -> list[list[Curve]]:
        assert _pool is not None  # _start_workers() has seen to it
        pieces: list[tuple[int, list[int], Future[tuple[list[Curve], Measures]]]] = []
        workers = usable_cores()
        with tempfile.TemporaryDirectory(prefix="tunelab-") as place:
            stop = Path(place) / "stop"
            for t, (tried, dataset) in enumerate(tasks):
                labels, experiments = list(tried), list(tried.values())
                carried = _carried(dataset)
                for stack in stacks(experiments, 1 if len(tasks) >= workers else workers):
                    part = {labels[i]: experiments[i] for i in stack}
                    pieces.append((t, stack, _pool.submit(_train, part, carried, str(stop))))
            waiting = {future for _, _, future in pieces}
            try:
                while waiting:
                    done, waiting = wait(waiting, _WAIT)
                    for future in done:
                        if events is None:
                            for label, fields in future.result()[1]:
                                self._report(label, fields)
                    self._pulse()
            except BaseException:
                stop.touch()
                for future in waiting:
                    future.cancel()
                wait(waiting)
                raise
        curves: list[dict[int, Curve]] = [{} for _ in tasks]
        measures: list[Measures] = [[] for _ in tasks]
        for t, stack, future in pieces:
            result, measured = future.result()
            curves[t] |= dict(zip(stack, result, strict=True))
            measures[t] += measured
        if events is not None:
            events.extend(measures)
        return [[of[i] for i in range(len(of))] for of in curves]


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
