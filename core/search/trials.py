"""Trials: short trainings that answer a question. Stacked where shapes allow; nothing else is touched by them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset, counts
from tunelab.experiment import Experiment, StackedTraining, load_data, stacks
from tunelab.experiment.assembly import data_key
from tunelab.experiment.dotted_keys import changed
from tunelab.experiment.fitting import fitted
from tunelab.experiment.stacked_training import Member
from tunelab.network import Network
from tunelab.records.measure_events import measure_fields
from tunelab.training import Measurement
from tunelab.training.metrics import METRICS, Metric, balanced_total

__all__ = ["Curve", "Report", "Trials", "by_validation", "reduced", "search_settings"]

_MOST_TRAINING, _MOST_VALIDATION = 2000, 1000  # examples, so that a search takes seconds

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
    (R,) the training cost before any training. ``network`` holds the R networks as they ended. ``metric`` is the one
    that decides, ``metric_values`` (k, R) its values on evaluation data (the accuracies where not given), as noisy as
    on ``metric_total`` examples.
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
    metric: Metric = METRICS["accuracy"]
    metric_values: Array | None = None
    metric_total: int = 0

    @property
    def scores(self) -> Array:
        """The metric on evaluation data, (k, R): what isn't finite or is below the metric's worst counts as that."""
        values = self.evaluation_accuracy if self.metric_values is None else self.metric_values
        return np.maximum(np.nan_to_num(values, nan=self.metric.worst), self.metric.worst)

    @property
    def noise_total(self) -> int:
        """On how many examples a share would be as noisy as the last scores are."""
        return self.metric.binomial_total(float(self.scores[-1].mean()), self.metric_total or self.evaluation_total)

    @property
    def seeds(self) -> int:
        """How many replicates, R."""
        return int(self.training_cost.shape[1])

    @property
    def final_scores(self) -> Array:
        """Every replicate's last metric on evaluation data, (R,); a diverged one counts as the worst."""
        return np.asarray(np.where(self.diverged, self.metric.worst, self.scores[-1]))


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
        key = data_key(experiment)
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
            (stack, StackedTraining([experiments[i] for i in stack], dataset or self.dataset(experiments[stack[0]])))
            for stack in stacks(experiments)
        ]
        curves: dict[int, Curve] = {}
        for positions, training in prepared:
            first = training.measure()
            measurements: list[tuple[Measurement, float]] = []
            for measurement in training.run(self._pulse):
                measurements.append((measurement, training.seconds / len(positions)))
                for i, member in zip(positions, training.members, strict=True):
                    if self._report is not None:
                        self._report(labels[i], measure_fields(measurement, member.replicates))
            for i, member in zip(positions, training.members, strict=True):
                network = training.network(member)
                curves[i] = _curve(labels[i], member, first, measurements, network)
        return [curves[i] for i in range(len(labels))]


def search_settings(
    experiment: Experiment, *, seeds: int, epochs: int, monitor_every: int | str = "epoch"
) -> Experiment:
    """Return the experiment as a search tries it: η constant, no early stopping, so many seeds and epochs."""
    values = {"epochs": epochs, "monitor_every": monitor_every, "schedule": None, "early_stopping": None}
    settings: dict[str, Any] = {f"training.{key}": value for key, value in values.items()}
    return changed(experiment, settings | {"initialization.seeds": seeds})


def by_validation(experiment: Experiment) -> Experiment:
    """The experiment judged on validation examples, also where it asks for the test set: that isn't for choosing."""
    data = experiment.data
    if data.evaluate_on != "test":
        return experiment
    there = counts(data.name, data.classes, data.file_options)[1]
    return changed(experiment, {"data.evaluate_on": None, "data.evaluation": min(data.evaluation or there, there)})


def reduced(experiment: Experiment, trials: Trials) -> Experiment:
    """The experiment on the part of its data that answers in seconds; λ/n stays put, and there is one seed.

    It is judged on validation examples, whatever it asks for.
    """
    plain = changed(by_validation(experiment), {"initialization.seeds": 1})
    dataset = trials.dataset(plain)
    plain = fitted(plain, dataset)
    n, validation = min(len(dataset.training), _MOST_TRAINING), min(len(dataset.validation), _MOST_VALIDATION)
    lmbda = float(f"{plain.training.lmbda * n / len(dataset.training):.3g}")
    values = {"data.train": n, "data.evaluation": validation, "training.lambda": lmbda}
    return changed(plain, values | {"training.mini_batch": min(plain.training.mini_batch, n)})


def _curve(
    label: str, member: Member, first: Measurement, measurements: Sequence[tuple[Measurement, float]], network: Network
) -> Curve:
    """Return everything measured of one member, ``first`` before any training, the others with their seconds."""
    own = member.replicates
    last = measurements[-1][0]

    def column(value: Callable[[Measurement], Array]) -> Array:
        values = np.array([value(m)[own] for m, _ in measurements], np.float64)
        return np.where(np.isfinite(values), values, math.nan)

    return Curve(
        label,
        member.experiment,
        np.array([m.epoch for m, _ in measurements]),
        np.array([seconds for _, seconds in measurements]),
        column(lambda m: m.training_cost),
        column(lambda m: m.training.data_cost),
        column(lambda m: m.training_accuracy),
        column(lambda m: m.evaluation_cost),
        column(lambda m: m.evaluation.data_cost),
        column(lambda m: m.evaluation_accuracy),
        np.array([m.evaluation.correct[own] for m, _ in measurements]),
        last.evaluation.total,
        last.evaluation.answers[own].copy(),
        last.diverged[own].copy(),
        first.training_cost[own],
        network,
        last.metric,
        column(lambda m: m.evaluation_metric),
        balanced_total(last.evaluation.class_total)
        if last.metric.name == "balanced_accuracy"
        else last.evaluation.total,
    )
