"""What is reached without looking at the input: the largest class's share, and what the best constant answer costs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset
from tunelab.diagnosis.data_facts import data_facts
from tunelab.training.metrics import METRICS, class_counts, metric_for

__all__ = ["baseline_facts", "constant_cost"]

Array = NDArray[Any]


def baseline_facts(dataset: Dataset, output: str, cost: str, class_weights: str = "none") -> dict[str, Any]:
    """Return what a start event says of the data: the metric that decides, and what ignoring the input reaches.

    ``chance`` is an accuracy and ``metric_chance`` a value of the metric, on validation data; ``constant_cost`` is of
    training data. ``metric_total`` is how many examples the metric's noise is of. The data's facts follow.
    """
    kinds = len(dataset.classes or ())
    training, validation = dataset.training.targets, dataset.validation.targets
    metric = metric_for(dataset, class_weights)
    constant = constant_cost(training, kinds, output, cost, balanced=class_weights == "balanced")
    return {
        "chance": METRICS["accuracy"].chance(validation, kinds, dataset.tolerance),
        "constant_cost": constant if math.isfinite(constant) else None,
        "metric": metric.name,
        "metric_chance": metric.chance(validation, kinds, dataset.tolerance),
        "metric_total": metric.effective_total(validation, kinds),
        **data_facts(dataset),
    }


def constant_cost(targets: Array, classes: int, output: str, cost: str, *, balanced: bool = False) -> float:
    """The mean cost of the constant answer that costs least: that of knowing only the class shares p_j, or the mean.

    Sigmoid outputs with cross-entropy: Σ_j −[p_j ln p_j + (1 − p_j) ln(1 − p_j)]; softmax: −Σ_j p_j ln p_j; quadratic:
    half the variance, summed over outputs (½ Σ_j p_j (1 − p_j)). Ten classes alike: 3.251, 2.303, 0.45. NaN where
    a constant answer can cost nothing (sigmoid outputs with log-likelihood). ``balanced``: the cost counts every class
    the same, so their shares are.
    """
    if len(targets) == 0:
        return math.nan
    if not classes:
        return float(0.5 * np.var(targets, axis=0, dtype=np.float64).sum())
    p = class_counts(targets, classes) / len(targets)
    p = np.where(p > 0, 1 / np.count_nonzero(p), 0.0) if balanced else p
    if cost == "quadratic":
        return float(0.5 * (p * (1 - p)).sum())
    wanted = -(p[p > 0] * np.log(p[p > 0])).sum()
    if output == "softmax":
        return float(wanted)
    if cost == "log-likelihood":
        return math.nan
    q = 1 - p
    return float(wanted - (q[q > 0] * np.log(q[q > 0])).sum())
