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


@dataclass(frozen=True, eq=False)
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


@dataclass(frozen=True, eq=False)
class Measurement:
    """R trainings at one moment. Every array is (R,), one number a replicate; counts are of examples.

    ``epoch`` and ``examples`` say how far the replicates still training have come; one that has stopped keeps
    its last numbers. ``training`` and ``evaluation`` are the scores; ``penalty`` is λ/2n Σ w², which a
    cost includes, ``evaluation_penalty`` what one on evaluation examples includes. ``eta`` is the learning rate
    in force. ``diverged`` says whose numbers aren't finite; ``reasons`` say why one stopped ('' while it runs).
    ``vitals`` are those of :mod:`tunelab.training.layer_statistics`, (R, layers) each.
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
