"""What a network is punished for: the cost of an answer and its gradient, computed stably from z.

A cost belongs to a kind of output: what matters is the pair. ``COSTS[output, cost]`` holds each pair that
means something. Formulas: Nielsen, "Neural Networks and Deep Learning", chapter 3.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tunelab.activations import ACTIVATIONS, softmax

__all__ = ["COSTS", "COST_FUNCTIONS", "OUTPUTS", "Output", "OutputFunction"]

Array = NDArray[Any]


@dataclass(frozen=True)
class OutputFunction:
    """What the output neurons do with z.

    ``activate(z)`` overwrites z, (…, outputs), with the network's answer a. ``symbol`` stands for it in drawings,
    ``help`` is its share of the parameter's help, ``libraries`` how other libraries apply it to {z} ('' where they
    needn't). ``neuron`` is the activation as which each output is looked at by itself.
    """

    activate: Callable[[Array], None]
    symbol: str
    help: str
    libraries: Mapping[str, str]
    neuron: str = "sigmoid"


@dataclass(frozen=True)
class Output:
    """A kind of output together with the cost that judges it.

    ``activate(z)`` overwrites z, (…, outputs), with the network's answer a.
    ``cost(z, y)`` is C_x for each example, (…), from z before it is overwritten.
    ``error(a, y, out)`` writes δ = ∂C_x/∂z into ``out``, (…, outputs).
    ``libraries`` are the same cost of a mini-batch in other libraries, from z and y; one that isn't named has none.
    ``other`` is what an output is wanted to be for another class than its own, for which it is 1.
    """

    activate: Callable[[Array], None]
    cost: Callable[[Array, Array], Array]
    error: Callable[[Array, Array, Array], None]
    libraries: Mapping[str, str]
    other: float = 0.0

    def wanted(self, classes: int, dtype: np.dtype[Any]) -> Array:
        """Return the outputs wanted for each class, (classes, classes): one-hot rows, with ``other`` in place of 0."""
        rows = np.full((classes, classes), self.other, dtype)
        np.fill_diagonal(rows, 1.0)
        return rows


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


def _quadratic_tanh_error(a: Array, y: Array, out: Array) -> None:
    """δ = (a − y) (1 − a²)"""
    np.multiply(a, a, out=out)
    np.subtract(1.0, out, out=out)
    out *= a - y


def _cross_entropy_tanh(z: Array, y: Array) -> Array:
    """Binary cross-entropy of (1 + a)/2 = σ(2z) for wanted outputs (1 + y)/2, whose δ is a − y."""
    return _binary_cross_entropy(2 * z, (1 + y) / 2)


def _log_likelihood_sigmoid(z: Array, y: Array) -> Array:
    """−Σ_j y_j ln σ(z_j): only the wanted output counts."""
    return (y * (np.maximum(-z, 0) + _beyond(z))).sum(axis=-1)


def _log_likelihood_sigmoid_error(a: Array, y: Array, out: Array) -> None:
    """δ = −y (1 − a)"""
    np.subtract(a, 1.0, out=out)
    out *= y


_sigmoid = ACTIVATIONS["sigmoid"].apply
_tanh = ACTIVATIONS["tanh"].apply
_linear = ACTIVATIONS["linear"].apply

OUTPUTS = {
    "sigmoid": OutputFunction(
        _sigmoid,
        "σ",
        "sigmoid gives each a number in (0, 1)",
        {"pytorch": "torch.sigmoid({z})", "keras": "keras.ops.convert_to_numpy(keras.ops.sigmoid({z}))"},
    ),
    "softmax": OutputFunction(
        softmax,
        "softmax",
        "softmax makes them probabilities that add up to 1",
        {
            "pytorch": "functional.softmax({z}, dim=1)",
            "keras": "keras.ops.convert_to_numpy(keras.ops.softmax({z}))",
        },
    ),
    "tanh": OutputFunction(
        _tanh,
        "tanh",
        "tanh gives each a number in (−1, 1), wanted to be 1 for its own class and −1 for the others",
        {"pytorch": "torch.tanh({z})", "keras": "keras.ops.convert_to_numpy(keras.ops.tanh({z}))"},
        "tanh",
    ),
    "linear": OutputFunction(
        _linear, "lin", "linear leaves them unbounded, as a generator of points needs", {}, "linear"
    ),
}
"""Every kind of output by the name that presets use."""

COST_FUNCTIONS = {
    "quadratic": "The quadratic cost is slow where a sigmoid output is saturated.",
    "cross-entropy": "Cross-entropy learns fast from gross mistakes.",
    "log-likelihood": "With softmax, cross-entropy and log-likelihood are the same.",
}
"""Every cost by the name that presets use, and its share of the parameter's help."""

_PYTORCH_SOFTMAX = "functional.cross_entropy(z, y)"
_KERAS_SOFTMAX = "keras.losses.categorical_crossentropy(y, z, from_logits=True)"
_SKLEARN_LOG_LOSS = "log_loss"

COSTS = {
    ("sigmoid", "quadratic"): Output(
        _sigmoid,
        _quadratic(_sigmoid),
        _quadratic_sigmoid_error,
        {
            "pytorch": "0.5 * (torch.sigmoid(z) - y).square().sum() / len(z)",
            "keras": "0.5 * keras.ops.sum(keras.ops.square(keras.ops.sigmoid(z) - y), axis=-1)",
        },
    ),
    ("sigmoid", "cross-entropy"): Output(
        _sigmoid,
        _binary_cross_entropy,
        _difference,
        {
            "pytorch": 'functional.binary_cross_entropy_with_logits(z, y, reduction="sum") / len(z)',
            # Keras' binary cross-entropy is the mean over outputs, the cost their sum
            "keras": "SIZES[-1] * keras.losses.binary_crossentropy(y, z, from_logits=True)",
            "sklearn": _SKLEARN_LOG_LOSS,
        },
    ),
    ("sigmoid", "log-likelihood"): Output(
        _sigmoid,
        _log_likelihood_sigmoid,
        _log_likelihood_sigmoid_error,
        {
            "pytorch": "-(y * functional.logsigmoid(z)).sum() / len(z)",
            "keras": "-keras.ops.sum(y * keras.ops.log_sigmoid(z), axis=-1)",
        },
    ),
    ("softmax", "quadratic"): Output(
        softmax,
        _quadratic(softmax),
        _quadratic_softmax_error,
        {
            "pytorch": "0.5 * (torch.softmax(z, dim=1) - y).square().sum() / len(z)",
            "keras": "0.5 * keras.ops.sum(keras.ops.square(keras.ops.softmax(z) - y), axis=-1)",
        },
    ),
    ("softmax", "cross-entropy"): Output(
        softmax,
        _categorical_cross_entropy,
        _difference,
        {"pytorch": _PYTORCH_SOFTMAX, "keras": _KERAS_SOFTMAX, "sklearn": _SKLEARN_LOG_LOSS},
    ),
    ("softmax", "log-likelihood"): Output(
        softmax,
        _categorical_cross_entropy,
        _difference,
        {"pytorch": _PYTORCH_SOFTMAX, "keras": _KERAS_SOFTMAX, "sklearn": _SKLEARN_LOG_LOSS},
    ),
    ("tanh", "quadratic"): Output(
        _tanh,
        _quadratic(_tanh),
        _quadratic_tanh_error,
        {
            "pytorch": "0.5 * (torch.tanh(z) - y).square().sum() / len(z)",
            "keras": "0.5 * keras.ops.sum(keras.ops.square(keras.ops.tanh(z) - y), axis=-1)",
        },
        -1.0,
    ),
    ("tanh", "cross-entropy"): Output(
        _tanh,
        _cross_entropy_tanh,
        _difference,
        {
            "pytorch": 'functional.binary_cross_entropy_with_logits(2 * z, (1 + y) / 2, reduction="sum") / len(z)',
            "keras": "SIZES[-1] * keras.losses.binary_crossentropy((1 + y) / 2, 2 * z, from_logits=True)",
        },
        -1.0,
    ),
    ("linear", "quadratic"): Output(
        _linear,
        _quadratic(_linear),
        _difference,
        {
            "pytorch": "0.5 * (z - y).square().sum() / len(z)",
            "keras": "0.5 * keras.ops.sum(keras.ops.square(z - y), axis=-1)",
            "sklearn": "squared_error",
        },
    ),
}
"""Every pair of output and cost that means something. A linear output isn't a probability, so only the
quadratic cost can judge it."""
