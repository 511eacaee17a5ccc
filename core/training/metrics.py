"""The metrics, each defined once, and the one of them by which a training is judged.

Schedules, early stopping, the best measurement, searches, sweeps and the strategy look at :func:`metric_for` of their
data: the accuracy where classes are alike in size, the balanced accuracy where they are clearly unequal or weighed,
R² where numbers are predicted. More of a metric is always better.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Dataset
from tunelab.statistics import accuracy_error

__all__ = [
    "METRICS",
    "Metric",
    "MetricName",
    "balanced_accuracy",
    "balanced_total",
    "class_counts",
    "has_unequal_classes",
    "metric_for",
    "r_squared",
    "recalls",
    "root_mean_squared_error",
]

Array = NDArray[Any]
MetricName = Literal["accuracy", "balanced_accuracy", "r2"]

_RARE, _FREQUENT = 0.5, 1.5  # of a class's share if all were alike in size


# -- definitions ------------------------------------------------------------------------------------------


def recalls(class_correct: Array, class_total: Array) -> Array:
    """Return the share of each class's examples that is answered right, (…, classes); NaN for a class without any."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.asarray(np.where(class_total > 0, class_correct / class_total, np.nan))


def balanced_accuracy(class_correct: Array, class_total: Array) -> Array:
    """Return the mean of the recalls of the classes that have examples: each class counts the same, (…)."""
    there = class_total > 0
    return np.asarray(recalls(class_correct, class_total)[..., there].mean(axis=-1))


def balanced_total(class_total: Array) -> int:
    """Return K² / Σ 1/n_k of the K classes with examples: on so many an accuracy is as noisy as a balanced one."""
    counts = class_total[class_total > 0]
    return max(int(len(counts) ** 2 / (1 / counts).sum()), 1) if len(counts) else 1


def r_squared(squared_error: Array, variance: Array) -> Array:
    """Return R² = 1 − mean squared error / variance of the targets, the mean over outputs, (…).

    ``squared_error`` is (…, outputs), ``variance`` (outputs,): the mean squared error of the best constant answer. So
    0 is what ignoring the input reaches, and 1 is perfect. A target that never varies counts as 1 where it is
    answered exactly, else as 0.
    """
    with np.errstate(invalid="ignore", divide="ignore"):
        each = np.where(variance > 0, 1 - squared_error / variance, np.where(squared_error > 0, 0.0, 1.0))
    return np.asarray(np.where(np.isfinite(squared_error), each, np.nan).mean(axis=-1))


def root_mean_squared_error(squared_error: Array, unit: Array | float = 1.0) -> Array:
    """Return √(mean over examples and outputs of the squared error), in the label's unit, (…).

    ``squared_error`` is (…, outputs), in standardized targets; ``unit`` (outputs,) is one standard deviation.
    """
    return np.asarray(np.sqrt((squared_error * np.square(unit)).mean(axis=-1)))


# -- the metric that decides ------------------------------------------------------------------------------


@dataclass(frozen=True)
class Metric:
    """A metric by its ``name`` in events (``evaluation_NAME``) and its ``title`` for people.

    ``percent``: whether it is a share from 0 to 1 that people read in percent.
    """

    name: MetricName
    title: str
    percent: bool = True

    @property
    def scale(self) -> float:
        """What a value is multiplied by for people: 100 for a share in percent."""
        return 100.0 if self.percent else 1.0

    @property
    def heading(self) -> str:
        """The title with its unit, to begin a heading: Accuracy in %, R²."""
        return self.title[:1].upper() + self.title[1:] + (" in %" if self.percent else "")

    @property
    def worst(self) -> float:
        """What a training counts as that diverged, or came to less: 0 for shares, −1 for R²."""
        return 0.0 if self.percent else -1.0

    def field(self, part: str = "evaluation") -> str:
        """Return its field in a measure event, of 'training' or 'evaluation' examples."""
        return f"{part}_{self.name}"

    def text(self, value: float | None, error: float | None = None, digits: int = 2) -> str:
        """Return a value for people: 97.61 ± 0.20 %, 0.874 ± 0.012; 'none' where there is none."""
        if value is None or not math.isfinite(value):
            return "none"
        times, digits, unit = (100.0, digits, " %") if self.percent else (1.0, digits + 1, "")
        spread = "" if error is None else f" ± {times * error:.{digits}f}"
        return f"{times * value:.{digits}f}{spread}{unit}"

    def difference_text(self, value: float, error: float | None = None, digits: int = 1) -> str:
        """Return a difference for people: 1.2 ± 0.4 points, 0.012 ± 0.004 of R²."""
        times, digits, unit = (100.0, digits, "points") if self.percent else (1.0, digits + 2, f"of {self.title}")
        spread = "" if error is None else f" ± {times * error:.{digits}f}"
        return f"{times * value:.{digits}f}{spread} {unit}"

    def chance(self, targets: Array, classes: int, tolerance: float = 0.0) -> float:
        """Return what the best answer that ignores the input reaches on these targets.

        For the accuracy that is the largest class's share (for numbers, the share within ``tolerance`` of their mean);
        for the balanced accuracy one of the classes that are there; for R² 0.
        """
        if len(targets) == 0 or self.name == "r2":
            return 0.0
        if not classes:
            return float((np.abs(targets - targets.mean(axis=0)) <= tolerance).all(axis=1).mean())
        counts = class_counts(targets, classes)
        return float(counts.max() / len(targets) if self.name == "accuracy" else 1 / np.count_nonzero(counts))

    def effective_total(self, targets: Array, classes: int) -> int:
        """Return how many examples its noise is of, at least 1: all of them, but for the balanced accuracy.

        That is a mean of K recalls, each of n_k examples: as noisy as an accuracy on K² / Σ 1/n_k of them.
        """
        if self.name != "balanced_accuracy":
            return max(len(targets), 1)
        return balanced_total(class_counts(targets, classes))

    def binomial_total(self, value: float, total: int) -> int:
        """Return on how many examples a share of this value would be as noisy as the metric is on ``total``.

        That is ``total`` (:meth:`effective_total`) for shares. So whatever knows the error of an accuracy knows R²'s.
        """
        return total if self.percent else max(int(total / (4 * (1 - min(max(value, 0.1), 0.99)))), 1)

    def error(self, value: float, total: int) -> float:
        """Return the standard error of a value that was measured on ``total`` examples (:meth:`effective_total`).

        Binomial for shares; for R² by its large-sample variance, 4 R² (1 − R²)² / n, and no less than at R² = 0.1.
        """
        if self.percent:
            return accuracy_error(value, total)
        return 2 * math.sqrt(min(max(value, 0.1), 1.0) / max(total, 1)) * (1 - min(value, 1.0))


METRICS: dict[MetricName, Metric] = {
    "accuracy": Metric("accuracy", "accuracy"),
    "balanced_accuracy": Metric("balanced_accuracy", "balanced accuracy"),
    "r2": Metric("r2", "R²", percent=False),
}


def metric_for(dataset: Dataset, class_weights: str = "none") -> Metric:
    """Return the metric by which trainings on a data set are judged.

    R² for numbers; but the accuracy for a data set that says itself how near is right (``tolerance``), of targets that
    aren't standardized.
    Balanced accuracy where the training part's classes are clearly unequal, or ``class_weights`` are "balanced".

        >>> from tunelab import Experiment, load_data
        >>> metric_for(load_data(Experiment(data={"train": 200, "evaluation": 100}))).title
        'accuracy'
    """
    if dataset.classes is None:
        return METRICS["accuracy" if dataset.tolerance > 0 and not dataset.target_std else "r2"]
    unequal = has_unequal_classes(dataset.training.targets, len(dataset.classes))
    return METRICS["balanced_accuracy" if unequal or class_weights == "balanced" else "accuracy"]


def class_counts(targets: Array, classes: int) -> Array:
    """Return how many examples each class has, (classes,), of class positions (n,)."""
    return np.bincount(np.asarray(targets), minlength=classes)


def has_unequal_classes(targets: Array, classes: int) -> bool:
    """Return whether some class is clearly rarer than half, or more frequent than 1.5 times, its equal share.

    Clearly: by two standard deviations of a count, so that a few examples of equal classes don't seem unequal.
    """
    counts = class_counts(targets, classes)
    equal, spread = len(targets) / classes, 2 * np.sqrt(counts)
    return bool((counts + spread < _RARE * equal).any() or (counts - spread > _FREQUENT * equal).any())
