"""What is known of a training at one moment: costs, accuracies and other metrics of every replicate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Examples
from tunelab.network import Network
from tunelab.training import metrics
from tunelab.training.metrics import Metric
from tunelab.wording import quantity

__all__ = ["Measurement", "Score", "score", "unscored"]

Array = NDArray[Any]

_BLOCK = 250  # examples judged at once: their activations stay in the cache


@dataclass(frozen=True, eq=False, repr=False)
class Score:
    """How well R networks do on some examples, ``total`` of them.

    ``data_cost`` (R,) is the mean of C_x, without regularization; ``correct`` (R,) counts right answers.

    Of classes, ``answers`` (R, classes) counts how often each was the answer, whatever was right, ``class_correct``
    (R, classes) how many of its examples were answered right, and ``class_total`` (classes,) how many it has.

    Of numbers, ``squared_error`` (R, outputs) is the mean squared error and ``variance`` (outputs,) that of the best
    constant answer, both of targets as they are trained on; ``unit`` (outputs,) is what 1 of them is in the label's
    own unit. ``tolerance`` is how near is right, 0 where nobody says. What isn't meant for the task is empty.
    """

    data_cost: Array
    correct: Array
    total: int
    answers: Array
    class_correct: Array
    class_total: Array
    squared_error: Array
    variance: Array
    unit: Array
    tolerance: float = 0.0

    def of(self, data_cost: Array, correct: Array, answers: Array, class_correct: Array, squared_error: Array) -> Score:
        """Return the score of other networks on the same examples."""
        return replace(
            self,
            data_cost=data_cost,
            correct=correct,
            answers=answers,
            class_correct=class_correct,
            squared_error=squared_error,
        )

    @property
    def has_classes(self) -> bool:
        """Whether answers are classes rather than numbers."""
        return self.class_total.size > 0

    @property
    def has_accuracy(self) -> bool:
        """Whether answers can be right: classes, or numbers of which somebody says how near is right."""
        return self.has_classes or self.tolerance > 0

    @property
    def accuracy(self) -> Array:
        """Share of right answers, (R,); NaN where they can't be right."""
        return np.asarray(self.correct / self.total if self.has_accuracy else np.full(len(self.correct), np.nan))

    @property
    def recalls(self) -> Array:
        """Share of each class's examples answered right, (R, classes); NaN for a class without any."""
        return metrics.recalls(self.class_correct, self.class_total)

    @property
    def balanced_accuracy(self) -> Array:
        """Mean of the recalls of the classes that have examples, (R,)."""
        return metrics.balanced_accuracy(self.class_correct, self.class_total)

    @property
    def r2(self) -> Array:
        """R² = 1 − mean squared error / variance, the mean over outputs, (R,): 0 is ignoring the input, 1 perfect."""
        return metrics.r_squared(self.squared_error, self.variance)

    @property
    def rmse(self) -> Array:
        """Root of the mean squared error in the label's own unit, (R,)."""
        return metrics.root_mean_squared_error(self.squared_error, self.unit)

    def value(self, metric: Metric) -> Array:
        """The value of a metric, (R,)."""
        values: Array = getattr(self, metric.name)
        return values

    def __repr__(self) -> str:
        """Cost and metric in a line."""
        name, values = ("accuracy", self.accuracy) if self.has_accuracy else ("R²", self.r2)
        return (
            f"<Score on {quantity(self.total, 'example')}: data cost {_text(self.data_cost)}, {name} {_text(values)}>"
        )


@dataclass(frozen=True, eq=False, repr=False)
class Measurement:
    """R trainings at one moment. Arrays are (R,), one number a replicate: float64, counts int64.

    ``metric`` is the one by which the training is judged. ``epoch`` and ``examples`` say how far the replicates still
    training have come; one that has stopped keeps its last numbers. ``training`` and ``evaluation`` are the scores;
    ``penalty`` is λ/2n Σ w², which a cost includes, ``evaluation_penalty`` what one on evaluation examples includes.
    ``eta`` is the learning rate in force. ``diverged`` says whose numbers aren't finite; ``reasons`` say why one
    stopped: 'epochs', 'early-stop', 'schedule-end', 'diverged', and '' while it runs. ``vitals`` are those of
    :mod:`tunelab.training.layer_statistics`, (R, layers) each, taken every 10,000 examples. Costs are means over
    examples, accuracies shares from 0 to 1.

        >>> from tunelab import Experiment, train
        >>> *_, last = train(Experiment(data={"train": 200, "evaluation": 100}, training={"epochs": 2}))
        >>> last.epoch, last.evaluation.total, last.reasons, last.training_cost.dtype
        (2.0, 100, ('epochs',), dtype('float64'))
        >>> print(last)  # doctest: +ELLIPSIS
        <Measurement after epoch 2: training cost ..., accuracy ...; evaluation cost ..., accuracy ...; ended: epochs>
    """

    metric: Metric
    epoch: float
    examples: int
    eta: Array
    penalty: Array
    evaluation_penalty: Array
    training: Score
    evaluation: Score
    diverged: Array
    reasons: tuple[str, ...]
    vitals: dict[str, Array]

    @property
    def training_cost(self) -> Array:
        """C = C_0 + λ/2n Σ w² on training examples."""
        return np.asarray(self.training.data_cost + self.penalty)

    @property
    def evaluation_cost(self) -> Array:
        """C on evaluation examples, with the same penalty as in training (in the book's program with its own)."""
        return np.asarray(self.evaluation.data_cost + self.evaluation_penalty)

    @property
    def training_accuracy(self) -> Array:
        """Share of training examples answered right."""
        return self.training.accuracy

    @property
    def evaluation_accuracy(self) -> Array:
        """Share of evaluation examples answered right."""
        return self.evaluation.accuracy

    @property
    def training_metric(self) -> Array:
        """The metric on training examples."""
        return self.training.value(self.metric)

    @property
    def evaluation_metric(self) -> Array:
        """The metric on evaluation examples."""
        return self.evaluation.value(self.metric)

    def __repr__(self) -> str:
        """Costs and the metric in a line; of several networks the mean, the lowest and the highest."""
        parts = [
            f"{part} cost {_text(cost)}, {self.metric.title} {_text(values)}"
            for part, cost, values in (
                ("training", self.training_cost, self.training_metric),
                ("evaluation", self.evaluation_cost, self.evaluation_metric),
            )
        ]
        if len(self.reasons) > 1:
            parts.append(f"mean (lowest to highest) of {quantity(len(self.reasons), 'network')}")
        if any(self.reasons):
            parts.append(f"ended: {', '.join(dict.fromkeys(reason or 'still training' for reason in self.reasons))}")
        return f"<Measurement after epoch {self.epoch:.6g}: {'; '.join(parts)}>"


def _text(values: Array) -> str:
    """One number a network: the number, or the mean and the range."""
    if len(values) == 1:
        return f"{values[0]:.4g}"
    return f"{values.mean():.4g} ({values.min():.4g} to {values.max():.4g})"


def unscored(
    examples: Examples, *, outputs: int, classes: bool, tolerance: float = 0.0, unit: Sequence[float] = ()
) -> Score:
    """Return a score of no networks on examples: what is the same for any. Arguments as for :func:`score`."""
    kinds, numbers = (outputs, 0) if classes else (0, outputs)
    none = np.zeros(0, np.int64)
    return Score(
        np.zeros(0),
        none,
        len(examples),
        np.zeros((0, kinds), np.int64),
        np.zeros((0, kinds), np.int64),
        metrics.class_counts(examples.targets, outputs) if classes else none,
        np.zeros((0, numbers)),
        np.zeros(0) if classes else np.var(examples.targets, axis=0, dtype=np.float64),
        np.array(unit or np.ones(numbers), np.float64)[:numbers],
        tolerance,
    )


def score(
    network: Network,
    examples: Examples,
    *,
    classes: bool,
    tolerance: float = 0.0,
    unit: Sequence[float] = (),
    class_weights: Array | None = None,
) -> Score:
    """Return how well R networks do on examples.

    ``classes``: whether targets are class positions; if not, they are wanted outputs, and an answer is right
    when every coordinate is within ``tolerance``. ``unit`` is what 1 of each output is in the label's own unit, 1 where
    nothing is said. ``class_weights`` (classes,) multiply the cost of an example by its class's.
    """
    R, outputs, n = network.replicates, network.sizes[-1], len(examples)
    kinds, numbers = (outputs, 0) if classes else (0, outputs)
    cost = np.zeros(R)
    correct = np.zeros(R, np.int64)
    answers, class_correct = np.zeros((R, kinds), np.int64), np.zeros((R, kinds), np.int64)
    squared_error = np.zeros((R, numbers))
    wanted = network.output.wanted(outputs, network.dtype)
    for start in range(0, n, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n))
        x = examples.scaled(rows, network.dtype)
        targets = examples.targets[rows]
        z = network.last_z(x)
        y = wanted[targets] if classes else targets.astype(network.dtype)
        costs = network.output.cost(z, y)
        if class_weights is not None:
            costs = costs * class_weights[targets]
        cost += costs.sum(axis=-1, dtype=np.float64)
        if classes:
            # Every output function is increasing, so the largest z is the largest answer.
            answer = z.argmax(axis=-1)
            for r in range(R):
                answers[r] += np.bincount(answer[r], minlength=outputs)
                class_correct[r] += np.bincount(targets[answer[r] == targets], minlength=outputs)
        else:
            network.output.activate(z)
            z -= y
            correct += (np.abs(z) <= tolerance).all(axis=-1).sum(axis=-1)
            squared_error += np.square(z, dtype=np.float64).sum(axis=1)
    frame = unscored(examples, outputs=outputs, classes=classes, tolerance=tolerance, unit=unit)
    return frame.of(
        cost / n, class_correct.sum(axis=-1) if classes else correct, answers, class_correct, squared_error / n
    )
