"""What is known of a training at one moment: costs and accuracies of every replicate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.data.dataset import Examples
from tunelab.network import Network

__all__ = ["Measurement", "Score", "score"]

Array = NDArray[Any]

_BLOCK = 250  # examples judged at once: their activations stay in the cache


@dataclass(frozen=True, eq=False, repr=False)
class Score:
    """How well R networks do on some examples.

    ``data_cost`` (R,) is the mean of C_x, without regularization; ``correct`` (R,) counts right answers of
    ``total``; ``answers`` (R, outputs) counts how often each class was the answer, whatever was right (it is
    empty, (R, 0), for regression).
    """

    data_cost: Array
    correct: Array
    total: int
    answers: Array

    @property
    def accuracy(self) -> Array:
        """Share of right answers, (R,)."""
        return np.asarray(self.correct / self.total)

    def __repr__(self) -> str:
        """Cost and accuracy in a line."""
        return f"<Score on {self.total:,} examples: data cost {_text(self.data_cost)}, accuracy {_text(self.accuracy)}>"


@dataclass(frozen=True, eq=False, repr=False)
class Measurement:
    """R trainings at one moment. Arrays are (R,), one number a replicate: float64, counts int64.

    ``epoch`` and ``examples`` say how far the replicates still training have come; one that has stopped keeps
    its last numbers. ``training`` and ``evaluation`` are the scores; ``penalty`` is λ/2n Σ w², which a
    cost includes, ``evaluation_penalty`` what one on evaluation examples includes. ``eta`` is the learning rate
    in force. ``diverged`` says whose numbers aren't finite; ``reasons`` say why one stopped: 'epochs', 'early-stop',
    'schedule-end', 'diverged', and '' while it runs. ``vitals`` are those of :mod:`tunelab.training.layer_statistics`,
    (R, layers) each. Costs are means over examples, accuracies shares from 0 to 1.

        >>> from tunelab import Experiment, train
        >>> *_, last = train(Experiment(data={"train": 200, "evaluation": 100}, training={"epochs": 2}))
        >>> last.epoch, last.evaluation.total, last.reasons, last.training_cost.dtype
        (2.0, 100, ('epochs',), dtype('float64'))
        >>> print(last)  # doctest: +ELLIPSIS
        <Measurement after epoch 2: training cost ..., accuracy ...; evaluation cost ..., accuracy ...; ended: epochs>
    """

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

    def __repr__(self) -> str:
        """Costs and accuracies in a line; of several networks the mean, the lowest and the highest."""
        parts = [
            f"{part} cost {_text(cost)}, accuracy {_text(accuracy)}"
            for part, cost, accuracy in (
                ("training", self.training_cost, self.training_accuracy),
                ("evaluation", self.evaluation_cost, self.evaluation_accuracy),
            )
        ]
        if len(self.reasons) > 1:
            parts.append(f"mean (lowest to highest) of {len(self.reasons)} networks")
        if any(self.reasons):
            parts.append(f"ended: {', '.join(dict.fromkeys(reason or 'still training' for reason in self.reasons))}")
        return f"<Measurement after epoch {self.epoch:.6g}: {'; '.join(parts)}>"


def _text(values: Array) -> str:
    """One number a network: the number, or the mean and the range."""
    if len(values) == 1:
        return f"{values[0]:.4g}"
    return f"{values.mean():.4g} ({values.min():.4g} to {values.max():.4g})"


def score(network: Network, examples: Examples, *, classes: bool, tolerance: float = 0.0) -> Score:
    """Judge R networks on examples.

    ``classes``: whether targets are class positions; if not, they are wanted outputs, and an answer is right
    when every coordinate is within ``tolerance``.
    """
    R, outputs, n = network.replicates, network.sizes[-1], len(examples)
    cost = np.zeros(R)
    correct = np.zeros(R, np.int64)
    answers = np.zeros((R, outputs if classes else 0), np.int64)
    identity = np.eye(outputs, dtype=network.dtype)
    for start in range(0, n, _BLOCK):
        rows = slice(start, min(start + _BLOCK, n))
        x = examples.scaled(rows, network.dtype)
        targets = examples.targets[rows]
        z = network.last_z(x)
        y = identity[targets] if classes else targets.astype(network.dtype)
        cost += network.output.cost(z, y).sum(axis=-1, dtype=np.float64)
        if classes:
            # Every output function is increasing, so the largest z is the largest answer.
            answer = z.argmax(axis=-1)
            correct += (answer == targets).sum(axis=-1)
            for r in range(R):
                answers[r] += np.bincount(answer[r], minlength=outputs)
        else:
            network.output.activate(z)
            correct += (np.abs(z - y) <= tolerance).all(axis=-1).sum(axis=-1)
    return Score(cost / n, correct, n, answers)
