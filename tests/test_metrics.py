"""The metrics agree with scikit-learn's, and the one that decides fits the data."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from sklearn.metrics import balanced_accuracy_score, r2_score, root_mean_squared_error
from tunelab.data import Dataset, Examples
from tunelab.training import metrics
from tunelab.training.metrics import METRICS, metric_for


def parts_of(targets: Any, **about: Any) -> Dataset:
    """A data set of these targets in each of its parts."""
    examples = Examples(np.zeros((len(targets), 2), np.float32), np.asarray(targets))
    return Dataset("any", "Any", examples, examples, examples, **about)


def classes_of(*counts: int) -> Dataset:
    """A data set with so many examples of each class."""
    return parts_of(np.repeat(np.arange(len(counts)), counts), classes=tuple(map(str, range(len(counts)))))


def test_balanced_accuracy_is_scikit_learns() -> None:
    rng = np.random.default_rng(1)
    right, answers = rng.choice(4, 300, p=[0.7, 0.2, 0.1, 0.0]), rng.integers(0, 4, 300)
    total = metrics.class_counts(right, 4)
    correct = metrics.class_counts(right[right == answers], 4)
    ours = metrics.balanced_accuracy(np.stack([correct, total]), total)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it warns of the class without examples
        assert ours[0] == pytest.approx(balanced_accuracy_score(right, answers))
    assert ours[1] == 1.0
    assert np.isnan(metrics.recalls(correct, total)[3])


def test_r_squared_and_its_error_in_the_labels_unit_are_scikit_learns() -> None:
    rng = np.random.default_rng(2)
    wanted = rng.normal(size=(200, 2)) * [1.0, 0.5] + [3.0, 0.0]
    given = wanted + rng.normal(size=(200, 2)) * 0.3
    squared, variance, unit = ((given - wanted) ** 2).mean(axis=0), wanted.var(axis=0), np.array([10.0, 2.0])
    assert metrics.r_squared(squared, variance) == pytest.approx(r2_score(wanted, given))
    # scikit-learn takes the mean over outputs of the roots, which for one output is the same
    for k in range(2):
        ours = metrics.root_mean_squared_error(squared[k : k + 1], unit[k : k + 1])
        assert ours == pytest.approx(root_mean_squared_error(wanted[:, k] * unit[k], given[:, k] * unit[k]))
    assert metrics.r_squared(np.array([0.0]), np.array([0.0])) == 1.0
    assert metrics.r_squared(np.array([0.1]), np.array([0.0])) == 0.0
    assert np.isnan(metrics.r_squared(np.array([np.inf]), np.array([1.0])))


@pytest.mark.parametrize(
    ("dataset", "name"),
    [
        (classes_of(500, 500), "accuracy"),
        (classes_of(630, 370), "accuracy"),
        (classes_of(950, 50), "balanced_accuracy"),
        (classes_of(*[110] * 9, 10), "balanced_accuracy"),
        (classes_of(*[90] * 9, 400), "balanced_accuracy"),
        (classes_of(14, 6, 10, 9, 12, 8, 4, 13, 11, 13), "accuracy"),  # ten classes alike, a hundred examples
        (parts_of(np.zeros((50, 1), np.float32)), "r2"),
        (parts_of(np.zeros((50, 2), np.float32), tolerance=0.5), "accuracy"),
    ],
)
def test_the_metric_that_decides_fits_the_data(dataset: Dataset, name: str) -> None:
    assert metric_for(dataset).name == name
    assert metric_for(dataset, "balanced").name == ("balanced_accuracy" if dataset.classes else name)


def test_chance_is_the_majoritys_share_or_what_the_metric_makes_of_a_constant_answer() -> None:
    dataset = classes_of(90, 10, 0)
    targets = dataset.validation.targets
    assert METRICS["accuracy"].chance(targets, 3) == 0.9
    assert METRICS["balanced_accuracy"].chance(targets, 3) == 0.5
    assert METRICS["r2"].chance(np.ones((4, 1)), 0) == 0.0
    assert METRICS["accuracy"].chance(np.array([[0.0], [0.1], [2.0]]), 0, tolerance=0.8) == pytest.approx(2 / 3)


def test_a_balanced_accuracy_is_as_noisy_as_its_rarest_class_makes_it() -> None:
    rng = np.random.default_rng(3)
    targets = np.repeat([0, 1], [450, 50])
    metric = METRICS["balanced_accuracy"]
    total = metric.effective_total(targets, 2)
    assert total == int(4 / (1 / 450 + 1 / 50))
    assert METRICS["accuracy"].effective_total(targets, 2) == 500
    values = rng.binomial([450, 50], 0.8, (4000, 2)) / [450, 50]
    assert metric.error(0.8, total) == pytest.approx(values.mean(axis=1).std(), rel=0.05)


def test_the_error_of_r_squared_is_what_other_examples_would_move_it_by() -> None:
    rng = np.random.default_rng(4)
    wanted = rng.normal(size=(4000, 200))
    given = 0.7 * wanted + rng.normal(size=wanted.shape) * math.sqrt(0.7 * 0.3)
    values = 1 - ((given - wanted) ** 2).mean(axis=1) / wanted.var(axis=1)
    assert METRICS["r2"].error(float(values.mean()), 200) == pytest.approx(values.std(), rel=0.15)


def test_values_are_written_as_people_read_them() -> None:
    assert METRICS["accuracy"].text(0.9761, 0.002) == "97.61 ± 0.20 %"
    assert METRICS["r2"].text(0.87412) == "0.874"
    assert METRICS["r2"].text(None) == METRICS["accuracy"].text(math.nan) == "none"
    assert METRICS["balanced_accuracy"].difference_text(0.012, 0.004) == "1.2 ± 0.4 points"
    assert METRICS["r2"].difference_text(0.012, 0.004) == "0.012 ± 0.004 of R²"
    assert METRICS["balanced_accuracy"].field() == "evaluation_balanced_accuracy"
