"""What a diagnosis reads: one arm's curves beside what it was set to and what is known of its data."""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.diagnosis.data_facts import DataFacts
from tunelab.diagnosis.setting import Setting
from tunelab.statistics import BinomialTest, accuracy_error, binomial_test
from tunelab.training.metrics import balanced_total

__all__ = ["Array", "Curves", "FirstLayers", "finite_curves", "log_steps", "trend"]

Array = NDArray[Any]

_WINDOW = 8  # measurements looked at for rising and falling
_CLEARLY = 0.03  # fall of ln(cost) over the last third that promises more
_LARGEST = 1e100  # beyond, a cost is as good as infinite, and sums of its squares are


def _no_layers() -> Array:
    return np.zeros((0, 0))


@dataclass(frozen=True, eq=False)
class FirstLayers:
    """The layers before any training, (layers,) each, the output layer last; empty where they aren't known.

    ``saturated`` is the share of saturated z, ``z_rms`` their root mean square, ``gradient`` ‖∂C/∂w‖,
    ``similarity`` the mean cosine between two neurons' weights.
    """

    saturated: Array = field(default_factory=lambda: np.zeros(0))
    z_rms: Array = field(default_factory=lambda: np.zeros(0))
    gradient: Array = field(default_factory=lambda: np.zeros(0))
    similarity: Array = field(default_factory=lambda: np.zeros(0))


@dataclass(frozen=True, eq=False)
class Curves:
    """One arm's measurements so far, means over its seeds, k of them in the order of training.

    ``epoch``, costs and accuracies are (k,) float64, NaN where a number wasn't finite; with ``r2`` R² stands for
    the accuracy. The balanced accuracies are the latest, NaN where they aren't measured. ``answers`` (classes,) counts
    what the network answered at the last measurement, ``recalls`` (classes,) is the share of each class that it got
    right then; both None for regression. ``first_cost`` is the training cost before training. ``saturated``,
    ``update_ratio``, ``gradient_norm`` and ``similarity`` (≤ 2, layers) are the latest of
    :mod:`tunelab.training.layer_statistics`; all may be empty. ``ended`` by its epochs or a rule; ``reason`` says by
    which.
    """

    epoch: Array
    training_cost: Array
    training_data_cost: Array
    evaluation_data_cost: Array
    training_accuracy: Array
    evaluation_accuracy: Array
    evaluation_total: int
    setting: Setting
    facts: DataFacts
    r2: bool = False
    balanced_accuracy: float = math.nan
    training_balanced_accuracy: float = math.nan
    answers: Array | None = None
    recalls: Array | None = None
    diverged: bool = False
    ended: bool = False
    reason: str = ""
    seeds: int = 1
    first_cost: float = math.nan
    first: FirstLayers = field(default_factory=FirstLayers)
    saturated: Array = field(default_factory=_no_layers)
    update_ratio: Array = field(default_factory=_no_layers)
    gradient_norm: Array = field(default_factory=_no_layers)
    similarity: Array = field(default_factory=_no_layers)

    @property
    def progress(self) -> float:
        """The training cost as a share of what the best answer costs that ignores the input: 1 is nothing learnt.

        Of the first cost where that isn't known.
        """
        before = self.facts.constant_cost if math.isfinite(self.facts.constant_cost) else self.first_cost
        return float(self.training_data_cost[-1]) / before if before > 0 else math.nan

    @property
    def classification(self) -> bool:
        """Whether classes are learnt."""
        return self.answers is not None or self.facts.classes > 0

    @property
    def evaluation_test(self) -> BinomialTest | None:
        """The best of the last three evaluation accuracies against guessing; None where that isn't known.

        Of the latest balanced accuracy where that says more: a network that learns rare classes may be less often
        right than one that names the most frequent class.
        """
        return self._test(
            self.evaluation_accuracy, self.evaluation_total, self.balanced_accuracy, self.facts.evaluation_counts
        )

    @property
    def training_test(self) -> BinomialTest | None:
        """The same of training accuracies."""
        total = self.setting.n or self.evaluation_total
        return self._test(self.training_accuracy, total, self.training_balanced_accuracy, self.facts.training_counts)

    @property
    def plain_test(self) -> BinomialTest | None:
        """The same of the evaluation accuracy alone: whether it is beyond naming the most frequent class."""
        return self._test(self.evaluation_accuracy, self.evaluation_total, math.nan, ())

    def _test(self, accuracies: Array, total: int, balanced: float, counts: tuple[int, ...]) -> BinomialTest | None:
        last = accuracies[-3:]
        if self.r2 or self.facts.chance <= 0 or total < 1 or not np.isfinite(last).any():
            return None
        test = binomial_test(round(float(np.nanmax(last)) * total), total, self.facts.chance)
        classes = sum(count > 0 for count in counts)
        if test.better_than_chance() or not math.isfinite(balanced) or classes < 2:
            return test
        alike = balanced_total(np.array(counts))
        of_balanced = binomial_test(round(balanced * alike), alike, 1 / classes)
        return of_balanced if of_balanced.pvalue < test.pvalue else test

    @property
    def learns(self) -> bool:
        """Whether anything is learnt that shows on the training examples."""
        test = self.training_test if self.classification else None
        if test is not None:
            return test.better_than_chance()
        return self.progress < 0.95

    @property
    def gap(self) -> float:
        """How much more of the training examples is right than of the evaluation examples."""
        return float(self.training_accuracy[-1] - self.evaluation_accuracy[-1])

    @property
    def gap_error(self) -> float:
        """Its standard error by the numbers of examples."""
        total = self.setting.n or self.evaluation_total
        return math.hypot(accuracy_error(float(self.training_accuracy[-1]), total), self.noise)

    @property
    def noise(self) -> float:
        """Standard error of the last evaluation accuracy (roughly, of R²) by the number of examples alone."""
        if self.r2:
            return max((1 - float(self.evaluation_accuracy[-1])) * math.sqrt(2 / max(self.evaluation_total, 1)), 0.005)
        return accuracy_error(float(self.evaluation_accuracy[-1]), self.evaluation_total)

    @property
    def behind_neighbours(self) -> float:
        """By how much more than noise the nearest neighbour is more often right than the network, on training examples.

        Negative where the network is ahead; NaN where it isn't known, or where classes are weighted.
        """
        neighbours = self.facts.training_neighbours
        if neighbours is None or not neighbours.total or self.setting.class_weights:
            return math.nan  # the neighbour gives rare classes no weight
        error = accuracy_error(neighbours.accuracy, neighbours.total)
        return neighbours.accuracy - 2 * error - float(self.training_accuracy[-1])

    @property
    def behind_on_evaluation(self) -> float:
        """The same on evaluation examples, whose nearest neighbours are among some training examples."""
        neighbours = self.facts.evaluation_neighbours
        if neighbours is None or not neighbours.total or self.setting.class_weights:
            return math.nan
        error = accuracy_error(neighbours.accuracy, neighbours.total)
        return neighbours.accuracy - 2 * math.hypot(error, self.noise) - float(self.evaluation_accuracy[-1])

    @property
    def unexplained(self) -> float:
        """How much more of the numbers to predict neighbours explain than the network does, of training examples.

        A difference of R²; NaN where it isn't known.
        """
        return self.facts.r2[0] - float(self.training_accuracy[-1]) if self.r2 and self.facts.r2 else math.nan

    @property
    def falls(self) -> bool:
        """Whether the training cost still falls, by more than its ups and downs, over the last third."""
        recent = self.recent
        if len(recent) == 0:
            return False
        slope, error = trend(recent, self.epoch[-len(recent) :])
        return slope < -3 * error and slope * float(self.epoch[-1] - self.epoch[-len(recent)]) < -_CLEARLY

    @property
    def moved(self) -> float:
        """How far an epoch's steps move the layer that moves most, as a share of its size; inf where not known."""
        if self.update_ratio.size == 0 or self.setting.n == 0 or not np.isfinite(self.update_ratio[-1]).any():
            return math.inf
        return float(np.nanmax(self.update_ratio[-1])) * self.setting.steps

    @property
    def recent(self) -> Array:
        """Ln of the data cost over the last third of the measurements, at least 4; empty where some isn't known."""
        cost = self.training_data_cost[-max(len(self.epoch) // 3, 4) :]
        return np.log(cost) if len(cost) >= 4 and np.isfinite(cost).all() and (cost > 0).all() else np.zeros(0)


def finite_curves(c: Curves) -> Curves:
    """The curves with NaN for what can't be: no comparison holds for it, so it proves nothing."""

    def within(values: Array, low: float, high: float) -> Array:
        return np.where((values >= low) & (values <= high), values, np.nan)

    return replace(
        c,
        training_cost=within(c.training_cost, 0.0, _LARGEST),
        training_data_cost=within(c.training_data_cost, 0.0, _LARGEST),
        evaluation_data_cost=within(c.evaluation_data_cost, 0.0, _LARGEST),
        training_accuracy=within(c.training_accuracy, -_LARGEST if c.r2 else 0.0, 1.0),
        evaluation_accuracy=within(c.evaluation_accuracy, -_LARGEST if c.r2 else 0.0, 1.0),
    )


def log_steps(cost: Array, count: int = _WINDOW) -> Array:
    """Changes of ln(cost) between the last measurements."""
    cost = cost[-(count + 1) :]
    cost = cost[np.isfinite(cost) & (cost > 0)]
    return np.diff(np.log(cost))


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
