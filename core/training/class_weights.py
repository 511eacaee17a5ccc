"""Weights by which each class counts the same in the cost, however many examples it has."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.training.metrics import class_counts

__all__ = ["balanced_class_weights"]

Array = NDArray[Any]


def balanced_class_weights(targets: Array, classes: int) -> Array:
    """Return w_k = n / (K n_k) for class positions (n,): (classes,) float64, 0 for a class without examples.

    K is the number of classes that have examples. The mean weight of an example is 1, so η keeps its meaning.
    """
    counts = class_counts(targets, classes)
    present = np.count_nonzero(counts)
    return np.where(counts > 0, len(targets) / (max(present, 1) * np.maximum(counts, 1)), 0.0)
