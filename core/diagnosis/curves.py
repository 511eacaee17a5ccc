"""What a diagnosis reads: one arm's curves, without the numbers that can't be."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.statistics import accuracy_error

__all__ = ["Array", "Curves", "noise", "sound", "steps", "trend"]

Array = NDArray[Any]

_WINDOW = 8  # measurements looked at for rising and falling
_LARGEST = 1e100  # beyond, a cost is as good as infinite, and sums of its squares are


@dataclass(frozen=True, eq=False)
class Curves:
    """One arm's measurements so far, means over its seeds, k of them in the order of training.

    ``epoch``, costs and accuracies are (k,) float64, NaN where a number wasn't finite. ``answers`` (classes,) counts
    what the network answered at the last measurement, None for regression. ``evaluation_total`` is how
    many evaluation examples there are, ``chance`` the accuracy of the best guess that ignores the input.
    ``eta``, ``lmbda``, ``mini_batch`` and ``n`` are the arm's (n = 0: not known); ``first_cost`` is the training cost
    before training, NaN where it isn't known.

    ``constant_cost`` is what the best answer that ignores the input costs (:mod:`tunelab.diagnosis.baselines`),
    NaN where it isn't known. ``activation`` is the hidden layers'; ``saturated`` and ``update_ratio`` (≤ k, layers)
    are the latest vital signs of :mod:`tunelab.training.layer_statistics`, ``saturated_at_first``
    (layers,) is the share before training; all may be empty.
    """

    epoch: Array
    training_cost: Array
    training_data_cost: Array
    evaluation_data_cost: Array
    training_accuracy: Array
    evaluation_accuracy: Array
    evaluation_total: int
    chance: float
    eta: float
    lmbda: float
    answers: Array | None = None
    diverged: bool = False
    ended: bool = False
    seeds: int = 1
    mini_batch: int = 1
    n: int = 0
    first_cost: float = math.nan
    constant_cost: float = math.nan
    activation: str = ""
    saturated: Array = field(default_factory=lambda: np.zeros((0, 0)))
    update_ratio: Array = field(default_factory=lambda: np.zeros((0, 0)))
    saturated_at_first: Array = field(default_factory=lambda: np.zeros(0))


def sound(c: Curves) -> Curves:
    """The curves with NaN for what can't be: no comparison holds for it, so it proves nothing."""

    def within(values: Array, low: float, high: float) -> Array:
        return np.where((values >= low) & (values <= high), values, np.nan)

    return replace(
        c,
        training_cost=within(c.training_cost, 0.0, _LARGEST),
        training_data_cost=within(c.training_data_cost, 0.0, _LARGEST),
        evaluation_data_cost=within(c.evaluation_data_cost, 0.0, _LARGEST),
        training_accuracy=within(c.training_accuracy, 0.0, 1.0),
        evaluation_accuracy=within(c.evaluation_accuracy, 0.0, 1.0),
    )


def steps(cost: Array) -> Array:
    """Changes of ln(cost) between the last measurements."""
    cost = cost[-(_WINDOW + 1) :]
    cost = cost[np.isfinite(cost) & (cost > 0)]
    return np.diff(np.log(cost))


def noise(c: Curves) -> float:
    """Standard deviation of the last evaluation accuracy by the number of examples alone."""
    return accuracy_error(float(c.evaluation_accuracy[-1]), c.evaluation_total)


def trend(values: Array, epochs: Array) -> tuple[float, float]:
    """Slope an epoch of a straight line through the values, and its standard error."""
    x = epochs - epochs.mean()
    spread = float((x**2).sum())
    if spread == 0:
        return 0.0, float("inf")
    slope = float((x * values).sum() / spread)
    rest = values - values.mean() - slope * x
    error = float(np.sqrt((rest**2).sum() / max(len(x) - 2, 1) / spread))
    return slope, error
