"""The structure of the book's program: one example at a time, column vectors, a new gradient for each.

Written anew after the description in Nielsen, "Neural Networks and Deep Learning", chapters 1–3; arithmetic in
float64, as there.
"""

from __future__ import annotations

from time import process_time

import numpy as np

from .contenders import Array, Start

__all__ = ["Book"]


class Book:
    """Trains example by example. Only the first ``count`` examples take part; an epoch's time is scaled up."""

    def __init__(self, start: Start, count: int) -> None:
        weights, biases = start.parameters()
        self.weights = [w.T.astype(np.float64) for w in weights]
        self.biases = [b[:, None].astype(np.float64) for b in biases]
        self.eta, self.m = start.eta, start.mini_batch
        self.decay = 1.0  # 1 − ηλ/n, multiplied in whatever λ is, as in the book
        # A list of pairs of column vectors, as the book's loader gives them
        x = start.training.scaled(slice(count), np.float32)
        y = start.one_hot().astype(np.float64)
        self.examples = [(x[i][:, None], y[i][:, None]) for i in range(count)]

    def epoch(self, order: Array) -> float:
        """Train on those of ``order`` that take part."""
        chosen = order[order < len(self.examples)].tolist()
        begin = process_time()
        for start in range(0, len(chosen), self.m):
            self._update([self.examples[i] for i in chosen[start : start + self.m]])
        return (process_time() - begin) * len(order) / len(chosen)

    def parameters(self) -> tuple[list[Array], list[Array]]:
        """Turned to (fan_in, fan_out) and (fan_out,)."""
        return [w.T for w in self.weights], [b[:, 0] for b in self.biases]

    def _update(self, batch: list[tuple[Array, Array]]) -> None:
        sum_b = [np.zeros(b.shape) for b in self.biases]
        sum_w = [np.zeros(w.shape) for w in self.weights]
        for x, y in batch:
            for_b, for_w = self._backpropagate(x, y)
            sum_b = [total + one for total, one in zip(sum_b, for_b, strict=True)]
            sum_w = [total + one for total, one in zip(sum_w, for_w, strict=True)]
        rate = self.eta / len(batch)
        self.weights = [self.decay * w - rate * total for w, total in zip(self.weights, sum_w, strict=True)]
        self.biases = [b - rate * total for b, total in zip(self.biases, sum_b, strict=True)]

    def _backpropagate(self, x: Array, y: Array) -> tuple[list[Array], list[Array]]:
        for_b = [np.zeros(b.shape) for b in self.biases]
        for_w = [np.zeros(w.shape) for w in self.weights]
        activations, zs = [x], []
        for b, w in zip(self.biases, self.weights, strict=True):
            zs.append(np.dot(w, activations[-1]) + b)
            activations.append(_sigmoid(zs[-1]))
        delta = activations[-1] - y
        for_b[-1], for_w[-1] = delta, np.dot(delta, activations[-2].T)
        for layer in range(len(self.weights) - 2, -1, -1):
            z = zs[layer]
            slope = _sigmoid(z) * (1 - _sigmoid(z))
            delta = np.dot(self.weights[layer + 1].T, delta) * slope
            for_b[layer], for_w[layer] = delta, np.dot(delta, activations[layer].T)
        return for_b, for_w


def _sigmoid(z: Array) -> Array:
    return np.asarray(1.0 / (1.0 + np.exp(-z)))
