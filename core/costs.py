"""What a network is punished for: the cost of an answer and its gradient, computed stably from z.

A cost belongs to a kind of output: what matters is the pair. ``COSTS[output, cost]`` holds each pair that
means something. Formulas: Nielsen, "Neural Networks and Deep Learning", chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.activations import ACTIVATIONS, softmax

__all__ = ["COSTS", "Output"]

Array = NDArray[Any]


@dataclass(frozen=True)
class Output:
    """A kind of output together with the cost that judges it.

    ``activate(z)`` overwrites z, (…, outputs), with the network's answer a.
    ``cost(z, y)`` is C_x for each example, (…), from z before it is overwritten.
    ``error(a, y, out)`` writes δ = ∂C_x/∂z into ``out``, (…, outputs).
    """

    activate: Callable[[Array], None]
    cost: Callable[[Array, Array], Array]
    error: Callable[[Array, Array, Array], None]


def _beyond(z: Array) -> Array:
    """ln(1 + e^−|z|), by which ln(1 + e^z) exceeds max(z, 0)."""
    return np.asarray(np.log1p(np.exp(-np.abs(z))))


def _log_softmax(z: Array) -> Array:
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def _answer(activate: Callable[[Array], None], z: Array) -> Array:
    a = z.copy()
    activate(a)
    return a


def _quadratic(activate: Callable[[Array], None]) -> Callable[[Array, Array], Array]:
    def cost(z: Array, y: Array) -> Array:
        """½ ‖a − y‖²"""
        return 0.5 * np.square(_answer(activate, z) - y).sum(axis=-1)

    return cost


def _difference(a: Array, y: Array, out: Array) -> None:
    """δ = a − y: the slope of the output has cancelled against the cost's, so a wrong answer learns fast."""
    np.subtract(a, y, out=out)


def _quadratic_sigmoid_error(a: Array, y: Array, out: Array) -> None:
    """δ = (a − y) σ′(z): where the output is saturated, a wrong answer hardly learns."""
    np.subtract(1.0, a, out=out)
    out *= a
    out *= a - y


def _quadratic_softmax_error(a: Array, y: Array, out: Array) -> None:
    """δ_j = a_j (g_j − Σ_k g_k a_k) with g = a − y."""
    np.subtract(a, y, out=out)
    out -= (out * a).sum(axis=-1, keepdims=True)
    out *= a


def _binary_cross_entropy(z: Array, y: Array) -> Array:
    """−Σ_j [y_j ln a_j + (1 − y_j) ln(1 − a_j)] = Σ_j [ln(1 + e^z_j) − y_j z_j], over all outputs."""
    # In this order a cost far smaller than z keeps its digits
    return (np.maximum(z, 0) - y * z + _beyond(z)).sum(axis=-1)


def _categorical_cross_entropy(z: Array, y: Array) -> Array:
    """−Σ_j y_j ln a_j, a the softmax of z: also the log-likelihood cost."""
    return -(y * _log_softmax(z)).sum(axis=-1)


def _log_likelihood_sigmoid(z: Array, y: Array) -> Array:
    """−Σ_j y_j ln σ(z_j): only the wanted output counts."""
    return (y * (np.maximum(-z, 0) + _beyond(z))).sum(axis=-1)


def _log_likelihood_sigmoid_error(a: Array, y: Array, out: Array) -> None:
    """δ = −y (1 − a)"""
    np.subtract(a, 1.0, out=out)
    out *= y


_sigmoid = ACTIVATIONS["sigmoid"].apply
_linear = ACTIVATIONS["linear"].apply

COSTS = {
    ("sigmoid", "quadratic"): Output(_sigmoid, _quadratic(_sigmoid), _quadratic_sigmoid_error),
    ("sigmoid", "cross-entropy"): Output(_sigmoid, _binary_cross_entropy, _difference),
    ("sigmoid", "log-likelihood"): Output(_sigmoid, _log_likelihood_sigmoid, _log_likelihood_sigmoid_error),
    ("softmax", "quadratic"): Output(softmax, _quadratic(softmax), _quadratic_softmax_error),
    ("softmax", "cross-entropy"): Output(softmax, _categorical_cross_entropy, _difference),
    ("softmax", "log-likelihood"): Output(softmax, _categorical_cross_entropy, _difference),
    ("linear", "quadratic"): Output(_linear, _quadratic(_linear), _difference),
}
"""Every pair of output and cost that means something. A linear output isn't a probability, so only the
quadratic cost can judge it."""
