"""What a trial leaves: its costs and accuracies over time, and the networks as they ended."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.experiment import Experiment
from tunelab.experiment.stacked_training import Member
from tunelab.network import Network
from tunelab.training import Measurement
from tunelab.training.metrics import METRICS, Metric, balanced_total

__all__ = ["Curve", "curve_of"]

Array = NDArray[Any]


@dataclass(frozen=True, eq=False)
class Curve:
    """One experiment as it was tried: k measurements, a column for each of its R replicates.

    ``epochs`` and ``seconds`` are (k,); ``seconds`` are of training, without measuring, and an equal share of
    the stack's where it was stacked with others. Costs and accuracies are (k, R) float64, NaN where not finite; costs
    hold their regularization term, ``…_data_cost`` don't. ``evaluation_correct`` is (k, R), of ``evaluation_total``.
    ``answers`` (R, classes) counts what was answered at the last measurement. ``diverged`` is (R,), and ``first_cost``
    (R,) the training cost before any training. ``network`` holds the R networks as they ended. ``metric`` is the one
    that decides, ``metric_values`` (k, R) its values on evaluation data (the accuracies where not given), as noisy as
    on ``metric_total`` examples; ``training_values`` (k, R) are those on training data.
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
    training_values: Array | None = None

    @property
    def scores(self) -> Array:
        """The metric on evaluation data, (k, R): what isn't finite or is below the metric's worst counts as that."""
        values = self.evaluation_accuracy if self.metric_values is None else self.metric_values
        return np.maximum(np.nan_to_num(values, nan=self.metric.worst), self.metric.worst)

    @property
    def training_scores(self) -> Array:
        """The metric on training data, (k, R), where not given the accuracies; NaN where it isn't finite."""
        return self.training_accuracy if self.training_values is None else self.training_values

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


def curve_of(
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
        column(lambda m: m.training_metric),
    )
