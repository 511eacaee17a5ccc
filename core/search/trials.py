"""Trials: short trainings that answer a question. Stacked where shapes allow; nothing else is touched by them."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits
from tunelab.data import Dataset, counts
from tunelab.experiment import Experiment, assemble, load_data, stacks
from tunelab.experiment.dotted_keys import changed
from tunelab.network import Network
from tunelab.records.events import measure_fields
from tunelab.training import Measurement

__all__ = ["Curve", "Report", "Trials", "by_validation", "reduced"]

_FEW, _JUDGED = 2000, 1000  # examples at most, so that a search takes seconds

Array = NDArray[Any]
Report = Callable[[str, dict[str, Any]], None]
"""(label, the fields of a measure event): hears of every measurement as it is made."""


@dataclass(frozen=True, eq=False)
class Curve:
    """One experiment as it was tried: k measurements, a column for each of its R replicates.

    ``epochs`` and ``seconds`` are (k,); ``seconds`` are of training, without measuring, and an equal share of
    the stack's where it was stacked with others. Costs and accuracies are (k, R) float64, NaN where not finite; costs
    hold their regularization term, ``…_data_cost`` don't. ``evaluation_correct`` is (k, R), of ``evaluation_total``.
    ``answers`` (R, classes) counts what was answered at the last measurement. ``diverged`` is (R,), and ``first_cost``
    (R,) the training cost before any training. ``network`` holds the R networks as they ended.
    """

    label: str
    experiment: Experiment
    epochs: Array
    seconds: Array
    training_cost: Array
    training_data_cost: Array
    training_accuracy: Array
    evaluation_cost: Array
    evaluation_data_cost: Array
    evaluation_accuracy: Array
    evaluation_correct: Array
    evaluation_total: int
    answers: Array
    diverged: Array
    first_cost: Array
    network: Network

    @property
    def seeds(self) -> int:
        """How many replicates, R."""
        return int(self.training_cost.shape[1])

    @property
    def final_accuracy(self) -> Array:
        """Every replicate's last evaluation accuracy, (R,); a diverged one counts as nothing right."""
        last = np.where(np.isfinite(self.evaluation_accuracy[-1]), self.evaluation_accuracy[-1], 0.0)
        return np.asarray(np.where(self.diverged, 0.0, last))

    @property
    def best_accuracy(self) -> Array:
        """Every replicate's best evaluation accuracy on the way, (R,)."""
        seen = np.where(np.isfinite(self.evaluation_accuracy), self.evaluation_accuracy, 0.0)
        return np.asarray(seen.max(axis=0))


class Trials:
    """Runs trials. Each has a network and random streams of its own, from its experiment's seeds.

    ``report`` hears of every measurement. ``pulse`` is called every few mini-batches; it may wait, or raise to stop.
    Data sets are loaded once and kept.
    """

    def __init__(self, report: Report | None = None, pulse: Callable[[], None] | None = None) -> None:
        self._report, self._pulse = report, pulse
        self._loaded: dict[str, Dataset] = {}

    def dataset(self, experiment: Experiment) -> Dataset:
        """The data an experiment asks for."""
        key = f"{experiment.data.model_dump_json()} {experiment.training.book is not None}"
        if key not in self._loaded:
            self._loaded[key] = load_data(experiment)
        return self._loaded[key]

    def run(self, tried: Mapping[str, Experiment], dataset: Dataset | None = None) -> list[Curve]:
        """Train every experiment, by its label, to its end; the curves in the same order.

        With ``dataset`` all learn from that instead of what they ask for: a fold of a cross-validation.
        Raises :class:`tunelab.errors.BadInput` where one can't be trained, before any is.
        """
        labels, experiments = list(tried), list(tried.values())
        prepared = [
            (stack, assemble([experiments[i] for i in stack], dataset or self.dataset(experiments[stack[0]])))
            for stack in stacks(experiments)
        ]
        curves: dict[int, Curve] = {}
        with threadpool_limits(limits=1):
            for stack, training in prepared:
                members = [_Member(labels[i], experiments[i]) for i in stack]
                first = training.measure()
                clock, share = _Clock(self._pulse), 1 / len(stack)
                place = 0
                for member in members:
                    member.columns = slice(place, place := place + member.experiment.initialization.seeds)
                    member.first_cost = first.training_cost[member.columns]
                for measurement in training.run(clock.tick):
                    clock.stop()
                    for member in members:
                        member.take(measurement, clock.spent * share)
                        if self._report is not None:
                            self._report(member.label, measure_fields(measurement, member.columns))
                    clock.start()
                curves |= {i: m.curve(training.parameters(m.columns)) for i, m in zip(stack, members, strict=True)}
        return [curves[i] for i in range(len(labels))]


def by_validation(experiment: Experiment) -> Experiment:
    """The experiment judged on validation examples, also where it asks for the test set: that isn't for choosing."""
    data = experiment.data
    if data.evaluate_on != "test":
        return experiment
    there = counts(data.name, data.classes)[1]
    return changed(experiment, {"data.evaluate_on": None, "data.evaluation": min(data.evaluation or there, there)})


def reduced(experiment: Experiment, trials: Trials) -> Experiment:
    """The experiment on the part of its data that answers in seconds; λ/n stays put, and there is one seed.

    It is judged on validation examples, whatever it asks for.
    """
    plain = changed(by_validation(experiment), {"initialization.seeds": 1})
    dataset = trials.dataset(plain)
    n, judged = min(len(dataset.training), _FEW), min(len(dataset.validation), _JUDGED)
    lmbda = float(f"{plain.training.lmbda * n / len(dataset.training):.3g}")
    values = {"data.train": n, "data.evaluation": judged, "training.lambda": lmbda}
    return changed(plain, values | {"training.mini_batch": min(plain.training.mini_batch, n)})


class _Clock:
    """Seconds spent on training itself. A pulse comes when mini-batches are done; measuring begins after the last."""

    def __init__(self, pulse: Callable[[], None] | None) -> None:
        self._pulse = pulse
        self.spent = 0.0
        self.start()

    def start(self) -> None:
        """Training begins, or goes on."""
        self._began = self._ticked = time.perf_counter()

    def tick(self) -> None:
        """Some mini-batches are done. What the pulse itself takes (a pause) is no training."""
        self._ticked = time.perf_counter()
        if self._pulse is not None:
            self._pulse()
            self._began += time.perf_counter() - self._ticked
            self._ticked = time.perf_counter()

    def stop(self) -> None:
        """Measured: what was trained since :meth:`start` is counted."""
        self.spent += self._ticked - self._began


class _Member:
    """One experiment of a stack, and what is measured of it."""

    def __init__(self, label: str, experiment: Experiment) -> None:
        self.label, self.experiment = label, experiment
        self.columns = slice(0, 0)
        self.first_cost: Array = np.zeros(0)
        self._seen: list[tuple[Measurement, float]] = []

    def take(self, measurement: Measurement, seconds: float) -> None:
        """Take in a measurement of the stack, made after ``seconds``."""
        self._seen.append((measurement, seconds))

    def curve(self, network: Network) -> Curve:
        """Everything measured of this experiment."""
        seen, columns = [m for m, _ in self._seen], self.columns

        def column(value: Callable[[Measurement], Array]) -> Array:
            return _finite([value(m)[columns] for m in seen])

        last = seen[-1]
        return Curve(
            self.label,
            self.experiment,
            np.array([m.epoch for m in seen]),
            np.array([passed for _, passed in self._seen]),
            column(lambda m: m.training_cost),
            column(lambda m: m.training.data_cost),
            column(lambda m: m.training_accuracy),
            column(lambda m: m.evaluation_cost),
            column(lambda m: m.evaluation.data_cost),
            column(lambda m: m.evaluation_accuracy),
            np.array([m.evaluation.correct[columns] for m in seen]),
            last.evaluation.total,
            last.evaluation.answers[columns].copy(),
            last.diverged[columns].copy(),
            self.first_cost,
            network,
        )


def _finite(rows: Sequence[Array]) -> Array:
    values = np.array(rows, np.float64)
    return np.where(np.isfinite(values), values, math.nan)
