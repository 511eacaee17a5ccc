"""What is reached without looking at the input: the largest class's share, and what the best constant answer costs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data import Dataset
from tunelab.diagnosis.data_facts import data_facts

__all__ = ["blind_accuracy", "constant_cost", "yardsticks"]

Array = NDArray[Any]


def yardsticks(dataset: Dataset, output: str, cost: str) -> dict[str, Any]:
    """``chance`` on validation data, ``constant_cost`` on training data, and the data's facts, for a start event."""
    kinds = len(dataset.classes or ())
    constant = constant_cost(dataset.training.targets, kinds, output, cost)
    return {
        "chance": blind_accuracy(dataset.validation.targets, kinds, dataset.tolerance),
        "constant_cost": constant if math.isfinite(constant) else None,
        **data_facts(dataset),
    }


def blind_accuracy(targets: Array, classes: int, tolerance: float = 0.0) -> float:
    """The accuracy of the best answer that ignores the input.

    ``targets`` are class positions, (n,): the share of the largest class. With ``classes`` = 0 they are wanted outputs,
    (n, outputs): the share within ``tolerance`` of their mean in every coordinate.
    """
    if len(targets) == 0:
        return 0.0
    if classes:
        return float(np.bincount(targets, minlength=classes).max() / len(targets))
    return float((np.abs(targets - targets.mean(axis=0)) <= tolerance).all(axis=1).mean())


def constant_cost(targets: Array, classes: int, output: str, cost: str) -> float:
    """The mean cost of the constant answer that costs least: that of knowing only the class shares p_j, or the mean.

    Sigmoid outputs with cross-entropy: Σ_j −[p_j ln p_j + (1 − p_j) ln(1 − p_j)]; softmax: −Σ_j p_j ln p_j; quadratic:
    half the variance, summed over outputs (½ Σ_j p_j (1 − p_j)). Ten classes alike: 3.251, 2.303, 0.45. NaN where
    a constant answer can cost nothing (sigmoid outputs with log-likelihood).
    """
    if len(targets) == 0:
        return math.nan
    if not classes:
        return float(0.5 * np.var(targets, axis=0, dtype=np.float64).sum())
    p = np.bincount(targets, minlength=classes) / len(targets)
    if cost == "quadratic":
        return float(0.5 * (p * (1 - p)).sum())
    wanted = -(p[p > 0] * np.log(p[p > 0])).sum()
    if output == "softmax":
        return float(wanted)
    if cost == "log-likelihood":
        return math.nan
    q = 1 - p
    return float(wanted - (q[q > 0] * np.log(q[q > 0])).sum())
